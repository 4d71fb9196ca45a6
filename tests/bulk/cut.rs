//! Loads that are dropped, killed, or take too long.

use std::{
    future::{IntoFuture as _, pending},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::{Duration, Instant},
};

use aludel::{prelude::*, sql::trusted};
use futures_util::{StreamExt as _, future::poll_fn, stream};

use crate::{
    database::{Database, on_every_database},
    measurement::{Measurement, committed, connected, count_of, measurement},
};

async fn dropped_before_the_row_70_000(database: &Database) {
    let mut conn = connected(database).await;
    let reached = Arc::new(AtomicBool::new(false));
    let rows = stream::iter(1..=100_000).then(|id| {
        let reached = reached.clone();
        async move {
            if id == 70_000 {
                reached.store(true, Ordering::Relaxed);
                pending::<()>().await;
            }
            Ok::<_, Error>(measurement(id))
        }
    });
    let mut load = conn.bulk_load_stream(Measurement, rows).into_future();
    poll_fn(|context| match load.as_mut().poll(context) {
        Poll::Pending if reached.load(Ordering::Relaxed) => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
        Poll::Ready(outcome) => panic!("{outcome:?}"),
    })
    .await;
    drop(load);
    let error = conn.scalar::<i64, _>(text("SELECT 1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error}");
    conn.rollback().await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 0);
    conn.bulk_load(Measurement, (1..=10).map(measurement)).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(committed(database).await, 10);
}
on_every_database!(dropped_before_the_row_70_000);

async fn dropped_with_its_connection(database: &Database) {
    connected(database).await.close().await.unwrap();
    let reached = Arc::new(AtomicBool::new(false));
    let rows = stream::iter(1..=100_000).then(|id| {
        let reached = reached.clone();
        async move {
            if id == 30_000 {
                reached.store(true, Ordering::Relaxed);
                pending::<()>().await;
            }
            Ok::<_, Error>(measurement(id))
        }
    });
    let mut load = database.engine().bulk_load_stream(Measurement, rows).into_future();
    poll_fn(|context| match load.as_mut().poll(context) {
        Poll::Pending if reached.load(Ordering::Relaxed) => Poll::Ready(()),
        Poll::Pending => Poll::Pending,
        Poll::Ready(outcome) => panic!("{outcome:?}"),
    })
    .await;
    drop(load);
    assert_eq!(committed(database).await, 0);
}
on_every_database!(dropped_with_its_connection);

async fn killed_at_the_row_70_000(database: &Database) {
    if database.is_sqlite() {
        return;
    }
    let mut conn = connected(database).await;
    let sql = if database.is_postgres() { "SELECT pg_backend_pid()" } else { "SELECT connection_id()" };
    let id: i64 = conn.scalar_one(text(sql)).await.unwrap();
    let rows = stream::iter(1..=100_000).then(|row| async move {
        if row == 70_000 {
            let mut other = database.connect().await;
            let kill = match database.is_postgres() {
                true => format!("SELECT pg_terminate_backend({id})"),
                false => format!("KILL {id}"),
            };
            other.exec_driver_sql(trusted(kill), Vec::new()).await.unwrap();
            other.close().await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok::<_, Error>(measurement(row))
    });
    let started = Instant::now();
    let error = conn.bulk_load_stream(Measurement, rows).await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    // Some seconds at most: until the system gives the socket up it would be a minute or two.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    conn.rollback().await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 0);
    conn.rollback().await.unwrap();
    assert_eq!(committed(database).await, 0);
}
on_every_database!(killed_at_the_row_70_000);

async fn rows_that_take_too_long(database: &Database) {
    let mut conn = connected(database).await;
    let rows = stream::iter(1..=10_000).then(|id| async move {
        if id == 3_000 {
            pending::<()>().await;
        }
        Ok::<_, Error>(measurement(id))
    });
    let started = Instant::now();
    let limit = Duration::from_millis(300);
    let error = conn.bulk_load_stream(Measurement, rows).timeout(limit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.message().contains("row 3000"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(count_of(&mut conn, Measurement).await, 0);
    // One that never stops is stopped, too.
    let endless = (1..).map(|id| Measurement { id, ..measurement(1) });
    let error = conn.bulk_load(Measurement, endless).timeout(limit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(40));
    conn.rollback().await.unwrap();
    assert_eq!(committed(database).await, 0);
}
on_every_database!(rows_that_take_too_long);
