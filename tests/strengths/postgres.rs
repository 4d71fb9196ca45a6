//! What only PostgreSQL has.

use aludel::{
    engine::{BulkWay, ExecutionOptions},
    postgres::{CopyStatement, LargeObjectMode, PostgresConnection},
    prelude::*,
    sql::{FromRow, SqlType, Value, dialect::SchemaTranslateMap, trusted},
};

use crate::database::{Database, Kind, run};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
pub struct Author {
    #[column(primary_key)]
    pub id: i64,
    pub name: String,
    pub born: Option<i32>,
}

#[derive(FromRow, Debug, PartialEq)]
struct Named {
    name: String,
    id: i64,
}

/// Runs a test on a schema with the table of the authors.
async fn with_authors(test: impl AsyncFnOnce(&Database)) {
    run(Kind::Postgres, async |database: &Database| {
        database.engine().begin(async |conn| MetaData::of(Author).create_all(conn).await).await.unwrap();
        test(database).await;
    })
    .await;
}

#[tokio::test]
async fn copy_is_part_of_the_transaction_that_is_begun() {
    with_authors(async |database: &Database| {
        let authors = [
            Author { id: 0, name: "Eco".into(), born: Some(1932) },
            Author { id: 0, name: "Böll; \"Heinrich\"".into(), born: None },
        ];
        let mut conn = database.connect().await;
        let statement = CopyStatement::table(Author);

        let mut transaction = conn.begin().await.unwrap();
        let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
        // The numbers are the server's.
        assert_eq!(postgres.copy_all_in(&statement, &authors).await.unwrap(), 2);
        transaction.rollback().await.unwrap();
        let count = conn.scalar_one::<i64, _>(select(count_all()).select_from(Author)).await.unwrap();
        assert_eq!(count, 0, "it was rolled back with its transaction");
        conn.rollback().await.unwrap();

        let mut transaction = conn.begin().await.unwrap();
        let mut savepoint = transaction.begin_nested().await.unwrap();
        let postgres: &mut PostgresConnection = savepoint.driver_mut().await.unwrap();
        let error = postgres.copy_all_in(&statement, [(1, "one", 1), (1, "two", 2)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        savepoint.rollback().await.unwrap();
        let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
        assert_eq!(postgres.copy_all_in(&statement, &authors).await.unwrap(), 2);
        transaction.commit().await.unwrap();

        let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
        let query = CopyStatement::query(select((Author::id, Author::name)).order_by(Author::name));
        let out = postgres.copy_rows_out::<Named>(&query).await.unwrap();
        let names: Vec<String> = out.all().await.unwrap().into_iter().map(|row| row.name).collect();
        assert_eq!(names, ["Böll; \"Heinrich\"", "Eco"]);
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_copy_that_is_dropped_costs_its_connection_and_nothing_else() {
    with_authors(async |database: &Database| {
        let mut conn = database.connect().await;
        let before = conn.id();
        let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
        let mut copy = postgres.copy_in(&CopyStatement::table(Author)).await.unwrap();
        copy.send("1\tEco\t1932\n").await.unwrap();
        drop(copy);
        let count = conn.scalar_one::<i64, _>(select(count_all()).select_from(Author)).await.unwrap();
        assert_eq!(count, 0);
        assert_ne!(conn.id(), before, "another connection was taken");
        conn.close().await.unwrap();
    })
    .await;
}

/// Makes tables by a script, and gives a connection.
async fn connected(database: &Database, script: &'static str) -> Connection {
    let mut conn = database.connect().await;
    conn.batch(script).await.unwrap();
    conn.commit().await.unwrap();
    conn
}

#[tokio::test]
async fn a_bulk_load_goes_on_as_text_where_a_value_has_no_binary_form() {
    run(Kind::Postgres, async |database: &Database| {
        let mut conn =
            connected(database, "CREATE TABLE item (id int PRIMARY KEY, key uuid, day date)").await;
        let item = Table::unregistered("item")
            .column(Column::new("id", Integer))
            .column(Column::new("key", SqlType::Text))
            .column(Column::new("day", SqlType::Date));
        let row = |id: i64| {
            // What a value is may change from row to row.
            let key = match id % 10_000 {
                4_000.. => Value::Text(format!("00000000-0000-0000-0000-{id:012}").into()),
                _ => Value::Uuid(u128::try_from(id).unwrap().to_be_bytes()),
            };
            (id, key, Value::Date(id as i32))
        };
        for rows in [3_000, 20_000] {
            let loaded = conn.bulk_load(&item, (1..=rows).map(row)).await.unwrap();
            assert_eq!((loaded.rowcount(), loaded.way()), (rows as u64, Some(BulkWay::Copy)));
            let wrong = text("SELECT count(*) FROM item WHERE day <> date '1970-01-01' + id OR key IS NULL");
            assert_eq!(conn.scalar_one::<i64, _>(wrong).await.unwrap(), 0);
            conn.rollback().await.unwrap();
        }
        let rows = (1..=9_000).map(|id| row(if id == 8_765 { 5 } else { id }));
        let error = conn.bulk_load(&item, rows).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.message().contains("row 8765"), "{error}");
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_bulk_load_does_what_insert_would() {
    run(Kind::Postgres, async |database: &Database| {
        let script = "CREATE TABLE ruled (id int); CREATE TABLE log (id int);
             CREATE RULE logged AS ON INSERT TO ruled DO ALSO INSERT INTO log VALUES (NEW.id);
             CREATE VIEW shown AS SELECT id FROM log;
             CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY, word text);
             CREATE TABLE parted (id int) PARTITION BY RANGE (id);
             CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (50);
             CREATE TABLE high PARTITION OF parted FOR VALUES FROM (50) TO (100)";
        let mut conn = connected(database, script).await;
        let table = |name: &'static str| Table::unregistered(name).column(Column::new("id", Integer));
        let count = async |conn: &mut Connection, name: &'static str| {
            conn.scalar_one::<i64, _>(select(count_all()).select_from(table(name))).await.unwrap()
        };
        let loaded = conn.bulk_load(table("ruled"), (0..10).map(|id| (id,))).await.unwrap();
        assert_eq!(loaded.way(), Some(BulkWay::MultiRow), "COPY knows no rules");
        assert_eq!(count(&mut conn, "log").await, 10);
        let loaded = conn.bulk_load(table("shown"), (0..10).map(|id| (id,))).await.unwrap();
        assert_eq!((loaded.way(), count(&mut conn, "log").await), (Some(BulkWay::MultiRow), 20));
        let loaded = conn.bulk_load(table("parted"), (0..100).map(|id| (id,))).await.unwrap();
        assert_eq!((loaded.way(), count(&mut conn, "high").await), (Some(BulkWay::Copy), 50));
        let numbered = table("numbered").column(Column::new("word", SqlType::Text));
        let error = conn.bulk_load(&numbered, [(7, "seven")]).await.unwrap_err();
        assert_eq!(error.code(), Some("428C9"), "{error}");
        let loaded = conn.bulk_load(&numbered, [("one",), ("two",)]).columns(["word"]).await.unwrap();
        assert_eq!((loaded.way(), count(&mut conn, "numbered").await), (Some(BulkWay::Copy), 2));
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_cursor_leaves_its_connection_free_between_batches() {
    with_authors(async |database: &Database| {
        let mut conn = database.connect().await;
        let authors = (1..=20_000).map(|id| Author { id, name: format!("Author {id}"), born: None });
        conn.bulk_load(Author, authors).await.unwrap();
        let mut cursor = conn.declare_cursor(select(Author).order_by(Author::id)).await.unwrap();
        let mut seen = 0;
        loop {
            let batch = cursor.fetch(&mut conn, 3_000).await.unwrap();
            let Some(last) = batch.last() else { break };
            seen += batch.len();
            // Reads, writes, COPY, failures in a savepoint, and another cursor.
            let born = update(Author).set(Author::born, 1900).filter(Author::id.le(last.id));
            assert_eq!(conn.execute(born).await.unwrap().rowcount(), last.id as u64);
            let mut savepoint = conn.begin_nested().await.unwrap();
            savepoint.execute(text("SELECT 1/0")).await.err().unwrap();
            savepoint.rollback().await.unwrap();
            let mut other =
                conn.declare_cursor(select(Author::id).order_by(Author::id.desc())).await.unwrap();
            assert_eq!(other.fetch(&mut conn, 1).await.unwrap(), [20_000]);
            other.close(&mut conn).await.unwrap();
            let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
            let copy = postgres.copy_out(&CopyStatement::table(Author)).await.unwrap();
            assert!(copy.write_to(&mut Vec::new()).await.unwrap() > 20_000);
        }
        assert_eq!(seen, 20_000);
        cursor.close(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_session_lock_never_goes_back_to_the_pool_unknown() {
    with_authors(async |database: &Database| {
        let engine = database.engine_with(|builder| builder.pool_size(1).max_overflow(0));
        let mut watcher = database.connect().await;
        let key = i64::from(std::process::id()) + (1 << 40);
        let mut conn = engine.connect().await.unwrap();
        let before = conn.id();
        let lock = {
            let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
            postgres.advisory_lock(key).await.unwrap()
        };
        // The connection goes on to be used, in transactions and outside of them.
        conn.execute(insert(Author).values(&Author { id: 0, name: "Eco".into(), born: None })).await.unwrap();
        conn.commit().await.unwrap();
        let postgres: &mut PostgresConnection = watcher.driver_mut().await.unwrap();
        assert!(postgres.try_advisory_lock(key).await.unwrap().is_none());
        drop(lock);
        conn.close().await.unwrap();
        let mut conn = engine.connect().await.unwrap();
        assert_eq!(conn.id(), before, "it is a connection like any other");
        conn.scalar_one::<i32, _>(text("SELECT 1")).await.unwrap();
        assert!(postgres.try_advisory_lock(key).await.unwrap().is_some());
        conn.rollback().await.unwrap();
        // Large objects go with the transaction that is begun.
        let mut transaction = conn.begin().await.unwrap();
        let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
        let oid = postgres.create_large_object().await.unwrap();
        transaction.rollback().await.unwrap();
        let mut transaction = conn.begin().await.unwrap();
        let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
        assert!(postgres.open_large_object(oid, LargeObjectMode::Read).await.is_err());
        transaction.rollback().await.unwrap();
        conn.close().await.unwrap();
        watcher.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn copy_spells_names_as_its_connection_does() {
    run(Kind::Postgres, async |database: &Database| {
        let mut conn = database.connect().await;
        let schema = format!("aludel copy \"{}\"", std::process::id());
        let quoted = schema.replace('"', "\"\"");
        conn.execute(text(trusted(format!("CREATE SCHEMA \"{quoted}\"")))).await.unwrap();
        conn.commit().await.unwrap();
        let map = SchemaTranslateMap::new().default_to(schema);
        conn.set_execution_options(ExecutionOptions::new().schema_translate_map(map)).unwrap();
        MetaData::of(Author).create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        let statement = CopyStatement::table(Author);
        let there = statement.clone().dialect(conn.dialect());
        let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
        let error = postgres.copy_rows_out::<(i64, String, Option<i32>)>(&statement).await.unwrap_err();
        assert_eq!(error.code(), Some("42P01"), "there is no such table in the schema of the test: {error}");
        let authors = [Author { id: 7, name: "Eco".into(), born: None }];
        assert_eq!(postgres.copy_all_in(&there, &authors).await.unwrap(), 1);
        let bytes = postgres.copy_out(&there).await.unwrap().next().await.unwrap().unwrap();
        assert_eq!(bytes, "7\tEco\t\\N\n");
        // Left before its end, it has cost its connection; the next statement takes another.
        assert_eq!(conn.scalar_one::<i64, _>(select(count_all()).select_from(Author)).await.unwrap(), 1);
        conn.rollback().await.unwrap();
        conn.execute(text(trusted(format!("DROP SCHEMA \"{quoted}\" CASCADE")))).await.unwrap();
        conn.commit().await.unwrap();
        conn.close().await.unwrap();
    })
    .await;
}

#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Calm,
    #[value(name = "it's \"wild\" \\ ü")]
    Wild,
}

/// A model of odd columns, which can also be read from rows.
#[derive(Mapped, FromRow, Clone, Debug, Default, PartialEq)]
#[table(name = "Odd \"one\"")]
struct Odd {
    #[column(primary_key)]
    id: uuid_1::Uuid,
    #[column(name = "select")]
    mood: Mood,
    moods: Vec<Mood>,
    #[column(precision = 20, scale = 4)]
    price: Option<aludel::Decimal>,
    numbers: Option<Vec<Option<i64>>>,
    words: Vec<String>,
    document: Option<serde_json_1::Value>,
    day: Option<chrono_0_4::NaiveDate>,
    moment: Option<chrono_0_4::DateTime<chrono_0_4::Utc>>,
    bytes: Option<Vec<u8>>,
    note: Option<String>,
}

fn odd(number: u32) -> Odd {
    let some = !number.is_multiple_of(3);
    let notes = ["", " ", "\\N", "NULL", "\\.", "\t\n\r", "ü漢🦀", "it's \"so\", {or} not\\", ","];
    let note = notes[number as usize % notes.len()].to_owned();
    Odd {
        id: uuid_1::Uuid::from_u128(u128::from(number)),
        mood: if some { Mood::Wild } else { Mood::Calm },
        moods: [Mood::Wild, Mood::Calm][..number as usize % 3].to_vec(),
        price: some.then(|| aludel::Decimal::new(i128::from(number) * 10_001 - 7, 4).unwrap()),
        numbers: some.then(|| vec![None, Some(-1), Some(i64::MAX)][..number as usize % 4].to_vec()),
        words: vec![note.clone(); number as usize % 3],
        document: some.then(|| serde_json_1::json!({"n": number, "t": [note.clone(), null_value()]})),
        day: some.then(|| chrono_0_4::NaiveDate::from_ymd_opt(1583, 1, 1 + number % 28).unwrap()),
        moment: some.then(|| chrono_0_4::DateTime::from_timestamp(-86_399 * i64::from(number), 0).unwrap()),
        bytes: some.then(|| vec![0, 9, 10, 13, 92, 255, number as u8][..number as usize % 8].to_vec()),
        note: some.then_some(note),
    }
}

fn null_value() -> serde_json_1::Value {
    serde_json_1::Value::Null
}

#[tokio::test]
async fn structs_of_odd_columns_are_copied_in_every_form() {
    run(Kind::Postgres, async |database: &Database| {
        let mut conn = database.connect().await;
        MetaData::of(Odd).create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        let rows: Vec<Odd> = (0..500).map(odd).collect();
        let all = || CopyStatement::query(select(Odd).order_by(Odd::id));
        type Form = fn(CopyStatement) -> CopyStatement;
        let forms: [(&str, Form); 3] =
            [("text", CopyStatement::text), ("csv", CopyStatement::csv), ("binary", CopyStatement::binary)];
        for (name, form) in forms {
            let mut conn = conn.begin().await.unwrap();
            let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
            let count = postgres.copy_all_in(&form(CopyStatement::table(Odd)), &rows).await;
            assert_eq!(count.unwrap_or_else(|error| panic!("{name} in: {error}")), 500);
            let loaded = conn.execute(select(Odd).order_by(Odd::id)).all().await.unwrap();
            assert_eq!(loaded, rows, "{name} in");
            let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
            let out = postgres.copy_rows_out::<Odd>(&form(all())).await.unwrap();
            let back = out.all().await.unwrap_or_else(|error| panic!("{name} out: {error}"));
            assert_eq!(back, rows, "{name} out");
            // No rows are no trouble.
            conn.execute(delete(Odd)).await.unwrap();
            let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
            assert_eq!(postgres.copy_all_in(&form(CopyStatement::table(Odd)), &rows[..0]).await.unwrap(), 0);
            let out = postgres.copy_rows_out::<Odd>(&form(all())).await.unwrap();
            assert!(out.all().await.unwrap().is_empty());
            conn.rollback().await.unwrap();
        }
        let result = conn.bulk_load(Odd, &rows).await.unwrap();
        assert_eq!(result.way(), Some(BulkWay::Copy));
        assert_eq!(conn.execute(select(Odd).order_by(Odd::id)).all().await.unwrap(), rows);
        conn.rollback().await.unwrap();
        conn.close().await.unwrap();
    })
    .await;
}
