//! [`IdentityMap`]: one object for each model and primary key.

use std::hash::{BuildHasher, Hash, Hasher};

use aludel_sql_expression::Value;
use hashbrown::{
    DefaultHashBuilder, HashTable,
    hash_table::Entry::{Occupied, Vacant},
};

use smallvec::SmallVec;

use super::{AnySlot, Entries};
use crate::mapping::Mapper;

/// How many objects are found without a table.
const FEW: usize = 4;

/// From model and primary key to the object's number. It keeps no keys: it compares through the object.
#[derive(Clone, Default)]
pub(crate) struct IdentityMap {
    /// All of them, while they are few: many sessions get an object or two.
    few: SmallVec<[(KeyHash, u32); FEW]>,
    /// All of them, once they are more.
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
        if self.is_empty() {
            return None;
        }
        self.find_hash(entries, mapper, key, self.hash(mapper, key))
    }

    fn find_hash(
        &self,
        entries: &Entries,
        mapper: &'static Mapper,
        key: &[Value],
        hash: KeyHash,
    ) -> Option<u32> {
        // Looking at an object takes its lock, so the hash is compared first.
        let is_its = |(other, index): &(KeyHash, u32)| *other == hash && is_it(entries, *index, mapper, key);
        let found = match self.table.is_empty() {
            true => self.few.iter().find(|known| is_its(known)),
            false => self.table.find(hash.spread(), is_its),
        };
        found.map(|(_, index)| *index)
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
        if self.table.is_empty() {
            let found = self.find_hash(entries, mapper, key, hash);
            if found.is_none() {
                self.put(hash, index);
            }
            return found;
        }
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
        self.few.is_empty() && self.table.is_empty()
    }

    /// Makes room for so many more objects.
    pub(crate) fn reserve(&mut self, additional: usize) {
        let all = self.few.len() + additional;
        if all > FEW {
            self.table.reserve(all, |(hash, _)| hash.spread());
        }
    }

    /// Puts an object in; the caller has seen that its key is not there.
    pub(crate) fn insert(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        self.put(self.hash(mapper, key), index);
    }

    /// Puts an object in under a key of one integer; the caller has seen that its key is not there.
    #[inline]
    pub(crate) fn insert_number(&mut self, mapper: &'static Mapper, number: i64, index: u32) {
        self.put(self.hash_number(mapper, number), index);
    }

    #[inline]
    fn put(&mut self, hash: KeyHash, index: u32) {
        if self.table.is_empty() {
            if self.few.len() < FEW {
                self.few.push((hash, index));
                return;
            }
            self.spread_few();
        }
        self.table.insert_unique(hash.spread(), (hash, index), |(hash, _)| hash.spread());
    }

    /// There are more than a few from here on.
    #[cold]
    fn spread_few(&mut self) {
        for (hash, index) in self.few.drain(..) {
            self.table.insert_unique(hash.spread(), (hash, index), |(hash, _)| hash.spread());
        }
    }

    pub(crate) fn remove(&mut self, mapper: &'static Mapper, key: &[Value], index: u32) {
        self.take(self.hash(mapper, key), index);
    }

    /// An object may stand under its old key and its new one for a moment: only the one that is meant goes.
    fn take(&mut self, hash: KeyHash, index: u32) {
        self.few.retain(|known| *known != (hash, index));
        if let Ok(entry) = self.table.find_entry(hash.spread(), |(_, found)| *found == index) {
            entry.remove();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.few.clear();
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

#[cfg(test)]
mod tests {
    use super::{FEW, IdentityMap, KeyHash};

    /// Whether they are few or many, each is found, and found once; what is taken out is gone.
    #[test]
    fn few_and_many_are_found_alike() {
        let found = |map: &IdentityMap| {
            let mut numbers: Vec<u32> = map.few.iter().chain(&map.table).map(|(_, index)| *index).collect();
            numbers.sort_unstable();
            numbers
        };
        for count in 0..3 * FEW as u32 {
            let mut map = IdentityMap::default();
            assert!(map.is_empty());
            (0..count).for_each(|index| map.put(KeyHash(index % 3), index));
            assert_eq!(found(&map), (0..count).collect::<Vec<_>>());
            assert_eq!(map.table.is_empty(), count as usize <= FEW, "{count} need a table or none");
            map.reserve(1);
            assert_eq!((map.is_empty(), found(&map).len()), (count == 0, count as usize));
            // A new key for the first of them, and then the old one goes.
            if count > 0 {
                map.put(KeyHash(7), 0);
                map.take(KeyHash(0), 0);
                assert!(map.few.iter().chain(&map.table).any(|known| *known == (KeyHash(7), 0)));
                assert_eq!(found(&map), (0..count).collect::<Vec<_>>());
            }
            map.clear();
            assert!(map.is_empty() && found(&map).is_empty());
        }
    }
}
