//! Every kind of value, there and back.

use aludel_driver::{CallOptions, Cell, Connection, ErrorKind, Statement, Value};
use aludel_sql_expression::{
    Decode, SqlType,
    value::{ArrayValue, Decimal, Interval},
};

use crate::server::{self, Kept, connect, rows, scalar, text};

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

/// Sends a value as a type, and asserts what comes back, both in the same form.
async fn assert_same(connection: &mut dyn Connection, kind: &str, value: Value) {
    assert_becomes(connection, kind, value.clone(), value).await;
}

async fn assert_becomes(connection: &mut dyn Connection, kind: &str, sent: Value, expected: Value) {
    let got = scalar(connection, &format!("SELECT $1::{kind}"), std::slice::from_ref(&sent)).await;
    match got {
        Ok(got) => assert_eq!(got, expected, "{sent:?} as {kind}"),
        Err(error) => panic!("{sent:?} as {kind}: {error}"),
    }
}

async fn assert_refused(connection: &mut dyn Connection, kind: &str, value: Value, words: &[&str]) {
    let error =
        rows(connection, &format!("SELECT $1::{kind}"), std::slice::from_ref(&value)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{value:?} as {kind}: {error}");
    for word in words {
        assert!(error.message().contains(word), "`{word}` is expected in: {error}");
    }
    // Nothing was sent, or the server refused it: either way the connection goes on.
    assert!(!connection.is_broken());
}

#[tokio::test]
async fn null_is_of_every_type() {
    let Some(mut connection) = connect().await else { return };
    for kind in
        ["bool", "int4", "numeric", "text", "bytea", "uuid", "date", "timestamptz", "jsonb", "int4[]", "inet"]
    {
        assert_same(&mut *connection, kind, Value::Null).await;
    }
}

#[tokio::test]
async fn truth_values() {
    let Some(mut connection) = connect().await else { return };
    for flag in [true, false] {
        assert_same(&mut *connection, "bool", Value::Bool(flag)).await;
    }
    assert_becomes(&mut *connection, "text", Value::Bool(true), text("true")).await;
    assert_refused(&mut *connection, "int4", Value::Bool(true), &["parameter 1", "a truth value", "int4"])
        .await;
}

#[tokio::test]
async fn integers_to_their_limits() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for (kind, least, most) in [
        ("int2", i64::from(i16::MIN), i64::from(i16::MAX)),
        ("int4", i64::from(i32::MIN), i64::from(i32::MAX)),
        ("int8", i64::MIN, i64::MAX),
        ("oid", 0, i64::from(u32::MAX)),
    ] {
        for number in [least, 0, 1, most] {
            assert_same(connection, kind, Value::I64(number)).await;
            if let Ok(number) = u64::try_from(number) {
                assert_becomes(connection, kind, Value::U64(number), Value::I64(number as i64)).await;
            }
        }
        if kind != "int8" {
            assert_refused(connection, kind, Value::I64(least - 1), &["parameter 1", "an integer", kind])
                .await;
            assert_refused(connection, kind, Value::I64(most + 1), &["out of the type's range"]).await;
        }
    }
    assert_refused(connection, "int8", Value::U64(u64::MAX), &["out of the type's range"]).await;
    assert_becomes(connection, "numeric", Value::U64(u64::MAX), decimal("18446744073709551615")).await;
    assert_becomes(connection, "numeric", Value::I64(i64::MIN), decimal("-9223372036854775808")).await;
    assert_becomes(connection, "float8", Value::I64(-3), Value::F64(-3.0)).await;
    assert_becomes(connection, "float4", Value::I64(7), Value::F32(7.0)).await;
    assert_becomes(connection, "text", Value::I64(-12), text("-12")).await;
    assert_becomes(connection, "int4", decimal("12.00"), Value::I64(12)).await;
    assert_refused(connection, "int4", decimal("12.5"), &["not a whole number"]).await;
    assert_refused(connection, "int4", text("12"), &["parameter 1", "text", "int4"]).await;
    assert_refused(connection, "int4", Value::F64(1.0), &["floating-point"]).await;
    assert_refused(connection, "date", Value::I64(1), &["an integer", "date"]).await;
    assert_becomes(connection, "regclass", Value::I64(1259), Value::I64(1259)).await;
}

#[tokio::test]
async fn floating_point_numbers() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for number in
        [0.0, -0.0, 1.5, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 0.1, f64::INFINITY, f64::NEG_INFINITY]
    {
        assert_same(connection, "float8", Value::F64(number)).await;
    }
    for number in [0.0, 1.5, f32::MAX, f32::MIN_POSITIVE, f32::INFINITY] {
        assert_same(connection, "float4", Value::F32(number)).await;
    }
    let Value::F64(number) = scalar(connection, "SELECT $1::float8", &[Value::F64(f64::NAN)]).await.unwrap()
    else {
        panic!("a float is expected")
    };
    assert!(number.is_nan());
    assert_becomes(connection, "float8", Value::F32(0.5), Value::F64(0.5)).await;
    assert_becomes(connection, "float4", Value::F64(0.25), Value::F32(0.25)).await;
    assert_refused(connection, "float4", Value::F64(1e300), &["out of the type's range"]).await;
    assert_becomes(connection, "float8", decimal("2.75"), Value::F64(2.75)).await;
    // A float goes into a numeric by its own digits, not by those of its binary form.
    assert_becomes(connection, "numeric", Value::F64(0.1), decimal("0.1")).await;
    assert_becomes(connection, "numeric", Value::F32(0.1), decimal("0.1")).await;
    assert_becomes(
        connection,
        "numeric(60,0)::text",
        Value::F64(1e30),
        text("1000000000000000000000000000000"),
    )
    .await;
    assert_becomes(connection, "numeric::text", Value::F64(f64::NAN), text("NaN")).await;
    assert_becomes(connection, "numeric::text", Value::F64(f64::INFINITY), text("Infinity")).await;
    assert_becomes(connection, "text", Value::F64(1.5), text("1.5")).await;
}

#[tokio::test]
async fn decimals_of_up_to_38_digits() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for number in [
        "0",
        "0.00",
        "1",
        "-1",
        "10",
        "100",
        "1000",
        "10000",
        "100000",
        "9999",
        "12345678",
        "0.1",
        "0.01",
        "0.001",
        "0.0001",
        "0.00001",
        "-0.00012",
        "1.50",
        "1.5000",
        "138.60",
        "10000.0001",
        "123456789012345678.12345",
        "99999999999999999999999999999999999999",
        "-99999999999999999999999999999999999999",
        "10000000000000000000000000000000000000",
        "0.99999999999999999999999999999999999999",
        "-0.00000000000000000000000000000000000001",
        "0.12345678901234567890123456789012345678",
        "1234567890123456789.0123456789012345678",
        "9.9999999999999999999999999999999999999",
        "1e20",
        "12e-3",
    ] {
        let sent: Decimal = number.parse().unwrap();
        let got = scalar(connection, "SELECT $1::numeric", &[Value::Decimal(sent)]).await.unwrap();
        let Value::Decimal(got) = got else { panic!("a decimal is expected") };
        assert_eq!(got, sent, "{number}");
        assert_eq!(got.to_string(), sent.to_string(), "the zeros behind the point stay");
        // What the server understood, in its own words.
        let said = scalar(connection, "SELECT $1::numeric::text", &[Value::Decimal(sent)]).await.unwrap();
        assert_eq!(said, text(&sent.to_string()));
    }
    // What the server makes itself.
    for (sql, expected) in [
        ("1e37::numeric", "10000000000000000000000000000000000000"),
        ("1.10::numeric(40,2)", "1.10"),
        ("1::numeric(50,40)", "1.0000000000000000000000000000000000000"),
        ("0::numeric(50,45)", "0.00000000000000000000000000000000000000"),
        ("1e-38::numeric", "0.00000000000000000000000000000000000001"),
        ("10000::numeric * 10000", "100000000"),
        ("2::numeric / 3", "0.66666666666666666667"),
        ("sum(x) FROM (VALUES (1::int8), (2)) AS v(x)", "3"),
    ] {
        let Value::Decimal(got) = scalar(connection, &format!("SELECT {sql}"), &[]).await.unwrap() else {
            panic!("a decimal is expected")
        };
        assert_eq!(got.to_string(), expected, "{sql}");
    }
    for sql in [
        "'NaN'::numeric",
        "'Infinity'::numeric",
        "'-Infinity'::numeric",
        "1e38::numeric",
        "1e-39::numeric",
        "1e1000::numeric",
    ] {
        // What is no decimal of ours is shown as it came: longer numbers have types of other crates.
        let shown = scalar(connection, &format!("SELECT {sql}"), &[]).await.unwrap();
        let Value::Text(shown) = shown else { panic!("{sql} is no decimal: {shown:?}") };
        assert!(shown.starts_with("numeric of "), "{sql}: {shown}");
    }
    let refused = Decimal::decode(Cell::Other { type_name: "numeric", bytes: &[0; 8] }).unwrap_err();
    assert!(refused.to_string().contains("NaN or infinity"), "{refused}");
    assert_becomes(connection, "text", decimal("1.50"), text("1.50")).await;
    assert_becomes(connection, "numeric", text("1.50"), decimal("1.50")).await;
    assert_refused(connection, "numeric", text("one"), &["one"]).await;
    let error = rows(connection, "SELECT $1::numeric(4,2)", &[decimal("123.45")]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Data, Some("22003")));
}

#[tokio::test]
async fn texts() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let long = "ä€😀".repeat(50_000);
    for sent in
        ["", "a", "it's \"quoted\" \\ and {so} on", "naïve – 日本語 – 😀", "\n\t\r", "NULL", long.as_str()]
    {
        assert_same(connection, "text", text(sent)).await;
        assert_same(connection, "varchar", text(sent)).await;
    }
    assert_becomes(connection, "bpchar(4)", text("ab"), text("ab  ")).await;
    assert_same(connection, "name", text("a name")).await;
    assert_same(connection, "\"char\"", text("x")).await;
    assert_same(connection, "xml", text("<a/>")).await;
    assert_refused(connection, "text", text("a\0b"), &[]).await;
    assert_refused(connection, "bytea", text("abc"), &["text", "bytea"]).await;
    assert_refused(connection, "bool", text("true"), &["text", "bool"]).await;
    // Without a cast the server takes an unknown parameter for text.
    assert_eq!(scalar(connection, "SELECT $1", &[text("x")]).await.unwrap(), text("x"));
    assert_eq!(scalar(connection, "SELECT $1", &[Value::I64(41)]).await.unwrap(), text("41"));
}

#[tokio::test]
async fn bytes() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    for sent in [vec![], vec![0], (0..=255).collect(), vec![0xff; 300_000]] {
        assert_same(connection, "bytea", Value::Bytes(sent)).await;
    }
    assert_refused(connection, "text", Value::Bytes(vec![65]), &["bytes", "text"]).await;
}

#[tokio::test]
async fn uuids() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let bytes = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef";
    let words = "01234567-89ab-cdef-0123-456789abcdef";
    for bytes in [bytes, [0; 16], [255; 16]] {
        assert_same(connection, "uuid", Value::Uuid(bytes)).await;
    }
    assert_becomes(connection, "uuid", text(words), Value::Uuid(bytes)).await;
    assert_becomes(connection, "text", Value::Uuid(bytes), text(words)).await;
    assert_refused(connection, "uuid", text("no uuid"), &["uuid"]).await;
}

#[tokio::test]
async fn dates_and_times() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    const DAY: i64 = 86_400_000_000;
    // 4713-01-01 BC is the first day that the server knows, 5874897-12-31 the last.
    for days in [0, -1, 1, 10_957, 10_956, 19_782, -719_162, -2_440_550, 2_145_031_948] {
        assert_same(connection, "date", Value::Date(days)).await;
    }
    for microseconds in [0, 1, DAY / 2 + 123_456, DAY - 1, DAY] {
        assert_same(connection, "time", Value::Time(microseconds)).await;
    }
    for microseconds in
        [0, -1, 1, i64::MAX, 946_684_800_000_000, 1_709_214_300_123_456, -62_135_596_800_000_000]
    {
        assert_same(connection, "timestamp", Value::DateTime(microseconds)).await;
        assert_same(connection, "timestamptz", Value::Instant(microseconds)).await;
        assert_becomes(connection, "timestamp", Value::Instant(microseconds), Value::DateTime(microseconds))
            .await;
        assert_becomes(
            connection,
            "timestamptz",
            Value::DateTime(microseconds),
            Value::Instant(microseconds),
        )
        .await;
    }
    // The session's zone changes how an instant is written, and not which one it is.
    server::batch(connection, "SET TIME ZONE 'Asia/Tokyo'").await;
    assert_becomes(connection, "timestamptz", Value::DateTime(0), Value::Instant(0)).await;
    assert_becomes(connection, "timestamptz", text("1970-01-01 00:00:00+00"), Value::Instant(0)).await;
    server::batch(connection, "SET TIME ZONE 'UTC'").await;

    assert_becomes(connection, "text", Value::Date(19_782), text("2024-02-29")).await;
    assert_becomes(connection, "date", text("2024-02-29"), Value::Date(19_782)).await;
    assert_becomes(connection, "time", text("00:00:01.5"), Value::Time(1_500_000)).await;
    assert_becomes(
        connection,
        "timestamp",
        text("2000-01-01 00:00:00"),
        Value::DateTime(946_684_800_000_000),
    )
    .await;
    assert_becomes(connection, "text", Value::DateTime(0), text("1970-01-01 00:00:00.000000")).await;
    assert_becomes(connection, "text", Value::Instant(0), text("1970-01-01 00:00:00.000000+00")).await;
    for (kind, value) in [
        ("date", Value::Date(i32::MIN)),
        ("date", Value::Date(i32::MIN + 10_957)),
        ("date", Value::Date(i32::MAX)),
        ("timestamp", Value::DateTime(i64::MIN)),
        ("timestamp", Value::DateTime(i64::MIN + 946_684_800_000_000)),
        ("timestamptz", Value::Instant(i64::MIN + 1)),
        ("time", Value::Time(-1)),
        ("time", Value::DateTime(0)),
        ("date", text("2024-02-30")),
    ] {
        assert_refused(connection, kind, value, &[]).await;
    }
    for kind in ["date", "timestamp", "timestamptz"] {
        for infinity in ["infinity", "-infinity"] {
            let error = rows(connection, &format!("SELECT '{infinity}'::{kind}"), &[]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Data);
            assert!(error.message().contains("infinite"), "{error}");
        }
    }
    assert_eq!(
        scalar(connection, "SELECT '294276-12-31'::timestamp", &[]).await.unwrap_err().kind(),
        ErrorKind::Data
    );
}

#[tokio::test]
async fn json() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let document = r#"{"a": [1, 2.5, null, "ü"]}"#;
    assert_same(connection, "json", Value::Json(document.into())).await;
    assert_same(connection, "jsonb", Value::Json(document.into())).await;
    assert_becomes(connection, "jsonb", text("[1]"), Value::Json("[1]".into())).await;
    assert_becomes(connection, "json", text("[1]"), Value::Json("[1]".into())).await;
    assert_becomes(connection, "text", Value::Json("[1]".into()), text("[1]")).await;
    assert_refused(connection, "jsonb", text("[1"), &["json"]).await;
    assert_refused(connection, "int4", Value::Json("1".into()), &["JSON"]).await;
    assert_becomes(connection, "jsonpath", text("$.a"), text("$.\"a\"")).await;
}

#[tokio::test]
async fn enumerations_domains_and_types_of_its_own() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(
        connection,
        "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'glad');
         CREATE DOMAIN pg_temp.positive AS int4 CHECK (value > 0);
         CREATE DOMAIN pg_temp.title AS text;
         CREATE TYPE pg_temp.pair AS (a int4, b text);",
    )
    .await;
    assert_same(connection, "pg_temp.mood", text("glad")).await;
    assert_refused(connection, "pg_temp.mood", text("angry"), &["angry"]).await;
    assert_same(connection, "pg_temp.positive", Value::I64(3)).await;
    assert_same(connection, "pg_temp.title", text("1984")).await;
    let error = rows(connection, "SELECT $1::int4::pg_temp.positive", &[Value::I64(-3)]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Integrity, Some("23514")));
    for (kind, sent, expected) in [
        ("inet", "10.0.0.1", "inet of 8 bytes"),
        ("int4range", "[1,5)", "[1,5)"),
        ("int4range", "empty", "empty"),
        ("timetz", "12:00+02", "timetz of 12 bytes"),
        ("pg_temp.pair", "(1,b)", "pair of 25 bytes"),
        ("macaddr", "08:00:2b:01:02:03", "macaddr of 6 bytes"),
    ] {
        assert_becomes(connection, kind, text(sent), text(expected)).await;
    }
    let days = Value::Interval(Interval { months: 14, days: 1, microseconds: -5 });
    assert_becomes(connection, "interval", text("1 year 2 months 1 day -0.000005 seconds"), days.clone())
        .await;
    assert_same(connection, "interval", days).await;
    let numbers = ArrayValue { element: SqlType::Unknown, values: vec![Value::I64(1), Value::Null].into() };
    assert_becomes(connection, "int4[]", text("{1,NULL}"), Value::Array(Box::new(numbers))).await;
    assert_refused(connection, "inet", text("10.0.0.1.5"), &["inet"]).await;
    assert_refused(connection, "inet", Value::I64(1), &["an integer", "inet"]).await;
    // Its own wire form is the way back in.
    let mut kept = Kept::default();
    let address = Value::Bytes(vec![2, 32, 0, 4, 10, 0, 0, 1]);
    let sql = Statement::new("SELECT host($1::inet)");
    connection.fetch(&sql, &[address], &CallOptions::default(), &mut kept).await.unwrap();
    assert_eq!(kept.rows, [[text("10.0.0.1")]]);
    // Many rows of a type that has to be looked up.
    let sql = "SELECT 'sad'::pg_temp.mood FROM generate_series(1, 20000)";
    assert_eq!(rows(connection, sql, &[]).await.unwrap().len(), 20_000);
    assert_eq!(scalar(connection, "SELECT pg_sleep(0)", &[]).await.unwrap(), text(""));
}

#[tokio::test]
async fn columns_are_told_also_without_rows() {
    let Some(mut connection) = connect().await else { return };
    let sql = Statement::new("SELECT 1::int8 AS id, 'x'::text AS name, now() AS since WHERE false");
    let mut kept = Kept::default();
    let done = connection.fetch(&sql, &[], &CallOptions::default(), &mut kept).await.unwrap();
    assert_eq!(done.rows, 0);
    let columns = kept.columns.unwrap();
    let told: Vec<_> = columns.iter().map(|column| (&*column.name, &*column.type_name)).collect();
    assert_eq!(told, [("id", "int8"), ("name", "text"), ("since", "timestamptz")]);

    let mut kept = Kept::default();
    let sql = Statement::once("CREATE TEMP TABLE told (id int)");
    connection.fetch(&sql, &[], &CallOptions::default(), &mut kept).await.unwrap();
    let sql = Statement::new("INSERT INTO told VALUES (1), (2)");
    assert_eq!(connection.fetch(&sql, &[], &CallOptions::default(), &mut kept).await.unwrap().rows, 2);
    assert!(kept.columns.is_none(), "a statement without columns has none to tell");
}

#[tokio::test]
async fn a_cell_that_is_not_there_is_an_error() {
    use std::{ops::ControlFlow, sync::Arc};

    use aludel_driver::{ColumnInfo, Result, Row, Sink};

    struct Beyond;
    impl Sink for Beyond {
        fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
            Ok(())
        }

        fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
            row.cell(1)?;
            Ok(ControlFlow::Continue(()))
        }
    }

    let Some(mut connection) = connect().await else { return };
    let error = connection
        .fetch(&Statement::new("SELECT 1"), &[], &CallOptions::default(), &mut Beyond)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    connection.ping().await.unwrap();
}
