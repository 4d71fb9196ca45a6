//! `session.get` of an object that the session has sends no statement and allocates nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aludel::{engine::CreateAll as _, prelude::*, sql::Entity};
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

/// What a clean object costs beside its struct, in bytes; the handles are not counted, they are the caller's.
fn bytes_of_a_clean_object<M: Mapped>(model: Entity<M>, insert: &'static str, rows: i64) -> Result<f64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = create_engine("sqlite://").build()?;
    let sessions = SessionMaker::new(&engine);
    let mut session = sessions.open();
    runtime.block_on(async {
        engine
            .begin(async |conn| {
                MetaData::of((Author, Book, Seat)).create_all(conn).await?;
                conn.execute(text("INSERT INTO author (id, name) VALUES (1, 'Eric')")).await?;
                conn.execute(text(insert).bind("rows", rows)).await.map(drop)
            })
            .await?;
        // What is made once, for the first object, does not count.
        sessions.open().scalars(select(model)).all().await?;
        session.scalars(select(model).limit(1)).all().await.map(drop)
    })?;
    let mut found = 0;
    let counted = allocation_counter::measure(|| {
        let objects = runtime.block_on(async { session.scalars(select(model)).all().await });
        found = objects.map_or(0, |objects| objects.len());
    });
    assert_eq!(found, usize::try_from(rows).unwrap_or_default());
    let structs = (found - 1) * size_of::<M>();
    Ok((counted.bytes_current as f64 - structs as f64) / found as f64)
}

#[test]
fn a_clean_object_costs_at_most_128_bytes_beside_its_struct() -> Result<()> {
    // Full, and just grown: the identity map doubles after the seventh eighth of its places is taken.
    for rows in [10_000, 14_336, 14_337, 28_673] {
        let books = "WITH RECURSIVE number(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < :rows) \
                     INSERT INTO book (id, author_id) SELECT id, 1 FROM number";
        let book = bytes_of_a_clean_object(Book, books, rows)?;
        let seats = "WITH RECURSIVE number(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < :rows) \
                     INSERT INTO seat (row, number) SELECT id, 1 FROM number";
        // Nothing in its struct tells a version that is there from one that is not.
        let seat = bytes_of_a_clean_object(Seat, seats, rows)?;
        for bytes in [book, seat] {
            assert!(bytes > 50.0, "{bytes} bytes for each of {rows} objects: they are not counted");
            assert!(bytes <= 128.0, "{bytes} bytes for each of {rows} objects");
        }
    }
    Ok(())
}

/// A million objects go through a session, and never more than a few batches are there.
#[test]
fn a_stream_of_a_million_objects_takes_little_memory() -> Result<()> {
    const ROWS: i64 = 1_000_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = create_engine("sqlite://").build()?;
    let mut session = SessionMaker::new(&engine).open();
    runtime.block_on(engine.begin(async |conn| MetaData::of((Author, Book)).create_all(conn).await))?;
    let numbers = "WITH RECURSIVE number(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM number WHERE id < :rows) \
                   INSERT INTO book (id, author_id) SELECT id, 1 FROM number";
    runtime.block_on(async {
        engine
            .begin(async |conn| {
                conn.execute(text("INSERT INTO author (id, name) VALUES (1, 'Eric')")).await?;
                conn.execute(text(numbers).bind("rows", ROWS)).await.map(drop)
            })
            .await
    })?;
    let (mut sum, mut outcome): (i64, Result<()>) = (0, Ok(()));
    let counted = allocation_counter::measure(|| {
        outcome = runtime.block_on(async {
            let mut books = session.stream(select(Book)).await?;
            while let Some(book) = books.next().await? {
                sum += book.read().id;
            }
            Ok(())
        });
    });
    outcome?;
    assert_eq!(sum, ROWS * (ROWS + 1) / 2);
    assert!(counted.bytes_max < 4 << 20, "{} bytes were in use at once", counted.bytes_max);
    assert!(counted.bytes_current < 1 << 20, "{} bytes are left", counted.bytes_current);
    Ok(())
}
