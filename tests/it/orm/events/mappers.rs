//! Events of each object in a flush.

use aludel::{orm::AnyModel, prelude::*};

use super::Diary;
use crate::{
    database::{Database, on_every_database},
    orm::{
        Stage,
        models::{Author, Book, Tag},
    },
};

/// A collection that nothing leads back from.
#[derive(Mapped, Clone, Debug, Default)]
struct Item {
    #[column(primary_key)]
    id: i64,
    #[relationship(secondary = ItemKeyword)]
    keywords: Many<Keyword>,
}

#[derive(Mapped, Clone, Debug, Default)]
struct Keyword {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: String,
}

#[derive(Mapped, Clone, Debug, Default)]
struct ItemKeyword {
    #[column(primary_key, foreign_key = Item::id)]
    item_id: i64,
    #[column(primary_key, foreign_key = Keyword::id)]
    keyword_id: i64,
}

async fn case_099_a_changed_collection_is_an_update_of_its_owner(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Item, Keyword, ItemKeyword))).await;
    let mut session = stage.sessions.open();
    let (item, keyword) =
        (session.add(Item::default()), session.add(Keyword { word: "k".into(), ..default() }));
    session.commit().await.unwrap();
    let diary = Diary::default();
    let (before, after) = (diary.clone(), diary.clone());
    let events = stage.sessions.events();
    events.before_update(AnyModel, move |object| before.note(format!("before {}", object.model_name())));
    events.after_update(AnyModel, move |object| after.note(format!("after {}", object.model_name())));
    item.edit(|item| item.keywords.push(&keyword));
    stage.sent();
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT item_keyword"]);
    assert_eq!(diary.read(), ["before Item", "after Item"]);
    session.commit().await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
}
on_every_database!(case_099_a_changed_collection_is_an_update_of_its_owner);

async fn objects_are_told_of_in_the_order_of_their_kinds(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let (changed, gone) = (session.add(Tag { label: "a".into(), ..default() }), session.add(Tag::default()));
    session.commit().await.unwrap();
    let diary = Diary::default();
    let events = stage.sessions.events();
    macro_rules! note {
        ($($event:ident),*) => {$({
            let diary = diary.clone();
            let _ = events.$event(AnyModel, move |object| {
                diary.note(format!("{} {}", stringify!($event), object.model_name()))
            });
        })*};
    }
    note!(before_insert, after_insert, before_update, after_update, before_delete, after_delete);
    let first = diary.clone();
    events.before_insert(Author, move |_| first.note("for Author"));
    session.add(Author { books: Many::from([Book::default()]), ..default() });
    changed.set(Tag::label, "b");
    session.delete(&gone).unwrap();
    session.flush().await.unwrap();
    assert_eq!(
        diary.read(),
        [
            "for Author",
            "before_insert Author",
            "before_insert Book",
            "before_update Tag",
            "before_delete Tag",
            "after_insert Author",
            "after_insert Book",
            "after_update Tag",
            "after_delete Tag",
        ]
    );
    session.rollback().await.unwrap();
}
on_every_database!(objects_are_told_of_in_the_order_of_their_kinds);

async fn a_session_has_listeners_of_its_own(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::default();
    let (makers, own) = (diary.clone(), diary.clone());
    let (mut session, mut other) = (stage.sessions.open(), stage.sessions.open());
    let id = session.events().before_insert(Tag, move |_| own.note("own"));
    stage.sessions.events().before_insert(Tag, move |_| makers.note("maker's"));
    session.add(Tag::default());
    session.flush().await.unwrap();
    assert_eq!(diary.read(), ["maker's", "own"]);
    session.rollback().await.unwrap();
    other.add(Tag::default());
    other.flush().await.unwrap();
    assert_eq!(diary.read(), ["maker's"]);
    other.rollback().await.unwrap();
    session.close().await.unwrap();
    assert!(session.events().remove(id), "a session that is closed keeps them");
    session.add(Tag::default());
    session.flush().await.unwrap();
    assert_eq!(diary.read(), ["maker's"]);
    session.rollback().await.unwrap();
}
on_every_database!(a_session_has_listeners_of_its_own);
