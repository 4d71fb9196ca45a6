//! What stands in FROM besides tables and subqueries: rows that are written out, functions, and lateral subqueries.

use std::sync::Arc;

use super::compiler::Compiler;
use crate::{
    Error, Result,
    dialect::ValuesStyle,
    expression::{Alias, AliasTarget, Node, Source, TableFunction, ValuesNode},
    name::Name,
    statement::SelectNode,
};

/// Whether a source may depend on what stands before it in FROM.
pub(super) fn depends_on_others(source: &Source) -> bool {
    matches!(source, Source::Alias(alias)
        if matches!(alias.target(), AliasTarget::Lateral(_) | AliasTarget::Function(_)))
}

impl<'n> Compiler<'n> {
    /// Writes a subquery that sees what stands before it.
    pub(super) fn lateral(&mut self, alias: &'n Alias, select: &'n SelectNode) -> Result<()> {
        if !self.features.lateral {
            return Err(self.unsupported("LATERAL"));
        }
        self.push("LATERAL (");
        self.at_alias(alias, |this| this.nested_select(select))?;
        self.push(") AS ");
        let name = self.alias_name(alias);
        self.identifier(&name);
        Ok(())
    }

    /// Writes a function as a table.
    pub(super) fn table_function(
        &mut self,
        alias: &'n Alias,
        function: &'n Arc<TableFunction>,
    ) -> Result<()> {
        let constructs = &self.features.constructs;
        let is_json_table =
            matches!(&function.call, Node::Function(call) if call.name.eq_ignore_ascii_case("json_table"));
        match (is_json_table, constructs.json_table, constructs.table_functions) {
            (true, true, _) | (false, _, true) => {}
            (true, false, _) => return Err(self.unsupported("JSON_TABLE in FROM")),
            (false, true, false) => {
                return Err(self.unsupported("a function in FROM (other than `json_table`)"));
            }
            (false, false, false) => return Err(self.unsupported("a function in FROM")),
        }
        if !constructs.table_function_columns && !function.columns.is_empty() {
            return Err(self.unsupported("names for the columns of a function in FROM (use `table_valued`)"));
        }
        self.at_alias(alias, |this| this.node(&function.call))?;
        self.push(if function.ordinality { " WITH ORDINALITY AS " } else { " AS " });
        let name = self.alias_name(alias);
        self.identifier(&name);
        if function.types.is_empty() {
            return self.column_names(&function.columns);
        }
        self.push(" (");
        self.separated(function.columns.iter().zip(&function.types), |this, (column, sql_type)| {
            this.identifier(column);
            this.push(" ");
            let name = this.dialect.cast_type_name(sql_type)?;
            this.push(&name);
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }

    /// Writes rows.
    pub(super) fn values(&mut self, alias: &'n Alias, values: &'n Arc<ValuesNode>) -> Result<()> {
        let width = values.columns.len();
        if width == 0 || values.values.is_empty() {
            return Err(Error::argument(format!(
                "`values` needs at least one column and one row: `{}` has none",
                self.alias_name(alias)
            )));
        }
        self.at_alias(alias, |this| match this.features.constructs.values {
            ValuesStyle::Standard => {
                this.push("(");
                this.value_rows(values, "VALUES (", ")")?;
                this.push(")");
                Ok(())
            }
            ValuesStyle::Row => {
                this.push("(");
                this.value_rows(values, "VALUES ROW(", ")")?;
                this.push(")");
                Ok(())
            }
            ValuesStyle::NumberedColumns => {
                this.push("(SELECT ");
                this.separated((1..).zip(&values.columns), |this, (number, column)| {
                    this.push(&format!("column{number} AS "));
                    this.identifier(column);
                    Ok(())
                })?;
                this.push(" FROM (");
                this.value_rows(values, "VALUES (", ")")?;
                this.push("))");
                Ok(())
            }
            ValuesStyle::Select => {
                this.push("(");
                for (position, row) in values.values.chunks(width).enumerate() {
                    this.push(if position == 0 { "SELECT " } else { " UNION ALL SELECT " });
                    this.separated(row.iter().zip(&values.columns), |this, (value, column)| {
                        this.lone(value)?;
                        if position == 0 {
                            this.push(" AS ");
                            this.identifier(column);
                        }
                        Ok(())
                    })?;
                }
                this.push(")");
                Ok(())
            }
        })?;
        self.push(" AS ");
        let name = self.alias_name(alias);
        self.identifier(&name);
        match self.features.constructs.values {
            ValuesStyle::Standard | ValuesStyle::Row => self.column_names(&values.columns),
            ValuesStyle::NumberedColumns | ValuesStyle::Select => Ok(()),
        }
    }

    /// The first row says the types of its values; those of the others follow.
    fn value_rows(&mut self, values: &'n ValuesNode, before: &str, after: &str) -> Result<()> {
        let next = before.strip_prefix("VALUES ").unwrap_or(before);
        for (position, row) in values.values.chunks(values.columns.len().max(1)).enumerate() {
            self.push(if position == 0 { before } else { ", " });
            if position > 0 {
                self.push(next);
            }
            self.separated(
                row,
                |this, value| if position == 0 { this.lone(value) } else { this.node(value) },
            )?;
            self.push(after);
        }
        Ok(())
    }

    fn column_names(&mut self, columns: &[Name]) -> Result<()> {
        if columns.is_empty() {
            return Ok(());
        }
        self.push(" (");
        self.separated(columns, |this, column| {
            this.identifier(column);
            Ok(())
        })?;
        self.push(")");
        Ok(())
    }
}
