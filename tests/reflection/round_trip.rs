//! What is reflected and created elsewhere reflects the same: of tables written in each database's own words, and of random
//! ones that the expression language makes.

use aludel::{
    driver::reflection::{ReflectedDomain, ReflectedEnum, ReflectedSequence, ReflectedTable, Scope},
    prelude::*,
};

use crate::{
    by_hand::{MORE_MARIADB, MORE_POSTGRES, MORE_SQLITE, MYSQL, POSTGRES, SQLITE},
    database::{Database, on_every_database, run},
    generate::random,
    statements::send,
};

/// All that there is in the default schema.
#[derive(Debug, PartialEq)]
struct Everything {
    tables: Vec<ReflectedTable>,
    sequences: Vec<ReflectedSequence>,
    domains: Vec<ReflectedDomain>,
    enums: Vec<ReflectedEnum>,
}

impl Everything {
    async fn of(conn: &mut Connection) -> Self {
        let mut inspector = conn.inspect();
        let own = inspector.default_schema_name().await.unwrap();
        let mut domains = inspector.get_domains(None).await.unwrap();
        let mut enums = inspector.get_enums(None).await.unwrap();
        // Their schema is another elsewhere.
        domains.iter_mut().filter(|domain| domain.schema == own).for_each(|domain| domain.schema.clear());
        enums.iter_mut().filter(|one| one.schema == own).for_each(|one| one.schema.clear());
        Self {
            tables: inspector.reflect_tables(&Scope::default()).await.unwrap(),
            sequences: inspector.get_sequences(None).await.unwrap(),
            domains,
            enums,
        }
    }

    fn metadata(&self) -> MetaData {
        let metadata = MetaData::new();
        self.enums.iter().for_each(|one| metadata.add_enumeration(&one.to_enumeration()));
        self.domains.iter().for_each(|domain| metadata.add_domain(&domain.to_domain()));
        for sequence in self.sequences.iter().filter(|sequence| sequence.owned_by.is_none()) {
            metadata.add_sequence(&sequence.to_sequence(None));
        }
        self.tables.iter().for_each(|table| metadata.add(&table.to_table()));
        metadata
    }
}

/// Creates what was reflected in another database of the kind, and looks at whether it reflects the same there. Types of another
/// schema may be those of the first database too.
async fn assert_same_elsewhere(database: &Database, all: Everything, of: &str, shares_types: bool) {
    run(database.kind(), async |other| {
        let mut conn = other.connect().await;
        let metadata = all.metadata();
        metadata.create_all(&mut conn).await.unwrap_or_else(|error| panic!("{of}: {error:?}"));
        let again = Everything::of(&mut conn).await;
        let names =
            |all: &Everything| all.tables.iter().map(|table| table.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&again), names(&all), "{of}");
        for (again, first) in again.tables.iter().zip(&all.tables) {
            for (again, first) in again.columns.iter().zip(&first.columns) {
                assert_eq!(again, first, "{of}");
            }
            assert_eq!(again.options, first.options, "{of}: {}", first.name);
            assert_eq!(again.constraints, first.constraints, "{of}: {}", first.name);
            assert_eq!(again.indexes, first.indexes, "{of}: {}", first.name);
            assert_eq!(again, first, "{of}");
        }
        assert_eq!(again, all, "{of}");
        conn.commit().await.unwrap();
        if shares_types {
            return;
        }
        // All of it goes again.
        metadata.drop_all(&mut conn).await.unwrap_or_else(|error| panic!("{of}: {error:?}"));
        let mut left = Everything::of(&mut conn).await;
        left.enums.clear();
        assert_eq!((left.tables, left.sequences, left.domains), (vec![], vec![], vec![]), "{of}");
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
    let all = Everything::of(&mut conn).await;
    conn.commit().await.unwrap();
    assert!(all.tables.len() >= 4);
    assert_same_elsewhere(database, all, "by hand", false).await;
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
    let all = Everything::of(&mut conn).await;
    conn.commit().await.unwrap();
    assert!(all.tables.len() >= 14);
    assert_same_elsewhere(database, all, "seldom said", false).await;
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
        let all = Everything::of(&mut conn).await;
        assert_eq!(all.tables.len(), metadata.tables().len(), "{of}");
        for table in metadata.tables() {
            let found = all.tables.iter().find(|found| found.name.name == **table.name()).unwrap();
            let names = |names: Vec<String>| names;
            assert!(
                table.columns().is_empty()
                    || names(found.columns.iter().map(|column| column.name.clone()).collect())
                        == names(table.columns().iter().map(|column| column.name.to_string()).collect()),
                "{of}"
            );
        }
        conn.commit().await.unwrap();
        assert_same_elsewhere(database, all, &of, other.is_some()).await;
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
