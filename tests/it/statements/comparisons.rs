//! Comparisons, lists, constants, labels and operators of one's own.

use aludel::{
    prelude::*,
    sql::{
        Expression,
        expression::{OperatorPrecedence, operator},
        literal, not, null, tuple,
        typed::{false_, true_},
    },
    types::Varchar,
};

use super::{Case, Tables, case};
use crate::core_tables::integer;

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = comparisons(tables);
    cases.extend(lists(tables));
    cases.extend(constants(tables));
    cases.extend(operators(tables));
    cases
}

fn comparisons(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let (age, id, pages) = (|| author.c("age").of::<Option<i64>>(), || author.c("id"), || book.c("pages"));
    let ids = |condition: Expression<bool>| select(id()).filter(condition).order_by(id());
    vec![
        case(
            "all comparisons",
            select((pages().eq(200), pages().ne(200), pages().lt(200), pages().le(200), pages().gt(200), pages().ge(200)))
                .filter(book.c("id").eq(2)),
        )
        .sql(
            "SELECT book.pages = ?, book.pages <> ?, book.pages < ?, book.pages <= ?, book.pages > ?, book.pages >= ? FROM book \
             WHERE book.id = ?",
        )
        .gives("1|0|0|1|0|1"),
        case("columns compared", select(book.c("id")).filter(pages().gt(book.c("author_id"))).order_by(book.c("id")))
            .sql("SELECT book.id FROM book WHERE book.pages > book.author_id ORDER BY book.id")
            .gives("1;2;3;4"),
        case("null tests", select((age().is_null(), age().is_not_null())).order_by(id()))
            .sql("SELECT author.age IS NULL, author.age IS NOT NULL FROM author ORDER BY author.id")
            .gives("0|1;1|0;0|1"),
        case("is not distinct from", ids(age().is_not_distinct_from(None::<i64>)))
            .sqlite("SELECT author.id FROM author WHERE author.age IS ? ORDER BY author.id")
            .postgres(
                "SELECT author.id FROM author WHERE author.age IS NOT DISTINCT FROM CAST(? AS BIGINT) ORDER BY author.id",
            )
            .mysql("SELECT author.id FROM author WHERE author.age <=> ? ORDER BY author.id")
            .gives("2"),
        case("not between", ids(not(id().between(2, 3))))
            .sql("SELECT author.id FROM author WHERE NOT (author.id BETWEEN ? AND ?) ORDER BY author.id")
            .gives("1"),
        case("between in either order", ids(id().between_symmetric(3, 2)))
            .sql(
                "SELECT author.id FROM author WHERE author.id BETWEEN ? AND ? OR author.id BETWEEN ? AND ? ORDER BY author.id",
            )
            .gives("2;3"),
        case("not between in either order", ids(not(id().between_symmetric(3, 2))))
            .sql(
                "SELECT author.id FROM author WHERE NOT (author.id BETWEEN ? AND ? OR author.id BETWEEN ? AND ?) ORDER BY \
                 author.id",
            )
            .gives("1"),
        case("or and and by their signs", ids(id().eq(1) | (id().eq(3) & age().gt(60_i64))))
            .sql("SELECT author.id FROM author WHERE author.id = ? OR author.id = ? AND author.age > ? ORDER BY author.id")
            .postgres(
                "SELECT author.id FROM author WHERE author.id = ? OR author.id = ? AND author.age > CAST(? AS BIGINT) ORDER BY \
                 author.id",
            )
            .gives("1"),
    ]
}

fn lists(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let id = || author.c("id");
    let ids = |condition: Expression<bool>| select(id()).filter(condition).order_by(id());
    let written =
        |condition: &str| format!("SELECT author.id FROM author WHERE {condition} ORDER BY author.id");
    let long = || select(book.c("author_id")).filter(book.c("pages").ge(200));
    let pairs = || tuple((book.c("author_id"), book.c("pages")));
    vec![
        case("in a list", ids(id().in_([1, 3])))
            .sql(&written("author.id IN (?, ?)"))
            .postgres(&written("author.id = ANY (?)"))
            .gives("1;3"),
        case("not in a list", ids(id().not_in([1, 3])))
            .sql(&written("author.id NOT IN (?, ?)"))
            .postgres(&written("author.id <> ALL (?)"))
            .gives("2"),
        case("everything is not in an empty list", ids(id().not_in([0_i64; 0])))
            .sql(&written("1 = 1"))
            .postgres(&written("author.id <> ALL (?)"))
            .gives("1;2;3"),
        case("in a select", ids(id().in_select(&long())))
            .sql(&written("author.id IN (SELECT book.author_id FROM book WHERE book.pages >= ?)"))
            .gives("1;2;3"),
        case("not in a select", ids(id().not_in_select(&long().filter(book.c("id").gt(2)))))
            .sql(&written("author.id NOT IN (SELECT book.author_id FROM book WHERE book.pages >= ? AND book.id > ?)"))
            .gives("1"),
        case(
            "tuples not in a list",
            select(book.c("id")).filter(pairs().not_in([(1, 200), (3, 300)])).order_by(book.c("id")),
        )
        .sql("SELECT book.id FROM book WHERE (book.author_id, book.pages) NOT IN ((?, ?), (?, ?)) ORDER BY book.id")
        .gives("1;3"),
        case(
            "tuples in a select",
            select(book.c("id"))
                .filter(pairs().in_select(&select((author.c("id"), literal(200_i64))).filter(id().lt(3))))
                .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id FROM book WHERE (book.author_id, book.pages) IN (SELECT author.id, ? FROM author WHERE author.id < ?) \
             ORDER BY book.id",
        )
        .postgres(
            "SELECT book.id FROM book WHERE (book.author_id, book.pages) IN (SELECT author.id, CAST(? AS BIGINT) FROM author \
             WHERE author.id < ?) ORDER BY book.id",
        )
        .gives("2;3"),
    ]
}

fn constants(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let pages = || integer(book, "pages");
    let half = || (pages() / 2_i64).label("half");
    vec![
        case("null, true and false, written out", select((null::<i64>(), true_(), false_())))
            .sql("SELECT NULL, TRUE, FALSE")
            .gives("NULL|1|0"),
        case("text read as something else", select(literal("1".to_owned()).type_coerce::<i64>()))
            .sql("SELECT ?")
            .postgres("SELECT CAST(? AS TEXT)")
            .gives("1"),
        case("a label that rows are ordered by", select((book.c("id"), half())).order_by(half().desc()).limit(1))
            .sqlite("SELECT book.id, book.pages / CAST(? AS DOUBLE) AS half FROM book ORDER BY half DESC LIMIT ?")
            .postgres(
                "SELECT book.id, book.pages / CAST(? AS DOUBLE PRECISION) AS half FROM book ORDER BY half DESC LIMIT ?",
            )
            .mysql("SELECT book.id, book.pages / CAST(? AS DOUBLE) AS half FROM book ORDER BY half DESC LIMIT ?")
            .gives("4|150"),
        case(
            "a cast to a type that is named",
            select(pages().cast_to::<String>(Varchar(20)).concat("!")).filter(book.c("id").eq(1)),
        )
        .sql("SELECT CAST(book.pages AS VARCHAR(20)) || ? FROM book WHERE book.id = ?")
        .mysql("SELECT concat(CAST(book.pages AS CHAR(20)), ?) FROM book WHERE book.id = ?")
        .gives("100!"),
        case("a condition that is a column's value", select(author.c("age").of::<Option<i64>>().gt(40_i64)).order_by(author.c("id")))
            .sql("SELECT author.age > ? FROM author ORDER BY author.id")
            .postgres("SELECT author.age > CAST(? AS BIGINT) FROM author ORDER BY author.id")
            .gives("0;NULL;1"),
    ]
}

fn operators(Tables { book, .. }: &Tables) -> Vec<Case> {
    let pages = || integer(book, "pages");
    let modulo = || operator("%").precedence(OperatorPrecedence::Product);
    let like = || operator("LIKE").precedence(OperatorPrecedence::Comparison);
    let first = |select: aludel::sql::statement::Select<Expression<i64>>| select.filter(book.c("id").eq(1));
    vec![
        case("modulo", first(select(pages() % 7_i64)))
            .sql("SELECT book.pages % ? FROM book WHERE book.id = ?")
            .postgres("SELECT book.pages % CAST(? AS BIGINT) FROM book WHERE book.id = ?")
            .gives("2"),
        case(
            "an operator that binds as a product",
            first(select(literal(1_i64) + pages().op::<i64>(modulo(), 30_i64).op::<i64>(modulo(), 7_i64) * 2_i64)),
        )
        .sql("SELECT ? + book.pages % ? % ? * ? FROM book WHERE book.id = ?")
        .postgres("SELECT ? + book.pages % CAST(? AS BIGINT) % ? * ? FROM book WHERE book.id = ?")
        .gives("7"),
        case(
            "an operator that binds as a product, around a sum",
            first(select((pages() + 1_i64).op::<i64>(modulo(), literal(3_i64) * 2_i64))),
        )
        .sql("SELECT (book.pages + ?) % (? * ?) FROM book WHERE book.id = ?")
        .postgres(
            "SELECT (book.pages + CAST(? AS BIGINT)) % (CAST(? AS BIGINT) * CAST(? AS BIGINT)) FROM book WHERE book.id = ?",
        )
        .gives("5"),
        case(
            "an operator that binds as a comparison",
            select(book.c("id"))
                .filter(book.c("title").op::<bool>(like(), "%i%").and(book.c("id").gt(1)))
                .order_by(book.c("id")),
        )
        .sql("SELECT book.id FROM book WHERE book.title LIKE ? AND book.id > ? ORDER BY book.id")
        .gives("2"),
        case(
            "an operator of which nothing is known",
            select(book.c("id")).filter(book.c("title").op::<bool>("LIKE", "%r%").and(book.c("id").gt(2))),
        )
        .sql("SELECT book.id FROM book WHERE (book.title LIKE ?) AND book.id > ?")
        .gives("3"),
    ]
}
