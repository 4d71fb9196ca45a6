//! What a database cannot hold is refused before anything is sent, by the name of the column.

use aludel::{
    prelude::*,
    sql::Executable,
    types::{Interval as IntervalType, Text, TinyInteger, UnsignedBigInteger},
};
use chrono_0_4::{NaiveDate, TimeDelta};

use crate::{
    database::{Database, on_every_database},
    stage::{create, error},
};

fn table() -> Table {
    Table::unregistered("holder")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("large", UnsignedBigInteger))
        .column(Column::new("tiny", TinyInteger))
        .column(Column::new("length", IntervalType))
        .column(Column::new("float", Double))
        .column(Column::new("word", Text))
        .column(Column::new("day", aludel::types::Date))
}

/// The message of a statement that is refused, and that nothing was sent for it.
async fn refused(conn: &mut Connection, statement: impl Executable) -> String {
    let error = error(conn, statement).await;
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    // Only what a driver refuses has no code of a server.
    assert_eq!(error.code(), None, "{error}");
    conn.rollback().await.unwrap();
    error.message().to_owned()
}

async fn what_does_not_fit_is_refused_by_name(database: &Database) {
    let mut conn = database.connect().await;
    let t = table();
    create(&mut conn, &t).await;
    let one = |column: &'static str| insert(&t).value("id", 1).value(column, 1);
    conn.execute(one("large")).await.unwrap();
    conn.rollback().await.unwrap();

    if !database.is_mysql() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("large", u64::MAX)).await;
        assert!(message.contains("column `large`"), "{message}");
        let many = insert(&t).columns(["id", "large"]).values_many([(1, 1_u64), (2, u64::MAX)]);
        let message = refused(&mut conn, many).await;
        assert!(message.contains("column `large`"), "{message}");
        let message = refused(&mut conn, update(&t).set("large", u64::MAX).filter(t.c("id").eq(1))).await;
        assert!(message.contains("column `large`"), "{message}");
        let message = refused(&mut conn, delete(&t).filter(t.c("large").eq(u64::MAX))).await;
        assert!(message.contains("column `large`"), "{message}");
        let listed = select(t.c("id").of::<i64>()).filter(t.c("large").in_([1, u64::MAX]));
        let message = refused(&mut conn, listed).await;
        assert!(message.contains("column `large`"), "{message}");
    }
    if database.is_postgres() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("tiny", 40_000)).await;
        assert!(message.contains("column `tiny`") && message.contains("40000"), "{message}");
        let message = refused(&mut conn, insert(&t).value("id", 1).value("word", "a\0b")).await;
        assert!(message.contains("column `word`") && message.contains("NUL"), "{message}");
        let message =
            refused(&mut conn, insert(&t).value("id", 1).value("day", "tomorrow".to_owned().into_bytes()))
                .await;
        assert!(
            message.contains("column `day`") && message.contains("bytes") && message.contains("date"),
            "{message}"
        );
    } else {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("float", f64::NAN)).await;
        assert!(message.contains("column `float`") && message.contains("NaN"), "{message}");
        let months = aludel::sql::Interval::months(1);
        let message = refused(&mut conn, insert(&t).value("id", 1).value("length", months)).await;
        assert!(message.contains("column `length`") && message.contains("months"), "{message}");
    }
    if database.is_mysql() {
        let message = refused(&mut conn, insert(&t).value("id", 1).value("float", f64::INFINITY)).await;
        assert!(message.contains("column `float`"), "{message}");
        let early = NaiveDate::from_ymd_opt(-44, 3, 15).unwrap();
        let message = refused(&mut conn, insert(&t).value("id", 1).value("day", early)).await;
        assert!(message.contains("column `day`") && message.contains("0 to 9999"), "{message}");
    }
    let message = refused(&mut conn, insert(&t).value("id", 1).value("length", TimeDelta::MAX)).await;
    assert!(message.contains("column `length`") && message.contains("too long"), "{message}");
}
on_every_database!(what_does_not_fit_is_refused_by_name);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Holder {
    #[column(primary_key)]
    pub id: i64,
    pub large: u64,
    pub word: String,
}

async fn what_cannot_be_read_names_column_and_types(database: &Database) {
    let mut conn = database.connect().await;
    create(&mut conn, Holder).await;
    conn.execute(insert(Holder).values(Holder { id: 1, large: 300, word: "x".to_owned() })).await.unwrap();
    let number = text("SELECT word AS number FROM holder").returns::<(i64,)>();
    let message = error(&mut conn, number).await.message().to_owned();
    assert!(
        message.contains("column 1") && message.contains("text") && message.contains("`i64`"),
        "{message}"
    );
    #[derive(Debug, FromRow)]
    struct Small {
        #[allow(dead_code)]
        large: u8,
    }
    let small = text("SELECT large FROM holder").returns::<Small>();
    let message = error(&mut conn, small).await.message().to_owned();
    assert!(
        message.contains("column `large`") && message.contains("300") && message.contains("`u8`"),
        "{message}"
    );
    conn.execute(text("UPDATE holder SET word = 'y', large = 0")).await.unwrap();
    let none = text("SELECT NULL AS word").returns::<(String,)>();
    let message = error(&mut conn, none).await.message().to_owned();
    assert!(message.contains("NULL") && message.contains("Option<String>"), "{message}");
}
on_every_database!(what_cannot_be_read_names_column_and_types);
