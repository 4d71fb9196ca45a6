//! Every kind of value, there and back.

use aludel_driver::{Connection, ErrorKind, Value};
use aludel_sql_expression::{
    SqlType,
    value::{ArrayValue, Decimal},
};

use crate::server::{Kept, batch, connect, error, execute, fetch, text, try_fetch};

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse::<Decimal>().unwrap())
}

/// Writes the values into a column of the type, and reads them, by a prepared statement and as text.
async fn round_trip(connection: &mut dyn Connection, column: &str, values: &[(Value, &str)]) {
    let table = format!("round_{}", column.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_"));
    batch(
        connection,
        &format!(
            "CREATE TEMPORARY TABLE {table} (id INT PRIMARY KEY AUTO_INCREMENT, value {column} NULL)
             CHARACTER SET utf8mb4"
        ),
    )
    .await;
    for (value, _) in values {
        let done = execute(
            connection,
            &format!("INSERT INTO {table} (value) VALUES (?)"),
            std::slice::from_ref(value),
        )
        .await;
        assert_eq!(done.rows, 1);
    }
    execute(connection, &format!("INSERT INTO {table} (value) VALUES (?)"), &[Value::Null]).await;
    let sql = format!("SELECT value FROM {table} ORDER BY id");
    let prepared = fetch(connection, &sql, &[]).await;
    let mut as_text = Kept::default();
    connection
        .fetch(&aludel_driver::Statement::once(sql), &[], &Default::default(), &mut as_text)
        .await
        .unwrap_or_else(|error| panic!("{column}: {error}"));
    let expected: Vec<_> = values.iter().map(|(_, expected)| vec![(*expected).to_owned()]).collect();
    assert_eq!(prepared[..values.len()], expected, "{column}");
    assert_eq!(as_text.rows[..values.len()], expected, "{column}, as text");
    assert_eq!(prepared[values.len()], ["Null"], "{column}");
    assert_eq!(as_text.rows[values.len()], ["Null"], "{column}");
}

#[tokio::test]
async fn integers() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    round_trip(connection, "TINYINT(1)", &[(Value::Bool(true), "I64(1)"), (Value::Bool(false), "I64(0)")])
        .await;
    round_trip(connection, "TINYINT", &[(Value::I64(-128), "I64(-128)"), (Value::I64(127), "I64(127)")])
        .await;
    round_trip(connection, "TINYINT UNSIGNED", &[(Value::I64(255), "U64(255)"), (Value::I64(0), "U64(0)")])
        .await;
    round_trip(
        connection,
        "SMALLINT",
        &[(Value::I64(-32768), "I64(-32768)"), (Value::I64(32767), "I64(32767)")],
    )
    .await;
    round_trip(connection, "SMALLINT UNSIGNED", &[(Value::I64(65535), "U64(65535)")]).await;
    round_trip(connection, "MEDIUMINT", &[(Value::I64(-8_388_608), "I64(-8388608)")]).await;
    round_trip(connection, "MEDIUMINT UNSIGNED", &[(Value::I64(16_777_215), "U64(16777215)")]).await;
    round_trip(
        connection,
        "INT",
        &[(Value::I64(-2_147_483_648), "I64(-2147483648)"), (Value::I64(2_147_483_647), "I64(2147483647)")],
    )
    .await;
    round_trip(connection, "INT UNSIGNED", &[(Value::I64(4_294_967_295), "U64(4294967295)")]).await;
    round_trip(
        connection,
        "BIGINT",
        &[
            (Value::I64(i64::MIN), "I64(-9223372036854775808)"),
            (Value::I64(i64::MAX), "I64(9223372036854775807)"),
        ],
    )
    .await;
    round_trip(
        connection,
        "BIGINT UNSIGNED",
        &[
            (Value::U64(u64::MAX), "U64(18446744073709551615)"),
            (Value::U64(1), "U64(1)"),
            (Value::I64(i64::MAX), "U64(9223372036854775807)"),
        ],
    )
    .await;
    round_trip(connection, "YEAR", &[(Value::I64(2024), "U64(2024)")]).await;
}

#[tokio::test]
async fn numbers_with_a_fraction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    round_trip(connection, "FLOAT", &[(Value::F32(1.5), "F32(1.5)"), (Value::F32(-0.25), "F32(-0.25)")])
        .await;
    round_trip(
        connection,
        "DOUBLE",
        &[
            (Value::F64(0.1), "F64(0.1)"),
            (Value::F64(f64::MAX), "F64(1.7976931348623157e308)"),
            (Value::F64(-2.5e-300), "F64(-2.5e-300)"),
        ],
    )
    .await;
    round_trip(
        connection,
        "DECIMAL(10, 2)",
        &[
            (decimal("138.60"), "Decimal(138.60)"),
            (decimal("-0.01"), "Decimal(-0.01)"),
            (decimal("7"), "Decimal(7.00)"),
        ],
    )
    .await;
    round_trip(
        connection,
        "DECIMAL(38, 10)",
        &[
            (
                decimal("1234567890123456789012345678.0123456789"),
                "Decimal(1234567890123456789012345678.0123456789)",
            ),
            (
                decimal("-9999999999999999999999999999.9999999999"),
                "Decimal(-9999999999999999999999999999.9999999999)",
            ),
            (decimal("0.0000000001"), "Decimal(0.0000000001)"),
        ],
    )
    .await;
    // More digits than a Decimal holds come as text.
    let long = "9".repeat(65);
    round_trip(connection, "DECIMAL(65, 0)", &[(text(&long), &format!("Text({long:?})"))]).await;
    for value in [Value::F64(f64::NAN), Value::F64(f64::INFINITY), Value::F32(f32::NEG_INFINITY)] {
        let error = error(connection, "SELECT ?", &[Value::I64(1), value]).await;
        assert_eq!(error.kind(), ErrorKind::Data);
        assert!(error.to_string().contains("parameter 2"), "{error}");
    }
}

#[tokio::test]
async fn texts_and_bytes() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let emoji = "Grüße, 世界 🦀 \0 '\"`\\ %_\r\n\u{1a}";
    let expected = format!("Text({emoji:?})");
    for column in ["VARCHAR(100)", "TEXT", "LONGTEXT"] {
        round_trip(connection, column, &[(text(emoji), &expected), (text(""), r#"Text("")"#)]).await;
    }
    round_trip(connection, "CHAR(3)", &[(text("äöü"), r#"Text("äöü")"#)]).await;
    round_trip(connection, "ENUM('small', 'große')", &[(text("große"), r#"Text("große")"#)]).await;
    round_trip(
        connection,
        "SET('a', 'b', 'c')",
        &[(text("a,c"), r#"Text("a,c")"#), (text(""), r#"Text("")"#)],
    )
    .await;
    let all: Vec<u8> = (0..=255).collect();
    let expected = format!("Bytes({all:?})");
    for column in ["VARBINARY(300)", "BLOB", "LONGBLOB"] {
        round_trip(
            connection,
            column,
            &[(Value::Bytes(all.clone()), &expected), (Value::Bytes(Vec::new()), "Bytes([])")],
        )
        .await;
    }
    round_trip(connection, "BIT(12)", &[(Value::I64(0xABC), "Bytes([10, 188])")]).await;
    let uuid = [0x01, 0x8f, 0x80, 0xff, 0, 0, 0x7f, 1, 2, 3, 4, 5, 6, 7, 8, 0xfe];
    round_trip(connection, "BINARY(16)", &[(Value::Uuid(uuid), &format!("Bytes({uuid:?})"))]).await;
    // Bytes that are no text can also be compared.
    let found =
        fetch(connection, "SELECT COUNT(*) FROM round_BINARY_16_ WHERE value = ?", &[Value::Uuid(uuid)])
            .await;
    assert_eq!(found, [["I64(1)"]]);
}

#[tokio::test]
async fn json_comes_as_the_server_has_it() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let document = r#"{"a": [1, 2.5, null, "ü"]}"#;
    // MariaDB's JSON is a LONGTEXT with a check.
    let kind = if connection.server().product == "MariaDB" { "Text" } else { "Json" };
    round_trip(connection, "JSON", &[(Value::Json(document.into()), &format!("{kind}({document:?})"))]).await;
}

#[tokio::test]
async fn dates_and_times() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    round_trip(
        connection,
        "DATE",
        &[
            (Value::Date(19_782), "Date(19782)"),
            (Value::Date(-354_285), "Date(-354285)"),
            (Value::Date(0), "Date(0)"),
        ],
    )
    .await;
    round_trip(
        connection,
        "TIME(6)",
        &[
            (Value::Time(0), "Time(0)"),
            (Value::Time(86_399_999_999), "Time(86399999999)"),
            (Value::Time(45_000_000_000), "Time(45000000000)"),
        ],
    )
    .await;
    let moment = 1_709_211_900_123_456;
    round_trip(
        connection,
        "DATETIME(6)",
        &[
            (Value::DateTime(moment), "DateTime(1709211900123456)"),
            (Value::DateTime(-1), "DateTime(-1)"),
            (Value::DateTime(0), "DateTime(0)"),
            (Value::DateTime(253_402_300_799_999_999), "DateTime(253402300799999999)"),
        ],
    )
    .await;
    round_trip(
        connection,
        "TIMESTAMP(6)",
        &[
            (Value::Instant(moment), "Instant(1709211900123456)"),
            (Value::Instant(1_000_000), "Instant(1000000)"),
        ],
    )
    .await;
    // What was written as an instant is that instant, whatever the time zone of the reader.
    let rows = fetch(
        connection,
        "SELECT CAST(UNIX_TIMESTAMP(value) AS CHAR) FROM round_TIMESTAMP_6_ WHERE id = 1",
        &[],
    )
    .await;
    assert_eq!(rows, [[r#"Text("1709211900.123456")"#]]);
    let error = error(connection, "SELECT ?", &[Value::Date(3_000_000)]).await;
    assert_eq!(error.kind(), ErrorKind::Data);
}

#[tokio::test]
async fn zero_dates_and_spans_are_told_apart_from_values() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    batch(
        connection,
        "CREATE TEMPORARY TABLE odd (day DATE, moment DATETIME, instant TIMESTAMP NULL, span TIME(6), word BLOB);
         SET sql_mode = '';
         INSERT INTO odd VALUES ('0000-00-00', '2024-00-10 12:00:00', '0000-00-00', '-01:30:00', X'61FF62');",
    )
    .await;
    for (sql, words) in [
        ("SELECT day FROM odd", "zero date"),
        ("SELECT moment FROM odd", "zero date"),
        ("SELECT instant FROM odd", "zero date"),
        ("SELECT span FROM odd", "-001:30:00"),
        ("SELECT CAST('100:00:00' AS TIME)", "100:00:00"),
    ] {
        let error = error(connection, sql, &[]).await;
        assert_eq!(error.kind(), ErrorKind::Data, "{sql}: {error}");
        assert!(error.to_string().contains(words), "{sql}: {error}");
        let mut sink = Kept::default();
        let as_text =
            connection.fetch(&aludel_driver::Statement::once(sql), &[], &Default::default(), &mut sink).await;
        assert_eq!(as_text.map_err(|error| error.kind()), Err(ErrorKind::Data), "{sql}, as text");
    }
    let rows = fetch(connection, "SELECT NULLIF(day, 0), TIME_TO_SEC(span) FROM odd", &[]).await;
    assert_eq!(rows[0][0], "Null");
    // Text that is none, which a server only gives where it does not look at it.
    batch(
        connection,
        "SET character_set_results = NULL; CREATE TEMPORARY TABLE old (word VARCHAR(9) CHARACTER SET latin1)",
    )
    .await;
    execute(connection, "INSERT INTO old VALUES ('é')", &[]).await;
    let error = error(connection, "SELECT word FROM old", &[]).await;
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("`word`") && error.to_string().contains("UTF-8"), "{error}");
}

#[tokio::test]
async fn an_array_is_not_supported() {
    let Some(mut connection) = connect().await else { return };
    let array =
        Value::Array(Box::new(ArrayValue { element: SqlType::Integer, values: vec![Value::I64(1)].into() }));
    let error = error(&mut *connection, "SELECT ?", &[array]).await;
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    assert!(error.to_string().contains("MySQL"), "{error}");
}

#[tokio::test]
async fn large_values_go_through_and_too_large_ones_are_refused() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    let limit = fetch(connection, "SELECT CAST(@@max_allowed_packet AS CHAR)", &[]).await[0][0].clone();
    let limit: usize = limit.trim_start_matches("Text(\"").trim_end_matches("\")").parse().unwrap();
    if limit > 64 << 20 {
        return;
    }
    let rows = fetch(connection, "SELECT LENGTH(?)", &[Value::Bytes(vec![255; limit - 1000])]).await;
    assert_eq!(rows, [[format!("I64({})", limit - 1000)]]);
    let error = error(connection, "SELECT LENGTH(?)", &[Value::Bytes(vec![b'x'; limit + 1])]).await;
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(error.to_string().contains("max_allowed_packet"), "{error}");
    assert!(!connection.is_broken());
    let script = format!("SELECT '{}'", "x".repeat(limit));
    let error = connection.batch(&script, &Default::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    // Two that are each small enough, and together more than one packet.
    let half = Value::Bytes(vec![b'y'; 9 << 20]);
    let outcome = try_fetch(connection, "SELECT LENGTH(?) + LENGTH(?)", &[half.clone(), half]).await;
    match outcome {
        Ok((kept, _)) => assert_eq!(kept.rows, [[format!("I64({})", 18 << 20)]]),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Data, "{error}"),
    }
    assert!(!connection.is_broken());
    crate::server::assert_answers(connection).await;
}
