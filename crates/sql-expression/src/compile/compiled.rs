//! [`Compiled`]: what is kept of a statement, and how values are put into it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use hashbrown::HashMap;

use super::{
    Parameters, Rendered, RenderedPart,
    fit::Fit,
    key::Slot,
    row_order::{Sentinel, Way},
    writer::{Filled, Filler, Piece},
};
use crate::{
    Error, Few, Result, Value,
    dialect::{Dialect, InsertMany},
    expression::InNode,
    statement::{RowValues, StatementKind},
    types::SqlType,
    value::{ArrayValue, Elements},
};

/// What is kept of a statement: its text, as far as it does not depend on how many values there are.
#[derive(Debug)]
pub(super) struct Compiled {
    kind: StatementKind,
    returns_rows: bool,
    text: Text,
    /// The element types of lists that are sent as one array.
    arrays: Box<[(u32, SqlType)]>,
    /// What tells the rows of an INSERT apart.
    sentinel: Option<Box<Sentinel>>,
    /// What the columns of an INSERT's rows take.
    row_fits: Box<[Fit]>,
    /// What columns take that are set to values which stand in the text.
    slot_fits: Box<[Fit]>,
}

#[derive(Debug)]
enum Text {
    /// The text never changes.
    Fixed(Filling),
    /// The text depends on the lengths of lists, or on the number of rows.
    Open {
        pieces: Box<[Piece]>,
        /// The texts for numbers of rows that come again.
        rows: Mutex<HashMap<usize, Filling>>,
    },
}

/// A text and the order of its values.
#[derive(Clone, Debug)]
struct Filling {
    sql: Arc<str>,
    key: u64,
    order: Arc<[Filled]>,
}

/// Rows of one INSERT, for what is left over by the largest ones.
const SMALL_CHUNK: usize = 100;

/// Up to so many values in a list, or rows, the text is worth keeping whatever the number.
const FEW: usize = 16;

impl Compiled {
    pub(super) fn new(
        kind: StatementKind,
        returns_rows: bool,
        pieces: Vec<Piece>,
        arrays: Vec<(u32, SqlType)>,
        sentinel: Option<Sentinel>,
        dialect: &dyn Dialect,
    ) -> Self {
        let open = pieces.iter().any(|piece| matches!(piece, Piece::List { .. } | Piece::Rows { .. }));
        let text = if open {
            Text::Open { pieces: pieces.into(), rows: Mutex::default() }
        } else {
            Text::Fixed(fill(&pieces, &[], 0, dialect))
        };
        Self {
            kind,
            returns_rows,
            text,
            arrays: arrays.into(),
            sentinel: sentinel.map(Box::new),
            row_fits: Box::default(),
            slot_fits: Box::default(),
        }
    }

    /// The same with what the columns take that are written to.
    pub(super) fn with_fits(self, rows: Vec<Fit>, slots: Vec<Fit>) -> Self {
        Self { row_fits: rows.into(), slot_fits: slots.into(), ..self }
    }

    pub(super) fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The text with its values, where it never changes and each place takes one value.
    pub(super) fn single(&self, slots: &[Slot<'_>], values: &mut Few<Value, 4>) -> Option<(&Arc<str>, u64)> {
        let Text::Fixed(filling) = &self.text else { return None };
        // What does not fit is found once more by rendering, which says what is wrong.
        if filling.order.len() > FEW
            || self.sentinel.is_some()
            || Fit::check_slots(&self.slot_fits, slots).is_err()
        {
            return None;
        }
        for filled in &*filling.order {
            match filled {
                Filled::Slot(slot) => match slots.get(*slot as usize) {
                    Some(Slot::Value(value)) => values.push((*value).clone()),
                    _ => return None,
                },
                _ => return None,
            }
        }
        Some((&filling.sql, filling.key))
    }

    /// The text with its value, where it never changes and takes just one.
    #[inline]
    pub(super) fn single_value<'n>(&self, slots: &[Slot<'n>]) -> Option<(&Arc<str>, u64, &'n Value)> {
        let Text::Fixed(filling) = &self.text else { return None };
        // What does not fit is found once more by rendering, which says what is wrong.
        match (&*filling.order, self.sentinel.is_some()) {
            ([Filled::Slot(slot)], false) if Fit::check_slots(&self.slot_fits, slots).is_ok() => {
                match slots.get(*slot as usize) {
                    Some(Slot::Value(value)) => Some((&filling.sql, filling.key, *value)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The text, and which slots its values come from, where [`Compiled::single`] gives them.
    pub(super) fn order(&self) -> Option<(&Arc<str>, u64, Vec<usize>)> {
        let Text::Fixed(filling) = &self.text else { return None };
        if filling.order.len() > FEW || self.sentinel.is_some() {
            return None;
        }
        let slots = filling.order.iter().map(|filled| match filled {
            Filled::Slot(slot) => Some(*slot as usize),
            _ => None,
        });
        Some((&filling.sql, filling.key, slots.collect::<Option<_>>()?))
    }

    /// Where the value of a parameter comes from; the first has number 1.
    pub(super) fn place_of(
        &self,
        number: usize,
        slots: &[Slot<'_>],
        rows: Option<&RowValues>,
        dialect: &dyn Dialect,
    ) -> Option<Place> {
        let filling = match &self.text {
            Text::Fixed(filling) => filling.clone(),
            Text::Open { pieces, .. } => fill(pieces, slots, 1, dialect),
        };
        let mut before = number.checked_sub(1)?;
        for (position, filled) in filling.order.iter().enumerate() {
            let (place, length) = match *filled {
                Filled::Slot(slot) => (Place::Slot(slot as usize), 1),
                Filled::List(slot) => match slots.get(slot as usize) {
                    Some(Slot::List(list)) => (Place::Slot(slot as usize), list.values.len() * list.width()),
                    _ => return None,
                },
                Filled::Column(column) => (Place::Column(column as usize), 1),
                Filled::Rows => {
                    let rows = rows?;
                    let width = rows.width().max(1);
                    // How many rows a text has is not known here; what comes after them neither.
                    if rows.count() > 1 && position + 1 < filling.order.len() {
                        return None;
                    }
                    (Place::Column(before % width), rows.count() * width)
                }
            };
            if before < length {
                return Some(place);
            }
            before -= length;
        }
        None
    }

    /// Puts values in.
    pub(super) fn render(
        &self,
        slots: &[Slot<'_>],
        rows: Option<&RowValues>,
        rows_at_once: usize,
        dialect: &dyn Dialect,
    ) -> Result<Rendered> {
        // Expressions stand in the text, and their values among the others.
        let of_values = rows.filter(|rows| rows.values().is_some());
        Fit::check_slots(&self.slot_fits, slots)?;
        if let Some((rows, values)) = rows.and_then(|rows| Some((rows, rows.values()?)))
            && !self.row_fits.is_empty()
        {
            let mut rows = values.chunks(rows.width().max(1));
            rows.try_for_each(|row| Fit::check_row(&self.row_fits, row))?;
        }
        let mut parts: Few<RenderedPart> = match (&self.text, of_values) {
            (Text::Fixed(filling), Some(rows)) => self.render_fixed_rows(filling, slots, rows, rows_at_once),
            (Text::Fixed(filling), None) => Few::one(self.part(filling, true, slots, None)),
            (Text::Open { pieces, .. }, None) => {
                let filling = fill(pieces, slots, 0, dialect);
                let cacheable = slots
                    .iter()
                    .all(|slot| !matches!(slot, Slot::List(list) if !is_likely(list.values.len())));
                Few::one(self.part(&filling, cacheable, slots, None))
            }
            (Text::Open { pieces, rows: texts }, Some(rows)) => {
                self.render_rows(pieces, texts, slots, rows, rows_at_once, dialect)
            }
        };
        if let (Some(rows), [part], true) = (rows, &mut *parts, of_values.is_none()) {
            part.rows = rows.count();
        }
        let most = dialect.features().max_parameters;
        if let Some(part) = parts.iter().find(|part| part.parameters.len() / part.sets.max(1) > most) {
            return Err(Error::compile(format!(
                "the statement has {} parameters, but {} takes at most {most}; cut the list into smaller ones",
                part.parameters.len(),
                dialect.name(),
            )));
        }
        let row_order = self.sentinel.as_ref().and_then(|sentinel| sentinel.order(rows));
        Ok(Rendered { parts, kind: self.kind, returns_rows: self.returns_rows, row_order })
    }

    /// Rows whose number does not change the text: rows of defaults, and columns that go as arrays.
    fn render_fixed_rows(
        &self,
        filling: &Filling,
        slots: &[Slot<'_>],
        rows: &RowValues,
        rows_at_once: usize,
    ) -> Few<RenderedPart> {
        if rows.width() == 0 {
            return Few::one(self.looped(filling, slots, rows));
        }
        let parts = (0..rows.count()).step_by(rows_at_once.max(1)).map(|first| {
            self.part(
                filling,
                true,
                slots,
                Some((rows, first, rows_at_once.max(1).min(rows.count() - first))),
            )
        });
        parts.collect()
    }

    fn render_rows(
        &self,
        pieces: &[Piece],
        texts: &Mutex<HashMap<usize, Filling>>,
        slots: &[Slot<'_>],
        rows: &RowValues,
        rows_at_once: usize,
        dialect: &dyn Dialect,
    ) -> Few<RenderedPart> {
        let features = dialect.features();
        // Where a list stands beside the rows, the text depends on its length too.
        let has_lists = pieces.iter().any(|piece| matches!(piece, Piece::List { .. }));
        let text = |count: usize, keep: bool| {
            if !keep || has_lists {
                return fill(pieces, slots, count, dialect);
            }
            let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.entry(count).or_insert_with(|| fill(pieces, slots, count, dialect)).clone()
        };
        let looped = match &self.sentinel {
            Some(sentinel) => matches!(sentinel.way, Way::OneByOne | Way::GeneratedKey),
            None => !self.returns_rows && features.insert_many == InsertMany::Loop,
        };
        if looped && (rows.count() > 1 || self.sentinel.is_some()) {
            return Few::one(self.looped(&text(1, true), slots, rows));
        }
        let most = (features.max_parameters.saturating_sub(slots.len()) / rows.width().max(1)).max(1);
        let mut parts = Few::new();
        let mut first = 0;
        for chunk in [rows_at_once.max(1), SMALL_CHUNK.min(rows_at_once.max(1))].map(|chunk| chunk.min(most))
        {
            while rows.count() - first >= chunk {
                parts.push(self.part(&text(chunk, true), true, slots, Some((rows, first, chunk))));
                first += chunk;
            }
        }
        let rest = rows.count() - first;
        if rest > 0 {
            let keep = rest <= FEW;
            parts.push(self.part(&text(rest, keep), keep, slots, Some((rows, first, rest))));
        }
        parts
    }

    /// The text of one row, with the values of each.
    fn looped(&self, filling: &Filling, slots: &[Slot<'_>], rows: &RowValues) -> RenderedPart {
        let count = rows.count();
        let mut part = self.part(filling, true, slots, Some((rows, 0, count)));
        part.sets = count;
        if !matches!(*filling.order, [] | [Filled::Rows]) {
            // RETURNING has values of its own, which go with each row.
            let mut parameters = Few::with_capacity(count * (rows.width() + slots.len()));
            for row in 0..count {
                parameters
                    .extend(self.part(filling, true, slots, Some((rows, row, 1))).parameters.iter().cloned());
            }
            part.parameters = parameters.into();
        }
        part
    }

    /// One text with its values; of rows it takes so many from one on.
    fn part(
        &self,
        filling: &Filling,
        cacheable: bool,
        slots: &[Slot<'_>],
        rows: Option<(&RowValues, usize, usize)>,
    ) -> RenderedPart {
        let mut part = RenderedPart {
            sql: filling.sql.clone(),
            key: filling.key,
            cacheable,
            parameters: Parameters::default(),
            sets: 1,
            rows: rows.map_or(0, |(_, _, count)| count),
        };
        let of_rows = rows.and_then(|(rows, first, count)| {
            Some((rows.values()?, rows.width(), first * rows.width()..(first + count) * rows.width()))
        });
        if let ([Filled::Rows], Some((values, _, range))) = (&*filling.order, &of_rows) {
            part.parameters = Parameters::of_rows(values, range.clone());
            return part;
        }
        let of_rows = of_rows.map(|(values, width, range)| (&values[range], width));
        let mut parameters =
            Few::with_capacity(filling.order.len() + of_rows.map_or(0, |(values, _)| values.len()));
        for filled in &*filling.order {
            match *filled {
                Filled::Slot(slot) => match slots.get(slot as usize) {
                    Some(Slot::Value(value)) => parameters.push((*value).clone()),
                    Some(Slot::List(list)) => parameters.push(self.array(slot, list)),
                    None => {}
                },
                Filled::List(slot) => {
                    if let Some(Slot::List(list)) = slots.get(slot as usize) {
                        parameters.extend(list.binds().cloned());
                    }
                }
                Filled::Rows => parameters.extend(of_rows.iter().flat_map(|(values, _)| *values).cloned()),
                Filled::Column(column) => parameters.push(self.column(column as usize, rows)),
            }
        }
        part.parameters = parameters.into();
        part
    }

    /// A column of the rows as one value.
    fn column(&self, column: usize, rows: Option<(&RowValues, usize, usize)>) -> Value {
        let element = self.sentinel.as_ref().and_then(|sentinel| sentinel.types.get(column)).cloned();
        let values = rows.and_then(|(rows, first, count)| {
            let width = rows.width();
            Some(Elements::column(rows.values()?, first * width + column, width, count))
        });
        let values = values.unwrap_or_else(|| Vec::new().into());
        Value::Array(Box::new(ArrayValue { element: element.unwrap_or(SqlType::Unknown), values }))
    }

    /// A list as one value.
    fn array(&self, slot: u32, list: &InNode) -> Value {
        let known =
            self.arrays.iter().find(|(number, _)| *number == slot).map(|(_, element)| element.clone());
        let element = known.unwrap_or_else(|| list.binds().find_map(type_of).unwrap_or(SqlType::Unknown));
        Value::Array(Box::new(ArrayValue { element, values: list.binds().cloned().collect() }))
    }
}

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The value or list of this number.
    Slot(usize),
    /// A column of the rows.
    Column(usize),
}

/// Whether a list of so many values is likely to come again with just so many.
fn is_likely(length: usize) -> bool {
    length <= FEW || length.is_multiple_of(100) || length.is_power_of_two()
}

fn fill(pieces: &[Piece], slots: &[Slot<'_>], rows: usize, dialect: &dyn Dialect) -> Filling {
    let mut filler = Filler::new(dialect);
    for piece in pieces {
        match piece {
            Piece::Text(text) => filler.text(text),
            Piece::Slot(slot) => filler.slot(*slot),
            Piece::TypedSlot(slot, sql_type) => filler.typed_slot(*slot, sql_type),
            Piece::List { slot, width, wraps } => {
                let elements = match slots.get(*slot as usize) {
                    Some(Slot::List(list)) => list.values.len(),
                    _ => 0,
                };
                filler.list(*slot, elements, *width, wraps);
            }
            Piece::Rows { width, wraps } => filler.rows(rows, *width, wraps),
            Piece::Column(column) => filler.column(*column),
        }
    }
    let (sql, order) = filler.finish();
    Filling { key: key_of(&sql), sql: sql.into(), order: order.into() }
}

/// A hash of the text, the same that a driver's `Statement::new` makes.
pub(super) fn key_of(sql: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    sql.hash(&mut hasher);
    hasher.finish()
}

/// The type that a value has by itself.
fn type_of(value: &Value) -> Option<SqlType> {
    Some(match value {
        Value::Null | Value::Array(_) => return None,
        Value::Bool(_) => SqlType::Boolean,
        Value::I64(_) => SqlType::BigInteger,
        Value::U64(_) => SqlType::UnsignedBigInteger,
        Value::F32(_) => SqlType::Float,
        Value::F64(_) => SqlType::Double,
        Value::Decimal(_) | Value::Number(_) => SqlType::Numeric { precision: None, scale: None },
        Value::Interval(_) => SqlType::Interval,
        Value::Text(_) => SqlType::Text,
        Value::Bytes(_) => SqlType::LargeBinary,
        Value::Uuid(_) => SqlType::Uuid,
        Value::Date(_) => SqlType::Date,
        Value::Time(_) => SqlType::Time,
        Value::DateTime(_) => SqlType::DateTime,
        Value::Instant(_) => SqlType::Timestamp,
        Value::Json(_) => SqlType::Json,
    })
}
