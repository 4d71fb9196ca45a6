//! Events of a session and its transactions.

use aludel::prelude::*;

use super::Diary;
use crate::{
    database::{Database, on_every_database},
    orm::{
        Stage,
        models::{Author, Tag, User},
    },
};

fn user(name: &str) -> User {
    User { name: name.into(), ..default() }
}

async fn case_095_an_empty_commit_and_a_connection(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::of_transactions(stage.sessions.events());
    let mut session = stage.sessions.open();
    session.commit().await.unwrap();
    let empty = ["after_transaction_create", "before_commit", "after_commit", "after_transaction_end"];
    assert_eq!(diary.read(), empty);
    session.connection().await.unwrap();
    assert_eq!(diary.read(), ["after_transaction_create", "after_begin"]);
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["after_rollback", "after_transaction_end", "after_soft_rollback"]);
    // Nothing was under way.
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
    session.scalars(select(count(User::id))).one().await.unwrap();
    drop(session);
    assert_eq!(diary.read(), ["after_transaction_create", "after_begin", "after_transaction_end"]);
}
on_every_database!(case_095_an_empty_commit_and_a_connection);

async fn case_096_before_flush_adds_changes_and_deletes(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let (old, kept) = (session.add(user("old")), session.add(user("kept")));
    session.commit().await.unwrap();

    let (doomed, changed) = (old.clone(), kept.clone());
    let listener = session.events().before_flush.listen(move |event| {
        let (doomed, changed) = (doomed.clone(), changed.clone());
        Box::pin(async move {
            if event.session.pending(User).iter().any(|user| user.read().name == "u1") {
                event.session.add(user("another u1"));
                event.session.delete(&doomed)?;
                changed.set(User::name, "changed");
                // Rows are as they are: no flush comes before this.
                let there = event.session.scalars(select(count(User::id))).one().await?;
                assert_eq!(there, 2);
            }
            Ok(())
        })
    });
    session.add(user("u1"));
    session.flush().await.unwrap();
    let names = select(User::name).order_by(User::id);
    assert_eq!(session.scalars(names.clone()).all().await.unwrap(), ["changed", "u1", "another u1"]);
    assert!(session.events().remove(listener));
    session.commit().await.unwrap();

    // A flush inside a flush, and whatever ends the transaction, is refused by name.
    session.events().before_flush.listen(|event| Box::pin(async move { event.session.flush().await }));
    session.add(user("u2"));
    let error = session.flush().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("already flushing"), "{error}");
    assert!(session.is_active(), "nothing was sent");
    session.rollback().await.unwrap();
    let error = stage
        .sessions
        .begin(async |session| {
            session
                .events()
                .before_flush
                .listen(|event| Box::pin(async move { event.session.commit().await }));
            session.add(user("u3"));
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("already flushing"), "{error}");
    assert_eq!(session.scalars(names).all().await.unwrap(), ["changed", "u1", "another u1"]);
}
on_every_database!(case_096_before_flush_adds_changes_and_deletes);

async fn case_100_a_session_is_used_after_its_soft_rollback(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add(Tag { id: 1, label: "a".into(), ..default() });
    session.commit().await.unwrap();
    let diary = Diary::default();
    let counted = diary.clone();
    session.events().after_soft_rollback.listen(move |event| {
        let counted = counted.clone();
        Box::pin(async move {
            let session = &mut *event.session;
            counted.note(match session.is_active() {
                true => format!("active: {}", session.scalars(select(count(Tag::id))).one().await?),
                false => "not active".to_owned(),
            })
        })
    });
    stage
        .engine
        .begin(async |conn| conn.execute(insert(Tag).values(Tag { id: 2, ..default() })).await)
        .await
        .unwrap();
    session.add(Tag { id: 2, label: "b".into(), ..default() });
    session.flush().await.unwrap_err();
    assert!(!session.is_active());
    assert_eq!(diary.read(), ["not active"]);
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["active: 2"]);
    assert!(session.is_active());
    // What the listener began goes on.
    session.rollback().await.unwrap();
    assert_eq!(diary.read(), ["active: 2"]);
    session.events().after_rollback.listen(|event| {
        Box::pin(async move { event.session.scalars(select(count(Tag::id))).one().await.map(drop) })
    });
    let error = session.rollback().await.unwrap_err();
    assert!(error.to_string().contains("rolled back, and no other is begun"), "{error}");
    assert_eq!(diary.read(), ["active: 2"], "the other listeners are told all the same");
}
on_every_database!(case_100_a_session_is_used_after_its_soft_rollback);

async fn nested_transactions_tell_of_themselves(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.connection().await.unwrap();
    let diary = Diary::of_transactions(session.events());
    let nested = session.begin_nested().await.unwrap();
    nested.commit().await.unwrap();
    assert_eq!(
        diary.read(),
        [
            "after_transaction_create of a nested one",
            "before_commit of a nested one",
            "after_commit of a nested one",
            "after_transaction_end of a nested one",
        ]
    );
    let nested = session.begin_nested().await.unwrap();
    nested.rollback().await.unwrap();
    assert_eq!(
        diary.read(),
        [
            "after_transaction_create of a nested one",
            "after_rollback of a nested one",
            "after_transaction_end of a nested one",
            "after_soft_rollback of a nested one",
        ]
    );
    let nested = session.begin_nested().await.unwrap();
    drop(nested);
    assert_eq!(
        diary.read(),
        ["after_transaction_create of a nested one", "after_transaction_end of a nested one"]
    );
    let nested = session.begin_nested().await.unwrap();
    std::mem::forget(nested);
    session.rollback().await.unwrap();
    assert_eq!(
        diary.read(),
        [
            "after_transaction_create of a nested one",
            "after_rollback",
            "after_transaction_end of a nested one",
            "after_soft_rollback of a nested one",
            "after_transaction_end",
            "after_soft_rollback",
        ]
    );
}
on_every_database!(nested_transactions_tell_of_themselves);

async fn errors_of_listeners_stop_what_they_stand_before(database: &Database) {
    let stage = Stage::new(database).await;
    let events = stage.sessions.events();
    let refuse = || Error::custom("not today");
    let users = async || {
        let mut session = stage.sessions.open();
        session.scalars(select(count(User::id))).one().await.unwrap()
    };

    let id = events.before_commit.listen_sync(move |_| Err(refuse()));
    let mut session = stage.sessions.open();
    let kept = session.add(user("kept"));
    session.commit().await.unwrap_err();
    assert!(session.is_active() && session.contains(&kept));
    assert!(events.remove(id) && !events.remove(id));
    session.commit().await.unwrap();
    assert_eq!(users().await, 1);

    let id = events.after_begin.listen_sync(move |_| Err(refuse()));
    session.add(user("never"));
    session.flush().await.unwrap_err();
    session.rollback().await.unwrap();
    assert!(events.remove(id));
    assert_eq!(users().await, 1);

    let id = events.after_flush.listen_sync(move |_| Err(refuse()));
    let lost = session.add(user("lost"));
    let error = session.flush().await.unwrap_err();
    assert!(error.to_string().contains("not today"), "{error}");
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    session.rollback().await.unwrap();
    assert!(!session.contains(&lost));
    assert!(events.remove(id));
    assert_eq!(users().await, 1);

    let id = events.after_commit.listen_sync(move |_| Err(refuse()));
    session.add(user("there"));
    let error = session.commit().await.unwrap_err();
    assert!(error.to_string().contains("the transaction is committed"), "{error}");
    assert!(events.remove(id));
    assert!(session.is_active());
    assert_eq!(users().await, 2);
}
on_every_database!(errors_of_listeners_stop_what_they_stand_before);

async fn what_after_begin_sets_holds_for_the_transaction(database: &Database) {
    let stage = Stage::new(database).await;
    stage.sessions.events().after_begin.listen(|event| {
        Box::pin(async move {
            event.connection.execute(insert(Tag).values(Tag { label: "begun".into(), ..default() })).await?;
            Ok(())
        })
    });
    let mut session = stage.sessions.open();
    assert_eq!(session.scalars(select(Tag::label)).all().await.unwrap(), ["begun"]);
    session.rollback().await.unwrap();
    session.commit().await.unwrap();
    let mut plain = SessionMaker::new(&stage.engine).open();
    assert_eq!(plain.scalars(select(count(Tag::id))).one().await.unwrap(), 0);
}
on_every_database!(what_after_begin_sets_holds_for_the_transaction);

async fn after_flush_tells_what_was_written(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let (changed, gone) = (session.add(user("a")), session.add(user("b")));
    session.commit().await.unwrap();
    let diary = Diary::default();
    let written = diary.clone();
    stage.sessions.events().after_flush.listen_sync(move |event| {
        let names = |users: Vec<Instance<User>>| {
            users.iter().map(|user| user.read().name.clone()).collect::<Vec<_>>().join(" ")
        };
        let flushed = event.flushed;
        written.note(format!(
            "+{} ~{} -{} of {}",
            names(flushed.inserted(User)),
            names(flushed.updated(User)),
            names(flushed.deleted(User)),
            flushed.inserted(aludel::orm::AnyModel).len()
        ))
    });
    session.add(user("c"));
    session.add(Author { name: "d".into(), ..default() });
    changed.set(User::name, "aa");
    session.delete(&gone).unwrap();
    session.commit().await.unwrap();
    assert_eq!(diary.read(), ["+c ~aa -b of 2"]);
    session.commit().await.unwrap();
    assert_eq!(diary.read(), [""; 0]);
}
on_every_database!(after_flush_tells_what_was_written);

async fn statements_can_be_replaced_before_they_are_sent(database: &Database) {
    use aludel::sql::{StatementNode, statement::SelectNode};

    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    session.add_all(["a", "b"].map(user));
    session.commit().await.unwrap();
    let only_a = select(User).filter(User::name.eq("a"));
    let condition = only_a.tree().filters.clone();
    session.events().do_orm_execute.listen_sync(move |event| {
        if let StatementNode::Select(select) = event.statement {
            let mut filtered = SelectNode::clone(select);
            filtered.filters.extend(condition.iter().cloned());
            *event.statement = StatementNode::Select(filtered.into());
        }
        Ok(())
    });
    let found = session.scalars(select(User)).all().await.unwrap();
    assert_eq!(found.iter().map(|user| user.read().name.clone()).collect::<Vec<_>>(), ["a"]);
    session.expunge_all();
    assert!(session.get(User, found[0].read().id).await.unwrap().is_some());
    let others = stage.sessions.open().scalars(select(User::id).order_by(User::id)).all().await.unwrap();
    assert!(session.get(User, others[1]).await.unwrap().is_none());
}
on_every_database!(statements_can_be_replaced_before_they_are_sent);

async fn changes_of_many_rows_are_told(database: &Database) {
    let stage = Stage::new(database).await;
    let diary = Diary::default();
    let (updated, deleted) = (diary.clone(), diary.clone());
    let events = stage.sessions.events();
    events.after_bulk_update.listen_sync(move |event| updated.note(format!("{} updated", event.rows)));
    events.after_bulk_delete.listen_sync(move |event| deleted.note(format!("{} deleted", event.rows)));
    let mut session = stage.sessions.open();
    session.add_all(["a", "b", "c"].map(user));
    session.execute(update(User).set(User::name, "x").filter(User::name.ne("c"))).await.unwrap();
    session.execute(delete(User)).await.unwrap();
    assert_eq!(diary.read(), ["2 updated", "3 deleted"]);
}
on_every_database!(changes_of_many_rows_are_told);
