//! [`Frame`]: what stands around a COPY.

use aludel_driver::{BeginOptions, Connection as _, Control, Error, Result, TransactionState};
use tokio_postgres::Error as Lower;

use crate::{
    PostgresConnection, error,
    flight::{Ended, Flight},
};

/// What stands around a COPY: the call that it is, and a transaction of its own where there is none, so that what is
/// checked at the end (deferred constraints) can still be told.
pub(super) struct Frame {
    flight: Flight,
    is_own: bool,
    /// The table or query, for messages.
    subject: String,
}

impl Frame {
    /// Begins the call.
    ///
    /// # Errors
    /// As every call's of the connection.
    pub(super) async fn open(connection: &mut PostgresConnection, subject: String) -> Result<Self> {
        let flight = connection.enter()?;
        let is_own = connection.transaction_state() == TransactionState::Idle;
        let begun = match is_own {
            true => connection.wire.control(Control::Begin(&BeginOptions::default())).await,
            false => connection.wire.ledger.admit(),
        };
        match begun {
            Ok(()) => Ok(Self { flight, is_own, subject }),
            Err(error) => {
                connection.leave::<()>(flight, Ended::Answered(Err(error)))?;
                connection.broken_off()
            }
        }
    }

    /// The error of the server, with the place that it tells.
    pub(super) fn explain(&self, connection: &mut PostgresConnection, lower: Lower) -> Error {
        let place = error::place_of_copy(&lower).map(str::to_owned);
        let error = connection.wire.ledger.fail(lower);
        let error = match error.database_error().cloned() {
            Some(mut database) => {
                database.table.get_or_insert_with(|| self.subject.clone());
                error.with_database_error(database)
            }
            None => error,
        };
        match place {
            Some(place) => error.context(place),
            None => error.context(format_args!("COPY {}", self.subject)),
        }
    }

    /// Ends the call, and what was begun for it: the rows are in, or nothing is.
    ///
    /// # Errors
    /// That of the outcome, or that of the COMMIT.
    pub(super) async fn close<T>(self, connection: &mut PostgresConnection, outcome: Result<T>) -> Result<T> {
        let wire = &mut connection.wire;
        let is_lost = wire.ledger.broken().is_some();
        let outcome = match outcome {
            Ok(done) if self.is_own => wire.control(Control::Commit).await.map(|()| done),
            Err(error) if self.is_own && !is_lost => {
                // Its own failure would say less than the error that led here.
                let _ = wire.control(Control::Rollback).await;
                Err(error)
            }
            outcome => outcome,
        };
        connection.leave(self.flight, Ended::Answered(outcome))
    }

    /// Ends the call after rows that were on their way in have failed, at the server or here.
    ///
    /// # Errors
    /// That of the outcome.
    pub(super) async fn close_failed<T>(
        self,
        connection: &mut PostgresConnection,
        outcome: Result<T>,
    ) -> Result<T> {
        let wire = &mut connection.wire;
        wire.ledger.fail_transaction();
        if wire.ledger.broken().is_none() {
            // What fails before a first row is asked for has the server answer once more than it is asked (tokio-postgres
            // sends a Sync with the COPY, and another behind its end). Then there is no telling which answer belongs to what.
            match wire.client.simple_query("SELECT 1").await {
                Ok(answer) if answer.is_empty() => {
                    wire.ledger
                        .break_off("a COPY failed at its beginning, and the server has answered twice");
                }
                Ok(_) => {}
                Err(lower) if lower.as_db_error().is_some() => {}
                Err(lower) => {
                    wire.ledger.fail(lower);
                }
            }
        }
        if self.is_own && wire.ledger.broken().is_none() {
            let _ = wire.control(Control::Rollback).await;
        }
        connection.leave(self.flight, Ended::Answered(outcome))
    }

    /// Ends a call whose end was not seen.
    ///
    /// # Errors
    /// That of the call.
    pub(super) fn give_up<T>(self, connection: &mut PostgresConnection, ended: Ended<T>) -> Result<T> {
        connection.leave(self.flight, ended)
    }

    /// Ends the call in a `Drop`, before a COPY was begun.
    pub(super) fn leave_alone(self, connection: &mut PostgresConnection) {
        let is_own = self.is_own;
        connection.land(self.flight);
        if is_own {
            connection.reset_on_drop();
        }
    }
}
