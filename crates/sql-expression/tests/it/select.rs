//! SELECT: FROM, joins, correlation, set operations, order and limit.

use aludel_sql_expression::{
    ColumnExpression, Executable, Value, count, exists, select,
    statement::{LockStrength, LockWait, Locking, Select},
};

use crate::fixture::{
    Library, assert_same, assert_sql, error, mariadb, mysql, postgres, sql, sql_with, sqlite,
};

#[test]
fn from_follows_from_the_columns() {
    let Library { author, book, .. } = Library::new();
    assert_same(&select((author.c("id"), author.c("name"))), "SELECT author.id, author.name FROM author");
    let statement = select(author.c("name")).filter(author.c("id").eq(book.c("author_id")));
    assert_same(&statement, "SELECT author.name FROM author, book WHERE author.id = book.author_id");
    let statement = select(author.c("name")).filter(author.c("name").eq("x"));
    assert_sql(
        &statement,
        "SELECT author.name FROM author WHERE author.name = ?",
        "SELECT author.name FROM author WHERE author.name = $1",
        "SELECT author.name FROM author WHERE author.name = ?",
    );
    assert_eq!(sql_with(&statement, &sqlite()).1, [Value::Text("x".into())]);
}

#[test]
fn joins_follow_the_foreign_key() {
    let Library { author, book, loan } = Library::new();
    assert_same(
        &select((author.c("name"), book.c("title"))).join(&book),
        "SELECT author.name, book.title FROM author JOIN book ON author.id = book.author_id",
    );
    assert_same(
        &select(book.c("title")).join(&author),
        "SELECT book.title FROM book JOIN author ON book.author_id = author.id",
    );
    assert!(
        error(&select(author.c("name")).join(&loan), &sqlite())
            .contains("more than one foreign key between `author` and `loan`")
    );
    assert!(
        error(&select(book.c("title")).join(&loan), &sqlite())
            .contains("no foreign key between `book` and `loan`")
    );
    assert!(error(&select(book.c("title")).join(&author).join(&author), &sqlite()).contains("joined twice"));
}

#[test]
fn subqueries_are_correlated() {
    let Library { author, book, .. } = Library::new();
    let inner = select(book.c("id")).filter(book.c("author_id").eq(author.c("id")));
    assert_same(
        &select(author.c("name")).filter(exists(&inner)),
        "SELECT author.name FROM author WHERE EXISTS (SELECT book.id FROM book WHERE book.author_id = author.id)",
    );
}

#[test]
fn unknown_columns_are_named() {
    let Library { author, .. } = Library::new();
    assert_eq!(
        error(&select(author.c("nam")), &postgres()),
        "the table `author` has no column `nam`; it has: id, name, age, active"
    );
}

#[test]
fn limits() {
    let Library { author, .. } = Library::new();
    let all = select(author.c("id")).order_by(author.c("id"));
    assert_eq!(
        sql(&all.clone().limit(2), &postgres()),
        "SELECT author.id FROM author ORDER BY author.id LIMIT $1"
    );
    assert_sql(
        &all.clone().offset(2),
        "SELECT author.id FROM author ORDER BY author.id LIMIT -1 OFFSET ?",
        "SELECT author.id FROM author ORDER BY author.id OFFSET $1",
        "SELECT author.id FROM author ORDER BY author.id LIMIT 18446744073709551615 OFFSET ?",
    );
    assert_eq!(sql_with(&all.limit(3).offset(2), &mysql()).1, [Value::I64(3), Value::I64(2)]);
}

#[test]
fn literals_are_written_for_people() {
    let Library { author, .. } = Library::new();
    let statement = select(count(author.c("id"))).filter(author.c("name").in_(["a", "it's"]));
    assert_eq!(
        statement.to_sql(&*postgres()).unwrap(),
        "SELECT count(author.id) FROM author WHERE author.name = ANY (ARRAY['a', 'it''s'])"
    );
}

#[test]
fn what_a_dialect_lacks_is_named() {
    let Library { author, book, .. } = Library::new();
    let full = select((author.c("name"), book.c("title"))).full_outerjoin(&book);
    assert_eq!(
        sql(&full, &postgres()),
        "SELECT author.name, book.title FROM author FULL JOIN book ON author.id = book.author_id"
    );
    assert_eq!(error(&full, &mysql()), "FULL JOIN is not supported by the mysql dialect (version 8.4.0)");
    let distinct = select(author.c("name")).distinct_on(author.c("age")).order_by(author.c("age"));
    assert_eq!(
        sql(&distinct, &postgres()),
        "SELECT DISTINCT ON (author.age) author.name FROM author ORDER BY author.age"
    );
    assert_eq!(error(&distinct, &sqlite()), "DISTINCT ON is not supported by the sqlite dialect");
}

#[test]
fn rows_are_locked_where_there_are_row_locks() {
    let Library { author, .. } = Library::new();
    let locked = |strength, of: &[&aludel_sql_expression::schema::Table], wait| {
        let of = of.iter().map(|table| (*table).into()).collect();
        select(author.c("id")).locking(Locking { strength, wait, of })
    };
    let statement = select(author.c("id")).with_for_update();
    assert_sql(
        &statement,
        "SELECT author.id FROM author",
        "SELECT author.id FROM author FOR UPDATE",
        "SELECT author.id FROM author FOR UPDATE",
    );
    let shared = locked(LockStrength::Share, &[], LockWait::NoWait);
    assert_eq!(sql(&shared, &mysql()), "SELECT author.id FROM author FOR SHARE NOWAIT");
    assert_eq!(sql(&shared, &mariadb()), "SELECT author.id FROM author LOCK IN SHARE MODE NOWAIT");
    let skipping = locked(LockStrength::Update, &[&author], LockWait::SkipLocked);
    assert_eq!(sql(&skipping, &postgres()), "SELECT author.id FROM author FOR UPDATE OF author SKIP LOCKED");
    assert_eq!(
        error(&skipping, &mariadb()),
        "FOR UPDATE OF is not supported by the mariadb dialect (version 11.0.0)"
    );
}

#[test]
fn set_operations_are_done_in_the_order_of_the_calls() {
    let Library { author, .. } = Library::new();
    let one = |id: i64| select(author.c("id")).filter(author.c("id").eq(id));
    let text = |statement: &dyn Fn() -> Select<ColumnExpression>, dialect| {
        sql(&statement(), &dialect)
            .replace("SELECT author.id FROM author WHERE author.id = ", "")
            .replace("author.", "")
    };
    let mixed = || one(1).union(one(2)).intersect(one(3));
    assert_eq!(text(&mixed, sqlite()), "? UNION ? INTERSECT ?");
    assert_eq!(text(&mixed, postgres()), "($1 UNION $2) INTERSECT $3");
    let nested = || one(1).except(one(2).union_all(one(3)));
    assert_eq!(text(&nested, postgres()), "$1 EXCEPT ($2 UNION ALL $3)");
    assert_eq!(text(&nested, sqlite()), "? EXCEPT SELECT * FROM (? UNION ALL ?)");
    assert!(
        error(&one(1).union(one(2)).order_by(author.c("name")), &sqlite()).contains("`name` is not selected"),
        "only what is selected"
    );
    let labelled = |id: i64| select(author.c("name").label("who")).filter(author.c("id").eq(id));
    assert_eq!(
        labelled(1).union(labelled(2)).order_by(author.c("name")).to_sql(&*mysql()).unwrap(),
        "SELECT author.name AS who FROM author WHERE author.id = 1 UNION SELECT author.name AS who FROM author WHERE author.id = 2 \
         ORDER BY who"
    );
}

#[test]
fn joins_stay_with_what_they_start_from() {
    let Library { author, book, loan } = Library::new();
    let statement = select((loan.c("id"), author.c("name"), book.c("title")))
        .filter(author.c("age").gt(7))
        .join_on(&book, author.c("id").eq(book.c("author_id")).and(book.c("pages").gt(5)))
        .filter(loan.c("lender_id").eq(author.c("id")));
    let (text, values) = sql_with(&statement, &postgres());
    assert_eq!(
        text,
        "SELECT loan.id, author.name, book.title FROM loan, author JOIN book ON author.id = book.author_id AND book.pages > $1 \
         WHERE author.age > $2 AND loan.lender_id = author.id"
    );
    assert_eq!(values, [Value::I64(5), Value::I64(7)]);
}

#[test]
fn subqueries_everywhere() {
    let Library { author, book, .. } = Library::new();
    let pages = select(book.c("pages").of::<i32>()).filter(book.c("author_id").eq(author.c("id"))).limit(1);
    assert_eq!(
        sql(
            &select((author.c("name"), pages.scalar_subquery().label("pages"))).filter(author.c("age").gt(3)),
            &postgres()
        ),
        "SELECT author.name, (SELECT book.pages FROM book WHERE book.author_id = author.id LIMIT $1) AS pages FROM author WHERE \
         author.age > $2"
    );
    let old = select((author.c("id"), author.c("name"))).filter(author.c("age").gt(80)).subquery("old");
    let statement = select((book.c("title"), old.c("name")))
        .filter(book.c("pages").gt(100))
        .join_on(&old, old.c("id").eq(book.c("author_id")));
    let (text, values) = sql_with(&statement, &postgres());
    assert_eq!(
        text,
        "SELECT book.title, old.name FROM book JOIN (SELECT author.id, author.name FROM author WHERE author.age > $1) AS old ON \
         old.id = book.author_id WHERE book.pages > $2"
    );
    assert_eq!(values, [Value::I64(80), Value::I64(100)]);
    assert_eq!(
        sql(&select(author.c("id")).filter(author.c("id").in_select(&select(book.c("author_id")))), &mysql()),
        "SELECT author.id FROM author WHERE author.id IN (SELECT book.author_id FROM book)"
    );
}

#[test]
fn building_never_fails_but_compiling_does() {
    let Library { author, .. } = Library::new();
    assert!(
        error(&select(author.c("id")).having(author.c("nothing").eq(1)), &sqlite())
            .contains("no column `nothing`")
    );
}
