//! [`Compiled`]: what is kept of a statement, and how values are put into it.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError},
};

use hashbrown::HashMap;

use super::{
    Rendered, RenderedPart,
    key::Slot,
    writer::{Filled, Filler, Piece},
};
use crate::{
    Error, Result, Value,
    dialect::{Dialect, InsertMany},
    expression::{InNode, Node},
    statement::StatementKind,
    types::SqlType,
    value::ArrayValue,
};

/// What is kept of a statement: its text, as far as it does not depend on how many values there are.
#[derive(Debug)]
pub(super) struct Compiled {
    kind: StatementKind,
    returns_rows: bool,
    text: Text,
    /// The element types of lists that are sent as one array.
    arrays: Box<[(u32, SqlType)]>,
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

/// The rows of an INSERT that holds nothing but values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'n> {
    pub(super) nodes: &'n [Node],
    pub(super) width: usize,
}

/// Most rows of one INSERT, and the size for what is left over.
const CHUNKS: [usize; 2] = [1000, 100];

/// Up to so many values in a list, or rows, the text is worth keeping whatever the number.
const FEW: usize = 16;

impl Compiled {
    pub(super) fn new(
        kind: StatementKind,
        returns_rows: bool,
        pieces: Vec<Piece>,
        arrays: Vec<(u32, SqlType)>,
        dialect: &dyn Dialect,
    ) -> Self {
        let open = pieces.iter().any(|piece| matches!(piece, Piece::List { .. } | Piece::Rows { .. }));
        let text = if open {
            Text::Open { pieces: pieces.into(), rows: Mutex::default() }
        } else {
            Text::Fixed(fill(&pieces, &[], 0, dialect))
        };
        Self { kind, returns_rows, text, arrays: arrays.into() }
    }

    /// Puts values in.
    pub(super) fn render(
        &self,
        slots: &[Slot<'_>],
        rows: Option<Rows<'_>>,
        dialect: &dyn Dialect,
    ) -> Result<Rendered> {
        let parts = match (&self.text, rows) {
            (Text::Fixed(filling), _) => vec![self.part(filling, true, slots, None)],
            (Text::Open { pieces, .. }, None) => {
                let filling = fill(pieces, slots, 0, dialect);
                let cacheable = slots
                    .iter()
                    .all(|slot| !matches!(slot, Slot::List(list) if !is_likely(list.values.len())));
                vec![self.part(&filling, cacheable, slots, None)]
            }
            (Text::Open { pieces, rows: texts }, Some(rows)) => {
                self.render_rows(pieces, texts, slots, rows, dialect)
            }
        };
        let most = dialect.features().max_parameters;
        if let Some(part) = parts.iter().find(|part| part.parameters.len() / part.sets.max(1) > most) {
            return Err(Error::compile(format!(
                "the statement has {} parameters, but {} takes at most {most}; cut the list into smaller ones",
                part.parameters.len(),
                dialect.name(),
            )));
        }
        Ok(Rendered { parts, kind: self.kind, returns_rows: self.returns_rows })
    }

    fn render_rows(
        &self,
        pieces: &[Piece],
        texts: &Mutex<HashMap<usize, Filling>>,
        slots: &[Slot<'_>],
        rows: Rows<'_>,
        dialect: &dyn Dialect,
    ) -> Vec<RenderedPart> {
        let features = dialect.features();
        let count = rows.nodes.len() / rows.width;
        let text = |count: usize, keep: bool| {
            if !keep {
                return fill(pieces, slots, count, dialect);
            }
            let mut texts = texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.entry(count).or_insert_with(|| fill(pieces, slots, count, dialect)).clone()
        };
        if count > 1 && !self.returns_rows && features.insert_many == InsertMany::Loop {
            let mut part = self.part(&text(1, true), true, slots, Some(rows));
            part.sets = count;
            return vec![part];
        }
        let most = (features.max_parameters.saturating_sub(slots.len()) / rows.width).max(1);
        let mut parts = Vec::new();
        let mut rest = rows.nodes;
        for chunk in CHUNKS.map(|chunk| chunk.min(most)) {
            while rest.len() / rows.width >= chunk {
                let (nodes, after) = rest.split_at(chunk * rows.width);
                parts.push(self.part(&text(chunk, true), true, slots, Some(Rows { nodes, ..rows })));
                rest = after;
            }
        }
        if !rest.is_empty() {
            let count = rest.len() / rows.width;
            parts.push(self.part(
                &text(count, count <= FEW),
                count <= FEW,
                slots,
                Some(Rows { nodes: rest, ..rows }),
            ));
        }
        parts
    }

    fn part(
        &self,
        filling: &Filling,
        cacheable: bool,
        slots: &[Slot<'_>],
        rows: Option<Rows<'_>>,
    ) -> RenderedPart {
        let mut parameters =
            Vec::with_capacity(filling.order.len() + rows.map_or(0, |rows| rows.nodes.len()));
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
                Filled::Rows => {
                    parameters.extend(rows.iter().flat_map(|rows| rows.nodes).filter_map(|node| match node {
                        Node::Bind(bind) => Some(bind.value.clone()),
                        _ => None,
                    }))
                }
            }
        }
        RenderedPart { sql: filling.sql.clone(), key: filling.key, cacheable, parameters, sets: 1 }
    }

    /// A list as one value.
    fn array(&self, slot: u32, list: &InNode) -> Value {
        let known =
            self.arrays.iter().find(|(number, _)| *number == slot).map(|(_, element)| element.clone());
        let element = known.unwrap_or_else(|| list.binds().find_map(type_of).unwrap_or(SqlType::Unknown));
        Value::Array(Box::new(ArrayValue { element, values: list.binds().cloned().collect() }))
    }
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
            Piece::List { slot, width } => {
                let elements = match slots.get(*slot as usize) {
                    Some(Slot::List(list)) => list.values.len(),
                    _ => 0,
                };
                filler.list(*slot, elements, *width);
            }
            Piece::Rows { width } => filler.rows(rows, *width),
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
        Value::Decimal(_) => SqlType::Numeric { precision: None, scale: None },
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
