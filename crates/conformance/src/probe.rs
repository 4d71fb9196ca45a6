//! [`Probe`]: one connection, with what the cases need.

use std::{future::Future, sync::Arc, time::Duration};

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, Discard, Done, Error, ErrorKind, ParameterSets, Result,
    Statement, Value,
};
use aludel_sql_expression::{
    CompiledCache, Dialect, Executable, create_table, drop_table,
    schema::{Column, Table},
    types::{BigInteger, Integer, Varchar},
};

use crate::{
    Failure, Subject,
    failure::{ensure, ensure_equal},
    kept::Kept,
};

/// One connection, with what the cases need.
pub(crate) struct Probe {
    pub(crate) connection: Box<dyn Connection>,
}

impl Probe {
    /// Opens a connection.
    pub(crate) async fn open(subject: &Subject) -> Result<Self> {
        Ok(Self { connection: subject.connect().await? })
    }

    pub(crate) fn dialect(&self) -> Arc<dyn Dialect> {
        self.connection.dialect().clone()
    }

    /// A statement whose `?` become the dialect's placeholders. The texts of the suite have no other `?`.
    pub(crate) fn statement(&self, sql: &str) -> Statement {
        Statement::new(self.placed(sql))
    }

    /// SQL text whose `?` become the dialect's placeholders.
    pub(crate) fn placed(&self, sql: &str) -> String {
        let dialect = self.connection.dialect();
        let mut placed = String::with_capacity(sql.len() + 16);
        let mut number = 0;
        for character in sql.chars() {
            if character == '?' {
                number += 1;
                dialect.write_placeholder(number, &mut placed);
            } else {
                placed.push(character);
            }
        }
        placed
    }

    /// What a statement gives.
    pub(crate) async fn kept(&mut self, sql: &str, parameters: &[Value]) -> Result<(Kept, Done)> {
        let mut kept = Kept::default();
        let statement = self.statement(sql);
        let done = self.connection.fetch(&statement, parameters, &CallOptions::default(), &mut kept).await?;
        Ok((kept, done))
    }

    /// The rows of a statement.
    pub(crate) async fn rows(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>> {
        self.kept(sql, parameters).await.map(|(kept, _)| kept.rows)
    }

    /// What a statement did.
    pub(crate) async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<Done> {
        self.kept(sql, parameters).await.map(|(_, done)| done)
    }

    /// The error of a statement.
    pub(crate) async fn error(&mut self, sql: &str, parameters: &[Value]) -> Result<Error, Failure> {
        match self.execute(sql, parameters).await {
            Ok(done) => Err(Failure::new(format!("`{sql}` should have failed, and gave {done:?}"))),
            Err(error) => Ok(error),
        }
    }

    /// Ends the case unless a statement fails with this kind, and the connection goes on.
    pub(crate) async fn expect_error(
        &mut self,
        sql: &str,
        parameters: &[Value],
        kind: ErrorKind,
    ) -> Result<Error, Failure> {
        let error = self.error(sql, parameters).await?;
        ensure!(error.kind() == kind, "`{sql}` should have failed as {kind:?}, but gave {error:?}");
        ensure!(!error.is_disconnect(), "`{sql}` must not end the connection: {error:?}");
        ensure!(!error.message().is_empty(), "`{sql}` failed without a word");
        Ok(error)
    }

    /// Sends a statement that the dialect spells.
    pub(crate) async fn run(&mut self, statement: &impl Executable) -> Result<Kept> {
        let rendered = CompiledCache::new(0).render(&statement.node(), &self.dialect())?;
        let mut kept = Kept::default();
        for part in &rendered.parts {
            let statement = Statement::with_key(part.sql.clone(), part.key, false);
            self.connection.fetch(&statement, &part.parameters, &CallOptions::default(), &mut kept).await?;
        }
        Ok(kept)
    }

    /// Makes a table anew.
    pub(crate) async fn create(&mut self, table: &Table) -> Result<()> {
        self.run(&drop_table(table).if_exists()).await?;
        self.run(&create_table(table)).await?;
        Ok(())
    }

    /// Drops a table.
    pub(crate) async fn drop(&mut self, table: &Table) -> Result<()> {
        self.run(&drop_table(table)).await.map(drop)
    }

    /// Sends a statement for each set of parameters.
    pub(crate) async fn many(&mut self, sql: &str, width: usize, values: &[Value]) -> Result<Done> {
        let statement = self.statement(sql);
        let sets = ParameterSets::new(values, width, values.len() / width.max(1));
        self.connection.execute_many(&statement, sets, &CallOptions::default(), &mut |_, _| Ok(())).await
    }

    /// How many rows a table has.
    pub(crate) async fn count(&mut self, table: &str) -> Result<i64> {
        let rows = self.rows(&format!("SELECT count(*) FROM {table}"), &[]).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(Value::I64(count)) => Ok(*count),
            other => Err(Error::new(ErrorKind::Internal, format!("count(*) gave {other:?}"))),
        }
    }

    pub(crate) async fn begin(&mut self) -> Result<()> {
        self.connection.control(Control::Begin(&BeginOptions::default())).await
    }

    pub(crate) async fn control(&mut self, control: Control<'_>) -> Result<()> {
        self.connection.control(control).await
    }

    /// Ends the case unless the connection answers what it is asked now, and not what it was asked before.
    pub(crate) async fn ensure_usable(&mut self) -> Result<(), Failure> {
        ensure!(!self.connection.is_broken(), "the connection should be usable, but says that it is broken");
        for number in [7, 8] {
            let rows = self.rows(&format!("SELECT {number}"), &[]).await?;
            ensure_equal!(rows, vec![vec![Value::I64(number)]], "the connection answers another question");
        }
        Ok(())
    }

    /// Ends the case unless the connection is either usable, or broken and refuses every call as a lost one.
    pub(crate) async fn ensure_usable_or_broken(&mut self) -> Result<(), Failure> {
        if !self.connection.is_broken() {
            return self.ensure_usable().await;
        }
        let options = CallOptions::default();
        let statement = self.statement("SELECT 7");
        let sets = ParameterSets::new(&[], 0, 1);
        let connection = &mut self.connection;
        for _ in 0..2 {
            refused("fetch", connection.fetch(&statement, &[], &options, &mut Discard).await)?;
            refused(
                "execute_many",
                connection.execute_many(&statement, sets, &options, &mut |_, _| Ok(())).await,
            )?;
            refused("cursor", connection.cursor(&statement, &[], &options).await.map(drop))?;
            refused("batch", connection.batch("SELECT 7", &options).await)?;
            refused("control", connection.control(Control::Begin(&BeginOptions::default())).await)?;
            refused("ping", connection.ping().await)?;
            refused("reset", connection.reset().await)?;
            ensure!(!connection.reset_on_drop(), "a broken connection says that it was reset");
            ensure!(connection.is_broken(), "a broken connection says that it is whole again");
        }
        Ok(())
    }

    /// Says good-bye.
    pub(crate) async fn close(self) -> Result<()> {
        self.connection.close(Duration::from_secs(10)).await
    }
}

fn refused<T>(call: &str, outcome: Result<T>) -> Result<(), Failure> {
    match outcome {
        Ok(_) => Err(Failure::new(format!("{call} on a broken connection worked"))),
        Err(error) if error.is_disconnect() => Ok(()),
        Err(error) => Err(Failure::new(format!("{call} on a broken connection is no disconnect: {error:?}"))),
    }
}

/// Ends the case when the future takes longer than 30 seconds.
pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> Result<T, Failure> {
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, future)
        .await
        .map_err(|_elapsed| Failure::new(format!("{what} was not done after {limit:?}")))
}

/// A table of an integer key and a word.
pub(crate) fn words(name: &'static str) -> Table {
    Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("word", Varchar(200)))
}

/// A table of numbers.
pub(crate) fn numbers(name: &'static str) -> Table {
    Table::unregistered(name).column(Column::new("n", BigInteger).primary_key().autoincrement(false))
}

/// Whole numbers as parameters.
pub(crate) fn integers(range: std::ops::Range<i64>) -> Vec<Value> {
    range.map(Value::I64).collect()
}

/// A text as a parameter.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.into())
}
