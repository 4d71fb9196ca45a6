//! What only PostgreSQL has.

use aludel::{
    driver::reflection::{Scope, TableKind, TemporaryScope},
    prelude::*,
    sql::SqlType,
};

use crate::{
    database::{Database, Kind, run},
    statements::{count, send, since},
};

/// Makes a test of an `async fn(&Database)` for PostgreSQL.
macro_rules! on_postgres {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn postgres() {
                super::run(super::Kind::Postgres, super::$test).await;
            }
        }
    )+};
}

async fn columns_are_told_with_all_their_attributes(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy')",
            "CREATE DOMAIN positive AS numeric(8,2) DEFAULT 1 NOT NULL CHECK (VALUE > 0)",
            r#"CREATE TABLE "Every Kind" (
                a integer GENERATED ALWAYS AS IDENTITY (START WITH 20 INCREMENT BY 2 MINVALUE 10 MAXVALUE 1000 CYCLE CACHE 5),
                b serial, c varchar(52) COLLATE "C" DEFAULT 'it''s', d char(52), e numeric(18,5) NOT NULL, f numeric,
                g timestamp(3) with time zone DEFAULT now(), h timestamp, i time(2), j interval day to second(3), k integer[],
                l mood DEFAULT 'sad', m mood[], n positive, o bit(8), p bit varying(9), q jsonb, r json, s uuid, t bytea,
                u double precision, v real, w point, x tsvector, y text GENERATED ALWAYS AS (upper(d)) STORED, z "char",
                aa boolean DEFAULT true, bb int8range, cc smallint DEFAULT 3 + 5
            )"#,
            r#"COMMENT ON COLUMN "Every Kind".e IS 'it''s exact'"#,
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let table = inspector.reflect_table("Every Kind").await.unwrap();
    let column = |name: &str| table.column(name).unwrap_or_else(|| panic!("no column {name}")).clone();
    let own = |name: &str| column(name).column_type.sql_type;

    let identity = column("a").identity.unwrap();
    assert!(identity.always && identity.cycle && column("a").autoincrement && !column("a").nullable);
    assert_eq!(
        (identity.start, identity.increment, identity.minvalue, identity.maxvalue, identity.cache),
        (20, 2, 10, 1000, 5)
    );
    assert!(column("b").autoincrement && column("b").identity.is_none());
    assert!(column("b").default.unwrap().starts_with("nextval("));
    assert_eq!(own("c"), SqlType::Varchar(52));
    assert_eq!(column("c").collation.as_deref(), Some("C"));
    assert_eq!(column("c").default.as_deref(), Some("'it''s'::character varying"));
    assert_eq!(column("d").column_type.length, Some(52));
    assert_eq!(column("d").column_type.name, "character(52)");
    assert_eq!(own("e"), SqlType::Numeric { precision: Some(18), scale: Some(5) });
    assert_eq!((column("e").column_type.precision, column("e").column_type.scale), (Some(18), Some(5)));
    assert_eq!(column("e").comment.as_deref(), Some("it's exact"));
    assert_eq!((column("e").nullable, column("f").nullable), (false, true));
    assert_eq!(own("f"), SqlType::Numeric { precision: None, scale: None });
    let instant = column("g").column_type;
    assert_eq!((instant.precision, instant.timezone), (Some(3), true));
    assert_eq!(instant.sql_type, SqlType::Custom("timestamp(3) with time zone".into()));
    assert_eq!((own("h"), column("h").column_type.timezone), (SqlType::DateTime, false));
    assert_eq!(column("i").column_type.precision, Some(2));
    assert_eq!(column("j").column_type.name, "interval day to second(3)");
    assert_eq!(own("k"), SqlType::Array(SqlType::Integer.into()));
    let values = ["sad", "it's ok", "happy"];
    let SqlType::Enum { name, values: told, .. } = own("l") else { panic!("{:?}", own("l")) };
    assert_eq!((&*name, told.iter().map(|value| &**value).collect::<Vec<_>>()), ("mood", values.to_vec()));
    assert!(column("m").column_type.array && matches!(own("m"), SqlType::Array(_)));
    assert_eq!(column("m").column_type.values, values);
    assert_eq!(own("n"), SqlType::Custom("positive".into()));
    assert_eq!((own("d"), own("bb")), (SqlType::Char(52), SqlType::Range(SqlType::BigInteger.into())));
    assert_eq!((column("o").column_type.length, column("p").column_type.length), (Some(8), Some(9)));
    assert_eq!((own("q"), own("s"), own("t")), (SqlType::Json, SqlType::Uuid, SqlType::LargeBinary));
    assert_eq!((own("u"), own("v"), own("aa")), (SqlType::Double, SqlType::Float, SqlType::Boolean));
    for (name, raw) in [("r", "json"), ("w", "point"), ("x", "tsvector"), ("z", "\"char\"")] {
        assert_eq!(own(name), SqlType::Custom(raw.into()), "what is unknown is kept by name");
    }
    let computed = column("y").computed.unwrap();
    assert!(computed.persisted && column("y").default.is_none());
    assert_eq!(computed.sqltext, "upper((d)::text)");
    assert_eq!(column("cc").default.as_deref(), Some("(3 + 5)"));

    let enums = inspector.get_enums(None).await.unwrap();
    assert_eq!((enums[0].name.as_str(), enums[0].visible), ("mood", true));
    assert_eq!(enums[0].values, values);
    let domains = inspector.get_domains(None).await.unwrap();
    assert_eq!(domains[0].name, "positive");
    assert_eq!(domains[0].base.sql_type, SqlType::Numeric { precision: Some(8), scale: Some(2) });
    assert_eq!((domains[0].default.as_deref(), domains[0].nullable), (Some("1"), false));
    assert_eq!(domains[0].checks[0].sqltext, "VALUE > 0::numeric");
    conn.commit().await.unwrap();
}

async fn constraints_are_told_with_all_their_options(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE parent (id int, tenant int, CONSTRAINT pk_tb1 PRIMARY KEY (tenant, id) INCLUDE (extra), extra int, \
             code text, CONSTRAINT parent_code UNIQUE NULLS NOT DISTINCT (code) DEFERRABLE INITIALLY DEFERRED)",
            "COMMENT ON CONSTRAINT parent_code ON parent IS 'one each'",
            "CREATE TABLE child (a int, b int, c int, during tsrange, \
             CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES parent (tenant, id) MATCH FULL ON DELETE SET NULL (b) ON UPDATE RESTRICT \
             DEFERRABLE INITIALLY DEFERRED, CONSTRAINT ck CHECK (a > 0 AND b < 5) NO INHERIT, \
             CONSTRAINT ex EXCLUDE USING gist (during WITH &&) WHERE (a > 3))",
            "ALTER TABLE child ADD CONSTRAINT late CHECK (c > 0) NOT VALID",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let key = inspector.get_pk_constraint("parent").await.unwrap().unwrap();
    assert_eq!(
        (key.name.as_deref(), key.columns, key.include),
        (Some("pk_tb1"), vec!["tenant".to_owned(), "id".to_owned()], vec!["extra".to_owned()])
    );
    let unique = inspector.get_unique_constraints("parent").await.unwrap().remove(0);
    assert!(unique.nulls_not_distinct && unique.timing.deferrable && unique.timing.initially_deferred);
    assert_eq!((unique.comment.as_deref(), unique.index.as_deref()), (Some("one each"), Some("parent_code")));
    let key = inspector.get_foreign_keys("child").await.unwrap().remove(0);
    assert_eq!(key.columns, ["a", "b"]);
    assert_eq!(
        (key.referred, key.referred_columns),
        ("parent".into(), vec!["tenant".to_owned(), "id".to_owned()])
    );
    assert_eq!((key.on_delete, key.on_update), (ReferentialAction::SetNull, ReferentialAction::Restrict));
    assert_eq!((key.on_delete_columns, key.match_type.as_deref()), (vec!["b".to_owned()], Some("FULL")));
    assert!(key.timing.deferrable && key.timing.initially_deferred && !key.not_valid);
    let checks = inspector.get_check_constraints("child").await.unwrap();
    let told: Vec<_> =
        checks.iter().map(|check| (check.name.as_deref().unwrap(), check.sqltext.as_str())).collect();
    assert_eq!(told, [("ck", "a > 0 AND b < 5"), ("late", "c > 0")]);
    assert!(checks[0].no_inherit && !checks[0].not_valid && checks[1].not_valid);
    let exclude = inspector.get_exclude_constraints("child").await.unwrap().remove(0);
    assert_eq!(
        (exclude.name.as_str(), exclude.using.as_str(), exclude.filter.as_deref()),
        ("ex", "gist", Some("a > 3"))
    );
    assert_eq!(
        (exclude.elements[0].column.as_deref(), exclude.elements[0].operator.as_str()),
        (Some("during"), "&&")
    );
    conn.commit().await.unwrap();
}

async fn indexes_are_told_with_all_their_attributes(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE t (x text, y int, z int, doc jsonb, CONSTRAINT uq UNIQUE (z))",
            "CREATE UNIQUE INDEX many ON t (lower(x), z DESC, y NULLS FIRST, x COLLATE \"C\" text_pattern_ops DESC NULLS LAST) \
             INCLUDE (doc) WITH (fillfactor = 70) WHERE y > 3",
            "CREATE INDEX by_doc ON t USING gin (doc jsonb_path_ops)",
            "CREATE UNIQUE INDEX nn ON t (y) NULLS NOT DISTINCT",
            "COMMENT ON INDEX nn IS 'said'",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let indexes = inspector.get_indexes("t").await.unwrap();
    let names: Vec<&str> = indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["by_doc", "many", "nn", "uq"]);
    let [by_doc, many, nn, uq] = &indexes[..] else { panic!() };
    assert_eq!(
        (by_doc.using.as_deref(), by_doc.elements[0].operator_class.as_deref()),
        (Some("gin"), Some("jsonb_path_ops"))
    );
    assert!(many.unique && many.using.as_deref() == Some("btree"));
    assert_eq!(many.column_names(), [None, Some("z"), Some("y"), Some("x")]);
    assert_eq!(many.elements[0].expression.as_deref(), Some("lower(x)"));
    let directions: Vec<_> =
        many.elements.iter().map(|element| (element.descending, element.nulls_first)).collect();
    assert_eq!(directions, [(false, None), (true, None), (false, Some(true)), (true, Some(false))]);
    assert_eq!(many.elements[3].collation.as_deref(), Some("C"));
    assert_eq!(many.elements[3].operator_class.as_deref(), Some("text_pattern_ops"));
    assert_eq!((many.include.clone(), many.filter.as_deref()), (vec!["doc".to_owned()], Some("y > 3")));
    assert_eq!((many.with.as_deref(), many.constraint.as_deref()), (Some("fillfactor=70"), None));
    assert!(nn.nulls_not_distinct && nn.comment.as_deref() == Some("said"));
    assert_eq!(uq.constraint.as_deref(), Some("uq"));
    assert!(inspector.has_index("t", "many").await.unwrap());
    assert!(
        !inspector.has_index("t", "few").await.unwrap() && !inspector.has_index("gone", "x").await.unwrap()
    );
    conn.commit().await.unwrap();
}

async fn views_options_and_sequences_are_told(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE UNLOGGED TABLE base (id int, born date) WITH (fillfactor = 50)",
            "COMMENT ON TABLE base IS 'a table'",
            "CREATE TABLE heir (more int) INHERITS (base)",
            "CREATE TABLE cut (id int, born date) PARTITION BY RANGE (born)",
            "CREATE TABLE cut_1 PARTITION OF cut FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
            "CREATE VIEW v AS SELECT id FROM base WHERE id > 1",
            "CREATE MATERIALIZED VIEW mv AS SELECT id FROM base",
            "CREATE INDEX mv_id ON mv (id)",
            "COMMENT ON VIEW v IS 'a view'",
            "CREATE SEQUENCE s AS integer INCREMENT 3 MINVALUE 2 MAXVALUE 100 START 5 CACHE 7 CYCLE",
            "CREATE TABLE numbered (id serial, other int GENERATED BY DEFAULT AS IDENTITY)",
            "CREATE TEMP TABLE passing (id int)",
            "CREATE TEMP VIEW passing_view AS SELECT id FROM passing",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["base", "cut", "cut_1", "heir", "numbered"]);
    assert_eq!(inspector.get_view_names(None).await.unwrap(), ["v"]);
    assert_eq!(inspector.get_materialized_view_names(None).await.unwrap(), ["mv"]);
    assert_eq!(inspector.get_temp_table_names().await.unwrap(), ["passing"]);
    assert_eq!(inspector.get_temp_view_names().await.unwrap(), ["passing_view"]);
    let base = inspector.get_table("base").await.unwrap();
    assert_eq!(
        (base.comment.as_deref(), base.options.with.as_deref()),
        (Some("a table"), Some("fillfactor=50"))
    );
    assert!(base.options.unlogged && base.options.using.as_deref() == Some("heap"));
    assert_eq!(inspector.get_table_options("heir").await.unwrap().inherits, ["base"]);
    assert_eq!(
        inspector.get_table_options("cut").await.unwrap().partition_by.as_deref(),
        Some("RANGE (born)")
    );
    let part = inspector.get_table_options("cut_1").await.unwrap();
    assert_eq!(part.inherits, ["cut"]);
    assert!(part.partition_bound.unwrap().starts_with("FOR VALUES FROM"));
    let text = inspector.get_view_definition("v").await.unwrap().unwrap();
    assert!(text.contains("WHERE (base.id > 1)"), "{text}");
    assert!(inspector.get_view_definition("mv").await.unwrap().unwrap().contains("FROM base"));
    assert_eq!(inspector.get_table_comment("v").await.unwrap().as_deref(), Some("a view"));
    assert_eq!(inspector.get_columns("mv").await.unwrap()[0].name, "id");
    assert!(inspector.has_index("mv", "mv_id").await.unwrap());
    let sequences = inspector.get_sequences(None).await.unwrap();
    let names: Vec<&str> = sequences.iter().map(|sequence| sequence.name.as_str()).collect();
    assert_eq!(names, ["numbered_id_seq", "s"], "that of an identity column is part of it");
    assert_eq!(sequences[0].owned_by, Some(("numbered".to_owned(), "id".to_owned())));
    let own = &sequences[1];
    assert_eq!(
        (
            own.start,
            own.increment,
            own.minvalue,
            own.maxvalue,
            own.cycle,
            own.cache,
            own.type_name.as_deref()
        ),
        (5, 3, 2, 100, true, 7, Some("integer"))
    );
    assert!(inspector.has_sequence("s", None).await.unwrap());
    assert!(!inspector.has_sequence("gone", None).await.unwrap());
    let all = inspector.reflect_tables(&Scope::default().temporary(TemporaryScope::With)).await.unwrap();
    let passing = all.iter().find(|table| table.name.name == "passing").unwrap();
    assert!(passing.temporary && passing.columns.len() == 1);
    let kinds = all.iter().filter(|table| table.kind == TableKind::View).count();
    assert_eq!(kinds, 2);
    conn.rollback().await.unwrap();
}

async fn five_hundred_tables_take_at_most_twelve_queries(database: &Database) {
    let mut conn = database.connect().await;
    for from in [0, 250] {
        let mut script = String::new();
        for number in from..from + 250 {
            let other = number.min(from + 249) / 2;
            script.push_str(&format!(
                "CREATE TABLE t{number} (id serial PRIMARY KEY, name varchar(50) UNIQUE, other int REFERENCES t{other} (id), \
                 CHECK (other > 0)); CREATE INDEX i{number} ON t{number} (other, lower(name));"
            ));
        }
        conn.batch(aludel::sql::trusted(script)).await.unwrap();
    }
    conn.commit().await.unwrap();
    let sent = count(database.engine());
    let mut inspector = conn.inspect();
    let tables = inspector.reflect_tables(&Scope::default()).await.unwrap();
    inspector.get_sequences(None).await.unwrap();
    inspector.get_enums(None).await.unwrap();
    inspector.get_domains(None).await.unwrap();
    inspector.default_schema_name().await.unwrap();
    inspector.get_schema_names().await.unwrap();
    let queries = since(&sent);
    assert_eq!(tables.len(), 500);
    assert!(tables.iter().all(|table| table.columns.len() == 3
        && table.indexes.len() == 2
        && table.constraints.primary_key.is_some()
        && table.constraints.uniques.len() == 1
        && table.constraints.foreign_keys.len() == 1
        && table.constraints.checks.len() == 1));
    assert!(queries <= 12, "{queries} queries for 500 tables");
    // The same number for one table.
    let mut inspector = conn.inspect();
    inspector.reflect_table("t7").await.unwrap();
    assert!(since(&sent) <= 4);
    conn.rollback().await.unwrap();
}

on_postgres!(
    columns_are_told_with_all_their_attributes,
    constraints_are_told_with_all_their_options,
    indexes_are_told_with_all_their_attributes,
    views_options_and_sequences_are_told,
    five_hundred_tables_take_at_most_twelve_queries,
);
