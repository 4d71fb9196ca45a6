//! What a session tells its listeners, and what it refuses while they run.

use std::ops::{Deref, DerefMut};

use aludel_driver::{Error, ErrorKind, Result};

use super::Session;
use crate::events::{
    AfterBeginArguments, AfterFlushArguments, BulkArguments, DoOrmExecuteArguments, Events, Flushed,
    OrmExecuteKind, SessionArguments, TransactionArguments, TransactionOrigin,
};

/// What a session is in the midst of, while its listeners run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing that forbids anything.
    #[default]
    Open,
    /// A flush: there is no other inside it.
    Flushing,
    /// A commit that is not begun yet: it flushes, and does not commit again.
    Committing,
    /// The transaction is committed.
    Committed,
    /// The transaction is rolled back.
    RolledBack,
}

/// A session in a phase; dropped, also half-way through a listener, it is in the one from before.
struct InPhase<'s> {
    session: &'s mut Session,
    before: Phase,
}

impl<'s> InPhase<'s> {
    fn begin(session: &'s mut Session, phase: Phase) -> Self {
        let before = std::mem::replace(&mut session.phase, phase);
        Self { session, before }
    }
}

impl Deref for InPhase<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for InPhase<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}

impl Drop for InPhase<'_> {
    fn drop(&mut self) {
        self.session.phase = self.before;
    }
}

macro_rules! session_events {
    ($($fire:ident: $event:ident in $phase:ident;)*) => {$(
        pub(super) async fn $fire(&mut self, origin: TransactionOrigin) -> Result<()> {
            if !self.audience.any(|events| !events.$event.is_empty()) {
                return Ok(());
            }
            let mut session = InPhase::begin(self, Phase::$phase);
            for events in session.audience.interested(|events| !events.$event.is_empty()) {
                events.$event.fire(&mut SessionArguments { session: &mut session, origin }).await?;
            }
            Ok(())
        }
    )*};
}

impl Session {
    /// The listeners of this session alone. They are told after those of its maker.
    ///
    /// # Examples
    /// `session.events().after_commit.listen_sync(|_| Ok(println!("done")));`
    pub fn events(&self) -> &Events {
        self.audience.own()
    }

    session_events! {
        fire_before_commit: before_commit in Committing;
        fire_after_commit: after_commit in Committed;
        fire_after_rollback: after_rollback in RolledBack;
        fire_before_flush: before_flush in Flushing;
        fire_after_flush_postexec: after_flush_postexec in Flushing;
    }

    pub(super) async fn fire_after_flush(&mut self, flushed: &Flushed) -> Result<()> {
        let mut session = InPhase::begin(self, Phase::Flushing);
        for events in session.audience.interested(|events| !events.after_flush.is_empty()) {
            events.after_flush.fire(&mut AfterFlushArguments { session: &mut session, flushed }).await?;
        }
        Ok(())
    }

    pub(super) async fn fire_after_soft_rollback(&mut self, origin: TransactionOrigin) -> Result<()> {
        if !self.audience.any(|events| !events.after_soft_rollback.is_empty()) {
            return Ok(());
        }
        for events in self.audience.interested(|events| !events.after_soft_rollback.is_empty()) {
            events.after_soft_rollback.fire(&mut SessionArguments { session: self, origin }).await?;
        }
        Ok(())
    }

    /// A statement of the session is about to be sent.
    pub(crate) async fn fire_do_orm_execute(
        &mut self,
        statement: &mut aludel_sql_expression::StatementNode,
        options: &mut aludel_sql_expression::StatementOptions,
        kind: OrmExecuteKind,
    ) -> Result<()> {
        for events in self.audience.interested(|events| !events.do_orm_execute.is_empty()) {
            let arguments = &mut DoOrmExecuteArguments { session: self, kind, statement, options };
            events.do_orm_execute.fire(arguments).await?;
        }
        Ok(())
    }

    pub(crate) fn listens_to_execute(&self) -> bool {
        self.audience.any(|events| !events.do_orm_execute.is_empty())
    }

    /// A statement has changed many rows.
    pub(crate) async fn fire_after_bulk(
        &mut self,
        statement: &aludel_sql_expression::StatementNode,
        rows: u64,
    ) -> Result<()> {
        use aludel_sql_expression::StatementNode::{Delete, Update};
        let events = self.audience.interested(|events| match statement {
            Update(_) => !events.after_bulk_update.is_empty(),
            Delete(_) => !events.after_bulk_delete.is_empty(),
            _ => false,
        });
        for events in events {
            let arguments = &mut BulkArguments { session: self, statement, rows };
            match statement {
                Update(_) => events.after_bulk_update.fire(arguments).await?,
                _ => events.after_bulk_delete.fire(arguments).await?,
            }
        }
        Ok(())
    }

    /// The session is asked to do something: its transaction begins, if none is under way.
    pub(crate) fn announce(&mut self) {
        if self.created.is_none() {
            let origin = self.origin();
            self.created = Some(origin);
            self.tell_created(origin);
        }
    }

    /// How the transaction came to be.
    pub(super) fn origin(&self) -> TransactionOrigin {
        let said =
            if self.writes || self.begun { TransactionOrigin::Begin } else { TransactionOrigin::Autobegin };
        self.created.unwrap_or(said)
    }

    /// The connection of a transaction that begins is shown to the listeners. It is the session's only after they have
    /// done with it: what they set holds for every statement.
    pub(super) async fn tell_begun(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.has_begun, true)
            || !self.audience.any(|events| !events.after_begin.is_empty())
        {
            return Ok(());
        }
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        self.has_begun = false;
        for events in self.audience.interested(|events| !events.after_begin.is_empty()) {
            events.after_begin.fire(&mut AfterBeginArguments { connection: &mut connection }).await?;
        }
        (self.connection, self.has_begun) = (Some(connection), true);
        Ok(())
    }

    pub(super) fn tell_created(&self, origin: TransactionOrigin) {
        for events in self.audience.each() {
            if !events.after_transaction_create.is_empty() {
                let arguments = &mut TransactionArguments { session: self, origin };
                let Ok(()) = events.after_transaction_create.fire(arguments);
            }
        }
    }

    pub(super) fn tell_ended(&self, origin: TransactionOrigin) {
        for events in self.audience.each() {
            if !events.after_transaction_end.is_empty() {
                let arguments = &mut TransactionArguments { session: self, origin };
                let Ok(()) = events.after_transaction_end.fire(arguments);
            }
        }
    }

    /// The outermost transaction is over; gives how it came to be, if there was one.
    pub(super) fn end(&mut self) -> Option<TransactionOrigin> {
        self.has_begun = false;
        let origin = self.created.take()?;
        self.tell_ended(origin);
        Some(origin)
    }

    /// A flush, commit and the like are refused where they would run inside another.
    pub(super) fn check_phase(&self, call: &str) -> Result<()> {
        let message = match self.phase {
            Phase::Open => return Ok(()),
            Phase::Flushing => format!(
                "the session is already flushing, so that `{call}` cannot be done in a listener of the flush; what is added \
                 and changed in `before_flush` is written by the flush itself"
            ),
            Phase::Committing if call == "flush" => return Ok(()),
            Phase::Committing => {
                format!("`{call}` cannot be done in a listener of `before_commit`: the commit is under way")
            }
            Phase::Committed | Phase::RolledBack => self.between(call),
        };
        Err(Error::new(ErrorKind::InvalidRequest, message))
    }

    /// Nothing is sent between a transaction and the next.
    pub(super) fn check_between(&self) -> Result<()> {
        match self.phase {
            Phase::Open | Phase::Flushing | Phase::Committing => Ok(()),
            Phase::Committed | Phase::RolledBack => {
                Err(Error::new(ErrorKind::InvalidRequest, self.between("a statement")))
            }
        }
    }

    fn between(&self, call: &str) -> String {
        let (over, event) = match self.phase {
            Phase::Committed => ("committed", "after_commit"),
            _ => ("rolled back", "after_rollback"),
        };
        format!(
            "the transaction is {over}, and no other is begun inside a listener of `{event}`, so that {call} is refused; do it \
             after the call that ended the transaction, or in a session of its own"
        )
    }
}
