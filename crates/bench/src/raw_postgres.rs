//! [`RawPostgres`]: the same work with tokio-postgres alone.

use std::pin::pin;

use futures_util::{FutureExt as _, TryStreamExt as _, future::join};
use tokio_postgres::{
    Client, NoTls, Row, Statement,
    binary_copy::BinaryCopyInWriter,
    types::{ToSql, Type},
};

use crate::{
    Outcome,
    contestant::Contestant,
    model::{RawParent, RawReader, raw_parents, raw_visits, sql},
    raw_pool::RawPool,
    sample::{CHANGES, CHILDREN, INSERTS, LOOKUPS, looked_up, points},
    workload::Workload,
};

/// Works with tokio-postgres. Its tables are those of the other side.
pub(crate) struct RawPostgres {
    client: Client,
    select_all: Statement,
    select_one: Statement,
    update: Statement,
    insert_many: Statement,
    pool: RawPool<(Client, Statement)>,
    insert_parent: Statement,
    insert_child: Statement,
    changes: Vec<(i64, i64)>,
    visits: Vec<RawReader>,
    parents: Vec<RawParent>,
    readers: Vec<RawReader>,
}

impl RawPostgres {
    pub(crate) async fn connect(url: &str) -> Outcome<Self> {
        let client = open(url).await?;
        let pool_url = url.to_owned();
        let pool = RawPool::new(move || {
            let url = pool_url.clone();
            async move {
                let client = open(&url).await?;
                let select_one = client.prepare(&numbered(sql::SELECT_ONE)).await?;
                Ok((client, select_one))
            }
        })?;
        let returning = |insert: &str| format!("{} RETURNING id", numbered(insert));
        Ok(Self {
            select_all: client.prepare(sql::SELECT_ALL).await?,
            select_one: client.prepare(&numbered(sql::SELECT_ONE)).await?,
            update: client.prepare(&numbered(sql::UPDATE)).await?,
            insert_many: client.prepare(&numbered(&sql::insert_many(INSERTS))).await?,
            pool,
            insert_parent: client.prepare(&returning(sql::INSERT_PARENT)).await?,
            insert_child: client.prepare(&returning(sql::INSERT_CHILD)).await?,
            client,
            changes: Vec::new(),
            visits: Vec::new(),
            parents: Vec::new(),
            readers: Vec::new(),
        })
    }
}

async fn open(url: &str) -> Outcome<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("the raw connection to PostgreSQL failed: {error}");
        }
    });
    Ok(client)
}

/// Parameters as PostgreSQL writes them.
fn numbered(sql: &str) -> String {
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    (1..).zip(parts).fold(first, |text, (number, part)| format!("{text}${number}{part}"))
}

fn reader(row: &Row) -> Result<RawReader, tokio_postgres::Error> {
    Ok(RawReader {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        city: row.try_get(2)?,
        points: row.try_get(3)?,
    })
}

impl Contestant for RawPostgres {
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
            | Workload::TransactionGets => {}
            Workload::Family => self.parents = raw_parents(),
            _ => self.client.batch_execute("BEGIN").await?,
        }
        Ok(())
    }

    async fn work(&mut self, workload: Workload) -> Outcome<usize> {
        match workload {
            Workload::Structs | Workload::Instances => {
                let rows = self.client.query_raw(&self.select_all, [] as [&(dyn ToSql + Sync); 0]).await?;
                let mut rows = pin!(rows);
                while let Some(row) = rows.try_next().await? {
                    self.readers.push(reader(&row)?);
                }
                Ok(self.readers.len())
            }
            Workload::Updates => {
                let transaction = self.client.transaction().await?;
                for (id, points) in &self.changes {
                    transaction.execute(&self.update, &[points, id]).await?;
                }
                transaction.commit().await?;
                Ok(self.changes.len())
            }
            Workload::Family => {
                let transaction = self.client.transaction().await?;
                for parent in &mut self.parents {
                    parent.id =
                        transaction.query_one(&self.insert_parent, &[&parent.name]).await?.try_get(0)?;
                    for child in &mut parent.children {
                        child.parent_id = parent.id;
                        let row = transaction
                            .query_one(&self.insert_child, &[&child.name, &child.parent_id])
                            .await?;
                        child.id = row.try_get(0)?;
                    }
                }
                transaction.commit().await?;
                Ok(self.parents.iter().filter(|parent| parent.id > 0).count() * (1 + CHILDREN))
            }
            Workload::BulkLoad => {
                let transaction = self.client.transaction().await?;
                let writer = BinaryCopyInWriter::new(
                    transaction.copy_in(sql::COPY).await?,
                    &[Type::VARCHAR, Type::VARCHAR, Type::INT8],
                );
                let mut writer = pin!(writer);
                for visit in &self.visits {
                    writer.as_mut().write(&[&visit.name, &visit.city, &visit.points]).await?;
                }
                let rows = writer.finish().await?;
                transaction.commit().await?;
                Ok(usize::try_from(rows)?)
            }
            Workload::Inserts | Workload::ManyRows => {
                let transaction = self.client.transaction().await?;
                let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(self.visits.len() * 3);
                for visit in &self.visits {
                    parameters.extend([&visit.name as &(dyn ToSql + Sync), &visit.city, &visit.points]);
                }
                let rows = transaction.query(&self.insert_many, &parameters).await?;
                transaction.commit().await?;
                for (visit, row) in self.visits.iter_mut().zip(&rows) {
                    visit.id = row.try_get(0)?;
                }
                Ok(self.visits.iter().filter(|visit| visit.id > 0).count())
            }
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let pooled = self.pool.get().await?;
                    let (client, select_one) = &*pooled;
                    let key = looked_up(number);
                    let parameters: [&(dyn ToSql + Sync); 1] = [&key];
                    let selecting = client.query_one(select_one, &parameters);
                    let row = if workload == Workload::TransactionGets {
                        let (begun, row) = join(client.batch_execute("BEGIN"), selecting).await;
                        begun?;
                        // Sent, and not waited for.
                        if let Some(outcome) = client.batch_execute("ROLLBACK").now_or_never() {
                            outcome?;
                        }
                        row?
                    } else {
                        selecting.await?
                    };
                    found += usize::from(reader(&row)?.id == key);
                }
                Ok(found)
            }
            Workload::Lookups | Workload::KeptLookups | Workload::Gets => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let row = self.client.query_one(&self.select_one, &[&looked_up(number)]).await?;
                    found += usize::from(reader(&row)?.id == looked_up(number));
                }
                Ok(found)
            }
        }
    }

    async fn clean_up(&mut self, workload: Workload) -> Outcome<()> {
        self.readers = Vec::new();
        match workload {
            Workload::Updates
            | Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {}
            Workload::Inserts | Workload::ManyRows | Workload::BulkLoad | Workload::Family => {
                self.client.batch_execute(&sql::CLEAR.join(";")).await?
            }
            _ => self.client.batch_execute("COMMIT").await?,
        }
        Ok(())
    }
}
