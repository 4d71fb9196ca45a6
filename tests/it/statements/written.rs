//! SQL written by hand.

use aludel::{prelude::*, sql::trusted};

use super::{Case, Tables, case};

pub(super) fn cases(Tables { author, .. }: &Tables) -> Vec<Case> {
    vec![
        case(
            "parameters with names",
            text("SELECT id FROM author WHERE name <> :name AND (id = :id OR name = :name OR id = :id + 1) ORDER BY id")
                .bind("id", 1_i64)
                .bind("name", "Ann"),
        )
        .sql("SELECT id FROM author WHERE name <> ? AND (id = ? OR name = ? OR id = ? + 1) ORDER BY id")
        .postgres("SELECT id FROM author WHERE name <> $1 AND (id = $2 OR name = $1 OR id = $2 + 1) ORDER BY id")
        .gives("2"),
        case(
            "parameters of many types",
            text("SELECT count(*) FROM author WHERE id > :least AND (name = :name) = :flag AND (age IS NULL OR age < :most)")
                .bind("least", 0_i32)
                .bind("name", Some("Ann"))
                .bind("flag", false)
                .bind("most", 1000_i64),
        )
        .sql("SELECT count(*) FROM author WHERE id > ? AND (name = ?) = ? AND (age IS NULL OR age < ?)")
        .gives("2"),
        case(
            "casts with two colons",
            text("SELECT :number::bigint + 1, '12:30'::time < :time::time, 'a:b'")
                .bind("number", 41_i64)
                .bind("time", chrono_0_4::NaiveTime::from_hms_opt(13, 0, 0)),
        )
        .postgres("SELECT ?::bigint + 1, '12:30'::time < ?::time, 'a:b'")
        .sqlite_writes("SELECT ?::bigint + 1, '12:30'::time < ?::time, 'a:b'")
        .mysql_writes("SELECT ?::bigint + 1, '12:30'::time < ?::time, 'a:b'")
        .gives("42|1|a:b"),
        case(
            "a colon that is none of a parameter",
            text("SELECT array_length((ARRAY[1, 2, 3, 4])[\\:2], 1) + :more, (ARRAY[1, 2, 3])[2:3] = ARRAY[2, 3]")
                .bind("more", 10),
        )
        .postgres("SELECT array_length((ARRAY[1, 2, 3, 4])[:2], 1) + ?, (ARRAY[1, 2, 3])[2:3] = ARRAY[2, 3]")
        .sqlite_writes("SELECT array_length((ARRAY[1, 2, 3, 4])[:2], 1) + ?, (ARRAY[1, 2, 3])[2:3] = ARRAY[2, 3]")
        .mysql_writes("SELECT array_length((ARRAY[1, 2, 3, 4])[:2], 1) + ?, (ARRAY[1, 2, 3])[2:3] = ARRAY[2, 3]")
        .gives("12|1"),
        case(
            "colons and question marks in texts, names and comments",
            text("SELECT ':a ?', name AS \"b:c?\" /* :d ? */ FROM author -- :e ?\n WHERE id = :id").bind("id", 1),
        )
        .sqlite("SELECT ':a ?', name AS \"b:c?\" /* :d ? */ FROM author -- :e ?\n WHERE id = ?")
        // The marks are only those of values where values have marks like these.
        .postgres_numbered("SELECT ':a ?', name AS \"b:c?\" /* :d ? */ FROM author -- :e ?\n WHERE id = $1")
        .mysql_writes("SELECT ':a ?', name AS \"b:c?\" /* :d ? */ FROM author -- :e ?\n WHERE id = ?")
        .gives(":a ?|Ann"),
        case(
            "a condition written by hand",
            select(author.c("id"))
                .filter(text("name LIKE :pattern OR age IS NULL").bind("pattern", "A%"))
                .filter(author.c("id").lt(3))
                .order_by(author.c("id")),
        )
        .sql("SELECT author.id FROM author WHERE (name LIKE ? OR age IS NULL) AND author.id < ? ORDER BY author.id")
        .gives("1;2"),
        case(
            "expressions, groups and orders by hand",
            select((text("age / :by").bind("by", 10).of::<i64>().label("tens"), aludel::sql::count_all()))
                .select_from(author)
                .filter(text("age").of::<i64>().gt(0_i64))
                .group_by(text("age"))
                .order_by(text("age DESC")),
        )
        .sql("SELECT age / ? AS tens, count(*) FROM author WHERE (age) > ? GROUP BY age ORDER BY age DESC")
        .gives("5|1;3|1"),
        case(
            "lists of values",
            text("SELECT id FROM author WHERE id IN :ids AND name NOT IN :names AND id < :most AND id IN :ids ORDER BY id")
                .bind_list("names", ["Bob".to_owned()])
                .bind("most", 3)
                .bind_list("ids", [1, 2]),
        )
        .sql("SELECT id FROM author WHERE id IN (?, ?) AND name NOT IN (?) AND id < ? AND id IN (?, ?) ORDER BY id")
        .postgres_numbered(
            "SELECT id FROM author WHERE id IN ($1, $2) AND name NOT IN ($3) AND id < $4 AND id IN ($5, $6) ORDER BY id",
        )
        .gives("1"),
        case(
            "lists without values",
            text("SELECT id FROM author WHERE id NOT IN :ids AND (id = 1 OR id IN :ids)").bind_list("ids", [0_i64; 0]),
        )
        .sql(
            "SELECT id FROM author WHERE id NOT IN (SELECT CAST(NULL AS BIGINT) WHERE 1 = 0) AND (id = 1 OR id IN (SELECT \
             CAST(NULL AS BIGINT) WHERE 1 = 0))",
        )
        .mysql(
            "SELECT id FROM author WHERE id NOT IN (SELECT CAST(NULL AS SIGNED) WHERE 1 = 0) AND (id = 1 OR id IN (SELECT \
             CAST(NULL AS SIGNED) WHERE 1 = 0))",
        )
        .gives("1"),
        case("a list too many", text("SELECT 1").bind_list("ids", [1])).says("the text has no parameter `:ids`"),
        case("a value that is missing", text("SELECT :a, :b").bind("b", 1)).says("a value is required for `:a`"),
        case("a value too many", text("SELECT :a").bind("a", 1).bind("b", 1)).says("the text has no parameter `:b`"),
        case("a text that was built", text(trusted(format!("SELECT {}", 40 + 2)))).sql("SELECT 42").gives("42"),
    ]
}
