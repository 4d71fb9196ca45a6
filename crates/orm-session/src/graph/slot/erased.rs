//! A [`Slot`] as an [`AnySlot`].

use std::{
    any::Any,
    sync::{Arc, atomic::Ordering},
};

use aludel_driver::Result;
use aludel_sql_expression::Value;

use super::{EXPIRED, EXPRESSIONS, Slot, columns};
use crate::{
    graph::{
        AnySlot, Graph, LoadMode, Loader, State,
        nested::AnyVersion,
        versions::{Before, Standing, Versions},
    },
    mapping::{Key, Mapped, Mapper},
};

impl<M: Mapped> AnySlot for Slot<M> {
    fn index(&self) -> u32 {
        self.place.number
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
        self.place.flags.state.store(state as u8, Ordering::Relaxed);
    }

    fn is_expired(&self) -> bool {
        self.expired()
    }

    fn set_expired(&self, expired: bool) {
        self.place.flags.put(EXPIRED, expired);
    }

    fn mark_expressions(&self, expressions: bool) -> bool {
        self.place.flags.put(EXPRESSIONS, expressions)
    }

    fn value(&self, column: u16) -> Value {
        self.look(Versions::now, |model| model.column(column))
    }

    fn stored(&self, column: u16) -> Value {
        self.look(Versions::stored, |model| model.column(column))
    }

    fn is_key(&self, key: &[Value]) -> bool {
        self.look(Versions::stored, M::key).values().as_ref() == key
    }

    fn show_key(&self, look: &mut dyn FnMut(&[Value])) {
        let key = self.look(Versions::stored, M::key);
        look(key.values().as_ref());
    }

    fn is_changed(&self) -> bool {
        self.standing() == Standing::Changed || self.has_expressions()
    }

    fn validate(&self) -> Result<()> {
        if M::VALIDATED.is_empty() {
            return Ok(());
        }
        let (now, stored) = self.now_and_stored();
        let (now, stored) = (self.at(&now), stored.as_ref().map(|stored| self.at(stored)));
        let is_new = self.current_state() == State::Pending;
        for column in M::VALIDATED {
            let is_written = is_new || stored.is_some_and(|stored| !now.column_eq(stored, *column));
            if is_written {
                crate::events::validate(now, *column)?;
            }
        }
        Ok(())
    }

    fn changed(&self) -> Vec<u16> {
        let (now, Some(stored)) = self.now_and_stored() else { return Vec::new() };
        let (now, stored) = (self.at(&now), self.at(&stored));
        columns::<M>().filter(|column| !now.column_eq(stored, *column)).collect()
    }

    fn changed_sending(&self) -> Vec<u16> {
        let Some((sending, stored)) = self.sending_and_stored() else { return Vec::new() };
        let (sending, stored) = (self.at(&sending), self.at(&stored));
        columns::<M>().filter(|column| !sending.column_eq(stored, *column)).collect()
    }

    fn differs(&self, columns: &[u16]) -> bool {
        let Some((sending, stored)) = self.sending_and_stored() else { return false };
        let (sending, stored) = (self.at(&sending), self.at(&stored));
        columns.iter().any(|column| !sending.column_eq(stored, *column))
    }

    fn is_key_changed(&self) -> bool {
        self.view(|versions| {
            let Some(stored) = versions.changed_from() else { return false };
            let (sending, stored) = (self.at(versions.sending()), self.at(stored));
            M::mapper().key().iter().any(|column| !sending.column_eq(stored, *column))
        })
    }

    fn discard(&self) {
        // Expressions whose mark is gone are sent no more.
        self.mark_expressions(false);
        self.go_back();
    }

    fn begin_flush(&self) -> bool {
        self.send_present()
    }

    fn sending(&self, column: u16) -> Value {
        self.look(Versions::sending, |model| model.column(column))
    }

    fn write_sending(&self, columns: &[u16], values: &mut Vec<Value>) {
        self.write(Versions::sending, columns, values);
    }

    fn write_stored(&self, columns: &[u16], values: &mut Vec<Value>) {
        self.write(Versions::stored, columns, values);
    }

    fn write_update(&self, finding: &[u16], changed: &mut Vec<u16>, values: &mut Vec<Value>) {
        let Some((sending, stored)) = self.sending_and_stored() else { return };
        let (sending, stored) = (self.at(&sending), self.at(&stored));
        changed.extend(columns::<M>().filter(|column| !sending.column_eq(stored, *column)));
        values.extend(changed.iter().map(|column| sending.column(*column)));
        values.extend(finding.iter().map(|column| stored.column(*column)));
    }

    fn is_key_unset(&self) -> bool {
        self.look(Versions::sending, M::is_key_unset)
    }

    fn receive(&self, values: &[(u16, Value)]) -> Result<()> {
        self.complete(values)
    }

    fn number(&self, column: u16, number: i64) -> Result<()> {
        self.finish_numbered(column, number, false)
    }

    fn end_flush(&self) {
        let old = self.alter(|versions| versions.end_flush());
        drop(old);
    }

    fn adopt(&self, values: &[(u16, Value)]) -> Result<()> {
        self.follow(values)
    }

    fn abandon_flush(&self) {
        let sent = self.alter(|versions| versions.abandon_flush());
        drop(sent);
    }

    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool {
        self.take_over(values, unknown)
    }

    fn commit(&self) -> Option<Box<dyn Any + Send>> {
        if matches!(self.standing(), Standing::Single | Standing::Inline) {
            return None;
        }
        let others = self.alter(|versions| versions.commit());
        others.map(|others| others as Box<dyn Any + Send>)
    }

    fn fork(&self) -> Arc<dyn AnySlot> {
        let versions = self.lock().fork();
        let fork = Self::of(self.index(), self.current_state(), versions, self.place.get().cloned());
        fork.place.flags.put(EXPIRED, self.expired());
        fork.place.flags.put(EXPRESSIONS, self.has_expressions());
        Arc::new(fork)
    }

    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot> {
        // The copied links point into the old graph: they become empty.
        graph.add(self.at(&self.now()).clone()).erased()
    }

    fn take_into(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot> {
        let model = self.at(&self.now()).clone();
        Loader::new(graph, LoadMode::Overwrite).admission().admit(model, None)
    }

    fn assign(&self, from: Arc<dyn AnySlot>, left_out: &[u16]) -> bool {
        let Ok(from) = from.into_any().downcast::<Self>() else { return false };
        let (present, source) = (self.now(), from.now());
        let (base, source) = (self.at(&present), from.at(&source));
        let mut model = None;
        let differs = |column: &u16| !left_out.contains(column) && !base.column_eq(source, *column);
        for column in columns::<M>().filter(differs) {
            model.get_or_insert_with(|| base.clone()).copy_column(source, column);
        }
        model.is_some_and(|model| self.install(&present, model))
    }

    fn take_before(&self) -> Option<AnyVersion> {
        let before = self.alter(|versions| versions.take_before());
        before.map(|before| Box::new(before) as AnyVersion)
    }

    fn put_before(&self, version: AnyVersion) {
        if let Ok(version) = version.downcast::<Before<M>>() {
            let before = self.alter(|versions| versions.put_before(*version));
            drop(before);
        }
    }

    fn rollback(&self) {
        // What was never sent is a plain value again, as the user left it.
        self.place.flags.put(EXPRESSIONS, false);
        let (before, old) = self.alter(|versions| versions.rollback(self.is_pending()));
        if let Some(before) = before {
            let version = before.into_version(self);
            let old = self.alter(|versions| {
                let now = versions.go_back_to(version);
                // What somebody changed in between is rolled back too.
                (now, versions.rollback(true))
            });
            drop(old);
        }
        drop(old);
    }
}
