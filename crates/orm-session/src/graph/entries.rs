//! [`Entries`]: the objects of a graph by their numbers.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{AnySlot, Entry};

/// How many objects a part holds.
const PART: usize = 256;

/// The objects of a graph by their numbers.
///
/// A number is given once: a copy of a model may hold a link with a number for as long as it likes. What is released gives
/// its memory back by parts.
#[derive(Default)]
pub(crate) struct Entries {
    /// Most sessions need but one.
    parts: SmallVec<[Part; 1]>,
    /// How many numbers were given.
    given: usize,
    /// How many objects there are.
    living: usize,
}

#[derive(Default)]
struct Part {
    entries: Vec<Option<Entry>>,
    /// How many numbers of it were not released yet.
    used: usize,
}

impl Entries {
    /// The number of the next object.
    ///
    /// # Panics
    /// When four thousand million objects went through one session.
    #[inline]
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.given)
            .expect("four thousand million objects went through one session; open a new one for some of them")
    }

    /// Puts an object in under the next number.
    #[inline]
    pub(crate) fn push(&mut self, entry: Entry) {
        self.give(Some(entry));
        self.living += 1;
    }

    /// Takes the next number, for an object that is put in later.
    pub(crate) fn reserve(&mut self) -> u32 {
        let number = self.next();
        self.give(None);
        number
    }

    // An entry is best made where it stays.
    #[inline(always)]
    fn give(&mut self, entry: Option<Entry>) {
        if self.given.is_multiple_of(PART) {
            self.begin_part();
        }
        if let Some(part) = self.parts.last_mut() {
            part.entries.push(entry);
            part.used += 1;
        }
        self.given += 1;
    }

    #[cold]
    fn begin_part(&mut self) {
        // A small session needs but a few places.
        let entries = if self.given == 0 { Vec::new() } else { Vec::with_capacity(PART) };
        self.parts.push(Part { entries, used: 0 });
    }

    /// The same with other slots, one for each object, for a graph that is thrown away.
    pub(super) fn fork(&self, slots: &mut impl Iterator<Item = Arc<dyn AnySlot>>) -> Self {
        let parts = self.parts.iter().map(|part| {
            let fork = |entry: &Option<Entry>| Some(entry.as_ref()?.fork(slots.next()?));
            Part { entries: part.entries.iter().map(fork).collect(), used: part.used }
        });
        Self { parts: parts.collect(), given: self.given, living: self.living }
    }

    /// Puts an object in under a number that was reserved.
    pub(crate) fn put(&mut self, number: u32, entry: Entry) {
        if let Some(place) = self.place(number) {
            *place = Some(entry);
            self.living += 1;
        }
    }

    /// Takes an object out for good.
    pub(crate) fn release(&mut self, number: u32) -> Option<Entry> {
        let entry = self.place(number)?.take()?;
        self.living -= 1;
        let part = &mut self.parts[number as usize / PART];
        part.used -= 1;
        if part.used == 0 && part.entries.len() == PART {
            part.entries = Vec::new();
        }
        Some(entry)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Entry> {
        self.parts.get(number as usize / PART)?.entries.get(number as usize % PART)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Entry> {
        self.place(number)?.as_mut()
    }

    fn place(&mut self, number: u32) -> Option<&mut Option<Entry>> {
        self.parts.get_mut(number as usize / PART)?.entries.get_mut(number as usize % PART)
    }

    /// All objects, with their numbers, in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &Entry)> {
        let parts = (0u32..).step_by(PART).zip(&self.parts);
        parts.flat_map(|(first, part)| {
            (first..).zip(&part.entries).filter_map(|(number, entry)| Some((number, entry.as_ref()?)))
        })
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut Entry)> {
        let parts = (0u32..).step_by(PART).zip(&mut self.parts);
        parts.flat_map(|(first, part)| {
            (first..).zip(&mut part.entries).filter_map(|(number, entry)| Some((number, entry.as_mut()?)))
        })
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.living
    }
}
