//! What a flush sends, in which order and how few.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Address, Author, Book, Node, Tag, User},
};
use crate::database::{Database, on_every_database};

/// How many statements an INSERT of so many rows takes: arrays on PostgreSQL, a prepared loop on SQLite, rows written out
/// on MySQL, a hundred at a time.
fn inserts(database: &Database, rows: usize) -> usize {
    if database.is_mysql() { rows.div_ceil(100) } else { 1 }
}

async fn case_048_user_with_two_addresses(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let address = |email: &str| Address { email: email.into(), ..default() };
    let user = session.add(User {
        name: "ed".into(),
        addresses: Many::from([address("a1@example.org"), address("a2@example.org")]),
        ..default()
    });
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT users", "INSERT addresses"]);
    let addresses: Vec<_> = user.read().addresses.iter().unwrap().collect();
    assert_eq!(addresses[0].read().user_id, Some(user.read().id));
    assert_eq!(addresses[0].read().email, "a1@example.org");
    assert!(addresses[0].read().id < addresses[1].read().id);
    session.commit().await.unwrap();
    let stored = stage.sessions.open().scalars(select(Address).order_by(Address::id)).all().await.unwrap();
    assert_eq!(
        stored.iter().map(|address| address.read().email.clone()).collect::<Vec<_>>(),
        ["a1@example.org", "a2@example.org"]
    );
}
on_every_database!(case_048_user_with_two_addresses);

async fn case_049_delete_user_and_addresses(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let user =
        session.add(User { addresses: Many::from([Address::default(), Address::default()]), ..default() });
    session.commit().await.unwrap();
    stage.sent();
    for address in user.read().addresses.iter().unwrap() {
        session.delete(&address).unwrap();
    }
    session.delete(&user).unwrap();
    session.commit().await.unwrap();
    // The one-to-one side was never loaded, so it is looked at before its user goes.
    let verbs = stage.verbs();
    assert_eq!(
        verbs.iter().filter(|verb| verb.starts_with("DELETE")).collect::<Vec<_>>(),
        ["DELETE addresses", "DELETE users"]
    );
    assert!(!verbs.iter().any(|verb| verb.starts_with("UPDATE")), "{verbs:?}");
}
on_every_database!(case_049_delete_user_and_addresses);

async fn case_050_delete_user_without_cascade(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let user =
        session.add(User { addresses: Many::from([Address::default(), Address::default()]), ..default() });
    session.commit().await.unwrap();
    stage.sent();
    let addresses: Vec<_> = user.read().addresses.iter().unwrap().collect();
    session.delete(&user).unwrap();
    session.commit().await.unwrap();
    let verbs: Vec<_> = stage.verbs().into_iter().filter(|verb| !verb.starts_with("SELECT")).collect();
    assert_eq!(verbs, ["UPDATE addresses", "DELETE users"]);
    assert_eq!(addresses[0].read().user_id, None);
    let left = stage
        .sessions
        .open()
        .scalars(select(count(Address::id)).filter(Address::user_id.is_null()))
        .one()
        .await;
    assert_eq!(left.unwrap(), 2);
}
on_every_database!(case_050_delete_user_without_cascade);

async fn case_051_foreign_key_without_relationship(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    // Added in the wrong order, linked by the key alone.
    let address = session.add(Address { id: 7, user_id: Some(3), ..default() });
    let user = session.add(User { id: 3, ..default() });
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT users", "INSERT addresses"]);
    session.delete(&user).unwrap();
    session.delete(&address).unwrap();
    session.commit().await.unwrap();
    let verbs: Vec<_> = stage.verbs().into_iter().filter(|verb| verb.starts_with("DELETE")).collect();
    assert_eq!(verbs, ["DELETE addresses", "DELETE users"]);
}
on_every_database!(case_051_foreign_key_without_relationship);

async fn case_052_tree_by_keys_alone(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(Node { id: 1, ..default() });
    session.add(Node { id: 2, parent_id: Some(1), ..default() });
    session.add(Node { id: 3, parent_id: Some(2), ..default() });
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT node"]);
}
on_every_database!(case_052_tree_by_keys_alone);

async fn case_053_tree_by_levels(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let leaf = |name: &str| Node { name: name.into(), ..default() };
    let root = session.add(Node {
        name: "n1".into(),
        children: Many::from([
            leaf("n11"),
            Node { children: Many::from(["n121", "n122", "n123"].map(leaf)), ..leaf("n12") },
            leaf("n13"),
        ]),
        ..default()
    });
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT node", "INSERT node", "INSERT node"]);
    let children: Vec<_> = root.read().children.iter().unwrap().collect();
    assert_eq!(children[1].read().parent_id, Some(root.read().id));
    assert_eq!(children[1].read().children.len().unwrap(), 3);

    // Deleting the root alone leaves its children without a parent.
    session.delete(&root).unwrap();
    session.commit().await.unwrap();
    let verbs: Vec<_> = stage.verbs().into_iter().filter(|verb| !verb.starts_with("SELECT")).collect();
    assert_eq!(verbs, ["UPDATE node", "DELETE node"]);
    assert_eq!(children[0].read().parent_id, None);

    // A whole tree goes from its leaves up.
    for node in session.scalars(select(Node)).all().await.unwrap() {
        session.delete(&node).unwrap();
    }
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count_all()).select_from(Node)).one().await.unwrap(), 0);
}
on_every_database!(case_053_tree_by_levels);

async fn case_054_many_to_many(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tags = ["a", "b"].map(|label| session.add(Tag { label: label.into(), ..default() }));
    let author = session.add(Author {
        books: Many::from([Book { title: "x".into(), tags: Many::from([&tags[0], &tags[1]]), ..default() }]),
        ..default()
    });
    session.commit().await.unwrap();
    let verbs = stage.verbs();
    assert_eq!(verbs.len(), 4, "{verbs:?}");
    assert_eq!(verbs.last().unwrap(), "INSERT book_tag");

    // A collection that is not loaded is left alone by a change of a column.
    let mut other = stage.sessions.open();
    let id = author.read().books.iter().unwrap().next().unwrap().read().id;
    let book = other.get(Book, id).await.unwrap().unwrap();
    stage.sent();
    book.set(Book::title, "y");
    other.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE book"]);

    // Taken out on one side, gone on the other; one row goes.
    let book = author.read().books.iter().unwrap().next().unwrap();
    book.edit(|book| assert!(book.tags.remove(&tags[0])));
    assert_eq!(tags[0].read().books.len().unwrap(), 0);
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["DELETE book_tag"]);
    // A deleted book takes its rows of the secondary table with it.
    session.delete(&author).unwrap();
    session.commit().await.unwrap();
    let verbs: Vec<_> = stage.verbs().into_iter().filter(|verb| verb.starts_with("DELETE")).collect();
    assert_eq!(verbs, ["DELETE book_tag", "DELETE book", "DELETE author"]);
    assert_eq!(session.scalars(select(count(Tag::id))).one().await.unwrap(), 2);
}
on_every_database!(case_054_many_to_many);

async fn case_055_batches_by_shape(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    // Rows without a key, with one, and again without: two shapes, two batches.
    session.add_all([Tag { label: "t1".into(), ..default() }, Tag { label: "t2".into(), ..default() }]);
    session.add_all([
        Tag { id: 30, label: "t3".into(), ..default() },
        Tag { id: 40, label: "t4".into(), ..default() },
    ]);
    let last = session.add(Tag { label: "t5".into(), ..default() });
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT tag", "INSERT tag"]);
    assert_ne!(last.read().id, 0);
    assert_eq!(session.scalars(select(count(Tag::id))).one().await.unwrap(), 5);
}
on_every_database!(case_055_batches_by_shape);

async fn case_056_stale_rows(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tags =
        session.add_all([Tag { label: "a".into(), ..default() }, Tag { label: "b".into(), ..default() }]);
    session.commit().await.unwrap();
    stage
        .engine
        .begin(async |conn| conn.execute(delete(Tag).filter(Tag::label.eq("a"))).await)
        .await
        .unwrap();
    tags.iter().for_each(|tag| tag.edit(|tag| tag.label.push('!')));
    let error = session.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StaleData);
    assert!(error.message().contains("`tag` was expected to match 2 rows, but 1 were there"), "{error}");
    // The session asks for a rollback, and then works.
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    session.rollback().await.unwrap();
    assert_eq!(tags[1].read().label, "b");
    assert_eq!(session.scalars(select(count(Tag::id))).one().await.unwrap(), 1);
    // Deleting what is gone already does no harm.
    session.delete(&tags[0]).unwrap();
    session.commit().await.unwrap();
}
on_every_database!(case_056_stale_rows);

async fn case_058_changed_key_then_delete(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let tag = session.add(Tag { id: 5, label: "a".into(), ..default() });
    session.commit().await.unwrap();
    tag.set(Tag::id, 6);
    session.flush().await.unwrap();
    assert_eq!(session.get(Tag, 6).await.unwrap(), Some(tag.clone()));
    assert_eq!(session.get(Tag, 5).await.unwrap(), None);
    tag.set(Tag::id, 7);
    session.delete(&tag).unwrap();
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Tag::id))).one().await.unwrap(), 0);
}
on_every_database!(case_058_changed_key_then_delete);

async fn only_what_differs_is_written(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "Zoë 🦊".into(), email: None, ..default() });
    session.commit().await.unwrap();
    stage.sent();
    author.edit(|author| author.name = "Zoë 🦊".into());
    session.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new());
    author.set(Author::email, "z@example.org");
    session.commit().await.unwrap();
    let sent = stage.sent();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("UPDATE author SET email = "), "{}", sent[0]);
    assert!(!author.is_modified());
    let stored = stage.sessions.open().get(Author, author.read().id).await.unwrap().unwrap();
    assert_eq!(
        (stored.read().name.as_str(), stored.read().email.as_deref()),
        ("Zoë 🦊", Some("z@example.org"))
    );
}
on_every_database!(only_what_differs_is_written);

async fn a_thousand_objects_in_few_statements(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let books = (0..1000).map(|number| Book { title: format!("title {number}"), ..default() });
    let author = session.add(Author { books: books.collect(), ..default() });
    session.commit().await.unwrap();
    // PostgreSQL is asked along with the first batch so large whether the next may bring its numbers back together.
    let asked = usize::from(stage.engine.dialect().name() == "postgresql");
    assert_eq!(stage.sent().len(), 1 + inserts(database, 1000) + asked);
    let books: Vec<_> = author.read().books.iter().unwrap().collect();
    // Each object has the key of its own row.
    let rows: Vec<(i64, String)> =
        session.execute(select((Book::id, Book::title)).order_by(Book::id)).all().await.unwrap();
    assert_eq!(
        books.iter().map(|book| (book.read().id, book.read().title.clone())).collect::<Vec<_>>(),
        rows
    );

    stage.sent();
    books.iter().for_each(|book| book.edit(|book| book.title.push('!')));
    session.commit().await.unwrap();
    assert_eq!(stage.sent().len(), inserts(database, 1000));
    let changed =
        session.scalars(select(count(Book::id)).filter(Book::title.ends_with("!"))).one().await.unwrap();
    assert_eq!(changed, 1000);

    session.delete(&author).unwrap();
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Book::id))).one().await.unwrap(), 0);
}
on_every_database!(a_thousand_objects_in_few_statements);

async fn listeners_change_and_refuse(database: &Database) {
    let stage = Stage::new(database).await;
    stage.sessions.events().before_insert(Tag, |tag| {
        tag.edit(|tag| tag.label = tag.label.to_uppercase());
        Ok(())
    });
    let inserted = std::sync::Arc::<std::sync::Mutex<Vec<i64>>>::default();
    let seen = inserted.clone();
    stage.sessions.events().after_insert(Tag, move |tag| {
        seen.lock().unwrap().push(tag.read().id);
        Ok(())
    });
    stage.sessions.events().before_delete(Tag, |_| Err(Error::custom("tags are kept")));
    stage.sessions.events().before_update_with(Tag, |connection, tag| {
        Box::pin(async move {
            let others: i64 = connection.scalar(select(count(Author::id))).await?.unwrap_or_default();
            tag.set(Tag::label, format!("{others} authors"));
            Ok(())
        })
    });
    let mut session = stage.sessions.open();
    let tag = session.add(Tag { label: "quiet".into(), ..default() });
    session.commit().await.unwrap();
    assert_eq!(tag.read().label, "QUIET");
    assert_eq!(*inserted.lock().unwrap(), [tag.read().id]);
    tag.set(Tag::label, "changed");
    session.commit().await.unwrap();
    session.refresh(&tag).await.unwrap();
    assert_eq!(tag.read().label, "0 authors");
    session.delete(&tag).unwrap();
    let error = session.commit().await.unwrap_err();
    assert!(error.to_string().contains("tags are kept"), "{error}");
    session.rollback().await.unwrap();
    assert_eq!(session.scalars(select(count(Tag::id))).one().await.unwrap(), 1);
}
on_every_database!(listeners_change_and_refuse);
