//! Both sides of a relationship, in memory and in the database.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Address, Author, Book, Profile, Tag, User},
};
use crate::database::{Database, on_every_database};

fn book(title: &str) -> Book {
    Book { title: title.into(), ..default() }
}

fn titles(author: &Instance<Author>) -> Vec<String> {
    author.read().books.iter().unwrap().map(|book| book.read().title.clone()).collect()
}

async fn both_sides_at_once(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let orwell = session.add(Author {
        name: "O".into(),
        books: Many::from([book("1984"), book("Animal Farm")]),
        ..default()
    });
    let huxley = session.add(Author { name: "H".into(), ..default() });
    let before = orwell.read();
    let farm = orwell.read().books.iter().unwrap().nth(1).unwrap();
    assert_eq!(farm.read().author.get().unwrap(), Some(orwell.clone()));
    // Set on one side, moved on both; snapshots share their links.
    farm.set(Book::author, &huxley);
    assert_eq!((titles(&orwell), titles(&huxley)), (vec!["1984".into()], vec!["Animal Farm".into()]));
    assert_eq!(before.books.len().unwrap(), 1);
    huxley.edit(|huxley| huxley.books.push(book("Island")));
    session.commit().await.unwrap();
    // After the commit the same, and from the database the same.
    orwell.edit(|orwell| orwell.books.push(&farm));
    assert_eq!(farm.read().author.get().unwrap(), Some(orwell.clone()));
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE book"]);
    assert_eq!(farm.read().author_id, orwell.read().id);
    let mut other = stage.sessions.open();
    let loaded = other
        .scalars(select(Author).order_by(Author::id).options(selectinload(Author::books)))
        .all()
        .await
        .unwrap();
    assert_eq!(
        (titles(&loaded[0]), titles(&loaded[1])),
        (vec!["1984".into(), "Animal Farm".into()], vec!["Island".into()])
    );
}
on_every_database!(both_sides_at_once);

async fn case_063_orphans_are_deleted(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { books: Many::from([book("a"), book("b")]), ..default() });
    let other = session.add(Author::default());
    session.commit().await.unwrap();
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    // The collection is replaced: what was there goes, what is new comes.
    author.set(Author::books, Many::from([book("c"), book("d")]));
    session.commit().await.unwrap();
    assert_eq!(books[0].state(), aludel::orm::State::Detached);
    assert_eq!(titles(&author), ["c", "d"]);
    assert_eq!(session.scalars(select(count(Book::id))).one().await.unwrap(), 2);
    // Put in and taken out before the flush: never written.
    author.edit(|author| author.books.push(book("never")));
    let never = author.read().books.iter().unwrap().last().unwrap();
    author.edit(|author| assert!(author.books.remove(&never)));
    session.flush().await.unwrap();
    assert!(!session.contains(&never));
    // Given to another author after all, it comes back.
    other.edit(|other| other.books.push(&never));
    assert!(session.contains(&never));
    other.edit(|other| assert!(other.books.remove(&never)));
    assert!(!session.contains(&never));
    // Moved to another author before its own is deleted: it survives.
    let moved = author.read().books.iter().unwrap().next().unwrap();
    moved.set(Book::author, &other);
    session.delete(&author).unwrap();
    session.commit().await.unwrap();
    let left: Vec<String> = session.scalars(select(Book::title)).all().await.unwrap();
    assert_eq!(left, ["c"]);
    // An unloaded collection is loaded, and deleted.
    let mut fresh = stage.sessions.open();
    let other = fresh.get(Author, other.read().id).await.unwrap().unwrap();
    fresh.delete(&other).unwrap();
    fresh.commit().await.unwrap();
    assert_eq!(fresh.scalars(select(count(Book::id))).one().await.unwrap(), 0);
}
on_every_database!(case_063_orphans_are_deleted);

async fn one_to_one(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let profile = |motto: &str| Profile { motto: motto.into(), ..default() };
    let user = session.add(User { profile: One::from(profile("first")), ..default() });
    session.commit().await.unwrap();
    let first = user.read().profile.get().unwrap().unwrap();
    assert_eq!(first.read().user_id, user.read().id);
    assert_eq!(first.read().user.get().unwrap(), Some(user.clone()));
    session.delete(&first).unwrap();
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    let user = other.get(User, user.read().id).await.unwrap().unwrap();
    assert_eq!(other.load(&user, User::profile).await.unwrap(), None);
    user.set(User::profile, profile("second"));
    other.commit().await.unwrap();
    assert_eq!(other.scalars(select(Profile::motto)).all().await.unwrap(), ["second"]);
    // Its user goes, and it goes along.
    other.delete(&user).unwrap();
    other.commit().await.unwrap();
    assert_eq!(other.scalars(select(count(Profile::id))).one().await.unwrap(), 0);
}
on_every_database!(one_to_one);

async fn links_of_what_is_not_loaded(database: &Database) {
    let stage = Stage::new(database).await;
    stage
        .sessions
        .begin(async |session| {
            session.add(User {
                name: "u".into(),
                addresses: Many::from([Address { email: "1".into(), ..default() }]),
                ..default()
            });
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let user = session.scalars(select(User)).one().await.unwrap();
    stage.sent();
    // Putting in needs no loading, and is there when it is loaded.
    user.edit(|user| user.addresses.push(Address { email: "2".into(), ..default() }));
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT addresses"]);
    user.edit(|user| user.addresses.push(Address { email: "3".into(), ..default() }));
    let addresses = session.load(&user, User::addresses).await.unwrap();
    assert_eq!(
        addresses.iter().map(|address| address.read().email.clone()).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    // Taken out without a new user: its key becomes NULL.
    user.edit(|user| assert!(user.addresses.remove(&addresses[0])));
    session.commit().await.unwrap();
    assert_eq!(addresses[0].read().user_id, None);
    assert_eq!(addresses[0].read().user.get().unwrap(), None);
}
on_every_database!(links_of_what_is_not_loaded);

async fn many_to_many_from_both_sides(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { books: Many::from([book("a"), book("b")]), ..default() });
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    let tag = session.add(Tag { label: "t".into(), books: Many::from([&books[0]]), ..default() });
    // Said on both sides: one row all the same.
    books[0].edit(|book| book.tags.push(&tag));
    books[1].edit(|book| book.tags.push(&tag));
    session.commit().await.unwrap();
    assert_eq!(tag.read().books.len().unwrap(), 2);
    let mut other = stage.sessions.open();
    let tags = other.scalars(select(Tag).options(selectinload(Tag::books))).all().await.unwrap();
    assert_eq!(tags[0].read().books.len().unwrap(), 2);
    tags[0].edit(|tag| tag.books.clear());
    other.commit().await.unwrap();
    let mut third = stage.sessions.open();
    let tag = third.scalars(select(Tag)).one().await.unwrap();
    assert!(third.load(&tag, Tag::books).await.unwrap().is_empty());
    let tagged = third.scalars(select(Book).filter(Book::tags.any_at_all())).all().await.unwrap();
    assert!(tagged.is_empty());
}
on_every_database!(many_to_many_from_both_sides);
