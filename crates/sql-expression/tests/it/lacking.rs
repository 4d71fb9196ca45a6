//! What cannot be said: errors that name the construct, the dialect and its version, before anything is sent.

use std::sync::Arc;

use aludel_sql_expression::{
    Dialect, conflict, delete,
    dialect::MySqlDialect,
    excluded, insert,
    schema::{Column, Table},
    select,
    types::{Integer, Varchar},
    update, values,
};

use crate::fixture::{error, mariadb, mysql, postgres, sql, sqlite};

fn word() -> Table {
    Table::unregistered("word")
        .column(Column::new("text", Varchar(50)).primary_key())
        .column(Column::new("seen", Integer).not_null())
}

fn mysql_of(patch: u32) -> Arc<dyn Dialect> {
    Arc::new(MySqlDialect::mysql((8, 0, patch)))
}

#[test]
fn upserts_that_make_no_sense() {
    let word = word();
    let one = || insert(&word).values(("the", 1));
    let outside = update(&word).set("seen", excluded(word.c("seen")).of::<i32>());
    assert!(error(&outside, &postgres()).contains("`excluded` has a meaning only in"));
    let nothing = one().on_conflict_do_update(word.c("text"), |update| update);
    assert!(error(&nothing, &sqlite()).contains("the upsert of `word` changes no column"));
    let anywhere = || one().on_conflict_do_update((), |update| update.set("seen", 1));
    assert!(error(&anywhere(), &postgres()).contains("must say which conflict"));
    assert_eq!(
        sql(&anywhere(), &sqlite()),
        "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT DO UPDATE SET seen = ?"
    );
    let unknown = one().on_conflict_do_update(word.c("text"), |update| update.set_excluded("sen"));
    assert!(
        error(&unknown, &postgres()).contains("the table `word` has no column `sen`; it has: text, seen")
    );
    let filtered =
        || one().on_duplicate_key_update(|update| update.set("seen", 1).filter(word.c("seen").gt(1)));
    assert_eq!(
        error(&filtered(), &mariadb()),
        "a condition on ON DUPLICATE KEY UPDATE is not supported by the mariadb dialect (version 11.0.0)"
    );
    assert_eq!(
        error(&filtered(), &sqlite()),
        "ON DUPLICATE KEY UPDATE (use `on_conflict_do_update`) is not supported by the sqlite dialect"
    );
    let partial = conflict(word.c("text")).index_where(word.c("seen").gt(0));
    assert_eq!(
        sql(&one().on_conflict_do_nothing(partial), &sqlite()),
        "INSERT INTO word (text, seen) VALUES (?, ?) ON CONFLICT (text) WHERE seen > ? DO NOTHING"
    );
}

#[test]
fn early_releases_of_mysql() {
    let word = word();
    let numbers = values("numbers", ["n"], [(1,), (2,)]);
    let statement = select(numbers.c("n"));
    assert_eq!(
        sql(&statement, &mysql_of(18)),
        "SELECT numbers.n FROM (SELECT ? AS n UNION ALL SELECT ?) AS numbers"
    );
    assert_eq!(
        sql(&statement, &mysql_of(19)),
        "SELECT numbers.n FROM (VALUES ROW(?), ROW(?)) AS numbers (n)"
    );
    let both = || select(word.c("text")).intersect(select(word.c("text")));
    assert_eq!(
        error(&both(), &mysql_of(30)),
        "INTERSECT is not supported by the mysql dialect (version 8.0.30)"
    );
    assert_eq!(
        sql(&both(), &mysql_of(31)),
        "SELECT word.text FROM word INTERSECT SELECT word.text FROM word"
    );
    let aside = select(word.c("text")).lateral("aside");
    assert_eq!(
        error(&select(aside.c("text")), &mysql_of(13)),
        "LATERAL is not supported by the mysql dialect (version 8.0.13)"
    );
    let upsert =
        insert(&word).values(("the", 1)).on_duplicate_key_update(|update| update.set_excluded("seen"));
    assert_eq!(
        sql(&upsert, &mysql_of(18)),
        "INSERT INTO word (text, seen) VALUES (?, ?) ON DUPLICATE KEY UPDATE seen = VALUES(seen)"
    );
}

#[test]
fn clauses_that_need_others() {
    let word = word();
    let tied = select(word.c("text")).fetch_with_ties(3);
    assert!(error(&tied, &postgres()).contains("WITH TIES needs `order_by`"));
    let rows = values("rows_of_none", ["a"], [] as [(i32,); 0]);
    assert!(error(&select(rows.c("a")), &sqlite()).contains("`rows_of_none` has none"));
    let uneven = values("uneven", ["a"], [(1, 2)]);
    assert!(error(&select(uneven.c("a")), &sqlite()).contains("a row of 2 values was given for 1 columns"));
    let unknown = values("known", ["a"], [(1,)]);
    assert_eq!(
        error(&select(unknown.c("b")), &sqlite()),
        "the subquery `known` has no column `b`; it has: a"
    );
    let all = select(word.c("text")).cte("everything");
    let early = insert(&word).values(("the", 1)).add_cte(&all);
    assert_eq!(
        sql(&early, &postgres()),
        "WITH everything AS (SELECT word.text FROM word) INSERT INTO word (text, seen) VALUES ($1, $2)"
    );
    assert!(error(&early, &mysql()).contains("WITH before INSERT is not supported by the mysql dialect"));
    assert!(
        error(&delete(&word).add_cte(&all), &mariadb())
            .contains("WITH before UPDATE and DELETE is not supported")
    );
}
