//! What another database has is an error that says so.

use aludel::{mysql::MySqlConnection, postgres::PostgresConnection, prelude::*, sqlite::SqliteConnection};

use crate::database::{Database, on_every_database};

async fn the_connection_of_another_driver(database: &Database) {
    let mut conn = database.connect().await;
    let mut taken = Vec::new();
    for outcome in [
        conn.driver_mut::<SqliteConnection>().await.map(drop),
        conn.driver_mut::<PostgresConnection>().await.map(drop),
        conn.driver_mut::<MySqlConnection>().await.map(drop),
    ] {
        if let Err(error) = &outcome {
            assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
            assert!(error.message().contains("Connection"), "{error}");
        }
        taken.push(outcome.is_ok());
    }
    assert_eq!(taken, [database.is_sqlite(), database.is_postgres(), database.is_mysql()]);
    conn.close().await.unwrap();
}
on_every_database!(the_connection_of_another_driver);
