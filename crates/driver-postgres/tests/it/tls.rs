//! TLS: every mode against right and wrong certificates, client certificates, and cancel requests.

use std::{path::Path, sync::Arc, time::Duration};

use aludel_driver::{
    CallOptions, ConnectArguments, Connection, Driver, Error, ErrorKind, Result, Statement, Value,
};
use aludel_driver_postgres::PostgresDriver;
use rustls::ServerConfig;

use crate::{
    authority::{Authority, Validity},
    folder::{Folder, set_mode},
    server::{self, Kept, scalar},
    tls_proxy::{
        Event::{self, Cancel, Failed, Refused, Session},
        Manners,
        Spoken::{self, Plain, Tls},
        TlsProxy,
    },
};

const HOST: &str = "database.example";

/// A server with a proxy before it, an authority that is trusted, and a folder that is home.
struct Stage {
    server: ConnectArguments,
    authority: Authority,
    folder: Folder,
    proxy: TlsProxy,
}

impl Stage {
    async fn new(make: impl FnOnce(&Authority) -> Option<Arc<ServerConfig>>) -> Option<Self> {
        Self::refusing(None, make).await
    }

    async fn refusing(
        refuses: Option<Spoken>,
        make: impl FnOnce(&Authority) -> Option<Arc<ServerConfig>>,
    ) -> Option<Self> {
        let server = server::arguments()?;
        let authority = Authority::new();
        let manners = Manners { tls: make(&authority), refuses };
        let proxy = TlsProxy::start(&server, manners).await;
        Some(Self { server, authority, folder: Folder::new(), proxy })
    }

    /// A server with a right certificate.
    async fn right() -> Option<Self> {
        Self::new(|authority| Some(authority.server(&[HOST], Validity::Now, 1).server_config(None))).await
    }

    fn roots(&self) -> String {
        self.folder.write("authority.pem", &self.authority.pem)
    }

    async fn connect(&self, options: &[(&str, &str)]) -> Result<Box<dyn Connection>> {
        let home = self.folder.path().to_str().unwrap().to_owned();
        let driver = PostgresDriver::new()
            .with_environment(move |name| matches!(name, "HOME" | "APPDATA").then(|| home.clone()));
        driver.connect(&self.proxy.arguments(&self.server, HOST, options)).await
    }

    /// Connects and sends a statement, and just this happens on the way.
    async fn succeeds(&self, options: &[(&str, &str)], events: &[Event]) {
        let mut connection =
            self.connect(options).await.unwrap_or_else(|error| panic!("{options:?}: {error:?}"));
        assert_eq!(scalar(&mut *connection, "SELECT 1", &[]).await.unwrap(), Value::I64(1));
        connection.close(Duration::from_secs(5)).await.unwrap();
        self.proxy.expect(events).await;
    }

    async fn fails(&self, options: &[(&str, &str)]) -> Error {
        let Err(error) = self.connect(options).await else { panic!("{options:?}: connected") };
        let password = self.server.password.clone().unwrap();
        assert!(!format!("{error} {error:?}").contains(password.expose()), "{error:?}");
        error
    }
}

#[tokio::test]
async fn a_right_certificate_serves_in_every_mode() {
    let Some(stage) = Stage::right().await else { return };
    let roots = stage.roots();
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let options = [("sslmode", mode), ("sslrootcert", roots.as_str())];
        stage.succeeds(&options, &[Session(Tls)]).await;
    }
    stage.succeeds(&[], &[Session(Tls)]).await;
    for mode in ["disable", "allow"] {
        stage.succeeds(&[("sslmode", mode)], &[Session(Plain)]).await;
    }
}

#[tokio::test]
async fn direct_negotiation_spares_the_question() {
    let Some(stage) = Stage::right().await else { return };
    let roots = stage.roots();
    let direct = [("sslmode", "verify-full"), ("sslrootcert", roots.as_str()), ("sslnegotiation", "direct")];
    stage.succeeds(&direct, &[Session(Tls)]).await;
    let error = stage.fails(&[("sslnegotiation", "direct")]).await;
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("at least `require`"), "{error}");
}

#[tokio::test]
async fn an_unknown_authority_is_refused_where_somebody_looks() {
    // One that has another name, and one that only pretends to be the trusted one.
    for signer in [Authority::named("Another"), Authority::new()] {
        let make = |_: &Authority| Some(signer.server(&[HOST], Validity::Now, 1).server_config(None));
        let Some(stage) = Stage::new(make).await else { return };
        let roots = stage.roots();
        for mode in ["require", "verify-ca", "verify-full"] {
            let error = stage.fails(&[("sslmode", mode), ("sslrootcert", &roots)]).await;
            assert_eq!(error.kind(), ErrorKind::Operational, "{mode}");
            assert!(error.message().contains("not trusted: set sslrootcert"), "{mode}: {error}");
            stage.proxy.expect(&[Failed]).await;
        }
        // Without anything to compare with, `require` only encrypts.
        stage.succeeds(&[("sslmode", "require")], &[Session(Tls)]).await;
        // And `prefer` goes on without, as in libpq.
        let options = [("sslmode", "prefer"), ("sslrootcert", roots.as_str())];
        stage.succeeds(&options, &[Failed, Session(Plain)]).await;
        // No public authority has signed it, whichever this machine trusts.
        let error = stage.fails(&[("sslrootcert", "system")]).await;
        assert!(error.message().contains("authority"), "{error}");
    }
}

#[tokio::test]
async fn certificates_out_of_their_time_are_refused() {
    for (validity, words) in
        [(Validity::Over, "has expired: renew it"), (Validity::Later, "is not valid yet: set the clocks")]
    {
        let stage = Stage::new(|authority| Some(authority.server(&[HOST], validity, 1).server_config(None)));
        let Some(stage) = stage.await else { return };
        let roots = stage.roots();
        for mode in ["require", "verify-ca", "verify-full"] {
            let error = stage.fails(&[("sslmode", mode), ("sslrootcert", &roots)]).await;
            assert!(error.message().contains(words), "{mode}: {error}");
        }
        stage.proxy.forget().await;
        stage.succeeds(&[("sslmode", "require")], &[Session(Tls)]).await;
    }
}

#[tokio::test]
async fn a_wrong_name_is_refused_by_verify_full_alone() {
    let Some(stage) = Stage::new(|authority| {
        Some(authority.server(&["other.example", "10.1.2.3"], Validity::Now, 1).server_config(None))
    })
    .await
    else {
        return;
    };
    let roots = stage.roots();
    let error = stage.fails(&[("sslmode", "verify-full"), ("sslrootcert", &roots)]).await;
    for words in ["is for another name", "other.example", HOST, "sslmode=verify-ca"] {
        assert!(error.message().contains(words), "{words}: {error}");
    }
    stage.proxy.expect(&[Failed]).await;
    for mode in ["require", "verify-ca"] {
        let options = [("sslmode", mode), ("sslrootcert", roots.as_str())];
        stage.succeeds(&options, &[Session(Tls)]).await;
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused() {
    let Some(stage) = Stage::right().await else { return };
    let roots = stage.roots();
    let revoked = stage.folder.write("revoked.pem", &stage.authority.revocations(&[1]));
    let other = stage.folder.write("other.pem", &stage.authority.revocations(&[2]));
    for mode in ["verify-ca", "verify-full"] {
        let mut options = [("sslmode", mode), ("sslrootcert", &roots), ("sslcrl", &revoked)];
        let error = stage.fails(&options).await;
        assert!(error.message().contains("is revoked"), "{error}");
        stage.proxy.forget().await;
        options[2].1 = &other;
        stage.succeeds(&options, &[Session(Tls)]).await;
    }
}

#[tokio::test]
async fn a_server_without_tls() {
    let Some(stage) = Stage::new(|_| None).await else { return };
    let roots = stage.roots();
    for mode in ["require", "verify-ca", "verify-full"] {
        let error = stage.fails(&[("sslmode", mode), ("sslrootcert", &roots)]).await;
        assert_eq!(error.kind(), ErrorKind::Operational);
        for words in ["does not support TLS", "turn `ssl` on", "sslmode=prefer"] {
            assert!(error.message().contains(words), "{mode}: {error}");
        }
        stage.proxy.expect(&[]).await;
    }
    stage.succeeds(&[], &[Session(Plain)]).await;
    stage.succeeds(&[("sslmode", "allow")], &[Session(Plain)]).await;
}

#[tokio::test]
async fn a_server_that_has_rules_for_one_of_both_only() {
    let right = |authority: &Authority| Some(authority.server(&[HOST], Validity::Now, 1).server_config(None));
    let Some(stage) = Stage::refusing(Some(Plain), right).await else { return };
    stage.succeeds(&[("sslmode", "allow")], &[Refused(Plain), Session(Tls)]).await;
    let error = stage.fails(&[("sslmode", "disable")]).await;
    assert_eq!(error.code(), Some("28000"));
    let Some(stage) = Stage::refusing(Some(Tls), right).await else { return };
    stage.succeeds(&[], &[Refused(Tls), Session(Plain)]).await;
    let error = stage.fails(&[("sslmode", "require")]).await;
    assert_eq!(error.code(), Some("28000"));
    stage.proxy.expect(&[Refused(Tls)]).await;
}

#[tokio::test]
async fn client_certificates() {
    let clients = Authority::new();
    let Some(stage) = Stage::new(|authority| {
        Some(authority.server(&[HOST], Validity::Now, 1).server_config(Some(&clients)))
    })
    .await
    else {
        return;
    };
    let roots = stage.roots();
    let (own, other) = (clients.client(), Authority::new().client());
    let own_files = (stage.folder.write("own.pem", &own.pem), stage.folder.write("own.key", &own.key_pem()));
    let other_files =
        (stage.folder.write("other.pem", &other.pem), stage.folder.write("other.key", &other.key_pem()));
    let with = async |certificate: &str, key: &str| {
        let options = [
            ("sslmode", "verify-full"),
            ("sslrootcert", roots.as_str()),
            ("sslcert", certificate),
            ("sslkey", key),
        ];
        match stage.connect(&options).await {
            Ok(mut connection) => scalar(&mut *connection, "SELECT 1", &[]).await.map(drop),
            Err(error) => Err(error),
        }
    };
    with(&own_files.0, &own_files.1).await.unwrap();
    stage.proxy.expect(&[Session(Tls)]).await;

    let error = stage.fails(&[("sslmode", "verify-full"), ("sslrootcert", &roots)]).await;
    assert!(error.message().contains("wants a client certificate: set sslcert and sslkey"), "{error}");
    let error = with(&other_files.0, &other_files.1).await.unwrap_err();
    assert!(error.message().contains("does not accept the client certificate"), "{error}");

    // What is wrong with the files is told by their names, and before anything is sent.
    stage.proxy.forget().await;
    for (certificate, key, words) in [
        ("/nowhere/own.pem", own_files.1.as_str(), "sslcert names `/nowhere/own.pem`"),
        (&own_files.0, "/nowhere/own.key", "sslkey names `/nowhere/own.key`"),
        (&own_files.0, &own_files.0, "cannot be used for a private key"),
        (&own_files.1, &own_files.1, "cannot be used for a client certificate"),
        (&own_files.0, &other_files.1, "cannot be used for a client certificate with its key"),
    ] {
        let error = with(certificate, key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        assert!(error.message().contains(words), "{words}: {error}");
    }
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let error = with(&own_files.0, &stage.folder.write("locked.key", locked)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    assert!(error.message().contains("under a password"), "{error}");
    #[cfg(unix)]
    {
        set_mode(Path::new(&own_files.1), 0o644);
        let error = with(&own_files.0, &own_files.1).await.unwrap_err();
        assert!(
            error.message().contains("can be read by others") && error.message().contains("chmod"),
            "{error}"
        );
    }
    stage.proxy.expect(&[]).await;
}

#[tokio::test]
async fn the_default_files_are_read_where_they_exist() {
    let clients = Authority::new();
    let Some(stage) = Stage::new(|authority| {
        Some(authority.server(&[HOST], Validity::Now, 1).server_config(Some(&clients)))
    })
    .await
    else {
        return;
    };
    let folder = if cfg!(windows) { "postgresql" } else { ".postgresql" };
    let error = stage.fails(&[("sslmode", "verify-full")]).await;
    assert_eq!(error.kind(), ErrorKind::Argument);
    for words in ["needs root certificates", "root.crt", "set sslrootcert", "`system`"] {
        assert!(error.message().contains(words), "{error}");
    }
    let own = clients.client();
    stage.folder.write(&format!("{folder}/root.crt"), &stage.authority.pem);
    let certificate = stage.folder.write(&format!("{folder}/postgresql.crt"), &own.pem);
    let error = stage.fails(&[("sslmode", "verify-full")]).await;
    assert!(error.message().contains(&format!("`{certificate}` has no key")), "{error}");
    stage.folder.write(&format!("{folder}/postgresql.key"), &own.key_pem());
    for mode in ["prefer", "require", "verify-full"] {
        stage.succeeds(&[("sslmode", mode)], &[Session(Tls)]).await;
    }
    stage.folder.write(&format!("{folder}/root.crl"), &stage.authority.revocations(&[1]));
    let error = stage.fails(&[("sslmode", "verify-full")]).await;
    assert!(error.message().contains("is revoked"), "{error}");
}

#[tokio::test]
async fn root_certificates_that_are_none_are_told_by_their_file() {
    let Some(stage) = Stage::right().await else { return };
    let empty = stage.folder.write("empty.pem", "nothing");
    for (path, words) in
        [(empty.as_str(), "cannot be used for root certificates"), ("/nowhere", "no such file")]
    {
        // Also where nothing is demanded: what was named on purpose is not passed over.
        for mode in ["prefer", "verify-full"] {
            let error = stage.fails(&[("sslmode", mode), ("sslrootcert", path)]).await;
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(words) && error.message().contains(path), "{error}");
        }
    }
    let error = stage.fails(&[("sslmode", "require"), ("sslrootcert", "system")]).await;
    assert!(error.message().contains("at least `verify-full`"), "{error}");
    stage.proxy.expect(&[]).await;
}

#[tokio::test]
async fn channel_binding_that_ends_before_the_server_is_refused() {
    let Some(stage) = Stage::right().await else { return };
    for mode in ["require", "disable"] {
        let error = stage.fails(&[("sslmode", mode), ("channel_binding", "require")]).await;
        assert!(error.message().contains("channel_binding=require needs TLS"), "{error}");
    }
    stage.proxy.forget().await;
    for binding in ["disable", "prefer"] {
        let options = [("sslmode", "require"), ("channel_binding", binding)];
        stage.succeeds(&options, &[Session(Tls)]).await;
    }
}

#[tokio::test]
async fn cancel_requests_are_encrypted_when_their_connection_is() {
    let Some(stage) = Stage::right().await else { return };
    let roots = stage.roots();
    let direct = ("sslnegotiation", "direct");
    for (options, spoken) in [
        (vec![("sslmode", "verify-full"), ("sslrootcert", roots.as_str())], Tls),
        (vec![("sslmode", "verify-full"), ("sslrootcert", roots.as_str()), direct], Tls),
        (vec![("sslmode", "prefer")], Tls),
        (vec![("sslmode", "disable")], Plain),
    ] {
        let mut connection = stage.connect(&options).await.unwrap();
        let connection = &mut *connection;
        let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
        let sleep = Statement::new("SELECT pg_sleep(30)");
        for _ in 0..3 {
            let error = connection.fetch(&sleep, &[], &limit, &mut Kept::default()).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")), "{error:?}");
            // The request was dealt with, so that it cannot hit this one.
            assert_eq!(scalar(connection, "SELECT 1", &[]).await.unwrap(), Value::I64(1));
        }
        stage.proxy.expect(&[Session(spoken), Cancel(spoken), Cancel(spoken), Cancel(spoken)]).await;
    }
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_over_tls() {
    let Some(stage) = Stage::right().await else { return };
    let mut watcher = server::connect().await.unwrap();
    let mut connection = stage.connect(&[("sslmode", "require")]).await.unwrap();
    let process = server::process(&mut *connection).await;
    let sleep = Statement::new("SELECT pg_sleep(30)");
    let (options, mut sink) = (CallOptions::default(), Kept::default());
    let call = connection.fetch(&sleep, &[], &options, &mut sink);
    tokio::time::timeout(Duration::from_millis(200), call).await.unwrap_err();
    drop(connection);
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
    for _ in 0..100 {
        if scalar(&mut *watcher, sql, &[Value::I64(process)]).await.unwrap() == Value::I64(0) {
            stage.proxy.expect(&[Session(Tls), Cancel(Tls)]).await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server still works on it");
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_is_never_encrypted() {
    let Some(mut connection) = server::connect().await else { return };
    let Value::Text(directories) =
        scalar(&mut *connection, "SHOW unix_socket_directories", &[]).await.unwrap()
    else {
        panic!("a text is expected")
    };
    let mut arguments = server::arguments().unwrap();
    let directory = directories.split(',').next().unwrap().trim().to_owned();
    if directory.is_empty() || !["localhost", "127.0.0.1"].contains(&arguments.host.as_deref().unwrap()) {
        return;
    }
    arguments.host = Some(directory);
    arguments.options.insert("sslmode".to_owned(), "verify-full".to_owned());
    let mut connection = PostgresDriver::new().connect(&arguments).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT 1", &[]).await.unwrap(), Value::I64(1));
}
