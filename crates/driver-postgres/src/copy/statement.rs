//! [`CopyStatement`]: what COPY moves, and in which form.

use std::{fmt, sync::Arc};

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{
    Dialect, Executable, Name,
    dialect::PostgresDialect,
    schema::{Table, Tables},
};

/// What COPY moves, and in which form: a table, some columns of it, or (only out) what a query gives.
///
/// Names are quoted by the dialect. The values of a query are written into its text, as COPY takes no parameters.
///
/// # Examples
/// ```
/// use aludel_driver_postgres::CopyStatement;
///
/// let authors = CopyStatement::in_schema("library", "author").columns(["id", "full name"]).csv().header();
/// assert_eq!(
///     authors.to_sql_in(&Default::default())?,
///     r#"COPY library.author (id, "full name") FROM STDIN WITH (FORMAT csv, HEADER true)"#
/// );
/// # Ok::<(), aludel_driver::Error>(())
/// ```
#[derive(Clone)]
pub struct CopyStatement {
    source: Source,
    columns: Vec<Name>,
    format: Option<CopyFormat>,
    delimiter: Option<char>,
    null: Option<String>,
    header: bool,
    quote: Option<char>,
    escape: Option<char>,
    encoding: Option<String>,
    freeze: bool,
    dialect: Option<Arc<dyn Dialect>>,
}

/// The form in which COPY moves rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CopyFormat {
    /// The server's own text: a line for each row, tabs between the columns.
    Text,
    /// Comma-separated values.
    Csv,
    /// The server's binary form: the fastest, and bound to the exact types of the columns.
    Binary,
}

#[derive(Clone)]
enum Source {
    Table(Table),
    Query(Arc<dyn Query>),
}

/// A statement whose text is asked for with its values written in.
trait Query: Send + Sync {
    fn text(&self, dialect: &dyn Dialect) -> Result<String>;
}

impl<S: Executable> Query for S {
    fn text(&self, dialect: &dyn Dialect) -> Result<String> {
        Ok(self.to_sql(dialect)?)
    }
}

/// Where rows go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    In,
    Out,
}

impl CopyStatement {
    /// A table or model, with all of its columns but those that the database computes.
    pub fn table(table: impl Tables) -> Self {
        let mut first = None;
        table.each(&mut |table| {
            first.get_or_insert_with(|| table.clone());
        });
        Self::of(Source::Table(first.unwrap_or_else(|| Table::unregistered(""))))
    }

    /// A table by its name.
    pub fn named(name: impl Into<Name>) -> Self {
        Self::of(Source::Table(Table::unregistered(name)))
    }

    /// A table in a schema by both names.
    pub fn in_schema(schema: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self::of(Source::Table(Table::in_schema(schema, name)))
    }

    /// What a query gives, for copying out: a `select`, a `text`, or DML with RETURNING.
    pub fn query(query: impl Executable + 'static) -> Self {
        Self::of(Source::Query(Arc::new(query)))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            columns: Vec::new(),
            format: None,
            delimiter: None,
            null: None,
            header: false,
            quote: None,
            escape: None,
            encoding: None,
            freeze: false,
            dialect: None,
        }
    }

    /// Names the columns, in the order of the values of a row (default: all, in order, but for computed ones).
    #[must_use]
    pub fn columns<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.columns = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The form (default: text for bytes, binary for rows).
    #[must_use]
    pub fn format(mut self, format: CopyFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// In the server's text form.
    #[must_use]
    pub fn text(self) -> Self {
        self.format(CopyFormat::Text)
    }

    /// In comma-separated values.
    #[must_use]
    pub fn csv(self) -> Self {
        self.format(CopyFormat::Csv)
    }

    /// In binary.
    #[must_use]
    pub fn binary(self) -> Self {
        self.format(CopyFormat::Binary)
    }

    /// What stands between two columns (default: a tab in text, a comma in CSV).
    #[must_use]
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// What stands for NULL (default: `\N` in text, nothing in CSV).
    #[must_use]
    pub fn null(mut self, null: impl Into<String>) -> Self {
        self.null = Some(null.into());
        self
    }

    /// Has a first line with the names of the columns: written on the way out, passed over on the way in (default: none).
    #[must_use]
    pub fn header(mut self) -> Self {
        self.header = true;
        self
    }

    /// What stands around values in CSV (default: `"`).
    #[must_use]
    pub fn quote(mut self, quote: char) -> Self {
        self.quote = Some(quote);
        self
    }

    /// What stands before a quote in a value in CSV (default: the quote itself).
    #[must_use]
    pub fn escape(mut self, escape: char) -> Self {
        self.escape = Some(escape);
        self
    }

    /// The encoding of the bytes (default: UTF-8, which the connection speaks).
    #[must_use]
    pub fn encoding(mut self, encoding: impl Into<String>) -> Self {
        self.encoding = Some(encoding.into());
        self
    }

    /// Has the rows come in frozen, as a VACUUM would leave them: only into a table that was created or truncated in this
    /// transaction (default: not).
    #[must_use]
    pub fn freeze(mut self) -> Self {
        self.freeze = true;
        self
    }

    /// Spells names as another dialect does: that of an engine's connection (`conn.dialect()`) knows its physical names and its
    /// `schema_translate_map` (default: the driver's own, which takes names as they are).
    #[must_use]
    pub fn dialect(mut self, dialect: Arc<dyn Dialect>) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Who spells names, on a connection of this dialect.
    pub(super) fn dialect_on(&self, connection: &Arc<dyn Dialect>) -> Arc<dyn Dialect> {
        self.dialect.as_ref().unwrap_or(connection).clone()
    }

    /// The text of the COPY that takes bytes in.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a query, and for options that do not go together.
    pub fn to_sql_in(&self, dialect: &PostgresDialect) -> Result<String> {
        self.sql(Direction::In, self.byte_format(), dialect)
    }

    /// The text of the COPY that gives bytes out.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for options that do not go together.
    pub fn to_sql_out(&self, dialect: &PostgresDialect) -> Result<String> {
        self.sql(Direction::Out, self.byte_format(), dialect)
    }

    /// The form that was asked for.
    pub(super) fn asked_format(&self) -> Option<CopyFormat> {
        self.format
    }

    /// The form of bytes.
    pub(super) fn byte_format(&self) -> CopyFormat {
        self.format.unwrap_or(CopyFormat::Text)
    }

    /// Whether columns were named.
    pub(super) fn has_columns(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether it copies what a query gives.
    pub(super) fn is_query(&self) -> bool {
        matches!(self.source, Source::Query(_))
    }

    /// The columns, as far as they are known here.
    pub(super) fn known_columns(&self) -> Vec<Name> {
        match &self.source {
            Source::Table(table) if self.columns.is_empty() => {
                let definition = table.definition();
                let columns = definition.columns.iter();
                columns.filter(|column| !column.is_read_only()).map(|column| column.name.clone()).collect()
            }
            _ => self.columns.clone(),
        }
    }

    /// What is moved, for messages.
    pub(super) fn subject(&self, dialect: &dyn Dialect) -> String {
        match &self.source {
            Source::Table(table) => dialect.table_name(table),
            Source::Query(_) => "a query".to_owned(),
        }
    }

    /// Looks whether rows can be written by it, which know nothing of delimiters of one's own.
    ///
    /// # Errors
    /// `Argument`, by the option's name.
    pub(super) fn check_for_rows(&self) -> Result<()> {
        let option = match self {
            Self { delimiter: Some(_), .. } => "delimiter",
            Self { null: Some(_), .. } => "null",
            Self { header: true, .. } => "header",
            Self { quote: Some(_), .. } => "quote",
            Self { escape: Some(_), .. } => "escape",
            Self { encoding: Some(_), .. } => "encoding",
            _ => return Ok(()),
        };
        Err(invalid(format!(
            "rows are copied in a form of our own, so that `{option}` has no sense; copy bytes"
        )))
    }

    /// The query that gives the same columns, whose description tells their types.
    ///
    /// # Errors
    /// What the dialect says of a query.
    pub(super) fn sample(&self, columns: &[Name], dialect: &dyn Dialect) -> Result<String> {
        match &self.source {
            Source::Table(table) => {
                Ok(format!("SELECT {} FROM {}", list(columns, dialect), dialect.table_name(table)))
            }
            Source::Query(query) => query.text(dialect),
        }
    }

    /// The text of the COPY.
    ///
    /// # Errors
    /// As [`CopyStatement::to_sql_in`].
    pub(super) fn sql(
        &self,
        direction: Direction,
        format: CopyFormat,
        dialect: &dyn Dialect,
    ) -> Result<String> {
        self.sql_of(direction, format, &self.known_columns(), dialect)
    }

    /// The same with these columns.
    pub(super) fn sql_of(
        &self,
        direction: Direction,
        format: CopyFormat,
        columns: &[Name],
        dialect: &dyn Dialect,
    ) -> Result<String> {
        let mut sql = "COPY ".to_owned();
        match &self.source {
            Source::Table(table) => {
                sql.push_str(&dialect.table_name(table));
                if !columns.is_empty() {
                    sql.push_str(&format!(" ({})", list(columns, dialect)));
                }
            }
            Source::Query(_) if direction == Direction::In => {
                return Err(invalid("rows cannot be copied into a query; name a table"));
            }
            Source::Query(_) if !self.columns.is_empty() => {
                return Err(invalid("the columns of a copied query are those that it gives; name none"));
            }
            Source::Query(query) => sql.push_str(&format!("({})", query.text(dialect)?)),
        }
        sql.push_str(match direction {
            Direction::In => " FROM STDIN WITH (FORMAT ",
            Direction::Out => " TO STDOUT WITH (FORMAT ",
        });
        sql.push_str(match format {
            CopyFormat::Text => "text",
            CopyFormat::Csv => "csv",
            CopyFormat::Binary => "binary",
        });
        self.write_options(&mut sql, direction, format, dialect)?;
        sql.push(')');
        Ok(sql)
    }

    fn write_options(
        &self,
        sql: &mut String,
        direction: Direction,
        format: CopyFormat,
        dialect: &dyn Dialect,
    ) -> Result<()> {
        let letter = |letter: Option<char>| letter.map(String::from);
        let texts = [
            ("DELIMITER", letter(self.delimiter), format != CopyFormat::Binary),
            ("NULL", self.null.clone(), format != CopyFormat::Binary),
            ("QUOTE", letter(self.quote), format == CopyFormat::Csv),
            ("ESCAPE", letter(self.escape), format == CopyFormat::Csv),
            ("ENCODING", self.encoding.clone(), true),
        ];
        if self.freeze && direction == Direction::In {
            sql.push_str(", FREEZE true");
        }
        if self.header {
            check(format != CopyFormat::Binary, "HEADER", format)?;
            sql.push_str(", HEADER true");
        }
        for (name, value, fits) in texts {
            if let Some(value) = value {
                check(fits, name, format)?;
                sql.push_str(&format!(", {name} "));
                dialect.write_constant_text(&value, sql)?;
            }
        }
        Ok(())
    }
}

fn check(fits: bool, option: &str, format: CopyFormat) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(invalid(format!("the option {option} of COPY has no sense in the form {format:?}")))
}

fn list(columns: &[Name], dialect: &dyn Dialect) -> String {
    let names: Vec<String> = columns.iter().map(|name| dialect.column_name(name)).collect();
    names.join(", ")
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, message.into())
}

impl fmt::Debug for CopyStatement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = match &self.source {
            Source::Table(table) => table.name(),
            Source::Query(_) => "a query",
        };
        formatter
            .debug_struct("CopyStatement")
            .field("source", &source)
            .field("columns", &self.columns)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}
