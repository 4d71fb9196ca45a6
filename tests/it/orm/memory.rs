//! What keeps objects alive, and what lets them go. No database is needed for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use aludel::prelude::*;

static LIVE: AtomicUsize = AtomicUsize::new(0);

/// Counts itself.
#[derive(Debug)]
pub(crate) struct Counted(());

impl Default for Counted {
    fn default() -> Self {
        LIVE.fetch_add(1, Ordering::SeqCst);
        Self(())
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

impl PartialEq for Counted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl aludel::sql::Decode for Counted {
    fn decode(_: aludel::sql::Cell<'_>) -> aludel::sql::Result<Self> {
        Ok(Self::default())
    }
}

impl aludel::sql::ColumnType for Counted {
    type Base = Self;
    type Like<U: aludel::sql::ColumnType<Base = U>> = U;

    fn sql_type() -> aludel::sql::SqlType {
        aludel::sql::SqlType::Integer
    }

    fn to_value(&self) -> aludel::sql::Value {
        aludel::sql::Value::I64(0)
    }
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Friend {
    #[column(primary_key)]
    pub(crate) id: i64,
    pub(crate) counted: Counted,
    #[column(foreign_key = Friend::id)]
    pub(crate) next_id: Option<i64>,
    #[relationship(back_populates = Friend::previous)]
    pub(crate) next: One<Friend>,
    #[relationship(back_populates = Friend::next)]
    pub(crate) previous: Many<Friend>,
}

/// A ring of friends, each linked on both sides.
fn ring(session: &mut Session, size: usize) -> Vec<Instance<Friend>> {
    let friends = session.add_all((0..size).map(|_| Friend::default()));
    for (position, friend) in friends.iter().enumerate() {
        friend.set(Friend::next, &friends[(position + 1) % size]);
    }
    friends
}

#[tokio::test]
async fn a_ring_lives_as_long_as_a_handle_and_no_longer() {
    let engine = create_engine("sqlite://").build().unwrap();
    let sessions = SessionMaker::new(&engine);
    let live = || LIVE.load(Ordering::SeqCst);

    let mut session = sessions.open();
    let friends = ring(&mut session, 100);
    assert!(live() >= 100);
    let kept = friends[0].clone();
    drop(friends);
    drop(session);
    let mut walked = kept.clone();
    for _ in 0..100 {
        let next = walked.read().next.get().unwrap().unwrap();
        walked = next;
    }
    assert_eq!(walked, kept);
    let snapshot = kept.read();
    drop((kept, walked));
    assert_eq!(snapshot.previous.len().unwrap(), 1);
    drop(snapshot);
    assert_eq!(live(), 0);

    // Without a handle nothing outlives its session; what is linked to nothing goes also when a handle to another is kept.
    let mut session = sessions.open();
    ring(&mut session, 10);
    let alone = session.add(Friend::default());
    drop(session);
    assert!(live() <= 2, "{}", live());
    drop(alone);
    assert_eq!(live(), 0);

    // Never added, deeply nested: dropped without recursion.
    let mut nested = Friend::default();
    for _ in 0..100_000 {
        nested = Friend { next: One::from(nested), ..Friend::default() };
    }
    drop(nested);
    assert_eq!(live(), 0);
    let mut session = sessions.open();
    let mut nested = Friend::default();
    for _ in 0..20_000 {
        nested = Friend { next: One::from(nested), ..Friend::default() };
    }
    session.add(nested);
    drop(session);
    assert_eq!(live(), 0);
}
