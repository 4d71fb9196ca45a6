//! Sessions whose transactions are prepared first, and committed when all others are.

use aludel::{orm::State, prelude::*, sql::trusted};

use super::{Stage, models::User};
use crate::database::{Database, on_every_database};

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

async fn names(stage: &Stage) -> Vec<String> {
    stage.sessions.open().scalars(select(User::name).order_by(User::name)).all().await.unwrap()
}

async fn case_046_two_phase_sessions(database: &Database) {
    let stage = Stage::new(database).await;
    let sessions = stage.sessions.clone().twophase(true);
    let mut session = sessions.open();
    if database.is_sqlite() {
        session.add(user("ed"));
        for error in [session.prepare().await.map(drop), session.get(User, 1).await.map(drop)] {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
            assert!(error.message().contains("two-phase") && error.message().contains("SQLite"), "{error}");
        }
        session.rollback().await.unwrap();
        return;
    }
    // Nothing was sent, so that there is nothing to prepare.
    assert_eq!(session.prepare().await.unwrap(), None);
    let ed = session.add(user("ed"));
    let name = session.prepare().await.unwrap().unwrap();
    assert!(!session.is_active());
    for refused in [
        session.flush().await,
        session.get(User, 99).await.map(drop),
        session.prepare().await.map(drop),
        session.begin_nested().await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{refused}");
    }
    let mut other = stage.engine.connect().await.unwrap();
    assert!(other.recover_twophase().await.unwrap().iter().any(|other| **other == *name));
    session.rollback().await.unwrap();
    assert!(!session.contains(&ed) && session.is_active());
    assert_eq!((ed.state(), ed.read().id), (State::Transient, 0));
    assert_eq!(names(&stage).await, [""; 0]);
    assert!(!other.recover_twophase().await.unwrap().iter().any(|other| **other == *name));

    // Prepared and committed; then committed in both phases at once.
    let ed = session.add(&ed);
    session.prepare().await.unwrap();
    session.commit().await.unwrap();
    assert_eq!((ed.state(), session.is_active()), (State::Persistent, true));
    ed.set(User::name, "edward");
    session.add(user("jack"));
    session.commit().await.unwrap();
    sessions
        .begin(async |session| {
            session.add(user("wendy"));
            session.nested(async |session| session.flush().await).await
        })
        .await
        .unwrap();
    assert_eq!(names(&stage).await, ["edward", "jack", "wendy"]);
    // What is closed is rolled back, prepared or not; what is dropped stays on the server.
    ed.set(User::name, "closed");
    session.prepare().await.unwrap();
    session.close().await.unwrap();
    assert_eq!((ed.state(), ed.read().name.as_str()), (State::Detached, "edward"));
    session.add(user("dropped"));
    let name = session.prepare().await.unwrap().unwrap();
    drop(session);
    other.rollback().await.unwrap();
    other.commit_prepared(&name).await.unwrap();
    assert_eq!(names(&stage).await, ["dropped", "edward", "jack", "wendy"]);

    let refused = stage.sessions.open().prepare().await.unwrap_err();
    assert!(refused.message().contains("twophase"), "{refused}");
}
on_every_database!(case_046_two_phase_sessions);

async fn case_046_a_prepare_that_fails(database: &Database) {
    if database.is_sqlite() {
        return;
    }
    let stage = Stage::new(database).await;
    if database.is_postgres() {
        let mut conn = stage.engine.connect().await.unwrap();
        conn.batch("ALTER TABLE users ADD CONSTRAINT late UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
            .await
            .unwrap();
        conn.commit().await.unwrap();
    }
    for commits in [false, true] {
        let mut session = stage.sessions.clone().twophase(true).open();
        let users = session.add_all([user("twin"), user("twin")]);
        session.flush().await.unwrap();
        if !database.is_postgres() {
            // The branch is ended behind the driver's back, so that it cannot end it to prepare it.
            let connection = session.connection().await.unwrap();
            let name = connection.twophase_name().unwrap().clone();
            connection.exec_driver_sql(trusted(format!("XA END '{name}'")), Vec::new()).await.unwrap();
        }
        let outcome = if commits { session.commit().await } else { session.prepare().await.map(drop) };
        let error = outcome.unwrap_err();
        assert!(error.message().contains("could not be prepared"), "{error}");
        assert_ne!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        // It is rolled back, and the session goes on.
        assert!(users.iter().all(|user| user.state() == State::Transient && user.read().id == 0));
        session.add(&users[0]);
        session.commit().await.unwrap();
        assert_eq!(names(&stage).await, ["twin"]);
        session.execute(delete(User)).await.unwrap();
        session.commit().await.unwrap();
    }
}
on_every_database!(case_046_a_prepare_that_fails);
