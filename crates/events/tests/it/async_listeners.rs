use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aludel_events::{AsyncListeners, BoxFuture, Event, ListenOptions};
use tokio::task::yield_now;
use tokio::time::timeout;

/// Stands for a connection: it can be used across an await.
#[derive(Default)]
struct Connection {
    sent: Vec<String>,
}

impl Connection {
    async fn execute(&mut self, sql: &str) -> Result<(), String> {
        yield_now().await;
        if sql.is_empty() {
            return Err("empty statement".to_owned());
        }
        self.sent.push(sql.to_owned());
        Ok(())
    }
}

struct CheckoutArguments<'a> {
    connection: &'a mut Connection,
    checkouts: usize,
}

struct Checkout;

impl Event for Checkout {
    type Arguments<'a> = CheckoutArguments<'a>;
    type Error = String;
}

fn send(
    sql: &'static str,
) -> impl for<'a, 'b> Fn(&'a mut CheckoutArguments<'b>) -> BoxFuture<'a, Result<(), String>> {
    move |arguments| Box::pin(async move { arguments.connection.execute(sql).await })
}

async fn sent(listeners: &AsyncListeners<Checkout>) -> Vec<String> {
    let mut connection = Connection::default();
    let mut arguments = CheckoutArguments { connection: &mut connection, checkouts: 0 };
    listeners.fire(&mut arguments).await.unwrap();
    connection.sent
}

#[tokio::test]
async fn async_listeners_use_the_borrowed_connection_in_order() {
    let listeners = AsyncListeners::<Checkout>::new();
    listeners.listen(send("two"));
    listeners.listen_with(ListenOptions::new().insert_first(), send("one"));
    listeners.listen(|arguments| {
        Box::pin(async move {
            arguments.connection.execute("three").await?;
            arguments.checkouts += 1;
            arguments.connection.execute("four").await
        })
    });
    assert_eq!(sent(&listeners).await, ["one", "two", "three", "four"]);
}

#[tokio::test]
async fn plain_functions_stand_in_the_same_line() {
    let listeners = AsyncListeners::<Checkout>::new();
    listeners.listen(send("async"));
    listeners.listen_sync(|arguments| {
        arguments.connection.sent.push("sync".to_owned());
        Ok(())
    });
    listeners.listen_sync_with(ListenOptions::new().insert_first().once(), |arguments| {
        arguments.connection.sent.push("once".to_owned());
        Ok(())
    });
    assert_eq!(sent(&listeners).await, ["once", "async", "sync"]);
    assert_eq!(sent(&listeners).await, ["async", "sync"]);
}

#[tokio::test]
async fn the_first_error_ends_the_round() {
    let listeners = AsyncListeners::<Checkout>::new();
    listeners.listen(send("one"));
    listeners.listen(send(""));
    listeners.listen(send("never"));
    let mut connection = Connection::default();
    let mut arguments = CheckoutArguments { connection: &mut connection, checkouts: 0 };
    assert_eq!(listeners.fire(&mut arguments).await, Err("empty statement".to_owned()));
    assert_eq!(connection.sent, ["one"]);
}

#[tokio::test]
async fn fire_until_stops_at_the_first_answer() {
    let listeners = AsyncListeners::<Checkout>::new();
    listeners.listen(send("no"));
    listeners.listen(send("answer"));
    listeners.listen(send("unasked"));
    let mut connection = Connection::default();
    let mut arguments = CheckoutArguments { connection: &mut connection, checkouts: 0 };
    let answered = |arguments: &CheckoutArguments<'_>| arguments.connection.sent.len() == 2;
    listeners.fire_until(&mut arguments, answered).await.unwrap();
    assert_eq!(connection.sent, ["no", "answer"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn once_runs_once_over_many_tasks() {
    for _ in 0..50 {
        let listeners = Arc::new(AsyncListeners::<Checkout>::new());
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        listeners.listen_with(ListenOptions::new().once(), move |_| {
            let counted = counted.clone();
            Box::pin(async move {
                yield_now().await;
                counted.fetch_add(1, Ordering::Relaxed);
                Ok(())
            })
        });
        // Spawning also holds the future to be `Send`.
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let listeners = listeners.clone();
                tokio::spawn(async move { sent(&listeners).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert!(listeners.is_empty());
    }
}

#[tokio::test]
async fn listeners_may_change_the_list_while_they_run() {
    let listeners = Arc::new(AsyncListeners::<Checkout>::new());
    let weak = Arc::downgrade(&listeners);
    listeners.listen_with(ListenOptions::new().once(), move |arguments| {
        let listeners = weak.upgrade().unwrap();
        Box::pin(async move {
            listeners.listen(send("added"));
            arguments.connection.execute("adder").await
        })
    });
    assert_eq!(sent(&listeners).await, ["adder"]);
    assert_eq!(sent(&listeners).await, ["added"]);
}

#[tokio::test]
async fn a_dropped_round_skips_the_rest_and_spends_a_once_listener() {
    let listeners = AsyncListeners::<Checkout>::new();
    listeners.listen_with(ListenOptions::new().once(), |_| Box::pin(pending()));
    let id = listeners.listen(send("after"));
    let waited = timeout(Duration::from_millis(10), sent(&listeners)).await;
    assert!(waited.is_err());
    assert_eq!(sent(&listeners).await, ["after"]);
    assert!(listeners.contains(id) && listeners.remove(id) && listeners.is_empty());
}

#[tokio::test]
async fn debug_names_the_event() {
    let listeners = AsyncListeners::<Checkout>::default();
    listeners.listen_with(ListenOptions::new().named("token"), send("x"));
    let shown = format!("{listeners:?}");
    assert!(shown.starts_with("AsyncListeners { event: \"it::async_listeners::Checkout\""), "{shown}");
    assert!(shown.contains("name: \"token\""), "{shown}");
}
