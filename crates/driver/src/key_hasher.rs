//! [`KeyHasher`]: for maps of what is known by the key of a statement.

use std::hash::Hasher;

/// Takes a key for its hash, which the key of a [`Statement`](crate::Statement) is already: for the statements that a
/// connection keeps prepared.
///
/// # Examples
/// ```
/// use std::{collections::HashMap, hash::BuildHasherDefault};
///
/// use aludel_driver::{KeyHasher, Statement};
///
/// let mut prepared: HashMap<u64, &str, BuildHasherDefault<KeyHasher>> = HashMap::default();
/// prepared.insert(Statement::new("SELECT 1").key(), "s1");
/// assert_eq!(prepared.get(&Statement::new("SELECT 1").key()), Some(&"s1"));
/// ```
#[derive(Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
