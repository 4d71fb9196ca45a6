//! What holds on every database alike.

use aludel::driver::reflection::{Scope, TemporaryScope};

use crate::{
    database::{Database, on_every_database},
    statements::{count, send, since},
};

async fn what_was_told_is_kept_until_the_cache_is_cleared(database: &Database) {
    let mut conn = database.connect().await;
    send(&mut conn, &["CREATE TABLE one (id INTEGER PRIMARY KEY, name VARCHAR(20))"]).await;
    conn.commit().await.unwrap();
    let sent = count(database.engine());
    let mut inspector = conn.inspect();
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["one"]);
    assert_eq!(inspector.get_columns("one").await.unwrap().len(), 2);
    assert!(since(&sent) > 0);
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["one"]);
    assert_eq!(inspector.get_columns("one").await.unwrap().len(), 2);
    assert_eq!(since(&sent), 0, "it was told before");
    send(
        inspector.connection(),
        &["ALTER TABLE one ADD COLUMN more INTEGER", "CREATE TABLE two (id INTEGER)"],
    )
    .await;
    since(&sent);
    assert_eq!(inspector.get_columns("one").await.unwrap().len(), 2);
    inspector.clear_cache();
    assert_eq!(inspector.get_columns("one").await.unwrap().len(), 3);
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["one", "two"]);
    assert!(since(&sent) > 0);
    // All of a schema tells of each of its tables.
    inspector.clear_cache();
    inspector.reflect_tables(&Scope::default().temporary(TemporaryScope::With)).await.unwrap();
    since(&sent);
    inspector.get_columns("one").await.unwrap();
    inspector.get_columns("two").await.unwrap();
    inspector.get_indexes("two").await.unwrap();
    inspector.get_pk_constraint("one").await.unwrap();
    assert!(inspector.has_table("two").await.unwrap());
    assert!(since(&sent) <= 1, "only for what has no index at all");
    conn.rollback().await.unwrap();
}

async fn all_tables_take_no_more_queries_than_one(database: &Database) {
    let mut conn = database.connect().await;
    for number in 0..30 {
        let table = format!(
            "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name VARCHAR(20), doc VARCHAR(30) UNIQUE, CHECK (id > 0))"
        );
        let index = format!("CREATE INDEX i{number} ON t{number} (name)");
        send(&mut conn, &[&table, &index]).await;
    }
    conn.commit().await.unwrap();
    let sent = count(database.engine());
    let one = conn.inspect().reflect_table("t3").await.unwrap();
    let queries = since(&sent);
    let all = conn.inspect().reflect_tables(&Scope::default()).await.unwrap();
    assert_eq!(all.len(), 30);
    assert_eq!(since(&sent), queries);
    assert!(queries <= 6, "{queries}");
    assert_eq!(all.iter().find(|table| table.name == one.name), Some(&one));
    let some = conn.inspect().reflect_tables(&Scope::default().only(["t5", "t4", "gone"])).await.unwrap();
    assert_eq!(some.iter().map(|table| table.name.name.as_str()).collect::<Vec<_>>(), ["t4", "t5"]);
    conn.rollback().await.unwrap();
}

async fn odd_names_are_found(database: &Database) {
    let mut conn = database.connect().await;
    let dialect = conn.dialect();
    for odd in [
        "quote ' one",
        "quote \" two",
        "select",
        "Upper Case",
        "naïve 名前",
        "per % cent",
        "back ` tick",
        "dot.s",
        "a_b",
        "axb",
    ] {
        let mut name = String::new();
        dialect.write_quoted(odd, &mut name);
        let statement = format!("CREATE TABLE {name} (id INTEGER PRIMARY KEY, {name} VARCHAR(5) UNIQUE)");
        let index = format!("CREATE INDEX {} ON {name} ({name})", {
            let mut index = String::new();
            dialect.write_quoted(&format!("ix {odd}"), &mut index);
            index
        });
        send(&mut conn, &[&statement, &index]).await;
        let mut inspector = conn.inspect();
        assert!(inspector.has_table(odd).await.unwrap(), "{odd}");
        let table = inspector.reflect_table(odd).await.unwrap();
        assert_eq!((table.name.name.as_str(), table.columns[1].name.as_str()), (odd, odd));
        assert_eq!(table.constraints.uniques[0].columns, [odd]);
        assert!(
            table.indexes.iter().any(|index| index.name == format!("ix {odd}")),
            "{odd}: {:?}",
            table.indexes
        );
    }
    let mut inspector = conn.inspect();
    assert_eq!(inspector.get_table_names(None).await.unwrap().len(), 10);
    assert!(!inspector.has_table("upper case").await.unwrap(), "names are taken as they are");
    assert!(!inspector.has_table("a_").await.unwrap() && !inspector.has_table("%").await.unwrap());
    conn.commit().await.unwrap();
}

async fn it_asks_within_the_transaction(database: &Database) {
    if database.is_mysql() {
        // DDL commits there.
        return;
    }
    let mut conn = database.connect().await;
    send(&mut conn, &["CREATE TABLE mine (id INTEGER)"]).await;
    assert!(conn.inspect().has_table("mine").await.unwrap());
    conn.rollback().await.unwrap();
    assert!(!conn.inspect().has_table("mine").await.unwrap());
    conn.rollback().await.unwrap();
}

on_every_database!(
    what_was_told_is_kept_until_the_cache_is_cleared,
    all_tables_take_no_more_queries_than_one,
    odd_names_are_found,
    it_asks_within_the_transaction,
);
