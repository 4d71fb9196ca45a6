//! What the database does along with a DELETE: rows that refer to a deleted one go with it, or lose their reference.

use std::sync::Arc;

use aludel_sql_expression::{Value, schema::ReferentialAction};
use hashbrown::{HashMap, HashSet};

use super::{AnySlot, Graph, HashedKey, Inner, Rewrite, Slots, State};
use crate::mapping::{Mapper, Reference};

/// What became of the objects that referred to deleted rows.
#[derive(Default)]
struct Dependents {
    /// Their rows are deleted, too.
    gone: Vec<(&'static Mapper, Slots)>,
    /// Their foreign keys are NULL.
    left: Vec<(&'static Mapper, Vec<Rewrite>)>,
    /// Nobody knows what their rows hold.
    unsure: Slots,
}

impl Graph {
    /// The rows of these objects were deleted, and those with these keys, whether or not there are objects of them: what
    /// refers to them follows, as its foreign keys say (ON DELETE). What is expired may refer elsewhere by now, and stays as
    /// it is.
    pub(crate) fn follow_deletes(
        &self,
        mapper: &'static Mapper,
        slots: &[Arc<dyn AnySlot>],
        keys: &[Vec<Value>],
    ) {
        let mut waiting = vec![(mapper, slots.to_vec(), keys)];
        while let Some((mapper, slots, keys)) = waiting.pop() {
            if slots.is_empty() && keys.is_empty() {
                continue;
            }
            let Dependents { gone, left, unsure } = self.lock().dependents(mapper, &slots, keys);
            for (child, slots) in gone {
                self.were_deleted(child, &slots);
                waiting.push((child, slots, &[]));
            }
            for (child, rewrites) in left {
                let slots: Slots = rewrites.iter().map(|rewrite| rewrite.slot.clone()).collect();
                let columns: HashSet<u16> =
                    rewrites.iter().flat_map(|it| it.values.iter().map(|(column, _)| *column)).collect();
                self.were_rewritten(child, rewrites);
                self.links_may_be_old(child, &slots, &columns.into_iter().collect::<Vec<_>>());
            }
            self.may_be_old(&unsure);
        }
    }

    /// Whether there are objects whose rows the database deletes or changes along with deleted rows of a model.
    pub(crate) fn has_dependents(&self, parent: &'static Mapper) -> bool {
        let inner = self.lock();
        let mut known = HashMap::new();
        inner.entries.iter().any(|(_, entry)| {
            entry.slot.state() == State::Persistent
                && *known.entry(entry.mapper()).or_insert_with(|| {
                    Reference::between(entry.mapper(), parent).iter().any(Reference::acts_on_delete)
                })
        })
    }
}

impl Inner {
    /// The objects that refer to deleted rows of a model, and what the database did to them.
    fn dependents(
        &self,
        parent: &'static Mapper,
        deleted: &[Arc<dyn AnySlot>],
        deleted_keys: &[Vec<Value>],
    ) -> Dependents {
        let mut references: HashMap<&'static Mapper, Vec<(Reference, HashSet<HashedKey>)>> = HashMap::new();
        let mut found = Dependents::default();
        for (_, entry) in self.entries.iter() {
            let (slot, child) = (&entry.slot, entry.mapper());
            if slot.state() != State::Persistent || slot.is_expired() {
                continue;
            }
            let references = references.entry(child).or_insert_with(|| {
                let acting = Reference::between(child, parent).into_iter().filter(Reference::acts_on_delete);
                let referred = |reference: &Reference| reference.referred(parent, deleted, deleted_keys);
                acting.map(|reference| (reference.clone(), referred(&reference))).collect()
            });
            for (Reference { pairs, on_delete, .. }, keys) in references.iter() {
                let key: Vec<Value> = pairs.iter().map(|(own, _)| slot.stored(*own)).collect();
                if key.iter().any(Value::is_null) || !keys.contains(&HashedKey(key)) {
                    continue;
                }
                match on_delete {
                    ReferentialAction::Cascade => push(&mut found.gone, child, slot.clone()),
                    ReferentialAction::SetNull => {
                        let values = pairs.iter().map(|(own, _)| (*own, Value::Null)).collect();
                        let rewrite = Rewrite { slot: slot.clone(), values, unknown: Vec::new() };
                        push(&mut found.left, child, rewrite);
                    }
                    _ => found.unsure.push(slot.clone()),
                }
                if *on_delete == ReferentialAction::Cascade {
                    break;
                }
            }
        }
        found
    }
}

fn push<T>(groups: &mut Vec<(&'static Mapper, Vec<T>)>, mapper: &'static Mapper, item: T) {
    match groups.iter_mut().find(|(other, _)| *other == mapper) {
        Some((_, group)) => group.push(item),
        None => groups.push((mapper, vec![item])),
    }
}

impl Reference {
    /// Whether the database does something to the referring row when the other one is deleted.
    fn acts_on_delete(&self) -> bool {
        !matches!(self.on_delete, ReferentialAction::NoAction | ReferentialAction::Restrict)
    }

    /// What the rows of these objects, and the rows with these keys, are referred to by.
    fn referred(
        &self,
        parent: &Mapper,
        slots: &[Arc<dyn AnySlot>],
        keys: &[Vec<Value>],
    ) -> HashSet<HashedKey> {
        let of_slot = |slot: &Arc<dyn AnySlot>| {
            HashedKey(self.pairs.iter().map(|(_, referenced)| slot.stored(*referenced)).collect())
        };
        let mut referred: HashSet<HashedKey> = slots.iter().map(of_slot).collect();
        let position = |column: u16| parent.key().iter().position(|key| *key == column);
        let places: Option<Vec<usize>> = self.pairs.iter().map(|(_, other)| position(*other)).collect();
        if let Some(places) = places {
            let of_key = |key: &Vec<Value>| HashedKey(places.iter().map(|at| key[*at].clone()).collect());
            referred.extend(keys.iter().map(of_key));
        }
        referred
    }
}
