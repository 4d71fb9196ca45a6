//! [`BulkUpdate`]: rows of a model, changed by their keys.

use std::future::IntoFuture;

use aludel_driver::{BoxFuture, Error, ErrorKind, Result};
use aludel_sql_expression::schema::ValueFunction;
use hashbrown::HashMap;

use super::{
    column_set::{ColumnSet, positions_of},
    refuse_nested,
};
use crate::{
    Session,
    graph::{HashedKey, Rewrite},
    mapping::{Key, Mapped, VersionId},
    unit_of_work::{KeyedRow, next_version, update_by_key},
};

/// Rows of a model, changed by their keys, on their way: await it for their number.
#[must_use = "rows are sent when this is awaited"]
#[derive(Debug)]
pub struct BulkUpdate<'s, M> {
    session: &'s mut Session,
    rows: Vec<M>,
    /// The columns to be written; none: all.
    columns: Option<Vec<u16>>,
}

impl Session {
    /// Writes plain structs over the rows with their primary keys: all other columns, or those that
    /// [`only`](BulkUpdate::only) names. In one statement where the database takes arrays or joins, else in a prepared loop.
    ///
    /// What is pending is flushed before. Of several structs with one key the last counts. A column with a client-side
    /// `onupdate` that is not named gets a new value. Rows of a model with a version are found by it, too, and it counts on. Loaded
    /// objects take over what is written. Relationships, cascades and listeners of flushes play no part.
    ///
    /// Counterpart of SQLAlchemy's `session.execute(update(User), [..])`.
    ///
    /// # Errors
    /// [`ErrorKind::StaleData`] when there are fewer rows than keys: roll back. [`ErrorKind::Argument`] for a row with nested
    /// values, and where no column is left to write; as [`Session::flush`].
    ///
    /// # Examples
    /// ```text
    /// let rows = [User { id: 1, name: "Ann".into(), ..default() }, User { id: 2, name: "Bob".into(), ..default() }];
    /// session.bulk_update(rows).only(User::name).await?;
    /// // UPDATE users SET name = _rows.c0 FROM UNNEST($1::TEXT[], $2::BIGINT[]) AS _rows(c0, c1) WHERE users.id = _rows.c1
    /// ```
    ///
    /// # Cancel safety
    /// A dropped future leaves the transaction in doubt: roll back.
    pub fn bulk_update<M: Mapped>(&mut self, rows: impl IntoIterator<Item = M>) -> BulkUpdate<'_, M> {
        BulkUpdate { session: self, rows: rows.into_iter().collect(), columns: None }
    }
}

impl<M: Mapped> BulkUpdate<'_, M> {
    /// Writes only these columns: one, or a tuple of them. What the structs hold in the others does not matter.
    pub fn only(mut self, columns: impl ColumnSet<M>) -> Self {
        self.columns = Some(positions_of(&columns));
        self
    }

    async fn run(self) -> Result<u64> {
        let Self { session, mut rows, columns } = self;
        refuse_nested(&mut rows, "bulk_update")?;
        let mapper = M::mapper();
        let configuration = mapper.configuration()?;
        let version = configuration.version;
        let is_free = |column: &u16| {
            !mapper.key().contains(column)
                && Some(*column) != version
                && !configuration.computed.contains(column)
        };
        let named = match columns {
            Some(columns) if !columns.iter().all(is_free) => {
                return Err(argument::<M>(
                    "finds rows by their key and version, so that it cannot write these, nor what the database computes",
                ));
            }
            Some(columns) => columns,
            None => (0u16..).take(M::COLUMNS).filter(is_free).collect(),
        };
        if named.is_empty() {
            return Err(argument::<M>("has no column to write"));
        }
        let made: Vec<&(u16, ValueFunction)> =
            configuration.onupdates.iter().filter(|(number, _)| !named.contains(number)).collect();
        // None where the server makes it.
        let counts = |row: &M| next_version(configuration.version_id, Some(row.column(version?)));
        let written = version.filter(|_| !matches!(configuration.version_id, VersionId::Server));
        let columns: Vec<u16> =
            named.iter().copied().chain(made.iter().map(|(column, _)| *column)).chain(written).collect();
        let rows = last_of_each_key(rows).into_iter().map(|row| {
            let values = named.iter().map(|column| row.column(*column));
            KeyedRow {
                values: values.chain(made.iter().map(|(_, make)| make.value())).chain(counts(&row)).collect(),
                key: mapper.key().iter().copied().chain(version).map(|column| row.column(column)).collect(),
            }
        });
        let rows: Vec<KeyedRow> = rows.collect();
        session.autoflush().await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let graph = session.graph().clone();
        graph.lock().wrote = true;
        let statements = session.statements();
        session.transaction().await?;
        session.begin_writing();
        let connection = session.transaction_unchecked()?;
        let outcome = update_by_key(connection, &statements, mapper, &columns, &rows).await;
        session.end_writing(outcome).await?;
        let count = rows.len() as u64;
        let width = mapper.key().len();
        let made = configuration.made_by_update.iter().copied();
        let unknown: Vec<u16> = made.filter(|column| !columns.contains(column)).collect();
        let mut rewrites = Vec::new();
        for KeyedRow { values, key } in rows {
            let Some(slot) = graph.find_one(mapper, &key[..width]) else { continue };
            let values = columns.iter().copied().zip(values).collect();
            rewrites.push(Rewrite { slot, values, unknown: unknown.clone() });
        }
        let slots: Vec<_> = rewrites.iter().map(|rewrite| rewrite.slot.clone()).collect();
        let unsure = graph.were_rewritten(mapper, rewrites);
        graph.may_be_old(&unsure);
        graph.links_may_be_old(mapper, &slots, &columns);
        Ok(count)
    }
}

impl<'s, M: Mapped> IntoFuture for BulkUpdate<'s, M> {
    type Output = Result<u64>;
    type IntoFuture = BoxFuture<'s, Result<u64>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Of several rows with one key the last: written in order, it would be what stays.
fn last_of_each_key<M: Mapped>(rows: Vec<M>) -> Vec<M> {
    let mut places: HashMap<HashedKey, usize> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<M> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.entry(HashedKey(row.key().values().as_ref().to_vec())) {
            hashbrown::hash_map::Entry::Occupied(place) => kept[*place.get()] = row,
            hashbrown::hash_map::Entry::Vacant(place) => {
                place.insert(kept.len());
                kept.push(row);
            }
        }
    }
    kept
}

fn argument<M: Mapped>(what: &str) -> Error {
    Error::new(ErrorKind::Argument, format!("`bulk_update` of {} {what}", M::NAME))
}
