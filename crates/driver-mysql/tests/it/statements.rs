//! How statements are sent.

use aludel_driver::{CallOptions, Connection, ErrorKind, Statement, Value};

use crate::server::{Kept, assert_answers, batch, connect, connect_with, error, execute, fetch, text};

async fn counter(connection: &mut dyn Connection, name: &str) -> u64 {
    let mut kept = Kept::default();
    let statement = Statement::once(format!("SHOW SESSION STATUS LIKE '{name}'"));
    connection.fetch(&statement, &[], &CallOptions::default(), &mut kept).await.unwrap();
    kept.rows[0][1].trim_start_matches("Text(\"").trim_end_matches("\")").parse().unwrap()
}

#[tokio::test]
async fn a_cacheable_statement_is_prepared_once() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let statement = Statement::new("SELECT CAST(? AS SIGNED) + 1");
    let before = counter(connection, "Com_stmt_prepare").await;
    for number in 0..5 {
        let mut kept = Kept::default();
        connection
            .fetch(&statement, &[Value::I64(number)], &CallOptions::default(), &mut kept)
            .await
            .unwrap();
        assert_eq!(kept.rows, [[format!("I64({})", number + 1)]]);
    }
    assert_eq!(counter(connection, "Com_stmt_prepare").await - before, 1);
    connection.clear_statements();
    fetch(connection, "SELECT CAST(? AS SIGNED) + 1", &[Value::I64(1)]).await;
    assert_eq!(counter(connection, "Com_stmt_prepare").await - before, 2);
    assert_eq!(counter(connection, "Com_stmt_close").await, 1);
}

#[tokio::test]
async fn statements_beyond_the_cache_are_closed() {
    let Some(mut connection) = connect_with(&[("statement_cache_size", "3")]).await else { return };
    let connection = &mut *connection;
    for round in 0..2 {
        for number in 0..10 {
            let rows =
                fetch(connection, &format!("SELECT CAST(? AS SIGNED) + {number}"), &[Value::I64(round)])
                    .await;
            assert_eq!(rows, [[format!("I64({})", round + number)]]);
        }
    }
    let (prepared, closed) =
        (counter(connection, "Com_stmt_prepare").await, counter(connection, "Com_stmt_close").await);
    assert_eq!(prepared, 20);
    assert!(prepared - closed <= 4, "{prepared} {closed}");
    // The one that was used last is still there.
    fetch(connection, "SELECT CAST(? AS SIGNED) + 9", &[Value::I64(1)]).await;
    assert_eq!(counter(connection, "Com_stmt_prepare").await, 20);
}

#[tokio::test]
async fn a_statement_that_comes_once_leaves_nothing_behind() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for number in 0..5 {
        let statement = Statement::once(format!("SELECT CAST(? AS SIGNED) + {number}"));
        let mut kept = Kept::default();
        connection.fetch(&statement, &[Value::I64(1)], &CallOptions::default(), &mut kept).await.unwrap();
        assert_eq!(kept.rows, [[format!("I64({})", number + 1)]]);
    }
    fetch(connection, "SELECT 1", &[]).await;
    assert_eq!(counter(connection, "Com_stmt_prepare").await, 6);
    assert_eq!(counter(connection, "Com_stmt_close").await, 5);
}

#[tokio::test]
async fn what_cannot_be_prepared_is_sent_as_text() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS unprepared; CREATE TABLE unprepared (id INT)").await;
    for _ in 0..2 {
        execute(connection, "LOCK TABLES unprepared WRITE", &[]).await;
        execute(connection, "INSERT INTO unprepared VALUES (1)", &[]).await;
        execute(connection, "UNLOCK TABLES", &[]).await;
    }
    execute(connection, "CREATE OR REPLACE VIEW unprepared_view AS SELECT 1 AS n", &[]).await;
    batch(connection, "DROP VIEW unprepared_view; DROP TABLE unprepared").await;
    assert_answers(connection).await;
}

#[tokio::test]
async fn what_only_looks_like_a_named_parameter_is_none() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for (sql, expected) in [
        (r"SELECT 5 -'1', ':x', CAST(? AS SIGNED)", vec!["F64(4.0)", r#"Text(":x")"#, "I64(3)"]),
        (
            r"SELECT ':a', `n:b`, CAST(? AS SIGNED) FROM (SELECT 1 AS `n:b`) t",
            vec![r#"Text(":a")"#, "I64(1)", "I64(3)"],
        ),
        (
            r#"SELECT '{"a":true}', '\':b', CAST(? AS SIGNED) -- :c"#,
            vec![r#"Text("{\"a\":true}")"#, r#"Text("':b")"#, "I64(3)"],
        ),
        (
            "/*app:web*/ SELECT 6 /'2', /*:y*/ ':z' /**/, CAST(? AS SIGNED)",
            vec!["F64(3.0)", r#"Text(":z")"#, "I64(3)"],
        ),
        (
            "SELECT /** doc **/ 5 -'1', ':x' # :comment\n, CAST(? AS SIGNED)",
            vec!["F64(4.0)", r#"Text(":x")"#, "I64(3)"],
        ),
        (
            "SELECT @v:=5 -'1', ':_x', '*/', CAST(? AS SIGNED)",
            vec!["F64(4.0)", r#"Text(":_x")"#, r#"Text("*/")"#, "I64(3)"],
        ),
    ] {
        let rows = fetch(connection, sql, &[Value::I64(3)]).await;
        assert_eq!(rows, [expected], "{sql}");
    }
    // A literal that ends a comment for mysql_async, and a name after it: refused with advice, never misread.
    let refused = error(connection, "SELECT '*/', 5 -'1', ':x', ?", &[Value::I64(3)]).await;
    assert_eq!(refused.kind(), ErrorKind::NotSupported);
    assert!(refused.to_string().contains("parameter"), "{refused}");
    // Without parameters it can be sent as text.
    assert_eq!(fetch(connection, "SELECT '*/', ':x'", &[]).await, [[r#"Text("*/")"#, r#"Text(":x")"#]]);
    assert_answers(connection).await;
}

#[tokio::test]
async fn a_script_runs_to_its_end_or_its_first_error() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let options = CallOptions::default();
    batch(
        connection,
        "-- nothing but a comment; here
         ;; CREATE TEMPORARY TABLE scripted (name VARCHAR(20)) ; /* ; */ ;
         INSERT INTO scripted VALUES ('a;b'), (\"c;'d\"), ('e\\';f'); SELECT * FROM scripted; # last; one
         /*!40101 INSERT INTO scripted VALUES ('executed') */;
         INSERT INTO scripted VALUES ('last') -- without semicolon
         ; -- and a comment",
    )
    .await;
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM scripted", &[]).await, [["I64(5)"]]);
    for nothing in ["", "  \n", ";", "-- comment", "/* comment */;"] {
        batch(connection, nothing).await;
    }
    let script = "INSERT INTO scripted VALUES ('x'); INSERT INTO no_such_table VALUES (1); INSERT INTO scripted VALUES ('y')";
    let error = connection.batch(script, &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming);
    assert!(error.to_string().contains("no_such_table"), "{error}");
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM scripted", &[]).await, [["I64(6)"]]);
    batch(
        connection,
        "DROP PROCEDURE IF EXISTS scripted_procedure;
         CREATE PROCEDURE scripted_procedure(IN most INT) BEGIN
             DECLARE n INT DEFAULT 0;
             counting: LOOP
                 SET n = n + 1;
                 IF n >= most THEN LEAVE counting; END IF;
             END LOOP;
             SELECT n AS counted, 'words:x'; SELECT 'second result', 2, 3; INSERT INTO scripted VALUES ('z');
         END;
         CALL scripted_procedure(2)",
    )
    .await;
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM scripted", &[]).await, [["I64(7)"]]);
    // Of a procedure's results, the first is given, and the rest read.
    for _ in 0..3 {
        let rows = fetch(connection, "CALL scripted_procedure(?)", &[Value::I64(4)]).await;
        assert_eq!(rows, [["I64(4)", r#"Text("words:x")"#]]);
        assert_answers(connection).await;
    }
    assert_eq!(
        fetch(connection, "CALL scripted_procedure(3)", &[]).await,
        [["I64(3)", r#"Text("words:x")"#]]
    );
    batch(connection, "DROP PROCEDURE scripted_procedure").await;
}

#[tokio::test]
async fn the_real_script_of_a_dump_runs() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let mut script = String::from("CREATE TEMPORARY TABLE dumped (id INT PRIMARY KEY, name VARCHAR(40));\n");
    for id in 0..5000 {
        script.push_str(&format!("INSERT INTO dumped VALUES ({id}, N'it''s; number {id}');\n"));
    }
    batch(connection, &script).await;
    assert_eq!(fetch(connection, "SELECT COUNT(*), MAX(name) FROM dumped", &[]).await[0][0], "I64(5000)");
    let found = fetch(connection, "SELECT id FROM dumped WHERE name = ?", &[text("it's; number 77")]).await;
    assert_eq!(found, [["I64(77)"]]);
}

#[tokio::test]
async fn several_statements_are_no_statement() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS kept_whole; CREATE TABLE kept_whole (v VARCHAR(20))").await;
    for sql in [
        "SELECT 1; DROP TABLE kept_whole",
        "INSERT INTO kept_whole VALUES ('x'); INSERT INTO kept_whole VALUES ('y')",
        "SELECT ';' -- ;\n ; /* ; */ DELETE FROM kept_whole",
        "DO 1;;;DROP TABLE kept_whole;",
        "EXPLAIN SELECT 1; DROP TABLE kept_whole",
        "SET @a = 1; DROP TABLE kept_whole",
        "SELECT 1; /*! DROP TABLE kept_whole */",
    ] {
        for statement in [Statement::once(sql), Statement::new(sql)] {
            let outcome =
                connection.fetch(&statement, &[], &CallOptions::default(), &mut Kept::default()).await;
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Programming, "{sql}");
            assert_answers(connection).await;
        }
    }
    assert_eq!(fetch(connection, "SELECT COUNT(*) FROM kept_whole", &[]).await, [["I64(0)"]]);
    // One alone may end as it likes, and hold what it likes.
    for sql in
        ["INSERT INTO kept_whole VALUES ('a;b'); ; -- the end; really", "SET @a = ';';", "DO 1 /* ; */ ;"]
    {
        connection
            .fetch(&Statement::once(sql), &[], &CallOptions::default(), &mut Kept::default())
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let routine = "/* it has a body */ CREATE PROCEDURE kept_body() BEGIN SELECT 1; SELECT 2; END";
    batch(connection, "DROP PROCEDURE IF EXISTS kept_body").await;
    execute(connection, routine, &[]).await;
    batch(connection, "DROP PROCEDURE kept_body; DROP TABLE kept_whole").await;
}
