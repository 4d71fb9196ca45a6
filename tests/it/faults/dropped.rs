//! Futures are dropped wherever they wait: after the first wait, the second, and so on, until they are done before it.

use aludel::{engine::events::ConnectionArguments, prelude::*};
use futures_util::future::BoxFuture;

use super::proof::{Subject, drop_after, with_numbers};
use crate::database::{Database, on_every_database};

/// A call that is dropped; it tells with `true` that rows 1 and 2 must be there.
type Call = for<'s> fn(&'s Subject<'_>) -> BoxFuture<'s, Result<bool>>;

/// Drops a call at each of its waits. Rows 1 and 2 are there together or not at all; and after each drop the pool and the
/// server are as they should be.
async fn drop_everywhere(database: &Database, call: Call) {
    with_numbers(database).await;
    let subject = Subject::new(database, |engine| engine).await;
    let mut drops = 0;
    for waits in 0..400 {
        let told = format!("dropped at wait {waits}");
        let outcome = drop_after(call(&subject), waits).await;
        let found = subject.prove(&told).await;
        assert!(found == 0 || found == 2, "{found} of 2 rows: {told}");
        match outcome {
            None => drops += 1,
            Some(Ok(is_kept)) => {
                assert_eq!(found, if is_kept { 2 } else { 0 }, "{told}");
                // SQLite does most of its work without waiting.
                assert!(database.is_sqlite() || drops > 2, "it waited {drops} times only");
                subject.end().await;
                return;
            }
            Some(Err(error)) => panic!("{error:?}: {told}"),
        }
    }
    panic!("the call never comes to its end");
}

async fn dropped_connects(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            // What the last proof left would be taken as it is.
            subject.engine.dispose().await;
            let connection = subject.engine.connect().await?;
            let other = subject.engine.connect().await?;
            drop(connection);
            other.close().await?;
            Ok(false)
        })
    })
    .await;
}

async fn dropped_statements(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let mut connection = subject.engine.connect().await?;
            let inserted = subject.sql("INSERT INTO {} (id, data) VALUES (1, 'x'), (2, 'y')");
            assert_eq!(connection.execute(inserted).await?.rowcount(), 2);
            let count = subject.sql("SELECT count(*) FROM {}");
            assert_eq!(connection.scalar::<i64, _>(count).await?, Some(2));
            let numbers: Vec<i64> = connection.scalars(text("SELECT n FROM numbers ORDER BY n")).await?;
            assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
            connection.close().await?;
            Ok(false)
        })
    })
    .await;
}

async fn dropped_statements_that_stand_alone(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let mut connection = subject.engine.connect().await?;
            connection.set_autocommit(true)?;
            let numbers: Vec<i64> = connection.scalars(text("SELECT n FROM numbers ORDER BY n")).await?;
            assert_eq!(numbers, (1..=100).collect::<Vec<_>>());
            connection.execute(subject.sql("INSERT INTO {} (id, data) VALUES (1, 'x'), (2, 'y')")).await?;
            Ok(true)
        })
    })
    .await;
}

async fn dropped_streams(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let mut connection = subject.engine.connect().await?;
            let query = text("SELECT n FROM numbers ORDER BY n").returns::<(i64,)>();
            let mut stream = connection.stream(query).await?;
            let mut next = 1;
            loop {
                let batch = stream.next_batch(30).await?;
                if batch.is_empty() {
                    break;
                }
                for (number,) in batch {
                    assert_eq!(number, next);
                    next += 1;
                }
            }
            assert_eq!(next, 101);
            drop(stream);
            // And one that is left early.
            let query = text("SELECT n FROM numbers ORDER BY n").returns::<(i64,)>();
            let mut stream = connection.stream(query).await?;
            assert_eq!(stream.next_batch(1).await?, [(1,)]);
            stream.close().await?;
            connection.close().await?;
            Ok(false)
        })
    })
    .await;
}

async fn dropped_transactions(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            subject
                .engine
                .begin(async |connection| {
                    connection.execute(subject.insert(1)).await?;
                    connection.execute(subject.insert(2)).await.map(drop)
                })
                .await?;
            Ok(true)
        })
    })
    .await;
}

async fn dropped_rollbacks(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let refused = subject
                .engine
                .begin(async |connection| {
                    connection.execute(subject.insert(1)).await?;
                    Err::<(), _>(Error::custom("changed my mind"))
                })
                .await;
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::Custom);
            let mut connection = subject.engine.connect().await?;
            connection.execute(subject.insert(2)).await?;
            connection.rollback().await?;
            connection.execute(subject.insert(2)).await?;
            connection.close().await?;
            Ok(false)
        })
    })
    .await;
}

async fn dropped_savepoints(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let mut connection = subject.engine.connect().await?;
            let mut transaction = connection.begin().await?;
            transaction.execute(subject.insert(1)).await?;
            transaction
                .nested(async |connection| connection.execute(subject.insert(2)).await.map(drop))
                .await?;
            let mut savepoint = transaction.begin_nested().await?;
            savepoint.execute(subject.insert(3)).await?;
            savepoint.rollback().await?;
            transaction.commit().await?;
            connection.close().await?;
            Ok(true)
        })
    })
    .await;
}

async fn dropped_inserts_of_many_rows(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let table = Table::unregistered(&*subject.table)
                .column(Column::new("id", Integer).primary_key())
                .column(Column::new("data", Varchar(100)));
            subject
                .engine
                .begin(async |connection| {
                    let rows = (3..2_003).map(|id| (id, "x"));
                    connection.execute(insert(&table).values_many(rows)).await?;
                    connection.execute(subject.sql("DELETE FROM {} WHERE id > 2")).await?;
                    connection.execute(insert(&table).values_many([(1, "x"), (2, "y")])).await.map(drop)
                })
                .await?;
            Ok(true)
        })
    })
    .await;
}

async fn dropped_disposals(database: &Database) {
    drop_everywhere(database, |subject| {
        Box::pin(async move {
            let (first, second) = (subject.engine.connect().await?, subject.engine.connect().await?);
            first.close().await?;
            second.close().await?;
            subject.engine.dispose().await;
            let mut connection = subject.engine.connect().await?;
            connection.execute(subject.insert(1)).await?;
            subject.engine.dispose().await;
            connection.execute(subject.insert(2)).await?;
            connection.commit().await?;
            Ok(true)
        })
    })
    .await;
}

/// Listeners that wait: what they hold when they are dropped is given back, or closed.
async fn case_101_cancelled_inside_the_listeners_of_a_connection(database: &Database) {
    let subject = Subject::new(database, |engine| engine).await;
    let ask: for<'a> fn(&'a mut ConnectionArguments<'_>) -> BoxFuture<'a, Result<()>> = |event| {
        Box::pin(async move {
            tokio::task::yield_now().await;
            event.connection.ping().await?;
            tokio::task::yield_now().await;
            Ok(())
        })
    };
    let events = subject.engine.events();
    let listening =
        [events.connect.listen(move |event| ask(event)), events.checkout.listen(move |event| ask(event))];
    let mut drops = 0;
    for waits in 0..200 {
        let told = format!("dropped at wait {waits}");
        subject.engine.dispose().await;
        let outcome = drop_after(
            async {
                let connection = subject.engine.connect().await?;
                connection.close().await?;
                // And once more, for a connection that is there already.
                subject.engine.connect().await?.close().await
            },
            waits,
        )
        .await;
        assert_eq!(subject.prove(&told).await, 0);
        match outcome {
            None => drops += 1,
            Some(outcome) => {
                outcome.unwrap();
                break;
            }
        }
    }
    assert!((6..200).contains(&drops), "{drops}");
    assert!(events.connect.remove(listening[0]) && events.checkout.remove(listening[1]));
    subject.end().await;
}

on_every_database!(
    case_101_cancelled_inside_the_listeners_of_a_connection,
    dropped_connects,
    dropped_statements,
    dropped_statements_that_stand_alone,
    dropped_streams,
    dropped_transactions,
    dropped_rollbacks,
    dropped_savepoints,
    dropped_inserts_of_many_rows,
    dropped_disposals,
);
