//! The numbered cases of reflection.

use aludel::{
    driver::reflection::{ReflectedColumn, Scope, TableName},
    engine::Inspector,
    prelude::*,
    sql::SqlType,
};

use crate::{
    database::{Database, on_every_database},
    statements::send,
};

/// Another schema than the default one, made anew: its name, and the words that drop it.
async fn other_schema(database: &Database, conn: &mut Connection) -> (String, String) {
    let own = conn.inspect().default_schema_name().await.unwrap();
    let name = format!("{own}_other");
    if database.is_sqlite() {
        // Within no transaction, which SQLite asks for.
        conn.commit().await.unwrap();
        conn.set_autocommit(true).unwrap();
        send(conn, &[&format!("ATTACH ':memory:' AS {name}")]).await;
        conn.set_autocommit(false).unwrap();
        return (name.clone(), String::new());
    }
    send(conn, &[&format!("CREATE SCHEMA {name}")]).await;
    let cascade = if database.is_postgres() { " CASCADE" } else { "" };
    (name.clone(), format!("DROP SCHEMA {name}{cascade}"))
}

async fn case_031_has_table_and_no_such_table(database: &Database) {
    let mut conn = database.connect().await;
    let (schema, drop_schema) = other_schema(database, &mut conn).await;
    send(
        &mut conn,
        &[
            "CREATE TABLE kept (id INTEGER PRIMARY KEY)",
            &format!("CREATE TABLE {schema}.elsewhere (id INTEGER PRIMARY KEY)"),
            "CREATE VIEW a_view AS SELECT id FROM kept",
            "CREATE TEMPORARY TABLE passing (id INTEGER PRIMARY KEY, name VARCHAR(7) NOT NULL)",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let shown = if database.is_mysql() { 2 } else { 3 };
    for there in ["kept", "a_view", "passing"].into_iter().take(shown) {
        assert!(inspector.has_table(there).await.unwrap(), "{there}");
    }
    assert!(inspector.has_table((schema.as_str(), "elsewhere")).await.unwrap());
    for absent in [TableName::from("absent"), "elsewhere".into(), (schema.as_str(), "kept").into()] {
        assert!(!inspector.has_table(&absent).await.unwrap(), "{absent}");
        for error in errors(&mut inspector, &absent).await {
            assert_eq!(error.kind(), ErrorKind::NoSuchTable, "{error:?}");
            assert!(error.message().contains(&format!("`{}`", absent.name)), "{error}");
        }
    }
    assert!(inspector.get_columns("kept").await.is_ok(), "an error fails nothing else");
    if !database.is_mysql() {
        let passing = inspector.reflect_table("passing").await.unwrap();
        assert!(passing.temporary);
        assert_eq!(passing.columns.iter().map(|column| column.nullable).collect::<Vec<_>>(), [false, false]);
        assert_eq!(passing.columns[1].column_type.length, Some(7));
        assert_eq!(passing.constraints.primary_key.unwrap().columns, ["id"]);
    }
    if !drop_schema.is_empty() {
        send(&mut conn, &[&drop_schema]).await;
    }
    conn.commit().await.unwrap();
}

/// What each question about a table that is not there gives.
async fn errors(inspector: &mut Inspector<'_>, absent: &TableName) -> Vec<Error> {
    vec![
        inspector.get_columns(absent).await.unwrap_err(),
        inspector.get_pk_constraint(absent).await.unwrap_err(),
        inspector.get_foreign_keys(absent).await.unwrap_err(),
        inspector.get_unique_constraints(absent).await.unwrap_err(),
        inspector.get_check_constraints(absent).await.unwrap_err(),
        inspector.get_exclude_constraints(absent).await.unwrap_err(),
        inspector.get_indexes(absent).await.unwrap_err(),
        inspector.get_table_comment(absent).await.unwrap_err(),
        inspector.get_table_options(absent).await.unwrap_err(),
        inspector.get_view_definition(absent).await.unwrap_err(),
        inspector.get_table(absent).await.unwrap_err(),
        inspector.reflect_table(absent).await.unwrap_err(),
    ]
}

async fn case_031_types_nullability_and_keys(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE tb1 (id INTEGER NOT NULL, attr INTEGER NOT NULL, name VARCHAR(20) NOT NULL, \
             CONSTRAINT pk_tb1 PRIMARY KEY (name, id, attr))",
            "CREATE TABLE tb2 (id INTEGER PRIMARY KEY, pname VARCHAR(20), pid INTEGER, pattr INTEGER, \
             CONSTRAINT fk_tb1 FOREIGN KEY (pname, pid, pattr) REFERENCES tb1 (name, id, attr))",
            "CREATE TABLE kinds (a NUMERIC(18,5), b VARCHAR(52) NOT NULL, c CHAR(52))",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let kinds = inspector.get_columns("kinds").await.unwrap();
    assert_eq!((kinds[0].column_type.precision, kinds[0].column_type.scale), (Some(18), Some(5)));
    assert_eq!(kinds[0].column_type.sql_type, SqlType::Numeric { precision: Some(18), scale: Some(5) });
    assert_eq!((kinds[1].column_type.length, kinds[2].column_type.length), (Some(52), Some(52)));
    assert_eq!(kinds.iter().map(|column| column.nullable).collect::<Vec<_>>(), [true, false, true]);
    let key = inspector.get_pk_constraint("tb1").await.unwrap().unwrap();
    assert_eq!(key.columns, ["name", "id", "attr"]);
    if !database.is_mysql() {
        assert_eq!(key.name.as_deref(), Some("pk_tb1"), "MySQL calls every primary key PRIMARY");
    }
    let keys = inspector.get_foreign_keys("tb2").await.unwrap();
    assert_eq!((keys.len(), keys[0].name.as_deref()), (1, Some("fk_tb1")));
    assert_eq!(keys[0].columns, ["pname", "pid", "pattr"]);
    assert_eq!(
        (&keys[0].referred, keys[0].referred_columns.join(" ")),
        (&"tb1".into(), "name id attr".to_owned())
    );
    if database.is_sqlite() {
        // The others refuse a column that is there twice.
        let sql = "CREATE TABLE twice (cid INTEGER, FOREIGN KEY (cid, cid) REFERENCES tb1 (id, cid))";
        send(inspector.connection(), &[sql]).await;
        let keys = inspector.get_foreign_keys("twice").await.unwrap();
        assert_eq!(
            (keys[0].columns.join(" "), keys[0].referred_columns.join(" ")),
            ("cid cid".to_owned(), "id cid".to_owned())
        );
    }
    assert_eq!(inspector.get_pk_constraint("kinds").await.unwrap(), None);
    assert_eq!(inspector.get_foreign_keys("kinds").await.unwrap(), []);
    conn.commit().await.unwrap();
}

async fn case_031_options_of_foreign_keys(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE x (id INTEGER PRIMARY KEY)",
            "CREATE TABLE user_1 (id INTEGER PRIMARY KEY, x_id INTEGER, y_id INTEGER, z_id INTEGER, v_id INTEGER, \
             CONSTRAINT a FOREIGN KEY (x_id) REFERENCES x (id) ON DELETE CASCADE, \
             CONSTRAINT b FOREIGN KEY (y_id) REFERENCES x (id) ON UPDATE SET NULL, \
             CONSTRAINT c FOREIGN KEY (z_id) REFERENCES x (id) ON DELETE RESTRICT ON UPDATE RESTRICT, \
             CONSTRAINT d FOREIGN KEY (v_id) REFERENCES x (id) ON DELETE NO ACTION ON UPDATE NO ACTION)",
        ],
    )
    .await;
    let mut keys = conn.inspect().get_foreign_keys("user_1").await.unwrap();
    keys.sort_by(|one, other| one.name.cmp(&other.name));
    let told: Vec<_> = keys.iter().map(|key| (key.on_delete, key.on_update)).collect();
    let (none, restrict) = (ReferentialAction::NoAction, ReferentialAction::Restrict);
    // MariaDB takes both for the same, and tells RESTRICT of what says nothing: there it is told as nothing.
    let server = conn.driver_connection().await.unwrap().server().product;
    let third = if server == "MariaDB" { (none, none) } else { (restrict, restrict) };
    assert_eq!(
        told,
        [(ReferentialAction::Cascade, none), (none, ReferentialAction::SetNull), third, (none, none)]
    );
    conn.commit().await.unwrap();
}

/// A default without what each database puts around it.
fn plain(column: &ReflectedColumn) -> String {
    let text = column.default.as_deref().unwrap_or_default().to_lowercase();
    text.chars().filter(|letter| !"()'\" ".contains(*letter)).collect()
}

async fn case_031_server_defaults(database: &Database) {
    let mut conn = database.connect().await;
    let moment = if database.is_mysql() { "DATETIME" } else { "TIMESTAMP" };
    send(
        &mut conn,
        &[&format!(
            "CREATE TABLE t (a INTEGER DEFAULT 10, b BOOLEAN DEFAULT true, c INTEGER DEFAULT (3 + 5), \
             d {moment} DEFAULT CURRENT_TIMESTAMP, e VARCHAR(10) DEFAULT 'word', f INTEGER)"
        )],
    )
    .await;
    let columns = conn.inspect().get_columns("t").await.unwrap();
    let defaults: Vec<String> = columns.iter().map(plain).collect();
    assert_eq!(defaults[0], "10");
    assert!(["1", "true"].contains(&&*defaults[1]), "{defaults:?}");
    assert_eq!(defaults[2], "3+5");
    assert!(["current_timestamp", "now"].contains(&&*defaults[3]), "{defaults:?}");
    assert!(["word", "word::charactervarying"].contains(&&*defaults[4]), "{defaults:?}");
    assert_eq!(columns[5].default, None);
    conn.commit().await.unwrap();
}

async fn case_031_indexes_and_constraints(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE t (column1 INTEGER, column2 INTEGER, column3 INTEGER, x VARCHAR(5), y VARCHAR(5), z VARCHAR(5), \
             CONSTRAINT u_b UNIQUE (y, x), CONSTRAINT u_a UNIQUE (x, z), CONSTRAINT c_a CHECK (column1 > 5), \
             CONSTRAINT c_b CHECK (column2 <> column3))",
            "CREATE INDEX ix ON t (column3, column1, column2)",
        ],
    )
    .await;
    if !database.is_mysql() {
        // MariaDB has no indexes over expressions.
        send(&mut conn, &["CREATE INDEX t_idx ON t (lower(x), z, lower(y))"]).await;
    }
    let mut inspector = conn.inspect();
    let indexes = inspector.get_indexes("t").await.unwrap();
    let index = |name: &str| indexes.iter().find(|index| index.name == name).unwrap();
    assert_eq!(index("ix").column_names(), [Some("column3"), Some("column1"), Some("column2")]);
    assert!(!index("ix").unique && index("ix").constraint.is_none());
    if !database.is_mysql() {
        assert_eq!(index("t_idx").column_names(), [None, Some("z"), None]);
        let expressions: Vec<_> =
            index("t_idx").elements.iter().map(|element| element.expression.as_deref()).collect();
        assert_eq!(expressions.iter().flatten().count(), 2);
        assert!(expressions[0].unwrap().starts_with("lower(") && expressions[1].is_none());
    }
    if database.is_postgres() {
        send(inspector.connection(), &["CREATE INDEX covering ON t (x) INCLUDE (y)"]).await;
        inspector.clear_cache();
        let indexes = inspector.get_indexes("t").await.unwrap();
        assert_eq!(indexes.iter().find(|index| index.name == "covering").unwrap().include, ["y"]);
    }
    let mut uniques = inspector.get_unique_constraints("t").await.unwrap();
    uniques.sort_by(|one, other| one.name.cmp(&other.name));
    let told: Vec<_> =
        uniques.iter().map(|unique| (unique.name.as_deref().unwrap(), unique.columns.join(" "))).collect();
    assert_eq!(told, [("u_a", "x z".to_owned()), ("u_b", "y x".to_owned())]);
    let checks = inspector.get_check_constraints("t").await.unwrap();
    let told: Vec<_> =
        checks.iter().map(|check| (check.name.as_deref().unwrap(), plain_words(&check.sqltext))).collect();
    assert_eq!(told, [("c_a", "column1>5".to_owned()), ("c_b", "column2<>column3".to_owned())]);
    conn.commit().await.unwrap();
}

fn plain_words(sql: &str) -> String {
    sql.chars().filter(|letter| !"()`\" ".contains(*letter)).collect()
}

async fn case_031_computed_columns_identities_views_and_comments(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE t (normal INTEGER, kept INTEGER GENERATED ALWAYS AS (normal + 42) STORED)",
            "CREATE VIEW v AS SELECT normal FROM t",
        ],
    )
    .await;
    if !database.is_postgres() {
        // PostgreSQL has them from version 18 on.
        let sql = "ALTER TABLE t ADD COLUMN seen INTEGER GENERATED ALWAYS AS (normal + 2) VIRTUAL";
        send(&mut conn, &[sql]).await;
    }
    if database.is_postgres() {
        send(
            &mut conn,
            &[
                "CREATE TABLE numbered (id INTEGER GENERATED BY DEFAULT AS IDENTITY (START WITH 20))",
                "COMMENT ON TABLE t IS 'of it''s own'",
                "COMMENT ON COLUMN t.normal IS 'of the column'",
            ],
        )
        .await;
    }
    if database.is_mysql() {
        send(
            &mut conn,
            &[
                "ALTER TABLE t COMMENT 'of it''s own'",
                "ALTER TABLE t MODIFY normal INTEGER COMMENT 'of the column'",
            ],
        )
        .await;
    }
    let mut inspector = conn.inspect();
    let columns = inspector.get_columns("t").await.unwrap();
    let computed = columns[1].computed.clone().unwrap();
    assert_eq!((plain_words(&computed.sqltext).as_str(), computed.persisted), ("normal+42", true));
    assert!(columns[0].computed.is_none() && columns[1].default.is_none());
    if !database.is_postgres() {
        let computed = columns[2].computed.clone().unwrap();
        assert_eq!((plain_words(&computed.sqltext).as_str(), computed.persisted), ("normal+2", false));
    }
    if database.is_postgres() {
        let identity = inspector.get_columns("numbered").await.unwrap()[0].identity.clone().unwrap();
        assert_eq!(
            (identity.always, identity.start, identity.increment, identity.minvalue, identity.maxvalue),
            (false, 20, 1, 1, i64::from(i32::MAX))
        );
        assert_eq!((identity.cycle, identity.cache), (false, 1));
    }
    let comments = (inspector.get_table_comment("t").await.unwrap(), columns[0].comment.clone());
    let expected =
        (!database.is_sqlite()).then(|| ("of it's own".to_owned(), "of the column".to_owned())).unzip();
    assert_eq!(comments, expected);
    assert_eq!(inspector.get_view_names(None).await.unwrap(), ["v"]);
    let text = inspector.get_view_definition("v").await.unwrap().unwrap();
    assert!(text.to_lowercase().contains("select"), "{text}");
    assert_eq!(inspector.get_view_definition("t").await.unwrap(), None);
    let all = inspector.get_multi_columns(&Scope::default()).await.unwrap();
    assert!(all.contains_key(&"v".into()) && all.contains_key(&"t".into()));
    conn.commit().await.unwrap();
}

on_every_database!(
    case_031_has_table_and_no_such_table,
    case_031_types_nullability_and_keys,
    case_031_options_of_foreign_keys,
    case_031_server_defaults,
    case_031_indexes_and_constraints,
    case_031_computed_columns_identities_views_and_comments,
);
