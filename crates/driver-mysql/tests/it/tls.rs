//! TLS: right, wrong and expired certificates, all made here.

use std::time::Duration;

use aludel_driver::{
    CallOptions, ConnectArguments, Connection, Discard, Driver, Error, ErrorKind, Statement,
};
use aludel_driver_mysql::MySqlDriver;

use crate::{
    server::{arguments, assert_answers, fetch},
    tls_proxy::{Authority, Folder, TlsServer},
};

/// Where the test server is.
fn address(arguments: &ConnectArguments) -> String {
    format!("{}:{}", arguments.host.as_deref().unwrap(), arguments.port.unwrap())
}

async fn open(
    arguments: &ConnectArguments,
    host: &str,
    port: u16,
    options: &[(&str, &str)],
) -> Result<Box<dyn Connection>, Error> {
    let mut arguments = arguments.clone();
    arguments.host = Some(host.to_owned());
    arguments.port = Some(port);
    for (name, value) in options {
        arguments.options.insert((*name).to_owned(), (*value).to_owned());
    }
    MySqlDriver::new().connect(&arguments).await
}

/// The error of a connection that is refused, which names the server and says what to do.
async fn refused(arguments: &ConnectArguments, host: &str, port: u16, options: &[(&str, &str)]) -> String {
    let error = match open(arguments, host, port, options).await {
        Ok(_) => panic!("{options:?} should have been refused"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Operational, "{error:?}");
    let shown = format!("{error:?}");
    assert!(!shown.contains(arguments.password.as_ref().unwrap().expose()), "the password is shown");
    assert!(shown.contains(&format!("{host}:{port}")), "{shown}");
    shown
}

#[tokio::test]
async fn a_right_certificate_is_let_through_in_every_mode() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority) = (Folder::new(), Authority::new("the right one"));
    let server = TlsServer::start(address(&arguments), &authority.issue("localhost"), None).await;
    let file = authority.file(&folder, "authority.pem");
    let modes: [&[(&str, &str)]; 5] = [
        &[],
        &[("ssl_mode", "preferred")],
        &[("ssl_mode", "REQUIRED")],
        &[("ssl_mode", "verify_ca"), ("ssl_ca", &file)],
        &[("ssl_mode", "verify_identity"), ("ssl_ca", &file)],
    ];
    for (count, options) in modes.into_iter().enumerate() {
        let mut connection = open(&arguments, "localhost", server.port, options).await.unwrap();
        assert_eq!(server.encrypted(), count + 1, "{options:?}");
        assert_answers(&mut *connection).await;
        let long = "ä".repeat(100_000);
        let rows =
            fetch(&mut *connection, "SELECT ?", &[aludel_driver::Value::Text(long.as_str().into())]).await;
        assert_eq!(rows, [[format!("Text({long:?})")]]);
        connection.close(Duration::from_secs(5)).await.unwrap();
    }
    let mut plain = open(&arguments, "localhost", server.port, &[("ssl_mode", "disabled")]).await.unwrap();
    assert_answers(&mut *plain).await;
    assert_eq!(server.encrypted(), modes.len());
}

#[tokio::test]
async fn an_authority_that_nobody_knows_is_refused() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority, other) = (Folder::new(), Authority::new("one"), Authority::new("another"));
    let server = TlsServer::start(address(&arguments), &authority.issue("localhost"), None).await;
    let file = other.file(&folder, "authority.pem");
    for mode in ["verify_ca", "verify_identity"] {
        let named =
            refused(&arguments, "localhost", server.port, &[("ssl_mode", mode), ("ssl_ca", &file)]).await;
        assert!(
            named.contains("an authority that is not trusted; name the authority's certificate"),
            "{named}"
        );
        // The system does not know it either, if it knows any.
        let system = open(&arguments, "localhost", server.port, &[("ssl_mode", mode)]).await.err().unwrap();
        assert!(system.to_string().contains("`ssl_ca`"), "{system}");
    }
    assert_eq!(server.encrypted(), 0);
    open(&arguments, "localhost", server.port, &[("ssl_mode", "required")]).await.unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority) = (Folder::new(), Authority::new("one"));
    let server = TlsServer::start(address(&arguments), &authority.issue_until("localhost", 2002), None).await;
    let file = authority.file(&folder, "authority.pem");
    for mode in ["verify_ca", "verify_identity"] {
        let shown =
            refused(&arguments, "localhost", server.port, &[("ssl_mode", mode), ("ssl_ca", &file)]).await;
        assert!(shown.contains("has expired; renew it on the server"), "{shown}");
    }
    assert_eq!(server.encrypted(), 0);
    open(&arguments, "localhost", server.port, &[("ssl_mode", "required")]).await.unwrap();
}

#[tokio::test]
async fn a_wrong_name_is_refused_where_names_are_checked() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority) = (Folder::new(), Authority::new("one"));
    let server = TlsServer::start(address(&arguments), &authority.issue("database.example"), None).await;
    let file = authority.file(&folder, "authority.pem");
    let identity = [("ssl_mode", "verify_identity"), ("ssl_ca", file.as_str())];
    for host in ["localhost", "127.0.0.1"] {
        let shown = refused(&arguments, host, server.port, &identity).await;
        assert!(shown.contains("is for another name") && shown.contains("database.example"), "{shown}");
        assert!(shown.contains("use `ssl_mode=verify_ca` where the name may differ"), "{shown}");
        assert_eq!(server.encrypted(), 0);
    }
    let chain = [("ssl_mode", "verify_ca"), ("ssl_ca", file.as_str())];
    let mut connection = open(&arguments, "127.0.0.1", server.port, &chain).await.unwrap();
    assert_answers(&mut *connection).await;
    assert_eq!(server.encrypted(), 1);
    // An address can be in a certificate too.
    let numbered = TlsServer::start(address(&arguments), &authority.issue("127.0.0.1"), None).await;
    open(&arguments, "127.0.0.1", numbered.port, &identity).await.unwrap();
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_tls_is_required() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority) = (Folder::new(), Authority::new("one"));
    // The test server itself would do, did it have no TLS of its own: a greeting that says so does always.
    let server = crate::tls_proxy::without_tls(address(&arguments)).await;
    let file = authority.file(&folder, "authority.pem");
    let modes: [&[(&str, &str)]; 3] = [
        &[("ssl_mode", "required")],
        &[("ssl_mode", "verify_ca"), ("ssl_ca", &file)],
        &[("ssl_mode", "verify_identity"), ("ssl_ca", &file)],
    ];
    for options in modes {
        let shown = refused(&arguments, "127.0.0.1", server, options).await;
        assert!(shown.contains("the server has no TLS; turn it on there"), "{shown}");
    }
    for options in [&[][..], &[("ssl_mode", "preferred")], &[("ssl_mode", "disabled")]] {
        let mut connection = open(&arguments, "127.0.0.1", server, options).await.unwrap();
        assert_answers(&mut *connection).await;
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority, other) = (Folder::new(), Authority::new("one"), Authority::new("another"));
    let server = TlsServer::start(address(&arguments), &authority.issue("localhost"), Some(&authority)).await;
    let file = authority.file(&folder, "authority.pem");
    let (certificate, key) = authority.issue("client").files(&folder, "client");
    let (foreign, foreign_key) = other.issue("client").files(&folder, "foreign");
    let identity = [("ssl_mode", "verify_identity"), ("ssl_ca", file.as_str())];

    let without = refused(&arguments, "localhost", server.port, &identity).await;
    assert!(without.contains("asks for a certificate of the client; name it"), "{without}");
    let shown = [&identity[..], &[("ssl_cert", &foreign), ("ssl_key", &foreign_key)]].concat();
    let wrong = refused(&arguments, "localhost", server.port, &shown).await;
    assert!(wrong.contains("refuses the client's certificate"), "{wrong}");
    assert_eq!(server.encrypted(), 0);
    let shown = [&identity[..], &[("ssl_cert", &certificate), ("ssl_key", &key)]].concat();
    let mut connection = open(&arguments, "localhost", server.port, &shown).await.unwrap();
    assert_answers(&mut *connection).await;
    assert_eq!(server.encrypted(), 1);
    // Also without a look at the server's.
    let shown = [("ssl_mode", "required"), ("ssl_cert", certificate.as_str()), ("ssl_key", key.as_str())];
    open(&arguments, "localhost", server.port, &shown).await.unwrap();
}

#[tokio::test]
async fn cancelling_is_encrypted_too() {
    let Some(arguments) = arguments() else { return };
    let (folder, authority) = (Folder::new(), Authority::new("one"));
    let server = TlsServer::start(address(&arguments), &authority.issue("localhost"), Some(&authority)).await;
    let file = authority.file(&folder, "authority.pem");
    let (certificate, key) = authority.issue("client").files(&folder, "client");
    let options = [
        ("ssl_mode", "verify_identity"),
        ("ssl_ca", file.as_str()),
        ("ssl_cert", certificate.as_str()),
        ("ssl_key", key.as_str()),
    ];
    let mut connection = open(&arguments, "localhost", server.port, &options).await.unwrap();
    let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    let statement = Statement::new("SELECT a.n FROM (SELECT 1 AS n) a WHERE SLEEP(20) = 0 FOR UPDATE");
    let error = connection.fetch(&statement, &[], &limit, &mut Discard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
    assert_eq!(server.encrypted(), 2);
    assert_answers(&mut *connection).await;
}

#[tokio::test]
async fn the_servers_own_tls() {
    let Some(arguments) = arguments() else { return };
    let (host, port) = (arguments.host.clone().unwrap(), arguments.port.unwrap());
    match open(&arguments, &host, port, &[("ssl_mode", "required")]).await {
        Ok(mut connection) => {
            let sql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";
            assert_ne!(fetch(&mut *connection, sql, &[]).await[0][1], "Text(\"\")");
            assert_answers(&mut *connection).await;
        }
        Err(error) => assert!(error.to_string().contains("the server has no TLS"), "{error}"),
    }
}

#[tokio::test]
async fn files_that_are_no_certificates_are_named() {
    let Some(arguments) = arguments() else { return };
    let folder = Folder::new();
    let authority = Authority::new("one");
    let server = TlsServer::start(address(&arguments), &authority.issue("localhost"), None).await;
    let nothing = folder.write("nothing.pem", "not a certificate\n");
    let (certificate, key) = authority.issue("client").files(&folder, "client");
    let missing = folder.path().join("missing.pem").to_str().unwrap().to_owned();
    for (options, path) in [
        ([("ssl_mode", "verify_ca"), ("ssl_ca", &missing), ("compress", "false")], &missing),
        ([("ssl_mode", "verify_ca"), ("ssl_ca", &nothing), ("compress", "false")], &nothing),
        ([("ssl_mode", "required"), ("ssl_cert", &nothing), ("ssl_key", &key)], &nothing),
        ([("ssl_mode", "required"), ("ssl_cert", &certificate), ("ssl_key", &nothing)], &nothing),
        ([("ssl_mode", "required"), ("ssl_cert", &certificate), ("ssl_key", &missing)], &missing),
    ] {
        let error = open(&arguments, "localhost", server.port, &options).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error:?}");
        let shown = error.to_string();
        assert!(shown.contains(path.as_str()) && shown.contains("the option `ssl_"), "{shown}");
    }
}
