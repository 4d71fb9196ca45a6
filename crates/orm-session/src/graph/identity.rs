//! [`IdentityMap`]: one object for each model and primary key.

use std::hash::{BuildHasher, Hash, Hasher};

use aludel_sql_expression::Value;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::{AnySlot, Entry};
use crate::mapping::Mapper;

/// From model and primary key to the object's number. It keeps no keys: it compares through the object.
#[derive(Default)]
pub(crate) struct IdentityMap {
    table: HashTable<(u64, u32)>,
    hasher: DefaultHashBuilder,
}

impl IdentityMap {
    /// The hash of a key, for the calls that take it: a row that is loaded needs it twice.
    pub(crate) fn hash(&self, mapper: &'static Mapper, key: &[Value]) -> u64 {
        let mut state = self.hasher.build_hasher();
        std::ptr::from_ref(mapper).hash(&mut state);
        key.iter().for_each(|value| hash_value(value, &mut state));
        state.finish()
    }

    pub(crate) fn find(
        &self,
        entries: &[Option<Entry>],
        mapper: &'static Mapper,
        key: &[Value],
    ) -> Option<u32> {
        self.find_hashed(entries, mapper, key, self.hash(mapper, key))
    }

    pub(crate) fn find_hashed(
        &self,
        entries: &[Option<Entry>],
        mapper: &'static Mapper,
        key: &[Value],
        hash: u64,
    ) -> Option<u32> {
        // Looking at an object takes its lock, so the whole hash is compared first.
        let is_its = |(other, index): &(u64, u32)| *other == hash && is_it(entries, *index, mapper, key);
        self.table.find(hash, is_its).map(|(_, index)| *index)
    }

    /// Makes room for so many more objects.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.table.reserve(additional, |(hash, _)| *hash);
    }

    /// Puts an object in; the caller has seen that its key is not there.
    pub(crate) fn insert(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        self.insert_hashed(self.hash(mapper, key), index);
    }

    pub(crate) fn insert_hashed(&mut self, hash: u64, index: u32) {
        self.table.insert_unique(hash, (hash, index), |(hash, _)| *hash);
    }

    pub(crate) fn remove(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        let hash = self.hash(mapper, key);
        if let Ok(entry) = self.table.find_entry(hash, |(_, found)| *found == index) {
            entry.remove();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.table.clear();
    }
}

fn is_it(entries: &[Option<Entry>], index: u32, mapper: &'static Mapper, key: &[Value]) -> bool {
    entries[index as usize].as_ref().is_some_and(|entry| entry.mapper == mapper && entry.slot.is_key(key))
}

/// Equal keys hash equally; a key is rarely anything but an integer, text or a UUID.
fn hash_value(value: &Value, state: &mut impl Hasher) {
    match value {
        Value::Bool(flag) => i64::from(*flag).hash(state),
        Value::I64(number) => number.hash(state),
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
