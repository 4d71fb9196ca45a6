//! Rows that take over a unique value from rows that go, or change.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Profile, Seat, User},
};
use crate::database::{Database, on_every_database};

fn profile(motto: &str) -> Profile {
    Profile { motto: motto.into(), ..default() }
}

async fn mottos(session: &mut Session) -> Vec<(i64, String)> {
    session
        .execute(select((Profile::user_id, Profile::motto)).order_by(Profile::user_id))
        .all()
        .await
        .unwrap()
}

async fn one_takes_the_place_of_another(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let user = session.add(User { id: 1, profile: One::from(profile("first")), ..default() });
    session.commit().await.unwrap();
    // Loaded: the old one is an orphan, and leaves before the new one comes.
    user.set(User::profile, profile("second"));
    session.commit().await.unwrap();
    assert_eq!(mottos(&mut session).await, [(1, "second".into())]);
    // Not loaded.
    let mut other = stage.sessions.open();
    let user = other.get(User, 1).await.unwrap().unwrap();
    user.set(User::profile, profile("third"));
    other.commit().await.unwrap();
    assert_eq!(mottos(&mut other).await, [(1, "third".into())]);
    // From the other side, not loaded either.
    let mut other = stage.sessions.open();
    let user = other.get(User, 1).await.unwrap().unwrap();
    other.add(Profile { user: One::from(&user), ..profile("fourth") });
    other.commit().await.unwrap();
    assert_eq!(mottos(&mut other).await, [(1, "fourth".into())]);
    // Deleted outright, and another by the key alone.
    let old = user.read().profile.get().unwrap().unwrap();
    other.delete(&old).unwrap();
    other.add(Profile { user_id: 1, ..profile("fifth") });
    other.commit().await.unwrap();
    assert_eq!(mottos(&mut other).await, [(1, "fifth".into())]);
    // Taken away for good.
    let mut other = stage.sessions.open();
    let user = other.get(User, 1).await.unwrap().unwrap();
    user.edit(|user| user.profile.clear());
    other.commit().await.unwrap();
    assert_eq!(mottos(&mut other).await, []);
}
on_every_database!(one_takes_the_place_of_another);

async fn a_chain_of_moves(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let users: Vec<_> = (1..=4)
        .map(|id| session.add(User { id, profile: One::from(profile(&id.to_string())), ..default() }))
        .collect();
    session.commit().await.unwrap();
    let profiles: Vec<_> = users.iter().map(|user| user.read().profile.get().unwrap().unwrap()).collect();
    // Each moves on by one, the last one's is an orphan, and the first gets a new one.
    for position in (0..3).rev() {
        users[position + 1].set(User::profile, &profiles[position]);
    }
    users[0].set(User::profile, profile("new"));
    session.commit().await.unwrap();
    let expected = [(1, "new"), (2, "1"), (3, "2"), (4, "3")].map(|(id, motto)| (id, motto.to_owned()));
    assert_eq!(mottos(&mut session).await, expected);
    assert_eq!(profiles[0].read().user_id, 2);
}
on_every_database!(a_chain_of_moves);

async fn a_key_is_used_again(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let seat = |guest: &str| Seat { hall: "h".into(), number: 1, guest: Some(guest.into()) };
    let old = session.add(seat("a"));
    session.commit().await.unwrap();
    session.delete(&old).unwrap();
    let new = session.add(seat("b"));
    session.commit().await.unwrap();
    assert_eq!(session.get(Seat, ("h", 1)).await.unwrap(), Some(new.clone()));
    assert_eq!(session.scalars(select(Seat::guest)).one().await.unwrap().as_deref(), Some("b"));
    // Rolled back, the key leads to the old one again.
    session.delete(&new).unwrap();
    let third = session.add(seat("c"));
    session.flush().await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!(session.get(Seat, ("h", 1)).await.unwrap(), Some(new.clone()));
    assert!(!session.contains(&third));
    // Its row went behind the session's back, and its key came back.
    session.connection().await.unwrap().execute(delete(Seat)).await.unwrap();
    session.expire(&new).unwrap();
    assert_eq!(session.get(Seat, ("h", 1)).await.unwrap(), None);
    let fourth = session.add(seat("d"));
    session.commit().await.unwrap();
    assert_eq!(session.get(Seat, ("h", 1)).await.unwrap(), Some(fourth));
}
on_every_database!(a_key_is_used_again);

/// Rows without a way to tell the session: the database gives their numbers out again.
async fn a_number_is_given_out_again(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let old = session.add(User { name: "old".into(), ..default() });
    session.commit().await.unwrap();
    session.connection().await.unwrap().execute(delete(User)).await.unwrap();
    let new = session.add(User { name: "new".into(), ..default() });
    session.flush().await.unwrap();
    let id = new.read().id;
    assert_eq!(session.get(User, id).await.unwrap(), Some(new.clone()));
    session.rollback().await.unwrap();
    let found = session.get(User, old.read().id).await.unwrap();
    assert_eq!(found, Some(old));
}
on_every_database!(a_number_is_given_out_again);
