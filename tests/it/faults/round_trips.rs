//! How often the engine waits for PostgreSQL, counted at a proxy that knows nothing of the protocol.

use std::time::Duration;

use aludel::{engine::PoolOptions, prelude::*};

use super::proof::Subject;
use crate::database::{Database, Kind, run};

/// What passes through the proxy while something is done.
async fn count<T>(subject: &Subject<'_>, work: impl Future<Output = Result<T>>) -> (T, usize) {
    let proxy = subject.proxy.as_ref().unwrap();
    proxy.count_round_trips();
    let output = work.await.unwrap();
    (output, proxy.round_trips())
}

async fn on_postgres(test: impl AsyncFnOnce(&Database)) {
    run(Kind::Postgres, test).await;
}

#[tokio::test]
async fn begin_shares_its_round_trip_with_the_first_statement() {
    on_postgres(async |database| {
        let subject = Subject::behind_a_proxy(database, |engine| engine).await;
        let mut connection = subject.engine.connect().await.unwrap();
        // New to the connection, the statement is parsed and described first, and then run together with BEGIN.
        let (_, first) =
            count(&subject, async { connection.execute(subject.insert(1)).await.map(drop) }).await;
        let (_, second) =
            count(&subject, async { connection.execute(subject.insert(2)).await.map(drop) }).await;
        let (_, commit) = count(&subject, connection.commit()).await;
        assert_eq!((first, second, commit), (2, 1, 1));
        // Known to the connection, the first statement of a transaction takes BEGIN along.
        let (_, known) =
            count(&subject, async { connection.execute(subject.insert(3)).await.map(drop) }).await;
        assert_eq!(known, 1, "BEGIN and a known statement");
        let (_, rollback) = count(&subject, connection.rollback()).await;
        assert_eq!(rollback, 1);
        let (_, nothing) = count(&subject, connection.commit()).await;
        assert_eq!(nothing, 0, "there is nothing to commit");
        let closure =
            subject.engine.begin(async |connection| connection.execute(subject.insert(3)).await.map(drop));
        drop(connection);
        let (_, whole) = count(&subject, closure).await;
        assert_eq!(whole, 2, "BEGIN with the statement, and COMMIT");
        subject.end().await;
    })
    .await;
}

#[tokio::test]
async fn queries_take_one_round_trip_once_they_are_known() {
    on_postgres(async |database| {
        let subject = Subject::behind_a_proxy(database, |engine| engine.autocommit(true)).await;
        let mut connection = subject.engine.connect().await.unwrap();
        let ask = async |connection: &mut Connection, number: i64| {
            let question = text("SELECT CAST(:number AS BIGINT) + 1").bind("number", number);
            let (answer, trips) = count(&subject, connection.scalar_one::<i64, _>(question)).await;
            assert_eq!(answer, number + 1);
            trips
        };
        assert_eq!(ask(&mut connection, 1).await, 2, "parsed and described, then run");
        assert_eq!(ask(&mut connection, 2).await, 1);
        connection.close().await.unwrap();
        // Nothing is sent when a connection goes back and is taken again.
        let (mut connection, checkout) = count(&subject, subject.engine.connect()).await;
        assert_eq!(checkout, 0);
        assert_eq!(ask(&mut connection, 3).await, 1);
        connection.close().await.unwrap();
        subject.end().await;
    })
    .await;
}

#[tokio::test]
async fn savepoints_ride_along() {
    on_postgres(async |database| {
        let subject = Subject::behind_a_proxy(database, |engine| engine).await;
        let mut connection = subject.engine.connect().await.unwrap();
        connection.execute(subject.insert(1)).await.unwrap();
        let (_, trips) = count(&subject, async {
            let mut savepoint = connection.begin_nested().await?;
            savepoint.execute(subject.insert(2)).await?;
            savepoint.commit().await
        })
        .await;
        assert_eq!(trips, 2, "SAVEPOINT with the statement, and RELEASE");
        connection.commit().await.unwrap();
        connection.close().await.unwrap();
        subject.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_ping_before_use_takes_one_round_trip() {
    on_postgres(async |database| {
        let mut options = PoolOptions::default();
        (options.pool_size, options.max_overflow) = (2, Some(0));
        (options.pre_ping, options.pre_ping_after) = (true, Duration::ZERO);
        let subject = Subject::behind_a_proxy(database, |engine| engine.pool_options(options)).await;
        subject.engine.connect().await.unwrap().close().await.unwrap();
        let (connection, trips) = count(&subject, subject.engine.connect()).await;
        assert_eq!(trips, 1);
        connection.close().await.unwrap();
        subject.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_thousand_rows_take_few_round_trips() {
    on_postgres(async |database| {
        let subject = Subject::behind_a_proxy(database, |engine| engine).await;
        let table = Table::unregistered(&*subject.table)
            .column(Column::new("id", Integer).primary_key())
            .column(Column::new("data", Varchar(100)));
        let mut connection = subject.engine.connect().await.unwrap();
        let rows =
            |first: i32| insert(&table).values_many((first..first + 1000).map(|id| (id, "some words")));
        let (_, trips) = count(&subject, async { connection.execute(rows(1)).await.map(drop) }).await;
        assert!(trips <= 3, "{trips} round trips for the first thousand rows");
        let (_, trips) = count(&subject, async { connection.execute(rows(2001)).await.map(drop) }).await;
        assert!(trips <= 2, "{trips} round trips for the second thousand");
        connection.commit().await.unwrap();
        connection.close().await.unwrap();
        assert_eq!(subject.prove("a thousand rows").await, 2000);
        subject.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_proxy_counts_what_waits() {
    on_postgres(async |database| {
        let subject = Subject::behind_a_proxy(database, |engine| engine.autocommit(true)).await;
        let mut connection = subject.engine.connect().await.unwrap();
        for times in [1, 2, 5] {
            let (_, trips) = count(&subject, async {
                for _ in 0..times {
                    connection.batch("SELECT 1").await?;
                }
                Ok(())
            })
            .await;
            assert_eq!(trips, times);
        }
        connection.close().await.unwrap();
        assert_eq!(subject.proxy.as_ref().unwrap().connections(), 1);
        subject.end().await;
    })
    .await;
}
