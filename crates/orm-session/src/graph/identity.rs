//! [`IdentityMap`]: one object for each model and primary key.

use std::hash::{BuildHasher, Hash, Hasher};

use aludel_sql_expression::Value;
use hashbrown::{
    DefaultHashBuilder, HashTable,
    hash_table::Entry::{Occupied, Vacant},
};

use super::{AnySlot, Entries};
use crate::mapping::Mapper;

/// From model and primary key to the object's number. It keeps no keys: it compares through the object.
#[derive(Clone, Default)]
pub(crate) struct IdentityMap {
    table: HashTable<(KeyHash, u32)>,
    hasher: DefaultHashBuilder,
}

/// The hash of a model and a primary key. Half of it tells keys apart well enough, and keeps the map small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyHash(u32);

impl KeyHash {
    /// What the table asks for: it looks at the highest and at the lowest bits.
    fn spread(self) -> u64 {
        u64::from(self.0).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

impl IdentityMap {
    #[inline]
    fn hash(&self, mapper: &'static Mapper, key: &[Value]) -> KeyHash {
        let mut state = self.hasher.build_hasher();
        std::ptr::from_ref(mapper).hash(&mut state);
        key.iter().for_each(|value| hash_value(value, &mut state));
        KeyHash((state.finish() >> 32) as u32)
    }

    /// What [`hash`](Self::hash) gives for a key of one integer.
    #[inline]
    fn hash_number(&self, mapper: &'static Mapper, number: i64) -> KeyHash {
        let mut state = self.hasher.build_hasher();
        std::ptr::from_ref(mapper).hash(&mut state);
        number.hash(&mut state);
        KeyHash((state.finish() >> 32) as u32)
    }

    /// The object with this key.
    pub(crate) fn find(&self, entries: &Entries, mapper: &'static Mapper, key: &[Value]) -> Option<u32> {
        let hash = self.hash(mapper, key);
        let is_its = |(other, index): &(KeyHash, u32)| *other == hash && is_it(entries, *index, mapper, key);
        self.table.find(hash.spread(), is_its).map(|(_, index)| *index)
    }

    /// The object with this key, where there is one; else the key is that of the given object from now on.
    #[inline]
    pub(crate) fn find_or_insert(
        &mut self,
        entries: &Entries,
        mapper: &'static Mapper,
        key: &[Value],
        index: u32,
    ) -> Option<u32> {
        // Most keys are one number, which the compiler sees where the key's type is known.
        let hash = match key {
            [Value::I64(number)] => self.hash_number(mapper, *number),
            key => self.hash(mapper, key),
        };
        self.find_hash_or_insert(entries, mapper, key, hash, index)
    }

    fn find_hash_or_insert(
        &mut self,
        entries: &Entries,
        mapper: &'static Mapper,
        key: &[Value],
        hash: KeyHash,
        index: u32,
    ) -> Option<u32> {
        // Looking at an object takes its lock, so the hash is compared first.
        let is_its = |(other, index): &(KeyHash, u32)| *other == hash && is_it(entries, *index, mapper, key);
        match self.table.entry(hash.spread(), is_its, |(hash, _)| hash.spread()) {
            Occupied(entry) => Some(entry.get().1),
            Vacant(place) => {
                place.insert((hash, index));
                None
            }
        }
    }

    /// Whether no object is found by a key.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Makes room for so many more objects.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional, |(hash, _)| hash.spread());
    }

    /// Puts an object in; the caller has seen that its key is not there.
    pub(crate) fn insert(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        let hash = self.hash(mapper, key);
        self.table.insert_unique(hash.spread(), (hash, index), |(hash, _)| hash.spread());
    }

    /// Puts an object in under a key of one integer; the caller has seen that its key is not there.
    #[inline]
    pub(crate) fn insert_number(&mut self, mapper: &'static Mapper, number: i64, index: u32) {
        let hash = self.hash_number(mapper, number);
        self.table.insert_unique(hash.spread(), (hash, index), |(hash, _)| hash.spread());
    }

    pub(crate) fn remove(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        let hash = self.hash(mapper, key).spread();
        if let Ok(entry) = self.table.find_entry(hash, |(_, found)| *found == index) {
            entry.remove();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.table.clear();
    }
}

fn is_it(entries: &Entries, index: u32, mapper: &'static Mapper, key: &[Value]) -> bool {
    entries.get(index).is_some_and(|entry| entry.mapper() == mapper && entry.slot.is_key(key))
}

/// Equal keys hash equally; a key is rarely anything but an integer, text or a UUID.
#[inline]
fn hash_value(value: &Value, state: &mut impl Hasher) {
    match value {
        Value::I64(number) => number.hash(state),
        other => hash_rarer(other, state),
    }
}

fn hash_rarer(value: &Value, state: &mut impl Hasher) {
    match value {
        Value::Bool(flag) => i64::from(*flag).hash(state),
        Value::U64(number) => number.hash(state),
        Value::Text(text) | Value::Json(text) => text.hash(state),
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Uuid(bytes) => bytes.hash(state),
        Value::Decimal(number) => number.hash(state),
        Value::Date(days) => days.hash(state),
        Value::Time(microseconds) | Value::DateTime(microseconds) | Value::Instant(microseconds) => {
            microseconds.hash(state)
        }
        Value::F32(number) => number.to_bits().hash(state),
        Value::F64(number) => number.to_bits().hash(state),
        _ => {}
    }
}

/// The key of an object, as it stands in the database.
pub(crate) fn key_of(slot: &dyn AnySlot, mapper: &Mapper) -> Vec<Value> {
    mapper.key().iter().map(|column| slot.stored(*column)).collect()
}

/// A key as the key of a map.
#[derive(Clone, PartialEq)]
pub(crate) struct HashedKey(pub(crate) Vec<Value>);

impl Eq for HashedKey {}

impl Hash for HashedKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.iter().for_each(|value| hash_value(value, state));
    }
}
