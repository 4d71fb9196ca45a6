//! [`Operation`]: a batch of rows of one shape, and the statements for it.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{Capabilities, ColumnInfo, Done, Error, ErrorKind, Result, Row, Sink, Statement};
use aludel_sql_expression::{
    Cell, Dialect, SqlType, Value,
    schema::Table,
    typed::RowReader,
    value::{ArrayValue, Elements},
};
use hashbrown::HashMap;

use super::{
    batches::shape,
    made::{Made, insert_computed, receive_made, render, select_made, update_computed},
    statements::{ColumnShape, Kind, Shape, StatementCache},
    work::Work,
};
use crate::{
    graph::{AnySlot, HashedKey},
    mapping::Mapper,
};

/// How many rows one statement holds where each row is written out.
const ROWS_WRITTEN_OUT: usize = 100;

/// A batch of rows of one shape.
pub(super) struct Operation {
    pub(super) purpose: Purpose,
    pub(super) table: Table,
    pub(super) columns: Vec<ColumnShape>,
    pub(super) keys: Vec<ColumnShape>,
    /// Row by row: the columns, then the keys (not for INSERT).
    pub(super) values: Vec<Value>,
    pub(super) rows: usize,
}

/// What a batch is for.
pub(super) enum Purpose {
    /// New rows, by their places in the work; the keys are the columns that come back.
    Insert { mapper: &'static Mapper, places: Vec<usize>, fetch: Vec<u16>, made: Made },
    /// Changed rows.
    Update { mapper: &'static Mapper, slots: Vec<Arc<dyn AnySlot>>, made: Made },
    /// A row to be deleted whose foreign key becomes NULL before, since it closes a circle.
    Cut,
    /// Rows of a secondary table that follow a changed key: their number is not known.
    Rekey,
    /// Rows to be deleted.
    Delete { mapper: &'static Mapper, slots: Vec<Arc<dyn AnySlot>> },
    /// New rows of a secondary table.
    Link,
    /// Rows of a secondary table to be deleted.
    Unlink,
    /// All rows of a secondary table that belong to deleted objects: their number is not known.
    UnlinkAll,
}

/// What the statements of a batch depend on.
struct Context<'a> {
    cache: &'a StatementCache,
    dialect: &'a Arc<dyn Dialect>,
    capabilities: &'a Capabilities,
}

/// One statement with its parameters, ready to be sent.
pub(super) struct Prepared {
    pub(super) statement: Statement,
    pub(super) parameters: Vec<Value>,
    /// More than one: the statement is sent for each set.
    pub(super) sets: usize,
    /// How many rows of the batch it stands for.
    pub(super) rows: usize,
    /// It only asks for what the others made.
    pub(super) selects: bool,
    pub(super) returned: Returned,
    pub(super) identifiers: Vec<i64>,
    pub(super) done: Done,
}

/// The rows that a statement gave back.
#[derive(Default)]
pub(super) struct Returned {
    pub(super) rows: Vec<Vec<Value>>,
    /// The rows where each is one number, and nothing else.
    pub(super) numbers: Vec<i64>,
    /// A COMMIT does not wait for the rows: what is wrong with them is kept until it is done.
    pub(super) is_trusted: bool,
    pub(super) failed: Option<Error>,
}

impl Returned {
    /// All rows, those of one number among them.
    pub(super) fn into_rows(self) -> impl Iterator<Item = Vec<Value>> {
        let numbers = self.numbers.into_iter().map(|number| vec![Value::I64(number)]);
        self.rows.into_iter().chain(numbers)
    }

    fn read(&mut self, row: &dyn Row) -> Result<()> {
        if row.len() == 1
            && self.rows.is_empty()
            && let Some(number) = row.integer(0)
        {
            self.numbers.push(number);
            return Ok(());
        }
        // A kind of value that has no short way.
        self.rows.extend(self.numbers.drain(..).map(|number| vec![Value::I64(number)]));
        let mut reader = RowReader::new(row);
        let values = (0..row.len()).map(|_| reader.next()).collect::<aludel_sql_expression::Result<_>>()?;
        self.rows.push(values);
        Ok(())
    }
}

impl Sink for Returned {
    fn may_fail(&self) -> bool {
        !self.is_trusted
    }

    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        match self.read(row) {
            Err(error) if self.is_trusted => self.failed = self.failed.take().or(Some(error)),
            outcome => outcome?,
        }
        Ok(ControlFlow::Continue(()))
    }
}

impl Operation {
    /// The statements of the batch.
    pub(super) fn prepare(
        &mut self,
        cache: &StatementCache,
        dialect: &Arc<dyn Dialect>,
        capabilities: &Capabilities,
    ) -> Result<Vec<Prepared>> {
        let values = std::mem::take(&mut self.values);
        let arrays =
            capabilities.arrays && self.rows > 1 && !self.columns.iter().chain(&self.keys).any(is_array);
        let shape = |kind, rows| Shape {
            kind,
            table: self.table.clone(),
            columns: self.columns.clone(),
            keys: self.keys.clone(),
            returning: Vec::new(),
            rows,
        };
        let get = |kind, rows| cache.get(shape(kind, rows), dialect);
        match &self.purpose {
            _ if self.reads_back(capabilities) => {
                self.prepare_without_returning(values, cache, dialect, capabilities)
            }
            Purpose::Insert { made, .. } if !made.expressions.is_empty() => {
                let node = insert_computed(&self.table, &self.columns, values, made, &self.keys);
                let (statement, parameters) = render(cache.compiled(), &node, dialect)?;
                Ok(vec![Prepared::one(statement, parameters, 1)])
            }
            Purpose::Update { mapper, slots, made }
                if !(made.fetch.is_empty() && made.expressions.is_empty()) =>
            {
                let context = Context { cache, dialect, capabilities };
                self.prepare_made(values, (mapper, slots, made), arrays, &context)
            }
            Purpose::Insert { .. } | Purpose::Link => {
                self.prepare_insert(values, arrays, capabilities, cache, dialect)
            }
            Purpose::Update { .. } if arrays => Ok(vec![self.unnested(get(Kind::UpdateUnnest, 0)?, values)]),
            Purpose::Update { .. } | Purpose::Cut | Purpose::Rekey
                if capabilities.prepared_loop || self.rows == 1 =>
            {
                Ok(vec![Prepared::many(get(Kind::UpdateOne, 0)?, values, self.rows)])
            }
            Purpose::Update { .. } => written_out(values, self.rows, |rows| get(Kind::UpdateJoin, rows)),
            _ if arrays => Ok(vec![self.unnested(get(Kind::DeleteUnnest, 0)?, values)]),
            _ if capabilities.prepared_loop || self.rows == 1 => {
                Ok(vec![Prepared::many(get(Kind::DeleteOne, 0)?, values, self.rows)])
            }
            _ => written_out(values, self.rows, |rows| get(Kind::DeleteIn, rows)),
        }
    }

    fn prepare_insert(
        &self,
        values: Vec<Value>,
        arrays: bool,
        capabilities: &Capabilities,
        cache: &StatementCache,
        dialect: &Arc<dyn Dialect>,
    ) -> Result<Vec<Prepared>> {
        let get = |kind, rows, keys: &[ColumnShape]| {
            let (table, columns) = (self.table.clone(), self.columns.clone());
            let (keys, returning) = (keys.to_vec(), Vec::new());
            cache.get(Shape { kind, table, columns, keys, returning, rows }, dialect)
        };
        if arrays && !self.columns.is_empty() {
            return Ok(vec![self.unnested(get(Kind::InsertUnnest, 0, &self.keys)?, values)]);
        }
        // The generated key alone comes back without RETURNING, which is much dearer on SQLite.
        let key_alone = capabilities.last_insert_id && self.returns_key_alone();
        let looped = (capabilities.prepared_loop && (self.keys.is_empty() || key_alone))
            || (key_alone && !capabilities.returning.insert);
        if looped {
            return Ok(vec![Prepared::many(get(Kind::InsertValues, 1, &[])?, values, self.rows)]);
        }
        let one_by_one = self.columns.is_empty() || (capabilities.prepared_loop && !self.keys.is_empty());
        let most = if one_by_one { 1 } else { ROWS_WRITTEN_OUT };
        written_out_by(values, self.rows, most, |rows| get(Kind::InsertValues, rows, &self.keys))
    }

    /// The statements for changed rows of which the database makes something.
    fn prepare_made(
        &self,
        values: Vec<Value>,
        (mapper, slots, made): (&'static Mapper, &[Arc<dyn AnySlot>], &Made),
        arrays: bool,
        Context { cache, dialect, capabilities }: &Context<'_>,
    ) -> Result<Vec<Prepared>> {
        let returns = capabilities.returning.update && !made.late && !made.fetch.is_empty();
        let columns = mapper.key().iter().chain(&made.fetch).filter(|_| returns);
        let returning: Vec<ColumnShape> = columns.map(|column| shape(mapper, *column)).collect();
        let get = |kind, rows| {
            let (table, columns) = (self.table.clone(), self.columns.clone());
            let (keys, returning) = (self.keys.clone(), returning.clone());
            cache.get(Shape { kind, table, columns, keys, returning, rows }, dialect)
        };
        let mut prepared = if !made.expressions.is_empty() {
            let node = update_computed(&self.table, &self.columns, &self.keys, values, made, &returning);
            let (statement, parameters) = render(cache.compiled(), &node, dialect)?;
            vec![Prepared::one(statement, parameters, 1)]
        } else if arrays {
            vec![self.unnested(get(Kind::UpdateUnnest, 0)?, values)]
        } else if returns {
            written_out_by(values, self.rows, 1, |_| get(Kind::UpdateOne, 0))?
        } else if capabilities.prepared_loop || self.rows == 1 {
            vec![Prepared::many(get(Kind::UpdateOne, 0)?, values, self.rows)]
        } else {
            written_out(values, self.rows, |rows| get(Kind::UpdateJoin, rows))?
        };
        if !returns && !made.fetch.is_empty() {
            prepared.extend(select_made(cache.compiled(), dialect, mapper, slots, &made.fetch)?);
        }
        Ok(prepared)
    }

    /// Whether only the key that the database numbers comes back.
    pub(super) fn returns_key_alone(&self) -> bool {
        match &self.purpose {
            Purpose::Insert { mapper, fetch, .. } => {
                let autoincrement =
                    mapper.configuration().ok().and_then(|configuration| configuration.autoincrement);
                matches!((fetch.as_slice(), autoincrement), ([column], Some(number)) if *column == number)
            }
            _ => false,
        }
    }

    /// The column that a parameter of the batch's statement is for; the first has number 1. Whether rows are written out or
    /// turned into arrays, the columns stand in the same order.
    pub(super) fn column_of_parameter(&self, number: usize) -> Option<String> {
        let keys = match self.purpose {
            Purpose::Insert { .. } | Purpose::Link => &[],
            _ => &self.keys[..],
        };
        let width = self.columns.len() + keys.len();
        let position = number.checked_sub(1)?.checked_rem(width)?;
        let column = self.columns.iter().chain(keys).nth(position)?;
        Some(format!("{}.{}", self.table.name(), column.name))
    }

    /// The rows turned into one array a column.
    fn unnested(&self, statement: Statement, values: Vec<Value>) -> Prepared {
        let types: Vec<&SqlType> = match self.purpose {
            Purpose::Insert { .. } | Purpose::Link => {
                self.columns.iter().map(|column| &column.sql_type).collect()
            }
            _ => self.columns.iter().chain(&self.keys).map(|column| &column.sql_type).collect(),
        };
        // Each array reads its column of the rows where it stands.
        let (rows, width) = (Arc::new(values), types.len());
        let arrays = types.into_iter().enumerate().map(|(column, element)| {
            let values = Elements::column(&rows, column, width, self.rows);
            Value::Array(Box::new(ArrayValue { element: element.clone(), values }))
        });
        Prepared::one(statement, arrays.collect(), self.rows)
    }

    /// Takes in what the database answered. Gives the numbers of new rows, where they got nothing else.
    pub(super) fn finish(&self, work: &Work, prepared: &mut [Prepared]) -> Result<Vec<i64>> {
        let written = prepared.iter().filter(|statement| !statement.selects);
        let matched: u64 = written.map(|statement| statement.done.rows).sum();
        match &self.purpose {
            Purpose::Insert { mapper, places, fetch, made } => {
                let slots = places.iter().map(|place| &work.inserts[*place]).collect::<Vec<_>>();
                let numbers = self.receive(mapper, &slots, fetch, prepared)?;
                made.expire(slots.into_iter());
                return Ok(numbers);
            }
            Purpose::Update { mapper, slots, made } if !made.fetch.is_empty() => {
                let returns = !prepared.iter().any(|statement| statement.selects);
                let rows =
                    prepared.iter_mut().flat_map(|statement| std::mem::take(&mut statement.returned.rows));
                let rows: Vec<_> = rows.collect();
                let matched = if returns { rows.len() as u64 } else { matched };
                if matched != slots.len() as u64 {
                    return Err(stale("UPDATE", mapper, slots.len(), matched));
                }
                receive_made(mapper, slots, &made.fetch, rows)?;
            }
            Purpose::Update { mapper, slots, .. } if matched != slots.len() as u64 => {
                return Err(stale("UPDATE", mapper, slots.len(), matched));
            }
            Purpose::Update { slots, made, .. } => {
                made.expire(slots.iter());
            }
            Purpose::Delete { mapper, slots }
                if matched != slots.len() as u64 && mapper.configuration()?.version.is_some() =>
            {
                return Err(stale("DELETE", mapper, slots.len(), matched));
            }
            Purpose::Delete { mapper, slots } if matched != slots.len() as u64 => {
                tracing::warn!(
                    table = %mapper.table().name(),
                    "DELETE was expected to delete {} rows, but {matched} were there",
                    slots.len()
                );
            }
            Purpose::Unlink if matched != self.rows as u64 => {
                let message = format!(
                    "DELETE from table `{}` was expected to delete {} rows, but {matched} were there: somebody else changed \
                     the relationship; refresh it and try again",
                    self.table.name(),
                    self.rows
                );
                return Err(Error::new(ErrorKind::StaleData, message));
            }
            _ => {}
        }
        Ok(Vec::new())
    }

    fn receive(
        &self,
        mapper: &'static Mapper,
        slots: &[&Arc<dyn AnySlot>],
        fetch: &[u16],
        prepared: &mut [Prepared],
    ) -> Result<Vec<i64>> {
        if fetch.is_empty() {
            return Ok(Vec::new());
        }
        let identifiers: Vec<i64> =
            prepared.iter_mut().flat_map(|statement| std::mem::take(&mut statement.identifiers)).collect();
        if identifiers.len() == slots.len() && self.returns_key_alone() {
            // The same key twice is none that the second row was given.
            if identifiers.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(not_told(mapper, fetch[0], "a trigger may have kept a row back"));
            }
            for (slot, number) in slots.iter().zip(&identifiers) {
                slot.number(fetch[0], *number)?;
            }
            return Ok(identifiers);
        }
        let mut told = Vec::new();
        let mut remaining = slots;
        for statement in prepared {
            let Returned { rows, numbers, failed, .. } = std::mem::take(&mut statement.returned);
            if let Some(error) = failed {
                return Err(error);
            }
            let (present, rest) = remaining.split_at(statement.rows.min(remaining.len()));
            remaining = rest;
            if rows.len() + numbers.len() != present.len() {
                let message = format!(
                    "INSERT into table `{}` told of {} rows for {} objects, so that it cannot be said which are which: a trigger \
                     or a rule may have kept some back; flush after each object to find it",
                    mapper.table().name(),
                    rows.len() + numbers.len(),
                    present.len()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
            if rows.is_empty() && self.returns_key_alone() {
                if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
                    let reason = "a trigger or a default makes them in another way";
                    return Err(not_told(mapper, fetch[0], reason));
                }
                for (slot, number) in present.iter().zip(&numbers) {
                    slot.number(fetch[0], *number)?;
                }
                told.extend(numbers);
                continue;
            }
            let rows = match numbers.is_empty() {
                true => rows,
                false => numbers.into_iter().map(|number| vec![Value::I64(number)]).collect(),
            };
            match_rows(mapper, present, fetch, rows)?;
        }
        Ok(told)
    }
}

/// Gives each object its row. The order of RETURNING is never trusted: numbered keys must grow in the order of the rows,
/// keys that the client gave are compared. Rows are not sorted by their numbers, because numbers that a trigger took from
/// the rows themselves would put them into a wrong order.
fn match_rows(
    mapper: &'static Mapper,
    slots: &[&Arc<dyn AnySlot>],
    fetch: &[u16],
    mut rows: Vec<Vec<Value>>,
) -> Result<()> {
    // Keys that the program gave need not grow.
    let is_numbered = slots.first().is_some_and(|slot| slot.is_key_unset());
    let autoincrement = mapper.configuration()?.autoincrement.filter(|_| is_numbered);
    let receive = |slot: &Arc<dyn AnySlot>, row: Vec<Value>| {
        slot.receive(&fetch.iter().copied().zip(row).collect::<Vec<_>>())
    };
    if slots.len() == 1 {
        return rows.pop().map_or(Ok(()), |row| receive(slots[0], row));
    }
    if let Some(at) = autoincrement.and_then(|number| fetch.iter().position(|column| *column == number)) {
        let number = |row: &[Value]| match row[at] {
            Value::I64(number) => Some(i128::from(number)),
            Value::U64(number) => Some(i128::from(number)),
            _ => None,
        };
        let grow =
            |pair: &[Vec<Value>]| matches!((number(&pair[0]), number(&pair[1])), (Some(a), Some(b)) if a < b);
        if !rows.windows(2).all(grow) {
            return Err(not_told(mapper, fetch[at], "a trigger or a default makes them in another way"));
        }
        return slots.iter().zip(rows).try_for_each(|(slot, row)| receive(slot, row));
    }
    // The database may show a key in another form than the field does: a UUID as text.
    let mut by_key: HashMap<HashedKey, Vec<Value>> = HashMap::with_capacity(rows.len());
    for row in rows {
        let key = mapper.key().iter().map(|key| {
            let cell =
                fetch.iter().position(|column| column == key).map_or(Cell::Null, |at| row[at].as_cell());
            (mapper.functions().read_column)(*key, cell)
        });
        by_key.insert(HashedKey(key.collect::<aludel_sql_expression::Result<_>>()?), row);
    }
    for slot in slots {
        let key = HashedKey(mapper.key().iter().map(|key| slot.sending(*key)).collect());
        let row = by_key.remove(&key).ok_or_else(|| {
            let message = format!(
                "INSERT into table `{}` gave back no row with the key of an object",
                mapper.table().name()
            );
            Error::new(ErrorKind::Internal, message)
        })?;
        receive(slot, row)?;
    }
    Ok(())
}

/// The new rows cannot be told apart, so that no object may be given a key.
fn not_told(mapper: &Mapper, column: u16, reason: &str) -> Error {
    let message = format!(
        "the keys that came back for new rows of table `{}` do not grow in column {}, as numbers that the database gives out \
         in the order of the rows do: {reason}; give the objects their keys, or flush after each",
        mapper.table().name(),
        mapper.field(column)
    );
    Error::new(ErrorKind::Flush, message)
}

fn is_array(column: &ColumnShape) -> bool {
    matches!(column.sql_type.base(), SqlType::Array(_))
}

pub(super) fn stale(verb: &str, mapper: &Mapper, expected: usize, matched: u64) -> Error {
    let message = format!(
        "{verb} of table `{}` was expected to match {expected} rows, but {matched} were there: somebody else changed or \
         deleted them; refresh the objects and try again",
        mapper.table().name()
    );
    Error::new(ErrorKind::StaleData, message)
}

impl Prepared {
    pub(super) fn one(statement: Statement, parameters: Vec<Value>, rows: usize) -> Self {
        let (returned, identifiers, done) = (Returned::default(), Vec::new(), Done::default());
        Self { statement, parameters, sets: 1, rows, selects: false, returned, identifiers, done }
    }

    pub(super) fn many(statement: Statement, parameters: Vec<Value>, rows: usize) -> Self {
        Self { sets: rows, ..Self::one(statement, parameters, rows) }
    }
}

pub(super) fn written_out(
    values: Vec<Value>,
    rows: usize,
    statement: impl Fn(usize) -> Result<Statement>,
) -> Result<Vec<Prepared>> {
    written_out_by(values, rows, ROWS_WRITTEN_OUT, statement)
}

/// Cuts the rows into statements of a fixed number of rows, so that their texts stay prepared, and one for the rest.
fn written_out_by(
    values: Vec<Value>,
    rows: usize,
    most: usize,
    statement: impl Fn(usize) -> Result<Statement>,
) -> Result<Vec<Prepared>> {
    let width = values.len().checked_div(rows).unwrap_or_default();
    let mut values = values.into_iter();
    let mut prepared = Vec::with_capacity(rows.div_ceil(most));
    let mut left = rows;
    while left > 0 {
        let count = left.min(most);
        prepared.push(Prepared::one(statement(count)?, values.by_ref().take(count * width).collect(), count));
        left -= count;
    }
    Ok(prepared)
}
