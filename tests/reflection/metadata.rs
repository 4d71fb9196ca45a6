//! `MetaData` filled with the tables of a database.

use aludel::prelude::*;

use crate::{
    database::{Database, on_every_database},
    statements::{count, send, since},
};

/// Tables that reference one another, two of them in a circle.
async fn library(conn: &mut Connection) {
    send(
        conn,
        &[
            "CREATE TABLE country (id INTEGER PRIMARY KEY, name VARCHAR(20))",
            "CREATE TABLE author (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL, country_id INTEGER, \
             FOREIGN KEY (country_id) REFERENCES country (id))",
            "CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER, up INTEGER, FOREIGN KEY (author_id) REFERENCES author (id), \
             FOREIGN KEY (up) REFERENCES book (id))",
            "CREATE TABLE lonely (id INTEGER PRIMARY KEY)",
            "CREATE VIEW named AS SELECT id, name FROM author",
        ],
    )
    .await;
}

fn names(metadata: &MetaData) -> Vec<String> {
    let mut names: Vec<String> = metadata.tables().iter().map(|table| table.name().to_string()).collect();
    names.sort();
    names
}

async fn a_metadata_is_filled(database: &Database) {
    let mut conn = database.connect().await;
    library(&mut conn).await;
    let metadata = MetaData::new();
    let tables = metadata.reflect(&mut conn, &ReflectOptions::new()).await.unwrap();
    assert_eq!(tables.len(), 4);
    assert_eq!(names(&metadata), ["author", "book", "country", "lonely"]);
    let author = metadata.table("author").unwrap();
    assert_eq!(author.foreign_keys().len(), 1);
    assert!(!author.definition().find("name").unwrap().nullable);
    // It serves for statements as any other.
    conn.execute(insert(&author).value("id", 1).value("name", "Ann")).await.unwrap();
    let found: Option<String> =
        conn.scalar(select(author.c("name").of::<String>()).filter(author.c("id").eq(1))).await.unwrap();
    assert_eq!(found.as_deref(), Some("Ann"));
    // What is there stays what it is.
    metadata.reflect(&mut conn, &ReflectOptions::new().views(true)).await.unwrap();
    assert_eq!(names(&metadata), ["author", "book", "country", "lonely", "named"]);
    assert_eq!(metadata.table("author"), Some(author));
    assert!(metadata.table("named").unwrap().definition().is_view());
    conn.rollback().await.unwrap();
}

async fn only_some_are_taken_and_keys_are_followed(database: &Database) {
    let mut conn = database.connect().await;
    library(&mut conn).await;
    conn.commit().await.unwrap();
    let followed = MetaData::new();
    let sent = count(database.engine());
    let tables = followed.reflect(&mut conn, &ReflectOptions::new().only(["book"])).await.unwrap();
    assert_eq!(tables.iter().map(|table| table.name().to_string()).collect::<Vec<_>>(), ["book"]);
    assert_eq!(
        names(&followed),
        ["author", "book", "country"],
        "what it references, and what that references"
    );
    let three = since(&sent);
    let alone = MetaData::new();
    let only = ReflectOptions::new().only(["book", "named"]).resolve_foreign_keys(false);
    alone.reflect(&mut conn, &only).await.unwrap();
    assert_eq!(names(&alone), ["book", "named"], "a view that is asked for by name is taken");
    assert!(since(&sent) < three);
    let error = alone.reflect(&mut conn, &ReflectOptions::new().only(["book", "gone"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchTable);
    assert!(error.message().contains("`gone`"), "{error}");
    let one = MetaData::new();
    let author = one.reflect_table(&mut conn, "author").await.unwrap();
    assert_eq!((author.columns().len(), names(&one)), (3, vec!["author".to_owned(), "country".to_owned()]));
    assert_eq!(one.reflect_table(&mut conn, "author").await.unwrap(), author);
    let error = one.reflect_table(&mut conn, "gone").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoSuchTable);
    conn.rollback().await.unwrap();
}

async fn circles_of_keys_and_other_schemas_are_followed(database: &Database) {
    let mut conn = database.connect().await;
    let metadata = MetaData::new();
    for (own, other) in [("one", "two"), ("two", "one")] {
        let _ = Table::new(own, &metadata)
            .column(Column::new("id", Integer).primary_key())
            .column(Column::new("other_id", Integer).foreign_key(format!("{other}.id").as_str()));
    }
    metadata.create_all(&mut conn).await.unwrap();
    let schema = conn.inspect().default_schema_name().await.unwrap();
    let found = MetaData::new();
    found.reflect_table(&mut conn, "one").await.unwrap();
    assert_eq!(names(&found), ["one", "two"]);
    let named = MetaData::new();
    named.reflect(&mut conn, &ReflectOptions::new().schema(schema.as_str()).only(["two"])).await.unwrap();
    assert_eq!(names(&named), ["one", "two"]);
    let two = named.table(&format!("{schema}.two")).unwrap();
    assert_eq!(two.schema().map(|name| name.to_string()), Some(schema.clone()));
    assert_eq!(two.foreign_keys()[0].schema.as_deref(), Some(schema.as_str()));
    // By its own schema.
    let own = MetaData::new().with_schema(schema.as_str());
    own.reflect(&mut conn, &ReflectOptions::new()).await.unwrap();
    assert!(own.tables().iter().all(|table| table.schema().is_some()));
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
}

async fn types_and_sequences_are_added_where_that_is_asked_for(database: &Database) {
    let mut conn = database.connect().await;
    let server = conn.driver_connection().await.unwrap().server().product;
    let statements: &[&str] = match server {
        "PostgreSQL" => &[
            "CREATE SEQUENCE alone INCREMENT 3",
            "CREATE TYPE mood AS ENUM ('calm', 'wild')",
            "COMMENT ON TYPE mood IS 'it''s said'",
            "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
            "CREATE TABLE t (id serial, a positive DEFAULT nextval('alone'))",
        ],
        "MariaDB" => &["CREATE SEQUENCE alone INCREMENT 3", "CREATE TABLE t (a int DEFAULT nextval(alone))"],
        _ => &["CREATE TABLE t (a int)"],
    };
    send(&mut conn, statements).await;
    let metadata = MetaData::new();
    metadata.reflect(&mut conn, &ReflectOptions::new().types_and_sequences(true)).await.unwrap();
    let sequences: Vec<_> =
        metadata.sequences().iter().map(|sequence| sequence.definition().name.to_string()).collect();
    let domains: Vec<_> = metadata.domains().iter().map(|domain| domain.name.to_string()).collect();
    let (has_sequence, has_domain) = (server == "PostgreSQL" || server == "MariaDB", server == "PostgreSQL");
    assert_eq!(
        sequences,
        if has_sequence { vec!["alone"] } else { vec![] },
        "that of a SERIAL column comes with it"
    );
    assert_eq!(domains, if has_domain { vec!["positive"] } else { vec![] });
    let dialect = conn.dialect();
    assert_eq!(metadata.enumerations(&*dialect).len(), usize::from(has_domain), "no column has it");
    // All of it, gone and made again.
    metadata.drop_all(&mut conn).await.unwrap();
    assert!(!conn.inspect().has_table("t").await.unwrap());
    metadata.create_all(&mut conn).await.unwrap();
    assert_eq!(conn.inspect().has_sequence("alone", None).await.unwrap(), has_sequence);
    let comments: Vec<_> =
        conn.inspect().get_enums(None).await.unwrap().into_iter().map(|one| one.comment).collect();
    assert_eq!(comments, if has_domain { vec![Some("it's said".to_owned())] } else { vec![] });
    let plain = MetaData::new();
    plain.reflect(&mut conn, &ReflectOptions::new()).await.unwrap();
    assert_eq!((plain.sequences().len(), plain.domains().len()), (0, 0));
    conn.commit().await.unwrap();
}

on_every_database!(
    types_and_sequences_are_added_where_that_is_asked_for,
    a_metadata_is_filled,
    only_some_are_taken_and_keys_are_followed,
    circles_of_keys_and_other_schemas_are_followed,
);
