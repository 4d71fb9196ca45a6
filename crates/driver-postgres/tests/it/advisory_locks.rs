//! Advisory locks of sessions and transactions.

use std::time::Duration;

use aludel_driver::{BeginOptions, Connection, Control, ErrorKind, Value};
use aludel_driver_postgres::{AdvisoryKey, PostgresConnection};
use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::server::{batch, connect, connect_with, rows, scalar};

fn own(connection: &mut Box<dyn Connection>) -> &mut PostgresConnection {
    connection.driver_mut().unwrap()
}

/// A key that no other test uses.
fn key(word: &str) -> AdvisoryKey {
    format!("{word} \'of\' \\{}", std::process::id()).into()
}

/// Whether another session can have it.
async fn is_free(other: &mut Box<dyn Connection>, key: &AdvisoryKey) -> bool {
    let Some(mut lock) = own(other).try_advisory_lock(key.clone()).await.unwrap() else { return false };
    lock.release().await.unwrap();
    true
}

async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
}

#[tokio::test]
async fn a_lock_keeps_others_out_until_it_is_released() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let number = i64::from(std::process::id()) << 20;
    for key in [key("kept"), i64::MIN.into(), number.into(), (i32::MIN, -1).into(), (7, i32::MAX).into()] {
        let mut lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
        assert_eq!((lock.key(), lock.is_held()), (&key, true));
        assert!(!is_free(&mut other, &key).await, "{key:?}");
        // It outlives transactions.
        begin(&mut *first).await;
        first.control(Control::Rollback).await.unwrap();
        assert!(!is_free(&mut other, &key).await, "{key:?}");
        lock.release().await.unwrap();
        assert!(!lock.is_held());
        lock.release().await.unwrap();
        assert!(is_free(&mut other, &key).await, "{key:?}");
    }
    // One that waits gets it.
    let key = key("waited for");
    let mut lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
    let waiting = own(&mut other).advisory_lock(key.clone());
    let (taken, ()) = tokio::join!(timeout(Duration::from_secs(20), waiting), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        lock.release().await.unwrap();
    });
    let taken = taken.unwrap().unwrap();
    assert!(!is_free(&mut first, &key).await);
    drop(taken);
    scalar(&mut *other, "SELECT 1", &[]).await.unwrap();
    assert!(is_free(&mut first, &key).await);
}

#[tokio::test]
async fn shared_locks_keep_out_only_those_who_want_it_alone() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let key = key("shared");
    let mut one = own(&mut first).advisory_lock_shared(key.clone()).await.unwrap();
    let two = own(&mut other).try_advisory_lock_shared(key.clone()).await.unwrap().unwrap();
    assert!(own(&mut other).try_advisory_lock(key.clone()).await.unwrap().is_none());
    one.release().await.unwrap();
    let alone = own(&mut other).try_advisory_lock(key.clone()).await.unwrap().unwrap();
    assert!(own(&mut first).try_advisory_lock_shared(key.clone()).await.unwrap().is_none());
    drop((alone, two));
    scalar(&mut *other, "SELECT 1", &[]).await.unwrap();
    assert!(is_free(&mut first, &key).await);
}

#[tokio::test]
async fn a_lock_that_is_dropped_is_released_or_its_connection_closed() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let key = key("dropped");
    drop(own(&mut first).advisory_lock(key.clone()).await.unwrap());
    // Whatever comes later comes behind it.
    assert_eq!(scalar(&mut *first, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
    assert!(is_free(&mut other, &key).await);
    assert!(!first.is_broken());

    // In a transaction that has failed nothing can be said to the server but that it is over.
    let mut lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
    begin(&mut *first).await;
    rows(&mut *first, "SELECT 1/0", &[]).await.unwrap_err();
    let error = lock.release().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error}");
    assert!(lock.is_held());
    first.control(Control::Rollback).await.unwrap();
    lock.release().await.unwrap();
    let lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
    begin(&mut *first).await;
    rows(&mut *first, "SELECT 1/0", &[]).await.unwrap_err();
    drop(lock);
    for _ in 0..500 {
        if first.is_broken() && is_free(&mut other, &key).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the lock is held by nobody");
}

#[tokio::test]
async fn a_lock_ends_with_its_connection() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let key = key("closed");
    let mut lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
    first.close(Duration::from_secs(20)).await.unwrap();
    let waiting = own(&mut other).advisory_lock(key.clone());
    drop(timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap());
    lock.release().await.unwrap();
    assert!(!lock.is_held());
    // One that is waited for no more is never taken.
    let Some(mut third) = connect().await else { return };
    let held = own(&mut other).advisory_lock(key.clone()).await.unwrap();
    assert!(own(&mut third).advisory_lock(key.clone()).now_or_never().is_none());
    assert!(third.is_broken());
    drop((held, third));
    scalar(&mut *other, "SELECT 1", &[]).await.unwrap();
    assert!(is_free(&mut other, &key).await);
}

#[tokio::test]
async fn locks_of_transactions_end_with_them() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let key = key("transaction");
    let error = own(&mut first).advisory_xact_lock(key.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    for end in [Control::Commit, Control::Rollback] {
        begin(&mut *first).await;
        own(&mut first).advisory_xact_lock(key.clone()).await.unwrap();
        assert!(!is_free(&mut other, &key).await);
        begin(&mut *other).await;
        assert!(!own(&mut other).try_advisory_xact_lock(key.clone()).await.unwrap());
        assert!(!own(&mut other).try_advisory_xact_lock_shared(key.clone()).await.unwrap());
        other.control(Control::Rollback).await.unwrap();
        first.control(end).await.unwrap();
        assert!(is_free(&mut other, &key).await);
    }
    begin(&mut *first).await;
    first.control(Control::Savepoint("inner")).await.unwrap();
    own(&mut first).advisory_xact_lock_shared(key.clone()).await.unwrap();
    begin(&mut *other).await;
    assert!(own(&mut other).try_advisory_xact_lock_shared(key.clone()).await.unwrap());
    other.control(Control::Rollback).await.unwrap();
    first.control(Control::RollbackTo("inner")).await.unwrap();
    assert!(is_free(&mut other, &key).await);
    first.control(Control::Rollback).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_waited_for_and_what_no_pooler_keeps() {
    let (Some(mut first), Some(mut other)) = (connect().await, connect().await) else { return };
    let key = key("limit");
    let _lock = own(&mut first).advisory_lock(key.clone()).await.unwrap();
    batch(&mut *other, "SET lock_timeout = 50").await;
    let error = own(&mut other).advisory_lock(key.clone()).await.unwrap_err();
    assert_eq!(error.code(), Some("55P03"), "{error}");
    assert!(!other.is_broken());
    let Some(mut pooled) = connect_with(&[("prepare_mode", "unnamed")]).await else { return };
    let error = own(&mut pooled).try_advisory_lock(key.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    begin(&mut *pooled).await;
    assert!(!own(&mut pooled).try_advisory_xact_lock(key.clone()).await.unwrap());
    pooled.control(Control::Rollback).await.unwrap();
}
