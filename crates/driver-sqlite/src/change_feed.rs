//! [`ChangeFeed`]: tells of committed changes, transaction by transaction.

use std::{fmt, sync::Arc};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::Change;

/// The most transactions that a feed keeps.
const LARGEST: usize = 65_536;

/// Tells of the rows that were changed, transaction by transaction, once they are committed: for caches to be emptied, and
/// clients to be told.
///
/// It hears of the connections that it was given to, by [`SqliteDriver::change_feed`](crate::SqliteDriver::change_feed) or
/// [`SqliteConnection::change_feed`](crate::SqliteConnection::change_feed); what other programs write it does not know.
/// What is rolled back, also to a savepoint of the connection's own, is not told. What a failed statement with `OR FAIL`
/// leaves in place is not told either, and the exceptions of
/// [`SqliteConnection::on_change`](crate::SqliteConnection::on_change) hold here, too.
///
/// # Examples
/// ```
/// use aludel_driver_sqlite::{ChangeEvent, ChangeFeed, SqliteDriver};
///
/// let feed = ChangeFeed::new(64);
/// let driver = SqliteDriver::new().change_feed(&feed);
/// let mut changes = feed.subscribe();
/// # let _ = driver;
/// # async fn listen(mut changes: aludel_driver_sqlite::Changes) {
/// while let Some(event) = changes.next().await {
///     match event {
///         ChangeEvent::Committed(changes) => println!("{changes:?}"),
///         ChangeEvent::Missed(transactions) => println!("too slow for {transactions} transactions"),
///     }
/// }
/// # }
/// # let _ = listen(changes);
/// ```
#[derive(Clone)]
pub struct ChangeFeed {
    sender: broadcast::Sender<Arc<[Change]>>,
}

/// Something that a [`ChangeFeed`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeEvent {
    /// The rows that one transaction changed, in their order.
    Committed(Arc<[Change]>),
    /// So many transactions were committed while nobody read, and are forgotten: look at the tables again.
    Missed(u64),
}

/// What comes out of a [`ChangeFeed`] for one subscriber.
pub struct Changes {
    receiver: broadcast::Receiver<Arc<[Change]>>,
}

impl ChangeFeed {
    /// A feed that keeps so many transactions for subscribers that are slow: from 1 to 65,536, rounded up to a power of two.
    /// Older ones are forgotten, and counted.
    pub fn new(transactions: usize) -> Self {
        // The channel takes its room at once.
        Self { sender: broadcast::Sender::new(transactions.clamp(1, LARGEST)) }
    }

    /// Subscribes: from here on everything is told. Several can.
    pub fn subscribe(&self) -> Changes {
        Changes { receiver: self.sender.subscribe() }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.sender.same_channel(&other.sender)
    }

    pub(crate) fn send(&self, changes: &Arc<[Change]>) {
        // It fails when nobody listens.
        let _ = self.sender.send(changes.clone());
    }
}

impl Changes {
    /// The next transaction; none when the feed, and all connections that know it, are gone.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<ChangeEvent> {
        match self.receiver.recv().await {
            Ok(changes) => Some(ChangeEvent::Committed(changes)),
            Err(RecvError::Lagged(transactions)) => Some(ChangeEvent::Missed(transactions)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl fmt::Debug for ChangeFeed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ChangeFeed").field("subscribers", &self.sender.receiver_count()).finish()
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Changes").field("waiting", &self.receiver.len()).finish()
    }
}
