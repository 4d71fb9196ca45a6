//! [`Prepared`]: a statement with its parameters; and which statements a batch is written by.

use std::sync::Arc;

use aludel_driver::{Capabilities, Done, Result, Statement};
use aludel_sql_expression::{
    Dialect, Value,
    value::{ArrayValue, Columns, Elements},
};

use super::{
    columns::{ColumnShape, is_array, shape},
    made::{Made, insert_computed, render, select_made, update_computed},
    operation::{Operation, Purpose},
    returned::Returned,
    statements::{Kind, Shape, StatementCache},
};
use crate::{graph::AnySlot, mapping::Mapper};

/// How many rows one statement holds where each row is written out.
const ROWS_WRITTEN_OUT: usize = 100;

/// From how many rows on their numbers come back in one array. It is another statement than for fewer, which has to be
/// prepared once more.
const NUMBERS_TOGETHER: usize = 1000;

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

impl Prepared {
    pub(super) fn one(statement: Statement, parameters: Vec<Value>, rows: usize) -> Self {
        let (returned, identifiers, done) = (Returned::default(), Vec::new(), Done::default());
        Self { statement, parameters, sets: 1, rows, selects: false, returned, identifiers, done }
    }

    pub(super) fn many(statement: Statement, parameters: Vec<Value>, rows: usize) -> Self {
        Self { sets: rows, ..Self::one(statement, parameters, rows) }
    }
}

/// What the statements of a batch depend on.
struct Context<'a> {
    cache: &'a StatementCache,
    dialect: &'a Arc<dyn Dialect>,
    capabilities: &'a Capabilities,
}

impl Operation {
    /// The statements of the batch.
    pub(super) fn prepare(
        &mut self,
        cache: &StatementCache,
        dialect: &Arc<dyn Dialect>,
        capabilities: &Capabilities,
    ) -> Result<Vec<Prepared>> {
        let mut values = std::mem::take(&mut self.values);
        let arrays =
            capabilities.arrays && self.rows > 1 && !self.columns.iter().chain(&self.keys).any(is_array);
        let mut packed = match &mut self.purpose {
            Purpose::Insert { packed, .. } => packed.take(),
            _ => None,
        };
        // Fewer rows came together than was thought, or another statement writes them.
        if (!arrays || self.reads_back(capabilities))
            && let Some(columns) = packed.take()
        {
            values = columns.into_rows();
        }
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
            Purpose::Insert { .. } | Purpose::Link { .. } => {
                let context = Context { cache, dialect, capabilities };
                self.prepare_insert(values, packed, arrays, &context)
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
        packed: Option<Columns>,
        arrays: bool,
        Context { cache, dialect, capabilities }: &Context<'_>,
    ) -> Result<Vec<Prepared>> {
        let get = |kind, rows, keys: &[ColumnShape]| {
            let (table, columns) = (self.table.clone(), self.columns.clone());
            let (keys, returning) = (keys.to_vec(), Vec::new());
            cache.get(Shape { kind, table, columns, keys, returning, rows }, dialect)
        };
        let (in_arrays, written_out) = match self.purpose {
            Purpose::Link { is_known: false } => (Kind::InsertMissingUnnest, Kind::InsertMissingValues),
            _ => (Kind::InsertUnnest, Kind::InsertValues),
        };
        if arrays && !self.columns.is_empty() {
            let is_list =
                self.numbers_together().is_some_and(|mapper| cache.is_in_with(mapper) == Some(true));
            let kind = if is_list { Kind::InsertUnnestNumbers } else { in_arrays };
            let statement = get(kind, 0, &self.keys)?;
            let mut prepared = match packed {
                Some(columns) => self.of_arrays(statement, columns.into_elements()),
                None => self.unnested(statement, values),
            };
            prepared.returned.is_list = is_list;
            return Ok(vec![prepared]);
        }
        // The generated key alone comes back without RETURNING, which is much dearer on SQLite.
        let key_alone = capabilities.last_insert_id && self.returns_key_alone();
        let looped = (capabilities.prepared_loop && (self.keys.is_empty() || key_alone))
            || (key_alone && !capabilities.returning.insert);
        if looped {
            return Ok(vec![Prepared::many(get(written_out, 1, &[])?, values, self.rows)]);
        }
        let one_by_one = self.columns.is_empty() || (capabilities.prepared_loop && !self.keys.is_empty());
        let most = if one_by_one { 1 } else { ROWS_WRITTEN_OUT };
        written_out_by(values, self.rows, most, |rows| get(written_out, rows, &self.keys))
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

    /// The model of new rows that are so many that their numbers are better brought back together.
    pub(super) fn numbers_together(&self) -> Option<&'static Mapper> {
        match &self.purpose {
            Purpose::Insert { mapper, .. } if self.rows >= NUMBERS_TOGETHER && self.returns_key_alone() => {
                Some(mapper)
            }
            _ => None,
        }
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

    /// The rows turned into one array a column.
    fn unnested(&self, statement: Statement, values: Vec<Value>) -> Prepared {
        // Each array reads its column of the rows where it stands.
        let (rows, width) = (Arc::new(values), self.written().count());
        let elements = (0..width).map(|column| Elements::column(&rows, column, width, self.rows));
        self.of_arrays(statement, elements.collect())
    }

    /// A statement whose parameters are one array a column.
    fn of_arrays(&self, statement: Statement, elements: Vec<Elements>) -> Prepared {
        let arrays = self.written().zip(elements).map(|(column, values)| {
            Value::Array(Box::new(ArrayValue { element: column.sql_type.clone(), values }))
        });
        Prepared::one(statement, arrays.collect(), self.rows)
    }

    /// The columns that have values in each row.
    pub(super) fn written(&self) -> impl Iterator<Item = &ColumnShape> {
        let keys = match self.purpose {
            Purpose::Insert { .. } | Purpose::Link { .. } => &[],
            _ => &self.keys[..],
        };
        self.columns.iter().chain(keys)
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
