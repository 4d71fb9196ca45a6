use std::sync::{Arc, Mutex};

use aludel_driver::{Discard, Done, ParameterSets, Statement, Step, StepKind, Value};
use aludel_engine_pool::{Engine, ErrorKind};
use aludel_sql_expression::{DynamicRow, text, trusted};

use crate::mock::Server;

fn engine() -> (Arc<Server>, Engine) {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    (server, engine)
}

#[tokio::test]
async fn results_are_typed_by_their_statement() {
    let (_, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let numbers = || text("ROWS 3").returns::<(i64,)>();
    assert_eq!(conn.execute(numbers()).await.unwrap().scalars(), [0, 1, 2]);
    assert_eq!(conn.execute(numbers()).all().await.unwrap(), [(0,), (1,), (2,)]);
    assert_eq!(conn.execute(numbers()).first().await.unwrap(), Some((0,)));
    assert_eq!(conn.execute(numbers()).scalars().await.unwrap(), [0, 1, 2]);
    assert_eq!(conn.execute(numbers()).one().await.unwrap_err().kind(), ErrorKind::MultipleResultsFound);
    assert_eq!(
        conn.execute(numbers()).await.unwrap().one().unwrap_err().kind(),
        ErrorKind::MultipleResultsFound
    );
    let none = || text("ROWS 0").returns::<(i64,)>();
    assert_eq!(conn.execute(none()).one().await.unwrap_err().kind(), ErrorKind::NoResultFound);
    assert_eq!(conn.execute(none()).one_or_none().await.unwrap(), None);
    assert_eq!(conn.execute(text("ROWS 1").returns::<(i64,)>()).one().await.unwrap(), (0,));

    let result = conn.execute(none()).await.unwrap();
    assert!(result.is_empty() && result.returns_rows());
    assert_eq!(result.keys(), ["n"], "columns are known without rows");

    let rows: Vec<DynamicRow> = conn.execute(text("ROWS 2")).await.unwrap().into_iter().collect();
    assert_eq!(rows[1].get::<i64>("n").unwrap(), 1);
    let parts: Vec<usize> =
        conn.execute(numbers()).await.unwrap().partitions(2).map(|part| part.len()).collect();
    assert_eq!(parts, [2, 1]);

    let done = conn.execute(text("UPDATE")).await.unwrap();
    assert_eq!((done.rowcount(), done.last_insert_id(), done.returns_rows()), (1, Some(7), false));
}

#[tokio::test]
async fn scalars_read_null_and_no_row_as_none() {
    let (_, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let value: Option<i64> = conn.scalar(text("ROWS 2")).await.unwrap();
    assert_eq!(value, Some(0));
    let value: Option<i64> = conn.scalar(text("ROWS 0")).await.unwrap();
    assert_eq!(value, None);
    let value: Option<i64> = conn.scalar(text("NULL 1")).await.unwrap();
    assert_eq!(value, None);
    let value: Option<i64> = conn.scalar_one(text("NULL 1")).await.unwrap();
    assert_eq!(value, None);
    let error = conn.scalar_one::<i64, _>(text("NULL 1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    let error = conn.scalar_one::<i64, _>(text("ROWS 2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MultipleResultsFound);
    let values: Vec<i64> = conn.scalars(text("ROWS 2")).await.unwrap();
    assert_eq!(values, [0, 1]);
}

#[tokio::test]
async fn a_value_that_does_not_fit_leaves_the_connection_usable() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let error = conn.execute(text("ROWS 2").returns::<(String,)>()).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("column 1") && error.to_string().contains("in: ROWS 2"), "{error}");
    conn.execute(text("next")).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; ROWS 2", "next", "COMMIT"]);
}

#[tokio::test]
async fn driver_sql_scripts_and_compiled_statements() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let result = conn.exec_driver_sql("ROWS 2", vec![Value::I64(1)]).await.unwrap();
    assert_eq!((result.len(), result.keys()), (2, vec!["n"]));
    conn.batch(trusted(format!("script {}", 1))).await.unwrap();
    let statement = Statement::new("INSERT");
    let values = [Value::I64(1), Value::I64(2)];
    let mut told = Vec::new();
    let done = conn
        .execute_many(&statement, ParameterSets::new(&values, 1, 2), &mut |position, _| {
            told.push(position);
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!((done.rows, told), (2, vec![0, 1]));
    let (mut one, mut two) = (Discard, Discard);
    let mut steps = [
        Step::new(StepKind::Fetch { statement: &statement, parameters: &values, sink: &mut one }),
        Step::new(StepKind::Fetch { statement: &statement, parameters: &values, sink: &mut two }),
    ];
    conn.run_steps(&mut steps).await.unwrap();
    assert_eq!(steps[1].done, Some(Done { rows: 1, last_insert_id: Some(7) }));
    let mut sink = Discard;
    let mut steps =
        [Step::new(StepKind::Fetch { statement: &statement, parameters: &values, sink: &mut sink })];
    conn.commit_with(&mut steps).await.unwrap();
    assert!(steps[0].done.is_some());
    let mut refused = [Step::new(StepKind::Control(aludel_driver::Control::Commit))];
    assert_eq!(conn.run_steps(&mut refused).await.unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(
        server.sent(),
        ["BEGIN; ROWS 2", "SCRIPT script 1", "INSERT x2", "INSERT; INSERT", "INSERT; COMMIT"]
    );
    assert!(!conn.in_transaction());
}

#[tokio::test]
async fn streams_hold_a_bounded_number_of_rows() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    let mut stream = conn.stream(text("ROWS 2500").returns::<(i64,)>()).await.unwrap();
    assert_eq!(stream.keys(), ["n"]);
    assert_eq!(stream.next_batch(2).await.unwrap(), [(0,), (1,)]);
    let mut next = 2;
    while let Some((number,)) = stream.next().await.unwrap() {
        assert_eq!(number, next);
        next += 1;
    }
    assert_eq!(next, 2500);
    assert_eq!(stream.next().await.unwrap(), None);
    drop(stream);
    conn.commit().await.unwrap();
    assert_eq!(
        server.sent(),
        [
            "BEGIN",
            "CURSOR ROWS 2500",
            "FETCH 2",
            "FETCH 1000",
            "FETCH 1000",
            "FETCH 1000",
            "CLOSE CURSOR",
            "COMMIT"
        ]
    );
    let mut stream = conn.stream(text("ROWS 5").returns::<(i64,)>()).await.unwrap();
    stream.next().await.unwrap();
    stream.close().await.unwrap();
    // An error in a stream is seen to by the next call.
    let mut stream = conn.stream(text("ROWS 5").returns::<(i64,)>()).await.unwrap();
    server.restart();
    let error = stream.next().await.unwrap_err();
    assert!(error.is_disconnect());
    drop(stream);
    assert_eq!(conn.execute(text("next")).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    conn.execute(text("next")).await.unwrap();
    assert_eq!(server.opened(), 2);
    server.assert_lawful();
}

#[tokio::test]
async fn before_cursor_execute_may_rewrite_and_refuse() {
    let (server, engine) = engine();
    let mut conn = engine.connect().await.unwrap();
    engine.events().before_cursor_execute.listen(|event| {
        if event.sql.starts_with("DROP") {
            return Err(aludel_engine_pool::Error::new(ErrorKind::Custom, "no DROP here"));
        }
        event.sql.push_str(" -- audited");
        event.parameters.push(Value::I64(event.sets.try_into().unwrap_or(0)));
        Ok(())
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = seen.clone();
    engine.events().after_cursor_execute.listen(move |event| {
        heard.lock().unwrap().push((event.sql.to_owned(), event.done.rows));
        Ok(())
    });
    conn.execute(text("one")).await.unwrap();
    assert_eq!(conn.execute(text("DROP it")).await.unwrap_err().kind(), ErrorKind::Custom);
    let values = [Value::I64(1), Value::I64(2)];
    conn.execute_many(&Statement::new("many"), ParameterSets::new(&values, 1, 2), &mut |_, _| Ok(()))
        .await
        .unwrap_err();
    let stream = conn.stream(text("ROWS 1").returns::<(i64,)>()).await.unwrap();
    stream.close().await.unwrap();
    assert_eq!(server.sent(), ["BEGIN; one -- audited", "CURSOR ROWS 1 -- audited", "CLOSE CURSOR"]);
    // The stream was closed before a row was read.
    let expected = [("one -- audited".to_owned(), 1), ("ROWS 1 -- audited".to_owned(), 0)];
    assert_eq!(*seen.lock().unwrap(), expected);
}
