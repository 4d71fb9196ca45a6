//! Joins of every kind, by every condition.

use aludel::{
    prelude::*,
    sql::{
        coalesce, count_all, literal,
        statement::{joined, values},
    },
};

use super::{Case, Tables, case};
use crate::core_tables::integer;

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = right(tables);
    cases.extend(by_name(tables));
    cases.extend(in_parentheses(tables));
    cases
}

fn right(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let writer = author.alias("writer");
    vec![
        case(
            "right join",
            select((word.c("text"), author.c("id")))
                .select_from(word)
                .right_outerjoin_on(author, author.c("id").eq(word.c("seen")))
                .order_by(author.c("id")),
        )
        .sql("SELECT word.text, author.id FROM word RIGHT JOIN author ON author.id = word.seen ORDER BY author.id")
        .mysql("SELECT word.text, author.id FROM word RIGHT JOIN author ON author.id = word.seen ORDER BY author.id")
        .gives("NULL|1;of|2;the|3"),
        case(
            "right join by foreign key",
            select((book.c("title"), writer.c("name")))
                .select_from(book)
                .right_outerjoin(&writer)
                .filter(book.c("pages").gt(200).or(book.c("id").is_null())),
        )
        .sql(
            "SELECT book.title, writer.name FROM book RIGHT JOIN author AS writer ON book.author_id = writer.id WHERE \
             book.pages > ? OR book.id IS NULL",
        )
        .gives("Dog_wood%|Cid"),
        case(
            "right join after another join",
            select((book.c("id"), author.c("id"), word.c("text")))
                .select_from(book)
                .join(author)
                .right_outerjoin_on(word, word.c("seen").eq(book.c("id")).and(book.c("pages").gt(200)))
                .order_by(word.c("text")),
        )
        .sql(
            "SELECT book.id, author.id, word.text FROM book JOIN author ON book.author_id = author.id RIGHT JOIN word ON \
             word.seen = book.id AND book.pages > ? ORDER BY word.text",
        )
        .gives("NULL|NULL|of;NULL|NULL|the"),
        case(
            "a right join forgets no mark",
            select((integer(author, "id"), integer(word, "seen")))
                .select_from(author)
                .right_outerjoin_on(word, word.c("seen").eq(author.c("id"))),
        )
        .says("`author` is outer-joined"),
        case(
            "a natural right join forgets no mark",
            select((integer(author, "id"), integer(word, "seen"))).select_from(author).natural_right_outerjoin(word),
        )
        .says("`author` is outer-joined"),
        case(
            "a full join by names forgets no mark",
            select((integer(book, "id").nullable(), integer(author, "id")))
                .select_from(book)
                .full_outerjoin_using(author, ["id"]),
        )
        .says("`author` is outer-joined"),
        case(
            "a right join of what is in parentheses",
            select((integer(author, "id").nullable(), integer(book, "id"), integer(word, "seen")))
                .select_from(author)
                .right_outerjoin_on(joined(book).outerjoin_on(word, word.c("seen").eq(1)), literal(true).is_null()),
        )
        .says("`word` is outer-joined"),
    ]
}

fn by_name(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let other = author.alias("other");
    let some = values("some", ["id", "name"], [(2_i32, "Bob"), (3, "Dan"), (9, "Eve")]);
    vec![
        case(
            "using",
            select((book.c("id"), author.c("id"), author.c("name")))
                .select_from(book)
                .join_using(author, ["id"])
                .order_by(author.c("id")),
        )
        .sql("SELECT book.id, author.id, author.name FROM book JOIN author USING (id) ORDER BY author.id")
        .gives("1|1|Ann;2|2|Bob;3|3|Cid"),
        case(
            "left join using",
            select((book.c("id"), author.c("name")))
                .select_from(book)
                .outerjoin_using(author, ["id"])
                .order_by(book.c("id").desc())
                .limit(2),
        )
        .sql("SELECT book.id, author.name FROM book LEFT JOIN author USING (id) ORDER BY book.id DESC LIMIT ?")
        .gives("4|NULL;3|Cid"),
        case(
            "right join using",
            select((author.c("name"), book.c("id")))
                .select_from(author)
                .right_outerjoin_using(book, ["id"])
                .order_by(book.c("id").desc())
                .limit(2),
        )
        .sql("SELECT author.name, book.id FROM author RIGHT JOIN book USING (id) ORDER BY book.id DESC LIMIT ?")
        .gives("NULL|4;Cid|3"),
        case(
            "full join using",
            select((coalesce(integer(author, "id"), some.c("id")), author.c("name"), some.c("name")))
                .select_from(author)
                .full_outerjoin_using(&some, ["id"]),
        )
        .sqlite(
            "SELECT coalesce(author.id, some.id), author.name, some.name FROM author FULL JOIN (SELECT column1 AS id, \
             column2 AS name FROM (VALUES (?, ?), (?, ?), (?, ?))) AS some USING (id)",
        )
        .postgres(
            "SELECT coalesce(author.id, \"some\".id), author.name, \"some\".name FROM author FULL JOIN (VALUES (CAST(? AS \
             INTEGER), CAST(? AS TEXT)), (?, ?), (?, ?)) AS \"some\" (id, name) USING (id)",
        )
        .mysql_lacks("FULL JOIN")
        .gives_in_any_order("1|Ann|NULL;2|Bob|Bob;3|Cid|Dan;9|NULL|Eve"),
        case(
            "using two columns",
            select((author.c("id"), some.c("id"))).select_from(author).join_using(&some, ["id", "name"]),
        )
        .sqlite(
            "SELECT author.id, some.id FROM author JOIN (SELECT column1 AS id, column2 AS name FROM (VALUES (?, ?), (?, \
             ?), (?, ?))) AS some USING (id, name)",
        )
        .postgres(
            "SELECT author.id, \"some\".id FROM author JOIN (VALUES (CAST(? AS INTEGER), CAST(? AS TEXT)), (?, ?), (?, ?)) \
             AS \"some\" (id, name) USING (id, name)",
        )
        .mysql(
            "SELECT author.id, some.id FROM author JOIN (VALUES ROW(?, ?), ROW(?, ?), ROW(?, ?)) AS some (id, name) USING \
             (id, name)",
        )
        .mariadb(
            "SELECT author.id, some.id FROM author JOIN (SELECT ? AS id, ? AS name UNION ALL SELECT ?, ? UNION ALL SELECT ?, \
             ?) AS some USING (id, name)",
        )
        .gives("2|2"),
        case(
            "using after using",
            select((count_all(),)).select_from(author).join_using(&other, ["id"]).join_using(book, ["id"]),
        )
        .sql("SELECT count(*) FROM author JOIN author AS other USING (id) JOIN book USING (id)")
        .gives("3"),
        case("using a column that one side lacks", select(count_all()).select_from(author).join_using(word, ["seen"]))
            .says("JOIN .. USING names the column `seen`, which the left side, `author`, does not have"),
        case("using a column that the other side lacks", select(count_all()).select_from(author).join_using(word, ["id"]))
            .says("JOIN .. USING names the column `id`, which the right side, `word`, does not have"),
        case(
            "using a column that one side has twice",
            select(count_all()).select_from(author).join(book).join_using(&other, ["id"]),
        )
        .says("of which the left side has more than one: in `author`, `book`"),
        case("using no column", select(count_all()).select_from(author).join_using(book, [] as [&str; 0]))
            .says("the join of `book` names no column in USING"),
        case(
            "natural join",
            select((author.c("id"), other.c("name")))
                .select_from(author)
                .natural_join(&other)
                .order_by(author.c("id")),
        )
        .sql("SELECT author.id, other.name FROM author NATURAL JOIN author AS other ORDER BY author.id")
        // Where a column of both is NULL the rows are not the same.
        .gives("1|Ann;3|Cid"),
        case(
            "natural left join",
            select((book.c("id"), author.c("name"))).select_from(book).natural_outerjoin(author).order_by(book.c("id")),
        )
        .sql("SELECT book.id, author.name FROM book NATURAL LEFT JOIN author ORDER BY book.id")
        .gives("1|Ann;2|Bob;3|Cid;4|NULL"),
        case(
            "natural right join",
            select((author.c("name"), book.c("id")))
                .select_from(author)
                .natural_right_outerjoin(book)
                .order_by(book.c("id")),
        )
        .sql("SELECT author.name, book.id FROM author NATURAL RIGHT JOIN book ORDER BY book.id")
        .gives("Ann|1;Bob|2;Cid|3;NULL|4"),
        case(
            "natural full join",
            select((author.c("name"), book.c("id"))).select_from(author).natural_full_outerjoin(book),
        )
        .sql("SELECT author.name, book.id FROM author NATURAL FULL JOIN book")
        .mysql_lacks("NATURAL FULL JOIN")
        .gives_in_any_order("Ann|1;Bob|2;Cid|3;NULL|4"),
    ]
}

fn in_parentheses(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let other = book.alias("other");
    let known = joined(book).join_on(word, word.c("seen").eq(book.c("id")));
    vec![
        case(
            "a left join of a join",
            select((author.c("id"), book.c("id"), word.c("text")))
                .outerjoin_on(known.clone(), book.c("author_id").eq(author.c("id")))
                .order_by((author.c("id"), book.c("id"))),
        )
        .sql(
            "SELECT author.id, book.id, word.text FROM author LEFT JOIN (book JOIN word ON word.seen = book.id) ON \
             book.author_id = author.id ORDER BY author.id, book.id",
        )
        .gives("1|2|of;2|3|the;3|NULL|NULL"),
        case(
            "a left join of a join by foreign key",
            select((author.c("id"), word.c("text"))).outerjoin(known.clone()).order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id, word.text FROM author LEFT JOIN (book JOIN word ON word.seen = book.id) ON author.id = \
             book.author_id ORDER BY author.id",
        )
        .gives("1|of;2|the;3|NULL"),
        case(
            "values in and around the parentheses",
            select((author.c("id"), book.c("id"), literal(7_i64).label("seven")))
                .outerjoin_on(
                    joined(book).join_on(word, word.c("seen").eq(book.c("id")).and(word.c("seen").gt(2))),
                    book.c("author_id").eq(author.c("id")).and(book.c("pages").lt(1000)),
                )
                .filter(author.c("id").lt(3))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id, book.id, ? AS seven FROM author LEFT JOIN (book JOIN word ON word.seen = book.id AND word.seen \
             > ?) ON book.author_id = author.id AND book.pages < ? WHERE author.id < ? ORDER BY author.id",
        )
        .postgres(
            "SELECT author.id, book.id, CAST(? AS BIGINT) AS seven FROM author LEFT JOIN (book JOIN word ON word.seen = \
             book.id AND word.seen > ?) ON book.author_id = author.id AND book.pages < ? WHERE author.id < ? ORDER BY \
             author.id",
        )
        .gives("1|NULL|7;2|3|7"),
        case(
            "parentheses in parentheses",
            select((author.c("id"), other.c("id")))
                .right_outerjoin_on(
                    joined(word).join_on(
                        joined(book).join_using(&other, ["id"]),
                        word.c("seen").eq(book.c("id")),
                    ),
                    author.c("id").eq(book.c("author_id")).and(author.c("age").is_not_null()),
                )
                .order_by(other.c("id")),
        )
        .sql(
            "SELECT author.id, other.id FROM author RIGHT JOIN (word JOIN (book JOIN book AS other USING (id)) ON word.seen = \
             book.id) ON author.id = book.author_id AND author.age IS NOT NULL ORDER BY other.id",
        )
        .gives("1|2;NULL|3"),
        case(
            "a cross join in parentheses",
            select(count_all()).select_from(author).outerjoin_on(
                joined(book).cross_join(word),
                book.c("author_id").eq(author.c("id")).and(word.c("seen").gt(2)),
            ),
        )
        .sql(
            "SELECT count(*) FROM author LEFT JOIN (book CROSS JOIN word) ON book.author_id = author.id AND word.seen > ?",
        )
        .gives("4"),
        case(
            "what stands in parentheses is there",
            select(count_all()).select_from(author).outerjoin(known.clone()).join_on(book, book.c("id").eq(1)),
        )
        .says("`book` is joined twice"),
        case(
            "twice in parentheses",
            select(count_all()).select_from(author).outerjoin(known.join_on(word, word.c("seen").eq(1))),
        )
        .says("`word` is joined twice"),
    ]
}
