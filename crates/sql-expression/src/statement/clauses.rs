//! [`SelectClauses`]: what most selects do not have.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{CommonTableExpression, Extensions, FurtherClauses, Join, Locking, SelectNode, SetOperation};
use crate::expression::{Node, OrderBy, Source};

/// The clauses of a SELECT besides its list and its conditions. A [`SelectNode`] shows them as its own fields, and has a
/// place for them only when one is there: most selects are looked-up rows, and are built anew each time.
#[derive(Clone, Debug, Default)]
pub struct SelectClauses {
    /// WITH.
    pub with: Vec<CommonTableExpression>,
    /// DISTINCT.
    pub distinct: bool,
    /// DISTINCT ON (PostgreSQL).
    pub distinct_on: Vec<Node>,
    /// What FROM holds besides what the columns ask for.
    pub from: Vec<Source>,
    /// Joins, in order.
    pub joins: Vec<Join>,
    /// GROUP BY.
    pub group_by: Vec<Node>,
    /// HAVING: all of them.
    pub having: Vec<Node>,
    /// What stands before the set operations, where it is a select of its own because it was ordered or limited. The items
    /// then only repeat its shape, and nothing else of this select's core is used.
    pub first: Option<Arc<SelectNode>>,
    /// UNION, INTERSECT, EXCEPT with further selects, in order.
    pub set_operations: Vec<SetOperation>,
    /// ORDER BY.
    pub order_by: Vec<OrderBy>,
    /// LIMIT.
    pub limit: Option<Node>,
    /// OFFSET.
    pub offset: Option<Node>,
    /// FOR UPDATE and its like.
    pub locking: Option<Locking>,
    /// What hardly any select has.
    pub further: Option<Box<FurtherClauses>>,
    /// What a layer above hung on the statement, such as loader options. It is no part of the SQL.
    pub extensions: Extensions,
}

/// The place for [`SelectClauses`]: empty until one is changed.
#[derive(Clone, Debug, Default)]
pub struct ClausesPlace(Option<Box<SelectClauses>>);

/// What is seen where there are none.
static NONE: SelectClauses = SelectClauses {
    with: Vec::new(),
    distinct: false,
    distinct_on: Vec::new(),
    from: Vec::new(),
    joins: Vec::new(),
    group_by: Vec::new(),
    having: Vec::new(),
    first: None,
    set_operations: Vec::new(),
    order_by: Vec::new(),
    limit: None,
    offset: None,
    locking: None,
    further: None,
    extensions: Extensions(Vec::new()),
};

impl ClausesPlace {
    /// The clauses, where there may be some.
    #[inline]
    pub fn get(&self) -> Option<&SelectClauses> {
        self.0.as_deref()
    }
}

impl Deref for SelectNode {
    type Target = SelectClauses;

    #[inline]
    fn deref(&self) -> &SelectClauses {
        self.clauses.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for SelectNode {
    #[inline]
    fn deref_mut(&mut self) -> &mut SelectClauses {
        self.clauses.0.get_or_insert_default()
    }
}
