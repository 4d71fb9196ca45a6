//! Joins, and the foreign keys that they follow.

use super::{compiler::Compiler, from_clause::JoinStep};
use crate::{Error, Result, expression::Source, schema::Table, statement::JoinKind};

/// The columns that join two sources.
#[derive(Debug)]
pub(super) struct Link<'n> {
    pub(super) left: &'n Source,
    /// Columns of the left side, each with its counterpart on the right.
    columns: Vec<(String, String)>,
}

impl<'n> Compiler<'n> {
    /// Writes a join.
    pub(super) fn join(&mut self, step: &JoinStep<'n>) -> Result<()> {
        let join = step.join;
        self.push(match join.kind {
            JoinKind::Inner => " JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Full if self.features.full_join => " FULL JOIN ",
            JoinKind::Full => return Err(self.unsupported("FULL JOIN")),
            JoinKind::Cross => " CROSS JOIN ",
        });
        self.source(&join.right)?;
        if let Some(on) = &join.on {
            self.push(" ON ");
            return self.node(on);
        }
        let Some(link) = &step.link else { return Ok(()) };
        self.push(" ON ");
        for (position, (left, right)) in link.columns.iter().enumerate() {
            if position > 0 {
                self.push(" AND ");
            }
            self.linked_column(link.left, left);
            self.push(" = ");
            self.linked_column(&join.right, right);
        }
        Ok(())
    }

    fn linked_column(&mut self, source: &Source, name: &str) {
        self.source_name(source);
        self.push(".");
        let name = self.dialect.physical_name(name);
        self.identifier(&name);
    }

    /// The one foreign key between what is there and what is joined.
    pub(super) fn link(&self, present: &[&'n Source], right: &Source) -> Result<Link<'n>> {
        let mut links = present.iter().flat_map(|left| links_between(left, right)).collect::<Vec<_>>();
        if links.len() == 1
            && let Some(link) = links.pop()
        {
            return Ok(link);
        }
        let names: Vec<String> =
            present.iter().map(|source| format!("`{}`", self.describe(source))).collect();
        let (names, right) = (names.join(", "), self.describe(right));
        let found = if links.is_empty() { "no foreign key" } else { "more than one foreign key" };
        Err(Error::compile(format!(
            "there is {found} between {names} and `{right}`; join by a condition with `join_on`"
        )))
    }
}

/// The foreign keys between two sources, in both directions.
fn links_between<'n>(left: &'n Source, right: &Source) -> Vec<Link<'n>> {
    let (Some(left_table), Some(right_table)) = (left.table(), right.table()) else { return Vec::new() };
    let forward = keys(left_table, right_table).into_iter().map(|columns| Link { left, columns });
    let backward = keys(right_table, left_table).into_iter().map(|columns| Link {
        left,
        columns: columns.into_iter().map(|(key, referenced)| (referenced, key)).collect(),
    });
    forward.chain(backward).collect()
}

/// The foreign keys from one table to another, each as pairs of columns.
fn keys(from: &Table, to: &Table) -> Vec<Vec<(String, String)>> {
    let keys = from.foreign_keys().into_iter().filter(|key| key.is_to(from, to));
    keys.map(|key| {
        let pairs = key.columns.iter().zip(&key.referenced);
        pairs.map(|(column, referenced)| (column.to_string(), referenced.to_string())).collect()
    })
    .collect()
}
