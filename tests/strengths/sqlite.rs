//! What only SQLite has, through engines, pools, the expression language and sessions.

use std::{cmp::Ordering, fs, path::PathBuf};

use aludel::{
    driver::{Error, Value},
    prelude::*,
    sql::{create_table, expression::Node, func, schema::TableOptions, typed::IntoNode, types::Text},
    sqlite::{
        BlobAddress, ChangeEvent, ChangeFeed, ChangeKind, CheckpointMode, Collation, ScalarFunction,
        SqliteConnection, SqliteDriver,
    },
};

use crate::database::{Database, Kind, run};

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

#[derive(Mapped, Clone, Debug, Default)]
struct Author {
    #[column(primary_key)]
    id: i64,
    name: String,
    picture: Option<Vec<u8>>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(schema = "archive")]
struct OldAuthor {
    #[column(primary_key)]
    id: i64,
    #[column(length = 40, index)]
    name: String,
    #[column(foreign_key = OldAuthor::id)]
    teacher_id: Option<i64>,
}

/// A file beside that of the test.
fn beside(database: &Database, name: &str) -> PathBuf {
    let place = database.url().strip_prefix("sqlite:///").unwrap();
    PathBuf::from(place).with_file_name(name)
}

fn shout() -> ScalarFunction {
    ScalarFunction::new("shout", 1, |arguments| {
        Ok(arguments.get::<Option<String>>(0)?.map(|text| text.to_uppercase() + "!"))
    })
}

async fn each_connection_of_the_pool_has_the_functions_of_its_driver(database: &Database) {
    let backwards = |left: &str, right: &str| -> Ordering { left.chars().rev().cmp(right.chars().rev()) };
    let driver = SqliteDriver::new().function(shout()).collation(Collation::new("backwards", backwards));
    let engine = database.engine_with(|engine| engine.driver(driver).pool_size(3));
    engine
        .begin(async |conn| {
            MetaData::of(Author).create_all(conn).await?;
            let names = ["ab", "ba", "éa", ""].map(|name| Author { name: name.into(), ..default() });
            conn.execute(insert(Author).values_many(names)).await.map(drop)
        })
        .await
        .unwrap();
    let mut all = Vec::new();
    for _ in 0..3 {
        let mut conn = engine.connect().await.unwrap();
        let shouted = func::<String>("shout", [Author::name.into_node()]);
        let names = conn.scalars(select(shouted).order_by(Author::name.collate("backwards"))).await.unwrap();
        assert_eq!(names, ["!", "BA!", "ÉA!", "AB!"]);
        let wrong = func::<String>("shout", [Author::name.into_node(), Author::id.into_node()]);
        let error = conn.scalars(select(wrong)).await.unwrap_err();
        assert!(error.message().contains("wrong number of arguments"), "{error}");
        conn.rollback().await.unwrap();
        all.push(conn);
    }
    // One that a listener gives to each connection, and one that a connection has alone.
    let engine = database.engine_with(|engine| engine.pool_size(2));
    engine.events().connect.listen(|event| {
        Box::pin(async move { event.connection.driver_mut::<SqliteConnection>()?.create_function(&shout()) })
    });
    let (mut first, mut second) = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    let whisper =
        ScalarFunction::new("whisper", 1, |arguments| Ok(arguments.get::<String>(0)?.to_lowercase()));
    first.driver_mut::<SqliteConnection>().await.unwrap().create_function(&whisper).unwrap();
    for conn in [&mut first, &mut second] {
        let shouted: String = conn.scalar_one(text("SELECT shout('a')")).await.unwrap();
        assert_eq!(shouted, "A!");
    }
    let whispered = text("SELECT whisper('A')");
    assert_eq!(first.scalar_one::<String, _>(whispered.clone()).await.unwrap(), "a");
    let error = second.scalar_one::<String, _>(whispered).await.unwrap_err();
    assert!(error.message().contains("no such function"), "{error}");
}

async fn tables_of_an_attached_database_are_those_of_its_schema(database: &Database) {
    let file = beside(database, "archive.db");
    let file = file.to_str().unwrap();
    let engine = database.engine_with(|engine| engine.connect_option("attach.archive", file));
    let metadata = MetaData::of((Author, OldAuthor));
    engine.begin(async |conn| metadata.create_all(conn).await).await.unwrap();
    let sessions = SessionMaker::new(&engine);
    sessions
        .begin(async |session| {
            session.add(Author { name: "new".into(), ..default() });
            let teacher = session.add(OldAuthor { name: "old".into(), ..default() });
            session.flush().await?;
            let teacher_id = Some(teacher.read().id);
            session.add(OldAuthor { name: "new".into(), teacher_id, ..default() });
            Ok(())
        })
        .await
        .unwrap();
    let mut conn = engine.connect().await.unwrap();
    let both = select((Author::id, OldAuthor::id)).filter(Author::name.eq(OldAuthor::name));
    assert_eq!(conn.execute(both).all().await.unwrap(), [(1, 2)]);
    let error = conn.execute(insert(OldAuthor).value("teacher_id", 99).value("name", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "foreign keys hold in there, too: {error}");
    conn.rollback().await.unwrap();

    let mut inspector = conn.inspect();
    let mut schemas = inspector.get_schema_names().await.unwrap();
    schemas.retain(|schema| schema != "temp");
    assert_eq!(schemas, ["archive", "main"]);
    assert!(inspector.has_schema("archive").await.unwrap());
    assert_eq!(inspector.get_table_names(None).await.unwrap(), ["author"]);
    assert_eq!(inspector.get_table_names(Some("archive")).await.unwrap(), ["old_author"]);
    let found = inspector.reflect_table(("archive", "old_author")).await.unwrap();
    let names: Vec<_> = found.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "name", "teacher_id"]);
    let keys = inspector.get_foreign_keys(("archive", "old_author")).await.unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].referred.name, "old_author");
    assert_eq!(keys[0].referred.schema.as_deref(), Some("archive"));
    assert_eq!(inspector.get_indexes(("archive", "old_author")).await.unwrap().len(), 1);
    let reflected = MetaData::new();
    reflected.reflect(&mut conn, &ReflectOptions::new().schema("archive")).await.unwrap();
    assert!(reflected.table("archive.old_author").is_some());
    conn.rollback().await.unwrap();
    drop(conn);

    // By hand, on one connection; and what was created through one schema is found through another.
    let mut plain = database.connect().await;
    plain.driver_mut::<SqliteConnection>().await.unwrap().attach("archive", file).await.unwrap();
    assert_eq!(plain.scalar_one(select(count_all()).select_from(OldAuthor)).await.unwrap(), 2);
    plain.rollback().await.unwrap();
    plain.driver_mut::<SqliteConnection>().await.unwrap().detach("archive").await.unwrap();
    let error = plain.execute(select(OldAuthor::id)).all().await.unwrap_err();
    assert!(error.message().contains("no such table"), "{error}");
    plain.rollback().await.unwrap();
    engine.begin(async |conn| metadata.drop_all(conn).await).await.unwrap();
}

async fn bytes_are_written_piece_by_piece_inside_a_transaction(database: &Database) {
    let mut conn = database.connect().await;
    MetaData::of(Author).create_all(&mut conn).await.unwrap();
    let room = func::<Vec<u8>>("zeroblob", [Node::bind(Value::I64(100_000))]);
    conn.execute(insert(Author).value("name", "x").value("picture", room)).await.unwrap();
    conn.commit().await.unwrap();
    let address = BlobAddress::new("author", "picture", 1);
    let write = async |conn: &mut Connection, byte: u8| {
        let sqlite = conn.driver_mut::<SqliteConnection>().await?;
        let mut blob = sqlite.open_blob_mut(&address).await?;
        blob.write_at(99_999, &[byte]).await?;
        blob.close().await
    };
    let last = select(func::<Vec<u8>>("substr", [Author::picture.into_node(), Node::bind(Value::I64(-1))]));
    // BEGIN had not been sent when the blob was opened.
    let mut transaction = conn.begin().await.unwrap();
    write(&mut transaction, 1).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(conn.scalar_one(last.clone()).await.unwrap(), [0]);
    let mut savepoint = conn.begin_nested().await.unwrap();
    write(&mut savepoint, 2).await.unwrap();
    savepoint.rollback().await.unwrap();
    assert_eq!(conn.scalar_one(last.clone()).await.unwrap(), [0]);
    write(&mut conn, 3).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(conn.scalar_one(last).await.unwrap(), [3]);
    conn.rollback().await.unwrap();
}

async fn a_feed_tells_what_sessions_commit(database: &Database) {
    let feed = ChangeFeed::new(8);
    let driver = SqliteDriver::new().change_feed(&feed);
    let engine = database.engine_with(|engine| engine.driver(driver));
    engine.begin(async |conn| MetaData::of(Author).create_all(conn).await).await.unwrap();
    let mut changes = feed.subscribe();
    let sessions = SessionMaker::new(&engine);
    let failed: Result<()> = sessions
        .begin(async |session| {
            session.add(Author { name: "gone".into(), ..default() });
            session.flush().await?;
            Err(Error::custom("no"))
        })
        .await;
    failed.unwrap_err();
    sessions
        .begin(async |session| {
            session.add(Author { name: "a".into(), ..default() });
            session.add(Author { name: "b".into(), ..default() });
            Ok(())
        })
        .await
        .unwrap();
    let Some(ChangeEvent::Committed(told)) = changes.next().await else { panic!("nothing was told") };
    let told: Vec<_> = told.iter().map(|change| (change.kind, &*change.table, change.rowid)).collect();
    assert_eq!(told, [(ChangeKind::Insert, "author", 1), (ChangeKind::Insert, "author", 2)]);
}

async fn a_live_database_is_copied_and_read_as_it_is(database: &Database) {
    let mut conn = database.connect().await;
    MetaData::of(Author).create_all(&mut conn).await.unwrap();
    conn.execute(insert(Author).value("name", "kept")).await.unwrap();
    conn.commit().await.unwrap();
    let copy = beside(database, "copy.db");
    let sqlite: &mut SqliteConnection = conn.driver_mut().await.unwrap();
    let end = sqlite.backup(&copy).await.unwrap();
    assert_eq!(end.remaining, 0);
    assert!(sqlite.checkpoint(CheckpointMode::Truncate).await.unwrap().is_complete());

    let names = select(Author::name);
    for options in ["mode=ro", "immutable=true", "mode=ro&immutable=true"] {
        let engine = create_engine(&format!("sqlite:///{}?{options}", copy.display())).build().unwrap();
        let mut reader = engine.connect().await.unwrap();
        assert_eq!(reader.scalars(names.clone()).await.unwrap(), ["kept"], "{options}");
        reader.rollback().await.unwrap();
        let error = reader.execute(insert(Author).value("name", "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{options}: {error}");
        drop(reader);
        engine.dispose().await;
    }
    conn.execute(delete(Author)).await.unwrap();
    conn.commit().await.unwrap();
    conn.driver_mut::<SqliteConnection>().await.unwrap().restore(&copy).await.unwrap();
    assert_eq!(conn.scalars(names).await.unwrap(), ["kept"]);
    conn.rollback().await.unwrap();
    fs::remove_file(copy).unwrap();
}

async fn virtual_tables_are_created_searched_and_reflected(database: &Database) {
    let virtual_words = |options: TableOptions| {
        Table::unregistered("words")
            .column(Column::new("title", Text))
            .column(Column::new("body", Text))
            .options(options)
    };
    let words = virtual_words(TableOptions::new().sqlite_virtual("fts5(title, body, tokenize = 'porter')"));
    let mut conn = database.connect().await;
    let metadata = MetaData::of(&words);
    for _ in 0..2 {
        // The second time it is there.
        metadata.create_all(&mut conn).await.unwrap();
    }
    conn.execute(insert(&words).values_many([("a walk", "we walked"), ("a run", "they ran")])).await.unwrap();
    let found = text("SELECT title FROM words WHERE words MATCH :query").bind("query", "walking");
    assert_eq!(conn.scalars::<String, _>(found).await.unwrap(), ["a walk"]);
    conn.commit().await.unwrap();
    let reflected = MetaData::new();
    reflected.reflect(&mut conn, &ReflectOptions::new()).await.unwrap();
    let tables = reflected.tables();
    assert_eq!(tables.len(), 1, "{tables:?}");
    assert_eq!(tables[0].definition().options.sqlite, words.definition().options.sqlite);
    reflected.drop_all(&mut conn).await.unwrap();
    assert!(!conn.inspect().has_table("words_data").await.unwrap());
    conn.commit().await.unwrap();

    let index = virtual_words(TableOptions::new().sqlite_virtual("fts5(title)"))
        .index(Index::new("by_title", ["title"]));
    for (unfit, says) in [
        (virtual_words(TableOptions::new().sqlite_virtual("fts5(title)").temporary()), "TEMPORARY"),
        (virtual_words(TableOptions::new().sqlite_virtual("fts5(title)").sqlite_strict()), "STRICT"),
        (index, "an index of a virtual table"),
    ] {
        let error = conn.execute(create_table(&unfit)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Compile, "{error}");
        assert!(error.message().contains(says) && error.message().contains("words"), "{error}");
        conn.rollback().await.unwrap();
    }
    let error =
        conn.execute(create_table(virtual_words(TableOptions::new().sqlite_virtual("absent(x)")))).await;
    assert!(error.unwrap_err().message().contains("no such module: absent"));
    conn.rollback().await.unwrap();
}

on_sqlite!(
    virtual_tables_are_created_searched_and_reflected,
    each_connection_of_the_pool_has_the_functions_of_its_driver,
    tables_of_an_attached_database_are_those_of_its_schema,
    bytes_are_written_piece_by_piece_inside_a_transaction,
    a_feed_tells_what_sessions_commit,
    a_live_database_is_copied_and_read_as_it_is,
);
