//! The trees of DDL statements: plain data.

use std::sync::Arc;

use super::SequenceChange;
use crate::{
    name::Name,
    schema::{
        Column, Constraint, ConstraintKind, DdlExpression, Domain, Enumeration, Identity, Index,
        NamingConvention, Sequence, ServerDefault, Table, ViewQuery,
    },
    types::SqlType,
};

/// A DDL statement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DdlNode {
    /// CREATE TABLE with its columns and constraints.
    CreateTable {
        /// The table.
        table: Table,
        /// IF NOT EXISTS.
        if_not_exists: bool,
        /// Foreign keys to these tables are left out, because they are added later by ALTER.
        without_foreign_keys_to: Vec<Table>,
        /// Whether its indexes are made with it.
        with_indexes: bool,
        /// Whether the types of its enumerations are made with it, where they are types of their own.
        with_types: bool,
        /// How constraints and indexes are named that have no name, where the table does not say it.
        naming: Option<Arc<NamingConvention>>,
    },
    /// CREATE TABLE with the columns and the rows of a query.
    CreateTableAs {
        /// The table.
        table: Table,
        /// The query.
        query: ViewQuery,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// DROP TABLE.
    DropTable {
        /// The table.
        table: Table,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// ALTER TABLE.
    AlterTable {
        /// The table.
        table: Table,
        /// What is changed.
        change: Box<TableChange>,
        /// Only when there is such a table, where the dialect can tell.
        if_exists: bool,
    },
    /// CREATE INDEX.
    CreateIndex {
        /// The table.
        table: Table,
        /// The index.
        index: Box<Index>,
        /// IF NOT EXISTS, where the dialect has it.
        if_not_exists: bool,
    },
    /// DROP INDEX.
    DropIndex {
        /// The table.
        table: Table,
        /// The index's name.
        name: Name,
        /// IF EXISTS, where the dialect has it.
        if_exists: bool,
        /// CONCURRENTLY (PostgreSQL).
        concurrently: bool,
    },
    /// Another name for an index.
    RenameIndex {
        /// The table.
        table: Table,
        /// The name that it has.
        from: Name,
        /// The name that it gets.
        to: Name,
    },
    /// CREATE SCHEMA.
    CreateSchema {
        /// The name.
        name: Name,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// DROP SCHEMA.
    DropSchema {
        /// The name.
        name: Name,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// CREATE SEQUENCE.
    CreateSequence {
        /// The sequence.
        sequence: Sequence,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// ALTER SEQUENCE.
    AlterSequence {
        /// The sequence.
        sequence: Sequence,
        /// What is changed.
        change: Box<SequenceChange>,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// DROP SEQUENCE.
    DropSequence {
        /// The sequence.
        sequence: Sequence,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CREATE VIEW.
    CreateView {
        /// The view.
        table: Table,
        /// The query; none: that of its definition.
        query: Option<ViewQuery>,
        /// OR REPLACE.
        or_replace: bool,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// DROP VIEW.
    DropView {
        /// The view.
        table: Table,
        /// IF EXISTS.
        if_exists: bool,
        /// CASCADE.
        cascade: bool,
    },
    /// REFRESH MATERIALIZED VIEW (PostgreSQL).
    RefreshView {
        /// The view.
        table: Table,
        /// CONCURRENTLY.
        concurrently: bool,
    },
    /// CREATE TYPE of an enumeration, where enumerations are types of their own; elsewhere nothing.
    CreateType {
        /// The type.
        enumeration: Enumeration,
        /// Not when there is one of its name already.
        if_not_exists: bool,
    },
    /// ALTER TYPE of an enumeration, where enumerations are types of their own.
    AlterType {
        /// The schema, where one is given.
        schema: Option<Name>,
        /// The type's name.
        name: Name,
        /// What is changed.
        change: TypeChange,
    },
    /// DROP TYPE of an enumeration, where enumerations are types of their own; elsewhere nothing.
    DropType {
        /// The schema, where one is given.
        schema: Option<Name>,
        /// The type's name.
        name: Name,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// CREATE DOMAIN (PostgreSQL).
    CreateDomain {
        /// The domain.
        domain: Box<Domain>,
        /// Not when there is one of its name already.
        if_not_exists: bool,
    },
    /// DROP DOMAIN (PostgreSQL).
    DropDomain {
        /// The schema, where one is given.
        schema: Option<Name>,
        /// The domain's name.
        name: Name,
        /// IF EXISTS.
        if_exists: bool,
    },
    /// SQL that is written just so.
    Raw(Name),
}

/// What ALTER TABLE changes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TableChange {
    /// Adds a column, with its index and its foreign key.
    AddColumn {
        /// The column.
        column: Box<Column>,
        /// IF NOT EXISTS, where the dialect has it.
        if_not_exists: bool,
    },
    /// Drops a column.
    DropColumn {
        /// The column's name.
        name: Name,
        /// IF EXISTS, where the dialect has it.
        if_exists: bool,
        /// CASCADE (PostgreSQL).
        cascade: bool,
    },
    /// Another name for a column.
    RenameColumn {
        /// The name that it has.
        from: Name,
        /// The name that it gets.
        to: Name,
    },
    /// Changes a column.
    AlterColumn(Box<ColumnChange>),
    /// Another name for the table.
    Rename(Name),
    /// Another schema for the table.
    SetSchema(Name),
    /// Adds a constraint.
    AddConstraint {
        /// The constraint.
        constraint: Box<Constraint>,
        /// Not when there is one of its name already, where the dialect can tell.
        if_not_exists: bool,
    },
    /// Drops a constraint.
    DropConstraint {
        /// The constraint's name.
        name: Name,
        /// What kind it is.
        kind: ConstraintKind,
        /// IF EXISTS, where the dialect has it.
        if_exists: bool,
        /// CASCADE (PostgreSQL).
        cascade: bool,
    },
    /// Another name for a constraint (PostgreSQL).
    RenameConstraint {
        /// The name that it has.
        from: Name,
        /// The name that it gets.
        to: Name,
    },
    /// Looks at the rows that a constraint was added without looking at (PostgreSQL).
    ValidateConstraint(Name),
    /// A comment on the table, or none.
    SetComment(Option<Name>),
}

/// What of a column is changed. None: it stays as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ColumnChange {
    /// The column's name.
    pub name: Name,
    /// The column as it is, for databases that must be told all of it: MySQL and MariaDB.
    pub existing: Option<Column>,
    /// Its type.
    pub sql_type: Option<SqlType>,
    /// What the values of the new type are made from (PostgreSQL).
    pub using: Option<DdlExpression>,
    /// Whether it may hold NULL.
    pub nullable: Option<bool>,
    /// What the database puts in when an INSERT leaves it out; `Some(None)`: nothing.
    pub server_default: Option<Option<ServerDefault>>,
    /// The comment on it; `Some(None)`: none.
    pub comment: Option<Option<Name>>,
    /// How the database numbers it.
    pub identity: Option<IdentityChange>,
    /// Its new name.
    pub rename: Option<Name>,
}

impl ColumnChange {
    /// Nothing is changed yet.
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            existing: None,
            sql_type: None,
            using: None,
            nullable: None,
            server_default: None,
            comment: None,
            identity: None,
            rename: None,
        }
    }
}

/// How the numbering of a column changes (PostgreSQL).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IdentityChange {
    /// It is numbered from now on.
    Add(Identity),
    /// It is numbered in another way.
    Set(Identity),
    /// It is numbered no more.
    Drop,
}

/// What ALTER TYPE changes of an enumeration.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TypeChange {
    /// Adds a word.
    AddValue {
        /// The word.
        value: Name,
        /// The word that it comes before.
        before: Option<Name>,
        /// The word that it comes after.
        after: Option<Name>,
        /// IF NOT EXISTS.
        if_not_exists: bool,
    },
    /// Another form of a word.
    RenameValue {
        /// The word that it is.
        from: Name,
        /// The word that it becomes.
        to: Name,
    },
    /// Another name for the type.
    Rename(Name),
    /// Another schema for the type.
    SetSchema(Name),
}
