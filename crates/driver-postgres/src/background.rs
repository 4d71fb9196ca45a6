//! [`Background`]: the task that moves a connection's bytes.

use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};
use tokio_postgres::{
    AsyncMessage, Connection, Socket,
    error::{DbError, Severity, SqlState},
};

use crate::error;

/// Why the connection ended, once it has ended by itself.
pub(crate) type Lost = Arc<OnceLock<Box<str>>>;

/// The task that moves a connection's bytes; it ends with the connection.
pub(crate) struct Background {
    /// The task.
    pub(crate) task: JoinHandle<()>,
    /// Why the connection ended.
    pub(crate) lost: Lost,
}

impl Background {
    /// Starts the task; must be called inside a runtime.
    pub(crate) fn spawn<T>(mut connection: Connection<Socket, T>, target: &str) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let lost = Lost::default();
        let reason = lost.clone();
        let target: Box<str> = target.into();
        let task = tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) => report(&notice, &target),
                    Ok(_) => {}
                    Err(lower) => {
                        // Set before the connection is dropped, so that whoever waits on it finds the reason.
                        let text = error::describe(&lower);
                        tracing::debug!(server.address = %target, reason = %text, "connection lost");
                        let _ = reason.set(text.into_boxed_str());
                        break;
                    }
                }
            }
        });
        Self { task, lost }
    }
}

fn report(notice: &DbError, target: &str) {
    let (code, message) = (notice.code().code(), notice.message());
    // A rollback where nothing is open happens when the state was not known, and is meant.
    let expected = *notice.code() == SqlState::NO_ACTIVE_SQL_TRANSACTION;
    match notice.parsed_severity() {
        Some(Severity::Warning) if !expected => {
            tracing::warn!(server.address = %target, code, detail = notice.detail(), "{message}");
        }
        Some(Severity::Notice | Severity::Info) => {
            tracing::info!(server.address = %target, code, detail = notice.detail(), "{message}");
        }
        _ => tracing::debug!(server.address = %target, code, detail = notice.detail(), "{message}"),
    }
}
