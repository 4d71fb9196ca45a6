//! [`Slot`]: the versions of one object.

mod rewrite;

use std::{
    any::Any,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use aludel_driver::Result;
use aludel_sql_expression::Value;

use super::{
    Graph, LoadMode, Loader,
    nested::Version,
    versions::{Before, Numbered, Versions},
};
use crate::mapping::{Key, Mapped, Mapper};

/// Where an object stands between memory and database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// In no session, and without a row.
    Transient,
    /// In a session; the next flush inserts it.
    Pending,
    /// In a session, and in the database.
    Persistent,
    /// Its row was deleted in this transaction.
    Deleted,
    /// In no session any more.
    Detached,
}

impl State {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Transient,
            1 => Self::Pending,
            2 => Self::Persistent,
            3 => Self::Deleted,
            _ => Self::Detached,
        }
    }
}

/// The versions of one object.
///
/// Under its lock keys are read and rows are written, which is generated code over the fields; models are cloned, compared
/// and dropped outside of it.
pub(crate) struct Slot<M> {
    index: u32,
    state: AtomicU8,
    expired: AtomicBool,
    /// What the versions say of [`AnySlot::is_changed`], for those who ask often.
    changed: AtomicBool,
    /// Whether the graph keeps expressions for columns of it.
    expressions: AtomicBool,
    versions: Mutex<Versions<M>>,
}

impl<M> Slot<M> {
    pub(crate) fn new(index: u32, state: State, model: M) -> Self {
        Self {
            index,
            state: AtomicU8::new(state as u8),
            expired: AtomicBool::new(false),
            changed: AtomicBool::new(false),
            expressions: AtomicBool::new(false),
            versions: Mutex::new(Versions::new(model)),
        }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    fn versions(&self) -> MutexGuard<'_, Versions<M>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called under the lock whenever the version in the database became another one.
    fn note(&self, versions: &Versions<M>) {
        self.changed.store(versions.changed_from().is_some(), Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Arc<M> {
        self.versions().now.clone()
    }

    /// The present version, and the one in the database while that is another.
    pub(crate) fn now_and_stored(&self) -> (Arc<M>, Option<Arc<M>>) {
        let versions = self.versions();
        (versions.now.clone(), versions.changed_from().cloned())
    }

    pub(crate) fn current_state(&self) -> State {
        State::of(self.state.load(Ordering::Relaxed))
    }

    pub(crate) fn expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    pub(crate) fn has_expressions(&self) -> bool {
        self.expressions.load(Ordering::Relaxed)
    }

    fn is_pending(&self) -> bool {
        self.current_state() == State::Pending
    }

    /// The version as it stands in the database.
    fn stored_version(&self) -> Arc<M> {
        self.versions().stored().clone()
    }

    /// The version that a flush is sending.
    fn sending_version(&self) -> Arc<M> {
        self.versions().sending().clone()
    }
}

impl<M: Mapped> Slot<M> {
    /// Makes a new version the present one, and says whether it is the first since the last flush.
    ///
    /// When somebody else made one meanwhile, only what this one changed is taken over.
    pub(crate) fn install(&self, base: &Arc<M>, mut model: M) -> bool {
        loop {
            let present = self.now();
            if !Arc::ptr_eq(&present, base) {
                let mut merged = (*present).clone();
                for column in columns::<M>() {
                    if !model.column_eq(base, column) {
                        merged.copy_column(&model, column);
                    }
                }
                model = merged;
            }
            let new = Arc::new(model);
            let mut versions = self.versions();
            if let Some(old) = versions.replace(&present, &new) {
                let first = versions.keep_stored(old);
                self.note(&versions);
                return first;
            }
            drop(versions);
            // Somebody was quicker. The version was never shared, so it can be taken apart again.
            model = match Arc::try_unwrap(new) {
                Ok(model) => model,
                Err(shared) => (*shared).clone(),
            };
        }
    }

    /// Puts a version as the database has it in the place of all others.
    pub(crate) fn overwrite(&self, model: M) {
        let new = Arc::new(model);
        let old = loop {
            let present = self.now();
            let mut versions = self.versions();
            if let Some(old) = versions.replace(&present, &new) {
                let stored = versions.forget_stored();
                self.note(&versions);
                break (old, stored);
            }
        };
        self.expired.store(false, Ordering::Relaxed);
        self.expressions.store(false, Ordering::Relaxed);
        // Old versions are dropped outside the lock: a drop may run user code.
        drop(old);
    }
}

impl<M> Slot<M> {
    fn sending_and_stored(&self) -> Option<(Arc<M>, Arc<M>)> {
        let versions = self.versions();
        let stored = versions.changed_from()?.clone();
        Some((versions.sending().clone(), stored))
    }
}

fn columns<M: Mapped>() -> impl Iterator<Item = u16> {
    0..u16::try_from(M::COLUMNS).unwrap_or(u16::MAX)
}

/// A [`Slot`] without its type.
pub(crate) trait AnySlot: Any + Send + Sync {
    fn index(&self) -> u32;
    fn mapper(&self) -> &'static Mapper;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    fn state(&self) -> State;
    fn set_state(&self, state: State);
    fn is_expired(&self) -> bool;
    fn set_expired(&self, expired: bool);
    /// Says whether the graph keeps expressions for columns, and what was said before.
    fn mark_expressions(&self, expressions: bool) -> bool;

    /// The present value of a column.
    fn value(&self, column: u16) -> Value;
    /// The value of a column as it stands in the database.
    fn stored(&self, column: u16) -> Value;
    /// Whether this is the object's key, as it stands in the database.
    fn is_key(&self, key: &[Value]) -> bool;
    /// Shows the object's key, as it stands in the database.
    fn show_key(&self, look: &mut dyn FnMut(&[Value]));
    /// Whether there is a version that the database does not have, or an expression that it has to compute.
    fn is_changed(&self) -> bool;
    /// Asks the validators of the columns that are to be written.
    fn validate(&self) -> Result<()>;
    /// The columns in which the present version differs from the database.
    fn changed(&self) -> Vec<u16>;
    /// The columns in which the version that is being sent differs from the database.
    fn changed_sending(&self) -> Vec<u16>;
    /// Whether the version that is being sent differs from the database in one of these columns.
    fn differs(&self, columns: &[u16]) -> bool;
    /// Whether the version that is being sent has another key than the database.
    fn is_key_changed(&self) -> bool;
    /// Throws away what the database does not have.
    fn discard(&self);
    /// A flush begins to send the present version. Says whether the numbered key is not set in it.
    fn begin_flush(&self) -> bool;
    /// The value of a column in the version that is being sent.
    fn sending(&self, column: u16) -> Value;
    /// The same for several columns, into a row.
    fn write_sending(&self, columns: &[u16], values: &mut Vec<Value>);
    /// The values of several columns as they stand in the database, into a row.
    fn write_stored(&self, columns: &[u16], values: &mut Vec<Value>);
    /// The values of all columns that are being sent, into a row: without the key when `numbered` and it is unset, which is
    /// then true.
    fn write_insert(&self, numbered: bool, values: &mut Vec<Value>) -> bool;
    /// The columns that differ from the database, and a row of their values and of those that find the row.
    fn write_update(&self, finding: &[u16], changed: &mut Vec<u16>, values: &mut Vec<Value>);
    /// Whether the numbered key is not set in the version that is being sent.
    fn is_key_unset(&self) -> bool;
    /// Puts values that the database made into the sent version and the present one.
    fn receive(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The row is in the database, with the number that it was given in this column: the flush of it is done.
    fn number(&self, column: u16, number: i64) -> Result<()>;
    /// The flush is done: what was sent is now in the database. Later changes stay changes.
    fn end_flush(&self);
    /// The database changed columns along with another row. What was set to something else stays set.
    fn adopt(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The flush failed: everything that differed still differs.
    fn abandon_flush(&self);

    /// Takes over values that a statement wrote into the row. False when not all that the row holds now is known.
    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool;

    /// The transaction is committed. Gives the versions that nobody needs any more, to be dropped outside of all locks,
    /// because a drop may run user code.
    fn commit(&self) -> Option<Box<dyn Any + Send>>;
    /// The same object once more, with the same number and versions, for a graph that is thrown away.
    fn fork(&self) -> Arc<dyn AnySlot>;
    /// Makes a new object of the present version in another graph, without its links.
    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot>;
    /// Takes the present version in another graph for what the row holds, without its links.
    fn take_into(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot>;
    /// Takes over the columns in which another object of the same model differs. True when it is the first change since the
    /// last flush.
    fn assign(&self, from: Arc<dyn AnySlot>) -> bool;
    /// Takes the version out that a rollback goes back to: a transaction begins inside the present one.
    fn take_before(&self) -> Option<Version>;
    /// Puts it in again: that transaction is over.
    fn put_before(&self, version: Version);
    /// The transaction is rolled back: the values from before it are back.
    fn rollback(&self);
}

impl<M: Mapped> AnySlot for Slot<M> {
    fn index(&self) -> u32 {
        self.index
    }

    fn mapper(&self) -> &'static Mapper {
        M::mapper()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn state(&self) -> State {
        self.current_state()
    }

    fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }

    fn is_expired(&self) -> bool {
        self.expired()
    }

    fn set_expired(&self, expired: bool) {
        self.expired.store(expired, Ordering::Relaxed);
    }

    fn mark_expressions(&self, expressions: bool) -> bool {
        self.expressions.swap(expressions, Ordering::Relaxed)
    }

    fn value(&self, column: u16) -> Value {
        self.now().column(column)
    }

    fn stored(&self, column: u16) -> Value {
        self.stored_version().column(column)
    }

    fn is_key(&self, key: &[Value]) -> bool {
        let own = self.versions().stored().key();
        own.values().as_ref() == key
    }

    fn show_key(&self, look: &mut dyn FnMut(&[Value])) {
        let key = self.versions().stored().key();
        look(key.values().as_ref());
    }

    fn is_changed(&self) -> bool {
        self.changed.load(Ordering::Relaxed) || self.has_expressions()
    }

    fn validate(&self) -> Result<()> {
        if M::VALIDATED.is_empty() {
            return Ok(());
        }
        let (now, stored) = self.now_and_stored();
        let is_new = self.current_state() == State::Pending;
        for column in M::VALIDATED {
            let is_written = is_new || stored.as_ref().is_some_and(|stored| !now.column_eq(stored, *column));
            if is_written {
                crate::events::validate(&*now, *column)?;
            }
        }
        Ok(())
    }

    fn changed(&self) -> Vec<u16> {
        let (now, Some(stored)) = self.now_and_stored() else { return Vec::new() };
        columns::<M>().filter(|column| !now.column_eq(&stored, *column)).collect()
    }

    fn changed_sending(&self) -> Vec<u16> {
        let Some((sending, stored)) = self.sending_and_stored() else { return Vec::new() };
        columns::<M>().filter(|column| !sending.column_eq(&stored, *column)).collect()
    }

    fn differs(&self, columns: &[u16]) -> bool {
        let Some((sending, stored)) = self.sending_and_stored() else { return false };
        columns.iter().any(|column| !sending.column_eq(&stored, *column))
    }

    fn discard(&self) {
        self.go_back();
    }

    fn is_key_changed(&self) -> bool {
        let versions = self.versions();
        let (sending, Some(stored)) = (versions.sending(), versions.changed_from()) else { return false };
        M::mapper().key().iter().any(|column| !sending.column_eq(stored, *column))
    }

    fn begin_flush(&self) -> bool {
        let mut versions = self.versions();
        let old = versions.begin_flush(self.is_pending());
        let is_key_unset = versions.now.is_key_unset();
        drop(versions);
        drop(old);
        is_key_unset
    }

    fn sending(&self, column: u16) -> Value {
        self.sending_version().column(column)
    }

    fn write_sending(&self, columns: &[u16], values: &mut Vec<Value>) {
        let version = self.sending_version();
        values.extend(columns.iter().map(|column| version.column(*column)));
    }

    fn write_stored(&self, columns: &[u16], values: &mut Vec<Value>) {
        let version = self.stored_version();
        values.extend(columns.iter().map(|column| version.column(*column)));
    }

    fn write_insert(&self, numbered: bool, values: &mut Vec<Value>) -> bool {
        let versions = self.versions();
        let version = versions.sending();
        let is_unnumbered = numbered && version.is_key_unset();
        if is_unnumbered {
            version.write_unnumbered(values)
        } else {
            version.write(values)
        }
        is_unnumbered
    }

    fn write_update(&self, finding: &[u16], changed: &mut Vec<u16>, values: &mut Vec<Value>) {
        let Some((sending, stored)) = self.sending_and_stored() else { return };
        changed.extend(columns::<M>().filter(|column| !sending.column_eq(&stored, *column)));
        values.extend(changed.iter().map(|column| sending.column(*column)));
        values.extend(finding.iter().map(|column| stored.column(*column)));
    }

    fn is_key_unset(&self) -> bool {
        self.versions().sending().is_key_unset()
    }

    fn receive(&self, values: &[(u16, Value)]) -> Result<()> {
        let (sending, now) = {
            let versions = self.versions();
            (versions.sending().clone(), versions.now.clone())
        };
        let mut sent = (*sending).clone();
        for (column, value) in values {
            sent.set_column(*column, value.as_cell())?;
        }
        let sent = Arc::new(sent);
        // The version from before is what a rollback goes back to, also where the session and not the user changed it.
        let keeps = self.current_state() == State::Persistent;
        let install = |present: &Arc<M>, new: &Arc<M>| {
            let mut versions = self.versions();
            let old = versions.replace(present, new)?;
            if keeps {
                versions.keep_stored(old);
                self.note(&versions);
            }
            Some(versions.complete(sent.clone()))
        };
        if Arc::ptr_eq(&sending, &now) && install(&now, &sent).is_some() {
            return Ok(());
        }
        loop {
            let present = self.now();
            let mut model = (*present).clone();
            for (column, _) in values {
                // What the user changed meanwhile stays.
                if present.column_eq(&sending, *column) {
                    model.copy_column(&sent, *column);
                }
            }
            if install(&present, &Arc::new(model)).is_some() {
                return Ok(());
            }
        }
    }

    fn number(&self, column: u16, number: i64) -> Result<()> {
        let mut versions = self.versions();
        if let Numbered::NeedsVersion = versions.number(column, number)? {
            drop(versions);
            self.receive(&[(column, Value::I64(number))])?;
            versions = self.versions();
        }
        let old = versions.end_flush();
        self.note(&versions);
        drop(versions);
        self.set_state(State::Persistent);
        drop(old);
        Ok(())
    }

    fn end_flush(&self) {
        let mut versions = self.versions();
        let old = versions.end_flush();
        self.note(&versions);
        drop(versions);
        drop(old);
    }

    fn adopt(&self, values: &[(u16, Value)]) -> Result<()> {
        loop {
            let (now, stored, sending) = {
                let versions = self.versions();
                (versions.now.clone(), versions.changed_from().cloned(), versions.sending_beside().cloned())
            };
            let base = stored.clone().unwrap_or_else(|| now.clone());
            let mut adopted = (*base).clone();
            for (column, value) in values {
                adopted.set_column(*column, value.as_cell())?;
            }
            let adopted = Arc::new(adopted);
            let follow = |version: &Arc<M>| {
                if Arc::ptr_eq(version, &base) {
                    return adopted.clone();
                }
                let mut model = (**version).clone();
                for (column, _) in values.iter().filter(|(column, _)| version.column_eq(&base, *column)) {
                    model.copy_column(&adopted, *column);
                }
                Arc::new(model)
            };
            let next = follow(&now);
            let sent = sending.as_ref().map(follow);
            let mut versions = self.versions();
            if !Arc::ptr_eq(&versions.now, &now) {
                continue;
            }
            let old = versions.adopt(next, stored.map(|_| adopted.clone()), sent, Some(&base));
            self.note(&versions);
            drop(versions);
            drop((old, base));
            return Ok(());
        }
    }

    fn abandon_flush(&self) {
        let sent = self.versions().abandon_flush();
        drop(sent);
    }

    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool {
        self.take_over(values, unknown)
    }

    fn commit(&self) -> Option<Box<dyn Any + Send>> {
        let old = self.versions().commit()?;
        Some(old)
    }

    fn fork(&self) -> Arc<dyn AnySlot> {
        let versions = self.versions().fork();
        Arc::new(Self {
            index: self.index,
            state: AtomicU8::new(self.state.load(Ordering::Relaxed)),
            expired: AtomicBool::new(self.expired()),
            changed: AtomicBool::new(versions.changed_from().is_some()),
            expressions: AtomicBool::new(self.has_expressions()),
            versions: Mutex::new(versions),
        })
    }

    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot> {
        // The copied links point into the old graph: they become empty.
        graph.add((*self.now()).clone()).erased()
    }

    fn take_into(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot> {
        Loader::new(graph, LoadMode::Overwrite).admission().admit((*self.now()).clone(), None)
    }

    fn assign(&self, from: Arc<dyn AnySlot>) -> bool {
        let Ok(from) = from.into_any().downcast::<Self>() else { return false };
        let (base, source) = (self.now(), from.now());
        let mut model = None;
        for column in columns::<M>().filter(|column| !base.column_eq(&source, *column)) {
            model.get_or_insert_with(|| (*base).clone()).copy_column(&source, column);
        }
        model.is_some_and(|model| self.install(&base, model))
    }

    fn take_before(&self) -> Option<Version> {
        let before = self.versions().take_before();
        before.map(|before| Box::new(before) as Version)
    }

    fn put_before(&self, version: Version) {
        if let Ok(version) = version.downcast::<Before<M>>() {
            let before = self.versions().put_before(*version);
            drop(before);
        }
    }

    fn rollback(&self) {
        // What was never sent is a plain value again, as the user left it.
        self.expressions.store(false, Ordering::Relaxed);
        let mut versions = self.versions();
        let (before, old) = versions.rollback(self.is_pending());
        self.note(&versions);
        drop(versions);
        if let Some(before) = before {
            let version = before.into_version();
            let mut versions = self.versions();
            let now = std::mem::replace(&mut versions.now, version);
            // What somebody changed in between is rolled back too.
            let more = versions.rollback(true);
            self.note(&versions);
            drop(versions);
            drop((now, more));
        }
        drop(old);
    }
}
