//! Many rows at once, as plain structs, and instances that INSERT, UPDATE and DELETE give back.

use std::sync::atomic::{AtomicI64, Ordering};

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Author, Book, Seat, User},
};
use crate::database::{Database, on_every_database};

static TICKS: AtomicI64 = AtomicI64::new(1);

fn tick() -> i64 {
    TICKS.fetch_add(1, Ordering::Relaxed)
}

/// Values that client and server make.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made")]
struct Made {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: String,
    #[column(length = 20, server_default = "'server'")]
    origin: Option<String>,
    #[column(default = tick)]
    created: Option<i64>,
    #[column(onupdate = tick)]
    changed: Option<i64>,
    #[column(version_id)]
    version: i64,
}

fn made(word: &str, origin: Option<&str>) -> Made {
    Made { word: word.into(), origin: origin.map(Into::into), ..default() }
}

async fn plain_structs_are_inserted_and_given_back_in_order(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Made, Author, Book))).await;
    let mut session = stage.sessions.open();
    let waiting = session.add(made("waiting", Some("flushed before")));
    let rows = [made("a", None), made("b", Some("own")), made("c", None), Made { id: 90, ..made("d", None) }];
    assert_eq!(session.bulk_insert(rows.clone()).await.unwrap(), 4);
    assert_eq!(waiting.state(), State::Persistent);
    let stored: Vec<(String, Option<String>, bool, i64)> = session
        .execute(
            select((Made::word, Made::origin, Made::created.is_not_null(), Made::version))
                .order_by(Made::word),
        )
        .all()
        .await
        .unwrap();
    let expected =
        [("a", "server"), ("b", "own"), ("c", "server"), ("d", "server"), ("waiting", "flushed before")];
    for (stored, (word, origin)) in stored.iter().zip(expected) {
        assert_eq!(*stored, (word.into(), Some(origin.into()), true, 1));
    }
    assert_eq!(stored.len(), 5);
    session.rollback().await.unwrap();
    assert_eq!(session.bulk_insert(Vec::<Made>::new()).await.unwrap(), 0);

    // As objects, whatever the shapes of the rows.
    let objects = session.bulk_insert(rows).returning().await.unwrap();
    let words: Vec<String> = objects.iter().map(|object| object.read().word.clone()).collect();
    assert_eq!(words, ["a", "b", "c", "d"]);
    assert_eq!(objects[0].read().origin.as_deref(), Some("server"));
    assert!(objects[0].read().id > 0 && objects[3].read().id == 90);
    assert!(objects.iter().all(|object| object.state() == State::Persistent && !object.is_modified()));
    stage.sent();
    assert_eq!(session.get(Made, 90).await.unwrap(), Some(objects[3].clone()));
    assert!(stage.sent().is_empty());
    objects[1].set(Made::word, "changed");
    session.flush().await.unwrap();
    assert_eq!(objects[1].read().version, 2);
    session.rollback().await.unwrap();
    assert!(objects.iter().all(|object| object.state() == State::Transient));
    assert_eq!(session.get(Made, 90).await.unwrap(), None);
    assert_eq!(session.scalars(select(count(Made::id))).one().await.unwrap(), 0);

    // Nested values are never lost in silence.
    let nested = Author { books: Many::from([Book::default()]), ..default() };
    let refused = session.bulk_insert([nested]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
    assert!(refused.message().contains("Author.books"), "{refused}");
}
on_every_database!(plain_structs_are_inserted_and_given_back_in_order);

async fn many_rows_are_few_statements(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let people = |names: std::ops::Range<usize>| names.map(|n| User { name: format!("n{n}"), ..default() });
    session.bulk_insert(people(0..2500)).await.unwrap();
    let sent = stage.sent().len();
    // Pages of a thousand, and the rest in pages that other numbers of rows have in common with it.
    assert!(sent <= if database.is_sqlite() { 2500 } else { 8 }, "{sent} statements");
    let objects = session.bulk_insert(people(0..1200)).returning().await.unwrap();
    for (number, object) in objects.iter().enumerate() {
        assert_eq!(object.read().name, format!("n{number}"));
    }
    stage.sent();
    let rows: Vec<User> =
        objects.iter().map(|user| User { id: user.read().id, name: "all".into(), ..default() }).collect();
    assert_eq!(session.bulk_update(rows).await.unwrap(), 1200);
    let sent = stage.sent().len();
    let most = if database.is_postgres() {
        1
    } else if database.is_mysql() {
        12
    } else {
        1200
    };
    assert!(sent <= most, "{sent} statements");
    assert!(objects.iter().all(|user| user.read().name == "all" && !user.is_modified()));
    let count = select(count(User::id)).filter(User::name.eq("all"));
    assert_eq!(session.scalars(count).one().await.unwrap(), 1200);
    session.rollback().await.unwrap();
}
on_every_database!(many_rows_are_few_statements);

async fn plain_structs_are_written_by_their_keys(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Made, Seat, Author, Book))).await;
    let mut session = stage.sessions.open();
    let objects = session.add_all(["a", "b", "c"].map(|word| made(word, Some("x"))));
    session.commit().await.unwrap();
    let row = |number: usize| (*objects[number].read()).clone();
    // Only what is named is written; what the client makes is made; loaded objects follow; the last of a key counts.
    let rows = [
        Made { word: "first".into(), origin: Some("lost".into()), ..row(0) },
        Made { word: "B".into(), ..row(1) },
        Made { word: "A".into(), origin: Some("lost".into()), ..row(0) },
    ];
    assert_eq!(session.bulk_update(rows).only(Made::word).await.unwrap(), 2);
    let read = objects[0].read();
    assert_eq!((read.word.as_str(), read.origin.as_deref(), read.version), ("A", Some("x"), 2));
    assert!(read.changed.is_some() && !objects[0].is_modified());
    let stored =
        session.connection().await.unwrap().execute(select(Made).order_by(Made::id)).all().await.unwrap();
    for (stored, object) in stored.iter().zip(&objects) {
        let read = object.read();
        assert_eq!(
            (&stored.word, &stored.origin, stored.changed, stored.version),
            (&read.word, &read.origin, read.changed, read.version)
        );
    }
    session.rollback().await.unwrap();
    assert_eq!((objects[0].read().word.as_str(), objects[0].read().version), ("a", 1));
    // A row that somebody else changed is found out, and a rollback is asked for.
    let stale = Made { version: 7, ..row(2) };
    let error = session.bulk_update([row(1), stale]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData, "{error}");
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    session.rollback().await.unwrap();
    // Everything but the key, of rows with several columns in it; those that are in no session, too.
    session.bulk_insert((1..=3).map(|number| Seat { hall: "h".into(), number, guest: None })).await.unwrap();
    let guests = (1..=3).map(|number| Seat { hall: "h".into(), number, guest: Some(format!("g{number}")) });
    assert_eq!(session.bulk_update(guests).await.unwrap(), 3);
    let seat = session.get_one(Seat, ("h", 2)).await.unwrap();
    assert_eq!(seat.read().guest.as_deref(), Some("g2"));
    // What cannot be done is said before anything is sent.
    stage.sent();
    for error in [
        session.bulk_update([row(0)]).only(Made::id).await.unwrap_err(),
        session.bulk_update([row(0)]).only((Made::word, Made::version)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    }
    assert_eq!(session.bulk_update(Vec::<Seat>::new()).await.unwrap(), 0);
    assert!(stage.sent().is_empty());
}
on_every_database!(plain_structs_are_written_by_their_keys);

async fn inserted_rows_come_back_as_objects(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let statement = insert(User)
        .values_many([User { name: "a".into(), ..default() }, User { name: "b".into(), ..default() }])
        .returning(User);
    let users = session.execute(statement).all().await.unwrap();
    assert_eq!(users.iter().map(|user| user.read().name.clone()).collect::<Vec<_>>(), ["a", "b"]);
    users[0].set(User::name, "c");
    session.commit().await.unwrap();
    let names = session.scalars(select(User::name).order_by(User::id)).all().await.unwrap();
    assert_eq!(names, ["c", "b"]);
    // Along with a value, and gone with a nested transaction.
    let rows = session
        .nested(async |session| {
            let statement = insert(User).value(User::name, "d").returning((User::name, User));
            let (name, user) = session.execute(statement).one().await?;
            assert_eq!((name.as_str(), user.state()), ("d", State::Persistent));
            Err::<(), _>(Error::custom(user.read().id.to_string()))
        })
        .await;
    let id: i64 = rows.unwrap_err().to_string().parse().unwrap();
    assert_eq!(session.get(User, id).await.unwrap(), None);
}
on_every_database!(inserted_rows_come_back_as_objects);

async fn changed_and_deleted_rows_come_back_as_objects(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let users = session.add_all(["a", "b", "c"].map(|name| User { name: name.into(), ..default() }));
    session.commit().await.unwrap();
    let id = users[2].read().id;
    session.expunge(&users[2]).unwrap();
    let statement =
        update(User).set(User::name, upper(User::name)).filter(User::name.ne("b")).returning(User);
    if database.is_mysql() {
        let refused = session.execute(statement).await.map(drop).unwrap_err();
        assert!(refused.message().contains("RETURNING"), "{refused}");
    } else {
        let mut changed = session.execute(statement.clone()).all().await.unwrap();
        changed.sort_by_key(|user| user.read().id);
        assert_eq!(changed.len(), 2);
        assert_eq!(changed[0], users[0]);
        assert_eq!((users[0].read().name.as_str(), users[0].is_expired()), ("A", false));
        assert_eq!((changed[1].read().id, changed[1].read().name.as_str()), (id, "C"));
        session.rollback().await.unwrap();
        assert_eq!((users[0].read().name.as_str(), users[0].is_expired()), ("a", false));
        // An unflushed change stays, but that of the column which was set; unless it is to be overwritten.
        session
            .no_autoflush(async |session| {
                users[1].set(User::id, 1000);
                let statement =
                    update(User).set(User::name, "set").filter(User::name.eq("b")).returning(User);
                let same = session.execute(statement).one().await?;
                assert_eq!((same.read().id, same.read().name.as_str()), (1000, "set"));
                let statement =
                    update(User).set(User::name, "over").filter(User::name.eq("set")).returning(User);
                let same = session.execute(statement).populate_existing().one().await?;
                assert_eq!(same, users[1]);
                assert_ne!(same.read().id, 1000);
                assert!(!same.is_modified());
                Ok(())
            })
            .await
            .unwrap();
        session.rollback().await.unwrap();
    }
    // MariaDB has RETURNING for DELETE.
    let statement = delete(User).filter(User::name.ne("b")).returning(User);
    let mut deleted = session.execute(statement).all().await.unwrap();
    deleted.sort_by_key(|user| user.read().id);
    assert_eq!(deleted.len(), 2);
    assert_eq!(deleted[0], users[0]);
    assert!(deleted.iter().all(|user| user.state() == State::Deleted));
    assert_eq!(deleted[1].read().name, "c");
    assert_eq!(session.get(User, id).await.unwrap(), None);
    session.rollback().await.unwrap();
    assert!(deleted.iter().all(|user| user.state() == State::Persistent));
    assert_eq!(session.get(User, id).await.unwrap(), Some(deleted[1].clone()));
}
on_every_database!(changed_and_deleted_rows_come_back_as_objects);
