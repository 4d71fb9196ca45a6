//! [`BulkInsert`]: new rows of a model.

use std::future::IntoFuture;

use aludel_driver::{BoxFuture, Result};
use aludel_sql_expression::{
    Entity, Name, insert,
    statement::{Insert, InsertRow, RowWriter},
};

use super::refuse_nested;
use crate::{
    Instance, Session,
    mapping::Mapped,
    unit_of_work::{is_unset, next_version},
};

/// New rows of a model, on their way: await it for their number, or ask for objects with [`returning`](Self::returning).
#[must_use = "rows are sent when this is awaited"]
#[derive(Debug)]
pub struct BulkInsert<'s, M> {
    session: &'s mut Session,
    rows: Vec<M>,
}

impl Session {
    /// Inserts plain structs, in few statements, without making objects of them: for many rows that nobody asks for again.
    ///
    /// What is pending is flushed before. As with `add`, an unset numbered key and a NULL of a column with a server default are
    /// left to the database, and client-side defaults and first versions are filled in. Relationships, cascades and listeners
    /// of flushes play no part.
    ///
    /// Counterpart of SQLAlchemy's `session.execute(insert(User), [..])`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a row with nested values; as [`Session::flush`].
    ///
    /// # Examples
    /// ```no_run
    /// # use aludel_orm_session::{Mapped, Result, Session};
    /// # async fn run<User: Mapped>(session: &mut Session, rows: Vec<User>, more: Vec<User>) -> Result<()> {
    /// let count = session.bulk_insert(rows).await?; // INSERT INTO users (name) VALUES ($1), ($2), ..
    /// let users = session.bulk_insert(more).returning().await?; // handles, in the order of the rows
    /// # let _ = (count, users); Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub fn bulk_insert<M: Mapped>(&mut self, rows: impl IntoIterator<Item = M>) -> BulkInsert<'_, M> {
        BulkInsert { session: self, rows: rows.into_iter().collect() }
    }
}

impl<'s, M: Mapped> BulkInsert<'s, M> {
    /// Inserts the rows, and gives the objects that stand for them, in the same order.
    ///
    /// # Errors
    /// As [`Session::bulk_insert`]; [`ErrorKind::NotSupported`](crate::ErrorKind::NotSupported) where there is no INSERT ..
    /// RETURNING.
    pub async fn returning(self) -> Result<Vec<Instance<M>>> {
        let Self { session, mut rows } = self;
        let mut objects: Vec<Option<Instance<M>>> = rows.iter().map(|_| None).collect();
        for group in groups(&mut rows)? {
            let statement = group.statement(&rows).returning(Entity::<M>::new());
            let found = session.execute(statement).all().await?;
            for (place, object) in group.places.iter().zip(found) {
                objects[*place] = Some(object);
            }
        }
        Ok(objects.into_iter().flatten().collect())
    }

    async fn run(self) -> Result<u64> {
        let Self { session, mut rows } = self;
        let mut count = 0;
        for group in groups(&mut rows)? {
            count += session.execute(group.statement(&rows)).await?.rowcount();
        }
        Ok(count)
    }
}

impl<'s, M: Mapped> IntoFuture for BulkInsert<'s, M> {
    type Output = Result<u64>;
    type IntoFuture = BoxFuture<'s, Result<u64>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Rows that leave the same columns to the database.
struct Group {
    left_out: Vec<u16>,
    places: Vec<usize>,
}

/// Fills in what the client makes, and puts the rows of one shape together.
fn groups<M: Mapped>(rows: &mut [M]) -> Result<Vec<Group>> {
    refuse_nested(rows, "bulk_insert")?;
    let mapper = M::mapper();
    let configuration = mapper.configuration()?;
    let mut groups: Vec<Group> = Vec::new();
    for (place, row) in rows.iter_mut().enumerate() {
        for (column, default) in &configuration.defaults {
            if row.column(*column).is_null() {
                row.set_column(*column, default().as_cell())?;
            }
        }
        let unset = configuration.version.filter(|version| is_unset(&row.column(*version)));
        let first = next_version(configuration.version_id, None);
        let version = match (unset, first) {
            (Some(version), Some(first)) => {
                row.set_column(version, first.as_cell())?;
                None
            }
            // The server makes it.
            (unset, _) => unset,
        };
        let numbered = configuration.autoincrement.filter(|_| row.is_key_unset());
        let defaults = configuration.server_defaults.iter().copied();
        let nulls = defaults.filter(|column| row.column(*column).is_null());
        let computed = configuration.computed.iter().copied();
        let left_out: Vec<u16> = numbered.into_iter().chain(version).chain(nulls).chain(computed).collect();
        match groups.iter_mut().find(|group| group.left_out == left_out) {
            Some(group) => group.places.push(place),
            None => groups.push(Group { left_out, places: vec![place] }),
        }
    }
    Ok(groups)
}

impl Group {
    fn statement<M: Mapped>(&self, rows: &[M]) -> Insert {
        let definition = M::mapper().definition();
        let columns: Vec<u16> =
            (0u16..).take(M::COLUMNS).filter(|column| !self.left_out.contains(column)).collect();
        let names: Vec<Name> =
            columns.iter().map(|column| definition.columns[usize::from(*column)].name.clone()).collect();
        let rows =
            self.places.iter().map(|place| Row { row: &rows[*place], columns: &columns, names: &names });
        insert(Entity::<M>::new()).values_many(rows)
    }
}

/// Some columns of a struct.
struct Row<'r, M> {
    row: &'r M,
    columns: &'r [u16],
    names: &'r [Name],
}

impl<M: Mapped> InsertRow for Row<'_, M> {
    fn columns(&self) -> Option<Vec<Name>> {
        (!self.names.is_empty()).then(|| self.names.to_vec())
    }

    fn has_columns(&self, _: Option<&[Name]>) -> bool {
        true
    }

    fn write(self, row: &mut RowWriter) {
        self.columns.iter().for_each(|column| row.value(self.row.column(*column)));
    }
}
