//! What is loaded, from where, and what is told of it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use aludel::{
    engine::CreateAll as _,
    prelude::*,
    sql::{Value, schema::Tables},
};
use futures_util::{StreamExt as _, stream};

use crate::{
    database::{Database, on_every_database},
    measurement::{Measurement, ROWS, committed, connected, count_of, measurement, measurements, own_way},
};

async fn create(conn: &mut Connection, tables: impl Tables) {
    MetaData::of(tables).create_all(conn).await.unwrap();
    conn.commit().await.unwrap();
}

async fn a_hundred_thousand_models(database: &Database) {
    let mut conn = connected(database).await;
    let mut told = Vec::new();
    let result = conn.bulk_load(Measurement, measurements()).progress(|rows| told.push(rows)).await.unwrap();
    assert_eq!((result.rowcount(), result.way()), (ROWS as u64, Some(own_way(database))));
    assert_eq!(told, (1..=100).map(|thousand| thousand * 1000).collect::<Vec<u64>>());
    assert_eq!(committed(database).await, 0, "nothing is there before COMMIT");
    conn.commit().await.unwrap();
    assert_eq!(committed(database).await, ROWS);
    for id in [1, 2, 3, 29_999, 69_999, 99_999, ROWS] {
        let back = conn.execute(select(Measurement).filter(Measurement::id.eq(id))).one().await.unwrap();
        assert_eq!(back, measurement(id));
    }
    let notes: i64 = conn.scalar_one(select(count(Measurement::note))).await.unwrap();
    assert_eq!(notes, ROWS / 3);
}
on_every_database!(a_hundred_thousand_models);

async fn borrowed_models_and_keys_of_the_database(database: &Database) {
    let mut conn = connected(database).await;
    let rows: Vec<Measurement> =
        (0..2345).map(|number| Measurement { id: 0, points: number, ..measurement(7) }).collect();
    let result = conn.bulk_load(Measurement, &rows).await.unwrap();
    assert_eq!(result.rowcount(), 2345);
    let keys: Vec<i64> = conn.scalars(select(Measurement::id).distinct()).await.unwrap();
    assert_eq!(keys.len(), 2345);
    // The counter of the database stands behind them.
    conn.execute(insert(Measurement).values(&rows[0])).await.unwrap();
    // So with a table.
    conn.bulk_load(<Measurement as aludel::sql::Model>::table(), &rows[..3]).await.unwrap();
    assert_eq!(count_of(&mut conn, Measurement).await, 2349);
    conn.rollback().await.unwrap();
    assert_eq!(committed(database).await, 0);
}
on_every_database!(borrowed_models_and_keys_of_the_database);

fn orders() -> Table {
    Table::unregistered("Order \"lines\" `of` select")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("Group", Varchar(200)).not_null().server_default("'none'"))
        .column(Column::new("a\"b`c", Integer).server_default("7"))
        .column(Column::new("when it's", Varchar(20)))
}

async fn tuples_names_and_what_is_left_out(database: &Database) {
    let mut conn = database.connect().await;
    let t = orders();
    create(&mut conn, &t).await;
    // All columns, the first ones, some by name, and with names of their own.
    conn.bulk_load(&t, [(1, "one", 11, "x"), (2, "two", 12, "")]).await.unwrap();
    conn.bulk_load(&t, vec![(3, "three")]).await.unwrap();
    conn.bulk_load(&t, [(Some("later"), 4)]).columns(["when it's", "id"]).await.unwrap();
    conn.bulk_load(&t, [[("id", Value::I64(5)), ("a\"b`c", Value::Null)]]).await.unwrap();
    conn.bulk_load(t.clone(), [vec![("id", 6)], vec![("id", 7)]]).await.unwrap();
    let expected = vec![
        (1, "one".to_owned(), Some(11), Some("x".to_owned())),
        (2, "two".to_owned(), Some(12), Some(String::new())),
        (3, "three".to_owned(), Some(7), None),
        (4, "none".to_owned(), Some(7), Some("later".to_owned())),
        (5, "none".to_owned(), None, None),
        (6, "none".to_owned(), Some(7), None),
        (7, "none".to_owned(), Some(7), None),
    ];
    let all = select((
        t.c("id").of::<i64>(),
        t.c("Group").of::<String>(),
        t.c("a\"b`c").of::<Option<i64>>(),
        t.c("when it's").of::<Option<String>>(),
    ));
    let back = conn.execute(all.order_by(t.c("id").asc())).all().await.unwrap();
    assert_eq!(back, expected);
}
on_every_database!(tuples_names_and_what_is_left_out);

async fn odd_numbers_of_rows(database: &Database) {
    let mut conn = connected(database).await;
    let mut total = 0;
    for rows in [1, 9, 10, 11, 99, 101, 999, 1000, 1001, 2222] {
        let mut told = Vec::new();
        let result = conn
            .bulk_load(Measurement, (total + 1..=total + rows).map(measurement))
            .progress_every(400, |rows| told.push(rows))
            .await
            .unwrap();
        total += rows;
        assert_eq!(result.rowcount(), rows as u64);
        assert_eq!(*told.last().unwrap(), rows as u64, "the last word is how many there were");
        assert_eq!(told.len() as i64, rows / 400 + i64::from(rows % 400 != 0));
    }
    let back = conn.execute(select(Measurement).order_by(Measurement::id.asc())).all().await.unwrap();
    assert_eq!(back, (1..=total).map(measurement).collect::<Vec<_>>());
}
on_every_database!(odd_numbers_of_rows);

async fn no_rows_send_nothing(database: &Database) {
    let mut conn = connected(database).await;
    conn.close().await.unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    let engine = database.engine_with(move |engine| {
        engine.echo_with(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        })
    });
    conn = engine.connect().await.unwrap();
    let before = sent.load(Ordering::Relaxed);
    let mut told = Vec::new();
    let nothing: [Measurement; 0] = [];
    let result = conn.bulk_load(Measurement, nothing).progress(|rows| told.push(rows)).await.unwrap();
    assert_eq!((result.rowcount(), result.way(), told), (0, None, vec![0]));
    // Its columns are looked at all the same.
    let rows: [(i64,); 0] = [];
    let table = <Measurement as aludel::sql::Model>::table();
    let error = conn.bulk_load(table, rows).columns(["idd"]).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Argument && error.message().contains("`idd`"), "{error}");
    assert_eq!(sent.load(Ordering::Relaxed), before);
}
on_every_database!(no_rows_send_nothing);

async fn from_a_stream_of_another_connection(database: &Database) {
    let mut conn = connected(database).await;
    conn.bulk_load(Measurement, (1..=5000).map(measurement)).await.unwrap();
    conn.commit().await.unwrap();
    let copy = Table::unregistered("copy")
        .column(Column::new("id", BigInteger).primary_key())
        .column(Column::new("name", Varchar(60)));
    create(&mut conn, &copy).await;
    let mut reading = database.connect().await;
    let rows = reading.stream(select((Measurement::id, Measurement::name))).await.unwrap();
    let rows =
        stream::try_unfold(rows, async |mut rows| Ok::<_, Error>(rows.next().await?.map(|row| (row, rows))));
    // SQLite has one writer at a time, and any number of readers beside it.
    let result = conn.bulk_load_stream(&copy, rows).await.unwrap();
    assert_eq!(result.rowcount(), 5000);
    let back: i64 = conn.scalar_one(select(count(copy.c("name"))).select_from(&copy)).await.unwrap();
    assert_eq!(back, 5000);
    reading.rollback().await.unwrap();
}
on_every_database!(from_a_stream_of_another_connection);

async fn an_engine_and_autocommit_commit_by_themselves(database: &Database) {
    connected(database).await.close().await.unwrap();
    let result = database.engine().bulk_load(Measurement, (1..=10).map(measurement)).await.unwrap();
    assert_eq!((result.rowcount(), committed(database).await), (10, 10));
    let rows = stream::iter(11..=20).map(|id| Ok::<_, Error>(measurement(id)));
    database.engine().bulk_load_stream(Measurement, rows).await.unwrap();
    assert_eq!(committed(database).await, 20);
    let engine = database.engine_with(|engine| engine.autocommit(true));
    let mut conn = engine.connect().await.unwrap();
    conn.bulk_load(Measurement, (21..=30).map(measurement)).await.unwrap();
    assert_eq!(committed(database).await, 30);
    let error = conn.bulk_load(Measurement, (31..=40).chain([5]).map(measurement)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(committed(database).await, 30);
    conn.bulk_load(Measurement, [measurement(31)]).await.unwrap();
    let error =
        database.engine().bulk_load(Measurement, [measurement(32), measurement(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(committed(database).await, 31);
}
on_every_database!(an_engine_and_autocommit_commit_by_themselves);

async fn listeners_and_echo_are_told_once(database: &Database) {
    connected(database).await.close().await.unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let shown = lines.clone();
    let engine = database
        .engine_with(|engine| engine.echo_with(move |line| shown.lock().unwrap().push(line.to_string())));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (before, after) = (told.clone(), told.clone());
    let events = engine.events();
    events.before_cursor_execute.listen(move |call| {
        before.lock().unwrap().push(format!("before {}", call.sql));
        Ok(())
    });
    events.after_cursor_execute.listen(move |call| {
        after.lock().unwrap().push(format!("{} rows", call.done.rows));
        Ok(())
    });
    let mut conn = engine.connect().await.unwrap();
    conn.bulk_load(Measurement, (1..=20).map(measurement)).await.unwrap();
    conn.rollback().await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("before INSERT INTO measurement (id, name"), "{told:?}");
    assert_eq!(told[1], "20 rows");
    let lines = lines.lock().unwrap();
    assert_eq!(lines.iter().filter(|line| line.contains("INSERT INTO measurement")).count(), 1, "{lines:?}");
}
on_every_database!(listeners_and_echo_are_told_once);
