//! What a rollback, an error and a dropped future leave behind.

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Author, Book, Tag},
};
use crate::database::{Database, on_every_database};

async fn case_043_rollback_brings_back(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author {
        name: "ed".into(),
        books: Many::from([Book { title: "a".into(), ..default() }, Book { title: "b".into(), ..default() }]),
        ..default()
    });
    session.commit().await.unwrap();
    let books: Vec<_> = author.read().books.iter().unwrap().collect();

    author.set(Author::name, "jack");
    author.edit(|author| assert!(author.books.remove(&books[0])));
    author.edit(|author| author.books.push(Book { title: "c".into(), ..default() }));
    let fresh = author.read().books.iter().unwrap().last().unwrap();
    session.flush().await.unwrap();
    author.set(Author::name, "unflushed");
    let snapshot = author.read();
    session.rollback().await.unwrap();

    assert_eq!((snapshot.name.as_str(), author.read().name.as_str()), ("unflushed", "ed"));
    assert_eq!(author.read().books.iter().unwrap().collect::<Vec<_>>(), books);
    assert_eq!((books[0].state(), fresh.state(), fresh.read().id), (State::Persistent, State::Transient, 0));
    assert_eq!(books[0].read().author.get().unwrap(), Some(author.clone()));
    assert!(session.contains(&books[0]) && !session.contains(&fresh));

    // Deleted with its cascade, and back again.
    session.delete(&author).unwrap();
    session.flush().await.unwrap();
    assert_eq!((author.state(), books[1].state()), (State::Deleted, State::Deleted));
    session.rollback().await.unwrap();
    assert_eq!((author.state(), books[1].state()), (State::Persistent, State::Persistent));
    assert_eq!(session.get(Author, author.read().id).await.unwrap(), Some(author.clone()));

    // Nothing of it stands in the database, and nothing is left to write.
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    let stored: Vec<String> = session.scalars(select(Book::title).order_by(Book::id)).all().await.unwrap();
    assert_eq!(stored, ["a", "b"]);
}
on_every_database!(case_043_rollback_brings_back);

async fn case_041_after_a_failed_flush(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tag = session.add(Tag { id: 1, label: "ed".into(), ..default() });
    session.commit().await.unwrap();
    let mut second = stage.sessions.open();
    let twin = second.add(Tag { id: 1, label: "twin".into(), ..default() });
    let error = second.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(second.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(second.get(Tag, 99).await.unwrap_err().kind(), ErrorKind::PendingRollback);
    second.rollback().await.unwrap();
    assert!(!second.contains(&twin));
    // It works again, and can add the same object once more.
    let twin = second.add(&twin);
    twin.set(Tag::id, 2);
    second.commit().await.unwrap();
    assert_eq!(second.scalars(select(count(Tag::id))).one().await.unwrap(), 2);
    drop(second);
    tag.set(Tag::label, "edward");
    session.rollback().await.unwrap();
    assert_eq!(tag.read().label, "ed");
}
on_every_database!(case_041_after_a_failed_flush);

async fn begin_rolls_back_on_an_error(database: &Database) {
    let stage = Stage::new(database).await;
    let outcome = stage
        .sessions
        .begin(async |session| {
            session.add(Tag { label: "a".into(), ..default() });
            session.flush().await?;
            Err::<(), _>(Error::custom("no"))
        })
        .await;
    assert_eq!(outcome.unwrap_err().to_string(), "no");
    #[derive(Debug)]
    struct Mine;
    impl From<Error> for Mine {
        fn from(_: Error) -> Self {
            Self
        }
    }
    let outcome = stage.sessions.try_begin(async |session| -> Result<(), Mine> {
        session.add(Tag { label: "b".into(), ..default() });
        session.flush().await?;
        Err(Mine)
    });
    assert!(outcome.await.is_err());
    assert_eq!(stage.sessions.open().scalars(select(count(Tag::id))).one().await.unwrap(), 0);
}
on_every_database!(begin_rolls_back_on_an_error);

async fn a_dropped_begin_leaves_nothing(database: &Database) {
    let stage = Stage::new(database).await;
    for polls in 0..40 {
        let sessions = stage.sessions.clone();
        let mut future = Box::pin(async move {
            sessions
                .begin(async |session| {
                    session.add(Author { books: Many::from([Book::default()]), ..default() });
                    session.flush().await?;
                    tokio::task::yield_now().await;
                    std::future::pending::<()>().await;
                    Ok(())
                })
                .await
        });
        for _ in 0..=polls {
            let polled = tokio::time::timeout(std::time::Duration::from_millis(2), &mut future).await;
            assert!(polled.is_err(), "the closure never ends");
            if polls % 2 == 0 {
                break;
            }
        }
        drop(future);
        // Whoever comes next sees none of it, and is not kept waiting.
        let mut session = stage.sessions.open();
        assert_eq!(session.scalars(select(count(Author::id))).one().await.unwrap(), 0);
        session.close().await.unwrap();
    }
}
on_every_database!(a_dropped_begin_leaves_nothing);
