use aludel_driver::{DatabaseUrl, ErrorKind};

fn parse(url: &str) -> DatabaseUrl {
    DatabaseUrl::parse(url).unwrap()
}

fn password(url: &DatabaseUrl) -> &str {
    url.arguments.password.as_ref().unwrap().expose()
}

fn refused(url: &str) -> String {
    let error = DatabaseUrl::parse(url).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{url}");
    error.to_string()
}

#[test]
fn case_093_every_part_is_read_and_decoded() {
    let url = parse("db+driver://username:apples%2Foranges@hostspec:450/database?a=1&b=x+y%26z");
    assert_eq!((url.dialect.as_str(), url.driver.as_deref()), ("db", Some("driver")));
    assert_eq!(url.arguments.username.as_deref(), Some("username"));
    assert_eq!(password(&url), "apples/oranges");
    assert_eq!(url.arguments.host.as_deref(), Some("hostspec"));
    assert_eq!(url.arguments.port, Some(450));
    assert_eq!(url.arguments.database.as_deref(), Some("database"));
    assert_eq!(url.arguments.options["a"], "1");
    assert_eq!(url.arguments.options["b"], "x y&z");

    let url = parse("db://u%25%26%7C:p%40%3A@host");
    assert_eq!(url.arguments.username.as_deref(), Some("u%&|"));
    assert_eq!(password(&url), "p@:");
    assert_eq!(url.arguments.database, None);
}

#[test]
fn case_093_files_and_memory() {
    let url = parse("db:///:memory:");
    assert_eq!((url.arguments.database.as_deref(), url.arguments.host), (Some(":memory:"), None));
    assert_eq!(parse("db:////abs/a@b.com/m.db").arguments.database.as_deref(), Some("/abs/a@b.com/m.db"));
    assert_eq!(parse("sqlite:///../data/x%20y.db").arguments.database.as_deref(), Some("../data/x y.db"));
    assert_eq!(parse("sqlite:///C:/data/x.db").arguments.database.as_deref(), Some("C:/data/x.db"));
    assert_eq!(parse("sqlite://").arguments.database, None);
    assert_eq!(parse("sqlite:///").arguments.database, None);
    assert_eq!(parse("sqlite://?mode=ro").arguments.options["mode"], "ro");
}

#[test]
fn case_093_addresses() {
    let url = parse("db://me@[2001:da8:2004:1000:202:116:160:90]:80/x");
    assert_eq!(url.arguments.host.as_deref(), Some("2001:da8:2004:1000:202:116:160:90"));
    assert_eq!(url.arguments.port, Some(80));
    assert_eq!(parse("db://[::1]/x").arguments.port, None);
    assert_eq!(parse("db://host:/x").arguments.port, None);
}

#[test]
fn case_093_a_url_survives_rendering_and_hides_its_password() {
    for text in [
        "db+driver://u%25:p%40%3A%2F@[::1]:80/da%3Fta?a=1&b=x%26y",
        "sqlite:////abs/a@b.com/m.db",
        "sqlite:///x.db",
        "sqlite://",
        "db://user@host",
        "db://host/%C3%A4",
    ] {
        let url = parse(text);
        let again = parse(&url.render(false));
        assert_eq!(url.render(false), again.render(false), "{text}");
        assert_eq!(url.arguments.password, again.arguments.password, "{text}");
        assert_eq!(url.arguments.database, again.arguments.database, "{text}");
        assert_eq!(url.arguments.options, again.arguments.options, "{text}");
    }
    let url = parse("db://scott:tiger@host/x?ssl_password=tiger&sslmode=require");
    assert_eq!(url.to_string(), "db://scott:***@host/x?sslmode=require&ssl_password=***");
    assert!(!format!("{url:?} {:?}", url.arguments.password).contains("tiger"));
    assert!(url.render(false).contains("scott:tiger@"));
}

#[test]
fn case_093_setters_take_raw_values() {
    let url = DatabaseUrl::new("db")
        .username("a b")
        .password("p/w")
        .host("::1")
        .port(5)
        .database("d?")
        .option("k", "v&w");
    assert_eq!(url.render(false), "db://a%20b:p%2Fw@[::1]:5/d%3F?k=v%26w");
    assert_eq!(password(&parse(&url.render(false))), "p/w");
}

#[test]
fn case_093_what_is_no_url_is_refused_without_its_password() {
    assert!(refused("foo").contains("no `://`"));
    refused("");
    refused("://host");
    refused("1x://host");
    refused("db://[::1/x");
    refused("db://[hostname]/x");
    refused("db://%ff@host/x");
    assert!(refused("db://h/x?a=1&a=2").contains("`a`"), "the option's name is told");
    for url in ["db://scott:tig/er@host/x", "db://scott:tiger@host:port/x", "db://scott:tiger@[::1/x"] {
        let message = refused(url);
        assert!(!message.contains("tig") && !message.contains("er@"), "{message}");
    }
}
