//! Arrays, ranges and multiranges (PostgreSQL), and their errors elsewhere.

use std::{fmt::Debug, ops::Bound};

use aludel::{
    prelude::*,
    sql::{
        ColumnType, Value,
        value::{Multirange, Range},
    },
    types::{Array, Text},
};
use chrono_0_4::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal_1::Decimal;
use uuid_1::Uuid;

use crate::{
    database::{Database, on_every_database},
    round_trips::{Mood, Trip, day, moment},
    stage::{create, error, rows, sessions},
};

async fn elsewhere(database: &Database) {
    let mut conn = database.connect().await;
    for sql_type in [Vec::<i32>::sql_type(), Range::<i32>::sql_type(), Multirange::<i32>::sql_type()] {
        let t = Table::unregistered("lists").column(Column::new("v", sql_type));
        let refused = MetaData::of(&t).create_all(&mut conn).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Compile);
        assert!(
            refused.message().contains("column `v`") && refused.message().contains("not supported"),
            "{refused}"
        );
    }
    let refused = conn.scalar_one::<i64, _>(text("SELECT :v").bind("v", vec![1, 2])).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotSupported);
    assert!(refused.message().contains("array"), "{refused}");
}

async fn arrays_come_back(database: &Database) {
    if !database.is_postgres() {
        return elsewhere(database).await;
    }
    let mut trip = Trip::new(database);
    trip.through(&[vec![], vec![1_i16], vec![i16::MIN, i16::MAX]], true).await;
    trip.through(&[vec![], vec![1_i32, -1], vec![i32::MIN, i32::MAX]], true).await;
    trip.through(&[vec![], vec![1_i64, -1], vec![i64::MIN, i64::MAX]], true).await;
    trip.through(&[vec![Some(1_i64), None, Some(-1)], vec![None]], true).await;
    trip.through(&[vec![], vec![0.5_f64, -1e300], vec![f64::INFINITY]], false).await;
    trip.through(&[vec![], vec![true, false]], true).await;
    let words = ["", "NULL", "null", "a,b", "{}", "\"", "'", "\\", " x ", "ü🦀"];
    trip.through(&[vec![], words.map(str::to_owned).to_vec()], true).await;
    trip.through(&[vec![None, Some("NULL".to_owned()), Some(String::new())]], true).await;
    trip.through(&[vec![], vec![vec![0_u8, 255], vec![]]], true).await;
    trip.through(&[vec![], vec![Mood::Calm, Mood::Wild, Mood::Wild]], true).await;
    trip.through(&[vec![Some(Mood::Wild), None]], true).await;
    let decimals = ["1.50", "-0.0001", "12345678901234567890"].map(|text| text.parse::<Decimal>().unwrap());
    trip.through(&[vec![], decimals.to_vec()], true).await;
    trip.through(&[vec![], vec![Uuid::nil(), Uuid::max()]], true).await;
    let days: Vec<NaiveDate> = (0..5).map(|_| day(&mut trip.random)).collect();
    trip.through(&[vec![], days], true).await;
    let moments: Vec<NaiveDateTime> = (0..5).map(|_| moment(&mut trip.random)).collect();
    let instants: Vec<DateTime<Utc>> = moments.iter().map(NaiveDateTime::and_utc).collect();
    trip.through(&[vec![], moments], true).await;
    trip.through(&[vec![], instants], true).await;
    trip.through(&[vec!["10.0.0.1".parse::<std::net::IpAddr>().unwrap()]], true).await;

    let mut conn = database.connect().await;
    let nested = text("SELECT ARRAY[ARRAY[1, 2], ARRAY[3, 4]] AS nested");
    let refused = error(&mut conn, nested.clone().returns::<(Vec<i32>,)>()).await;
    assert!(
        refused.message().contains("column 1") && refused.message().contains("2 dimensions"),
        "{refused}"
    );
    conn.rollback().await.unwrap();
    let null = text("SELECT ARRAY[1, NULL]").returns::<(Vec<i32>,)>();
    let refused = error(&mut conn, null).await;
    assert!(refused.message().contains("element 2") && refused.message().contains("NULL"), "{refused}");
    conn.rollback().await.unwrap();
    // Read without a type.
    let row = conn.execute(text("SELECT ARRAY['a', NULL]::text[] AS list")).one().await.unwrap();
    assert_eq!(row.get::<Vec<Option<String>>>("list").unwrap(), [Some("a".to_owned()), None]);
    assert!(matches!(row.get::<Value>("list").unwrap(), Value::Array(_)));
}
on_every_database!(arrays_come_back);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Tagged {
    #[column(primary_key)]
    pub id: i64,
    pub tags: Vec<String>,
    #[column(sql_type = Array(Text))]
    pub more: Option<Vec<Option<String>>>,
    pub moods: Vec<Mood>,
}

async fn arrays_go_through_a_session(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let sessions = sessions(database, MetaData::of(Tagged)).await;
    let mut session = sessions.open();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let all = session.add_all([
        Tagged { tags: words("a b"), moods: vec![Mood::Wild], ..default() },
        Tagged { more: Some(vec![None, Some("x".to_owned())]), ..default() },
    ]);
    session.commit().await.unwrap();
    all[0].set(Tagged::tags, words("c d e"));
    all[1].set(Tagged::moods, vec![Mood::Calm, Mood::Calm]);
    session.commit().await.unwrap();
    let mut session = sessions.open();
    let found =
        session.scalars(select(Tagged).filter(Tagged::tags.array_contains(words("d")))).all().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].read().tags, &found[0].read().moods), (&words("c d e"), &vec![Mood::Wild]));
    let found = session
        .scalars(select(Tagged).filter(Tagged::moods.eq(vec![Mood::Calm, Mood::Calm])))
        .all()
        .await
        .unwrap();
    assert_eq!(found[0].read().more, Some(vec![None, Some("x".to_owned())]));
}
on_every_database!(arrays_go_through_a_session);

async fn ranges_come_back(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let mut trip = Trip::new(database);
    async fn of<T: aludel::sql::value::RangeElement + Debug>(trip: &mut Trip<'_>, low: T, high: T) {
        let ranges = [
            Range::empty(),
            Range::from(..),
            Range::from(low.clone()..),
            Range::from(..high.clone()),
            Range::from(low.clone()..high.clone()),
        ];
        trip.through(&ranges, true).await;
        let several =
            [Multirange::default(), Multirange(vec![ranges[4].clone()]), Multirange(vec![ranges[1].clone()])];
        trip.through(&several, true).await;
    }
    of(&mut trip, -5_i32, 7).await;
    of(&mut trip, i64::MIN, i64::MAX).await;
    of(&mut trip, "-1.50".parse::<Decimal>().unwrap(), "99999999999999999999.01".parse().unwrap()).await;
    let (early, late) =
        (NaiveDate::from_ymd_opt(1850, 11, 10).unwrap(), NaiveDate::from_ymd_opt(9999, 12, 31).unwrap());
    of(&mut trip, early, late).await;
    of(&mut trip, early.and_hms_micro_opt(1, 2, 3, 4).unwrap(), late.into()).await;
    of(
        &mut trip,
        early.and_hms_micro_opt(1, 2, 3, 4).unwrap().and_utc(),
        NaiveDateTime::from(late).and_utc(),
    )
    .await;
    let open = Range::new(
        Bound::Excluded("0.5".parse::<Decimal>().unwrap()),
        Bound::Included("1.5".parse().unwrap()),
    );
    trip.through(&[open], true).await;
    // Whole numbers come back in the server's one form.
    let mut conn = database.connect().await;
    let back: Range<i32> = conn.scalar_one(select(literal(Range::from(1..=9)))).await.unwrap();
    assert_eq!(back, Range::from(1..10));
    let t = Table::unregistered("spans").column(Column::new("v", Range::<i32>::sql_type()));
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values_many([(Range::from(1..5),), (Range::from(10..),)])).await.unwrap();
    let overlapping = select(t.c("v").of::<Range<i32>>()).filter(t.c("v").array_overlaps(Range::from(3..4)));
    assert_eq!(rows(&mut conn, overlapping).await, [Range::from(1..5)]);
    // Read without a type it is the server's text.
    let row = conn.execute(text("SELECT v FROM spans ORDER BY v")).first().await.unwrap().unwrap();
    assert_eq!(row.get::<String>("v").unwrap(), "[1,5)");
}
on_every_database!(ranges_come_back);
