use aludel_driver::{Error, ErrorKind, Value};

use crate::support::{memory, run, scalar, text, try_run};

async fn fails(connection: &mut dyn aludel_driver::Connection, sql: &str) -> Error {
    let error = try_run(connection, sql, &[]).await.unwrap_err();
    assert_eq!(error.statement(), Some(sql), "{error}");
    assert!(!error.is_disconnect() && !connection.is_broken());
    error
}

#[tokio::test]
async fn constraints_are_named() {
    let mut connection = memory().await;
    connection
        .batch(
            "CREATE TABLE author (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT NOT NULL,
                                  CONSTRAINT grown_up CHECK (length(name) > 1));
             CREATE TABLE book (author_id INTEGER REFERENCES author (id), page INTEGER, UNIQUE (author_id, page));
             CREATE UNIQUE INDEX lower_name ON author (lower(name));
             CREATE TABLE strict (a INTEGER) STRICT;
             INSERT INTO author VALUES (1, 'a@b', 'Orwell');
             INSERT INTO book VALUES (1, 7);",
            &Default::default(),
        )
        .await
        .unwrap();
    let named = |error: &Error| {
        let database = error.database_error().unwrap().clone();
        (database.code.unwrap(), database.table, database.column, database.constraint)
    };
    let some = |text: &str| Some(text.to_owned());

    let error = fails(&mut *connection, "INSERT INTO author VALUES (2, 'a@b', 'Lem')").await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(named(&error), ("2067".to_owned(), some("author"), some("email"), None));
    assert!(error.message().contains("UNIQUE constraint failed: author.email"), "{error}");

    let error = fails(&mut *connection, "INSERT INTO author VALUES (1, 'c@d', 'Lem')").await;
    assert_eq!(named(&error), ("1555".to_owned(), some("author"), some("id"), None));

    let error = fails(&mut *connection, "INSERT INTO book VALUES (1, 7)").await;
    assert_eq!(named(&error), ("2067".to_owned(), some("book"), some("author_id, page"), None));

    let error = fails(&mut *connection, "INSERT INTO author VALUES (2, 'c@d', 'ORWELL')").await;
    assert_eq!(named(&error), ("2067".to_owned(), None, None, some("lower_name")));

    let error = fails(&mut *connection, "INSERT INTO author VALUES (2, 'c@d', NULL)").await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(named(&error), ("1299".to_owned(), some("author"), some("name"), None));

    let error = fails(&mut *connection, "INSERT INTO author VALUES (2, 'c@d', 'X')").await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(named(&error), ("275".to_owned(), None, None, some("grown_up")));

    let error = fails(&mut *connection, "DELETE FROM author").await;
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(named(&error).0, "787");
    assert!(error.message().contains("FOREIGN KEY"), "{error}");

    let error = fails(&mut *connection, "INSERT INTO strict VALUES ('text')").await;
    assert_eq!(error.kind(), ErrorKind::Data);
    assert_eq!(named(&error), ("3091".to_owned(), some("strict"), some("a"), None));
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM author").await, Value::I64(1));
}

#[tokio::test]
async fn wrong_statements_are_programming_errors() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE author (name TEXT)").await;
    for (sql, word) in [
        ("SELEC 1", "near \"SELEC\": syntax error"),
        ("SELECT nam FROM author", "no such column: nam"),
        ("SELECT * FROM autor", "no such table: autor"),
        ("INSERT INTO author (nam) VALUES (1)", "no column named nam"),
        ("SELECT nosuch(1)", "no such function: nosuch"),
        ("SELECT 1; SELECT 2", "batch"),
        ("", "empty"),
        ("  -- nothing\n /* here */ ;", "empty"),
    ] {
        let error = fails(&mut *connection, sql).await;
        assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
        assert!(error.message().contains(word), "{error}");
    }
    let error = fails(&mut *connection, "SELECT * FROM autor").await;
    assert_eq!(error.database_error().unwrap().table.as_deref(), Some("autor"));
    let error = fails(&mut *connection, "SELECT 1 FROM author WHERE WHERE").await;
    assert!(error.to_string().contains("at byte 27"), "{error}");
}

#[tokio::test]
async fn a_misspelt_column_in_double_quotes_is_no_text() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE author (name TEXT)").await;
    for sql in ["SELECT \"nmae\" FROM author", "CREATE INDEX i ON author (\"nmae\")"] {
        let error = fails(&mut *connection, sql).await;
        assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
        assert!(error.message().contains("nmae"), "{error}");
    }
    let error = fails(&mut *connection, "SELECT \"nmae\" FROM author").await;
    assert_eq!(error.database_error().unwrap().column.as_deref(), Some("nmae"));
}

#[tokio::test]
async fn wrong_values_are_data_errors() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    for sql in [
        "INSERT INTO t VALUES ('text')",
        "SELECT sum(a) FROM (SELECT 9223372036854775807 AS a UNION ALL SELECT 1)",
        "SELECT json_extract('{', '$.a')",
        "SELECT length(zeroblob(2000000000))",
    ] {
        let error = fails(&mut *connection, sql).await;
        assert_eq!(error.kind(), ErrorKind::Data, "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_script_says_which_statement_failed() {
    let mut connection = memory().await;
    let script = "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (1); INSERT INTO t VALUES (2)";
    let error = connection.batch(script, &Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.message().contains("statement 3 of the script"), "{error}");
    assert_eq!(error.statement(), Some("INSERT INTO t VALUES (1);"));
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t").await, Value::I64(1));
    let error = connection.batch("SELECT 1; SELEC 2; SELECT 3", &Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming);
    assert!(error.message().contains("statement 2 of the script"), "{error}");
    assert_eq!(error.statement(), Some("SELEC 2; SELECT 3"));
    // The source does not repeat the script.
    assert!(!format!("{:?}", std::error::Error::source(&error).unwrap().to_string()).contains("SELECT 3"));
    connection.batch("", &Default::default()).await.unwrap();
    connection.batch(" ; -- nothing\n", &Default::default()).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT 'it''s; fine'").await, text("it's; fine"));
}

#[tokio::test]
async fn tables_are_named_without_their_schema() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE t (a)").await;
    for (sql, table) in [
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT * FROM main.nowhere", "nowhere"),
        ("CREATE TABLE t (a)", "t"),
        ("CREATE TABLE main.\"t\" (a)", "t"),
    ] {
        let error = fails(&mut *connection, sql).await;
        assert_eq!(error.kind(), ErrorKind::Programming);
        assert_eq!(error.database_error().unwrap().table.as_deref(), Some(table), "{error}");
    }
}
