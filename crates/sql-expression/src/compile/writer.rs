//! [`Writer`]: text with open places.

use hashbrown::HashMap;

use super::wrap::{RowWraps, Wrap};
use crate::{dialect::Dialect, types::SqlType};

/// A part of a text in the making.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Text.
    Text(Box<str>),
    /// The placeholder of a value.
    Slot(u32),
    /// The placeholder of a value that says its type.
    TypedSlot(u32, SqlType),
    /// The placeholders of an IN list, each of so many values.
    List {
        /// The list's number.
        slot: u32,
        /// How many values an element has.
        width: u32,
        /// What stands around the values of an element.
        wraps: RowWraps,
    },
    /// The rows of an INSERT, each of so many values.
    Rows {
        /// How many values a row has.
        width: u32,
        /// What stands around the values of a row.
        wraps: RowWraps,
    },
    /// The placeholder of one column of an INSERT's rows, as an array.
    Column(u32),
}

/// Text with open places.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    pieces: Vec<Piece>,
}

impl Writer {
    /// The text since the last open place, to be written on.
    pub(super) fn text(&mut self) -> &mut String {
        &mut self.text
    }

    /// Writes text.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Leaves a place open.
    pub(super) fn piece(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text).into_boxed_str()));
        }
    }

    /// Ends a text in which no place was left open.
    pub(super) fn into_text(self) -> String {
        if self.pieces.is_empty() {
            return self.text;
        }
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => &**text,
            _ => "",
        });
        texts.chain([&*self.text]).collect()
    }

    /// Ends the text.
    pub(super) fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.pieces
    }
}

/// What stands in an open place, in the order of the placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The value of this number.
    Slot(u32),
    /// The whole list of this number, one placeholder for each value.
    List(u32),
    /// The values of the rows.
    Rows,
    /// The values of one column of the rows, as an array.
    Column(u32),
}

/// Fills the open places with placeholders.
#[derive(Debug)]
pub(super) struct Filler<'d> {
    dialect: &'d dyn Dialect,
    sql: String,
    number: usize,
    /// The placeholders of values that were already written, where placeholders have numbers.
    numbers: HashMap<u32, usize>,
    numbered: bool,
    filled: Vec<Filled>,
}

impl<'d> Filler<'d> {
    pub(super) fn new(dialect: &'d dyn Dialect) -> Self {
        let mut one = String::new();
        dialect.write_placeholder(1, &mut one);
        let mut two = String::new();
        dialect.write_placeholder(2, &mut two);
        let numbered = one != two;
        Self {
            dialect,
            sql: String::with_capacity(256),
            number: 0,
            numbers: HashMap::new(),
            numbered,
            filled: Vec::new(),
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// The placeholder of a value; a value that stands there twice has one number, where there are numbers.
    pub(super) fn slot(&mut self, slot: u32) {
        if self.numbered
            && let Some(&number) = self.numbers.get(&slot)
        {
            self.dialect.write_placeholder(number, &mut self.sql);
            return;
        }
        self.placeholder();
        if self.numbered {
            self.numbers.insert(slot, self.number);
        }
        self.filled.push(Filled::Slot(slot));
    }

    /// The placeholder of a value, which says its type.
    pub(super) fn typed_slot(&mut self, slot: u32, sql_type: &SqlType) {
        if self.numbered && self.numbers.contains_key(&slot) {
            return self.slot(slot);
        }
        self.number += 1;
        self.dialect.write_typed_placeholder(self.number, sql_type, &mut self.sql);
        if self.numbered {
            self.numbers.insert(slot, self.number);
        }
        self.filled.push(Filled::Slot(slot));
    }

    /// So many elements with commas between; elements of more than one value stand in parentheses.
    pub(super) fn list(&mut self, slot: u32, elements: usize, width: u32, wraps: &RowWraps) {
        self.elements(elements, width, width > 1, wraps);
        self.filled.push(Filled::List(slot));
    }

    /// So many rows with commas between.
    pub(super) fn rows(&mut self, rows: usize, width: u32, wraps: &RowWraps) {
        self.elements(rows, width, true, wraps);
        self.filled.push(Filled::Rows);
    }

    /// A column of the rows as one value.
    pub(super) fn column(&mut self, column: u32) {
        self.placeholder();
        self.filled.push(Filled::Column(column));
    }

    fn elements(&mut self, elements: usize, width: u32, parentheses: bool, wraps: &RowWraps) {
        for element in 0..elements {
            if element > 0 {
                self.sql.push_str(", ");
            }
            if parentheses {
                self.sql.push('(');
            }
            for column in 0..width {
                if column > 0 {
                    self.sql.push_str(", ");
                }
                match wraps.as_ref().and_then(|wraps| wraps.get(column as usize)?.as_ref()) {
                    None => self.placeholder(),
                    Some(wrap) => self.wrapped(wrap),
                }
            }
            if parentheses {
                self.sql.push(')');
            }
        }
    }

    fn wrapped(&mut self, wrap: &Wrap) {
        self.sql.push_str(&wrap.before);
        self.number += 1;
        self.dialect.write_typed_placeholder(self.number, &wrap.sql_type, &mut self.sql);
        self.sql.push_str(&wrap.after);
    }

    fn placeholder(&mut self) {
        self.number += 1;
        self.dialect.write_placeholder(self.number, &mut self.sql);
    }

    pub(super) fn finish(self) -> (String, Vec<Filled>) {
        (self.sql, self.filled)
    }
}
