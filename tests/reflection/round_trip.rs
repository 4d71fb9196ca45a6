//! What is reflected and created elsewhere reflects the same: of tables written in each database's own words, and of random
//! ones that the expression language makes.

use aludel::{
    driver::reflection::{ReflectedTable, Scope},
    prelude::*,
};

use crate::{
    by_hand::{MORE_MARIADB, MORE_POSTGRES, MORE_SQLITE, MYSQL, POSTGRES, SQLITE},
    database::{Database, on_every_database, run},
    generate::random,
    statements::send,
};

/// All tables and views of the default schema.
async fn reflected(conn: &mut Connection) -> Vec<ReflectedTable> {
    conn.inspect().reflect_tables(&Scope::default()).await.unwrap()
}

/// Creates what was reflected in another database of the kind, and looks at whether it reflects the same there.
async fn assert_same_elsewhere(database: &Database, tables: Vec<ReflectedTable>, of: &str) {
    run(database.kind(), async |other| {
        let mut conn = other.connect().await;
        let metadata = MetaData::new();
        for table in &tables {
            metadata.add(&table.to_table());
        }
        metadata.create_all(&mut conn).await.unwrap_or_else(|error| panic!("{of}: {error:?}"));
        let again = reflected(&mut conn).await;
        assert_eq!(
            again.iter().map(|table| table.name.to_string()).collect::<Vec<_>>(),
            tables.iter().map(|table| table.name.to_string()).collect::<Vec<_>>(),
            "{of}"
        );
        for (again, first) in again.iter().zip(&tables) {
            for (again, first) in again.columns.iter().zip(&first.columns) {
                assert_eq!(again, first, "{of}");
            }
            assert_eq!(again.options, first.options, "{of}: {}", first.name);
            assert_eq!(again.constraints, first.constraints, "{of}: {}", first.name);
            assert_eq!(again.indexes, first.indexes, "{of}: {}", first.name);
            assert_eq!(again, first, "{of}");
        }
        conn.commit().await.unwrap();
    })
    .await;
}

async fn what_a_database_says_itself_is_created_again(database: &Database) {
    let mut conn = database.connect().await;
    let statements = match database.kind() {
        crate::database::Kind::Sqlite => SQLITE,
        crate::database::Kind::Postgres => POSTGRES,
        crate::database::Kind::MySql => MYSQL,
    };
    send(&mut conn, statements).await;
    let tables = reflected(&mut conn).await;
    conn.commit().await.unwrap();
    assert!(tables.len() >= 4);
    assert_same_elsewhere(database, tables, "by hand").await;
}

/// The odder things of each. MySQL lacks some of MariaDB's.
async fn what_is_seldom_said_is_created_again(database: &Database) {
    let mut conn = database.connect().await;
    let server = conn.driver_connection().await.unwrap().server().clone();
    let statements = match (database.kind(), server.product) {
        (crate::database::Kind::Sqlite, _) => MORE_SQLITE,
        (crate::database::Kind::Postgres, _) => MORE_POSTGRES,
        (_, "MariaDB") => MORE_MARIADB,
        _ => return,
    };
    send(&mut conn, statements).await;
    let tables = reflected(&mut conn).await;
    conn.commit().await.unwrap();
    assert!(tables.len() >= 14);
    assert_same_elsewhere(database, tables, "seldom said").await;
}

async fn random_tables_are_created_again(database: &Database) {
    let mut conn = database.connect().await;
    let dialect = conn.dialect();
    let seeds = std::env::var("ALUDEL_TEST_SCHEMAS").ok().and_then(|text| text.parse().ok()).unwrap_or(12);
    // Of types alone, which both databases share.
    let own = conn.inspect().default_schema_name().await.unwrap();
    let other = database.is_postgres().then(|| format!("{own} \"other\""));
    if let Some(other) = &other {
        let create = format!("CREATE SCHEMA {}", dialect.identifier(other));
        send(&mut conn, &[&create]).await;
    }
    for seed in 0..seeds {
        let metadata = random(seed, dialect.name(), other.as_deref());
        let of = format!("seed {seed}");
        metadata.create_all(&mut conn).await.unwrap_or_else(|error| panic!("{of}: {error:?}"));
        let tables = reflected(&mut conn).await;
        assert_eq!(tables.len(), metadata.tables().len(), "{of}");
        for table in metadata.tables() {
            let found = tables.iter().find(|found| found.name.name == **table.name()).unwrap();
            let names = |names: Vec<String>| names;
            assert!(
                table.columns().is_empty()
                    || names(found.columns.iter().map(|column| column.name.clone()).collect())
                        == names(table.columns().iter().map(|column| column.name.to_string()).collect()),
                "{of}"
            );
        }
        conn.commit().await.unwrap();
        assert_same_elsewhere(database, tables, &of).await;
        metadata.drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
    if let Some(other) = &other {
        let drop = format!("DROP SCHEMA {} CASCADE", dialect.identifier(other));
        send(&mut conn, &[&drop]).await;
        conn.commit().await.unwrap();
    }
}

on_every_database!(
    what_a_database_says_itself_is_created_again,
    what_is_seldom_said_is_created_again,
    random_tables_are_created_again,
);
