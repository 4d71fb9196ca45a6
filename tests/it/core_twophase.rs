//! Two-phase transactions, on databases that have them; elsewhere the error says so.

use std::sync::{Arc, Mutex};

use aludel::prelude::*;

use crate::{
    core_tables::{create, how_many, integer, integers, with_words},
    database::{Database, on_every_database},
};

async fn case_040_two_phase_transactions(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    if database.is_sqlite() {
        for error in [
            conn.begin_twophase().await.unwrap_err(),
            conn.recover_twophase().await.unwrap_err(),
            conn.commit_prepared("x").await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            assert!(error.message().contains("two-phase") && error.message().contains("SQLite"), "{error}");
        }
        return;
    }
    // Two of four are committed: one prepared before, one not.
    for (id, prepares, commits) in [(1, true, true), (2, false, true), (3, true, false), (4, false, false)] {
        let mut transaction = conn.begin_twophase().await.unwrap();
        transaction.execute(insert(&t).values((id, "x"))).await.unwrap();
        if prepares {
            transaction.prepare().await.unwrap();
            assert!(transaction.is_prepared());
        }
        match commits {
            true => transaction.commit().await.unwrap(),
            false => transaction.rollback().await.unwrap(),
        }
    }
    let id = integer(&t, "id");
    let kept = integers(&mut conn, select(id.clone()).order_by(id.asc())).await;
    assert_eq!(kept, [1, 2]);
    conn.rollback().await.unwrap();
    // What was prepared outlives its connection, and is ended by another.
    let engine = database.engine_with(|engine| engine.pool_size(1).max_overflow(0));
    let mut names = Vec::new();
    for id in [5, 6] {
        let mut lost = engine.connect().await.unwrap();
        let mut transaction = lost.begin_twophase().await.unwrap();
        names.push(transaction.name().to_owned());
        transaction.execute(insert(&t).values((id, "x"))).await.unwrap();
        transaction.prepare().await.unwrap();
        drop(transaction);
        lost.invalidate();
    }
    engine.dispose().await;
    let prepared = conn.recover_twophase().await.unwrap();
    assert!(names.iter().all(|name| prepared.contains(name)), "{names:?} are not all in {prepared:?}");
    conn.commit_prepared(&names[0]).await.unwrap();
    conn.rollback_prepared(&names[1]).await.unwrap();
    let prepared = conn.recover_twophase().await.unwrap();
    assert!(!names.iter().any(|name| prepared.contains(name)), "{names:?} are still in {prepared:?}");
    let id = integer(&t, "id");
    assert_eq!(integers(&mut conn, select(id.clone()).order_by(id.asc())).await, [1, 2, 5]);
    conn.rollback().await.unwrap();
    // There is nothing of this name any more, and the connection goes on.
    conn.commit_prepared(&names[0]).await.unwrap_err();
    assert_eq!(how_many(&mut conn, &t).await, 3);
}
on_every_database!(case_040_two_phase_transactions);

async fn what_a_two_phase_transaction_refuses(database: &Database) {
    if database.is_sqlite() {
        return;
    }
    let (mut conn, t) = with_words(database, "users").await;
    for name in ["", &"x".repeat(65), "nul\0"] {
        assert_eq!(conn.begin_twophase_named(name).await.unwrap_err().kind(), ErrorKind::Argument);
    }
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    assert_eq!(conn.begin_twophase().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(conn.commit_prepared("x").await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    conn.rollback().await.unwrap();
    let mut transaction = conn.begin_twophase_named("it's a \\ \"name\"; é").await.unwrap();
    // A savepoint inside is an ordinary one.
    let failed = transaction
        .nested(async |conn| {
            conn.execute(insert(&t).values((1, "x"))).await?;
            conn.execute(insert(&t).values((1, "x"))).await.map(drop)
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Integrity);
    transaction.execute(insert(&t).values((2, "x"))).await.unwrap();
    transaction.prepare().await.unwrap();
    for refused in [
        transaction.execute(insert(&t).values((3, "x"))).await.map(drop),
        transaction.prepare().await,
        transaction.begin_nested().await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
    transaction.commit().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 1);
    conn.rollback().await.unwrap();
    // A failed statement keeps it from being prepared.
    let mut transaction = conn.begin_twophase().await.unwrap();
    transaction.execute(insert(&t).values((2, "x"))).await.unwrap_err();
    assert_eq!(transaction.prepare().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    transaction.rollback().await.unwrap();
    // An empty one can be prepared, and one that is dropped before is rolled back.
    let mut transaction = conn.begin_twophase().await.unwrap();
    transaction.prepare().await.unwrap();
    transaction.rollback().await.unwrap();
    let mut transaction = conn.begin_twophase().await.unwrap();
    transaction.execute(insert(&t).values((9, "x"))).await.unwrap();
    drop(transaction);
    assert_eq!(how_many(&mut conn, &t).await, 1);
}
on_every_database!(what_a_two_phase_transaction_refuses);

async fn two_phase_events(database: &Database) {
    if database.is_sqlite() {
        return;
    }
    let engine = database.engine_with(|engine| engine);
    let told = Arc::new(Mutex::new(Vec::new()));
    let note = |what: &'static str| {
        let told = told.clone();
        move |is_prepared: bool| told.lock().unwrap().push((what, is_prepared))
    };
    let events = engine.events();
    let (begin, prepare, commit, rollback) =
        (note("begin"), note("prepare"), note("commit"), note("rollback"));
    events.begin_twophase.listen(move |event| {
        begin(event.is_prepared);
        Ok(())
    });
    events.prepare_twophase.listen(move |event| {
        prepare(event.is_prepared);
        Ok(())
    });
    events.commit_twophase.listen(move |event| {
        commit(event.is_prepared);
        Ok(())
    });
    events.rollback_twophase.listen(move |event| {
        rollback(event.is_prepared);
        Ok(())
    });
    let mut conn = engine.connect().await.unwrap();
    let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key());
    create(&mut conn, &users).await;
    for (prepares, commits) in [(true, true), (false, true), (true, false), (false, false)] {
        let mut transaction = conn.begin_twophase().await.unwrap();
        let id = i64::from(prepares) * 2 + i64::from(commits);
        transaction.execute(insert(&users).values((id,))).await.unwrap();
        if prepares {
            transaction.prepare().await.unwrap();
        }
        match commits {
            true => transaction.commit().await.unwrap(),
            false => transaction.rollback().await.unwrap(),
        }
    }
    let expected = [
        ("begin", false),
        ("prepare", true),
        ("commit", true),
        ("begin", false),
        ("commit", false),
        ("begin", false),
        ("prepare", true),
        ("rollback", true),
        ("begin", false),
        ("rollback", false),
    ];
    assert_eq!(*told.lock().unwrap(), expected);
}
on_every_database!(two_phase_events);
