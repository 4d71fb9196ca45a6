//! What cannot be said: errors that name the construct, the dialect and its version, before anything is sent.

use std::sync::Arc;

use aludel_sql_expression::{
    Dialect, Executable, conflict, delete,
    dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
    excluded,
    expression::Window,
    insert, literal,
    schema::{Column, Table},
    select,
    statement::Locking,
    typed::{row_number, string_agg},
    types::{Integer, Varchar},
    update, values,
};

use crate::fixture::{error, mariadb, mysql, postgres, render, sql, sqlite};

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

/// What a statement is, or says, in versions of one database: each with the text or the end of the message.
fn in_versions(statement: &impl Executable, versions: &[(Arc<dyn Dialect>, &str)]) {
    for (dialect, expected) in versions {
        let found = match statement.to_sql(&**dialect) {
            Ok(text) => text,
            Err(error) => error.to_string(),
        };
        assert_eq!(found, *expected, "{dialect:?}");
    }
}

fn sqlite_of(minor: u32) -> Arc<dyn Dialect> {
    Arc::new(SqliteDialect::of_version((3, minor, 0)))
}

fn postgres_of(major: u32) -> Arc<dyn Dialect> {
    Arc::new(PostgresDialect::of_version((major, 1, 0)))
}

fn mariadb_of(minor: u32) -> Arc<dyn Dialect> {
    Arc::new(MySqlDialect::mariadb((10, minor, 1)))
}

#[test]
fn versions_of_sqlite() {
    let word = word();
    let text = || word.c("text").of::<String>();
    let gone = delete(&word).returning(word.c("text"));
    in_versions(
        &gone,
        &[
            (sqlite_of(34), "DELETE .. RETURNING is not supported by the sqlite dialect (version 3.34.0)"),
            (sqlite_of(35), "DELETE FROM word RETURNING text"),
        ],
    );
    let upsert = insert(&word).values(("a", 1)).on_conflict_do_nothing(());
    in_versions(
        &upsert,
        &[
            (
                sqlite_of(23),
                "ON CONFLICT (MySQL has `on_duplicate_key_update`) is not supported by the sqlite dialect (version 3.23.0)",
            ),
            (sqlite_of(24), "INSERT INTO word (text, seen) VALUES ('a', 1) ON CONFLICT DO NOTHING"),
        ],
    );
    let other = word.alias("other");
    let both = select((word.c("text"), other.c("seen")))
        .full_outerjoin_on(&other, word.c("text").eq(other.c("text")));
    in_versions(
        &both,
        &[
            (sqlite_of(38), "FULL JOIN is not supported by the sqlite dialect (version 3.38.0)"),
            (
                sqlite_of(39),
                "SELECT word.text, other.seen FROM word FULL JOIN word AS other ON word.text = other.text",
            ),
        ],
    );
    let put_together = select(string_agg(text(), ",").aggregate_order_by(word.c("seen")));
    in_versions(
        &put_together,
        &[
            (
                sqlite_of(43),
                "ORDER BY among the arguments of an aggregate is not supported by the sqlite dialect (version 3.43.0)",
            ),
            (sqlite_of(44), "SELECT group_concat(word.text, ',' ORDER BY word.seen) FROM word"),
        ],
    );
    let numbered = select(row_number().over(Window::new().order_by(word.c("seen"))));
    in_versions(
        &numbered,
        &[
            (
                sqlite_of(24),
                "OVER (a window function) is not supported by the sqlite dialect (version 3.24.0)",
            ),
            (sqlite_of(25), "SELECT row_number() OVER (ORDER BY word.seen) FROM word"),
        ],
    );
    let nulls = select(word.c("text")).order_by(word.c("seen").asc().nulls_last());
    in_versions(
        &nulls,
        &[
            (sqlite_of(29), "SELECT word.text FROM word ORDER BY word.seen IS NULL, word.seen"),
            (sqlite_of(30), "SELECT word.text FROM word ORDER BY word.seen NULLS LAST"),
        ],
    );
    let kept = select(word.c("text")).cte_materialized("kept");
    in_versions(
        &select(kept.c("text")),
        &[
            (
                sqlite_of(34),
                "MATERIALIZED in WITH (use `cte`) is not supported by the sqlite dialect (version 3.34.0)",
            ),
            (
                sqlite_of(35),
                "WITH kept AS MATERIALIZED (SELECT word.text FROM word) SELECT kept.text FROM kept",
            ),
        ],
    );
    let inside = select(word.c("text").json().key("a").as_integer());
    in_versions(
        &inside,
        &[
            (
                sqlite_of(37),
                "the inside of a JSON document is not supported by the sqlite dialect (version 3.37.0)",
            ),
            (sqlite_of(38), "SELECT CAST(json_extract(word.text, '$.\"a\"') AS INTEGER) FROM word"),
        ],
    );
}

#[test]
fn versions_of_postgres() {
    let word = word();
    let tried = select(word.c("text").of::<String>().try_cast::<i32>());
    in_versions(
        &tried,
        &[
            (
                postgres_of(15),
                "TRY_CAST (use `cast`) is not supported by the postgresql dialect (version 15.1.0)",
            ),
            (
                postgres_of(16),
                "SELECT CASE WHEN pg_input_is_valid(CAST(word.text AS TEXT), 'INTEGER') THEN CAST(word.text AS INTEGER) END \
                 FROM word",
            ),
        ],
    );
    // The value stands there twice, and is one parameter.
    let tried = select(literal("12".to_owned()).try_cast::<i64>());
    let rendered = render(&tried, &postgres_of(16)).expect("it is supported");
    assert_eq!(
        &*rendered.parts[0].sql,
        "SELECT CASE WHEN pg_input_is_valid(CAST($1 AS TEXT), 'BIGINT') THEN CAST($1 AS BIGINT) END"
    );
    assert_eq!(rendered.parts[0].parameters.len(), 1);
    let tied = select(word.c("text")).order_by(word.c("seen")).fetch_with_ties(1);
    in_versions(
        &tied,
        &[
            (
                postgres_of(12),
                "FETCH FIRST .. WITH TIES is not supported by the postgresql dialect (version 12.1.0)",
            ),
            (postgres_of(13), "SELECT word.text FROM word ORDER BY word.seen FETCH FIRST 1 ROWS WITH TIES"),
        ],
    );
}

#[test]
fn versions_of_mysql_and_mariadb() {
    let word = word();
    let old: Arc<dyn Dialect> = Arc::new(MySqlDialect::mysql((5, 7, 44)));
    let locked = select(word.c("text")).locking(Locking::share());
    in_versions(
        &locked,
        &[
            (old.clone(), "SELECT word.text FROM word LOCK IN SHARE MODE"),
            (mysql_of(0), "SELECT word.text FROM word FOR SHARE"),
        ],
    );
    let upsert =
        insert(&word).values(("the", 1)).on_duplicate_key_update(|update| update.set_excluded("seen"));
    in_versions(
        &upsert,
        &[
            (
                old.clone(),
                "INSERT INTO word (text, seen) VALUES ('the', 1) ON DUPLICATE KEY UPDATE seen = VALUES(seen)",
            ),
            (
                mysql_of(19),
                "INSERT INTO word (text, seen) VALUES ('the', 1) AS new ON DUPLICATE KEY UPDATE seen = new.seen",
            ),
        ],
    );
    let skipped = select(word.c("text")).locking(Locking::update().skip_locked());
    in_versions(
        &skipped,
        &[
            (old.clone(), "SKIP LOCKED is not supported by the mysql dialect (version 5.7.44)"),
            (mysql_of(0), "SELECT word.text FROM word FOR UPDATE SKIP LOCKED"),
            (mariadb_of(5), "SKIP LOCKED is not supported by the mariadb dialect (version 10.5.1)"),
            (mariadb_of(6), "SELECT word.text FROM word FOR UPDATE SKIP LOCKED"),
        ],
    );
    let named = select(word.c("text")).cte("named");
    let from_named = select(named.c("text"));
    let numbered = select(row_number().over(Window::new()));
    for (dialect, name) in
        [(old, "mysql dialect (version 5.7.44)"), (mariadb_of(1), "mariadb dialect (version 10.1.1)")]
    {
        in_versions(
            &from_named,
            &[(dialect.clone(), &format!("WITH (use `subquery`) is not supported by the {name}"))],
        );
        let expected = format!("OVER (a window function) is not supported by the {name}");
        in_versions(&numbered, &[(dialect, &expected)]);
    }
    let back = insert(&word).values(("the", 1)).returning(word.c("seen"));
    in_versions(
        &back,
        &[
            (mariadb_of(4), "INSERT .. RETURNING is not supported by the mariadb dialect (version 10.4.1)"),
            (mariadb_of(5), "INSERT INTO word (text, seen) VALUES ('the', 1) RETURNING seen"),
        ],
    );
}
