//! How much of the rows is in memory at once.

use tokio::runtime::Builder;

use crate::{
    database::{Kind, run},
    measurement::{Measurement, connected, count_of, measurement},
};

/// How many bytes may be in memory at once, of the rows and of all that goes with loading them.
const MOST: u64 = 12 << 20;

/// A hundred megabytes go through no more than some of them.
fn loads_in_bounds(kind: Kind) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(kind, async |database| {
        let mut conn = connected(database).await;
        let note = "a note of two thousand bytes ".repeat(70);
        let mut load = Box::pin(async {
            let rows = (1..=50_000).map(|id| Measurement { note: Some(note.clone()), ..measurement(id) });
            conn.bulk_load(Measurement, rows).await.map(|result| result.rowcount())
        });
        let mut most = 0;
        let mut held: i64 = 0;
        let rows = futures_util::future::poll_fn(|context| {
            let mut polled = None;
            let counted = allocation_counter::measure(|| polled = Some(load.as_mut().poll(context)));
            most =
                most.max(u64::try_from(held + i64::try_from(counted.bytes_max).unwrap()).unwrap_or_default());
            held += counted.bytes_current;
            polled.unwrap()
        })
        .await
        .unwrap();
        drop(load);
        assert_eq!(rows, 50_000);
        assert!(most < MOST, "{most} bytes were in memory at once");
        assert_eq!(count_of(&mut conn, Measurement).await, 50_000);
    }));
}

#[test]
fn sqlite() {
    loads_in_bounds(Kind::Sqlite);
}

#[test]
fn postgres() {
    loads_in_bounds(Kind::Postgres);
}

#[test]
fn mysql() {
    loads_in_bounds(Kind::MySql);
}
