//! FROM and WITH.

use aludel::{
    prelude::*,
    sql::{
        count_all, func, literal,
        typed::{IntoNode, true_},
    },
};

use super::{Case, Tables, case};
use crate::core_tables::integer;

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = joins(tables);
    cases.extend(with(tables));
    cases
}

fn joins(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let longest = select((book.c("title"), book.c("pages")))
        .filter(book.c("author_id").eq(author.c("id")))
        .order_by(book.c("pages").desc())
        .limit(1)
        .lateral("longest");
    let numbers = func::<i64>("generate_series", [1_i64.into_node(), 3_i64.into_node()])
        .table_valued_as("numbers", ["n"]);
    let letters = func::<String>("json_each", [literal("[\"a\", \"b\"]".to_owned()).into_node()])
        .table_valued("letters");
    vec![
        case(
            "join by foreign key",
            select((author.c("name"), book.c("title"))).join(book).filter(book.c("pages").gt(200)),
        )
        .sql("SELECT author.name, book.title FROM author JOIN book ON author.id = book.author_id WHERE book.pages > ?")
        .gives("Cid|Dog_wood%"),
        case(
            "outer join",
            select((author.c("id"), book.c("id")))
                .outerjoin_on(book, author.c("id").eq(book.c("author_id")).and(book.c("pages").gt(100)))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT author.id, book.id FROM author LEFT JOIN book ON author.id = book.author_id AND book.pages > ? ORDER BY \
             author.id",
        )
        .gives("1|2;2|3;3|4"),
        case(
            "full join",
            select((author.c("id"), word.c("seen")))
                .select_from(author)
                .full_outerjoin_on(word, word.c("seen").eq(author.c("id"))),
        )
        .sql("SELECT author.id, word.seen FROM author FULL JOIN word ON word.seen = author.id")
        .mysql_lacks("FULL JOIN")
        .gives_in_any_order("1|NULL;2|2;3|3"),
        case("cross join", select(count_all()).select_from(author).cross_join(word))
            .sql("SELECT count(*) FROM author CROSS JOIN word")
            .gives("6"),
        case(
            "lateral",
            select((author.c("name"), longest.c("title"))).join_on(&longest, true_()).order_by(author.c("id")),
        )
        .sql(
            "SELECT author.name, longest.title FROM author JOIN LATERAL (SELECT book.title, book.pages FROM book WHERE \
             book.author_id = author.id ORDER BY book.pages DESC LIMIT ?) AS longest ON TRUE ORDER BY author.id",
        )
        .sqlite_lacks("LATERAL")
        .mariadb_lacks("LATERAL")
        .gives("Ann|Birch;Bob|Cedar;Cid|Dog_wood%"),
        case(
            "a function in FROM, with names for its columns",
            select(numbers.c("n").of::<i64>() * 2_i64).order_by(numbers.c("n")),
        )
        .postgres(
            "SELECT numbers.n * $1 FROM generate_series(CAST($2 AS BIGINT), CAST($3 AS BIGINT)) AS numbers (n) ORDER BY \
             numbers.n",
        )
        .sqlite_lacks("names for the columns of a function in FROM")
        .mysql_lacks("a function in FROM")
        .gives("2;4;6"),
        case("a function in FROM", select(count_all()).select_from(&letters))
            .sqlite("SELECT count(*) FROM json_each(?) AS letters")
            .mysql_lacks("a function in FROM")
            // There the function takes no text.
            .postgres_writes("SELECT count(*) FROM json_each(CAST(? AS TEXT)) AS letters")
        .gives("2"),
    ]
}

fn with(Tables { author, book, word }: &Tables) -> Vec<Case> {
    let long = select((book.c("id"), book.c("author_id"))).filter(book.c("pages").ge(200));
    let plain = long.cte("long");
    let kept = long.cte_materialized("long");
    let written = long.cte_not_materialized("long");
    let counting = select(literal(1_i64).label("n")).recursive_cte("counting", |start, counting| {
        let n = counting.c("n").of::<i64>();
        start.union_all(select((n.clone() + 1_i64).label("n")).filter(n.lt(3)))
    });
    let gone =
        delete(word).filter(word.c("seen").lt(3)).returning((word.c("text"), word.c("seen"))).cte("gone");
    let changed = update(word)
        .set("seen", integer(word, "seen") + 10_i64)
        .filter(word.c("seen").lt(3))
        .returning((word.c("text"), word.c("seen")))
        .cte("changed");
    let came = insert(word).values_many([("a", 1), ("b", 2)]).returning(word.c("text")).cte("came");
    vec![
        case("with", select(plain.c("id")).order_by(plain.c("id")))
            .sql(
                "WITH long AS (SELECT book.id, book.author_id FROM book WHERE book.pages >= ?) SELECT long.id FROM long ORDER \
                 BY long.id",
            )
            .mysql(
                "WITH `long` AS (SELECT book.id, book.author_id FROM book WHERE book.pages >= ?) SELECT `long`.id FROM \
                 `long` ORDER BY `long`.id",
            )
            .gives("2;3;4"),
        case("with materialized", select(kept.c("id")).order_by(kept.c("id")))
            .sql(
                "WITH long AS MATERIALIZED (SELECT book.id, book.author_id FROM book WHERE book.pages >= ?) SELECT long.id \
                 FROM long ORDER BY long.id",
            )
            .mysql_lacks("MATERIALIZED in WITH")
            .gives("2;3;4"),
        case("with not materialized", select(written.c("id")).order_by(written.c("id")))
            .sql(
                "WITH long AS NOT MATERIALIZED (SELECT book.id, book.author_id FROM book WHERE book.pages >= ?) SELECT \
                 long.id FROM long ORDER BY long.id",
            )
            .mysql_lacks("MATERIALIZED in WITH")
            .gives("2;3;4"),
        case("with recursive", select(counting.c("n")).order_by(counting.c("n")))
            .sql(
                "WITH RECURSIVE counting AS (SELECT ? AS n UNION ALL SELECT counting.n + ? AS n FROM counting WHERE \
                 counting.n < ?) SELECT counting.n FROM counting ORDER BY counting.n",
            )
            .postgres(
                "WITH RECURSIVE counting AS (SELECT CAST(? AS BIGINT) AS n UNION ALL SELECT counting.n + ? AS n FROM counting \
                 WHERE counting.n < ?) SELECT counting.n FROM counting ORDER BY counting.n",
            )
            .gives("1;2;3"),
        case("a DELETE in WITH", select((gone.c("text"), gone.c("seen"))))
            .postgres(
                "WITH gone AS (DELETE FROM word WHERE word.seen < ? RETURNING text, seen) SELECT gone.text, gone.seen FROM \
                 gone",
            )
            .sqlite_lacks("INSERT, UPDATE or DELETE in WITH")
            .mysql_lacks("INSERT, UPDATE or DELETE in WITH")
            .gives("of|2")
            .then(select(word.c("text")), "the"),
        case("an UPDATE in WITH", select((changed.c("text"), changed.c("seen"))))
            .postgres(
                "WITH changed AS (UPDATE word SET seen = word.seen + CAST(? AS BIGINT) WHERE word.seen < ? RETURNING text, seen) \
                 SELECT changed.text, changed.seen FROM changed",
            )
            .sqlite_lacks("INSERT, UPDATE or DELETE in WITH")
            .mysql_lacks("INSERT, UPDATE or DELETE in WITH")
            .gives("of|12")
            .then(select(word.c("seen")).order_by(word.c("seen")), "3;12"),
        case("an INSERT in WITH", select(came.c("text")).order_by(came.c("text")))
            .postgres(
                "WITH came AS (INSERT INTO word (text, seen) VALUES (?, ?), (?, ?) RETURNING text) SELECT came.text FROM \
                 came ORDER BY came.text",
            )
            .sqlite_lacks("INSERT, UPDATE or DELETE in WITH")
            .mysql_lacks("INSERT, UPDATE or DELETE in WITH")
            .gives("a;b")
            .then(select(count_all()).select_from(word), "4"),
        case(
            "a DELETE that an INSERT goes on from",
            insert(word).from_select(
                &select((func::<String>("upper", [gone.c("text").node()]), gone.c("seen").of::<i64>() + 10_i64)),
            ),
        )
        .postgres(
            "WITH gone AS (DELETE FROM word WHERE word.seen < ? RETURNING text, seen) INSERT INTO word (text, seen) SELECT \
             upper(gone.text), gone.seen + CAST(? AS BIGINT) FROM gone",
        )
        .sqlite_lacks("INSERT, UPDATE or DELETE in WITH")
        .mysql_lacks("INSERT, UPDATE or DELETE in WITH")
        .then(select((word.c("text"), word.c("seen"))).order_by(word.c("seen")), "the|3;OF|12"),
        case(
            "a DELETE in WITH that nothing is taken from",
            select(integer(author, "id")).filter(author.c("id").eq(1)).add_cte(&gone),
        )
        .postgres(
            "WITH gone AS (DELETE FROM word WHERE word.seen < ? RETURNING text, seen) SELECT author.id FROM author WHERE \
             author.id = ?",
        )
        .sqlite_lacks("INSERT, UPDATE or DELETE in WITH")
        .mysql_lacks("INSERT, UPDATE or DELETE in WITH")
        .gives("1")
        .then(select(word.c("text")), "the"),
    ]
}
