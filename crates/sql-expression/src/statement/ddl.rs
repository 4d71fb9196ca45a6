//! [`Ddl`]: CREATE, ALTER and DROP as statements.

use std::{fmt, sync::Arc};

use super::{DdlNode, Executable, IntoSqlText, StatementNode};
use crate::{
    ColumnInfo, Result, Row, RowPlan,
    name::Name,
    schema::{Index, Table, Tables},
};

/// A statement that creates, changes or drops something in the schema.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ddl {
    node: Arc<DdlNode>,
}

/// CREATE TABLE with its columns, constraints and indexes.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_table, dialect::SqliteDialect, schema::{Column, Table}, types::{Integer, Varchar}};
///
/// let users = Table::unregistered("users")
///     .column(Column::new("id", Integer).primary_key())
///     .column(Column::new("name", Varchar(50)).not_null());
/// assert_eq!(
///     create_table(&users).if_not_exists().to_sql(&SqliteDialect::default())?,
///     "CREATE TABLE IF NOT EXISTS users (\n    id INTEGER PRIMARY KEY,\n    name VARCHAR(50) NOT NULL\n)"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn create_table(table: impl Tables) -> Ddl {
    Ddl::new(DdlNode::CreateTable {
        table: the_table(&table),
        if_not_exists: false,
        without_foreign_keys_to: Vec::new(),
        with_indexes: true,
    })
}

/// DROP TABLE.
pub fn drop_table(table: impl Tables) -> Ddl {
    Ddl::new(DdlNode::DropTable { table: the_table(&table), if_exists: false })
}

/// CREATE INDEX.
pub fn create_index(table: impl Tables, index: Index) -> Ddl {
    Ddl::new(DdlNode::CreateIndex { table: the_table(&table), index, if_not_exists: false })
}

/// DROP INDEX.
pub fn drop_index(table: impl Tables, name: impl Into<Name>) -> Ddl {
    Ddl::new(DdlNode::DropIndex { table: the_table(&table), name: name.into(), if_exists: false })
}

/// DDL that is written just so.
pub fn ddl(sql: impl IntoSqlText) -> Ddl {
    Ddl::new(DdlNode::Raw(sql.into_sql_text()))
}

fn the_table(tables: &impl Tables) -> Table {
    let mut table = None;
    tables.each(&mut |found| table = Some(found.clone()));
    table.unwrap_or_else(|| Table::unregistered(""))
}

impl Ddl {
    /// The statement of a tree.
    pub fn new(node: DdlNode) -> Self {
        Self { node: Arc::new(node) }
    }

    /// The untyped tree.
    pub fn tree(&self) -> &Arc<DdlNode> {
        &self.node
    }

    /// Creates only what is not there yet: IF NOT EXISTS, where the dialect has it. On what does not create it says nothing.
    pub fn if_not_exists(self) -> Self {
        self.when_asked()
    }

    /// Drops only what is there: IF EXISTS, where the dialect has it. On what does not drop it says nothing.
    pub fn if_exists(self) -> Self {
        self.when_asked()
    }

    fn when_asked(mut self) -> Self {
        match Arc::make_mut(&mut self.node) {
            DdlNode::CreateTable { if_not_exists: asks, .. }
            | DdlNode::CreateIndex { if_not_exists: asks, .. }
            | DdlNode::AddForeignKey { if_not_exists: asks, .. }
            | DdlNode::DropTable { if_exists: asks, .. }
            | DdlNode::DropIndex { if_exists: asks, .. }
            | DdlNode::DropForeignKey { if_exists: asks, .. }
            | DdlNode::DropEnumeration { if_exists: asks, .. } => *asks = true,
            DdlNode::Raw(_) => {}
        }
        self
    }

    /// Leaves the indexes of a CREATE TABLE out.
    pub fn without_indexes(mut self) -> Self {
        if let DdlNode::CreateTable { with_indexes, .. } = Arc::make_mut(&mut self.node) {
            *with_indexes = false;
        }
        self
    }
}

impl fmt::Display for Ddl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::compile::display(&StatementNode::Ddl(self.node.clone()), formatter)
    }
}

impl Executable for Ddl {
    type Row = ();

    fn node(&self) -> StatementNode {
        StatementNode::Ddl(self.node.clone())
    }

    fn plan(&self, _: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        Ok(RowPlan::default())
    }

    fn decode(&self, _: &dyn Row, _: &RowPlan) -> Result<()> {
        Ok(())
    }
}
