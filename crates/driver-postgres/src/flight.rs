//! [`Flight`]: what a dropped call leaves behind; [`limit`]: a call's deadline.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use aludel_driver::{DatabaseError, Error, ErrorKind, Result};

use crate::cancel::Canceller;

/// How long the server gets to say that it has cancelled: the request may need a TLS handshake of its own.
const GRACE: Duration = Duration::from_secs(2);

/// The SQLSTATE of a cancelled statement.
const CANCELLED: &str = "57014";

/// Held while an answer is read. Dropped before it has landed, it asks the server to stop the statement that nobody
/// waits for any more.
pub(crate) struct Flight {
    canceller: Option<Arc<Canceller>>,
}

impl Flight {
    /// Takes off.
    pub(crate) fn new(canceller: Arc<Canceller>) -> Self {
        Self { canceller: Some(canceller) }
    }

    /// The answer was read.
    pub(crate) fn land(mut self) {
        self.canceller = None;
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(canceller) = self.canceller.take() {
            canceller.send_soon();
        }
    }
}

/// How a call ended.
pub(crate) enum Ended<T> {
    /// The whole answer was read.
    Answered(Result<T>),
    /// The same, after the statement was cancelled at its deadline; the cancel has done what it could.
    Late(Result<T>),
    /// An answer, or a cancel request, may still be on its way: the connection must not be used again.
    InDoubt(Result<T>),
}

/// Waits for a call that may have a limit; then there is a canceller. The call is pinned where it was made, so that it is not
/// moved about.
pub(crate) async fn within<T>(
    canceller: Option<&Canceller>,
    most: Option<Duration>,
    call: Pin<&mut (impl Future<Output = Result<T>> + Send)>,
) -> Ended<T> {
    match canceller {
        None => Ended::Answered(call.await),
        // In a box, so that those without a limit need not carry its timer.
        Some(canceller) => Box::pin(limit(canceller, most, call)).await,
    }
}

/// Waits for a call no longer than its limit; then the server is told to stop, and gets two seconds to say so, which saves
/// the connection.
pub(crate) async fn limit<T>(
    canceller: &Canceller,
    limit: Option<Duration>,
    call: impl Future<Output = Result<T>>,
) -> Ended<T> {
    let Some(limit) = limit else {
        return Ended::Answered(call.await);
    };
    let mut call = pin!(call);
    if let Ok(result) = tokio::time::timeout(limit, call.as_mut()).await {
        return Ended::Answered(result);
    }
    let last = async {
        let settled = canceller.send().await;
        (settled, call.await)
    };
    match tokio::time::timeout(GRACE, last).await {
        Ok((settled, Err(error))) if error.code() == Some(CANCELLED) => end(settled, Err(timed_out(limit))),
        // It ended by itself before the request came.
        Ok((settled, result)) => end(settled, result),
        Err(_) => Ended::InDoubt(Err(timed_out(limit))),
    }
}

/// A request that the server has not dealt with may hit whatever comes next.
fn end<T>(settled: bool, result: Result<T>) -> Ended<T> {
    if settled { Ended::Late(result) } else { Ended::InDoubt(result) }
}

/// The error of a statement that took longer than its limit.
pub(crate) fn timed_out(limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("the statement took longer than {limit:?} and was cancelled"))
        .with_database_error(DatabaseError { code: Some(CANCELLED.to_owned()), ..DatabaseError::default() })
}
