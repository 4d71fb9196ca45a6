//! [`Elements`]: what stands in an array.

use std::{fmt, sync::Arc};

use super::{Packed, Value, packed::Unpack};

/// The elements of an array: a list of its own, a column of an INSERT's rows, which is read where it stands, or values that
/// are packed, which become values of their own only for whoever asks for these.
#[derive(Clone)]
pub struct Elements(Place);

#[derive(Clone)]
enum Place {
    Own(Vec<Value>),
    /// Every so many values of the rows, from the first element to just behind the last.
    Column {
        rows: Arc<Vec<Value>>,
        start: usize,
        end: usize,
        width: usize,
    },
    Packed(Arc<dyn Unpack>),
}

impl Elements {
    /// The elements, where they are packed: what can do with them as they are needs no value for each.
    pub fn packed(&self) -> Option<&Packed> {
        match &self.0 {
            Place::Packed(packed) => Some(packed.packed()),
            _ => None,
        }
    }

    /// So many values of rows that are `width` values wide, from the value at `start` on.
    pub fn column(rows: &Arc<Vec<Value>>, start: usize, width: usize, count: usize) -> Self {
        let end = match count {
            0 => start,
            count => (start + (count - 1) * width + 1).min(rows.len()),
        };
        Self(Place::Column { rows: rows.clone(), start: start.min(end), end, width: width.max(1) })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed().map_or_else(|| self.iter().len(), Packed::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first of them.
    pub fn first(&self) -> Option<&Value> {
        self.iter().next()
    }

    /// One after the other.
    #[inline]
    pub fn iter(&self) -> ElementsIter<'_> {
        match &self.0 {
            Place::Own(values) => ElementsIter { rest: values, width: 1 },
            Place::Column { rows, start, end, width } => {
                ElementsIter { rest: &rows[*start..*end], width: *width }
            }
            Place::Packed(packed) => ElementsIter { rest: packed.values(), width: 1 },
        }
    }
}

/// Goes through the [`Elements`] of an array.
#[derive(Clone, Debug)]
pub struct ElementsIter<'a> {
    rest: &'a [Value],
    width: usize,
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = &'a Value;

    #[inline]
    fn next(&mut self) -> Option<&'a Value> {
        let value = self.rest.first()?;
        self.rest = self.rest.get(self.width..).unwrap_or_default();
        Some(value)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let length = self.rest.len().div_ceil(self.width);
        (length, Some(length))
    }
}

impl ExactSizeIterator for ElementsIter<'_> {}

impl<'a> IntoIterator for &'a Elements {
    type Item = &'a Value;
    type IntoIter = ElementsIter<'a>;

    fn into_iter(self) -> ElementsIter<'a> {
        self.iter()
    }
}

impl From<Vec<Value>> for Elements {
    fn from(values: Vec<Value>) -> Self {
        Self(Place::Own(values))
    }
}

impl From<Packed> for Elements {
    fn from(packed: Packed) -> Self {
        Self(Place::Packed(packed.into()))
    }
}

impl FromIterator<Value> for Elements {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> Self {
        values.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> FromIterator<&'a Value> for Elements {
    fn from_iter<I: IntoIterator<Item = &'a Value>>(values: I) -> Self {
        values.into_iter().cloned().collect()
    }
}

impl PartialEq for Elements {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Elements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self).finish()
    }
}
