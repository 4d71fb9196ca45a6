//! Many steps in one call: what they do, what is left when one fails, and how many round trips they take.

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, Done, Driver, Error, ErrorKind, IsolationLevel,
    ParameterSets, Result, Statement, Step, StepKind, TransactionState, Value,
};
use aludel_driver_postgres::PostgresDriver;

use crate::{
    proxy::Proxy,
    server::{self, Kept, connect, rows, scalar},
};

const INSERT: &str = "INSERT INTO kept VALUES ($1)";

async fn make_table(connection: &mut dyn Connection) {
    server::batch(
        connection,
        "CREATE TEMP TABLE kept (id int4 PRIMARY KEY, late int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
}

async fn with_table() -> Option<Box<dyn Connection>> {
    let mut connection = connect().await?;
    make_table(&mut *connection).await;
    Some(connection)
}

async fn count(connection: &mut dyn Connection) -> Value {
    scalar(connection, "SELECT count(*) FROM kept", &[]).await.unwrap()
}

async fn run(connection: &mut dyn Connection, steps: &mut [Step<'_>]) -> Result<()> {
    connection.run(steps, &CallOptions::default()).await
}

fn control(control: Control<'_>) -> Step<'_> {
    Step::new(StepKind::Control(control))
}

fn fetch<'a>(statement: &'a Statement, parameters: &'a [Value], sink: &'a mut Kept) -> Step<'a> {
    Step::new(StepKind::Fetch { statement, parameters, sink })
}

fn dones(steps: &[Step<'_>]) -> Vec<bool> {
    steps.iter().map(|step| step.done.is_some()).collect()
}

#[tokio::test]
async fn a_transaction_in_one_call() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let (begin, insert, select) =
        (BeginOptions::default(), Statement::new(INSERT), Statement::new("SELECT id FROM kept ORDER BY id"));
    let (one, two) = ([Value::I64(1)], [Value::I64(2)]);
    let (mut a, mut b, mut c, mut d) = (Kept::default(), Kept::default(), Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&insert, &one, &mut a),
        control(Control::Savepoint("s")),
        fetch(&select, &[], &mut b),
        fetch(&insert, &two, &mut c),
        control(Control::Release("s")),
        fetch(&select, &[], &mut d),
        control(Control::Commit),
    ];
    run(connection, &mut steps).await.unwrap();
    assert!(steps.iter().all(|step| step.done.is_some()));
    assert_eq!(steps[1].done, Some(Done { rows: 1, last_insert_id: None }));
    assert_eq!(steps[6].done, Some(Done { rows: 2, last_insert_id: None }));
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(b.rows, [[Value::I64(1)]]);
    assert_eq!(d.rows, [[Value::I64(1)], [Value::I64(2)]]);
    assert_eq!(count(connection).await, Value::I64(2));
}

#[tokio::test]
async fn a_failure_in_the_middle() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let (begin, insert, one) = (BeginOptions::default(), Statement::new(INSERT), [Value::I64(1)]);
    // Once with statements that must be prepared first, once with all of them there.
    for _ in 0..2 {
        let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
        let mut steps = [
            control(Control::Begin(&begin)),
            fetch(&insert, &one, &mut a),
            fetch(&insert, &one, &mut b),
            fetch(&insert, &one, &mut c),
            control(Control::Commit),
        ];
        let error = run(connection, &mut steps).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Integrity, Some("23505")),
            "the first error is told"
        );
        assert_eq!(error.statement(), Some(INSERT));
        assert_eq!(dones(&steps), [true, true, false, false, false]);
        // The server has answered the COMMIT by rolling back.
        assert_eq!(connection.transaction_state(), TransactionState::Idle);
        assert!(!connection.is_broken());
        assert_eq!(count(connection).await, Value::I64(0));
    }
}

#[tokio::test]
async fn a_failure_in_an_open_transaction_leaves_it_to_be_rolled_back() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let (insert, one) = (Statement::new(INSERT), [Value::I64(1)]);
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
    let mut steps =
        [fetch(&insert, &one, &mut a), fetch(&insert, &one, &mut b), fetch(&insert, &one, &mut c)];
    run(connection, &mut steps).await.unwrap_err();
    assert_eq!(dones(&steps), [true, false, false]);
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    let mut again = Kept::default();
    let mut steps = [fetch(&insert, &one, &mut again), control(Control::Commit)];
    assert_eq!(run(connection, &mut steps).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(dones(&steps), [false, false]);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn nothing_is_done_after_a_commit_that_failed() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let twice = Statement::new("INSERT INTO kept VALUES (1, 7), (2, 7)");
    let (insert, nine) = (Statement::new(INSERT), [Value::I64(9)]);
    let (mut a, mut b) = (Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&twice, &[], &mut a),
        control(Control::Commit),
        fetch(&insert, &nine, &mut b),
    ];
    let error = run(connection, &mut steps).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(dones(&steps), [true, true, false, false]);
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn a_rollback_is_no_way_past_a_failure() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let (insert, one, two) = (Statement::new(INSERT), [Value::I64(1)], [Value::I64(2)]);
    for way in [Control::Rollback, Control::RollbackTo("s")] {
        let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
        let mut steps = [
            control(Control::Begin(&begin)),
            control(Control::Savepoint("s")),
            fetch(&insert, &one, &mut a),
            fetch(&insert, &one, &mut b),
            control(way),
            fetch(&insert, &two, &mut c),
            control(Control::Commit),
        ];
        run(connection, &mut steps[..]).await.unwrap_err();
        assert_eq!(dones(&steps), [true, true, true, false, false, false, false]);
        assert_eq!(connection.transaction_state(), TransactionState::Active);
        connection.reset().await.unwrap();
        assert_eq!(count(connection).await, Value::I64(0));
    }
}

#[tokio::test]
async fn a_sink_that_fails_keeps_the_commit_back() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let returning = Statement::new("INSERT INTO kept VALUES ($1) RETURNING id");
    let (insert, one, two) = (Statement::new(INSERT), [Value::I64(1)], [Value::I64(2)]);
    let (mut a, mut b) = (Kept { fail_at: Some(0), ..Kept::default() }, Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&returning, &one, &mut a),
        fetch(&insert, &two, &mut b),
        control(Control::Commit),
    ];
    let error = run(connection, &mut steps).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    assert_eq!(dones(&steps), [true, false, false, false]);
    // The second insert has run, so only a rollback is left.
    assert_eq!(connection.transaction_state(), TransactionState::Active);
    assert_eq!(connection.control(Control::Commit).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(count(connection).await, Value::I64(0));

    let values = [1, 2, 3].map(Value::I64);
    let mut refuse =
        |position, _| if position == 1 { Err(Error::new(ErrorKind::StaleData, "no")) } else { Ok(()) };
    let sets = ParameterSets::new(&values, 1, 3);
    let mut steps = [
        control(Control::Begin(&begin)),
        Step::new(StepKind::ExecuteMany { statement: &insert, sets, each: &mut refuse }),
        control(Control::Commit),
    ];
    let error = run(connection, &mut steps).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    connection.reset().await.unwrap();
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn a_value_that_does_not_fit_stops_before_the_commit() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let (insert, one, wide) = (Statement::new(INSERT), [Value::I64(1)], [Value::I64(i64::MAX)]);
    for bad in [&wide[..], &[]] {
        let (mut a, mut b) = (Kept::default(), Kept::default());
        let mut steps = [
            control(Control::Begin(&begin)),
            fetch(&insert, &one, &mut a),
            fetch(&insert, bad, &mut b),
            control(Control::Commit),
        ];
        let error = run(connection, &mut steps).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Data | ErrorKind::Argument), "{error}");
        assert_eq!(dones(&steps), [true, true, false, false]);
        assert_eq!(connection.transaction_state(), TransactionState::Active);
        connection.reset().await.unwrap();
        assert_eq!(count(connection).await, Value::I64(0));
    }
}

#[tokio::test]
async fn statements_that_need_what_comes_before_them() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let create = Statement::once("CREATE TEMP TABLE made (id int4)");
    let insert = Statement::new("INSERT INTO made VALUES ($1)");
    let select = Statement::new("SELECT id FROM made");
    let one = [Value::I64(1)];
    let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&create, &[], &mut a),
        fetch(&insert, &one, &mut b),
        fetch(&select, &[], &mut c),
        control(Control::Commit),
    ];
    run(connection, &mut steps).await.unwrap();
    assert_eq!(c.rows, [[Value::I64(1)]]);
}

#[tokio::test]
async fn a_statement_that_cannot_be_prepared() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let (insert, one) = (Statement::new(INSERT), [Value::I64(1)]);
    for wrong in ["SELEC 1", "SELECT * FROM there_is_none", "COPY kept TO STDOUT"] {
        let wrong = Statement::new(wrong);
        let (mut a, mut b) = (Kept::default(), Kept::default());
        let mut steps = [
            control(Control::Begin(&begin)),
            fetch(&insert, &one, &mut a),
            fetch(&wrong, &[], &mut b),
            control(Control::Commit),
        ];
        let error = run(connection, &mut steps).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Programming | ErrorKind::NotSupported), "{error}");
        assert_eq!(error.statement(), Some(&**wrong.sql()));
        assert_eq!(connection.transaction_state(), TransactionState::Active);
        connection.reset().await.unwrap();
        assert_eq!(count(connection).await, Value::I64(0));
    }
}

#[tokio::test]
async fn outside_a_transaction_a_failure_ends_the_run() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let (insert, one, two) = (Statement::new(INSERT), [Value::I64(1)], [Value::I64(2)]);
    let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
    let mut steps =
        [fetch(&insert, &one, &mut a), fetch(&insert, &one, &mut b), fetch(&insert, &two, &mut c)];
    run(connection, &mut steps).await.unwrap_err();
    assert_eq!(dones(&steps), [true, false, false]);
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(rows(connection, "SELECT id FROM kept", &[]).await.unwrap(), [[Value::I64(1)]]);
}

#[tokio::test]
async fn raw_control_among_the_steps() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let (begin, insert, one) = (BeginOptions::default(), Statement::new(INSERT), [Value::I64(1)]);
    let commit = Statement::new("COMMIT");
    let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&insert, &one, &mut a),
        fetch(&commit, &[], &mut b),
        fetch(&insert, &one, &mut c),
    ];
    let error = run(connection, &mut steps).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(connection.transaction_state(), TransactionState::Unknown);
    connection.reset().await.unwrap();
    assert_eq!(count(connection).await, Value::I64(1));
}

#[tokio::test]
async fn many_sets_in_order() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    let insert = Statement::new(INSERT);
    let values: Vec<Value> = (0..5_000).map(Value::I64).collect();
    let mut told = Vec::new();
    let mut each = |position, done: Done| {
        told.push((position, done.rows));
        Ok(())
    };
    let sets = ParameterSets::new(&values, 1, values.len());
    let done = connection.execute_many(&insert, sets, &CallOptions::default(), &mut each).await.unwrap();
    assert_eq!(done.rows, 5_000);
    assert_eq!(told, (0..5_000).map(|position| (position, 1)).collect::<Vec<_>>());
    assert_eq!(count(connection).await, Value::I64(5_000));
    let none = ParameterSets::new(&[], 1, 0);
    let done =
        connection.execute_many(&insert, none, &CallOptions::default(), &mut |_, _| Ok(())).await.unwrap();
    assert_eq!(done, Done::default());
    // Rows matched, for each.
    let update = Statement::new("UPDATE kept SET late = id WHERE id % $1 = 0");
    let numbers = [2, 10_000].map(Value::I64);
    let mut told = Vec::new();
    let mut each = |_, done: Done| {
        told.push(done.rows);
        Ok(())
    };
    let sets = ParameterSets::new(&numbers, 1, 2);
    connection.execute_many(&update, sets, &CallOptions::default(), &mut each).await.unwrap();
    assert_eq!(told, [2_500, 1]);
    // And a failure far inside.
    let values: Vec<Value> = (6_000..9_000).chain([6_000]).chain(10_000..14_000).map(Value::I64).collect();
    let mut last = 0;
    let mut each = |position, _| {
        last = position;
        Ok(())
    };
    let sets = ParameterSets::new(&values, 1, values.len());
    let error = connection.execute_many(&insert, sets, &CallOptions::default(), &mut each).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(last, 2_999);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(count(connection).await, Value::I64(0));
}

#[tokio::test]
async fn large_answers_and_large_parameters_do_not_block_each_other() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let echo = Statement::new("SELECT $1::text, repeat('x', 20000) FROM generate_series(1, 20)");
    let large = [server::text(&"y".repeat(200_000))];
    let mut sinks: Vec<Kept> = (0..40).map(|_| Kept::default()).collect();
    let mut steps = vec![control(Control::Begin(&begin))];
    steps.extend(sinks.iter_mut().map(|sink| fetch(&echo, &large, sink)));
    steps.push(control(Control::Commit));
    let running = run(connection, &mut steps);
    tokio::time::timeout(std::time::Duration::from_secs(60), running)
        .await
        .expect("it does not hang")
        .unwrap();
    drop(steps);
    assert!(sinks.iter().all(|sink| sink.rows.len() == 20));
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_is_an_unknown_outcome() {
    let (Some(mut connection), Some(mut other)) = (with_table().await, connect().await) else { return };
    let connection = &mut *connection;
    // A deferred trigger ends the session while the COMMIT is being answered.
    server::batch(
        connection,
        "CREATE FUNCTION pg_temp.end_session() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN PERFORM pg_sleep(0.3); PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION pg_temp.end_session()",
    )
    .await;
    let (begin, insert, one) = (BeginOptions::default(), Statement::new(INSERT), [Value::I64(1)]);
    let mut sink = Kept::default();
    let mut steps =
        [control(Control::Begin(&begin)), fetch(&insert, &one, &mut sink), control(Control::Commit)];
    let error = run(connection, &mut steps).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert!(error.is_disconnect());
    assert_eq!(dones(&steps), [true, true, false]);
    server::assert_broken(connection).await;
    other.ping().await.unwrap();
}

#[tokio::test]
async fn an_end_before_the_commit_is_a_known_outcome() {
    let Some(mut connection) = connect().await else { return };
    let begin = BeginOptions::default();
    let end = Statement::new("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)");
    let mut sink = Kept::default();
    let mut steps = [control(Control::Begin(&begin)), fetch(&end, &[], &mut sink), control(Control::Commit)];
    let error = run(&mut *connection, &mut steps).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("57P01")));
    assert!(error.is_disconnect());
    server::assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn round_trips() {
    let Some(arguments) = server::arguments() else { return };
    let proxy = Proxy::start(&arguments).await;
    let mut connection = PostgresDriver::new().connect(&proxy.arguments(&arguments)).await.unwrap();
    let connection = &mut *connection;
    make_table(connection).await;
    let begin = BeginOptions::default();
    let mut strict = BeginOptions::default();
    strict.isolation = Some(IsolationLevel::Serializable);
    let options = CallOptions::default();
    let (insert, delete) = (Statement::new(INSERT), Statement::new("DELETE FROM kept"));
    let returning = Statement::new("INSERT INTO kept VALUES ($1) RETURNING id");
    let (one, two) = ([Value::I64(1)], [Value::I64(2)]);

    // Cold: the statements are prepared behind the BEGIN, and run in a second trip.
    let (mut a, mut b) = (Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&insert, &one, &mut a),
        fetch(&delete, &[], &mut b),
        control(Control::Commit),
    ];
    proxy.reset();
    run(connection, &mut steps).await.unwrap();
    assert_eq!(proxy.counts(), (2, 2), "BEGIN with two PREPAREs, then the rest");

    // Warm: all in one.
    let mut a = Kept::default();
    let mut steps = [control(Control::Begin(&begin)), fetch(&insert, &one, &mut a), control(Control::Commit)];
    proxy.reset();
    run(connection, &mut steps).await.unwrap();
    assert_eq!(proxy.counts(), (1, 1), "one write, one wait");

    // A COMMIT waits for what a sink may refuse; a BEGIN with options goes first.
    let mut a = Kept::default();
    let mut steps = [control(Control::Begin(&strict)), fetch(&delete, &[], &mut a), control(Control::Commit)];
    proxy.reset();
    run(connection, &mut steps).await.unwrap();
    assert_eq!(proxy.counts(), (2, 2));
    connection.fetch(&returning, &one, &options, &mut Kept::default()).await.unwrap();
    let (mut a, mut b) = (Kept::default(), Kept::default());
    let mut steps = [
        control(Control::Begin(&begin)),
        fetch(&delete, &[], &mut a),
        fetch(&returning, &two, &mut b),
        control(Control::Commit),
    ];
    proxy.reset();
    run(connection, &mut steps).await.unwrap();
    assert_eq!(proxy.counts(), (2, 2));

    // In an open transaction: every step at once; and sets by the thousand in as few trips as their window needs.
    connection.control(Control::Begin(&begin)).await.unwrap();
    let (mut a, mut b, mut c) = (Kept::default(), Kept::default(), Kept::default());
    let mut steps =
        [fetch(&delete, &[], &mut a), fetch(&returning, &one, &mut b), fetch(&delete, &[], &mut c)];
    proxy.reset();
    run(connection, &mut steps).await.unwrap();
    assert_eq!(proxy.counts().0, 1);
    let values: Vec<Value> = (0..1_000).map(Value::I64).collect();
    let sets = ParameterSets::new(&values, 1, values.len());
    proxy.reset();
    connection.execute_many(&insert, sets, &options, &mut |_, _| Ok(())).await.unwrap();
    assert_eq!(proxy.counts().0, 1);
    connection.control(Control::Rollback).await.unwrap();

    // Single calls.
    proxy.reset();
    connection.fetch(&delete, &[], &options, &mut Kept::default()).await.unwrap();
    assert_eq!(proxy.counts(), (1, 1), "a cached statement");
    proxy.reset();
    let create = Statement::once("CREATE TEMP TABLE other (id int)");
    connection.fetch(&create, &[], &options, &mut Kept::default()).await.unwrap();
    assert_eq!(proxy.counts(), (1, 1), "a statement without parameters and columns");
    proxy.reset();
    connection.ping().await.unwrap();
    connection.reset().await.unwrap();
    assert!(connection.reset_on_drop());
    assert_eq!(proxy.counts(), (1, 1), "a reset outside a transaction sends nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_many_threads_in_the_same_order() {
    let Some(mut connection) = with_table().await else { return };
    let connection = &mut *connection;
    let begin = BeginOptions::default();
    let sql = Statement::new("INSERT INTO kept SELECT coalesce(max(id), 0) + 1 FROM kept RETURNING id");
    for round in 0..50 {
        let mut sinks: Vec<Kept> = (0..20).map(|_| Kept::default()).collect();
        let mut steps = vec![control(Control::Begin(&begin))];
        steps.extend(sinks.iter_mut().map(|sink| fetch(&sql, &[], sink)));
        steps.push(control(Control::Commit));
        run(connection, &mut steps).await.unwrap();
        drop(steps);
        for (position, sink) in sinks.iter().enumerate() {
            assert_eq!(sink.rows, [[Value::I64(round * 20 + position as i64 + 1)]]);
        }
    }
}
