//! [`SessionMaker`]: what sessions of one kind have in common.

use std::sync::Arc;

use aludel_driver::{Error, Result};
use aludel_engine_pool::{AsyncFunction, AsyncFunctionMut, Engine, ExecutionOptions, RetryPolicy};

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
    /// The same as its sessions connect to it: so that what they read stands alone, where that was asked for.
    pub(super) connects: Engine,
    pub(super) events: Arc<Events>,
    pub(super) statements: Arc<StatementCache>,
    pub(super) gets: Arc<GetStatements>,
    pub(super) autoflush: bool,
    pub(super) expire_on_commit: bool,
    pub(super) autobegin: bool,
    pub(super) twophase: bool,
    pub(super) reads_in_autocommit: bool,
    pub(super) close_resets_only: bool,
}

impl Shared {
    fn connect(&mut self) {
        self.connects = match self.reads_in_autocommit {
            true => self.engine.execution_options(ExecutionOptions::new().autocommit(true)),
            false => self.engine.clone(),
        };
    }
}

impl SessionMaker {
    /// Sessions over an engine.
    pub fn new(engine: &Engine) -> Self {
        let shared = Shared {
            engine: engine.clone(),
            connects: engine.clone(),
            events: Arc::default(),
            statements: Arc::default(),
            gets: Arc::default(),
            autoflush: true,
            expire_on_commit: false,
            autobegin: true,
            twophase: false,
            reads_in_autocommit: false,
            close_resets_only: true,
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

    /// Whether a statement or a flush begins a transaction by itself. Otherwise it is an error until `session.begin()` was
    /// called; the closures of [`begin`](Self::begin) are begun. Default: yes.
    #[must_use]
    pub fn autobegin(mut self, autobegin: bool) -> Self {
        Arc::make_mut(&mut self.shared).autobegin = autobegin;
        self
    }

    /// Whether the transactions of these sessions are committed in two phases: `commit` prepares them first, and
    /// [`Session::prepare`] does it alone, so that those of several databases stand or fall together. Default: no.
    ///
    /// Where the database has no two-phase transactions, the first statement of a session says so.
    #[must_use]
    pub fn twophase(mut self, twophase: bool) -> Self {
        Arc::make_mut(&mut self.shared).twophase = twophase;
        self
    }

    /// Whether queries stand alone until the first flush, `begin`, change or lock, rather than beginning a transaction: nothing
    /// is left open by reading, but two queries may see different states of the database. Default: no.
    ///
    /// From the first flush on, queries are part of its transaction. The connection stays with the session until `commit`,
    /// `rollback` or `close`.
    #[must_use]
    pub fn reads_in_autocommit(mut self, autocommit: bool) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        shared.reads_in_autocommit = autocommit;
        shared.connect();
        self
    }

    /// Whether a session can be used again after `close`. Otherwise every call is an error then. Default: yes.
    #[must_use]
    pub fn close_resets_only(mut self, resets_only: bool) -> Self {
        Arc::make_mut(&mut self.shared).close_resets_only = resets_only;
        self
    }

    /// How these sessions execute: isolation level, deadlines and the like, over what the engine says.
    #[must_use]
    pub fn execution_options(mut self, options: ExecutionOptions) -> Self {
        let shared = Arc::make_mut(&mut self.shared);
        shared.engine = shared.engine.execution_options(options);
        shared.connect();
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

    /// Runs a closure as [`SessionMaker::begin`] does, and runs it again in a new session after a serialization failure, a
    /// deadlock or a lock that was not to be had. Objects of an attempt that failed are of no use to the next one: the
    /// closure loads them anew.
    ///
    /// # Errors
    /// The closure's and those of [`Session::commit`], once the attempts are used up or the error is another.
    ///
    /// # Cancel safety
    /// As [`SessionMaker::begin`].
    pub async fn begin_with_retry<Output, Function>(
        &self,
        policy: RetryPolicy,
        mut function: Function,
    ) -> Result<Output>
    where
        Output: Send,
        Function: for<'s> AsyncFnMut(&'s mut Session) -> Result<Output>
            + for<'s> AsyncFunctionMut<&'s mut Session, Result<Output>, Future: Send>
            + Send,
    {
        let mut attempts = policy.start();
        loop {
            let mut session = self.open();
            session.writes = true;
            let outcome = match function(&mut session).await {
                Ok(output) => session.commit().await.map(|()| output),
                Err(error) => {
                    let _ = session.rollback().await;
                    Err(error)
                }
            };
            // The connection goes back before the pause: others may need it.
            drop(session);
            match outcome {
                Ok(output) => return Ok(output),
                Err(error) => attempts.pause_or_give_up(error).await?,
            }
        }
    }
}
