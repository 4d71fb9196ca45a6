//! Collections that are replaced, also when they were never loaded; and what a rollback makes of it.

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Address, Author, Book, Profile, Tag, User},
};
use crate::database::{Database, on_every_database};

fn book(title: &str) -> Book {
    Book { title: title.into(), ..default() }
}

fn address(email: &str) -> Address {
    Address { email: email.into(), ..default() }
}

async fn titles(session: &mut Session) -> Vec<String> {
    session.scalars(select(Book::title).order_by(Book::title)).all().await.unwrap()
}

async fn what_was_never_loaded_is_replaced(database: &Database) {
    let stage = Stage::new(database).await;
    let mut first = stage.sessions.open();
    first.add(Author { books: Many::from(["a", "b"].map(book)), ..default() });
    first.add(User { addresses: Many::from(["1", "2"].map(address)), ..default() });
    let tag = first.add(Tag { label: "t".into(), ..default() });
    first.commit().await.unwrap();
    for one in first.scalars(select(Book)).all().await.unwrap() {
        one.edit(|one| one.tags.push(&tag));
    }
    first.commit().await.unwrap();

    // One to many, with orphans: what was there goes.
    let mut session = stage.sessions.open();
    let author = session.scalars(select(Author)).one().await.unwrap();
    author.set(Author::books, Many::from([book("c")]));
    assert_eq!(author.read().books.len().unwrap(), 1);
    session.commit().await.unwrap();
    assert_eq!(titles(&mut session).await, ["c"]);
    assert_eq!(author.read().books.len().unwrap(), 1);

    // Emptied; and without orphans: the keys become NULL.
    let mut session = stage.sessions.open();
    let author = session.scalars(select(Author)).one().await.unwrap();
    author.edit(|author| author.books.clear());
    let user = session.scalars(select(User)).one().await.unwrap();
    user.edit(|user| user.addresses.clear());
    session.commit().await.unwrap();
    assert_eq!(titles(&mut session).await, Vec::<String>::new());
    let left = session.scalars(select(count(Address::id)).filter(Address::user_id.is_null())).one().await;
    assert_eq!(left.unwrap(), 2);

    // Many to many.
    let mut session = stage.sessions.open();
    let author = session.scalars(select(Author)).one().await.unwrap();
    let tag = session.scalars(select(Tag)).one().await.unwrap();
    author.edit(|author| {
        ["d", "e"].map(|title| author.books.push(Book { tags: Many::from([&tag]), ..book(title) }))
    });
    session.commit().await.unwrap();
    let mut session = stage.sessions.open();
    let books = session.scalars(select(Book).order_by(Book::title)).all().await.unwrap();
    let tag = session.scalars(select(Tag)).one().await.unwrap();
    tag.set(Tag::books, Many::from([&books[1]]));
    books[0].edit(|book| book.tags.clear());
    session.commit().await.unwrap();
    let tagged: Vec<String> =
        session.scalars(select(Book::title).filter(Book::tags.any_at_all())).all().await.unwrap();
    assert_eq!(tagged, ["e"]);
    tag.edit(|tag| tag.books.clear());
    session.commit().await.unwrap();
    let tagged =
        session.scalars(select(count(Book::id)).filter(Book::tags.any_at_all())).one().await.unwrap();
    assert_eq!(tagged, 0);
}
on_every_database!(what_was_never_loaded_is_replaced);

async fn a_rollback_brings_keys_and_links_back(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let [orwell, huxley] = ["O", "H"]
        .map(|name| session.add(Author { name: name.into(), books: Many::from([book(name)]), ..default() }));
    session.commit().await.unwrap();
    let moved = orwell.read().books.iter().unwrap().next().unwrap();
    let of = |author: &Instance<Author>| author.read().books.iter().unwrap().collect::<Vec<_>>();
    let theirs = (of(&orwell), of(&huxley));
    let check = |when: &str| {
        assert_eq!(moved.read().author_id, orwell.read().id, "{when}");
        assert_eq!(moved.read().author.get().unwrap().as_ref(), Some(&orwell), "{when}");
        assert_eq!((of(&orwell), of(&huxley)), theirs, "{when}");
        assert!(!moved.is_modified(), "{when}");
    };
    // Moved by the relationship alone: the key follows, and goes back.
    moved.set(Book::author, &huxley);
    session.flush().await.unwrap();
    assert_eq!(moved.read().author_id, huxley.read().id);
    session.rollback().await.unwrap();
    check("flushed");
    moved.set(Book::author, &huxley);
    session.rollback().await.unwrap();
    check("never flushed");
    // The flush fails on something else.
    moved.set(Book::author, &huxley);
    session.add(Book { author_id: 4711, ..default() });
    session.flush().await.unwrap_err();
    session.rollback().await.unwrap();
    check("failed");
    // What was not loaded is unknown again.
    let mut other = stage.sessions.open();
    let book = other.get(Book, moved.read().id).await.unwrap().unwrap();
    let author = other.get(Author, huxley.read().id).await.unwrap().unwrap();
    book.set(Book::author, &author);
    other.flush().await.unwrap();
    other.rollback().await.unwrap();
    assert!(!book.read().author.is_loaded());
    let found = other.load(&book, Book::author).await.unwrap().unwrap();
    assert_eq!(found.read().name, "O");
    // A collection that was loaded between flush and rollback holds nothing that was rolled back.
    author.edit(|author| author.books.push(Book { title: "new".into(), ..default() }));
    other.flush().await.unwrap();
    assert_eq!(other.load(&author, Author::books).await.unwrap().len(), 2);
    other.rollback().await.unwrap();
    assert_eq!(other.load(&author, Author::books).await.unwrap().len(), 1);
}
on_every_database!(a_rollback_brings_keys_and_links_back);

async fn new_objects_can_be_added_again(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tag = session.add(Tag { label: "t".into(), ..default() });
    session.commit().await.unwrap();
    let author = session.add(Author {
        name: "a".into(),
        books: Many::from([Book { tags: Many::from([&tag]), ..book("x") }, book("y")]),
        ..default()
    });
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    for flushed in [false, true] {
        if flushed {
            session.flush().await.unwrap();
        }
        session.rollback().await.unwrap();
        assert_eq!((author.state(), books[0].state()), (State::Transient, State::Transient));
        assert_eq!((author.read().id, books[0].read().author_id), (0, 0));
        assert_eq!(author.read().books.iter().unwrap().collect::<Vec<_>>(), books);
        assert_eq!(books[1].read().author.get().unwrap().as_ref(), Some(&author));
        assert_eq!(tag.read().books.len().unwrap(), 0);
        session.add(&author);
        assert_eq!(books[1].state(), State::Pending);
    }
    session.commit().await.unwrap();
    assert_eq!(tag.read().books.iter().unwrap().collect::<Vec<_>>(), [books[0].clone()]);
    let mut other = stage.sessions.open();
    let found = other
        .scalars(select(Author).options(selectinload(Author::books).selectinload(Book::tags)))
        .one()
        .await
        .unwrap();
    let counts: Vec<_> =
        found.read().books.iter().unwrap().map(|book| book.read().tags.len().unwrap()).collect();
    assert_eq!(counts, [1, 0]);
}
on_every_database!(new_objects_can_be_added_again);

async fn what_is_deleted_leaves_its_collections(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { books: Many::from(["a", "b"].map(book)), ..default() });
    let user = session.add(User { profile: One::from(Profile::default()), ..default() });
    session.commit().await.unwrap();
    let gone = author.read().books.iter().unwrap().next().unwrap();
    let profile = user.read().profile.get().unwrap().unwrap();
    session.delete(&gone).unwrap();
    session.delete(&profile).unwrap();
    session.flush().await.unwrap();
    assert_eq!((author.read().books.len().unwrap(), user.read().profile.get().unwrap()), (1, None));
    session.rollback().await.unwrap();
    assert_eq!(
        (author.read().books.len().unwrap(), user.read().profile.get().unwrap()),
        (2, Some(profile.clone()))
    );
    session.delete(&gone).unwrap();
    session.delete(&profile).unwrap();
    session.commit().await.unwrap();
    assert_eq!((author.read().books.len().unwrap(), user.read().profile.get().unwrap()), (1, None));
    author.edit(|author| author.books.push(book("c")));
    session.commit().await.unwrap();
    assert_eq!(titles(&mut session).await, ["b", "c"]);
}
on_every_database!(what_is_deleted_leaves_its_collections);

/// Taken out of a collection that is not loaded, by somebody whose it is not: nothing happens.
async fn only_what_is_there_can_be_taken_out(database: &Database) {
    let stage = Stage::new(database).await;
    let mut first = stage.sessions.open();
    for name in ["O", "H"] {
        first.add(Author { name: name.into(), books: Many::from([book(name)]), ..default() });
    }
    first.commit().await.unwrap();
    let mut session = stage.sessions.open();
    let authors = session.scalars(select(Author).order_by(Author::id)).all().await.unwrap();
    let books = session.scalars(select(Book).order_by(Book::id)).all().await.unwrap();
    authors[1].edit(|author| assert!(!author.books.remove(&books[0])));
    session.commit().await.unwrap();
    assert_eq!(titles(&mut session).await, ["H", "O"]);
    authors[0].edit(|author| assert!(author.books.remove(&books[0])));
    authors[0].edit(|author| assert!(!author.books.remove(&books[0])));
    session.commit().await.unwrap();
    assert_eq!(titles(&mut session).await, ["H"]);
}
on_every_database!(only_what_is_there_can_be_taken_out);
