//! Loads inside of other transactions: of a test that is rolled back as a whole, of a session, of a savepoint.

use aludel::{
    engine::{BulkWay, TestTransaction},
    prelude::*,
};

use crate::{
    database::{Database, on_every_database},
    measurement::{Measurement, committed, connected, count_of, measurement, own_way},
};

/// A load in the way that the database has within a transaction.
async fn load(conn: &mut Connection, database: &Database, keys: std::ops::RangeInclusive<i64>) {
    let rows = keys.size_hint().0 as u64;
    let result = conn.bulk_load(Measurement, keys.map(measurement)).await.unwrap();
    assert_eq!((result.rowcount(), result.way()), (rows, Some(own_way(database))));
}

async fn a_test_that_is_rolled_back(database: &Database) {
    connected(database).await.close().await.unwrap();
    let test = TestTransaction::begin(database.engine()).await.unwrap();
    let result = test.engine().bulk_load(Measurement, (1..=2500).map(measurement)).await.unwrap();
    assert_eq!(result.rowcount(), 2500);
    assert_ne!(result.way(), Some(BulkWay::PreparedLoop), "it takes the database's own way here, too");
    let mut conn = test.engine().connect().await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 2500);
    // What the test rolls back itself, and what it commits.
    load(&mut conn, database, 3001..=3010).await;
    conn.rollback().await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 2500);
    load(&mut conn, database, 4001..=4010).await;
    conn.commit().await.unwrap();
    // A load that fails leaves the rest as it was.
    let twice = (5001..=5500).chain(1..=1).map(measurement);
    let error = conn.bulk_load(Measurement, twice).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(count_of(&mut conn, Measurement).await, 2510);
    conn.commit().await.unwrap();
    conn.close().await.unwrap();
    // By itself, too.
    let twice = (6001..=6500).chain(1..=1).map(measurement);
    let error = test.engine().bulk_load(Measurement, twice).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    let mut session = SessionMaker::new(test.engine()).open();
    let keys: Vec<i64> =
        session.scalars(select(Measurement::id).filter(Measurement::id.gt(2499))).all().await.unwrap();
    assert_eq!(keys.len(), 11);
    session.close().await.unwrap();
    drop(session);
    if !database.is_sqlite() {
        assert_eq!(committed(database).await, 0);
    }
    test.rollback().await.unwrap();
    assert_eq!(committed(database).await, 0);
}
on_every_database!(a_test_that_is_rolled_back);

async fn the_transaction_of_a_session(database: &Database) {
    connected(database).await.close().await.unwrap();
    let mut session = SessionMaker::new(database.engine()).open();
    let own = session.add(measurement(1));
    session.flush().await.unwrap();
    load(session.connection().await.unwrap(), database, 2..=1500).await;
    // It sees what the session has written, and the session sees what was loaded.
    assert_eq!(session.get(Measurement, 1500).await.unwrap().unwrap().read().points, 1500);
    let count: i64 = session
        .scalar(select(count_all()).select_from(<Measurement as aludel::sql::Model>::table()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(count, 1500);
    // A row of the session's own is in the way: the load is undone alone.
    let twice = (2001..=2100).chain(1..=1).map(measurement);
    let error = session.connection().await.unwrap().bulk_load(Measurement, twice).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    own.set(Measurement::note, Some("still there".to_owned()));
    session.flush().await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!(committed(database).await, 0);
    load(session.connection().await.unwrap(), database, 1..=20).await;
    session.commit().await.unwrap();
    assert_eq!(committed(database).await, 20);
}
on_every_database!(the_transaction_of_a_session);

async fn a_savepoint_of_a_session(database: &Database) {
    connected(database).await.close().await.unwrap();
    let mut session = SessionMaker::new(database.engine()).open();
    load(session.connection().await.unwrap(), database, 1..=10).await;
    let mut nested = session.begin_nested().await.unwrap();
    load(nested.connection().await.unwrap(), database, 11..=1200).await;
    nested.rollback().await.unwrap();
    assert_eq!(count_of(session.connection().await.unwrap(), Measurement).await, 10);
    let mut nested = session.begin_nested().await.unwrap();
    load(nested.connection().await.unwrap(), database, 11..=15).await;
    let error =
        nested.connection().await.unwrap().bulk_load(Measurement, [measurement(3)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    nested.commit().await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(committed(database).await, 15);
    // The same on a connection.
    let mut conn = database.connect().await;
    load(&mut conn, database, 16..=20).await;
    let mut inner = conn.begin_nested().await.unwrap();
    load(&mut inner, database, 21..=30).await;
    inner.rollback().await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 20);
    conn.commit().await.unwrap();
    assert_eq!(committed(database).await, 20);
}
on_every_database!(a_savepoint_of_a_session);
