//! A random value of every type comes back as it went in, as a parameter and as a literal.

use std::{
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr as _,
    time::Duration,
};

use aludel::{
    prelude::*,
    sql::{
        ColumnType, Executable, trusted,
        value::{Interval, MacAddress},
    },
};
use bigdecimal_0_4::BigDecimal;
use chrono_0_4::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;
use ipnetwork_0_21::IpNetwork;
use uuid_1::Uuid;

use crate::{
    database::{Database, on_every_database},
    stage::{create, rows},
};

/// How many random values there are of each type, beside those that are written out.
const HOW_MANY: usize = 40;

#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Calm,
    #[value(name = "it's \"wild\" \\ ü")]
    Wild,
}

#[derive(Clone, Debug, PartialEq, ColumnType)]
pub struct Email(String);

/// What is done with one type on one database.
pub(crate) struct Trip<'d> {
    pub(crate) database: &'d Database,
    pub(crate) random: Rng,
}

impl<'d> Trip<'d> {
    pub(crate) fn new(database: &'d Database) -> Self {
        let seed = std::env::var("ALUDEL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| fastrand::u64(..));
        println!("ALUDEL_TEST_SEED={seed}");
        Self { database, random: Rng::with_seed(seed) }
    }

    /// Values written out, and random ones.
    async fn of<T>(&mut self, written: impl IntoIterator<Item = T>, mut make: impl FnMut(&mut Rng) -> T)
    where
        T: ColumnType<Base = T> + PartialEq + Debug,
    {
        let mut values: Vec<T> = written.into_iter().collect();
        values.extend((0..HOW_MANY).map(|_| make(&mut self.random)));
        self.through(&values, true).await;
    }

    /// Each value goes in as a parameter of one row, as one of many rows, as a literal and by a bulk load; it is found again
    /// by parameters and literals.
    pub(crate) async fn through<T>(&mut self, values: &[T], is_found: bool)
    where
        T: ColumnType<Base = T> + PartialEq + Debug,
    {
        let name = std::any::type_name::<T>();
        let mut conn = self.database.connect().await;
        let t = Table::unregistered("trip")
            .column(Column::new("id", Integer).primary_key().autoincrement(false))
            .column(Column::new("v", T::sql_type()));
        create(&mut conn, &t).await;
        let dialect = conn.dialect();
        let column = || t.c("v").of::<Option<T>>();
        let (third, others) = values.split_at(values.len() / 3);
        for (id, value) in (0..).zip(third) {
            conn.execute(insert(&t).values((id, value.clone())))
                .await
                .unwrap_or_else(|error| panic!("{name} {value:?}: {error}"));
        }
        let first = i64::try_from(third.len()).unwrap();
        let many = (first..).zip(others.iter().cloned().map(Some));
        conn.execute(insert(&t).values_many(many.chain([(10_000, None)])))
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for (id, value) in (20_000_i64..).zip(values) {
            let literal = insert(&t).values((id, value.clone())).to_sql(&*dialect).unwrap();
            let shown: String = literal.chars().take(300).collect();
            conn.exec_driver_sql(trusted(literal), Vec::new())
                .await
                .unwrap_or_else(|error| panic!("{name} {shown}: {error}"));
        }
        let loaded = (30_000_i64..).zip(values.iter().cloned().map(Some).chain([None]));
        conn.bulk_load(&t, loaded).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let back = rows(&mut conn, select(column()).order_by(t.c("id").asc())).await;
        let all = || values.iter().cloned().map(Some);
        let expected: Vec<Option<T>> = all().chain([None]).chain(all()).chain(all()).chain([None]).collect();
        assert_eq!(back.len(), expected.len(), "{name}");
        for (position, (back, expected)) in back.iter().zip(&expected).enumerate() {
            assert_eq!(back, expected, "{name}, row {position}");
        }
        for value in values.iter().filter(|_| is_found).take(12) {
            let found = select(count_all()).select_from(&t).filter(t.c("v").of::<T>().eq(value.clone()));
            let bound: i64 = conn.scalar_one(found.clone()).await.unwrap();
            let literal = found.to_sql(&*dialect).unwrap();
            let written = conn.exec_driver_sql(trusted(literal), Vec::new()).await.unwrap().one().unwrap();
            let written: i64 = written.get_at(0).unwrap();
            assert!(bound >= 3, "{name}: {value:?} is not found as a parameter");
            assert_eq!(bound, written, "{name}: {value:?} as a literal");
        }
        conn.commit().await.unwrap();
        MetaData::of(&t).drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
}

fn decimal(random: &mut Rng) -> aludel::Decimal {
    aludel::Decimal::new(i128::from(random.i64(-999_999_999_999..=999_999_999_999)), random.u32(0..=4))
        .unwrap()
}

pub(crate) fn day(random: &mut Rng) -> NaiveDate {
    NaiveDate::from_num_days_from_ce_opt(random.i32(365 * 1_000..365 * 9_990)).unwrap()
}

fn hour(random: &mut Rng) -> NaiveTime {
    let microseconds = random.u32(0..1_000_000);
    NaiveTime::from_num_seconds_from_midnight_opt(random.u32(0..86_400), microseconds * 1_000).unwrap()
}

pub(crate) fn moment(random: &mut Rng) -> NaiveDateTime {
    day(random).and_time(hour(random))
}

fn words(random: &mut Rng) -> String {
    let letters = [
        'a', 'Z', ' ', '\'', '"', '`', '\\', '%', '_', '?', ':', '$', '\n', '\r', '\t', '\u{1a}', 'ü', '漢',
        '🦀', '\u{7f}',
    ];
    (0..random.usize(0..40)).map(|_| letters[random.usize(..letters.len())]).collect()
}

async fn numbers_come_back(database: &Database) {
    let mut trip = Trip::new(database);
    trip.of([i8::MIN, 0, i8::MAX], |random| random.i8(..)).await;
    trip.of([i16::MIN, 0, i16::MAX], |random| random.i16(..)).await;
    trip.of([i32::MIN, 0, i32::MAX], |random| random.i32(..)).await;
    trip.of([i64::MIN, 0, i64::MAX], |random| random.i64(..)).await;
    trip.of([0, u8::MAX], |random| random.u8(..)).await;
    trip.of([0, u16::MAX], |random| random.u16(..)).await;
    trip.of([0, u32::MAX], |random| random.u32(..)).await;
    match database.is_mysql() {
        true => trip.of([0, u64::MAX, 1 << 63], |random| random.u64(..)).await,
        false => trip.of([0, i64::MAX as u64], |random| random.u64(..=i64::MAX as u64)).await,
    }
    trip.of([true, false], |random| random.bool()).await;
    trip.of([0.0, -0.5, f64::MAX, f64::MIN_POSITIVE, 1e300, 0.1 + 0.2], |random| random.f64() * 1e6).await;
    // A float of single precision is compared as one of double precision, which it is not equal to.
    let singles: Vec<f32> = (0..HOW_MANY).map(|_| trip.random.f32() * 1e6).chain([0.0, -1.5, 1e30]).collect();
    trip.through(&singles, false).await;
    trip.of(["0", "-0.0001", "12345678901.2345"].map(|text| text.parse().unwrap()), decimal).await;
    trip.of([], |random| rust_decimal_1::Decimal::try_from(decimal(random)).unwrap()).await;
    trip.of([], |random| BigDecimal::from_str(&decimal(random).to_string()).unwrap()).await;
    if !database.is_mysql() {
        trip.through(&[f64::INFINITY, f64::NEG_INFINITY], true).await;
        trip.through(&[f32::INFINITY, f32::NEG_INFINITY], true).await;
    }
    if database.is_postgres() {
        let mut conn = database.connect().await;
        assert!(conn.scalar_one::<f64, _>(select(literal(f64::NAN))).await.unwrap().is_nan());
        // Numbers of any length.
        let long = format!("-{}.{}", "1234567890".repeat(12), "0987654321".repeat(9));
        let long: Vec<BigDecimal> =
            [&*long, "1e-200", "7e150"].map(|text| BigDecimal::from_str(text).unwrap()).into();
        trip.through(&long, true).await;
    }
}
on_every_database!(numbers_come_back);

async fn texts_and_bytes_come_back(database: &Database) {
    let mut trip = Trip::new(database);
    let long = "🦀 'quoted' \\ ".repeat(65_536);
    let written =
        ["", " ", "''", "\\", "\\'", "\"`", "NULL", "--", "/*", "?", ":x", "$1", "%s", "ü漢🦀", &long];
    trip.of(written.map(str::to_owned), words).await;
    if !database.is_postgres() {
        trip.of(["\0".to_owned(), "a\0b".to_owned()], words).await;
    }
    let bytes = |random: &mut Rng| (0..random.usize(0..50)).map(|_| random.u8(..)).collect::<Vec<u8>>();
    trip.of([Vec::new(), vec![0], vec![0, 255, 39, 92], vec![7; 1 << 20]], bytes).await;
    trip.of([Uuid::nil(), Uuid::max()], |random| Uuid::from_u128(random.u128(..))).await;
    trip.of([Mood::Calm, Mood::Wild], |random| if random.bool() { Mood::Calm } else { Mood::Wild }).await;
    trip.of([Email("a'b@x".to_owned())], |random| Email(words(random))).await;
    let documents: Vec<serde_json_1::Value> = (0..HOW_MANY)
        .map(|_| {
            let text = words(&mut trip.random);
            serde_json_1::json!({ "n": trip.random.i64(..), &text: [null, true, 1.5, &text], "deep": { "": {} } })
        })
        .chain(["\"it's\"", "[]", "1", "true", "null"].map(|text| text.parse().unwrap()))
        .collect();
    trip.through(&documents, false).await;
}
on_every_database!(texts_and_bytes_come_back);

async fn moments_come_back(database: &Database) {
    let mut trip = Trip::new(database);
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let days = [date(1, 1, 1), date(1850, 11, 10), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31)];
    trip.of(days, day).await;
    let hours = [NaiveTime::MIN, NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap()];
    trip.of(hours, hour).await;
    let first = date(1850, 11, 10).and_hms_micro_opt(11, 52, 35, 1).unwrap();
    let last = date(9999, 12, 31).and_time(hours[1]);
    trip.of([first, last], moment).await;
    trip.of([first.and_utc(), last.and_utc()], |random| moment(random).and_utc()).await;
    // The instant is kept, not the offset.
    let offset = |random: &mut Rng| {
        let offset = FixedOffset::east_opt(random.i32(-12 * 60..12 * 60) * 60).unwrap();
        moment(random).and_utc().with_timezone(&offset)
    };
    trip.of([], offset).await;

    let to_time = |moment: NaiveDateTime| {
        let nanoseconds = i128::from(moment.and_utc().timestamp_micros()) * 1_000;
        time_0_3::OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap()
    };
    trip.of(days.map(|day| to_time(day.into()).date()), |random| to_time(moment(random)).date()).await;
    trip.of([], |random| to_time(moment(random)).time()).await;
    trip.of([first, last].map(to_time), |random| to_time(moment(random))).await;
    let plain = |moment: NaiveDateTime| {
        let instant = to_time(moment);
        time_0_3::PrimitiveDateTime::new(instant.date(), instant.time())
    };
    trip.of([first, last].map(plain), |random| plain(moment(random))).await;

    let to_jiff = |moment: NaiveDateTime| {
        jiff_0_2::Timestamp::from_microsecond(moment.and_utc().timestamp_micros()).unwrap()
    };
    // Jiff's instants end a day before the year does, for the sake of zones.
    let civil = |moment: NaiveDateTime| -> jiff_0_2::civil::DateTime { moment.to_string().parse().unwrap() };
    trip.of([to_jiff(first)], |random| to_jiff(moment(random))).await;
    trip.of([first, last].map(civil), |random| civil(moment(random))).await;
    trip.of(days.map(|day| civil(day.into()).date()), |random| civil(moment(random)).date()).await;
    trip.of(hours.map(|hour| civil(date(2000, 1, 1).and_time(hour)).time()), |random| {
        civil(moment(random)).time()
    })
    .await;

    let span = |random: &mut Rng| random.i64(-1_000_000_000_000_000..1_000_000_000_000_000);
    trip.of([TimeDelta::zero(), TimeDelta::microseconds(-1)], |random| TimeDelta::microseconds(span(random)))
        .await;
    trip.of([], |random| time_0_3::Duration::microseconds(span(random))).await;
    trip.of([], |random| jiff_0_2::SignedDuration::from_micros(span(random))).await;
    trip.of([Duration::ZERO], |random| Duration::from_micros(span(random).unsigned_abs())).await;
    trip.of([Interval::default()], |random| Interval::microseconds(span(random))).await;
    if database.is_postgres() {
        let mixed = Interval { months: -13, days: 40, microseconds: -1 };
        trip.of([mixed], |random| Interval {
            months: random.i32(-999..999),
            days: random.i32(-999..999),
            microseconds: span(random),
        })
        .await;
    }
}
on_every_database!(moments_come_back);

async fn addresses_come_back(database: &Database) {
    let mut trip = Trip::new(database);
    let four = |random: &mut Rng| IpAddr::V4(Ipv4Addr::from(random.u32(..)));
    let six = |random: &mut Rng| IpAddr::V6(Ipv6Addr::from(random.u128(..)));
    trip.of([IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::LOCALHOST)], four).await;
    trip.of([], six).await;
    trip.of(["10.0.0.1/8", "::1/64"].map(|text| text.parse::<IpNetwork>().unwrap()), |random| {
        IpNetwork::new(six(random), random.u8(0..=128)).unwrap()
    })
    .await;
    trip.of([MacAddress::default()], |random| {
        MacAddress(random.u64(..).to_le_bytes()[..6].try_into().unwrap())
    })
    .await;
    let refused = "10.0.0.1/8".parse::<IpNetwork>().unwrap();
    let mut conn = database.connect().await;
    let row = conn.execute(text("SELECT :v").bind("v", refused.to_string())).one().await.unwrap();
    let error = row.get_at::<IpAddr>(0).unwrap_err();
    assert!(error.to_string().contains("`10.0.0.1/8` is an address with its network"), "{error}");
}
on_every_database!(addresses_come_back);

async fn instants_are_one_for_all_libraries(database: &Database) {
    let mut conn = database.connect().await;
    let moment = DateTime::<Utc>::from_timestamp_micros(-1).unwrap();
    let t = Table::unregistered("moments")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("at", DateTime::<Utc>::sql_type()));
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values((1, moment))).await.unwrap();
    let time = conn.scalar_one::<time_0_3::OffsetDateTime, _>(select(t.c("at"))).await.unwrap();
    let jiff = conn.scalar_one::<jiff_0_2::Timestamp, _>(select(t.c("at"))).await.unwrap();
    assert_eq!((time.unix_timestamp_nanos(), jiff.as_nanosecond()), (-1_000, -1_000));
    if database.is_sqlite() {
        // The offset that others wrote is kept.
        conn.execute(text("UPDATE moments SET at = '2024-02-29 12:00:00+02:00'")).await.unwrap();
        let read = conn.scalar_one::<DateTime<FixedOffset>, _>(select(t.c("at"))).await.unwrap();
        assert_eq!(read.to_rfc3339(), "2024-02-29T12:00:00+02:00");
        let read = conn.scalar_one::<time_0_3::OffsetDateTime, _>(select(t.c("at"))).await.unwrap();
        assert_eq!((read.hour(), read.offset().whole_hours()), (12, 2));
    }
}
on_every_database!(instants_are_one_for_all_libraries);
