//! One object for each row.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Author, Book, Seat},
};
use crate::database::{Database, on_every_database};

async fn one_object_for_each_row(database: &Database) {
    let stage = Stage::new(database).await;
    let id = stage
        .sessions
        .begin(async |session| {
            let author =
                session.add(Author { name: "a".into(), books: Many::from([Book::default()]), ..default() });
            session.flush().await?;
            Ok(author.read().id)
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let got = session.get(Author, id).await.unwrap().unwrap();
    stage.sent();
    assert_eq!(session.get(Author, id).await.unwrap(), Some(got.clone()));
    assert_eq!(stage.sent(), Vec::<String>::new());
    let queried = session.scalars(select(Author)).one().await.unwrap();
    assert_eq!(queried, got);
    let rows = session.execute(select((Author, Book)).join(Author::books)).all().await.unwrap();
    assert_eq!(rows[0].0, got);
    // A query never overwrites what was changed and not flushed.
    session
        .no_autoflush(async |session| {
            got.set(Author::name, "mine");
            session.scalars(select(Author)).all().await?;
            assert_eq!(got.read().name, "mine");
            Ok(())
        })
        .await
        .unwrap();
    // But with autoflush it sees the change.
    let found = session.scalars(select(Author).filter(Author::name.eq("mine"))).all().await.unwrap();
    assert_eq!(found, std::slice::from_ref(&got));
    session.rollback().await.unwrap();
    assert_eq!(got.read().name, "a");
    assert_eq!(session.get(Author, id + 100).await.unwrap(), None);
}
on_every_database!(one_object_for_each_row);

async fn composite_and_natural_keys(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let seats = (1..=3).map(|number| Seat { hall: "Ö 'quoted'".into(), number, guest: None });
    let seats = session.add_all(seats);
    session.commit().await.unwrap();
    stage.sent();
    assert_eq!(session.get(Seat, ("Ö 'quoted'", 2)).await.unwrap(), Some(seats[1].clone()));
    assert_eq!(stage.sent(), Vec::<String>::new());
    seats[0].set(Seat::guest, "Ann");
    seats[2].set(Seat::guest, "Bob");
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    let seat = other.get(Seat, ("Ö 'quoted'", 3)).await.unwrap().unwrap();
    assert_eq!(seat.read().guest.as_deref(), Some("Bob"));
    assert_eq!(other.get(Seat, ("other", 3)).await.unwrap(), None);
    for seat in &seats {
        session.delete(seat).unwrap();
    }
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count_all()).select_from(Seat)).one().await.unwrap(), 0);
}
on_every_database!(composite_and_natural_keys);

async fn case_064_expire_and_refresh(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "old".into(), ..default() });
    let pending = session.add(Author::default());
    assert_eq!(session.refresh(&pending).await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    session.commit().await.unwrap();
    let id = author.read().id;
    let rename = |name: &'static str| {
        let engine = stage.engine.clone();
        async move {
            engine
                .begin(async |conn| {
                    conn.execute(update(Author).set(Author::name, name).filter(Author::id.eq(id))).await
                })
                .await
        }
    };
    rename("new").await.unwrap();
    assert_eq!(session.get(Author, id).await.unwrap().unwrap().read().name, "old");
    // Expired is a mark: the values stay, the next query brings new ones.
    session.expire(&author).unwrap();
    assert!(author.is_expired());
    assert_eq!(author.read().name, "old");
    stage.sent();
    session.get(Author, id).await.unwrap();
    assert_eq!(stage.sent().len(), 1);
    assert_eq!((author.read().name.as_str(), author.is_expired()), ("new", false));
    session.rollback().await.unwrap();
    rename("newer").await.unwrap();
    session.refresh(&author).await.unwrap();
    assert_eq!(author.read().name, "newer");
    // populate_existing overwrites what was changed.
    author.set(Author::name, "lost");
    session
        .no_autoflush(async |session| {
            session.scalars(select(Author)).populate_existing().all().await.map(drop)
        })
        .await
        .unwrap();
    assert_eq!(author.read().name, "newer");
    session.rollback().await.unwrap();
    stage.engine.begin(async |conn| conn.execute(delete(Author)).await).await.unwrap();
    let error = session.refresh(&author).await.unwrap_err();
    assert!(error.message().contains("could not refresh the Author"), "{error}");
}
on_every_database!(case_064_expire_and_refresh);

async fn case_045_expire_on_commit(database: &Database) {
    let stage = Stage::new(database).await;
    for expires in [false, true] {
        let sessions = stage.sessions.clone().expire_on_commit(expires);
        let mut session = sessions.open();
        let author = session.add(Author { name: "a".into(), ..default() });
        session.commit().await.unwrap();
        let id = author.read().id;
        stage
            .sessions
            .begin(async |other| {
                other.get(Author, id).await?.unwrap().set(Author::name, "b");
                Ok(())
            })
            .await
            .unwrap();
        session.get(Author, id).await.unwrap();
        assert_eq!(author.read().name, if expires { "b" } else { "a" });
    }
}
on_every_database!(case_045_expire_on_commit);

async fn an_expunged_object_is_written_no_more(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "a".into(), ..default() });
    session.commit().await.unwrap();
    session.expunge(&author).unwrap();
    assert!(!session.contains(&author));
    author.set(Author::name, "b");
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    let again = session.get(Author, author.read().id).await.unwrap().unwrap();
    assert_ne!(again, author);
    assert_eq!((again.read().name.as_str(), author.read().name.as_str()), ("a", "b"));
}
on_every_database!(an_expunged_object_is_written_no_more);
