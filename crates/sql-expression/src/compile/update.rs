//! UPDATE.

use super::{compiler::Compiler, fit::Fit, from_clause::add_sources};
use crate::{
    Error, Result,
    dialect::MultipleTables,
    expression::{Node, Source},
    schema::Table,
    statement::{ChangeClauses, UpdateNode},
};

impl<'n> Compiler<'n> {
    /// Writes an UPDATE.
    pub(super) fn update(&mut self, update: &'n UpdateNode) -> Result<()> {
        let table = &update.table;
        if update.assignments.is_empty() {
            return Err(Error::argument(format!(
                "UPDATE of `{}` changes no column; call `set`",
                table.name()
            )));
        }
        let further_clauses = update.further.as_deref();
        self.begin_dml(further_clauses)?;
        let nodes = update.assignments.iter().map(|(_, node)| node).chain(&update.filters);
        let further = further_sources(table, nodes);
        let style = self.features.update_from;
        if !further.is_empty() && style.is_none() {
            return Err(self.unsupported("UPDATE with further tables"));
        }
        self.scopes.push(
            std::iter::once(Source::from(table))
                .chain(further.iter().map(|source| (*source).clone()))
                .collect(),
        );
        let name = self.dialect.table_name(table);
        self.push("UPDATE ");
        self.prefixes(further_clauses);
        self.push(&name);
        let list = !further.is_empty() && style == Some(MultipleTables::List);
        if list {
            self.push(", ");
            self.separated(further.iter().copied(), Self::source)?;
        }
        self.push(" SET ");
        let definition = table.definition();
        self.separated(&update.assignments, |this, (assigned, node)| {
            let column = this.table_column(table, assigned)?;
            if list {
                this.push(&name);
                this.push(".");
            }
            this.identifier(&column);
            this.push(" = ");
            let sql_type = definition.find(assigned).map(|column| &column.sql_type);
            if let (Node::Bind(_), Some(sql_type)) = (node, sql_type) {
                this.slot_fits.extend(Fit::of(this.slot, assigned, sql_type, this.dialect));
            }
            this.assigned(node, sql_type)
        })?;
        if !further.is_empty() && !list {
            self.push(" FROM ");
            self.separated(further.iter().copied(), Self::source)?;
        }
        self.conditions(" WHERE ", &update.filters)?;
        self.scopes.pop();
        self.returning(&update.returning, table, &further, self.features.update_returning, "UPDATE")?;
        self.suffixes(further_clauses);
        Ok(())
    }

    /// Writes WITH before an UPDATE or DELETE; where it cannot stand there, it stands in the subqueries.
    pub(super) fn begin_dml(&mut self, further: Option<&ChangeClauses>) -> Result<()> {
        if !self.features.with_before_dml && further.is_some_and(|further| !further.with.is_empty()) {
            return Err(self.unsupported("WITH before UPDATE and DELETE"));
        }
        if self.features.with_before_dml && !self.with_written { self.with() } else { Ok(()) }
    }
}

/// The sources that the expressions use besides the table.
pub(super) fn further_sources<'n>(table: &Table, nodes: impl Iterator<Item = &'n Node>) -> Vec<&'n Source> {
    let mut sources = Vec::new();
    for node in nodes {
        add_sources(&mut sources, node);
    }
    sources.retain(|source| **source != table.into());
    sources
}
