//! How the transaction of a session begins and ends, what leaves none open, and what a session is told.

use aludel::{
    engine::ExecutionOptions,
    orm::{SessionId, State},
    prelude::*,
};

use super::{
    Stage,
    models::{Author, Book, User},
};
use crate::database::{Database, on_every_database};

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

async fn names(session: &mut Session) -> Vec<String> {
    session.scalars(select(User::name).order_by(User::id)).all().await.unwrap()
}

async fn begin_commits_rolls_back_and_is_dropped(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    assert!(!session.in_transaction() && session.is_active());
    let mut transaction = session.begin().unwrap();
    let ed = transaction.add(user("ed"));
    assert_eq!(transaction.begin().map(drop).unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert!(transaction.in_transaction());
    transaction.commit().await.unwrap();
    assert!(!session.in_transaction());
    // A statement begins one, too.
    assert_eq!(names(&mut session).await, ["ed"]);
    assert!(session.in_transaction());
    let refused = session.begin().map(drop).unwrap_err();
    assert!(refused.message().contains("begun already"), "{refused}");
    session.rollback().await.unwrap();
    let transaction = session.begin().unwrap();
    ed.set(User::name, "x");
    transaction.rollback().await.unwrap();
    assert_eq!(ed.read().name, "ed");
    let mut transaction = session.begin().unwrap();
    ed.set(User::name, "y");
    let jack = transaction.add(user("jack"));
    transaction.flush().await.unwrap();
    drop(transaction);
    assert_eq!((ed.read().name.as_str(), jack.state()), ("ed", State::Transient));
    assert_eq!(names(&mut session).await, ["ed"]);
    session.rollback().await.unwrap();
    // Ended inside, the block has nothing to commit any more.
    let mut transaction = session.begin().unwrap();
    Session::commit(&mut transaction).await.unwrap();
    assert_eq!(transaction.commit().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    // After a failure nothing is active until it is rolled back.
    session.add(User { id: ed.read().id, ..user("twin") });
    assert!(session.commit().await.is_err());
    assert!(!session.is_active() && session.in_transaction());
    session.rollback().await.unwrap();
    assert!(session.is_active() && !session.in_transaction());
    session.execute(text("SELECT no_such_column")).await.map(drop).unwrap_err();
    assert!(!session.is_active());
    session.rollback().await.unwrap();
    assert!(session.is_active());
}
on_every_database!(begin_commits_rolls_back_and_is_dropped);

async fn without_autobegin_nothing_begins_by_itself(database: &Database) {
    let stage = Stage::new(database).await;
    let sessions = stage.sessions.clone().autobegin(false);
    let mut session = sessions.open();
    let ed = session.add(user("ed"));
    for refused in [
        session.flush().await,
        session.commit().await,
        session.get(User, 1).await.map(drop),
        session.connection().await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("session.begin()"), "{refused}");
    }
    assert_eq!(ed.state(), State::Pending);
    session.begin().unwrap().commit().await.unwrap();
    assert_eq!(ed.state(), State::Persistent);
    sessions.begin(async |session| session.get_one(User, ed.read().id).await.map(drop)).await.unwrap();
    assert!(session.get(User, 99).await.is_err());
}
on_every_database!(without_autobegin_nothing_begins_by_itself);

async fn reading_leaves_no_transaction_open(database: &Database) {
    let stage = Stage::new(database).await;
    let mut setup = stage.sessions.open();
    let author = setup.add(Author {
        name: "a".into(),
        books: Many::from([Book { title: "one".into(), ..default() }]),
        ..default()
    });
    setup.commit().await.unwrap();
    let id = author.read().id;
    drop(setup);
    stage.all_sent();
    let sessions = stage.sessions.clone().reads_in_autocommit(true);
    let mut session = sessions.open();
    let author = session.get_one(Author, id).await.unwrap();
    session.load(&author, Author::books).await.unwrap();
    session.scalars(select(Book)).all().await.unwrap();
    session.refresh(&author).await.unwrap();
    let sent = stage.all_sent();
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(sent.iter().all(|line| line.starts_with("SELECT")), "{sent:?}");
    assert!(!session.in_transaction());
    // What others commit meanwhile is seen.
    let rename = update(Author).set(Author::name, "theirs").filter(Author::id.eq(id));
    stage.sessions.begin(async |other| other.execute(rename).await.map(drop)).await.unwrap();
    session.refresh(&author).await.unwrap();
    assert_eq!(author.read().name, "theirs");
    // The first flush begins a transaction, and what is read then is part of it.
    author.set(Author::name, "mine");
    stage.all_sent();
    let found = session.scalars(select(Author).filter(Author::name.eq("mine"))).all().await.unwrap();
    assert_eq!(found, std::slice::from_ref(&author));
    assert!(session.in_transaction());
    let sent = stage.all_sent();
    assert!(sent[0].starts_with("BEGIN") || sent[0].starts_with("START"), "{sent:?}");
    session.rollback().await.unwrap();
    assert_eq!((author.read().name.as_str(), author.is_expired()), ("theirs", false));
    assert!(!session.in_transaction());
    // So does `begin`, a statement that writes, a lock, and a nested transaction.
    let transaction = session.begin().unwrap();
    assert!(transaction.in_transaction());
    transaction.commit().await.unwrap();
    session.execute(update(Author).set(Author::name, "set")).await.unwrap();
    assert!(session.in_transaction());
    assert_eq!(author.read().name, "set");
    session.rollback().await.unwrap();
    assert_eq!(author.read().name, "theirs");
    session.get_with(Author, id, |select| select.with_for_update()).await.unwrap();
    assert!(session.in_transaction());
    session.rollback().await.unwrap();
    session.nested(async |session| session.flush().await).await.unwrap();
    assert!(session.in_transaction());
    author.set(Author::name, "done");
    session.commit().await.unwrap();
    assert!(!session.in_transaction());
    let stored = sessions.open().scalars(select(Author::name)).one().await.unwrap();
    assert_eq!(stored, "done");
}
on_every_database!(reading_leaves_no_transaction_open);

async fn a_session_notes_and_tells_who_it_is(database: &Database) {
    let stage = Stage::new(database).await;
    let (mut first, second) = (stage.sessions.open(), stage.sessions.open());
    #[derive(Debug, PartialEq)]
    struct Tenant(u32);
    assert!(first.info_mut().insert(Tenant(7)).is_none());
    let ed = first.add(user("ed"));
    let known: Option<SessionId> = ed.session_id();
    assert_eq!(known, Some(first.id()));
    assert_ne!(first.id(), second.id());
    first.commit().await.unwrap();
    first.expunge(&ed).unwrap();
    assert_eq!(ed.session_id(), None);
    let ed = first.get_one(User, ed.read().id).await.unwrap();
    first.reset().await.unwrap();
    assert_eq!((ed.session_id(), ed.state()), (None, State::Detached));
    let ed = first.get_one(User, ed.read().id).await.unwrap();
    assert_eq!(ed.session_id(), Some(first.id()), "it is the same session");
    assert_eq!(first.info().get::<Tenant>(), Some(&Tenant(7)));
    first.info_mut().get_mut::<Tenant>().unwrap().0 = 8;
    assert_eq!(first.info_mut().remove::<Tenant>(), Some(Tenant(8)));
    assert!(first.info().get::<Tenant>().is_none());
    // Closed for good, where the session maker says so.
    let mut session = stage.sessions.clone().close_resets_only(false).open();
    assert_eq!(names(&mut session).await, ["ed"]);
    session.reset().await.unwrap();
    assert_eq!(names(&mut session).await, ["ed"]);
    session.close().await.unwrap();
    assert_eq!(session.get(User, 1).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(session.begin().map(drop).unwrap_err().kind(), ErrorKind::Closed);
    session.close().await.unwrap();
}
on_every_database!(a_session_notes_and_tells_who_it_is);

async fn a_session_that_ends_takes_back_what_it_did_and_no_more(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let id = session.add(user("ed"));
    session.commit().await.unwrap();
    let id = id.read().id;
    for sessions in [stage.sessions.clone(), stage.sessions.clone().reads_in_autocommit(true)] {
        // What was only read stays true.
        let mut session = sessions.open();
        let ed = session.get_one(User, id).await.unwrap();
        session.close().await.unwrap();
        assert_eq!((ed.read().name.as_str(), ed.state(), ed.is_expired()), ("ed", State::Detached, false));
        // What waited to be written is taken back, beside what was only read.
        let ed = session.get_one(User, id).await.unwrap();
        ed.set(User::name, "changed");
        let new = session.add(user("new"));
        session.close().await.unwrap();
        assert_eq!((ed.read().name.as_str(), ed.state()), ("ed", State::Detached));
        assert_eq!((new.read().name.as_str(), new.state()), ("new", State::Transient));
        // And so is what was written.
        let ed = session.get_one(User, id).await.unwrap();
        ed.set(User::name, "written");
        session.flush().await.unwrap();
        let read_back = session.scalar(select(User::name).filter(User::id.eq(id))).await.unwrap();
        assert_eq!(read_back.as_deref(), Some("written"));
        session.close().await.unwrap();
        assert_eq!((ed.read().name.as_str(), ed.state()), ("ed", State::Detached));
        assert_eq!(names(&mut session).await, ["ed"]);
        session.close().await.unwrap();
    }
}
on_every_database!(a_session_that_ends_takes_back_what_it_did_and_no_more);

async fn a_session_says_how_it_executes(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let level = IsolationLevel::Serializable;
    session.set_execution_options(ExecutionOptions::new().isolation_level(level)).unwrap();
    assert_eq!(names(&mut session).await, [""; 0]);
    let held = session.connection().await.unwrap().isolation_level().await.unwrap();
    assert_eq!(held, level);
    let refused = session.set_execution_options(ExecutionOptions::new().read_only(true)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{refused}");
    session.rollback().await.unwrap();
    session.set_execution_options(ExecutionOptions::new().read_only(true)).unwrap();
    session.add(user("ed"));
    assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    session.rollback().await.unwrap();
    // Others are not touched by it.
    let mut other = stage.sessions.open();
    other.add(user("jack"));
    other.commit().await.unwrap();
}
on_every_database!(a_session_says_how_it_executes);

async fn some_columns_are_refreshed(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "a".into(), email: Some("old".into()), ..default() });
    session.commit().await.unwrap();
    let id = author.read().id;
    let change = update(Author).set(Author::name, "b").set(Author::email, "new").filter(Author::id.eq(id));
    stage.sessions.begin(async |other| other.execute(change).await.map(drop)).await.unwrap();
    stage.sent();
    author.set(Author::email, "lost");
    session.refresh_only(&author, Author::email).await.unwrap();
    assert_eq!(stage.verbs(), ["SELECT author"], "the change is not written before");
    let read = author.read();
    assert_eq!((read.name.as_str(), read.email.as_deref()), ("a", Some("new")));
    assert!(!author.is_modified());
    session.refresh_only(&author, (Author::name, Author::email)).await.unwrap();
    assert_eq!(author.read().name, "b");
    // A whole refresh throws changes away, too.
    author.set(Author::name, "lost");
    stage.sent();
    session.refresh(&author).await.unwrap();
    assert_eq!(stage.verbs(), ["SELECT author"]);
    assert_eq!((author.read().name.as_str(), author.is_modified()), ("b", false));
    session.rollback().await.unwrap();
    stage.sessions.begin(async |other| other.execute(delete(Author)).await.map(drop)).await.unwrap();
    let gone = session.refresh_only(&author, Author::name).await.unwrap_err();
    assert!(gone.message().contains("could not refresh the Author"), "{gone}");
}
on_every_database!(some_columns_are_refreshed);

async fn a_session_moves_between_tasks(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(user("ed"));
    let mut session = tokio::spawn(async move {
        session.flush().await.unwrap();
        session
    })
    .await
    .unwrap();
    let (sent, received) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let users = session.scalars(select(User)).all().await.unwrap();
        session.commit().await.unwrap();
        let _ = sent.send(users);
    });
    let users = received.await.unwrap();
    assert_eq!((users.len(), users[0].state()), (1, State::Detached));
}
on_every_database!(a_session_moves_between_tasks);
