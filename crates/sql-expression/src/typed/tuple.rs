//! [`tuple`]: several columns that are compared together.

use std::sync::Arc;

use super::Expression;
use crate::{
    expression::{BinaryOperator, InNode, Node},
    statement::{InsertRow, IntoNodes, RowWriter, Select},
};

/// Several columns or expressions that are compared together: `tuple((a, b)).in_([(1, "x"), (2, "y")])`.
pub fn tuple(expressions: impl IntoNodes) -> Tuple {
    let mut nodes = Vec::new();
    expressions.push(&mut nodes);
    Tuple(nodes.into())
}

/// Several columns or expressions that are compared together.
#[derive(Clone, Debug)]
#[must_use]
pub struct Tuple(Arc<[Node]>);

impl Tuple {
    /// The tuple is one of these. An empty list gives no rows.
    pub fn in_<I>(self, rows: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: InsertRow,
    {
        self.list(rows, false)
    }

    /// The tuple is none of these. An empty list gives all rows.
    pub fn not_in<I>(self, rows: I) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: InsertRow,
    {
        self.list(rows, true)
    }

    /// The tuple is a row of the select.
    pub fn in_select<S>(self, select: &Select<S>) -> Expression<bool> {
        let select = Node::Subquery(select.tree().clone());
        Expression::new(Node::binary(Node::Tuple(self.0), BinaryOperator::In, select))
    }

    /// The tuple is no row of the select.
    pub fn not_in_select<S>(self, select: &Select<S>) -> Expression<bool> {
        let select = Node::Subquery(select.tree().clone());
        Expression::new(Node::binary(Node::Tuple(self.0), BinaryOperator::NotIn, select))
    }

    fn compare(self, operator: BinaryOperator, row: impl InsertRow) -> Expression<bool> {
        let row = self.row(row);
        Expression::new(Node::binary(Node::Tuple(self.0), operator, row))
    }

    /// A row beside the tuple; of another width it is an error when the statement is compiled.
    fn row(&self, row: impl InsertRow) -> Node {
        let mut writer = RowWriter::default();
        row.write(&mut writer);
        let nodes = writer.into_nodes();
        if nodes.len() == self.0.len() {
            return Node::Tuple(nodes.into());
        }
        let message =
            format!("a tuple of {} expressions is compared with one of {} values", self.0.len(), nodes.len());
        Node::Invalid(message.into())
    }

    fn list<I>(self, rows: I, negated: bool) -> Expression<bool>
    where
        I: IntoIterator,
        I::Item: InsertRow,
    {
        let values = rows.into_iter().map(|row| self.row(row)).collect();
        Expression::new(Node::In(Arc::new(InNode {
            left: Node::Tuple(self.0),
            values,
            negated,
            sql_type: None,
        })))
    }
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident => $operator:ident;)*) => {
        impl Tuple {
            $($(#[$doc])*
            pub fn $name(self, row: impl InsertRow) -> Expression<bool> {
                self.compare(BinaryOperator::$operator, row)
            })*
        }
    };
}

comparisons! {
    /// Each is equal to its counterpart.
    eq => Equal;
    /// One of them is not equal to its counterpart.
    ne => NotEqual;
    /// The first of them that differs is less: what comes before a row in the order of these columns.
    lt => Less;
    /// The first of them that differs is less, or none differs.
    le => LessOrEqual;
    /// The first of them that differs is greater: what comes after a row in the order of these columns, for the next page.
    gt => Greater;
    /// The first of them that differs is greater, or none differs.
    ge => GreaterOrEqual;
}
