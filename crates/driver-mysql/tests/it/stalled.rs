//! Bytes for LOAD DATA that the server does not take any more, or not yet.

use std::time::{Duration, Instant};

use aludel_driver::{Connection, ErrorKind, Result};
use aludel_driver_mysql::{LoadData, LoadedData, MySqlConnection};
use tokio::io::{AsyncWriteExt as _, DuplexStream};

use crate::server::{assert_answers, batch, connect, fetch, id};

/// A connection with an empty table of this name, and another one.
async fn connected(table: &str) -> Option<(Box<dyn Connection>, Box<dyn Connection>)> {
    let mut first = connect().await?;
    let second = connect().await?;
    batch(&mut *first, "SET GLOBAL local_infile = 1").await;
    let sql = format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id INT PRIMARY KEY, v TEXT)");
    batch(&mut *first, &sql).await;
    Some((first, second))
}

async fn load(
    connection: &mut dyn Connection,
    table: &'static str,
    mut bytes: DuplexStream,
) -> Result<LoadedData> {
    let connection = connection.as_any_mut().downcast_mut::<MySqlConnection>().unwrap();
    connection.load_data(&LoadData::named(table), &mut bytes).await
}

/// Lines of about a thousand bytes, 64 at once; false: nobody wants them any more.
async fn write_lines(pipe: &mut DuplexStream, numbers: std::ops::Range<u32>) -> bool {
    let filling = "x".repeat(1000);
    for start in numbers.clone().step_by(64) {
        let lines: String =
            (start..(start + 64).min(numbers.end)).map(|id| format!("{id}\t{filling}\n")).collect();
        if pipe.write_all(lines.as_bytes()).await.is_err() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn a_connection_that_is_killed_is_noticed_soon() {
    for kibibytes in [0, 500, 4_000] {
        let Some((mut first, mut second)) = connected("killed_load").await else { return };
        let number = id(&mut *first).await;
        let (mut pipe, bytes) = tokio::io::duplex(1 << 16);
        let killing = async {
            write_lines(&mut pipe, 0..kibibytes).await;
            batch(&mut *second, &format!("KILL {number}")).await;
            let started = Instant::now();
            let is_taken = write_lines(&mut pipe, kibibytes..kibibytes + 40_000).await;
            (started, is_taken)
        };
        let (outcome, (started, is_taken)) = tokio::join!(load(&mut *first, "killed_load", bytes), killing);
        let error = outcome.unwrap_err();
        assert!(!is_taken && error.is_disconnect(), "{error:?}");
        assert_eq!(error.kind(), ErrorKind::Operational, "{error:?}");
        assert!(error.to_string().contains("was lost"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        assert!(first.is_broken() && first.ping().await.unwrap_err().is_disconnect());
        assert_eq!(fetch(&mut *second, "SELECT COUNT(*) FROM killed_load", &[]).await, [["I64(0)"]]);
        batch(&mut *second, "DROP TABLE killed_load").await;
    }
}

#[tokio::test]
async fn a_server_that_waits_for_a_lock_is_waited_for() {
    let Some((mut first, mut second)) = connected("waiting_load").await else { return };
    batch(&mut *first, "SET SESSION innodb_lock_wait_timeout = 30").await;
    batch(&mut *second, "BEGIN; INSERT INTO waiting_load VALUES (3, 'mine')").await;
    let (mut pipe, bytes) = tokio::io::duplex(1 << 16);
    let writing = async {
        let is_taken = write_lines(&mut pipe, 0..20_000).await;
        drop(pipe);
        is_taken
    };
    let releasing = async {
        // Long enough for the server to be asked twice.
        tokio::time::sleep(Duration::from_millis(4500)).await;
        batch(&mut *second, "ROLLBACK").await;
    };
    let (outcome, is_taken, ()) = tokio::join!(load(&mut *first, "waiting_load", bytes), writing, releasing);
    assert_eq!(outcome.unwrap().rowcount(), 20_000);
    assert!(is_taken);
    assert_answers(&mut *first).await;
    batch(&mut *second, "DROP TABLE waiting_load").await;
}
