//! [`Node::map_columns`]: the same expression over other columns.

use std::sync::Arc;

use super::{
    BinaryNode, CaseNode, CastNode, ColumnReference, ConstructNode, FragmentPart, FunctionClauses,
    FunctionNode, InNode, LabelNode, Node, OrderBy, UnaryNode, Window,
};

impl Node {
    /// The same expression, with each of its columns replaced. Subqueries stay as they are.
    #[must_use]
    pub fn map_columns(&self, replace: &mut dyn FnMut(&ColumnReference) -> ColumnReference) -> Self {
        match self {
            Self::Column(column) => Self::Column(replace(column)),
            Self::Binary(node) => Self::Binary(Box::new(BinaryNode {
                left: node.left.map_columns(replace),
                operator: node.operator.clone(),
                right: node.right.map_columns(replace),
                escape: node.escape,
            })),
            Self::Unary(node) => Self::Unary(Arc::new(UnaryNode {
                operator: node.operator,
                operand: node.operand.map_columns(replace),
            })),
            Self::Function(node) => Self::Function(Arc::new(FunctionNode {
                name: node.name.clone(),
                arguments: map_all(&node.arguments, replace),
                distinct: node.distinct,
                filter: node.filter.as_ref().map(|filter| filter.map_columns(replace)),
                over: node.over.as_ref().map(|window| Arc::new(map_window(window, replace))),
                clauses: node.clauses.as_ref().map(|clauses| {
                    Box::new(FunctionClauses {
                        order_by: map_orders(&clauses.order_by, replace),
                        within_group: map_orders(&clauses.within_group, replace),
                    })
                }),
            })),
            Self::Construct(node) => Self::Construct(Arc::new(ConstructNode {
                construct: node.construct.clone(),
                operands: map_all(&node.operands, replace),
            })),
            Self::Case(node) => Self::Case(Arc::new(CaseNode {
                branches: node
                    .branches
                    .iter()
                    .map(|(condition, value)| (condition.map_columns(replace), value.map_columns(replace)))
                    .collect(),
                otherwise: node.otherwise.as_ref().map(|value| value.map_columns(replace)),
            })),
            Self::Cast(node) => Self::Cast(Arc::new(CastNode {
                operand: node.operand.map_columns(replace),
                sql_type: node.sql_type.clone(),
            })),
            Self::In(node) => Self::In(Arc::new(InNode {
                left: node.left.map_columns(replace),
                values: map_all(&node.values, replace),
                negated: node.negated,
                sql_type: node.sql_type.clone(),
            })),
            Self::Between(nodes) => {
                let [value, low, high] = &**nodes;
                Self::Between(Arc::new([
                    value.map_columns(replace),
                    low.map_columns(replace),
                    high.map_columns(replace),
                ]))
            }
            Self::Tuple(nodes) => Self::Tuple(map_all(nodes, replace).into()),
            Self::Label(node) => Self::Label(Arc::new(LabelNode {
                name: node.name.clone(),
                node: node.node.map_columns(replace),
            })),
            Self::Fragment(parts) => Self::Fragment(
                parts
                    .iter()
                    .map(|part| match part {
                        FragmentPart::Text(text) => FragmentPart::Text(text.clone()),
                        FragmentPart::Node(node) => FragmentPart::Node(node.map_columns(replace)),
                    })
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

fn map_all(nodes: &[Node], replace: &mut dyn FnMut(&ColumnReference) -> ColumnReference) -> Vec<Node> {
    nodes.iter().map(|node| node.map_columns(replace)).collect()
}

fn map_orders(
    orders: &[OrderBy],
    replace: &mut dyn FnMut(&ColumnReference) -> ColumnReference,
) -> Vec<OrderBy> {
    orders.iter().map(|order| OrderBy { node: order.node.map_columns(replace), ..order.clone() }).collect()
}

fn map_window(window: &Window, replace: &mut dyn FnMut(&ColumnReference) -> ColumnReference) -> Window {
    Window {
        base: window.base.clone(),
        partition_by: map_all(&window.partition_by, replace),
        order_by: map_orders(&window.order_by, replace),
        frame: window.frame,
    }
}
