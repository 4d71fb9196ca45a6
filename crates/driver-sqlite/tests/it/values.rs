use aludel_driver::{ErrorKind, Value};
use aludel_sql_expression::{
    SqlType,
    value::{ArrayValue, Decimal},
};

use crate::support::{fetch, memory, run, scalar, text, try_run};

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

/// The value as SQLite keeps it, and its storage class.
async fn kept(value: Value) -> (Value, String) {
    let mut connection = memory().await;
    let mut row = fetch(&mut *connection, "SELECT ?1, typeof(?1)", &[value]).await.rows.remove(0);
    let Some(Value::Text(class)) = row.pop() else { panic!("typeof gives text") };
    (row.remove(0), class.into())
}

#[tokio::test]
async fn values_are_kept_as_documented() {
    let uuid =
        [0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0xff];
    let long = "é".repeat(3_000_000);
    let bytes: Vec<u8> = (0..=255).collect();
    for (value, expected, class) in [
        (Value::Null, Value::Null, "null"),
        (Value::Bool(true), Value::I64(1), "integer"),
        (Value::Bool(false), Value::I64(0), "integer"),
        (Value::I64(i64::MIN), Value::I64(i64::MIN), "integer"),
        (Value::I64(i64::MAX), Value::I64(i64::MAX), "integer"),
        (Value::U64(i64::MAX as u64), Value::I64(i64::MAX), "integer"),
        (Value::F32(0.5), Value::F64(0.5), "real"),
        (Value::F64(f64::MIN_POSITIVE), Value::F64(f64::MIN_POSITIVE), "real"),
        (Value::F64(f64::INFINITY), Value::F64(f64::INFINITY), "real"),
        (decimal("12.00"), Value::I64(12), "integer"),
        (decimal("9223372036854775807"), Value::I64(i64::MAX), "integer"),
        (decimal("-0.99"), Value::F64(-0.99), "real"),
        (decimal("123456789012.345"), Value::F64(123_456_789_012.345), "real"),
        (decimal("100000000000000000000"), Value::F64(1e20), "real"),
        (decimal("0.00000000000000000000000000000123"), Value::F64(1.23e-30), "real"),
        (decimal("0"), Value::I64(0), "integer"),
        (text(""), text(""), "text"),
        (text("Zoë 🜁 \u{0}end"), text("Zoë 🜁 \u{0}end"), "text"),
        (text(&long), text(&long), "text"),
        (Value::Bytes(vec![]), Value::Bytes(vec![]), "blob"),
        (Value::Bytes(bytes.clone()), Value::Bytes(bytes), "blob"),
        (Value::Uuid(uuid), text("123e4567-e89b-12d3-a456-4266141740ff"), "text"),
        (Value::Date(19_782), text("2024-02-29"), "text"),
        (Value::Time(49_500_000_001), text("13:45:00.000001"), "text"),
        (Value::DateTime(1_709_214_300_000_000), text("2024-02-29 13:45:00.000000"), "text"),
        (Value::DateTime(-1), text("1969-12-31 23:59:59.999999"), "text"),
        (Value::Instant(1_709_214_300_000_000), text("2024-02-29 13:45:00.000000+00:00"), "text"),
        (Value::Json("{\"a\": 1}".into()), text("{\"a\": 1}"), "text"),
    ] {
        let shown = format!("{value:.60?}");
        assert_eq!(kept(value).await, (expected, class.to_owned()), "{shown}");
    }
}

#[tokio::test]
async fn values_that_would_be_falsified_are_refused() {
    let mut connection = memory().await;
    let array = Value::Array(Box::new(ArrayValue { element: SqlType::Integer, values: vec![].into() }));
    for (value, kind, word) in [
        (Value::U64(i64::MAX as u64 + 1), ErrorKind::Data, "9223372036854775808"),
        (Value::F64(f64::NAN), ErrorKind::Data, "NaN"),
        (Value::F32(f32::NAN), ErrorKind::Data, "NaN"),
        (decimal("1234567890.1234567"), ErrorKind::Data, "17 significant digits"),
        (decimal("99999999999999999999"), ErrorKind::Data, "20 significant digits"),
        (array, ErrorKind::NotSupported, "array"),
    ] {
        let error = try_run(&mut *connection, "SELECT ?, ?", &[Value::Null, value]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(word) && error.message().contains("parameter 2"), "{error}");
        assert_eq!(error.statement(), Some("SELECT ?, ?"));
    }
    assert_eq!(scalar(&mut *connection, "SELECT 1").await, Value::I64(1));
}

#[tokio::test]
async fn decimals_calculate_order_and_compare() {
    let mut connection = memory().await;
    run(&mut *connection, "CREATE TABLE item (price DECIMAL(10, 2))").await;
    for price in ["0.99", "1.99", "10", "9.5", "100.00"] {
        try_run(&mut *connection, "INSERT INTO item VALUES (?)", &[decimal(price)]).await.unwrap();
    }
    let rows = fetch(&mut *connection, "SELECT price FROM item ORDER BY price", &[]).await.rows;
    let numbers: Vec<_> = rows
        .iter()
        .map(|row| match row[0] {
            Value::I64(number) => number as f64,
            Value::F64(number) => number,
            ref other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [0.99, 1.99, 9.5, 10.0, 100.0]);
    let found =
        fetch(&mut *connection, "SELECT count(*) FROM item WHERE price = ?", &[decimal("0.990")]).await;
    assert_eq!(found.rows, [[Value::I64(1)]]);
    let sum = scalar(&mut *connection, "SELECT sum(price) FROM item").await;
    let Value::F64(sum) = sum else { panic!("{sum:?}") };
    assert_eq!(Decimal::from_f64(sum).unwrap(), "122.48".parse().unwrap());
}

#[tokio::test]
async fn text_that_is_not_utf8_is_a_data_error() {
    let mut connection = memory().await;
    // The first run copies its rows, the second reads them in place.
    for _ in 0..2 {
        let sql = "SELECT 1, CAST(x'ff41' AS TEXT)";
        let mut kept = crate::support::Kept::default();
        let error = connection
            .fetch(&aludel_driver::Statement::new(sql), &[], &Default::default(), &mut kept)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.message().contains("column 1") && error.message().contains("UTF-8"), "{error}");
    }
    assert_eq!(
        scalar(&mut *connection, "SELECT CAST(CAST(x'ff41' AS TEXT) AS BLOB)").await,
        Value::Bytes(vec![0xff, 0x41])
    );
}

#[tokio::test]
async fn the_number_of_parameters_is_checked() {
    let mut connection = memory().await;
    for given in [0, 1, 3] {
        let parameters = vec![Value::Null; given];
        let error = try_run(&mut *connection, "SELECT ?, ?", &parameters).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(
            error.message().contains("takes 2 parameters") && error.message().contains(&given.to_string()),
            "{error}"
        );
    }
    // A parameter of an earlier run does not stay behind.
    assert_eq!(fetch(&mut *connection, "SELECT ?", &[Value::I64(5)]).await.rows, [[Value::I64(5)]]);
    assert!(try_run(&mut *connection, "SELECT ?", &[]).await.is_err());
}
