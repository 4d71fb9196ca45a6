use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};

use aludel_engine_pool::{Connection, Error, ErrorKind, PoolClass};
use aludel_sql_expression::text;
use tokio::time::advance;

use crate::mock::Server;

async fn run(conn: &mut Connection, sql: &'static str) -> Result<(), Error> {
    conn.execute(text(sql)).await.map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn case_082_pre_ping_makes_a_restart_invisible() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_pre_ping(true).build().unwrap();
    run(&mut engine.connect().await.unwrap(), "one").await.unwrap();
    assert_eq!(server.pings.load(SeqCst), 0, "a fresh connection is not pinged");
    run(&mut engine.connect().await.unwrap(), "two").await.unwrap();
    assert_eq!(server.pings.load(SeqCst), 0, "nor one that was used just now");
    advance(Duration::from_secs(2)).await;
    run(&mut engine.connect().await.unwrap(), "three").await.unwrap();
    assert_eq!((server.pings.load(SeqCst), server.opened()), (1, 1));
    advance(Duration::from_secs(2)).await;
    server.restart();
    run(&mut engine.connect().await.unwrap(), "four").await.unwrap();
    assert_eq!((server.pings.load(SeqCst), server.opened()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn case_083_a_database_that_is_down_costs_no_place() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_pre_ping(true).pool_size(1).max_overflow(0).build().unwrap();
    drop(engine.connect().await.unwrap());
    advance(Duration::from_secs(2)).await;
    server.down.store(true, SeqCst);
    for _ in 0..3 {
        assert_eq!(engine.connect().await.unwrap_err().kind(), ErrorKind::Operational);
        assert_eq!(engine.pool().status().checked_out, 0);
    }
    server.down.store(false, SeqCst);
    run(&mut engine.connect().await.unwrap(), "up again").await.unwrap();
}

#[tokio::test]
async fn case_073_a_failed_reconnect_keeps_the_place_usable() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(1).max_overflow(0).build().unwrap();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "DISCONNECT").await.unwrap_err();
    conn.rollback().await.unwrap();
    server.failing_connects.store(2, SeqCst);
    run(&mut conn, "one").await.unwrap_err();
    run(&mut conn, "one").await.unwrap_err();
    run(&mut conn, "one").await.unwrap();
    drop(conn);
    run(&mut engine.connect().await.unwrap(), "two").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn case_084_handle_error_reclassifies() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_pre_ping(true).build().unwrap();
    // An error that is none becomes a disconnect.
    let listener = engine.events().handle_error.listen(|event| {
        if event.sql.is_some_and(|sql| sql.starts_with("ERROR")) {
            *event.error = event.error.clone().with_disconnect();
        }
        Ok(())
    });
    let mut conn = engine.connect().await.unwrap();
    assert!(run(&mut conn, "ERROR").await.unwrap_err().is_disconnect());
    assert!(conn.is_invalidated());
    conn.rollback().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    assert_eq!(server.opened(), 2);
    drop(conn);
    engine.events().handle_error.remove(listener);
    // And the reverse during a ping: only that connection goes.
    let (one, two) = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    drop((one, two));
    engine.events().handle_error.listen(|event| {
        assert!(event.is_pre_ping);
        *event.error = Error::new(ErrorKind::Internal, "not that bad");
        Ok(())
    });
    advance(Duration::from_secs(2)).await;
    let opened = server.opened();
    server.restart();
    drop(engine.connect().await.unwrap());
    assert_eq!(server.opened(), opened + 1);
}

#[tokio::test]
async fn case_085_a_disconnect_replaces_the_others_at_their_next_checkout() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let (mut one, mut two) = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    let second = two.id();
    run(&mut one, "fine").await.unwrap();
    one.commit().await.unwrap();
    let error = run(&mut one, "DISCONNECT").await.unwrap_err();
    assert!(error.is_disconnect() && one.is_invalidated());
    run(&mut two, "goes on").await.unwrap();
    assert_eq!(two.id(), second);
    two.close().await.unwrap();
    let two = engine.connect().await.unwrap();
    assert_ne!(two.id(), second, "replaced when it was taken next");
    one.rollback().await.unwrap();
    run(&mut one, "works again").await.unwrap();
    server.assert_lawful();
}

#[tokio::test]
async fn case_086_a_disconnect_in_a_transaction_waits_for_rollback() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    server.restart();
    assert!(run(&mut conn, "two").await.unwrap_err().is_disconnect());
    let error = run(&mut conn, "three").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    assert!(error.to_string().contains("rollback()"), "{error}");
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    run(&mut conn, "four").await.unwrap();
    assert_eq!(server.opened(), 2);
    // In a closure, nothing has to be said.
    let error = engine.begin(async |conn| conn.execute(text("DISCONNECT")).await).await.unwrap_err();
    assert!(error.is_disconnect());
    engine.begin(async |conn| conn.execute(text("five")).await).await.unwrap();
}

#[tokio::test]
async fn case_087_the_rollback_of_a_savepoint_on_a_lost_connection_is_silent() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let mut conn = engine.connect().await.unwrap();
    let mut savepoint = conn.begin_nested().await.unwrap();
    run(&mut savepoint, "one").await.unwrap();
    run(&mut savepoint, "DISCONNECT").await.unwrap_err();
    savepoint.rollback().await.unwrap();
    assert_eq!(run(&mut conn, "two").await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
}

#[tokio::test]
async fn case_089_a_dropped_call_costs_one_connection_and_several_disconnects_count_once() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let mut conns = Vec::new();
    for _ in 0..4 {
        conns.push(engine.connect().await.unwrap());
    }
    let (id, last) = (conns[2].id(), conns[3].id());
    {
        let hanging = conns[0].execute(text("HANG")).all();
        tokio::select! { _ = hanging => unreachable!(), () = tokio::task::yield_now() => {} }
    }
    drop(conns.remove(0));
    drop(conns.remove(1));
    assert_eq!(engine.connect().await.unwrap().id(), id, "the generation goes on");
    tokio::task::yield_now().await;
    assert_eq!(server.cancels.load(SeqCst), 1, "the server is asked to stop");
    for conn in &mut conns {
        run(conn, "DISCONNECT").await.unwrap_err();
    }
    drop(conns);
    let fresh = engine.connect().await.unwrap().id();
    assert!(fresh > last);
    assert_eq!(engine.connect().await.unwrap().id(), fresh, "replaced once, not twice");
}

#[tokio::test]
async fn case_091_after_an_error_the_next_connection_is_new() {
    for class in [PoolClass::Null, PoolClass::Static] {
        let server = Arc::new(Server::default());
        let engine = server.engine().pool_class(class).build().unwrap();
        let mut conn = engine.connect().await.unwrap();
        run(&mut conn, "DISCONNECT").await.unwrap_err();
        drop(conn);
        run(&mut engine.connect().await.unwrap(), "one").await.unwrap();
        assert_eq!(server.opened(), 2, "{class:?}");
    }
}

#[tokio::test]
async fn case_092_without_pre_ping_the_first_statement_fails_and_the_second_works() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    engine.begin(async |conn| conn.execute(text("one")).await).await.unwrap();
    server.restart();
    assert!(engine.begin(async |conn| conn.execute(text("two")).await).await.unwrap_err().is_disconnect());
    engine.begin(async |conn| conn.execute(text("three")).await).await.unwrap();
    assert_eq!(server.opened(), 2);
}
