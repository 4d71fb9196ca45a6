//! The same mistake is an error of the same kind on every database, with the names that the server tells.

use std::time::Duration;

use aludel::driver::{
    BeginMode, BeginOptions, CallOptions, Connection, Control, Discard, Error, ErrorKind, Retry, Statement,
    TransactionState,
};

use crate::database::{Database, Kind, on_every_database};

/// What each database says of a mistake: SQLite, PostgreSQL, MySQL or MariaDB.
type Each<T> = [T; 3];

/// A mistake.
struct Mistake {
    what: &'static str,
    sql: &'static str,
    /// None where the database takes it for no mistake.
    kind: Each<Option<ErrorKind>>,
    /// The names that are told; empty where the server does not tell them.
    constraint: Each<&'static str>,
    table: Each<&'static str>,
    column: Each<&'static str>,
}

const NOTHING: Each<&str> = ["", "", ""];

const fn everywhere(kind: ErrorKind) -> Each<Option<ErrorKind>> {
    [Some(kind), Some(kind), Some(kind)]
}

/// SQLite bends values to the type of their column, or keeps them as they are.
const fn but_on_sqlite(kind: ErrorKind) -> Each<Option<ErrorKind>> {
    [None, Some(kind), Some(kind)]
}

const TABLES: &str = "
    CREATE TABLE parent (
        id INTEGER NOT NULL, name VARCHAR(5) NOT NULL, pages SMALLINT,
        CONSTRAINT parent_key PRIMARY KEY (id), CONSTRAINT parent_name UNIQUE (name),
        CONSTRAINT parent_pages CHECK (pages >= 0));
    CREATE TABLE child (
        id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL,
        CONSTRAINT child_parent FOREIGN KEY (parent_id) REFERENCES parent (id));
    INSERT INTO parent (id, name, pages) VALUES (1, 'one', 1);
    INSERT INTO child (id, parent_id) VALUES (1, 1);";

/// SQLite names columns instead of unique constraints, and nothing of a foreign key. PostgreSQL names no column but for NOT
/// NULL, and nothing of what does not exist. MySQL names a primary key `PRIMARY`, and MariaDB no table for a unique key.
const MISTAKES: [Mistake; 19] = [
    Mistake {
        what: "unique",
        sql: "INSERT INTO parent (id, name) VALUES (2, 'one')",
        kind: everywhere(ErrorKind::Integrity),
        constraint: ["", "parent_name", "parent_name"],
        table: ["parent", "parent", ""],
        column: ["name", "", ""],
    },
    Mistake {
        what: "primary key",
        sql: "INSERT INTO parent (id, name) VALUES (1, 'two')",
        kind: everywhere(ErrorKind::Integrity),
        constraint: ["", "parent_key", "PRIMARY"],
        table: ["parent", "parent", ""],
        column: ["id", "", ""],
    },
    Mistake {
        what: "foreign key without its row",
        sql: "INSERT INTO child (id, parent_id) VALUES (2, 99)",
        kind: everywhere(ErrorKind::Integrity),
        constraint: ["", "child_parent", "child_parent"],
        table: ["", "child", "child"],
        column: ["", "", "parent_id"],
    },
    Mistake {
        what: "row that a foreign key needs",
        sql: "DELETE FROM parent WHERE id = 1",
        kind: everywhere(ErrorKind::Integrity),
        constraint: ["", "child_parent", "child_parent"],
        table: ["", "child", "child"],
        column: ["", "", "parent_id"],
    },
    Mistake {
        what: "null",
        sql: "INSERT INTO parent (id, name) VALUES (3, NULL)",
        kind: everywhere(ErrorKind::Integrity),
        constraint: NOTHING,
        table: ["parent", "parent", ""],
        column: ["name", "name", "name"],
    },
    Mistake {
        what: "no value where one is needed",
        sql: "INSERT INTO parent (id) VALUES (3)",
        kind: everywhere(ErrorKind::Integrity),
        constraint: NOTHING,
        table: ["parent", "parent", ""],
        column: ["name", "name", "name"],
    },
    Mistake {
        what: "check",
        sql: "INSERT INTO parent (id, name, pages) VALUES (3, 'three', -1)",
        kind: everywhere(ErrorKind::Integrity),
        constraint: ["parent_pages", "parent_pages", "parent_pages"],
        table: ["", "parent", "parent"],
        column: NOTHING,
    },
    Mistake {
        what: "too long",
        sql: "INSERT INTO parent (id, name) VALUES (3, 'longer')",
        kind: but_on_sqlite(ErrorKind::Data),
        constraint: NOTHING,
        table: NOTHING,
        column: ["", "", "name"],
    },
    Mistake {
        what: "out of range",
        sql: "INSERT INTO parent (id, name, pages) VALUES (3, 'three', 100000)",
        kind: but_on_sqlite(ErrorKind::Data),
        constraint: NOTHING,
        table: NOTHING,
        column: ["", "", "pages"],
    },
    Mistake {
        what: "not a number",
        sql: "INSERT INTO parent (id, name, pages) VALUES (3, 'three', 'many')",
        kind: but_on_sqlite(ErrorKind::Data),
        constraint: NOTHING,
        table: NOTHING,
        column: ["", "", "pages"],
    },
    Mistake {
        what: "division by zero",
        sql: "UPDATE parent SET pages = pages / 0",
        // In SQLite it is NULL; in MySQL only where nothing is stored.
        kind: but_on_sqlite(ErrorKind::Data),
        constraint: NOTHING,
        table: NOTHING,
        column: NOTHING,
    },
    Mistake {
        what: "syntax",
        sql: "SELEKT 1",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: NOTHING,
    },
    Mistake {
        what: "unknown table",
        sql: "SELECT * FROM nowhere",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: ["nowhere", "", "nowhere"],
        column: NOTHING,
    },
    Mistake {
        what: "unknown column",
        sql: "SELECT missing FROM parent",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: ["missing", "", "missing"],
    },
    Mistake {
        what: "unknown column of a table",
        sql: "SELECT parent.missing FROM parent",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: ["missing", "", "missing"],
    },
    Mistake {
        what: "unknown function",
        sql: "SELECT no_such_function(1)",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: NOTHING,
    },
    Mistake {
        what: "ambiguous column",
        sql: "SELECT id FROM parent, child",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: ["id", "", "id"],
    },
    Mistake {
        what: "wrong number of values",
        sql: "INSERT INTO child (id, parent_id) VALUES (9)",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: NOTHING,
        column: NOTHING,
    },
    Mistake {
        what: "table that is there already",
        sql: "CREATE TABLE parent (id INTEGER)",
        kind: everywhere(ErrorKind::Programming),
        constraint: NOTHING,
        table: ["parent", "", "parent"],
        column: NOTHING,
    },
];

fn position(database: &Database) -> usize {
    match database.kind() {
        Kind::Sqlite => 0,
        Kind::Postgres => 1,
        Kind::MySql => 2,
    }
}

async fn connect(database: &Database, options: &[(&str, &str)]) -> Box<dyn Connection> {
    let mut arguments = database.arguments();
    for (name, value) in options {
        arguments.options.insert((*name).to_owned(), (*value).to_owned());
    }
    database.driver().connect(&arguments).await.unwrap()
}

/// Options of a connection that does not wait long for a lock; the servers are told by a statement.
fn impatient(database: &Database) -> &'static [(&'static str, &'static str)] {
    if database.is_sqlite() { &[("busy_timeout", "0.1")] } else { &[] }
}

async fn run(connection: &mut dyn Connection, sql: &str) -> Result<(), Error> {
    connection.fetch(&Statement::new(sql), &[], &CallOptions::default(), &mut Discard).await.map(drop)
}

async fn begin(connection: &mut dyn Connection) {
    connection.control(Control::Begin(&BeginOptions::default())).await.unwrap();
}

async fn script(connection: &mut dyn Connection, script: &str) {
    connection.batch(script, &CallOptions::default()).await.unwrap();
}

async fn the_same_mistake_is_of_the_same_kind(database: &Database) {
    let mut connection = connect(database, &[]).await;
    let connection = &mut *connection;
    script(connection, TABLES).await;
    let here = position(database);
    // MySQL names the table of a unique key, and none for a check, unlike MariaDB.
    let is_exact = connection.server().product != "MySQL";
    for mistake in MISTAKES {
        let Mistake { what, sql, .. } = mistake;
        begin(connection).await;
        let outcome = run(connection, sql).await;
        let Some(kind) = mistake.kind[here] else {
            outcome.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            connection.control(Control::Rollback).await.unwrap();
            continue;
        };
        let error = outcome.expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error:?}");
        assert_eq!(error.retry(), Retry::No, "{what}: {error:?}");
        assert!(!error.is_disconnect() && !connection.is_broken(), "{what}: {error:?}");
        let told = error.database_error().unwrap_or_else(|| panic!("{what}: {error:?}"));
        assert!(told.code.is_some(), "{what}: {error:?}");
        for (name, told, expected) in [
            ("constraint", &told.constraint, mistake.constraint[here]),
            ("table", &told.table, mistake.table[here]),
            ("column", &told.column, mistake.column[here]),
        ] {
            if is_exact || !expected.is_empty() && told.is_some() {
                assert_eq!(told.as_deref().unwrap_or_default(), expected, "{what}, {name}: {error:?}");
            }
        }
        connection.control(Control::Rollback).await.unwrap();
        assert_eq!(connection.transaction_state(), TransactionState::Idle, "{what}");
        run(connection, "SELECT 1").await.unwrap();
    }
}
on_every_database!(the_same_mistake_is_of_the_same_kind);

async fn writing_where_only_reading_is_allowed(database: &Database) {
    let mut connection = connect(database, &[]).await;
    let connection = &mut *connection;
    script(connection, TABLES).await;
    let mut options = BeginOptions::default();
    options.read_only = true;
    connection.control(Control::Begin(&options)).await.unwrap();
    let error = run(connection, "DELETE FROM child").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::InvalidRequest, Retry::No), "{error:?}");
    assert!(!error.is_disconnect() && !connection.is_broken());
    connection.control(Control::Rollback).await.unwrap();
    run(connection, "DELETE FROM child").await.unwrap();
}
on_every_database!(writing_where_only_reading_is_allowed);

async fn deadlocks_can_be_tried_again(database: &Database) {
    let mut first = connect(database, &[]).await;
    let mut second = connect(database, impatient(database)).await;
    script(&mut *first, "CREATE TABLE locked (id INTEGER PRIMARY KEY, n INTEGER)").await;
    script(&mut *first, "INSERT INTO locked VALUES (1, 0), (2, 0)").await;
    let mut deferred = BeginOptions::default();
    deferred.mode = BeginMode::Deferred;
    for connection in [&mut first, &mut second] {
        connection.control(Control::Begin(&deferred)).await.unwrap();
        run(&mut **connection, "SELECT n FROM locked").await.unwrap();
    }
    let (left, right) = if database.is_sqlite() {
        // One writer at a time: the second would wait for the first, which here stays until it is told to go.
        let left = run(&mut *first, "UPDATE locked SET n = 1").await;
        (left, run(&mut *second, "UPDATE locked SET n = 1").await)
    } else {
        run(&mut *first, "UPDATE locked SET n = 1 WHERE id = 1").await.unwrap();
        run(&mut *second, "UPDATE locked SET n = 1 WHERE id = 2").await.unwrap();
        tokio::join!(
            run(&mut *first, "UPDATE locked SET n = 2 WHERE id = 2"),
            run(&mut *second, "UPDATE locked SET n = 2 WHERE id = 1")
        )
    };
    assert!(left.is_ok() != right.is_ok(), "{left:?} {right:?}");
    let (error, mut loser, mut winner) = match left {
        Err(error) => (error, first, second),
        Ok(()) => (right.unwrap_err(), second, first),
    };
    assert_eq!(error.kind(), ErrorKind::Operational, "{error:?}");
    // SQLite can still give the lock to who waits longer: nobody waits for the other in a circle.
    let expected = if database.is_sqlite() { Retry::Statement } else { Retry::Transaction };
    assert_eq!(error.retry(), expected, "{error:?}");
    assert!(!error.is_disconnect() && !loser.is_broken(), "{error:?}");
    loser.control(Control::Rollback).await.unwrap();
    winner.control(Control::Commit).await.unwrap();
    begin(&mut *loser).await;
    run(&mut *loser, "UPDATE locked SET n = 3").await.unwrap();
    loser.control(Control::Commit).await.unwrap();
}
on_every_database!(deadlocks_can_be_tried_again);

async fn locks_that_are_waited_for_too_long(database: &Database) {
    let mut first = connect(database, &[]).await;
    let mut second = connect(database, impatient(database)).await;
    script(&mut *first, "CREATE TABLE waited (id INTEGER PRIMARY KEY, n INTEGER)").await;
    script(&mut *first, "INSERT INTO waited VALUES (1, 0)").await;
    let limit = match database.kind() {
        Kind::Sqlite => "SELECT 1",
        Kind::Postgres => "SET lock_timeout = '100ms'",
        Kind::MySql => "SET innodb_lock_wait_timeout = 1",
    };
    run(&mut *second, limit).await.unwrap();
    begin(&mut *first).await;
    run(&mut *first, "UPDATE waited SET n = 1").await.unwrap();
    let error = run(&mut *second, "UPDATE waited SET n = 2").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Operational, Retry::Statement), "{error:?}");
    assert!(!error.is_disconnect() && !second.is_broken(), "{error:?}");
    first.control(Control::Commit).await.unwrap();
    run(&mut *second, "UPDATE waited SET n = 2").await.unwrap();
}
on_every_database!(locks_that_are_waited_for_too_long);

/// A statement that takes long.
fn slow(database: &Database) -> &'static str {
    match database.kind() {
        Kind::Sqlite => {
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number) SELECT count(*) FROM number"
        }
        Kind::Postgres => "SELECT pg_sleep(20)",
        Kind::MySql => "SELECT SLEEP(20)",
    }
}

async fn statements_that_take_too_long(database: &Database) {
    let mut connection = connect(database, &[]).await;
    let limit = CallOptions { timeout: Some(Duration::from_millis(100)), ..CallOptions::default() };
    let error =
        connection.fetch(&Statement::new(slow(database)), &[], &limit, &mut Discard).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Timeout, Retry::No), "{error:?}");
    assert!(!error.is_disconnect() && !connection.is_broken(), "{error:?}");
    run(&mut *connection, "SELECT 1").await.unwrap();
}
on_every_database!(statements_that_take_too_long);

async fn statements_that_are_cancelled(database: &Database) {
    let mut connection = connect(database, &[]).await;
    let cancel = connection.cancel_handle().unwrap();
    let cancelling = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cancel.cancel().await;
    });
    let error = run(&mut *connection, slow(database)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Operational, Retry::No), "{error:?}");
    assert!(!error.is_disconnect(), "{error:?}");
    cancelling.await.unwrap();
}
on_every_database!(statements_that_are_cancelled);
