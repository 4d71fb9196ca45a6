//! [`Catalog`]: whom a [`Reflection`](super::Reflection) asks.

use std::{ops::ControlFlow, sync::Arc};

use aludel_sql_expression::{ColumnInfo, FromRow, Row, RowPlan};

use crate::{BoxFuture, CallOptions, Connection, Done, Result, Sink, Statement, Value};

/// Whom a [`Reflection`](super::Reflection) asks: a connection, seen as something that answers queries.
pub trait Catalog: Send {
    /// Sends a query, and gives its rows to the sink.
    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>>;
}

/// A driver's connection alone, without an engine around it.
#[derive(Debug)]
pub struct DriverCatalog<'c, C: ?Sized>(pub &'c mut C);

impl<C: Connection + ?Sized> Catalog for DriverCatalog<'_, C> {
    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        Box::pin(async move { self.0.fetch(statement, parameters, &CallOptions::default(), sink).await })
    }
}

/// The rows of a query, each read into a value: for the catalogue queries of backends.
///
/// # Errors
/// What the database says; [`ErrorKind::Data`](crate::ErrorKind::Data) for a cell that does not fit.
pub async fn rows<T: FromRow + Send>(
    catalog: &mut dyn Catalog,
    sql: impl Into<Arc<str>>,
    parameters: &[Value],
) -> Result<Vec<T>> {
    let mut kept = Kept { plan: RowPlan::default(), rows: Vec::new() };
    // Catalogue queries come seldom: their prepared forms would only push out others.
    let statement = Statement::once(sql);
    catalog.fetch(&statement, parameters, &mut kept).await?;
    Ok(kept.rows)
}

struct Kept<T> {
    plan: RowPlan,
    rows: Vec<T>,
}

impl<T: FromRow + Send> Sink for Kept<T> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = T::plan(columns)?;
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.rows.push(T::from_row(row, &self.plan)?);
        Ok(ControlFlow::Continue(()))
    }
}
