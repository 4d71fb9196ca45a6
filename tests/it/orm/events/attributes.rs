//! Events of columns and relationships, and validators.

use aludel::prelude::*;

use super::Diary;
use crate::{
    database::{Database, on_every_database},
    orm::{
        Stage,
        models::{Author, Book},
    },
};

fn check_email(email: &str) -> std::result::Result<(), String> {
    if email.contains('@') { Ok(()) } else { Err(format!("there is no @ in `{email}`")) }
}

fn check_age(age: &i32) -> std::result::Result<(), &'static str> {
    if (0..150).contains(age) { Ok(()) } else { Err("nobody is that old") }
}

/// A model with validators.
#[derive(Mapped, Clone, Debug, Default)]
struct Member {
    #[column(primary_key)]
    id: i64,
    #[column(length = 100, validate = check_email)]
    email: String,
    #[column(length = 100, validate = check_email)]
    other_email: Option<String>,
    #[column(validate = check_age)]
    age: i32,
}

fn member(email: &str) -> Member {
    Member { email: email.into(), ..default() }
}

async fn what_a_validator_refuses_is_never_written(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Member)).await;
    let mut session = stage.sessions.open();
    session.add(member("nonsense"));
    let error = session.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.to_string().contains("Member.email") && error.to_string().contains("no @"), "{error}");
    assert_eq!(stage.sent(), [""; 0]);
    session.rollback().await.unwrap();

    let member = session.add(member("a@example.org"));
    session.commit().await.unwrap();
    let error = member.try_set(Member::age, 200).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert!(error.to_string().contains("Member.age") && error.to_string().contains("that old"), "{error}");
    // All of an edit, or nothing of it.
    let error = member.try_edit(|member| {
        member.age = 30;
        member.other_email = Some("nonsense".into());
    });
    assert!(error.unwrap_err().to_string().contains("Member.other_email"));
    assert_eq!((member.read().age, member.is_modified()), (0, false));
    session.commit().await.unwrap();
    member.try_edit(|member| (member.age, member.other_email) = (30, None)).unwrap();
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(Member::age)).one().await.unwrap(), 30);
    // What cannot say so at once is reported by the flush.
    member.set(Member::age, -1);
    assert_eq!(member.read().age, 30);
    let error = session.commit().await.unwrap_err();
    assert!(error.to_string().contains("Member.age"), "{error}");
    session.rollback().await.unwrap();
    member.set(Member::age, 31);
    session.commit().await.unwrap();
    // A row that breaks the rule can be read, and changed elsewhere.
    stage.engine.begin(async |conn| conn.execute(update(Member).set(Member::age, 999)).await).await.unwrap();
    session.refresh(&member).await.unwrap();
    member.try_set(Member::email, "b@example.org").unwrap();
    session.commit().await.unwrap();
    let row = session.execute(select((Member::age, Member::email))).one().await.unwrap();
    assert_eq!(row, (999, "b@example.org".to_owned()));
}
on_every_database!(what_a_validator_refuses_is_never_written);

async fn a_set_column_is_shown_to_listeners(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::default();
    let changes = diary.clone();
    let attributes = &stage.sessions.events().attributes;
    let id = attributes.set(Author::name, move |author, new, old| {
        *new = new.trim().to_owned();
        if new.is_empty() {
            return Err(Error::custom("an author has a name"));
        }
        changes.note(format!("{old} -> {new} of {:?}", author.state()))
    });
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "Eric".into(), ..default() });
    author.set(Author::email, "e@example.org");
    assert_eq!(diary.read(), [""; 0], "the name is the same");
    author.set(Author::name, " George ");
    assert_eq!(author.read().name, "George");
    assert_eq!(diary.read(), ["Eric -> George of Pending"]);
    session.commit().await.unwrap();
    let error = author.try_set(Author::name, "  ").unwrap_err();
    assert!(error.to_string().contains("Author.name was not set"), "{error}");
    assert!(error.to_string().contains("an author has a name"), "{error}");
    assert_eq!((author.read().name.as_str(), author.is_modified()), ("George", false));
    author.edit(|author| {
        author.name.clear();
        author.email = None;
    });
    assert!(author.read().email.is_some(), "nothing of the edit was done");
    session.flush().await.unwrap_err();
    session.rollback().await.unwrap();
    assert!(stage.sessions.events().remove(id));
    author.set(Author::name, "");
    session.commit().await.unwrap();
}
on_every_database!(a_set_column_is_shown_to_listeners);

async fn both_sides_of_a_relationship_are_told(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::default();
    let attributes = &stage.sessions.events().attributes;
    let noted = |word: &'static str| {
        let diary = diary.clone();
        move |left: &str, right: &str| diary.note(format!("{word} {left} {right}")).unwrap()
    };
    let (put, taken) = (noted("put into"), noted("taken from"));
    attributes.append(Author::books, move |author, book| put(&author.read().name, &book.read().title));
    attributes.remove(Author::books, move |author, book| taken(&author.read().name, &book.read().title));
    let (to, from) = (noted("led to"), noted("led away from"));
    attributes.append(Book::author, move |book, author| to(&author.read().name, &book.read().title));
    attributes.remove(Book::author, move |book, author| from(&author.read().name, &book.read().title));

    let mut session = stage.sessions.open();
    let eric = session.add(Author {
        name: "Eric".into(),
        books: Many::from([Book { title: "1984".into(), ..default() }]),
        ..default()
    });
    assert_eq!(diary.read(), ["put into Eric 1984", "led to Eric 1984"]);
    let george = session.add(Author { name: "George".into(), ..default() });
    let book = eric.read().books.iter().unwrap().next().unwrap();
    book.set(Book::author, &george);
    let mut told = diary.read();
    told.sort();
    let moved =
        ["led away from Eric 1984", "led to George 1984", "put into George 1984", "taken from Eric 1984"];
    assert_eq!(told, moved);
    session.commit().await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
    // A collection that is not loaded is changed all the same.
    session.expunge_all();
    let george = session.get(Author, george.read().id).await.unwrap().unwrap();
    george.edit(|author| author.books.push(Book { title: "Homage".into(), ..default() }));
    assert_eq!(diary.read(), ["put into George Homage", "led to George Homage"]);
    session.load(&george, Author::books).await.unwrap();
    assert_eq!(diary.read(), [""; 0], "what a load brings was put in before");
    session.commit().await.unwrap();
}
on_every_database!(both_sides_of_a_relationship_are_told);
