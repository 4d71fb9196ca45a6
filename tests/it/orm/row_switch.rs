//! An object that is deleted and a new one under its key, in one flush: one row, which is updated.

use aludel::{orm::State, prelude::*};

use super::{
    Stage,
    models::{Author, Book, BookTag, Seat, Tag},
};
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "switched_page")]
struct Page {
    #[column(primary_key, length = 10)]
    code: String,
    #[column(length = 20)]
    title: String,
    #[column(length = 20, unique)]
    place: Option<String>,
    #[column(server_default = "7")]
    weight: Option<i32>,
    #[column(version_id)]
    version: i64,
}

fn page(code: &str, title: &str) -> Page {
    Page { code: code.into(), title: title.into(), weight: Some(1), ..default() }
}

async fn case_057_deleted_and_added_under_one_key(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let seat = |number, guest: &str| Seat { hall: "h".into(), number, guest: Some(guest.into()) };
    let old = session.add_all([seat(1, "a"), seat(2, "b"), seat(3, "c")]);
    session.commit().await.unwrap();
    stage.sent();
    session.delete(&old[1]).unwrap();
    let new = session.add(seat(2, "z"));
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE seat"]);
    assert_eq!((old[1].state(), new.state()), (State::Deleted, State::Persistent));
    assert_eq!(session.get(Seat, ("h", 2)).await.unwrap(), Some(new.clone()));
    let guests = select(Seat::guest).order_by(Seat::number);
    assert_eq!(session.scalars(guests.clone()).all().await.unwrap()[1].as_deref(), Some("z"));
    // A rollback gives the key back to the old one.
    session.rollback().await.unwrap();
    assert_eq!((old[1].state(), new.state()), (State::Persistent, State::Transient));
    assert_eq!(session.get(Seat, ("h", 2)).await.unwrap(), Some(old[1].clone()));
    assert_eq!(session.scalars(guests.clone()).all().await.unwrap()[1].as_deref(), Some("b"));
    session.rollback().await.unwrap();
    // Nothing seems to differ: what somebody else wrote meanwhile would stay.
    let row = update(Seat).set(Seat::guest, Some("theirs".to_owned())).filter(Seat::number.eq(1));
    stage.engine.begin(async |conn| conn.execute(row).await).await.unwrap();
    stage.sent();
    session.delete(&old[0]).unwrap();
    let same = session.add(seat(1, "a"));
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE seat"]);
    assert_eq!(session.scalars(guests.clone()).all().await.unwrap()[0].as_deref(), Some("a"));
    assert_eq!((old[0].state(), same.state()), (State::Detached, State::Persistent));
    // Many at once, along with others that only go or come.
    session.delete(&same).unwrap();
    old[1..].iter().for_each(|seat| session.delete(seat).unwrap());
    let new = session.add_all([seat(2, "x"), seat(4, "new"), seat(3, "y")]);
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT seat", "UPDATE seat", "DELETE seat"]);
    let stored: Vec<_> = session.scalars(guests).all().await.unwrap().into_iter().flatten().collect();
    assert_eq!(stored, ["x", "y", "new"]);
    assert!(new.iter().all(|seat| seat.state() == State::Persistent && !seat.is_modified()));
}
on_every_database!(case_057_deleted_and_added_under_one_key);

async fn case_057_versions_uniques_and_what_the_database_makes(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Page)).await;
    let mut session = stage.sessions.open();
    let placed = |code: &str, place: &str| Page { place: Some(place.into()), ..page(code, "t") };
    let old = session.add_all([placed("a", "top"), placed("b", "end")]);
    session.commit().await.unwrap();
    // The version counts on.
    session.delete(&old[0]).unwrap();
    let new = session.add(page("a", "new"));
    // Somebody takes the unique value that the row gives up.
    old[1].set(Page::place, "top");
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE switched_page", "UPDATE switched_page"]);
    assert_eq!(new.read().version, 2);
    let rows = select((Page::code, Page::title, Page::place, Page::version)).order_by(Page::code);
    let stored: Vec<(String, String, Option<String>, i64)> =
        session.execute(rows.clone()).all().await.unwrap();
    let expected = [("a", "new", None, 2), ("b", "t", Some("top"), 2)];
    let expected =
        expected.map(|(a, b, c, d): (_, _, Option<&str>, _)| (a.into(), b.into(), c.map(Into::into), d));
    assert_eq!(stored, expected);
    session.commit().await.unwrap();
    // Changed behind the session's back.
    let mut other = stage.sessions.open();
    other.get_one(Page, "a").await.unwrap().set(Page::title, "theirs");
    other.commit().await.unwrap();
    session.delete(&new).unwrap();
    session.add(page("a", "ours"));
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    session.refresh(&new).await.unwrap();
    // What the database makes comes with a row of its own.
    if !database.is_mysql() {
        session.delete(&new).unwrap();
        let made = session.add(Page { weight: None, ..page("a", "third") });
        stage.sent();
        session.commit().await.unwrap();
        assert_eq!(stage.verbs(), ["DELETE switched_page", "INSERT switched_page"]);
        assert_eq!((made.read().weight, made.read().version), (Some(7), 1));
    }
}
on_every_database!(case_057_versions_uniques_and_what_the_database_makes);

async fn case_057_with_what_hangs_on_them(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Author, Book, Tag, BookTag))).await;
    let mut session = stage.sessions.open();
    let book = |title: &str| Book { title: title.into(), ..default() };
    let tags = session.add_all(["x", "y"].map(|label| Tag { label: label.into(), ..default() }));
    let old = session.add(Author {
        id: 5,
        name: "old".into(),
        books: Many::from([Book { tags: Many::from([&tags[0]]), ..book("1") }, book("2")]),
        ..default()
    });
    session.commit().await.unwrap();
    session.delete(&old).unwrap();
    let new = session.add(Author {
        id: 5,
        name: "new".into(),
        books: Many::from([Book { tags: Many::from([&tags[1]]), ..book("3") }]),
        ..default()
    });
    stage.sent();
    session.commit().await.unwrap();
    let mut verbs = stage.verbs();
    verbs.retain(|verb| !verb.starts_with("SELECT"));
    verbs.sort();
    verbs.dedup();
    assert_eq!(verbs, ["DELETE book", "DELETE book_tag", "INSERT book", "INSERT book_tag", "UPDATE author"]);
    let mut other = stage.sessions.open();
    let author = other
        .scalars(select(Author).options(selectinload(Author::books).selectinload(Book::tags)))
        .one()
        .await
        .unwrap();
    assert_eq!((author.read().id, author.read().name.as_str()), (5, "new"));
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    assert_eq!(books.len(), 1);
    assert_eq!(books[0].read().title, "3");
    assert_eq!(books[0].read().tags.iter().unwrap().next().unwrap().read().label, "y");
    assert_eq!(new.read().books.iter().unwrap().next().unwrap().read().author_id, 5);
    // Listeners are told what became of the objects.
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (inserted, deleted) = (told.clone(), told.clone());
    stage.sessions.events().after_insert(Author, move |author| {
        inserted.lock().unwrap().push(format!("inserted {}", author.read().name));
        Ok(())
    });
    stage.sessions.events().after_delete(Author, move |author| {
        deleted.lock().unwrap().push(format!("deleted {}", author.read().name));
        Ok(())
    });
    other.delete(&author).unwrap();
    other.add(Author { id: 5, name: "last".into(), ..default() });
    other.commit().await.unwrap();
    assert_eq!(*told.lock().unwrap(), ["inserted last", "deleted new"]);
}
on_every_database!(case_057_with_what_hangs_on_them);
