//! Merging: what was made or changed elsewhere comes into a session.

use aludel::{
    orm::{MergeOptions, State},
    prelude::*,
};

use super::{
    Stage,
    models::{Author, Book, Node, User},
};
use crate::database::{Database, on_every_database};

fn user(id: i64, name: &str) -> User {
    User { id, name: name.into(), ..default() }
}

async fn case_062_merging_values(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    // Without a key nothing is asked for.
    let fresh = session.merge(user(0, "fresh")).await.unwrap();
    assert_eq!((stage.sent().len(), fresh.state()), (0, State::Pending));
    session.commit().await.unwrap();
    // A key that is not there is asked for once, and becomes a new row.
    stage.sent();
    let unknown = session.merge(user(70, "unknown")).await.unwrap();
    assert_eq!((stage.verbs(), unknown.state()), (vec!["SELECT users".to_owned()], State::Pending));
    session.commit().await.unwrap();
    session.close().await.unwrap();
    // One that is there gets what differs, and nothing else is written.
    let mut session = stage.sessions.open();
    stage.sent();
    let known = session.merge(user(70, "known")).await.unwrap();
    assert_eq!((known.state(), known.read().name.as_str()), (State::Persistent, "known"));
    assert_eq!(known.modified_columns(), ["name"]);
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["SELECT users", "UPDATE users"]);
    assert_eq!(session.merge(user(70, "known")).await.unwrap(), known);
    session.commit().await.unwrap();
    assert_eq!(stage.sent(), [""; 0], "it is in the session, and nothing differs");
    // What is in the session already is itself.
    assert_eq!(session.merge(&known).await.unwrap(), known);
    // Many of them take one statement a model.
    session.close().await.unwrap();
    let mut session = stage.sessions.open();
    stage.sent();
    let merged = session.merge_all([user(70, "a"), user(71, "b"), user(fresh.read().id, "c")]).await.unwrap();
    assert_eq!(stage.verbs(), ["SELECT users"]);
    assert_eq!(
        merged.iter().map(Instance::state).collect::<Vec<_>>(),
        [State::Persistent, State::Pending, State::Persistent]
    );
    session.commit().await.unwrap();
    let names: Vec<String> = session.scalars(select(User::name).order_by(User::name)).all().await.unwrap();
    assert_eq!(names, ["a", "b", "c"]);
}
on_every_database!(case_062_merging_values);

async fn case_062_merging_what_hangs_on_a_value(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let book = |title: &str| Book { title: title.into(), ..default() };
    let author = session.add(Author {
        name: "a".into(),
        books: Many::from([book("one"), book("two"), book("three")]),
        ..default()
    });
    session.commit().await.unwrap();
    let (id, books) = (author.read().id, author.read().books.iter().unwrap().collect::<Vec<_>>());
    let kept = books[0].read().id;
    // A collection that was never touched empties nothing.
    session.merge(Author { id, name: "b".into(), ..default() }).await.unwrap();
    assert_eq!(author.read().books.len().unwrap(), 3);
    // One that was given takes the place of what is there; the rest are orphans, and go.
    let given = Many::from([Book { id: kept, title: "ONE".into(), author_id: id, ..default() }, book("new")]);
    session.close().await.unwrap();
    let mut session = stage.sessions.open();
    let merged = session.merge(Author { id, name: "b".into(), books: given, ..default() }).await.unwrap();
    session.commit().await.unwrap();
    let titles: Vec<String> = session.scalars(select(Book::title).order_by(Book::id)).all().await.unwrap();
    assert_eq!(titles, ["ONE", "new"]);
    assert_eq!(merged.read().books.len().unwrap(), 2);
    // Handles in a value are refused by name.
    let refused = session.merge(Book { title: "x".into(), author: One::from(&merged), ..default() }).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.message().contains("Book.author"), "{refused}");
}
on_every_database!(case_062_merging_what_hangs_on_a_value);

async fn case_062_merging_objects_of_another_session(database: &Database) {
    let stage = Stage::new(database).await;
    let mut first = stage.sessions.open();
    let root = first.add(Node { name: "root".into(), ..default() });
    let author = first.add(Author {
        name: "a".into(),
        books: Many::from([
            Book { title: "one".into(), ..default() },
            Book { title: "two".into(), ..default() },
        ]),
        ..default()
    });
    first.commit().await.unwrap();
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    first.close().await.unwrap();
    // Changed while they are in no session.
    author.set(Author::name, "changed");
    books[1].set(Book::title, "TWO");
    assert_eq!((author.state(), root.state()), (State::Detached, State::Detached));
    let mut second = stage.sessions.open();
    let merged = second.merge(&author).await.unwrap();
    assert!(merged != author && second.contains(&merged) && !second.contains(&author));
    stage.sent();
    second.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE author", "UPDATE book"]);
    let mut third = stage.sessions.open();
    let again = third.scalars(select(Author).options(selectinload(Author::books))).one().await.unwrap();
    assert_eq!(again.read().name, "changed");
    let titles: Vec<_> = again.read().books.iter().unwrap().map(|book| book.read().title.clone()).collect();
    assert_eq!(titles, ["one", "TWO"]);
    // An object of a session that is still open is copied as well, and stays there.
    let mine = third.merge(&merged).await.unwrap();
    assert!(mine == again && second.contains(&merged));
    // What was deleted meanwhile is made anew.
    third.delete(&again).unwrap();
    third.commit().await.unwrap();
    let back = third.merge(&merged).await.unwrap();
    assert_eq!(back.state(), State::Pending);
    third.commit().await.unwrap();
    assert_eq!(third.get_one(Author, back.read().id).await.unwrap(), back);
}
on_every_database!(case_062_merging_objects_of_another_session);

async fn case_062_merging_without_loading(database: &Database) {
    let stage = Stage::new(database).await;
    let mut first = stage.sessions.open();
    let book = |title: &str| Book { title: title.into(), ..default() };
    let author =
        first.add(Author { name: "a".into(), books: Many::from([book("one"), book("two")]), ..default() });
    first.commit().await.unwrap();
    let without = MergeOptions::default().load(false);
    // Objects of another session, with what is known of their links: nothing is asked, and nothing written.
    let mut second = stage.sessions.open();
    stage.sent();
    let merged = second.merge_with([&author], without).await.unwrap().remove(0);
    assert_eq!(merged.state(), State::Persistent);
    let books: Vec<_> = merged.read().books.iter().unwrap().collect();
    assert_eq!((books.len(), books[1].read().title.as_str()), (2, "two"));
    assert_eq!(books[0].read().author.get().unwrap(), Some(merged.clone()));
    assert_eq!(second.get_one(Author, author.read().id).await.unwrap(), merged);
    second.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    // From here on it is an object like others.
    merged.set(Author::name, "b");
    books[0].set(Book::title, "ONE");
    second.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE author", "UPDATE book"]);
    // A value that was kept elsewhere; it takes the place of what is known.
    let id = author.read().id;
    let cached = Author { id, name: "cached".into(), ..default() };
    let again = second.merge_with([cached.clone()], without).await.unwrap().remove(0);
    assert!(again == merged && !merged.is_modified());
    assert_eq!((merged.read().name.as_str(), merged.read().books.len().unwrap()), ("cached", 2));
    let mut third = stage.sessions.open();
    let other = third.merge_with([cached], without).await.unwrap().remove(0);
    assert_eq!(third.load(&other, Author::books).await.unwrap().len(), 2);
    third.commit().await.unwrap();
    stage.sent();
    third.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    // What has changes, no row, or no key is refused by name.
    author.set(Author::name, "changed");
    let pending = first.add(Author::default());
    for refused in [
        third.merge_with([&author], without).await.unwrap_err(),
        third.merge_with([&pending], without).await.unwrap_err(),
        third.merge_with([Author::default()], without).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("Author"), "{refused}");
    }
}
on_every_database!(case_062_merging_without_loading);

/// A nested value needs no foreign key: what it is nested in says it. Whoever had it before lets go of it.
async fn a_merged_value_brings_children_of_others(database: &Database) {
    let stage = Stage::new(database).await;
    for expires in [false, true] {
        let mut session = stage.sessions.open();
        let book = |title: &str| Book { title: title.into(), ..default() };
        let old = session.add(Author {
            name: "old".into(),
            books: Many::from([book("a"), book("b")]),
            ..default()
        });
        let new = session.add(Author { name: "new".into(), ..default() });
        session.commit().await.unwrap();
        let books: Vec<_> = old.read().books.iter().unwrap().collect();
        if expires {
            session.expire_all();
        }
        let mut value = Author { id: new.read().id, name: "new".into(), ..default() };
        value.books.push(Book { id: books[0].read().id, ..book("moved") });
        let merged = session.merge(value).await.unwrap();
        assert_eq!(merged, new);
        assert_eq!(new.read().books.iter().unwrap().collect::<Vec<_>>(), books[..1]);
        assert_eq!(old.read().books.iter().unwrap().collect::<Vec<_>>(), books[1..]);
        assert_eq!(books[0].read().author.get().unwrap(), Some(new.clone()));
        stage.sent();
        session.commit().await.unwrap();
        assert_eq!(stage.verbs(), ["UPDATE book"]);
        assert_eq!(books[0].read().author_id, new.read().id);
        let theirs = select(Book::title).filter(Book::author_id.eq(new.read().id));
        assert_eq!(session.scalars(theirs).all().await.unwrap(), ["moved"]);
        session.close().await.unwrap();
    }
}
on_every_database!(a_merged_value_brings_children_of_others);

/// A value may name its owner by key and by what it is nested in; where it goes next, the link says alone.
async fn what_was_merged_can_be_put_elsewhere(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let book = Book { title: "a".into(), ..default() };
    let old = session.add(Author { name: "old".into(), books: Many::from([book]), ..default() });
    let others = session.add_all(["new", "last"].map(|name| Author { name: name.into(), ..default() }));
    session.commit().await.unwrap();
    let book = old.read().books.iter().unwrap().next().unwrap();
    let moved = |to: &Instance<Author>| {
        let mut value = Author { id: to.read().id, name: "new".into(), ..default() };
        value.books.push(Book {
            id: book.read().id,
            title: "moved".into(),
            author_id: to.read().id,
            ..default()
        });
        value
    };
    session.merge(moved(&others[0])).await.unwrap();
    assert_eq!(book.read().author_id, others[0].read().id);
    others[1].edit(|author| author.books.push(&book));
    session.commit().await.unwrap();
    assert_eq!(book.read().author_id, others[1].read().id);
    // Back to where it is in the database: nothing of it is written but its title.
    session.merge(moved(&others[0])).await.unwrap();
    book.edit(|book| {
        book.author.set(&others[1]);
        book.title.push('!');
    });
    let plan = session.plan().await.unwrap().to_string();
    assert!(plan.contains("title") && !plan.contains("author_id"), "{plan}");
    session.commit().await.unwrap();
    let theirs = select((Book::title, Book::author_id));
    assert_eq!(session.execute(theirs).all().await.unwrap(), [("moved!".to_owned(), others[1].read().id)]);
    // A key that says something else than the link does is reported as ever.
    book.set(Book::author_id, others[0].read().id);
    book.set(Book::author, &old);
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::Flush);
}
on_every_database!(what_was_merged_can_be_put_elsewhere);
