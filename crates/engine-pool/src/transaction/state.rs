//! [`TransactionStatus`]: what a connection knows of its transaction.

use std::{sync::Arc, time::Instant};

use aludel_driver::{BeginOptions, Error, ErrorKind, Result};
use smallvec::SmallVec;

/// What a connection knows of its transaction. It does no I/O: it says what has to be sent before a statement, and is told
/// what was done.
#[derive(Debug, Default)]
pub(crate) struct TransactionStatus {
    pub(crate) phase: Phase,
    /// How BEGIN is (or was) sent.
    pub(crate) options: BeginOptions,
    /// Whether `begin` was called, rather than the first statement sent; then BEGIN is tried again after it failed.
    pub(crate) is_explicit: bool,
    /// Whether a guard holds the transaction: ending it otherwise ends the block, too.
    pub(crate) is_guarded: bool,
    /// Whether a transaction was left without a word, and ROLLBACK must go out before anything else.
    pub(crate) rollback_due: bool,
    /// What was under way when control last left; still set where a future was dropped.
    pub(crate) flight: Flight,
    /// An error that a stream met, and could not see to itself.
    pub(crate) stream_error: Option<Error>,
    /// The name of a two-phase transaction.
    pub(crate) twophase: Option<Arc<str>>,
    /// When a statement of the transaction last ended, where somebody wants to know.
    pub(crate) idle_since: Option<Instant>,
    savepoints: Vec<SavepointEntry>,
    /// Savepoints that were left, and must be rolled back before anything else is sent.
    leaving: Vec<u32>,
    next_savepoint: u32,
}

/// Where a transaction stands.
#[derive(Clone, Debug, Default)]
pub(crate) enum Phase {
    /// There is none.
    #[default]
    None,
    /// It was begun, but BEGIN was not sent: it rides with the first statement.
    Pending,
    /// BEGIN was sent.
    Active,
    /// It was prepared, and belongs to the server: only its second phase is left.
    Prepared,
    /// It failed, and must be rolled back.
    Failed(Failure),
    /// It ended inside the block that holds it.
    Ended,
}

/// Why a transaction must be rolled back.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// A statement failed.
    Statement(Arc<str>),
    /// COMMIT failed.
    Commit(Arc<str>),
    /// RELEASE SAVEPOINT failed.
    Release(Arc<str>),
    /// The first phase of a two-phase commit failed.
    Prepare(Arc<str>),
    /// The server ended the transaction because of an error.
    EndedByServer(Arc<str>),
    /// A savepoint was left after its transaction had been ended by the database.
    SavepointGone,
    /// The connection is lost.
    Disconnected,
    /// A call was dropped half-way.
    Dropped,
    /// COMMIT was dropped half-way, and nobody was told yet.
    CommitDropped,
}

/// What is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Flight {
    /// Nothing.
    #[default]
    None,
    /// Statements.
    Statement,
    /// COMMIT, alone or behind statements.
    Commit,
    /// ROLLBACK.
    Rollback,
    /// One of the phases of a two-phase commit.
    Twophase,
}

#[derive(Debug)]
struct SavepointEntry {
    number: u32,
    is_sent: bool,
}

/// What must be sent before the next statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrefixStep {
    /// ROLLBACK of a transaction that was left.
    Rollback,
    /// BEGIN.
    Begin,
    /// ROLLBACK TO a savepoint that was left.
    RollbackTo(String),
    /// RELEASE of the same.
    ReleaseLeft(u32, String),
    /// SAVEPOINT.
    Savepoint(u32, String),
}

impl TransactionStatus {
    /// Whether statements would run inside a transaction, or one has to be rolled back.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Pending | Phase::Active | Phase::Prepared | Phase::Failed(_))
    }

    /// Begins: nothing is sent yet.
    pub(crate) fn begin(&mut self, options: BeginOptions, is_explicit: bool) {
        self.phase = Phase::Pending;
        self.options = options;
        self.is_explicit = is_explicit;
        self.savepoints.clear();
        self.leaving.clear();
        self.next_savepoint = 0;
        self.twophase = None;
        self.idle_since = None;
    }

    /// The transaction is over.
    pub(crate) fn end(&mut self) {
        self.phase = if self.is_guarded { Phase::Ended } else { Phase::None };
        self.savepoints.clear();
        self.leaving.clear();
    }

    /// The server ended the transaction without an error, as MySQL does for DDL; the rest goes into a new one.
    pub(crate) fn begin_anew(&mut self) {
        self.phase = Phase::Pending;
        self.savepoints.clear();
        self.leaving.clear();
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.phase = Phase::Failed(failure);
    }

    /// The transaction is left without a word.
    pub(crate) fn leave(&mut self) {
        self.rollback_due |= matches!(self.phase, Phase::Active | Phase::Failed(_));
        if matches!(self.phase, Phase::Prepared) {
            tracing::warn!(
                target: "aludel::transaction",
                name = self.twophase.as_deref(),
                "a prepared transaction was left: it stays on the server, with its locks, until it is committed or rolled \
                 back by its name",
            );
        }
        self.is_guarded = false;
        self.end();
    }

    /// Refuses to use a transaction that failed or ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        let message = match &self.phase {
            Phase::None | Phase::Pending | Phase::Active => return Ok(()),
            Phase::Prepared => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "the transaction is prepared: it can only be committed or rolled back",
                ));
            }
            Phase::Ended => {
                return Err(Error::new(
                    ErrorKind::InvalidRequest,
                    "the transaction of this block was ended inside the block; leave the block before sending more",
                ));
            }
            Phase::Failed(Failure::CommitDropped) => {
                self.phase = Phase::Failed(Failure::Dropped);
                return Err(commit_dropped());
            }
            Phase::Failed(failure) => failure.describe(),
        };
        Err(Error::new(ErrorKind::PendingRollback, message))
    }

    /// Puts a savepoint on the stack; it is sent with the next statement.
    pub(crate) fn add_savepoint(&mut self) -> u32 {
        self.next_savepoint += 1;
        self.savepoints.push(SavepointEntry { number: self.next_savepoint, is_sent: false });
        self.next_savepoint
    }

    pub(crate) fn has_savepoint(&self, number: u32) -> bool {
        self.savepoints.iter().any(|savepoint| savepoint.number == number)
    }

    pub(crate) fn is_savepoint_sent(&self, number: u32) -> bool {
        self.savepoints.iter().any(|savepoint| savepoint.number == number && savepoint.is_sent)
    }

    /// Takes a savepoint, and those inside it, off the stack; true when the server knows it.
    pub(crate) fn remove_savepoint(&mut self, number: u32) -> bool {
        let Some(position) = self.savepoints.iter().position(|savepoint| savepoint.number == number) else {
            return false;
        };
        let is_sent = self.savepoints[position].is_sent;
        self.savepoints.truncate(position);
        // What happens to the outer one happens to those inside it.
        self.leaving.retain(|inner| *inner < number);
        is_sent
    }

    /// A savepoint is left without having been committed: it is rolled back before anything else is sent, which heals a
    /// failed statement.
    pub(crate) fn leave_savepoint(&mut self, number: u32) {
        if self.remove_savepoint(number) {
            self.leaving.push(number);
            if let Phase::Failed(Failure::Statement(_) | Failure::Release(_)) = self.phase {
                self.phase = Phase::Active;
            }
        }
    }

    /// Whether nothing has to be sent before a statement.
    pub(crate) fn is_settled(&self) -> bool {
        matches!(self.phase, Phase::None | Phase::Active)
            && !self.rollback_due
            && self.leaving.is_empty()
            && self.savepoints.last().is_none_or(|savepoint| savepoint.is_sent)
    }

    /// What has to be sent before a statement.
    pub(crate) fn prefix(&self, with_savepoints: bool) -> SmallVec<[PrefixStep; 2]> {
        let mut steps = SmallVec::new();
        if self.rollback_due {
            steps.push(PrefixStep::Rollback);
        }
        if matches!(self.phase, Phase::Pending) {
            steps.push(PrefixStep::Begin);
        }
        for number in &self.leaving {
            steps.push(PrefixStep::RollbackTo(savepoint_name(*number)));
            steps.push(PrefixStep::ReleaseLeft(*number, savepoint_name(*number)));
        }
        let unsent = self.savepoints.iter().filter(|savepoint| with_savepoints && !savepoint.is_sent);
        steps.extend(
            unsent.map(|savepoint| PrefixStep::Savepoint(savepoint.number, savepoint_name(savepoint.number))),
        );
        steps
    }

    /// Told what of the prefix was done.
    pub(crate) fn done(&mut self, step: &PrefixStep) {
        match step {
            PrefixStep::Rollback => self.rollback_due = false,
            PrefixStep::Begin => self.phase = Phase::Active,
            PrefixStep::RollbackTo(_) => {}
            PrefixStep::ReleaseLeft(number, _) => self.leaving.retain(|left| left != number),
            PrefixStep::Savepoint(number, _) => {
                for savepoint in &mut self.savepoints {
                    savepoint.is_sent |= savepoint.number == *number;
                }
            }
        }
    }
}

/// The name of a savepoint on the server.
pub(crate) fn savepoint_name(number: u32) -> String {
    format!("aludel_savepoint_{number}")
}

fn commit_dropped() -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        "a COMMIT, or the PREPARE before it, was dropped before its answer came: it may be done or not; look before doing it \
         again",
    )
}

impl Failure {
    fn describe(&self) -> String {
        match self {
            Self::Statement(error) => {
                format!("an earlier statement of the transaction failed, call `rollback()` first: {error}")
            }
            Self::Commit(error) => format!("COMMIT failed, call `rollback()` first: {error}"),
            Self::Prepare(error) => format!("preparing the transaction failed, call `rollback()` first: {error}"),
            Self::Release(error) => format!("RELEASE SAVEPOINT failed, call `rollback()` first: {error}"),
            Self::EndedByServer(error) => {
                format!("the database rolled the transaction back, call `rollback()` first: {error}")
            }
            Self::SavepointGone => {
                "a savepoint was left whose transaction had been ended before (MySQL commits at DDL), so that what was done \
                 since cannot be undone alone; call `rollback()` first"
                    .to_owned()
            }
            Self::Disconnected => {
                "the connection was lost inside a transaction; call `rollback()`, then it can connect again".to_owned()
            }
            Self::Dropped | Self::CommitDropped => {
                "a call inside the transaction was dropped before it was done; call `rollback()` first".to_owned()
            }
        }
    }
}
