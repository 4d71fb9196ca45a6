//! Sequences: on insert, in expressions, and alone.

use aludel::{
    prelude::*,
    sql::{
        create_sequence,
        schema::{Identity, Sequence},
    },
};

use crate::{
    core_tables::{error, rows},
    database::{Database, on_every_database},
};

async fn case_032_sequences_on_insert_and_alone(database: &Database) {
    let numbers = Sequence::new("Numbers of \"things\"").start(10).increment(5);
    let metadata = MetaData::new();
    let things = Table::new("things", &metadata)
        .column(Column::new("id", Integer).primary_key().sequence(&numbers))
        .column(Column::new("word", Varchar(20)));
    let mut conn = database.connect().await;
    if database.is_sqlite() {
        let lacks = "is not supported by the sqlite dialect";
        let refused = metadata.create_all(&mut conn).await.unwrap_err().to_string();
        assert!(refused.contains("SEQUENCE") && refused.contains(lacks), "{refused}");
        let alone = error(&mut conn, numbers.clone()).await.to_string();
        assert!(alone.contains("the next value of a sequence") && alone.contains(lacks), "{alone}");
        let made = error(&mut conn, create_sequence(&numbers)).await.to_string();
        assert!(made.contains("CREATE SEQUENCE") && made.contains(lacks), "{made}");
        return;
    }
    metadata.create_all(&mut conn).await.unwrap();
    metadata.create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let key: (i64,) =
        conn.execute(insert(&things).value("word", "a")).inserted_primary_key().await.unwrap().unwrap();
    assert_eq!(key, (10,));
    // Alone, in an expression, and as a value that is written.
    assert_eq!(conn.scalar_one::<i64, _>(numbers.clone()).await.unwrap(), 15);
    assert_eq!(rows(&mut conn, numbers.clone()).await, [20]);
    assert_eq!(rows(&mut conn, select(numbers.next_value() + 1_i64)).await, [26]);
    conn.execute(insert(&things).value("id", numbers.next_value()).value("word", "b")).await.unwrap();
    conn.execute(insert(&things).values_many(["c", "d"].map(|word| [("word", word)]))).await.unwrap();
    let all = select((things.c("id").of::<i64>(), things.c("word").of::<String>())).order_by(things.c("id"));
    let seen = rows(&mut conn, all).await;
    let seen: Vec<(i64, &str)> = seen.iter().map(|(id, word)| (*id, word.as_str())).collect();
    assert_eq!(seen, [(10, "a"), (30, "b"), (35, "c"), (40, "d")]);
    conn.commit().await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    assert!(conn.execute(numbers.clone()).await.is_err(), "it went with the table");
    conn.rollback().await.unwrap();
}
on_every_database!(case_032_sequences_on_insert_and_alone);

async fn case_032_an_optional_sequence_is_left_out(database: &Database) {
    let metadata = MetaData::new();
    let things = Table::new("things", &metadata)
        .column(
            Column::new("id", Integer).primary_key().sequence(&Sequence::new("numbers").start(50).optional()),
        )
        .column(Column::new("word", Varchar(20)));
    assert!(metadata.sequences().is_empty());
    let mut conn = database.connect().await;
    metadata.create_all(&mut conn).await.unwrap();
    let key: (i64,) =
        conn.execute(insert(&things).value("word", "a")).inserted_primary_key().await.unwrap().unwrap();
    assert_eq!(key, (1,));
    conn.commit().await.unwrap();
}
on_every_database!(case_032_an_optional_sequence_is_left_out);

/// Numbers that go down, so that the order of new rows cannot be told by them.
async fn rows_find_their_places_where_numbers_go_down(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let down = Table::unregistered("down")
        .column(Column::new("id", Integer).primary_key().identity(Identity::always().start(-1).increment(-1)))
        .column(Column::new("word", Varchar(20)));
    let mut conn = database.connect().await;
    MetaData::of(&down).create_all(&mut conn).await.unwrap();
    let words = ["a", "b", "c"].map(|word| [("word", word)]);
    let made =
        insert(&down).values_many(words).returning((down.c("id").of::<i64>(), down.c("word").of::<String>()));
    let seen = rows(&mut conn, made).await;
    let seen: Vec<(i64, &str)> = seen.iter().map(|(id, word)| (*id, word.as_str())).collect();
    assert_eq!(seen, [(-1, "a"), (-2, "b"), (-3, "c")]);
    conn.commit().await.unwrap();
}
on_every_database!(rows_find_their_places_where_numbers_go_down);
