//! The numbered cases about names, rows and types, with real rows.

use aludel::{
    Decimal,
    driver::TransactionState,
    prelude::*,
    sql::{SqlType, typed::ColumnType},
    types::{Date, DateTime, Float, Json, Text, Time, Timestamp, Uuid},
};
use chrono_0_4::{NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::{
    core_tables::{create, error, integer, integers, rows, string, with_points, with_words},
    database::{Database, on_every_database},
};

const DIFFICULT: [&str; 24] = [
    "boring",
    "per cent",
    "per % cent",
    "%percent",
    "par(ens)",
    "percent%(ens)yah",
    "col:ons",
    "_starts_with_underscore",
    "dot.s",
    "more :: %colons%",
    "_name",
    "___name",
    "[BracketsAndCase]",
    "42numbers",
    "percent%signs",
    "has spaces",
    "/slashes/",
    "more/slashes",
    "q?marks",
    "1param",
    "1col:on",
    "quote \" two",
    "tick ` back",
    "it's größer",
];

async fn case_020_difficult_names_on_real_rows(database: &Database) {
    let mut conn = database.connect().await;
    for name in DIFFICULT {
        let t = Table::unregistered("t")
            .column(Column::new("id", Integer).primary_key())
            .column(Column::new(name, Varchar(50)).not_null());
        create(&mut conn, &t).await;
        conn.execute(insert(&t).value("id", 1).value(name, "some name")).await.unwrap();
        conn.execute(insert(&t).values_many([(2, "second"), (3, "third"), (4, name)])).await.unwrap();
        let column = || t.c(name).of::<String>();
        assert_eq!(rows(&mut conn, select(column()).filter(t.c(name).eq("some name"))).await, ["some name"]);
        let listed = select(column()).filter(column().in_(["second", "third", name])).order_by(t.c("id"));
        assert_eq!(rows(&mut conn, listed).await, ["second", "third", name]);
        conn.execute(update(&t).set(name, "new").filter(t.c(name).eq("second"))).await.unwrap();
        let result =
            conn.execute(select((integer(&t, "id"), column())).filter(t.c(name).eq("new"))).await.unwrap();
        assert_eq!(result.keys(), ["id", name]);
        assert_eq!(result.one().unwrap(), (2, "new".to_owned()));
        assert_eq!(
            rows(&mut conn, select(column().label(name)).order_by(column().desc()).limit(1)).await.len(),
            1
        );
        MetaData::of(&t).drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
}
on_every_database!(case_020_difficult_names_on_real_rows);

async fn case_021_percent_signs_stay_single(database: &Database) {
    let mut conn = database.connect().await;
    assert_eq!(rows(&mut conn, select((literal("%".to_owned()), literal("a%%b".to_owned())))).await.len(), 1);
    let written = text("SELECT '%', '%%', 'a % b', 'it''s :not a parameter'")
        .returns::<(String, String, String, String)>();
    let expected = ("%", "%%", "a % b", "it's :not a parameter");
    let (a, b, c, d) = conn.execute(written).one().await.unwrap();
    assert_eq!((&*a, &*b, &*c, &*d), expected);
    let (mut conn, t) = with_words(database, "percents").await;
    conn.execute(insert(&t).values_many([(1, "x%y"), (2, "x%%y"), (3, "xy")])).await.unwrap();
    let found = select(integer(&t, "id")).filter(string(&t, "data").contains("%%"));
    assert_eq!(integers(&mut conn, found).await, [2]);
    let found = text("SELECT id FROM percents WHERE data LIKE '%/%%' ESCAPE '/' ORDER BY id");
    assert_eq!(integers(&mut conn, found).await, [1, 2]);
    assert_eq!(
        rows(&mut conn, select(string(&t, "data").concat("%%")).filter(t.c("id").eq(2))).await,
        ["x%%y%%"]
    );
}
on_every_database!(case_021_percent_signs_stay_single);

async fn case_022_a_new_connection_answers_a_ping(database: &Database) {
    let mut conn = database.connect().await;
    let driver = conn.driver_connection().await.unwrap();
    driver.ping().await.unwrap();
    assert_eq!(driver.transaction_state(), TransactionState::Idle);
}
on_every_database!(case_022_a_new_connection_answers_a_ping);

#[derive(Debug, FromRow, PartialEq)]
struct Point {
    y: i64,
    x: i64,
}

async fn case_023_rows_by_name_and_position(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let one = || text("SELECT id, x, y FROM some_table WHERE id = 1");
    let row = conn.execute(one()).one().await.unwrap();
    assert_eq!((row.get::<i64>("x").unwrap(), row.get_at::<i64>(1).unwrap()), (1, 1));
    assert_eq!(row.columns().iter().map(|column| &*column.name).collect::<Vec<_>>(), ["id", "x", "y"]);
    let unknown = row.get::<i64>("z").unwrap_err();
    assert!(unknown.to_string().contains('z') && unknown.to_string().contains("id, x, y"), "{unknown}");
    row.get_at::<i64>(3).unwrap_err();
    // A struct is read by name, whatever the order; a tuple by position.
    assert_eq!(conn.execute(one().returns::<Point>()).one().await.unwrap(), Point { x: 1, y: 2 });
    assert_eq!(conn.execute(one().returns::<(i64, i64, i64)>()).one().await.unwrap(), (1, 1, 2));
    let too_many = error(&mut conn, one().returns::<(i64, i64)>()).await;
    assert!(too_many.message().contains("3 columns"), "{too_many}");
    conn.rollback().await.unwrap();

    let twice = || text("SELECT a.x, b.x FROM some_table a, some_table b WHERE a.id = 1 AND b.id = 2");
    let result = conn.execute(twice()).await.unwrap();
    assert_eq!(result.keys(), ["x", "x"]);
    let row = result.one().unwrap();
    assert_eq!((row.get_at::<i64>(0).unwrap(), row.get_at::<i64>(1).unwrap()), (1, 2));
    let ambiguous = row.get::<i64>("x").unwrap_err();
    assert!(ambiguous.to_string().contains("more than one column `x`"), "{ambiguous}");
    let ambiguous = error(&mut conn, text("SELECT x, x, y FROM some_table").returns::<Point>()).await;
    assert!(ambiguous.message().contains("more than one column `x`"), "{ambiguous}");
    conn.rollback().await.unwrap();
    // A typed select tells two columns of one name apart by themselves.
    let result =
        conn.execute(select((integer(&t, "x"), integer(&t, "x"))).filter(t.c("id").eq(4))).await.unwrap();
    assert_eq!((result.keys(), result.rows()), (vec!["x", "x"], &[(4, 4)][..]));

    // A subquery keeps its type.
    let when = Table::unregistered("moments")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("at", DateTime));
    create(&mut conn, &when).await;
    let moment = date(2012, 5, 10).and_hms_opt(11, 22, 33).unwrap();
    conn.execute(insert(&when).values((1, moment))).await.unwrap();
    let at = select(when.c("at").of::<NaiveDateTime>()).filter(when.c("id").eq(1)).scalar_subquery();
    assert_eq!(rows(&mut conn, select(at)).await, [moment]);
}
on_every_database!(case_023_rows_by_name_and_position);

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// Writes values into a column, reads them back, and finds each by itself.
async fn round_trip<T>(conn: &mut Connection, sql_type: impl Into<SqlType>, values: &[T])
where
    T: ColumnType<Base = T> + PartialEq + std::fmt::Debug,
{
    let sql_type = sql_type.into();
    let t = Table::unregistered("round_trip")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("v", sql_type.clone()));
    create(conn, &t).await;
    for (value, id) in values.iter().zip(0_i64..) {
        conn.execute(insert(&t).value("id", id).value("v", value.clone())).await.unwrap_or_else(|error| {
            panic!("{value:?} as {sql_type:?}: {error}");
        });
    }
    let end = values.len() as i64;
    conn.execute(insert(&t).value("id", end).value("v", None::<T>)).await.unwrap();
    let back = rows(conn, select(t.c("v").of::<Option<T>>()).order_by(t.c("id"))).await;
    let expected: Vec<Option<T>> = values.iter().cloned().map(Some).chain([None]).collect();
    assert_eq!(back, expected, "{sql_type:?}");
    if !matches!(sql_type, SqlType::Json | SqlType::Float) {
        for (value, id) in values.iter().zip(0_i64..) {
            let found = select(integer(&t, "id")).filter(t.c("v").of::<T>().eq(value.clone()));
            assert_eq!(integers(conn, found).await, [id], "{value:?} as {sql_type:?}");
        }
    }
    let missing = select(t.c("v").of::<T>()).filter(t.c("id").eq(end));
    let refused = error(conn, missing).await;
    assert_eq!(refused.kind(), ErrorKind::Data);
    assert!(refused.message().contains("NULL"), "{refused}");
    MetaData::of(&t).drop_all(conn).await.unwrap();
    conn.commit().await.unwrap();
}

#[derive(Clone, Copy, Debug, Enum, PartialEq)]
enum Size {
    Small,
    #[value(name = "extra large")]
    ExtraLarge,
}

async fn case_026_types_come_back(database: &Database) {
    let mut conn = database.connect().await;
    let conn = &mut conn;
    round_trip(conn, SmallInteger, &[0_i16, -1, i16::MIN, i16::MAX]).await;
    round_trip(conn, Integer, &[0_i32, -1, i32::MIN, i32::MAX]).await;
    round_trip(
        conn,
        BigInteger,
        &[2_147_483_649_i64, -2_147_483_649, 1_376_537_018_368_127, i64::MIN, i64::MAX],
    )
    .await;
    round_trip(conn, Double, &[0.1_f64, -8.5e100, 54.234_246_451_650_01]).await;
    round_trip(conn, Float, &[0.5_f32, -1.25]).await;
    round_trip(conn, Boolean, &[true, false]).await;
    let strings = ["", "unicode é ü 世界 🦀", "'quotes' \"\" `", "null"].map(str::to_owned);
    round_trip(conn, Varchar(100), &strings).await;
    round_trip(conn, Text, &strings).await;
    let moment = |day: NaiveDate, microseconds| {
        day.and_hms_opt(11, 52, 35).unwrap() + chrono_0_4::TimeDelta::microseconds(microseconds)
    };
    let days = [date(2012, 10, 15), date(1850, 11, 10), date(9999, 12, 31), date(2024, 2, 29)];
    round_trip(conn, Date, &days).await;
    let moments =
        [moment(days[0], 0), moment(days[1], 0), moment(days[3], 123_456), moment(days[2], 999_999)];
    round_trip(conn, DateTime, &moments).await;
    round_trip(conn, Timestamp, &moments.map(|moment| moment.and_local_timezone(Utc).unwrap())).await;
    let times = [(0, 0, 0, 0), (12, 57, 18, 0), (23, 59, 59, 999_999)];
    let times = times.map(|(h, m, s, micro)| NaiveTime::from_hms_micro_opt(h, m, s, micro).unwrap());
    round_trip(conn, Time, &times).await;
    round_trip(
        conn,
        Uuid,
        &[uuid_1::Uuid::nil(), uuid_1::Uuid::from_u128(0x1234_5678_9abc_def0_1234_5678_9abc_def0)],
    )
    .await;
    round_trip(conn, Size::sql_type(), &[Size::Small, Size::ExtraLarge]).await;
    let documents = [
        serde_json_1::json!({"a": 1, "é": [true, null, 2.5]}),
        serde_json_1::json!(["x", {}]),
        serde_json_1::json!("text"),
        serde_json_1::json!(12),
        serde_json_1::json!(null),
    ];
    round_trip(conn, Json, &documents).await;
    let binary = [vec![], vec![0_u8, 1, 0], (0..=255).collect()];
    round_trip(conn, LargeBinary, &binary).await;
}
on_every_database!(case_026_types_come_back);

async fn case_026_decimals_are_exact_or_refused(database: &Database) {
    let mut conn = database.connect().await;
    let conn = &mut conn;
    let decimals =
        |texts: &[&str]| texts.iter().map(|text| text.parse::<Decimal>().unwrap()).collect::<Vec<_>>();
    let short = ["15.7563", "54.234246451650", "0.004354", "-0.25", "5748E+6", "1E-8", "0"];
    round_trip(conn, Numeric(30, 12), &decimals(&short)).await;
    round_trip(
        conn,
        Numeric(10, 2),
        &["138.60", "0.99"].map(|text| text.parse::<rust_decimal_1::Decimal>().unwrap()),
    )
    .await;
    let long = ["31943874831932418390.01", "-123456789012345678.123456789"];
    if database.is_sqlite() {
        // It keeps decimals as doubles: what would not come back is not taken.
        let t = Table::unregistered("long_decimals").column(Column::new("v", Numeric(38, 10)));
        create(conn, &t).await;
        for value in decimals(&long) {
            assert_eq!(error(conn, insert(&t).value("v", value)).await.kind(), ErrorKind::Data);
        }
    } else {
        round_trip(conn, Numeric(38, 10), &decimals(&long)).await;
    }
}
on_every_database!(case_026_decimals_are_exact_or_refused);

async fn case_026_division_is_true_division(database: &Database) {
    let mut conn = database.connect().await;
    let quotient = |left: i64, right: i64| select(literal(left) / literal(right));
    for (left, right, expected) in [(15, 10, 1.5), (-15, 10, -1.5), (1, 4, 0.25), (6, 3, 2.0)] {
        let seen = rows(&mut conn, quotient(left, right)).await;
        assert_eq!(seen, [expected], "{left} / {right}");
    }
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let seen = rows(&mut conn, select(literal(decimal("5.52")) / literal(decimal("2.4")))).await;
    assert_eq!(seen, [decimal("2.3")]);
    let seen = rows(&mut conn, select(literal(5.52_f64) / literal(2.4_f64))).await;
    assert!((seen[0] - 2.3).abs() < 1e-12, "{seen:?}");
    let (mut conn, t) = with_points(database).await;
    let halves = select(integer(&t, "x") / 2_i64).order_by(t.c("id")).limit(3);
    assert_eq!(rows(&mut conn, halves).await, [0.5, 1.0, 1.5]);
}
on_every_database!(case_026_division_is_true_division);

async fn case_026_truth_values_are_conditions(database: &Database) {
    let t = Table::unregistered("flags")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("flag", Boolean));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many([(1, Some(true)), (2, Some(false)), (3, None)])).await.unwrap();
    let ids = || select(integer(&t, "id")).order_by(t.c("id"));
    let flag = || t.c("flag").of::<bool>();
    assert_eq!(integers(&mut conn, ids().filter(flag())).await, [1]);
    assert_eq!(integers(&mut conn, ids().filter(!flag())).await, [2]);
    assert_eq!(integers(&mut conn, ids().filter(flag().eq(true))).await, [1]);
    assert_eq!(integers(&mut conn, ids().filter(t.c("flag").is_null())).await, [3]);
    let flags = rows(&mut conn, select(t.c("flag").of::<Option<bool>>()).order_by(t.c("id"))).await;
    assert_eq!(flags, [Some(true), Some(false), None]);
    assert_eq!(
        rows(&mut conn, select(integer(&t, "id").gt(1)).order_by(t.c("id"))).await,
        [false, true, true]
    );
}
on_every_database!(case_026_truth_values_are_conditions);

async fn an_empty_text_is_not_null(database: &Database) {
    let (mut conn, t) = with_words(database, "empties").await;
    conn.execute(insert(&t).values_many([(1, Some("")), (2, None)])).await.unwrap();
    let data = rows(&mut conn, select(t.c("data").of::<Option<String>>()).order_by(t.c("id"))).await;
    assert_eq!(data, [Some(String::new()), None]);
    let nothing: Option<String> = conn.scalar(select(t.c("data")).filter(t.c("id").eq(2))).await.unwrap();
    assert_eq!(nothing, None);
    let refused =
        conn.scalar_one::<String, _>(select(t.c("data")).filter(t.c("id").eq(2))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Data);
}
on_every_database!(an_empty_text_is_not_null);
