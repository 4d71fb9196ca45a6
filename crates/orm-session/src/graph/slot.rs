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

use super::{Graph, nested::Version};
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
pub(crate) struct Slot<M> {
    index: u32,
    state: AtomicU8,
    expired: AtomicBool,
    versions: Mutex<Versions<M>>,
}

struct Versions<M> {
    /// The present version.
    now: Arc<M>,
    /// The version as it stands in the database, while the present one differs.
    stored: Option<Arc<M>>,
    /// The version that a flush is sending.
    sending: Option<Arc<M>>,
    /// The version from before the transaction, once a flush wrote another.
    before: Option<Arc<M>>,
}

impl<M> Slot<M> {
    pub(crate) fn new(index: u32, state: State, model: M) -> Self {
        let versions = Versions { now: Arc::new(model), stored: None, sending: None, before: None };
        Self {
            index,
            state: AtomicU8::new(state as u8),
            expired: AtomicBool::new(false),
            versions: Mutex::new(versions),
        }
    }

    pub(crate) fn index(&self) -> u32 {
        self.index
    }

    fn versions(&self) -> MutexGuard<'_, Versions<M>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Arc<M> {
        self.versions().now.clone()
    }

    /// The present version, and the one in the database while that is another.
    pub(crate) fn now_and_stored(&self) -> (Arc<M>, Option<Arc<M>>) {
        let versions = self.versions();
        (versions.now.clone(), versions.stored.clone())
    }

    pub(crate) fn current_state(&self) -> State {
        State::of(self.state.load(Ordering::Relaxed))
    }

    pub(crate) fn expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
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
            if Arc::ptr_eq(&versions.now, &present) {
                let old = std::mem::replace(&mut versions.now, new);
                let first = versions.stored.is_none();
                if first {
                    versions.stored = Some(old);
                }
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
        let mut versions = self.versions();
        let now = std::mem::replace(&mut versions.now, Arc::new(model));
        let stored = versions.stored.take();
        drop(versions);
        self.expired.store(false, Ordering::Relaxed);
        // Old versions are dropped outside the lock: a drop may run user code.
        drop((now, stored));
    }
}

impl<M> Slot<M> {
    fn sending_and_stored(&self) -> Option<(Arc<M>, Arc<M>)> {
        let versions = self.versions();
        let stored = versions.stored.clone()?;
        Some((versions.sending.as_ref().unwrap_or(&versions.now).clone(), stored))
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

    /// The present value of a column.
    fn value(&self, column: u16) -> Value;
    /// The value of a column as it stands in the database.
    fn stored(&self, column: u16) -> Value;
    /// Whether this is the object's key, as it stands in the database.
    fn is_key(&self, key: &[Value]) -> bool;
    /// Whether there is a version that the database does not have.
    fn is_changed(&self) -> bool;
    /// The columns in which the present version differs from the database.
    fn changed(&self) -> Vec<u16>;
    /// The columns in which the version that is being sent differs from the database.
    fn changed_sending(&self) -> Vec<u16>;
    /// Whether the version that is being sent differs from the database in one of these columns.
    fn differs(&self, columns: &[u16]) -> bool;
    /// A flush begins to send the present version.
    fn begin_flush(&self);
    /// The value of a column in the version that is being sent.
    fn sending(&self, column: u16) -> Value;
    /// Puts values that the database made into the sent version and the present one.
    fn receive(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The flush is done: what was sent is now in the database. Later changes stay changes.
    fn end_flush(&self);
    /// The database changed columns along with another row. What was set to something else stays set.
    fn adopt(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The flush failed: everything that differed still differs.
    fn abandon_flush(&self);

    /// Takes over values that a statement wrote into the row. False when not all that the row holds now is known.
    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool;

    /// The transaction is committed.
    fn commit(&self);
    /// Makes a new object of the present version in another graph, without its links.
    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot>;
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

    fn value(&self, column: u16) -> Value {
        self.now().column(column)
    }

    fn stored(&self, column: u16) -> Value {
        let versions = self.versions();
        let version = versions.stored.as_ref().unwrap_or(&versions.now).clone();
        drop(versions);
        version.column(column)
    }

    fn is_key(&self, key: &[Value]) -> bool {
        let versions = self.versions();
        let version = versions.stored.as_ref().unwrap_or(&versions.now).clone();
        drop(versions);
        version.key().values().as_ref() == key
    }

    fn is_changed(&self) -> bool {
        self.versions().stored.is_some()
    }

    fn changed(&self) -> Vec<u16> {
        let versions = self.versions();
        let (now, Some(stored)) = (versions.now.clone(), versions.stored.clone()) else { return Vec::new() };
        drop(versions);
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

    fn begin_flush(&self) {
        let pending = self.current_state() == State::Pending;
        let mut versions = self.versions();
        versions.sending = Some(versions.now.clone());
        if pending && versions.before.is_none() {
            // A rollback takes the generated key away again.
            versions.before = Some(versions.now.clone());
        }
    }

    fn sending(&self, column: u16) -> Value {
        let versions = self.versions();
        let version = versions.sending.as_ref().unwrap_or(&versions.now).clone();
        drop(versions);
        version.column(column)
    }

    fn receive(&self, values: &[(u16, Value)]) -> Result<()> {
        let (sending, now) = {
            let versions = self.versions();
            (versions.sending.clone().unwrap_or_else(|| versions.now.clone()), versions.now.clone())
        };
        let mut sent = (*sending).clone();
        for (column, value) in values {
            sent.set_column(*column, value.as_cell())?;
        }
        let sent = Arc::new(sent);
        // The version from before is what a rollback goes back to, also where the session and not the user changed it.
        let keeps = self.current_state() == State::Persistent;
        let install = |versions: &mut Versions<M>, new: Arc<M>| {
            let old = std::mem::replace(&mut versions.now, new);
            versions.sending = Some(sent.clone());
            if keeps && versions.stored.is_none() {
                versions.stored = Some(old);
            }
        };
        if Arc::ptr_eq(&sending, &now) {
            let mut versions = self.versions();
            if Arc::ptr_eq(&versions.now, &now) {
                install(&mut versions, sent.clone());
                return Ok(());
            }
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
            let mut versions = self.versions();
            if Arc::ptr_eq(&versions.now, &present) {
                install(&mut versions, Arc::new(model));
                return Ok(());
            }
        }
    }

    fn end_flush(&self) {
        let mut versions = self.versions();
        let Some(sent) = versions.sending.take() else { return };
        let stored = versions.stored.take();
        let old = if versions.before.is_none() {
            versions.before = stored;
            None
        } else {
            stored
        };
        if !Arc::ptr_eq(&versions.now, &sent) {
            versions.stored = Some(sent);
        }
        drop(versions);
        drop(old);
    }

    fn adopt(&self, values: &[(u16, Value)]) -> Result<()> {
        loop {
            let (now, stored, sending) = {
                let versions = self.versions();
                (versions.now.clone(), versions.stored.clone(), versions.sending.clone())
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
            let sent = sending.map(|sending| match Arc::ptr_eq(&sending, &now) {
                true => next.clone(),
                false => follow(&sending),
            });
            let mut versions = self.versions();
            if !Arc::ptr_eq(&versions.now, &now) {
                continue;
            }
            versions.stored = stored.map(|_| adopted.clone());
            versions.sending = sent;
            let old = std::mem::replace(&mut versions.now, next);
            let before = versions.before.get_or_insert_with(|| base.clone()).clone();
            drop(versions);
            drop((old, before));
            return Ok(());
        }
    }

    fn abandon_flush(&self) {
        let sent = self.versions().sending.take();
        drop(sent);
    }

    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool {
        self.take_over(values, unknown)
    }

    fn commit(&self) {
        let before = self.versions().before.take();
        drop(before);
    }

    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot> {
        // The copied links point into the old graph: they become empty.
        graph.add((*self.now()).clone()).erased()
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
        let before = self.versions().before.take();
        before.map(|before| Box::new(before) as Version)
    }

    fn put_before(&self, version: Version) {
        if let Ok(version) = version.downcast::<Arc<M>>() {
            let before = self.versions().before.replace(*version);
            drop(before);
        }
    }

    fn rollback(&self) {
        // What was never sent is a plain value again, as the user left it.
        let pending = self.current_state() == State::Pending;
        let mut versions = self.versions();
        let stored = versions.stored.take();
        let sending = versions.sending.take();
        let old = match versions.before.take().or_else(|| stored.clone().filter(|_| !pending)) {
            Some(version) => Some(std::mem::replace(&mut versions.now, version)),
            None => None,
        };
        drop(versions);
        drop((old, stored, sending));
    }
}
