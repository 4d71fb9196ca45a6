//! [`WithAludel`]: the side that is measured.

use aludel::{
    engine::{CreateAll as _, ExecutionOptions},
    prelude::*,
    sql::{
        Entity,
        statement::{Parameter, Reusable, Select, reusable},
    },
};

use crate::{
    Outcome,
    contestant::Contestant,
    model::{Child, Loan, Parent, Reader, Visit, sql},
    sample::{CHANGES, CHILDREN, INSERTS, LOOKUPS, PARENTS, ROWS, looked_up, points, sample},
    workload::Workload,
};

/// Works with Aludel.
pub(crate) struct WithAludel {
    engine: Engine,
    /// The same engine without transactions.
    autocommitting: Engine,
    sessions: SessionMaker,
    /// Those that read in autocommit.
    autocommitting_sessions: SessionMaker,
    connection: Option<Connection>,
    by_key: Reusable<Parameter<i64>, Select<Entity<Reader>>>,
    session: Option<Session>,
    visits: Vec<Visit>,
    /// What was inserted; its keys are looked at when the clock stands still.
    inserted: Vec<Instance<Visit>>,
    parents: Vec<Parent>,
    readers: Vec<Reader>,
    instances: Vec<Instance<Reader>>,
}

impl WithAludel {
    /// Makes the tables and fills them.
    pub(crate) async fn set_up(url: &str) -> Outcome<Self> {
        let engine = create_engine(url).build()?;
        let metadata = MetaData::of((Reader, Loan, Visit, Parent, Child));
        engine
            .begin(async |conn| {
                metadata.drop_all(conn).await?;
                metadata.create_all(conn).await
            })
            .await?;
        let sessions = SessionMaker::new(&engine);
        sessions
            .begin(async |session| {
                session.add_all((1..=ROWS).map(|key| {
                    let row = sample(key);
                    let id = i64::try_from(key).unwrap_or_default();
                    Reader { id, name: row.name, city: row.city, points: row.points, ..default() }
                }));
                Ok(())
            })
            .await?;
        if url.starts_with("postgres") {
            // Else whoever prepares a statement before the server has looked at the table by itself reads all of it.
            engine.begin(async |conn| conn.execute(text("ANALYZE bench_reader")).await.map(drop)).await?;
        }
        Ok(Self {
            autocommitting: engine.execution_options(ExecutionOptions::new().autocommit(true)),
            autocommitting_sessions: SessionMaker::new(&engine).reads_in_autocommit(true),
            engine,
            sessions,
            connection: None,
            by_key: reusable(|id: Parameter<i64>| select(Reader).filter(Reader::id.eq(id))),
            session: None,
            visits: Vec::new(),
            inserted: Vec::new(),
            parents: Vec::new(),
            readers: Vec::new(),
            instances: Vec::new(),
        })
    }

    /// Drops the tables.
    pub(crate) async fn tear_down(self) -> Outcome<()> {
        let metadata = MetaData::of((Reader, Loan, Visit, Parent, Child));
        self.engine.begin(async |conn| metadata.drop_all(conn).await).await?;
        self.engine.dispose().await;
        Ok(())
    }

    fn session(&mut self) -> Outcome<&mut Session> {
        self.session.as_mut().ok_or_else(|| "no session is open".into())
    }

    fn connection(&mut self) -> Outcome<&mut Connection> {
        self.connection.as_mut().ok_or_else(|| "no connection is open".into())
    }
}

impl Contestant for WithAludel {
    async fn prepare(&mut self, workload: Workload, round: usize) -> Outcome<()> {
        match workload {
            Workload::Structs | Workload::Lookups | Workload::KeptLookups => {
                let mut connection = self.engine.connect().await?;
                // The raw side is in no transaction: it gets one, so that nothing has to begin here.
                connection.scalar(select(count(Loan::id))).await?;
                self.connection = Some(connection);
            }
            Workload::Instances | Workload::Gets => {
                let mut session = self.sessions.open();
                session.scalar(select(count(Loan::id))).await?;
                self.session = Some(session);
            }
            Workload::Updates => {
                let mut session = self.sessions.open();
                let few = select(Reader).filter(Reader::id.le(i64::try_from(CHANGES)?));
                self.instances = session.scalars(few).all().await?;
                for reader in &self.instances {
                    let key = usize::try_from(reader.read().id)?;
                    reader.set(Reader::points, points(key, round + 1));
                }
                self.session = Some(session);
            }
            Workload::Inserts => {
                self.visits = visits(INSERTS);
                self.session = Some(self.sessions.open());
            }
            Workload::ManyRows | Workload::BulkLoad => {
                self.visits = visits(workload.rows());
                self.connection = Some(self.engine.connect().await?);
            }
            Workload::PoolLookups
            | Workload::SessionGets
            | Workload::AutocommitSessionGets
            | Workload::TransactionGets => {}
            Workload::Family => {
                let child = |key| Child { name: sample(key).name, ..default() };
                self.parents = (1..=PARENTS)
                    .map(|key| Parent {
                        name: sample(key).name,
                        children: Many::from((1..=CHILDREN).map(child).collect::<Vec<_>>()),
                        ..default()
                    })
                    .collect();
                self.session = Some(self.sessions.open());
            }
        }
        Ok(())
    }

    async fn work(&mut self, workload: Workload) -> Outcome<usize> {
        match workload {
            Workload::Structs => {
                self.readers = self.connection()?.execute(select(Reader)).all().await?;
                Ok(self.readers.len())
            }
            Workload::Instances => {
                self.instances = self.session()?.scalars(select(Reader)).all().await?;
                Ok(self.instances.len())
            }
            Workload::Updates => {
                self.session()?.commit().await?;
                Ok(self.instances.len())
            }
            Workload::Inserts => {
                let visits = std::mem::take(&mut self.visits);
                let session = self.session.as_mut().ok_or("no session is open")?;
                self.inserted = session.add_all(visits);
                session.commit().await?;
                Ok(self.inserted.len())
            }
            Workload::Family => {
                let parents = std::mem::take(&mut self.parents);
                let session = self.session()?;
                let added = session.add_all(parents);
                session.commit().await?;
                Ok(added.iter().filter(|parent| parent.read().id > 0).count() * (1 + CHILDREN))
            }
            Workload::ManyRows => {
                let connection = self.connection.as_mut().ok_or("no connection is open")?;
                let keys = connection
                    .execute(insert(Visit).values_many(&self.visits).returning(Visit::id))
                    .all()
                    .await?;
                connection.commit().await?;
                Ok(keys.into_iter().filter(|key| *key > 0).count())
            }
            Workload::BulkLoad => {
                let connection = self.connection.as_mut().ok_or("no connection is open")?;
                let result = connection.bulk_load(Visit, &self.visits).await?;
                connection.commit().await?;
                Ok(usize::try_from(result.rowcount())?)
            }
            Workload::PoolLookups => {
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let mut connection = self.autocommitting.connect().await?;
                    let one = select(Reader).filter(Reader::id.eq(looked_up(number)));
                    let reader = connection.execute(one).one().await?;
                    connection.close().await?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
            Workload::KeptLookups => {
                let connection = self.connection.as_mut().ok_or("no connection is open")?;
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let reader = connection.execute(self.by_key.with(looked_up(number))).one().await?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
            Workload::Lookups => {
                let connection = self.connection()?;
                let mut found = 0;
                for number in 0..LOOKUPS {
                    let one = select(Reader).filter(Reader::id.eq(looked_up(number)));
                    let reader = connection.execute(one).one().await?;
                    found += usize::from(reader.id == looked_up(number));
                }
                Ok(found)
            }
            Workload::SessionGets | Workload::TransactionGets => get_in_new_sessions(&self.sessions).await,
            Workload::AutocommitSessionGets => get_in_new_sessions(&self.autocommitting_sessions).await,
            Workload::Gets => {
                let session = self.session()?;
                let mut found = 0;
                for number in 0..LOOKUPS {
                    found += usize::from(session.get(Reader, looked_up(number)).await?.is_some());
                }
                Ok(found)
            }
        }
    }

    async fn clean_up(&mut self, workload: Workload) -> Outcome<()> {
        if self.inserted.iter().any(|visit| visit.read().id == 0) {
            return Err("a key was not brought back".into());
        }
        self.inserted = Vec::new();
        self.readers = Vec::new();
        self.instances = Vec::new();
        // Here, so that the next round does not tidy up the memory of this one.
        self.visits = Vec::new();
        if let Some(mut session) = self.session.take() {
            session.close().await?;
        }
        if let Some(connection) = self.connection.take() {
            connection.close().await?;
        }
        if matches!(workload, Workload::Inserts | Workload::ManyRows | Workload::BulkLoad | Workload::Family)
        {
            self.engine
                .begin(async |conn| {
                    for clear in sql::CLEAR {
                        conn.execute(text(clear)).await?;
                    }
                    Ok(())
                })
                .await?;
        }
        Ok(())
    }
}

async fn get_in_new_sessions(sessions: &SessionMaker) -> Outcome<usize> {
    let mut found = 0;
    for number in 0..LOOKUPS {
        let mut session = sessions.open();
        let reader = session.get(Reader, looked_up(number)).await?;
        session.close().await?;
        found += usize::from(reader.is_some_and(|reader| reader.read().id == looked_up(number)));
    }
    Ok(found)
}

fn visits(rows: usize) -> Vec<Visit> {
    (1..=rows)
        .map(sample)
        .map(|row| Visit { id: 0, name: row.name, city: row.city, points: row.points })
        .collect()
}
