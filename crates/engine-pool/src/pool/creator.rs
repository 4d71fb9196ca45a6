//! [`Creator`]: opens connections in place of the driver.

use std::{fmt, sync::Arc};

use aludel_driver::{BoxFuture, Connection as DriverConnection, Result};

type Function = dyn Fn() -> BoxFuture<'static, Result<Box<dyn DriverConnection>>> + Send + Sync;

/// Opens connections in place of the driver, for what no URL can say: a tunnel, a socket of the program's own, a
/// connection that another library made.
///
/// The URL's host, user and the like are then not used to connect, and `do_connect` listeners are not called; `connect`
/// listeners are. The time limit is the pool's `connect_timeout`.
#[derive(Clone)]
pub struct Creator(Arc<Function>);

impl Creator {
    /// Wraps an async function that opens a connection of the same database each time it is called.
    pub fn new<Opener, Opening>(function: Opener) -> Self
    where
        Opener: Fn() -> Opening + Send + Sync + 'static,
        Opening: Future<Output = Result<Box<dyn DriverConnection>>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(function())))
    }

    pub(super) async fn open(&self) -> Result<Box<dyn DriverConnection>> {
        (self.0)().await
    }
}

impl fmt::Debug for Creator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Creator(..)")
    }
}
