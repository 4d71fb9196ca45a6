//! [`Error`]: one error type for everything that talks to a database.

use std::{borrow::Cow, fmt, sync::Arc};

use aludel_sql_expression as sql;

/// The error of everything that talks to a database: drivers, the engine, the session.
///
/// It is opaque and cheap to clone. [`Error::kind`] says what class of mistake it is; the same mistake has the same
/// kind on every database. `Display` is one line (and the statement, where there is one); the driver's own error is the
/// [`source`](std::error::Error::source).
#[derive(Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    statement: Option<Arc<str>>,
    parameters: Option<Arc<str>>,
    database: Option<DatabaseError>,
    parameter: Option<usize>,
    disconnect: bool,
    retry: Retry,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What the server told about an error, where it told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseError {
    /// The SQLSTATE, or the backend's own code as text.
    pub code: Option<String>,
    /// The violated constraint.
    pub constraint: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The column.
    pub column: Option<String>,
    /// More words of the server.
    pub detail: Option<String>,
}

/// The class of an [`Error`]; the first group is named after the exceptions of Python's DBAPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A constraint was violated: unique, foreign key, not null, check, exclusion.
    Integrity,
    /// The database or the way to it failed: connection lost, deadlock, lock timeout, out of resources.
    Operational,
    /// The statement is wrong: syntax, unknown table or column, missing privilege.
    Programming,
    /// A value is wrong: out of range, not convertible, too long.
    Data,
    /// The database failed inside.
    Internal,
    /// The backend does not have what was asked for; the message names both.
    NotSupported,
    /// An argument makes no sense: an unknown option, an unknown scheme, a missing parameter.
    Argument,
    /// The statement cannot be compiled for the dialect.
    Compile,
    /// Waiting took too long: for a connection, or for a statement.
    Timeout,
    /// The thing was closed before: a connection, a pool, a result.
    Closed,
    /// The transaction failed earlier; roll back first.
    PendingRollback,
    /// A call that does not fit the present state, such as `begin` inside a transaction.
    InvalidRequest,
    /// A row was expected, and there was none.
    NoResultFound,
    /// One row was expected, and there were more.
    MultipleResultsFound,
    /// A commit was sent and its answer was lost: the transaction may be committed or not.
    OutcomeUnknown,
    /// A table or view that was asked for by name is not in the database.
    NoSuchTable,
    /// Fewer rows matched than objects were flushed: somebody else changed or deleted them.
    StaleData,
    /// The unit of work cannot be flushed: contradicting keys, a missing key, an object of another session.
    Flush,
    /// A value was refused by the validator of its column.
    Validation,
    /// The rows depend on each other in a circle.
    CircularDependency,
    /// A relationship that is not loaded was read.
    NotLoaded,
    /// The object is not in the session, or in another one.
    Detached,
    /// An error of the caller's own, carried through a closure.
    Custom,
}

/// Whether doing it again can help.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// No.
    #[default]
    No,
    /// The statement alone may be sent again.
    Statement,
    /// The whole transaction may be done again.
    Transaction,
}

impl Error {
    /// Makes an error of a kind with its message: what was attempted, on what, why it failed, what to do.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kind,
                message: message.into(),
                statement: None,
                parameters: None,
                database: None,
                parameter: None,
                disconnect: false,
                retry: Retry::No,
                source: None,
            }),
        }
    }

    /// Carries an error of the caller's own out of a closure.
    pub fn custom(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let error = error.into();
        Self::new(ErrorKind::Custom, error.to_string()).with_source(error)
    }

    /// What a backend does not have.
    pub fn not_supported(construct: &str, backend: &str) -> Self {
        Self::new(ErrorKind::NotSupported, format!("{construct} is not supported by {backend}"))
    }

    /// The same error with the lower error as its source.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.edit().source = Some(Arc::from(source.into()));
        self
    }

    /// The same error with what the server told.
    #[must_use]
    pub fn with_database_error(mut self, database: DatabaseError) -> Self {
        self.edit().database = Some(database);
        self
    }

    /// The same error with the number of the parameter that was refused before anything was sent; the first has number 1.
    #[must_use]
    pub fn with_parameter(mut self, number: usize) -> Self {
        self.edit().parameter = Some(number);
        self
    }

    /// The same error, marked as a lost connection: it will be closed.
    #[must_use]
    pub fn with_disconnect(mut self) -> Self {
        self.edit().disconnect = true;
        self
    }

    /// The same error with what may be tried again.
    #[must_use]
    pub fn with_retry(mut self, retry: Retry) -> Self {
        self.edit().retry = retry;
        self
    }

    /// The same error with the statement it came from and its parameters, where it does not know them already.
    #[must_use]
    pub fn with_statement(mut self, sql: &Arc<str>, parameters: Option<String>) -> Self {
        let inner = self.edit();
        if inner.statement.is_none() {
            inner.statement = Some(sql.clone());
        }
        if inner.parameters.is_none() && inner.statement.as_ref() == Some(sql) {
            inner.parameters = parameters.map(Arc::from);
        }
        self
    }

    /// The same error, of another kind.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.edit().kind = kind;
        self
    }

    /// The same error with words put before its message.
    #[must_use]
    pub fn context(mut self, place: impl fmt::Display) -> Self {
        let inner = self.edit();
        inner.message = format!("{place}: {}", inner.message).into();
        self
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.inner)
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The message alone, without the statement.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The number of the parameter that a driver refused before anything was sent; the first has number 1.
    pub fn parameter(&self) -> Option<usize> {
        self.inner.parameter
    }

    /// The same error with the column that the refused parameter is for.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.edit().parameter = None;
        self.context(format_args!("column `{column}`"))
    }

    /// The statement that failed.
    pub fn statement(&self) -> Option<&str> {
        self.inner.statement.as_deref()
    }

    /// What the server told.
    pub fn database_error(&self) -> Option<&DatabaseError> {
        self.inner.database.as_ref()
    }

    /// The SQLSTATE, or the backend's own code.
    pub fn code(&self) -> Option<&str> {
        self.inner.database.as_ref()?.code.as_deref()
    }

    /// The name of the violated constraint.
    pub fn constraint(&self) -> Option<&str> {
        self.inner.database.as_ref()?.constraint.as_deref()
    }

    /// Whether the connection is lost; it is closed and never handed out again.
    pub fn is_disconnect(&self) -> bool {
        self.inner.disconnect
    }

    /// What may be tried again.
    pub fn retry(&self) -> Retry {
        self.inner.retry
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, formatter)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl fmt::Display for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let Some(detail) = self.database.as_ref().and_then(|database| database.detail.as_deref()) {
            write!(formatter, " ({detail})")?;
        }
        if let Some(statement) = &self.statement {
            write!(formatter, "\n  in: {statement}")?;
        }
        if let Some(parameters) = &self.parameters {
            write!(formatter, "\n  with: {parameters}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.inner.kind, self.inner)?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(formatter, "\n  caused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl From<sql::Error> for Error {
    fn from(error: sql::Error) -> Self {
        let kind = match error.kind() {
            sql::ErrorKind::Compile => ErrorKind::Compile,
            sql::ErrorKind::Data => ErrorKind::Data,
            _ => ErrorKind::Argument,
        };
        // The whole message is taken over, so the lower error would only say it again as a source.
        Self::new(kind, error.to_string())
    }
}

/// The result of everything that talks to a database.
pub type Result<T, E = Error> = std::result::Result<T, E>;
