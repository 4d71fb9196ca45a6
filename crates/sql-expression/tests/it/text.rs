//! SQL written by hand.

use aludel_sql_expression::{ErrorKind, Value, select, text, trusted};

use crate::fixture::{Library, error, mysql, postgres, render, sql, sql_with, sqlite};

#[test]
fn parameters_are_found() {
    let statement =
        text("UPDATE users SET name = :name, other = :name WHERE id = :id").bind("name", "x").bind("id", 1);
    let (text, values) = sql_with(&statement, &postgres());
    assert_eq!(text, "UPDATE users SET name = $1, other = $1 WHERE id = $2");
    assert_eq!(values, [Value::Text("x".into()), Value::I64(1)]);
    let (text, values) = sql_with(&statement, &sqlite());
    assert_eq!(text, "UPDATE users SET name = ?, other = ? WHERE id = ?");
    assert_eq!(values.len(), 3);
}

#[test]
fn other_colons_are_left_alone() {
    for left_alone in [
        "SELECT a::text",
        "SELECT ':x', \"a:x\", 'it''s :x'",
        "SELECT 1 -- :x\n",
        "SELECT /* :x */ 1",
        "SELECT a[1:2]",
        "SELECT $$ :x $$, $tag$ ':x $tag$",
        "SELECT E'a\\':x'",
        "SELECT '12:30:00'",
        "SELECT x:y",
        "SELECT 'ü', 'ä :x', a::ü",
    ] {
        assert_eq!(sql(&text(trusted(left_alone)), &postgres()), left_alone);
    }
    assert_eq!(sql(&text("SELECT '\\':x' # :y\n"), &mysql()), "SELECT '\\':x' # :y\n");
    assert_eq!(sql(&text("SELECT \\:x"), &sqlite()), "SELECT :x");
    assert_eq!(sql(&text("SELECT a[\\:x]::int + :y").bind("y", 1), &postgres()), "SELECT a[:x]::int + $1");
}

#[test]
fn missing_and_surplus_values_are_named() {
    let failed = render(&text("SELECT :a, :b, :a").bind("b", 1), &sqlite()).unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Argument);
    assert_eq!(failed.to_string(), "a value is required for `:a`; call `bind`");
    assert_eq!(error(&text("SELECT ':a'").bind("a", 1), &sqlite()), "the text has no parameter `:a`");
}

#[test]
fn whether_rows_come_back_is_guessed() {
    for (statement, rows) in [
        ("SELECT 1", true),
        ("  insert INTO t VALUES (1)", false),
        ("INSERT INTO t VALUES (1) RETURNING id", true),
        ("WITH a AS (SELECT 1) SELECT * FROM a", true),
        ("PRAGMA foreign_keys", true),
        ("CREATE TABLE t (id INTEGER)", false),
    ] {
        assert_eq!(render(&text(trusted(statement)), &sqlite()).unwrap().returns_rows, rows, "{statement}");
    }
}

#[test]
fn as_a_condition() {
    let Library { author, .. } = Library::new();
    let statement = select(author.c("id"))
        .filter(author.c("age").gt(1))
        .filter(text("name = :name OR age = :age").bind("age", 7).bind("name", "x"))
        .filter(author.c("id").eq(9));
    let (text, values) = sql_with(&statement, &postgres());
    assert_eq!(
        text,
        "SELECT author.id FROM author WHERE author.age > $1 AND (name = $2 OR age = $3) AND author.id = $4"
    );
    assert_eq!(values, [Value::I64(1), Value::Text("x".into()), Value::I64(7), Value::I64(9)]);
}
