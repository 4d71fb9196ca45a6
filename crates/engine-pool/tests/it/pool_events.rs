use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use aludel_driver::{CallOptions, Error};
use aludel_engine_pool::{CloseReason, ErrorKind};
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
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let all = ListenOptions::new().insert_first();
    let witness = engine.events().checkout.listen_sync_with(all, move |event| {
        noted.lock().unwrap().push((event.id, event.info.is_empty()));
        event.info.insert("seen");
        Ok(())
    });
    let connection = engine.connect().await.unwrap();
    assert_eq!((server.opened(), connection.id()), (2, Some(2)));
    assert_eq!(*seen.lock().unwrap(), [(1, true), (2, true)], "all listeners run again, with the fresh one");
    engine.events().checkout.remove(witness);
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
async fn listeners_note_things_about_a_connection() {
    struct Process(u32);
    let server = Arc::new(Server::default());
    let pool = crate::pool::pool(&server, 1, Some(0), |_| ());
    let events = pool.events();
    events.first_connect.listen_sync(|event| {
        event.info.insert("first");
        Ok(())
    });
    events.connect.listen_sync(|event| {
        assert_eq!(event.info.get::<&str>().is_some(), event.id == 1);
        event.info.insert(Process(40 + u32::try_from(event.id).unwrap()));
        Ok(())
    });
    events.checkout.listen_sync(|event| {
        event.info.get_mut::<Process>().unwrap().0 += 10;
        Ok(())
    });
    drop(pool.checkout().await.unwrap());
    let mut connection = pool.checkout().await.unwrap();
    assert_eq!(connection.info().get::<Process>().unwrap().0, 61);
    assert!(format!("{:?}", connection.info()).contains("values: 2"));
    assert_eq!(connection.info_mut().remove::<&str>(), Some("first"));
    connection.invalidate(None);
    drop(connection);
    assert_eq!(pool.checkout().await.unwrap().info().get::<Process>().unwrap().0, 52);
}

#[tokio::test]
async fn a_pool_alone_has_listeners_from_the_start() {
    let server = Arc::new(Server::default());
    let events = Arc::new(aludel_engine_pool::Events::default());
    let closed = count(&events.close);
    let pools: Vec<_> = (0..2)
        .map(|_| {
            let arguments = aludel_driver::DatabaseUrl::parse("mock://host/db").unwrap().arguments;
            let driver = Arc::new(crate::mock::MockDriver::new(&server));
            aludel_engine_pool::Pool::with_events(driver, arguments, Default::default(), events.clone())
                .unwrap()
        })
        .collect();
    for pool in &pools {
        pool.checkout().await.unwrap().invalidate(None);
    }
    assert_eq!(closed.load(SeqCst), 2);
}

#[tokio::test]
async fn a_creator_opens_connections_in_place_of_the_driver() {
    let (server, other) = (Arc::new(Server::default()), Arc::new(Server::default()));
    let opener = Arc::new(crate::mock::MockDriver::new(&other));
    let engine = server
        .engine()
        .creator(move || {
            let opener = opener.clone();
            async move {
                let mut arguments = aludel_driver::DatabaseUrl::parse("mock://tunnel/db")?.arguments;
                arguments.password = Some("fresh".into());
                tokio::task::yield_now().await;
                aludel_driver::Driver::connect(&*opener, &arguments).await
            }
        })
        .build()
        .unwrap();
    engine.events().do_connect.listen(|_| panic!("there is nothing to be asked"));
    let connects = Arc::new(AtomicUsize::new(0));
    let counted = connects.clone();
    engine.events().connect.listen_sync(move |_| {
        counted.fetch_add(1, SeqCst);
        Ok(())
    });
    let both = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    drop(both);
    assert_eq!((server.opened(), other.opened(), connects.load(SeqCst)), (0, 2, 2));
    assert_eq!(other.connected_with.lock().unwrap()[1].host.as_deref(), Some("tunnel"));
    assert!(!format!("{:?}", engine.pool().options()).contains("fresh"));
    // One that fails costs no place.
    let engine = server
        .engine()
        .pool_size(1)
        .max_overflow(0)
        .creator(|| async { Err(Error::new(ErrorKind::Operational, "no tunnel")) })
        .build()
        .unwrap();
    for _ in 0..3 {
        assert_eq!(engine.connect().await.unwrap_err().message(), "no tunnel");
    }
    assert_eq!(engine.pool().status().open, 0);
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
    let metrics = engine.pool().metrics();
    assert_eq!((metrics.closed(CloseReason::NotOpened), metrics.connects_failed, metrics.opened), (1, 1, 1));
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
