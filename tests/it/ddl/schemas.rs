//! Schemas, and other schemas than those that tables say.

use aludel::{
    engine::ExecutionOptions,
    prelude::*,
    sql::{StatementOptions, create_schema, ddl, dialect::SchemaTranslateMap, drop_schema, trusted},
};

use crate::{
    core_tables::rows,
    database::{Database, on_every_database},
};

/// Makes two schemas for the test, with names of its own; on SQLite they are attached.
async fn two_schemas(database: &Database, conn: &mut Connection) -> [String; 2] {
    let own = database
        .url()
        .rsplit(['/', '=', 'D'])
        .next()
        .unwrap_or_default()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let names = ["one", "two"].map(|name| format!("{name}_{own}"));
    for name in &names {
        match database.is_sqlite() {
            true => {
                conn.commit().await.unwrap();
                conn.driver_connection().await.unwrap();
                conn.exec_driver_sql(trusted(format!("ATTACH DATABASE ':memory:' AS {name}")), Vec::new())
                    .await
                    .unwrap();
            }
            false => {
                conn.execute(create_schema(name.clone()).if_not_exists()).await.unwrap();
            }
        }
    }
    conn.commit().await.unwrap();
    names
}

async fn give_back(database: &Database, conn: &mut Connection, names: &[String]) {
    for name in names {
        if !database.is_sqlite() {
            conn.execute(drop_schema(name.clone()).if_exists().cascade()).await.unwrap();
        }
    }
    conn.commit().await.unwrap();
}

async fn case_030_tables_in_schemas(database: &Database) {
    let engine = database.engine_with(|builder| builder.autocommit(database.is_sqlite()));
    let mut conn = engine.connect().await.unwrap();
    let names = two_schemas(database, &mut conn).await;
    let metadata = MetaData::new().with_schema(names[0].clone());
    let parent = Table::new("parent", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("word", Varchar(20)).index());
    let child = Table::new("child", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("parent_id", Integer).foreign_key("parent.id"));
    let elsewhere =
        Table::in_schema(names[1].clone(), "parent").column(Column::new("id", Integer).primary_key());
    metadata.add(&elsewhere);
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
    }
    conn.commit().await.unwrap();
    conn.execute(insert(&parent).values((1, "x"))).await.unwrap();
    conn.execute(insert(&child).values((1, 1))).await.unwrap();
    conn.execute(insert(&elsewhere).value("id", 7)).await.unwrap();
    conn.commit().await.unwrap();
    let both = select((parent.c("word").of::<String>(), child.c("id").of::<i64>())).join(&child);
    assert_eq!(rows(&mut conn, both).await, [("x".to_owned(), 1)]);
    assert_eq!(rows(&mut conn, select(elsewhere.c("id").of::<i64>())).await, [7]);
    conn.rollback().await.unwrap();
    assert_eq!(metadata.table(&format!("{}.parent", names[1])), Some(elsewhere));
    metadata.drop_all(&mut conn).await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    give_back(database, &mut conn, &names).await;
}
on_every_database!(case_030_tables_in_schemas);

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Note {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: String,
}

async fn two_maps_are_never_mixed_up(database: &Database) {
    let engine = database.engine_with(|builder| builder.pool_size(1).autocommit(database.is_sqlite()));
    let mut conn = engine.connect().await.unwrap();
    let names = two_schemas(database, &mut conn).await;
    let map = |name: &String| SchemaTranslateMap::new().default_to(name.clone());
    let options = |name: &String| ExecutionOptions::new().schema_translate_map(map(name));
    for name in &names {
        conn.set_execution_options(options(name)).unwrap();
        MetaData::of(Note).create_all(&mut conn).await.unwrap();
        MetaData::of(Note).create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
    // The same statements again and again, through the cache.
    for (place, name) in names.iter().enumerate() {
        conn.set_execution_options(options(name)).unwrap();
        for number in 0..3 {
            let word = format!("{place} {number}");
            conn.execute(insert(Note).values(&Note { id: 0, word })).await.unwrap();
            conn.commit().await.unwrap();
        }
    }
    for _ in 0..3 {
        for (place, name) in names.iter().enumerate() {
            conn.set_execution_options(options(name)).unwrap();
            let seen = rows(&mut conn, select(Note::word).order_by(Note::word)).await;
            assert_eq!(seen, [0, 1, 2].map(|number| format!("{place} {number}")));
            conn.rollback().await.unwrap();
        }
        // A statement's own word comes first.
        for (place, name) in names.iter().enumerate() {
            let own = StatementOptions::new().schema_translate_map(map(name));
            let one = select(Note::word).filter(Note::id.eq(1));
            let seen = rows(&mut conn, aludel::sql::Executable::execution_options(one, own)).await;
            assert_eq!(seen, [format!("{place} 0")]);
            conn.rollback().await.unwrap();
        }
    }
    conn.set_execution_options(ExecutionOptions::new().schema_translate_map(SchemaTranslateMap::new()))
        .unwrap();
    // SQLite finds tables of attached databases by their names alone.
    let found = conn.execute(select(Note::word)).await.is_ok();
    assert_eq!(found, database.is_sqlite(), "without a map there is no such table");
    conn.rollback().await.unwrap();

    // A session: what it keeps of statements is not mixed up either.
    if database.is_sqlite() {
        return;
    }
    drop(conn);
    for (place, name) in names.iter().enumerate() {
        let sessions = SessionMaker::new(&engine.execution_options(options(name)));
        for _ in 0..2 {
            let mut session = sessions.open();
            let note = session.get(Note, 1).await.unwrap().unwrap();
            assert_eq!(note.read().word, format!("{place} 0"));
            let new = session.add(Note { id: 0, word: "new".into() });
            session.commit().await.unwrap();
            new.set(Note::word, "newer");
            session.commit().await.unwrap();
            session.delete(&new).unwrap();
            session.commit().await.unwrap();
            let left = session.scalars(select(Note)).all().await.unwrap().len();
            assert_eq!(left, 3);
            session.rollback().await.unwrap();
        }
    }
    let mut conn = engine.connect().await.unwrap();
    give_back(database, &mut conn, &names).await;
    conn.execute(ddl("SELECT 1")).await.unwrap();
    conn.rollback().await.unwrap();
}
on_every_database!(two_maps_are_never_mixed_up);
