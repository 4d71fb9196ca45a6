//! [`Canceller`]: asks the server to stop what a connection is doing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aludel_driver::{BoxFuture, CancelHandle};
use tokio::runtime::Handle;
use tokio_postgres::{CancelToken, NoTls};

/// How long a cancel request may take to be sent.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the server to stop what a connection is doing, over a connection of its own.
pub(crate) struct Canceller {
    token: CancelToken,
    // Kept because a future may be dropped outside the runtime.
    runtime: Handle,
    asked: AtomicBool,
}

impl Canceller {
    /// For the connection that the token belongs to; must be called inside a runtime.
    pub(crate) fn new(token: CancelToken) -> Arc<Self> {
        Arc::new(Self { token, runtime: Handle::current(), asked: AtomicBool::new(false) })
    }

    /// Sends a request, and waits until it is sent; it may arrive later.
    pub(crate) async fn send(&self) {
        send(&self.token).await;
    }

    /// Sends a request without waiting.
    pub(crate) fn send_soon(&self) {
        let token = self.token.clone();
        self.runtime.spawn(async move { send(&token).await });
    }

    /// Whether somebody outside asked for a cancel, which may still arrive.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }
}

async fn send(token: &CancelToken) {
    match tokio::time::timeout(PATIENCE, token.cancel_query(NoTls)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a cancel request could not be sent"),
        Err(_) => tracing::debug!("a cancel request took too long"),
    }
}

impl CancelHandle for Canceller {
    fn cancel(&self) -> BoxFuture<'static, ()> {
        self.asked.store(true, Ordering::Release);
        let token = self.token.clone();
        Box::pin(async move { send(&token).await })
    }
}
