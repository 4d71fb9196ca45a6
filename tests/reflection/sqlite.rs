//! What only SQLite has, and how well the texts of its CREATE statements are read.

use aludel::{driver::reflection::TableKind, prelude::*, sql::SqlType};

use crate::{
    database::{Database, Kind, run},
    statements::send,
};

/// Makes a test of an `async fn(&Database)` for SQLite.
macro_rules! on_sqlite {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn sqlite() {
                super::run(super::Kind::Sqlite, super::$test).await;
            }
        }
    )+};
}

async fn the_text_of_create_table_is_read(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b INT, UNIQUE (a, b))",
            "CREATE TABLE plain (x, y UNSIGNED BIG INT, PRIMARY KEY (y, x)) WITHOUT ROWID",
            "CREATE TABLE strict (id INTEGER PRIMARY KEY DESC, n INTEGER NOT NULL) STRICT",
            r#"create table "odd, (name" ( -- a comment, with a comma and (parentheses
                "a ""quoted"" column" varchar(10) not null default 'it''s, (so)' collate nocase
                    constraint "short, enough" check (length("a ""quoted"" column") < 9 /* , ) */),
                [in brackets] numeric(10, 2) default -1.5e-3,
                `in ticks` text default (1 + 2) unique on conflict replace,
                d text default x'00ff', e datetime default CURRENT_TIMESTAMP, f,
                g int generated always as (f + 1) stored, h int as (f || ', )') virtual,
                i int constraint fk_i references parent on delete set null on update cascade deferrable initially deferred,
                j int references plain (y) match simple not deferrable,
                constraint pk primary key (f, [in brackets]) on conflict ignore,
                constraint "a, b" unique (d, e),
                check (g > 1 or h = ')'),
                constraint fk foreign key (f, g) references parent (a, b) on delete restrict
            )"#,
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let table = inspector.reflect_table("odd, (name").await.unwrap();
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a \"quoted\" column", "in brackets", "in ticks", "d", "e", "f", "g", "h", "i", "j"]);
    let defaults: Vec<_> = table.columns.iter().map(|column| column.default.as_deref()).collect();
    assert_eq!(
        defaults,
        [
            Some("'it''s, (so)'"),
            Some("-1.5e-3"),
            Some("(1 + 2)"),
            Some("x'00ff'"),
            Some("CURRENT_TIMESTAMP"),
            None,
            None,
            None,
            None,
            None
        ]
    );
    let first = &table.columns[0];
    assert_eq!((first.collation.as_deref(), first.nullable), (Some("nocase"), false));
    assert_eq!(first.column_type.sql_type, SqlType::Varchar(10));
    assert_eq!(
        table.columns[1].column_type.sql_type,
        SqlType::Numeric { precision: Some(10), scale: Some(2) }
    );
    let computed: Vec<_> = [6, 7]
        .map(|position: usize| table.columns[position].computed.clone().unwrap())
        .into_iter()
        .map(|computed| (computed.sqltext, computed.persisted))
        .collect();
    assert_eq!(computed, [("f + 1".to_owned(), true), ("f || ', )'".to_owned(), false)]);

    let constraints = &table.constraints;
    let key = constraints.primary_key.as_ref().unwrap();
    assert_eq!((key.name.as_deref(), key.on_conflict.as_deref()), (Some("pk"), Some("IGNORE")));
    assert_eq!(key.columns, ["f", "in brackets"]);
    let uniques: Vec<_> = constraints
        .uniques
        .iter()
        .map(|unique| (unique.name.as_deref(), unique.columns.join("+"), unique.on_conflict.as_deref()))
        .collect();
    assert_eq!(
        uniques,
        [(None, "in ticks".to_owned(), Some("REPLACE")), (Some("a, b"), "d+e".to_owned(), None)]
    );
    let checks: Vec<_> =
        constraints.checks.iter().map(|check| (check.name.as_deref(), check.sqltext.as_str())).collect();
    assert_eq!(
        checks,
        [(Some("short, enough"), "length(\"a \"\"quoted\"\" column\") < 9"), (None, "g > 1 or h = ')'")]
    );
    let [one, two, three] = &constraints.foreign_keys[..] else { panic!("{:?}", constraints.foreign_keys) };
    assert_eq!((one.name.as_deref(), &one.referred_columns), (Some("fk_i"), &vec!["id".to_owned()]));
    assert_eq!((one.on_delete, one.on_update), (ReferentialAction::SetNull, ReferentialAction::Cascade));
    assert!(one.timing.deferrable && one.timing.initially_deferred && !two.timing.deferrable);
    assert_eq!((two.referred.name.as_str(), two.referred_columns.join("+")), ("plain", "y".to_owned()));
    assert_eq!(
        (three.name.as_deref(), three.columns.join("+"), three.referred_columns.join("+")),
        (Some("fk"), "f+g".to_owned(), "a+b".to_owned())
    );
    assert_eq!(three.on_delete, ReferentialAction::Restrict);

    let parent = inspector.reflect_table("parent").await.unwrap();
    assert!(parent.options.autoincrement && parent.columns[0].autoincrement && !parent.columns[0].nullable);
    let plain = inspector.reflect_table("plain").await.unwrap();
    assert!(plain.options.without_rowid && !plain.options.strict && !plain.columns[1].autoincrement);
    assert_eq!(plain.constraints.primary_key.as_ref().unwrap().columns, ["y", "x"]);
    assert_eq!(
        (plain.columns[0].column_type.sql_type.clone(), plain.columns[1].column_type.sql_type.clone()),
        (SqlType::Unknown, SqlType::Custom("UNSIGNED BIG INT".into()))
    );
    let strict = inspector.reflect_table("strict").await.unwrap();
    assert!(strict.options.strict && !strict.columns[0].autoincrement, "DESC is not the row's own number");
    conn.commit().await.unwrap();
}

async fn the_text_of_create_index_is_read(database: &Database) {
    let mut conn = database.connect().await;
    send(
        &mut conn,
        &[
            "CREATE TABLE t (a TEXT, b TEXT, \"c, d\" INT, UNIQUE (a))",
            "CREATE UNIQUE INDEX IF NOT EXISTS \"odd (one\" ON t (a COLLATE NOCASE DESC, lower(b) ASC, \"c, d\" DESC, b || ',') \
             WHERE b IS NOT NULL AND a > ')'",
            "CREATE INDEX plain ON t(b)",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    let indexes = inspector.get_indexes("t").await.unwrap();
    let [odd, plain] = &indexes[..] else { panic!("{indexes:?}") };
    assert_eq!(
        (odd.name.as_str(), odd.unique, odd.filter.as_deref()),
        ("odd (one", true, Some("b IS NOT NULL AND a > ')'"))
    );
    assert_eq!(odd.column_names(), [Some("a"), None, Some("c, d"), None]);
    assert_eq!(odd.elements[0].collation.as_deref(), Some("NOCASE"));
    let directions: Vec<bool> = odd.elements.iter().map(|element| element.descending).collect();
    assert_eq!(directions, [true, false, true, false]);
    assert_eq!(odd.elements[1].expression.as_deref(), Some("lower(b)"));
    assert_eq!(odd.elements[3].expression.as_deref(), Some("b || ','"));
    assert_eq!((plain.column_names(), plain.unique), (vec![Some("b")], false));
    conn.commit().await.unwrap();
}

async fn attached_temporary_and_virtual_tables_are_told(database: &Database) {
    let mut conn = database.connect().await;
    conn.set_autocommit(true).unwrap();
    send(
        &mut conn,
        &[
            "ATTACH ':memory:' AS \"other one\"",
            "CREATE TABLE \"other one\".t (id INTEGER PRIMARY KEY, up INT REFERENCES t)",
            "CREATE TABLE main.t (name TEXT)",
            "CREATE TEMP TABLE t (passing TEXT)",
            "CREATE TEMP VIEW tv AS SELECT 1 AS one",
            "CREATE VIRTUAL TABLE words USING fts5(word, tokenize = 'porter')",
            "CREATE VIEW v AS SELECT name FROM main.t",
        ],
    )
    .await;
    let mut inspector = conn.inspect();
    assert_eq!(inspector.default_schema_name().await.unwrap(), "main");
    assert_eq!(inspector.get_schema_names().await.unwrap(), ["main", "other one", "temp"]);
    assert!(inspector.has_schema("other one").await.unwrap());
    assert_eq!(inspector.get_temp_table_names().await.unwrap(), ["t"]);
    assert_eq!(inspector.get_temp_view_names().await.unwrap(), ["tv"]);
    let found = inspector.reflect_table("t").await.unwrap();
    assert!(found.temporary && found.columns.len() == 1 && found.columns[0].name == "passing");
    assert_eq!(inspector.get_columns(("main", "t")).await.unwrap()[0].name, "name");
    let other = inspector.reflect_table(("other one", "t")).await.unwrap();
    assert_eq!(other.constraints.foreign_keys[0].referred, ("other one", "t").into());
    assert_eq!(other.constraints.foreign_keys[0].referred_columns, ["id"]);
    // FTS5 keeps its index in five tables that nobody else has to do with.
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["t", "words"]);
    assert!(inspector.has_table("words_data").await.unwrap());
    let words = inspector.reflect_table("words").await.unwrap();
    assert_eq!(words.options.virtual_table.as_deref(), Some("fts5(word, tokenize = 'porter')"));
    assert!(!words.columns[0].invisible && words.columns.iter().any(|column| column.invisible));
    let view = inspector.reflect_table("v").await.unwrap();
    assert_eq!(view.kind, TableKind::View);
    assert_eq!(view.definition.as_deref(), Some("SELECT name FROM main.t"));
    assert_eq!(view.columns[0].name, "name");
}

on_sqlite!(
    the_text_of_create_table_is_read,
    the_text_of_create_index_is_read,
    attached_temporary_and_virtual_tables_are_told,
);
