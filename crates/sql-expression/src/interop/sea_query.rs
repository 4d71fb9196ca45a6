//! sea-query: its statements are executed as they are, and ours are given out as its expressions.

use std::{
    fmt,
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use sea_query::{
    Expr, MysqlQueryBuilder, PostgresQueryBuilder, QueryStatementBuilder, SchemaStatementBuilder, SqlWriter,
    SqliteQueryBuilder,
};

use crate::{
    ColumnInfo, Dialect, DynamicRow, Error, Executable, FromRow, Result, Row, RowPlan, Value,
    compile::parts::{self, Part},
    expression::Node,
    statement::{ExternalStatement, Select, StatementNode},
    typed::{ColumnExpression, Expression},
};

/// What [`from_sea_query`] takes: a statement of sea-query's.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement of sea-query",
    note = "its builders give references: end with `.to_owned()` or `.take()`"
)]
pub trait SeaQueryStatement: Clone + fmt::Debug + Send + Sync + 'static {
    /// Writes it with one of sea-query's builders.
    #[doc(hidden)]
    fn write_to(&self, builder: Builder, sql: &mut impl SqlWriter);
}

/// One of sea-query's builders.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Builder {
    Sqlite,
    Postgres,
    MySql,
}

macro_rules! queries {
    ($($statement:ident)*) => {$(
        impl SeaQueryStatement for sea_query::$statement {
            fn write_to(&self, builder: Builder, sql: &mut impl SqlWriter) {
                match builder {
                    Builder::Sqlite => self.build_collect_any_into(&SqliteQueryBuilder, sql),
                    Builder::Postgres => self.build_collect_any_into(&PostgresQueryBuilder, sql),
                    Builder::MySql => self.build_collect_any_into(&MysqlQueryBuilder, sql),
                }
            }
        }
    )*};
}

macro_rules! schema_statements {
    ($($statement:ident)*) => {$(
        impl SeaQueryStatement for sea_query::$statement {
            fn write_to(&self, builder: Builder, sql: &mut impl SqlWriter) {
                let text = match builder {
                    Builder::Sqlite => SchemaStatementBuilder::build(self, SqliteQueryBuilder),
                    Builder::Postgres => SchemaStatementBuilder::build(self, PostgresQueryBuilder),
                    Builder::MySql => SchemaStatementBuilder::build(self, MysqlQueryBuilder),
                };
                // Writing into memory does not fail.
                let _ = sql.write_str(&text);
            }
        }
    )*};
}

queries! { SelectStatement InsertStatement UpdateStatement DeleteStatement WithQuery }

schema_statements! {
    TableCreateStatement TableAlterStatement TableDropStatement TableRenameStatement TableTruncateStatement
    IndexCreateStatement IndexDropStatement ForeignKeyCreateStatement ForeignKeyDropStatement
}

/// A statement of sea-query's, to be executed as any other. It is written by sea-query's builder for the dialect, with its
/// values as parameters; those of types that only sea-query's own features know are written into the text.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{Executable, dialect::PostgresDialect, sea_query::from_sea_query};
/// use sea_query::{Expr, ExprTrait, Query};
///
/// let statement = Query::select().column("name").from("author").and_where(Expr::col("id").eq(1)).to_owned();
/// let statement = from_sea_query(statement).returns::<(String,)>();
/// assert_eq!(
///     statement.to_sql(&PostgresDialect::default())?,
///     r#"SELECT "name" FROM "author" WHERE "id" = 1"#
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub fn from_sea_query(statement: impl SeaQueryStatement) -> SeaQuery {
    SeaQuery { statement: Arc::new(External(statement)), row: PhantomData }
}

/// A statement of sea-query's: made by [`from_sea_query`].
#[must_use]
pub struct SeaQuery<R = DynamicRow> {
    statement: Arc<dyn ExternalStatement>,
    row: PhantomData<fn() -> R>,
}

impl<R> SeaQuery<R> {
    /// Says what rows are read into: a tuple by position, or a struct with `#[derive(FromRow)]` by column name.
    pub fn returns<T: FromRow>(self) -> SeaQuery<Typed<T>> {
        SeaQuery { statement: self.statement, row: PhantomData }
    }
}

pub use crate::statement::Typed;

#[derive(Debug)]
struct External<S>(S);

/// Takes what sea-query binds: values that are ours too become parameters, others are written.
struct Parameters<'d> {
    sql: String,
    values: Vec<Value>,
    dialect: &'d dyn Dialect,
}

impl fmt::Write for Parameters<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sql.push_str(text);
        Ok(())
    }
}

impl fmt::Display for Parameters<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.sql)
    }
}

impl SqlWriter for Parameters<'_> {
    fn push_param<B: sea_query::QueryBuilder>(&mut self, value: sea_query::Value, builder: &B) {
        match value_of(value) {
            Ok(value) => {
                self.values.push(value);
                self.dialect.write_placeholder(self.values.len(), &mut self.sql);
            }
            Err(value) => {
                // Writing into memory does not fail.
                let _ = builder.write_value(&mut self.sql, &value);
            }
        }
    }

    fn as_writer(&mut self) -> &mut dyn fmt::Write {
        self
    }
}

/// Our value; sea-query's own where it is of a type that only it knows.
fn value_of(value: sea_query::Value) -> Result<Value, sea_query::Value> {
    use sea_query::Value as Sea;
    let or_null = |value: Option<Value>| Ok(value.unwrap_or(Value::Null));
    let signed = |value: Option<i64>| or_null(value.map(Value::I64));
    let unsigned = |value: Option<u64>| {
        or_null(value.map(|value| i64::try_from(value).map_or(Value::U64(value), Value::I64)))
    };
    match value {
        Sea::Bool(value) => or_null(value.map(Value::Bool)),
        Sea::TinyInt(value) => signed(value.map(i64::from)),
        Sea::SmallInt(value) => signed(value.map(i64::from)),
        Sea::Int(value) => signed(value.map(i64::from)),
        Sea::BigInt(value) => signed(value),
        Sea::TinyUnsigned(value) => unsigned(value.map(u64::from)),
        Sea::SmallUnsigned(value) => unsigned(value.map(u64::from)),
        Sea::Unsigned(value) => unsigned(value.map(u64::from)),
        Sea::BigUnsigned(value) => unsigned(value),
        Sea::Float(value) => or_null(value.map(Value::F32)),
        Sea::Double(value) => or_null(value.map(Value::F64)),
        Sea::String(value) => or_null(value.map(|text| Value::Text(text.into()))),
        Sea::Char(value) => or_null(value.map(|letter| Value::Text(letter.to_string().into()))),
        Sea::Bytes(value) => or_null(value.map(Value::Bytes)),
        other => Err(other),
    }
}

fn builder_of(dialect: &dyn Dialect) -> Result<Builder> {
    match dialect.name() {
        "sqlite" => Ok(Builder::Sqlite),
        "postgresql" => Ok(Builder::Postgres),
        "mysql" | "mariadb" => Ok(Builder::MySql),
        other => Err(Error::unsupported("a statement of sea-query", other)),
    }
}

/// sea-query panics on what a database cannot say; here that is an error.
fn caught<T>(dialect: &dyn Dialect, write: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(write)).map_err(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it does not say why");
        Error::compile(format!("sea-query cannot write the statement for {}: {reason}", dialect.name()))
    })
}

impl<S: SeaQueryStatement> ExternalStatement for External<S> {
    fn write(&self, dialect: &dyn Dialect) -> Result<(String, Vec<Value>)> {
        let builder = builder_of(dialect)?;
        let written = caught(dialect, || {
            let mut sql = Parameters { sql: String::new(), values: Vec::new(), dialect };
            self.0.write_to(builder, &mut sql);
            (sql.sql, sql.values)
        })?;
        Ok(written)
    }

    fn write_literally(&self, dialect: &dyn Dialect) -> Result<String> {
        let builder = builder_of(dialect)?;
        caught(dialect, || {
            let mut sql = String::new();
            self.0.write_to(builder, &mut sql);
            sql
        })
    }
}

impl<R> Clone for SeaQuery<R> {
    fn clone(&self) -> Self {
        Self { statement: self.statement.clone(), row: PhantomData }
    }
}

impl<R> fmt::Debug for SeaQuery<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statement.fmt(formatter)
    }
}

impl<R> fmt::Display for SeaQuery<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::compile::display(&StatementNode::External(self.statement.clone()), formatter)
    }
}

impl Executable for SeaQuery<DynamicRow> {
    type Row = DynamicRow;

    fn node(&self) -> StatementNode {
        StatementNode::External(self.statement.clone())
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        Ok(RowPlan::of_columns(columns))
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<DynamicRow> {
        match plan.columns() {
            Some(columns) => DynamicRow::of_row(row, columns),
            None => DynamicRow::of_row(row, &Arc::default()),
        }
    }
}

impl<T: FromRow + Send + 'static> Executable for SeaQuery<Typed<T>> {
    type Row = T;

    fn node(&self) -> StatementNode {
        StatementNode::External(self.statement.clone())
    }

    fn plan(&self, columns: &Arc<[ColumnInfo]>) -> Result<RowPlan> {
        T::plan(columns)
    }

    fn decode(&self, row: &dyn Row, plan: &RowPlan) -> Result<T> {
        T::from_row(row, plan)
    }
}

/// What can be given to sea-query: a select, which becomes a subquery in parentheses, and any expression.
///
/// The expression is written in the dialect that is named, and has to be built by sea-query's builder for the same.
///
/// # Examples
/// ```
/// # use aludel_sql_expression::{dialect::SqliteDialect, max, schema::{Column, Table}, select, types::Integer};
/// use aludel_sql_expression::sea_query::ToSeaQuery;
/// use sea_query::{Expr, ExprTrait, Query, SqliteQueryBuilder};
///
/// # let book = Table::unregistered("book").column(Column::new("pages", Integer));
/// let longest = select(max(book.c("pages").of::<i64>())).to_sea_query(&SqliteDialect::default())?;
/// let statement = Query::select().column("title").from("book").and_where(Expr::col("pages").eq(longest)).to_owned();
/// assert_eq!(
///     statement.to_string(SqliteQueryBuilder),
///     r#"SELECT "title" FROM "book" WHERE "pages" = ((SELECT max(book.pages) FROM book))"#
/// );
/// # Ok::<(), aludel_sql_expression::Error>(())
/// ```
pub trait ToSeaQuery {
    /// The expression in sea-query's tree, its values as values of sea-query's.
    ///
    /// # Errors
    /// Those of compiling it for the dialect.
    fn to_sea_query(&self, dialect: &dyn Dialect) -> Result<Expr>;
}

impl<S> ToSeaQuery for Select<S> {
    fn to_sea_query(&self, dialect: &dyn Dialect) -> Result<Expr> {
        expression(&Node::Subquery(self.tree().clone()), dialect)
    }
}

impl<T> ToSeaQuery for Expression<T> {
    fn to_sea_query(&self, dialect: &dyn Dialect) -> Result<Expr> {
        expression(self.node(), dialect)
    }
}

impl ToSeaQuery for ColumnExpression {
    fn to_sea_query(&self, dialect: &dyn Dialect) -> Result<Expr> {
        expression(&self.node(), dialect)
    }
}

/// The template holds nothing but places, so that sea-query, which looks for them by reading, finds none in our text.
fn expression(node: &Node, dialect: &dyn Dialect) -> Result<Expr> {
    let mut parts = parts::of_expression(node, dialect)?;
    if !matches!(node, Node::Subquery(_) | Node::Column(_) | Node::Function(_)) {
        parts.insert(0, Part::Text("(".into()));
        parts.push(Part::Text(")".into()));
    }
    let parts = joined(parts);
    let mut template = String::new();
    for number in 1..=parts.len() {
        if number > 1 {
            template.push(' ');
        }
        dialect.write_placeholder(number, &mut template);
    }
    let parts: Vec<Expr> = parts
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => Ok(Expr::cust(text)),
            Part::Value(value) => sea_value(value, dialect),
        })
        .collect::<Result<_>>()?;
    Ok(match <[Expr; 1]>::try_from(parts) {
        Ok([alone]) => alone,
        Err(parts) => Expr::cust_with_exprs(template, parts),
    })
}

/// The parts with text that follows text put together, and without the spaces that the template has between parts.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        match (joined.last_mut(), part) {
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    let last = joined.len().saturating_sub(1);
    for (position, part) in joined.iter_mut().enumerate() {
        if let Part::Text(text) = part {
            if position > 0 && text.starts_with(' ') {
                text.remove(0);
            }
            if position < last && text.ends_with(' ') {
                text.pop();
            }
        }
    }
    joined
}

/// A value as sea-query's; one of a type that it knows only by its features is written out.
fn sea_value(value: Value, dialect: &dyn Dialect) -> Result<Expr> {
    Ok(match value {
        Value::Bool(flag) => Expr::value(flag),
        Value::I64(number) => Expr::value(number),
        Value::U64(number) => Expr::value(number),
        Value::F32(number) => Expr::value(number),
        Value::F64(number) => Expr::value(number),
        Value::Text(text) => Expr::value(text.as_str()),
        Value::Bytes(bytes) => Expr::value(bytes),
        value => {
            let mut text = String::new();
            dialect.write_literal(&value, &mut text)?;
            Expr::cust(text)
        }
    })
}
