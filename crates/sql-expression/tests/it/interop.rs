//! Types of other crates.

#[cfg(feature = "rust_decimal-1")]
#[test]
fn decimals_come_back_as_they_went() {
    use aludel_sql_expression::{Cell, ColumnType, Decode, Value, value};
    use rust_decimal_1::Decimal;

    for text in ["54.234246451650", "0.00000001", "31943874831932418390.01", "-5.52", "0"] {
        let decimal: Decimal = text.parse().unwrap();
        let Value::Decimal(sent) = decimal.to_value() else { panic!("a decimal") };
        assert_eq!(Decimal::decode(Cell::Decimal(sent)).unwrap(), decimal);
    }
    assert_eq!(Decimal::decode(Cell::F64(138.6)).unwrap().to_string(), "138.6");
    assert_eq!(Decimal::decode(Cell::F64(0.1 + 0.2)).unwrap().to_string(), "0.3");
    let tiny: value::Decimal = "1e-30".parse().unwrap();
    assert!(Decimal::decode(Cell::Decimal(tiny)).unwrap_err().to_string().contains("more digits"));
}

#[cfg(feature = "chrono-0_4")]
#[test]
fn dates_and_times_come_back_as_they_went() {
    use aludel_sql_expression::{ColumnType, Decode};
    use chrono_0_4::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

    fn round_trip<T: ColumnType + PartialEq + std::fmt::Debug>(value: T) {
        assert_eq!(T::decode(value.to_value().as_cell()).unwrap(), value);
    }
    let date = NaiveDate::from_ymd_opt(1850, 11, 10).unwrap();
    let time = NaiveTime::from_hms_micro_opt(11, 52, 35, 123_456).unwrap();
    round_trip(date);
    round_trip(time);
    round_trip(date.and_time(time));
    round_trip(date.and_time(time).and_utc());
    use aludel_sql_expression::Cell;
    assert_eq!(NaiveDate::decode(Cell::Text("1850-11-10")).unwrap(), date);
    assert_eq!(NaiveDateTime::decode(Cell::Text("1850-11-10 11:52:35.123456")).unwrap(), date.and_time(time));
    assert_eq!(
        DateTime::<Utc>::decode(Cell::Text("1850-11-10 12:52:35.123456+01:00")).unwrap(),
        date.and_time(time).and_utc()
    );
}

#[cfg(feature = "uuid-1")]
#[test]
fn uuids_are_read_from_what_each_database_has() {
    use aludel_sql_expression::{Cell, Decode};
    use uuid_1::Uuid;

    let uuid = Uuid::parse_str("67e55044-10b1-426f-9247-bb680e5fe0c8").unwrap();
    for cell in [
        Cell::Uuid(*uuid.as_bytes()),
        Cell::Bytes(uuid.as_bytes()),
        Cell::Text("67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ] {
        assert_eq!(Uuid::decode(cell).unwrap(), uuid);
    }
    assert!(Uuid::decode(Cell::Text("x")).unwrap_err().to_string().contains("`x` is not a UUID"));
}

#[cfg(feature = "serde_json-1")]
#[test]
fn json_comes_back_as_it_went() {
    use aludel_sql_expression::{ColumnType, Decode};
    use serde_json_1::{Value, json};

    for value in [json!({"a": 1, "ü": [true, null, "x"]}), json!("text"), json!(1.5)] {
        assert_eq!(Value::decode(value.to_value().as_cell()).unwrap(), value);
    }
}
