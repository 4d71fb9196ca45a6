//! INSERT.

use super::{compiled::Rows, compiler::Compiler};
use crate::{
    Error, Result,
    dialect::DefaultValues,
    name::Name,
    statement::{InsertNode, InsertRows},
};

impl<'n> Compiler<'n> {
    /// Writes an INSERT. The rows are given where they are to be written into the text.
    pub(super) fn insert(&mut self, insert: &'n InsertNode, rows: Option<Rows<'n>>) -> Result<()> {
        let table = &insert.table;
        let name = self.dialect.table_name(table);
        self.push("INSERT INTO ");
        self.push(&name);
        match &insert.rows {
            InsertRows::Default => self.push(match self.features.default_values {
                DefaultValues::Keyword => " DEFAULT VALUES",
                DefaultValues::EmptyRow => " () VALUES ()",
            }),
            InsertRows::Values { width: 0, .. } => {
                return Err(Error::argument(format!(
                    "a row for `{}` has no values; `insert(..)` alone inserts one row of defaults",
                    table.name()
                )));
            }
            InsertRows::Values { nodes, width } => {
                self.columns(insert, Some(*width))?;
                self.push(" VALUES ");
                if insert.rows.is_of_values() {
                    let rows = rows.filter(|_| self.writes_literals());
                    self.rows(*width, rows)?;
                } else {
                    self.separated(nodes.chunks((*width).max(1)), |this, row| {
                        this.push("(");
                        this.separated(row, Self::node)?;
                        this.push(")");
                        Ok(())
                    })?;
                }
            }
            InsertRows::Select(select) => {
                self.columns(insert, None)?;
                self.push(" ");
                self.select_statement(select)?;
            }
            InsertRows::Invalid(message) => {
                return Err(Error::argument(format!("INSERT INTO {}: {message}", table.name())));
            }
        }
        self.returning(&insert.returning, table, self.features.insert_returning, "INSERT")
    }

    /// Writes the columns of the rows.
    fn columns(&mut self, insert: &InsertNode, width: Option<usize>) -> Result<()> {
        let definition = insert.table.definition();
        let own: Vec<Name>;
        let columns = match &insert.columns {
            Some(columns) => columns,
            None => {
                own = definition
                    .columns
                    .iter()
                    .map(|column| column.name.clone())
                    .take(width.unwrap_or(usize::MAX))
                    .collect();
                &own
            }
        };
        if let Some(width) = width.filter(|width| *width != columns.len()) {
            return Err(Error::argument(format!(
                "a row of {width} values was given for {} columns of `{}`",
                columns.len(),
                insert.table.name()
            )));
        }
        self.push(" (");
        self.separated(columns, |this, column| {
            let name = this.table_column(&insert.table, column)?;
            this.identifier(&name);
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }
}
