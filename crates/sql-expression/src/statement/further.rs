//! [`FurtherClauses`] and [`ChangeClauses`]: what hardly any statement has.

use super::{CommonTableExpression, SelectNode, Upsert};
use crate::{
    expression::{Node, Source, Window},
    name::Name,
};

/// The clauses of a SELECT that hardly any has. Kept in a box of their own, so that the others need no room for them.
#[derive(Clone, Debug, Default)]
pub struct FurtherClauses {
    /// Words after SELECT.
    pub prefixes: Vec<Hint>,
    /// Words at the end.
    pub suffixes: Vec<Hint>,
    /// Words after a table of FROM.
    pub table_hints: Vec<(Source, Hint)>,
    /// WINDOW: windows with names.
    pub windows: Vec<(Name, Window)>,
    /// Whether rows that are equal in ORDER BY to the last one of the limit come too.
    pub with_ties: bool,
    /// Which sources are left to the select around this one; none: those that it has.
    pub correlate: Option<Vec<Source>>,
}

/// The clauses of INSERT, UPDATE and DELETE that hardly any has.
#[derive(Clone, Debug, Default)]
pub struct ChangeClauses {
    /// WITH, by hand.
    pub with: Vec<CommonTableExpression>,
    /// Words after INSERT, UPDATE or DELETE.
    pub prefixes: Vec<Hint>,
    /// Words at the end.
    pub suffixes: Vec<Hint>,
    /// What becomes of rows that are there already.
    pub upsert: Option<Upsert>,
}

/// Words that are written just so, perhaps only for one dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The words.
    pub text: Name,
    /// The dialect's name, as in a URL; none: all.
    pub dialect: Option<Name>,
}

impl FurtherClauses {
    /// Each expression of the windows.
    pub(crate) fn nodes<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        for (_, window) in &self.windows {
            window.partition_by.iter().for_each(&mut *visit);
            window.order_by.iter().for_each(|order| visit(&order.node));
        }
    }
}

impl SelectNode {
    /// The clauses that hardly any select has, to be changed.
    pub(crate) fn further_mut(&mut self) -> &mut FurtherClauses {
        self.further.get_or_insert_default()
    }
}
