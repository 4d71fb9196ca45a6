use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use aludel_driver::{CallOptions, Error};
use aludel_engine_pool::ErrorKind;
use aludel_events::{Event, ListenOptions, SyncListeners};

use crate::mock::{Server, lost};

/// Counts an event.
pub fn count<E: Event<Error = Infallible>>(listeners: &SyncListeners<E>) -> Arc<AtomicUsize> {
    let counter = Arc::new(AtomicUsize::new(0));
    let counted = counter.clone();
    listeners.listen(move |_| {
        counted.fetch_add(1, SeqCst);
        Ok(())
    });
    counter
}

/// Notes that an event was heard.
macro_rules! note {
    ($notes:expr, $listeners:expr, $word:literal) => {{
        let notes = $notes.clone();
        $listeners.listen_sync(move |_| {
            notes.lock().unwrap().push($word);
            Ok(())
        });
    }};
    (sync $notes:expr, $listeners:expr, $word:literal) => {{
        let notes = $notes.clone();
        $listeners.listen(move |_| {
            notes.lock().unwrap().push($word);
            Ok(())
        });
    }};
}

#[tokio::test]
async fn case_074_a_checkout_listener_can_have_the_connection_replaced() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    drop(engine.connect().await.unwrap());
    engine.events().checkout.listen_with(ListenOptions::new().once(), |_| Box::pin(async { Err(lost()) }));
    let connection = engine.connect().await.unwrap();
    assert_eq!((server.opened(), connection.id()), (2, Some(2)));
    drop(connection);
    let id = engine.events().checkout.listen(|_| Box::pin(async { Err(lost()) }));
    let error = engine.connect().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.to_string().contains("this connection is closed"), "{error}");
    engine.events().checkout.remove(id);
    engine.events().checkout.listen(|_| Box::pin(async { Err(Error::new(ErrorKind::Custom, "not now")) }));
    let opened = server.opened();
    assert_eq!(engine.connect().await.unwrap_err().kind(), ErrorKind::Custom);
    assert_eq!(engine.pool().status().checked_out, 0);
    assert!(server.opened() <= opened + 1, "an error that is no disconnect replaces nothing");
}

#[tokio::test]
async fn case_078_reset_then_checkin_each_once() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let notes = Arc::new(Mutex::new(Vec::new()));
    let events = engine.events();
    note!(notes, events.connect, "connect");
    note!(notes, events.checkout, "checkout");
    note!(sync notes, events.reset, "reset");
    note!(sync notes, events.checkin, "checkin");
    note!(sync notes, events.close, "close");
    note!(sync notes, events.invalidate, "invalidate");
    engine.connect().await.unwrap().close().await.unwrap();
    drop(engine.connect().await.unwrap());
    let mut connection = engine.connect().await.unwrap();
    connection.invalidate();
    drop(connection);
    assert_eq!(
        *notes.lock().unwrap(),
        [
            "connect",
            "checkout",
            "reset",
            "checkin",
            "checkout",
            "reset",
            "checkin",
            "checkout",
            "invalidate",
            "close",
        ]
    );
}

#[tokio::test]
async fn case_079_a_failing_connect_listener_frees_the_place() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(1).max_overflow(0).build().unwrap();
    let notes = Arc::new(Mutex::new(Vec::new()));
    note!(notes, engine.events().connect, "second");
    let first = notes.clone();
    engine.events().connect.listen_sync_with(ListenOptions::new().insert_first(), move |_| {
        first.lock().unwrap().push("first");
        Ok(())
    });
    engine.events().connect.listen_with(ListenOptions::new().once(), |_| {
        Box::pin(async { Err(Error::new(ErrorKind::Custom, "refused")) })
    });
    assert_eq!(engine.connect().await.unwrap_err().kind(), ErrorKind::Custom);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!((server.live(), engine.pool().status().open), (0, 0));
    // A connect listener gets the very connection.
    engine.events().connect.listen(|event| {
        Box::pin(async move { event.connection.batch("SET x", &CallOptions::default()).await })
    });
    engine.connect().await.unwrap();
    assert_eq!(server.sent(), ["SCRIPT SET x"]);
    assert_eq!(*notes.lock().unwrap(), ["first", "second", "first", "second"]);
}

#[tokio::test]
async fn case_080_do_connect_changes_the_arguments_of_each_connection_afresh() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let tokens = AtomicUsize::new(0);
    let notes = Arc::new(Mutex::new(Vec::new()));
    let noted = notes.clone();
    engine.events().do_connect.listen(move |event| {
        assert!(event.arguments.password.is_none() && event.arguments.options.is_empty(), "nothing leaks");
        let token = format!("token {}", tokens.fetch_add(1, SeqCst));
        noted.lock().unwrap().push("do_connect");
        Box::pin(async move {
            tokio::task::yield_now().await;
            event.arguments.password = Some(token.into());
            event.arguments.options.insert("known".into(), "yes".into());
            Ok(())
        })
    });
    note!(notes, engine.events().connect, "connect");
    let both = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    drop(both);
    let seen: Vec<String> = server
        .connected_with
        .lock()
        .unwrap()
        .iter()
        .map(|arguments| arguments.password.as_ref().unwrap().expose().to_owned())
        .collect();
    assert_eq!(seen, ["token 0", "token 1"]);
    assert_eq!(*notes.lock().unwrap(), ["do_connect", "connect", "do_connect", "connect"]);
}

#[tokio::test]
async fn case_080_a_connection_made_by_the_listener_is_taken_as_it_is() {
    let (server, other) = (Arc::new(Server::default()), Arc::new(Server::default()));
    let engine = server.engine().build().unwrap();
    let driver = crate::mock::MockDriver::new(&other);
    let driver = Arc::new(driver);
    engine.events().do_connect.listen(move |event| {
        let driver = driver.clone();
        Box::pin(async move {
            event.connection = Some(aludel_driver::Driver::connect(&*driver, &event.arguments).await?);
            Ok(())
        })
    });
    engine.events().do_connect.listen(|_| panic!("the first answer is the last to be asked for"));
    let mut connection = engine.connect().await.unwrap();
    connection.driver_connection().await.unwrap().ping().await.unwrap();
    assert_eq!((server.opened(), other.opened(), other.pings.load(SeqCst)), (0, 1, 1));
}

#[tokio::test]
async fn case_090_first_connect_runs_once_and_again_after_it_failed() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    engine.events().first_connect.listen_sync(move |_| match counted.fetch_add(1, SeqCst) {
        0 => Err(Error::new(ErrorKind::Custom, "not yet")),
        _ => Ok(()),
    });
    assert!(engine.connect().await.is_err());
    let both = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    drop(both);
    assert_eq!(runs.load(SeqCst), 2);
}
