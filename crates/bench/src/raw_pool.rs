//! [`RawPool`]: deadpool over a raw driver, as one would use the two without Aludel.

use std::{future::Future, pin::Pin};

use deadpool::managed::{Manager, Metrics, Object, Pool, RecycleResult};

use crate::Outcome;

/// What opens a connection.
type Open<T> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Outcome<T>> + Send>> + Send + Sync>;

/// Opens connections, and takes them back as they are.
pub(crate) struct Opener<T>(Open<T>);

impl<T: Send + Sync> Manager for Opener<T> {
    type Type = T;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    async fn create(&self) -> Outcome<T> {
        (self.0)().await
    }

    async fn recycle(&self, _: &mut T, _: &Metrics) -> RecycleResult<Self::Error> {
        Ok(())
    }
}

/// Deadpool over a raw driver.
pub(crate) struct RawPool<T: Send + Sync>(Pool<Opener<T>>);

impl<T: Send + Sync> RawPool<T> {
    /// A pool of one connection, which is all that one task needs.
    pub(crate) fn new<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Outcome<Self>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let opener = Opener(Box::new(move || Box::pin(open())));
        Ok(Self(Pool::builder(opener).max_size(1).build()?))
    }

    /// The connection; dropping it gives it back.
    pub(crate) async fn get(&self) -> Outcome<Object<Opener<T>>> {
        self.0.get().await.map_err(|error| error.to_string().into())
    }
}
