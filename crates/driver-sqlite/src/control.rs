//! Begins and ends transactions.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use aludel_driver::{
    BeginMode, BeginOptions, CallOptions, Cell, ColumnInfo, Connection, Control, Error, ErrorKind,
    IsolationLevel, Result, Row, Sink, Statement,
};

use crate::{
    SqliteConnection, error,
    patience::{Patience, wait},
    session::{Session, Trouble},
};

/// What a transaction changed on its connection, to be changed back at its end.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Changed {
    query_only: bool,
    read_uncommitted: bool,
}

impl Changed {
    /// Whether there is something to be changed back.
    pub(crate) fn is_dirty(&self) -> bool {
        self.query_only || self.read_uncommitted
    }

    /// Changes everything back.
    fn restore(&mut self, session: &mut Session, patience: &Patience) -> Result<()> {
        let pragmas = [
            (&mut self.query_only, "PRAGMA query_only = OFF"),
            (&mut self.read_uncommitted, "PRAGMA read_uncommitted = OFF"),
        ];
        for (is_changed, pragma) in pragmas {
            if *is_changed {
                once(session, patience, pragma)?;
                *is_changed = false;
            }
        }
        Ok(())
    }
}

impl SqliteConnection {
    /// Begins or ends a transaction or a savepoint.
    pub(crate) async fn control_transaction(&mut self, control: Control<'_>) -> Result<()> {
        match control {
            Control::Begin(options) => self.begin(options).await,
            Control::Commit => self.commit().await,
            Control::Rollback => self.rollback(),
            Control::Savepoint(name) => self.in_transaction("SAVEPOINT", name).await,
            Control::Release(name) => self.in_transaction("RELEASE SAVEPOINT", name).await,
            Control::RollbackTo(name) => self.in_transaction("ROLLBACK TO SAVEPOINT", name).await,
            Control::BeginTwoPhase(..)
            | Control::Prepare(_)
            | Control::CommitPrepared(_)
            | Control::RollbackPrepared(_) => Err(Error::not_supported("a two-phase transaction", "SQLite")),
            other => Err(Error::not_supported(&format!("the transaction statement {other:?}"), "SQLite")),
        }
    }

    /// The level in force: SERIALIZABLE, unless the pragma says otherwise.
    pub(crate) async fn ask_isolation(&mut self) -> Result<IsolationLevel> {
        let mut pragma = ReadUncommitted::default();
        let statement = Statement::new("PRAGMA read_uncommitted");
        self.fetch(&statement, &[], &CallOptions::default(), &mut pragma).await?;
        Ok(if pragma.0 { IsolationLevel::ReadUncommitted } else { IsolationLevel::Serializable })
    }

    async fn begin(&mut self, options: &BeginOptions) -> Result<()> {
        let read_uncommitted = match options.isolation {
            None | Some(IsolationLevel::Serializable) => false,
            Some(IsolationLevel::ReadUncommitted) => true,
            Some(level) => {
                return Err(Error::new(
                    ErrorKind::NotSupported,
                    format!(
                        "the isolation level {level} is not supported by SQLite; use SERIALIZABLE or READ UNCOMMITTED"
                    ),
                ));
            }
        };
        if self.ready()?.is_in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a transaction has already begun on this connection; use a savepoint inside it",
            ));
        }
        // A transaction that only reads needs no write lock, and should not wait for one.
        let statement = match options.mode {
            BeginMode::Deferred => "BEGIN DEFERRED",
            BeginMode::Immediate if options.read_only => "BEGIN DEFERRED",
            BeginMode::Immediate => "BEGIN IMMEDIATE",
        };
        self.insist_on(statement).await?;
        let (session, changed) = self.parts()?;
        *changed = Changed { query_only: options.read_only, read_uncommitted };
        let patience = Patience::new(Duration::ZERO, None);
        let mut result = Ok(());
        for (is_wanted, pragma) in [
            (options.read_only, "PRAGMA query_only = ON"),
            (read_uncommitted, "PRAGMA read_uncommitted = ON"),
        ] {
            if is_wanted && result.is_ok() {
                result = once(session, &patience, pragma);
            }
        }
        if result.is_err() {
            self.rollback()?;
        }
        result
    }

    async fn commit(&mut self) -> Result<()> {
        if !self.ready()?.is_in_transaction() {
            return Err(Error::new(ErrorKind::InvalidRequest, "there is no transaction to commit"));
        }
        let (session, _) = self.parts()?;
        // Else they would keep their lock.
        session.database.close_all_declared();
        self.insist_on("COMMIT").await?;
        let patience = Patience::new(self.busy_timeout(), None);
        let (session, changed) = self.parts()?;
        changed.restore(session, &patience)
    }

    /// Rolls back without waiting: SQLite never needs to, as nobody else can see what is undone.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        let patience = Patience::new(self.busy_timeout(), None);
        let (session, changed) = self.parts()?;
        session.watch.forget();
        session.forget_rollback();
        // One that was forgotten, rather than dropped, would keep the transaction open.
        let _ = session.database.close_blob();
        session.database.close_all_declared();
        let mut result = Ok(());
        if session.is_in_transaction() {
            result = once(session, &patience, "ROLLBACK");
        }
        if !session.is_in_transaction() {
            result = changed.restore(session, &patience);
        }
        if result.is_err() {
            self.give_up();
        }
        result
    }

    async fn in_transaction(&mut self, statement: &str, name: &str) -> Result<()> {
        if !self.ready()?.is_in_transaction() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("{statement} `{name}` needs a transaction; begin one first"),
            ));
        }
        self.insist_on(&format!("{statement} \"{}\"", name.replace('"', "\"\""))).await?;
        let (session, _) = self.parts()?;
        let changes = &session.watch.changes;
        match statement {
            "SAVEPOINT" => changes.savepoint(name),
            _ => changes.end_savepoint(name, statement == "ROLLBACK TO SAVEPOINT"),
        }
        Ok(())
    }

    /// Runs a statement without parameters, and waits while the database is locked.
    async fn insist_on(&mut self, sql: &str) -> Result<()> {
        let mut patience = Patience::new(self.busy_timeout(), None);
        loop {
            let (session, _) = self.parts()?;
            let native = match session.attempt(None, &patience, false, |session| session.run_plain(sql)) {
                Ok(()) => return Ok(()),
                Err(Trouble::Busy(native)) if session.watch.is_given_up() => {
                    return Err(cancelled(native, sql));
                }
                Err(Trouble::Busy(native)) => native,
                Err(Trouble::Failed(error)) => return Err(error.with_statement(&sql.into(), None)),
                Err(Trouble::Long) => return Err(error::lost(self.target())),
            };
            let pause = patience.pause(native).map_err(|error| error.with_statement(&sql.into(), None))?;
            wait(pause).await;
        }
    }
}

/// The answer of the pragma of this name.
#[derive(Default)]
struct ReadUncommitted(bool);

impl Sink for ReadUncommitted {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.0 = matches!(row.cell(0)?, Cell::I64(1));
        Ok(ControlFlow::Continue(()))
    }
}

/// The error of a call that was cancelled while it waited for a lock.
pub(crate) fn cancelled(native: rusqlite::Error, sql: &str) -> Error {
    error::translate(native)
        .context("the call was cancelled while it waited for a lock")
        .with_statement(&sql.into(), None)
}

/// Runs a statement that never finds the database locked.
fn once(session: &mut Session, patience: &Patience, sql: &str) -> Result<()> {
    session.attempt(None, patience, false, |session| session.run_plain(sql)).map_err(|trouble| {
        match trouble {
            Trouble::Busy(native) => error::translate(native),
            Trouble::Failed(error) => error,
            Trouble::Long => Error::new(ErrorKind::Internal, "the statement was interrupted"),
        }
        .with_statement(&sql.into(), None)
    })
}
