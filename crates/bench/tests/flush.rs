//! A flush looks at what was changed, and at nothing else; and it copies no new object.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use aludel::{engine::CreateAll as _, prelude::*};
use tokio::runtime::{Builder, Runtime};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "flushed_word")]
struct Word {
    #[column(primary_key)]
    id: i64,
    #[column(length = 100)]
    text: String,
    count: i64,
}

fn word(number: usize) -> Word {
    // Longer than what stands in a value itself.
    Word { text: format!("a word that is long enough to need memory, number {number}"), ..default() }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn session() -> Session {
    let engine = create_engine("sqlite://").build().unwrap();
    engine.begin(async |conn| MetaData::of((Word,)).create_all(conn).await).await.unwrap();
    SessionMaker::new(&engine).open()
}

/// What a flush of ten changed objects allocates, in a session with so many clean ones beside them.
fn allocations_of_ten_changes(clean: usize) -> u64 {
    let runtime = runtime();
    let (mut session, words) = runtime.block_on(async {
        let mut session = session().await;
        let words = session.add_all((0..clean + 10).map(word));
        session.commit().await.unwrap();
        (session, words)
    });
    let mut allocated = 0;
    // The first round prepares the statement.
    for round in 1..=2 {
        words.iter().rev().take(10).for_each(|word| word.set(Word::count, round));
        let counted = allocation_counter::measure(|| runtime.block_on(session.flush()).unwrap());
        allocated = counted.count_total;
        runtime.block_on(session.commit()).unwrap();
    }
    allocated
}

#[test]
fn clean_objects_cost_a_flush_nothing() {
    let alone = allocations_of_ten_changes(0);
    assert!(alone > 0, "allocations are not counted");
    assert_eq!(allocations_of_ten_changes(1_000), alone);
    assert_eq!(allocations_of_ten_changes(100_000), alone);
}

#[test]
fn a_new_object_is_allocated_once_with_its_handle() {
    const OBJECTS: usize = 1000;
    let runtime = runtime();
    let mut session = runtime.block_on(session());
    let add_and_commit = |session: &mut Session| {
        // The texts are the caller's; only the session's own allocations count.
        let words: Vec<Word> = (0..OBJECTS).map(word).collect();
        let mut added = Vec::new();
        let counted = allocation_counter::measure(|| {
            added = session.add_all(words);
            runtime.block_on(session.commit()).unwrap();
        });
        assert!(added.iter().all(|word| word.read().id > 0));
        counted.count_total
    };
    add_and_commit(&mut session);
    let allocated = add_and_commit(&mut session);
    // The object, its version, and its text once more on the way to the statement.
    let most = 3 * OBJECTS as u64 + 200;
    assert!(allocated <= most, "{allocated} allocations for {OBJECTS} new objects");
}
