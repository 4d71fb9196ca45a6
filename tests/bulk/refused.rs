//! Rows that cannot be loaded, and what is left of the others: nothing.

use aludel::{
    engine::CreateAll as _,
    prelude::*,
    sql::{Model as _, Value},
};
use futures_util::stream;

use crate::{
    database::{Database, on_every_database},
    measurement::{Measurement, committed, connected, count_of, measurement},
};

/// The load of a hundred thousand rows fails in the row 70,000, and what was done before it in the transaction stays.
async fn fails_late(
    database: &Database,
    load: impl AsyncFnOnce(&mut Connection) -> Result<()>,
    check: impl FnOnce(&Error),
) {
    let mut conn = connected(database).await;
    conn.execute(insert(Measurement).values(measurement(-1))).await.unwrap();
    let error = load(&mut conn).await.unwrap_err();
    check(&error);
    assert!(error.message().contains("`measurement`"), "{error}");
    assert_eq!(count_of(&mut conn, Measurement).await, 1, "nothing of the load is there");
    // It goes on as if nothing had been.
    conn.bulk_load(Measurement, (1..=50).map(measurement)).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(committed(database).await, 51);
}

async fn a_key_that_is_there(database: &Database) {
    let load = async |conn: &mut Connection| {
        let rows = (1..=100_000).map(|id| measurement(if id == 70_000 { 5 } else { id }));
        conn.bulk_load(Measurement, rows).await.map(drop)
    };
    fails_late(database, load, |error| {
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.constraint().is_some() || database.is_sqlite(), "{error}");
        // The others do not say which row it was.
        assert!(!database.is_sqlite() || error.message().contains("row 70000:"), "{error}");
    })
    .await;
}
on_every_database!(a_key_that_is_there);

async fn a_number_that_does_not_fit(database: &Database) {
    let load = async |conn: &mut Connection| {
        let points = |id: i64| if id == 70_000 { i64::MAX } else { id % 1000 };
        let rows = (1..=100_000).map(|id| {
            (id, "x", if id == 70_000 { Value::U64(u64::MAX) } else { Value::I64(points(id)) }, 0.5)
        });
        let columns = ["id", "name", "points", "share"];
        conn.bulk_load(Measurement::table(), rows).columns(columns).await.map(drop)
    };
    fails_late(database, load, |error| {
        assert_eq!(error.kind(), ErrorKind::Data, "{error}");
        assert!(error.message().contains("row 70000:") && error.message().contains("`points`"), "{error}");
    })
    .await;
}
on_every_database!(a_number_that_does_not_fit);

async fn a_null_where_none_may_be(database: &Database) {
    let load = async |conn: &mut Connection| {
        let name = |id: i64| if id == 70_000 { None } else { Some("x") };
        let rows = (1..=100_000).map(|id| (id, name(id), 1, 0.5));
        conn.bulk_load(Measurement::table(), rows).await.map(drop)
    };
    fails_late(database, load, |error| {
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    })
    .await;
}
on_every_database!(a_null_where_none_may_be);

async fn an_error_of_the_stream(database: &Database) {
    #[derive(Debug)]
    struct Torn;
    impl std::fmt::Display for Torn {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("the file is torn")
        }
    }
    impl std::error::Error for Torn {}
    let load = async |conn: &mut Connection| {
        let rows =
            stream::iter((1..=100_000).map(|id| if id == 70_000 { Err(Torn) } else { Ok(measurement(id)) }));
        conn.bulk_load_stream(Measurement, rows).await.map(drop)
    };
    fails_late(database, load, |error| {
        assert_eq!(error.kind(), ErrorKind::Custom, "{error}");
        assert!(error.message().ends_with("row 70000: the file is torn"), "{error}");
        let source = std::error::Error::source(error).unwrap();
        assert!(source.downcast_ref::<Torn>().is_some());
    })
    .await;
    let load = async |conn: &mut Connection| {
        let own = || Error::new(ErrorKind::Timeout, "no more");
        let rows =
            stream::iter((101..=300).map(|id| if id == 200 { Err(own()) } else { Ok(measurement(id)) }));
        conn.bulk_load_stream(Measurement, rows).await.map(drop)
    };
    let mut conn = database.connect().await;
    let error = load(&mut conn).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "an error of ours stays what it is: {error}");
}
on_every_database!(an_error_of_the_stream);

async fn rows_of_another_shape(database: &Database) {
    let mut conn = connected(database).await;
    let table = Measurement::table();
    let message = |error: Error, kind: ErrorKind, words: &[&str]| {
        assert_eq!(error.kind(), kind, "{error}");
        for word in words {
            assert!(error.message().contains(word), "{word}: {error}");
        }
    };
    // A key where the first row had none.
    let rows = [measurement(0), measurement(0), measurement(3)];
    let error = conn.bulk_load(Measurement, &rows).await.unwrap_err();
    message(error, ErrorKind::Argument, &["row 3", "other columns than the first"]);
    let first =
        vec![("name", Value::Text("x".into())), ("points", Value::I64(1)), ("share", Value::F64(0.5))];
    let rows = [first, vec![("points", Value::I64(2))]];
    let error = conn.bulk_load(table, rows).await.unwrap_err();
    message(error, ErrorKind::Argument, &["row 2", "other columns than the first"]);
    // Too few and too many values, and no columns of this name.
    let error = conn.bulk_load(table, [(1, "x")]).columns(["id"]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["row 1", "2 values", "1 columns", "id"]);
    let error = conn.bulk_load(table, [(1, "x", 2, 0.5, "n", 6)]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["row 1", "6 values", "5 columns"]);
    let error = conn.bulk_load(table, [(1, "x")]).columns(["id", "nam"]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["`nam`", "it has: id, name"]);
    let error = conn.bulk_load(table, [(1, 2)]).columns(["id", "id"]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["`id`", "twice"]);
    let error = conn.bulk_load(table, [[("idd", 1)]]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["`idd`"]);
    let error = conn.bulk_load(Measurement, rows_of_one()).columns(["id"]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["columns", "of their own"]);
    let error = conn.bulk_load(table, [()]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["without a column"]);
    // An expression is no value.
    let error = conn.bulk_load(table, [(1, lower(Measurement::name))]).await.unwrap_err();
    message(error, ErrorKind::Argument, &["row 1", "expression"]);
    assert_eq!(count_of(&mut conn, Measurement).await, 0);
}
on_every_database!(rows_of_another_shape);

fn rows_of_one() -> Vec<Measurement> {
    vec![measurement(1)]
}

async fn what_the_database_refuses(database: &Database) {
    let mut conn = database.connect().await;
    let parent =
        Table::unregistered("parent").column(Column::new("id", Integer).primary_key().autoincrement(false));
    let child = Table::unregistered("child")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("parent_id", Integer).foreign_key("parent.id"))
        .column(Column::new("word", Varchar(5)).unique())
        .column(Column::new("share", Integer));
    let child = child.check(CheckConstraint::new("share >= 0").named("no_less"));
    MetaData::of((&parent, &child)).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    conn.bulk_load(&parent, (1..=500).map(|id| (id,))).await.unwrap();
    conn.commit().await.unwrap();
    let mut fails = async |row: (i64, i64, Option<&'static str>, i64), kinds: &[ErrorKind]| {
        let rows =
            (1..=300).map(|id| (id, id, None, 0)).chain([row]).chain((400..=500).map(|id| (id, id, None, 0)));
        let error = conn.bulk_load(&child, rows).await.unwrap_err();
        assert!(kinds.contains(&error.kind()), "{row:?}: {error}");
        let count: i64 = conn.scalar_one(select(count_all()).select_from(&child)).await.unwrap();
        assert_eq!(count, 0, "{row:?}");
    };
    fails((301, 999, None, 0), &[ErrorKind::Integrity]).await;
    fails((301, 1, None, -1), &[ErrorKind::Integrity]).await;
    fails((300, 1, None, 0), &[ErrorKind::Integrity]).await;
    if !database.is_sqlite() {
        // SQLite keeps texts of any length.
        fails((301, 1, Some("longer"), 0), &[ErrorKind::Data]).await;
    }
    let rows = [(1, 1, Some("same"), 0), (2, 2, Some("same"), 0)];
    let error = conn.bulk_load(&child, rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(error.statement().is_some_and(|sql| sql.starts_with("INSERT INTO child (id")), "{error}");
}
on_every_database!(what_the_database_refuses);

/// The engine takes a connection of its own, and the line that asked for it is the caller's.
#[tokio::test]
async fn a_load_that_would_wait_for_its_own_task_says_where() {
    let engine = create_engine("sqlite://").build().unwrap();
    let _held = engine.connect().await.unwrap();
    let line = line!() + 1;
    let error = engine.bulk_load(Measurement, [measurement(1)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(error.message().contains(&format!("bulk/refused.rs:{line}:")), "{error}");
}
