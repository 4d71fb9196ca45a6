//! Every kind of value, there and back.

use aludel_driver::{ErrorKind, Statement, Value};
use aludel_sql_expression::{
    SqlType,
    schema::{Column, Table},
    types::Integer,
    value::{ArrayValue, Decimal, temporal},
};

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    kept::Kept,
    probe::{Probe, text},
};

pub(super) const CASES: &[Case] = &[
    case!(integers_come_back),
    case!(unsigned_integers_come_back_or_are_refused),
    case!(floats_come_back),
    case!(floats_that_are_no_numbers_come_back_or_are_refused),
    case!(decimals_come_back),
    case!(long_decimals_come_back_exactly_or_are_refused),
    case!(truth_values_come_back),
    case!(texts_come_back),
    case!(a_text_with_a_nul_comes_back_or_is_refused),
    case!(bytes_come_back),
    case!(big_values_come_back),
    case!(dates_come_back),
    case!(times_come_back),
    case!(dates_with_times_come_back),
    case!(instants_come_back),
    case!(uuids_come_back),
    case!(json_comes_back),
    case!(arrays_come_as_one_parameter if |capabilities| capabilities.arrays),
];

/// A value for a message, cut where it is long.
fn shown(value: &Value) -> String {
    let mut shown = format!("{value:?}");
    if let Some((end, _)) = shown.char_indices().nth(80) {
        shown.truncate(end);
        shown.push_str("..");
    }
    shown
}

/// Brings a value as it was read to the form in which it was written: backends show the same value in several forms.
fn canonical(sql_type: &SqlType, value: Value) -> Result<Value, Failure> {
    Ok(match (sql_type, value) {
        (SqlType::Boolean, Value::I64(0)) => Value::Bool(false),
        (SqlType::Boolean, Value::I64(1)) => Value::Bool(true),
        (SqlType::Float, Value::F64(number)) => Value::F32(number as f32),
        (SqlType::Double, Value::I64(number)) => Value::F64(number as f64),
        (SqlType::Numeric { .. }, Value::F64(number)) => Value::Decimal(Decimal::from_f64(number)?),
        (SqlType::Numeric { .. }, Value::I64(number)) => Value::Decimal(number.into()),
        (SqlType::Numeric { .. }, Value::Text(number)) => Value::Decimal(number.parse()?),
        (SqlType::Date, Value::Text(text)) => Value::Date(temporal::parse_date(&text)?),
        (SqlType::Time, Value::Text(text)) => Value::Time(temporal::parse_time(&text)?),
        (SqlType::DateTime, Value::Text(text)) => Value::DateTime(temporal::parse_datetime(&text)?.0),
        (SqlType::Timestamp, Value::Text(text)) => {
            let (microseconds, offset) = temporal::parse_datetime(&text)?;
            Value::Instant(microseconds - i64::from(offset.unwrap_or(0)) * 1_000_000)
        }
        // Where there are no zones the session is in UTC.
        (SqlType::Timestamp, Value::DateTime(microseconds)) => Value::Instant(microseconds),
        (SqlType::Uuid, Value::Bytes(bytes)) => match bytes.try_into() {
            Ok(bytes) => Value::Uuid(bytes),
            Err(bytes) => return Err(Failure::new(format!("{bytes:?} is no UUID"))),
        },
        (SqlType::Uuid, Value::Text(text)) => {
            let digits: String = text.chars().filter(|letter| *letter != '-').collect();
            let number = u128::from_str_radix(&digits, 16)
                .map_err(|_error| Failure::new(format!("`{text}` is no UUID")))?;
            Value::Uuid(number.to_be_bytes())
        }
        // The documents of the suite have no spaces of their own.
        (SqlType::Json, Value::Json(text) | Value::Text(text)) => Value::Json(text.replace(' ', "").into()),
        (_, value) => value,
    })
}

/// Writes the values and a NULL into a column of the type, and reads them by a kept statement and by one that is not.
async fn come_back(
    subject: &Subject,
    name: &'static str,
    sql_type: SqlType,
    values: &[Value],
) -> Result<(), Failure> {
    let mut probe = Probe::open(subject).await?;
    let table = Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("v", sql_type.clone()));
    probe.create(&table).await?;
    let insert = format!("INSERT INTO {name} (id, v) VALUES (?, ?)");
    let with_null: Vec<&Value> = values.iter().chain([&Value::Null]).collect();
    for (value, id) in with_null.iter().zip(0..) {
        let done = probe.execute(&insert, &[Value::I64(id), (*value).clone()]).await;
        let done = done.map_err(|error| {
            Failure::from(error).context(format_args!("writing {} as {sql_type:?}", shown(value)))
        })?;
        ensure_equal!(done.rows, 1, "rows made of {}", shown(value));
    }
    // The same again in one call, where a driver may look at types only once.
    let offset = with_null.len() as i64;
    let sets: Vec<Value> =
        with_null.iter().zip(offset..).flat_map(|(value, id)| [Value::I64(id), (*value).clone()]).collect();
    probe.many(&insert, 2, &sets).await?;
    let sql = format!("SELECT v FROM {name} ORDER BY id");
    for statement in [Statement::once(&*sql), Statement::new(&*sql), Statement::new(&*sql)] {
        let mut kept = Kept::default();
        probe.connection.fetch(&statement, &[], &Default::default(), &mut kept).await?;
        ensure_equal!(kept.rows.len(), with_null.len() * 2, "rows of {sql_type:?}");
        for (row, value) in kept.rows.into_iter().zip(with_null.iter().chain(&with_null)) {
            let Some(seen) = row.into_iter().next() else { return Err(Failure::new("a row without a cell")) };
            let raw = shown(&seen);
            let seen = canonical(&sql_type, seen).map_err(|failure| {
                failure.context(format_args!("{} as {sql_type:?} came as {raw}", shown(value)))
            })?;
            ensure!(
                seen == **value,
                "{} as {sql_type:?} came back as {raw} (cacheable: {})",
                shown(value),
                statement.is_cacheable()
            );
        }
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

/// Asks for the rows that equal each value; there are two of each.
async fn come_back_and_compare(
    subject: &Subject,
    name: &'static str,
    sql_type: SqlType,
    values: &[Value],
) -> Result<(), Failure> {
    come_back(subject, name, sql_type.clone(), values).await?;
    let mut probe = Probe::open(subject).await?;
    let table = Table::unregistered(name)
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("v", sql_type.clone()));
    probe.create(&table).await?;
    let sets: Vec<Value> =
        values.iter().zip(0..).flat_map(|(value, id)| [Value::I64(id), value.clone()]).collect();
    probe.many(&format!("INSERT INTO {name} (id, v) VALUES (?, ?)"), 2, &sets).await?;
    for (value, id) in values.iter().zip(0..) {
        let rows =
            probe.rows(&format!("SELECT id FROM {name} WHERE v = ?"), std::slice::from_ref(value)).await?;
        ensure_equal!(rows, [[Value::I64(id)]], "the rows whose {sql_type:?} is {value:?}");
    }
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

/// Writes a value alone: it comes back as it is, or is refused as [`ErrorKind::Data`] before it is falsified.
async fn comes_back_or_is_refused(
    subject: &Subject,
    name: &'static str,
    sql_type: SqlType,
    value: Value,
    is_same: impl Fn(&Value, &Value) -> bool,
) -> Result<(), Failure> {
    let mut probe = Probe::open(subject).await?;
    let table = Table::unregistered(name).column(Column::new("v", sql_type.clone()));
    probe.create(&table).await?;
    match probe.execute(&format!("INSERT INTO {name} (v) VALUES (?)"), std::slice::from_ref(&value)).await {
        Err(error) => {
            ensure_equal!(error.kind(), ErrorKind::Data, "{value:?} as {sql_type:?} was refused: {error:?}");
            ensure!(!error.is_disconnect(), "{value:?} ended the connection: {error:?}");
        }
        Ok(_) => {
            let mut rows = probe.rows(&format!("SELECT v FROM {name}"), &[]).await?;
            let seen = rows.pop().and_then(|mut row| row.pop()).unwrap_or_default();
            let seen = canonical(&sql_type, seen)?;
            ensure!(is_same(&seen, &value), "{value:?} as {sql_type:?} came back as {seen:?}");
        }
    }
    probe.ensure_usable().await?;
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}

async fn integers_come_back(subject: Subject) -> Result<(), Failure> {
    for (name, sql_type, values) in [
        ("suite_small", SqlType::SmallInteger, vec![0, 1, -1, i64::from(i16::MIN), i64::from(i16::MAX)]),
        ("suite_integer", SqlType::Integer, vec![0, 1, -1, i64::from(i32::MIN), i64::from(i32::MAX)]),
        (
            "suite_bigint",
            SqlType::BigInteger,
            vec![0, -1, 2_147_483_649, -2_147_483_649, 1_376_537_018_368_127, i64::MIN, i64::MAX],
        ),
    ] {
        let values: Vec<Value> = values.into_iter().map(Value::I64).collect();
        come_back_and_compare(&subject, name, sql_type, &values).await?;
    }
    Ok(())
}

async fn unsigned_integers_come_back_or_are_refused(subject: Subject) -> Result<(), Failure> {
    for number in [i64::MAX as u64 + 1, u64::MAX] {
        let sql_type = SqlType::UnsignedBigInteger;
        comes_back_or_is_refused(&subject, "suite_unsigned", sql_type, Value::U64(number), |a, b| a == b)
            .await?;
    }
    // One that fits is an integer like others.
    let same = |seen: &Value, _: &Value| *seen == Value::I64(12);
    comes_back_or_is_refused(&subject, "suite_unsigned", SqlType::BigInteger, Value::U64(12), same).await
}

async fn floats_come_back(subject: Subject) -> Result<(), Failure> {
    let values =
        [0.0, 0.1, -2.5e-300, 5.5e10, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1.0 / 3.0].map(Value::F64);
    come_back_and_compare(&subject, "suite_double", SqlType::Double, &values).await?;
    let values = [0.5, -1.25, 16_777_216.0].map(Value::F32);
    come_back(&subject, "suite_float", SqlType::Float, &values).await
}

async fn floats_that_are_no_numbers_come_back_or_are_refused(subject: Subject) -> Result<(), Failure> {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let is_same = |seen: &Value, value: &Value| match (seen, value) {
            (Value::F64(seen), Value::F64(value)) => {
                seen.to_bits() == value.to_bits() || seen.is_nan() && value.is_nan()
            }
            _ => false,
        };
        let value = Value::F64(number);
        comes_back_or_is_refused(&subject, "suite_no_number", SqlType::Double, value, is_same).await?;
    }
    Ok(())
}

fn decimal(text: &str) -> Result<Value, Failure> {
    Ok(Value::Decimal(text.parse::<Decimal>()?))
}

async fn decimals_come_back(subject: Subject) -> Result<(), Failure> {
    let values = ["0", "0.99", "-0.01", "138.60", "99999999.99", "-99999999.99", "100"];
    let values: Vec<Value> = values.into_iter().map(decimal).collect::<Result<_, _>>()?;
    let sql_type = SqlType::Numeric { precision: Some(10), scale: Some(2) };
    come_back_and_compare(&subject, "suite_decimal", sql_type, &values).await?;
    let values = ["54.234246451650", "0.000000000001", "12.345678901234"];
    let values: Vec<Value> = values.into_iter().map(decimal).collect::<Result<_, _>>()?;
    come_back(&subject, "suite_decimal", SqlType::Numeric { precision: Some(18), scale: Some(12) }, &values)
        .await
}

async fn long_decimals_come_back_exactly_or_are_refused(subject: Subject) -> Result<(), Failure> {
    for number in [
        "31943874831932418390.01",
        "1234567890123456789012345678.0123456789",
        "-9999999999999999999999999999.9999999999",
        "0.0000000001",
        "9007199254740993",
    ] {
        let sql_type = SqlType::Numeric { precision: Some(38), scale: Some(10) };
        comes_back_or_is_refused(&subject, "suite_long_decimal", sql_type, decimal(number)?, |a, b| a == b)
            .await?;
    }
    Ok(())
}

async fn truth_values_come_back(subject: Subject) -> Result<(), Failure> {
    let values = [Value::Bool(true), Value::Bool(false)];
    come_back_and_compare(&subject, "suite_truth", SqlType::Boolean, &values).await
}

async fn texts_come_back(subject: Subject) -> Result<(), Failure> {
    let values = ["", "a", " spaces around ", "Zoë 🜁", "'quotes' \"and\" `more` \\", "1", "null"].map(text);
    come_back(&subject, "suite_text", SqlType::Text, &values).await?;
    come_back(&subject, "suite_varchar", SqlType::Varchar(100), &values).await
}

async fn a_text_with_a_nul_comes_back_or_is_refused(subject: Subject) -> Result<(), Failure> {
    comes_back_or_is_refused(&subject, "suite_nul", SqlType::Text, text("a\0b"), |a, b| a == b).await
}

async fn bytes_come_back(subject: Subject) -> Result<(), Failure> {
    let all: Vec<u8> = (0..=255).collect();
    let values = [vec![], vec![0], b"\0text\0".to_vec(), all, vec![0xff; 3]].map(Value::Bytes);
    come_back(&subject, "suite_bytes", SqlType::LargeBinary, &values).await
}

async fn big_values_come_back(subject: Subject) -> Result<(), Failure> {
    let long = "0123456789abcdé".repeat(70_000);
    come_back(&subject, "suite_big_text", SqlType::Text, &[text(&long), text("short")]).await?;
    let bytes: Vec<u8> = (0..2_000_003_u32).map(|number| (number % 251) as u8).collect();
    come_back(&subject, "suite_big_bytes", SqlType::LargeBinary, &[Value::Bytes(bytes), Value::Bytes(vec![])])
        .await
}

async fn dates_come_back(subject: Subject) -> Result<(), Failure> {
    let day = temporal::days_from_civil;
    let values = [
        day(2024, 2, 29),
        day(1970, 1, 1),
        day(1969, 12, 31),
        day(1850, 11, 10),
        day(1582, 10, 4),
        day(9999, 12, 31),
    ];
    come_back_and_compare(&subject, "suite_date", SqlType::Date, &values.map(Value::Date)).await
}

async fn times_come_back(subject: Subject) -> Result<(), Failure> {
    let values = [0, 1, 49_500_000_001, 86_399_999_999, 43_200_000_000].map(Value::Time);
    come_back_and_compare(&subject, "suite_time", SqlType::Time, &values).await
}

/// Microseconds around the beginning of the calendar, long before it and long after.
const MICROSECONDS: [i64; 6] =
    [0, -1, 1_709_214_300_000_001, -3_758_875_648_000_000, 253_402_300_799_999_999, 951_782_400_000_000];

async fn dates_with_times_come_back(subject: Subject) -> Result<(), Failure> {
    come_back_and_compare(&subject, "suite_datetime", SqlType::DateTime, &MICROSECONDS.map(Value::DateTime))
        .await
}

async fn instants_come_back(subject: Subject) -> Result<(), Failure> {
    come_back_and_compare(&subject, "suite_instant", SqlType::Timestamp, &MICROSECONDS.map(Value::Instant))
        .await
}

async fn uuids_come_back(subject: Subject) -> Result<(), Failure> {
    let one =
        [0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0xff];
    let values = [one, [0; 16], [0xff; 16]].map(Value::Uuid);
    come_back_and_compare(&subject, "suite_uuid", SqlType::Uuid, &values).await
}

async fn json_comes_back(subject: Subject) -> Result<(), Failure> {
    let documents = [
        r#"{"a":[1,2.5,null,"ü🦀"]}"#,
        "[]",
        "{}",
        r#""text""#,
        "12",
        "true",
        "null",
        r#"{"k":{"deep":[[[1]]]}}"#,
    ];
    let values = documents.map(|document| Value::Json(document.into()));
    come_back(&subject, "suite_json", SqlType::Json, &values).await
}

async fn arrays_come_as_one_parameter(subject: Subject) -> Result<(), Failure> {
    let mut probe = Probe::open(&subject).await?;
    let table = Table::unregistered("suite_array")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("word", SqlType::Text));
    probe.create(&table).await?;
    let array =
        |element, values: Vec<Value>| Value::Array(Box::new(ArrayValue { element, values: values.into() }));
    let ids = array(SqlType::Integer, vec![Value::I64(1), Value::I64(2), Value::I64(3)]);
    let words = array(SqlType::Text, vec![text("a"), Value::Null, text("{\"c\",}")]);
    let insert = "INSERT INTO suite_array (id, word) SELECT * FROM unnest(?, ?)";
    let (first, second) =
        (probe.dialect().cast_type_name(&SqlType::Integer)?, probe.dialect().cast_type_name(&SqlType::Text)?);
    let insert = insert.replacen("(?, ?)", &format!("(CAST(? AS {first}[]), CAST(? AS {second}[]))"), 1);
    ensure_equal!(probe.execute(&insert, &[ids, words]).await?.rows, 3, "rows of an array");
    let rows = probe.rows("SELECT id, word FROM suite_array ORDER BY id", &[]).await?;
    let expected =
        [[Value::I64(1), text("a")], [Value::I64(2), Value::Null], [Value::I64(3), text("{\"c\",}")]];
    ensure_equal!(rows, expected, "what the arrays held");
    let none = array(SqlType::Integer, vec![]);
    let rows = probe.rows("SELECT id FROM suite_array WHERE id = ANY(?)", &[none]).await?;
    ensure!(rows.is_empty(), "an empty array holds something: {rows:?}");
    probe.drop(&table).await?;
    probe.close().await?;
    Ok(())
}
