//! How connections reach the server, and which server it is.

use std::time::Duration;

use aludel_driver::{CallOptions, DatabaseUrl, Discard, Driver, Statement, Value};
use aludel_driver_mysql::MySqlDriver;

use crate::{
    fake,
    server::{assert_answers, batch, connect, connect_with, fetch},
};

/// Where the server sees the connection come from.
async fn origin(connection: &mut dyn aludel_driver::Connection) -> String {
    let sql = "SELECT host FROM information_schema.processlist WHERE id = CONNECTION_ID()";
    fetch(connection, sql, &[]).await[0][0].trim_start_matches("Text(\"").trim_end_matches("\")").to_owned()
}

#[tokio::test]
async fn a_port_leads_to_the_port() {
    // Left to itself, mysql_async would ask for the server's socket, and go on with whatever listens there.
    let Some(mut connection) = connect().await else { return };
    let origin = origin(&mut *connection).await;
    let port = origin.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    assert!(port.is_some(), "{origin}");
    assert_is_kept_alive(port.unwrap());
    let mut without = connect_with(&[("tcp_keepalive", "0")]).await.unwrap();
    assert_answers(&mut *without).await;
}

/// The system's table of connections tells the timer of each: 02 is that of keeping it alive.
fn assert_is_kept_alive(port: u16) {
    let Ok(connections) = std::fs::read_to_string("/proc/net/tcp") else { return };
    let ending = format!(":{port:04X}");
    let ours = connections.lines().skip(1).find(|line| {
        let mut fields = line.split_whitespace().skip(1);
        // The same port may be that of an older connection, which is at its end; 01 is a connection that stands.
        fields.next().is_some_and(|local| local.ends_with(&ending)) && fields.nth(1) == Some("01")
    });
    let Some(ours) = ours else { return };
    let timer = ours.split_whitespace().nth(5).unwrap();
    // What is sent and not acknowledged yet has a timer that comes first.
    assert!(timer.starts_with("02:") || timer.starts_with("01:"), "{ours}");
}

#[tokio::test]
async fn a_socket_leads_to_the_socket() {
    let Some(mut first) = connect().await else { return };
    let path = fetch(&mut *first, "SELECT @@socket", &[]).await[0][0].clone();
    let path = path.trim_start_matches("Text(\"").trim_end_matches("\")");
    if std::os::unix::net::UnixStream::connect(path).is_err() {
        eprintln!("not run: the server's socket `{path}` cannot be reached from here");
        return;
    }
    for options in [&[("socket", path)][..], &[("unix_socket", path), ("ssl_mode", "preferred")]] {
        let mut connection = connect_with(options).await.unwrap();
        assert_eq!(origin(&mut *connection).await, "localhost");
        assert_answers(&mut *connection).await;
        // A cancellation takes the same way.
        let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
        let statement = Statement::new("SELECT a.n FROM (SELECT 1 AS n) a WHERE SLEEP(20) = 0 FOR UPDATE");
        connection.fetch(&statement, &[], &limit, &mut Discard).await.unwrap_err();
        assert_answers(&mut *connection).await;
    }
}

#[tokio::test]
async fn servers_are_told_apart() {
    for (version, comment, product, dialect, number) in [
        ("8.0.36", "MySQL Community Server - GPL", "MySQL", "mysql", (8, 0, 36)),
        ("8.4.0-commercial", "MySQL Enterprise Server - Commercial", "MySQL", "mysql", (8, 4, 0)),
        ("8.0.36-28", "Percona Server (GPL), Release 28", "MySQL", "mysql", (8, 0, 36)),
        ("8.0.mysql_aurora.3.04.0", "MySQL Community Server (GPL)", "MySQL", "mysql", (8, 0, 0)),
        ("8.0.11-TiDB-v7.5.0", "TiDB Server", "MySQL", "mysql", (8, 0, 11)),
        ("10.11.6-MariaDB-log", "Source distribution", "MariaDB", "mariadb", (10, 11, 6)),
        ("5.5.5-10.6.16-MariaDB-1:10.6.16+maria~ubu2004", "mariadb.org", "MariaDB", "mariadb", (10, 6, 16)),
        ("10.6.15-10", "MariaDB Enterprise Server", "MariaDB", "mariadb", (10, 6, 15)),
        ("11.4.2-MariaDB-ubu2404", "mariadb.org binary distribution", "MariaDB", "mariadb", (11, 4, 2)),
    ] {
        let port = fake::start(version, comment).await;
        let url = DatabaseUrl::parse(&format!("mysql://me@127.0.0.1:{port}/library")).unwrap();
        let connection = MySqlDriver::new().connect(&url.arguments).await.unwrap();
        let server = connection.server();
        assert_eq!((server.product, server.version), (product, number), "{version}");
        assert_eq!((server.version_text.as_str(), connection.dialect().name()), (version, dialect));
        assert_eq!(connection.capabilities().returning.insert, product == "MariaDB");
        assert!(connection.capabilities().two_phase && !connection.capabilities().returning.update);
    }
}

#[tokio::test]
async fn messages_are_read_in_any_language() {
    let Some(mut first) = connect().await else { return };
    let before = fetch(&mut *first, "SELECT @@GLOBAL.lc_messages", &[]).await[0][0].clone();
    let before = before.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    batch(&mut *first, "SET GLOBAL lc_messages = 'de_DE'").await;
    let second = connect().await;
    batch(&mut *first, &format!("SET GLOBAL lc_messages = '{before}'")).await;
    let mut second = second.unwrap();
    let error = crate::server::error(&mut *second, "SELECT nothing FROM DUAL", &[]).await;
    assert_eq!(error.database_error().unwrap().column.as_deref(), Some("nothing"), "{error}");
}

#[tokio::test]
async fn prepared_statements_outlive_changes_of_their_table() {
    let Some(mut connection) = connect().await else { return };
    let mut other = connect().await.unwrap();
    let connection = &mut *connection;
    batch(connection, "DROP TABLE IF EXISTS reshaped; CREATE TABLE reshaped (id INT, name VARCHAR(9))").await;
    batch(connection, "INSERT INTO reshaped VALUES (1, 'one')").await;
    let sql = "SELECT * FROM reshaped WHERE id = ?";
    for (change, row) in [
        ("ALTER TABLE reshaped ADD COLUMN pages INT DEFAULT 7", vec!["I64(1)", "Text(\"one\")", "I64(7)"]),
        ("ALTER TABLE reshaped DROP COLUMN pages", vec!["I64(1)", "Text(\"one\")"]),
        ("RENAME TABLE reshaped TO reshaped_old; CREATE TABLE reshaped (id INT)", vec!["none"]),
    ] {
        fetch(connection, sql, &[Value::I64(1)]).await;
        batch(&mut *other, change).await;
        let rows = fetch(connection, sql, &[Value::I64(1)]).await;
        if row == ["none"] {
            assert!(rows.is_empty());
        } else {
            assert_eq!(rows, std::slice::from_ref(&row), "{change}");
        }
    }
    batch(connection, "DROP TABLE reshaped, reshaped_old").await;
}

#[cfg(feature = "mysql_async-0_37")]
#[tokio::test]
async fn the_connection_of_mysql_async_can_be_had() {
    use aludel_driver::{Connection, TransactionState};
    use aludel_driver_mysql::MySqlConnection;
    use mysql_async::prelude::Queryable;

    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "DROP TABLE IF EXISTS lent; CREATE TABLE lent (id INT PRIMARY KEY)").await;
    let ours = connection.as_any_mut().downcast_mut::<MySqlConnection>().unwrap();
    let lent = ours.mysql_async().unwrap();
    lent.query_drop("START TRANSACTION; INSERT INTO lent VALUES (1)").await.unwrap();
    assert_eq!(lent.query_first::<i64, _>("SELECT COUNT(*) FROM lent").await.unwrap(), Some(1));
    // Nobody knows what was done, so that nobody gets it without a rollback.
    assert_eq!(ours.transaction_state(), TransactionState::Unknown);
    assert!(!ours.reset_on_drop());
    ours.reset().await.unwrap();
    assert_eq!(ours.transaction_state(), TransactionState::Idle);
    assert_eq!(fetch(ours, "SELECT id FROM lent", &[]).await, Vec::<Vec<String>>::new());
    // A reset of the session, of which our statements know nothing.
    assert_eq!(fetch(ours, "SELECT 40 + ?", &[Value::I64(2)]).await, [["I64(42)"]]);
    ours.mysql_async().unwrap().reset().await.unwrap();
    assert_eq!(fetch(ours, "SELECT 40 + ?", &[Value::I64(2)]).await, [["I64(42)"]]);
    // A call on it that is dropped half-way leaves it in doubt, as one of ours would.
    let lent = ours.mysql_async().unwrap();
    let call = lent.query_drop("DO SLEEP(0.2)");
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    assert!(ours.is_broken());
    assert!(ours.ping().await.unwrap_err().is_disconnect());
    assert!(ours.mysql_async().is_err());
}
