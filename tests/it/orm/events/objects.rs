//! Events of the life of objects.

use aludel::{
    orm::{AnyModel, State},
    prelude::*,
};

use super::Diary;
use crate::{
    database::{Database, on_every_database},
    orm::{
        Stage,
        models::{Author, Book, Tag, User},
    },
};

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

async fn case_094_the_order_over_a_good_and_a_failing_commit(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let diary = Diary::of_transactions(stage.sessions.events());
    let (before, after) = (diary.clone(), diary.clone());
    stage.sessions.events().before_attach(AnyModel, move |_| before.note("before_attach"));
    stage.sessions.events().after_attach(AnyModel, move |_| after.note("after_attach").unwrap());
    let tag = |id| Tag { id, label: "x".into(), ..default() };
    session.add(tag(1));
    session.commit().await.unwrap();
    let to_the_connection = [
        "after_transaction_create",
        "before_attach",
        "after_attach",
        "before_commit",
        "before_flush",
        "after_transaction_create of a flush",
        "after_begin",
    ];
    let good = [
        "after_flush",
        "after_flush_postexec",
        "after_transaction_end of a flush",
        "after_commit",
        "after_transaction_end",
    ];
    assert_eq!(diary.read(), [&to_the_connection[..], &good].concat());
    // The database has the second key, and the session does not know of it.
    stage.engine.begin(async |conn| conn.execute(insert(Tag).values(tag(2))).await).await.unwrap();
    session.add(tag(2));
    session.commit().await.unwrap_err();
    let failing = ["after_rollback", "after_transaction_end of a flush", "after_soft_rollback of a flush"];
    assert_eq!(diary.read(), [&to_the_connection[..], &failing].concat());
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["after_transaction_end", "after_soft_rollback"]);
}
on_every_database!(case_094_the_order_over_a_good_and_a_failing_commit);

async fn case_097_both_sides_of_joining(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::default();
    let (before, after) = (diary.clone(), diary.clone());
    let mut session = stage.sessions.open();
    session.events().before_attach(User, move |user| before.note(format!("before: {:?}", user.state())));
    session
        .events()
        .after_attach(User, move |user| after.note(format!("after: {:?}", user.state())).unwrap());
    let ed = session.add(user("ed"));
    assert!(session.contains(&ed));
    assert_eq!(diary.read(), ["before: Transient", "after: Pending"]);
    session.expunge(&ed).unwrap();
    session.add(&ed);
    assert_eq!(diary.read(), ["before: Transient", "after: Pending"]);
    session.commit().await.unwrap();
    session.add(&ed);
    assert_eq!(diary.read(), [""; 0], "it is in the session already");
    session.expunge(&ed).unwrap();
    session.add(&ed);
    assert_eq!(diary.read(), ["before: Detached", "after: Persistent"]);
    // Who comes along is told of, too.
    let before = diary.clone();
    session.events().before_attach(Book, move |book| before.note(&book.read().title));
    let author = session.add(Author {
        books: Many::from([
            Book { title: "one".into(), ..default() },
            Book { title: "two".into(), ..default() },
        ]),
        ..default()
    });
    assert_eq!(diary.read(), ["one", "two"]);
    author.edit(|author| author.books.push(Book { title: "three".into(), ..default() }));
    assert_eq!(diary.read(), ["three"]);
    session.rollback().await.unwrap();
    // A refusal is reported by the next flush.
    session.events().before_attach(User, |user| {
        if user.read().name == "nobody" { Err(Error::custom("nobody is no user")) } else { Ok(()) }
    });
    session.add(user("nobody"));
    let error = session.flush().await.unwrap_err();
    assert!(error.to_string().contains("nobody is no user"), "{error}");
    session.rollback().await.unwrap();
    session.add(user("somebody"));
    session.commit().await.unwrap();
}
on_every_database!(case_097_both_sides_of_joining);

async fn case_098_the_life_of_an_object(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let diary = Diary::of_objects(session.events());
    // Inserted, rolled back, and inserted again.
    let ed = session.add(user("ed"));
    assert_eq!(diary.read(), ["transient_to_pending User"]);
    session.flush().await.unwrap();
    assert_eq!(diary.read(), ["pending_to_persistent User"]);
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["persistent_to_transient User"]);
    session.add(&ed);
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["transient_to_pending User", "pending_to_transient User"]);
    session.add(&ed);
    session.commit().await.unwrap();
    assert_eq!(diary.read(), ["transient_to_pending User", "pending_to_persistent User"]);
    // A second flush is no second insertion.
    ed.set(User::name, "eddy");
    session.flush().await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
    // Deleted, rolled back, deleted again, and committed.
    session.delete(&ed).unwrap();
    assert_eq!(diary.read(), [""; 0]);
    session.flush().await.unwrap();
    assert!(!session.contains(&ed));
    assert_eq!((diary.read(), ed.state()), (vec!["persistent_to_deleted User".to_owned()], State::Deleted));
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["deleted_to_persistent User"]);
    // The rollback took the row with it: it was never committed under its second name alone.
    session.delete(&ed).unwrap();
    session.commit().await.unwrap();
    assert_eq!(diary.read(), ["persistent_to_deleted User", "deleted_to_detached User"]);
    // What leaves and comes back, with its children.
    let author = session.add(Author { books: Many::from([Book::default()]), ..default() });
    session.commit().await.unwrap();
    diary.read();
    session.expunge(&author).unwrap();
    assert_eq!(diary.read(), ["persistent_to_detached Author", "persistent_to_detached Book"]);
    session.add(&author);
    assert_eq!(diary.read(), ["detached_to_persistent Author"]);
    session.close().await.unwrap();
    assert_eq!(diary.read(), ["persistent_to_detached Author"]);
}
on_every_database!(case_098_the_life_of_an_object);

async fn what_is_loaded_refreshed_and_expired_is_told(database: &Database) {
    let stage = Stage::new(database).await;
    let added = stage.sessions.begin(async |session| {
        session.add(user("ed"));
        Ok(())
    });
    added.await.unwrap();
    let mut session = stage.sessions.open();
    let diary = Diary::of_objects(session.events());
    let ed = session.scalars(select(User)).one().await.unwrap();
    assert_eq!(diary.read(), ["load User", "loaded_as_persistent User"]);
    session.scalars(select(User)).one().await.unwrap();
    session.get(User, ed.read().id).await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
    session.expire_all();
    session.expire(&ed).unwrap();
    assert_eq!(diary.read(), ["expire User"]);
    session.get(User, ed.read().id).await.unwrap();
    assert_eq!(diary.read(), ["refresh User"]);
    session.refresh(&ed).await.unwrap();
    assert_eq!(diary.read(), ["refresh User"]);
    session.commit().await.unwrap();
    drop(session);
    assert_eq!(diary.read(), ["persistent_to_detached User"]);
}
on_every_database!(what_is_loaded_refreshed_and_expired_is_told);

async fn objects_are_told_of_between_flush_and_commit(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let diary = Diary::of_transactions(session.events());
    let persistent = diary.clone();
    session.events().pending_to_persistent(User, move |user| {
        // A listener may change what it is told of: the commit writes it.
        user.set(User::name, "changed");
        persistent.note("pending_to_persistent").unwrap();
    });
    session.add(user("ed"));
    session.commit().await.unwrap();
    let noted = diary.read();
    let place = |event: &str| noted.iter().position(|line| line == event);
    assert!(place("after_flush") < place("pending_to_persistent"), "{noted:?}");
    assert!(place("pending_to_persistent") < place("after_flush_postexec"), "{noted:?}");
    assert_eq!(noted.iter().filter(|line| *line == "before_flush").count(), 2, "{noted:?}");
    let names = stage.sessions.open().scalars(select(User::name)).all().await.unwrap();
    assert_eq!(names, ["changed"]);
}
on_every_database!(objects_are_told_of_between_flush_and_commit);
