//! `session.get` of an object that the session has sends no statement and allocates nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aludel::{engine::CreateAll as _, prelude::*};
use futures_util::FutureExt as _;

#[derive(Mapped, Clone, Debug, Default)]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[column(length = 100)]
    name: String,
    #[relationship(back_populates = Book::author)]
    books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Author::id)]
    author_id: i64,
    #[relationship(back_populates = Author::books)]
    author: One<Author>,
}

/// A key of two columns.
#[derive(Mapped, Clone, Debug, Default)]
struct Seat {
    #[column(primary_key)]
    row: i32,
    #[column(primary_key)]
    number: i32,
}

/// A session over a database in memory, which knows an author and a seat, and the number of statements sent so far.
async fn session() -> Result<(Session, Arc<AtomicUsize>)> {
    let statements = Arc::new(AtomicUsize::new(0));
    let counter = statements.clone();
    let engine = create_engine("sqlite://")
        .echo_with(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .build()?;
    engine.begin(async |conn| MetaData::of((Author, Book, Seat)).create_all(conn).await).await?;
    let mut session = SessionMaker::new(&engine).open();
    session.add(Author { id: 1, name: "Ursula K. Le Guin".into(), ..default() });
    session.add(Seat { row: 3, number: 4 });
    session.commit().await?;
    Ok((session, statements))
}

/// What so many calls allocate; each must be ready at once.
fn allocations_of<M>(times: usize, mut call: impl FnMut() -> Option<Result<Option<M>>>) -> u64 {
    let counted = allocation_counter::measure(|| {
        for _ in 0..times {
            assert!(matches!(call(), Some(Ok(Some(_)))));
        }
    });
    counted.count_total
}

#[tokio::test]
async fn get_of_a_present_object_sends_nothing_and_allocates_nothing() -> Result<()> {
    let (mut session, statements) = session().await?;
    let before = statements.load(Ordering::Relaxed);
    assert!(before > 0, "the statements are not counted");
    assert_eq!(allocations_of(100, || session.get(Author, 1).now_or_never()), 0);
    assert_eq!(allocations_of(100, || session.get(Seat, (3, 4)).now_or_never()), 0);
    assert_eq!(statements.load(Ordering::Relaxed), before);
    Ok(())
}

#[tokio::test]
async fn get_of_an_absent_object_sends_a_statement() -> Result<()> {
    let (mut session, statements) = session().await?;
    let before = statements.load(Ordering::Relaxed);
    assert!(session.get(Author, 2).await?.is_none());
    assert!(statements.load(Ordering::Relaxed) > before);
    Ok(())
}

#[test]
fn allocations_are_counted() {
    assert_eq!(allocations_of(3, || Some(Ok(Some(std::hint::black_box(Box::new(1)))))), 3);
}
