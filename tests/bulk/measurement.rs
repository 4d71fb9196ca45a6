//! [`Measurement`], and its rows.

use aludel::{engine::BulkWay, prelude::*, sql::Entity};

use crate::database::Database;

/// How many rows a large load has.
pub const ROWS: i64 = 100_000;

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
pub struct Measurement {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 60)]
    pub name: String,
    pub points: i16,
    pub share: f64,
    pub note: Option<String>,
}

/// A row by its key.
pub fn measurement(id: i64) -> Measurement {
    Measurement {
        id,
        name: format!("it's number {id} of \"many\" \\ tab\there"),
        points: (id % 30_000) as i16,
        share: id as f64 / 7.0,
        note: (id % 3 == 0).then(|| format!("ü漢🦀\n{id}")),
    }
}

/// The rows with the keys from 1 on.
pub fn measurements() -> impl Iterator<Item = Measurement> + Send {
    (1..=ROWS).map(measurement)
}

/// Makes the table, and gives a connection.
pub async fn connected(database: &Database) -> Connection {
    let mut conn = database.connect().await;
    if database.is_mysql() {
        // MySQL comes with it off, MariaDB with it on.
        conn.exec_driver_sql("SET GLOBAL local_infile = 1", Vec::new()).await.unwrap();
    }
    MetaData::of(Measurement).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    conn
}

/// How many rows a model's table has.
pub async fn count_of<M: aludel::sql::Model>(conn: &mut Connection, model: Entity<M>) -> i64 {
    let _ = model;
    conn.scalar_one(select(count_all()).select_from(M::table())).await.unwrap()
}

/// The same on a connection of its own, which sees what was committed.
pub async fn committed(database: &Database) -> i64 {
    let mut conn = database.connect().await;
    let count = count_of(&mut conn, Measurement).await;
    conn.close().await.unwrap();
    count
}

/// How a database loads rows when nothing keeps it from its own way.
pub fn own_way(database: &Database) -> BulkWay {
    match (database.is_sqlite(), database.is_mysql()) {
        (true, _) => BulkWay::MultiRow,
        (false, true) => BulkWay::LoadData,
        (false, false) => BulkWay::Copy,
    }
}
