//! Two-phase transactions, which are XA on MySQL and MariaDB.
//!
//! The server forgets in its status flags that a branch is open, so that the connection keeps it in mind. And it may tie a
//! prepared branch to its session, as MariaDB does: then the session ends it, or is closed for another to end it.

use std::time::Duration;

use aludel_driver::{BeginOptions, Connection, Control, Error, ErrorKind, Result, TransactionState};
use mysql_async::{Conn, Value, prelude::Queryable};

use crate::{
    connection::MySqlConnection,
    control, error,
    introduction::introduce,
    wire::{Branch, Protocol},
    xid::Xid,
};

/// From this version on, MySQL lets go of a branch when it is prepared.
const LETS_GO: (u32, u32, u32) = (8, 0, 29);

/// How long a branch is left alone that another session has prepared. When that session ends, MariaDB first lets others
/// have the branch, and then has the storage engine let go of it. Whoever comes in between is told that the branch was
/// committed, while the storage engine goes on holding it until the server is restarted.
const SETTLING: Duration = Duration::from_millis(100);

/// How often, and after what time again, it is tried to end a branch that another session holds: a second in all.
const ATTEMPTS: usize = 10;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);

/// How often, and after what time again, it is asked whether a session is gone: two seconds in all.
const LOOKS: usize = 1_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(2);

impl MySqlConnection {
    /// XA START.
    pub(crate) async fn begin_two_phase(&mut self, options: &BeginOptions, name: &str) -> Result<()> {
        let xid = Xid::read(name)?;
        if self.wire.transaction() != TransactionState::Idle {
            return Err(control::open_already());
        }
        // XA START has no words of its own for reading only.
        let before = control::characteristics(options.isolation, options.read_only);
        let sql = format!("{before}XA START {}", xid.literal());
        self.command(&sql).await?;
        self.wire.set_branch(Branch::Open(xid));
        self.wire.set_isolation(options.isolation);
        Ok(())
    }

    /// XA END and XA PREPARE; afterwards the connection stands in no transaction, though it may hold the prepared one.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection in doubt, and the transaction prepared or rolled back.
    pub(crate) async fn prepare_branch(&mut self, name: &str) -> Result<()> {
        let xid = Xid::read(name)?;
        match self.wire.branch() {
            Branch::Open(open) if *open == xid => {}
            Branch::Open(open) => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "the transaction `{name}` cannot be prepared, because the one on this connection is `{}`",
                        open.name()
                    ),
                ));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    format!(
                        "the transaction `{name}` cannot be prepared, because none was begun under this name on this \
                         connection; MySQL wants to know at the beginning that there will be two phases"
                    ),
                ));
            }
        }
        let literal = xid.literal();
        self.command(&format!("XA END {literal}; XA PREPARE {literal}")).await.map_err(|error| {
            unknown(
                error,
                "PREPARE",
                "prepared or rolled back",
                "look for it among the prepared transactions",
            )
        })?;
        self.wire.set_branch(if self.lets_go() { Branch::None } else { Branch::Held(xid) });
        Ok(())
    }

    /// Whether the server ties a prepared branch to no session.
    fn lets_go(&self) -> bool {
        self.server().product == "MySQL" && self.server().version >= LETS_GO
    }

    /// Whether a control ends the prepared branch that the session holds, which no other session can.
    pub(crate) fn is_second_phase_of_held(&self, control: Control<'_>) -> bool {
        let (Branch::Held(held), Control::CommitPrepared(name) | Control::RollbackPrepared(name)) =
            (self.wire.branch(), control)
        else {
            return false;
        };
        Xid::read(name).is_ok_and(|xid| xid == *held)
    }

    /// Has the server take a prepared branch off this session, which could do nothing else until then. Only the end of the
    /// session does that (a reset of it does not: the storage engine goes on holding the branch), so that a new one takes
    /// its place.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection in doubt, and the transaction prepared.
    pub(crate) async fn let_go(&mut self) -> Result<()> {
        let Branch::Held(xid) = self.wire.branch() else { return Ok(()) };
        let lost = held(xid);
        self.wire.enter()?;
        // The new session does not know them, and closing them there might hit others.
        self.statements.forget();
        let old = self.kill.connection_id();
        if let Some(connection) = self.wire.take_old() {
            let _ = connection.disconnect().await;
        }
        let opening = async {
            let mut connection = Conn::new(self.kill.options()).await?;
            let introduction = introduce(&mut connection).await?;
            await_end(&mut connection, old).await?;
            mysql_async::Result::Ok((connection, introduction.connection_id))
        };
        let (connection, connection_id) = opening.await.map_err(|lower| lost.with_source(lower))?;
        self.kill.turn_to(connection_id);
        self.wire.replace(connection);
        Ok(())
    }

    /// The one phase of a branch that was not prepared. When that fails, the branch is rolled back.
    pub(crate) async fn commit_branch(&mut self, xid: &Xid) -> Result<()> {
        let literal = xid.literal();
        match self.command(&format!("XA END {literal}; XA COMMIT {literal} ONE PHASE")).await {
            Ok(()) => {
                self.wire.set_branch(Branch::None);
                Ok(())
            }
            Err(error) if error.is_disconnect() => Err(error),
            Err(error) => {
                if let Err(second) = self.roll_back_branch(xid).await {
                    tracing::debug!(%second, "a transaction on MySQL that failed to commit was not rolled back either");
                }
                Err(error)
            }
        }
    }

    /// Rolls back a branch that was not prepared. When that fails, the connection is closed, which does the same.
    pub(crate) async fn roll_back_branch(&mut self, xid: &Xid) -> Result<()> {
        let literal = xid.literal();
        let mut outcome = self.command(&format!("XA END {literal}; XA ROLLBACK {literal}")).await;
        if outcome.is_err() && !self.wire.is_lost() {
            // A branch that the server has ended already, after a deadlock, or the one before us, takes this alone.
            outcome = self.command(&format!("XA ROLLBACK {literal}")).await;
        }
        match outcome {
            Ok(()) => self.wire.set_branch(Branch::None),
            Err(_) => self.wire.break_off(),
        }
        outcome
    }

    /// The second phase: `XA COMMIT` or `XA ROLLBACK`.
    pub(crate) async fn end_prepared(&mut self, name: &str, commits: bool) -> Result<()> {
        let xid = Xid::read(name)?;
        let (verb, words) = if commits { ("COMMIT", "committed") } else { ("ROLLBACK", "rolled back") };
        let is_held = *self.wire.branch() == Branch::Held(xid.clone());
        let sql = format!("XA {verb} {}", xid.literal());
        if !is_held && !self.lets_go() && self.transaction_state() == TransactionState::Idle {
            tokio::time::sleep(SETTLING).await;
        }
        let mut outcome = self.command(&sql).await;
        for _ in 0..ATTEMPTS {
            let is_out_of_reach = matches!(&outcome, Err(error) if error.code() == Some(error::NO_BRANCH));
            // Where another session holds it, that may be one which is just ending.
            if !is_out_of_reach
                || is_held
                || !self.recover().await.is_ok_and(|names| names.contains(&xid.name()))
            {
                break;
            }
            tokio::time::sleep(BETWEEN_ATTEMPTS).await;
            outcome = self.command(&sql).await;
        }
        match outcome {
            Ok(()) => {
                if is_held {
                    self.wire.set_branch(Branch::None);
                }
                Ok(())
            }
            // MariaDB ends a branch that has changed nothing when its session lets go of it.
            Err(error) if error.code() == Some(error::ROLLED_BACK) && self.server().product == "MariaDB" => Ok(()),
            Err(error) if error.code() == Some(error::NO_BRANCH) => Err(error.context(format!(
                "the prepared transaction `{name}` cannot be {words}, because there is none of this name, or it is still \
                 held by the session that prepared it"
            ))),
            outcome => outcome.map_err(|error| {
                unknown(
                    error,
                    verb,
                    "ended or still prepared",
                    "look for it among the prepared transactions, and do it again if it is there",
                )
            }),
        }
    }

    /// The names of all prepared transactions.
    pub(crate) async fn recover(&mut self) -> Result<Vec<String>> {
        const SQL: &str = "XA RECOVER";
        // Which the server answers while a branch is held, too.
        self.wire.enter()?;
        let mut names = Vec::new();
        if let Err(lower) = self.wire.query(SQL).await {
            let is_privilege = matches!(error::code(&lower), Some(1401 | 1227));
            let error = self.failed(lower, SQL).await;
            return Err(match is_privilege {
                true => error.with_kind(ErrorKind::Programming).context(
                    "the prepared transactions cannot be listed; MySQL 8 asks for the privilege XA_RECOVER_ADMIN: \
                     GRANT XA_RECOVER_ADMIN ON *.* TO the user",
                ),
                false => error,
            });
        }
        loop {
            match self.wire.next(Protocol::Text).await {
                Ok(Some(row)) => {
                    let cell = |position| match row.as_ref(position) {
                        Some(Value::Bytes(bytes)) => bytes.as_slice(),
                        _ => &[],
                    };
                    let number =
                        |position| String::from_utf8_lossy(cell(position)).parse::<u32>().unwrap_or_default();
                    names.push(Xid::told(number(0), number(1) as usize, cell(3)).name());
                }
                Ok(None) => break,
                Err(lower) => return Err(self.failed(lower, SQL).await),
            }
        }
        self.finish(Protocol::Text, SQL).await?;
        names.sort();
        Ok(names)
    }
}

/// Waits until a session is gone, and with it its hold on the prepared branch.
async fn await_end(connection: &mut Conn, old: u64) -> mysql_async::Result<()> {
    let sql = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE id = {old}");
    for _ in 0..LOOKS {
        if connection.query_first::<u64, _>(&sql).await? == Some(0) {
            break;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Ok(())
}

/// The error of a connection that had to be closed to let go of its prepared transaction.
pub(crate) fn held(xid: &Xid) -> Error {
    Error::new(
        ErrorKind::Operational,
        format!(
            "the connection to MySQL was closed, because the server ties the prepared transaction `{}` to it; the \
             transaction stays prepared, and any other connection can end it",
            xid.name()
        ),
    )
    .with_disconnect()
}

/// The error of a lost connection, when it is not known what the server did before.
fn unknown(error: Error, verb: &str, outcomes: &str, advice: &str) -> Error {
    match error.is_disconnect() {
        true => error.with_kind(ErrorKind::OutcomeUnknown).context(format!(
            "the transaction may be {outcomes}, because the answer to {verb} was lost; {advice}"
        )),
        false => error,
    }
}
