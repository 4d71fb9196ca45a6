//! Events of sessions, of their transactions, and of objects: what is told, and in which order.

mod attributes;
mod mappers;
mod objects;
mod statements;
mod transactions;

use std::sync::{Arc, Mutex};

use aludel::{
    orm::{AnyModel, Events, TransactionOrigin},
    prelude::*,
};

/// What listeners were told of, in order.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn note(&self, line: impl Into<String>) -> Result<()> {
        self.0.lock().unwrap().push(line.into());
        Ok(())
    }

    /// What was noted since the last call.
    fn read(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Notes every event of the life of objects by its name and the object's model.
    fn of_objects(events: &Events) -> Self {
        let diary = Self::default();
        macro_rules! note {
            ($($event:ident),*) => {$({
                let diary = diary.clone();
                let _ = events.$event(AnyModel, move |object| {
                    diary.0.lock().unwrap().push(format!("{} {}", stringify!($event), object.model_name()));
                });
            })*};
        }
        note!(transient_to_pending, pending_to_transient, pending_to_persistent, persistent_to_transient);
        note!(persistent_to_deleted, deleted_to_persistent, deleted_to_detached, persistent_to_detached);
        note!(detached_to_persistent, loaded_as_persistent, load, refresh, expire);
        diary
    }

    /// Notes every event of a session and its transactions by its name, those of a nested transaction and of a flush with
    /// a word more.
    fn of_transactions(events: &Events) -> Self {
        let diary = Self::default();
        macro_rules! note {
            ($($event:ident),*) => {$({
                let diary = diary.clone();
                let _ = events.$event.listen_sync(move |event| {
                    diary.note(concat!(stringify!($event)).to_owned() + kind(event.origin))
                });
            })*};
        }
        note!(before_commit, after_commit, after_rollback, after_soft_rollback);
        macro_rules! note_plainly {
            ($($event:ident),*) => {$({
                let diary = diary.clone();
                let _ = events.$event.listen_sync(move |_| diary.note(stringify!($event)));
            })*};
        }
        note_plainly!(after_begin, before_flush, after_flush, after_flush_postexec);
        let created = diary.clone();
        events.after_transaction_create.listen(move |event| {
            created.0.lock().unwrap().push("after_transaction_create".to_owned() + kind(event.origin));
            Ok(())
        });
        let ended = diary.clone();
        events.after_transaction_end.listen(move |event| {
            ended.0.lock().unwrap().push("after_transaction_end".to_owned() + kind(event.origin));
            Ok(())
        });
        diary
    }
}

fn kind(origin: TransactionOrigin) -> &'static str {
    match origin {
        TransactionOrigin::BeginNested => " of a nested one",
        TransactionOrigin::Flush => " of a flush",
        _ => "",
    }
}

#[test]
fn futures_of_sessions_with_listeners_can_be_sent() {
    fn is_send<T: Send>(_: T) {}
    fn check(session: &mut Session) {
        is_send(session.flush());
    }
    let _ = check;
}
