//! What needs no server, and the opening of connections.

use std::time::{Duration, Instant};

use aludel_driver::{
    Capabilities, ConnectArguments, DatabaseUrl, Driver, ErrorKind, IsolationLevel, Returning, Secret,
};
use aludel_driver_mysql::MySqlDriver;

use crate::server::{arguments, assert_answers, batch, connect, connect_with, fetch};

fn check(url: &str) -> Result<(), aludel_driver::Error> {
    MySqlDriver::new().check(&DatabaseUrl::parse(url).unwrap().arguments)
}

fn refused(url: &str) -> (ErrorKind, String) {
    let error = check(url).unwrap_err();
    (error.kind(), error.to_string())
}

fn least() -> Capabilities {
    let mut least = Capabilities::none();
    least.savepoints = true;
    least.two_phase = true;
    least.isolation_levels = &[
        IsolationLevel::ReadUncommitted,
        IsolationLevel::ReadCommitted,
        IsolationLevel::RepeatableRead,
        IsolationLevel::Serializable,
    ];
    least.declared_cursors = false;
    least.streaming = true;
    least.last_insert_id = true;
    least.cancel = true;
    least.reflection = true;
    least.max_parameters = 65_535;
    least
}

#[test]
fn names_and_capabilities_are_pinned() {
    let driver = MySqlDriver::new();
    assert_eq!(driver.name(), "MySQL");
    assert_eq!(driver.schemes(), ["mysql", "mariadb"]);
    assert_eq!(driver.dialect().name(), "mysql");
    assert_eq!(*driver.capabilities(), least());
    assert!(!driver.is_private(&ConnectArguments::default()));
}

#[test]
fn options_are_checked_by_name_and_value() {
    check("mysql://host/db?charset=utf8mb4&compress=true&connect_timeout=2.5&statement_cache_size=1")
        .unwrap();
    check("mysql://host/db?ssl_mode=disabled").unwrap();
    check("mysql://host/db?socket=/run/mysqld.sock&ssl_mode=preferred&tcp_keepalive=0").unwrap();
    check("mariadb:///db?unix_socket=/run/mysqld.sock").unwrap();

    let (kind, message) = refused("mysql://host/db?chraset=utf8mb4");
    assert_eq!(kind, ErrorKind::Argument);
    assert!(message.contains("`chraset`"), "{message}");
    assert!(
        message.contains("charset, compress, connect_timeout, socket, ssl_ca, ssl_cert, ssl_key, ssl_mode, statement_cache_size"),
        "{message}"
    );

    for url in [
        "mysql://host/db?charset=latin1",
        "mysql://host/db?compress=zstd",
        "mysql://host/db?connect_timeout=soon",
        "mysql://host/db?connect_timeout=-1",
        "mysql://host/db?statement_cache_size=0",
        "mysql://host/db?socket=",
    ] {
        let (kind, message) = refused(url);
        assert_eq!(kind, ErrorKind::Argument, "{url}: {message}");
        let name = url.split(['?', '=']).nth(1).unwrap();
        assert!(message.contains(name), "{message}");
    }
    let (kind, message) = refused("mysql://host/db?ssl_mode=always");
    assert_eq!(kind, ErrorKind::Argument);
    assert!(message.contains("disabled, preferred, required, verify_ca or verify_identity"), "{message}");
}

#[test]
fn several_hosts_are_refused() {
    for url in [
        "mysql://one,two/db",
        "mysql://one:3306,two:3307/db",
        "mariadb://user:hidden-word@one:1,[::1]:2,three/db?connect_timeout=1",
    ] {
        let (kind, message) = refused(url);
        assert_eq!(kind, ErrorKind::NotSupported, "{message}");
        assert!(message.contains("several hosts") && message.contains("`one"), "{message}");
        assert!(message.contains("MySQL and MariaDB") && message.contains("a proxy"), "{message}");
        assert!(!message.contains("hidden-word"), "{message}");
    }
}

#[tokio::test]
#[cfg(not(feature = "explain"))]
async fn a_build_without_explain_names_the_feature() {
    let Some(connection) = connect().await else { return };
    let error = connection.explain().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    assert!(error.to_string().contains("feature `explain`"), "{error}");
    assert!(error.to_string().contains("aludel-driver-mysql"), "{error}");
}

#[test]
#[cfg(not(feature = "tls"))]
fn a_build_without_tls_names_the_feature() {
    for options in [
        "ssl_mode=required",
        "ssl_mode=verify_ca",
        "ssl_mode=verify_identity",
        "ssl_ca=/a.pem",
        "ssl_cert=/c.pem&ssl_key=/k.pem",
    ] {
        let (kind, message) = refused(&format!("mysql://host/db?{options}"));
        assert_eq!(kind, ErrorKind::NotSupported, "{options}: {message}");
        assert!(message.contains("the feature `tls`"), "{message}");
    }
}

#[test]
#[cfg(feature = "tls")]
fn options_of_tls_that_contradict_each_other_are_refused() {
    check("mysql://host/db?ssl_mode=required").unwrap();
    check("mysql://host/db?ssl_mode=verify_identity&ssl_ca=/a.pem&ssl_cert=/c.pem&ssl_key=/k.pem").unwrap();
    for (options, words) in [
        ("ssl_ca=/a.pem", "ssl_mode=verify_ca"),
        ("ssl_ca=/a.pem&ssl_mode=required", "ssl_mode=verify_ca"),
        ("ssl_cert=/c.pem", "`ssl_cert` needs `ssl_key`"),
        ("ssl_key=/k.pem", "`ssl_key` needs `ssl_cert`"),
        ("ssl_mode=disabled&ssl_cert=/c.pem&ssl_key=/k.pem", "ssl_mode=disabled"),
        ("ssl_mode=required&socket=/run/mysqld.sock", "a Unix socket"),
        ("ssl_mode=verify_ca&ssl_ca=", "ssl_ca"),
    ] {
        let (kind, message) = refused(&format!("mysql://host/db?{options}"));
        assert_eq!(kind, ErrorKind::Argument, "{options}: {message}");
        assert!(message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn the_server_is_told_apart_by_its_version() {
    let Some(mut connection) = connect().await else { return };
    let server = connection.server().clone();
    let version = fetch(&mut *connection, "SELECT VERSION()", &[]).await;
    assert_eq!(version, [[format!("Text({:?})", server.version_text)]]);
    assert!(server.version >= (8, 0, 0), "{server:?}");
    let mut expected = least();
    if server.version_text.contains("MariaDB") {
        assert_eq!((server.product, connection.dialect().name()), ("MariaDB", "mariadb"));
        expected.returning = Returning { insert: true, update: false, delete: true };
    } else {
        assert_eq!((server.product, connection.dialect().name()), ("MySQL", "mysql"));
    }
    assert_eq!(*connection.capabilities(), expected);
}

#[tokio::test]
async fn the_session_is_strict_and_in_utc() {
    let Some(mut connection) = connect().await else { return };
    let rows = fetch(
        &mut *connection,
        "SELECT @@time_zone, @@character_set_client, @@character_set_results, @@autocommit, @@sql_mode",
        &[],
    )
    .await;
    assert_eq!(rows[0][..4], [r#"Text("+00:00")"#, r#"Text("utf8mb4")"#, r#"Text("utf8mb4")"#, "I64(1)"]);
    for mode in ["STRICT_TRANS_TABLES", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO"] {
        assert!(rows[0][4].contains(mode), "{rows:?}");
    }
    assert!(!rows[0][4].contains("ANSI_QUOTES"), "{rows:?}");
}

#[tokio::test]
async fn modes_that_change_what_quotes_mean_are_taken_off() {
    let Some(mut first) = connect().await else { return };
    let before = fetch(&mut *first, "SELECT @@GLOBAL.sql_mode", &[]).await[0][0].clone();
    let before = before.trim_start_matches("Text(\"").trim_end_matches("\")").to_owned();
    batch(&mut *first, "SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'").await;
    let second = connect().await;
    batch(&mut *first, &format!("SET GLOBAL sql_mode = '{before}'")).await;
    let mut second = second.unwrap();
    let modes = fetch(&mut *second, "SELECT @@sql_mode", &[]).await[0][0].clone();
    assert!(!modes.contains("ANSI") && !modes.contains("NO_BACKSLASH_ESCAPES"), "{modes}");
    assert!(modes.contains("PIPES_AS_CONCAT") && modes.contains("STRICT_TRANS_TABLES"), "{modes}");
    assert_eq!(fetch(&mut *second, r#"SELECT "a\"b""#, &[]).await, [[r#"Text("a\"b")"#]]);
}

#[tokio::test]
async fn compression_and_a_small_cache_change_nothing() {
    let options = [("compress", "true"), ("statement_cache_size", "1"), ("tcp_keepalive", "30")];
    let Some(mut connection) = connect_with(&options).await else { return };
    assert_answers(&mut *connection).await;
    let long = "ä".repeat(100_000);
    let rows = fetch(&mut *connection, "SELECT ?", &[aludel_driver::Value::Text(long.as_str().into())]).await;
    assert_eq!(rows, [[format!("Text({long:?})")]]);
    connection.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_an_error_without_the_password() {
    let Some(mut arguments) = arguments() else { return };
    arguments.password = Some(Secret::new("wrong-horse-battery"));
    let error = MySqlDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert_eq!(error.code(), Some("1045"));
    let shown = format!("{error} {error:?} {arguments:?}");
    assert!(!shown.contains("wrong-horse"), "{shown}");
    let target = format!("{}:{}", arguments.host.unwrap(), arguments.port.unwrap());
    assert!(shown.contains(&target) && shown.contains(&arguments.username.unwrap()), "{shown}");
    assert!(shown.contains("Access denied"), "{shown}");
}

#[tokio::test]
async fn a_missing_database_is_named() {
    let Some(mut arguments) = arguments() else { return };
    arguments.database = Some("no_such_library".to_owned());
    let error = MySqlDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("1049")));
    assert!(error.to_string().contains("no_such_library"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_down_is_named_with_its_port() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let url = DatabaseUrl::parse(&format!("mysql://me:secret-word@127.0.0.1:{port}/library")).unwrap();
    let error = MySqlDriver::new().connect(&url.arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert!(error.to_string().contains(&format!("127.0.0.1:{port}/library as user `me`")), "{error}");
    assert!(error.to_string().contains("does a server run there"), "{error}");
    assert!(!format!("{error:?}").contains("secret-word"));

    let url = DatabaseUrl::parse("mysql://me@/library?socket=/nowhere/mysqld.sock").unwrap();
    let error = MySqlDriver::new().connect(&url.arguments).await.err().unwrap();
    assert!(error.to_string().contains("/nowhere/mysqld.sock"), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut arguments =
        DatabaseUrl::parse(&format!("mysql://me@127.0.0.1:{port}/library")).unwrap().arguments;
    arguments.timeout = Some(Duration::from_millis(100));
    let begun = Instant::now();
    let error = MySqlDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains(&port.to_string()), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}
