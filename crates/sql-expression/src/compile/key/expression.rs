//! Expressions in the key.

use super::{Slot, Walk};
use crate::expression::{BindNode, ColumnReference, FragmentPart, FrameBound, InNode, Node, OrderBy, Window};

impl<'n> Walk<'n> {
    pub(super) fn nodes(&mut self, nodes: &'n [Node]) {
        self.count(nodes.len());
        for node in nodes {
            self.node(node);
        }
    }

    pub(super) fn optional(&mut self, node: Option<&'n Node>) {
        match node {
            Some(node) => self.node(node),
            None => self.tag(0),
        }
    }

    #[inline]
    fn column(&mut self, column: &'n ColumnReference) {
        self.tag(1);
        self.source(&column.source);
        self.text(&column.name);
    }

    #[inline]
    fn bind(&mut self, bind: &'n BindNode) {
        self.tag(2);
        self.optional_type(bind.sql_type.as_ref());
        if let Some(place) = bind.place {
            self.places.push((self.slots.len(), place));
        }
        self.slots.push(Slot::Value(&bind.value));
    }

    /// Walks one side of an operator: nearly always a column or a value, which need no call.
    #[inline]
    fn operand(&mut self, node: &'n Node) {
        match node {
            Node::Column(column) => self.column(column),
            Node::Bind(bind) => self.bind(bind),
            node => self.node(node),
        }
    }

    /// Walks an expression.
    pub(in crate::compile) fn node(&mut self, node: &'n Node) {
        match node {
            Node::Column(column) => self.column(column),
            Node::Bind(bind) => self.bind(bind),
            Node::Null => self.tag(3),
            Node::Boolean(flag) => self.tag(4 + u8::from(*flag)),
            Node::Integer(number) => {
                self.tag(6);
                self.key.extend_from_slice(&number.to_le_bytes());
            }
            Node::Binary(binary) => {
                let has_escape = u8::from(binary.escape.is_some());
                match binary.operator.code() {
                    Ok(code) => self.tags([7, code, has_escape]),
                    Err(custom) => {
                        self.tags([7, 0, has_escape, custom.precedence as u8]);
                        self.text(&custom.text);
                    }
                }
                if let Some(escape) = binary.escape {
                    self.key.extend_from_slice(&u32::from(escape).to_le_bytes());
                }
                self.operand(&binary.left);
                self.operand(&binary.right);
            }
            Node::Unary(unary) => {
                self.tag(8);
                self.tag(unary.operator as u8);
                self.node(&unary.operand);
            }
            Node::Function(function) => {
                self.tag(9);
                self.text(&function.name);
                self.tag(u8::from(function.distinct));
                self.nodes(&function.arguments);
                self.optional(function.filter.as_ref());
                match &function.over {
                    Some(window) => self.window(window),
                    None => self.tag(0),
                }
                match &function.clauses {
                    Some(clauses) => {
                        self.tag(1);
                        self.orders(&clauses.order_by);
                        self.orders(&clauses.within_group);
                    }
                    None => self.tag(0),
                }
            }
            Node::Construct(node) => {
                self.tag(23);
                self.construct(&node.construct);
                self.nodes(&node.operands);
            }
            Node::Case(case) => {
                self.tag(10);
                self.count(case.branches.len());
                for (condition, value) in &case.branches {
                    self.node(condition);
                    self.node(value);
                }
                self.optional(case.otherwise.as_ref());
            }
            Node::Cast(cast) => {
                self.tag(11);
                self.sql_type(&cast.sql_type);
                self.node(&cast.operand);
            }
            Node::In(list) => self.in_list(list),
            Node::Between(parts) => {
                self.tag(14);
                for part in parts.iter() {
                    self.node(part);
                }
            }
            Node::Exists(select) => {
                self.tag(15);
                self.select(select);
            }
            Node::Subquery(select) => {
                self.tag(16);
                self.select(select);
            }
            Node::Tuple(nodes) => {
                self.tag(17);
                self.nodes(nodes);
            }
            Node::Label(label) => {
                self.tag(18);
                self.text(&label.name);
                self.node(&label.node);
            }
            Node::Fragment(parts) => {
                self.tag(19);
                self.count(parts.len());
                for part in parts.iter() {
                    match part {
                        FragmentPart::Text(text) => {
                            self.tag(0);
                            self.text(text);
                        }
                        FragmentPart::Node(node) => self.node(node),
                    }
                }
            }
            Node::Text(text) => {
                self.tag(22);
                self.text_statement(text);
            }
            Node::Star => self.tag(20),
            Node::Invalid(message) => {
                self.tag(21);
                self.text(message);
            }
        }
    }

    pub(super) fn in_list(&mut self, list: &'n InNode) {
        self.tag(12);
        self.tag(u8::from(list.negated));
        self.node(&list.left);
        self.optional_type(list.sql_type.as_ref());
        if list.is_of_values() {
            self.tag(if list.values.is_empty() { 1 } else { 2 });
            self.slots.push(Slot::List(list));
        } else {
            self.tag(3);
            self.nodes(&list.values);
        }
    }

    pub(super) fn window(&mut self, window: &'n Window) {
        match &window.base {
            Some(name) => {
                self.tag(2);
                self.text(name);
            }
            None => self.tag(1),
        }
        self.nodes(&window.partition_by);
        self.orders(&window.order_by);
        match window.frame {
            Some(frame) => {
                self.tags([1 + frame.unit as u8, frame.exclude as u8]);
                for bound in [frame.start, frame.end] {
                    let (tag, rows, time) = match bound {
                        FrameBound::UnboundedPreceding => (0, 0, None),
                        FrameBound::Preceding(rows) => (1, rows, None),
                        FrameBound::CurrentRow => (2, 0, None),
                        FrameBound::Following(rows) => (3, rows, None),
                        FrameBound::UnboundedFollowing => (4, 0, None),
                        FrameBound::PrecedingBy(time) => (5, 0, Some(time)),
                        FrameBound::FollowingBy(time) => (6, 0, Some(time)),
                    };
                    self.tag(tag);
                    self.key.extend_from_slice(&rows.to_le_bytes());
                    if let Some(time) = time {
                        self.key.extend_from_slice(&time.months.to_le_bytes());
                        self.key.extend_from_slice(&time.days.to_le_bytes());
                        self.key.extend_from_slice(&time.microseconds.to_le_bytes());
                    }
                }
            }
            None => self.tag(0),
        }
    }

    pub(super) fn orders(&mut self, orders: &'n [OrderBy]) {
        self.count(orders.len());
        for order in orders {
            let nulls = order.nulls_first.map_or(0, |first| 1 + u8::from(first));
            self.tag(u8::from(order.descending) * 4 + nulls);
            self.node(&order.node);
        }
    }
}
