//! What stands in another schema, and what goes with the connection, is created again as well.

use aludel::{
    driver::reflection::{ReflectedTable, Scope, TemporaryScope},
    prelude::*,
};

use crate::{
    by_hand::{MORE_POSTGRES, MYSQL, POSTGRES},
    database::{Database, Kind, on_every_database},
    statements::send,
};

const SQLITE: &[&str] = &[
    "CREATE TABLE far.parent (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b INT DEFAULT (1 + 2), CONSTRAINT ab UNIQUE (a, b))",
    "CREATE TABLE far.\"od d\" (p INT REFERENCES parent ON DELETE SET NULL, k INT GENERATED ALWAYS AS (p + 1) STORED)",
    "CREATE INDEX far.\"i x\" ON \"od d\" (p DESC, k + 1) WHERE p IS NOT NULL",
    "CREATE VIEW far.v AS SELECT id, a FROM parent WHERE a > 1",
];

async fn what_stands_in_another_schema_is_created_again(database: &Database) {
    let lists: &[&[&str]] = match database.kind() {
        Kind::Sqlite => &[SQLITE],
        Kind::Postgres => &[POSTGRES, MORE_POSTGRES],
        Kind::MySql => &[MYSQL],
    };
    for statements in lists {
        created_again_in_another_schema(database, statements).await;
    }
}

async fn created_again_in_another_schema(database: &Database, statements: &[&str]) {
    let mut conn = database.connect().await;
    let own = conn.inspect().default_schema_name().await.unwrap();
    let far = if database.is_sqlite() { "far".to_owned() } else { format!("{own}_far") };
    conn.rollback().await.unwrap();
    conn.set_autocommit(true).unwrap();
    let (make, drop) = match database.is_sqlite() {
        true => (format!("ATTACH ':memory:' AS {far}"), format!("DETACH {far}")),
        false if database.is_mysql() => (format!("CREATE SCHEMA {far}"), format!("DROP SCHEMA {far}")),
        false => (format!("CREATE SCHEMA {far}"), format!("DROP SCHEMA {far} CASCADE")),
    };
    send(&mut conn, &[&make]).await;
    if database.is_postgres() {
        send(&mut conn, &[&format!("SET search_path TO {far}")]).await;
        send(&mut conn, statements).await;
        send(&mut conn, &[&format!("SET search_path TO {own}")]).await;
    } else if database.is_mysql() {
        send(&mut conn, &[&format!("USE {far}")]).await;
        send(&mut conn, statements).await;
        send(&mut conn, &[&format!("USE {own}")]).await;
    } else {
        send(&mut conn, statements).await;
    }
    let scope = Scope::of_schema(Some(&far));
    let mut inspector = conn.inspect();
    let first = inspector.reflect_tables(&scope).await.unwrap();
    let sequences = inspector.get_sequences(Some(&far)).await.unwrap();
    let domains = inspector.get_domains(Some(&far)).await.unwrap();
    assert!(first.len() >= 3 && first.iter().all(|table| table.name.schema.as_deref() == Some(&far)));
    let metadata = MetaData::new();
    domains.iter().for_each(|domain| metadata.add_domain(&domain.to_domain()));
    for sequence in sequences.iter().filter(|sequence| sequence.owned_by.is_none()) {
        metadata.add_sequence(&sequence.to_sequence(Some(&far)));
    }
    first.iter().for_each(|table| metadata.add(&table.to_table()));
    send(&mut conn, &[&drop, &make]).await;
    metadata.create_all(&mut conn).await.unwrap();
    let mut inspector = conn.inspect();
    let again = inspector.reflect_tables(&scope).await.unwrap();
    assert_same(&first, &again);
    assert_eq!(inspector.get_sequences(Some(&far)).await.unwrap(), sequences);
    assert_eq!(inspector.get_domains(Some(&far)).await.unwrap(), domains);
    assert_eq!(
        inspector.get_table_names(None).await.unwrap(),
        Vec::<String>::new(),
        "nothing came to the own"
    );
    send(&mut conn, &[&drop]).await;
}

fn assert_same(first: &[ReflectedTable], again: &[ReflectedTable]) {
    assert_eq!(first.len(), again.len());
    for (first, again) in first.iter().zip(again) {
        for (first, again) in first.columns.iter().zip(&again.columns) {
            assert_eq!(again, first);
        }
        assert_eq!(again, first);
    }
}

async fn what_goes_with_the_connection_is_created_again(database: &Database) {
    if database.is_mysql() {
        // MySQL, and MariaDB before 11.2, keep it out of their catalogue.
        return;
    }
    let mut conn = database.connect().await;
    let key = if database.is_postgres() { "serial" } else { "INTEGER" };
    send(
        &mut conn,
        &[
            &format!("CREATE TEMPORARY TABLE \"pas sing\" (id {key} PRIMARY KEY, a INT NOT NULL DEFAULT 3 CHECK (a > 0), UNIQUE (a))"),
            "CREATE INDEX \"i x\" ON \"pas sing\" (a DESC) WHERE a > 4",
            "CREATE TEMPORARY TABLE other (id INTEGER REFERENCES \"pas sing\" (id) ON DELETE CASCADE)",
            "CREATE TEMPORARY VIEW a_view AS SELECT id FROM \"pas sing\"",
        ],
    )
    .await;
    let scope = Scope::default().temporary(TemporaryScope::Only);
    let first = conn.inspect().reflect_tables(&scope).await.unwrap();
    assert_eq!(first.len(), 3);
    conn.commit().await.unwrap();
    let mut other = database.connect().await;
    assert_eq!(other.inspect().reflect_tables(&scope).await.unwrap(), []);
    let metadata = MetaData::new();
    first.iter().for_each(|table| metadata.add(&table.to_table()));
    metadata.create_all(&mut other).await.unwrap();
    assert_same(&first, &other.inspect().reflect_tables(&scope).await.unwrap());
    other.rollback().await.unwrap();
    conn.rollback().await.unwrap();
}

on_every_database!(
    what_stands_in_another_schema_is_created_again,
    what_goes_with_the_connection_is_created_again,
);
