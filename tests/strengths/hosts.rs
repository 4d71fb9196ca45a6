//! Several hosts in one URL, with a primary and a standby that the test starts itself.

use std::time::Duration;

use aludel::{
    postgres::{ListenerEvent, PostgresConnection, PostgresListener},
    prelude::*,
};
use tokio::time::timeout;

use crate::cluster::Server;

/// Long enough for anything that is to come.
const LONG: Duration = Duration::from_secs(30);

fn url(hosts: &[&Server], options: &str) -> String {
    let hosts: Vec<String> = hosts.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    format!("postgresql://postgres@{}/postgres?connect_timeout=5&{options}", hosts.join(","))
}

/// Connects once, and tells where it came to.
async fn port(url: &str) -> Result<u16> {
    let engine = create_engine(url).build()?;
    let mut conn = engine.connect().await?;
    let port: i32 = conn.scalar_one(text("SELECT inet_server_port()")).await?;
    conn.close().await?;
    engine.dispose().await;
    Ok(u16::try_from(port).unwrap())
}

#[tokio::test]
async fn each_attribute_finds_its_server() {
    let Some(primary) = Server::start_primary().await else { return };
    let standby = primary.start_standby().await;
    let (one, two) = (primary.port(), standby.port());
    let cases = [
        ("any", one, two),
        ("read-write", one, one),
        ("read-only", two, two),
        ("primary", one, one),
        ("standby", two, two),
        ("prefer-standby", two, two),
    ];
    for (attributes, in_order, reversed) in cases {
        let options = format!("target_session_attrs={attributes}");
        assert_eq!(port(&url(&[&primary, &standby], &options)).await.unwrap(), in_order, "{attributes}");
        assert_eq!(port(&url(&[&standby, &primary], &options)).await.unwrap(), reversed, "{attributes}");
    }
    // Alone, a primary is better than no standby.
    assert_eq!(port(&url(&[&primary], "target_session_attrs=prefer-standby")).await.unwrap(), one);
    let error = port(&url(&[&primary], "target_session_attrs=standby")).await.unwrap_err();
    assert!(error.message().contains("it is a primary, and target_session_attrs=standby asks"), "{error}");
    // What an option makes read-only is no place to write.
    let read_only = "target_session_attrs=read-write&options=-c%20default_transaction_read_only%3Don";
    let error = port(&url(&[&standby, &primary], read_only)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operational);
    for words in [format!("127.0.0.1:{two}: it is a standby"), format!("127.0.0.1:{one}: it is read-only")] {
        assert!(error.message().contains(&words), "{words}: {error}");
    }
    // A refusal that is no matter of reaching the server ends the search.
    let wrong = url(&[&primary, &standby], "").replace("/postgres?", "/no_such?");
    let error = port(&wrong).await.unwrap_err();
    assert_eq!(error.code(), Some("3D000"), "{error}");
    assert!(!error.message().contains(&format!("127.0.0.1:{two}: ")), "{error}");
    // At random both are found.
    let mut found = Vec::new();
    for _ in 0..60 {
        found.push(port(&url(&[&primary, &standby], "load_balance_hosts=random")).await.unwrap());
        if found.contains(&one) && found.contains(&two) {
            return;
        }
    }
    panic!("one host alone was taken: {found:?}");
}

#[tokio::test]
async fn a_pool_and_a_listener_follow_the_primary() {
    let Some(mut primary) = Server::start_primary().await else { return };
    let standby = primary.start_standby().await;
    let (one, two) = (primary.port(), standby.port());
    let url = url(&[&primary, &standby], "target_session_attrs=primary");
    let engine = create_engine(&url).pool_size(3).build().unwrap();
    let mut conn = engine.connect().await.unwrap();
    conn.batch("CREATE TABLE work (id int)").await.unwrap();
    conn.execute(text("INSERT INTO work VALUES (1)")).await.unwrap();
    conn.commit().await.unwrap();
    let mut listener = PostgresListener::connect(&url).await.unwrap();
    listener.listen("work").await.unwrap();
    // Some lie idle in the pool, and one is in the midst of its work.
    let (first, second) = (engine.connect().await.unwrap(), engine.connect().await.unwrap());
    first.close().await.unwrap();
    second.close().await.unwrap();
    conn.execute(text("INSERT INTO work VALUES (2)")).await.unwrap();
    primary.stop().await;
    let error = conn.execute(text("INSERT INTO work VALUES (3)")).await.err().unwrap();
    assert!(error.is_disconnect(), "{error:?}");
    conn.rollback().await.unwrap();

    // Nobody takes writes now.
    let error = conn.execute(text("INSERT INTO work VALUES (4)")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    let refused = format!("127.0.0.1:{one}: error connecting to server");
    for words in [refused, format!("127.0.0.1:{two}: it is a standby")] {
        assert!(error.message().contains(&words), "{words}: {error}");
    }
    conn.close().await.unwrap();
    standby.promote();
    // The next that is taken goes to the new primary, however often it is asked.
    let mut conn = engine.connect().await.unwrap();
    assert_eq!(conn.scalar_one::<i32, _>(text("SELECT inet_server_port()")).await.unwrap(), i32::from(two));
    conn.execute(text("INSERT INTO work VALUES (5)")).await.unwrap();
    conn.commit().await.unwrap();
    let ids: Vec<(i32,)> =
        conn.execute(text("SELECT id FROM work ORDER BY id").returns::<(i32,)>()).all().await.unwrap();
    assert_eq!(ids, [(1,), (5,)], "what was committed is there, and what was not is not");

    let event = timeout(LONG, listener.next()).await.unwrap().unwrap();
    assert!(matches!(event, ListenerEvent::Reconnected { .. }), "{event:?}");
    let postgres: &mut PostgresConnection = conn.driver_mut().await.unwrap();
    postgres.notify("work", "goes on").await.unwrap();
    // The statement before has begun a transaction.
    conn.commit().await.unwrap();
    match timeout(LONG, listener.next()).await.unwrap().unwrap() {
        ListenerEvent::Notification(notification) => assert_eq!(notification.payload, "goes on"),
        other => panic!("{other:?}"),
    }
    conn.close().await.unwrap();
    engine.dispose().await;
}
