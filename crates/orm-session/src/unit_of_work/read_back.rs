//! What the database makes of new rows, where no RETURNING brings it back: their numbers come with the INSERT itself, and a
//! SELECT behind it asks for the rest.

use std::sync::Arc;

use aludel_driver::{Capabilities, Error, ErrorKind, Result};
use aludel_sql_expression::{Dialect, Value};

use super::{
    flight::run,
    flush::Flush,
    made::{insert_computed, receive_made, render, select_made},
    operation::{Operation, Purpose},
    prepared::{Prepared, written_out},
    statements::{Kind, Shape, StatementCache},
    work::Work,
};
use crate::{graph::AnySlot, mapping::Mapper};

impl Operation {
    /// Whether what the database makes of these new rows has to be asked for after they are written.
    pub(super) fn reads_back(&self, capabilities: &Capabilities) -> bool {
        let is_told = capabilities.returning.insert
            || self.keys.is_empty()
            || (capabilities.last_insert_id && self.returns_key_alone());
        matches!(self.purpose, Purpose::Insert { .. }) && !is_told
    }

    /// The INSERTs of such rows: one by one where the database numbers them, so that it can be said which is which.
    pub(super) fn prepare_without_returning(
        &self,
        values: Vec<Value>,
        cache: &StatementCache,
        dialect: &Arc<dyn Dialect>,
        capabilities: &Capabilities,
    ) -> Result<Vec<Prepared>> {
        let Purpose::Insert { mapper, made, .. } = &self.purpose else { return Ok(Vec::new()) };
        let number = self.number(mapper)?;
        let is_made = |column: &u16| self.leaves_out(mapper, *column) && Some(*column) != number;
        if mapper.key().iter().any(is_made) || (number.is_some() && !capabilities.last_insert_id) {
            return Err(self.cannot_read_back());
        }
        if !made.expressions.is_empty() {
            let node = insert_computed(&self.table, &self.columns, values, made, &[]);
            let (statement, parameters) = render(cache.compiled(), &node, dialect)?;
            return Ok(vec![Prepared::one(statement, parameters, 1)]);
        }
        let get = |rows| {
            let (table, columns) = (self.table.clone(), self.columns.clone());
            let (keys, returning) = (Vec::new(), Vec::new());
            cache.get(Shape { kind: Kind::InsertValues, table, columns, keys, returning, rows }, dialect)
        };
        match number.is_some() || capabilities.prepared_loop || self.columns.is_empty() {
            true => Ok(vec![Prepared::many(get(1)?, values, self.rows)]),
            false => written_out(values, self.rows, get),
        }
    }

    /// The column that the database numbers, where it does so for these rows.
    fn number(&self, mapper: &'static Mapper) -> Result<Option<u16>> {
        let numbered = mapper.configuration()?.autoincrement;
        Ok(numbered.filter(|column| self.leaves_out(mapper, *column)))
    }

    fn leaves_out(&self, mapper: &Mapper, column: u16) -> bool {
        let name = &mapper.definition().columns[usize::from(column)].name;
        self.columns.iter().all(|shape| shape.name != *name)
    }

    /// Gives the objects the numbers that came with the INSERT.
    fn receive_numbers(&self, work: &Work, mut prepared: Vec<Prepared>) -> Result<()> {
        let Purpose::Insert { mapper, places, .. } = &self.purpose else { return Ok(()) };
        let Some(number) = self.number(mapper)? else { return Ok(()) };
        let numbers: Vec<i64> =
            prepared.iter_mut().flat_map(|statement| std::mem::take(&mut statement.identifiers)).collect();
        if numbers.len() != places.len() || numbers.windows(2).any(|pair| pair[0] == pair[1]) {
            let message = format!(
                "INSERT into table `{}` told of {} numbers for {} objects: a trigger may have kept some rows back",
                self.table.name(),
                numbers.len(),
                places.len()
            );
            return Err(Error::new(ErrorKind::Flush, message));
        }
        for (place, value) in places.iter().zip(numbers) {
            work.inserts[*place].receive(&[(number, Value::I64(value))])?;
        }
        Ok(())
    }

    fn cannot_read_back(&self) -> Error {
        let names: Vec<&str> = self.keys.iter().map(|key| &*key.name).collect();
        let message = format!(
            "the key that the database makes for {} of table `{}` cannot be read back on this database (it has no \
             INSERT .. RETURNING); give it a value or a client-side default",
            names.join(", "),
            self.table.name()
        );
        Error::new(ErrorKind::NotSupported, message)
    }
}

impl Flush<'_> {
    /// The INSERTs are done: asks for what the database made of the rows.
    pub(super) async fn read_back(
        &mut self,
        work: &Work,
        inserted: Vec<(Operation, Vec<Prepared>)>,
    ) -> Result<()> {
        let dialect = self.connection.dialect().clone();
        let mut selects = Vec::with_capacity(inserted.len());
        let mut operations = Vec::with_capacity(inserted.len());
        for (operation, prepared) in inserted {
            match &mut self.draft {
                Some(draft) => draft.answer(work, &operation)?,
                None => operation.receive_numbers(work, prepared)?,
            }
            let Purpose::Insert { mapper, places, fetch, made, .. } = operation.purpose else { continue };
            let slots: Vec<Arc<dyn AnySlot>> =
                places.iter().map(|place| work.inserts[*place].clone()).collect();
            let columns: Vec<u16> =
                fetch.into_iter().filter(|column| !mapper.key().contains(column)).collect();
            selects.push(match columns.is_empty() {
                true => Vec::new(),
                false => select_made(self.statements.compiled(), &dialect, mapper, &slots, &columns)?,
            });
            operations.push((mapper, slots, columns, made));
        }
        match &mut self.draft {
            Some(draft) => draft.note(self.connection, &selects),
            None => run(self.connection, &mut selects, false).await?,
        }
        for ((mapper, slots, columns, made), selects) in operations.into_iter().zip(selects) {
            if self.draft.is_none() && !columns.is_empty() {
                let rows = selects.into_iter().flat_map(|select| select.returned.into_rows()).collect();
                receive_made(mapper, &slots, &columns, rows)?;
            }
            made.expire(slots.iter());
            self.register(mapper, slots.iter());
        }
        Ok(())
    }
}
