//! LISTEN and NOTIFY.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aludel_driver::{BeginOptions, ConnectArguments, Connection, Control, ErrorKind, Secret, Value};
use aludel_driver_postgres::{
    ListenerEvent, Notification, PostgresConnection, PostgresDriver, PostgresListener,
};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::{sleep, timeout};

use crate::{
    server::{arguments, batch, connect, execute, process, rows, text},
    switch::Switch,
};

/// Long enough for anything that is to come.
const LONG: Duration = Duration::from_secs(20);

/// A name that no other test uses.
fn name(word: &str) -> String {
    format!("{word} \"of\" {}", std::process::id())
}

async fn listener(arguments: &ConnectArguments) -> PostgresListener {
    PostgresListener::connect_with(PostgresDriver::new(), arguments.clone()).await.unwrap()
}

async fn heard(listener: &mut PostgresListener) -> Notification {
    match timeout(LONG, listener.next()).await.unwrap().unwrap() {
        ListenerEvent::Notification(notification) => notification,
        other => panic!("{other:?} is no notification"),
    }
}

async fn notify(connection: &mut dyn Connection, channel: &str, payload: &str) {
    connection.driver_mut::<PostgresConnection>().unwrap().notify(channel, payload).await.unwrap();
}

/// Ends the server's processes of this name, and tells how many there were.
async fn terminate(connection: &mut dyn Connection, application: &str) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    rows(connection, sql, &[text(application)]).await.unwrap().len()
}

#[tokio::test]
async fn several_channels_are_heard_until_they_are_left() {
    let (Some(mut sender), Some(arguments)) = (connect().await, arguments()) else { return };
    let (loans, returns) = (name("Loans"), name("returns; ünïcode"));
    let mut listener = listener(&arguments).await;
    listener.listen_all([loans.as_str(), returns.as_str()]).await.unwrap();
    listener.listen(loans.clone()).await.unwrap();
    assert_eq!(listener.channels().collect::<Vec<_>>(), [loans.as_str(), returns.as_str()]);
    notify(&mut *sender, &loans, "4711").await;
    notify(&mut *sender, &returns, "").await;
    notify(&mut *sender, &name("loans"), "another channel").await;
    let first = heard(&mut listener).await;
    assert_eq!((first.channel.as_str(), first.payload.as_str()), (loans.as_str(), "4711"));
    assert_eq!(i64::from(first.process_id), process(&mut *sender).await);
    let second = heard(&mut listener).await;
    assert_eq!((second.channel, second.payload), (returns.clone(), String::new()));

    // At the COMMIT, and only once where they are the same.
    sender.control(Control::Begin(&BeginOptions::default())).await.unwrap();
    notify(&mut *sender, &loans, "twice").await;
    notify(&mut *sender, &loans, "twice").await;
    assert!(timeout(Duration::from_millis(150), listener.next()).await.is_err());
    sender.control(Control::Commit).await.unwrap();
    assert_eq!(heard(&mut listener).await.payload, "twice");

    listener.unlisten(&loans).await.unwrap();
    notify(&mut *sender, &loans, "unheard").await;
    notify(&mut *sender, &returns, "heard").await;
    assert_eq!(heard(&mut listener).await.payload, "heard");
    listener.unlisten_all().await.unwrap();
    notify(&mut *sender, &returns, "unheard").await;
    assert!(timeout(Duration::from_millis(150), listener.next()).await.is_err());
    assert_eq!(listener.channels().count(), 0);
    listener.close(LONG).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_ended_is_made_anew_and_said() {
    let (Some(mut other), Some(mut arguments)) = (connect().await, arguments()) else { return };
    let (channel, application) = (name("survivor"), name("listener"));
    arguments.options.insert("application_name".to_owned(), application.clone());
    let mut listener = listener(&arguments).await;
    listener.listen(channel.clone()).await.unwrap();
    for round in 0..3 {
        notify(&mut *other, &channel, "before").await;
        assert_eq!(heard(&mut listener).await.payload, "before");
        let (event, ended) = tokio::join!(timeout(LONG, listener.next()), async {
            sleep(Duration::from_millis(50)).await;
            terminate(&mut *other, &application).await
        });
        assert_eq!(ended, 1, "round {round}");
        match event.unwrap().unwrap() {
            ListenerEvent::Reconnected { reason } => {
                assert!(reason.contains("terminating connection"), "{reason}");
            }
            event => panic!("{event:?} in round {round}"),
        }
    }
    notify(&mut *other, &channel, "after").await;
    assert_eq!(heard(&mut listener).await.payload, "after");
    // What is lost is found out by whatever is asked next.
    assert_eq!(terminate(&mut *other, &application).await, 1);
    sleep(Duration::from_millis(100)).await;
    listener.listen("another").await.unwrap();
    notify(&mut *other, &channel, "and again").await;
    notify(&mut *other, "another", "too").await;
    let event = timeout(LONG, listener.next()).await.unwrap().unwrap();
    assert!(matches!(event, ListenerEvent::Reconnected { .. }), "{event:?}");
    assert_eq!(heard(&mut listener).await.payload, "and again");
    assert_eq!(heard(&mut listener).await.payload, "too");
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_waited_for() {
    let (Some(mut other), Some(arguments)) = (connect().await, arguments()) else { return };
    let channel = name("patience");
    let mut switch = Switch::start(&arguments).await;
    let mut listener = listener(&switch.arguments(&arguments)).await;
    listener = listener.backoff(Duration::from_millis(20), Duration::from_millis(100));
    listener.listen(channel.clone()).await.unwrap();
    switch.cut().await;
    // Asked for again and again, and dropped each time.
    for _ in 0..20 {
        assert!(timeout(Duration::from_millis(20), listener.next()).await.is_err());
    }
    notify(&mut *other, &channel, "lost").await;
    switch.open().await;
    let event = timeout(LONG, listener.next()).await.unwrap().unwrap();
    assert!(matches!(event, ListenerEvent::Reconnected { .. }), "{event:?}");
    notify(&mut *other, &channel, "heard").await;
    assert_eq!(heard(&mut listener).await.payload, "heard");
}

#[tokio::test]
async fn nothing_is_lost_with_a_future_that_is_dropped() {
    let (Some(mut sender), Some(arguments)) = (connect().await, arguments()) else { return };
    let (channel, side) = (name("flood"), name("side"));
    let mut listener = listener(&arguments).await;
    listener.listen(channel.clone()).await.unwrap();
    let sql = "SELECT pg_notify($1, x::text) FROM generate_series(1, 5000) AS x";
    execute(&mut *sender, sql, &[text(&channel)]).await.unwrap();
    // More than is read ahead stands before the answer.
    listener.listen(side.clone()).await.unwrap();
    let mut next = 1;
    while next <= 5000 {
        let polled = listener.next().now_or_never();
        match polled {
            Some(event) => {
                let ListenerEvent::Notification(notification) = event.unwrap() else { panic!("reconnected") };
                assert_eq!(notification.payload, next.to_string());
                next += 1;
            }
            None => tokio::task::yield_now().await,
        }
    }
    // A call that is dropped before it was sent is done by the next.
    assert!(listener.unlisten(&channel).now_or_never().is_none());
    notify(&mut *sender, &side, "done").await;
    assert_eq!(heard(&mut listener).await.payload, "done");
    notify(&mut *sender, &channel, "unheard").await;
    notify(&mut *sender, &side, "heard").await;
    assert_eq!(heard(&mut listener).await.payload, "heard");
}

#[tokio::test]
async fn a_refusal_is_told_and_tried_again() {
    let (Some(mut other), Some(mut arguments)) = (connect().await, arguments()) else { return };
    let application = name("refused");
    arguments.options.insert("application_name".to_owned(), application.clone());
    let is_wrong = Arc::new(AtomicBool::new(false));
    let (wrong, good) = (is_wrong.clone(), arguments.clone());
    let given = move || {
        let mut arguments = good.clone();
        if wrong.load(Ordering::Acquire) {
            arguments.database = Some("no such database".to_owned());
            arguments.password = arguments.password.or_else(|| Some(Secret::new("x")));
        }
        async move { Ok(arguments) }
    };
    let mut listener = PostgresListener::connect_by(PostgresDriver::new(), given).await.unwrap();
    is_wrong.store(true, Ordering::Release);
    assert_eq!(terminate(&mut *other, &application).await, 1);
    let error = timeout(LONG, listener.next()).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("3D000")), "{error}");
    is_wrong.store(false, Ordering::Release);
    let mut events = pin!(listener.into_stream());
    let event = timeout(LONG, events.next()).await.unwrap().unwrap().unwrap();
    assert!(matches!(event, ListenerEvent::Reconnected { .. }), "{event:?}");
}

#[tokio::test]
async fn a_silent_server_is_asked_for_a_sign_of_life() {
    let (Some(mut other), Some(arguments)) = (connect().await, arguments()) else { return };
    let channel = name("silence");
    let mut listener = listener(&arguments).await.ping_after(Duration::from_millis(20));
    listener.listen(channel.clone()).await.unwrap();
    assert!(timeout(Duration::from_millis(300), listener.next()).await.is_err());
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE query = '' AND state = 'idle'";
    assert_ne!(
        rows(&mut *other, sql, &[]).await.unwrap()[0][0],
        Value::I64(0),
        "it was asked by an empty query"
    );
    notify(&mut *other, &channel, "alive").await;
    assert_eq!(heard(&mut listener).await.payload, "alive");
}

#[tokio::test]
async fn names_that_no_channel_can_have() {
    let (Some(mut connection), Some(arguments)) = (connect().await, arguments()) else { return };
    let mut listener = listener(&arguments).await;
    for wrong in [String::new(), "x".repeat(64), "nul\0".to_owned()] {
        assert_eq!(listener.listen(wrong.clone()).await.unwrap_err().kind(), ErrorKind::Argument);
        let connection = connection.driver_mut::<PostgresConnection>().unwrap();
        assert_eq!(connection.notify(&wrong, "").await.unwrap_err().kind(), ErrorKind::Argument);
    }
    let longest = "x".repeat(63);
    listener.listen(longest.clone()).await.unwrap();
    notify(&mut *connection, &longest, &"y".repeat(7999)).await;
    assert_eq!(heard(&mut listener).await.payload.len(), 7999);
    let own = connection.driver_mut::<PostgresConnection>().unwrap();
    assert!(own.notify(&longest, &"y".repeat(8000)).await.is_err());
    batch(&mut *connection, "SELECT 1").await;
    let mut pooled = arguments;
    pooled.options.insert("prepare_mode".to_owned(), "unnamed".to_owned());
    let error = PostgresListener::connect_with(PostgresDriver::new(), pooled).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
}

#[tokio::test]
async fn a_connection_that_is_gone_without_a_word_is_found_out() {
    let (Some(mut other), Some(arguments)) = (connect().await, arguments()) else { return };
    let channel = name("blackhole");
    let switch = Switch::start(&arguments).await;
    let mut listener = listener(&switch.arguments(&arguments)).await;
    listener = listener.ping_after(Duration::from_millis(50)).patience(Duration::from_secs(2));
    listener.listen(channel.clone()).await.unwrap();
    switch.silence().await;
    notify(&mut *other, &channel, "lost").await;
    match timeout(LONG, listener.next()).await.unwrap().unwrap() {
        ListenerEvent::Reconnected { reason } => {
            assert!(reason.contains("did not answer within 2s"), "{reason}")
        }
        event => panic!("{event:?}"),
    }
    notify(&mut *other, &channel, "heard").await;
    assert_eq!(heard(&mut listener).await.payload, "heard");
}
