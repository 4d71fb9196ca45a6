//! Bad input: an error before anything is sent, with the name in it, on every database.

use std::sync::{Arc, Mutex};

use aludel::{
    prelude::*,
    sql::{
        Executable, Expression, StatementNode, alter_table, case, conflict, create_index, create_schema,
        create_table, excluded, literal, schema::UniqueConstraint, trusted, tuple, values,
    },
    types::{BigInteger, Double, SmallInteger, Text},
};

use crate::{
    database::{Database, Kind, on_every_database},
    statements::Untyped,
};

/// A statement that cannot be meant, and what its error has to name.
struct Mistake {
    what: &'static str,
    statement: StatementNode,
    names: Vec<String>,
}

fn mistake(what: &'static str, statement: impl Executable, names: &[&str]) -> Mistake {
    Mistake {
        what,
        statement: statement.node(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn item() -> Table {
    Table::unregistered("item")
        .column(Column::new("id", BigInteger).primary_key().autoincrement(false))
        .column(Column::new("name", Text))
        .column(Column::new("small", SmallInteger))
        .column(Column::new("amount", Integer))
        .column(Column::new("big", BigInteger))
        .column(Column::new("ratio", Double))
}

fn mistakes(kind: Kind) -> Vec<Mistake> {
    let item = item();
    let other = Table::unregistered("other").column(Column::new("id", BigInteger));
    let empty = Table::unregistered("empty");
    let number = || literal(1_i64);
    let mut mistakes = vec![
        mistake("a table without columns", create_table(&empty), &["empty"]),
        mistake("a column that is not there", select(item.c("nmae")), &["item", "nmae", "id, name"]),
        mistake("a condition on one", select(item.c("id")).filter(item.c("nmae").eq(1)), &["item", "nmae"]),
        mistake("an order by one", select(item.c("id")).order_by(item.c("nmae")), &["item", "nmae"]),
        mistake("a group by one", select(number()).group_by(item.c("nmae")), &["item", "nmae"]),
        mistake("a value for one", insert(&item).value("nmae", 1), &["item", "nmae"]),
        mistake("a change of one", update(&item).set("nmae", 1), &["item", "nmae"]),
        mistake(
            "a condition of a change",
            update(&item).set("id", 1).filter(item.c("nmae").eq(1)),
            &["item", "nmae"],
        ),
        mistake("a condition of a delete", delete(&item).filter(item.c("nmae").eq(1)), &["item", "nmae"]),
        mistake(
            "a column of a subquery",
            {
                let inner = select(item.c("id")).subquery("inner_items");
                select(inner.c("name"))
            },
            &["inner_items", "name", "id"],
        ),
        mistake("a column of rows written out", select(values("v", ["a"], [(1,)]).c("b")), &["`v`", "`b`"]),
        mistake(
            "columns that do not fit the values",
            insert(&item).columns(["id"]).values((1, 2)),
            &["item"],
        ),
        mistake(
            "rows that do not fit together",
            insert(&item).values_many([vec_row(1), vec_row(2)]),
            &["item"],
        ),
        mistake("no rows", insert(&item).values_many([(0_i64, "x"); 0]), &["item"]),
        mistake("no changes", update(&item), &["item"]),
        mistake("a CASE without conditions", select(case::<i64>().otherwise(1_i64)), &["CASE"]),
        mistake("rows without columns", select(values("v", ["a"], [] as [(i64,); 0]).c("a")), &["`v`"]),
        mistake(
            "a tuple beside too short a one",
            select(item.c("id")).filter(tuple((item.c("id"),)).in_([(1, 2)])),
            &["2"],
        ),
        mistake("a missing value", text("SELECT :first, :second").bind("second", 1), &[":first"]),
        mistake("a value for nothing", text("SELECT 1").bind("second", 1), &[":second"]),
        mistake(
            "what was excluded, outside of an upsert",
            update(&item).set("id", excluded(item.c("id"))),
            &["excluded"],
        ),
        mistake("nothing between two tables", select(item.c("id")).join(&other), &["item", "other"]),
        mistake(
            "one table joined twice",
            select(item.c("id")).join_on(&other, other.c("id").eq(1)).join_on(&other, other.c("id").eq(2)),
            &["other"],
        ),
        mistake(
            "an operator that is none",
            select(number().op::<i64>("; DROP TABLE x; --", 1)),
            &["DROP TABLE"],
        ),
        mistake("a function that is none", select(aludel::sql::func::<i64>("f(); --", [])), &["f(); --"]),
        mistake("DISTINCT of what is no aggregate", select(number().distinct()), &["DISTINCT"]),
        mistake(
            "a condition after a union",
            select(number()).union(select(number())).filter(item.c("id").eq(1)),
            &["filter"],
        ),
        mistake(
            "an empty name of a table",
            select(Table::unregistered("").column(Column::new("a", Integer)).c("a")),
            &["table", "empty"],
        ),
        mistake(
            "an empty name of a column",
            select(Table::unregistered("t").column(Column::new("", Integer)).c("")),
            &["column", "empty"],
        ),
        mistake("an empty label", select(number().label("")), &["label", "empty"]),
        mistake("an empty alias", select(item.alias("").c("id")), &["alias", "empty"]),
        mistake("an empty name in WITH", select(select(item.c("id")).cte("").c("id")), &["alias", "empty"]),
        mistake("a label with NUL", select(number().label("a\0b")), &["a\\0b", "NUL"]),
        mistake("an operator without a name", select(number().op::<i64>("", 1)), &["operator"]),
        mistake("an operator that is a comment", select(number().op::<i64>("-- ", 1)), &["operator", "--"]),
        mistake("a function without a name", select(aludel::sql::func::<i64>("", [])), &["function"]),
        mistake("no columns to write to", insert(&item).columns([] as [&str; 0]).values((1,)), &["item"]),
        mistake(
            "a name with NUL",
            select(Table::unregistered("a\0b").column(Column::new("a", Integer)).c("a")),
            &["a\\0b", "NUL"],
        ),
    ];
    if kind != Kind::MySql {
        mistakes.push(mistake(
            "an upsert on a column that is not there",
            insert(&item).values((1, "x")).on_conflict_do_nothing(conflict(item.c("nmae"))),
            &["item", "nmae"],
        ));
    }
    let long = "n".repeat(70);
    let long_column = Table::unregistered("t").column(Column::new(long.clone(), Integer));
    let long_table = Table::unregistered(long.clone()).column(Column::new("a", Integer));
    let too_big: Expression<i64> = literal(40_000_i64);
    if kind != Kind::Sqlite {
        let longest = "n".repeat(257);
        mistakes.extend([
            mistake("too long a label", select(number().label(longest.clone())), &[&longest, "257", "label"]),
            mistake("too long an alias", select(item.alias(longest.clone()).c("id")), &[&longest, "alias"]),
            mistake(
                "too long a name in WITH",
                select(select(item.c("id")).cte(longest.clone()).c("id")),
                &[&longest, "alias"],
            ),
            mistake(
                "too long a name of an index",
                create_index(&item, Index::new(longest.clone(), ["id"])),
                &[&longest, "index"],
            ),
            mistake("too long a name of a schema", create_schema(longest.clone()), &[&longest, "schema"]),
            mistake(
                "too long a name of a constraint",
                alter_table(&item).add_constraint(UniqueConstraint::new(["id"]).named(longest.clone())),
                &[&longest],
            ),
            mistake("too long a name of a table", select(long_table.c("a")), &[&long, "70"]),
            mistake("one that is created", create_table(&long_table), &[&long, "70"]),
            mistake("too long a name of a column", select(long_column.c(long.clone())), &[&long, "70"]),
            mistake("one that is created with its table", create_table(&long_column), &[&long, "70"]),
            mistake("one that is written to", insert(&long_column).value(long.as_str(), 1), &[&long]),
            mistake(
                "a number beyond 16 bits",
                insert(&item).value("id", 1).value("small", 40_000),
                &["small", "40000"],
            ),
            mistake(
                "one among many rows",
                insert(&item).columns(["id", "amount"]).values_many([(1_i64, 1_i64), (2, 1 << 40)]),
                &["amount"],
            ),
            mistake(
                "one that is set",
                update(&item).set("amount", -(1_i64 << 31) - 1),
                &["amount", "-2147483649"],
            ),
            mistake(
                "one beyond 64 bits",
                insert(&item).value("id", 1).value("big", u64::MAX),
                &["big", "18446744073709551615"],
            ),
            mistake(
                "one beside an expression",
                insert(&item).columns(["id", "small"]).values((too_big, 1_i64 << 20)),
                &["small", "1048576"],
            ),
        ]);
    } else {
        mistakes.push(mistake(
            "a number beyond 64 bits",
            insert(&item).value("big", u64::MAX),
            &["18446744073709551615"],
        ));
    }
    if kind != Kind::Postgres {
        mistakes.extend([
            mistake("NaN", insert(&item).value("id", 1).value("ratio", f64::NAN), &["ratio", "NaN"]),
            mistake("NaN that is set", update(&item).set("ratio", f64::NAN), &["ratio", "NaN"]),
        ]);
    }
    if kind == Kind::MySql {
        mistakes.push(mistake("infinity", insert(&item).value("ratio", f64::INFINITY), &["ratio", "inf"]));
    }
    mistakes
}

/// A row of the first columns.
fn vec_row(width: usize) -> Vec<(&'static str, i64)> {
    ["id", "amount", "big"].into_iter().take(width).map(|name| (name, 1)).collect()
}

async fn bad_input_is_an_error_before_anything_is_sent(database: &Database) {
    let sent = Arc::<Mutex<Vec<String>>>::default();
    let log = sent.clone();
    let engine = database
        .engine_with(|builder| builder.echo_with(move |line| log.lock().unwrap().push(line.to_owned())));
    let mut conn = engine.connect().await.unwrap();
    MetaData::of(item()).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let mut wrong = Vec::new();
    for Mistake { what, statement, names } in mistakes(database.kind()) {
        sent.lock().unwrap().clear();
        let outcome = conn.execute(Untyped(statement)).all().await;
        let was_sent: Vec<String> = std::mem::take(&mut *sent.lock().unwrap());
        let was_sent: Vec<&String> = was_sent
            .iter()
            .filter(|line| !["BEGIN", "START", "ROLLBACK"].iter().any(|word| line.starts_with(word)))
            .collect();
        match outcome {
            Ok(rows) => wrong.push(format!("{what}: gives {rows:?}")),
            Err(error) => {
                let message = error.to_string();
                if let Some(name) = names.iter().find(|name| !message.contains(name.as_str())) {
                    wrong.push(format!("{what}: `{name}` is not in: {message}"));
                }
                if !was_sent.is_empty() {
                    wrong.push(format!("{what}: sent {was_sent:?}: {message}"));
                }
            }
        }
        conn.rollback().await.unwrap();
    }
    // The connection was never harmed.
    let one: Vec<String> = conn.execute(Untyped(text(trusted("SELECT 1")).node())).all().await.unwrap();
    assert_eq!(one, ["1"]);
    drop(conn);
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
on_every_database!(bad_input_is_an_error_before_anything_is_sent);
