//! [`Background`]: the task that moves a connection's bytes.

use std::{
    future::poll_fn,
    sync::{Arc, OnceLock},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    task::JoinHandle,
};
use tokio_postgres::{AsyncMessage, Connection, Notification, Socket};

use crate::{
    error,
    notice::{self, NoticeListener},
};

/// Why the connection ended, once it has ended by itself.
pub(crate) type Lost = Arc<OnceLock<Box<str>>>;

/// Who is told what the server says beside its answers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ears {
    /// Of notices.
    pub(crate) notices: Option<NoticeListener>,
    /// Of notifications.
    pub(crate) notifications: Option<mpsc::Sender<Notification>>,
}

/// The task that moves a connection's bytes; it ends with the connection.
pub(crate) struct Background {
    /// The task.
    pub(crate) task: JoinHandle<()>,
    /// Why the connection ended.
    pub(crate) lost: Lost,
}

impl Background {
    /// Starts the task; must be called inside a runtime.
    pub(crate) fn spawn<T>(mut connection: Connection<Socket, T>, target: &str, ears: Ears) -> Self
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let lost = Lost::default();
        let reason = lost.clone();
        let target: Box<str> = target.into();
        let task = tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notice(notice)) => notice::tell(&notice, &target, ears.notices.as_ref()),
                    Ok(AsyncMessage::Notification(notification)) => {
                        if let Some(notifications) = &ears.notifications {
                            // Waits for whoever is slow, as the server then does.
                            let _ = notifications.send(notification).await;
                        }
                    }
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
