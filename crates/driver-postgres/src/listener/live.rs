//! [`Live`]: the present connection of a listener.

use std::{
    collections::{BTreeSet, VecDeque},
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use aludel_driver::{ConnectArguments, Connection as _, Error, ErrorKind, Result};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};
use tokio_postgres::Notification as Heard;

use super::{ListenerEvent, Notification};
use crate::{PostgresConnection, PostgresDriver, settings::PrepareMode};

/// How many notifications are read ahead.
const READ_AHEAD: usize = 256;

/// The present connection of a listener.
///
/// It is not guarded by flights: what is sent here can be dropped at any time, as its answer tells nothing that matters.
pub(super) struct Live {
    connection: PostgresConnection,
    heard: mpsc::Receiver<Heard>,
    /// When the server last gave a sign of life.
    heard_at: Instant,
    /// How long an answer may take: beyond it the server counts as gone.
    patience: Duration,
}

impl Live {
    /// Connects.
    pub(super) async fn open(
        driver: &PostgresDriver,
        arguments: &ConnectArguments,
        patience: Duration,
    ) -> Result<Self> {
        let (sender, heard) = mpsc::channel(READ_AHEAD);
        let opening = driver.open(arguments, Some(sender));
        let connection = timeout(patience, opening).await.map_err(|_elapsed| {
            let message =
                format!("connecting to PostgreSQL at {} took longer than {patience:?}", arguments.target());
            Error::new(ErrorKind::Timeout, message)
        })??;
        if connection.wire.prepare_mode == PrepareMode::Unnamed {
            return Err(Error::not_supported(
                "LISTEN over a pooler that gives each transaction another connection (prepare_mode=unnamed; connect to the \
                 server itself)",
                "PostgreSQL",
            ));
        }
        Ok(Self { connection, heard, heard_at: Instant::now(), patience })
    }

    /// Sets how long an answer may take.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Has the server listen to these channels and no others; what comes meanwhile is kept.
    pub(super) async fn listen(
        &mut self,
        channels: &BTreeSet<String>,
        waiting: &mut VecDeque<ListenerEvent>,
    ) -> Result<()> {
        if channels.is_empty() {
            return self.run("UNLISTEN *", waiting).await;
        }
        // All of it takes effect at once, at its end: what is listened to before and after misses nothing.
        let mut script = "UNLISTEN *".to_owned();
        for channel in channels {
            script.push_str(&format!("; LISTEN \"{}\"", channel.replace('"', "\"\"")));
        }
        self.run(&script, waiting).await
    }

    /// The next notification; none: look again. After a long silence the server is asked for a sign of life.
    ///
    /// # Errors
    /// Why the connection is lost.
    pub(super) async fn next(
        &mut self,
        ping_after: Option<Duration>,
        waiting: &mut VecDeque<ListenerEvent>,
    ) -> Result<Option<Notification>, String> {
        let heard = match ping_after {
            None => self.heard.recv().await,
            Some(silence) => match timeout_at(self.heard_at + silence, self.heard.recv()).await {
                Ok(heard) => heard,
                Err(_elapsed) => {
                    return self
                        .run("", waiting)
                        .await
                        .map(|()| None)
                        .map_err(|error| error.message().to_owned());
                }
            },
        };
        match heard {
            Some(heard) => {
                self.heard_at = Instant::now();
                Ok(Some(notification(heard)))
            }
            None => Err(self.lost()),
        }
    }

    pub(super) async fn close(self, timeout: Duration) -> Result<()> {
        Box::new(self.connection).close(timeout).await
    }

    /// Sends a script, and waits for its answer; what comes meanwhile is kept.
    async fn run(&mut self, script: &str, waiting: &mut VecDeque<ListenerEvent>) -> Result<()> {
        let (client, patience) = (self.connection.wire.client.clone(), self.patience);
        let answer = async {
            let mut request = pin!(client.batch_execute(script));
            poll_fn(|context| {
                // The answer stands behind them.
                while let Poll::Ready(Some(heard)) = self.heard.poll_recv(context) {
                    waiting.push_back(ListenerEvent::Notification(notification(heard)));
                }
                request.as_mut().poll(context)
            })
            .await
        };
        let answered = timeout(patience, answer).await;
        while let Ok(heard) = self.heard.try_recv() {
            waiting.push_back(ListenerEvent::Notification(notification(heard)));
        }
        match answered {
            Ok(Ok(())) => {
                self.heard_at = Instant::now();
                Ok(())
            }
            Ok(Err(lower)) => Err(self.connection.wire.ledger.fail(lower)),
            Err(_elapsed) => {
                let target = self.connection.wire.ledger.target();
                let message = format!("PostgreSQL at {target} did not answer within {patience:?}");
                Err(Error::new(ErrorKind::Operational, message).with_disconnect())
            }
        }
    }

    fn lost(&self) -> String {
        let ledger = &self.connection.wire.ledger;
        let reason = ledger.lost().unwrap_or("the server has closed it");
        format!("the connection to PostgreSQL at {} was lost: {reason}", ledger.target())
    }
}

fn notification(heard: Heard) -> Notification {
    Notification {
        channel: heard.channel().to_owned(),
        payload: heard.payload().to_owned(),
        process_id: heard.process_id(),
    }
}
