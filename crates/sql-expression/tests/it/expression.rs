//! Expressions: types of parameters, functions, CASE, CAST, concatenation, order of NULLs.

use aludel_sql_expression::{Executable, case, coalesce, func, literal, lower, not, select, typed::IntoNode};

use crate::fixture::{Library, assert_same, assert_sql, error, mysql, postgres, sql, sqlite};

#[test]
fn a_parameter_says_its_type_where_nothing_else_does() {
    let Library { author, book, .. } = Library::new();
    let age = || author.c("age").of::<i32>();
    assert_eq!(sql(&select(literal(1_i64)), &postgres()), "SELECT CAST($1 AS BIGINT)");
    assert_eq!(sql(&select(literal(1_i64)), &sqlite()), "SELECT ?");
    assert_eq!(sql(&select(age() + 1), &postgres()), "SELECT author.age + $1 FROM author");
    assert_eq!(
        sql(&select(age() + literal(1_i64)), &postgres()),
        "SELECT author.age + CAST($1 AS BIGINT) FROM author",
        "a wider number would be cut off"
    );
    assert_eq!(
        sql(&select(literal("a".to_owned()).eq("b")), &postgres()),
        "SELECT CAST($1 AS TEXT) = CAST($2 AS TEXT)"
    );
    assert_eq!(
        sql(&select(coalesce(book.c("title").of::<Option<String>>(), "none")), &postgres()),
        "SELECT coalesce(book.title, $1) FROM book"
    );
    assert_eq!(
        sql(&select(func::<String>("concat", [author.c("name").node(), "x".into_node()])), &postgres()),
        "SELECT concat(author.name, CAST($1 AS TEXT)) FROM author"
    );
    assert_eq!(
        sql(&select(case::<String>().when(age().gt(18), "old").otherwise("young")), &postgres()),
        "SELECT CASE WHEN author.age > $1 THEN CAST($2 AS TEXT) ELSE CAST($3 AS TEXT) END FROM author"
    );
}

#[test]
fn concatenation() {
    let Library { author, .. } = Library::new();
    let name = || author.c("name").of::<String>();
    assert_sql(
        &select(name().concat("-").concat(name())),
        "SELECT author.name || ? || author.name FROM author",
        "SELECT author.name || $1 || author.name FROM author",
        "SELECT concat(author.name, ?, author.name) FROM author",
    );
}

#[test]
fn order_of_nulls() {
    let Library { author, .. } = Library::new();
    assert_sql(
        &select(author.c("id"))
            .order_by((author.c("age").desc().nulls_last(), author.c("name").asc().nulls_first())),
        "SELECT author.id FROM author ORDER BY author.age DESC NULLS LAST, author.name NULLS FIRST",
        "SELECT author.id FROM author ORDER BY author.age DESC NULLS LAST, author.name NULLS FIRST",
        "SELECT author.id FROM author ORDER BY author.age IS NULL, author.age DESC, author.name IS NULL DESC, author.name",
    );
    // The value of an expression that is written twice is sent twice.
    let statement =
        select(author.c("id")).order_by((author.c("age").of::<i32>() + 5).asc().nulls_last()).limit(3);
    let (text, values) = crate::fixture::sql_with(&statement, &mysql());
    assert_eq!(text, "SELECT author.id FROM author ORDER BY author.age + ? IS NULL, author.age + ? LIMIT ?");
    assert_eq!(format!("{values:?}"), "[I64(5), I64(5), I64(3)]");
}

#[test]
fn functions_and_casts() {
    let Library { author, .. } = Library::new();
    assert_same(
        &select(lower(author.c("name").of::<String>())).filter(author.c("active")),
        "SELECT lower(author.name) FROM author WHERE author.active",
    );
    assert_sql(
        &select(author.c("age").of::<i32>().cast::<String>()),
        "SELECT CAST(author.age AS TEXT) FROM author",
        "SELECT CAST(author.age AS TEXT) FROM author",
        "SELECT CAST(author.age AS CHAR) FROM author",
    );
    assert!(
        error(&select(func::<i32>("pg_sleep(1); --", [])), &sqlite())
            .contains("is not the name of a function")
    );
    assert!(
        error(&select(author.c("age").of::<i32>().distinct()), &sqlite())
            .contains("DISTINCT can only follow a function")
    );
}

#[test]
fn negation_and_precedence() {
    let Library { author, .. } = Library::new();
    let (age, id) = (|| author.c("age"), || author.c("id"));
    assert_eq!(
        select(id()).filter(not(age().eq(1).or(age().eq(2))).and(id().gt(3))).to_sql(&*sqlite()).unwrap(),
        "SELECT author.id FROM author WHERE NOT (author.age = 1 OR author.age = 2) AND author.id > 3"
    );
    assert_eq!(
        select(id()).filter(age().eq(1).or(age().eq(2))).filter(id().gt(3)).to_sql(&*sqlite()).unwrap(),
        "SELECT author.id FROM author WHERE (author.age = 1 OR author.age = 2) AND author.id > 3"
    );
    let number = || author.c("age").of::<i32>();
    assert_eq!(
        select((number() + 1) * 2 - (number() - (number() - 1))).to_sql(&*sqlite()).unwrap(),
        "SELECT (author.age + 1) * 2 - (author.age - (author.age - 1)) FROM author"
    );
}
