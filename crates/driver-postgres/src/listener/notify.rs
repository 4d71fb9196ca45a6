//! NOTIFY.

use aludel_driver::{CallOptions, Connection as _, Discard, Result, Statement, Value};

use super::check;
use crate::PostgresConnection;

impl PostgresConnection {
    /// Sends a notification to all who listen to a channel: at the COMMIT, where it is in a transaction. Of those that are
    /// the same in one transaction only one is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](aludel_driver::ErrorKind::Argument) for a name that no channel can have; what the server says
    /// of a payload of 8000 bytes or more.
    ///
    /// # Cancel safety
    /// As every call's of the connection.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run(conn: &mut aludel_driver_postgres::PostgresConnection) -> aludel_driver::Result<()> {
    /// conn.notify("loans", "4711").await?; // SELECT pg_notify('loans', '4711')
    /// # Ok(()) }
    /// ```
    pub async fn notify(&mut self, channel: &str, payload: &str) -> Result<()> {
        check(channel)?;
        let statement = Statement::new("SELECT pg_catalog.pg_notify($1, $2)");
        let parameters = [Value::Text(channel.into()), Value::Text(payload.into())];
        self.fetch(&statement, &parameters, &CallOptions::default(), &mut Discard).await.map(drop)
    }
}
