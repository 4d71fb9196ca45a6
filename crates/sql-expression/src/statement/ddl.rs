//! [`Ddl`]: CREATE, ALTER and DROP as statements.

mod alter_sequence;
mod alter_table;
mod create;
mod node;

use std::{fmt, sync::Arc};

pub use alter_sequence::{AlterSequence, SequenceChange, alter_sequence};
pub use alter_table::{AlterColumn, AlterTable, alter_table};
pub use create::{
    AlterType, alter_type, create_domain, create_index, create_schema, create_sequence, create_table,
    create_table_as, create_type, create_view, ddl, drop_domain, drop_index, drop_schema, drop_sequence,
    drop_table, drop_type, drop_view, refresh_view, rename_index,
};
pub use node::{ColumnChange, DdlNode, IdentityChange, TableChange, TypeChange};

use super::{Executable, StatementNode};
use crate::{ColumnInfo, Result, Row, RowPlan, dialect::Dialect, name::Name};

/// A statement that creates, changes or drops something in the schema.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ddl {
    node: Arc<DdlNode>,
    dialects: Option<Arc<[Name]>>,
}

impl Ddl {
    /// The statement of a tree.
    pub fn new(node: DdlNode) -> Self {
        Self { node: Arc::new(node), dialects: None }
    }

    /// The untyped tree.
    pub fn tree(&self) -> &Arc<DdlNode> {
        &self.node
    }

    /// Says on which dialects it is executed where it is attached to a table or to metadata: `["postgresql"]`. Counterpart of
    /// SQLAlchemy's `DDL.execute_if(dialect=..)`.
    ///
    /// A connection that is given the statement itself executes it always.
    pub fn execute_if<N: Into<Name>>(mut self, dialects: impl IntoIterator<Item = N>) -> Self {
        self.dialects = Some(dialects.into_iter().map(Into::into).collect());
        self
    }

    /// Whether it is executed on a dialect.
    pub fn is_for(&self, dialect: &dyn Dialect) -> bool {
        self.dialects.as_ref().is_none_or(|dialects| dialects.iter().any(|name| **name == *dialect.name()))
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
            | DdlNode::CreateSchema { if_not_exists: asks, .. }
            | DdlNode::CreateSequence { if_not_exists: asks, .. }
            | DdlNode::CreateTableAs { if_not_exists: asks, .. }
            | DdlNode::AlterSequence { if_exists: asks, .. }
            | DdlNode::CreateView { if_not_exists: asks, .. }
            | DdlNode::CreateType { if_not_exists: asks, .. }
            | DdlNode::CreateDomain { if_not_exists: asks, .. }
            | DdlNode::DropDomain { if_exists: asks, .. }
            | DdlNode::DropTable { if_exists: asks, .. }
            | DdlNode::DropIndex { if_exists: asks, .. }
            | DdlNode::DropSchema { if_exists: asks, .. }
            | DdlNode::DropSequence { if_exists: asks, .. }
            | DdlNode::DropView { if_exists: asks, .. }
            | DdlNode::DropType { if_exists: asks, .. } => *asks = true,
            DdlNode::AlterType { change: TypeChange::AddValue { if_not_exists: asks, .. }, .. } => {
                *asks = true
            }
            DdlNode::AlterTable { change, .. } => match &mut **change {
                TableChange::AddColumn { if_not_exists: asks, .. }
                | TableChange::AddConstraint { if_not_exists: asks, .. }
                | TableChange::DropColumn { if_exists: asks, .. }
                | TableChange::DropConstraint { if_exists: asks, .. } => *asks = true,
                _ => {}
            },
            _ => {}
        }
        self
    }

    /// Drops what depends on it too: CASCADE, where the dialect has it. On what does not drop it says nothing.
    pub fn cascade(mut self) -> Self {
        match Arc::make_mut(&mut self.node) {
            DdlNode::DropTable { cascade, .. }
            | DdlNode::DropSchema { cascade, .. }
            | DdlNode::DropView { cascade, .. } => *cascade = true,
            DdlNode::AlterTable { change, .. } => match &mut **change {
                TableChange::DropColumn { cascade, .. } | TableChange::DropConstraint { cascade, .. } => {
                    *cascade = true
                }
                _ => {}
            },
            _ => {}
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

    /// Leaves the types of words of a CREATE TABLE out: they are there already.
    pub fn without_types(mut self) -> Self {
        if let DdlNode::CreateTable { with_types, .. } = Arc::make_mut(&mut self.node) {
            *with_types = false;
        }
        self
    }

    /// Puts a view in the place of one that is there: OR REPLACE.
    pub fn or_replace(mut self) -> Self {
        if let DdlNode::CreateView { or_replace, .. } = Arc::make_mut(&mut self.node) {
            *or_replace = true;
        }
        self
    }

    /// Lets PostgreSQL drop an index, or refresh a view, while it is used: CONCURRENTLY. Others take no notice.
    pub fn postgresql_concurrently(mut self) -> Self {
        match Arc::make_mut(&mut self.node) {
            DdlNode::DropIndex { concurrently, .. } | DdlNode::RefreshView { concurrently, .. } => {
                *concurrently = true
            }
            DdlNode::CreateIndex { index, .. } => index.postgresql.concurrently = true,
            _ => {}
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
