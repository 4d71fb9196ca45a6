use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use aludel_driver::{
    CallOptions, Control, Driver, Error, ErrorKind, ParameterSets, Result, Statement, Value,
};
use aludel_driver_sqlite::{
    Accumulator, AggregateFunction, Collation, FunctionArguments, ScalarFunction, SqliteDriver,
    WindowAccumulator,
};

use crate::support::{
    Folder, arguments, begin, failure, fetch, memory, memory_of, own, run, scalar, text, try_run,
};

fn initials() -> ScalarFunction {
    ScalarFunction::new("initials", 1, |arguments| {
        let name: Option<String> = arguments.get(0)?;
        Ok(name
            .map(|name| name.split_whitespace().filter_map(|word| word.chars().next()).collect::<String>()))
    })
    .deterministic()
}

#[tokio::test]
async fn functions_are_called_with_any_value_and_give_any() {
    let echo = ScalarFunction::new("echo", 1, |arguments| arguments.get::<Value>(0));
    let count = ScalarFunction::new("count_of", None, |arguments| {
        assert_eq!(arguments.is_empty(), matches!(arguments.len(), 0));
        Ok(i64::try_from(arguments.len()).unwrap_or_default())
    });
    let driver = SqliteDriver::new().function(initials()).function(echo).function(count);
    let mut connection = memory_of(&driver).await;
    let name = scalar(&mut *connection, "SELECT initials('Ärne  Öde Sø')").await;
    assert_eq!(name, text("ÄÖS"));
    assert_eq!(scalar(&mut *connection, "SELECT initials(NULL)").await, Value::Null);
    for (sql, expected) in [
        ("NULL", Value::Null),
        ("9223372036854775807", Value::I64(i64::MAX)),
        ("-1.5", Value::F64(-1.5)),
        ("''", text("")),
        ("'a' || char(0) || 'é'", text("a\0é")),
        ("x''", Value::Bytes(Vec::new())),
        ("x'00ff'", Value::Bytes(vec![0, 255])),
    ] {
        assert_eq!(scalar(&mut *connection, &format!("SELECT echo({sql})")).await, expected, "{sql}");
    }
    assert_eq!(scalar(&mut *connection, "SELECT count_of()").await, Value::I64(0));
    assert_eq!(scalar(&mut *connection, "SELECT count_of(1, 2, 3)").await, Value::I64(3));
    let error = failure(&mut *connection, "SELECT initials(1, 2)").await;
    assert!(error.message().contains("wrong number of arguments"), "{error}");
    // What only Rust has is kept as it is in columns.
    let date = ScalarFunction::new("day", 0, |_| Ok(Value::Date(59)));
    own(&mut connection).create_function(&date).unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT day()").await, text("1970-03-01"));
}

#[tokio::test]
async fn a_connection_can_have_functions_of_its_own() {
    let mut connection = memory().await;
    own(&mut connection).create_function(&initials()).unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT initials('a b')").await, text("ab"));
    // A built-in one is replaced, for good.
    let upper = ScalarFunction::new("upper", 1, |_| Ok("ours"));
    own(&mut connection).create_function(&upper).unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT upper('x')").await, text("ours"));
    own(&mut connection).remove_function("upper", 1).unwrap();
    failure(&mut *connection, "SELECT upper('x')").await;
    own(&mut connection).remove_function("initials", 1).unwrap();
    let error = failure(&mut *connection, "SELECT initials('x')").await;
    assert!(error.message().contains("no such function"), "{error}");
    for name in ["nul\0in it".to_owned(), "long".repeat(100)] {
        let unfit = ScalarFunction::new(name.clone(), 1, |_| Ok(1_i64));
        let error = own(&mut connection).create_function(&unfit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
        assert!(error.message().contains(&name), "{error}");
        let error = SqliteDriver::new().function(unfit).connect(&arguments(None, &[])).await.err().unwrap();
        assert!(error.message().contains(&name), "{error}");
    }
}

#[tokio::test]
async fn only_deterministic_functions_stand_in_indexes() {
    let random = ScalarFunction::new("dice", 1, |_| Ok(4_i64));
    let mut connection = memory_of(&SqliteDriver::new().function(initials()).function(random)).await;
    run(&mut *connection, "CREATE TABLE person (name, short AS (initials(name)))").await;
    run(&mut *connection, "CREATE INDEX by_initials ON person (initials(name))").await;
    let error = failure(&mut *connection, "CREATE INDEX by_dice ON person (dice(name))").await;
    assert!(error.message().contains("non-deterministic"), "{error}");
    run(&mut *connection, "INSERT INTO person VALUES ('Ann Bo')").await;
    assert_eq!(
        scalar(&mut *connection, "SELECT short FROM person WHERE initials(name) = 'AB'").await,
        text("AB")
    );
    let direct = ScalarFunction::new("direct", 0, |_| Ok(1_i64)).direct_only();
    own(&mut connection).create_function(&direct).unwrap();
    run(&mut *connection, "CREATE VIEW v AS SELECT direct() AS d").await;
    assert_eq!(scalar(&mut *connection, "SELECT direct()").await, Value::I64(1));
    let error = failure(&mut *connection, "SELECT d FROM v").await;
    assert!(error.message().contains("unsafe use of direct"), "{error}");
    run(&mut *connection, "PRAGMA trusted_schema = OFF").await;
    let harmless = ScalarFunction::new("harmless", 0, |_| Ok(1_i64)).innocuous();
    own(&mut connection).create_function(&harmless).unwrap();
    run(&mut *connection, "CREATE VIEW w AS SELECT harmless() AS h").await;
    assert_eq!(scalar(&mut *connection, "SELECT h FROM w").await, Value::I64(1));
}

#[tokio::test]
async fn errors_and_panics_of_functions_are_errors_of_statements() {
    let driver = SqliteDriver::new()
        .function(ScalarFunction::new("fails", 1, |arguments| -> Result<i64> {
            let name: String = arguments.get(0)?;
            Err(Error::new(ErrorKind::Validation, format!("{name} is no name")))
        }))
        .function(ScalarFunction::new("panics", 0, |_| -> Result<i64> { panic!("the number is {}", 7) }))
        .function(ScalarFunction::new("beyond", 0, |arguments| arguments.get::<i64>(0)))
        .function(ScalarFunction::new("unfit", 0, |_| Ok(Value::F64(f64::NAN))))
        .function(ScalarFunction::new("twice", 1, |arguments| Ok(arguments.get::<i64>(0)? * 2)));
    let mut connection = memory_of(&driver).await;
    for (sql, kind, words) in [
        ("SELECT fails('x')", ErrorKind::Validation, "the function `fails` failed: x is no name"),
        ("SELECT panics()", ErrorKind::Custom, "the function `panics` panicked: the number is 7"),
        ("SELECT beyond()", ErrorKind::Argument, "there is no argument 0"),
        ("SELECT unfit()", ErrorKind::Data, "NaN"),
        ("SELECT twice('x')", ErrorKind::Data, "argument 0"),
        ("SELECT twice(NULL)", ErrorKind::Data, "argument 0"),
        ("SELECT twice(CAST(x'ff' AS TEXT))", ErrorKind::Data, "not UTF-8"),
    ] {
        let error = failure(&mut *connection, sql).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(words), "{error}");
        assert_eq!(error.statement(), Some(sql));
    }
    // The statement is undone, the transaction goes on.
    run(&mut *connection, "CREATE TABLE t (a)").await;
    begin(&mut *connection).await;
    run(&mut *connection, "INSERT INTO t VALUES (1)").await;
    let error = failure(&mut *connection, "INSERT INTO t SELECT 2 UNION ALL SELECT panics()").await;
    assert_eq!(error.kind(), ErrorKind::Custom);
    connection.control(Control::Commit).await.unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT group_concat(a) FROM t").await, text("1"));
    // A statement that catches nothing is not blamed for an earlier one.
    let error = failure(&mut *connection, "SELECT nothing").await;
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
    assert_eq!(scalar(&mut *connection, "SELECT twice(2)").await, Value::I64(4));
}

/// The product of the numbers; of none it is one.
struct Product(i64);

impl Accumulator for Product {
    fn step(&mut self, arguments: &FunctionArguments<'_>) -> Result<()> {
        let factor = arguments.get(0)?;
        assert_ne!(factor, 13, "thirteen is too much");
        self.0 = self.0.checked_mul(factor).ok_or_else(|| Error::new(ErrorKind::Data, "it is too large"))?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Value> {
        Ok(Value::I64(self.0))
    }
}

impl WindowAccumulator for Product {
    fn value(&mut self) -> Result<Value> {
        Ok(Value::I64(self.0))
    }

    fn inverse(&mut self, arguments: &FunctionArguments<'_>) -> Result<()> {
        self.0 /= arguments.get::<i64>(0)?;
        Ok(())
    }
}

#[tokio::test]
async fn aggregates_see_each_group_and_each_window() {
    let driver = SqliteDriver::new()
        .aggregate(AggregateFunction::new("product", 1, || Product(1)))
        .aggregate(AggregateFunction::window("rolling", 1, || Product(1)).innocuous());
    let mut connection = memory_of(&driver).await;
    run(&mut *connection, "CREATE TABLE t (g, n)").await;
    run(&mut *connection, "INSERT INTO t VALUES ('a', 2), ('b', 7), ('a', 3), ('a', 5)").await;
    let rows =
        fetch(&mut *connection, "SELECT g, product(n), rolling(n) FROM t GROUP BY g ORDER BY g", &[]).await;
    assert_eq!(
        rows.rows,
        [[text("a"), Value::I64(30), Value::I64(30)], [text("b"), Value::I64(7), Value::I64(7)],]
    );
    for name in ["product", "rolling"] {
        let none = scalar(&mut *connection, &format!("SELECT {name}(n) FROM t WHERE n > 99")).await;
        assert_eq!(none, Value::I64(1), "of no rows");
    }
    let window = "SELECT rolling(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t";
    let rows = fetch(&mut *connection, window, &[]).await.rows;
    assert_eq!(rows, [[2], [6], [15], [35]].map(|row| row.map(Value::I64)));
    let error = failure(&mut *connection, &window.replace("rolling", "product")).await;
    assert!(error.message().contains("may not be used as a window function"), "{error}");

    run(&mut *connection, "INSERT INTO t VALUES ('a', 9223372036854775807), ('b', 13)").await;
    for name in ["product", "rolling"] {
        let error = failure(&mut *connection, &format!("SELECT {name}(n) FROM t WHERE g = 'a'")).await;
        assert_eq!((error.kind(), error.message().contains("too large")), (ErrorKind::Data, true), "{error}");
        let error = failure(&mut *connection, &format!("SELECT {name}(n) FROM t WHERE g = 'b'")).await;
        assert_eq!(error.kind(), ErrorKind::Custom, "{error}");
        assert!(error.message().contains("thirteen is too much"), "{error}");
    }
    assert_eq!(scalar(&mut *connection, "SELECT product(n) FROM t WHERE n < 6").await, Value::I64(30));
}

fn by_length() -> Collation {
    Collation::new("by_length", |left, right| {
        assert!(left != "panic" && right != "panic", "a text that panics");
        left.chars().count().cmp(&right.chars().count()).then_with(|| left.cmp(right))
    })
}

#[tokio::test]
async fn collations_order_texts_in_queries_and_indexes() {
    let folder = Folder::new();
    let driver = SqliteDriver::new().collation(by_length());
    let file = folder.file("a.db");
    let mut connection = driver.connect(&arguments(Some(&file), &[])).await.unwrap();
    run(&mut *connection, "CREATE TABLE t (a TEXT COLLATE by_length)").await;
    run(&mut *connection, "CREATE UNIQUE INDEX i ON t (a)").await;
    run(&mut *connection, "INSERT INTO t VALUES ('ccc'), ('bb'), ('éé'), ('a'), ('')").await;
    let ordered = "SELECT group_concat(a, ',') FROM (SELECT a FROM t ORDER BY a)";
    assert_eq!(scalar(&mut *connection, ordered).await, text(",a,bb,éé,ccc"));
    assert_eq!(scalar(&mut *connection, "SELECT max(a) FROM t").await, text("ccc"));
    // Another connection of the same driver knows it, and one of another does not.
    let mut second = driver.connect(&arguments(Some(&file), &[])).await.unwrap();
    assert_eq!(scalar(&mut *second, ordered).await, text(",a,bb,éé,ccc"));
    let mut stranger = folder.open("a.db", &[]).await;
    let error = failure(&mut *stranger, ordered).await;
    assert!(error.message().contains("no such collation sequence: by_length"), "{error}");
    own(&mut stranger).create_collation(&by_length()).unwrap();
    assert_eq!(scalar(&mut *stranger, ordered).await, text(",a,bb,éé,ccc"));
    let error = own(&mut stranger).create_collation(&Collation::new("a\0b", str::cmp)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
}

#[tokio::test]
async fn a_collation_that_panics_leaves_nothing_behind() {
    let mut connection = memory_of(&SqliteDriver::new().collation(by_length())).await;
    run(&mut *connection, "CREATE TABLE t (a TEXT COLLATE by_length)").await;
    run(&mut *connection, "CREATE INDEX i ON t (a)").await;
    run(&mut *connection, "INSERT INTO t VALUES ('a'), ('b')").await;
    let panicked = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Custom, "{error}");
        assert!(
            error.message().contains("the collation `by_length` panicked: a text that panics"),
            "{error}"
        );
    };
    let count = "SELECT count(*) FROM t";
    // Alone, it is not committed.
    panicked(failure(&mut *connection, "INSERT INTO t VALUES ('panic')").await);
    assert_eq!(scalar(&mut *connection, count).await, Value::I64(2));
    // Also where the same statement is sent with many sets of parameters, and where it is known to be short.
    let insert = Statement::new("INSERT INTO t VALUES (?)");
    let sets = [text("c"), text("panic"), text("d")];
    let mut done = Vec::new();
    let mut each = |position: usize, _| {
        done.push(position);
        Ok(())
    };
    let options = CallOptions::default();
    let many = connection.execute_many(&insert, ParameterSets::new(&sets, 1, 3), &options, &mut each).await;
    panicked(many.unwrap_err());
    assert_eq!(done, [0]);
    assert_eq!(scalar(&mut *connection, count).await, Value::I64(3));
    for _ in 0..3 {
        let outcome =
            connection.fetch(&insert, &[text("panic")], &options, &mut aludel_driver::Discard).await;
        panicked(outcome.unwrap_err());
    }
    let script = "INSERT INTO t VALUES ('e'); INSERT INTO t VALUES ('panic'); INSERT INTO t VALUES ('f')";
    let error = connection.batch(script, &options).await.unwrap_err();
    assert!(error.message().starts_with("statement 2 of the script: "), "{error}");
    assert_eq!(error.statement(), Some("INSERT INTO t VALUES ('panic');"));
    panicked(error);
    assert_eq!(scalar(&mut *connection, count).await, Value::I64(4));
    // After a query the transaction goes on.
    begin(&mut *connection).await;
    panicked(failure(&mut *connection, "SELECT * FROM t WHERE a = 'panic'").await);
    run(&mut *connection, "INSERT INTO t VALUES ('g')").await;
    // After a change it does not.
    panicked(failure(&mut *connection, "INSERT INTO t VALUES ('panic')").await);
    let error = try_run(&mut *connection, count, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PendingRollback, "{error}");
    connection.control(Control::Rollback).await.unwrap();
    assert_eq!(scalar(&mut *connection, count).await, Value::I64(4));
    assert_eq!(scalar(&mut *connection, "PRAGMA integrity_check").await, text("ok"));
}

#[tokio::test]
async fn functions_run_on_workers_too() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let slow = ScalarFunction::new("slow", 1, move |arguments| {
        counted.fetch_add(1, Relaxed);
        std::thread::sleep(std::time::Duration::from_millis(2));
        arguments.get::<i64>(0)
    });
    let mut connection = memory_of(&SqliteDriver::new().function(slow)).await;
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT sum(slow(i)) FROM n";
    assert_eq!(scalar(&mut *connection, sql).await, Value::I64(20_100));
    assert!(calls.load(Relaxed) >= 200);
    let options = CallOptions { timeout: Some(std::time::Duration::from_millis(50)), ..Default::default() };
    let error =
        connection.fetch(&Statement::new(sql), &[], &options, &mut aludel_driver::Discard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
}
