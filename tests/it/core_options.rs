//! Execution options: who has the last word, sibling engines, mock engines, and what is warned about.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aludel::{
    create_mock_engine,
    engine::{DeclaredCursor, ExecutionOptions},
    prelude::*,
    sql::{Executable as _, StatementOptions},
};

use crate::{
    core_tables::{how_many, integer, rows, with_points, with_words},
    database::{Database, on_every_database},
};

async fn case_024_who_says_how_many_rows_a_stream_fetches(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    conn.rollback().await.unwrap();
    let (plain, small) = (
        database.engine_with(|engine| engine),
        database.engine_with(|engine| engine.execution_options(ExecutionOptions::new().yield_per(2))),
    );
    let ids = || select(integer(&t, "id")).order_by(integer(&t, "id").asc());
    let words = || text("SELECT id FROM some_table ORDER BY id").returns::<(i64,)>();
    for (engine, of_engine) in [(&plain, None), (&small, Some(2))] {
        for of_statement in [None, Some(1), Some(3)] {
            let mut conn = engine.connect().await.unwrap();
            assert_eq!(conn.execution_options().statement.yield_per, of_engine);
            let mut options = StatementOptions::new();
            options.yield_per = of_statement;
            let expected = of_statement.or(of_engine).unwrap_or(5).min(5);
            let mut stream = conn.stream(ids().execution_options(options.clone())).await.unwrap();
            assert_eq!(stream.next().await.unwrap(), Some(1));
            assert_eq!(stream.buffered() + 1, expected, "{of_engine:?} {of_statement:?}");
            assert_eq!(stream.next_batch(9).await.unwrap(), [2, 3, 4, 5]);
            stream.close().await.unwrap();
            let mut stream = conn.stream(words().execution_options(options.clone())).await.unwrap();
            assert_eq!(stream.next().await.unwrap(), Some((1,)));
            assert_eq!(stream.buffered() + 1, expected);
            stream.close().await.unwrap();
            // A locking query streams, too, where the database locks rows at all.
            if !database.is_sqlite() {
                let locking = ids().with_for_update().execution_options(options);
                let mut stream = conn.stream(locking).await.unwrap();
                assert_eq!(stream.next().await.unwrap(), Some(1));
                assert_eq!(stream.buffered() + 1, expected);
                stream.close().await.unwrap();
            }
            // What is executed whole comes whole.
            assert_eq!(rows(&mut conn, ids()).await.len(), 5);
            conn.close().await.unwrap();
        }
    }
}
on_every_database!(case_024_who_says_how_many_rows_a_stream_fetches);

async fn the_last_word_is_the_statements(database: &Database) {
    let (conn, t) = with_words(database, "users").await;
    conn.close().await.unwrap();
    let engine = database.engine_with(|engine| {
        engine.execution_options(ExecutionOptions::new().logging_token("engine").yield_per(7))
    });
    let sibling = engine.execution_options(ExecutionOptions::new().autocommit(true).logging_token("sibling"));
    assert_eq!(sibling.get_execution_options().statement.yield_per, Some(7));
    assert_eq!(engine.get_execution_options().autocommit, None);
    // They share the pool and what was compiled.
    let mut first = engine.connect().await.unwrap();
    let mut second = sibling.connect().await.unwrap();
    assert_eq!(engine.pool().status().checked_out, 2);
    assert!(second.is_autocommit() && !first.is_autocommit());
    second.execute(insert(&t).values((1, "x"))).await.unwrap();
    assert!(!second.in_transaction());
    assert_eq!(how_many(&mut first, &t).await, 1);
    let misses = engine.compiled_cache().statistics().misses;
    second.execute(insert(&t).values((2, "x"))).await.unwrap();
    assert_eq!(sibling.compiled_cache().statistics().misses, misses);
    // A statement that wants no cache is compiled each time, and not kept.
    let before = engine.compiled_cache().statistics();
    let uncached =
        insert(&t).values((3, "x")).execution_options(StatementOptions::new().compiled_cache(false));
    second.execute(uncached).await.unwrap();
    assert_eq!(engine.compiled_cache().statistics(), before);
    // Where the statement says nothing, the call does; the call comes before all others.
    let few = StatementOptions::new().timeout(Duration::from_secs(30));
    second.execute(insert(&t).values((4, "x"))).execution_options(&few).await.unwrap();
    first.rollback().await.unwrap();
    assert_eq!(how_many(&mut first, &t).await, 4);
}
on_every_database!(the_last_word_is_the_statements);

async fn a_deadline_is_the_statements_before_the_connections(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.set_autocommit(true).unwrap();
    conn.set_execution_options(ExecutionOptions::new().statement_timeout(Duration::from_millis(50))).unwrap();
    let slow = || match () {
        () if database.is_postgres() => text("SELECT pg_sleep(0.4)"),
        () if database.is_mysql() => text("SELECT SLEEP(0.4)"),
        () => text(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000) SELECT count(*) FROM n",
        ),
    };
    let late = conn.execute(slow()).all().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout, "{late}");
    let patient = slow().execution_options(StatementOptions::new().timeout(None));
    conn.execute(patient).all().await.unwrap();
    conn.execute(slow()).timeout(Duration::from_secs(30)).all().await.unwrap();
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
}
on_every_database!(a_deadline_is_the_statements_before_the_connections);

async fn lines_are_marked(database: &Database) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let engine = database.engine_with(|engine| {
        engine
            .echo_with(move |line| sink.lock().unwrap().push(line.to_owned()))
            .echo_pool(true)
            .logging_name("library")
    });
    let mut conn = engine.connect().await.unwrap();
    conn.set_execution_options(ExecutionOptions::new().logging_token("billing").autocommit(true)).unwrap();
    conn.execute(text("SELECT 1")).await.unwrap();
    let id = conn.id().unwrap();
    conn.close().await.unwrap();
    let lines = lines.lock().unwrap();
    assert_eq!(
        *lines,
        [
            format!("[library] pool: connection {id} was opened"),
            format!("[library] pool: connection {id} was taken"),
            "[library] [billing] SELECT 1".to_owned(),
            format!("[library] pool: connection {id} came back"),
        ]
    );
}
on_every_database!(lines_are_marked);

async fn rows_are_shown_on_request(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.execute(insert(&t).values_many([(1, "x"), (2, "y")])).await.unwrap();
    conn.commit().await.unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = lines.clone();
    let engine = database.engine_with(|engine| {
        engine.echo_with(move |line| sink.lock().unwrap().push(line.to_owned())).echo_rows(true)
    });
    let mut conn = engine.connect().await.unwrap();
    conn.set_autocommit(true).unwrap();
    let both = text("SELECT id, data FROM users ORDER BY id").returns::<(i64, String)>();
    assert_eq!(rows(&mut conn, both).await, [(1, "x".to_owned()), (2, "y".to_owned())]);
    let expected =
        ["SELECT id, data FROM users ORDER BY id", "columns: id, data", "row: [1, 'x']", "row: [2, 'y']"];
    assert_eq!(*lines.lock().unwrap(), expected);
}
on_every_database!(rows_are_shown_on_request);

async fn a_mock_engine_shows_what_it_would_send(database: &Database) {
    let shown = Arc::new(Mutex::new(Vec::new()));
    let sink = shown.clone();
    let scheme = database.engine().url().dialect.clone();
    // Nobody listens there: nothing is opened.
    let url = if database.is_sqlite() {
        "sqlite:///nowhere/x.db".to_owned()
    } else {
        format!("{scheme}://nobody@127.0.0.1:1/x")
    };
    let engine = create_mock_engine(&url, move |sql, parameters| {
        sink.lock().unwrap().push(format!("{sql} {}", parameters.len()));
    })
    .unwrap();
    let users = Table::unregistered("users")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("name", Varchar(20)));
    engine
        .begin(async |conn| {
            MetaData::of(&users).create_all(conn).await?;
            conn.execute(insert(&users).values((1, "x"))).await?;
            assert!(conn.execute(select(integer(&users, "id"))).await?.is_empty());
            Ok(())
        })
        .await
        .unwrap();
    let shown = shown.lock().unwrap();
    assert!(shown[0].starts_with("CREATE TABLE IF NOT EXISTS users"), "{shown:?}");
    assert!(shown[1].starts_with("INSERT INTO users") && shown[1].ends_with(" 2"), "{shown:?}");
    assert_eq!(shown[2], "SELECT users.id FROM users 0");
    assert_eq!(shown.len(), 3);
}
on_every_database!(a_mock_engine_shows_what_it_would_send);

async fn cursors_that_leave_the_connection_free(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    conn.rollback().await.unwrap();
    let ids = || select(integer(&t, "id")).filter(integer(&t, "id").gt(0)).order_by(integer(&t, "id").asc());
    if database.is_mysql() {
        let refused = conn.declare_cursor(ids()).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotSupported);
        assert!(refused.message().contains("cursor") && refused.message().contains("stream()"), "{refused}");
        return;
    }
    let mut up = conn.declare_cursor(ids()).await.unwrap();
    let mut down: DeclaredCursor<_> =
        conn.declare_cursor(select(integer(&t, "id")).order_by(integer(&t, "id").desc())).await.unwrap();
    assert_eq!(up.fetch(&mut conn, 2).await.unwrap(), [1, 2]);
    assert_eq!(down.fetch(&mut conn, 3).await.unwrap(), [5, 4, 3]);
    conn.execute(delete(&t).filter(integer(&t, "id").eq(4))).await.unwrap();
    assert_eq!(up.keys(), ["id"]);
    // On PostgreSQL a cursor sees what was there when it was declared.
    let rest = if database.is_sqlite() { vec![3, 5] } else { vec![3, 4, 5] };
    assert_eq!(up.fetch(&mut conn, 9).await.unwrap(), rest);
    assert!(up.fetch(&mut conn, 9).await.unwrap().is_empty());
    up.close(&mut conn).await.unwrap();
    let mut other = database.connect().await;
    assert_eq!(down.fetch(&mut other, 1).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    conn.rollback().await.unwrap();
    assert_eq!(down.fetch(&mut conn, 1).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    conn.set_autocommit(true).unwrap();
    assert_eq!(conn.declare_cursor(ids()).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
}
on_every_database!(cursors_that_leave_the_connection_free);
