//! SELECT: FROM, joins, correlation, set operations, order and limit.

use std::sync::Arc;

use aludel_sql_expression::{
    ColumnExpression, CompiledCache, Dialect, Executable, StatementNode, Value, count, exists,
    expression::{Alias, Window},
    select,
    statement::{LockStrength, LockWait, Locking, Select},
    values,
};

use crate::fixture::{
    Library, assert_same, assert_sql, error, mariadb, mysql, postgres, render, sql, sql_with, sqlite,
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

#[test]
fn what_the_select_list_has_is_repeated_with_its_values() {
    let Library { author, book, .. } = Library::new();
    let decade = |years: i64| author.c("age").of::<i64>() % years;
    let repeated = select((decade(10), count(author.c("id"))))
        .filter(author.c("id").gt(7))
        .group_by((author.c("name"), decade(10)))
        .having(count(author.c("id")).gt(1))
        .order_by(decade(10).desc().nulls_last());
    let text = |one: &str, two: &str, three: &str, rest: &str| {
        format!(
            "SELECT author.age % {one}, count(author.id) FROM author WHERE author.id > {two} GROUP BY author.name, \
             author.age % {one} HAVING count(author.id) > {three} ORDER BY {rest}"
        )
    };
    assert_sql(
        &repeated,
        &text("?", "?", "?", "author.age % ? DESC NULLS LAST"),
        &text("CAST($1 AS BIGINT)", "$2", "$3", "author.age % CAST($1 AS BIGINT) DESC NULLS LAST"),
        &text("?", "?", "?", "author.age % ? IS NULL, author.age % ? DESC"),
    );
    let values = [10, 7, 1].map(Value::I64);
    assert_eq!(sql_with(&repeated, &postgres()).1, values);
    assert_eq!(sql_with(&repeated, &sqlite()).1, [10, 7, 10, 1, 10].map(Value::I64));
    assert_eq!(sql_with(&repeated, &mysql()).1, [10, 7, 10, 1, 10, 10].map(Value::I64));

    // Another value, another column of the same name, and a list of another length are something else.
    let other = select(decade(10)).group_by(decade(9));
    assert_eq!(sql_with(&other, &postgres()).1, [10, 9].map(Value::I64));
    let (one, two) = (author.alias("one"), author.alias("two"));
    let sum = |alias: &Alias| alias.c("age").of::<i64>() + 1_i64;
    let aliased = select(sum(&one)).filter(one.c("id").eq(two.c("id"))).group_by(sum(&two));
    assert_eq!(sql_with(&aliased, &postgres()).1, [1, 1].map(Value::I64));
    let listed = |list: &[i64]| book.c("id").in_(list.to_vec());
    let same = select(listed(&[1, 2])).group_by(listed(&[1, 2]));
    assert_eq!(sql_with(&same, &sqlite()).1.len(), 4);
    assert_eq!(sql_with(&same, &postgres()).1.len(), 1);
    let longer = select(listed(&[1, 2])).group_by(listed(&[1, 2, 3]));
    assert_eq!(sql_with(&longer, &sqlite()).1.len(), 5);
    assert_eq!(sql_with(&longer, &postgres()).1.len(), 2);
}

#[test]
fn names_that_a_statement_makes_up_are_no_longer_than_the_server_takes() {
    let Library { author, .. } = Library::new();
    // Of 64 letters; the last counts two bytes.
    let (long, longest) = (format!("{}é", "n".repeat(62)), "n".repeat(257));
    let labelled = |name: &str| select(author.c("id").label(name.to_owned())).order_by(author.c("id"));
    assert!(
        error(&labelled(&long), &postgres()).contains(&format!("the name `{long}` of a label has 64 bytes"))
    );
    assert!(render(&labelled(&long), &mysql()).is_ok());
    assert!(render(&labelled(&long), &sqlite()).is_ok());
    let of_one = |dialect: &Arc<dyn Dialect>, statement: &dyn Fn(&str) -> StatementNode| {
        let rendered = |name: &str| CompiledCache::default().render(&statement(name), dialect);
        rendered("short").unwrap();
        rendered(&longest).unwrap_err().to_string()
    };
    for dialect in [&postgres(), &mysql()] {
        let messages = [
            of_one(dialect, &|name| labelled(name).node()),
            of_one(dialect, &|name| select(author.alias(name.to_owned()).c("id")).node()),
            of_one(dialect, &|name| select(labelled("id").cte(name.to_owned()).c("id")).node()),
            of_one(dialect, &|name| select(labelled("id").subquery(name.to_owned()).c("id")).node()),
            of_one(dialect, &|name| {
                let rows = values("v", [name.to_owned()], [(1,)]);
                select(rows.c(name.to_owned())).node()
            }),
            of_one(dialect, &|name| labelled("id").window(name.to_owned(), Window::default()).node()),
        ];
        for message in messages {
            assert!(message.contains(&longest) && message.contains("257"), "{message}");
        }
    }
}
