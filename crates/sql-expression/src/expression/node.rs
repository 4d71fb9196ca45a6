//! [`Node`]: one node of an expression.

use std::sync::Arc;

use super::{BinaryOperator, Construct, ConstructNode, Source, UnaryOperator, Window};
use crate::{
    name::Name,
    statement::{SelectNode, TextNode},
    types::SqlType,
    value::Value,
};

/// One node of an expression. Cloning copies a pointer, and for operators between two expressions what they stand between:
/// they are by far the most, and nearly never cloned, so that counting who has them would cost more.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Node {
    /// A column of a table, an alias or a subquery.
    Column(ColumnReference),
    /// A value, sent as a parameter.
    Bind(BindNode),
    /// NULL, written out.
    Null,
    /// TRUE or FALSE, written out as the dialect spells it.
    Boolean(bool),
    /// A whole number, written out.
    Integer(i64),
    /// An operator between two expressions.
    Binary(Box<BinaryNode>),
    /// An operator before or after one expression.
    Unary(Arc<UnaryNode>),
    /// A function call, perhaps an aggregate or over a window.
    Function(Arc<FunctionNode>),
    /// CASE.
    Case(Arc<CaseNode>),
    /// CAST.
    Cast(Arc<CastNode>),
    /// IN over a list of values; the list expands after the compiled cache.
    In(Arc<InNode>),
    /// `left BETWEEN low AND high`: the three.
    Between(Arc<[Node; 3]>),
    /// EXISTS over a subquery.
    Exists(Arc<SelectNode>),
    /// A subquery that gives one value, or the right side of IN.
    Subquery(Arc<SelectNode>),
    /// `(a, b)`.
    Tuple(Arc<[Node]>),
    /// An expression with a name: named in the select list, and meant by its name in ORDER BY and GROUP BY.
    Label(Arc<LabelNode>),
    /// SQL text with expressions in it.
    Fragment(Arc<[FragmentPart]>),
    /// SQL written by hand, with its parameters.
    Text(Arc<TextNode>),
    /// What each database says in words of its own.
    Construct(Arc<ConstructNode>),
    /// `*`, as in `count(*)`.
    Star,
    /// What could not be built, in the message's words: building never fails, compiling does.
    Invalid(Name),
}

/// A column of a source.
#[derive(Clone, Debug)]
pub struct ColumnReference {
    /// What it is a column of.
    pub source: Source,
    /// Its name there.
    pub name: Name,
}

/// A value that is sent as a parameter.
#[derive(Clone, Debug)]
pub struct BindNode {
    /// The value; it is no part of the cache key.
    pub value: Value,
    /// Its type, where the dialect needs to be told.
    pub sql_type: Option<SqlType>,
    /// For a reusable statement: the number of the value that goes here.
    pub place: Option<u8>,
}

/// An operator between two expressions.
#[derive(Clone, Debug)]
pub struct BinaryNode {
    /// The left side.
    pub left: Node,
    /// The operator.
    pub operator: BinaryOperator,
    /// The right side.
    pub right: Node,
    /// For LIKE: the character that takes the meaning from `%` and `_`.
    pub escape: Option<char>,
}

/// An operator before or after one expression.
#[derive(Clone, Debug)]
pub struct UnaryNode {
    /// The operator.
    pub operator: UnaryOperator,
    /// The expression.
    pub operand: Node,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct FunctionNode {
    /// The name as written: `count`, `lower`, `pg_catalog.now`.
    pub name: Name,
    /// The arguments.
    pub arguments: Vec<Node>,
    /// Whether an aggregate takes each value once.
    pub distinct: bool,
    /// FILTER (WHERE ..).
    pub filter: Option<Node>,
    /// OVER (..).
    pub over: Option<Arc<Window>>,
    /// What few calls have.
    pub clauses: Option<Box<FunctionClauses>>,
}

/// What few function calls have.
#[derive(Clone, Debug, Default)]
pub struct FunctionClauses {
    /// ORDER BY among the arguments of an aggregate.
    pub order_by: Vec<OrderBy>,
    /// WITHIN GROUP (ORDER BY ..).
    pub within_group: Vec<OrderBy>,
}

impl FunctionNode {
    /// What stands in ORDER BY and WITHIN GROUP.
    pub(crate) fn orders(&self) -> impl Iterator<Item = &OrderBy> {
        self.clauses.iter().flat_map(|clauses| clauses.order_by.iter().chain(&clauses.within_group))
    }
}

/// CASE WHEN .. THEN .. ELSE .. END.
#[derive(Clone, Debug)]
pub struct CaseNode {
    /// Conditions and their values.
    pub branches: Vec<(Node, Node)>,
    /// The value when no condition holds; none: NULL.
    pub otherwise: Option<Node>,
}

/// CAST(expression AS type).
#[derive(Clone, Debug)]
pub struct CastNode {
    /// The expression.
    pub operand: Node,
    /// The type.
    pub sql_type: SqlType,
}

/// `left IN (values)`.
#[derive(Clone, Debug)]
pub struct InNode {
    /// The left side: an expression, or a tuple of them.
    pub left: Node,
    /// The values; tuples of values where the left side is one. Their number is no part of the cache key.
    pub values: Vec<Node>,
    /// NOT IN.
    pub negated: bool,
    /// The type of one value, for an array parameter where the dialect sends the list as one.
    pub sql_type: Option<SqlType>,
}

impl InNode {
    /// How many values stand in one element of the list.
    pub(crate) fn width(&self) -> usize {
        match &self.left {
            Node::Tuple(parts) => parts.len(),
            _ => 1,
        }
    }

    /// Whether the list holds nothing but values, so that its length is not a part of the structure.
    pub(crate) fn is_of_values(&self) -> bool {
        match &self.left {
            Node::Tuple(parts) => self.values.iter().all(|value| match value {
                Node::Tuple(values) => {
                    values.len() == parts.len() && values.iter().all(|value| matches!(value, Node::Bind(_)))
                }
                _ => false,
            }),
            _ => self.values.iter().all(|value| matches!(value, Node::Bind(_))),
        }
    }

    /// The values, those of tuples one after the other.
    pub(crate) fn binds(&self) -> impl Iterator<Item = &Value> {
        self.values
            .iter()
            .flat_map(|value| match value {
                Node::Tuple(values) => &values[..],
                value => std::slice::from_ref(value),
            })
            .filter_map(|value| match value {
                Node::Bind(bind) => Some(&bind.value),
                _ => None,
            })
    }
}

/// An expression with a name.
#[derive(Clone, Debug)]
pub struct LabelNode {
    /// The name.
    pub name: Name,
    /// The expression.
    pub node: Node,
}

/// A part of a [`Node::Fragment`].
#[derive(Clone, Debug)]
pub enum FragmentPart {
    /// SQL text.
    Text(Name),
    /// An expression.
    Node(Node),
}

/// One expression of ORDER BY.
#[derive(Clone, Debug)]
pub struct OrderBy {
    /// The expression.
    pub node: Node,
    /// Whether from the largest down.
    pub descending: bool,
    /// Whether NULLs come first; none: as the database does.
    pub nulls_first: Option<bool>,
}

impl Node {
    /// A value sent as a parameter.
    pub fn bind(value: Value) -> Self {
        Self::Bind(BindNode { value, sql_type: None, place: None })
    }

    /// A value sent as a parameter of a known type.
    pub fn typed_bind(value: Value, sql_type: SqlType) -> Self {
        Self::Bind(BindNode { value, sql_type: Some(sql_type), place: None })
    }

    /// A column of a source.
    pub fn column(source: impl Into<Source>, name: impl Into<Name>) -> Self {
        Self::Column(ColumnReference { source: source.into(), name: name.into() })
    }

    /// An operator between two expressions.
    pub fn binary(left: Self, operator: BinaryOperator, right: Self) -> Self {
        Self::Binary(Box::new(BinaryNode { left, operator, right, escape: None }))
    }

    /// An operator before or after an expression.
    pub fn unary(operator: UnaryOperator, operand: Self) -> Self {
        Self::Unary(Arc::new(UnaryNode { operator, operand }))
    }

    /// A function call.
    pub fn function(name: impl Into<Name>, arguments: Vec<Self>) -> Self {
        let name = name.into();
        Self::Function(Arc::new(FunctionNode {
            name,
            arguments,
            distinct: false,
            filter: None,
            over: None,
            clauses: None,
        }))
    }

    /// What each database says in words of its own.
    pub fn construct(construct: Construct, operands: Vec<Self>) -> Self {
        Self::Construct(Arc::new(ConstructNode { construct, operands }))
    }

    /// Gives each expression that this one is directly made of. Subqueries are not entered.
    pub fn children<'n>(&'n self, visit: &mut dyn FnMut(&'n Self)) {
        match self {
            Self::Binary(binary) => {
                visit(&binary.left);
                visit(&binary.right);
            }
            Self::Unary(unary) => visit(&unary.operand),
            Self::Function(function) => {
                function.arguments.iter().chain(&function.filter).for_each(&mut *visit);
                function.orders().for_each(|order| visit(&order.node));
                if let Some(window) = &function.over {
                    window.partition_by.iter().for_each(&mut *visit);
                    window.order_by.iter().for_each(|order| visit(&order.node));
                }
            }
            Self::Case(case) => {
                for (condition, value) in &case.branches {
                    visit(condition);
                    visit(value);
                }
                case.otherwise.iter().for_each(visit);
            }
            Self::Cast(cast) => visit(&cast.operand),
            Self::In(list) => {
                visit(&list.left);
                list.values.iter().for_each(visit);
            }
            Self::Between(parts) => parts.iter().for_each(visit),
            Self::Tuple(nodes) => nodes.iter().for_each(visit),
            Self::Label(label) => visit(&label.node),
            Self::Construct(node) => node.operands.iter().for_each(visit),
            Self::Fragment(parts) => parts.iter().for_each(|part| {
                if let FragmentPart::Node(node) = part {
                    visit(node);
                }
            }),
            Self::Column(_)
            | Self::Bind(_)
            | Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Exists(_)
            | Self::Subquery(_)
            | Self::Text(_)
            | Self::Star
            | Self::Invalid(_) => {}
        }
    }

    /// Gives each column in the expression. Subqueries are not entered.
    pub fn columns<'n>(&'n self, visit: &mut dyn FnMut(&'n ColumnReference)) {
        if let Self::Column(column) = self {
            visit(column);
        }
        self.children(&mut |child| child.columns(visit));
    }

    /// The conditions joined by AND; none for an empty list.
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Option<Self> {
        conditions.into_iter().reduce(|left, right| Self::binary(left, BinaryOperator::And, right))
    }
}
