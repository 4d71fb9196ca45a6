//! The short way of a statement: the driver does it within the call, and nobody looks on.

use std::sync::Arc;

use aludel_driver::{CallOptions, Done, Error, Result, Sink, Statement, Value};
use aludel_sql_expression::{
    CompiledCache, Dialect, Few, Rendered, StatementNode,
    compile::Shown,
    statement::{Reused, SelectNode},
};

use super::{Connection, closed};
use crate::{
    execution_options::Resolved,
    trace,
    transaction::{Flight, Phase},
};

/// How far a statement came on the short way.
pub(super) enum AtOnce {
    /// It is done.
    Done(Result<Done>),
    /// Nothing was done; what was rendered on the way need not be rendered again.
    Left(Option<Box<Rendered>>),
}

impl Connection {
    /// Compiles a statement and sends it, where that needs no waiting.
    pub(super) fn run_at_once(
        &mut self,
        node: &StatementNode,
        options: &Resolved,
        sink: &mut dyn Sink,
    ) -> AtOnce {
        // A query ends no transaction.
        let may_end_transaction = !matches!(node, StatementNode::Select(_));
        let sent = self.fetch_shown(options, sink, may_end_transaction, |cache, dialect, show| {
            match cache.show_or_render(node, dialect, options.insert_page_size, show) {
                Ok(None) => Ok(()),
                Ok(Some(rendered)) => Err(Ok(Box::new(rendered))),
                Err(error) => Err(Err(error)),
            }
        });
        match sent {
            Ok(outcome) => AtOnce::Done(outcome),
            Err(None) => AtOnce::Left(None),
            Err(Some(Ok(rendered))) => AtOnce::Left(Some(rendered)),
            Err(Some(Err(error))) => AtOnce::Done(Err(error.into())),
        }
    }

    /// Sends a reusable statement whose text is known, without building it again. None: nothing was done.
    pub(crate) async fn run_reused(
        &mut self,
        reused: &Reused<'_>,
        options: &Resolved,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        let outcome = self.run_reused_at_once(reused, options, sink);
        if outcome.is_some() {
            return outcome;
        }
        // DDL among them has more to do.
        let is_usual = matches!(reused.template, StatementNode::Select(_))
            && options.compiled_cache
            && options.schemas.is_none();
        let events = self.engine.events();
        if !is_usual || !events.before_execute.is_empty() || !events.after_execute.is_empty() {
            return None;
        }
        if let Err(error) = self.ready().await {
            return Some(Err(error));
        }
        let (mut found, mut parameters) = (None, Few::<Value, 4>::new());
        let pooled = self.pooled.as_ref()?;
        let is_shown = self.engine.shared().cache.show_reused(reused, pooled.named_dialect(), &mut |shown| {
            found = Some(Statement::with_key(shown.sql.clone(), shown.key, true));
            parameters.extend(shown.parameters.iter().cloned());
            true
        });
        // Rendered as any other it says what is wrong.
        let statement = found.filter(|_| is_shown.is_ok())?;
        Some(self.fetch_ready(&statement, &parameters, sink, &options.call).await)
    }

    /// Sends a reusable statement, where that needs no waiting. None: nothing was done.
    fn run_reused_at_once(
        &mut self,
        reused: &Reused<'_>,
        options: &Resolved,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        // Where it cannot be shown it is rendered as any other, which says what is wrong.
        let may_end_transaction = !matches!(reused.template, StatementNode::Select(_));
        self.show_at_once(options, sink, may_end_transaction, |cache, dialect, show| {
            cache.show_reused(reused, dialect, show).is_ok_and(|is_shown| is_shown)
        })
    }

    /// Sends a select that this thread sent before, where that needs no waiting. None: nothing was done.
    #[inline]
    pub(crate) fn run_select_at_once(
        &mut self,
        select: &SelectNode,
        options: &Resolved,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        self.show_at_once(options, sink, false, |cache, dialect, show| {
            cache.show_known(select, dialect, show)
        })
    }

    /// Sends what a cache finds, where that needs no waiting.
    #[inline]
    fn show_at_once(
        &mut self,
        options: &Resolved,
        sink: &mut dyn Sink,
        may_end_transaction: bool,
        find: impl FnOnce(&CompiledCache, &Arc<dyn Dialect>, &mut dyn FnMut(Shown<'_>) -> bool) -> bool,
    ) -> Option<Result<Done>> {
        let events = self.engine.events();
        let is_watched = !events.before_execute.is_empty() || !events.after_execute.is_empty();
        if is_watched {
            return None;
        }
        let sent = self.fetch_shown(options, sink, may_end_transaction, |cache, dialect, show| {
            if find(cache, dialect, show) { Ok(()) } else { Err(()) }
        });
        sent.ok()
    }

    /// Sends the statement that is found in a cache, where that needs no waiting: the function shows it, or gives what it has
    /// in its stead. None: nothing was looked for.
    #[inline]
    fn fetch_shown<L>(
        &mut self,
        options: &Resolved,
        sink: &mut dyn Sink,
        may_end_transaction: bool,
        find: impl FnOnce(&CompiledCache, &Arc<dyn Dialect>, &mut dyn FnMut(Shown<'_>) -> bool) -> Result<(), L>,
    ) -> Result<Result<Done>, Option<L>> {
        if !options.compiled_cache || options.schemas.is_some() || !self.may_fetch_at_once() {
            return Err(None);
        }
        let Self { pooled: Some(pooled), engine, status, last_statement, .. } = self else {
            return Err(None);
        };
        let (dialect, connection) = pooled.dialect_and_connection();
        let (mut done, mut failed) = (None, None);
        // Still set where the sink panics.
        status.flight = Flight::Statement;
        let shown = find(&engine.shared().cache, dialect, &mut |shown| {
            let statement = same_or_new(last_statement, shown.sql, shown.key);
            match connection.fetch_at_once(statement, shown.parameters, &options.call, sink) {
                Some(Ok(statement_done)) => done = Some(statement_done),
                Some(Err(error)) => failed = Some((error, statement.clone(), shown.parameters.to_vec())),
                None => return false,
            }
            true
        });
        status.flight = Flight::None;
        shown.map_err(Some)?;
        Ok(match failed {
            None if may_end_transaction => Ok(self.told_of(done.unwrap_or_default())),
            None => Ok(done.unwrap_or_default()),
            Some((error, statement, parameters)) => Err(self.taken_in(error, &statement, &parameters)),
        })
    }

    /// Sends a compiled statement, where that needs no waiting. None: nothing was done.
    pub(super) fn fetch_at_once(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Option<Result<Done>> {
        if !self.may_fetch_at_once() {
            return None;
        }
        self.status.flight = Flight::Statement;
        let outcome = self.pooled.as_mut()?.fetch_at_once(statement, parameters, options, sink);
        self.status.flight = Flight::None;
        Some(match outcome? {
            Ok(done) => Ok(self.told_of(done)),
            Err(error) => Err(self.taken_in(error, statement, parameters)),
        })
    }

    /// Sends a compiled statement where nothing has to go before it and nobody looks on, and waits for its answer.
    ///
    /// The mark stays where the future is dropped, as with all that is sent.
    pub(super) async fn fetch_plainly(
        &mut self,
        statement: &Statement,
        parameters: &[Value],
        options: &CallOptions,
        sink: &mut dyn Sink,
    ) -> Result<Done> {
        self.status.flight = Flight::Statement;
        let outcome = match self.pooled.as_mut() {
            Some(connection) => connection.fetch(statement, parameters, options, sink).await,
            None => Err(closed()),
        };
        self.status.flight = Flight::None;
        match outcome {
            Ok(done) => Ok(self.told_of(done)),
            Err(error) => Err(self.taken_in(error, statement, parameters)),
        }
    }

    fn told_of(&mut self, done: Done) -> Done {
        self.follow_the_server();
        done
    }

    #[cold]
    fn taken_in(&mut self, error: Error, statement: &Statement, parameters: &[Value]) -> Error {
        let error = self.complete_error(error, Some(statement.sql()), parameters);
        self.absorb(&error);
        error
    }

    /// Whether the driver does statements within a call, nothing has to go before one, and nobody looks on.
    fn may_fetch_at_once(&self) -> bool {
        let Some(pooled) = &self.pooled else { return false };
        let connection = &**pooled;
        connection.fetches_at_once() && self.is_settled() && !connection.is_broken() && !self.is_watched()
    }

    /// Whether nothing has to go before a statement on a connection that is there, and nobody looks on.
    pub(super) fn may_fetch_plainly(&self) -> bool {
        self.is_settled() && !self.is_watched()
    }

    /// Whether nothing has to go before a statement.
    fn is_settled(&self) -> bool {
        self.status.flight == Flight::None
            && self.status.stream_error.is_none()
            && self.status.is_settled()
            && (self.autocommit || matches!(self.status.phase, Phase::Active))
    }

    /// Whether somebody wants to know of each statement.
    fn is_watched(&self) -> bool {
        let (shared, events) = (self.engine.shared(), self.engine.events());
        self.engine.echo().is_some()
            || shared.slow_statement.is_some()
            || shared.idle_in_transaction.is_some()
            || !events.before_cursor_execute.is_empty()
            || !events.after_cursor_execute.is_empty()
            || trace::is_recording()
    }
}

/// The statement that was sent last where it is the same, so that its text need not be counted once more.
fn same_or_new<'l>(last: &'l mut Option<Statement>, sql: &Arc<str>, key: u64) -> &'l Statement {
    if last.as_ref().is_some_and(|last| Arc::ptr_eq(last.sql(), sql)) {
        // Looked at twice, because the borrow checker does not see that the first look is over.
        if let Some(last) = last {
            return last;
        }
    }
    last.insert(Statement::with_key(sql.clone(), key, true))
}
