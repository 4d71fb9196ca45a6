//! A transaction around a whole test: whatever is committed inside of it is gone at its end.

use aludel::{engine::TestTransaction, prelude::*};

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

async fn case_047_a_session_inside_a_transaction_of_its_caller(database: &Database) {
    let stage = Stage::new(database).await;
    let mut before = stage.sessions.open();
    before.add(user("before"));
    before.commit().await.unwrap();
    let test = TestTransaction::begin(&stage.engine).await.unwrap();
    let sessions = SessionMaker::new(test.engine());
    let mut session = sessions.open();
    session.add(user("one"));
    session.add(Author { books: Many::from([Book::default(), Book::default()]), ..default() });
    session.commit().await.unwrap();
    // Rolled back inside, only that is gone.
    session.add(user("two"));
    session.flush().await.unwrap();
    session.rollback().await.unwrap();
    let three = session.add(user("three"));
    session.commit().await.unwrap();
    assert_eq!(names(&mut session).await, ["before", "one", "three"]);
    session.close().await.unwrap();
    // An error inside leaves what was committed before it.
    let twin = sessions
        .begin(async |session| {
            session.add(User { id: three.read().id, name: "twin".into(), ..default() });
            Ok(())
        })
        .await;
    assert_eq!(twin.unwrap_err().kind(), ErrorKind::Integrity);
    let mut session = sessions.open();
    assert_eq!(names(&mut session).await, ["before", "one", "three"]);
    session.close().await.unwrap();
    drop(session);
    // Nobody else sees any of it, now and afterwards.
    if !database.is_sqlite() {
        assert_eq!(names(&mut stage.sessions.open()).await, ["before"]);
    }
    test.rollback().await.unwrap();
    assert_eq!(names(&mut stage.sessions.open()).await, ["before"]);
    let books: i64 = stage.sessions.open().scalar(select(count(Book::id))).await.unwrap().unwrap();
    assert_eq!(books, 0);
}
on_every_database!(case_047_a_session_inside_a_transaction_of_its_caller);

async fn case_047_random_nesting_inside_a_transaction(database: &Database) {
    let stage = Stage::new(database).await;
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let test = TestTransaction::begin(&stage.engine).await.unwrap();
        let mut session = SessionMaker::new(test.engine()).open();
        for step in 0..30 {
            match random.u8(0..6) {
                0 => session.commit().await.unwrap(),
                1 => session.rollback().await.unwrap(),
                2 => {
                    let nested = session.begin_nested().await.unwrap();
                    match random.bool() {
                        true => nested.commit().await.unwrap(),
                        false => nested.rollback().await.unwrap(),
                    }
                }
                _ => drop(session.add(user(&format!("{step}")))),
            }
        }
        let shown = names(&mut session).await.len();
        session.commit().await.unwrap();
        assert_eq!(names(&mut session).await.len(), shown);
        session.close().await.unwrap();
        drop(session);
        test.rollback().await.unwrap();
        assert_eq!(names(&mut stage.sessions.open()).await, [""; 0], "seed {seed}");
    }
}
on_every_database!(case_047_random_nesting_inside_a_transaction);

async fn core_inside_a_transaction_of_a_test(database: &Database) {
    let stage = Stage::new(database).await;
    let test = TestTransaction::begin(&stage.engine).await.unwrap();
    let mut conn = test.engine().connect().await.unwrap();
    conn.set_autocommit(true).unwrap();
    conn.execute(insert(User).values(user("alone"))).await.unwrap();
    let id: i64 = conn.scalar_one(select(User::id)).await.unwrap();
    // What stands alone and fails takes nothing with it.
    let twin = conn.execute(insert(User).values(User { id, ..user("twin") })).await.unwrap_err();
    assert_eq!(twin.kind(), ErrorKind::Integrity);
    assert_eq!(conn.scalar_one::<i64, _>(select(count(User::id))).await.unwrap(), 1);
    let mut stream = conn.stream(select(User::name)).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), Some("alone".to_owned()));
    stream.close().await.unwrap();
    assert_eq!(conn.begin_twophase().await.map(drop).unwrap_err().kind(), ErrorKind::NotSupported);
    // A second connection would wait for the first.
    let second = test.engine().connect().await.unwrap_err();
    assert_eq!(second.kind(), ErrorKind::InvalidRequest);
    let held = test.rollback().await.unwrap_err();
    assert!(held.message().contains("outer.rs"), "{held}");
    drop(conn);
    let memory = create_engine("sqlite://").build().unwrap();
    assert_eq!(TestTransaction::begin(&memory).await.unwrap_err().kind(), ErrorKind::Argument);
}
on_every_database!(core_inside_a_transaction_of_a_test);
