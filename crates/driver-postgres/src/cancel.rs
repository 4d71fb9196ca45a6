//! [`Canceller`]: asks the server to stop what a connection is doing.

use std::{
    error::Error as StdError,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use aludel_driver::{BoxFuture, CancelHandle};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    task::JoinHandle,
};
use tokio_postgres::{CancelToken, NoTls};

/// How long a cancel request may take to be sent and received.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where a server was reached, and how.
#[derive(Clone)]
pub(crate) struct Way {
    /// Where.
    pub(crate) address: Address,
    /// Set when the connection is encrypted: its cancel requests are, too.
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<crate::tls::Connector>,
}

/// Where a server was reached.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// Over the network.
    Tcp(SocketAddr),
    /// Over the socket in a directory.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// Asks the server to stop what a connection is doing, over a connection of its own.
pub(crate) struct Canceller {
    token: CancelToken,
    way: Way,
    /// A pooler stands between us and the server, and passes requests on when it sees fit.
    is_indirect: bool,
    // Kept because a future may be dropped outside the runtime.
    runtime: Handle,
    asked: AtomicBool,
    /// A request that nobody waits for.
    sending: Mutex<Option<JoinHandle<()>>>,
}

impl Canceller {
    /// For the connection that the token belongs to; must be called inside a runtime.
    pub(crate) fn new(token: CancelToken, way: Way, is_indirect: bool) -> Arc<Self> {
        Arc::new(Self {
            token,
            way,
            is_indirect,
            runtime: Handle::current(),
            asked: AtomicBool::new(false),
            sending: Mutex::new(None),
        })
    }

    /// Sends a request, and tells whether the server has dealt with it: then it cannot hit a later statement.
    ///
    /// The answer of a cancelled statement does not tell that: the server signals its process twice, and the second
    /// signal may be late.
    pub(crate) async fn send(&self) -> bool {
        send(&self.token, &self.way).await && !self.is_indirect
    }

    /// Sends a request without waiting.
    pub(crate) fn send_soon(&self) {
        let (token, way) = (self.token.clone(), self.way.clone());
        let sending = self.runtime.spawn(async move {
            send(&token, &way).await;
        });
        *self.sending.lock().unwrap_or_else(PoisonError::into_inner) = Some(sending);
    }

    /// Ends the task of a connection that is not used any more: at once, or behind a pooler after the request that is on
    /// its way. A pooler that has lost sight of a client knows no longer what to cancel for it, and leaves the server at
    /// work.
    pub(crate) fn end(&self, task: JoinHandle<()>) {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner).take();
        match sending {
            Some(sending) if self.is_indirect => {
                self.runtime.spawn(async move {
                    let _ = sending.await;
                    task.abort();
                });
            }
            _ => task.abort(),
        }
    }

    /// Whether somebody outside asked for a cancel, which may still arrive.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

async fn send(token: &CancelToken, way: &Way) -> bool {
    let sending = async {
        match &way.address {
            Address::Tcp(address) => ask(token, way, &mut TcpStream::connect(address).await?).await,
            #[cfg(unix)]
            Address::Unix(path) => ask(token, way, &mut tokio::net::UnixStream::connect(path).await?).await,
        }
    };
    match tokio::time::timeout(PATIENCE, sending).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a cancel request could not be sent");
            false
        }
        Err(_) => {
            tracing::debug!("a cancel request took too long");
            false
        }
    }
}

#[cfg_attr(not(feature = "tls"), allow(unused_variables, reason = "only TLS makes a difference"))]
async fn ask<S>(token: &CancelToken, way: &Way, stream: &mut S) -> Result<(), Box<dyn StdError + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    #[cfg(feature = "tls")]
    let encrypted = match &way.tls {
        Some(connector) => {
            token.cancel_query_raw(Lasting(&mut *stream), connector.handshake().lasting()).await?;
            true
        }
        None => false,
    };
    #[cfg(not(feature = "tls"))]
    let encrypted = false;
    if !encrypted {
        token.cancel_query_raw(Lasting(&mut *stream), NoTls).await?;
    }
    // The server hangs up once it has sent its signals. What it says before belongs to its TLS.
    let mut rest = [0; 256];
    loop {
        match stream.read(&mut rest).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// A stream that stays open in both directions when it is told to shut down.
///
/// tokio-postgres shuts down its side as soon as it has asked. PgBouncer 1.18 forgets such a client while it still works
/// for it, and then takes the next client that comes for it, and throws that one out, or fails.
struct Lasting<'a, S>(&'a mut S);

impl<S: AsyncRead + Unpin> AsyncRead for Lasting<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lasting<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

impl CancelHandle for Canceller {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        self.asked.store(true, Ordering::Release);
        let (token, way) = (self.token.clone(), self.way.clone());
        Box::pin(async move {
            send(&token, &way).await;
        })
    }
}
