//! [`PoolOptions`]: how many connections a pool keeps, and for how long.

use std::time::Duration;

use aludel_driver::{ConnectArguments, Driver, Error, ErrorKind, Result};
use aludel_sql_expression::dialect::PhysicalNaming;

use super::Creator;

/// How many connections a pool keeps, and for how long. Fields may be set one by one; the default is said at each.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PoolOptions {
    /// How connections are kept; none: what fits the database. A database in memory has a single one.
    pub pool_class: Option<PoolClass>,
    /// How many connections are kept open when they are idle: 5.
    pub pool_size: usize,
    /// How many more may be open at once, closed when they come back: 10. None: as many as are asked for.
    pub max_overflow: Option<usize>,
    /// How long a checkout waits for a connection: 30 s. None: for ever.
    pub pool_timeout: Option<Duration>,
    /// The age at which a connection is replaced at its next checkout, or before where the pool has background work
    /// (`min_idle`, `idle_timeout` or `max_lifetime`). None (the default): never.
    pub pool_recycle: Option<Duration>,
    /// The age at which a connection is also closed when it comes back or is idle. None (the default): never.
    pub max_lifetime: Option<Duration>,
    /// How long an idle connection is kept. None (the default): for ever.
    pub idle_timeout: Option<Duration>,
    /// How many connections are kept idle and ready, at most `pool_size`: 0. They are opened in the background from the
    /// first checkout on, or before by [`Pool::warm_up`](crate::Pool::warm_up). Where one cannot be opened it is tried
    /// again, after 0.1 s at first and 30 s at last.
    pub min_idle: usize,
    /// Whether an idle connection is pinged at checkout: no.
    pub pre_ping: bool,
    /// How long a connection must have been idle to be pinged: 1 s. It was surely alive just before.
    pub pre_ping_after: Duration,
    /// Whether the last one back is the first one out, so that a surplus falls idle and the server may end it: no.
    pub use_lifo: bool,
    /// How long opening a connection may take, in all: 30 s. None: as long as the system lets it.
    pub connect_timeout: Option<Duration>,
    /// How long rolling back may take when a connection comes back: 5 s. Then it is closed.
    pub reset_timeout: Duration,
    /// What is done about an open transaction when a connection comes back: it is rolled back.
    pub reset_on_return: ResetOnReturn,
    /// How long a connection may be out before a warning says so, with the place that took it. None (the default): as
    /// long as it likes. It is told once: when the connection comes back, or already before where the pool has other
    /// background work (`min_idle`, `idle_timeout` or `max_lifetime`).
    pub long_checkout_warning: Option<Duration>,
    /// Opens the connections in place of the driver: none.
    pub creator: Option<Creator>,
    /// How the names of tables and columns are spelled in the database: as written.
    pub physical_naming: PhysicalNaming,
}

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolClass {
    /// Some are kept, more are opened when needed, and the rest waits.
    Queue,
    /// A single one, which all share in turn: for a database that lives in its connection. It then has no age, so that
    /// `pool_recycle`, `max_lifetime` and `idle_timeout` say nothing.
    Static,
    /// None is kept: each checkout opens one, each return closes it. There is no limit.
    Null,
    /// A single one, which only one may hold: a second checkout fails at once, and says who holds it. For tests that must
    /// not take two connections by mistake.
    Assertion,
}

/// What is done about an open transaction when a connection comes back to its pool. Nothing is sent when there is none.
///
/// It is about connections that are used without an engine, and about transactions that were begun behind an engine's
/// back, by raw SQL or the driver's own connection: a transaction of the engine's [`Connection`](crate::Connection) is
/// always rolled back when it is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResetOnReturn {
    /// It is rolled back.
    #[default]
    Rollback,
    /// It is committed. Where COMMIT fails, or no tokio runtime is there to send it, the connection is closed, which rolls
    /// back.
    Commit,
    /// It is not ended. A pool must not hand such a connection to anyone else (SQLAlchemy does), so it is closed. For those
    /// who end their transactions themselves, and want to find out where they do not.
    None,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            pool_class: None,
            pool_size: 5,
            max_overflow: Some(10),
            pool_timeout: Some(Duration::from_secs(30)),
            pool_recycle: None,
            max_lifetime: None,
            idle_timeout: None,
            min_idle: 0,
            reset_on_return: ResetOnReturn::default(),
            long_checkout_warning: None,
            creator: None,
            pre_ping: false,
            physical_naming: PhysicalNaming::default(),
            pre_ping_after: Duration::from_secs(1),
            use_lifo: false,
            connect_timeout: Some(Duration::from_secs(30)),
            reset_timeout: Duration::from_secs(5),
        }
    }
}

impl PoolOptions {
    /// The most connections that "no limit" means; more than any server takes.
    const UNLIMITED: usize = 65_536;

    /// Fills in what depends on the database, and refuses what makes no sense.
    pub(super) fn settle(&mut self, driver: &dyn Driver, arguments: &ConnectArguments) -> Result<()> {
        let private = driver.is_private(arguments);
        let class =
            *self.pool_class.get_or_insert(if private { PoolClass::Static } else { PoolClass::Queue });
        let is_single = matches!(class, PoolClass::Static | PoolClass::Assertion);
        if private && !is_single && self.creator.is_none() {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "each connection to {} would see a database of its own, so a pool can only have one: leave \
                     `pool_class` out, or name a file",
                    arguments.target()
                ),
            ));
        }
        if private && self.creator.is_none() {
            // With the connection the database would go.
            (self.pool_recycle, self.max_lifetime, self.idle_timeout) = (None, None, None);
        }
        if is_single {
            (self.pool_size, self.max_overflow) = (1, Some(0));
        }
        if self.pool_size == 0 || self.limit() > Self::UNLIMITED {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "a pool keeps 1 to {} connections, `pool_size` and `max_overflow` together, not {}; use \
                     `PoolClass::Null` to keep none, or `unlimited_overflow`",
                    Self::UNLIMITED,
                    if self.pool_size == 0 { 0 } else { self.limit() },
                ),
            ));
        }
        if class == PoolClass::Null && self.min_idle > 0 || self.min_idle > self.pool_size {
            return Err(Error::new(
                ErrorKind::Argument,
                match class {
                    PoolClass::Null => {
                        "a pool of `PoolClass::Null` keeps no connection, so leave `min_idle` out".to_owned()
                    }
                    _ => format!(
                        "`min_idle` is {}, but the pool keeps no more than {} idle connections (`pool_size`): make them fit",
                        self.min_idle, self.pool_size
                    ),
                },
            ));
        }
        Ok(())
    }

    /// Whether idle connections are looked after in the background.
    pub(super) fn needs_maintenance(&self) -> bool {
        self.class() != PoolClass::Null
            && (self.min_idle > 0 || self.idle_timeout.is_some() || self.max_lifetime.is_some())
    }

    /// Whether it matters when a connection was used last.
    pub(super) fn needs_idle_time(&self) -> bool {
        self.pre_ping || self.idle_timeout.is_some()
    }

    pub(super) fn class(&self) -> PoolClass {
        self.pool_class.unwrap_or(PoolClass::Queue)
    }

    /// How many connections may be open at once.
    pub(super) fn limit(&self) -> usize {
        match self.max_overflow {
            Some(overflow) => self.pool_size.saturating_add(overflow),
            None => Self::UNLIMITED,
        }
    }

    pub(super) fn overflow_text(&self) -> String {
        self.max_overflow.map_or_else(|| "unlimited".to_owned(), |overflow| overflow.to_string())
    }
}
