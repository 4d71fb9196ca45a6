//! COPY in and out, as bytes and as rows.

use aludel_driver::{BeginOptions, Connection, Control, ErrorKind, Result, TransactionState, Value};
use aludel_driver_postgres::{CopyFormat, CopyStatement, PostgresConnection};
use aludel_sql_expression::text as sql;
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};

use crate::server::{assert_broken, batch, connect, execute, rows, scalar, text};

/// The driver's own connection.
fn own(connection: &mut Box<dyn Connection>) -> &mut PostgresConnection {
    connection.driver_mut().unwrap()
}

async fn count(connection: &mut dyn Connection, table: &str) -> i64 {
    match scalar(connection, &format!("SELECT count(*) FROM {table}"), &[]).await.unwrap() {
        Value::I64(count) => count,
        other => panic!("{other:?} is no count"),
    }
}

/// One column of each kind, in a table whose names need quoting.
const MANY_TYPES: &str = r#"
CREATE TYPE pg_temp.mood AS ENUM ('calm', 'so, "so"');
CREATE TEMPORARY TABLE "odd ""name" (
    "a column" int8, small int2, "int" int4, flag bool, real4 float4, real8 float8, exact numeric, note text,
    code varchar(20), raw bytea, key uuid, day date, hour time, moment timestamp, instant timestamptz, span interval,
    doc json, binary_doc jsonb, numbers int4[], words text[], mood pg_temp.mood, twice int8 GENERATED ALWAYS AS (small * 2) STORED
);
INSERT INTO "odd ""name" VALUES
    (1, 2, 3, true, 1.5, -2.25, 12345678901234567890.123456789, E'tab\tline\nreturn\rback\\slash "quoted", ünïcode \\N \\.',
     'code', '\x00ff0a', '8c5b1f1e-3f6c-4b0e-9d3a-0123456789ab', '2024-02-29', '23:59:59.999999', '2024-02-29 12:00:00.000001',
     '2024-02-29 12:00:00+02', '1 mon 2 days 00:00:03', '{"a": [1, 2]}', '{"b": null}', '{1,NULL,3}', '{"a,b","c\"d",NULL}', 'so, "so"'),
    (2, NULL, NULL, NULL, 'NaN', 'Infinity', 0, '', '', '', NULL, '0044-03-15 BC', '00:00', '1999-12-31 23:59:59',
     '0001-01-01 00:00:00+00', '-1 days', 'null', '[]', '{}', '{}', 'calm'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TEMPORARY TABLE other (LIKE "odd ""name" INCLUDING ALL);
"#;

/// How many rows are in one of both tables and not in the other.
async fn differences(connection: &mut dyn Connection) -> i64 {
    let one = "SELECT small, t::text FROM \"odd \"\"name\" t";
    let other = "SELECT small, t::text FROM other t";
    let sql = format!("({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})");
    count(connection, &format!("({sql}) AS differences")).await
}

#[tokio::test]
async fn bytes_go_out_and_come_in_again_in_every_form() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, MANY_TYPES).await;
    for format in [CopyFormat::Text, CopyFormat::Csv, CopyFormat::Binary] {
        batch(&mut *connection, "TRUNCATE other").await;
        let from = CopyStatement::named("odd \"name").format(format);
        let stream = own(&mut connection).copy_out(&from).await.unwrap().into_stream();
        let chunks: Vec<Bytes> = stream.map(|chunk| chunk.unwrap()).collect().await;
        assert!(chunks.len() >= 3);
        let to = CopyStatement::named("other").format(format);
        let mut copy = own(&mut connection).copy_in(&to).await.unwrap();
        // Cut anywhere.
        for chunk in chunks.concat().chunks(7) {
            copy.send(chunk.to_vec()).await.unwrap();
        }
        assert_eq!(copy.finish().await.unwrap(), 3, "{format:?}");
        assert_eq!(differences(&mut *connection).await, 0, "{format:?}");
    }
}

#[tokio::test]
async fn rows_go_out_and_come_in_again_in_every_form() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, MANY_TYPES).await;
    let from = CopyStatement::named("odd \"name");
    // What is infinite is no value of ours.
    batch(&mut *connection, "UPDATE \"odd \"\"name\" SET day = NULL WHERE day < '0001-01-01'").await;
    let mut all = own(&mut connection).copy_rows_out::<Vec<Value>>(&from).await.unwrap();
    // All but the one that the server computes.
    assert_eq!(all.columns().len(), 21);
    assert_eq!(&*all.columns()[0].name, "a column");
    let mut kept = Vec::new();
    while let Some(row) = all.next().await.unwrap() {
        kept.push(row);
    }
    assert_eq!(kept.len(), 3);
    let names: Vec<String> = all.columns().iter().map(|column| column.name.to_string()).collect();
    drop(all);
    let plain = CopyStatement::named("other").columns(names);
    for to in [
        plain.clone(),
        plain.clone().binary(),
        plain.clone().text(),
        plain.csv(),
        CopyStatement::named("other"),
    ] {
        batch(&mut *connection, "TRUNCATE other").await;
        let mut copy = own(&mut connection).copy_rows_in(&to).await.unwrap();
        assert_eq!(copy.columns().len(), 21);
        for row in &kept {
            copy.values(row).await.unwrap();
        }
        assert_eq!(copy.finish().await.unwrap(), 3);
        assert_eq!(differences(&mut *connection).await, 0, "{to:?}");
    }
}

#[tokio::test]
async fn typed_rows_go_both_ways() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE author (id int8 PRIMARY KEY, name text, born int2)")
        .await;
    let statement = CopyStatement::named("author");
    let many = (0..50_000_i64).map(|id| (id, format!("Author {id}"), (id % 3 > 0).then_some(1900_i16)));
    assert_eq!(own(&mut connection).copy_all_in(&statement, many).await.unwrap(), 50_000);
    // Rows that name their columns need no other word for them.
    let named = [[("name", "Eco"), ("id", "60000")]];
    let error = own(&mut connection).copy_all_in(&statement, named).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    let named = [[("name", text("Eco")), ("id", Value::I64(60_000))]];
    assert_eq!(own(&mut connection).copy_all_in(&statement, named).await.unwrap(), 1);
    let nothing: [(i64, String, i16); 0] = [];
    assert_eq!(own(&mut connection).copy_all_in(&statement, nothing).await.unwrap(), 0);
    assert_eq!(count(&mut *connection, "author WHERE born IS NULL").await, 16_668);

    let query =
        sql("SELECT id, name, born FROM author WHERE name LIKE :like ORDER BY id").bind("like", "%'s%");
    execute(&mut *connection, "UPDATE author SET name = 'it''s' WHERE id IN (3, 7)", &[]).await.unwrap();
    let out = own(&mut connection)
        .copy_rows_out::<(i64, String, Option<i16>)>(&CopyStatement::query(query))
        .await
        .unwrap();
    let expected = vec![(3, "it's".to_owned(), None), (7, "it's".to_owned(), Some(1900))];
    assert_eq!(out.all().await.unwrap(), expected);

    let mut out =
        own(&mut connection).copy_rows_out::<(i64,)>(&statement.clone().columns(["id"])).await.unwrap();
    let mut sum = 0;
    while let Some((id,)) = out.next().await.unwrap() {
        sum += id;
    }
    assert_eq!(sum, (0..50_000).sum::<i64>() + 60_000);
    assert!(out.next().await.unwrap().is_none());
    drop(out);
    let error = own(&mut connection).copy_rows_out::<(i64,)>(&statement).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    // One that cannot be read does not end it.
    let mut out = own(&mut connection)
        .copy_rows_out::<(i64, String, i16)>(&CopyStatement::query(sql(
            "SELECT id, name, born FROM author ORDER BY id",
        )))
        .await
        .unwrap();
    assert_eq!(out.next().await.unwrap_err().kind(), ErrorKind::Data);
    assert_eq!(out.next().await.unwrap(), Some((1, "Author 1".to_owned(), 1900)));
    out.close().await.unwrap();
    assert_eq!(count(&mut *connection, "author").await, 50_001);
}

#[tokio::test]
async fn readers_writers_and_streams() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE line (number int4, words text)").await;
    let statement = CopyStatement::named("line").csv().header().delimiter(';').null("nothing");
    let mut file: &[u8] = b"number;words\n1;\"one; two\"\n2;nothing\n";
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    assert_eq!(copy.send_reader(&mut file).await.unwrap(), 36);
    let chunks: [Result<&'static str>; 2] = [Ok("3;th"), Ok("ree\n")];
    assert_eq!(copy.send_stream(stream::iter(chunks)).await.unwrap(), 8);
    assert_eq!(copy.finish().await.unwrap(), 3);

    let ordered = CopyStatement::query(sql("SELECT number, words FROM line ORDER BY number"));
    let mut out = Vec::new();
    let copy = own(&mut connection).copy_out(&ordered.clone().csv().header().null("nothing")).await.unwrap();
    assert_eq!(copy.write_to(&mut out).await.unwrap(), 42);
    assert_eq!(String::from_utf8(out).unwrap(), "number,words\n1,one; two\n2,nothing\n3,three\n");
    let mut copy = own(&mut connection).copy_out(&ordered).await.unwrap();
    assert_eq!(copy.next().await.unwrap().unwrap(), "1\tone; two\n");
    assert_eq!(copy.next().await.unwrap().unwrap(), "2\t\\N\n");
    assert_eq!(copy.next().await.unwrap().unwrap(), "3\tthree\n");
    assert_eq!(copy.next().await.unwrap(), None);
    assert_eq!(copy.next().await.unwrap(), None);
    drop(copy);

    // A source that fails leaves a COPY to be taken back.
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    let failing = stream::iter([Ok("number;words\n9;nine\n"), Err("the source has dried up")]);
    let error = copy.send_stream(failing).await.unwrap_err();
    assert!(error.to_string().contains("the source has dried up"), "{error}");
    copy.abort().await.unwrap();
    assert_eq!(count(&mut *connection, "line").await, 3);
}

#[tokio::test]
async fn what_is_aborted_leaves_nothing_and_the_connection() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE item (id int4)").await;
    let statement = CopyStatement::named("item");
    // Outside of a transaction: as if nothing had been.
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    copy.send("1\n2\n").await.unwrap();
    copy.abort().await.unwrap();
    assert!(!connection.is_broken());
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    assert_eq!(count(&mut *connection, "item").await, 0);
    let mut copy = own(&mut connection).copy_rows_in(&statement).await.unwrap();
    for id in 0..30_000 {
        copy.row((id,)).await.unwrap();
    }
    copy.abort().await.unwrap();
    assert_eq!(count(&mut *connection, "item").await, 0);
    // One that has sent no row can be dropped as well.
    drop(own(&mut connection).copy_rows_in(&statement).await.unwrap());
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    own(&mut connection).copy_rows_in(&statement).await.unwrap().abort().await.unwrap();
    // A value that has no place among the rows, behind many that were sent.
    let rows_until = (0..40_000).map(|id| (if id < 39_999 { id } else { i64::MAX },));
    let error = own(&mut connection).copy_all_in(&statement, rows_until).await.unwrap_err();
    assert!(error.message().contains("row 40000, column `id`"), "{error}");
    assert_eq!(count(&mut *connection, "item").await, 0);

    // Inside one: it can only be rolled back, wholly or to a savepoint.
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    execute(&mut *connection, "INSERT INTO item VALUES (7)", &[]).await.unwrap();
    connection.control(Control::Savepoint("before")).await.unwrap();
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    copy.send("1\n").await.unwrap();
    copy.abort().await.unwrap();
    let error = rows(&mut *connection, "SELECT 1", &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    let error = own(&mut connection).copy_in(&statement).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    connection.control(Control::RollbackTo("before")).await.unwrap();
    drop(own(&mut connection).copy_rows_in(&statement).await.unwrap());
    assert_eq!(own(&mut connection).copy_all_in(&statement, [(8,)]).await.unwrap(), 1);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(count(&mut *connection, "item").await, 2);
}

#[tokio::test]
async fn what_is_dropped_half_way_leaves_nothing_and_no_connection() {
    let (Some(mut connection), Some(mut other)) = (connect().await, connect().await) else { return };
    batch(&mut *other, "CREATE TABLE copy_dropped (id int4)").await;
    let statement = CopyStatement::named("copy_dropped");
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    copy.send("1\n2\n").await.unwrap();
    drop(copy);
    assert_broken(&mut *connection).await;
    drop(connection);
    // It waits until the server has let go of the table.
    batch(&mut *other, "BEGIN; LOCK TABLE copy_dropped IN ACCESS EXCLUSIVE MODE; COMMIT").await;
    assert_eq!(count(&mut *other, "copy_dropped").await, 0);
    batch(&mut *other, "DROP TABLE copy_dropped").await;
}

#[tokio::test]
async fn a_refusal_before_the_first_row_is_told_and_never_mistaken() {
    let Some(mut connection) = connect().await else { return };
    batch(
        &mut *connection,
        "CREATE TEMPORARY TABLE item (id int4);
         CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
         CREATE TRIGGER early BEFORE INSERT ON item EXECUTE FUNCTION pg_temp.refuse()",
    )
    .await;
    let statement = CopyStatement::named("item");
    let error = own(&mut connection).copy_all_in(&statement, [(1,)]).await.unwrap_err();
    assert!(error.message().contains("refused"), "{error}");
    assert_eq!(count(&mut *connection, "item").await, 0);
    // In text it comes before the server has read anything, which leaves one answer too many.
    let error = own(&mut connection).copy_all_in(&statement.text(), [(1,)]).await.unwrap_err();
    assert!(error.message().contains("refused"), "{error}");
    assert_broken(&mut *connection).await;
    let Some(mut connection) = connect().await else { return };
    let view = CopyStatement::in_schema("pg_catalog", "pg_tables").columns(["tablename"]);
    let error = own(&mut connection).copy_in(&view).await.unwrap_err();
    assert!(error.message().contains("pg_tables"), "{error}");
    assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn a_send_that_is_dropped_can_only_be_taken_back() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE item (id int4)").await;
    let mut copy = own(&mut connection).copy_in(&CopyStatement::named("item")).await.unwrap();
    // Nobody takes what is sent while this task does not wait.
    let mut sent = 0;
    while copy.send(vec![b'1'; 10_000]).now_or_never().is_some() {
        sent += 1;
        assert!(sent < 100);
    }
    let error = copy.finish().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(!connection.is_broken());
    assert_eq!(count(&mut *connection, "item").await, 0);
}

#[tokio::test]
async fn an_end_that_is_dropped_leaves_the_connection_in_doubt() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE item (id int4)").await;
    let copy = own(&mut connection).copy_in(&CopyStatement::named("item")).await.unwrap();
    assert!(copy.finish().now_or_never().is_none());
    assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn a_way_out_that_is_dropped_closes_the_connection_and_one_that_is_closed_does_not() {
    let Some(mut connection) = connect().await else { return };
    let many = CopyStatement::query(sql("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"));
    let mut copy = own(&mut connection).copy_out(&many).await.unwrap();
    copy.next().await.unwrap().unwrap();
    copy.close().await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
    let mut copy = own(&mut connection).copy_rows_out::<(String,)>(&many).await.unwrap();
    copy.next().await.unwrap().unwrap();
    drop(copy);
    assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn errors_say_where() {
    let Some(mut connection) = connect().await else { return };
    batch(
        &mut *connection,
        "CREATE TEMPORARY TABLE \"odd item\" (id int4 CONSTRAINT odd_key PRIMARY KEY, name varchar(5) NOT NULL)",
    )
    .await;
    let statement = CopyStatement::named("odd item").csv();
    let mut copy = own(&mut connection).copy_in(&statement).await.unwrap();
    copy.send("1,one\ntwo,2\n").await.unwrap();
    let error = copy.finish().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Data, Some("22P02")));
    for word in ["odd item", "line 2", "column id", "two"] {
        assert!(error.message().contains(word), "{error}");
    }
    assert_eq!(error.database_error().unwrap().table.as_deref(), Some("\"odd item\""));

    let error =
        own(&mut connection).copy_all_in(&statement, [(1, "a"), (2, "b"), (1, "c")]).await.unwrap_err();
    assert_eq!((error.kind(), error.constraint()), (ErrorKind::Integrity, Some("odd_key")));
    assert!(error.message().contains("line 3"), "{error}");
    assert_eq!(error.database_error().unwrap().table.as_deref(), Some("odd item"));

    // What is told before anything is sent.
    let binary = statement.clone().binary();
    let mut copy = own(&mut connection).copy_rows_in(&binary).await.unwrap();
    copy.row((1, "one")).await.unwrap();
    let error = copy.row((i64::MAX, "two")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.message().contains("row 2, column `id`"), "{error}");
    let error = copy.row((3, "three", 3)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("row 2 has 3 values for the 2 columns"), "{error}");
    let error = copy.row([("name", "x"), ("id", "y")]).await.unwrap_err();
    assert!(error.message().contains("has the columns name, id, but id, name are copied"), "{error}");
    // They left no trace.
    copy.row((2, "two")).await.unwrap();
    assert_eq!(copy.finish().await.unwrap(), 2);

    let missing = own(&mut connection).copy_in(&CopyStatement::named("no_such")).await.unwrap_err();
    assert_eq!((missing.kind(), missing.code()), (ErrorKind::Programming, Some("42P01")));
    let missing = own(&mut connection).copy_rows_in(&CopyStatement::named("no_such")).await.unwrap_err();
    assert_eq!(missing.code(), Some("42P01"), "{missing:?}");
    let query = CopyStatement::query(sql("SELECT 1"));
    assert_eq!(own(&mut connection).copy_in(&query).await.unwrap_err().kind(), ErrorKind::Argument);
    let error = own(&mut connection).copy_in(&CopyStatement::named("x").binary().header()).await.unwrap_err();
    assert!(error.message().contains("HEADER"), "{error}");
    let error = own(&mut connection).copy_rows_in(&statement.clone().delimiter(';')).await.unwrap_err();
    assert!(error.message().contains("delimiter"), "{error}");
    assert_eq!(scalar(&mut *connection, "SELECT 42", &[]).await.unwrap(), Value::I64(42));
}

#[tokio::test]
async fn what_is_checked_at_the_end_is_told() {
    let Some(mut connection) = connect().await else { return };
    batch(
        &mut *connection,
        "CREATE TEMPORARY TABLE parent (id int4 PRIMARY KEY);
         CREATE TEMPORARY TABLE child (parent int4 REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let error = own(&mut connection).copy_all_in(&CopyStatement::named("child"), [(1,)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    // The same behind the last row of a query that inserts.
    let inserting = CopyStatement::query(sql("INSERT INTO child VALUES (1) RETURNING parent"));
    let mut copy = own(&mut connection).copy_out(&inserting).await.unwrap();
    assert_eq!(copy.next().await.unwrap().unwrap(), "1\n");
    assert_eq!(copy.next().await.unwrap_err().kind(), ErrorKind::Integrity);
    drop(copy);
    batch(
        &mut *connection,
        "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
         CREATE TRIGGER late AFTER INSERT ON parent EXECUTE FUNCTION pg_temp.refuse()",
    )
    .await;
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    let inserting = CopyStatement::query(sql("INSERT INTO parent VALUES (1) RETURNING id"));
    let copy = own(&mut connection).copy_rows_out::<(i32,)>(&inserting).await.unwrap();
    let error = copy.all().await.unwrap_err();
    assert!(error.message().contains("refused"), "{error}");
    // It is known to have failed, so that its COMMIT is no silent rollback.
    let error = connection.control(Control::Commit).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback);
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(count(&mut *connection, "parent").await, 0);
}

#[tokio::test]
async fn values_without_a_binary_form_go_as_text() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE host (address inet, seen date, key uuid)").await;
    let statement = CopyStatement::named("host");
    let row = ("10.0.0.1/8", "2024-02-29", "8c5b1f1e-3f6c-4b0e-9d3a-0123456789ab");
    assert_eq!(own(&mut connection).copy_all_in(&statement, [row, row]).await.unwrap(), 2);
    let error = own(&mut connection).copy_all_in(&statement.binary(), [row]).await.unwrap_err();
    assert!(error.message().contains("column `address`") && error.message().contains(".text()"), "{error}");
    assert_eq!(
        scalar(&mut *connection, "SELECT max(seen)::text FROM host", &[]).await.unwrap(),
        text("2024-02-29")
    );
}

#[tokio::test]
async fn a_copy_whose_server_ends_is_an_error() {
    let (Some(mut connection), Some(mut other)) = (connect().await, connect().await) else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE item (id int4)").await;
    let process = crate::server::process(&mut *connection).await;
    let mut copy = own(&mut connection).copy_in(&CopyStatement::named("item")).await.unwrap();
    copy.send("1\n").await.unwrap();
    execute(&mut *other, "SELECT pg_terminate_backend($1)", &[Value::I64(process)]).await.unwrap();
    let error = copy.finish().await.unwrap_err();
    assert!(error.is_disconnect(), "{error:?}");
    assert_broken(&mut *connection).await;
}

#[tokio::test]
async fn futures_can_be_sent_to_other_threads() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "CREATE TEMPORARY TABLE item (id int4)").await;
    let working = tokio::spawn(async move {
        let statement = CopyStatement::named("item");
        let postgres = own(&mut connection);
        postgres.copy_all_in(&statement, vec![(1,), (2,)]).await?;
        let mut copy = postgres.copy_in(&statement).await?;
        copy.send_reader(&mut &b"3\n"[..]).await?;
        let chunks: [Result<&'static str>; 1] = [Ok("4\n")];
        copy.send_stream(stream::iter(chunks)).await?;
        copy.finish().await?;
        let mut rows = postgres.copy_rows_in(&statement).await?;
        rows.row((5,)).await?;
        rows.finish().await?;
        postgres.copy_out(&statement).await?.write_to(&mut Vec::new()).await?;
        postgres.copy_rows_out::<(i32,)>(&statement).await?.all().await
    });
    assert_eq!(working.await.unwrap().unwrap(), [(1,), (2,), (3,), (4,), (5,)]);
}
