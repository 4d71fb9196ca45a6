//! DELETE.

use super::{compiler::Compiler, update::further_sources};
use crate::{Result, dialect::MultipleTables, expression::Source, statement::DeleteNode};

impl<'n> Compiler<'n> {
    /// Writes a DELETE.
    pub(super) fn delete(&mut self, delete: &'n DeleteNode) -> Result<()> {
        let table = &delete.table;
        self.begin_dml(delete.further.as_deref())?;
        let further = further_sources(table, delete.filters.iter());
        let style = self.features.delete_using;
        if !further.is_empty() && style.is_none() {
            return Err(self.unsupported("DELETE with further tables (use `exists` or `in_select`)"));
        }
        self.scopes.push(
            std::iter::once(Source::from(table))
                .chain(further.iter().map(|source| (*source).clone()))
                .collect(),
        );
        let name = self.dialect.table_name(table);
        self.push("DELETE ");
        self.prefixes(delete.further.as_deref());
        self.push("FROM ");
        self.push(&name);
        if !further.is_empty() {
            self.push(" USING ");
            if style == Some(MultipleTables::List) {
                self.push(&name);
                self.push(", ");
            }
            self.separated(further.iter().copied(), Self::source)?;
        }
        self.conditions(" WHERE ", &delete.filters)?;
        self.scopes.pop();
        self.returning(&delete.returning, table, &further, self.features.delete_returning, "DELETE")?;
        self.suffixes(delete.further.as_deref());
        Ok(())
    }
}
