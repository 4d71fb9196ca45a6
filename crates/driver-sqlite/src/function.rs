//! [`ScalarFunction`]: a function of SQL that is written in Rust.

use std::{fmt, sync::Arc};

use aludel_driver::{Cell, Error, ErrorKind, Result, Value};
use aludel_sql_expression::{Decode, statement::IntoParameter};
use rusqlite::{
    Connection,
    functions::{Context, FunctionFlags},
    types::{ToSql, ToSqlOutput, Value as Owned, ValueRef},
};

use crate::{
    SqliteConnection, error,
    fault::{Faults, guarded},
    parameter, row,
    watch::Watch,
};

/// A function of SQL that is written in Rust: statements call it by its name, in place of a built-in one of that name.
///
/// [`SqliteDriver::function`](crate::SqliteDriver::function) gives it to all connections of an engine,
/// [`SqliteConnection::create_function`] to a single one. It is called for each row, on the thread that runs the
/// statement: keep it short, and let it wait for nothing. Its errors, and its panics, are errors of the statement.
///
/// # Examples
/// ```
/// use aludel_driver_sqlite::{ScalarFunction, SqliteDriver};
///
/// let driver = SqliteDriver::new().function(
///     ScalarFunction::new("initials", 1, |arguments| {
///         let name: String = arguments.get(0)?;
///         Ok(name.split_whitespace().filter_map(|word| word.chars().next()).collect::<String>())
///     })
///     .deterministic(),
/// ); // SELECT initials(name) FROM author
/// # let _ = driver;
/// ```
#[derive(Clone)]
pub struct ScalarFunction {
    signature: Signature,
    call: Arc<Call>,
}

type Call = dyn Fn(&FunctionArguments<'_>) -> Result<Value> + Send + Sync;

impl ScalarFunction {
    /// A function of so many arguments; `None`: of any number.
    pub fn new<T: IntoParameter>(
        name: impl Into<Arc<str>>,
        arguments: impl Into<Option<u8>>,
        function: impl Fn(&FunctionArguments<'_>) -> Result<T> + Send + Sync + 'static,
    ) -> Self {
        Self {
            signature: Signature::new(name, arguments),
            call: Arc::new(move |arguments| function(arguments).map(T::into_parameter)),
        }
    }

    /// Says that the same arguments always give the same result. Only such a function can stand in an index, in a generated
    /// column and in the condition of a partial index, and SQLite may call it once where it would call it often.
    #[must_use]
    pub fn deterministic(mut self) -> Self {
        self.signature.flags |= FunctionFlags::SQLITE_DETERMINISTIC;
        self
    }

    /// Lets it be called by statements only, not by triggers, views, indexes and defaults: for functions that do something,
    /// so that the schema of a file that somebody else made cannot call them.
    #[must_use]
    pub fn direct_only(mut self) -> Self {
        self.signature.flags |= FunctionFlags::SQLITE_DIRECTONLY;
        self
    }

    /// Says that it does no harm whoever calls it: it may then stand in the schema of a file that is not trusted.
    #[must_use]
    pub fn innocuous(mut self) -> Self {
        self.signature.flags |= FunctionFlags::SQLITE_INNOCUOUS;
        self
    }

    pub(crate) fn register(&self, connection: &Connection, watch: &Arc<Watch>) -> Result<()> {
        let (call, what, watch) = (self.call.clone(), self.signature.to_string(), watch.clone());
        let Signature { name, arguments, flags } = &self.signature;
        connection
            .create_scalar_function(&**name, *arguments, *flags, move |context| {
                give(&watch.faults, guarded(&what, || call(&FunctionArguments { context })))
            })
            .map_err(|native| self.signature.refused(native))
    }
}

impl fmt::Debug for ScalarFunction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ScalarFunction").field(&self.signature).finish()
    }
}

impl SqliteConnection {
    /// Makes a function known to this connection, for as long as it is open: also to those who take it from the pool later.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a name that SQLite does not take; a disconnect error when the connection is lost.
    pub fn create_function(&mut self, function: &ScalarFunction) -> Result<()> {
        let session = self.ready()?;
        function.register(session.database.connection(), &session.watch)
    }

    /// Forgets a function or an aggregate of this name and number of arguments. A built-in one that it replaced does not come
    /// back before the connection is opened anew.
    ///
    /// # Errors
    /// As [`SqliteConnection::create_function`].
    pub fn remove_function(&mut self, name: &str, arguments: impl Into<Option<u8>>) -> Result<()> {
        let signature = Signature::new(name, arguments);
        let connection = self.ready()?.database.connection();
        connection.remove_function(name, signature.arguments).map_err(|native| signature.refused(native))
    }
}

/// What a function of SQL is called with.
pub struct FunctionArguments<'c> {
    pub(crate) context: &'c Context<'c>,
}

impl FunctionArguments<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.context.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.context.is_empty()
    }

    /// An argument, as a Rust type; the first has position 0.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when it is something else, or NULL where the type is no `Option`;
    /// [`ErrorKind::Argument`] when there is none at this position.
    pub fn get<T: Decode>(&self, position: usize) -> Result<T> {
        T::decode(self.cell(position)?)
            .map_err(|error| Error::from(error).context(format_args!("argument {position} (from 0)")))
    }

    /// An argument as SQLite holds it.
    ///
    /// # Errors
    /// As [`FunctionArguments::get`].
    pub fn cell(&self, position: usize) -> Result<Cell<'_>> {
        if position >= self.len() {
            let message = format!("there is no argument {position} (from 0): {} were given", self.len());
            return Err(Error::new(ErrorKind::Argument, message));
        }
        Ok(match self.context.get_raw(position) {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::I64(number),
            ValueRef::Real(number) => Cell::F64(number),
            ValueRef::Text(bytes) => row::text(bytes, position)?,
            ValueRef::Blob(bytes) => Cell::Bytes(bytes),
        })
    }
}

impl fmt::Debug for FunctionArguments<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FunctionArguments").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// How a function is called.
#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) name: Arc<str>,
    /// How many arguments it takes; -1: any number.
    pub(crate) arguments: i32,
    pub(crate) flags: FunctionFlags,
}

impl Signature {
    pub(crate) fn new(name: impl Into<Arc<str>>, arguments: impl Into<Option<u8>>) -> Self {
        Self {
            name: name.into(),
            arguments: arguments.into().map_or(-1, i32::from),
            flags: FunctionFlags::SQLITE_UTF8,
        }
    }

    pub(crate) fn refused(&self, native: rusqlite::Error) -> Error {
        error::translate(native)
            .with_kind(ErrorKind::Argument)
            .context(format_args!("SQLite does not take {self}"))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the function `{}`", self.name)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arguments {
            ..0 => write!(formatter, "{}(..)", self.name),
            arguments => write!(formatter, "{}({arguments})", self.name),
        }
    }
}

/// A value on its way into SQLite.
pub(crate) struct Output(Owned);

impl ToSql for Output {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// What SQLite is told of an outcome; the error itself is kept for whoever runs the statement.
pub(crate) fn give(faults: &Faults, outcome: Result<Value>) -> rusqlite::Result<Output> {
    let encoded = outcome.and_then(|value| {
        Ok(match parameter::encode(&value)? {
            ToSqlOutput::Owned(owned) => owned,
            ToSqlOutput::Borrowed(borrowed) => Owned::try_from(borrowed).map_err(|error| {
                Error::new(ErrorKind::Data, "the result of the function is not UTF-8").with_source(error)
            })?,
            _ => return Err(Error::not_supported("such a result of a function", "SQLite")),
        })
    });
    told(faults, encoded).map(Output)
}

/// The same where there is no value.
pub(crate) fn told<T>(faults: &Faults, outcome: Result<T>) -> rusqlite::Result<T> {
    outcome.map_err(|error| {
        let words = error.message().to_owned();
        faults.keep(error);
        rusqlite::Error::UserFunctionError(words.into())
    })
}
