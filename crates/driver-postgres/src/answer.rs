//! Reading an answer's rows into a sink, and throwing the rest away.

use std::{
    ops::ControlFlow,
    pin::{Pin, pin},
};

use aludel_driver::{Done, Error, Result, Sink, TransactionState};
use futures_util::TryStreamExt as _;
use tokio_postgres::RowStream;

use crate::{cancel::Canceller, ledger::Ledger, prepared::Prepared, row::PostgresRow};

/// How many rows that nobody wants are read before the server is asked to stop sending them.
const PATIENCE: u64 = 100_000;

/// The SQLSTATE of a cancelled statement.
const CANCELLED: &str = "57014";

/// Who failed while an answer was read.
pub(crate) enum Failure {
    /// The server, or the way to it.
    Server(Error),
    /// The sink; the server knows nothing of it.
    Sink(Error),
}

impl Failure {
    /// The error, whoever made it.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Server(error) | Self::Sink(error) => error,
        }
    }
}

/// Gives a result's columns and rows to the sink. When the sink stops or fails, the rest is thrown away.
pub(crate) async fn read(
    ledger: &mut Ledger,
    canceller: &Canceller,
    prepared: &Prepared,
    stream: RowStream,
    sink: &mut dyn Sink,
) -> Result<Done, Failure> {
    let mut stream = pin!(stream);
    let mut seen = 0;
    let told = match prepared.columns.is_empty() {
        true => Ok(()),
        false => sink.columns(&prepared.columns),
    };
    let stopped = match told {
        Err(error) => Err(error),
        // What the sink says of a row is not kept until the next one: to store it took longer than the rest of this loop.
        Ok(()) => loop {
            match stream.as_mut().try_next().await {
                Ok(Some(row)) => {
                    seen += 1;
                    match sink.row(&PostgresRow::new(&row, &prepared.decoders)) {
                        Ok(ControlFlow::Continue(())) => {}
                        Ok(ControlFlow::Break(())) => break Ok(()),
                        Err(error) => break Err(error),
                    }
                }
                Ok(None) => return Ok(done(&stream, seen)),
                Err(lower) => return Err(Failure::Server(ledger.fail(lower))),
            }
        },
    };
    let rest = Box::pin(drain(ledger, canceller, stream.as_mut())).await;
    match stopped {
        Err(error) => Err(Failure::Sink(error)),
        Ok(()) => rest.map(|()| done(&stream, seen)).map_err(Failure::Server),
    }
}

fn done(stream: &Pin<&mut RowStream>, seen: u64) -> Done {
    Done { rows: stream.rows_affected().unwrap_or(seen), last_insert_id: None }
}

/// Reads what is left of an answer and throws it away.
///
/// Outside a transaction a long rest is cancelled. Inside one it is read to its end, as a cancelled statement would take
/// the transaction with it.
pub(crate) async fn drain(
    ledger: &mut Ledger,
    canceller: &Canceller,
    mut stream: Pin<&mut RowStream>,
) -> Result<()> {
    let mut thrown = 0;
    let mut cancelled = None;
    let ended = loop {
        match stream.as_mut().try_next().await {
            Ok(Some(_)) => thrown += 1,
            Ok(None) => break Ok(()),
            Err(lower)
                if cancelled.is_some() && lower.code().is_some_and(|code| code.code() == CANCELLED) =>
            {
                break Ok(());
            }
            Err(lower) => break Err(ledger.fail(lower)),
        }
        if thrown == PATIENCE && ledger.state() == TransactionState::Idle {
            cancelled = Some(canceller.send().await);
        }
    };
    if cancelled == Some(false) {
        ledger.break_off("a cancel request for an earlier statement may still arrive");
    }
    ended
}
