//! What only PostgreSQL has.

use aludel::{
    postgres::{CopyStatement, PostgresConnection},
    prelude::*,
    sql::FromRow,
};

use crate::database::{Database, Kind};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
pub struct Author {
    #[column(primary_key)]
    pub id: i64,
    pub name: String,
    pub born: Option<i32>,
}

#[derive(FromRow, Debug, PartialEq)]
struct Named {
    name: String,
    id: i64,
}

async fn library() -> Option<Database> {
    let database = Database::create(Kind::Postgres).await?;
    database.engine().begin(async |conn| MetaData::of(Author).create_all(conn).await).await.unwrap();
    Some(database)
}

#[tokio::test]
async fn copy_is_part_of_the_transaction_that_is_begun() {
    let Some(database) = library().await else { return };
    let authors = [
        Author { id: 0, name: "Eco".into(), born: Some(1932) },
        Author { id: 0, name: "Böll; \"Heinrich\"".into(), born: None },
    ];
    let mut conn = database.connect().await;
    let statement = CopyStatement::table(Author);

    let mut transaction = conn.begin().await.unwrap();
    let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
    // The numbers are the server's.
    assert_eq!(postgres.copy_all_in(&statement, &authors).await.unwrap(), 2);
    transaction.rollback().await.unwrap();
    let count = conn.scalar_one::<i64, _>(select(count_all()).select_from(Author)).await.unwrap();
    assert_eq!(count, 0, "it was rolled back with its transaction");
    conn.rollback().await.unwrap();

    let mut transaction = conn.begin().await.unwrap();
    let mut savepoint = transaction.begin_nested().await.unwrap();
    let postgres: &mut PostgresConnection = savepoint.driver_mut().await.unwrap();
    let error = postgres.copy_all_in(&statement, [(1, "one", 1), (1, "two", 2)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    savepoint.rollback().await.unwrap();
    let postgres: &mut PostgresConnection = transaction.driver_mut().await.unwrap();
    assert_eq!(postgres.copy_all_in(&statement, &authors).await.unwrap(), 2);
    transaction.commit().await.unwrap();

    let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
    let query = CopyStatement::query(select((Author::id, Author::name)).order_by(Author::name));
    let out = postgres.copy_rows_out::<Named>(&query).await.unwrap();
    let names: Vec<String> = out.all().await.unwrap().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["Böll; \"Heinrich\"", "Eco"]);
    conn.close().await.unwrap();
    database.drop().await;
}

#[tokio::test]
async fn a_copy_that_is_dropped_costs_its_connection_and_nothing_else() {
    let Some(database) = library().await else { return };
    let mut conn = database.connect().await;
    let before = conn.id();
    let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
    let mut copy = postgres.copy_in(&CopyStatement::table(Author)).await.unwrap();
    copy.send("1\tEco\t1932\n").await.unwrap();
    drop(copy);
    let count = conn.scalar_one::<i64, _>(select(count_all()).select_from(Author)).await.unwrap();
    assert_eq!(count, 0);
    assert_ne!(conn.id(), before, "another connection was taken");
    conn.close().await.unwrap();
    database.drop().await;
}

#[tokio::test]
async fn the_connection_of_another_database_has_no_copy() {
    let Some(database) = Database::create(Kind::Sqlite).await else { return };
    let mut conn = database.connect().await;
    let error = conn.driver_mut::<PostgresConnection>().await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    conn.close().await.unwrap();
    database.drop().await;
}
