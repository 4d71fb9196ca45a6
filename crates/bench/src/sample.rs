//! What stands in the tables, and what is written: the same for both sides.

/// Rows in the table that is read.
pub(crate) const ROWS: usize = 10_000;
/// Rows that are changed.
pub(crate) const CHANGES: usize = 1000;
/// Rows that are inserted.
pub(crate) const INSERTS: usize = 1000;
/// Rows that are loaded.
pub(crate) const LOADS: usize = 100_000;
/// Inserted rows that others refer to.
pub(crate) const PARENTS: usize = 100;
/// Rows that refer to each of them.
pub(crate) const CHILDREN: usize = 10;
/// Rows that are looked up, one by one.
pub(crate) const LOOKUPS: usize = 1000;

/// The columns of a reader, without its key.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) city: Option<String>,
    pub(crate) points: i64,
}

/// The values of the row with this key.
pub(crate) fn sample(key: usize) -> Sample {
    let city = (!key.is_multiple_of(3)).then(|| format!("City number {}", key % 100));
    Sample { name: format!("Reader number {key}"), city, points: points(key, 0) }
}

/// What a round of updates writes; it differs from what the round before wrote.
pub(crate) fn points(key: usize, round: usize) -> i64 {
    i64::try_from(key * 7 + round).unwrap_or_default()
}

/// The key of the lookup with this number: all over the table.
pub(crate) fn looked_up(number: usize) -> i64 {
    i64::try_from(number * 7919 % ROWS + 1).unwrap_or_default()
}
