//! What a session knows of its objects, and what it asks for when it is told to.

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Address, Author, Book, User},
};
use crate::database::{Database, on_every_database};

async fn what_is_pending_dirty_and_deleted(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let users = session.add_all(["a", "b", "c"].map(|name| User { name: name.into(), ..default() }));
    assert_eq!(session.pending(User), users);
    assert!(session.dirty(User).is_empty() && session.pending(Author).is_empty());
    session.commit().await.unwrap();
    assert!(session.pending(User).is_empty());
    users[0].set(User::name, "x");
    session.delete(&users[1]).unwrap();
    assert_eq!(
        (session.dirty(User), session.deleted(User)),
        (vec![users[0].clone()], vec![users[1].clone()])
    );
    let history = users[0].history(User::name);
    assert_eq!((history.now.as_str(), history.stored.as_deref()), ("x", Some("a")));
    assert!(history.is_changed() && !users[2].history(User::name).is_changed());
    assert_eq!(users[0].modified_columns(), ["name"]);
    // The old value again is no change.
    users[0].set(User::name, "a");
    assert_eq!((users[0].history(User::name).stored, users[0].modified_columns()), (None, Vec::new()));
    stage.sent();
    session.commit().await.unwrap();
    // What a cascade has to know is asked for.
    assert_eq!(stage.verbs(), ["SELECT profile", "DELETE users"]);
    // Let go, they are read, and written no more.
    users[0].set(User::name, "lost");
    session.expunge_all();
    session.commit().await.unwrap();
    assert_eq!((users[0].state(), users[0].read().name.as_str()), (State::Detached, "lost"));
    let anew = session.get_one(User, users[0].read().id).await.unwrap();
    assert!(anew != users[0] && anew.read().name == "a");
    let missing = session.get_one(User, 77).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NoResultFound);
    assert!(missing.message().contains("User") && missing.message().contains("77"), "{missing}");
}
on_every_database!(what_is_pending_dirty_and_deleted);

async fn asking_again_with_a_lock_and_with_options(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author {
        name: "a".into(),
        books: Many::from([Book { title: "one".into(), ..default() }]),
        ..default()
    });
    session.commit().await.unwrap();
    let id = author.read().id;
    let mut other = stage.engine.connect().await.unwrap();
    other.execute(update(Author).set(Author::name, "theirs").filter(Author::id.eq(id))).await.unwrap();
    other.commit().await.unwrap();
    drop(other);
    stage.sent();
    let again = session.get_one(Author, id).await.unwrap();
    assert_eq!((stage.sent().len(), again.read().name.as_str()), (0, "a"));
    let locked = session.get_with(Author, id, |select| select.with_for_update()).await.unwrap();
    assert_eq!((locked.as_ref(), author.read().name.as_str()), (Some(&author), "theirs"));
    let sent = stage.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].contains("FOR UPDATE"), !database.is_sqlite(), "{sent:?}");
    session.rollback().await.unwrap();
    // With its books in the same call.
    session.refresh_with(&author, |select| select.options(selectinload(Author::books))).await.unwrap();
    assert_eq!(stage.sent().len(), 2);
    assert_eq!(author.read().books.iter().unwrap().count(), 1);
    assert_eq!(session.get_with(Author, id + 1, |select| select).await.unwrap(), None);
}
on_every_database!(asking_again_with_a_lock_and_with_options);

async fn expiring_follows_the_cascades(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author {
        name: "a".into(),
        books: Many::from([Book { title: "one".into(), ..default() }]),
        ..default()
    });
    let bystander = session.add(User { name: "u".into(), ..default() });
    session.commit().await.unwrap();
    let book = author.read().books.iter().unwrap().next().unwrap();
    session.expire(&author).unwrap();
    assert!(author.is_expired() && book.is_expired() && !bystander.is_expired());
    // From the other side nothing cascades.
    session.refresh(&author).await.unwrap();
    assert!(!author.is_expired() && book.is_expired(), "a refresh brings the object alone");
    session.refresh(&book).await.unwrap();
    session.expire(&book).unwrap();
    assert!(book.is_expired() && !author.is_expired());
}
on_every_database!(expiring_follows_the_cascades);

async fn the_history_of_a_relationship(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let user = session.add(User {
        name: "a".into(),
        addresses: ["x", "y"].map(|email| Address { email: email.into(), ..default() }).into(),
        ..default()
    });
    let new = user.link_history(User::addresses);
    assert_eq!((new.added.len(), new.unchanged.len(), new.removed.len()), (2, 0, 0));
    session.commit().await.unwrap();
    let [x, y] = user.read().addresses.iter().unwrap().collect::<Vec<_>>().try_into().unwrap();
    assert!(!user.link_history(User::addresses).is_changed());
    let z = session.add(Address { email: "z".into(), ..default() });
    user.edit(|user| {
        user.addresses.remove(&x);
        user.addresses.push(&z);
    });
    let history = user.link_history(User::addresses);
    assert_eq!(
        (history.added, history.unchanged, history.removed),
        (vec![z.clone()], vec![y], vec![x.clone()])
    );
    // The other side says the same.
    assert_eq!(x.link_history(Address::user).removed, std::slice::from_ref(&user));
    assert_eq!(z.link_history(Address::user).added, std::slice::from_ref(&user));
    session.flush().await.unwrap();
    assert!(!user.link_history(User::addresses).is_changed());
    assert_eq!(user.link_history(User::addresses).unchanged.len(), 2);
    session.commit().await.unwrap();
    // Of what is not loaded only the changes are known.
    session.expunge_all();
    let user = session.get_one(User, user.read().id).await.unwrap();
    stage.sent();
    let new = Address { email: "w".into(), ..default() };
    user.edit(|user| user.addresses.push(new));
    let history = user.link_history(User::addresses);
    assert_eq!((history.added.len(), history.unchanged.len(), history.removed.len()), (1, 0, 0));
    assert_eq!(stage.sent(), Vec::<String>::new());
    session.rollback().await.unwrap();
    assert!(!user.link_history(User::addresses).is_changed());
}
on_every_database!(the_history_of_a_relationship);
