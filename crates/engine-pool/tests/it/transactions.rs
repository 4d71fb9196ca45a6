use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};

use aludel_engine_pool::{Connection, Engine, ErrorKind, ExecutionOptions, IsolationLevel};
use aludel_sql_expression::text;

use crate::mock::Server;

fn engine() -> (Arc<Server>, Engine) {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    (server, engine)
}

/// As PostgreSQL: an error inside a transaction makes the server refuse the rest, and steps are sent in one go.
fn aborting() -> (Arc<Server>, Engine) {
    let server = Arc::new(Server::default());
    server.aborts_on_error.store(true, SeqCst);
    server.pipelining.store(true, SeqCst);
    let engine = server.engine().build().unwrap();
    (server, engine)
}

async fn run(conn: &mut Connection, sql: &'static str) -> Result<(), ErrorKind> {
    conn.execute(text(sql)).await.map(|_| ()).map_err(|error| error.kind())
}

#[tokio::test]
async fn commit_as_you_go_with_begin_riding() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    conn.commit().await.unwrap();
    conn.rollback().await.unwrap();
    assert!(!conn.in_transaction());
    run(&mut conn, "one").await.unwrap();
    assert!(conn.in_transaction());
    run(&mut conn, "two").await.unwrap();
    conn.commit().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    conn.rollback().await.unwrap();
    run(&mut conn, "four").await.unwrap();
    conn.close().await.unwrap();
    assert_eq!(
        server.sent(),
        ["BEGIN; one", "two", "COMMIT", "BEGIN; three", "ROLLBACK", "BEGIN; four", "ROLLBACK"]
    );
    assert_eq!(server.resets.load(SeqCst), 0);
}

#[tokio::test]
async fn a_transaction_without_statements_sends_nothing() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    conn.begin().await.unwrap().commit().await.unwrap();
    conn.begin().await.unwrap().rollback().await.unwrap();
    drop(conn.begin().await.unwrap());
    let mut transaction = conn.begin().await.unwrap();
    transaction.begin_nested().await.unwrap().commit().await.unwrap();
    transaction.commit().await.unwrap();
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn case_036_savepoints() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    // Rolled back.
    let mut savepoint = conn.begin_nested().await.unwrap();
    run(&mut savepoint, "two").await.unwrap();
    savepoint.rollback().await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one", "SAVEPOINT 1; two", "ROLLBACK TO 1; RELEASE 1", "COMMIT"]);
    // Released; a nested one is rolled back inside it.
    let mut outer = conn.begin_nested().await.unwrap();
    run(&mut outer, "two").await.unwrap();
    let mut inner = outer.begin_nested().await.unwrap();
    run(&mut inner, "three").await.unwrap();
    drop(inner);
    run(&mut outer, "four").await.unwrap();
    outer.commit().await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        [
            "BEGIN; SAVEPOINT 1; two",
            "SAVEPOINT 2; three",
            "ROLLBACK TO 2; RELEASE 2; four",
            "RELEASE 1",
            "COMMIT"
        ]
    );
    // The end of the transaction ends its savepoints.
    let mut savepoint = conn.begin_nested().await.unwrap();
    run(&mut savepoint, "five").await.unwrap();
    assert!(savepoint.is_active());
    (*savepoint).rollback().await.unwrap();
    assert!(!savepoint.is_active());
    assert_eq!(savepoint.commit().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(!conn.in_transaction());
    assert_eq!(server.sent(), ["BEGIN; SAVEPOINT 1; five", "ROLLBACK"]);
    // Without guards.
    let first = conn.savepoint().unwrap();
    run(&mut conn, "six").await.unwrap();
    let second = conn.savepoint().unwrap();
    run(&mut conn, "seven").await.unwrap();
    conn.savepoint_rollback(second).await.unwrap();
    conn.savepoint_commit(first).await.unwrap();
    assert_eq!(conn.savepoint_commit(second).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        server.sent(),
        ["BEGIN; SAVEPOINT 1; six", "SAVEPOINT 2; seven", "ROLLBACK TO 2; RELEASE 2", "RELEASE 1"]
    );
}

#[tokio::test]
async fn case_037_begin_after_execute_and_use_after_the_end_are_refused() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    let error = conn.begin().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("begin_nested"), "{error}");
    conn.commit().await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one", "COMMIT"], "the second commit does nothing");

    let mut transaction = conn.begin().await.unwrap();
    run(&mut transaction, "two").await.unwrap();
    (*transaction).commit().await.unwrap();
    assert_eq!(run(&mut transaction, "three").await, Err(ErrorKind::InvalidRequest));
    (*transaction).commit().await.unwrap();
    (*transaction).rollback().await.unwrap();
    transaction.commit().await.unwrap();
    run(&mut conn, "four").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; two", "COMMIT", "BEGIN; four", "COMMIT"]);
    let error = engine
        .begin(async |conn| {
            conn.rollback().await?;
            conn.execute(text("never")).await
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(server.sent().is_empty());
}

#[tokio::test]
async fn case_038_a_failed_commit_must_be_rolled_back() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    server.fail_control("COMMIT", false);
    let error = conn.commit().await.unwrap_err();
    assert!(error.to_string().contains("COMMIT failed"), "{error}");
    assert_eq!(run(&mut conn, "two").await, Err(ErrorKind::PendingRollback));
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(conn.begin_nested().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one", "COMMIT", "ROLLBACK", "BEGIN; three", "COMMIT"]);
    // In a guard, it is rolled back by itself.
    let mut transaction = conn.begin().await.unwrap();
    run(&mut transaction, "four").await.unwrap();
    server.fail_control("COMMIT", false);
    transaction.commit().await.unwrap_err();
    run(&mut conn, "five").await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; four", "COMMIT", "BEGIN; five"]);
    assert_eq!(server.resets.load(SeqCst), 1, "the guard rolled back at once");
}

#[tokio::test]
async fn case_039_a_failed_release_must_be_rolled_back() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let savepoint = conn.savepoint().unwrap();
    run(&mut conn, "one").await.unwrap();
    server.fail_control("RELEASE", false);
    conn.savepoint_commit(savepoint).await.unwrap_err();
    assert_eq!(run(&mut conn, "two").await, Err(ErrorKind::PendingRollback));
    conn.savepoint_rollback(savepoint).await.unwrap();
    run(&mut conn, "three").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        ["BEGIN; SAVEPOINT 1; one", "RELEASE 1", "ROLLBACK TO 1; RELEASE 1", "three", "COMMIT"]
    );
}

#[tokio::test]
async fn a_failed_statement_must_be_rolled_back_also_where_the_server_would_go_on() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    assert_eq!(run(&mut conn, "ERROR").await, Err(ErrorKind::Programming));
    assert_eq!(run(&mut conn, "two").await, Err(ErrorKind::PendingRollback));
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    let failed = conn.nested(async |conn| conn.execute(text("ERROR")).await).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Programming);
    conn.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        [
            "BEGIN; one",
            "ERROR",
            "ROLLBACK",
            "BEGIN; three",
            "SAVEPOINT 1; ERROR",
            "ROLLBACK TO 1; RELEASE 1",
            "COMMIT"
        ]
    );
}

#[tokio::test]
async fn where_the_server_refuses_the_rest_it_is_not_asked() {
    let (server, engine) = aborting();
    let mut conn = engine.connect().await.unwrap();
    assert_eq!(run(&mut conn, "ERROR").await, Err(ErrorKind::Programming));
    let error = conn.execute(text("two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    assert!(error.to_string().contains("syntax error"), "it says what went wrong before: {error}");
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    // A savepoint heals it, also one that rode with the statement that failed.
    let failed = conn.nested(async |conn| conn.execute(text("ERROR")).await).await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Programming);
    run(&mut conn, "four").await.unwrap();
    // Dropped rather than rolled back.
    let mut savepoint = conn.begin_nested().await.unwrap();
    run(&mut savepoint, "ERROR").await.unwrap_err();
    drop(savepoint);
    conn.commit().await.unwrap();
    // A value that cannot be decoded is no error of the server.
    conn.execute(text("ROWS 1").returns::<(String,)>()).await.unwrap_err();
    run(&mut conn, "five").await.unwrap();
    assert_eq!(
        server.sent(),
        [
            "BEGIN; ERROR",
            "ROLLBACK",
            "BEGIN; three",
            "SAVEPOINT 1; ERROR",
            "ROLLBACK TO 1; RELEASE 1",
            "four",
            "SAVEPOINT 2; ERROR",
            "ROLLBACK TO 2; RELEASE 2; COMMIT",
            "BEGIN; ROWS 1",
            "five",
        ]
    );
}

#[tokio::test]
async fn a_transaction_that_the_server_ended_is_noticed() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    assert_eq!(run(&mut conn, "ENDS").await, Err(ErrorKind::Programming));
    assert_eq!(
        run(&mut conn, "two").await,
        Err(ErrorKind::PendingRollback),
        "it would run without a transaction"
    );
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one", "ENDS", "BEGIN; three", "COMMIT"], "no ROLLBACK is needed");
    // DDL on MySQL: what follows is in a transaction again.
    run(&mut conn, "IMPLICIT").await.unwrap();
    run(&mut conn, "four").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; IMPLICIT", "BEGIN; four", "COMMIT"]);
}

#[tokio::test]
async fn a_savepoint_that_the_server_ended_keeps_nothing_by_mistake() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let mut savepoint = conn.begin_nested().await.unwrap();
    run(&mut savepoint, "IMPLICIT").await.unwrap();
    run(&mut savepoint, "two").await.unwrap();
    assert!(!savepoint.is_active());
    let error = savepoint.rollback().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("DDL"), "{error}");
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; SAVEPOINT 1; IMPLICIT", "BEGIN; two", "ROLLBACK"]);
    // A BEGIN that fails does not forget the savepoint.
    let mut savepoint = conn.begin_nested().await.unwrap();
    server.fail_control("BEGIN", false);
    run(&mut savepoint, "one").await.unwrap_err();
    run(&mut savepoint, "two").await.unwrap();
    savepoint.rollback().await.unwrap();
    assert_eq!(
        server.sent(),
        ["BEGIN; SAVEPOINT 1; one", "BEGIN; SAVEPOINT 1; two", "ROLLBACK TO 1; RELEASE 1"]
    );
}

#[tokio::test]
async fn a_begin_that_fails_begins_nothing() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    server.fail_control("BEGIN", false);
    assert_eq!(run(&mut conn, "one").await, Err(ErrorKind::Programming));
    assert!(!conn.in_transaction());
    run(&mut conn, "two").await.unwrap();
    conn.commit().await.unwrap();
    // In a block, it is tried again.
    let mut transaction = conn.begin().await.unwrap();
    server.fail_control("BEGIN", false);
    run(&mut transaction, "three").await.unwrap_err();
    run(&mut transaction, "four").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        ["BEGIN; one", "BEGIN; two", "COMMIT", "BEGIN; three", "BEGIN; four", "COMMIT"]
    );
}

#[tokio::test]
async fn autocommit_and_isolation_level() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    conn.set_autocommit(true).unwrap();
    run(&mut conn, "VACUUM").await.unwrap();
    assert!(!conn.in_transaction());
    conn.transaction(async |conn| {
        assert_eq!(conn.set_autocommit(false).unwrap_err().kind(), ErrorKind::InvalidRequest);
        conn.execute(text("one")).await
    })
    .await
    .unwrap();
    conn.set_autocommit(false).unwrap();
    let serializable = ExecutionOptions::new().isolation_level(IsolationLevel::Serializable);
    conn.set_execution_options(serializable.clone()).unwrap();
    run(&mut conn, "two").await.unwrap();
    assert_eq!(conn.set_execution_options(serializable).unwrap_err().kind(), ErrorKind::InvalidRequest);
    drop(conn);
    // Whoever comes next has the engine's own.
    run(&mut engine.connect().await.unwrap(), "three").await.unwrap();
    assert_eq!(server.sent(), ["VACUUM", "BEGIN; one", "COMMIT", "BEGIN SERIALIZABLE; two", "BEGIN; three"]);
}

#[tokio::test]
async fn a_query_that_begins_a_transaction_takes_no_write_lock() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "select one").await.unwrap();
    conn.rollback().await.unwrap();
    conn.stream(text("SELECT")).await.unwrap().close().await.unwrap();
    conn.rollback().await.unwrap();
    conn.transaction(async |conn| conn.execute(text("SELECT two")).await).await.unwrap();
    run(&mut conn, "UPDATE").await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        [
            "BEGIN DEFERRED; select one",
            "ROLLBACK",
            "BEGIN DEFERRED",
            "CURSOR SELECT",
            "CLOSE CURSOR",
            "ROLLBACK",
            "BEGIN; SELECT two",
            "COMMIT",
            "BEGIN; UPDATE",
            "COMMIT"
        ]
    );
    let engine = server.engine().begin_mode(aludel_engine_pool::BeginMode::Immediate).build().unwrap();
    run(&mut engine.connect().await.unwrap(), "SELECT three").await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; SELECT three"]);
}

#[tokio::test]
async fn case_088_a_connection_lost_in_commit_leaves_the_outcome_unknown() {
    for with_steps in [false, true] {
        let (server, engine) = aborting();
        let mut conn = engine.connect().await.unwrap();
        run(&mut conn, "one").await.unwrap();
        let error = if with_steps {
            // All was sent in one go: COMMIT may have been done, though the answer of the statement is missing.
            let (statement, mut sink) = (aludel_driver::Statement::new("DISCONNECT"), aludel_driver::Discard);
            let kind =
                aludel_driver::StepKind::Fetch { statement: &statement, parameters: &[], sink: &mut sink };
            conn.commit_with(&mut [aludel_driver::Step::new(kind)]).await.unwrap_err()
        } else {
            server.fail_control("COMMIT", true);
            conn.commit().await.unwrap_err()
        };
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert!(error.is_disconnect());
        assert_eq!(run(&mut conn, "two").await, Err(ErrorKind::PendingRollback));
        conn.rollback().await.unwrap();
        run(&mut conn, "three").await.unwrap();
        assert_eq!(server.opened(), 2);
    }
}

#[tokio::test]
async fn a_failed_rollback_closes_the_connection() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    run(&mut conn, "one").await.unwrap();
    server.fail_control("ROLLBACK", false);
    conn.rollback().await.unwrap_err();
    assert!(!conn.in_transaction() && conn.is_invalidated());
    run(&mut conn, "two").await.unwrap();
    assert_eq!(server.opened(), 2);
    // And one that is due because a guard was dropped.
    server.resets_on_drop.store(false, SeqCst);
    conn.commit().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    run(&mut transaction, "three").await.unwrap();
    drop(transaction);
    server.fail_control("ROLLBACK", false);
    run(&mut conn, "four").await.unwrap_err();
    conn.rollback().await.unwrap();
    run(&mut conn, "five").await.unwrap();
    assert_eq!(server.opened(), 3);
    server.assert_lawful();
}

#[tokio::test]
async fn a_guard_that_is_dropped_is_rolled_back_before_anything_else() {
    let (server, engine) = engine();
    server.resets_on_drop.store(false, SeqCst);
    let mut conn = engine.connect().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    run(&mut transaction, "one").await.unwrap();
    drop(transaction);
    assert!(!conn.in_transaction());
    run(&mut conn, "two").await.unwrap();
    conn.commit().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    run(&mut transaction, "three").await.unwrap();
    drop(transaction);
    conn.rollback().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one", "ROLLBACK; BEGIN; two", "COMMIT", "BEGIN; three", "ROLLBACK"]);
}

#[tokio::test]
async fn transaction_events_in_their_order() {
    let (_, engine) = engine();
    let notes = Arc::new(Mutex::new(Vec::new()));
    macro_rules! note {
        ($($event:ident)*) => {$({
            let notes = notes.clone();
            engine.events().$event.listen(move |_| {
                notes.lock().unwrap().push(stringify!($event));
                Ok(())
            });
        })*};
    }
    note!(begin commit rollback savepoint rollback_savepoint release_savepoint);
    let mut conn = engine.connect().await.unwrap();
    conn.nested(async |conn| conn.execute(text("one")).await).await.unwrap();
    conn.nested(async |conn| conn.execute(text("ERROR")).await).await.unwrap_err();
    conn.commit().await.unwrap();
    run(&mut conn, "two").await.unwrap();
    conn.rollback().await.unwrap();
    run(&mut conn, "three").await.unwrap();
    drop(conn);
    assert_eq!(
        *notes.lock().unwrap(),
        [
            "begin",
            "savepoint",
            "release_savepoint",
            "savepoint",
            "rollback_savepoint",
            "release_savepoint",
            "commit",
            "begin",
            "rollback",
            "begin",
            "rollback",
        ]
    );
}
