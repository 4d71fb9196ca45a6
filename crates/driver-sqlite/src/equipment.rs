//! [`Equipment`]: what a driver gives to each connection that it opens.

use std::sync::Arc;

use aludel_driver::Result;

#[cfg(feature = "load_extension")]
use crate::Extension;
use crate::{
    AggregateFunction, Change, ChangeFeed, Collation, ScalarFunction, SqliteDriver, change::ChangeListener,
    session::Session,
};

/// What a driver gives to each connection that it opens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Equipment {
    functions: Vec<ScalarFunction>,
    aggregates: Vec<AggregateFunction>,
    collations: Vec<Collation>,
    listeners: Vec<ChangeListener>,
    feeds: Vec<ChangeFeed>,
    #[cfg(feature = "load_extension")]
    extensions: Vec<Extension>,
    /// Schemas, and the databases that are attached as such.
    pub(crate) attachments: Vec<(String, String)>,
}

impl Equipment {
    /// Gives everything to a connection but the databases to be attached.
    ///
    /// # Errors
    /// What SQLite does not take, by name.
    pub(crate) fn fit(&self, session: &mut Session) -> Result<()> {
        if !self.collations.is_empty() {
            session.listen_for_commits()?;
        }
        if !(self.listeners.is_empty() && self.feeds.is_empty()) {
            session.listen_for_changes()?;
        }
        let (connection, watch) = (session.database.connection(), &session.watch);
        #[cfg(feature = "load_extension")]
        for extension in &self.extensions {
            extension.load(connection)?;
        }
        for function in &self.functions {
            function.register(connection, watch)?;
        }
        for aggregate in &self.aggregates {
            aggregate.register(connection, watch)?;
        }
        for collation in &self.collations {
            collation.register(connection, watch)?;
        }
        self.listeners.iter().for_each(|listener| watch.changes.add_listener(listener.clone()));
        self.feeds.iter().for_each(|feed| watch.changes.add_feed(feed.clone()));
        Ok(())
    }
}

/// What all connections of the driver have. An engine takes the driver from its builder:
/// `create_engine(url).driver(SqliteDriver::new().function(..))`.
impl SqliteDriver {
    /// Makes a function known to all connections.
    #[must_use]
    pub fn function(self, function: ScalarFunction) -> Self {
        self.with(|equipment| equipment.functions.push(function))
    }

    /// Makes an aggregate known to all connections.
    #[must_use]
    pub fn aggregate(self, aggregate: AggregateFunction) -> Self {
        self.with(|equipment| equipment.aggregates.push(aggregate))
    }

    /// Makes a collation known to all connections.
    #[must_use]
    pub fn collation(self, collation: Collation) -> Self {
        self.with(|equipment| equipment.collations.push(collation))
    }

    /// Attaches a database to all connections, as [`SqliteConnection::attach`](crate::SqliteConnection::attach) does to one.
    /// In the URL it is `?attach.archive=archive.db`. A database in memory is another one for each connection.
    #[must_use]
    pub fn attach(self, schema: impl Into<String>, database: impl Into<String>) -> Self {
        self.with(|equipment| equipment.attachments.push((schema.into(), database.into())))
    }

    /// Has a function told of each row that any connection changes, as
    /// [`SqliteConnection::on_change`](crate::SqliteConnection::on_change) does of one.
    #[must_use]
    pub fn on_change(self, listener: impl Fn(&Change) + Send + Sync + 'static) -> Self {
        self.with(|equipment| equipment.listeners.push(ChangeListener(Arc::new(listener))))
    }

    /// Has a feed told of what any connection commits.
    #[must_use]
    pub fn change_feed(self, feed: &ChangeFeed) -> Self {
        self.with(|equipment| equipment.feeds.push(feed.clone()))
    }

    /// Loads an extension into all connections.
    #[cfg(feature = "load_extension")]
    #[must_use]
    pub fn extension(self, extension: Extension) -> Self {
        self.with(|equipment| equipment.extensions.push(extension))
    }

    fn with(mut self, add: impl FnOnce(&mut Equipment)) -> Self {
        add(Arc::make_mut(&mut self.equipment));
        self
    }
}
