//! How much of a stream is in memory at once, when what hangs on its objects is loaded with it.

use aludel::{engine::TestTransaction, prelude::*};
use tokio::runtime::Builder;

use crate::database::{Database, Kind, on_every_database, run};

#[derive(Mapped, Clone, Debug, Default)]
struct Station {
    #[column(primary_key)]
    id: i64,
    #[column(length = 60)]
    name: String,
    #[relationship(back_populates = Reading::station)]
    readings: Many<Reading>,
}

#[derive(Mapped, Clone, Debug, Default)]
struct Reading {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Station::id, index)]
    station_id: i64,
    value: f64,
    #[relationship(back_populates = Station::readings)]
    station: One<Station>,
}

/// How many stations there are, with one reading each. By hand it was a million.
fn stations() -> i64 {
    std::env::var("ALUDEL_TEST_STATIONS").ok().and_then(|number| number.parse().ok()).unwrap_or(60_000)
}

/// What is in memory at once, whatever the number of rows.
const MOST: i64 = 12 << 20;

/// What MySQL's rows take beside that, each: they are read out first.
const EACH: i64 = 160;

fn streams_in_bounds(kind: Kind) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(kind, async |database| {
        let number = stations();
        let mut conn = database.connect().await;
        if database.is_mysql() {
            conn.exec_driver_sql("SET GLOBAL local_infile = 1", Vec::new()).await.unwrap();
        }
        MetaData::of((Station, Reading)).create_all(&mut conn).await.unwrap();
        let rows = (1..=number).map(|id| Station {
            id,
            name: format!("station number {id}, somewhere"),
            ..default()
        });
        conn.bulk_load(Station, rows).await.unwrap();
        let rows = (1..=number).map(|id| Reading { id, station_id: id, value: id as f64, ..default() });
        conn.bulk_load(Reading, rows).await.unwrap();
        conn.commit().await.unwrap();
        conn.close().await.unwrap();
        let mut session = SessionMaker::new(database.engine()).open();
        let mut work = Box::pin(async {
            let all = select(Station).order_by(Station::id).options(selectinload(Station::readings));
            let mut stations = session.stream(all).await.unwrap();
            let mut seen = 0;
            while let Some(station) = stations.next().await.unwrap() {
                seen += 1;
                let read = station.read();
                let reading = read.readings.iter().unwrap().next().unwrap();
                assert_eq!((read.id, reading.read().value), (seen, seen as f64));
            }
            seen
        });
        let (mut most, mut held) = (0, 0);
        let seen = futures_util::future::poll_fn(|context| {
            let mut polled = None;
            let counted = allocation_counter::measure(|| polled = Some(work.as_mut().poll(context)));
            most = most.max(held + i64::try_from(counted.bytes_max).unwrap());
            held += counted.bytes_current;
            polled.unwrap()
        })
        .await;
        drop(work);
        assert_eq!(seen, number);
        println!("{kind:?}: {most} bytes");
        let bound = if database.is_mysql() { MOST + EACH * number } else { MOST };
        assert!(most < bound, "{most} bytes were in memory at once");
    }));
}

#[test]
fn sqlite() {
    streams_in_bounds(Kind::Sqlite);
}

#[test]
fn postgres() {
    streams_in_bounds(Kind::Postgres);
}

#[test]
fn mysql() {
    streams_in_bounds(Kind::MySql);
}

/// What one session leaves open is in nobody's way, though the transaction around the test goes on.
async fn streams_inside_a_test_that_is_rolled_back(database: &Database) {
    database
        .engine()
        .begin(async |conn| MetaData::of((Station, Reading)).create_all(conn).await)
        .await
        .unwrap();
    let test = TestTransaction::begin(database.engine()).await.unwrap();
    let sessions = SessionMaker::new(test.engine());
    sessions
        .begin(async |session| {
            session.add_all((1..=30).map(|id| Station {
                id,
                readings: Many::from([Reading { value: id as f64, ..default() }]),
                ..default()
            }));
            Ok(())
        })
        .await
        .unwrap();
    for number in 0..4 {
        let mut session = sessions.open();
        let all = select(Station).order_by(Station::id).options(selectinload(Station::readings));
        let mut stations = session.execute(all).yield_per(5).stream().await.unwrap();
        let part = stations.next_batch(7).await.unwrap();
        assert!(part.iter().all(|station| station.read().readings.len().unwrap() == 1), "{number}");
        match number % 2 {
            0 => stations.close().await.unwrap(),
            _ => drop(stations),
        }
        match number {
            0 | 1 => session.commit().await.unwrap(),
            _ => session.rollback().await.unwrap(),
        }
        session.close().await.unwrap();
    }
    test.rollback().await.unwrap();
    let mut session = SessionMaker::new(database.engine()).open();
    assert_eq!(session.scalar(select(count(Station::id))).await.unwrap(), Some(0));
    session.close().await.unwrap();
}
on_every_database!(streams_inside_a_test_that_is_rolled_back);
