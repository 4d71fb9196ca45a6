//! No secret in any log, error or `Debug`: everything that can be read is collected, and looked through.

mod evidence;

use std::{fs, net::TcpListener, time::Duration};

use aludel::{
    driver::{ConnectArguments, DatabaseUrl, Secret},
    engine::{EngineBuilder, PoolOptions},
    prelude::*,
    sql::trusted,
};

use self::evidence::{Collecting, Evidence};
use crate::database::{Database, Kind, on_every_database, run};

/// Characters that are escaped in a URL, so that both spellings are looked for.
const PASSWORD: &str = "Geheim-47/11:%&@ß";
const TOKEN: &str = "Marke=47+11/%";
const IN_QUERY: &str = "Geheim47imAnhang";
const IN_FILE: &str = "GeheimInDerDatei";

const ALL: [&str; 4] = [PASSWORD, TOKEN, IN_QUERY, IN_FILE];

/// Builds an engine, with what can be seen of it before and after.
fn build(
    evidence: &Evidence,
    url: DatabaseUrl,
    options: impl FnOnce(EngineBuilder) -> EngineBuilder,
) -> Option<Engine> {
    evidence.add(format_args!("{url} {url:?} {:?} {}", url.arguments, url.render(true)));
    let lines = evidence.clone();
    let builder = create_engine(&url.render(false)).connect_timeout(Duration::from_secs(10));
    let builder = options(builder.echo_with(move |line| lines.add(line)));
    evidence.add(format_args!("{builder:?} {builder:#?}"));
    match builder.build() {
        Ok(engine) => {
            evidence.engine(&engine);
            Some(engine)
        }
        Err(error) => {
            evidence.error(&error);
            None
        }
    }
}

/// That connecting fails, and what it says.
async fn refused(evidence: &Evidence, url: DatabaseUrl) -> Option<ErrorKind> {
    let engine = build(evidence, url, |engine| engine)?;
    let error = engine.connect().await.unwrap_err();
    evidence.error(&error);
    evidence.engine(&engine);
    engine.dispose().await;
    Some(error.kind())
}

/// Runs a statement past everything that is collected.
async fn aside(engine: &Engine, sql: String) {
    let mut connection = engine.connect().await.unwrap();
    connection.execute(text(trusted(sql))).await.unwrap();
    connection.commit().await.unwrap();
}

/// A user on the server, with a password; gone with `drop_user`.
async fn make_user(database: &Database, name: &str, password: &str) {
    let password = password.replace('\'', "''");
    if database.is_postgres() {
        aside(database.engine(), format!("CREATE ROLE {name} LOGIN PASSWORD '{password}'")).await;
        aside(database.engine(), format!("GRANT pg_signal_backend TO {name}")).await;
    } else {
        aside(database.engine(), format!("CREATE USER {name}@'%' IDENTIFIED BY '{password}'")).await;
        aside(database.engine(), format!("GRANT ALL ON *.* TO {name}@'%'")).await;
    }
}

async fn drop_user(database: &Database, name: &str) {
    let host = if database.is_postgres() { "" } else { "@'%'" };
    aside(
        database.engine(),
        format!("DROP {} {name}{host}", if database.is_postgres() { "ROLE" } else { "USER" }),
    )
    .await;
}

/// The errors and other things that a working engine shows.
async fn work(evidence: &Evidence, database: &Database, engine: &Engine) {
    let mut connection = engine.connect().await.unwrap();
    evidence.engine(engine);
    evidence.add(format_args!("{connection:?}"));
    evidence.add(format_args!("{:?}", connection.driver_connection().await.unwrap().server()));
    let one: i64 = connection.scalar_one(text("SELECT 1 + :one").bind("one", 0)).await.unwrap_or(1);
    assert_eq!(one, 1);
    connection.rollback().await.unwrap();
    evidence.error(&connection.execute(text("SELECT nothing FROM nowhere")).await.unwrap_err());
    connection.rollback().await.unwrap();
    // A call that takes too long.
    let sleep = if database.is_postgres() { "SELECT CAST(pg_sleep(9) AS TEXT)" } else { "SELECT sleep(9)" };
    let late = connection.execute(text(sleep)).timeout(Duration::from_millis(50)).all().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    evidence.error(&late);
    connection.rollback().await.unwrap();
    // A lost connection.
    let id = if database.is_postgres() { "SELECT pg_backend_pid()" } else { "SELECT connection_id()" };
    let id: i64 = connection.scalar_one(text(id)).await.unwrap();
    let kill = if database.is_postgres() {
        format!("SELECT pg_terminate_backend({id})")
    } else {
        format!("KILL {id}")
    };
    aside(database.engine(), kill).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let lost = connection.execute(text("SELECT 1")).await.unwrap_err();
    assert!(lost.is_disconnect(), "{lost:?}");
    evidence.error(&lost);
    evidence.add(format_args!("{connection:?}"));
    connection.rollback().await.unwrap();
    // A full pool, and who holds its connections.
    let held = engine.connect().await.unwrap();
    let full = engine.connect().await.unwrap_err();
    assert_eq!(full.kind(), ErrorKind::Timeout);
    evidence.error(&full);
    evidence.engine(engine);
    held.close().await.unwrap();
    connection.close().await.unwrap();
    let pooled = engine.pool().checkout().await.unwrap();
    evidence.add(format_args!("{pooled:?}"));
}

fn small(engine: EngineBuilder) -> EngineBuilder {
    let mut options = PoolOptions::default();
    (options.pool_size, options.max_overflow) = (1, Some(0));
    options.pool_timeout = Some(Duration::from_millis(50));
    engine.pool_options(options)
}

async fn a_password_is_never_shown(database: &Database) {
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let evidence = Evidence::default();
    if !database.is_sqlite() {
        let user = format!("aludel_secret_{}", std::process::id());
        make_user(database, &user, PASSWORD).await;
        let url = url.clone().username(&*user).password(PASSWORD);
        let collecting = Collecting::start(&evidence);
        let engine = build(&evidence, url.clone(), small).unwrap();
        work(&evidence, database, &engine).await;
        engine.dispose().await;
        // The same password is wrong for others, and of no use where nobody listens.
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let kinds = [
            refused(&evidence, url.clone().password(format!("{PASSWORD}x"))).await,
            refused(&evidence, url.clone().username("nobody")).await,
            refused(&evidence, url.clone().port(nobody)).await,
            refused(&evidence, url.clone().host("there-is-no-such-host.invalid")).await,
            refused(&evidence, url.clone().database("there_is_none")).await,
        ];
        assert!(kinds.iter().all(Option::is_some), "{kinds:?}");
        // What is held by the library itself.
        let mut arguments: ConnectArguments = url.arguments.clone();
        arguments.options.insert("sslpassword".to_owned(), IN_QUERY.to_owned());
        evidence.add(format_args!("{arguments:?} {arguments:#?} {}", arguments.target()));
        evidence.add(format_args!("{:?}", Secret::new(PASSWORD)));
        drop(collecting);
        drop_user(database, &user).await;
        // The echo, the events and spans of `tracing`, and the lines of `log`.
        for words in ["\nSELECT nothing FROM nowhere", "\nevent aludel::pool", "\nspan query"] {
            evidence.assert_says(words);
        }
        if database.is_postgres() {
            evidence.assert_says("\nlog tokio_postgres");
        }
    }
    let collecting = Collecting::start(&evidence);
    // As an option, under whatever name: the option is named, its value is not.
    for name in
        ["password", "sslpassword", "passwd", "ssl_passphrase", "access_token", "client_secret", "pasword"]
    {
        let url = url.clone().option(name, IN_QUERY);
        let mut shown = url.clone();
        if name == "pasword" {
            // Misspelt, it cannot be told from other options, but the refusal says nothing of its value.
            shown.arguments.options.clear();
        }
        evidence.add(format_args!("{shown} {shown:?} {:?}", shown.arguments));
        let refused = create_engine(&url.render(false)).build().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Argument, "{refused:?}");
        assert!(refused.message().contains(name), "{refused}");
        evidence.error(&refused);
    }
    let (scheme, _) = database.url().split_once("://").unwrap();
    let first = PASSWORD.split('/').next().unwrap();
    for broken in [
        format!("{scheme}://user:{PASSWORD}@host:port/database"),
        format!("{scheme}://user:{PASSWORD}@host:99999/database"),
        format!("{scheme}://user:{PASSWORD}"),
        format!("{scheme}//user:{IN_QUERY}@host/database"),
        format!("{scheme}://user:{first}/{PASSWORD}@host"),
        format!("{scheme}://user:%FF{IN_QUERY}@host/database"),
        format!("{scheme}://user:{IN_QUERY}@[::1/database"),
        format!("no-such-dialect://user:{IN_QUERY}@host/database?token={IN_QUERY}"),
        format!("{scheme}://host/database?password={IN_QUERY}&password={IN_QUERY}"),
    ] {
        match DatabaseUrl::parse(&broken) {
            Err(error) => evidence.error(&error),
            // Read as a host and a database; then it is nobody's secret any more.
            Ok(url) if url.arguments.password.is_none() => {}
            Ok(url) => evidence.add(format_args!("{url} {url:?} {:?}", url.arguments)),
        }
        match create_engine(&broken).build() {
            Err(error) => evidence.error(&error),
            Ok(engine) if engine.url().arguments.password.is_some() => evidence.engine(&engine),
            Ok(_) => {}
        }
    }
    drop(collecting);
    evidence.assert_clean_of(&ALL);
}
async fn case_093_unknown_dialects_and_options_are_refused_by_name(database: &Database) {
    let refused = create_engine("no-such-dialect://host/database").build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
    assert!(refused.message().contains("no-such-dialect"), "{refused}");
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let misspelt = url.option("conect_timeout", "7");
    let refused = create_engine(&misspelt.render(false)).build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
    assert!(refused.message().contains("conect_timeout"), "{refused}");
    for text in ["foo", "", "host/database"] {
        let refused = create_engine(text).build().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Argument, "{text}");
        assert!(refused.message().contains("://"), "what a URL looks like: {refused}");
    }
}

on_every_database!(a_password_is_never_shown, case_093_unknown_dialects_and_options_are_refused_by_name);

/// A token that a listener puts in, right and wrong.
async fn a_token_is_never_shown(database: &Database) {
    let url = DatabaseUrl::parse(database.url()).unwrap();
    let evidence = Evidence::default();
    let user = format!("aludel_token_{}", std::process::id());
    make_user(database, &user, TOKEN).await;
    let collecting = Collecting::start(&evidence);
    for suffix in ["", "x"] {
        let engine = build(&evidence, url.clone().username(&*user).password("none"), small).unwrap();
        let shown = evidence.clone();
        engine.events().do_connect.listen_sync(move |event| {
            event.arguments.password = Some(Secret::new(format!("{TOKEN}{suffix}")));
            shown.add(format_args!("{event:?} {event:#?}"));
            Ok(())
        });
        if suffix.is_empty() {
            work(&evidence, database, &engine).await;
        } else {
            evidence.error(&engine.connect().await.unwrap_err());
        }
        evidence.engine(&engine);
        engine.dispose().await;
    }
    drop(collecting);
    drop_user(database, &user).await;
    evidence.assert_clean_of(&ALL);
}

#[tokio::test]
async fn a_token_of_a_listener_is_never_shown() {
    for kind in [Kind::Postgres, Kind::MySql] {
        run(kind, a_token_is_never_shown).await;
    }
}

/// A password that stands in a file, where PostgreSQL's programs look for it.
#[tokio::test]
async fn a_password_in_a_file_is_never_shown() {
    run(Kind::Postgres, async |database| {
        let evidence = Evidence::default();
        let user = format!("aludel_file_{}", std::process::id());
        make_user(database, &user, IN_FILE).await;
        let path = std::env::temp_dir().join(format!("{user}.pgpass"));
        let mut url = DatabaseUrl::parse(database.url()).unwrap();
        url = url.username(&*user).option("passfile", path.display().to_string());
        url.arguments.password = None;
        let collecting = Collecting::start(&evidence);
        fs::write(&path, format!("*:*:*:{user}:{IN_FILE}\n")).unwrap();
        only_for_its_owner(&path);
        let engine = build(&evidence, url.clone(), small).unwrap();
        work(&evidence, database, &engine).await;
        engine.dispose().await;
        fs::write(&path, format!("*:*:*:{user}:{IN_FILE}x\n")).unwrap();
        assert_eq!(refused(&evidence, url.clone()).await, Some(ErrorKind::Operational));
        // A line that is none, and a file that is missing.
        fs::write(&path, format!("{user}:{IN_FILE}\n")).unwrap();
        assert!(refused(&evidence, url.clone()).await.is_some());
        fs::remove_file(&path).unwrap();
        assert!(refused(&evidence, url).await.is_some());
        drop(collecting);
        drop_user(database, &user).await;
        evidence.assert_clean_of(&ALL);
    })
    .await;
}

#[cfg(unix)]
fn only_for_its_owner(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn only_for_its_owner(_: &std::path::Path) {}

#[test]
fn a_secret_would_be_found() {
    for shown in
        [format!("{:?}", PASSWORD), DatabaseUrl::new("x").password(TOKEN).render(false), IN_FILE.to_owned()]
    {
        let evidence = Evidence::default();
        evidence.add("words ".repeat(300));
        evidence.add(shown);
        std::panic::catch_unwind(|| evidence.assert_clean_of(&ALL)).unwrap_err();
    }
}
