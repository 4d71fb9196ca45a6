//! INSERT, UPDATE, DELETE.

use aludel::{
    prelude::*,
    sql::{
        exists, literal,
        statement::{Conflict, conflict, excluded},
    },
};

use super::{Case, Tables, case};
use crate::core_tables::integer;

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = inserts(tables);
    cases.extend(upserts(tables));
    cases.extend(updates(tables));
    cases
}

fn inserts(Tables { book, word, .. }: &Tables) -> Vec<Case> {
    let words = || select((word.c("text"), word.c("seen"))).order_by(word.c("text"));
    vec![
        case("one row", insert(word).value("text", "a").value("seen", 1))
            .sql("INSERT INTO word (text, seen) VALUES (?, ?)")
            .then(words(), "a|1;of|2;the|3"),
        case("many rows", insert(word).columns(["seen", "text"]).values_many([(1, "a"), (4, "z")]))
            .sql("INSERT INTO word (seen, text) VALUES (?, ?), (?, ?)")
            .sqlite("INSERT INTO word (seen, text) VALUES (?, ?)")
            .then(words(), "a|1;of|2;the|3;z|4"),
        case("an expression as a value", insert(word).values(("a", literal(1_i64) + 1_i64)))
            .sql("INSERT INTO word (text, seen) VALUES (?, ? + ?)")
            .postgres("INSERT INTO word (text, seen) VALUES (?, CAST(? AS BIGINT) + CAST(? AS BIGINT))")
            .then(words(), "a|2;of|2;the|3"),
        case(
            "the rows of a select",
            insert(word).from_select(&select((book.c("title"), book.c("pages"))).filter(book.c("id").le(2))),
        )
        .sql("INSERT INTO word (text, seen) SELECT book.title, book.pages FROM book WHERE book.id <= ?")
        .then(words(), "Ash|100;Birch|200;of|2;the|3"),
        case("what was inserted", insert(word).values(("a", 1)).returning((word.c("text"), word.c("seen"))))
            .sql("INSERT INTO word (text, seen) VALUES (?, ?) RETURNING text, seen")
            .mysql_lacks("INSERT .. RETURNING")
            .mariadb("INSERT INTO word (text, seen) VALUES (?, ?) RETURNING text, seen")
            .gives("a|1"),
        case(
            "a word after INSERT",
            insert(word)
                .values(("the", 9))
                .prefix_with(("sqlite", "OR REPLACE"))
                .prefix_with(("mysql", "IGNORE"))
                .suffix_with(("postgresql", "ON CONFLICT DO NOTHING")),
        )
        .sqlite("INSERT OR REPLACE INTO word (text, seen) VALUES (?, ?)")
        .postgres("INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT DO NOTHING")
        .mysql("INSERT IGNORE INTO word (text, seen) VALUES (?, ?)"),
    ]
}

fn upserts(Tables { book, word, .. }: &Tables) -> Vec<Case> {
    let words = || select((word.c("text"), word.c("seen"))).order_by(word.c("text"));
    let two = || insert(word).values_many([("the", 10), ("new", 1)]);
    let sum = || word.c("seen").of::<i64>() + excluded(word.c("seen")).of::<i64>();
    let titles = || insert(word).from_select(&select((book.c("title"), book.c("pages"))).distinct());
    vec![
        case("do nothing on any conflict", insert(word).values(("the", 9)).on_conflict_do_nothing(()))
            .sql("INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .mysql_lacks("ON CONFLICT")
            .then(words(), "of|2;the|3"),
        case("do nothing, and return what is new", {
            two().on_conflict_do_nothing(word.c("text")).returning(word.c("text"))
        })
        .sql("INSERT INTO word (text, seen) VALUES (?, ?), (?, ?) ON CONFLICT (text) DO NOTHING RETURNING text")
        .mysql_lacks("ON CONFLICT")
        .gives("new")
        .then(words(), "new|1;of|2;the|3"),
        case(
            "do update",
            insert(word).values(("the", 9)).on_conflict_do_update(word.c("text"), |update| update.set("seen", sum())),
        )
        .sql(
            "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT (text) DO UPDATE SET seen = word.seen + excluded.seen",
        )
        .mysql_lacks("ON CONFLICT")
        .then(words(), "of|2;the|12"),
        case(
            "do update where",
            insert(word).values_many([("the", 1), ("of", 1)]).on_conflict_do_update(
                conflict(word.c("text")),
                |update| update.set_excluded("seen").filter(word.c("seen").gt(2)),
            ),
        )
        .sql(
            "INSERT INTO word (text, seen) VALUES (?, ?), (?, ?) ON CONFLICT (text) DO UPDATE SET seen = excluded.seen WHERE \
             word.seen > ?",
        )
        .sqlite(
            "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT (text) DO UPDATE SET seen = excluded.seen WHERE \
             word.seen > ?",
        )
        .mysql_lacks("ON CONFLICT")
        .then(words(), "of|2;the|1"),
        case(
            "do update, and return all in order",
            two()
                .on_conflict_do_update(word.c("text"), |update| update.set("seen", sum()))
                .returning((word.c("text"), word.c("seen"))),
        )
        .sql(
            "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT (text) DO UPDATE SET seen = word.seen + excluded.seen \
             RETURNING text, seen",
        )
        .mysql_lacks("ON CONFLICT")
        .gives("the|13;new|1"),
        case(
            "do update on a constraint",
            insert(word)
                .values(("the", 9))
                .on_conflict_do_update(Conflict::constraint("word_pkey"), |update| update.set("seen", 0)),
        )
        .postgres(
            "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT ON CONSTRAINT word_pkey DO UPDATE SET seen = ?",
        )
        .sqlite_lacks("ON CONFLICT ON CONSTRAINT")
        .mysql_lacks("ON CONFLICT")
        .then(words(), "of|2;the|0"),
        case(
            "do nothing on a constraint",
            insert(word).values(("the", 9)).on_conflict_do_nothing(Conflict::constraint("word_pkey")),
        )
        .postgres("INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT ON CONSTRAINT word_pkey DO NOTHING")
        .sqlite_lacks("ON CONFLICT ON CONSTRAINT")
        .mysql_lacks("ON CONFLICT")
        .then(words(), "of|2;the|3"),
        case(
            "do update with the rows of a select",
            titles().on_conflict_do_update(word.c("text"), |update| update.set_excluded("seen")),
        )
        .sql(
            "INSERT INTO word (text, seen) SELECT DISTINCT book.title, book.pages FROM book ON CONFLICT (text) DO UPDATE SET \
             seen = excluded.seen",
        )
        .sqlite(
            "INSERT INTO word (text, seen) SELECT * FROM (SELECT DISTINCT book.title, book.pages FROM book) WHERE TRUE ON \
             CONFLICT (text) DO UPDATE SET seen = excluded.seen",
        )
        .mysql_lacks("ON CONFLICT")
        .then(words().filter(word.c("seen").eq(300)), "Dog_wood%|300"),
        case(
            "on duplicate key",
            two().on_duplicate_key_update(|update| update.set("seen", sum())),
        )
        .sqlite_lacks("ON DUPLICATE KEY UPDATE")
        .postgres_lacks("ON DUPLICATE KEY UPDATE")
        .mysql(
            "INSERT INTO word (text, seen) VALUES (?, ?), (?, ?) AS new ON DUPLICATE KEY UPDATE seen = word.seen + new.seen",
        )
        .mariadb(
            "INSERT INTO word (text, seen) VALUES (?, ?), (?, ?) ON DUPLICATE KEY UPDATE seen = word.seen + VALUES(seen)",
        )
        .then(words(), "new|1;of|2;the|13"),
        case(
            "on duplicate key, and return all in order",
            two()
                .on_duplicate_key_update(|update| update.set("seen", sum()))
                .returning((word.c("text"), word.c("seen"))),
        )
        .sqlite_lacks("ON DUPLICATE KEY UPDATE")
        .postgres_lacks("ON DUPLICATE KEY UPDATE")
        .mysql_lacks("INSERT .. RETURNING")
        .mariadb(
            "INSERT INTO word (text, seen) VALUES (?, ?) ON DUPLICATE KEY UPDATE seen = word.seen + VALUES(seen) RETURNING \
             text, seen",
        )
        .gives("the|13;new|1"),
        case(
            "on duplicate key with the rows of a select",
            titles().on_duplicate_key_update(|update| update.set_excluded("seen")),
        )
        .sqlite_lacks("ON DUPLICATE KEY UPDATE")
        .postgres_lacks("ON DUPLICATE KEY UPDATE")
        .mysql(
            "INSERT INTO word (text, seen) SELECT DISTINCT book.title, book.pages FROM book ON DUPLICATE KEY UPDATE seen = \
             VALUES(seen)",
        )
        .then(words().filter(word.c("seen").eq(300)), "Dog_wood%|300"),
    ]
}

fn updates(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let books = || select((book.c("id"), book.c("pages"))).order_by(book.c("id"));
    let ages = || select(author.c("age")).order_by(author.c("id"));
    vec![
        case("update", update(book).set("pages", integer(book, "pages") + 1_i64).filter(book.c("id").le(2)))
            .sql("UPDATE book SET pages = book.pages + ? WHERE book.id <= ?")
            .postgres("UPDATE book SET pages = book.pages + CAST(? AS BIGINT) WHERE book.id <= ?")
            .then(books(), "1|101;2|201;3|200;4|300"),
        case(
            "update from another table",
            update(book).set("pages", author.c("age")).filter(book.c("author_id").eq(author.c("id"))).filter(
                author.c("name").eq("Cid"),
            ),
        )
        .sql(
            "UPDATE book SET pages = author.age FROM author WHERE book.author_id = author.id AND author.name = ?",
        )
        .mysql(
            "UPDATE book, author SET book.pages = author.age WHERE book.author_id = author.id AND author.name = ?",
        )
        .then(books(), "1|100;2|200;3|200;4|50"),
        case(
            "update by a subquery",
            update(author).set(
                "age",
                select(aludel::sql::max(integer(book, "pages")))
                    .filter(book.c("author_id").eq(author.c("id")))
                    .scalar_subquery(),
            ),
        )
        .sql("UPDATE author SET age = (SELECT max(book.pages) FROM book WHERE book.author_id = author.id)")
        .then(ages(), "200;200;300"),
        case(
            "what was changed",
            update(book).set("pages", 1).filter(book.c("id").eq(4)).returning((book.c("id"), book.c("pages"))),
        )
        .sql("UPDATE book SET pages = ? WHERE book.id = ? RETURNING id, pages")
        .mysql_lacks("UPDATE .. RETURNING")
        .gives("4|1"),
        case(
            "what was changed, beside another table",
            update(book)
                .set("pages", 1)
                .filter(book.c("author_id").eq(author.c("id")))
                .filter(author.c("name").eq("Bob"))
                .returning((book.c("id"), author.c("name"))),
        )
        .postgres(
            "UPDATE book SET pages = ? FROM author WHERE book.author_id = author.id AND author.name = ? RETURNING book.id, \
             author.name",
        )
        .sqlite_lacks_words("RETURNING can only give columns of `book`, not of `author`")
        .mysql_lacks("UPDATE .. RETURNING")
        .gives("3|Bob"),
        case("delete", delete(word).filter(word.c("seen").gt(2)))
            .sql("DELETE FROM word WHERE word.seen > ?")
            .then(select(word.c("text")), "of"),
        case(
            "delete using another table",
            delete(book).filter(book.c("author_id").eq(author.c("id"))).filter(author.c("age").gt(20)),
        )
        .postgres("DELETE FROM book USING author WHERE book.author_id = author.id AND author.age > ?")
        .mysql("DELETE FROM book USING book, author WHERE book.author_id = author.id AND author.age > ?")
        .sqlite_lacks("DELETE with further tables")
        .then(books(), "3|200"),
        case(
            "delete where there is something else",
            delete(book).filter(exists(
                &select(author.c("id")).filter(author.c("id").eq(book.c("author_id"))).filter(author.c("age").gt(20)),
            )),
        )
        .sql(
            "DELETE FROM book WHERE EXISTS (SELECT author.id FROM author WHERE author.id = book.author_id AND author.age > ?)",
        )
        .then(books(), "3|200"),
        case(
            "a word at the end",
            delete(word).suffix_with(("mysql", "ORDER BY seen LIMIT 1")),
        )
        .sql("DELETE FROM word")
        .mysql("DELETE FROM word ORDER BY seen LIMIT 1"),
    ]
}
