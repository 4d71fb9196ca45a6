//! [`RawSqlite`]: the same work with rusqlite alone.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Row, params};

use crate::{
    Outcome,
    contestant::Contestant,
    model::{RawParent, RawReader, raw_parents, raw_visits, sql},
    raw_pool::RawPool,
    sample::{CHANGES, CHILDREN, LOOKUPS, ROWS, looked_up, points, sample},
    workload::Workload,
};

/// Works with rusqlite.
pub(crate) struct RawSqlite {
    connection: Connection,
    /// Holds the connection while rows are looked up through it.
    pool: Option<RawPool<Mutex<Connection>>>,
    changes: Vec<(i64, i64)>,
    visits: Vec<RawReader>,
    parents: Vec<RawParent>,
    readers: Vec<RawReader>,
}

impl RawSqlite {
    pub(crate) fn open_in_memory() -> Outcome<Self> {
        Self::set_up(Connection::open_in_memory()?)
    }

    pub(crate) fn open_file(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        // As Aludel opens files.
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "normal")?;
        Self::set_up(connection)
    }

    fn set_up(mut connection: Connection) -> Outcome<Self> {
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(
            "CREATE TABLE bench_reader (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, city VARCHAR(100), \
             points BIGINT NOT NULL);
             CREATE TABLE bench_loan (id INTEGER PRIMARY KEY, reader_id BIGINT NOT NULL REFERENCES bench_reader (id));
             CREATE TABLE bench_visit (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, city VARCHAR(100), \
             points BIGINT NOT NULL);
             CREATE TABLE bench_parent (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL);
             CREATE TABLE bench_child (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, \
             parent_id BIGINT NOT NULL REFERENCES bench_parent (id));",
        )?;
        let transaction = connection.transaction()?;
        for key in 1..=ROWS {
            let row = sample(key);
            let mut insert = transaction.prepare_cached("INSERT INTO bench_reader VALUES (?, ?, ?, ?)")?;
            insert.execute(params![i64::try_from(key)?, row.name, row.city, row.points])?;
        }
        transaction.commit()?;
        Ok(Self {
            connection,
            pool: None,
            changes: Vec::new(),
            visits: Vec::new(),
            parents: Vec::new(),
            readers: Vec::new(),
        })
    }
}

fn reader(row: &Row<'_>) -> rusqlite::Result<RawReader> {
    Ok(RawReader { id: row.get(0)?, name: row.get(1)?, city: row.get(2)?, points: row.get(3)? })
}

impl Contestant for RawSqlite {
    async fn prepare(&mut self, workload: Workload, round: usize) -> Outcome<()> {
        match workload {
            Workload::Updates => {
                self.changes = (1..=CHANGES).zip(1..).map(|(key, id)| (id, points(key, round + 1))).collect();
            }
            Workload::Inserts | Workload::ManyRows | Workload::BulkLoad => {
                self.visits = raw_visits(workload.rows());
            }
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {
                let connection = std::mem::replace(&mut self.connection, Connection::open_in_memory()?);
                let waiting = Arc::new(Mutex::new(Some(Mutex::new(connection))));
                self.pool = Some(RawPool::new(move || {
                    let connection = waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
                    async move { connection.ok_or_else(|| "there is but one connection".into()) }
                })?);
            }
            Workload::Family => self.parents = raw_parents(),
            // Rows are read inside a transaction on the other side too.
            _ => self.connection.execute_batch("BEGIN")?,
        }
        Ok(())
    }

    async fn work(&mut self, workload: Workload) -> Outcome<usize> {
        match workload {
            Workload::Structs | Workload::Instances => {
                let mut statement = self.connection.prepare_cached(sql::SELECT_ALL)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    self.readers.push(reader(row)?);
                }
                Ok(self.readers.len())
            }
            Workload::Updates => {
                let transaction = self.connection.transaction()?;
                {
                    let mut update = transaction.prepare_cached(sql::UPDATE)?;
                    for (id, points) in &self.changes {
                        update.execute(params![points, id])?;
                    }
                }
                transaction.commit()?;
                Ok(self.changes.len())
            }
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {
                let pool = self.pool.as_ref().ok_or("there is no pool")?;
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let mut pooled = pool.get().await?;
                    let connection = pooled.get_mut().unwrap_or_else(PoisonError::into_inner);
                    if workload == Workload::TransactionGets {
                        connection.prepare_cached("BEGIN")?.execute([])?;
                    }
                    let mut statement = connection.prepare_cached(sql::SELECT_ONE)?;
                    // `one` on the other side looks for a second row too.
                    let reader = statement.query_one([looked_up(number)], reader)?;
                    if workload == Workload::TransactionGets {
                        connection.prepare_cached("ROLLBACK")?.execute([])?;
                    }
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
            Workload::Inserts | Workload::ManyRows => {
                let transaction = self.connection.transaction()?;
                {
                    let mut insert = transaction.prepare_cached(sql::INSERT)?;
                    for visit in &mut self.visits {
                        insert.execute(params![visit.name, visit.city, visit.points])?;
                        visit.id = transaction.last_insert_rowid();
                    }
                }
                transaction.commit()?;
                Ok(self.visits.iter().filter(|visit| visit.id > 0).count())
            }
            Workload::BulkLoad => {
                let transaction = self.connection.transaction()?;
                {
                    let mut insert = transaction.prepare_cached(sql::INSERT)?;
                    for visit in &self.visits {
                        insert.execute(params![visit.name, visit.city, visit.points])?;
                    }
                }
                transaction.commit()?;
                Ok(self.visits.len())
            }
            Workload::Family => {
                let transaction = self.connection.transaction()?;
                {
                    let mut insert_parent = transaction.prepare_cached(sql::INSERT_PARENT)?;
                    let mut insert_child = transaction.prepare_cached(sql::INSERT_CHILD)?;
                    for parent in &mut self.parents {
                        insert_parent.execute(params![parent.name])?;
                        parent.id = transaction.last_insert_rowid();
                        for child in &mut parent.children {
                            child.parent_id = parent.id;
                            insert_child.execute(params![child.name, child.parent_id])?;
                            child.id = transaction.last_insert_rowid();
                        }
                    }
                }
                transaction.commit()?;
                Ok(self.parents.iter().filter(|parent| parent.id > 0).count() * (1 + CHILDREN))
            }
            Workload::Lookups | Workload::KeptLookups | Workload::Gets => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let mut statement = self.connection.prepare_cached(sql::SELECT_ONE)?;
                    // `one` on the other side looks for a second row too.
                    let reader = statement.query_one([looked_up(number)], reader)?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
        }
    }

    async fn clean_up(&mut self, workload: Workload) -> Outcome<()> {
        self.readers = Vec::new();
        self.visits = Vec::new();
        match workload {
            Workload::Updates => {}
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {
                if let Some(pool) = self.pool.take() {
                    let pooled = deadpool::managed::Object::take(pool.get().await?);
                    self.connection = pooled.into_inner().unwrap_or_else(PoisonError::into_inner);
                }
            }
            Workload::Inserts | Workload::ManyRows | Workload::BulkLoad | Workload::Family => {
                self.connection.execute_batch(&sql::CLEAR.join(";"))?
            }
            _ => self.connection.execute_batch("COMMIT")?,
        }
        Ok(())
    }
}
