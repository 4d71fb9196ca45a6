//! INSERT, UPDATE and DELETE.

use aludel_sql_expression::{Value, delete, insert, update};

use crate::fixture::{Library, assert_sql, error, mariadb, mysql, postgres, render, sql, sqlite};

#[test]
fn one_row() {
    let Library { author, .. } = Library::new();
    assert_sql(
        &insert(&author).value("name", "Ann").value("age", 3),
        "INSERT INTO author (name, age) VALUES (?, ?)",
        "INSERT INTO author (name, age) VALUES ($1, $2)",
        "INSERT INTO author (name, age) VALUES (?, ?)",
    );
    assert_sql(
        &insert(&author),
        "INSERT INTO author DEFAULT VALUES",
        "INSERT INTO author DEFAULT VALUES",
        "INSERT INTO author () VALUES ()",
    );
}

#[test]
fn many_rows() {
    let Library { author, .. } = Library::new();
    let rows = |count: i32| (0..count).map(|number| (number, format!("name {number}")));
    let part = render(&insert(&author).values_many(rows(3)), &sqlite()).unwrap().parts.remove(0);
    assert_eq!(
        (&*part.sql, part.sets, part.parameters.len()),
        ("INSERT INTO author (id, name) VALUES (?, ?)", 3, 6)
    );
    assert_eq!(
        sql(&insert(&author).values_many(rows(2)), &postgres()),
        "INSERT INTO author (id, name) VALUES ($1, $2), ($3, $4)"
    );
    let parts = render(&insert(&author).values_many(rows(2345)), &mysql()).unwrap().parts;
    assert_eq!(
        parts.iter().map(|part| part.parameters.len() / 2).collect::<Vec<_>>(),
        [1000, 1000, 100, 100, 100, 45]
    );
    assert_eq!(parts.last().unwrap().parameters[0], Value::I64(2300));
}

#[test]
fn returning_where_there_is_one() {
    let Library { author, .. } = Library::new();
    let statement = insert(&author).value("name", "Ann").returning(author.c("id"));
    assert_eq!(sql(&statement, &sqlite()), "INSERT INTO author (name) VALUES (?) RETURNING id");
    assert_eq!(sql(&statement, &mariadb()), "INSERT INTO author (name) VALUES (?) RETURNING id");
    assert_eq!(error(&statement, &mysql()), "INSERT .. RETURNING is not supported by the mysql dialect");
    let statement = update(&author).set("name", "x").returning(author.c("id"));
    assert_eq!(error(&statement, &mariadb()), "UPDATE .. RETURNING is not supported by the mariadb dialect");
}

#[test]
fn update_and_delete() {
    let Library { author, book, .. } = Library::new();
    assert_sql(
        &update(&author).set("name", "x").filter(author.c("id").eq(1)),
        "UPDATE author SET name = ? WHERE author.id = ?",
        "UPDATE author SET name = $1 WHERE author.id = $2",
        "UPDATE author SET name = ? WHERE author.id = ?",
    );
    assert_sql(
        &update(&author).set("name", book.c("title")).filter(author.c("id").eq(book.c("author_id"))),
        "UPDATE author SET name = book.title FROM book WHERE author.id = book.author_id",
        "UPDATE author SET name = book.title FROM book WHERE author.id = book.author_id",
        "UPDATE author, book SET author.name = book.title WHERE author.id = book.author_id",
    );
    assert_eq!(
        sql(&delete(&book).filter(book.c("author_id").eq(author.c("id"))), &mysql()),
        "DELETE FROM book USING book, author WHERE book.author_id = author.id"
    );
    assert_eq!(sql(&delete(&author), &sqlite()), "DELETE FROM author");
}
