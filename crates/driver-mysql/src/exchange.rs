//! Sending a statement, and reading or discarding its result.

use std::{borrow::Cow, ops::ControlFlow, sync::Arc};

use aludel_driver::{Done, Error, ErrorKind, Result, Sink, Statement, Value};
use mysql_async::Params;

use crate::{
    connection::MySqlConnection,
    error,
    kill::Target,
    lexer, parameter,
    prepared::Form,
    row::MySqlRow,
    shape::Shape,
    wire::{Columns, Protocol},
};

/// How many rows are read and thrown away before the server is asked to stop.
const SHORT_REST: usize = 2_000;

/// Statements that change nothing, so that they may be cancelled when nobody wants the rest of their rows.
const READING: [&str; 8] = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", "DESCRIBE", "DESC"];

/// Statements that may hold others with a `;` behind each: routines, triggers, events, and MariaDB's compound statements.
const WITH_BODIES: [&str; 10] =
    ["CREATE", "ALTER", "BEGIN", "IF", "CASE", "LOOP", "REPEAT", "WHILE", "FOR", "DECLARE"];

/// Statements that read columns of tables.
const QUERIES: [&str; 4] = ["SELECT", "WITH", "VALUES", "TABLE"];

/// Statements whose failure leaves the transaction as it was, but for the errors that undo it.
const PLAIN: [&str; 13] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN",
    "DESCRIBE", "DESC", "DO",
];

/// An answer of which no row was read yet.
pub(crate) struct Answer {
    /// The shape of its rows; none for a statement that gives no columns.
    pub(crate) shape: Option<Arc<Shape>>,
    /// The form of its rows.
    pub(crate) protocol: Protocol,
}

impl MySqlConnection {
    /// Sends a statement, and reads its answer into the sink.
    ///
    /// # Cancel safety
    /// A dropped future leaves the connection in doubt: no call gets through any more.
    pub(crate) async fn exchange(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        let answer = self.send(statement, parameters).await?;
        let sql = statement.sql();
        let Some(shape) = answer.shape else {
            self.finish(answer.protocol, sql).await?;
            return Ok(Done { rows: self.wire.affected_rows(), last_insert_id: self.wire.last_insert_id() });
        };
        if let Err(error) = sink.columns(&shape.columns) {
            self.discard(answer.protocol, sql).await?;
            return Err(error);
        }
        let (rows, flow) = self.read_rows(answer.protocol, &shape, sql, usize::MAX, sink).await?;
        match flow {
            Flow::End => self.finish(answer.protocol, sql).await?,
            Flow::Enough => self.discard(answer.protocol, sql).await?,
        }
        Ok(Done { rows, last_insert_id: self.wire.last_insert_id() })
    }

    /// Gives rows to the sink, up to a number of them. An error of the sink discards the rest.
    pub(crate) async fn read_rows(
        &mut self,
        protocol: Protocol,
        shape: &Shape,
        sql: &str,
        most: usize,
        sink: &mut dyn Sink,
    ) -> Result<(u64, Flow)> {
        let mut rows = 0;
        for _ in 0..most {
            match self.wire.next(protocol).await {
                Ok(None) => return Ok((rows, Flow::End)),
                Ok(Some(row)) => {
                    rows += 1;
                    match sink.row(&MySqlRow { row: &row, shape }) {
                        Ok(ControlFlow::Continue(())) => {}
                        Ok(ControlFlow::Break(())) => return Ok((rows, Flow::Enough)),
                        Err(error) => {
                            self.discard(protocol, sql).await?;
                            return Err(error);
                        }
                    }
                }
                Err(lower) => return Err(self.failed(lower, sql).await),
            }
        }
        Ok((rows, Flow::Enough))
    }

    /// Sends a statement; its rows are still to be read, or to be discarded.
    pub(crate) async fn send(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Answer> {
        let converted = parameter::convert(parameters, self.max_allowed_packet)?;
        self.check_size(statement.sql())?;
        self.let_go().await?;
        self.wire.enter()?;
        if lexer::may_begin_with_xa(statement.sql()) {
            self.wire.forget_transaction();
        }
        self.close_gone(statement).await?;
        let Some((prepared, last)) = self.prepare(statement, !parameters.is_empty()).await? else {
            return self.query(statement.sql()).await;
        };
        let outcome = self.execute(&prepared, converted).await?;
        if let Err(lower) = &outcome
            && error::is_stale(lower)
        {
            // Its tables have changed since it was prepared, and the server could not do this by itself.
            self.statements.remove(statement);
            self.close_gone(statement).await?;
            let Some((anew, last)) = self.prepare(statement, !parameters.is_empty()).await? else {
                return self.query(statement.sql()).await;
            };
            let converted = parameter::convert(parameters, self.max_allowed_packet)?;
            let outcome = self.execute(&anew, converted).await?;
            return self.receive(statement, last, outcome).await;
        }
        self.receive(statement, last, outcome).await
    }

    /// Closes the prepared statements that are not kept any more.
    pub(crate) async fn close_gone(&mut self, statement: &Statement) -> Result<()> {
        while let Some(gone) = self.statements.next_gone() {
            if let Err(lower) = self.wire.close(gone).await {
                return Err(self.failed(lower, statement.sql()).await);
            }
        }
        Ok(())
    }

    /// The prepared form of a statement, and the shape of its rows where that is known; none when it is sent as text.
    pub(crate) async fn prepare(
        &mut self,
        statement: &Statement,
        has_parameters: bool,
    ) -> Result<Option<(mysql_async::Statement, Option<Arc<Shape>>)>> {
        match self.statements.get(statement) {
            Some(Form::Prepared(prepared, last)) => return Ok(Some((prepared.clone(), last.clone()))),
            Some(Form::Text) if !has_parameters => return Ok(None),
            // Rows are better asked for by a prepared statement: as text, FLOAT comes with six digits only.
            None if !has_parameters
                && !statement.is_cacheable()
                && !lexer::begins_with(statement.sql(), &QUERIES) =>
            {
                return Ok(None);
            }
            Some(Form::Text) | None => {}
        }
        let sql = statement.sql();
        let Some(text) = lexer::positional(sql) else {
            if !has_parameters {
                return Ok(None);
            }
            self.wire.leave_unchanged();
            return Err(Error::new(
                ErrorKind::NotSupported,
                "the MySQL driver cannot prepare this statement: a literal in it holds `*/`, and after that comes a `:` \
                 before a letter; make the literal a parameter",
            ));
        };
        match self.wire.prepare(&text).await {
            Ok(prepared) => {
                if statement.is_cacheable() {
                    self.statements.insert(statement, Form::Prepared(prepared.clone(), None));
                } else {
                    // Closed before the next statement is sent.
                    self.statements.let_go(prepared.clone());
                }
                Ok(Some((prepared, None)))
            }
            Err(lower) if error::code(&lower) == Some(error::CANNOT_PREPARE) && !has_parameters => {
                if statement.is_cacheable() {
                    self.statements.insert(statement, Form::Text);
                }
                Ok(None)
            }
            Err(lower) => Err(self.failed(lower, sql).await),
        }
    }

    async fn execute(
        &mut self,
        prepared: &mysql_async::Statement,
        parameters: Vec<mysql_async::Value>,
    ) -> Result<mysql_async::Result<Columns>> {
        // mysql_async would close the connection over it.
        if usize::from(prepared.num_params()) != parameters.len() {
            self.wire.leave_unchanged();
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "the statement takes {} parameters, and {} were given",
                    prepared.num_params(),
                    parameters.len()
                ),
            ));
        }
        let parameters = match parameters.is_empty() {
            true => Params::Empty,
            false => Params::Positional(parameters),
        };
        Ok(self.wire.execute(prepared, parameters).await)
    }

    async fn receive(
        &mut self,
        statement: &Statement,
        last: Option<Arc<Shape>>,
        outcome: mysql_async::Result<Columns>,
    ) -> Result<Answer> {
        match outcome {
            Ok(source) => {
                let shape = source.map(|source| Shape::of(source, last.as_ref()));
                if shape.as_ref().map(Arc::as_ptr) != last.as_ref().map(Arc::as_ptr)
                    && let Some(Form::Prepared(_, last)) = self.statements.get(statement)
                {
                    last.clone_from(&shape);
                }
                Ok(Answer { shape, protocol: Protocol::Binary })
            }
            Err(lower) => Err(self.failed(lower, statement.sql()).await),
        }
    }

    /// Sends a statement as text.
    ///
    /// # Errors
    /// `Programming` for several statements: the server would execute them all, and tell of the first one.
    async fn query(&mut self, sql: &str) -> Result<Answer> {
        let mut text = Cow::Borrowed(sql);
        if sql.contains(';') && !lexer::begins_with(sql, &WITH_BODIES) {
            if lexer::holds_several(sql) {
                self.wire.leave_unchanged();
                return Err(Error::new(
                    ErrorKind::Programming,
                    "the text holds several statements; run it as a script with `batch`",
                ));
            }
            // The server takes what stands behind a `;` for a statement, also when it is a comment.
            text = Cow::Owned(lexer::without_empty_statements(sql));
        }
        match self.wire.query(&text).await {
            Ok(source) => {
                Ok(Answer { shape: source.map(|source| Shape::of(source, None)), protocol: Protocol::Text })
            }
            Err(lower) => Err(self.failed(lower, sql).await),
        }
    }

    /// Reads the end of an answer, and ends the call.
    pub(crate) async fn finish(&mut self, protocol: Protocol, sql: &str) -> Result<()> {
        match self.wire.drain(protocol).await {
            Ok(()) => {
                self.wire.leave();
                Ok(())
            }
            Err(lower) => Err(self.failed(lower, sql).await),
        }
    }

    /// Throws the rest of an answer away, and ends the call. A long rest of a statement that only reads is cancelled on the
    /// server, so that nobody waits for a million rows after the first.
    pub(crate) async fn discard(&mut self, protocol: Protocol, sql: &str) -> Result<()> {
        for _ in 0..SHORT_REST {
            match self.wire.next(protocol).await {
                Ok(Some(_)) => {}
                Ok(None) => return self.finish(protocol, sql).await,
                Err(lower) => return Err(self.failed(lower, sql).await),
            }
        }
        if !lexer::begins_with(sql, &READING) || !self.kill.kill(Target::Statement).await {
            return self.finish(protocol, sql).await;
        }
        match self.wire.drain(protocol).await {
            Ok(()) => {}
            Err(lower) if error::code(&lower) == Some(error::CANCELLED) => {}
            Err(lower) => return Err(self.failed(lower, sql).await),
        }
        // Where the statement had ended by itself, the cancellation waits for the next one: this takes it.
        self.look_after().await
    }

    /// Ends a call that failed: finds out how the transaction stands, or breaks the connection off.
    pub(crate) async fn failed(&mut self, lower: mysql_async::Error, sql: &str) -> Error {
        // Of several statements, it is not known which has failed.
        let is_known = self.wire.autocommit()
            && !sql.contains(';')
            && (error::is_before_execution(&lower)
                || (!error::may_end_transaction(&lower) && lexer::begins_with(sql, &PLAIN)));
        let error = error::of_call(lower);
        if error.is_disconnect() {
            self.wire.break_off();
        } else if is_known {
            self.wire.leave_unchanged();
        } else if let Err(lost) = self.look_after().await {
            // The first error says more.
            tracing::debug!(%lost, "the connection to MySQL was lost after an error");
        }
        error
    }

    /// Asks the server how the transaction stands, which an error does not tell, and ends the call.
    pub(crate) async fn look_after(&mut self) -> Result<()> {
        for _ in 0..2 {
            match self.wire.ping().await {
                Ok(()) => {
                    self.wire.leave();
                    return Ok(());
                }
                // A cancellation that came too late for its own statement.
                Err(lower) if error::code(&lower) == Some(error::CANCELLED) => {}
                Err(lower) => {
                    self.wire.break_off();
                    return Err(error::of_call(lower));
                }
            }
        }
        self.wire.break_off();
        Err(Error::new(ErrorKind::Operational, "the connection to MySQL does not answer").with_disconnect())
    }

    /// Sends text whose answers are only of interest when they are errors.
    pub(crate) async fn command(&mut self, sql: &str) -> Result<()> {
        self.check_size(sql)?;
        self.wire.enter()?;
        match self.wire.query(sql).await {
            Ok(_) => self.finish(Protocol::Text, sql).await,
            Err(lower) => Err(self.failed(lower, sql).await),
        }
    }

    pub(crate) fn check_size(&self, sql: &str) -> Result<()> {
        match sql.len() + 1 > self.max_allowed_packet {
            true => Err(parameter::too_large("text", sql.len(), self.max_allowed_packet)),
            false => Ok(()),
        }
    }
}

/// How reading rows ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The result is at its end.
    End,
    /// The sink has enough, or the number of rows was reached: there may be more.
    Enough,
}
