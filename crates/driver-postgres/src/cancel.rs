//! [`Canceller`]: asks the server to stop what a connection is doing.

use std::{
    error::Error as StdError,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aludel_driver::{BoxFuture, CancelHandle};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    net::TcpStream,
    runtime::Handle,
};
use tokio_postgres::{CancelToken, NoTls};

/// How long a cancel request may take to be sent and received.
const PATIENCE: Duration = Duration::from_secs(5);

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
    address: Address,
    /// A pooler stands between us and the server, and passes requests on when it sees fit.
    is_indirect: bool,
    // Kept because a future may be dropped outside the runtime.
    runtime: Handle,
    asked: AtomicBool,
}

impl Canceller {
    /// For the connection that the token belongs to; must be called inside a runtime.
    pub(crate) fn new(token: CancelToken, address: Address, is_indirect: bool) -> Arc<Self> {
        Arc::new(Self {
            token,
            address,
            is_indirect,
            runtime: Handle::current(),
            asked: AtomicBool::new(false),
        })
    }

    /// Sends a request, and tells whether the server has dealt with it: then it cannot hit a later statement.
    ///
    /// The answer of a cancelled statement does not tell that: the server signals its process twice, and the second
    /// signal may be late.
    pub(crate) async fn send(&self) -> bool {
        send(&self.token, &self.address).await && !self.is_indirect
    }

    /// Sends a request without waiting.
    pub(crate) fn send_soon(&self) {
        let (token, address) = (self.token.clone(), self.address.clone());
        self.runtime.spawn(async move { send(&token, &address).await });
    }

    /// Whether somebody outside asked for a cancel, which may still arrive.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

async fn send(token: &CancelToken, address: &Address) -> bool {
    let sending = async {
        match address {
            Address::Tcp(address) => ask(token, &mut TcpStream::connect(address).await?).await,
            #[cfg(unix)]
            Address::Unix(path) => ask(token, &mut tokio::net::UnixStream::connect(path).await?).await,
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

async fn ask<S>(token: &CancelToken, stream: &mut S) -> Result<(), Box<dyn StdError + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    token.cancel_query_raw(&mut *stream, NoTls).await?;
    // The server hangs up once it has sent its signals.
    match stream.read(&mut [0]).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl CancelHandle for Canceller {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        self.asked.store(true, Ordering::Release);
        let (token, address) = (self.token.clone(), self.address.clone());
        Box::pin(async move {
            send(&token, &address).await;
        })
    }
}
