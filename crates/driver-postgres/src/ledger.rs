//! [`Ledger`]: what is known of a connection's state, as the protocol's own word on it is thrown away below.

use std::borrow::Cow;

use aludel_driver::{BeginOptions, Control, Error, ErrorKind, Result, Retry, TransactionState};
use tokio_postgres::Error as Lower;

use crate::{background::Lost, error};

/// The server's limit for the name of a prepared transaction, in bytes, with the NUL that ends it.
const LONGEST_NAME: usize = 200;

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
    /// What is told to the server at the beginning of each transaction.
    opening: Box<str>,
}

impl Ledger {
    /// The state of a new connection.
    pub(crate) fn new(target: &str, lost: Lost, opening: Box<str>) -> Self {
        Self {
            state: TransactionState::Idle,
            failed: false,
            committing: false,
            broken: None,
            lost,
            target: target.into(),
            opening,
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
        let error = match error.code() {
            // A lock that was not to be had: inside a transaction its failure has taken the transaction with it.
            Some("55P03") if self.state == TransactionState::Idle => error.with_retry(Retry::Statement),
            Some("55P03") => error.with_retry(Retry::Transaction),
            _ => error,
        };
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
            Control::Begin(options) | Control::BeginTwoPhase(options, _) => {
                if !idle {
                    return Err(invalid(
                        "BEGIN inside a transaction; use a savepoint, or end the transaction first",
                    ));
                }
                if let Control::BeginTwoPhase(_, name) = control {
                    // The server asks for the name at the end only, when it would be too late.
                    literal(name)?;
                }
                self.begin(options)
            }
            Control::CommitPrepared(_) | Control::RollbackPrepared(_) if !idle => {
                return Err(invalid(
                    "a prepared transaction cannot be ended inside a transaction; end that one first, or use another \
                     connection",
                ));
            }
            Control::CommitPrepared(name) => format!("COMMIT PREPARED {}", literal(name)?).into(),
            Control::RollbackPrepared(name) => format!("ROLLBACK PREPARED {}", literal(name)?).into(),
            Control::Rollback if idle => return Ok(None),
            Control::Rollback => "ROLLBACK".into(),
            _ if idle => {
                return Err(invalid(
                    "there is no transaction to commit or prepare, and none to set a savepoint in",
                ));
            }
            Control::RollbackTo(name) => format!("ROLLBACK TO SAVEPOINT {}", quote(name)?).into(),
            _ if self.failed => return Err(pending_rollback()),
            // The server answers COMMIT in a failed transaction by a silent ROLLBACK. Where it is not known whether it
            // failed, an empty SELECT before it brings the error out.
            Control::Commit if self.state == TransactionState::Unknown => "SELECT; COMMIT".into(),
            Control::Commit => "COMMIT".into(),
            // The server answers this too by a silent ROLLBACK where there is nothing to prepare.
            Control::Prepare(_) if self.state == TransactionState::Unknown => {
                return Err(invalid(
                    "the transaction cannot be prepared, as raw SQL has changed it and it may not be open any more; use \
                     the calls for savepoints and transactions in place of their SQL",
                ));
            }
            Control::Prepare(name) => format!("PREPARE TRANSACTION {}", literal(name)?).into(),
            Control::Savepoint(name) => format!("SAVEPOINT {}", quote(name)?).into(),
            Control::Release(name) => format!("RELEASE SAVEPOINT {}", quote(name)?).into(),
            _ => return Err(Error::not_supported("this way to control a transaction", "PostgreSQL")),
        };
        Ok(Some(sql))
    }

    /// BEGIN, with what every transaction begins with.
    pub(crate) fn begin(&self, options: &BeginOptions) -> Cow<'static, str> {
        match &*self.opening {
            "" => begin(options),
            opening => format!("{}; {opening}", begin(options)).into(),
        }
    }

    /// A control statement was done.
    pub(crate) fn done(&mut self, control: Control<'_>) {
        match control {
            Control::Begin(_) | Control::BeginTwoPhase(..) => self.state = TransactionState::Active,
            Control::CommitPrepared(_) => self.committing = false,
            Control::Commit | Control::Rollback | Control::Prepare(_) => {
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
            self.committing = matches!(control, Control::Commit | Control::CommitPrepared(_));
            return error;
        }
        match control {
            Control::Begin(_) | Control::BeginTwoPhase(..) => {
                self.state = TransactionState::Idle;
                self.failed = false;
            }
            Control::Prepare(_) => {
                // Whatever kept it from being prepared has rolled it back.
                self.state = TransactionState::Idle;
                self.failed = false;
                if error.code() == Some("55000") {
                    return error.context(
                        "two-phase transactions need the server's setting max_prepared_transactions above 0, and a \
                         restart after it was set",
                    );
                }
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

/// The name of a prepared transaction, as a literal.
fn literal(name: &str) -> Result<String> {
    if name.is_empty() || name.len() >= LONGEST_NAME || name.contains('\0') {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "the name of a prepared transaction has 1 to {} bytes and no NUL; this one has {}",
                LONGEST_NAME - 1,
                name.len()
            ),
        ));
    }
    // A backslash means itself only where the server is told so by default; `E` says it for every server.
    let escaped = name.replace('\\', "\\\\").replace('\'', "''");
    Ok(format!("E'{escaped}'"))
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
