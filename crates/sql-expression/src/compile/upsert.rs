//! What becomes of rows that are there already: ON CONFLICT and ON DUPLICATE KEY UPDATE.

use super::compiler::Compiler;
use crate::{
    Error, Result,
    dialect::UpsertStyle,
    expression::{Node, Source},
    name::Name,
    statement::{Conflict, InsertNode, InsertRows, Upsert},
};

impl<'n> Compiler<'n> {
    /// Writes what an INSERT does where a row is there already.
    pub(super) fn upsert(&mut self, insert: &'n InsertNode) -> Result<()> {
        let Some(upsert) = insert.further.as_ref().and_then(|further| further.upsert.as_ref()) else {
            return Ok(());
        };
        let before = self.upsert_of.replace(insert);
        self.scopes.push(vec![Source::from(&insert.table)]);
        match (upsert, self.features.constructs.upsert) {
            (Upsert::OnConflict { target, update }, Some(UpsertStyle::OnConflict { constraints })) => {
                self.conflict(target, update.is_some(), constraints)?;
                match update {
                    None => self.push(" DO NOTHING"),
                    Some(update) => {
                        self.push(" DO UPDATE SET ");
                        self.assignments(insert, &update.assignments)?;
                        self.conditions(" WHERE ", &update.filters)?;
                    }
                }
            }
            (
                Upsert::OnDuplicateKey(update),
                Some(style @ (UpsertStyle::DuplicateKeyValues | UpsertStyle::DuplicateKeyAlias)),
            ) => {
                if !update.filters.is_empty() {
                    return Err(self.unsupported("a condition on ON DUPLICATE KEY UPDATE"));
                }
                if style == UpsertStyle::DuplicateKeyAlias && matches!(insert.rows, InsertRows::Values(_)) {
                    self.push(" AS new");
                }
                self.push(" ON DUPLICATE KEY UPDATE ");
                self.assignments(insert, &update.assignments)?;
            }
            (Upsert::OnConflict { .. }, _) => {
                return Err(self.unsupported("ON CONFLICT (MySQL has `on_duplicate_key_update`)"));
            }
            (Upsert::OnDuplicateKey(_), _) => {
                return Err(self.unsupported("ON DUPLICATE KEY UPDATE (use `on_conflict_do_update`)"));
            }
        }
        self.scopes.pop();
        self.upsert_of = before;
        Ok(())
    }

    fn conflict(&mut self, target: &'n Conflict, updates: bool, constraints: bool) -> Result<()> {
        self.push(" ON CONFLICT");
        if let Some(name) = &target.constraint {
            if !constraints {
                return Err(self.unsupported("ON CONFLICT ON CONSTRAINT (name the columns of the index)"));
            }
            self.push(" ON CONSTRAINT ");
            self.identifier(name);
            return Ok(());
        }
        if target.columns.is_empty() {
            if updates && constraints {
                return Err(Error::compile(
                    "DO UPDATE must say which conflict it is about: name the columns of the unique index",
                ));
            }
            return Ok(());
        }
        let before = std::mem::replace(&mut self.unqualified, true);
        self.push(" (");
        self.separated(&target.columns, |this, column| match column {
            Node::Column(_) | Node::Function(_) => this.node(column),
            column => {
                this.push("(");
                this.node(column)?;
                this.push(")");
                Ok(())
            }
        })?;
        self.push(")");
        if let Some(condition) = &target.index_where {
            self.push(" WHERE ");
            self.node(condition)?;
        }
        self.unqualified = before;
        Ok(())
    }

    fn assignments(&mut self, insert: &'n InsertNode, assignments: &'n [(Name, Node)]) -> Result<()> {
        if assignments.is_empty() {
            return Err(Error::argument(format!(
                "the upsert of `{}` changes no column; call `set`, or leave the rows with `on_conflict_do_nothing`",
                insert.table.name()
            )));
        }
        let definition = insert.table.definition();
        self.separated(assignments, |this, (name, node)| {
            let column = this.table_column(&insert.table, name)?;
            this.identifier(&column);
            this.push(" = ");
            this.assigned(node, definition.find(name).map(|column| &column.sql_type))
        })
    }
}
