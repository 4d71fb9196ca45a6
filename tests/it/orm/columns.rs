//! Columns of every type in models, and the values that client and server make.

use std::sync::atomic::{AtomicI64, Ordering};

use aludel::{orm::SynchronizeSession, prelude::*, sql::statement::Parameter};
use chrono_0_4::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal_1::Decimal;
use uuid_1::Uuid;

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    #[default]
    Calm,
    Wild,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Record {
    #[column(primary_key)]
    pub id: i64,
    pub uuid: Option<Uuid>,
    #[column(precision = 20, scale = 4)]
    pub price: Option<Decimal>,
    pub day: Option<NaiveDate>,
    pub hour: Option<NaiveTime>,
    pub local: Option<NaiveDateTime>,
    pub moment: Option<DateTime<Utc>>,
    pub bytes: Option<Vec<u8>>,
    pub json: Option<serde_json_1::Value>,
    pub flag: Option<bool>,
    pub single: Option<f32>,
    pub double: Option<f64>,
    pub small: Option<i16>,
    pub large: Option<u64>,
    pub mood: Option<Mood>,
    pub text: Option<String>,
}

fn full(number: u32) -> Record {
    let day = NaiveDate::from_ymd_opt(2024, 2, 28 + number % 2).unwrap();
    let hour = NaiveTime::from_hms_micro_opt(23, 59, number % 60, 123_456).unwrap();
    Record {
        id: 0,
        uuid: Some(Uuid::from_u128(u128::from(number) << 64)),
        price: Some(Decimal::new(i64::from(number) * 10_000 + 1, 4)),
        day: Some(day),
        hour: Some(hour),
        local: Some(day.and_time(hour)),
        moment: Some(day.and_time(hour).and_utc()),
        bytes: Some(vec![0, number as u8, 255]),
        json: Some(serde_json_1::json!({"n": number, "deep": [null, "ü"]})),
        flag: Some(number.is_multiple_of(2)),
        single: Some(number as f32 / 2.0),
        double: Some(f64::from(number) / 4.0),
        small: Some(-(number as i16)),
        large: Some(u64::from(number) << 32),
        mood: Some(if number.is_multiple_of(2) { Mood::Wild } else { Mood::Calm }),
        text: Some("é'\"\\%_?:x $1 ".repeat(number as usize % 40)),
    }
}

fn values(record: &Record) -> Vec<aludel::sql::Value> {
    use aludel::orm::Mapped;
    (1..16).map(|column| record.column(column)).collect()
}

async fn every_type_comes_back(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Record)).await;
    let mut session = stage.sessions.open();
    // With NULLs first, so that no type is learned from the first row.
    let mut records = session.add_all((0..5).map(|_| Record::default()));
    records.extend(session.add_all((0..150).map(full)));
    session.commit().await.unwrap();
    let compare = async |expected: &[Instance<Record>]| {
        let mut other = stage.sessions.open();
        let found = other.scalars(select(Record).order_by(Record::id)).all().await.unwrap();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(values(&found.read()), values(&expected.read()));
        }
        // What is read again is what was written: nothing differs.
        found.iter().for_each(|record| record.edit(|_| ()));
        stage.sent();
        other.flush().await.unwrap();
        assert_eq!(stage.sent(), Vec::<String>::new());
    };
    compare(&records).await;
    // All columns of many rows, then one row alone, then back to NULL.
    for (number, record) in (7..).zip(&records) {
        record.edit(|record| *record = Record { id: record.id, ..full(number) });
    }
    session.commit().await.unwrap();
    compare(&records).await;
    records[0].edit(|record| *record = Record { id: record.id, ..full(1) });
    session.commit().await.unwrap();
    compare(&records).await;
    records[..7]
        .iter()
        .for_each(|record| record.edit(|record| *record = Record { id: record.id, ..default() }));
    session.commit().await.unwrap();
    compare(&records).await;
}
on_every_database!(every_type_comes_back);

static CLOCK: AtomicI64 = AtomicI64::new(1);

fn tick() -> i64 {
    CLOCK.fetch_add(1, Ordering::SeqCst)
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Letter {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub title: String,
    #[column(default = tick, nullable = false)]
    pub written: Option<i64>,
    #[column(onupdate = tick)]
    pub changed: Option<i64>,
    #[column(default = "draft", length = 20)]
    pub state: Option<String>,
}

async fn defaults_of_the_client(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Letter)).await;
    let mut session = stage.sessions.open();
    let letters = session.add_all((0..3).map(|_| Letter::default()));
    letters[1].set(Letter::state, "given");
    session.commit().await.unwrap();
    let read = letters[0].read();
    assert!(read.written.unwrap() > 0 && read.changed.is_none());
    assert_eq!(read.state.as_deref(), Some("draft"));
    assert_eq!(letters[1].read().state.as_deref(), Some("given"));
    // Every row has its own.
    assert_ne!(letters[0].read().written, letters[1].read().written);
    letters[0].set(Letter::title, "t");
    letters[1].edit(|letter| letter.changed = Some(-5));
    session.commit().await.unwrap();
    assert!(letters[0].read().changed.unwrap() > 0);
    assert_eq!((letters[1].read().changed, letters[2].read().changed), (Some(-5), None));
    let stored =
        stage.sessions.open().scalars(select(Letter::changed).order_by(Letter::id)).all().await.unwrap();
    assert_eq!(stored, [letters[0].read().changed, Some(-5), None]);
    assert!(letters.iter().all(|letter| !letter.is_modified()));
    // A rollback takes them back.
    letters[2].set(Letter::title, "u");
    session.flush().await.unwrap();
    assert!(letters[2].read().changed.is_some());
    session.rollback().await.unwrap();
    assert_eq!(letters[2].read().changed, None);
}
on_every_database!(defaults_of_the_client);

async fn onupdate_of_an_update_of_many_rows(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Letter)).await;
    let mut session = stage.sessions.open();
    let letters = session.add_all((1..=3).map(|id| Letter { id, ..default() }));
    session.commit().await.unwrap();
    // One value for all rows, and the objects know it.
    stage.sent();
    let all = update(Letter).set(Letter::title, "t").filter(Letter::id.ge(2));
    assert_eq!(session.execute(all.clone()).await.unwrap().rowcount(), 2);
    assert_eq!(stage.sent().len(), 1);
    let first = letters[1].read().changed.unwrap();
    assert_eq!((letters[0].read().changed, letters[2].read().changed), (None, Some(first)));
    assert!(letters.iter().all(|letter| !letter.is_modified() && !letter.is_expired()));
    // The same statement again has another.
    session.execute(all).synchronize_session(SynchronizeSession::Fetch).await.unwrap();
    let second = letters[1].read().changed.unwrap();
    assert!(second > first);
    // Who sets it is asked for nothing, and nothing is changed by a statement that was not told to change anything.
    session.execute(update(Letter).set(Letter::changed, -9).filter(Letter::id.eq(3))).await.unwrap();
    let nothing = session.execute(update(Letter)).await.unwrap_err();
    assert!(nothing.to_string().contains("changes no column"), "{nothing}");
    session.commit().await.unwrap();
    let changed = select(Letter::changed).order_by(Letter::id);
    let mut other = stage.sessions.open();
    assert_eq!(other.scalars(changed.clone()).all().await.unwrap(), [None, Some(second), Some(-9)]);
    other.close().await.unwrap();
    // A connection does the same, and so does a statement that is kept.
    let rename =
        reusable(|id: Parameter<i64>| update(Letter).set(Letter::title, "r").filter(Letter::id.eq(id)));
    stage
        .engine
        .begin(async |conn| {
            conn.execute(update(Letter).set(Letter::title, "c").filter(Letter::id.eq(1))).await?;
            conn.execute(rename.with(2)).await?;
            conn.execute(rename.with(3)).await.map(drop)
        })
        .await
        .unwrap();
    let stored: Vec<i64> =
        other.scalars(changed).all().await.unwrap().into_iter().map(Option::unwrap_or_default).collect();
    assert!(second < stored[0] && stored[0] < stored[1] && stored[1] < stored[2], "{stored:?}");
    // With an expression in the object, the function is asked once.
    session.refresh(&letters[0]).await.unwrap();
    letters[0].set(Letter::title, Letter::title.concat("!"));
    session.commit().await.unwrap();
    assert!(letters[0].read().changed.unwrap() > stored[2]);
}
on_every_database!(onupdate_of_an_update_of_many_rows);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Parcel {
    #[column(primary_key)]
    pub id: i64,
    #[column(server_default = "12")]
    pub weight: Option<i32>,
    #[column(server_default = "'new'", length = 20)]
    pub state: Option<String>,
}

/// The same, with a key that the program gives.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Pallet {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(server_default = "12")]
    pub weight: Option<i32>,
}

/// Nothing but a key.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Ticket {
    #[column(primary_key)]
    pub id: i64,
}

async fn defaults_of_the_server(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Parcel, Pallet, Ticket))).await;
    let mut session = stage.sessions.open();
    let one = session.add(Parcel::default());
    session.flush().await.unwrap();
    assert_eq!((one.read().weight, one.read().state.as_deref()), (Some(12), Some("new")));
    let many =
        session.add_all((0..30).map(|weight| Parcel { weight: (weight > 9).then_some(weight), ..default() }));
    session.commit().await.unwrap();
    for (position, parcel) in many.iter().enumerate() {
        assert_eq!(parcel.read().weight, Some(if position > 9 { position as i32 } else { 12 }));
        assert_eq!(parcel.read().state.as_deref(), Some("new"));
    }
    let pallets = session.add_all((0..150).map(|number| Pallet {
        id: Uuid::from_u128((number * 7919) % 1000),
        weight: (number % 3 == 0).then_some(number as i32),
    }));
    session.commit().await.unwrap();
    for (number, pallet) in pallets.iter().enumerate() {
        assert_eq!(pallet.read().weight, Some(if number % 3 == 0 { number as i32 } else { 12 }));
        assert_eq!(pallet.read().id, Uuid::from_u128((number as u128 * 7919) % 1000));
    }
    let tickets = session.add_all((0..120).map(|_| Ticket::default()));
    session.commit().await.unwrap();
    let mut ids: Vec<i64> = tickets.iter().map(|ticket| ticket.read().id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 120);
    assert_eq!(session.scalars(select(Ticket::id).order_by(Ticket::id)).all().await.unwrap(), ids);
}
on_every_database!(defaults_of_the_server);
