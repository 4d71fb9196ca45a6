//! INSERT of many rows that come back: which is which.
//!
//! No database promises the order of RETURNING, so it is never trusted. Rows are told apart by their keys, or come one by
//! one. What cannot be told is an error, and never a wrong row.

use std::{
    fmt,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use aludel_driver::{
    CallOptions, ColumnInfo, Done, Error, ErrorKind, ParameterSets, Result, Row, Sink, Statement, Step,
    StepKind, Value,
};
use aludel_sql_expression::{
    Cell, Rendered,
    compile::{RowKeys, RowOrder},
    value::temporal,
};
use hashbrown::HashMap;

use super::{
    Connection,
    execute::{Part, Plus},
};
use crate::result::Rows;

/// How many statements are on their way at once.
const STATEMENTS_AT_ONCE: usize = 500;

impl Connection {
    /// Sends the statements that an INSERT was rendered into, and gives its rows in the order of those that were given.
    pub(super) async fn run_in_order(
        &mut self,
        rendered: &Rendered,
        order: &RowOrder,
        options: &CallOptions,
        sink: &mut dyn Rows,
    ) -> Result<Done> {
        if let RowOrder::GeneratedKey { column } = order {
            return self.run_with_generated_keys(rendered, column, options, sink).await;
        }
        sink.take_all();
        let statements: Vec<Statement> = rendered.parts.iter().map(Part::statement).collect();
        let mut outlet = Outlet::new(sink, rendered.parts.iter().map(|part| part.sets.max(1)).sum());
        let mut calls = Vec::new();
        let (mut alone, shared) = match &mut outlet {
            Outlet::Alone(visible) => (Some(visible), None),
            Outlet::Shared(visible) => (None, Some(&*visible)),
        };
        let mut given = 0;
        for (part, statement) in rendered.parts.iter().zip(&statements) {
            let width = part.parameters.len() / part.sets.max(1);
            for set in 0..part.sets.max(1) {
                let parameters = &part.parameters[set * width..(set + 1) * width];
                let rows = if part.sets > 1 { 1 } else { part.rows };
                let visible = match (alone.take(), shared) {
                    (Some(visible), _) => Lent::Alone(visible),
                    (None, Some(visible)) => Lent::Shared(visible),
                    (None, None) => break,
                };
                calls.push((statement, parameters, Watch::new(visible, order, given, rows)));
                given += rows;
            }
        }
        let mut total = Done::default();
        for calls in calls.chunks_mut(STATEMENTS_AT_ONCE) {
            let mut steps: Vec<Step<'_>> = calls
                .iter_mut()
                .map(|(statement, parameters, sink)| {
                    Step::new(StepKind::Fetch { statement, parameters, sink })
                })
                .collect();
            self.send(&mut steps, options, false).await?;
            total = steps.iter().filter_map(|step| step.done).fold(total, Plus::plus);
        }
        let orders = calls
            .into_iter()
            .map(|(statement, _, watch)| {
                let order = watch.order().map_err(|error| error.with_statement(statement.sql(), None))?;
                Ok((watch.first, order, watch.integers))
            })
            .collect::<Result<Vec<_>>>()?;
        let sink = outlet.into_sink();
        for (first, order, integers) in orders {
            sink.integers(&integers)?;
            if let Some(order) = order {
                sink.arrange(first, &order);
            }
        }
        sink.give()?;
        Ok(total)
    }

    /// The same where the database says by itself which key it made.
    async fn run_with_generated_keys(
        &mut self,
        rendered: &Rendered,
        column: &str,
        options: &CallOptions,
        sink: &mut dyn Rows,
    ) -> Result<Done> {
        let columns: Arc<[ColumnInfo]> = [ColumnInfo { name: column.into(), type_name: "".into() }].into();
        sink.take_all();
        sink.columns(&columns)?;
        let mut total = Done::default();
        for part in &rendered.parts {
            let statement = part.statement();
            let sets =
                ParameterSets::new(&part.parameters, part.parameters.len() / part.sets.max(1), part.sets);
            let mut keys = Vec::with_capacity(part.sets.max(1));
            let mut each = |_: usize, done: Done| match done.last_insert_id {
                // The same key twice is none that this statement made.
                Some(key) if keys.last() != Some(&key) => {
                    keys.push(key);
                    Ok(())
                }
                _ => Err(no_key(column).with_statement(statement.sql(), None)),
            };
            let mut steps =
                [Step::new(StepKind::ExecuteMany { statement: &statement, sets, each: &mut each })];
            self.send(&mut steps, options, false).await?;
            total = steps[0].done.unwrap_or_default().plus(total);
            sink.integers(&keys)?;
        }
        sink.give()?;
        Ok(total)
    }
}

#[cold]
fn no_key(column: &str) -> Error {
    let message = format!(
        "the database did not say which key it made for column `{column}` of each row: a trigger kept the row back, or the \
         table is a view or has no numbered key"
    );
    Error::new(ErrorKind::InvalidRequest, message)
}

/// Where the rows of all statements go.
enum Outlet<'s> {
    /// There is one statement.
    Alone(Visible<'s>),
    /// There are several, one after the other.
    Shared(Mutex<Visible<'s>>),
}

/// The same, lent to one statement.
enum Lent<'w, 's> {
    Alone(&'w mut Visible<'s>),
    Shared(&'w Mutex<Visible<'s>>),
}

impl<'s> Outlet<'s> {
    fn new(sink: &'s mut dyn Rows, statements: usize) -> Self {
        let visible = Visible { sink, columns: None };
        if statements == 1 { Self::Alone(visible) } else { Self::Shared(Mutex::new(visible)) }
    }

    fn into_sink(self) -> &'s mut dyn Rows {
        match self {
            Self::Alone(visible) => visible.sink,
            Self::Shared(visible) => visible.into_inner().unwrap_or_else(PoisonError::into_inner).sink,
        }
    }
}

impl<'s> Lent<'_, 's> {
    #[inline]
    fn with<R>(&mut self, use_it: impl FnOnce(&mut Visible<'s>) -> R) -> R {
        match self {
            Self::Alone(visible) => use_it(visible),
            Self::Shared(visible) => use_it(&mut visible.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

/// What of the rows is given on: all but the cells that were only asked for to tell them apart.
struct Visible<'s> {
    sink: &'s mut dyn Rows,
    /// What was said of the columns.
    columns: Option<Arc<[ColumnInfo]>>,
}

/// Gives the rows of one statement on as they come, and notes what tells them apart.
struct Watch<'w, 's> {
    visible: Lent<'w, 's>,
    order: &'w RowOrder,
    /// How many cells at the end of a row are only there to tell it apart.
    hidden: usize,
    /// Which of all rows its first one is.
    first: usize,
    /// How many rows it was given.
    given: usize,
    seen: usize,
    numbers: Vec<i128>,
    /// The rows themselves, where a row is nothing but its number: they are given on together.
    integers: Vec<i64>,
    is_number_alone: bool,
    keys: Vec<Option<Key>>,
}

impl<'w, 's> Watch<'w, 's> {
    fn new(visible: Lent<'w, 's>, order: &'w RowOrder, first: usize, given: usize) -> Self {
        let hidden = match order {
            RowOrder::Numbered { hidden, .. } | RowOrder::Keyed { hidden, .. } => *hidden,
            _ => 0,
        };
        Self {
            visible,
            order,
            hidden,
            first,
            given,
            seen: 0,
            numbers: Vec::new(),
            integers: Vec::new(),
            is_number_alone: false,
            keys: Vec::new(),
        }
    }

    /// In which order its rows have to stand; none: as they came.
    fn order(&self) -> Result<Option<Vec<usize>>> {
        if self.seen != self.given {
            let message = format!(
                "{} rows came back for the {} that were inserted, so that they cannot be told apart: a trigger or a rule \
                 kept some back or added some; insert one row at a time, or add `.unordered()`",
                self.seen, self.given
            );
            return Err(Error::new(ErrorKind::InvalidRequest, message));
        }
        match self.order {
            RowOrder::Numbered { column, .. } => check_numbers(&self.numbers, column)
                .and_then(|()| check_numbers(&self.integers, column))
                .map(|()| None),
            RowOrder::Keyed { keys, .. } => self.order_of_keys(keys),
            _ => Ok(None),
        }
    }

    fn order_of_keys(&self, given: &RowKeys) -> Result<Option<Vec<usize>>> {
        let width = self.keys.len().checked_div(self.seen).unwrap_or_default();
        let came = |at: usize| &self.keys[at * width..(at + 1) * width];
        let wanted = |row: usize| given.of(self.first + row).map(Key::of).collect::<Vec<Option<Key>>>();
        if (0..self.given).all(|row| *came(row) == *wanted(row)) {
            return Ok(None);
        }
        let mut places: HashMap<&[Option<Key>], usize> = HashMap::with_capacity(self.seen);
        for at in 0..self.seen {
            if places.insert(came(at), at).is_some() {
                return Err(not_told("two rows came back with the same key"));
            }
        }
        let order = (0..self.given).map(|row| {
            places.remove(&*wanted(row)).ok_or_else(|| {
                not_told(
                    "a row did not come back with the key that it was given: a trigger may have changed it",
                )
            })
        });
        order.collect::<Result<_>>().map(Some)
    }
}

impl Sink for Watch<'_, '_> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        let hidden = self.hidden;
        self.is_number_alone =
            hidden == 0 && columns.len() == 1 && matches!(self.order, RowOrder::Numbered { .. });
        if self.is_number_alone {
            self.integers.reserve(self.given);
        }
        self.visible.with(|visible| {
            if visible.columns.is_some() {
                return Ok(());
            }
            let columns = match hidden {
                0 => columns.clone(),
                hidden => columns[..columns.len().saturating_sub(hidden)].into(),
            };
            visible.columns = Some(columns.clone());
            visible.sink.columns(&columns)
        })
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        self.seen += 1;
        if self.is_number_alone {
            if let Some(number) = row.integer(0) {
                self.integers.push(number);
                return Ok(ControlFlow::Continue(()));
            }
            if !self.integers.is_empty() {
                return Err(no_number());
            }
            // A kind of number that has no short way.
            self.is_number_alone = false;
        }
        match self.order {
            RowOrder::Numbered { position, .. } => self.numbers.push(match row.integer(*position) {
                Some(number) => number.into(),
                None => match row.cell(*position)? {
                    Cell::I64(number) => number.into(),
                    Cell::U64(number) => number.into(),
                    _ => return Err(no_number()),
                },
            }),
            RowOrder::Keyed { positions, keys, .. } => {
                for (position, like) in positions.iter().zip(keys.of(self.first)) {
                    self.keys.push(Key::read(row.cell(*position)?, like));
                }
            }
            _ => {}
        }
        let hidden = self.hidden;
        self.visible.with(|visible| match hidden {
            0 => visible.sink.row(row),
            hidden => visible.sink.row(&Shortened { row, length: row.len().saturating_sub(hidden) }),
        })
    }
}

#[cold]
fn no_number() -> Error {
    not_told("a row came back without a number for its key")
}

fn not_told(reason: &str) -> Error {
    let message = format!(
        "the rows that came back cannot be told apart: {reason}; insert one row at a time, or add `.unordered()`"
    );
    Error::new(ErrorKind::InvalidRequest, message)
}

/// That rows which the database numbered came in the order of their numbers, which is that of the rows that were given.
///
/// They are not put into order where they did not: numbers that a trigger took from the rows themselves would put them into
/// a wrong one.
fn check_numbers<N: PartialOrd + fmt::Display>(numbers: &[N], column: &str) -> Result<()> {
    let Some(pair) = numbers.windows(2).find(|pair| pair[0] >= pair[1]) else { return Ok(()) };
    Err(not_told(&format!(
        "{} came after {} in column `{column}`, whose numbers should grow: a trigger or a default makes them in another \
         way, or they have a negative step",
        pair[1], pair[0]
    )))
}

/// A part of a key, whatever form the database shows it in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Integer(i128),
    Text(Box<str>),
    Bytes(Box<[u8]>),
    Uuid([u8; 16]),
    Date(i32),
}

impl Key {
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::I64(number) => Self::Integer((*number).into()),
            Value::U64(number) => Self::Integer((*number).into()),
            Value::Text(text) => Self::Text(text.as_str().into()),
            Value::Bytes(bytes) => Self::Bytes(bytes.as_slice().into()),
            Value::Uuid(bytes) => Self::Uuid(*bytes),
            Value::Date(days) => Self::Date(*days),
            _ => return None,
        })
    }

    /// The same from a cell, which was given as a value like this one.
    fn read(cell: Cell<'_>, like: &Value) -> Option<Self> {
        Some(match (like, cell) {
            (Value::I64(_) | Value::U64(_), Cell::I64(number)) => Self::Integer(number.into()),
            (Value::I64(_) | Value::U64(_), Cell::U64(number)) => Self::Integer(number.into()),
            (Value::Text(_), Cell::Text(text)) => Self::Text(text.into()),
            (Value::Bytes(_), Cell::Bytes(bytes)) => Self::Bytes(bytes.into()),
            (Value::Uuid(_), Cell::Uuid(bytes)) => Self::Uuid(bytes),
            (Value::Uuid(_), Cell::Bytes(bytes)) => Self::Uuid(bytes.try_into().ok()?),
            (Value::Uuid(_), Cell::Text(text)) => Self::Uuid(uuid(text)?),
            (Value::Date(_), Cell::Date(days)) => Self::Date(days),
            (Value::Date(_), Cell::Text(text)) => Self::Date(temporal::parse_date(text).ok()?),
            _ => return None,
        })
    }
}

/// The bytes of a UUID that is shown as text.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let number = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok())??;
    Some(number.to_be_bytes())
}

/// A row without its last cells.
struct Shortened<'r> {
    row: &'r dyn Row,
    length: usize,
}

impl Row for Shortened<'_> {
    fn len(&self) -> usize {
        self.length
    }

    fn cell(&self, position: usize) -> aludel_sql_expression::Result<Cell<'_>> {
        self.row.cell(position)
    }

    fn is_null(&self, position: usize) -> bool {
        self.row.is_null(position)
    }

    fn integer(&self, position: usize) -> Option<i64> {
        self.row.integer(position)
    }

    fn float(&self, position: usize) -> Option<f64> {
        self.row.float(position)
    }

    fn text(&self, position: usize) -> Option<&str> {
        self.row.text(position)
    }
}
