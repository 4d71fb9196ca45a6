//! Arrays as parameters.

use aludel_driver::{ErrorKind, Value};
use aludel_sql_expression::{
    SqlType,
    value::{ArrayValue, Columns, ValueSink as _},
};

use crate::server::{self, connect, rows, scalar, text};

fn array(element: SqlType, values: Vec<Value>) -> Value {
    Value::Array(Box::new(ArrayValue { element, values: values.into() }))
}

/// The same, packed where its values can be.
fn packed(element: SqlType, values: Vec<Value>) -> Value {
    let mut columns = Columns::new(1, values.len());
    values.into_iter().for_each(|value| columns.value(value));
    let values = columns.into_elements().remove(0);
    Value::Array(Box::new(ArrayValue { element, values }))
}

fn numbers(numbers: impl IntoIterator<Item = i64>) -> Value {
    array(SqlType::BigInteger, numbers.into_iter().map(Value::I64).collect())
}

#[tokio::test]
async fn unnest_gives_every_element_back() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    for (kind, values) in [
        ("bool", vec![Value::Bool(true), Value::Null, Value::Bool(false)]),
        ("int2", vec![Value::I64(-32_768), Value::Null]),
        ("int4", vec![Value::I64(i64::from(i32::MAX)), Value::Null]),
        ("int8", vec![Value::I64(i64::MIN), Value::Null, Value::I64(i64::MAX)]),
        ("float8", vec![Value::F64(0.5), Value::Null]),
        ("numeric", vec![decimal("-0.0001"), Value::Null, decimal("99999999999999999999999999999999999999")]),
        ("text", vec![text(""), Value::Null, text("NULL"), text("a \"b\" \\ {c},d 😀")]),
        ("varchar", vec![text("x")]),
        ("bytea", vec![Value::Bytes(vec![]), Value::Bytes(vec![0, 255]), Value::Null]),
        ("uuid", vec![Value::Uuid([7; 16]), Value::Null]),
        ("date", vec![Value::Date(0), Value::Null]),
        ("time", vec![Value::Time(1), Value::Null]),
        ("timestamp", vec![Value::DateTime(-1), Value::Null]),
        ("timestamptz", vec![Value::Instant(1), Value::Null]),
        ("jsonb", vec![Value::Json("[1, 2]".into()), Value::Null]),
        ("json", vec![Value::Json("{}".into())]),
        ("int4", vec![]),
        ("int4", vec![Value::Null]),
    ] {
        let sql = format!("SELECT x FROM unnest($1::{kind}[]) WITH ORDINALITY AS u(x, n) ORDER BY n");
        for make in [array, packed] {
            let got = rows(connection, &sql, &[make(SqlType::Unknown, values.clone())]).await.unwrap();
            let expected: Vec<_> = values.iter().map(|value| vec![value.clone()]).collect();
            assert_eq!(got, expected, "{kind}");
        }
    }
}

#[tokio::test]
async fn elements_that_only_have_a_text_form() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TYPE pg_temp.hue AS ENUM ('red', 'light green')").await;
    for (kind, values, expected) in [
        ("inet", vec![text("10.0.0.1"), Value::Null], vec![text("10.0.0.1/32"), Value::Null]),
        ("interval", vec![text("1 day"), text("02:00")], vec![text("1 day"), text("02:00:00")]),
        (
            "uuid",
            vec![text("01234567-89ab-cdef-0123-456789abcdef")],
            vec![text("01234567-89ab-cdef-0123-456789abcdef")],
        ),
        ("numeric", vec![Value::F64(0.1), Value::I64(2)], vec![text("0.1"), text("2")]),
        ("numeric", vec![Value::F64(f64::NAN), text("7")], vec![text("NaN"), text("7")]),
        ("pg_temp.hue", vec![text("light green"), Value::Null], vec![text("light green"), Value::Null]),
        ("numeric", vec![text("1"), Value::Decimal("2.50".parse().unwrap())], vec![text("1"), text("2.50")]),
    ] {
        let sql = format!("SELECT x::text FROM unnest($1::{kind}[]) WITH ORDINALITY AS u(x, n) ORDER BY n");
        for make in [array, packed] {
            let got = rows(connection, &sql, &[make(SqlType::Unknown, values.clone())]).await.unwrap();
            let expected: Vec<_> = expected.iter().map(|value| vec![value.clone()]).collect();
            assert_eq!(got, expected, "{kind}");
        }
    }
}

#[tokio::test]
async fn arrays_of_arrays() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let square = array(SqlType::Unknown, vec![numbers([1, 2, 3]), numbers([4, 5, 6])]);
    assert_eq!(
        scalar(connection, "SELECT $1::int4[]::text", std::slice::from_ref(&square)).await.unwrap(),
        text("{{1,2,3},{4,5,6}}")
    );
    let cube = array(SqlType::Unknown, vec![square.clone(), square]);
    let sql = "SELECT array_dims($1::int8[])";
    assert_eq!(scalar(connection, sql, &[cube]).await.unwrap(), text("[1:2][1:2][1:3]"));
    for ragged in [
        vec![numbers([1, 2]), numbers([3])],
        vec![numbers([1]), Value::I64(2)],
        vec![Value::I64(2), numbers([1])],
        vec![numbers([]), numbers([])],
        vec![Value::Null, numbers([1])],
        vec![array(SqlType::Unknown, vec![numbers([1])]), packed(SqlType::BigInteger, vec![Value::I64(1)])],
    ] {
        let error = rows(connection, sql, &[array(SqlType::Unknown, ragged.clone())]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data, "{ragged:?}");
        assert!(error.message().contains("parameter 1"), "{error}");
    }
}

#[tokio::test]
async fn mismatches_name_the_parameter() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let sql = "SELECT $1::int4, $2::int4[]";
    for make in [array, packed] {
        let texts = make(SqlType::Text, vec![text("x")]);
        let error = rows(connection, sql, &[Value::I64(1), texts]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.message().contains("parameter 2") && error.message().contains("_int4"), "{error}");
        let large = make(SqlType::BigInteger, vec![Value::I64(1), Value::I64(i64::MAX)]);
        let error = rows(connection, sql, &[Value::I64(1), large]).await.unwrap_err();
        assert!(error.message().contains("out of the type's range"), "{error}");
        let nul = make(SqlType::Text, vec![text("x"), text("a\0b")]);
        let error = rows(connection, "SELECT $1::text[]", &[nul]).await.unwrap_err();
        assert!(error.message().contains("parameter 1") && error.message().contains("NUL"), "{error}");
    }
    let error = rows(connection, sql, &[numbers([1]), Value::Null]).await.unwrap_err();
    assert!(error.message().contains("parameter 1 is an array"), "{error}");
    connection.ping().await.unwrap();
}

#[tokio::test]
async fn one_parameter_for_many_rows() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    server::batch(connection, "CREATE TEMP TABLE many (id int8, name text)").await;
    let names = array(SqlType::Text, (0..10_000).map(|number| text(&format!("name {number}"))).collect());
    let sql = "INSERT INTO many SELECT * FROM unnest($1::int8[], $2::text[])";
    assert_eq!(server::execute(connection, sql, &[numbers(0..10_000), names]).await.unwrap().rows, 10_000);
    let sql = "SELECT count(*) FROM many WHERE id = ANY($1) AND name = 'name ' || id";
    assert_eq!(scalar(connection, sql, &[numbers(0..5_000)]).await.unwrap(), Value::I64(5_000));
}
