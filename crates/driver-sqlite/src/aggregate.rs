//! [`AggregateFunction`]: an aggregate of SQL that is written in Rust.

use std::{fmt, panic::AssertUnwindSafe, sync::Arc};

use aludel_driver::{Result, Value};
use rusqlite::{
    Connection,
    functions::{Aggregate, Context, FunctionFlags, WindowAggregate},
};

use crate::{
    FunctionArguments, SqliteConnection,
    fault::guarded,
    function::{Output, Signature, give, told},
    watch::Watch,
};

/// What an aggregate gathers of one group of rows.
pub trait Accumulator: Send + 'static {
    /// Takes a row in.
    ///
    /// # Errors
    /// Whatever is wrong with the row: it ends the statement.
    fn step(&mut self, arguments: &FunctionArguments<'_>) -> Result<()>;

    /// The result. Of a group without rows it is asked right away.
    ///
    /// # Errors
    /// Whatever is wrong with the group: it ends the statement.
    fn finish(self: Box<Self>) -> Result<Value>;
}

/// An [`Accumulator`] that rows can leave again, so that it can be used `OVER` a window that moves.
pub trait WindowAccumulator: Accumulator {
    /// The result so far.
    ///
    /// # Errors
    /// As [`Accumulator::finish`].
    fn value(&mut self) -> Result<Value>;

    /// Takes the oldest row out again, which [`Accumulator::step`] took in with the same arguments.
    ///
    /// # Errors
    /// As [`Accumulator::step`].
    fn inverse(&mut self, arguments: &FunctionArguments<'_>) -> Result<()>;
}

/// An aggregate of SQL that is written in Rust.
///
/// [`SqliteDriver::aggregate`](crate::SqliteDriver::aggregate) gives it to all connections of an engine,
/// [`SqliteConnection::create_aggregate`] to a single one.
///
/// # Examples
/// ```
/// use aludel_driver::{Result, Value};
/// use aludel_driver_sqlite::{Accumulator, AggregateFunction, FunctionArguments, SqliteDriver};
///
/// /// The middle one of the numbers; NULL of none.
/// #[derive(Default)]
/// struct Median(Vec<f64>);
///
/// impl Accumulator for Median {
///     fn step(&mut self, arguments: &FunctionArguments<'_>) -> Result<()> {
///         self.0.extend(arguments.get::<Option<f64>>(0)?);
///         Ok(())
///     }
///
///     fn finish(mut self: Box<Self>) -> Result<Value> {
///         self.0.sort_by(f64::total_cmp);
///         Ok(self.0.get(self.0.len() / 2).map_or(Value::Null, |middle| Value::F64(*middle)))
///     }
/// }
///
/// let driver = SqliteDriver::new().aggregate(AggregateFunction::new("median", 1, Median::default));
/// // SELECT median(milliseconds) FROM track GROUP BY album_id
/// # let _ = driver;
/// ```
#[derive(Clone)]
pub struct AggregateFunction {
    signature: Signature,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Plain(Arc<dyn Fn() -> Box<dyn Accumulator> + Send + Sync>),
    Window(Arc<dyn Fn() -> Box<dyn WindowAccumulator> + Send + Sync>),
}

impl AggregateFunction {
    /// An aggregate of so many arguments (`None`: of any number); `start` is called for each group.
    pub fn new<A: Accumulator>(
        name: impl Into<Arc<str>>,
        arguments: impl Into<Option<u8>>,
        start: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        let kind = Kind::Plain(Arc::new(move || -> Box<dyn Accumulator> { Box::new(start()) }));
        Self { signature: Signature::new(name, arguments), kind }
    }

    /// An aggregate that can be used as a window function, too: `OVER (ORDER BY .. ROWS ..)`.
    pub fn window<A: WindowAccumulator>(
        name: impl Into<Arc<str>>,
        arguments: impl Into<Option<u8>>,
        start: impl Fn() -> A + Send + Sync + 'static,
    ) -> Self {
        let kind = Kind::Window(Arc::new(move || -> Box<dyn WindowAccumulator> { Box::new(start()) }));
        Self { signature: Signature::new(name, arguments), kind }
    }

    /// Lets it be called by statements only, not by triggers and views.
    #[must_use]
    pub fn direct_only(mut self) -> Self {
        self.signature.flags |= FunctionFlags::SQLITE_DIRECTONLY;
        self
    }

    /// Says that it does no harm whoever calls it: it may then stand in the views of a file that is not trusted.
    #[must_use]
    pub fn innocuous(mut self) -> Self {
        self.signature.flags |= FunctionFlags::SQLITE_INNOCUOUS;
        self
    }

    pub(crate) fn register(&self, connection: &Connection, watch: &Arc<Watch>) -> Result<()> {
        let Signature { name, arguments, flags } = &self.signature;
        let (what, watch) = (self.signature.to_string(), watch.clone());
        match &self.kind {
            Kind::Plain(start) => {
                let caller = Caller { start: start.clone(), what, watch };
                connection.create_aggregate_function(&**name, *arguments, *flags, caller)
            }
            Kind::Window(start) => {
                let caller = Caller { start: start.clone(), what, watch };
                connection.create_window_function(&**name, *arguments, *flags, caller)
            }
        }
        .map_err(|native| self.signature.refused(native))
    }
}

impl fmt::Debug for AggregateFunction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("AggregateFunction").field(&self.signature).finish()
    }
}

impl SqliteConnection {
    /// Makes an aggregate known to this connection, for as long as it is open.
    ///
    /// # Errors
    /// As [`SqliteConnection::create_function`].
    pub fn create_aggregate(&mut self, aggregate: &AggregateFunction) -> Result<()> {
        let session = self.ready()?;
        aggregate.register(session.database.connection(), &session.watch)
    }
}

/// Calls an accumulator for SQLite.
struct Caller<A: ?Sized> {
    start: Arc<dyn Fn() -> Box<A> + Send + Sync>,
    what: String,
    watch: Arc<Watch>,
}

/// An accumulator; what a panic leaves of it is never used again, as the panic ends the statement.
type Group<A> = AssertUnwindSafe<Box<A>>;

impl<A: Accumulator + ?Sized> Caller<A> {
    fn started(&self) -> rusqlite::Result<Group<A>> {
        told(&self.watch.faults, guarded(&self.what, || Ok(AssertUnwindSafe((self.start)()))))
    }

    fn stepped(
        &self,
        context: &Context<'_>,
        step: impl FnOnce(&FunctionArguments<'_>) -> Result<()>,
    ) -> rusqlite::Result<()> {
        told(&self.watch.faults, guarded(&self.what, || step(&FunctionArguments { context })))
    }

    fn finished(&self, finish: impl FnOnce() -> Result<Value>) -> rusqlite::Result<Output> {
        give(&self.watch.faults, guarded(&self.what, finish))
    }
}

macro_rules! aggregate {
    ($($accumulator:ty),+) => {$(
        impl Aggregate<Group<$accumulator>, Output> for Caller<$accumulator> {
            fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Group<$accumulator>> {
                self.started()
            }

            fn step(
                &self,
                context: &mut Context<'_>,
                group: &mut Group<$accumulator>,
            ) -> rusqlite::Result<()> {
                self.stepped(context, |arguments| group.step(arguments))
            }

            fn finalize(
                &self,
                _: &mut Context<'_>,
                group: Option<Group<$accumulator>>,
            ) -> rusqlite::Result<Output> {
                let group = group.map_or_else(|| self.started(), Ok)?;
                self.finished(|| group.0.finish())
            }
        }
    )+};
}

aggregate!(dyn Accumulator, dyn WindowAccumulator);

impl WindowAggregate<Group<dyn WindowAccumulator>, Output> for Caller<dyn WindowAccumulator> {
    fn value(&self, group: Option<&mut Group<dyn WindowAccumulator>>) -> rusqlite::Result<Output> {
        match group {
            Some(group) => self.finished(|| group.value()),
            None => {
                let group = self.started()?;
                self.finished(|| group.0.finish())
            }
        }
    }

    fn inverse(
        &self,
        context: &mut Context<'_>,
        group: &mut Group<dyn WindowAccumulator>,
    ) -> rusqlite::Result<()> {
        self.stepped(context, |arguments| group.inverse(arguments))
    }
}
