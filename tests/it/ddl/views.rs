//! Views that are read like tables, and models over them.

use aludel::{
    prelude::*,
    sql::schema::{Identity, Initially},
};

use crate::{
    core_tables::rows,
    database::{Database, on_every_database},
};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "person", comment = "people", sqlite_strict, mysql_engine = "InnoDB", postgresql_unlogged)]
struct Person {
    #[column(primary_key, identity)]
    id: i64,
    #[column(length = 20)]
    name: String,
    age: i64,
    #[column(computed = "age * 2")]
    twice: i64,
    #[column(foreign_key = Person::id, foreign_key_name = "fk_person_friend", on_delete = "set null")]
    friend_id: Option<i64>,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "adult", view_query = "SELECT id, name FROM person WHERE age >= 18")]
struct Adult {
    #[column(primary_key)]
    id: i64,
    #[column(name = "called")]
    name: String,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(view)]
struct Elsewhere {
    #[column(primary_key)]
    id: i64,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Words {
    #[column(primary_key, identity = "always")]
    id: i64,
    #[column(sequence = "numbers")]
    number: Option<i64>,
    #[column(computed = "id * 2", persisted = false)]
    read: i64,
    #[column(foreign_key = Words::id, deferrable, initially = "deferred")]
    other_id: Option<i64>,
    #[column(server_onupdate = "CURRENT_TIMESTAMP", collate = "nocase", length = 20)]
    word: String,
}

#[test]
fn the_words_of_the_derive() {
    use aludel::sql::typed::Model;
    let words = Words::table().definition();
    assert_eq!(words.columns[0].identity, Some(Identity::always()));
    assert_eq!(&*words.columns[1].sequence.as_ref().unwrap().definition().name, "numbers");
    assert!(!words.columns[2].computed.as_ref().unwrap().persisted);
    let key = words.columns[3].foreign_key.as_ref().unwrap();
    assert_eq!(key.options.timing.deferrable, Some(true));
    assert_eq!(key.options.timing.initially, Some(Initially::Deferred));
    assert_eq!(words.columns[4].server_onupdate.as_deref(), Some("CURRENT_TIMESTAMP"));
    assert_eq!(words.columns[4].collation.as_deref(), Some("nocase"));
    let person = Person::table().definition();
    assert_eq!(person.options.comment.as_deref(), Some("people"));
    assert!(person.options.sqlite.strict && person.options.postgresql.unlogged);
    assert_eq!(person.options.mysql.engine.as_deref(), Some("InnoDB"));
    assert_eq!(person.columns[4].foreign_key.as_ref().unwrap().name.as_deref(), Some("fk_person_friend"));
    assert!(Adult::table().definition().is_view() && Elsewhere::table().definition().is_view());
}

async fn a_model_over_a_view_is_read_and_not_written(database: &Database) {
    let metadata = MetaData::of((Adult, Elsewhere, Person));
    let mut conn = database.connect().await;
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
    }
    conn.commit().await.unwrap();
    let sessions = SessionMaker::new(database.engine());
    let mut session = sessions.open();
    let ann = session.add(Person { name: "Ann".into(), age: 30, ..default() });
    session.add(Person { name: "Bob".into(), age: 3, ..default() });
    session.commit().await.unwrap();
    assert_eq!(ann.read().twice, 60);
    let adults = session.scalars(select(Adult)).all().await.unwrap();
    assert_eq!(adults.iter().map(|adult| adult.read().name.clone()).collect::<Vec<_>>(), ["Ann"]);
    assert_eq!(session.get(Adult, ann.read().id).await.unwrap().unwrap(), adults[0]);

    adults[0].set(Adult::name, "Eve");
    let refused = session.flush().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.to_string().contains("Adult is read from the view `adult`"), "{refused}");
    session.rollback().await.unwrap();
    session.add(Elsewhere { id: 5 });
    let refused = session.commit().await.unwrap_err();
    assert!(refused.to_string().contains("Elsewhere is read from the view `elsewhere`"), "{refused}");
    session.rollback().await.unwrap();
    let adult = session.get(Adult, ann.read().id).await.unwrap().unwrap();
    session.delete(&adult).unwrap();
    assert!(session.flush().await.unwrap_err().to_string().contains("view"));
    session.rollback().await.unwrap();
    drop(session);

    assert_eq!(rows(&mut conn, select(Adult::name)).await, ["Ann"]);
    conn.rollback().await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
}
on_every_database!(a_model_over_a_view_is_read_and_not_written);
