//! Full-text search on every database, each with the index that it has for it.

use aludel::{
    prelude::*,
    sql::{
        Expression,
        statement::Select,
        typed::{FullText, full_text},
    },
    types::Text,
};

use crate::{
    core_tables::{error, integer, integers},
    database::{Database, Kind, on_every_database},
};

fn book() -> Table {
    Table::unregistered("book")
        .column(Column::new("id", Integer))
        .column(Column::new("title", Text))
        .column(Column::new("body", Text))
}

async fn filled(database: &Database, book: &Table) -> Connection {
    let mut conn = database.connect().await;
    let create = match database.kind() {
        Kind::Sqlite => text("CREATE VIRTUAL TABLE book USING fts5(id UNINDEXED, title, body)"),
        Kind::Postgres => text("CREATE TABLE book (id INTEGER, title TEXT, body TEXT)"),
        Kind::MySql => text(
            "CREATE TABLE book (id INTEGER, title TEXT, body TEXT, FULLTEXT (title), FULLTEXT (body), FULLTEXT (title, body)) \
             ENGINE = InnoDB",
        ),
    };
    conn.execute(create).await.unwrap();
    let rows = [
        (1, "The white whale", "a ship at sea"),
        (2, "White noise", "whale song, whale talk, whale whale"),
        (3, "Gardening", "roses, and nothing of the ocean"),
    ];
    conn.execute(insert(book).values_many(rows)).await.unwrap();
    // The index of MariaDB knows only what was committed.
    conn.commit().await.unwrap();
    conn
}

fn found(book: &Table, search: FullText, query: &str) -> Select<Expression<i64>> {
    select(integer(book, "id")).filter(search.matches(query)).order_by(book.c("id"))
}

async fn words_are_found_in_texts(database: &Database) {
    let book = book();
    let mut conn = filled(database, &book).await;
    let title = || full_text(book.c("title"));
    let both = || full_text((book.c("title"), book.c("body")));
    for (search, query, expected) in [
        (title(), "whale", &[1_i64][..]),
        (title(), "WHITE", &[1, 2]),
        (title(), "elephant", &[]),
        (both(), "whale", &[1, 2]),
        (full_text(book.c("body")), "whale", &[2]),
        // None of this means anything where words are looked for.
        (title(), "whale\" ' ( * : -", &[1]),
    ] {
        assert_eq!(integers(&mut conn, found(&book, search, query)).await, expected, "{query}");
    }
    // Where a text matches not, its own place shows it.
    let elsewhere = select(integer(&book, "id")).filter(both().matches("whale").and(book.c("id").gt(1)));
    assert_eq!(integers(&mut conn, elsewhere).await, [2]);
}
on_every_database!(words_are_found_in_texts);

async fn the_language_of_queries_is_the_databases(database: &Database) {
    let book = book();
    let mut conn = filled(database, &book).await;
    let query = match database.kind() {
        Kind::Sqlite => "whale NOT noise",
        Kind::Postgres => "whale & !noise",
        Kind::MySql => "+whale -noise",
    };
    let both = || full_text((book.c("title"), book.c("body"))).in_query_language();
    assert_eq!(integers(&mut conn, found(&book, both(), query)).await, [1]);
    let one = full_text(book.c("title")).in_query_language();
    assert_eq!(integers(&mut conn, found(&book, one, query)).await, [1]);
}
on_every_database!(the_language_of_queries_is_the_databases);

async fn better_matches_have_a_higher_rank(database: &Database) {
    let book = book();
    let mut conn = filled(database, &book).await;
    let both = || full_text((book.c("title"), book.c("body")));
    let ranked =
        select(integer(&book, "id")).filter(both().matches("whale")).order_by(both().rank("whale").desc());
    if database.is_sqlite() {
        let refused = error(&mut conn, ranked).await;
        assert!(refused.message().contains("the rank of a full-text search"), "{refused}");
        return;
    }
    assert_eq!(integers(&mut conn, ranked).await, [2, 1]);
}
on_every_database!(better_matches_have_a_higher_rank);
