//! Keys that are values of the program: passed on, changed, and followed by the rows that refer to them.

use aludel::{orm::State, prelude::*, sql::trusted};

use super::Stage;
use crate::database::{Database, on_every_database};

/// The database changes what refers to it.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "natural_user")]
struct User {
    #[column(primary_key, length = 20)]
    name: String,
    #[column(length = 20)]
    email: Option<String>,
    #[relationship(back_populates = Address::user, order_by = Address::id)]
    addresses: Many<Address>,
    #[relationship(back_populates = Post::user, cascade = "all, delete-orphan", order_by = Post::number)]
    posts: Many<Post>,
    #[relationship(secondary = UserGroup, back_populates = Group::users)]
    groups: Many<Group>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "natural_address")]
struct Address {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    email: String,
    #[column(foreign_key = User::name, on_update = "cascade", length = 20)]
    user_name: Option<String>,
    #[relationship(back_populates = User::addresses)]
    user: One<User>,
}

/// Its key holds the foreign key.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "natural_post")]
struct Post {
    #[column(primary_key, foreign_key = User::name, on_update = "cascade", length = 20)]
    user_name: String,
    #[column(primary_key)]
    number: i32,
    #[column(length = 20)]
    title: Option<String>,
    #[relationship(back_populates = User::posts)]
    user: One<User>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "natural_group")]
struct Group {
    #[column(primary_key, length = 20)]
    name: String,
    #[relationship(secondary = UserGroup, back_populates = User::groups)]
    users: Many<User>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "natural_user_group")]
struct UserGroup {
    #[column(primary_key, foreign_key = User::name, on_update = "cascade", length = 20)]
    user_name: String,
    #[column(primary_key, foreign_key = Group::name, on_update = "cascade", length = 20)]
    group_name: String,
}

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

fn post(number: i32) -> Post {
    Post { number, ..default() }
}

fn address(email: &str) -> Address {
    Address { email: email.into(), ..default() }
}

async fn stage(database: &Database) -> Stage {
    Stage::of(database, MetaData::of((User, Address, Post, Group, UserGroup))).await
}

async fn case_044_a_key_is_passed_on(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let (first, second) = (session.add(user("u1")), session.add(user("u2")));
    session.commit().await.unwrap();
    session.delete(&first).unwrap();
    session.flush().await.unwrap();
    second.set(User::name, "u1");
    session.flush().await.unwrap();
    assert_eq!(session.get(User, "u1").await.unwrap(), Some(second.clone()));
    session.rollback().await.unwrap();
    assert_eq!(session.get(User, "u1").await.unwrap(), Some(first.clone()));
    assert_eq!(session.get(User, "u2").await.unwrap(), Some(second.clone()));
    assert_eq!((first.state(), second.read().name.as_str()), (State::Persistent, "u2"));
    // In one flush, the old one leaves first.
    session.delete(&first).unwrap();
    second.set(User::name, "u1");
    stage.sent();
    session.commit().await.unwrap();
    let mut verbs = stage.verbs();
    verbs.retain(|verb| verb.ends_with("natural_user") && !verb.starts_with("SELECT"));
    assert_eq!(verbs, ["DELETE natural_user", "UPDATE natural_user"]);
    assert_eq!(session.get(User, "u1").await.unwrap(), Some(second.clone()));
    assert_eq!(session.get(User, "u2").await.unwrap(), None);
    // Handed on in a chain, and undone inside a nested transaction.
    let third = session.add(user("u3"));
    session.commit().await.unwrap();
    let failed = session
        .nested(async |session| {
            second.set(User::name, "u0");
            third.set(User::name, "u1");
            session.flush().await?;
            assert_eq!(session.get(User, "u1").await?, Some(third.clone()));
            Err::<(), _>(Error::custom("no"))
        })
        .await;
    failed.unwrap_err();
    assert_eq!(session.get(User, "u1").await.unwrap(), Some(second));
    assert_eq!(session.get(User, "u3").await.unwrap(), Some(third));
    assert_eq!(session.get(User, "u0").await.unwrap(), None);
}
on_every_database!(case_044_a_key_is_passed_on);

async fn case_060_the_database_follows_a_changed_key(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let jack = session.add(User {
        addresses: Many::from([address("1"), address("2")]),
        posts: Many::from([post(1), post(2)]),
        groups: Many::from([Group { name: "g".into(), ..default() }]),
        ..user("jack")
    });
    session.commit().await.unwrap();
    let addresses: Vec<_> = jack.read().addresses.iter().unwrap().collect();
    let posts: Vec<_> = jack.read().posts.iter().unwrap().collect();
    stage.sent();
    jack.set(User::name, "ed");
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE natural_user"], "the database does the rest");
    // The objects of the session show it, and are not changed.
    assert!(addresses.iter().all(|address| address.read().user_name.as_deref() == Some("ed")));
    assert!(posts.iter().all(|post| post.read().user_name == "ed" && !post.is_modified()));
    assert_eq!(session.get(Post, ("ed", 2)).await.unwrap(), Some(posts[1].clone()));
    assert_eq!(stage.sent().len(), 0);
    assert_eq!(session.get(Post, ("jack", 2)).await.unwrap(), None);
    // They are found by their new keys.
    posts[0].set(Post::title, "t");
    session.delete(&posts[1]).unwrap();
    session.flush().await.unwrap();
    // Rolled back, everything has its old key.
    session.rollback().await.unwrap();
    assert_eq!(jack.read().name, "jack");
    assert!(addresses.iter().all(|address| address.read().user_name.as_deref() == Some("jack")));
    assert_eq!(session.get(Post, ("jack", 1)).await.unwrap(), Some(posts[0].clone()));
    // A new key along with new rows, rows that leave, and changed ones: in an order that keeps every foreign key.
    jack.set(User::name, "ed");
    jack.edit(|jack| {
        jack.addresses.push(address("3"));
        jack.posts.push(post(3));
        assert!(jack.addresses.remove(&addresses[0]));
        jack.groups.push(Group { name: "h".into(), ..default() });
    });
    posts[0].set(Post::title, "changed");
    session.delete(&posts[1]).unwrap();
    session.add(Address { user_name: Some("ed".into()), ..address("4") });
    session.commit().await.unwrap();
    let owners = select((Address::email, Address::user_name)).order_by(Address::email);
    let owners: Vec<(String, Option<String>)> = session.execute(owners).all().await.unwrap();
    let ed = || Some("ed".to_owned());
    let expected = [("1", None), ("2", ed()), ("3", ed()), ("4", ed())].map(|(a, b)| (a.to_owned(), b));
    assert_eq!(owners, expected);
    let rows = select((Post::user_name, Post::number, Post::title)).order_by(Post::number);
    let rows: Vec<(String, i32, Option<String>)> = session.execute(rows).all().await.unwrap();
    assert_eq!(rows, [("ed".to_owned(), 1, Some("changed".to_owned())), ("ed".to_owned(), 3, None)]);
    let groups: Vec<(String, String)> = session
        .execute(select((UserGroup::user_name, UserGroup::group_name)).order_by(UserGroup::group_name))
        .all()
        .await
        .unwrap();
    assert_eq!(groups, [("ed", "g"), ("ed", "h")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    assert_eq!(session.get(Post, ("ed", 3)).await.unwrap().unwrap().read().user.get().unwrap(), Some(jack));
}
on_every_database!(case_060_the_database_follows_a_changed_key);

/// The session changes what refers to it.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_user")]
struct Writer {
    #[column(primary_key, length = 20)]
    name: String,
    #[relationship(back_populates = Note::writer, passive_updates = false)]
    notes: Many<Note>,
    #[relationship(secondary = WriterClub, back_populates = Club::writers, passive_updates = false)]
    clubs: Many<Club>,
    #[relationship(back_populates = Vita::writer, passive_updates = false)]
    vita: One<Vita>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_note")]
struct Note {
    #[column(primary_key, foreign_key = Writer::name, length = 20)]
    writer_name: String,
    #[column(primary_key)]
    number: i32,
    #[column(length = 20)]
    text: Option<String>,
    #[relationship(back_populates = Writer::notes)]
    writer: One<Writer>,
}

/// Its key is the foreign key, and is referred to in turn.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_vita")]
struct Vita {
    #[column(primary_key, foreign_key = Writer::name, length = 20)]
    writer_name: String,
    #[relationship(back_populates = Writer::vita)]
    writer: One<Writer>,
    #[relationship(back_populates = Line::vita, passive_updates = false)]
    lines: Many<Line>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_line")]
struct Line {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Vita::writer_name, length = 20)]
    vita_name: Option<String>,
    #[column(version_id)]
    version: i32,
    #[relationship(back_populates = Vita::lines)]
    vita: One<Vita>,
}

/// Its relationship leads back nowhere.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_fan")]
struct Fan {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Writer::name, length = 20)]
    of_name: Option<String>,
    #[relationship(passive_updates = false)]
    of: One<Writer>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_club")]
struct Club {
    #[column(primary_key, length = 20)]
    name: String,
    #[relationship(secondary = WriterClub, back_populates = Writer::clubs)]
    writers: Many<Writer>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "written_writer_club")]
struct WriterClub {
    #[column(primary_key, foreign_key = Writer::name, length = 20)]
    writer_name: String,
    #[column(primary_key, foreign_key = Club::name, length = 20)]
    club_name: String,
}

/// Tables of a database that checks no foreign keys.
async fn unchecked(database: &Database) -> Stage {
    let stage = Stage::of(database, MetaData::new()).await;
    let id = match () {
        () if database.is_postgres() => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        () if database.is_mysql() => "BIGINT AUTO_INCREMENT PRIMARY KEY",
        () => "INTEGER PRIMARY KEY",
    };
    let tables = [
        "CREATE TABLE written_user (name VARCHAR(20) PRIMARY KEY)".to_owned(),
        "CREATE TABLE written_note (writer_name VARCHAR(20), number INTEGER, text VARCHAR(20), \
         PRIMARY KEY (writer_name, number))"
            .to_owned(),
        "CREATE TABLE written_vita (writer_name VARCHAR(20) PRIMARY KEY)".to_owned(),
        format!("CREATE TABLE written_line (id {id}, vita_name VARCHAR(20), version INTEGER NOT NULL)"),
        format!("CREATE TABLE written_fan (id {id}, of_name VARCHAR(20))"),
        "CREATE TABLE written_club (name VARCHAR(20) PRIMARY KEY)".to_owned(),
        "CREATE TABLE written_writer_club (writer_name VARCHAR(20), club_name VARCHAR(20), \
         PRIMARY KEY (writer_name, club_name))"
            .to_owned(),
    ];
    let mut conn = stage.engine.connect().await.unwrap();
    for table in tables {
        conn.exec_driver_sql(trusted(&table), Vec::new()).await.unwrap();
    }
    conn.commit().await.unwrap();
    drop(conn);
    stage.sent();
    stage
}

async fn case_060_the_session_follows_a_changed_key(database: &Database) {
    let stage = unchecked(database).await;
    let mut session = stage.sessions.open();
    let note = |number| Note { number, ..default() };
    let jack = session.add(Writer {
        name: "jack".into(),
        notes: Many::from([note(1), note(2)]),
        clubs: Many::from([Club { name: "c".into(), ..default() }]),
        vita: One::from(Vita { lines: Many::from([Line::default(), Line::default()]), ..default() }),
    });
    let other = session.add(Writer { name: "other".into(), notes: Many::from([note(1)]), ..default() });
    let fan = session.add(Fan { of: One::from(&jack), ..default() });
    session.commit().await.unwrap();
    let check = async |name: &str| {
        let mut third = stage.sessions.open();
        let notes = select(Note::number).filter(Note::writer_name.eq(name)).order_by(Note::number);
        assert_eq!(third.scalars(notes).all().await.unwrap(), [1, 2]);
        let lines =
            third.scalars(select(Line::version).filter(Line::vita_name.eq(name))).all().await.unwrap();
        assert_eq!(lines.len(), 2);
        let clubs = third.scalars(select(WriterClub::writer_name)).all().await.unwrap();
        assert_eq!(clubs, [name]);
        assert_eq!(third.scalars(select(Vita::writer_name)).all().await.unwrap(), [name]);
        lines
    };
    // Loaded: an UPDATE for each table, the referenced one first.
    stage.sent();
    jack.set(Writer::name, "ed");
    session.commit().await.unwrap();
    let verbs = stage.verbs();
    let first =
        |verb: &str| verbs.iter().position(|other| other == verb).unwrap_or_else(|| panic!("{verbs:?}"));
    assert!(first("UPDATE written_user") < first("UPDATE written_vita"));
    assert!(first("UPDATE written_vita") < first("UPDATE written_line"));
    assert!(verbs.iter().all(|verb| verb.starts_with("UPDATE")), "{verbs:?}");
    assert_eq!(check("ed").await, [2, 2], "the session wrote these rows");
    assert_eq!(fan.read().of_name.as_deref(), Some("ed"));
    assert_eq!(session.get(Note, ("ed", 2)).await.unwrap().unwrap().read().writer.get().unwrap(), Some(jack));
    assert!(other.read().notes.iter().unwrap().all(|note| note.read().writer_name == "other"));
    // Not loaded: the collections are loaded to be followed.
    let mut session = stage.sessions.open();
    let ed = session.get_one(Writer, "ed").await.unwrap();
    ed.set(Writer::name, "jim");
    session.commit().await.unwrap();
    assert_eq!(check("jim").await, [3, 3]);
    // Rolled back.
    ed.set(Writer::name, "joe");
    session.flush().await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!(check("jim").await, [3, 3]);
    assert!(session.get(Note, ("jim", 1)).await.unwrap().is_some());
    assert!(session.get(Note, ("joe", 1)).await.unwrap().is_none());
}
on_every_database!(case_060_the_session_follows_a_changed_key);
