//! Rows of odd types, and code that panics in the middle.

use std::{
    future::{Future, IntoFuture as _},
    panic::AssertUnwindSafe,
};

use aludel::{Decimal, prelude::*, sql::types::Json};
use chrono_0_4::{DateTime, NaiveDate, NaiveTime, Utc};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use uuid_1::Uuid;

use crate::{
    database::{Database, on_every_database},
    measurement::{Measurement, committed, connected, count_of, measurement},
};

#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Calm,
    #[value(name = "it's \"wild\" \\ ü")]
    Wild,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "Odd \"one\" `x`")]
pub struct Odd {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(name = "select")]
    pub mood: Mood,
    pub other: Option<Mood>,
    #[column(precision = 20, scale = 4)]
    pub price: Option<Decimal>,
    pub flag: Option<bool>,
    pub day: Option<NaiveDate>,
    pub hour: Option<NaiveTime>,
    pub moment: Option<DateTime<Utc>>,
    #[column(sql_type = Json)]
    pub document: Option<String>,
    pub bytes: Option<Vec<u8>>,
    #[column(length = 200)]
    pub words: Option<String>,
    pub tiny: i8,
    pub large: u32,
    pub share: Option<f32>,
}

fn odd(number: u32) -> Odd {
    let some = !number.is_multiple_of(3);
    let texts = ["", " ", "\\N", "NULL", "\t\n\r\\.", "ü漢🦀\u{1f1e8}\u{1f1ed}", "it's \"so\"", "\u{0}"];
    // PostgreSQL keeps no NUL.
    let words = texts[number as usize % (texts.len() - 1)];
    Odd {
        id: Uuid::from_u128(u128::from(number) * 0x1_0000_0001_0000_0001),
        mood: if number.is_multiple_of(2) { Mood::Calm } else { Mood::Wild },
        other: some.then_some(Mood::Wild),
        price: some.then(|| Decimal::new(i128::from(number) * 10_001 - 7, 4).unwrap()),
        flag: some.then_some(number.is_multiple_of(2)),
        day: some.then(|| NaiveDate::from_ymd_opt(1999, 12, 1 + number % 28).unwrap()),
        hour: some.then(|| NaiveTime::from_hms_opt(number % 24, 59, 0).unwrap()),
        moment: some.then(|| DateTime::from_timestamp(i64::from(number) * 86_399, 0).unwrap()),
        document: some.then(|| format!(r#"{{"n": {number}, "t": "ü \" \\ \n"}}"#)),
        bytes: some.then(|| vec![0, 9, 10, 13, 92, 255, number as u8][..number as usize % 8].to_vec()),
        words: some.then(|| words.to_owned()),
        tiny: -(number as i8 & 0x7f),
        large: u32::MAX - number,
        share: some.then_some(number as f32 / 3.0),
    }
}

async fn every_type_in_one_row(database: &Database) {
    let mut conn = connected(database).await;
    MetaData::of(Odd).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let rows: Vec<Odd> = (0..1234).map(odd).collect();
    conn.bulk_load(Odd, &rows).await.unwrap();
    let mut back = conn.execute(select(Odd)).all().await.unwrap();
    back.sort_by_key(|row| row.id);
    let compact = |text: &String| text.replace(' ', "");
    assert_eq!(back.len(), rows.len());
    for (back, row) in back.iter().zip(&rows) {
        // A database may write a document in its own way.
        assert_eq!(
            back.document
                .as_ref()
                .map(compact)
                .map(|text| text.contains(&format!("\"n\":{}", row.id.as_u128() as u32))),
            row.document.as_ref().map(|_| true)
        );
        assert_eq!(Odd { document: None, ..back.clone() }, Odd { document: None, ..row.clone() });
    }
    // What COPY brings in, an INSERT would have brought in.
    conn.rollback().await.unwrap();
    conn.execute(insert(Odd).values_many(&rows[..100])).await.unwrap();
    let mut again = conn.execute(select(Odd)).all().await.unwrap();
    again.sort_by_key(|row| row.id);
    assert_eq!(again, back[..100]);
}
on_every_database!(every_type_in_one_row);

/// Waits for a future, and says whether it panicked.
async fn panics<T>(future: impl Future<Output = T>) -> bool {
    AssertUnwindSafe(future).catch_unwind().await.is_err()
}

async fn code_that_panics_in_the_middle(database: &Database) {
    let mut conn = connected(database).await;
    let rows = || {
        (1..=5000).map(|id| match id {
            4321 => panic!("on purpose"),
            id => measurement(id),
        })
    };
    let progress = |rows: u64| assert!(rows < 3000, "on purpose");
    for number in 0..3 {
        let has_panicked = match number {
            0 => panics(conn.bulk_load(Measurement, rows()).into_future()).await,
            1 => {
                panics(
                    conn.bulk_load_stream(Measurement, stream::iter(rows()).map(Ok::<_, Error>))
                        .into_future(),
                )
                .await
            }
            _ => {
                panics(
                    conn.bulk_load(Measurement, (1..=9000).map(measurement)).progress(progress).into_future(),
                )
                .await
            }
        };
        assert!(has_panicked, "{number}");
        // It is as if the future had been dropped.
        let error = conn.scalar::<i64, _>(text("SELECT 1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PendingRollback, "{number}: {error}");
        conn.rollback().await.unwrap();
        assert_eq!(count_of(&mut conn, Measurement).await, 0, "{number}");
        conn.rollback().await.unwrap();
    }
    assert!(panics(database.engine().bulk_load(Measurement, rows()).into_future()).await);
    assert_eq!(committed(database).await, 0);
    // By itself, too.
    conn.set_autocommit(true).unwrap();
    assert!(panics(conn.bulk_load(Measurement, rows()).into_future()).await);
    let _ = conn.rollback().await;
    assert_eq!(count_of(&mut conn, Measurement).await, 0);
    conn.bulk_load(Measurement, (1..=10).map(measurement)).await.unwrap();
    assert_eq!(committed(database).await, 10);
}
on_every_database!(code_that_panics_in_the_middle);
