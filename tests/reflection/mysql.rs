//! What only MySQL and MariaDB have.

use aludel::{prelude::*, sql::SqlType};

use crate::{
    database::{Database, Kind, run},
    statements::send,
};

/// Makes a test of an `async fn(&Database)` for MySQL and MariaDB.
macro_rules! on_mysql {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn mysql() {
                super::run(super::Kind::MySql, super::$test).await;
            }
        }
    )+};
}

async fn columns_are_told_with_all_their_attributes(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &["CREATE TABLE t (
            id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, a varchar(52) NOT NULL DEFAULT 'it''s', b char(5),
            c decimal(18,5) NOT NULL, d decimal(10,2) unsigned, e datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
            f datetime(6), g timestamp NULL, h enum('a','it''s','c,d') COMMENT 'it''s said', i set('x','y'), j json,
            k bigint unsigned DEFAULT 5, l tinyint(1) DEFAULT 1, m text CHARACTER SET latin1 COLLATE latin1_bin,
            n int GENERATED ALWAYS AS (l + 1) STORED, o int AS (l + 2) VIRTUAL, p binary(16), q bit(8) DEFAULT b'101',
            r double, s float, u year, v point, w longtext, x int INVISIBLE
        ) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"],
    )
    .await;
    let mut inspector = conn.inspect();
    let table = inspector.reflect_table("t").await.unwrap();
    let column = |name: &str| table.column(name).unwrap_or_else(|| panic!("no column {name}")).clone();
    let own = |name: &str| column(name).column_type.sql_type;
    assert!(column("id").autoincrement && column("id").column_type.unsigned && !column("id").nullable);
    assert_eq!((own("a"), column("a").default.as_deref()), (SqlType::Varchar(52), Some("'it''s'")));
    assert_eq!(column("a").collation, None, "it is that of the table");
    assert_eq!(column("b").column_type.length, Some(5));
    assert_eq!(own("c"), SqlType::Numeric { precision: Some(18), scale: Some(5) });
    assert!(column("d").column_type.unsigned);
    assert_eq!(
        (own("e"), column("e").column_type.precision),
        (SqlType::Custom("datetime(3)".into()), Some(3))
    );
    let now = "current_timestamp(3)";
    assert!(column("e").default.unwrap().eq_ignore_ascii_case(now));
    assert!(column("e").on_update.unwrap().eq_ignore_ascii_case(now));
    assert_eq!((own("f"), own("g")), (SqlType::DateTime, SqlType::Custom("timestamp".into())));
    let SqlType::Enum { values, .. } = own("h") else { panic!("{:?}", own("h")) };
    assert_eq!(values.iter().map(|value| &**value).collect::<Vec<_>>(), ["a", "it's", "c,d"]);
    assert_eq!(column("h").comment.as_deref(), Some("it's said"));
    assert_eq!(column("i").column_type.values, ["x", "y"]);
    assert_eq!(
        (own("j"), own("k"), own("l")),
        (SqlType::Json, SqlType::UnsignedBigInteger, SqlType::Boolean)
    );
    assert_eq!(column("k").default.as_deref().map(|text| text.trim_matches('\'')), Some("5"));
    assert_eq!(column("m").collation.as_deref(), Some("latin1_bin"));
    assert!(column("n").computed.unwrap().persisted && !column("o").computed.unwrap().persisted);
    assert!(column("o").computed.unwrap().sqltext.contains("+ 2"));
    assert_eq!(
        (own("p"), column("q").column_type.length, column("q").default.as_deref()),
        (SqlType::Uuid, Some(8), Some("b'101'"))
    );
    assert_eq!((own("r"), own("s"), own("w")), (SqlType::Double, SqlType::Float, SqlType::Text));
    assert_eq!(own("v"), SqlType::Custom("point".into()), "what is unknown is kept by name");
    assert!(column("x").invisible && !column("r").invisible);
    assert_eq!(table.constraints.checks, [], "what makes a text a document is part of its type");
    conn.commit().await.unwrap();
}

async fn constraints_and_indexes_are_told(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE parent (id int, tenant int, code varchar(20), txt text, place point NOT NULL, \
             PRIMARY KEY (tenant, id), UNIQUE KEY by_code (code), KEY part (txt(7), code DESC) COMMENT 'said', \
             FULLTEXT KEY words (txt), SPATIAL KEY places (place), CONSTRAINT positive CHECK (id > 0))",
            "CREATE TABLE child (a int, b int, CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES parent (tenant, id) \
             ON DELETE CASCADE ON UPDATE SET NULL, CONSTRAINT plain FOREIGN KEY (a) REFERENCES parent (tenant))",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let key = inspector.get_pk_constraint("parent").await.unwrap().unwrap();
    assert_eq!((key.name, key.columns.join("+")), (None, "tenant+id".to_owned()));
    let checks = inspector.get_check_constraints("parent").await.unwrap();
    assert_eq!((checks.len(), checks[0].name.as_deref()), (1, Some("positive")));
    assert!(checks[0].sqltext.contains("`id` > 0"));
    let uniques = inspector.get_unique_constraints("parent").await.unwrap();
    assert_eq!(
        (uniques[0].name.as_deref(), uniques[0].columns.join("+")),
        (Some("by_code"), "code".to_owned())
    );
    let indexes = inspector.get_indexes("parent").await.unwrap();
    let told: Vec<_> = indexes
        .iter()
        .map(|index| {
            (index.name.as_str(), index.using.as_deref().unwrap(), index.unique, index.constraint.as_deref())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("by_code", "BTREE", true, Some("by_code")),
            ("part", "BTREE", false, None),
            ("places", "SPATIAL", false, None),
            ("words", "FULLTEXT", false, None)
        ]
    );
    let part: Vec<_> =
        indexes[1].elements.iter().map(|element| (element.length, element.descending)).collect();
    assert_eq!(part, [(Some(7), false), (None, true)]);
    assert_eq!(indexes[1].comment.as_deref(), Some("said"));
    let keys = inspector.get_foreign_keys("child").await.unwrap();
    let [fk, plain] = &keys[..] else { panic!("{keys:?}") };
    assert_eq!(
        (fk.name.as_deref(), fk.columns.join("+"), fk.referred_columns.join("+")),
        (Some("fk"), "a+b".to_owned(), "tenant+id".to_owned())
    );
    assert_eq!((fk.on_delete, fk.on_update), (ReferentialAction::Cascade, ReferentialAction::SetNull));
    assert_eq!(fk.referred, "parent".into());
    assert!(matches!(plain.on_delete, ReferentialAction::Restrict | ReferentialAction::NoAction));
    let schema = inspector.default_schema_name().await.unwrap();
    let keys = inspector.get_foreign_keys((schema.as_str(), "child")).await.unwrap();
    assert_eq!(keys[0].referred, (schema.as_str(), "parent").into());
    conn.commit().await.unwrap();
}

async fn views_options_and_sequences_are_told(database: &Database) {
    let mut conn = database.connect().await;
    let is_mariadb = conn.driver_connection().await.unwrap().server().product == "MariaDB";
    send(
        &mut conn,
        &[
            "CREATE TABLE kept (id int PRIMARY KEY) ENGINE=InnoDB CHARACTER SET latin1 COLLATE latin1_bin COMMENT='it''s said' ROW_FORMAT=DYNAMIC",
            "CREATE TABLE cut (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 3",
            "CREATE TABLE sliced (id int PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION `the rest` VALUES LESS THAN MAXVALUE)",
            "CREATE VIEW v AS SELECT id FROM kept WHERE id > 1",
        ],
    )
    .await;
    if is_mariadb {
        send(
            &mut conn,
            &[
                "CREATE SEQUENCE `a s` START 5 INCREMENT 3 MINVALUE 2 MAXVALUE 100 CACHE 7 CYCLE",
                "CREATE SEQUENCE s2",
            ],
        )
        .await;
    }
    let mut inspector = conn.inspect();
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["cut", "kept", "sliced"]);
    assert_eq!(inspector.get_view_names(None).await.unwrap(), ["v"]);
    let kept = inspector.get_table("kept").await.unwrap();
    assert_eq!(kept.comment.as_deref(), Some("it's said"));
    let options = kept.options;
    assert_eq!(
        (options.engine.as_deref(), options.charset.as_deref(), options.collation.as_deref()),
        (Some("InnoDB"), Some("latin1"), Some("latin1_bin"))
    );
    assert!(options.further.unwrap().eq_ignore_ascii_case("row_format=dynamic"));
    let cut = inspector.get_table_options("cut").await.unwrap().partition_by.unwrap();
    assert_eq!(cut.replace('`', ""), "HASH (id) PARTITIONS 3");
    let sliced = inspector.get_table_options("sliced").await.unwrap().partition_by.unwrap();
    assert_eq!(
        sliced,
        "RANGE (`id`) (PARTITION `low` VALUES LESS THAN (10), PARTITION `the rest` VALUES LESS THAN MAXVALUE)"
    );
    let text = inspector.get_view_definition("v").await.unwrap().unwrap();
    assert!(text.to_lowercase().starts_with("select") && text.contains("> 1"), "{text}");
    assert_eq!(inspector.get_columns("v").await.unwrap()[0].name, "id");
    let sequences = inspector.get_sequences(None).await.unwrap();
    if is_mariadb {
        let own = &sequences[0];
        assert_eq!(
            (own.name.as_str(), own.start, own.increment, own.minvalue, own.maxvalue, own.cycle, own.cache),
            ("a s", 5, 3, 2, 100, true, 7)
        );
        assert_eq!(sequences.len(), 2);
        assert!(inspector.has_sequence("s2", None).await.unwrap());
    } else {
        assert_eq!(sequences, []);
    }
    conn.commit().await.unwrap();
}

async fn temporary_tables_are_told_where_the_server_lists_them(database: &Database) {
    let mut conn = database.connect().await;
    let server = conn.driver_connection().await.unwrap().server().clone();
    let are_listed = server.product == "MariaDB" && server.version >= (11, 2, 0);
    send(
        &mut conn,
        &["CREATE TABLE stays (id int PRIMARY KEY)", "CREATE TEMPORARY TABLE goes (id int, name varchar(5))"],
    )
    .await;
    let mut inspector = conn.inspect();
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["stays"]);
    let expected: &[&str] = if are_listed { &["goes"] } else { &[] };
    assert_eq!(inspector.get_temp_table_names().await.unwrap(), expected);
    assert_eq!(inspector.has_table("goes").await.unwrap(), are_listed);
    let outcome = inspector.get_columns("goes").await;
    assert_eq!(outcome.is_ok(), are_listed, "{outcome:?}");
    // Asking fails nothing that is under way.
    let count: i64 = conn.scalar_one(text("SELECT COUNT(*) FROM goes")).await.unwrap();
    assert_eq!(count, 0);
    conn.commit().await.unwrap();
}

async fn a_view_does_not_name_its_own_database(database: &Database) {
    let mut conn = database.connect().await;
    let own = conn.inspect().default_schema_name().await.unwrap();
    send(
        &mut conn,
        &[
            "CREATE TABLE t (id int PRIMARY KEY, `a``b` varchar(30))",
            &format!(
                "CREATE VIEW v AS SELECT id, `a``b`, 'it''s `{own}`.t \\\\' AS said FROM t WHERE `a``b` <> '`' AND id IN \
                 (SELECT id FROM `{own}`.t)"
            ),
        ],
    )
    .await;
    let text = conn.inspect().get_view_definition("v").await.unwrap().unwrap();
    assert_eq!(text.matches(own.as_str()).count(), 1, "in the text alone: {text}");
    let named = conn.inspect().get_view_definition((own.as_str(), "v")).await.unwrap().unwrap();
    assert!(named.matches(own.as_str()).count() > 2, "{named}");
    // It means the same.
    let sql = format!("CREATE VIEW again AS {text}");
    send(&mut conn, &["INSERT INTO t VALUES (1, 'x')", &sql]).await;
    let said: String = conn.scalar_one(aludel::sql::text("SELECT said FROM again")).await.unwrap();
    assert_eq!(said, format!("it's `{own}`.t \\"));
    conn.commit().await.unwrap();
}

on_mysql!(
    temporary_tables_are_told_where_the_server_lists_them,
    a_view_does_not_name_its_own_database,
    columns_are_told_with_all_their_attributes,
    constraints_and_indexes_are_told,
    views_options_and_sequences_are_told,
);
