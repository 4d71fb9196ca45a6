//! [`Reflection`]: what a live database is made of, read out of its catalogue.

mod catalog;
mod column;
mod column_type;
mod constraint;
mod definition;
mod foreign_key;
mod index;
mod object;
mod scope;
mod sequence;
mod table;
mod table_name;
mod table_options;
mod user_type;

use std::fmt;

pub use self::{
    catalog::{Catalog, DriverCatalog, rows},
    column::{ReflectedColumn, ReflectedComputed, ReflectedIdentity},
    column_type::ReflectedType,
    constraint::{
        ReflectedCheckConstraint, ReflectedConstraints, ReflectedExcludeConstraint, ReflectedExcludeElement,
        ReflectedPrimaryKeyConstraint, ReflectedTiming, ReflectedUniqueConstraint,
    },
    foreign_key::ReflectedForeignKeyConstraint,
    index::{ReflectedIndex, ReflectedIndexElement},
    scope::{Scope, TemporaryScope},
    sequence::ReflectedSequence,
    table::{ReflectedTable, TableKind},
    table_name::TableName,
    table_options::ReflectedTableOptions,
    user_type::{ReflectedDomain, ReflectedEnum},
};
use crate::{BoxFuture, Result};

/// Reads what a live database is made of out of its catalogue. Implemented by each backend that can; a connection gives it by
/// [`Connection::reflection`](crate::Connection::reflection).
///
/// It sends nothing itself: it asks a [`Catalog`], so that the engine sees each query (its events, its transaction) and a
/// driver alone can be asked as well.
///
/// # Rules for backends
/// - Every method sends a fixed number of queries, whatever the number of tables.
/// - What does not exist is left out of the answer, and is no error.
/// - A column type that is not known is kept by its name: [`ReflectedType::name`], and
///   [`SqlType::Custom`](aludel_sql_expression::SqlType::Custom). It is never an error.
/// - Lists come in the order of the columns or, where there is none, of the names.
pub trait Reflection: fmt::Debug + Send + Sync + 'static {
    /// The schema that names without one are looked up in.
    fn default_schema<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<String>>;

    /// The schemas, those of the server itself among them where it lists them.
    fn schemas<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<Vec<String>>>;

    /// The tables and views, each with its kind, options, comment and, of a view, its text: without columns, keys and
    /// indexes.
    fn tables<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedTable>>>;

    /// The columns of tables and views.
    fn columns<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedColumn)>>>;

    /// The constraints of tables. Tables without any are left out.
    fn constraints<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedConstraints)>>>;

    /// The indexes of tables and materialized views, but for those of primary keys.
    fn indexes<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedIndex)>>>;

    /// The sequences, none where the database has no such thing.
    fn sequences<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedSequence>>> {
        let _ = (catalog, scope);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The enumeration types, none where the database has no such thing.
    fn enums<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedEnum>>> {
        let _ = (catalog, scope);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The domain types, none where the database has no such thing.
    fn domains<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedDomain>>> {
        let _ = (catalog, scope);
        Box::pin(async { Ok(Vec::new()) })
    }
}
