//! [`Packed`]: many values of one type in one run of memory.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use super::Value;

/// Many values of one type, each of which may be NULL, in one run of memory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Packed {
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Texts.
    Texts(Texts),
}

/// Texts, one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    text: String,
    /// How many bytes each of them is long; below zero: it is NULL.
    lengths: Vec<i32>,
}

/// How many bytes a text is likely to be long.
const LIKELY_LENGTH: usize = 16;

impl Packed {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Integers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.lengths.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Each of them as a value.
    pub fn to_values(&self) -> Vec<Value> {
        match self {
            Self::Integers(numbers) => {
                numbers.iter().map(|number| number.map_or(Value::Null, Value::I64)).collect()
            }
            Self::Texts(texts) => {
                texts.iter().map(|text| text.map_or(Value::Null, |text| Value::Text(text.into()))).collect()
            }
        }
    }
}

impl Texts {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            text: String::with_capacity(rows.saturating_mul(LIKELY_LENGTH)),
            lengths: Vec::with_capacity(rows),
        }
    }

    /// All of them in one, without anything between them. NULLs take no room.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// One after the other.
    #[inline]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        let mut rest = self.text.as_str();
        self.lengths.iter().map(move |length| {
            let (text, behind) = rest.split_at(usize::try_from(*length).ok()?);
            rest = behind;
            Some(text)
        })
    }

    /// Whether a text is short enough to be one of them.
    #[inline]
    pub(super) fn takes(text: &str) -> bool {
        i32::try_from(text.len()).is_ok()
    }

    /// Adds a text that they [take](Self::takes).
    #[inline]
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.lengths.push(text.len() as i32);
    }

    pub(super) fn push_null(&mut self) {
        self.lengths.push(-1);
    }
}

/// Packed values, and each of them as a value once somebody asked for these.
///
/// That it remembers these is seen by nobody, and is no part of what a value is; so a value holds one behind this trait, lest it
/// looks as though it could change as the key of a map.
pub(super) trait Unpack: fmt::Debug + Send + Sync {
    fn packed(&self) -> &Packed;

    fn values(&self) -> &[Value];
}

#[derive(Debug)]
struct Unpacked {
    packed: Packed,
    values: OnceLock<Vec<Value>>,
}

impl Unpack for Unpacked {
    fn packed(&self) -> &Packed {
        &self.packed
    }

    fn values(&self) -> &[Value] {
        self.values.get_or_init(|| self.packed.to_values())
    }
}

impl From<Packed> for Arc<dyn Unpack> {
    fn from(packed: Packed) -> Self {
        Arc::new(Unpacked { packed, values: OnceLock::new() })
    }
}
