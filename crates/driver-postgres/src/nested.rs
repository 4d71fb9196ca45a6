//! [`Element`]: what stands in arrays, ranges and multiranges.

use std::ops::Bound;

use aludel_driver::Cell;
use aludel_sql_expression::{BoundsVisitor, Error, NestedReader, Result};
use postgres_types::Type;

use crate::row::{Decoder, malformed};

/// The flags of a range.
mod flag {
    pub(super) const EMPTY: u8 = 0x01;
    pub(super) const LOWER_INCLUDED: u8 = 0x02;
    pub(super) const UPPER_INCLUDED: u8 = 0x04;
    pub(super) const LOWER_UNBOUNDED: u8 = 0x08;
    pub(super) const UPPER_UNBOUNDED: u8 = 0x10;
}

/// What each element of an array is, each bound of a range, or each range of a multirange.
#[derive(Debug)]
pub(crate) struct Element {
    decoder: Decoder,
    kind: Type,
    /// Whether the elements stand behind their count alone, as in a multirange; no dimensions are told then.
    is_counted: bool,
}

impl Element {
    /// The elements of an array, or the bounds of a range.
    pub(crate) fn of(kind: &Type) -> Self {
        Self { decoder: Decoder::of(kind), kind: kind.clone(), is_counted: false }
    }

    /// The ranges of a multirange, whose kind tells the type of their bounds.
    pub(crate) fn of_multirange(bound: &Type) -> Self {
        Self { decoder: Decoder::Range(Box::new(Self::of(bound))), kind: bound.clone(), is_counted: true }
    }

    fn cell<'row>(&'row self, bytes: Option<&'row [u8]>) -> Result<Cell<'row>> {
        bytes.map_or(Ok(Cell::Null), |bytes| self.decoder.cell(bytes, &self.kind))
    }
}

/// Bytes that are read from their beginning.
struct Reader<'b> {
    rest: &'b [u8],
    kind: &'b Type,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| malformed(self.kind))?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<i32> {
        let bytes = self.take(4)?;
        bytes.try_into().map(i32::from_be_bytes).map_err(|_error| malformed(self.kind))
    }

    /// A value behind its length; none is NULL.
    fn value(&mut self) -> Result<Option<&'b [u8]>> {
        match self.number()? {
            -1 => Ok(None),
            length => {
                let length = usize::try_from(length).map_err(|_error| malformed(self.kind))?;
                self.take(length).map(Some)
            }
        }
    }
}

impl NestedReader for Element {
    fn elements(&self, bytes: &[u8], visit: &mut dyn FnMut(Cell<'_>) -> Result<()>) -> Result<()> {
        let mut reader = Reader { rest: bytes, kind: &self.kind };
        let count = reader.number()?;
        if self.is_counted {
            for _ in 0..count {
                let range = reader.value()?;
                visit(self.cell(range)?)?;
            }
            return Ok(());
        }
        let (_has_nulls, _element) = (reader.number()?, reader.number()?);
        match count {
            0 => return Ok(()),
            1 => {}
            dimensions => {
                return Err(Error::data(format!(
                    "the array of {} has {dimensions} dimensions, and is no list; select `unnest` of it, or one of its \
                     elements",
                    self.kind.name()
                )));
            }
        }
        let (length, _first) = (reader.number()?, reader.number()?);
        if matches!(self.decoder, Decoder::Int8)
            && let Some(numbers) = whole_numbers(reader.rest, length)
        {
            return numbers.into_iter().try_for_each(|number| visit(Cell::I64(number)));
        }
        for _ in 0..length {
            let element = reader.value()?;
            visit(self.cell(element)?)?;
        }
        Ok(())
    }

    fn bounds(&self, bytes: &[u8], visit: &mut BoundsVisitor<'_>) -> Result<()> {
        let mut reader = Reader { rest: bytes, kind: &self.kind };
        let flags = reader.take(1)?.first().copied().unwrap_or(flag::EMPTY);
        let has = |wanted: u8| flags & wanted != 0;
        if has(flag::EMPTY) {
            return Ok(());
        }
        let mut bound = |unbounded: u8, included: u8| -> Result<Bound<Option<&[u8]>>> {
            Ok(match has(unbounded) {
                true => Bound::Unbounded,
                false if has(included) => Bound::Included(reader.value()?),
                false => Bound::Excluded(reader.value()?),
            })
        };
        let lower = bound(flag::LOWER_UNBOUNDED, flag::LOWER_INCLUDED)?;
        let upper = bound(flag::UPPER_UNBOUNDED, flag::UPPER_INCLUDED)?;
        visit(self.bound(lower)?, self.bound(upper)?)
    }
}

/// The numbers of eight bytes, each behind its length, where none is NULL: the keys of new rows come so, by the thousand.
fn whole_numbers(bytes: &[u8], count: i32) -> Option<impl IntoIterator<Item = i64>> {
    const LENGTH: [u8; 4] = 8_i32.to_be_bytes();
    let (numbers, rest) = bytes.as_chunks::<12>();
    let is_whole = rest.is_empty()
        && usize::try_from(count) == Ok(numbers.len())
        && numbers.iter().all(|number| number[..4] == LENGTH);
    is_whole.then(|| numbers.iter().map(|[_, _, _, _, number @ ..]| i64::from_be_bytes(*number)))
}

impl Element {
    fn bound<'row>(&'row self, bound: Bound<Option<&'row [u8]>>) -> Result<Bound<Cell<'row>>> {
        Ok(match bound {
            Bound::Included(bytes) => Bound::Included(self.cell(bytes)?),
            Bound::Excluded(bytes) => Bound::Excluded(self.cell(bytes)?),
            Bound::Unbounded => Bound::Unbounded,
        })
    }
}
