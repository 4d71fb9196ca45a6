//! Beginning transactions and savepoints.

use aludel_driver::{BeginOptions, Error, ErrorKind, Result};

use super::Connection;
use crate::{Savepoint, Transaction, async_function::AsyncFunction, transaction::Phase};

impl Connection {
    /// Begins a transaction. Nothing is sent yet: BEGIN rides with the first statement.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when there is one already, begun by a statement or by `begin`.
    pub async fn begin(&mut self) -> Result<Transaction<'_>> {
        let options = self.begin_options.clone();
        self.begin_with(options).await
    }

    /// Begins a transaction with its own isolation level and the like.
    ///
    /// # Errors
    /// As [`Connection::begin`].
    pub async fn begin_with(&mut self, options: BeginOptions) -> Result<Transaction<'_>> {
        self.start_transaction(options)?;
        self.status.is_guarded = true;
        Ok(Transaction::new(self))
    }

    /// Begins a transaction without a guard, for layers that end it themselves. Nothing is sent yet.
    ///
    /// # Errors
    /// As [`Connection::begin`].
    pub fn start_transaction(&mut self, options: BeginOptions) -> Result<()> {
        self.settle();
        if !matches!(self.status.phase, Phase::None) {
            self.status.check()?;
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a transaction is begun already, by `begin()` or by the first statement; commit() or rollback() it \
                 first, or use begin_nested() for a savepoint",
            ));
        }
        self.status.begin(options, true);
        Ok(())
    }

    /// How this connection begins transactions.
    pub fn begin_options(&self) -> &BeginOptions {
        &self.begin_options
    }

    /// Begins a savepoint, and the transaction around it where there is none. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotSupported`] where the database has no savepoints; [`ErrorKind::PendingRollback`] when the
    /// transaction failed.
    pub async fn begin_nested(&mut self) -> Result<Savepoint<'_>> {
        let number = self.add_savepoint()?;
        Ok(Savepoint::new(self, number))
    }

    /// Runs a closure in a transaction: commits at `Ok`, rolls back at `Err` and when the future is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Connection::begin`] and [`Connection::commit`].
    pub async fn transaction<Output, Function>(&mut self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut transaction = self.begin().await?;
        match function(&mut transaction).await {
            Ok(output) => transaction.commit().await.map(|()| output),
            Err(error) => {
                // The closure's error tells more than that of a rollback behind it.
                let _ = transaction.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs a closure in a savepoint: keeps what it did at `Ok`, undoes it at `Err` and when the future is dropped.
    ///
    /// # Errors
    /// The closure's; as [`Connection::begin_nested`] and [`Savepoint::commit`].
    pub async fn nested<Output, Function>(&mut self, function: Function) -> Result<Output>
    where
        Output: Send,
        Function: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<Output>
            + for<'c> AsyncFunction<&'c mut Connection, Result<Output>, Future: Send>
            + Send,
    {
        let mut savepoint = self.begin_nested().await?;
        match function(&mut savepoint).await {
            Ok(output) => savepoint.commit().await.map(|()| output),
            Err(error) => {
                let _ = savepoint.rollback().await;
                Err(error)
            }
        }
    }

    /// Whether the transaction failed, so that only a rollback is possible.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.phase, Phase::Failed(_))
    }

    /// Whether a transaction is begun. BEGIN itself may not have been sent yet.
    pub fn in_transaction(&self) -> bool {
        self.status.is_open()
    }
}
