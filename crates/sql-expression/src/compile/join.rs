//! Joins as they are written, the foreign keys that they follow, and the columns that USING names.

use super::{chain::JoinStep, compiler::Compiler};
use crate::{
    Error, Result,
    expression::Source,
    schema::Table,
    statement::{Join, JoinCondition, JoinKind},
};

/// The columns that join two sources.
#[derive(Debug)]
pub(super) struct Link<'n> {
    pub(super) left: &'n Source,
    right: &'n Source,
    /// Columns of the left side, each with its counterpart on the right.
    columns: Vec<(String, String)>,
}

impl<'n> Compiler<'n> {
    /// Writes a join.
    pub(super) fn join(&mut self, step: &JoinStep<'n>) -> Result<()> {
        let join = step.join;
        let is_natural = matches!(join.condition, JoinCondition::Natural);
        self.push(if is_natural { " NATURAL " } else { " " });
        self.push(match join.kind {
            JoinKind::Inner => "JOIN ",
            JoinKind::Left => "LEFT JOIN ",
            JoinKind::Right if self.features.right_join => "RIGHT JOIN ",
            JoinKind::Right => return Err(self.unsupported("RIGHT JOIN")),
            JoinKind::Full if self.features.full_join => "FULL JOIN ",
            JoinKind::Full if is_natural => return Err(self.unsupported("NATURAL FULL JOIN")),
            JoinKind::Full => return Err(self.unsupported("FULL JOIN")),
            JoinKind::Cross => "CROSS JOIN ",
        });
        if step.within.is_empty() {
            self.source(&join.right)?;
        } else {
            self.push("(");
            self.source(&join.right)?;
            step.within.iter().try_for_each(|step| self.join(step))?;
            self.push(")");
        }
        match &join.condition {
            JoinCondition::On(on) => {
                self.push(" ON ");
                self.node(on)
            }
            JoinCondition::Using(columns) => {
                self.push(" USING (");
                self.separated(columns, |this, column| {
                    let name = this.column_of(&join.right, &join.within, column)?;
                    this.identifier(&name);
                    Ok(())
                })?;
                self.push(")");
                Ok(())
            }
            JoinCondition::ForeignKey | JoinCondition::Natural | JoinCondition::None => {
                self.linked(step.link.as_ref());
                Ok(())
            }
        }
    }

    fn linked(&mut self, link: Option<&Link<'n>>) {
        let Some(link) = link else { return };
        self.push(" ON ");
        for (position, (left, right)) in link.columns.iter().enumerate() {
            if position > 0 {
                self.push(" AND ");
            }
            self.linked_column(link.left, left);
            self.push(" = ");
            self.linked_column(link.right, right);
        }
    }

    /// The name in the text of a column of the right side.
    fn column_of(&self, right: &Source, within: &[Join], name: &str) -> Result<String> {
        if self.has_column(right, name) == Some(true) {
            return self.column_name(right, name);
        }
        let mut inner = None;
        within.iter().for_each(|join| {
            join.sources(&mut |source| {
                if inner.is_none() && self.has_column(source, name) == Some(true) {
                    inner = Some(source);
                }
            });
        });
        self.column_name(inner.unwrap_or(right), name)
    }

    /// Refuses USING with a column that a side does not have, or has twice.
    pub(super) fn check_using(&self, join: &Join, left: &[&Source], before: &[&Join]) -> Result<()> {
        let JoinCondition::Using(columns) = &join.condition else { return Ok(()) };
        if columns.is_empty() {
            return Err(Error::argument(format!(
                "the join of `{}` names no column in USING",
                self.describe(&join.right)
            )));
        }
        let mut right = Vec::new();
        join.sources(&mut |source| right.push(source));
        let within: Vec<&Join> = join.within.iter().collect();
        for column in columns {
            self.check_side(column, left, before, "left")?;
            self.check_side(column, &right, &within, "right")?;
        }
        Ok(())
    }

    fn check_side(&self, column: &str, side: &[&Source], joins: &[&Join], which: &str) -> Result<()> {
        let has = |source: &Source| self.has_column(source, column) == Some(true);
        let having: Vec<&Source> = side.iter().copied().filter(|source| has(source)).collect();
        if having.is_empty() {
            if side.iter().any(|source| self.has_column(source, column).is_none()) {
                return Ok(());
            }
            let all = self.describe_all(side);
            return Err(Error::argument(format!(
                "JOIN .. USING names the column `{column}`, which the {which} side, {all}, does not have"
            )));
        }
        // What was joined by the same column before counts as one.
        let merged = joins.iter().filter(|join| match &join.condition {
            JoinCondition::Using(columns) => columns.iter().any(|own| **own == *column),
            JoinCondition::Natural => has(&join.right),
            _ => false,
        });
        if having.len() > 1 + merged.count() {
            let all = self.describe_all(&having);
            return Err(Error::argument(format!(
                "JOIN .. USING names the column `{column}`, of which the {which} side has more than one: in {all}; join by \
                 a condition with `join_on`"
            )));
        }
        Ok(())
    }

    fn describe_all(&self, sources: &[&Source]) -> String {
        let names: Vec<String> =
            sources.iter().map(|source| format!("`{}`", self.describe(source))).collect();
        names.join(", ")
    }

    fn linked_column(&mut self, source: &Source, name: &str) {
        self.source_name(source);
        self.push(".");
        let name = self.dialect.physical_name(name);
        self.identifier(&name);
    }

    /// The one foreign key between what is there and what is joined.
    pub(super) fn link(&self, present: &[&'n Source], right: &[&'n Source]) -> Result<Link<'n>> {
        let pairs = present.iter().flat_map(|left| right.iter().map(move |right| (*left, *right)));
        let mut links = pairs.flat_map(|(left, right)| links_between(left, right)).collect::<Vec<_>>();
        if links.len() == 1
            && let Some(link) = links.pop()
        {
            return Ok(link);
        }
        let (names, right) = (self.describe_all(present), self.describe_all(right));
        let found = if links.is_empty() { "no foreign key" } else { "more than one foreign key" };
        Err(Error::compile(format!(
            "there is {found} between {names} and {right}; join by a condition with `join_on`"
        )))
    }
}

/// The foreign keys between two sources, in both directions.
fn links_between<'n>(left: &'n Source, right: &'n Source) -> Vec<Link<'n>> {
    let (Some(left_table), Some(right_table)) = (left.table(), right.table()) else { return Vec::new() };
    let forward = keys(left_table, right_table).into_iter().map(|columns| Link { left, right, columns });
    let backward = keys(right_table, left_table).into_iter().map(|columns| Link {
        left,
        right,
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
