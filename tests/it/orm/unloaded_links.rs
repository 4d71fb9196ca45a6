//! Links that are changed while nobody has loaded them.

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Author, Book, BookTag, Tag},
};
use crate::database::{Database, on_every_database};

/// Nothing is loaded to link two, so that they may be linked already.
async fn linking_what_may_be_linked(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tag = |label: &str| Tag { label: label.into(), ..default() };
    session.add(Author {
        books: Many::from([Book { tags: Many::from([tag("there")]), ..default() }]),
        ..default()
    });
    session.add(tag("new"));
    session.commit().await.unwrap();
    let linked = select(BookTag::tag_id).order_by(BookTag::tag_id);
    let before: Vec<i64> = session.scalars(linked.clone()).all().await.unwrap();
    session.close().await.unwrap();
    let mut session = stage.sessions.open();
    let book = session.scalars(select(Book)).one().await.unwrap();
    let tags = session.scalars(select(Tag).order_by(Tag::label.desc())).all().await.unwrap();
    stage.sent();
    // Both at once, whichever is there.
    tags.iter().for_each(|tag| book.edit(|book| book.tags.push(tag)));
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT book_tag"]);
    let after: Vec<i64> = session.scalars(linked.clone()).all().await.unwrap();
    assert_eq!((before.len(), after.len()), (1, 2));
    session.close().await.unwrap();
    // Put in and taken out again, neither is linked, whichever was.
    let mut session = stage.sessions.open();
    let book = session.scalars(select(Book)).one().await.unwrap();
    let tags = session.scalars(select(Tag)).all().await.unwrap();
    for tag in &tags {
        book.edit(|book| book.tags.push(tag));
        book.edit(|book| assert!(book.tags.remove(tag)));
    }
    session.commit().await.unwrap();
    assert_eq!(session.scalars(linked.clone()).all().await.unwrap(), Vec::<i64>::new());
    // Once more, where there is nothing to be deleted: nobody is surprised.
    book.edit(|book| book.tags.push(&tags[0]));
    book.edit(|book| assert!(book.tags.remove(&tags[0])));
    session.commit().await.unwrap();
    // A key that leads nowhere is not passed over.
    session.close().await.unwrap();
    let mut session = stage.sessions.open();
    let book = session.scalars(select(Book)).one().await.unwrap();
    let tag = session.scalars(select(Tag).limit(1)).one().await.unwrap();
    session.rollback().await.unwrap();
    let gone = delete(Tag).filter(Tag::id.eq(tag.read().id));
    stage.engine.begin(async |conn| conn.execute(gone).await).await.unwrap();
    book.edit(|book| book.tags.push(&tag));
    assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::Integrity);
}
on_every_database!(linking_what_may_be_linked);

/// The owner that a child lets go of need not be in the session.
async fn an_orphan_of_an_owner_that_is_elsewhere(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(Author { books: Many::from([Book::default()]), ..default() });
    session.commit().await.unwrap();
    session.close().await.unwrap();
    let mut session = stage.sessions.open();
    let book = session.scalars(select(Book)).one().await.unwrap();
    // A foreign key that was set by hand says that there is to be one.
    book.edit(|book| {
        book.author.clear();
        book.author_id += 1;
    });
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::Integrity);
    session.rollback().await.unwrap();
    let book = session.scalars(select(Book)).one().await.unwrap();
    book.edit(|book| book.author.clear());
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["DELETE book_tag", "DELETE book"]);
    assert_eq!(book.state(), State::Detached);
}
on_every_database!(an_orphan_of_an_owner_that_is_elsewhere);
