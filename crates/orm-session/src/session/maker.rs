//! [`SessionMaker`]: what sessions of one kind have in common.

use std::sync::Arc;

use aludel_driver::{Error, Result};
use aludel_engine_pool::{AsyncFunction, Engine};

use super::{Session, get::GetStatements};
use crate::{events::Events, unit_of_work::StatementCache};

/// Opens sessions. Configured once; cheap to clone, and shared by tasks.
///
/// # Examples
/// ```no_run
/// # use aludel_orm_session::{SessionMaker, Result};
/// # async fn run(engine: aludel_engine_pool::Engine) -> Result<()> {
/// let sessions = SessionMaker::new(&engine);
/// sessions.begin(async |session| session.flush().await).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct SessionMaker {
    shared: Arc<Shared>,
}

/// What sessions of one kind have in common.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) events: Arc<Events>,
    pub(super) statements: Arc<StatementCache>,
    pub(super) gets: Arc<GetStatements>,
    pub(super) autoflush: bool,
    pub(super) expire_on_commit: bool,
}

impl SessionMaker {
    /// Sessions over an engine.
    pub fn new(engine: &Engine) -> Self {
        let shared = Shared {
            engine: engine.clone(),
            events: Arc::default(),
            statements: Arc::default(),
            gets: Arc::default(),
            autoflush: true,
            expire_on_commit: false,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whether queries flush what is pending before they are sent. Default: yes.
    #[must_use]
    pub fn autoflush(mut self, autoflush: bool) -> Self {
        Arc::make_mut(&mut self.shared).autoflush = autoflush;
        self
    }

    /// Whether a commit marks all objects as expired, so that the next query or `get` brings new values. Default: no.
    #[must_use]
    pub fn expire_on_commit(mut self, expire: bool) -> Self {
        Arc::make_mut(&mut self.shared).expire_on_commit = expire;
        self
    }

    /// The listeners of the flushes.
    pub fn events(&self) -> &Events {
        &self.shared.events
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// Opens a session. It takes a connection when it needs one.
    pub fn open(&self) -> Session {
        Session::new(self.shared.clone())
    }

    /// Runs a closure in a session: commits when it gives `Ok`, rolls back when it gives `Err`, or is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Session::commit`].
    ///
    /// # Cancel safety
    /// A dropped future rolls back, unless COMMIT was sent already.
    pub async fn begin<Output, Function>(&self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'s> AsyncFnOnce(&'s mut Session) -> Result<Output>
            + for<'s> AsyncFunction<&'s mut Session, Result<Output>, Future: Send>
            + Send,
    {
        self.try_begin(function).await
    }

    /// The same with the caller's own error type: `sessions.try_begin(async |session| -> Result<_, MyError> { .. })`.
    ///
    /// # Errors
    /// The closure's; as [`Session::commit`].
    ///
    /// # Cancel safety
    /// As [`SessionMaker::begin`].
    pub async fn try_begin<Output, Failure, Function>(&self, function: Function) -> Result<Output, Failure>
    where
        Output: Send,
        Failure: From<Error> + Send,
        Function: for<'s> AsyncFnOnce(&'s mut Session) -> Result<Output, Failure>
            + for<'s> AsyncFunction<&'s mut Session, Result<Output, Failure>, Future: Send>
            + Send,
    {
        let mut session = self.open();
        session.writes = true;
        match function(&mut session).await {
            Ok(output) => {
                session.commit().await?;
                Ok(output)
            }
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = session.rollback().await;
                Err(error)
            }
        }
    }
}
