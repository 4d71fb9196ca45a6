//! [`PoolOptions`]: how many connections a pool keeps, and for how long.

use std::time::Duration;

use aludel_driver::{ConnectArguments, Driver, Error, ErrorKind, Result};
use aludel_sql_expression::dialect::PhysicalNaming;

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
    /// The age at which a connection is replaced at its next checkout. None (the default): never.
    pub pool_recycle: Option<Duration>,
    /// The age at which a connection is also closed when it comes back. None (the default): never.
    pub max_lifetime: Option<Duration>,
    /// How long an idle connection is kept; looked at when connections go in and out. None (the default): for ever.
    pub idle_timeout: Option<Duration>,
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
    /// How the names of tables and columns are spelled in the database: as written.
    pub physical_naming: PhysicalNaming,
}

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolClass {
    /// Some are kept, more are opened when needed, and the rest waits.
    Queue,
    /// A single one, which all share in turn: for a database that lives in its connection.
    Static,
    /// None is kept: each checkout opens one, each return closes it. There is no limit.
    Null,
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
        if private && class != PoolClass::Static {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "each connection to {} would see a database of its own, so a pool can only have one: leave \
                     `pool_class` out, or name a file",
                    arguments.target()
                ),
            ));
        }
        if class == PoolClass::Static {
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
        Ok(())
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
