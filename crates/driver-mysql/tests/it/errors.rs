//! The same mistake has the same kind, and what the server told is taken apart.

use aludel_driver::{Connection, DatabaseError, Error, ErrorKind, Value};

use crate::server::{assert_answers, batch, connect, error, execute, text};

async fn tables(connection: &mut dyn Connection, prefix: &str) {
    batch(
        connection,
        &format!(
            "DROP TABLE IF EXISTS {prefix}_child, {prefix}_parent;
             CREATE TABLE {prefix}_parent (
                 id INT PRIMARY KEY, name VARCHAR(5) NOT NULL, pages SMALLINT, price DECIMAL(4, 2), born DATE,
                 size ENUM('s', 'm'), CONSTRAINT {prefix}_name UNIQUE (name), CONSTRAINT {prefix}_pages CHECK (pages >= 0));
             CREATE TABLE {prefix}_child (
                 id INT PRIMARY KEY, parent_id INT NOT NULL,
                 CONSTRAINT {prefix}_fk FOREIGN KEY (parent_id) REFERENCES {prefix}_parent (id));
             INSERT INTO {prefix}_parent (id, name) VALUES (1, 'one');
             INSERT INTO {prefix}_child VALUES (1, 1);"
        ),
    )
    .await;
}

fn told(error: &Error) -> &DatabaseError {
    error.database_error().unwrap_or_else(|| panic!("{error:?}"))
}

#[tokio::test]
async fn integrity() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    tables(connection, "integrity").await;

    let duplicate =
        error(connection, "INSERT INTO integrity_parent (id, name) VALUES (2, ?)", &[text("one")]).await;
    assert_eq!((duplicate.kind(), duplicate.code()), (ErrorKind::Integrity, Some("1062")));
    assert_eq!(duplicate.constraint(), Some("integrity_name"));
    let key = error(connection, "INSERT INTO integrity_parent (id, name) VALUES (1, 'two')", &[]).await;
    assert_eq!((key.kind(), key.constraint()), (ErrorKind::Integrity, Some("PRIMARY")));

    let orphan = error(connection, "INSERT INTO integrity_child VALUES (2, 99)", &[]).await;
    assert_eq!((orphan.kind(), orphan.code()), (ErrorKind::Integrity, Some("1452")));
    assert_eq!(orphan.constraint(), Some("integrity_fk"));
    assert_eq!(told(&orphan).table.as_deref(), Some("integrity_child"));
    assert_eq!(told(&orphan).column.as_deref(), Some("parent_id"));
    let parent = error(connection, "DELETE FROM integrity_parent", &[]).await;
    assert_eq!((parent.kind(), parent.code()), (ErrorKind::Integrity, Some("1451")));
    assert_eq!(parent.constraint(), Some("integrity_fk"));

    let null =
        error(connection, "INSERT INTO integrity_parent (id, name) VALUES (3, ?)", &[Value::Null]).await;
    assert_eq!((null.kind(), told(&null).column.as_deref()), (ErrorKind::Integrity, Some("name")));
    let missing = error(connection, "INSERT INTO integrity_parent (id) VALUES (3)", &[]).await;
    assert_eq!((missing.kind(), missing.code()), (ErrorKind::Integrity, Some("1364")));
    assert_eq!(told(&missing).column.as_deref(), Some("name"));
    let check =
        error(connection, "INSERT INTO integrity_parent (id, name, pages) VALUES (3, 'x', -1)", &[]).await;
    assert_eq!((check.kind(), check.constraint()), (ErrorKind::Integrity, Some("integrity_pages")));
    assert_answers(connection).await;
}

#[tokio::test]
async fn data() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    tables(connection, "data").await;
    let insert = |column: &str| format!("INSERT INTO data_parent (id, name, {column}) VALUES (2, 'x', ?)");
    for (sql, value, column) in [
        (insert("pages"), Value::I64(100_000), Some("pages")),
        (insert("pages"), text("many"), Some("pages")),
        (insert("price"), Value::F64(12345.0), Some("price")),
        (insert("born"), text("2024-02-30"), Some("born")),
        (insert("size"), text("xl"), Some("size")),
        ("UPDATE data_parent SET name = ?".to_owned(), text("longer"), Some("name")),
        ("UPDATE data_parent SET pages = 1 / ?".to_owned(), Value::I64(0), None),
        ("SELECT 9223372036854775807 + 1 WHERE ? = 1".to_owned(), Value::I64(1), None),
    ] {
        let error = error(connection, &sql, &[value]).await;
        assert_eq!(error.kind(), ErrorKind::Data, "{sql}: {error:?}");
        if column.is_some() {
            assert_eq!(told(&error).column.as_deref(), column, "{sql}: {error:?}");
        }
    }
    assert_answers(connection).await;
}

#[tokio::test]
async fn wrong_statements() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    tables(connection, "wrong").await;
    for sql in [
        "SELEKT 1",
        "SELECT * FROM no_such_table",
        "SELECT no_such_column FROM wrong_parent",
        "SELECT no_such_function(1)",
        "SELECT id FROM wrong_parent, wrong_child",
        "SELECT * FROM no_such_schema.t",
        "USE no_such_schema",
        "CREATE TABLE wrong_parent (id INT)",
        "DROP TABLE no_such_table",
        "ALTER TABLE wrong_parent ADD COLUMN id INT",
        "DROP INDEX no_such_index ON wrong_parent",
        "CREATE TABLE wrong_third (id INT REFERENCES no_such_table (id), FOREIGN KEY (id) REFERENCES no_such_table (id))",
        "INSERT INTO wrong_child VALUES (1)",
        "SELECT (SELECT id FROM wrong_parent UNION SELECT 2)",
        "SET no_such_variable = 1",
        "CALL no_such_procedure()",
        "SELECT 1; SELECT 2",
        "SELECT MAX(MAX(id)) FROM wrong_parent",
    ] {
        let error = error(connection, sql, &[]).await;
        assert_eq!(error.kind(), ErrorKind::Programming, "{sql}: {error:?}");
        assert!(!error.is_disconnect(), "{sql}");
    }
    let missing = error(connection, "SELECT * FROM no_such_table", &[]).await;
    assert_eq!(told(&missing).table.as_deref(), Some("no_such_table"));
    let many = error(connection, "SELECT ?", &[Value::I64(1), Value::I64(2)]).await;
    assert_eq!(many.kind(), ErrorKind::Argument);
    assert!(many.to_string().contains("takes 1 parameters, and 2 were given"), "{many}");
    let too_many = error(connection, "SELECT 1", &vec![Value::Null; 70_000]).await;
    assert_eq!(too_many.kind(), ErrorKind::Argument);
    assert_answers(connection).await;
}

#[tokio::test]
async fn what_a_user_may_not_do_is_a_wrong_statement() {
    let Some(mut connection) = connect().await else { return };
    batch(&mut *connection, "DROP TABLE IF EXISTS guarded; CREATE TABLE guarded (id INT)").await;
    let script = "CREATE USER IF NOT EXISTS aludel_guest IDENTIFIED BY 'guest'; GRANT SELECT (id) ON guarded TO aludel_guest";
    if let Err(error) = connection.batch(script, &aludel_driver::CallOptions::default()).await {
        // Whoever runs the tests may not make users: that is then the case that is tested.
        assert_eq!(error.kind(), ErrorKind::Programming, "{error:?}");
        return;
    }
    let mut arguments = crate::server::arguments().unwrap();
    arguments.username = Some("aludel_guest".to_owned());
    arguments.password = Some("guest".into());
    use aludel_driver::Driver;
    let mut guest = aludel_driver_mysql::MySqlDriver::new().connect(&arguments).await.unwrap();
    let denied = error(&mut *guest, "INSERT INTO guarded VALUES (1)", &[]).await;
    assert_eq!((denied.kind(), denied.code()), (ErrorKind::Programming, Some("1142")));
    drop(guest);
    batch(&mut *connection, "DROP USER aludel_guest; DROP TABLE guarded").await;
}

#[tokio::test]
async fn an_error_does_not_end_the_transaction() {
    let Some(mut connection) = connect().await else { return };
    let connection = &mut *connection;
    tables(connection, "kept").await;
    let begin = aludel_driver::BeginOptions::default();
    connection.control(aludel_driver::Control::Begin(&begin)).await.unwrap();
    execute(connection, "INSERT INTO kept_parent (id, name) VALUES (2, 'two')", &[]).await;
    error(connection, "INSERT INTO kept_parent (id, name) VALUES (2, 'two')", &[]).await;
    assert_eq!(connection.transaction_state(), aludel_driver::TransactionState::Active);
    error(connection, "CREATE NONSENSE", &[]).await;
    assert_eq!(connection.transaction_state(), aludel_driver::TransactionState::Active);
    // This commits, and then fails.
    error(connection, "CREATE TABLE kept_parent (id INT)", &[]).await;
    assert_eq!(connection.transaction_state(), aludel_driver::TransactionState::Idle);
}
