//! [`Events`]: what listeners of an engine or a pool can be told about.

use std::{convert::Infallible, sync::Arc, time::Duration};

use aludel_driver::{ConnectArguments, Connection as DriverConnection, Done, Error, Value};
use aludel_events::{AsyncListeners, Event, SyncListeners};
use aludel_sql_expression::StatementNode;

use crate::ConnectionInfo;
pub use crate::schema::{SchemaEvent, SchemaEventArguments};

/// The listeners of one engine, or of one pool that is used alone. Nothing is registered globally.
///
/// A listener that is added later is heard by connections that are open already. An event without listeners costs one
/// load.
///
/// # Examples
/// ```
/// # fn register(engine: &aludel_engine_pool::Engine) {
/// // A short-lived token as the password of each new connection.
/// engine.events().do_connect.listen(|event| {
///     Box::pin(async move {
///         event.arguments.password = Some("a fresh token".into());
///         Ok(())
///     })
/// });
/// # }
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Events {
    /// Before a connection is opened: the arguments may be changed, or the connection be opened here.
    pub do_connect: AsyncListeners<DoConnect>,
    /// After the first connection of the pool was opened, before `connect`. When it fails, the next one is the first.
    pub first_connect: AsyncListeners<FirstConnect>,
    /// After each connection was opened. An error closes it, and fails the checkout.
    pub connect: AsyncListeners<Connect>,
    /// When a connection is taken from the pool. An error marked as a disconnect has it replaced by another.
    pub checkout: AsyncListeners<Checkout>,
    /// Before a connection that is given back is brought back to how it was: no I/O, it may run inside a `Drop`.
    pub reset: SyncListeners<Reset>,
    /// When a connection goes back into the pool: no I/O. Not for one that was detached, lost or invalidated.
    pub checkin: SyncListeners<Checkin>,
    /// When a connection is found lost, its ping failed, or it was invalidated by hand: no I/O. It is closed next.
    pub invalidate: SyncListeners<Invalidate>,
    /// When a connection is to be replaced at its next checkout: no I/O.
    pub soft_invalidate: SyncListeners<SoftInvalidate>,
    /// When a connection is closed: no I/O. Not for one that was detached.
    pub close: SyncListeners<Close>,
    /// When a connection was taken out of its pool for good: no I/O.
    pub detach: SyncListeners<Detach>,
    /// When such a connection is closed: no I/O.
    pub close_detached: SyncListeners<CloseDetached>,
    /// After [`Engine::connect`](crate::Engine::connect) and its kin took a connection: no I/O.
    pub engine_connect: SyncListeners<EngineConnect>,
    /// Before a statement is compiled: it may be replaced by another that gives the same rows. An error stops it. What a
    /// session compiled before, and what is sent as text by `exec_driver_sql`, goes past it.
    pub before_execute: SyncListeners<BeforeExecute>,
    /// After such a statement was done, when it did not fail.
    pub after_execute: SyncListeners<AfterExecute>,
    /// Before a statement is sent: text and parameters may be rewritten. An error stops the statement.
    pub before_cursor_execute: SyncListeners<BeforeCursorExecute>,
    /// After a statement was done, when it did not fail.
    pub after_cursor_execute: SyncListeners<AfterCursorExecute>,
    /// When the database or the way to it gave an error: it may be replaced by another.
    pub handle_error: SyncListeners<HandleError>,
    /// After BEGIN.
    pub begin: SyncListeners<Begin>,
    /// After COMMIT.
    pub commit: SyncListeners<Commit>,
    /// After the rollback of a transaction.
    pub rollback: SyncListeners<Rollback>,
    /// After SAVEPOINT.
    pub savepoint: SyncListeners<Savepoint>,
    /// After ROLLBACK TO SAVEPOINT.
    pub rollback_savepoint: SyncListeners<RollbackSavepoint>,
    /// After RELEASE SAVEPOINT.
    pub release_savepoint: SyncListeners<ReleaseSavepoint>,
    /// After a two-phase transaction was begun.
    pub begin_twophase: SyncListeners<BeginTwophase>,
    /// After a transaction was prepared.
    pub prepare_twophase: SyncListeners<PrepareTwophase>,
    /// After a two-phase transaction was committed, prepared or not.
    pub commit_twophase: SyncListeners<CommitTwophase>,
    /// After a two-phase transaction was rolled back, prepared or not.
    pub rollback_twophase: SyncListeners<RollbackTwophase>,
    /// Before `create_all` makes a table, a view, or anything at all: it may use the connection. An error stops it. For a
    /// table that is there already nothing is told.
    pub before_create: AsyncListeners<SchemaEvent>,
    /// After it was made, with its indexes.
    pub after_create: AsyncListeners<SchemaEvent>,
    /// Before `drop_all` drops a table, a view, or anything at all.
    pub before_drop: AsyncListeners<SchemaEvent>,
    /// After it was dropped.
    pub after_drop: AsyncListeners<SchemaEvent>,
    /// After the engine was disposed of.
    pub engine_disposed: SyncListeners<EngineDisposed>,
}

/// A number that tells one open connection from all others of its pool, in listeners and in logs.
pub type ConnectionId = u64;

macro_rules! events {
    ($($(#[$documentation:meta])* $event:ident: $arguments:ty, $error:ty;)*) => {$(
        $(#[$documentation])*
        #[derive(Clone, Copy, Debug)]
        pub enum $event {}

        impl Event for $event {
            type Arguments<'a> = $arguments;
            type Error = $error;
        }
    )*};
}

events! {
    /// The event before a connection is opened.
    DoConnect: DoConnectArguments, Error;
    /// The event after the first connection was opened.
    FirstConnect: ConnectionArguments<'a>, Error;
    /// The event after a connection was opened.
    Connect: ConnectionArguments<'a>, Error;
    /// The event when a connection is taken from the pool.
    Checkout: ConnectionArguments<'a>, Error;
    /// The event before a connection is brought back to how it was.
    Reset: ConnectionId, Infallible;
    /// The event when a connection goes back into the pool.
    Checkin: ConnectionId, Infallible;
    /// The event when a connection is found unfit.
    Invalidate: InvalidateArguments<'a>, Infallible;
    /// The event when a connection is to be replaced at its next checkout.
    SoftInvalidate: ConnectionId, Infallible;
    /// The event when a connection is closed.
    Close: ConnectionId, Infallible;
    /// The event when a connection leaves its pool for good.
    Detach: ConnectionId, Infallible;
    /// The event when a connection is closed that has left its pool.
    CloseDetached: ConnectionId, Infallible;
    /// The event after a connection was taken from an engine.
    EngineConnect: ConnectionId, Infallible;
    /// The event before a statement is compiled.
    BeforeExecute: BeforeExecuteArguments<'a>, Error;
    /// The event after a statement was done, as it was before it was compiled.
    AfterExecute: AfterExecuteArguments<'a>, Infallible;
    /// The event before a statement is sent.
    BeforeCursorExecute: BeforeCursorExecuteArguments<'a>, Error;
    /// The event after a statement was done.
    AfterCursorExecute: AfterCursorExecuteArguments<'a>, Infallible;
    /// The event when the database gave an error.
    HandleError: HandleErrorArguments<'a>, Infallible;
    /// The event after BEGIN.
    Begin: ConnectionId, Infallible;
    /// The event after COMMIT.
    Commit: ConnectionId, Infallible;
    /// The event after ROLLBACK.
    Rollback: ConnectionId, Infallible;
    /// The event after SAVEPOINT.
    Savepoint: SavepointArguments<'a>, Infallible;
    /// The event after ROLLBACK TO SAVEPOINT.
    RollbackSavepoint: SavepointArguments<'a>, Infallible;
    /// The event after RELEASE SAVEPOINT.
    ReleaseSavepoint: SavepointArguments<'a>, Infallible;
    /// The event after a two-phase transaction was begun.
    BeginTwophase: TwophaseArguments<'a>, Infallible;
    /// The event after a transaction was prepared.
    PrepareTwophase: TwophaseArguments<'a>, Infallible;
    /// The event after a two-phase transaction was committed.
    CommitTwophase: TwophaseArguments<'a>, Infallible;
    /// The event after a two-phase transaction was rolled back.
    RollbackTwophase: TwophaseArguments<'a>, Infallible;
    /// The event after an engine was disposed of.
    EngineDisposed: (), Infallible;
}

/// What a `do_connect` listener is given.
pub struct DoConnectArguments {
    /// What the connection is opened with: made afresh from the URL for each connection, so that changes do not stay.
    pub arguments: ConnectArguments,
    /// A connection that the listener opened itself; it is then taken as it is, and no other is opened.
    pub connection: Option<Box<dyn DriverConnection>>,
}

impl std::fmt::Debug for DoConnectArguments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DoConnectArguments")
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

/// What a listener is given that may use the connection.
pub struct ConnectionArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The driver's connection.
    pub connection: &'a mut dyn DriverConnection,
    /// What the program notes about the connection for as long as it is open.
    pub info: &'a mut ConnectionInfo,
}

impl std::fmt::Debug for ConnectionArguments<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ConnectionArguments").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What an `invalidate` listener is given.
#[derive(Debug)]
pub struct InvalidateArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// Why it is unfit, where there was an error.
    pub error: Option<&'a Error>,
}

/// What a `before_execute` listener is given.
#[derive(Debug)]
pub struct BeforeExecuteArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The statement. Its rows are decoded as the caller's statement says, so that a replacement gives the same columns.
    pub statement: &'a mut StatementNode,
}

/// What an `after_execute` listener is given.
#[derive(Debug)]
pub struct AfterExecuteArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The statement as it was compiled.
    pub statement: &'a StatementNode,
    /// What it did.
    pub done: Done,
}

/// What a `before_cursor_execute` listener is given.
#[derive(Debug)]
pub struct BeforeCursorExecuteArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The SQL text.
    pub sql: &'a mut String,
    /// The parameters; for several sets, one set after the other.
    pub parameters: &'a mut Vec<Value>,
    /// How many sets of parameters there are: more than one where the statement is sent for each.
    pub sets: usize,
}

/// What an `after_cursor_execute` listener is given.
#[derive(Debug)]
pub struct AfterCursorExecuteArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The SQL text as it was sent.
    pub sql: &'a str,
    /// What the statement did.
    pub done: Done,
    /// How long the call took, with everything that was sent along.
    pub elapsed: Duration,
}

/// What a `handle_error` listener is given.
#[derive(Debug)]
pub struct HandleErrorArguments<'a> {
    /// The error. Put another in its place to change what the caller gets; whether it is a disconnect then says whether
    /// the connection is closed, and with it all that were opened before.
    pub error: &'a mut Error,
    /// The statement that failed, where it was one.
    pub sql: Option<&'a Arc<str>>,
    /// Whether it came from the ping at a checkout.
    pub is_pre_ping: bool,
}

/// What the listeners of savepoint events are given.
#[derive(Debug)]
pub struct SavepointArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The savepoint's name.
    pub name: &'a str,
}

/// What the listeners of two-phase events are given.
#[derive(Debug)]
pub struct TwophaseArguments<'a> {
    /// Which connection it is.
    pub id: ConnectionId,
    /// The transaction's name.
    pub name: &'a str,
    /// Whether it is, or was, prepared.
    pub is_prepared: bool,
}

/// Fires an event whose listeners cannot fail.
#[inline]
pub(crate) fn tell<E: Event<Error = Infallible>>(
    listeners: &SyncListeners<E>,
    mut arguments: E::Arguments<'_>,
) {
    if !listeners.is_empty() {
        let Ok(()) = listeners.fire(&mut arguments);
    }
}
