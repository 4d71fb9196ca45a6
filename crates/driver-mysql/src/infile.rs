//! Sending bytes to LOAD DATA LOCAL INFILE, as the server asks for them.

use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use aludel_driver::{Error, Result};
use bytes::Bytes;
use futures_core::Stream;
use mysql_async::{InfileData, IoError, LocalInfileError};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::{connection::MySqlConnection, error, infile_watch::Pulse, wire::Protocol};

/// How many pieces wait to be sent.
const PIECES: usize = 1;

/// How a LOAD DATA ended.
pub(crate) enum Sent<T> {
    /// The server took all of the bytes; what their maker gives.
    All(T),
    /// The server refused the statement before it asked for the first byte: no byte was made.
    Refused(Error),
}

impl MySqlConnection {
    /// Sends a LOAD DATA LOCAL INFILE, whose bytes are made when the server asks for them. The maker ends by dropping its
    /// sender; the server then takes the bytes to be complete.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection in doubt: no call gets through any more.
    pub(crate) async fn send_infile<T, F: Future<Output = T>>(
        &mut self,
        sql: &str,
        make: impl FnOnce(Sender<Bytes>) -> F,
    ) -> Result<Sent<T>> {
        self.check_size(sql)?;
        self.let_go().await?;
        self.wire.enter()?;
        let (sender, receiver) = channel(PIECES);
        let request = Request::default();
        let kill = self.kill.clone();
        let handler = request.clone().answer(receiver);
        let outcome = match self.wire.connection() {
            Err(lower) => Err(lower),
            Ok(connection) => {
                connection.set_infile_handler(handler);
                let mut made = None;
                let (mut sending, mut making) = (pin!(self.wire.query(sql)), pin!(make(sender)));
                let mut giving_up = pin!(request.pulse.until_gone(&kill));
                let outcome = poll_fn(|context| {
                    if let Poll::Ready(outcome) = sending.as_mut().poll(context) {
                        return Poll::Ready(Some(outcome));
                    }
                    if request.is_made.load(Ordering::Relaxed) {
                        // What it makes wakes the other side.
                        if made.is_none()
                            && let Poll::Ready(end) = making.as_mut().poll(context)
                        {
                            made = Some(end);
                        }
                        if giving_up.as_mut().poll(context).is_ready() {
                            return Poll::Ready(None);
                        }
                    }
                    Poll::Pending
                });
                match outcome.await {
                    Some(outcome) => outcome.map(|_| made),
                    None => Err(IoError::from(io::Error::new(
                        io::ErrorKind::ConnectionAborted,
                        "the server has ended it, and took no more of the bytes for LOAD DATA",
                    ))
                    .into()),
                }
            }
        };
        // A server that asks later, without being told to, gets nothing.
        request.is_open.store(false, Ordering::Relaxed);
        match outcome {
            Ok(Some(made)) => {
                self.finish(Protocol::Text, sql).await?;
                Ok(Sent::All(made))
            }
            Ok(None) => {
                self.finish(Protocol::Text, sql).await?;
                Err(Error::new(
                    aludel_driver::ErrorKind::Internal,
                    "the server answered LOAD DATA without having asked for the bytes",
                ))
            }
            Err(lower) => {
                let was_asked = request.is_made.load(Ordering::Relaxed);
                let is_server = error::code(&lower).is_some();
                let error = self.failed(lower, sql).await;
                match is_server && !was_asked && !error.is_disconnect() {
                    true => Ok(Sent::Refused(error)),
                    false => Err(error),
                }
            }
        }
    }
}

/// What both sides know of the server's request for the file.
#[derive(Clone)]
struct Request {
    /// Whether the statement is under way.
    is_open: Arc<AtomicBool>,
    /// Whether the server has asked.
    is_made: Arc<AtomicBool>,
    /// How the bytes move on.
    pulse: Pulse,
}

impl Default for Request {
    fn default() -> Self {
        Self { is_open: Arc::new(AtomicBool::new(true)), is_made: Arc::default(), pulse: Pulse::default() }
    }
}

impl Request {
    async fn answer(self, receiver: Receiver<Bytes>) -> mysql_async::Result<InfileData> {
        if !self.is_open.load(Ordering::Relaxed) {
            return Err(LocalInfileError::NoHandler.into());
        }
        self.is_made.store(true, Ordering::Relaxed);
        Ok(Box::pin(Pieces { receiver, pulse: self.pulse }))
    }
}

/// The bytes, piece by piece.
struct Pieces {
    receiver: Receiver<Bytes>,
    pulse: Pulse,
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.receiver.poll_recv(context);
        match &polled {
            // The end, too, has to be sent.
            Poll::Ready(_) => self.pulse.takes_piece(),
            Poll::Pending => self.pulse.waits_for_piece(),
        }
        polled.map(|piece| piece.map(Ok))
    }
}
