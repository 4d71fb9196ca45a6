use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;

use aludel_events::{AsyncListeners, Event, ListenOptions, ListenerId, SyncListeners};

/// Arguments that borrow twice, as a statement and its parameters do.
struct Statement<'a> {
    sql: &'a mut String,
    parameters: &'a mut Vec<i64>,
}

struct BeforeExecute;

impl Event for BeforeExecute {
    type Arguments<'a> = Statement<'a>;
    type Error = String;
}

struct Checkin;

impl Event for Checkin {
    type Arguments<'a> = Vec<&'static str>;
    type Error = Infallible;
}

fn note(
    word: &'static str,
) -> impl Fn(&mut Vec<&'static str>) -> Result<(), Infallible> + Send + Sync + 'static {
    move |words| {
        words.push(word);
        Ok(())
    }
}

fn fired(listeners: &SyncListeners<Checkin>) -> Vec<&'static str> {
    let mut words = Vec::new();
    let Ok(()) = listeners.fire(&mut words);
    words
}

#[test]
fn listeners_run_in_order_of_registration() {
    let listeners = SyncListeners::<Checkin>::new();
    for word in ["one", "two", "three"] {
        listeners.listen(note(word));
    }
    assert_eq!(fired(&listeners), ["one", "two", "three"]);
    assert_eq!(listeners.len(), 3);
}

#[test]
fn insert_first_goes_before_all_that_are_there() {
    let listeners = SyncListeners::<Checkin>::new();
    listeners.listen(note("plain"));
    listeners.listen_with(ListenOptions::new().insert_first(), note("first"));
    listeners.listen_with(ListenOptions::new().insert_first(), note("before first"));
    listeners.listen(note("last"));
    assert_eq!(fired(&listeners), ["before first", "first", "plain", "last"]);
}

#[test]
fn listeners_change_borrowed_arguments_in_turn() {
    let listeners = SyncListeners::<BeforeExecute>::new();
    listeners.listen(|statement| {
        statement.sql.push_str(" WHERE id = ?");
        statement.parameters.push(7);
        Ok(())
    });
    listeners.listen(|statement| {
        assert!(statement.sql.ends_with('?'));
        statement.sql.push_str(" LIMIT 1");
        Ok(())
    });
    let (mut sql, mut parameters) = ("SELECT *".to_owned(), Vec::new());
    listeners.fire(&mut Statement { sql: &mut sql, parameters: &mut parameters }).unwrap();
    assert_eq!((sql.as_str(), parameters.as_slice()), ("SELECT * WHERE id = ? LIMIT 1", &[7][..]));
}

#[test]
fn the_first_error_ends_the_round() {
    let listeners = SyncListeners::<BeforeExecute>::new();
    let after = Arc::new(AtomicUsize::new(0));
    listeners.listen(|_| Err("refused".to_owned()));
    let seen = after.clone();
    listeners.listen(move |_| {
        seen.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let (mut sql, mut parameters) = (String::new(), Vec::new());
    let outcome = listeners.fire(&mut Statement { sql: &mut sql, parameters: &mut parameters });
    assert_eq!(outcome, Err("refused".to_owned()));
    assert_eq!(after.load(Ordering::Relaxed), 0);
}

#[test]
fn fire_until_stops_at_the_first_answer() {
    let listeners = SyncListeners::<Checkin>::new();
    for word in ["no", "answer", "unasked"] {
        listeners.listen(note(word));
    }
    let mut words = Vec::new();
    let Ok(()) = listeners.fire_until(&mut words, |words| words.contains(&"answer"));
    assert_eq!(words, ["no", "answer"]);
}

#[test]
fn once_runs_once_and_is_gone() {
    let listeners = SyncListeners::<Checkin>::new();
    let id = listeners.listen_with(ListenOptions::new().once(), note("once"));
    listeners.listen(note("always"));
    assert!(listeners.contains(id));
    assert_eq!(fired(&listeners), ["once", "always"]);
    assert_eq!(fired(&listeners), ["always"]);
    assert!(!listeners.contains(id));
    assert!(!listeners.remove(id));
}

#[test]
fn once_runs_once_when_it_fires_its_own_event() {
    let listeners = Arc::new(SyncListeners::<Checkin>::new());
    let again = Arc::downgrade(&listeners);
    listeners.listen_with(ListenOptions::new().once(), move |words| {
        words.push("outer");
        again.upgrade().unwrap().fire(words)
    });
    assert_eq!(fired(&listeners), ["outer"]);
}

#[test]
fn once_runs_once_under_concurrency() {
    const THREADS: usize = 8;
    for _ in 0..200 {
        let listeners = SyncListeners::<Checkin>::new();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        listeners.listen_with(ListenOptions::new().once(), move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    fired(&listeners);
                });
            }
        });
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(listeners.is_empty());
    }
}

#[test]
fn once_that_fails_is_not_tried_again() {
    let listeners = SyncListeners::<BeforeExecute>::new();
    listeners.listen_with(ListenOptions::new().once(), |_| Err("first".to_owned()));
    let (mut sql, mut parameters) = (String::new(), Vec::new());
    let mut statement = Statement { sql: &mut sql, parameters: &mut parameters };
    assert!(listeners.fire(&mut statement).is_err());
    assert!(listeners.fire(&mut statement).is_ok());
}

#[test]
fn removal_is_by_id_and_says_whether_it_did() {
    let listeners = SyncListeners::<Checkin>::new();
    let one = listeners.listen(note("one"));
    let two = listeners.listen(note("two"));
    assert!(listeners.remove(one));
    assert!(!listeners.remove(one));
    assert!(!listeners.contains(one) && listeners.contains(two));
    assert_eq!(fired(&listeners), ["two"]);
}

#[test]
fn an_id_means_nothing_to_another_registry() {
    let (here, there) = (SyncListeners::<Checkin>::new(), SyncListeners::<Checkin>::new());
    let id = here.listen(note("here"));
    there.listen(note("there"));
    assert!(!there.contains(id) && !there.remove(id));
    assert_eq!(fired(&there), ["there"]);
}

#[test]
fn a_listener_may_remove_itself_while_it_runs() {
    let listeners = Arc::new(SyncListeners::<Checkin>::new());
    let own_id = Arc::new(OnceLock::<ListenerId>::new());
    let (weak, known) = (Arc::downgrade(&listeners), own_id.clone());
    let id = listeners.listen(move |words| {
        words.push("leaving");
        assert!(weak.upgrade().unwrap().remove(*known.get().unwrap()));
        Ok(())
    });
    own_id.set(id).unwrap();
    listeners.listen(note("staying"));
    assert_eq!(fired(&listeners), ["leaving", "staying"]);
    assert_eq!(fired(&listeners), ["staying"]);
}

#[test]
fn a_round_runs_over_the_list_it_began_with() {
    let listeners = Arc::new(SyncListeners::<Checkin>::new());
    let later = Arc::new(OnceLock::<ListenerId>::new());
    let (weak, removed) = (Arc::downgrade(&listeners), later.clone());
    listeners.listen_with(ListenOptions::new().once(), move |words| {
        words.push("changer");
        let listeners = weak.upgrade().unwrap();
        listeners.listen(note("added"));
        listeners.remove(*removed.get().unwrap());
        Ok(())
    });
    later.set(listeners.listen(note("removed"))).unwrap();
    assert_eq!(fired(&listeners), ["changer", "removed"]);
    assert_eq!(fired(&listeners), ["added"]);
}

#[test]
fn a_removed_listener_is_dropped_outside_the_lock() {
    /// Uses the registry when it is dropped, which would hang if the list were still locked.
    struct Nosy(std::sync::Weak<SyncListeners<Checkin>>, Arc<Mutex<Vec<usize>>>);
    impl Drop for Nosy {
        fn drop(&mut self) {
            if let Some(listeners) = self.0.upgrade() {
                listeners.listen(note("from drop"));
                self.1.lock().unwrap().push(listeners.len());
            }
        }
    }
    let listeners = Arc::new(SyncListeners::<Checkin>::new());
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let nosy = Nosy(Arc::downgrade(&listeners), lengths.clone());
    let id = listeners.listen(move |_| {
        let _held = &nosy;
        Ok(())
    });
    assert!(listeners.remove(id));
    assert_eq!(*lengths.lock().unwrap(), [1]);
    assert_eq!(fired(&listeners), ["from drop"]);
}

#[test]
fn a_panicking_listener_leaves_the_registry_whole() {
    let listeners = SyncListeners::<Checkin>::new();
    let id = listeners.listen(|_| panic!("listener panics"));
    listeners.listen(note("after"));
    assert!(catch_unwind(AssertUnwindSafe(|| fired(&listeners))).is_err());
    assert!(listeners.remove(id));
    assert_eq!(fired(&listeners), ["after"]);
}

#[test]
fn concurrent_registration_loses_nothing() {
    let listeners = SyncListeners::<Checkin>::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for index in 0..100 {
                    let id = listeners.listen(note("kept"));
                    if index % 2 == 0 {
                        assert!(listeners.remove(id));
                    }
                    fired(&listeners);
                }
            });
        }
    });
    assert_eq!(listeners.len(), 200);
    assert_eq!(fired(&listeners).len(), 200);
}

#[test]
fn a_registry_without_listeners_does_nothing() {
    let listeners = SyncListeners::<Checkin>::default();
    assert!(listeners.is_empty());
    assert!(fired(&listeners).is_empty());
    let id = listeners.listen(note("one"));
    assert!(!listeners.is_empty());
    listeners.remove(id);
    assert!(listeners.is_empty());
}

#[test]
fn debug_shows_event_names_and_order() {
    let listeners = SyncListeners::<Checkin>::new();
    listeners.listen_with(ListenOptions::new().named("audit"), note("audit"));
    listeners.listen_with(ListenOptions::new().once(), note("unnamed"));
    let shown = format!("{listeners:?}");
    assert!(shown.starts_with("SyncListeners { event: \"it::sync_listeners::Checkin\""), "{shown}");
    assert!(shown.contains("name: \"audit\", once: false"), "{shown}");
    assert!(shown.ends_with("once: true }] }"), "{shown}");
}

#[test]
fn registries_are_send_and_sync() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<SyncListeners<BeforeExecute>>();
    is_shared::<AsyncListeners<BeforeExecute>>();
}
