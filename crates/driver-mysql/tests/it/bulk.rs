//! Bulk loads by LOAD DATA: a row is loaded as INSERT would have done it, or refused as by INSERT.

use std::task::{Context, Poll};

use aludel_driver::{
    BeginOptions, CallOptions, Connection, Control, Error, ErrorKind, Result, Value,
    bulk::{BulkDone, BulkTarget, BulkWay, RowSource, insert_rows},
};
use aludel_sql_expression::{
    Name, SqlType,
    schema::{Column, Table},
    value::{Decimal, Interval},
};

use crate::server::{assert_answers, batch, connect, execute, fetch, text};

/// Rows that are there.
pub struct Given(pub std::vec::IntoIter<Vec<Value>>);

impl Given {
    pub fn new(rows: impl IntoIterator<Item = Vec<Value>>) -> Self {
        Self(rows.into_iter().collect::<Vec<_>>().into_iter())
    }
}

impl RowSource for Given {
    fn poll_row(&mut self, _: &mut Context<'_>, values: &mut Vec<Value>) -> Poll<Result<bool>> {
        let row = self.0.next();
        Poll::Ready(Ok(row.map(|row| values.extend(row)).is_some()))
    }
}

/// A connection to a server that takes LOAD DATA LOCAL: MySQL comes with it off, MariaDB with it on.
async fn connected() -> Option<Box<dyn Connection>> {
    let mut connection = connect().await?;
    batch(&mut *connection, "SET GLOBAL local_infile = 1").await;
    Some(connection)
}

fn target(connection: &dyn Connection, table: &str, columns: &[&'static str]) -> BulkTarget {
    let names: Vec<Name> = columns.iter().map(|column| (*column).into()).collect();
    // Of this type, so that nothing is refused before it is sent.
    let table = columns.iter().fold(Table::unregistered(table.to_owned()), |table, column| {
        table.column(Column::new(*column, SqlType::Text))
    });
    BulkTarget::new(&table, &names, connection.dialect()).unwrap()
}

async fn load(connection: &mut dyn Connection, table: &str, rows: Vec<Vec<Value>>) -> Result<BulkDone> {
    let columns: &[&'static str] =
        if rows.first().is_some_and(|row| row.len() > 1) { &["id", "v"] } else { &["v"] };
    let target = target(connection, table, columns);
    connection.bulk_load(&target, &mut Given::new(rows), &CallOptions::default()).await
}

/// The columns that values are tried on.
const COLUMNS: [&str; 35] = [
    "BOOLEAN",
    "TINYINT",
    "TINYINT UNSIGNED",
    "SMALLINT",
    "MEDIUMINT UNSIGNED",
    "INT",
    "INT NOT NULL",
    "BIGINT",
    "BIGINT UNSIGNED",
    "FLOAT",
    "DOUBLE",
    "DECIMAL(10,2)",
    "DECIMAL(40,20)",
    "CHAR(5)",
    "VARCHAR(20)",
    "VARCHAR(20) NOT NULL",
    "VARCHAR(20) CHARACTER SET latin1",
    "VARCHAR(20) COLLATE utf8mb4_bin",
    "TEXT",
    "LONGTEXT",
    "BINARY(4)",
    "BINARY(16)",
    "VARBINARY(40)",
    "LONGBLOB",
    "DATE",
    "TIME(6)",
    "DATETIME",
    "DATETIME(6)",
    "TIMESTAMP(6) NULL",
    "YEAR",
    "BIT(1)",
    "BIT(8)",
    "BIT(64)",
    "ENUM('a', 'x', '12', 'ü')",
    "SET('a', 'x', '12')",
];

fn values() -> Vec<Value> {
    let integers =
        [0, 1, -1, 2, 12, 127, 128, 255, 256, 2024, 65_536, i64::from(i32::MIN), i64::MAX, i64::MIN];
    let decimals = ["0", "-0.01", "1.005", "12345678.25", "99999999999.5"];
    let texts = [
        "",
        " ",
        "  x  ",
        "NULL",
        "\\N",
        "\\",
        "\\\\",
        "a\tb\nc\rd",
        "a\0b",
        "\u{1a}",
        "'\"`",
        "ü漢🦀",
        "é",
        "12",
        "-1",
        "1.5",
        "1e3",
        "0x41",
        "x",
        "a,x",
        "2024-02-29",
        "2024-02-30",
        "0000-00-00",
        "12:34:56",
        "2024-02-29 12:34:56.789",
        "abcdefgh",
        "twenty characters ..",
        "more than twenty characters",
        "{\"a\": [1, null]}",
        "%s %d ?",
    ];
    let bytes: [&[u8]; 7] = [b"", b"\0", b"abc", b"\0\xff\t\n\\'", b"\\N", b"\xf0\x9f\xa6\x80", &[1; 17]];
    let day = 86_400_000_000;
    let mut values =
        vec![Value::Null, Value::Bool(true), Value::Bool(false), Value::U64(u64::MAX), Value::U64(3)];
    values.extend(integers.map(Value::I64));
    values.extend(
        [0.0, -0.0, 0.1, 1.5, -2.5, 1e10, 123_456_789.125, 1e300, 1e-300, f64::NAN, f64::INFINITY]
            .map(Value::F64),
    );
    values.extend([0.1, 1.5, 1e30, 16_777_217.0].map(Value::F32));
    values.extend(decimals.map(|text| Value::Decimal(text.parse::<Decimal>().unwrap())));
    values.push(Value::Number("12345678901234567890.12345678901234567890".into()));
    values.extend(texts.map(text));
    values.extend(bytes.map(|bytes| Value::Bytes(bytes.to_vec())));
    values.extend([Value::Uuid([7; 16]), Value::Uuid([0; 16]), Value::Uuid(*b"0123456789abcdef")]);
    values.extend([0, 19_782, -719_528, 2_932_896, 2_932_897].map(Value::Date));
    values.extend([0, 1, day - 1, day].map(Value::Time));
    values.extend([0, 1, 1_709_212_345_678_901, day * 2_932_896, -1].map(Value::DateTime));
    values.extend([0, 1_709_212_345_000_000, 1_709_212_345_678_901].map(Value::Instant));
    values.push(Value::Interval(Interval::microseconds(1_500_000)));
    values.push(Value::Json("{\"a\": \"\\\\ \\n ü\"}".into()));
    values
}

/// What a load leaves, or the kind of its error.
async fn outcome(
    connection: &mut dyn Connection,
    table: &str,
    done: Result<BulkDone>,
) -> (Result<Vec<Vec<String>>, ErrorKind>, Option<Error>) {
    match done {
        Ok(_) => {
            let rows =
                fetch(connection, &format!("SELECT HEX(CAST(v AS BINARY)), HEX(v) FROM {table}"), &[]).await;
            (Ok(rows), None)
        }
        Err(error) => (Err(error.kind()), Some(error)),
    }
}

/// Whether a column of this type is one for such values.
fn is_natural(column: &str, value: &Value) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| column.starts_with(word));
    match value {
        Value::Null | Value::Text(_) | Value::Bytes(_) => !begins(&["YEAR"]),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::Decimal(_) | Value::Interval(_) => {
            !begins(&["DATE", "TIME", "YEAR", "BIT", "ENUM", "SET"])
        }
        Value::F32(_) | Value::F64(_) => {
            begins(&["BOOL", "TINY", "SMALL", "MEDIUM", "INT", "BIG", "FLOAT", "DOUBLE", "DEC"])
        }
        Value::Date(_) => begins(&["DATE", "TIMESTAMP", "TEXT", "LONGTEXT", "VARCHAR"]),
        Value::DateTime(_) | Value::Instant(_) => begins(&["DATE", "TIME", "TEXT", "LONGTEXT", "VARCHAR"]),
        Value::Time(_) => begins(&["TIME(", "TEXT", "LONGTEXT", "VARCHAR"]),
        _ => begins(&["TEXT", "LONGTEXT", "BINARY(16)", "VARBINARY", "LONGBLOB"]),
    }
}

#[tokio::test]
async fn every_value_is_loaded_as_insert_would_do_it() {
    let Some(mut connection) = connected().await else { return };
    let connection = &mut *connection;
    let mut differences = Vec::new();
    let is_mysql = connection.server().product == "MySQL";
    for (number, column) in COLUMNS.iter().enumerate() {
        let (loaded, inserted) = (format!("loaded_{number}"), format!("inserted_{number}"));
        for table in [&loaded, &inserted] {
            batch(connection, &format!("CREATE TEMPORARY TABLE {table} (v {column}) CHARACTER SET utf8mb4"))
                .await;
        }
        for value in values() {
            connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
            let row = vec![vec![value.clone()]];
            let one = target(connection, &inserted, &["v"]);
            let options = CallOptions::default();
            let done = insert_rows(connection, &one, &mut Given::new(row.clone()), &options, 100).await;
            let (expected, wrong) = outcome(connection, &inserted, done).await;
            let done = load(connection, &loaded, row).await;
            assert!(done.as_ref().map_or(true, |done| done.way == BulkWay::LoadData), "{column}");
            let (given, error) = outcome(connection, &loaded, done).await;
            // What fits no column of this type may be refused, where INSERT would have made something of it.
            let is_refused = given == Err(ErrorKind::Data) && !is_natural(column, &value);
            // MySQL refuses more of it than MariaDB.
            let is_refused = is_refused || (is_mysql && given.is_err());
            if given != expected && !is_refused {
                differences
                    .push(format!("{column} {value:?}: {given:?} {error:?} for {expected:?} {wrong:?}"));
            }
            connection.control(Control::Rollback).await.unwrap();
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test]
async fn an_error_says_its_row_and_is_none_of_a_warning() {
    let Some(mut connection) = connected().await else { return };
    let connection = &mut *connection;
    batch(
        connection,
        "CREATE TEMPORARY TABLE errors (id INT PRIMARY KEY, v TINYINT NOT NULL) CHARACTER SET utf8mb4",
    )
    .await;
    let rows = |wrong: Value| {
        (1..=5000)
            .map(|id| vec![Value::I64(id), if id == 4321 { wrong.clone() } else { Value::I64(id % 100) }])
            .collect()
    };
    for (wrong, kind) in [
        (Value::I64(300), ErrorKind::Data),
        (text("many"), ErrorKind::Data),
        (text(""), ErrorKind::Data),
        (Value::Null, ErrorKind::Integrity),
    ] {
        connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
        let error = load(connection, "errors", rows(wrong.clone())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{wrong:?}: {error}");
        assert!(error.message().starts_with("row 4321: "), "{wrong:?}: {error}");
        assert!(error.code().is_some(), "{error:?}");
        connection.control(Control::Rollback).await.unwrap();
    }
    // Notes are none: INSERT rounds such numbers without a word, too.
    batch(connection, "CREATE TEMPORARY TABLE rounded (id INT PRIMARY KEY, v DECIMAL(5,1))").await;
    let many = (1..=2000).map(|id| vec![Value::I64(id), text("1.25")]).collect();
    let done = load(connection, "rounded", many).await.unwrap();
    assert_eq!((done.rows, done.way), (2000, BulkWay::LoadData));
    assert_eq!(fetch(connection, "SELECT @@sql_notes", &[]).await, [["I64(1)"]]);
    let rounded = fetch(connection, "SELECT COUNT(*) FROM rounded WHERE v = 1.3", &[]).await;
    assert_eq!(rounded, [["I64(2000)"]]);
}

#[tokio::test]
async fn what_load_data_cannot_say_is_inserted() {
    let Some(mut connection) = connected().await else { return };
    let connection = &mut *connection;
    batch(connection, "CREATE TEMPORARY TABLE places (id INT PRIMARY KEY, v GEOMETRY)").await;
    let rows = (1..=250).map(|id| vec![Value::I64(id), Value::Null]).collect();
    let done = load(connection, "places", rows).await.unwrap();
    assert_eq!((done.rows, done.way), (250, BulkWay::MultiRow));
    // What is not there is told as by INSERT.
    let error = load(connection, "nowhere", vec![vec![Value::I64(1), Value::Null]]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Programming, Some("1146")), "{error}");
    assert_answers(connection).await;
}

#[tokio::test]
async fn one_column_and_large_values() {
    let Some(mut connection) = connected().await else { return };
    let connection = &mut *connection;
    batch(connection, "CREATE TEMPORARY TABLE text_lines (n INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT) CHARACTER SET utf8mb4").await;
    let large = "🦀\\\t\n\0'".repeat(100_000);
    let texts = ["", "\\N", "", "\n", &large, "", "end"];
    let rows = texts.iter().map(|line| vec![text(line)]).chain([vec![Value::Null]]).collect();
    load(connection, "text_lines", rows).await.unwrap();
    let back = fetch(connection, "SELECT v FROM text_lines ORDER BY n", &[]).await;
    let expected: Vec<_> =
        texts.iter().map(|line| vec![format!("Text({line:?})")]).chain([vec!["Null".to_owned()]]).collect();
    assert_eq!(back, expected);
    // More than the server takes in one packet.
    let most: u64 = fetch(connection, "SELECT @@max_allowed_packet", &[]).await[0][0]
        .trim_matches(|letter: char| !letter.is_ascii_digit())
        .rsplit(|letter: char| !letter.is_ascii_digit())
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap();
    execute(connection, "DELETE FROM text_lines", &[]).await;
    let count = most / (1 << 20) + 2;
    let rows = (0..count).map(|_| vec![text(&"x".repeat(1 << 20))]).collect();
    load(connection, "text_lines", rows).await.unwrap();
    let sums = fetch(connection, "SELECT COUNT(*), MIN(LENGTH(v)) FROM text_lines", &[]).await;
    assert_eq!(sums, [[format!("I64({count})"), format!("I64({})", 1 << 20)]]);
}
