//! What is known of a new object's links, and what is asked for.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Address, User},
};
use crate::database::{Database, on_every_database};

async fn case_103_the_collection_of_a_new_object(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let address = || Address { email: "e".into(), ..default() };
    let bare = session.add(User::default());
    let full = session.add(User { addresses: Many::from([address(), address()]), ..default() });
    session.flush().await.unwrap();
    stage.sent();
    // No row could refer to it before it was there: its collections are known without a statement.
    assert_eq!(bare.read().addresses.len().unwrap(), 0);
    assert_eq!(full.read().addresses.len().unwrap(), 2);
    assert_eq!(session.load(&bare, User::addresses).await.unwrap(), []);
    assert_eq!(session.load(&full, User::addresses).await.unwrap().len(), 2);
    assert_eq!(stage.sent(), Vec::<String>::new());
    session.commit().await.unwrap();
    // Somebody else's rows come when it is expired, by one statement.
    let mut other = stage.sessions.open();
    other.add(Address { user_id: Some(bare.read().id), ..address() });
    other.commit().await.unwrap();
    session.expire(&bare).unwrap();
    stage.sent();
    assert_eq!(session.load(&bare, User::addresses).await.unwrap().len(), 1);
    assert_eq!(stage.verbs(), ["SELECT addresses"]);
    // Of a loaded one nothing is known, and nothing is asked unseen.
    let mut third = stage.sessions.open();
    let loaded = third.get_one(User, full.read().id).await.unwrap();
    stage.sent();
    let unread = loaded.read().addresses.len().unwrap_err();
    assert_eq!(unread.kind(), ErrorKind::NotLoaded);
    assert_eq!(stage.sent(), Vec::<String>::new());
    assert_eq!(third.load(&loaded, User::addresses).await.unwrap().len(), 2);
    assert_eq!(stage.verbs(), ["SELECT addresses"]);
    // Loaded along, it costs nothing more.
    let mut fourth = stage.sessions.open();
    let users = select(User).options(selectinload(User::addresses)).order_by(User::id);
    let users = fourth.scalars(users).all().await.unwrap();
    stage.sent();
    assert_eq!(users[1].read().addresses.len().unwrap(), 2);
    assert_eq!(fourth.load(&users[1], User::addresses).await.unwrap().len(), 2);
    assert_eq!(stage.sent(), Vec::<String>::new());
}
on_every_database!(case_103_the_collection_of_a_new_object);
