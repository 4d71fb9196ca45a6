//! Graphs outlive their session, and are serialised.

use aludel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json_1::json;

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default, Serialize, Deserialize)]
#[table(name = "serialized_author")]
struct Author {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphan", order_by = Book::id)]
    #[serde(default)]
    books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default, Serialize, Deserialize)]
#[table(name = "serialized_book")]
struct Book {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    title: String,
    #[column(foreign_key = Author::id)]
    #[serde(default)]
    author_id: i64,
    #[relationship(back_populates = Author::books)]
    #[serde(default)]
    author: One<Author>,
}

fn books(titles: &[&str]) -> Many<Book> {
    titles.iter().map(|title| Book { title: (*title).into(), ..default() }).collect()
}

async fn a_graph_is_serialised_after_its_session(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Author, Book))).await;
    stage
        .sessions
        .begin(async |session| {
            session.add(Author { id: 1, name: "a".into(), books: books(&["x", "y"]) });
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let lone = session.get_one(Author, 1).await.unwrap();
    let unloaded = serde_json_1::to_value(&lone).unwrap();
    assert_eq!(unloaded, json!({"id": 1, "name": "a", "books": null}));
    let loaded = select(Author).options(selectinload(Author::books));
    let author = session.scalars(loaded).one().await.unwrap();
    session.close().await.unwrap();
    drop(session);
    let snapshot = author.read();
    drop((author, lone));
    // The books lead back to their author, which is where the circle ends.
    let ids: Vec<i64> = snapshot.books.iter().unwrap().map(|book| book.read().id).collect();
    let expected = json!({"id": 1, "name": "a", "books": [
        {"id": ids[0], "title": "x", "author_id": 1, "author": null},
        {"id": ids[1], "title": "y", "author_id": 1, "author": null},
    ]});
    assert_eq!(serde_json_1::to_value(&snapshot).unwrap(), expected);
    // From a book it goes up, and down to the other one.
    let first = snapshot.books.iter().unwrap().next().unwrap();
    assert_eq!(
        serde_json_1::to_value(&first).unwrap()["author"],
        json!({"id": 1, "name": "a", "books": [{"id": ids[1], "title": "y", "author_id": 1, "author": null}]})
    );
    // Nested values are written and read as they are, and merged as the state of rows.
    let text = serde_json_1::to_string(&snapshot).unwrap();
    let value: Author = serde_json_1::from_str(&text).unwrap();
    assert_eq!(serde_json_1::to_value(&value).unwrap(), expected);
    let mut changed: serde_json_1::Value = serde_json_1::from_str(&text).unwrap();
    changed["books"][0]["title"] = json!("xx");
    changed["books"].as_array_mut().unwrap().pop();
    let value: Author = serde_json_1::from_value(changed).unwrap();
    let mut session = stage.sessions.open();
    session.merge(value).await.unwrap();
    session.commit().await.unwrap();
    let titles = stage.sessions.open().scalars(select(Book::title)).all().await.unwrap();
    assert_eq!(titles, ["xx"]);
    // What is left out counts as untouched.
    let value: Author = serde_json_1::from_value(json!({"id": 1, "name": "b"})).unwrap();
    session.merge(value).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(session.scalar(select(count(Book::id))).await.unwrap(), Some(1));
}
on_every_database!(a_graph_is_serialised_after_its_session);
