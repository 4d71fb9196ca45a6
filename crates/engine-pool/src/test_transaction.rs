//! [`TestTransaction`]: a transaction around a whole test, which is rolled back at its end.

mod connection;
mod driver;

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};

use self::driver::OuterDriver;
use crate::Engine;

/// A transaction around a whole test: what the test commits is rolled back at its end, and the database is as it was.
///
/// Its engine has a single connection, on which the outer transaction is open: each transaction of the test is a savepoint
/// in it, COMMIT releases the savepoint, and ROLLBACK goes back to it. Who asks for a second connection waits for the first.
///
/// A statement that stands alone and fails is undone alone; a stream that fails outside of a transaction of the test fails
/// the outer one where the database says so (PostgreSQL).
///
/// Isolation levels and the like of the test's transactions have no effect, and two-phase transactions are refused. On MySQL
/// statements that change tables end the outer transaction, which is an error: create the tables before.
///
/// Counterpart of SQLAlchemy's recipe of joining a session into an external transaction.
///
/// # Examples
/// ```no_run
/// # use aludel_engine_pool::{Engine, Result, TestTransaction};
/// # use aludel_sql_expression::text;
/// # async fn code_under_test(engine: &Engine) -> Result<()> { Ok(()) }
/// # async fn run(engine: &Engine) -> Result<()> {
/// let test = TestTransaction::begin(engine).await?;
/// code_under_test(test.engine()).await?; // it begins and commits as it likes
/// test.rollback().await // nothing of it stays
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the test's transaction ends when this is dropped"]
pub struct TestTransaction {
    engine: Engine,
}

impl TestTransaction {
    /// Opens a connection of its own, and begins the outer transaction.
    ///
    /// # Errors
    /// As [`Engine::connect`]; [`ErrorKind::Argument`] for a database in memory, which each connection has to itself: a test
    /// makes a new one instead; [`ErrorKind::NotSupported`] where there are no savepoints.
    pub async fn begin(engine: &Engine) -> Result<Self> {
        let driver = engine.driver();
        if driver.is_private(&engine.url().arguments) {
            return Err(Error::new(
                ErrorKind::Argument,
                "a database in memory belongs to its connection, so that a transaction around a test would not see it: \
                 make a new engine for each test instead",
            ));
        }
        if !driver.capabilities().savepoints {
            return Err(Error::not_supported(
                "a transaction around a test (it needs SAVEPOINT)",
                driver.name(),
            ));
        }
        let engine = engine.over(Arc::new(OuterDriver::new(driver.clone())))?;
        // Opened now, so that an error comes here, and what others commit later is not seen.
        engine.connect().await?.close().await?;
        Ok(Self { engine })
    }

    /// The engine of the test.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Rolls everything back, and closes the connection. Dropping it does the same without waiting.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when a connection of the test is still out.
    pub async fn rollback(self) -> Result<()> {
        let holders = self.engine.pool().holders();
        self.engine.dispose().await;
        match holders.first() {
            None => Ok(()),
            Some(holder) => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!(
                    "the connection of the test is still held, since {}; its transaction ends when it is dropped",
                    holder.place
                ),
            )),
        }
    }
}
