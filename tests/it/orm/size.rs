//! Many objects, long chains, and several tasks at once.

use std::time::{Duration, Instant};

use aludel::prelude::*;

use super::{
    Stage,
    models::{Author, Book, Node, Tag},
};
use crate::database::{Database, on_every_database};

/// Far more than a machine needs, and far less than a loop in a loop takes.
const PATIENCE: Duration = Duration::from_secs(40);

async fn five_thousand_nested(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let began = Instant::now();
    let tag = session.add(Tag { label: "t".into(), ..default() });
    let books =
        (0..5000).map(|number| Book { title: format!("{number}"), tags: Many::from([&tag]), ..default() });
    let author = session.add(Author { books: books.collect(), ..default() });
    session.commit().await.unwrap();
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    assert_eq!(tag.read().books.len().unwrap(), 5000);
    assert!(books.windows(2).all(|pair| pair[0].read().id < pair[1].read().id));
    // All of them move, lose their tag, and are deleted.
    let other = session.add(Author { name: "other".into(), ..default() });
    other.set(Author::books, Many::from(books.clone()));
    tag.edit(|tag| tag.books.clear());
    session.commit().await.unwrap();
    assert_eq!(author.read().books.len().unwrap(), 0);
    assert_eq!(
        session.scalars(select(count(Book::id)).filter(Book::tags.any_at_all())).one().await.unwrap(),
        0
    );
    let moved = select(count(Book::id)).filter(Book::author_id.eq(other.read().id));
    assert_eq!(session.scalars(moved).one().await.unwrap(), 5000);
    other.edit(|other| other.books.clear());
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Book::id))).one().await.unwrap(), 0);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
on_every_database!(five_thousand_nested);

async fn five_thousand_with_keys_of_their_own(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let began = Instant::now();
    for id in 1..=5000 {
        session.add(Author { id, books: Many::from([Book { id, ..default() }]), ..default() });
    }
    session.commit().await.unwrap();
    let authors = session.scalars(select(Author).order_by(Author::id)).all().await.unwrap();
    assert_eq!(authors[4999].read().books.iter().unwrap().next().unwrap().read().author_id, 5000);
    authors.iter().for_each(|author| session.delete(author).unwrap());
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Book::id))).one().await.unwrap(), 0);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
on_every_database!(five_thousand_with_keys_of_their_own);

async fn a_chain_of_a_thousand(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let began = Instant::now();
    let mut chain = Node { name: "999".into(), ..default() };
    for depth in (0..999).rev() {
        chain = Node { name: depth.to_string(), children: Many::from([chain]), ..default() };
    }
    let root = session.add(chain);
    session.commit().await.unwrap();
    let mut node = root.clone();
    for depth in 1..1000 {
        let child = node.read().children.iter().unwrap().next().unwrap();
        assert_eq!(
            (child.read().parent_id, child.read().name.as_str()),
            (Some(node.read().id), &*depth.to_string())
        );
        node = child;
    }
    for node in session.scalars(select(Node)).all().await.unwrap() {
        session.delete(&node).unwrap();
    }
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Node::id))).one().await.unwrap(), 0);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}
on_every_database!(a_chain_of_a_thousand);

/// Other tasks change what a flush is sending: nothing of it is lost.
async fn objects_shared_by_tasks(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let [first, second] =
        ["first", "second"].map(|name| session.add(Author { name: name.into(), ..default() }));
    session.commit().await.unwrap();
    let writers: Vec<_> = [(first.clone(), second.clone()), (second.clone(), first.clone())]
        .into_iter()
        .enumerate()
        .map(|(task, (own, other))| {
            std::thread::spawn(move || {
                for round in 0..150 {
                    own.edit(|author| {
                        author.books.push(Book { title: format!("{task}.{round}"), ..default() })
                    });
                    own.set(Author::email, format!("{task}.{round}"));
                    // Books go back and forth between the two.
                    if let Some(book) = other.read().books.iter().unwrap().next() {
                        book.edit(|book| {
                            book.title.push('!');
                            book.author.set(&own);
                        });
                    }
                    std::thread::sleep(Duration::from_micros(300));
                }
            })
        })
        .collect();
    while writers.iter().any(|writer| !writer.is_finished()) {
        session.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    session.commit().await.unwrap();
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    let mut other = stage.sessions.open();
    let found = other
        .scalars(select(Author).order_by(Author::id).options(selectinload(Author::books)))
        .all()
        .await
        .unwrap();
    let books = |author: &Instance<Author>| {
        let mut titles: Vec<String> =
            author.read().books.iter().unwrap().map(|book| book.read().title.clone()).collect();
        titles.sort();
        titles
    };
    assert_eq!(books(&found[0]).len() + books(&found[1]).len(), 300);
    for (stored, own) in found.iter().zip([&first, &second]) {
        assert_eq!(books(stored), books(own));
        assert_eq!(stored.read().email, own.read().email);
        assert!(own.read().books.iter().unwrap().all(|book| book.read().author_id == own.read().id));
    }
}
on_every_database!(objects_shared_by_tasks);

/// Other tasks look at new objects while a flush puts their keys into them: each sees an object without a key or with its own,
/// and what somebody looked at is still as it was.
async fn new_objects_seen_by_tasks(database: &Database) {
    let stage = Stage::new(database).await;
    for round in 0..4 {
        let mut session = stage.sessions.open();
        let named = |number: usize| Author { name: format!("{round}.{number}"), ..default() };
        let authors = session.add_all((0..500).map(named));
        let (before, began) = (authors[round].read(), Instant::now());
        let readers: Vec<_> = (0..2)
            .map(|reader| {
                let authors = authors.clone();
                std::thread::spawn(move || {
                    loop {
                        assert!(began.elapsed() < PATIENCE, "there are objects without keys");
                        // One goes up and one goes down.
                        let last = authors.len() - 1;
                        let seen: Vec<(usize, i64)> = (0..=last)
                            .map(|number| if reader == 0 { number } else { last - number })
                            .map(|number| {
                                let author = authors[number].read();
                                assert_eq!(author.name, format!("{round}.{number}"));
                                (number, author.id)
                            })
                            .collect();
                        if seen.iter().all(|(_, id)| *id != 0) {
                            return seen;
                        }
                    }
                })
            })
            .collect();
        session.commit().await.unwrap();
        for reader in readers {
            for (number, id) in reader.join().unwrap() {
                assert_eq!(authors[number].read().id, id, "{number}");
            }
        }
        assert_eq!((before.id, &*before.name), (0, &*format!("{round}.{round}")));
        let mut other = stage.sessions.open();
        let found = other.get_one(Author, authors[round].read().id).await.unwrap();
        assert_eq!(found.read().name, format!("{round}.{round}"));
    }
}
on_every_database!(new_objects_seen_by_tasks);

/// A task reads what another one writes; handles and snapshots cross tasks and awaits.
async fn a_session_moves_between_tasks(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "a".into(), ..default() });
    session.commit().await.unwrap();
    let handle = author.clone();
    let (session, snapshot) = tokio::spawn(async move {
        handle.set(Author::name, "b");
        let snapshot = handle.read();
        session.flush().await.unwrap();
        (session, snapshot)
    })
    .await
    .unwrap();
    assert_eq!((snapshot.name.as_str(), author.read().name.as_str()), ("b", "b"));
    drop(session);
    assert_eq!(author.read().name, "a");
}
on_every_database!(a_session_moves_between_tasks);
