//! [`alter_table`]: ALTER TABLE.

use super::{ColumnChange, Ddl, DdlNode, IdentityChange, TableChange, create::the_table};
use crate::{
    name::Name,
    schema::{Column, Constraint, ConstraintKind, DdlExpression, Identity, ServerDefault, Table, Tables},
    types::SqlType,
};

/// ALTER TABLE: each change is a statement of its own. The table may be known by its name alone.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, alter_table, dialect::PostgresDialect, schema::*, types::Integer};
///
/// let t = Table::unregistered("t");
/// let dialect = PostgresDialect::default();
/// assert_eq!(
///     alter_table(&t).add_column(Column::new("c1", Integer).not_null().server_default("12")).to_sql(&dialect)?,
///     "ALTER TABLE t ADD COLUMN c1 INTEGER DEFAULT 12 NOT NULL"
/// );
/// assert_eq!(
///     alter_table(&t).alter_column("c").set_type(Integer).using("c::integer").to_sql(&dialect)?,
///     "ALTER TABLE t ALTER COLUMN c TYPE INTEGER USING c::integer"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn alter_table(table: impl Tables) -> AlterTable {
    AlterTable { table: the_table(&table), if_exists: false }
}

/// ALTER TABLE, before it is said what changes: made by [`alter_table`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AlterTable {
    table: Table,
    if_exists: bool,
}

impl AlterTable {
    /// Changes it only when it is there: IF EXISTS, where the dialect has it.
    pub fn if_exists(mut self) -> Self {
        self.if_exists = true;
        self
    }

    /// Adds a column, with its index and its foreign key.
    pub fn add_column(self, column: Column) -> Ddl {
        self.change(TableChange::AddColumn { column: Box::new(column), if_not_exists: false })
    }

    /// Drops a column.
    pub fn drop_column(self, name: impl Into<Name>) -> Ddl {
        self.change(TableChange::DropColumn { name: name.into(), if_exists: false, cascade: false })
    }

    /// Gives a column another name.
    pub fn rename_column(self, from: impl Into<Name>, to: impl Into<Name>) -> Ddl {
        self.change(TableChange::RenameColumn { from: from.into(), to: to.into() })
    }

    /// Changes a column (not on SQLite). MySQL and MariaDB must be told all of it: the table's own column of that name, or
    /// [`AlterColumn::existing`].
    pub fn alter_column(self, name: impl Into<Name>) -> AlterColumn {
        AlterColumn { table: self, change: ColumnChange::new(name) }
    }

    /// Gives the table another name, in the same schema.
    pub fn rename_to(self, name: impl Into<Name>) -> Ddl {
        self.change(TableChange::Rename(name.into()))
    }

    /// Puts the table into another schema (not on SQLite).
    pub fn set_schema(self, schema: impl Into<Name>) -> Ddl {
        self.change(TableChange::SetSchema(schema.into()))
    }

    /// Adds a constraint (not on SQLite).
    pub fn add_constraint(self, constraint: impl Into<Constraint>) -> Ddl {
        self.change(TableChange::AddConstraint {
            constraint: Box::new(constraint.into()),
            if_not_exists: false,
        })
    }

    /// Drops a constraint (not on SQLite).
    pub fn drop_constraint(self, name: impl Into<Name>, kind: ConstraintKind) -> Ddl {
        self.change(TableChange::DropConstraint { name: name.into(), kind, if_exists: false, cascade: false })
    }

    /// Gives a constraint another name (PostgreSQL).
    pub fn rename_constraint(self, from: impl Into<Name>, to: impl Into<Name>) -> Ddl {
        self.change(TableChange::RenameConstraint { from: from.into(), to: to.into() })
    }

    /// Looks at the rows that a constraint was added without looking at (PostgreSQL).
    pub fn validate_constraint(self, name: impl Into<Name>) -> Ddl {
        self.change(TableChange::ValidateConstraint(name.into()))
    }

    /// Puts a comment on the table (not on SQLite).
    pub fn set_comment(self, comment: impl Into<Name>) -> Ddl {
        self.change(TableChange::SetComment(Some(comment.into())))
    }

    /// Takes the comment off the table (not on SQLite).
    pub fn drop_comment(self) -> Ddl {
        self.change(TableChange::SetComment(None))
    }

    fn change(self, change: TableChange) -> Ddl {
        Ddl::new(DdlNode::AlterTable {
            table: self.table,
            change: Box::new(change),
            if_exists: self.if_exists,
        })
    }
}

/// What changes of a column: made by [`AlterTable::alter_column`]. It is a statement, and several where the database needs
/// several.
#[derive(Clone, Debug)]
#[must_use]
pub struct AlterColumn {
    table: AlterTable,
    change: ColumnChange,
}

impl AlterColumn {
    /// Says what the column is like, for databases that must be told all of it.
    pub fn existing(mut self, column: Column) -> Self {
        self.change.existing = Some(column);
        self
    }

    /// Another type.
    pub fn set_type(mut self, sql_type: impl Into<SqlType>) -> Self {
        self.change.sql_type = Some(sql_type.into());
        self
    }

    /// What the values of the new type are made from (PostgreSQL alone; others convert by themselves).
    pub fn using(mut self, expression: impl Into<DdlExpression>) -> Self {
        self.change.using = Some(expression.into());
        self
    }

    /// NOT NULL.
    pub fn set_not_null(mut self) -> Self {
        self.change.nullable = Some(false);
        self
    }

    /// It may hold NULL.
    pub fn drop_not_null(mut self) -> Self {
        self.change.nullable = Some(true);
        self
    }

    /// Another default.
    pub fn set_default(mut self, default: impl Into<ServerDefault>) -> Self {
        self.change.server_default = Some(Some(default.into()));
        self
    }

    /// No default.
    pub fn drop_default(mut self) -> Self {
        self.change.server_default = Some(None);
        self
    }

    /// Another comment.
    pub fn set_comment(mut self, comment: impl Into<Name>) -> Self {
        self.change.comment = Some(Some(comment.into()));
        self
    }

    /// No comment.
    pub fn drop_comment(mut self) -> Self {
        self.change.comment = Some(None);
        self
    }

    /// The database numbers it from now on (PostgreSQL).
    pub fn add_identity(mut self, identity: Identity) -> Self {
        self.change.identity = Some(IdentityChange::Add(identity));
        self
    }

    /// The database numbers it in another way (PostgreSQL).
    pub fn set_identity(mut self, identity: Identity) -> Self {
        self.change.identity = Some(IdentityChange::Set(identity));
        self
    }

    /// The database numbers it no more (PostgreSQL).
    pub fn drop_identity(mut self) -> Self {
        self.change.identity = Some(IdentityChange::Drop);
        self
    }

    /// Another name.
    pub fn rename_to(mut self, name: impl Into<Name>) -> Self {
        self.change.rename = Some(name.into());
        self
    }

    /// The statement.
    pub fn into_ddl(self) -> Ddl {
        self.table.change(TableChange::AlterColumn(Box::new(self.change)))
    }
}

impl From<AlterColumn> for Ddl {
    fn from(change: AlterColumn) -> Self {
        change.into_ddl()
    }
}

impl crate::statement::Executable for AlterColumn {
    type Row = ();

    fn node(&self) -> crate::statement::StatementNode {
        self.clone().into_ddl().node()
    }

    fn plan(&self, _: &std::sync::Arc<[crate::ColumnInfo]>) -> crate::Result<crate::RowPlan> {
        Ok(crate::RowPlan::default())
    }

    fn decode(&self, _: &dyn crate::Row, _: &crate::RowPlan) -> crate::Result<()> {
        Ok(())
    }
}
