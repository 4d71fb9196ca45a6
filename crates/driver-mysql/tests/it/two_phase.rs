//! Two-phase transactions: prepared, ended from here and elsewhere, and recovered.

use std::time::Duration;

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, Error, ErrorKind, IsolationLevel, Retry, Statement,
    TransactionState, Value,
};

use crate::server::{Kept, assert_answers, batch, connect, error, execute, fetch, id};

async fn begin(connection: &mut dyn Connection, name: &str) {
    connection.control(Control::BeginTwoPhase(&BeginOptions::default(), name)).await.unwrap();
    assert_eq!(connection.transaction_state(), TransactionState::Active);
}

/// A transaction that has inserted a number, prepared.
async fn prepare(connection: &mut dyn Connection, table: &str, number: i64, name: &str) {
    begin(connection, name).await;
    execute(connection, &format!("INSERT INTO {table} VALUES (?)"), &[Value::I64(number)]).await;
    connection.control(Control::Prepare(name)).await.unwrap();
    assert_ne!(connection.transaction_state(), TransactionState::Active);
}

async fn table(connection: &mut dyn Connection, name: &str) {
    // A crashed run may have left something that holds the table.
    for left in connection.prepared_transactions().await.unwrap() {
        if left.starts_with(name) {
            connection.control(Control::RollbackPrepared(&left)).await.unwrap();
        }
    }
    batch(connection, &format!("DROP TABLE IF EXISTS {name}; CREATE TABLE {name} (id INT PRIMARY KEY)"))
        .await;
}

async fn numbers(connection: &mut dyn Connection, table: &str) -> Vec<Vec<String>> {
    fetch(connection, &format!("SELECT id FROM {table} ORDER BY id"), &[]).await
}

async fn is_listed(connection: &mut dyn Connection, name: &str) -> bool {
    connection.prepared_transactions().await.unwrap().iter().any(|listed| listed == name)
}

async fn refused(connection: &mut dyn Connection, control: Control<'_>) -> Error {
    connection.control(control).await.unwrap_err()
}

#[tokio::test]
async fn prepared_and_ended_on_one_connection() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "phased").await;
    prepare(connection, "phased", 1, "phased-one").await;
    // The connection does other things meanwhile, in and out of transactions.
    assert!(numbers(connection, "phased").await.is_empty());
    execute(connection, "INSERT INTO phased VALUES (5)", &[]).await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(connection, "INSERT INTO phased VALUES (6)", &[]).await;
    connection.control(Control::Rollback).await.unwrap();
    assert!(is_listed(connection, "phased-one").await);
    connection.control(Control::CommitPrepared("phased-one")).await.unwrap();
    assert!(!is_listed(connection, "phased-one").await);
    assert_eq!(numbers(connection, "phased").await, [["I64(1)"], ["I64(5)"]]);
    prepare(connection, "phased", 2, "phased-two").await;
    connection.control(Control::RollbackPrepared("phased-two")).await.unwrap();
    assert_eq!(numbers(connection, "phased").await, [["I64(1)"], ["I64(5)"]]);
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert!(connection.reset_on_drop());
}

#[tokio::test]
async fn the_session_stays_when_both_phases_follow_each_other() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "phase_session").await;
    execute(connection, "SET @kept = 7", &[]).await;
    let number = id(connection).await;
    for (end, row) in [(true, 1), (false, 2)] {
        prepare(connection, "phase_session", row, "phase_session").await;
        connection.ping().await.unwrap();
        assert!(is_listed(connection, "phase_session").await);
        let control = match end {
            true => Control::CommitPrepared("phase_session"),
            false => Control::RollbackPrepared("phase_session"),
        };
        connection.control(control).await.unwrap();
        assert_eq!(connection.transaction_state(), TransactionState::Idle);
    }
    assert_eq!(fetch(connection, "SELECT @kept", &[]).await, [["I64(7)"]]);
    assert_eq!(id(connection).await, number);
    assert_eq!(numbers(connection, "phase_session").await, [["I64(1)"]]);
}

#[tokio::test]
async fn the_session_is_as_new_when_other_statements_come_between() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "phase_between").await;
    let cancel = connection.cancel_handle().unwrap();
    let sql = "SELECT @@time_zone, @@character_set_client, @@sql_mode, DATABASE()";
    let before = fetch(connection, sql, &[]).await;
    prepare(connection, "phase_between", 1, "phase_between").await;
    assert_eq!(fetch(connection, sql, &[]).await, before);
    let number = id(connection).await;
    let told = fetch(connection, "SELECT CAST(CONNECTION_ID() AS CHAR)", &[]).await;
    assert_eq!(told, [[format!("Text(\"{number}\")")]]);
    assert_answers(connection).await;
    connection.control(Control::CommitPrepared("phase_between")).await.unwrap();
    // Matched rows are counted, as before.
    assert_eq!(execute(connection, "UPDATE phase_between SET id = 1", &[]).await.rows, 1);
    // A handle that was made before still reaches it.
    let statement = Statement::new("SELECT a.n FROM (SELECT 1 AS n) a WHERE SLEEP(20) = 0 FOR UPDATE");
    let options = CallOptions::default();
    let mut kept = Kept::default();
    let (outcome, ()) = tokio::join!(connection.fetch(&statement, &[], &options, &mut kept), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel().await;
    });
    assert_eq!(outcome.unwrap_err().code(), Some("1317"));
}

#[tokio::test]
async fn a_pool_closes_a_connection_that_holds_a_prepared_transaction() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    table(&mut *first, "phase_pool").await;
    prepare(&mut *first, "phase_pool", 1, "phase_pool").await;
    if first.transaction_state() == TransactionState::Idle {
        // This server lets go by itself.
        second.control(Control::CommitPrepared("phase_pool")).await.unwrap();
        return;
    }
    assert!(!first.reset_on_drop());
    let held = refused(&mut *second, Control::CommitPrepared("phase_pool")).await;
    assert_eq!((held.kind(), held.code()), (ErrorKind::Programming, Some("1397")));
    assert!(held.to_string().contains("still held by the session that prepared it"), "{held}");
    let closed = first.reset().await.unwrap_err();
    assert!(closed.is_disconnect() && closed.to_string().contains("`phase_pool`"), "{closed}");
    assert!(first.is_broken());
    second.control(Control::CommitPrepared("phase_pool")).await.unwrap();
    assert_eq!(numbers(&mut *second, "phase_pool").await, [["I64(1)"]]);
}

#[tokio::test]
async fn another_connection_ends_it_while_the_first_goes_on() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    table(&mut *first, "elsewhere").await;
    for number in 0..10 {
        let name = format!("elsewhere-{number}");
        prepare(&mut *first, "elsewhere", number, &name).await;
        assert!(is_listed(&mut *second, &name).await);
        assert!(numbers(&mut *first, "elsewhere").await.len() < 10);
        let control = match number % 2 {
            0 => Control::CommitPrepared(&name),
            _ => Control::RollbackPrepared(&name),
        };
        second.control(control).await.unwrap();
        assert!(!is_listed(&mut *second, &name).await);
    }
    assert_eq!(numbers(&mut *first, "elsewhere").await.len(), 5);
    // Nothing was left behind in the storage engine.
    let limit = CallOptions { timeout: Some(Duration::from_secs(10)), ..CallOptions::default() };
    first.fetch(&Statement::new("DROP TABLE elsewhere"), &[], &limit, &mut Kept::default()).await.unwrap();
}

#[tokio::test]
async fn it_is_recovered_after_its_connection_was_killed() {
    let Some(mut first) = connect().await else { return };
    let mut second = connect().await.unwrap();
    table(&mut *second, "recovered").await;
    prepare(&mut *first, "recovered", 1, "recovered-1").await;
    begin(&mut *first, "recovered-open").await;
    execute(&mut *first, "INSERT INTO recovered VALUES (2)", &[]).await;
    let number = id(&mut *first).await;
    batch(&mut *second, &format!("KILL {number}")).await;
    assert!(first.ping().await.unwrap_err().is_disconnect());
    assert!(is_listed(&mut *second, "recovered-1").await);
    // What was not prepared is gone with its connection.
    assert!(!is_listed(&mut *second, "recovered-open").await);
    second.control(Control::CommitPrepared("recovered-1")).await.unwrap();
    execute(&mut *second, "INSERT INTO recovered VALUES (2)", &[]).await;
    assert_eq!(numbers(&mut *second, "recovered").await, [["I64(1)"], ["I64(2)"]]);
}

#[tokio::test]
async fn a_transaction_that_changed_nothing_can_be_ended() {
    let Some(mut connection) = connect().await else { return };
    let mut other = connect().await.unwrap();
    table(&mut *connection, "unchanged").await;
    for name in ["unchanged-1", "unchanged-2", "unchanged-3"] {
        begin(&mut *connection, name).await;
        numbers(&mut *connection, "unchanged").await;
        connection.control(Control::Prepare(name)).await.unwrap();
    }
    // So that nobody holds the last one.
    numbers(&mut *connection, "unchanged").await;
    connection.control(Control::CommitPrepared("unchanged-1")).await.unwrap();
    connection.control(Control::RollbackPrepared("unchanged-2")).await.unwrap();
    other.control(Control::CommitPrepared("unchanged-3")).await.unwrap();
    for name in ["unchanged-1", "unchanged-2", "unchanged-3"] {
        assert!(!is_listed(&mut *other, name).await, "{name}");
    }
}

#[tokio::test]
async fn names_are_taken_as_they_are() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "named").await;
    let long = format!("named{}", "x".repeat(59));
    let names = [
        "named 'quoted'",
        r"named \' back",
        "named ä €",
        "named,1,2",
        "named; DROP TABLE named",
        long.as_str(),
    ];
    for (number, name) in names.iter().enumerate() {
        prepare(connection, "named", i64::try_from(number).unwrap(), name).await;
        assert!(is_listed(connection, name).await, "{name}");
        connection.control(Control::CommitPrepared(name)).await.unwrap();
        assert!(!is_listed(connection, name).await, "{name}");
    }
    assert_eq!(numbers(connection, "named").await.len(), names.len());
    for name in ["", &"x".repeat(65), &"ä".repeat(33)] {
        for control in [
            Control::BeginTwoPhase(&BeginOptions::default(), name),
            Control::Prepare(name),
            Control::CommitPrepared(name),
            Control::RollbackPrepared(name),
        ] {
            let error = refused(connection, control).await;
            assert_eq!(error.kind(), ErrorKind::Argument, "{error:?}");
            assert!(error.to_string().contains("1 to 64 bytes"), "{error}");
        }
    }
    assert_answers(connection).await;
}

#[tokio::test]
async fn names_of_other_programs_are_told_in_hexadecimal() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let xids = ["X'00ff616c7564656c'", "X'616c7564656c',X'62',7"];
    for xid in xids {
        batch(connection, &format!("XA START {xid}; XA END {xid}; XA PREPARE {xid}")).await;
        assert_eq!(connection.transaction_state(), TransactionState::Unknown);
        let listed = connection.prepared_transactions().await.unwrap();
        assert!(listed.iter().any(|name| name == xid), "{listed:?}");
        connection.control(Control::RollbackPrepared(xid)).await.unwrap();
        assert!(!is_listed(connection, xid).await);
        connection.reset().await.unwrap();
    }
}

#[tokio::test]
async fn savepoints_and_levels_inside() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "saved_phase").await;
    let mut options = BeginOptions::default();
    options.isolation = Some(IsolationLevel::ReadCommitted);
    connection.control(Control::BeginTwoPhase(&options, "saved_phase")).await.unwrap();
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::ReadCommitted);
    execute(connection, "INSERT INTO saved_phase VALUES (1)", &[]).await;
    connection.control(Control::Savepoint("s")).await.unwrap();
    execute(connection, "INSERT INTO saved_phase VALUES (2)", &[]).await;
    connection.control(Control::RollbackTo("s")).await.unwrap();
    connection.control(Control::Release("s")).await.unwrap();
    connection.control(Control::Prepare("saved_phase")).await.unwrap();
    connection.control(Control::CommitPrepared("saved_phase")).await.unwrap();
    assert_eq!(numbers(connection, "saved_phase").await, [["I64(1)"]]);
    assert_eq!(connection.isolation_level().await.unwrap(), IsolationLevel::RepeatableRead);

    options.read_only = true;
    connection.control(Control::BeginTwoPhase(&options, "saved_phase")).await.unwrap();
    let write = error(connection, "INSERT INTO saved_phase VALUES (3)", &[]).await;
    assert_eq!((write.kind(), write.code()), (ErrorKind::InvalidRequest, Some("1792")));
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Rollback).await.unwrap();
    // For that one alone.
    execute(connection, "INSERT INTO saved_phase VALUES (3)", &[]).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    table(connection, "unfit").await;
    let options = BeginOptions::default();
    let none = refused(connection, Control::Prepare("unfit")).await;
    assert_eq!(none.kind(), ErrorKind::InvalidRequest, "{none:?}");
    assert!(none.to_string().contains("none was begun under this name"), "{none}");
    connection.control(Control::Begin(&options)).await.unwrap();
    assert_eq!(refused(connection, Control::Prepare("unfit")).await.kind(), ErrorKind::InvalidRequest);
    let inside = refused(connection, Control::BeginTwoPhase(&options, "unfit")).await;
    assert_eq!(inside.kind(), ErrorKind::InvalidRequest);
    connection.control(Control::Rollback).await.unwrap();

    begin(connection, "unfit").await;
    let other = refused(connection, Control::Prepare("unfit-other")).await;
    assert!(other.to_string().contains("the one on this connection is `unfit`"), "{other}");
    for control in [
        Control::Begin(&options),
        Control::BeginTwoPhase(&options, "unfit-2"),
        Control::CommitPrepared("unfit"),
    ] {
        let error = refused(connection, control).await;
        assert!(
            matches!(error.kind(), ErrorKind::InvalidRequest | ErrorKind::Programming),
            "{control:?}: {error:?}"
        );
        assert_eq!(connection.transaction_state(), TransactionState::Active);
    }
    // DDL would commit; inside, the server refuses it.
    let ddl = error(connection, "CREATE TABLE unfit_too (id INT)", &[]).await;
    assert_eq!(ddl.kind(), ErrorKind::InvalidRequest, "{ddl:?}");
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    connection.control(Control::Rollback).await.unwrap();

    let unknown = refused(connection, Control::CommitPrepared("unfit-nowhere")).await;
    assert_eq!((unknown.kind(), unknown.code()), (ErrorKind::Programming, Some("1397")));
    assert!(
        unknown.to_string().contains("`unfit-nowhere` cannot be committed, because there is none"),
        "{unknown}"
    );
    prepare(connection, "unfit", 1, "unfit-twice").await;
    let twice = refused(connection, Control::BeginTwoPhase(&options, "unfit-twice")).await;
    assert_eq!((twice.kind(), twice.code()), (ErrorKind::Programming, Some("1440")));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    connection.control(Control::RollbackPrepared("unfit-twice")).await.unwrap();
    assert_answers(connection).await;
}

#[tokio::test]
async fn a_deadlock_inside_leaves_it_to_be_rolled_back() {
    for commits in [false, true] {
        let Some(mut first) = connect().await else { return };
        let mut second = connect().await.unwrap();
        batch(
            &mut *first,
            "DROP TABLE IF EXISTS phase_locked; CREATE TABLE phase_locked (id INT PRIMARY KEY, n INT);
             INSERT INTO phase_locked VALUES (1, 0), (2, 0)",
        )
        .await;
        begin(&mut *first, "phase_locked-1").await;
        begin(&mut *second, "phase_locked-2").await;
        let update = Statement::new("UPDATE phase_locked SET n = n + 1 WHERE id = ?");
        execute(&mut *first, update.sql(), &[Value::I64(1)]).await;
        execute(&mut *second, update.sql(), &[Value::I64(2)]).await;
        let options = CallOptions::default();
        let (mut one, mut two) = (Kept::default(), Kept::default());
        let (left, right) = ([Value::I64(2)], [Value::I64(1)]);
        let (left, right) = tokio::join!(
            first.fetch(&update, &left, &options, &mut one),
            second.fetch(&update, &right, &options, &mut two)
        );
        assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
        let (error, mut victim, mut winner) =
            if let Err(error) = left { (error, first, second) } else { (right.unwrap_err(), second, first) };
        assert_eq!((error.code(), error.retry()), (Some("1213"), Retry::Transaction));
        assert_eq!(victim.transaction_state(), TransactionState::Active);
        if commits {
            let failed = refused(&mut *victim, Control::Commit).await;
            assert!(!failed.is_disconnect(), "{failed:?}");
        } else {
            victim.control(Control::Rollback).await.unwrap();
        }
        assert_eq!(victim.transaction_state(), TransactionState::Idle);
        winner.control(Control::Commit).await.unwrap();
        assert_eq!(fetch(&mut *victim, "SELECT SUM(n) FROM phase_locked", &[]).await, [["Decimal(2)"]]);
    }
}

#[tokio::test]
async fn xa_by_hand_is_not_trusted() {
    let Some(mut connection) = connect().await else { return };
    table(&mut *connection, "by_hand").await;
    execute(&mut *connection, "XA START 'by_hand'", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    execute(&mut *connection, "INSERT INTO by_hand VALUES (1)", &[]).await;
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    assert!(!connection.reset_on_drop());
    // The server refuses a plain rollback, and closing the connection is what remains.
    connection.reset().await.unwrap_err();
    assert!(connection.is_broken());
    let mut other = connect().await.unwrap();
    for script in ["/* odd */ xa start 'by_hand'", "SELECT 1; XA START 'by_hand'"] {
        let mut third = connect().await.unwrap();
        batch(&mut *third, script).await;
        assert_eq!(third.transaction_state(), TransactionState::Unknown, "{script}");
        third.close(Duration::from_secs(5)).await.unwrap();
    }
    // Words that only look like it.
    batch(&mut *other, "SELECT 1 AS xab; SELECT 'xa'; /* xa */ SELECT 2").await;
    fetch(&mut *other, "SELECT 'xa start'", &[]).await;
    assert_eq!(other.transaction_state(), TransactionState::Idle);
    // All ended by hand, too.
    batch(&mut *other, "XA START 'by_hand-2'; XA END 'by_hand-2'; XA ROLLBACK 'by_hand-2'").await;
    other.reset().await.unwrap();
    assert_eq!(other.transaction_state(), TransactionState::Idle);
    assert!(numbers(&mut *other, "by_hand").await.is_empty());
}

#[tokio::test]
async fn what_ended_connections_have_prepared_is_committed_at_once() {
    let Some(mut second) = connect().await else { return };
    table(&mut *second, "ended_early").await;
    for number in 0..20 {
        let name = format!("ended_early-{number}");
        let mut first = connect().await.unwrap();
        prepare(&mut *first, "ended_early", number, &name).await;
        drop(first);
        second.control(Control::CommitPrepared(&name)).await.unwrap();
    }
    assert_eq!(numbers(&mut *second, "ended_early").await.len(), 20);
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_is_its_own_error() {
    for step in 0..3 {
        let Some(mut first) = connect().await else { return };
        let mut second = connect().await.unwrap();
        table(&mut *second, "outcome").await;
        begin(&mut *first, "outcome").await;
        execute(&mut *first, "INSERT INTO outcome VALUES (1)", &[]).await;
        if step == 2 {
            first.control(Control::Prepare("outcome")).await.unwrap();
        }
        let number = id(&mut *first).await;
        batch(&mut *second, &format!("KILL {number}")).await;
        let control = match step {
            0 => Control::Commit,
            1 => Control::Prepare("outcome"),
            _ => Control::CommitPrepared("outcome"),
        };
        let error = refused(&mut *first, control).await;
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        assert!(error.is_disconnect() && first.is_broken(), "{error:?}");
        assert!(error.to_string().contains("the transaction may be"), "{error}");
        // Looking for it tells, as the error says.
        if is_listed(&mut *second, "outcome").await {
            second.control(Control::CommitPrepared("outcome")).await.unwrap();
        }
        assert_eq!(numbers(&mut *second, "outcome").await.len(), usize::from(step == 2), "step {step}");
    }
}
