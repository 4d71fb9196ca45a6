//! What makes and drops things: tables, indexes, schemas, sequences, views and types.

use super::{Ddl, DdlNode, TypeChange};
use crate::{
    name::Name,
    schema::{Domain, Enumeration, Index, Sequence, Table, Tables, ViewQuery},
    statement::IntoSqlText,
};

/// CREATE TABLE with its columns, constraints and indexes, and with the types of its enumerations.
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
        with_types: true,
        naming: None,
    })
}

/// CREATE TABLE .. AS: a table with the columns and the rows of a query, whose values are written into the text.
///
/// Of the table its name counts, its schema and its options; what it says of columns is not looked at. Counterpart of
/// SQLAlchemy's `CreateTableAs`.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, create_table_as, dialect::SqliteDialect, schema::{Column, Table}, select, types::Integer};
///
/// let users = Table::unregistered("users").column(Column::new("id", Integer)).column(Column::new("age", Integer));
/// let adults = create_table_as(Table::unregistered("adults"), select(users.c("id")).filter(users.c("age").ge(18)));
/// assert_eq!(
///     adults.to_sql(&SqliteDialect::default())?,
///     "CREATE TABLE adults AS SELECT users.id FROM users WHERE users.age >= 18"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn create_table_as(table: impl Tables, query: impl Into<ViewQuery>) -> Ddl {
    let (table, query) = (the_table(&table), query.into());
    Ddl::new(DdlNode::CreateTableAs { table, query, if_not_exists: false })
}

/// DROP TABLE.
pub fn drop_table(table: impl Tables) -> Ddl {
    Ddl::new(DdlNode::DropTable { table: the_table(&table), if_exists: false, cascade: false })
}

/// CREATE INDEX.
pub fn create_index(table: impl Tables, index: Index) -> Ddl {
    Ddl::new(DdlNode::CreateIndex { table: the_table(&table), index: Box::new(index), if_not_exists: false })
}

/// DROP INDEX.
pub fn drop_index(table: impl Tables, name: impl Into<Name>) -> Ddl {
    let table = the_table(&table);
    Ddl::new(DdlNode::DropIndex { table, name: name.into(), if_exists: false, concurrently: false })
}

/// Gives an index another name (not on SQLite).
pub fn rename_index(table: impl Tables, from: impl Into<Name>, to: impl Into<Name>) -> Ddl {
    Ddl::new(DdlNode::RenameIndex { table: the_table(&table), from: from.into(), to: to.into() })
}

/// CREATE SCHEMA: on MySQL and MariaDB a database; SQLite has none.
pub fn create_schema(name: impl Into<Name>) -> Ddl {
    Ddl::new(DdlNode::CreateSchema { name: name.into(), if_not_exists: false })
}

/// DROP SCHEMA.
pub fn drop_schema(name: impl Into<Name>) -> Ddl {
    Ddl::new(DdlNode::DropSchema { name: name.into(), if_exists: false, cascade: false })
}

/// CREATE SEQUENCE (PostgreSQL, MariaDB).
pub fn create_sequence(sequence: &Sequence) -> Ddl {
    Ddl::new(DdlNode::CreateSequence { sequence: sequence.clone(), if_not_exists: false })
}

/// DROP SEQUENCE (PostgreSQL, MariaDB).
pub fn drop_sequence(sequence: &Sequence) -> Ddl {
    Ddl::new(DdlNode::DropSequence { sequence: sequence.clone(), if_exists: false })
}

/// CREATE VIEW of a table that has a [`ViewDefinition`](crate::schema::ViewDefinition).
pub fn create_view(view: impl Tables) -> Ddl {
    let table = the_table(&view);
    Ddl::new(DdlNode::CreateView { table, query: None, or_replace: false, if_not_exists: false })
}

/// DROP VIEW.
pub fn drop_view(view: impl Tables) -> Ddl {
    Ddl::new(DdlNode::DropView { table: the_table(&view), if_exists: false, cascade: false })
}

/// REFRESH MATERIALIZED VIEW (PostgreSQL).
pub fn refresh_view(view: impl Tables) -> Ddl {
    Ddl::new(DdlNode::RefreshView { table: the_table(&view), concurrently: false })
}

/// CREATE TYPE of an enumeration (PostgreSQL). Where enumerations are no types of their own, nothing has to be made, and
/// nothing is sent.
pub fn create_type(enumeration: Enumeration) -> Ddl {
    Ddl::new(DdlNode::CreateType { enumeration, if_not_exists: false })
}

/// DROP TYPE of an enumeration (PostgreSQL).
pub fn drop_type(enumeration: &Enumeration) -> Ddl {
    let (schema, name) = (enumeration.schema.clone(), enumeration.name.clone());
    Ddl::new(DdlNode::DropType { schema, name, if_exists: false })
}

/// CREATE DOMAIN (PostgreSQL).
pub fn create_domain(domain: &Domain) -> Ddl {
    Ddl::new(DdlNode::CreateDomain { domain: Box::new(domain.clone()), if_not_exists: false })
}

/// DROP DOMAIN (PostgreSQL).
pub fn drop_domain(domain: &Domain) -> Ddl {
    let (schema, name) = (domain.schema.clone(), domain.name.clone());
    Ddl::new(DdlNode::DropDomain { schema, name, if_exists: false })
}

/// ALTER TYPE of an enumeration (PostgreSQL).
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, alter_type, dialect::PostgresDialect};
///
/// let added = alter_type("mood").add_value_after("happy", "ok").if_not_exists();
/// assert_eq!(
///     added.to_sql(&PostgresDialect::default())?,
///     "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'happy' AFTER 'ok'"
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn alter_type(name: impl Into<Name>) -> AlterType {
    AlterType { schema: None, name: name.into() }
}

/// ALTER TYPE, before it is said what changes: made by [`alter_type`].
#[derive(Clone, Debug)]
#[must_use]
pub struct AlterType {
    schema: Option<Name>,
    name: Name,
}

impl AlterType {
    /// Says which schema it is in.
    pub fn in_schema(mut self, schema: impl Into<Name>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Adds a word at the end.
    pub fn add_value(self, value: impl Into<Name>) -> Ddl {
        self.add(value.into(), None, None)
    }

    /// Adds a word before another.
    pub fn add_value_before(self, value: impl Into<Name>, before: impl Into<Name>) -> Ddl {
        self.add(value.into(), Some(before.into()), None)
    }

    /// Adds a word after another.
    pub fn add_value_after(self, value: impl Into<Name>, after: impl Into<Name>) -> Ddl {
        self.add(value.into(), None, Some(after.into()))
    }

    fn add(self, value: Name, before: Option<Name>, after: Option<Name>) -> Ddl {
        self.change(TypeChange::AddValue { value, before, after, if_not_exists: false })
    }

    /// Gives a word another form; rows that have it show the new one.
    pub fn rename_value(self, from: impl Into<Name>, to: impl Into<Name>) -> Ddl {
        self.change(TypeChange::RenameValue { from: from.into(), to: to.into() })
    }

    /// Gives the type another name.
    pub fn rename_to(self, name: impl Into<Name>) -> Ddl {
        self.change(TypeChange::Rename(name.into()))
    }

    /// Puts the type into another schema.
    pub fn set_schema(self, schema: impl Into<Name>) -> Ddl {
        self.change(TypeChange::SetSchema(schema.into()))
    }

    fn change(self, change: TypeChange) -> Ddl {
        Ddl::new(DdlNode::AlterType { schema: self.schema, name: self.name, change })
    }
}

/// DDL that is written just so.
pub fn ddl(sql: impl IntoSqlText) -> Ddl {
    Ddl::new(DdlNode::Raw(sql.into_sql_text()))
}

pub(super) fn the_table(tables: &impl Tables) -> Table {
    let mut table = None;
    tables.each(&mut |found| table = Some(found.clone()));
    table.unwrap_or_else(|| Table::unregistered(""))
}
