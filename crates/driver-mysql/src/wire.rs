//! [`Wire`]: the connection of mysql_async, and whether it may still be used.

use std::{future::Future, pin::pin, sync::Arc, task::Poll};

use aludel_driver::{Error, ErrorKind, IsolationLevel, Result, TransactionState};
use mysql_async::{
    BinaryProtocol, Column, Conn, Params, QueryResult, Row, Statement, TextProtocol, consts::StatusFlags,
    prelude::Queryable,
};

use crate::xid::Xid;

/// The columns of an answer; none when it has none.
pub(crate) type Columns = Option<Arc<[Column]>>;

/// In which form rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Of a statement that was sent as text.
    Text,
    /// Of a prepared statement.
    Binary,
}

/// The connection of mysql_async, and whether it may still be used.
///
/// After a call was dropped half-way, mysql_async answers the next call with the answer of the dropped one. So there is a
/// mark that is set before a call sends anything, and cleared when its whole answer was read; while it is set, nobody else
/// gets through.
pub(crate) struct Wire {
    connection: Option<Conn>,
    in_flight: bool,
    transaction: TransactionState,
    autocommit: bool,
    branch: Branch,
    isolation: Option<IsolationLevel>,
}

/// The XA branch that the session stands in, of which the server's status flags say nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Branch {
    /// None.
    None,
    /// One that a control has begun.
    Open(Xid),
    /// One that was prepared, and that this session holds: it can do nothing else until the branch or the session ends.
    Held(Xid),
    /// There may be one, because a statement of the caller's own had to do with XA.
    Unknown,
}

impl Wire {
    pub(crate) fn new(connection: Conn) -> Self {
        let mut wire = Self {
            connection: Some(connection),
            in_flight: false,
            transaction: TransactionState::Idle,
            autocommit: true,
            branch: Branch::None,
            isolation: None,
        };
        wire.leave();
        wire
    }

    /// Begins a call.
    pub(crate) fn enter(&mut self) -> Result<()> {
        if self.in_flight {
            return Err(lost(
                "an earlier call on this connection to MySQL was dropped or timed out before its answer was read, so that \
                 it cannot be used any more; take another connection",
            ));
        }
        if self.is_broken() {
            return Err(lost("this connection to MySQL was lost before; take another one"));
        }
        self.in_flight = true;
        Ok(())
    }

    /// Ends a call whose whole answer was read, and takes from the answer how the transaction stands.
    pub(crate) fn leave(&mut self) {
        self.in_flight = false;
        let flags =
            self.connection.as_ref().and_then(Conn::last_ok_packet).map(|packet| packet.status_flags());
        if let Some(flags) = flags {
            self.autocommit = flags.contains(StatusFlags::SERVER_STATUS_AUTOCOMMIT);
            self.transaction = match flags.contains(StatusFlags::SERVER_STATUS_IN_TRANS) {
                true => TransactionState::Active,
                false => TransactionState::Idle,
            };
            if self.transaction == TransactionState::Idle && self.branch == Branch::None {
                self.isolation = None;
            }
        }
    }

    /// Ends a call whose whole answer was read, after which the transaction stands as it stood before.
    pub(crate) fn leave_unchanged(&mut self) {
        self.in_flight = false;
    }

    /// Ends the connection: it is closed without waiting for anything.
    pub(crate) fn break_off(&mut self) {
        self.in_flight = false;
        if let Some(connection) = self.connection.take() {
            abandon(connection);
        }
    }

    /// The connection, for the call that is under way.
    pub(crate) fn connection(&mut self) -> mysql_async::Result<&mut Conn> {
        self.connection.as_mut().ok_or_else(|| mysql_async::DriverError::ConnectionClosed.into())
    }

    /// Has the server prepare a statement.
    pub(crate) async fn prepare(&mut self, text: &str) -> mysql_async::Result<Statement> {
        self.connection()?.prep(text).await
    }

    /// Has the server forget a prepared statement, which it does not answer.
    pub(crate) async fn close(&mut self, statement: Statement) -> mysql_async::Result<()> {
        self.connection()?.close(statement).await
    }

    /// Executes a prepared statement, and gives the columns of its answer.
    pub(crate) async fn execute(
        &mut self,
        statement: &Statement,
        parameters: Params,
    ) -> mysql_async::Result<Columns> {
        let result = self.connection()?.exec_iter(statement, parameters).await?;
        Ok(result.columns().filter(|columns| !columns.is_empty()))
    }

    /// Sends text, and gives the columns of its first answer.
    pub(crate) async fn query(&mut self, sql: &str) -> mysql_async::Result<Columns> {
        let result = self.connection()?.query_iter(sql).await?;
        Ok(result.columns().filter(|columns| !columns.is_empty()))
    }

    /// Asks for a sign of life.
    pub(crate) async fn ping(&mut self) -> mysql_async::Result<()> {
        self.connection()?.ping().await
    }

    /// The next row of the present result; none at its end.
    pub(crate) async fn next(&mut self, protocol: Protocol) -> mysql_async::Result<Option<Row>> {
        let connection = self.connection()?;
        match protocol {
            Protocol::Binary => QueryResult::<'_, 'static, BinaryProtocol>::new(connection).next().await,
            Protocol::Text => QueryResult::<'_, 'static, TextProtocol>::new(connection).next().await,
        }
    }

    /// Reads and throws away what is left of the present result, and all further ones.
    pub(crate) async fn drain(&mut self, protocol: Protocol) -> mysql_async::Result<()> {
        let connection = self.connection()?;
        match protocol {
            Protocol::Binary => {
                QueryResult::<'_, 'static, BinaryProtocol>::new(connection).drop_result().await
            }
            Protocol::Text => QueryResult::<'_, 'static, TextProtocol>::new(connection).drop_result().await,
        }
    }

    pub(crate) fn affected_rows(&self) -> u64 {
        self.connection.as_ref().map_or(0, Conn::affected_rows)
    }

    /// What the last statement says of itself.
    pub(crate) fn info(&self) -> String {
        self.connection.as_ref().map_or_else(String::new, |connection| connection.info().into_owned())
    }

    /// How many warnings the last statement gave.
    pub(crate) fn warnings(&self) -> u16 {
        self.connection.as_ref().map_or(0, Conn::get_warnings)
    }

    pub(crate) fn last_insert_id(&self) -> Option<i64> {
        self.connection.as_ref()?.last_insert_id().and_then(|id| i64::try_from(id).ok())
    }

    pub(crate) fn autocommit(&self) -> bool {
        self.autocommit
    }

    pub(crate) fn transaction(&self) -> TransactionState {
        match self.branch {
            _ if self.in_flight || self.is_broken() => TransactionState::Unknown,
            Branch::None => self.transaction,
            Branch::Open(_) => TransactionState::Active,
            // Not open any more, but who gets the connection next must not find it so.
            Branch::Held(_) | Branch::Unknown => TransactionState::Unknown,
        }
    }

    /// From now on, and until a rollback, it is not known how the transaction stands.
    pub(crate) fn forget_transaction(&mut self) {
        self.branch = Branch::Unknown;
    }

    /// The connection, for the caller's own use.
    #[cfg(feature = "mysql_async-0_37")]
    pub(crate) fn lend(&mut self) -> Result<&mut Conn> {
        self.enter()?;
        self.leave_unchanged();
        self.forget_transaction();
        self.connection().map_err(crate::error::of_call)
    }

    /// The level that the present transaction was begun with.
    pub(crate) fn isolation(&self) -> Option<IsolationLevel> {
        self.isolation.filter(|_| self.transaction() == TransactionState::Active)
    }

    pub(crate) fn set_isolation(&mut self, isolation: Option<IsolationLevel>) {
        self.isolation = isolation;
    }

    pub(crate) fn branch(&self) -> &Branch {
        &self.branch
    }

    pub(crate) fn set_branch(&mut self, branch: Branch) {
        self.branch = branch;
    }

    /// Whether the connection is gone, and what was under way on it.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_broken()
    }

    /// Whether it may not be used any more, apart from a call that is under way.
    fn is_broken(&self) -> bool {
        self.connection.as_ref().is_none_or(Conn::is_disconnected)
    }

    /// Whether it may be used.
    pub(crate) fn is_usable(&self) -> bool {
        !self.in_flight && !self.is_broken()
    }

    /// Takes the connection out in the middle of a call, so that another can take its place.
    pub(crate) fn take_old(&mut self) -> Option<Conn> {
        self.connection.take()
    }

    /// Puts another connection in place of the one that was taken out, and ends the call.
    pub(crate) fn replace(&mut self, connection: Conn) {
        *self = Self::new(connection);
    }

    /// Takes the connection out, to say good-bye on it.
    pub(crate) fn take(&mut self) -> Option<Conn> {
        if self.is_usable() { self.connection.take() } else { None }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.in_flight {
            self.break_off();
        }
    }
}

fn lost(message: &'static str) -> Error {
    Error::new(ErrorKind::Operational, message).with_disconnect()
}

/// Closes the socket at once.
///
/// Dropping a connection with unread rows would make mysql_async read them all first, in the background, while the server
/// holds its locks. It does not when saying good-bye was begun; so that is begun, and not waited for.
fn abandon(connection: Conn) {
    if connection.is_disconnected() {
        return;
    }
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(async move {
            let mut goodbye = pin!(connection.disconnect());
            std::future::poll_fn(|context| {
                let _ = goodbye.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        });
    }
}
