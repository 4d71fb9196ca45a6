//! Nested transactions of a session: what each of them keeps and undoes, in the database and in memory.

use std::collections::BTreeMap;

use aludel::{
    orm::{NestedTransaction, State},
    prelude::*,
};

use super::{
    Stage,
    models::{Author, Book, User},
};
use crate::database::{Database, on_every_database};

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

async fn names(session: &mut Session) -> Vec<String> {
    session.scalars(select(User::name).order_by(User::id)).all().await.unwrap()
}

async fn case_042_what_a_nested_transaction_undoes_and_keeps(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let (ed, jack) = (session.add(user("ed")), session.add(user("jack")));
    let mut nested = session.begin_nested().await.unwrap();
    ed.set(User::name, "edward");
    jack.set(User::name, "jackward");
    let (wendy, fred) = (nested.add(user("wendy")), nested.add(user("fred")));
    assert_eq!(names(&mut nested).await, ["edward", "jackward", "wendy", "fred"]);
    assert!(nested.contains(&wendy) && nested.contains(&fred));
    nested.rollback().await.unwrap();
    assert_eq!((ed.read().name.as_str(), jack.read().name.as_str()), ("ed", "jack"));
    assert!(!session.contains(&wendy) && !session.contains(&fred));
    assert_eq!((wendy.state(), wendy.read().id, wendy.read().name.as_str()), (State::Transient, 0, "wendy"));
    session.commit().await.unwrap();
    assert_eq!(names(&mut session).await, ["ed", "jack"]);
    // The same, kept.
    let mut nested = session.begin_nested().await.unwrap();
    ed.set(User::name, "edward");
    let wendy = nested.add(user("wendy"));
    nested.commit().await.unwrap();
    session.commit().await.unwrap();
    stage.sent();
    assert_eq!((ed.read().name.as_str(), wendy.state()), ("edward", State::Persistent));
    assert_eq!(stage.sent(), [""; 0], "what was written is known, and not asked for again");
    assert_eq!(names(&mut session).await, ["edward", "jack", "wendy"]);
}
on_every_database!(case_042_what_a_nested_transaction_undoes_and_keeps);

async fn the_outer_transaction_undoes_what_the_inner_kept(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let ed = session.add(user("ed"));
    let author = session.add(Author {
        name: "a".into(),
        books: Many::from([
            Book { title: "one".into(), ..default() },
            Book { title: "two".into(), ..default() },
        ]),
        ..default()
    });
    session.commit().await.unwrap();
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    ed.set(User::name, "outer");
    session.flush().await.unwrap();
    session
        .nested(async |session| {
            ed.set(User::name, "inner");
            session.delete(&books[0])?;
            author.edit(|author| author.books.push(Book { title: "three".into(), ..default() }));
            session.flush().await
        })
        .await
        .unwrap();
    assert_eq!((ed.read().name.as_str(), books[0].state()), ("inner", State::Deleted));
    // Undone inside, it stands as the outer one left it.
    let failed = session
        .nested(async |session| {
            ed.set(User::name, "third");
            session.delete(&books[1])?;
            session.flush().await?;
            assert_eq!(books[1].state(), State::Deleted);
            Err::<(), _>(Error::custom("changed my mind"))
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Custom);
    assert_eq!((ed.read().name.as_str(), books[1].state()), ("inner", State::Persistent));
    assert_eq!(books[0].state(), State::Deleted, "that was the outer one's");
    session.rollback().await.unwrap();
    assert_eq!((ed.read().name.as_str(), books[0].state()), ("ed", State::Persistent));
    assert_eq!(author.read().books.iter().unwrap().collect::<Vec<_>>(), books);
    let titles: Vec<String> = session.scalars(select(Book::title).order_by(Book::id)).all().await.unwrap();
    assert_eq!(titles, ["one", "two"]);
    assert_eq!(names(&mut session).await, ["ed"]);
}
on_every_database!(the_outer_transaction_undoes_what_the_inner_kept);

async fn an_error_inside_is_undone_inside(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let ed = session.add(User { id: 1, name: "ed".into(), ..default() });
    session.flush().await.unwrap();
    let mut nested = session.begin_nested().await.unwrap();
    // A row that the session knows nothing of stands in the way.
    let conn = nested.connection().await.unwrap();
    conn.execute(text("INSERT INTO users (id, name) VALUES (2, 'x')")).await.unwrap();
    let twin = nested.add(User { id: 2, name: "twin".into(), ..default() });
    assert_eq!(nested.flush().await.unwrap_err().kind(), ErrorKind::Integrity);
    // Until it is rolled back, nothing is sent.
    assert_eq!(nested.flush().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    assert_eq!(nested.begin_nested().await.map(drop).unwrap_err().kind(), ErrorKind::PendingRollback);
    nested.rollback().await.unwrap();
    assert_eq!((ed.state(), twin.state()), (State::Persistent, State::Transient));
    ed.set(User::name, "edward");
    session.commit().await.unwrap();
    assert_eq!(names(&mut session).await, ["edward"]);
    // Dropped, it is undone as well; and a session whose outer transaction ended has none.
    let mut nested = session.begin_nested().await.unwrap();
    ed.set(User::name, "dropped");
    nested.flush().await.unwrap();
    drop(nested);
    assert!(!session.in_nested_transaction());
    assert_eq!(ed.read().name, "edward");
    assert_eq!(names(&mut session).await, ["edward"]);
    let mut nested = session.begin_nested().await.unwrap();
    Session::rollback(&mut nested).await.unwrap();
    assert!(!nested.is_active());
    assert_eq!(nested.commit().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
}
on_every_database!(an_error_inside_is_undone_inside);

/// A commit of everything from inside, which fails, leaves the outer transaction to go on once the inner one is rolled back.
async fn a_commit_inside_that_fails_ends_nothing(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(User { id: 1, name: "ed".into(), ..default() });
    session.flush().await.unwrap();
    let mut nested = session.begin_nested().await.unwrap();
    let conn = nested.connection().await.unwrap();
    conn.execute(text("INSERT INTO users (id, name) VALUES (2, 'x')")).await.unwrap();
    nested.add(User { id: 2, name: "twin".into(), ..default() });
    assert_eq!(Session::commit(&mut nested).await.unwrap_err().kind(), ErrorKind::Integrity);
    nested.rollback().await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(names(&mut session).await, ["ed"]);
}
on_every_database!(a_commit_inside_that_fails_ends_nothing);

/// What left the session stays as it is. Added again before the end, it goes back with the transaction that wrote it.
async fn what_is_expunged_and_a_rollback(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let ed = session.add(User { id: 1, name: "ed".into(), ..default() });
    session.commit().await.unwrap();
    for comes_back in [false, true] {
        ed.set(User::name, "edward");
        session.flush().await.unwrap();
        session.expunge(&ed).unwrap();
        if comes_back {
            session.add(&ed);
        }
        session.rollback().await.unwrap();
        if comes_back {
            assert_eq!((ed.read().name.as_str(), ed.is_modified()), ("ed", false));
            continue;
        }
        assert_eq!((ed.read().name.as_str(), ed.state()), ("edward", State::Detached));
        assert!(ed.is_expired(), "it may be old, and is");
        session.add(&ed);
        assert_eq!(session.get(User, 1).await.unwrap(), Some(ed.clone()));
        assert_eq!(ed.read().name, "ed");
        // What a later transaction goes back to is what was before that one.
        session.rollback().await.unwrap();
        assert_eq!(ed.read().name, "ed");
        session.refresh(&ed).await.unwrap();
        session.commit().await.unwrap();
    }
}
on_every_database!(what_is_expunged_and_a_rollback);

/// What the tables hold, and what the objects show, in a plain map.
type Oracle = BTreeMap<i64, String>;

/// Random changes in random nesting, compared after each step with maps that are copied when a transaction begins.
async fn random_nesting_ends_cleanly(database: &Database) {
    let stage = Stage::new(database).await;
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut session = stage.sessions.open();
        let stored: Vec<_> = session.scalars(select(User).order_by(User::id)).all().await.unwrap();
        let mut oracle: Oracle =
            stored.iter().map(|user| (user.read().id, user.read().name.clone())).collect();
        for _ in 0..4 {
            let before = oracle.clone();
            walk(&mut session, &mut oracle, &mut random, 3).await;
            match random.bool() {
                true => session.commit().await.unwrap(),
                false => {
                    session.rollback().await.unwrap();
                    oracle = before;
                }
            }
            compare(&mut session, &oracle, seed).await;
        }
        session.close().await.unwrap();
        let mut other = stage.sessions.open();
        compare(&mut other, &oracle, seed).await;
    }
}
on_every_database!(random_nesting_ends_cleanly);

fn walk<'a>(
    session: &'a mut Session,
    oracle: &'a mut Oracle,
    random: &'a mut fastrand::Rng,
    depth: usize,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
    Box::pin(async move {
        for step in 0..random.usize(1..6) {
            let ids: Vec<i64> = oracle.keys().copied().collect();
            match random.u8(0..5) {
                0 => {
                    let name = format!("new {depth}.{step}");
                    let added = session.add(user(&name));
                    session.flush().await.unwrap();
                    oracle.insert(added.read().id, name);
                }
                1 if !ids.is_empty() => {
                    let id = ids[random.usize(..ids.len())];
                    let name = format!("{} {}", random.u16(..), "é".repeat(random.usize(..3)));
                    session.get_one(User, id).await.unwrap().set(User::name, name.clone());
                    oracle.insert(id, name);
                }
                2 if !ids.is_empty() => {
                    let id = ids[random.usize(..ids.len())];
                    let gone = session.get_one(User, id).await.unwrap();
                    session.delete(&gone).unwrap();
                    session.flush().await.unwrap();
                    oracle.remove(&id);
                }
                3 | 4 if depth > 0 => {
                    let before = oracle.clone();
                    let mut nested: NestedTransaction<'_> = session.begin_nested().await.unwrap();
                    walk(&mut nested, oracle, random, depth - 1).await;
                    match random.u8(0..3) {
                        0 => nested.commit().await.unwrap(),
                        end => {
                            match end {
                                1 => nested.rollback().await.unwrap(),
                                _ => drop(nested),
                            }
                            *oracle = before;
                        }
                    }
                }
                _ => session.flush().await.unwrap(),
            }
        }
    })
}

async fn compare(session: &mut Session, oracle: &Oracle, seed: u64) {
    let users: Vec<_> = session.scalars(select(User).order_by(User::id)).all().await.unwrap();
    let shown: Oracle = users.iter().map(|user| (user.read().id, user.read().name.clone())).collect();
    assert_eq!(shown, *oracle, "seed {seed}: what the objects show");
    let rows: Vec<(i64, String)> =
        session.execute(select((User::id, User::name)).order_by(User::id)).all().await.unwrap();
    assert_eq!(rows.into_iter().collect::<Oracle>(), *oracle, "seed {seed}: what the table holds");
}
