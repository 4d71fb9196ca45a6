//! Common table expressions.

use aludel_sql_expression::{
    Executable, delete, insert,
    schema::{Column, Table},
    select,
    types::{Integer, Varchar},
    update,
};

use crate::fixture::{assert_same, error, mariadb, mysql, postgres, sql, sql_with, sqlite};

fn tree() -> Table {
    Table::unregistered("node")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(10)))
        .column(Column::new("parent_id", Integer).foreign_key("node.id"))
}

#[test]
fn case_013_plain() {
    let node = tree();
    let some = select((node.c("id"), node.c("data")))
        .filter(node.c("data").in_(["d2", "d3", "d4"]))
        .cte("some_nodes");
    let statement =
        select(some.c("data")).filter(some.c("data").in_(["d4", "d5"])).filter(some.c("id").gt(7));
    assert_eq!(
        sql(&statement, &sqlite()),
        "WITH some_nodes AS (SELECT node.id, node.data FROM node WHERE node.data IN (?, ?, ?)) SELECT some_nodes.data FROM \
         some_nodes WHERE some_nodes.data IN (?, ?) AND some_nodes.id > ?"
    );
    let (_, values) = sql_with(&statement, &mysql());
    assert_eq!(
        format!("{values:?}"),
        r#"[Text("d2"), Text("d3"), Text("d4"), Text("d4"), Text("d5"), I64(7)]"#
    );
    assert_eq!(sql_with(&statement, &postgres()).1.len(), 3);
}

#[test]
fn case_013_recursive() {
    let node = tree();
    let up = select((node.c("id"), node.c("data"), node.c("parent_id")))
        .filter(node.c("data").eq("d4"))
        .recursive_cte("up", |start, up| {
            let next = select((node.c("id"), node.c("data"), node.c("parent_id")));
            start.union_all(next.join_on(up, node.c("id").eq(up.c("parent_id"))))
        });
    assert_eq!(
        sql(&select(up.c("data")), &postgres()),
        "WITH RECURSIVE up AS (SELECT node.id, node.data, node.parent_id FROM node WHERE node.data = $1 UNION ALL SELECT \
         node.id, node.data, node.parent_id FROM node JOIN up ON node.id = up.parent_id) SELECT up.data FROM up"
    );
}

#[test]
fn case_013_in_dml() {
    let node = tree();
    let target = tree();
    let some = select((node.c("id"), node.c("data"), node.c("parent_id"))).cte("some_nodes");
    assert_same(
        &insert(&target).from_select(&select((some.c("id"), some.c("data"), some.c("parent_id")))),
        "INSERT INTO node (id, data, parent_id) WITH some_nodes AS (SELECT node.id, node.data, node.parent_id FROM node) SELECT \
         some_nodes.id, some_nodes.data, some_nodes.parent_id FROM some_nodes",
    );
    let change = update(&target).set("data", "new").filter(target.c("id").in_select(&select(some.c("id"))));
    let before = "WITH some_nodes AS (SELECT node.id, node.data, node.parent_id FROM node) UPDATE node SET data = 'new' WHERE \
                  node.id IN (SELECT some_nodes.id FROM some_nodes)";
    assert_eq!(change.to_sql(&*sqlite()).unwrap(), before);
    assert_eq!(change.to_sql(&*mysql()).unwrap(), before);
    // MariaDB has WITH only before SELECT.
    assert_eq!(
        sql(&delete(&target).filter(target.c("id").in_select(&select(some.c("id")))), &mariadb()),
        "DELETE FROM node WHERE node.id IN (WITH some_nodes AS (SELECT node.id, node.data, node.parent_id FROM node) SELECT \
         some_nodes.id FROM some_nodes)"
    );
}

#[test]
fn one_stands_after_those_that_it_uses() {
    let node = tree();
    let first = select(node.c("id")).cte("first_one");
    let second = select(first.c("id")).cte("second_one");
    assert_same(
        &select(second.c("id")).join_on(&first, first.c("id").eq(second.c("id"))),
        "WITH first_one AS (SELECT node.id FROM node), second_one AS (SELECT first_one.id FROM first_one) SELECT second_one.id \
         FROM second_one JOIN first_one ON first_one.id = second_one.id",
    );
    let other = select(node.c("parent_id")).cte("first_one");
    assert!(
        error(&select((first.c("id"), other.c("parent_id"))), &sqlite())
            .contains("two common table expressions of the statement are named `first_one`")
    );
}

#[test]
fn unknown_columns_are_named() {
    let node = tree();
    let some = select((node.c("id"), node.c("data").label("text"))).cte("some_nodes");
    assert_eq!(
        error(&select(some.c("data")), &sqlite()),
        "the subquery `some_nodes` has no column `data`; it has: id, text"
    );
}
