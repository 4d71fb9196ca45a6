//! What a URL leaves out: PG variables, the password file, the user of the system; and how hosts are written.

use std::collections::BTreeMap;

use aludel_driver::{ConnectArguments, DatabaseUrl, Driver, ErrorKind, Value};
use aludel_driver_postgres::PostgresDriver;

use crate::{
    folder::{Folder, set_mode},
    listener::{Listener, Told},
    server::{self, scalar, text},
};

fn driver(variables: &[(&str, &str)]) -> PostgresDriver {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    PostgresDriver::new().with_environment(move |name| variables.get(name).cloned())
}

fn url(url: &str) -> ConnectArguments {
    DatabaseUrl::parse(url).unwrap().arguments
}

/// What a server hears, with its port put in for `PORT`; and the message of the error.
async fn hear(address: &str, variables: &[(&str, &str)]) -> (Told, String) {
    let listener = Listener::new();
    let port = listener.port().to_string();
    let owned: Vec<(&str, String)> =
        variables.iter().map(|(name, value)| (*name, value.replace("PORT", &port))).collect();
    let variables: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (told, error) = listener.hear(&driver(&variables), &url(&address.replace("PORT", &port))).await;
    (told, format!("{error} {error:?}"))
}

#[tokio::test]
async fn variables_stand_in_for_what_the_url_leaves_out() {
    let variables = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", "PORT"),
        ("PGUSER", "reader"),
        ("PGPASSWORD", "hidden 4711"),
        ("PGDATABASE", "library"),
        ("PGAPPNAME", "catalogue"),
        ("PGOPTIONS", "-c work_mem=3MB"),
    ];
    let (told, error) = hear("postgresql://", &variables).await;
    assert_eq!(told.startup("user"), "reader");
    assert_eq!(told.startup("database"), "library");
    assert_eq!(told.startup("application_name"), "catalogue");
    assert_eq!(told.startup("options"), "-c work_mem=3MB");
    assert_eq!(told.password.as_deref(), Some("hidden 4711"));
    assert!(error.contains("/library as user `reader`") && !error.contains("4711"), "{error}");
}

#[tokio::test]
async fn the_url_comes_before_the_variables() {
    let variables = [
        ("PGHOST", "10.255.255.1"),
        ("PGHOSTADDR", "10.255.255.1"),
        ("PGPORT", "1"),
        ("PGUSER", "other"),
        ("PGPASSWORD", "other"),
        ("PGDATABASE", "other"),
        ("PGAPPNAME", "other"),
        ("PGSSLMODE", "always"),
    ];
    let (told, _) = hear(
        "postgresql://reader:word@127.0.0.1:PORT/library?application_name=catalogue&sslmode=disable",
        &variables,
    )
    .await;
    assert_eq!((told.startup("user"), told.startup("database")), ("reader", "library"));
    assert_eq!(told.startup("application_name"), "catalogue");
    assert_eq!(told.password.as_deref(), Some("word"));
    let (told, _) =
        hear("postgresql:///?host=127.0.0.1&port=PORT&user=reader&dbname=library", &variables[..6]).await;
    assert_eq!((told.startup("user"), told.startup("database")), ("reader", "library"));
    // An address spares looking the host up.
    let (told, _) = hear("postgresql://no.such.host:PORT/?hostaddr=127.0.0.1", &[("PGPASSWORD", "x")]).await;
    assert_eq!(told.password.as_deref(), Some("x"));
    let (told, _) =
        hear("postgresql://", &[("PGHOSTADDR", "127.0.0.1"), ("PGPORT", "PORT"), ("PGUSER", "a")]).await;
    assert_eq!(told.startup("user"), "a");
}

#[tokio::test]
async fn defaults_are_the_systems_user_and_a_database_of_that_name() {
    // Empty ones count as none.
    let (told, _) = hear("postgresql://127.0.0.1:PORT", &[("PGUSER", ""), ("PGDATABASE", "")]).await;
    let expected = std::process::Command::new(if cfg!(windows) { "whoami" } else { "id" })
        .args(if cfg!(windows) { &[][..] } else { &["-un"] })
        .output()
        .unwrap();
    let expected = String::from_utf8(expected.stdout).unwrap();
    let expected = expected.trim().rsplit('\\').next().unwrap();
    assert_eq!(told.startup("user"), expected);
    assert_eq!(told.startup("database"), expected);
    assert_eq!(told.password, None);
    let (told, _) = hear("postgresql://reader@127.0.0.1:PORT", &[]).await;
    assert_eq!(told.startup("database"), "reader");
}

#[test]
fn variables_are_checked_like_options_and_named() {
    for (name, value) in [
        ("PGSSLMODE", "always"),
        ("PGPORT", "many"),
        ("PGHOSTADDR", "localhost"),
        ("PGCONNECT_TIMEOUT", "soon"),
        ("PGCHANNELBINDING", "always"),
        ("PGTARGETSESSIONATTRS", "secondary"),
        ("PGLOADBALANCEHOSTS", "sometimes"),
        ("PGSSLNEGOTIATION", "none"),
    ] {
        let error = driver(&[(name, value)]).check(&ConnectArguments::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{name}={value}");
        let words = format!("the environment variable `{name}` cannot be `{value}`");
        assert!(error.message().contains(&words), "{error}");
    }
    driver(&[("PGCONNECT_TIMEOUT", "10"), ("PGSSLMODE", "prefer")])
        .check(&ConnectArguments::default())
        .unwrap();
}

#[tokio::test]
async fn the_variables_time_limit_holds() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let arguments = url(&format!("postgresql://reader@127.0.0.1:{}", listener.local_addr().unwrap().port()));
    let started = std::time::Instant::now();
    let error = driver(&[("PGCONNECT_TIMEOUT", "1")]).connect(&arguments).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

/// The password that is found in a file for `reader` on `library`.
async fn found(file: &str) -> Option<String> {
    let folder = Folder::new();
    let path = folder.write("passwords", file);
    let (told, error) = hear("postgresql://reader@127.0.0.1:PORT/library", &[("PGPASSFILE", &path)]).await;
    if let Some(password) = &told.password {
        assert!(!error.contains(password.as_str()), "{error}");
        assert!(error.contains(&format!("the password came from the file `{path}`")), "{error}");
    } else {
        assert!(error.contains("password missing") && error.contains("~/.pgpass"), "{error}");
    }
    told.password
}

#[tokio::test]
async fn passwords_are_found_by_line() {
    for (file, password) in [
        ("127.0.0.1:*:library:reader:secret-word\n", Some("secret-word")),
        ("*:*:*:*:secret-word", Some("secret-word")),
        ("# *:*:*:*:comment\n\nnonsense\n*:*:*:reader:secret-word\r\n", Some("secret-word")),
        // The first that fits counts.
        (
            "*:*:*:other:word-1\n*:*:other:*:word-2\n*:1:*:*:word-3\nother:*:*:*:word-4\n*:*:*:*:word-5\n*:*:*:*:word-6\n",
            Some("word-5"),
        ),
        // A colon ends no password, and a backslash takes the meaning from both.
        (r"*:*:*:*:a:b\:c\\d", Some(r"a:b:c\d")),
        (r"*:*:libr\ary:rea\der:secret-word", Some("secret-word")),
        (r"*:*:library\:x:*:1", None),
        // Only a lone star stands for anything.
        ("127*:*:*:*:1", None),
        ("**:*:*:*:1", None),
        ("*:*:library:reader", None),
        ("*:*:Library:reader:1", None),
        ("", None),
    ] {
        assert_eq!(found(file).await.as_deref(), password, "{file:?}");
    }
}

#[tokio::test]
async fn a_password_that_is_given_comes_before_the_file() {
    let folder = Folder::new();
    let path = folder.write("passwords", "*:*:*:*:filed");
    let variables = [("PGPASSFILE", path.as_str()), ("PGPASSWORD", "variable")];
    for (address, variables, password) in [
        ("postgresql://reader:given@127.0.0.1:PORT", &variables[..], "given"),
        ("postgresql://reader@127.0.0.1:PORT", &variables[..], "variable"),
        ("postgresql://reader@127.0.0.1:PORT", &variables[..1], "filed"),
    ] {
        assert_eq!(hear(address, variables).await.0.password.as_deref(), Some(password));
    }
    // The option comes before the variable.
    let other = folder.write("other", "*:*:*:*:other");
    let listener = Listener::new();
    let mut arguments = url(&format!("postgresql://reader@127.0.0.1:{}", listener.port()));
    arguments.options.insert("passfile".to_owned(), other);
    let (told, _) = listener.hear(&driver(&variables[..1]), &arguments).await;
    assert_eq!(told.password.as_deref(), Some("other"));
}

#[tokio::test]
async fn the_password_file_has_a_place_of_its_own() {
    let folder = Folder::new();
    let (variable, name) =
        if cfg!(windows) { ("APPDATA", "postgresql/pgpass.conf") } else { ("HOME", ".pgpass") };
    let address = "postgresql://reader@127.0.0.1:PORT";
    let home = [(variable, folder.path().to_str().unwrap())];
    assert_eq!(hear(address, &home).await.0.password, None);
    let path = folder.write(name, "*:*:*:*:at-home");
    assert_eq!(hear(address, &home).await.0.password.as_deref(), Some("at-home"));
    if cfg!(unix) {
        set_mode(std::path::Path::new(&path), 0o640);
        assert_eq!(hear(address, &home).await.0.password, None, "others can read it");
    }
    let folder = folder.path().to_str().unwrap();
    assert_eq!(hear(address, &[("PGPASSFILE", folder)]).await.0.password, None, "it is no file");
}

#[tokio::test]
async fn a_password_from_a_file_opens_a_server() {
    let Some(mut arguments) = server::arguments() else { return };
    let password = arguments.password.take().unwrap();
    let folder = Folder::new();
    let line = format!("{}:*:*:*:{}", arguments.host.clone().unwrap(), password.expose());
    let path = folder.write("passwords", &line);
    let driver = driver(&[("PGPASSFILE", &path), ("PGAPPNAME", "from a file")]);
    let mut connection = driver.connect(&arguments).await.unwrap();
    let name = scalar(&mut *connection, "SHOW application_name", &[]).await.unwrap();
    assert_eq!(name, text("from a file"));
    assert!(!format!("{driver:?}").contains(password.expose()));
}

#[tokio::test]
async fn sockets_are_written_in_two_ways() {
    let Some(mut connection) = server::connect().await else { return };
    let Value::Text(directories) =
        scalar(&mut *connection, "SHOW unix_socket_directories", &[]).await.unwrap()
    else {
        panic!("a text is expected")
    };
    let arguments = server::arguments().unwrap();
    let directory = directories.split(',').next().unwrap().trim().to_owned();
    if directory.is_empty() || !["localhost", "127.0.0.1"].contains(&arguments.host.as_deref().unwrap()) {
        return;
    }
    let password = arguments.password.clone().unwrap();
    let (user, port) = (arguments.username.clone().unwrap(), arguments.port.unwrap_or(5432));
    let database = arguments.database.clone().unwrap();
    let escaped = directory.replace('/', "%2F");
    for address in [
        format!("postgresql:///{database}?host={directory}&port={port}&user={user}"),
        format!("postgresql://{user}@{escaped}:{port}/{database}"),
        format!("postgresql://{user}@{escaped}/{database}?port={port}"),
    ] {
        let mut arguments = url(&address);
        arguments.password = Some(password.clone());
        let mut connection = driver(&[]).connect(&arguments).await.unwrap();
        let local = scalar(&mut *connection, "SELECT inet_server_addr() IS NULL", &[]).await.unwrap();
        assert_eq!(local, Value::Bool(true), "{address}");
    }
    // PGHOST may be a directory too.
    let variables = [
        ("PGHOST", directory.as_str()),
        ("PGPORT", &port.to_string()),
        ("PGUSER", &user),
        ("PGPASSWORD", password.expose()),
        ("PGDATABASE", &database),
    ];
    driver(&variables).connect(&ConnectArguments::default()).await.unwrap();
}

/// The error of connecting to hosts of which none answers.
async fn none_answers(address: &str, variables: &[(&str, &str)]) -> String {
    let error = driver(variables).connect(&url(address)).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Operational, "{error}");
    error.message().to_owned()
}

#[tokio::test]
async fn several_hosts_are_read_wherever_they_are_named() {
    // Nobody listens on these.
    let both = ["127.0.0.1:1: error connecting to server", "[::1]:2: "];
    let (name, word) = ("PGUSER", "reader");
    for (address, variables) in [
        ("postgresql://127.0.0.1:1,[::1]:2/library", &[(name, word)][..]),
        ("postgresql:///library?host=127.0.0.1,[::1]&port=1,2", &[(name, word)]),
        ("postgresql:///library?host=127.0.0.1:1,[::1]:2&port=9", &[(name, word)]),
        ("postgresql:///library", &[(name, word), ("PGHOST", "127.0.0.1,[::1]"), ("PGPORT", "1,2")]),
        ("postgresql:///library", &[(name, word), ("PGHOSTADDR", "127.0.0.1,::1"), ("PGPORT", "1,2")]),
    ] {
        let message = none_answers(address, variables).await;
        assert!(message.contains("as user `reader`"), "{message}");
        for words in both.map(|words| words.replace("[::1]", "::1")) {
            assert!(message.contains(&words), "{address}: {message}");
        }
    }
    // One port holds for all, and names are not looked up where addresses are given.
    let message = none_answers(
        "postgresql://a@one,two:2/?port=1&hostaddr=127.0.0.1,127.0.0.2",
        &[("PGPASSWORD", "hidden")],
    )
    .await;
    assert!(
        message.contains("one:1: error connecting") && message.contains("two:2: error connecting"),
        "{message}"
    );
    assert!(!message.contains("hidden"), "{message}");
    for (address, words) in [
        ("postgresql://one,two/?port=1,2,3", "3 ports for 2 hosts"),
        ("postgresql://one,two/?hostaddr=127.0.0.1", "1 addresses for 2 hosts"),
        ("postgresql:///?host=one:many,two", "`one:many`"),
        ("postgresql://one,two/?load_balance_hosts=sometimes", "it takes: disable, random"),
        ("postgresql://one,two/?target_session_attrs=secondary", "primary, standby, prefer-standby"),
    ] {
        let error = driver(&[]).check(&url(address)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
        assert!(error.message().contains(words), "{error}");
    }
}

#[tokio::test]
async fn the_next_host_is_tried_only_where_one_cannot_be_reached() {
    let Some(arguments) = crate::server::arguments() else { return };
    let (host, port) = (arguments.host.clone().unwrap(), arguments.port.unwrap());
    let with = |hosts: String| ConnectArguments { host: Some(hosts), port: None, ..arguments.clone() };
    let here = format!("{host}:{port}");
    let driver = PostgresDriver::new().with_environment(|_| None);
    // Nobody listens, and no such name.
    for hosts in
        [format!("127.0.0.1:1,{here}"), format!("no.such.host.invalid,{here}"), format!("{here},127.0.0.1:1")]
    {
        driver.connect(&with(hosts)).await.unwrap();
    }
    // One that is silent is left after its limit.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut slow = with(format!("{},{here}", silent.local_addr().unwrap()));
    slow.options.insert("connect_timeout".to_owned(), "1".to_owned());
    driver.connect(&slow).await.unwrap();
    // A wrong password ends the search.
    let mut wrong = with(format!("127.0.0.1:1,{here},127.0.0.1:2"));
    wrong.password = Some("surely not".into());
    let error = driver.connect(&wrong).await.err().unwrap();
    assert_eq!(error.code(), Some("28P01"), "{error}");
    assert!(
        error.message().contains("127.0.0.1:1: ") && !error.message().contains("127.0.0.1:2: "),
        "{error}"
    );
    assert!(!error.to_string().contains("surely not"), "{error}");
}

#[test]
fn several_hosts_stay_in_the_url() {
    for address in ["postgresql://one:5432,two:5433/library", "postgresql://u@one,[::1]:5433/library?a=b"] {
        let parsed = DatabaseUrl::parse(address).unwrap();
        assert_eq!(parsed.arguments.port, None);
        assert_eq!(parsed.render(true), address);
    }
    let parsed = DatabaseUrl::parse("postgresql://one,two:2/library").unwrap().port(1);
    assert_eq!(parsed.arguments.target(), "one,two:2/library");
    assert_eq!(parsed.render(true), "postgresql://one:1,two:2/library");
    for wrong in [
        "postgresql://one,/x",
        "postgresql://,one/x",
        "postgresql://one:many,two/x",
        "postgresql://[::1,two/x",
    ] {
        assert_eq!(DatabaseUrl::parse(wrong).unwrap_err().kind(), ErrorKind::Argument, "{wrong}");
    }
}
