//! GROUP BY in more than one way: ROLLUP, CUBE, GROUPING SETS.

use crate::{
    expression::{Construct, Grouping, Node},
    statement::IntoNodes,
};

/// Groups by all of these, by all but the last, and so on, down to one group of all rows (not on SQLite).
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{Executable, count_all, dialect::*, schema::*, select, types::*};
/// use aludel_sql_expression::typed::rollup;
///
/// # let sale = Table::unregistered("sale").column(Column::new("year", Integer)).column(Column::new("shop", Integer));
/// let sums = select((sale.c("year"), sale.c("shop"), count_all())).group_by(rollup((sale.c("year"), sale.c("shop"))));
/// assert_eq!(
///     sums.to_sql(&PostgresDialect::default())?,
///     "SELECT sale.year, sale.shop, count(*) FROM sale GROUP BY ROLLUP (sale.year, sale.shop)"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn rollup(expressions: impl IntoNodes) -> GroupingSets {
    GroupingSets { grouping: Grouping::Rollup, nodes: nodes(expressions) }
}

/// Groups by every part of these (PostgreSQL).
pub fn cube(expressions: impl IntoNodes) -> GroupingSets {
    GroupingSets { grouping: Grouping::Cube, nodes: nodes(expressions) }
}

/// Groups by each of the sets that are added: `grouping_sets().set((a, b)).set(a).all_rows()` (PostgreSQL).
pub fn grouping_sets() -> GroupingSets {
    GroupingSets { grouping: Grouping::Sets, nodes: Vec::new() }
}

/// Ways to group: an element of GROUP BY.
#[derive(Clone, Debug)]
#[must_use]
pub struct GroupingSets {
    grouping: Grouping,
    nodes: Vec<Node>,
}

impl GroupingSets {
    /// Adds a set of expressions. To ROLLUP and CUBE it is added as one expression.
    pub fn set(mut self, expressions: impl IntoNodes) -> Self {
        self.nodes.push(Node::Tuple(nodes(expressions).into()));
        self
    }

    /// Adds the set of no expressions: one group of all rows.
    pub fn all_rows(mut self) -> Self {
        self.nodes.push(Node::Tuple([].into()));
        self
    }
}

impl IntoNodes for GroupingSets {
    fn push(self, nodes: &mut Vec<Node>) {
        nodes.push(Node::construct(Construct::Grouping(self.grouping), self.nodes));
    }
}

fn nodes(expressions: impl IntoNodes) -> Vec<Node> {
    let mut nodes = Vec::new();
    expressions.push(&mut nodes);
    nodes
}
