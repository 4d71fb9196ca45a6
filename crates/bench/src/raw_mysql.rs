//! [`RawMySql`]: the same work with mysql_async alone.

use std::{fmt::Write as _, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use mysql_async::{Conn, Opts, Row, Statement, TxOpts, Value, prelude::Queryable as _};

use crate::{
    Outcome,
    contestant::Contestant,
    model::{RawParent, RawReader, raw_parents, raw_visits, sql},
    raw_pool::RawPool,
    sample::{CHANGES, CHILDREN, INSERTS, LOOKUPS, looked_up, points},
    workload::Workload,
};

/// Works with mysql_async. Its tables are those of the other side.
pub(crate) struct RawMySql {
    connection: Conn,
    select_all: Statement,
    select_one: Statement,
    update: Statement,
    insert: Statement,
    /// None on MySQL, which has no RETURNING.
    insert_many: Option<Statement>,
    pool: RawPool<(Conn, Statement)>,
    insert_parent: Statement,
    insert_child: Statement,
    changes: Vec<(i64, i64)>,
    visits: Vec<RawReader>,
    parents: Vec<RawParent>,
    readers: Vec<RawReader>,
    /// Rows that are loaded, which mysql_async wants to own.
    loading: Arc<Vec<RawReader>>,
}

impl RawMySql {
    pub(crate) async fn connect(url: &str) -> Outcome<Self> {
        let mut connection = Conn::new(Opts::from_url(url)?).await?;
        let pool_url = url.to_owned();
        let pool = RawPool::new(move || {
            let url = pool_url.clone();
            async move {
                let mut connection = Conn::new(Opts::from_url(&url)?).await?;
                let select_one = connection.prep(sql::SELECT_ONE).await?;
                Ok((connection, select_one))
            }
        })?;
        Ok(Self {
            select_all: connection.prep(sql::SELECT_ALL).await?,
            select_one: connection.prep(sql::SELECT_ONE).await?,
            update: connection.prep(sql::UPDATE).await?,
            insert: connection.prep(sql::INSERT).await?,
            insert_many: connection.prep(sql::insert_many(INSERTS)).await.ok(),
            pool,
            insert_parent: connection.prep(sql::INSERT_PARENT).await?,
            insert_child: connection.prep(sql::INSERT_CHILD).await?,
            connection,
            changes: Vec::new(),
            visits: Vec::new(),
            parents: Vec::new(),
            readers: Vec::new(),
            loading: Arc::default(),
        })
    }
}

fn reader(mut row: Row) -> Option<RawReader> {
    Some(RawReader { id: row.take(0)?, name: row.take(1)?, city: row.take(2)?, points: row.take(3)? })
}

/// The rows as LOAD DATA takes them, in pieces of a good size. Nothing in them has to be escaped.
fn texts(visits: Arc<Vec<RawReader>>) -> impl Iterator<Item = std::io::Result<Bytes>> + Send {
    let mut next = 0;
    std::iter::from_fn(move || {
        let mut text = String::with_capacity(1 << 16);
        while text.len() < (1 << 16) - 256 {
            let Some(visit) = visits.get(next) else { break };
            next += 1;
            let city = visit.city.as_deref().unwrap_or("\\N");
            let _ = writeln!(text, "{}\t{city}\t{}", visit.name, visit.points);
        }
        (!text.is_empty()).then(|| Ok(text.into_bytes().into()))
    })
}

fn key(identifier: Option<u64>) -> i64 {
    identifier.and_then(|identifier| i64::try_from(identifier).ok()).unwrap_or_default()
}

impl Contestant for RawMySql {
    async fn prepare(&mut self, workload: Workload, round: usize) -> Outcome<()> {
        match workload {
            Workload::Updates => {
                self.changes = (1..=CHANGES).zip(1..).map(|(key, id)| (id, points(key, round + 1))).collect();
            }
            Workload::Inserts | Workload::ManyRows => self.visits = raw_visits(workload.rows()),
            Workload::BulkLoad => self.loading = Arc::new(raw_visits(workload.rows())),
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {}
            Workload::Family => self.parents = raw_parents(),
            _ => self.connection.query_drop("START TRANSACTION").await?,
        }
        Ok(())
    }

    async fn work(&mut self, workload: Workload) -> Outcome<usize> {
        match workload {
            Workload::Structs | Workload::Instances => {
                let mut rows = self.connection.exec_iter(&self.select_all, ()).await?;
                while let Some(row) = rows.next().await? {
                    self.readers.push(reader(row).ok_or("a column is missing")?);
                }
                rows.drop_result().await?;
                Ok(self.readers.len())
            }
            Workload::Updates => {
                let mut transaction = self.connection.start_transaction(TxOpts::default()).await?;
                for (id, points) in &self.changes {
                    transaction.exec_drop(&self.update, (points, id)).await?;
                }
                transaction.commit().await?;
                Ok(self.changes.len())
            }
            Workload::Inserts => {
                let mut transaction = self.connection.start_transaction(TxOpts::default()).await?;
                for visit in &mut self.visits {
                    transaction.exec_drop(&self.insert, (&visit.name, &visit.city, visit.points)).await?;
                    visit.id = key(transaction.last_insert_id());
                }
                transaction.commit().await?;
                Ok(self.visits.iter().filter(|visit| visit.id > 0).count())
            }
            Workload::Family => {
                let mut transaction = self.connection.start_transaction(TxOpts::default()).await?;
                for parent in &mut self.parents {
                    transaction.exec_drop(&self.insert_parent, (&parent.name,)).await?;
                    parent.id = key(transaction.last_insert_id());
                    for child in &mut parent.children {
                        child.parent_id = parent.id;
                        transaction.exec_drop(&self.insert_child, (&child.name, child.parent_id)).await?;
                        child.id = key(transaction.last_insert_id());
                    }
                }
                transaction.commit().await?;
                Ok(self.parents.iter().filter(|parent| parent.id > 0).count() * (1 + CHILDREN))
            }
            Workload::BulkLoad => {
                let visits = self.loading.clone();
                let rows = visits.len();
                self.connection.query_drop("START TRANSACTION").await?;
                self.connection.set_infile_handler(async move { Ok(stream::iter(texts(visits)).boxed()) });
                self.connection.query_drop(sql::LOAD_DATA).await?;
                let loaded = usize::try_from(self.connection.affected_rows())?;
                self.connection.query_drop("COMMIT").await?;
                if loaded != rows || self.connection.get_warnings() > 0 {
                    return Err(format!("{loaded} rows were loaded").into());
                }
                Ok(loaded)
            }
            Workload::ManyRows => {
                let insert_many = self.insert_many.as_ref().ok_or("this server has no RETURNING")?;
                let mut transaction = self.connection.start_transaction(TxOpts::default()).await?;
                let mut parameters: Vec<Value> = Vec::with_capacity(self.visits.len() * 3);
                for visit in &self.visits {
                    parameters.extend([
                        Value::from(visit.name.as_str()),
                        Value::from(visit.city.as_deref()),
                        Value::from(visit.points),
                    ]);
                }
                let keys: Vec<i64> = transaction.exec(insert_many, parameters).await?;
                transaction.commit().await?;
                Ok(keys.into_iter().filter(|key| *key > 0).count())
            }
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let mut pooled = self.pool.get().await?;
                    let (connection, select_one) = &mut *pooled;
                    if workload == Workload::TransactionGets {
                        connection.query_drop("START TRANSACTION").await?;
                    }
                    let row: Option<Row> = connection.exec_first(&*select_one, (looked_up(number),)).await?;
                    if workload == Workload::TransactionGets {
                        connection.query_drop("ROLLBACK").await?;
                    }
                    let reader = row.and_then(reader).ok_or("a row or column is missing")?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
            Workload::Lookups | Workload::KeptLookups | Workload::Gets => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let row: Option<Row> =
                        self.connection.exec_first(&self.select_one, (looked_up(number),)).await?;
                    let reader = row.and_then(reader).ok_or("a row or column is missing")?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
        }
    }

    async fn clean_up(&mut self, workload: Workload) -> Outcome<()> {
        self.readers = Vec::new();
        self.loading = Arc::default();
        match workload {
            Workload::Updates
            | Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {}
            Workload::Inserts | Workload::ManyRows | Workload::BulkLoad | Workload::Family => {
                for clear in sql::CLEAR {
                    self.connection.query_drop(clear).await?;
                }
            }
            _ => self.connection.query_drop("COMMIT").await?,
        }
        Ok(())
    }
}
