//! PostgreSQL behind PgBouncer in transaction mode: the conformance suite, the engine and the session, with
//! `prepare_mode=unnamed`.
//!
//! The pooler has four server connections for each database, so that statements of one client meet many.

use std::{
    env,
    panic::{AssertUnwindSafe, resume_unwind},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aludel::{driver::DatabaseUrl, engine::EngineBuilder, prelude::*, sql::trusted};
use aludel_conformance::Subject;
use futures_util::{FutureExt as _, future::join_all};
use tokio::time;

use crate::{
    contract::{Author, Book, BookTag, Tag},
    core_tables::{how_many, integer, string},
};

/// A fresh, empty database behind the pooler.
struct Pooled {
    name: String,
    url: DatabaseUrl,
}

impl Pooled {
    /// An engine through the pooler.
    fn engine(&self, options: impl FnOnce(EngineBuilder) -> EngineBuilder) -> Engine {
        options(create_engine(&self.url.render(false))).build().unwrap()
    }

    /// An engine that goes to the server itself.
    fn direct(&self) -> Engine {
        let mut url = DatabaseUrl::parse(&server().unwrap().0).unwrap();
        url.arguments.database = Some(self.name.clone());
        create_engine(&url.render(false)).build().unwrap()
    }
}

/// The URLs of the server and of the pooler before it; none where there are none, and none are asked for.
fn server() -> Option<(String, String)> {
    match (env::var("ALUDEL_TEST_POSTGRES_URL"), env::var("ALUDEL_TEST_PGBOUNCER_URL")) {
        (Ok(server), Ok(pooler)) => Some((server, pooler)),
        _ if env::var_os("ALUDEL_TEST_REQUIRE_DATABASES").is_some() => {
            panic!("ALUDEL_TEST_PGBOUNCER_URL is not set, and ALUDEL_TEST_REQUIRE_DATABASES asks for it")
        }
        _ => {
            eprintln!("not run: ALUDEL_TEST_PGBOUNCER_URL is not set");
            None
        }
    }
}

/// Runs a command on the server itself, outside of any transaction.
async fn command(sql: String) {
    let engine = create_engine(&server().unwrap().0).autocommit(true).build().unwrap();
    let mut connection = engine.connect().await.unwrap();
    connection.execute(text(trusted(sql))).await.unwrap();
    connection.close().await.unwrap();
    engine.dispose().await;
}

/// Runs a test on a fresh database, and drops it whatever comes of it.
async fn run(test: impl AsyncFnOnce(&Pooled)) {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let Some((_, pooler)) = server() else { return };
    let name = format!("aludel_pooled_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    command(format!("CREATE DATABASE {name}")).await;
    let mut url = DatabaseUrl::parse(&pooler).unwrap();
    url.arguments.database = Some(name.clone());
    let outcome = AssertUnwindSafe(test(&Pooled { name: name.clone(), url })).catch_unwind().await;
    command(format!("DROP DATABASE {name} WITH (FORCE)")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

#[tokio::test]
async fn the_conformance_suite() {
    run(async |database| {
        let driver = database.engine(|builder| builder).driver().clone();
        let subject = Subject::new(driver, database.url.arguments.clone());
        let only = env::var("ALUDEL_TEST_CASE").ok();
        // All of it: there is nothing in it that this pooler does not let through.
        let report = aludel_conformance::run(&subject, |case| {
            only.as_deref().is_none_or(|only| case.name().contains(only))
        });
        // Other clients keep the server connections changing hands meanwhile.
        let engine = database.engine(|builder| builder.pool_size(3));
        let others: Vec<_> = (0..3)
            .map(|_| {
                let engine = engine.clone();
                tokio::spawn(async move {
                    loop {
                        let held = engine.begin(async |conn| {
                            conn.execute(text("SELECT 1")).await?;
                            time::sleep(Duration::from_millis(2)).await;
                            Ok(())
                        });
                        held.await.unwrap();
                        time::sleep(Duration::from_millis(1)).await;
                    }
                })
            })
            .collect();
        let report = report.await.unwrap();
        for other in others {
            other.abort();
            assert!(other.await.is_err_and(|error| error.is_cancelled()), "another client has failed");
        }
        engine.dispose().await;
        assert!(only.is_some() || report.passed.len() >= 60, "{report}");
        assert!(report.is_success(), "{report}");
    })
    .await;
}

/// A table of words, made through the pooler.
async fn words(engine: &Engine) -> Table {
    let metadata = MetaData::new();
    let table = Table::new("words", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)).unique());
    engine.begin(async |conn| metadata.create_all(conn).await).await.unwrap();
    table
}

#[tokio::test]
async fn transactions_and_savepoints() {
    run(async |database| {
        let engine = database.engine(|builder| builder);
        let t = words(&engine).await;
        let row = |id: i32| insert(&t).values((id, format!("word {id}")));
        let mut conn = engine.connect().await.unwrap();
        let mut transaction = conn.begin().await.unwrap();
        transaction.execute(row(1)).await.unwrap();
        let mut savepoint = transaction.begin_nested().await.unwrap();
        savepoint.execute(row(2)).await.unwrap();
        assert_eq!(savepoint.execute(row(2)).await.unwrap_err().kind(), ErrorKind::Integrity);
        savepoint.rollback().await.unwrap();
        transaction.commit().await.unwrap();
        conn.execute(row(3)).await.unwrap();
        conn.rollback().await.unwrap();
        assert_eq!(how_many(&mut conn, &t).await, 1);
        conn.close().await.unwrap();
        // A closure that fails leaves nothing behind.
        let failed = engine
            .begin(async |conn| {
                conn.execute(row(4)).await?;
                conn.execute(row(4)).await
            })
            .await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Integrity);
        let mut conn = engine.connect().await.unwrap();
        assert_eq!(how_many(&mut conn, &t).await, 1);
        conn.close().await.unwrap();
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn many_rows_in_and_out() {
    run(async |database| {
        let engine = database.engine(|builder| builder);
        let t = words(&engine).await;
        let mut conn = engine.connect().await.unwrap();
        // Rows come back in their order.
        let given: Vec<String> = (0..1_500).map(|number| format!("word {}", number * 7919 % 1_500)).collect();
        let many = insert(&t).columns(["data"]).values_many(given.iter().map(|word| (word.clone(),)));
        let back: Vec<String> = conn.execute(many.returning(string(&t, "data"))).await.unwrap().all();
        assert_eq!(back, given);
        conn.commit().await.unwrap();
        // As a stream, with bounded memory, and one that is left in the middle.
        for rows in [1_500, 10] {
            let mut stream = conn.stream(select(integer(&t, "id")).order_by(t.c("id"))).await.unwrap();
            let mut seen = 0;
            while seen < rows && stream.next().await.unwrap().is_some() {
                seen += 1;
            }
            assert_eq!(seen, rows);
            drop(stream);
            conn.rollback().await.unwrap();
        }
        assert_eq!(how_many(&mut conn, &t).await, 1_500);
        conn.close().await.unwrap();
        engine.dispose().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_clients_than_server_connections() {
    run(async |database| {
        let engine = database.engine(|builder| builder.pool_size(20));
        let t = words(&engine).await;
        let tasks = (0..20).map(|task| {
            let (engine, t) = (engine.clone(), t.clone());
            tokio::spawn(async move {
                for round in 0..15 {
                    let id = task * 1_000 + round;
                    let row = |id: i32| insert(&t).values((id, format!("word {id}")));
                    engine
                        .begin(async |conn| {
                            conn.execute(row(id)).await?;
                            let same = select(integer(&t, "id")).filter(t.c("id").eq(id));
                            assert_eq!(conn.scalar_one(same).await?, i64::from(id));
                            Ok(())
                        })
                        .await
                        .unwrap();
                    let mut conn = engine.connect().await.unwrap();
                    assert_eq!(conn.execute(row(id)).await.unwrap_err().kind(), ErrorKind::Integrity);
                    conn.close().await.unwrap();
                }
            })
        });
        for outcome in join_all(tasks).await {
            outcome.unwrap();
        }
        let mut conn = engine.connect().await.unwrap();
        assert_eq!(how_many(&mut conn, &t).await, 20 * 15);
        conn.close().await.unwrap();
        engine.dispose().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_futures_leave_nothing_behind() {
    run(async |database| {
        let engine = database.engine(|builder| builder.pool_size(6).max_overflow(0));
        let t = words(&engine).await;
        let tasks = (0..12).map(|task: i32| {
            let (engine, t) = (engine.clone(), t.clone());
            tokio::spawn(async move {
                for round in 0..10 {
                    let id = task * 1_000 + round;
                    let working = engine.begin(async |conn| {
                        conn.execute(insert(&t).values((id, format!("word {id}")))).await?;
                        conn.execute(text("SELECT pg_sleep(0.02)")).await?;
                        Ok(())
                    });
                    // Somewhere between getting a connection and the answer to the COMMIT.
                    let patience = Duration::from_millis(((task * 7 + round * 11) % 60) as u64);
                    let _ = time::timeout(patience, working).await;
                    let mut conn = engine.connect().await.unwrap();
                    let seven: i64 = conn.scalar_one(text("SELECT 7")).await.unwrap();
                    assert_eq!(seven, 7);
                }
            })
        });
        for outcome in join_all(tasks).await {
            outcome.unwrap();
        }
        for _ in 0..200 {
            if engine.pool().status().checked_out == 0 {
                break;
            }
            time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(engine.pool().status().checked_out, 0);
        // No transaction is left open on the server.
        let direct = database.direct();
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND state LIKE 'idle in transaction%'";
        let mut left = -1;
        for _ in 0..100 {
            left = direct.connect().await.unwrap().scalar_one(text(open)).await.unwrap();
            if left == 0 {
                break;
            }
            time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(left, 0);
        direct.dispose().await;
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn the_session() {
    run(async |database| {
        let engine = database.engine(|builder| builder.pool_pre_ping(true));
        engine
            .begin(async |conn| MetaData::of((Author, Book, Tag, BookTag)).create_all(conn).await)
            .await
            .unwrap();
        let sessions = SessionMaker::new(&engine);
        let id = sessions
            .begin(async |session| {
                let orwell = session.add(Author {
                    name: "George Orwell".into(),
                    books: Many::from(
                        ["1984", "Animal Farm"].map(|title| Book { title: title.into(), ..default() }),
                    ),
                    ..default()
                });
                session.flush().await?;
                orwell.edit(|author| author.name.push_str(" (Eric Blair)"));
                Ok(orwell.read().id)
            })
            .await
            .unwrap();
        let mut session = sessions.open();
        let authors = session
            .scalars(
                select(Author)
                    .filter(Author::books.any(Book::title.eq("1984")))
                    .options(selectinload(Author::books)),
            )
            .all()
            .await
            .unwrap();
        assert_eq!((authors.len(), authors[0].read().name.as_str()), (1, "George Orwell (Eric Blair)"));
        assert_eq!(authors[0].read().books.iter().unwrap().count(), 2);
        assert_eq!(session.get(Author, id).await.unwrap(), Some(authors[0].clone()));
        session.delete(&authors[0]).unwrap();
        session.commit().await.unwrap();
        assert!(session.scalars(select(Book)).all().await.unwrap().is_empty());
        session.rollback().await.unwrap();
        drop(session);
        engine.dispose().await;
    })
    .await;
}
