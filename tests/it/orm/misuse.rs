//! Bad input: errors that name the thing and what to do.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Author, Book, Tag},
};
use crate::database::{Database, on_every_database};

async fn objects_of_two_sessions(database: &Database) {
    let stage = Stage::new(database).await;
    let mut first = stage.sessions.open();
    let author = first.add(Author { name: "a".into(), ..default() });
    first.commit().await.unwrap();
    let mut second = stage.sessions.open();
    second.add(Book { title: "b".into(), author: One::from(&author), ..default() });
    let error = second.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Flush);
    assert!(error.message().contains("Book.author was given a Author of another session"), "{error}");
    second.rollback().await.unwrap();
    // Whichever way it is linked: put into a collection, set, over a secondary table, or replaced.
    let own = second.add(Author { name: "b".into(), ..default() });
    let book = second.add(Book { title: "c".into(), author: One::from(&own), ..default() });
    second.commit().await.unwrap();
    let foreign_book = first.add(Book { title: "d".into(), author: One::from(&author), ..default() });
    let foreign_tag = first.add(Tag { label: "t".into(), ..default() });
    first.commit().await.unwrap();
    let links: [(&str, &dyn Fn()); 4] = [
        ("Author.books", &|| own.edit(|own| own.books.push(&foreign_book))),
        ("Book.author", &|| book.set(Book::author, &author)),
        ("Book.tags", &|| book.edit(|book| book.tags.push(&foreign_tag))),
        ("Author.books", &|| own.set(Author::books, [&foreign_book])),
    ];
    for (name, link) in links {
        link();
        let error = second.flush().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Flush);
        assert!(error.message().contains(name) && error.message().contains("another session"), "{error}");
        second.rollback().await.unwrap();
        second.flush().await.unwrap();
    }
    assert_eq!(foreign_book.read().author.get().unwrap(), Some(author.clone()));
    for error in [
        second.delete(&author).unwrap_err(),
        second.expunge(&author).unwrap_err(),
        second.refresh(&author).await.unwrap_err(),
        second.load(&author, Author::books).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("another session"), "{error}");
    }
}
on_every_database!(objects_of_two_sessions);

async fn two_objects_with_one_key(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(Tag { id: 4, label: "a".into(), ..default() });
    session.commit().await.unwrap();
    stage.sent();
    session.add(Tag { id: 4, label: "b".into(), ..default() });
    let error = session.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Flush);
    assert!(error.message().contains("two Tag objects have the primary key"), "{error}");
    assert_eq!(stage.sent(), Vec::<String>::new());
    session.rollback().await.unwrap();
    session.add_all([Tag { id: 5, ..default() }, Tag { id: 5, ..default() }]);
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::Flush);
}
on_every_database!(two_objects_with_one_key);

async fn keys_that_contradict_or_are_missing(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let authors = session.add_all([Author::default(), Author::default()]);
    session.commit().await.unwrap();
    session.add(Book { author_id: authors[0].read().id, author: One::from(&authors[1]), ..default() });
    let error = session.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Flush);
    assert!(
        error.message().contains("Book.author_id was set to") && error.message().contains("Book.author says"),
        "{error}"
    );
    session.rollback().await.unwrap();

    session.add(Book { title: "of nobody".into(), ..default() });
    let error = session.flush().await.unwrap_err();
    assert!(error.message().contains("Book.author_id was never given"), "{error}");
    session.rollback().await.unwrap();

    // The key alone is as good as the relationship.
    let book = session.add(Book { author_id: authors[0].read().id, ..default() });
    session.commit().await.unwrap();
    assert_eq!(session.load(&book, Book::author).await.unwrap(), Some(authors[0].clone()));

    // Its author lets go of it as of an orphan.
    book.edit(|book| book.author.clear());
    session.flush().await.unwrap();
    assert_eq!(book.state(), aludel::orm::State::Deleted);
}
on_every_database!(keys_that_contradict_or_are_missing);

async fn integrity_errors_are_readable(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(Book { author_id: 4711, ..default() });
    let error = session.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert!(error.to_string().contains("book"), "{error}");
    session.rollback().await.unwrap();
    session.add(Author { name: "x".repeat(4000), ..default() });
    match session.commit().await {
        // SQLite keeps no length.
        Ok(()) => assert!(database.is_sqlite()),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Data, "{error}"),
    }
}
on_every_database!(integrity_errors_are_readable);

async fn options_and_states(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let pending = session.add(Tag::default());
    let error = session.delete(&pending).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("Pending"), "{error}");
    let error =
        session.execute(select((Tag::id, Tag)).options(selectinload(Author::books))).all().await.unwrap_err();
    assert!(error.message().contains("begins at Author"), "{error}");
    let transient = Author { books: Many::from([Book::default()]), ..default() };
    assert_eq!(transient.books.iter().unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(transient.books.new_values().count(), 1);
}
on_every_database!(options_and_states);
