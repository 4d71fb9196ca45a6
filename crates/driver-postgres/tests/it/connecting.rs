//! Connecting: options, targets, and what is said when it fails.

use std::time::Duration;

use aludel_driver::{ConnectArguments, Driver, ErrorKind, Secret, TransactionState, Value};
use aludel_driver_postgres::{PostgresConnection, PostgresDriver};

use crate::server::{self, scalar, text};

fn with_option(name: &str, value: &str) -> ConnectArguments {
    ConnectArguments { options: [(name.to_owned(), value.to_owned())].into(), ..ConnectArguments::default() }
}

#[test]
fn unknown_options_are_refused_by_name() {
    let error = PostgresDriver::new().check(&with_option("sslmod", "disable")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("`sslmod`"), "{error}");
    assert!(error.message().contains("sslmode, sslnegotiation"), "{error}");
}

#[test]
fn options_are_checked_before_connecting() {
    let driver = PostgresDriver::new();
    for (name, value) in [
        ("prepare_mode", "named"),
        ("statement_cache_size", "-1"),
        ("connect_timeout", "soon"),
        ("keepalives", "yes"),
        ("statement_timeout", "5s -c x=y"),
        ("target_session_attrs", "secondary"),
        ("sslmode", "always"),
        ("port", "99999"),
    ] {
        let error = driver.check(&with_option(name, value)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{name}={value}");
        assert!(error.message().contains(&format!("`{name}` cannot be `{value}`")), "{error}");
    }
    for (name, value) in [
        ("application_name", "library"),
        ("prepare_mode", "unnamed"),
        ("statement_cache_size", "0"),
        ("connect_timeout", "10"),
        ("keepalives_idle", "60"),
        ("statement_timeout", "5s"),
        ("sslmode", "prefer"),
        ("host", "/run/postgresql"),
    ] {
        driver.check(&with_option(name, value)).unwrap();
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn tls_is_not_supported_and_says_so() {
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = PostgresDriver::new().check(&with_option("sslmode", mode)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert!(error.message().contains("cargo feature `tls`"), "{error}");
    }
    for mode in ["disable", "allow", "prefer"] {
        PostgresDriver::new().check(&with_option("sslmode", mode)).unwrap();
    }
}

#[test]
fn connecting_outside_a_runtime_is_an_error() {
    use futures_util::FutureExt as _;

    let arguments = ConnectArguments::default();
    let error = PostgresDriver::new().connect(&arguments).now_or_never().unwrap().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains("runtime"), "{error}");
}

#[test]
fn the_driver_introduces_itself() {
    let driver = PostgresDriver::default();
    assert_eq!(driver.name(), "PostgreSQL");
    assert_eq!(driver.schemes(), ["postgresql", "postgres"]);
    assert_eq!(driver.dialect().name(), "postgresql");
    let capabilities = driver.capabilities();
    assert!(
        capabilities.pipelining
            && capabilities.arrays
            && capabilities.returning.update
            && capabilities.cancel
    );
    assert!(capabilities.aborts_on_error && !capabilities.last_insert_id);
    assert!(capabilities.two_phase && capabilities.declared_cursors);
    assert_eq!(capabilities.isolation_levels.len(), 4);
    assert_eq!(capabilities.max_parameters, 65_535);
}

#[tokio::test]
async fn a_connection_knows_its_server_and_its_options() {
    let options =
        [("application_name", "aludel test"), ("statement_timeout", "7s"), ("options", "-c work_mem=3MB")];
    let Some(mut connection) = server::connect_with(&options).await else { return };
    assert_eq!(connection.server().product, "PostgreSQL");
    assert!(connection.server().version.0 >= 14, "{:?}", connection.server());
    assert_eq!(connection.transaction_state(), TransactionState::Idle);
    connection.ping().await.unwrap();
    let connection = &mut *connection;
    assert_eq!(scalar(connection, "SHOW application_name", &[]).await.unwrap(), text("aludel test"));
    assert_eq!(scalar(connection, "SHOW statement_timeout", &[]).await.unwrap(), text("7s"));
    assert_eq!(scalar(connection, "SHOW work_mem", &[]).await.unwrap(), text("3MB"));
    let concrete = connection.as_any_mut().downcast_mut::<PostgresConnection>().unwrap();
    let shown = format!("{concrete:?}");
    let password = server::arguments().unwrap().password.unwrap();
    assert!(!shown.contains(password.expose()), "{shown}");
}

#[tokio::test]
async fn a_directory_is_a_unix_socket() {
    let Some(mut connection) = server::connect().await else { return };
    let Value::Text(directories) =
        scalar(&mut *connection, "SHOW unix_socket_directories", &[]).await.unwrap()
    else {
        panic!("a text is expected")
    };
    let directory = directories.split(',').next().unwrap().trim().to_owned();
    let mut arguments = server::arguments().unwrap();
    if directory.is_empty() || !["localhost", "127.0.0.1"].contains(&arguments.host.as_deref().unwrap()) {
        return;
    }
    arguments.host = Some(directory);
    let mut connection = PostgresDriver::new().connect(&arguments).await.unwrap();
    assert_eq!(
        scalar(&mut *connection, "SELECT inet_server_addr() IS NULL", &[]).await.unwrap(),
        Value::Bool(true)
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_without_the_password() {
    let Some(mut arguments) = server::arguments() else { return };
    arguments.password = Some(Secret::new("quite wrong 4711"));
    let error = PostgresDriver::new().connect(&arguments).await.err().unwrap();
    let shown = format!("{error} {error:?}");
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert_eq!(error.code(), Some("28P01"));
    assert!(!shown.contains("4711"), "{shown}");
    assert!(shown.contains(&arguments.target()), "{shown}");
    assert!(shown.contains(arguments.username.as_deref().unwrap()), "{shown}");
}

#[tokio::test]
async fn a_missing_password_is_told() {
    let Some(mut arguments) = server::arguments() else { return };
    arguments.password = None;
    // A server that trusts its neighbours asks for none.
    if let Err(error) = PostgresDriver::new().connect(&arguments).await {
        assert!(error.message().contains("password missing"), "{error}");
    }
}

#[tokio::test]
async fn an_unknown_database_is_named() {
    let Some(mut arguments) = server::arguments() else { return };
    arguments.database = Some("there_is_none".to_owned());
    let error = PostgresDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Operational, Some("3D000")));
    assert!(error.message().contains("/there_is_none"), "{error}");
}

#[tokio::test]
async fn a_refused_connection_names_host_port_and_user() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let arguments = ConnectArguments {
        host: Some("127.0.0.1".to_owned()),
        port: Some(port),
        username: Some("reader".to_owned()),
        password: Some(Secret::new("hidden 4711")),
        database: Some("library".to_owned()),
        ..ConnectArguments::default()
    };
    let error = PostgresDriver::new().connect(&arguments).await.err().unwrap();
    let shown = format!("{error} {error:?}");
    assert_eq!(error.kind(), ErrorKind::Operational);
    assert!(shown.contains(&format!("127.0.0.1:{port}/library as user `reader`")), "{shown}");
    assert!(shown.contains("does a server run there"), "{shown}");
    assert!(!shown.contains("4711"), "{shown}");
}

#[tokio::test]
async fn connecting_takes_no_longer_than_its_timeout() {
    // It accepts, and then never says a word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = ConnectArguments {
        host: Some("127.0.0.1".to_owned()),
        port: Some(listener.local_addr().unwrap().port()),
        username: Some("reader".to_owned()),
        timeout: Some(Duration::from_millis(100)),
        ..ConnectArguments::default()
    };
    let started = std::time::Instant::now();
    let error = PostgresDriver::new().connect(&arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_closed_connection_is_gone_from_the_server() {
    let Some(mut watcher) = server::connect().await else { return };
    let mut connection = server::connect().await.unwrap();
    let process = server::process(&mut *connection).await;
    connection.close(Duration::from_secs(5)).await.unwrap();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1";
    for _ in 0..100 {
        if scalar(&mut *watcher, sql, &[Value::I64(process)]).await.unwrap() == Value::I64(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the server still holds the connection");
}

/// The timer of the connection's socket, as Linux tells it: 2 is the keepalive timer.
#[cfg(target_os = "linux")]
async fn timer(options: &[(&str, &str)]) -> Option<String> {
    let mut connection = server::connect_with(options).await?;
    let Value::I64(port) = scalar(&mut *connection, "SELECT inet_client_port()", &[]).await.unwrap() else {
        panic!("a number is expected")
    };
    let own = format!(":{port:04X}");
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let sockets = std::fs::read_to_string(file).unwrap_or_default();
        for line in sockets.lines() {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // One that is established: the port may linger from a connection to another server, which is closed.
            if fields.len() > 5 && fields[1].ends_with(&own) && fields[3] == "01" {
                return Some(fields[5].to_owned());
            }
        }
    }
    panic!("the socket is not there")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn keepalive_options_reach_the_socket() {
    let Some(off) = timer(&[("keepalives", "0")]).await else { return };
    assert!(off.starts_with("00:"), "{off}");
    let times = async |seconds: &str| {
        let timer = timer(&[("keepalives_idle", seconds)]).await.unwrap();
        let (kind, left) = timer.split_once(':').unwrap();
        assert_eq!(kind, "02", "{timer}");
        u64::from_str_radix(left, 16).unwrap()
    };
    let (short, long) = (times("20").await, times("4000").await);
    assert!(short > 0 && long > short * 100, "{short} {long}");
}

#[tokio::test]
#[cfg(not(feature = "explain"))]
async fn a_build_without_explain_names_the_feature() {
    let Some(connection) = crate::server::connect().await else { return };
    let error = connection.explain().err().unwrap();
    assert_eq!(error.kind(), aludel_driver::ErrorKind::NotSupported, "{error}");
    assert!(error.to_string().contains("feature `explain`"), "{error}");
    assert!(error.to_string().contains("aludel-driver-postgres"), "{error}");
}
