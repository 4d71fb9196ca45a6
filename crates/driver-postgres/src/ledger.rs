//! [`Ledger`]: what is known of a connection's state, as the protocol's own word on it is thrown away below.

use std::borrow::Cow;

use aludel_driver::{BeginOptions, Control, Error, ErrorKind, Result, TransactionState};
use tokio_postgres::Error as Lower;

use crate::{background::Lost, error};

/// Whether a transaction is open or failed, and whether the connection is lost.
pub(crate) struct Ledger {
    state: TransactionState,
    /// The open transaction can only be rolled back, wholly or to a savepoint.
    failed: bool,
    /// A COMMIT was sent, and its answer was not read.
    committing: bool,
    broken: Option<Cow<'static, str>>,
    lost: Lost,
    target: Box<str>,
}

impl Ledger {
    /// The state of a new connection.
    pub(crate) fn new(target: &str, lost: Lost) -> Self {
        Self {
            state: TransactionState::Idle,
            failed: false,
            committing: false,
            broken: None,
            lost,
            target: target.into(),
        }
    }

    /// Whether a transaction is open.
    pub(crate) fn state(&self) -> TransactionState {
        self.state
    }

    /// Why the connection must not be used any more.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Why the connection ended by itself.
    pub(crate) fn lost(&self) -> Option<&str> {
        self.lost.get().map(|reason| &**reason)
    }

    /// Where the connection goes to.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// The connection must not be used any more.
    pub(crate) fn break_off(&mut self, reason: impl Into<Cow<'static, str>>) {
        self.broken.get_or_insert(reason.into());
    }

    /// Whether a COMMIT was sent whose answer was not read.
    pub(crate) fn is_committing(&self) -> bool {
        self.committing
    }

    /// A COMMIT is on its way.
    pub(crate) fn commit_sent(&mut self) {
        self.committing = true;
    }

    /// Raw SQL changes the transaction.
    pub(crate) fn lose_track(&mut self) {
        self.state = TransactionState::Unknown;
        self.failed = false;
    }

    /// The open transaction can only be rolled back from here on.
    pub(crate) fn fail_transaction(&mut self) {
        self.failed = self.state == TransactionState::Active;
    }

    /// Looks whether a statement may be sent.
    ///
    /// # Errors
    /// `PendingRollback` in a failed transaction.
    pub(crate) fn admit(&self) -> Result<()> {
        if self.failed { Err(pending_rollback()) } else { Ok(()) }
    }

    /// Takes note of an error, and makes it one of ours.
    pub(crate) fn fail(&mut self, lower: Lower) -> Error {
        if lower.as_db_error().is_some() {
            self.fail_transaction();
            // An error that came before the answer to a COMMIT keeps it from committing.
            self.committing = false;
        }
        let error = error::of_call(lower, &self.target, self.lost.get().map(|reason| &**reason));
        if error.is_disconnect() {
            self.break_off(error.message().to_owned());
        }
        error
    }

    /// The SQL of a control statement; none when there is nothing to do.
    ///
    /// # Errors
    /// `InvalidRequest` or `PendingRollback` when it does not fit the present state.
    pub(crate) fn plan(&self, control: Control<'_>) -> Result<Option<Cow<'static, str>>> {
        let idle = self.state == TransactionState::Idle;
        let sql = match control {
            Control::Begin(options) => {
                if !idle {
                    return Err(invalid(
                        "BEGIN inside a transaction; use a savepoint, or end the transaction first",
                    ));
                }
                begin(options)
            }
            Control::Rollback if idle => return Ok(None),
            Control::Rollback => "ROLLBACK".into(),
            _ if idle => {
                return Err(invalid("there is no transaction to commit, and none to set a savepoint in"));
            }
            Control::RollbackTo(name) => format!("ROLLBACK TO SAVEPOINT {}", quote(name)?).into(),
            _ if self.failed => return Err(pending_rollback()),
            // The server answers COMMIT in a failed transaction by a silent ROLLBACK. Where it is not known whether it
            // failed, an empty SELECT before it brings the error out.
            Control::Commit if self.state == TransactionState::Unknown => "SELECT; COMMIT".into(),
            Control::Commit => "COMMIT".into(),
            Control::Savepoint(name) => format!("SAVEPOINT {}", quote(name)?).into(),
            Control::Release(name) => format!("RELEASE SAVEPOINT {}", quote(name)?).into(),
            _ => return Err(Error::not_supported("this way to control a transaction", "PostgreSQL")),
        };
        Ok(Some(sql))
    }

    /// A control statement was done.
    pub(crate) fn done(&mut self, control: Control<'_>) {
        match control {
            Control::Begin(_) => self.state = TransactionState::Active,
            Control::Commit | Control::Rollback => {
                self.state = TransactionState::Idle;
                self.failed = false;
                self.committing = false;
            }
            Control::RollbackTo(_) => self.failed = false,
            _ => {}
        }
    }

    /// A control statement failed; makes its error one of ours.
    pub(crate) fn refused(&mut self, control: Control<'_>, lower: Lower) -> Error {
        let error = self.fail(lower);
        if error.is_disconnect() {
            // A server that ends the connection in answer to a COMMIT may have committed.
            self.committing = control == Control::Commit;
            return error;
        }
        match control {
            Control::Begin(_) => {
                self.state = TransactionState::Idle;
                self.failed = false;
            }
            Control::Commit => {
                self.committing = false;
                // Whatever kept it from committing has rolled it back; only the SELECT before a COMMIT has not.
                if error.kind() != ErrorKind::PendingRollback {
                    self.state = TransactionState::Idle;
                    self.failed = false;
                }
            }
            Control::Rollback => self.lose_track(),
            _ => {}
        }
        error
    }
}

fn begin(options: &BeginOptions) -> Cow<'static, str> {
    if options.is_plain() {
        return "BEGIN".into();
    }
    let mut sql = "BEGIN".to_owned();
    if let Some(level) = options.isolation {
        sql.push_str(" ISOLATION LEVEL ");
        sql.push_str(level.as_sql());
    }
    if options.read_only {
        sql.push_str(" READ ONLY");
    }
    if options.deferrable {
        sql.push_str(" DEFERRABLE");
    }
    sql.into()
}

fn quote(name: &str) -> Result<String> {
    if name.is_empty() || name.contains('\0') {
        return Err(Error::new(
            ErrorKind::Argument,
            "the name of a savepoint is neither empty nor holds a NUL",
        ));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidRequest, message)
}

fn pending_rollback() -> Error {
    Error::new(
        ErrorKind::PendingRollback,
        "the transaction failed earlier and can only be rolled back: roll back first",
    )
}
