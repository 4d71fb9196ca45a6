//! Objects in batches, and what becomes of those that nobody holds.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicI64, Ordering},
    },
};

use aludel::{orm::State, prelude::*, sql::typed::IntoNode as _};

use super::{
    Stage,
    models::{Author, Book},
};
use crate::database::{Database, Kind, on_every_database};

/// Counts how many of its mark live, and how many lived at most.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counted(i64);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count {
    live: usize,
    most: usize,
}

static COUNTS: Mutex<Option<HashMap<i64, Count>>> = Mutex::new(None);

impl Counted {
    fn new(mark: i64) -> Self {
        let mut counts = COUNTS.lock().unwrap();
        let count = counts.get_or_insert_default().entry(mark).or_default();
        count.live += 1;
        count.most = count.most.max(count.live);
        Self(mark)
    }

    fn count(mark: i64) -> Count {
        COUNTS.lock().unwrap().get_or_insert_default().get(&mark).copied().unwrap_or_default()
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(count) = COUNTS.lock().unwrap().get_or_insert_default().get_mut(&self.0) {
            count.live -= 1;
        }
    }
}

impl aludel::sql::Decode for Counted {
    fn decode(cell: aludel::sql::Cell<'_>) -> aludel::sql::Result<Self> {
        i64::decode(cell).map(Self::new)
    }
}

impl aludel::sql::ColumnType for Counted {
    type Base = Self;
    type Like<U: aludel::sql::ColumnType<Base = U>> = U;

    fn sql_type() -> aludel::sql::SqlType {
        i64::sql_type()
    }

    fn to_value(&self) -> aludel::sql::Value {
        aludel::sql::Value::I64(self.0)
    }
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Shelf {
    #[column(primary_key)]
    pub(crate) id: i64,
    pub(crate) mark: Counted,
    #[relationship(back_populates = Volume::shelf)]
    pub(crate) volumes: Many<Volume>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Volume {
    #[column(primary_key)]
    pub(crate) id: i64,
    pub(crate) mark: Counted,
    #[column(foreign_key = Shelf::id)]
    pub(crate) shelf_id: i64,
    #[relationship(back_populates = Shelf::volumes)]
    pub(crate) shelf: One<Shelf>,
}

/// A database with so many shelves of three volumes each, and the mark by which its objects are counted.
async fn shelves(database: &Database, number: i64) -> (Stage, i64) {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    let mark = NEXT.fetch_add(1, Ordering::Relaxed);
    let stage = Stage::of(database, MetaData::of((Shelf, Volume))).await;
    stage
        .engine
        .begin(async |conn| {
            let shelves = (1..=number).map(|id| Shelf { id, mark: Counted::new(mark), ..default() });
            conn.execute(insert(Shelf).values_many(shelves.collect::<Vec<_>>())).await?;
            let volumes = (0..3 * number).map(|id| Volume {
                id: id + 1,
                mark: Counted::new(mark),
                shelf_id: id / 3 + 1,
                ..default()
            });
            conn.execute(insert(Volume).values_many(volumes.collect::<Vec<_>>())).await.map(drop)
        })
        .await
        .unwrap();
    stage.sent();
    assert_eq!(Counted::count(mark).live, 0);
    COUNTS.lock().unwrap().get_or_insert_default().remove(&mark);
    (stage, mark)
}

async fn objects_that_nobody_holds_are_released(database: &Database) {
    let (stage, mark) = shelves(database, 2000).await;
    let mut session = stage.sessions.open();
    let first = session.get_one(Shelf, 1).await.unwrap();
    let mut kept = Vec::new();
    let mut shelves =
        session.execute(select(Shelf).order_by(Shelf::id)).yield_per(50).stream().await.unwrap();
    let mut expected = 1;
    while let Some(shelf) = shelves.next().await.unwrap() {
        assert_eq!(shelf.read().id, expected);
        if expected.rem_euclid(500) == 0 {
            kept.push(shelf);
        } else if expected == 1 {
            assert_eq!(shelf, first);
        }
        expected += 1;
    }
    drop(shelves);
    assert_eq!(expected, 2001);
    let Count { live, most } = Counted::count(mark);
    assert!(most <= 150, "{most} objects lived at the same time");
    session.prune();
    assert!(
        live >= 5 && Counted::count(mark).live == 5,
        "{live} objects before, {:?} after",
        Counted::count(mark)
    );
    // Those that are held are still the objects of their rows; the others are loaded anew.
    assert_eq!(session.get_one(Shelf, 1000).await.unwrap(), kept[1]);
    assert_eq!(stage.sent().len(), 2);
    assert_eq!(session.get_one(Shelf, 999).await.unwrap().read().id, 999);
    assert_eq!(stage.sent().len(), 1);
    drop(session);
    drop((kept, first));
    assert_eq!(Counted::count(mark).live, 0);
}
on_every_database!(objects_that_nobody_holds_are_released);

async fn changed_objects_are_not_released(database: &Database) {
    let (stage, _) = shelves(database, 300).await;
    let other = Counted::new(-1);
    let mut session = stage.sessions.open();
    let mut volumes =
        session.execute(select(Volume).order_by(Volume::id)).yield_per(10).stream().await.unwrap();
    while let Some(part) = volumes.next_batch(10).await.unwrap().into_iter().reduce(|first, _| first) {
        // The first of each ten is changed, and let go.
        part.set(Volume::shelf_id, 300);
    }
    volumes.close().await.unwrap();
    assert_eq!(session.pending_changes(), (0, 90, 0));
    session.prune();
    assert_eq!(session.pending_changes(), (0, 90, 0));
    session.commit().await.unwrap();
    let moved = session.scalar(select(count(Volume::id)).filter(Volume::shelf_id.eq(300))).await.unwrap();
    assert_eq!(moved, Some(93));
    drop(other);
}
on_every_database!(changed_objects_are_not_released);

async fn what_is_linked_from_a_held_object_is_kept(database: &Database) {
    let (stage, mark) = shelves(database, 100).await;
    let mut session = stage.sessions.open();
    let shelf = session.get_one(Shelf, 7).await.unwrap();
    assert_eq!(session.load(&shelf, Shelf::volumes).await.unwrap().len(), 3);
    let lonely = session.scalars(select(Volume).filter(Volume::shelf_id.eq(8))).all().await.unwrap();
    assert_eq!((lonely.len(), Counted::count(mark).live), (3, 7));
    drop(lonely);
    assert_eq!(session.prune(), 3);
    assert_eq!(Counted::count(mark).live, 4);
    // Nobody but the shelf's collection holds them.
    let volume = shelf.read().volumes.iter().unwrap().next().unwrap();
    assert_eq!(session.prune(), 0);
    drop(shelf);
    assert_eq!(session.prune(), 0);
    assert_eq!(volume.read().shelf.get().unwrap().unwrap().read().id, 7);
    drop(volume);
    assert_eq!(session.prune(), 4);
    assert_eq!(Counted::count(mark).live, 0);
}
on_every_database!(what_is_linked_from_a_held_object_is_kept);

/// Who keeps something beside the objects hears when the session lets one go.
async fn what_is_released_is_told(database: &Database) {
    let (stage, _) = shelves(database, 50).await;
    let told = std::sync::Arc::<Mutex<Vec<i64>>>::default();
    let listener = told.clone();
    let _ = stage.sessions.events().persistent_to_detached(Shelf, move |shelf| {
        assert_eq!((shelf.state(), shelf.session_id()), (State::Detached, None));
        listener.lock().unwrap().push(shelf.read().id);
    });
    let mut session = stage.sessions.open();
    let kept = session.get_one(Shelf, 7).await.unwrap();
    session.get_one(Shelf, 8).await.unwrap();
    assert_eq!(session.prune(), 1);
    assert_eq!(std::mem::take(&mut *told.lock().unwrap()), [8]);
    let mut shelves = session.execute(select(Shelf).order_by(Shelf::id)).yield_per(5).stream().await.unwrap();
    while shelves.next().await.unwrap().is_some() {}
    drop(shelves);
    session.prune();
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    told.sort_unstable();
    assert_eq!(told, (1..=50).filter(|id| *id != 7).collect::<Vec<_>>());
    assert_eq!(kept.state(), State::Persistent);
}
on_every_database!(what_is_released_is_told);

async fn unflushed_links_hold_their_objects(database: &Database) {
    let (stage, _) = shelves(database, 3).await;
    let mut session = stage.sessions.open();
    let volume = session.get_one(Volume, 1).await.unwrap();
    let shelf = session.get_one(Shelf, 3).await.unwrap();
    volume.set(Volume::shelf, &shelf);
    drop((volume, shelf));
    assert_eq!(session.prune(), 0);
    session.commit().await.unwrap();
    assert_eq!(session.prune(), 2);
    assert_eq!(session.get_one(Volume, 1).await.unwrap().read().shelf_id, 3);
}
on_every_database!(unflushed_links_hold_their_objects);

async fn a_rollback_after_objects_were_released(database: &Database) {
    let (stage, _) = shelves(database, 3).await;
    let mut session = stage.sessions.open();
    session.get_one(Volume, 1).await.unwrap().set(Volume::shelf_id, 2);
    session.flush().await.unwrap();
    assert_eq!(session.prune(), 1);
    session.rollback().await.unwrap();
    assert_eq!(session.get_one(Volume, 1).await.unwrap().read().shelf_id, 1);
}
on_every_database!(a_rollback_after_objects_were_released);

async fn parts_values_and_tuples(database: &Database) {
    let (stage, _) = shelves(database, 25).await;
    let mut session = stage.sessions.open();
    let mut shelves = session.stream_scalars(select(Shelf).order_by(Shelf::id)).await.unwrap();
    let mut parts = shelves.partitions(10);
    let mut sizes = Vec::new();
    while let Some(part) = parts.next().await.unwrap() {
        sizes.push(part.len());
    }
    assert_eq!(sizes, [10, 10, 5]);
    assert!(parts.next().await.unwrap().is_none());
    drop(shelves);
    let mut ids = session.stream_scalars(select(Volume::id).order_by(Volume::id)).await.unwrap();
    assert_eq!(ids.next_batch(4).await.unwrap(), [1, 2, 3, 4]);
    assert_eq!(ids.next().await.unwrap(), Some(5));
    ids.close().await.unwrap();
    let pairs = select((Volume, Shelf::id)).join(Volume::shelf).order_by(Volume::id);
    let mut pairs = session.stream(pairs).await.unwrap();
    let (volume, shelf) = pairs.next().await.unwrap().unwrap();
    assert_eq!((volume.read().id, shelf), (1, 1));
    assert_eq!(pairs.next_batch(1000).await.unwrap().len(), 74);
    assert!(pairs.next().await.unwrap().is_none());
    drop(pairs);
    let mut none = session.stream(select(Shelf).filter(Shelf::id.lt(0))).await.unwrap();
    assert!(none.next().await.unwrap().is_none());
    assert!(none.next_batch(3).await.unwrap().is_empty());
}
on_every_database!(parts_values_and_tuples);

async fn loader_options_work_for_each_batch(database: &Database) {
    let (stage, mark) = shelves(database, 60).await;
    let mut session = stage.sessions.open();
    let all = select(Shelf).order_by(Shelf::id).options(selectinload(Shelf::volumes));
    let mut shelves = session.execute(all).yield_per(20).stream().await.unwrap();
    let mut number = 0;
    while let Some(shelf) = shelves.next().await.unwrap() {
        number += 1;
        let volumes: Vec<_> =
            shelf.read().volumes.iter().unwrap().map(|volume| volume.read().shelf_id).collect();
        assert_eq!(volumes, [number; 3]);
    }
    drop(shelves);
    assert_eq!(number, 60);
    let most = Counted::count(mark).most;
    assert!(most <= 3 * 20 * 4, "{most} objects lived at the same time");
    let expected = match database.kind() {
        // DECLARE; FETCH, SELECT for each batch; a FETCH that finds nothing; CLOSE.
        Kind::Sqlite | Kind::Postgres => 1 + 2 * 3 + 1 + 1,
        // The rows, and SELECT for each batch.
        Kind::MySql => 1 + 3,
    };
    assert_eq!(stage.sent().len(), expected);
    assert_eq!(session.scalar(select(count(Shelf::id))).await.unwrap(), Some(60));
}
on_every_database!(loader_options_work_for_each_batch);

async fn loader_options_of_streams_that_end_early(database: &Database) {
    let (stage, mark) = shelves(database, 40).await;
    let mut session = stage.sessions.open();
    // What is not flushed yet is seen, and none are no matter.
    session.add(Shelf { id: 100, mark: Counted::new(mark), volumes: Many::default() });
    let none = select(Shelf).filter(Shelf::id.gt(100)).options(selectinload(Shelf::volumes));
    let mut shelves = session.stream(none).await.unwrap();
    assert!(shelves.next().await.unwrap().is_none());
    shelves.close().await.unwrap();
    let all = select(Shelf)
        .order_by(Shelf::id.desc())
        .options(selectinload(Shelf::volumes).selectinload(Volume::shelf));
    for number in 0..2 {
        let mut shelves = session.execute(all.clone()).yield_per(7).stream().await.unwrap();
        let first = shelves.next().await.unwrap().unwrap();
        assert_eq!((first.read().id, first.read().volumes.len().unwrap()), (100, 0));
        let part = shelves.next_batch(9).await.unwrap();
        assert_eq!(part.len(), 9);
        let volume = part[8].read().volumes.iter().unwrap().next().unwrap();
        assert_eq!(volume.read().shelf.get().unwrap().as_ref(), Some(&part[8]));
        match number {
            0 => shelves.close().await.unwrap(),
            _ => drop(shelves),
        }
    }
    // Others can write when the transaction is over, though the second one was just dropped.
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    other.get_one(Volume, 5).await.unwrap().set(Volume::shelf_id, 1);
    other.commit().await.unwrap();
    // An error of the database comes from the stream.
    let wrong = aludel::sql::func::<bool>("no_such_function", [Shelf::id.into_node()]);
    assert!(session.stream(all.filter(wrong)).await.is_err());
    session.rollback().await.unwrap();
    drop((session, other));
    assert_eq!(Counted::count(mark).live, 0);
}
on_every_database!(loader_options_of_streams_that_end_early);

async fn what_a_stream_refuses(database: &Database) {
    let stage = Stage::new(database).await;
    stage
        .sessions
        .begin(async |session| {
            let books = Many::from([Book { title: "1984".into(), ..default() }]);
            session.add(Author { name: "Eric".into(), books, ..default() });
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let joined = session.stream(select(Author).options(joinedload(Author::books))).await.unwrap_err();
    assert_eq!(joined.kind(), ErrorKind::InvalidRequest);
    assert!(joined.to_string().contains("Author.books"), "{joined}");
    let written = session.stream(delete(Book)).await.unwrap_err();
    assert_eq!(written.kind(), ErrorKind::InvalidRequest);
    // One object joined to each is no matter, and what is forbidden stays forbidden.
    let books = select(Book).options(joinedload(Book::author)).options(raiseload(Book::tags));
    let mut books = session.stream(books).await.unwrap();
    let book = books.next().await.unwrap().unwrap();
    assert_eq!(book.read().author.get().unwrap().unwrap().read().name, "Eric");
    drop(books);
    assert_eq!(session.load(&book, Book::tags).await.unwrap_err().kind(), ErrorKind::NotLoaded);
    // An error of the database comes from the stream, and what hangs on it is said.
    let wrong = text("SELECT nothing FROM nowhere").returns::<(i64,)>();
    assert_eq!(session.stream(wrong).await.unwrap_err().kind(), ErrorKind::Programming);
    session.rollback().await.unwrap();
    assert_eq!(session.scalar(select(count(Book::id))).await.unwrap(), Some(1));
}
on_every_database!(what_a_stream_refuses);

async fn a_stream_that_is_dropped_half_way(database: &Database) {
    let (stage, _) = shelves(database, 500).await;
    let mut session = stage.sessions.open();
    let mut shelves = session.execute(select(Shelf)).yield_per(10).stream().await.unwrap();
    let shelf = shelves.next().await.unwrap().unwrap();
    drop(shelves);
    assert!(shelf.read().id > 0);
    let _ = session.rollback().await;
    assert_eq!(session.scalar(select(count(Shelf::id))).await.unwrap(), Some(500));
    // What was pending is flushed before a stream begins.
    session.add(Shelf { id: 501, ..default() });
    let mut shelves = session.stream(select(Shelf::id).order_by(Shelf::id.desc())).await.unwrap();
    assert_eq!(shelves.next().await.unwrap(), Some(501));
    shelves.close().await.unwrap();
    session.rollback().await.unwrap();
}
on_every_database!(a_stream_that_is_dropped_half_way);
