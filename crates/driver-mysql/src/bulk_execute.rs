//! One statement for many sets of parameters, in few packets: MariaDB's bulk protocol.

use aludel_driver::{CallOptions, Connection as _, Error, ErrorKind, ParameterSets, Result, Statement};
use mysql_async::{Params, Value as Parameter, prelude::Queryable as _};

use crate::{connection::MySqlConnection, parameter, wire::Protocol};

/// From so many bytes on, sets are sent without waiting for more.
const MOST_BYTES: usize = 1 << 20;

impl MySqlConnection {
    /// Executes one INSERT, UPDATE, DELETE or REPLACE for many sets of parameters, and gives the number of rows that all of
    /// them together matched or inserted. MariaDB takes them in few packets; on MySQL, which has no such protocol, they are
    /// executed one by one.
    ///
    /// Nothing else of Aludel uses it. MariaDB does not say what each set did, which the session and `execute_batch` have to
    /// know; and rows are inserted faster by INSERTs of a hundred rows each, and by far by LOAD DATA, which is what `insert`
    /// and `bulk_load` send. It wins for many UPDATEs and DELETEs: a round trip for thousands of them, instead of one each.
    ///
    /// # Errors
    /// As [`Connection::execute_many`](aludel_driver::Connection::execute_many). Outside of a transaction, some sets may be
    /// done: begin one before.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection to be closed.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(connection: &mut aludel_driver_mysql::MySqlConnection) -> aludel_driver::Result<()> {
    /// use aludel_driver::{ParameterSets, Statement, Value};
    ///
    /// let values = [Value::I64(40), Value::I64(1), Value::I64(17), Value::I64(2)];
    /// let update = Statement::new("UPDATE stock SET amount = ? WHERE id = ?");
    /// assert_eq!(connection.execute_bulk(&update, ParameterSets::new(&values, 2, 2)).await?, 2);
    /// # Ok(()) }
    /// ```
    pub async fn execute_bulk(&mut self, statement: &Statement, sets: ParameterSets<'_>) -> Result<u64> {
        if self.server().product != "MariaDB" {
            let done =
                self.execute_many(statement, sets, &CallOptions::default(), &mut |_, _| Ok(())).await?;
            return Ok(done.rows);
        }
        let mut matched = 0;
        let mut next = 0;
        while next < sets.len() {
            let (chunk, count) = self.chunk(sets, next)?;
            matched += self.execute_chunk(statement, chunk).await.map_err(|error| {
                let last = next + count;
                error.context(format_args!("one of the sets {} to {last}", next + 1))
            })?;
            next += count;
        }
        Ok(matched)
    }

    /// As many sets as go into one packet, from one on.
    fn chunk(&self, sets: ParameterSets<'_>, first: usize) -> Result<(Vec<Vec<Parameter>>, usize)> {
        let most = MOST_BYTES.min(self.max_allowed_packet / 2);
        let mut chunk = Vec::new();
        let mut bytes = 0;
        while first + chunk.len() < sets.len() && (chunk.is_empty() || bytes < most) {
            let number = first + chunk.len();
            let converted = parameter::convert(sets.get(number), self.max_allowed_packet)
                .map_err(|error| error.context(format_args!("set {} (from 1)", number + 1)))?;
            let size: usize = converted.iter().map(size_of).sum();
            if !chunk.is_empty() && bytes + size > most {
                break;
            }
            bytes += size;
            chunk.push(converted);
        }
        let count = chunk.len();
        Ok((chunk, count))
    }

    async fn execute_chunk(&mut self, statement: &Statement, chunk: Vec<Vec<Parameter>>) -> Result<u64> {
        let width = chunk.first().map_or(0, Vec::len);
        self.check_size(statement.sql())?;
        self.let_go().await?;
        self.wire.enter()?;
        self.close_gone(statement).await?;
        let Some((prepared, _)) = self.prepare(statement, true).await? else {
            self.wire.leave_unchanged();
            return Err(Error::not_supported("this statement with many sets of parameters", "MySQL"));
        };
        if usize::from(prepared.num_params()) != width || width == 0 {
            self.wire.leave_unchanged();
            let takes = prepared.num_params();
            let message = format!("the statement takes {takes} parameters, and each set has {width}");
            return Err(Error::new(ErrorKind::Argument, message));
        }
        let outcome = match self.wire.connection() {
            Ok(connection) => {
                connection.exec_batch(&prepared, chunk.into_iter().map(Params::Positional)).await
            }
            Err(lower) => Err(lower),
        };
        match outcome {
            Ok(()) => {
                self.finish(Protocol::Binary, statement.sql()).await?;
                Ok(self.wire.affected_rows())
            }
            Err(lower) => Err(self.failed(lower, statement.sql()).await),
        }
    }
}

fn size_of(parameter: &Parameter) -> usize {
    match parameter {
        Parameter::Bytes(bytes) => bytes.len() + 10,
        _ => 13,
    }
}
