//! INSERT of many rows that come back: each row is the one that was given at its place, whatever the order in which the
//! database gives them; and the keys of inserted rows.

use aludel::{
    Decimal,
    driver::Value,
    prelude::*,
    sql::{
        Executable, Expression,
        expression::Node,
        func, trusted,
        types::{Date, DateTime, Json, LargeBinary, SqlType, Text, Time, Timestamp, Uuid},
    },
};

use crate::{
    core_tables::{create, error, how_many, integer, integers, rows, string, with_words},
    database::{Database, on_every_database},
};

/// Whether rows of an INSERT can come back at all; where not, the error says so.
async fn returns(connection: &mut Connection, table: &Table, statement: impl Executable) -> bool {
    if connection.capabilities().returning.insert {
        return true;
    }
    let refused = error(connection, statement).await;
    assert_eq!(refused.kind(), ErrorKind::Compile);
    assert!(refused.message().contains("INSERT .. RETURNING"), "{refused}");
    assert_eq!(how_many(connection, table).await, 0);
    false
}

/// Runs statements that a test needs besides the tables.
async fn run(connection: &mut Connection, statements: &[&str]) {
    for sql in statements {
        connection.execute(text(trusted(*sql))).await.unwrap();
    }
    connection.commit().await.unwrap();
}

/// Numbers from 0 on, in an order that is far from sorted.
fn shuffled(count: i64) -> impl Iterator<Item = i64> + Clone {
    (0..count).map(move |number| (number * 7919 + 13) % count)
}

async fn rows_come_back_in_the_order_they_were_given(database: &Database) {
    let (mut conn, t) = with_words(database, "numbered").await;
    let many = |count| insert(&t).columns(["data"]).values_many(shuffled(count).map(|n| (format!("d{n}"),)));
    if !returns(&mut conn, &t, many(2).returning(string(&t, "data"))).await {
        return;
    }
    // 2503 and the like are primes, so that the numbers are all different.
    for count in [1, 2, 3, 97, 100, 101, 997, 999, 1000, 1001, 2503] {
        let expected: Vec<String> = shuffled(count).map(|n| format!("d{n}")).collect();
        // The key comes along unseen.
        let result = conn.execute(many(count).returning(string(&t, "data"))).await.unwrap();
        assert_eq!((result.keys(), result.rowcount()), (vec!["data"], count as u64), "{count} rows");
        assert_eq!(result.all(), expected, "{count} rows");
        // In the middle, at the beginning, twice, and alone.
        let three = (string(&t, "data"), integer(&t, "id"), string(&t, "data"), integer(&t, "id"));
        let seen = rows(&mut conn, many(count).returning(three)).await;
        assert!(seen.iter().map(|row| &row.0).eq(&expected) && seen.iter().all(|row| row.1 == row.3));
        assert!(seen.is_sorted_by_key(|row| row.1));
        let keys = integers(&mut conn, many(count).returning(integer(&t, "id"))).await;
        let found = select((integer(&t, "id"), string(&t, "data"))).filter(t.c("id").ge(keys[0]));
        let found = rows(&mut conn, found.order_by(t.c("id"))).await;
        assert_eq!(found, keys.into_iter().zip(expected).collect::<Vec<_>>(), "{count} rows");
        // All of them are there when only the first is asked for.
        let before = how_many(&mut conn, &t).await;
        let first = conn.execute(many(count).returning(string(&t, "data"))).first().await.unwrap();
        assert_eq!(first, Some(format!("d{}", shuffled(count).next().unwrap())));
        assert_eq!(how_many(&mut conn, &t).await, before + count);
        conn.rollback().await.unwrap();
    }
    // Where the order does not matter, the rows are the same.
    let mut seen = rows(&mut conn, many(1009).returning(string(&t, "data")).unordered()).await;
    let mut expected: Vec<String> = shuffled(1009).map(|n| format!("d{n}")).collect();
    seen.sort_unstable();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    conn.commit().await.unwrap();
    // What a session sends goes the same way.
    let mut session = SessionMaker::new(database.engine()).open();
    let seen = session.execute(many(1009).returning(string(&t, "data"))).await.unwrap().all();
    assert_eq!(seen, shuffled(1009).map(|n| format!("d{n}")).collect::<Vec<_>>());
    session.close().await.unwrap();
}
on_every_database!(rows_come_back_in_the_order_they_were_given);

async fn rows_come_back_by_the_keys_they_were_given(database: &Database) {
    let numbers = Table::unregistered("given_numbers")
        .column(Column::new("id", BigInteger).primary_key().autoincrement(false))
        .column(Column::new("data", Varchar(50)).server_default("'none'"));
    let words = Table::unregistered("given_words")
        .column(Column::new("word", Varchar(60)).primary_key())
        .column(Column::new("data", Integer));
    let pairs = Table::unregistered("given_pairs")
        .column(Column::new("day", Date).primary_key())
        .column(Column::new("number", Integer).primary_key().autoincrement(false))
        .column(Column::new("word", Varchar(20)).primary_key());
    let uuids = Table::unregistered("given_uuids")
        .column(Column::new("id", Uuid).primary_key())
        .column(Column::new("data", Integer));
    let mut conn = database.connect().await;
    create(&mut conn, (&numbers, &words, &pairs, &uuids)).await;
    let many = insert(&numbers).columns(["id"]).values_many(shuffled(1009).map(|n| (n - 500,)));
    if !returns(&mut conn, &numbers, many.clone().returning(string(&numbers, "data"))).await {
        return;
    }
    let seen = rows(&mut conn, many.returning((string(&numbers, "data"), integer(&numbers, "id")))).await;
    assert!(seen.into_iter().eq(shuffled(1009).map(|n| ("none".to_owned(), n - 500))));

    // Words that a collation may take for each other would not both go in; trailing spaces and case stay what they are.
    let keys = ["zebra ", "Ähre", "apple", "O'Hara", "", "日本", "a\\b", "%_", "tab\t"];
    let given: Vec<(String, i64)> = keys.iter().map(|key| (*key).to_owned()).zip(0..).collect();
    let many = insert(&words).values_many(given.clone()).returning(integer(&words, "data"));
    assert_eq!(rows(&mut conn, many).await, (0..9).collect::<Vec<_>>());
    let long: Vec<(String, i64)> =
        shuffled(1499).map(|n| (format!("{}-{n}", "x".repeat((n % 50) as usize)), n)).collect();
    let many =
        insert(&words).values_many(long.clone()).returning((string(&words, "word"), integer(&words, "data")));
    assert_eq!(rows(&mut conn, many).await, long);

    let given: Vec<(Value, i64, String)> =
        shuffled(211).map(|n| (Value::Date((n % 7) as i32 * 100), n % 31, format!("w{n}"))).collect();
    let many = insert(&pairs)
        .values_many(given.clone())
        .returning((string(&pairs, "word"), integer(&pairs, "number")));
    let expected: Vec<_> = given.into_iter().map(|(_, number, word)| (word, number)).collect();
    assert_eq!(rows(&mut conn, many).await, expected);

    let uuid = |n: i64| {
        Value::Uuid(
            u128::from(n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes(),
        )
    };
    let many = insert(&uuids)
        .values_many(shuffled(211).map(|n| (uuid(n + 1), n)))
        .returning(integer(&uuids, "data"));
    assert_eq!(rows(&mut conn, many).await, shuffled(211).collect::<Vec<_>>());

    // The same key twice is the database's error.
    let twice =
        insert(&words).values_many([("one", 1), ("two", 2), ("one", 3)]).returning(integer(&words, "data"));
    conn.commit().await.unwrap();
    assert_eq!(error(&mut conn, twice).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
}
on_every_database!(rows_come_back_by_the_keys_they_were_given);

async fn rows_without_a_key_come_back_one_by_one(database: &Database) {
    let bare = Table::unregistered("bare")
        .column(Column::new("data", Varchar(50)))
        .column(Column::new("extra", Integer).server_default("7"));
    let rates = Table::unregistered("rates")
        .column(Column::new("amount", Numeric(10, 2)).primary_key())
        .column(Column::new("data", Varchar(50)));
    let mut conn = database.connect().await;
    create(&mut conn, (&bare, &rates)).await;
    let many =
        |count| insert(&bare).columns(["data"]).values_many(shuffled(count).map(|n| (format!("d{n}"),)));
    let returned = (string(&bare, "data"), integer(&bare, "extra"));
    if !returns(&mut conn, &bare, many(2).returning(returned.clone())).await {
        return;
    }
    for count in [2, 1009] {
        let seen = rows(&mut conn, many(count).returning(returned.clone())).await;
        assert!(seen.into_iter().eq(shuffled(count).map(|n| (format!("d{n}"), 7))));
    }
    // The key that comes back is rounded, and not the one that was given.
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    let given = [(decimal("2.504"), "a"), (decimal("1.496"), "b"), (decimal("3"), "c")];
    let many = insert(&rates).values_many(given).returning(string(&rates, "data"));
    assert_eq!(rows(&mut conn, many).await, ["a", "b", "c"]);
    // Rows of defaults.
    conn.execute(delete(&bare)).await.unwrap();
    let seen = conn.execute(insert(&bare).values_many([(), ()])).await.unwrap();
    assert_eq!(seen.rowcount(), 2);
    assert_eq!(integers(&mut conn, select(integer(&bare, "extra"))).await, [7, 7]);
}
on_every_database!(rows_without_a_key_come_back_one_by_one);

async fn values_of_every_type_and_null_anywhere(database: &Database) {
    let t = Table::unregistered("all_types")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("whole", BigInteger))
        .column(Column::new("real", Double))
        .column(Column::new("flag", Boolean))
        .column(Column::new("amount", Numeric(12, 3)))
        .column(Column::new("word", Varchar(30)))
        .column(Column::new("long", Text))
        .column(Column::new("bytes", LargeBinary))
        .column(Column::new("day", Date))
        .column(Column::new("time", Time))
        .column(Column::new("moment", DateTime))
        .column(Column::new("instant", Timestamp))
        .column(Column::new("unique_id", Uuid))
        .column(Column::new("document", Json));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    let row = |n: i64| {
        vec![
            Value::I64(n * 1_000_000_007),
            Value::F64(n as f64 / 8.0),
            Value::Bool(n % 2 == 0),
            Value::Decimal(format!("{n}.125").parse().unwrap()),
            Value::Text(format!("wörd {n} ").into()),
            Value::Text("{\"a,b\\c}'".repeat(n as usize).into()),
            Value::Bytes(vec![0, n as u8, 255]),
            Value::Date(n as i32 * 400),
            Value::Time(n * 3_600_000_001),
            Value::DateTime(n * 86_400_000_123),
            Value::Instant(n * 86_400_000_456),
            Value::Uuid([n as u8; 16]),
            Value::Json(format!("{{\"n\": [{n}, null]}}").into()),
        ]
    };
    let names: Vec<&'static str> =
        "whole real flag amount word long bytes day time moment instant unique_id document"
            .split(' ')
            .collect();
    // Each column is NULL in one row; one row has nothing but NULL.
    let given: Vec<Vec<(&str, Value)>> = (0..15)
        .map(|n| {
            let values = row(n + 1).into_iter().enumerate();
            let values =
                values.map(|(at, value)| if at as i64 == n || n == 14 { Value::Null } else { value });
            names.iter().copied().zip(values).collect()
        })
        .collect();
    let many = || insert(&t).values_many(given.clone());
    let whole = t.c("whole").of::<Option<i64>>();
    if !returns(&mut conn, &t, many().returning(whole.clone())).await {
        return;
    }
    let seen = rows(&mut conn, many().returning((whole, t.c("word").of::<Option<String>>()))).await;
    let expected = |n: i64| {
        let hides = |at: i64| n == at || n == 14;
        let whole = (!hides(0)).then_some((n + 1) * 1_000_000_007);
        (whole, (!hides(4)).then(|| format!("wörd {} ", n + 1)))
    };
    assert!(seen.into_iter().eq((0..15).map(expected)));
    // One by one they give the same.
    let mut alone = Vec::new();
    for row in given.clone() {
        let one = insert(&t).values(row).returning((
            t.c("real"),
            t.c("amount"),
            t.c("long"),
            t.c("bytes"),
            t.c("day"),
        ));
        alone.push(conn.execute(one).one().await.unwrap());
    }
    let together = rows(
        &mut conn,
        many().returning((t.c("real"), t.c("amount"), t.c("long"), t.c("bytes"), t.c("day"))),
    )
    .await;
    assert_eq!(together, alone);
    let rest = (
        t.c("time"),
        t.c("moment"),
        t.c("instant"),
        t.c("unique_id"),
        t.c("document").of::<Option<String>>(),
    );
    let together = rows(&mut conn, many().returning(rest.clone())).await;
    let mut alone = Vec::new();
    for row in given {
        alone.push(conn.execute(insert(&t).values(row).returning(rest.clone())).one().await.unwrap());
    }
    assert_eq!(together, alone);
    // What is too long is refused, not cut off.
    if !database.is_sqlite() {
        conn.commit().await.unwrap();
        let long =
            [("x".repeat(31), 1), ("y".repeat(30), 2)].map(|(word, whole)| (Value::Text(word.into()), whole));
        let many = insert(&t).columns(["word", "whole"]).values_many(long).returning(integer(&t, "id"));
        assert_eq!(error(&mut conn, many).await.kind(), ErrorKind::Data);
        conn.rollback().await.unwrap();
    }
    if database.is_postgres() {
        let lists = Table::unregistered("lists")
            .column(Column::new("id", Integer).primary_key())
            .column(Column::new("numbers", SqlType::Array(std::sync::Arc::new(SqlType::Integer))));
        create(&mut conn, &lists).await;
        let list = |n: i64| {
            let values: Vec<Value> = (0..n % 4).map(Value::I64).collect();
            (Value::Array(Box::new(aludel::sql::value::ArrayValue {
                element: SqlType::Integer,
                values: values.into(),
            })),)
        };
        let length: Expression<i64> = func("cardinality", [Node::column(&lists, "numbers")]);
        let many =
            insert(&lists).columns(["numbers"]).values_many(shuffled(1009).map(list)).returning(length);
        assert!(rows(&mut conn, many).await.into_iter().eq(shuffled(1009).map(|n| n % 4)));
    }
}
on_every_database!(values_of_every_type_and_null_anywhere);

async fn rows_with_expressions_come_back_in_order(database: &Database) {
    let (mut conn, t) = with_words(database, "expressions").await;
    let upper = |n: i64| func::<String>("upper", [Node::bind(Value::Text(format!("d{n}").into()))]);
    let many = |count| insert(&t).columns(["data"]).values_many(shuffled(count).map(|n| (upper(n),)));
    if !returns(&mut conn, &t, many(2).returning(string(&t, "data"))).await {
        return;
    }
    for count in [1, 2, 1009] {
        let seen = rows(&mut conn, many(count).returning(string(&t, "data"))).await;
        assert!(seen.into_iter().eq(shuffled(count).map(|n| format!("D{n}"))), "{count} rows");
    }
    let seen = rows(&mut conn, many(3).returning(integer(&t, "id") + 1_000_000_i64)).await;
    assert!(seen.is_sorted() && seen.len() == 3);
    // With keys that were given.
    let keyed = |n: i64| (Value::I64(n + 5_000_000), upper(n));
    let many = insert(&t).values_many(shuffled(101).map(keyed)).returning(string(&t, "data"));
    assert!(rows(&mut conn, many).await.into_iter().eq(shuffled(101).map(|n| format!("D{n}"))));
    // Without RETURNING they go in as well.
    let many = insert(&t).columns(["data"]).values_many((0..1500).map(|n| (upper(n),)));
    assert_eq!(conn.execute(many).await.unwrap().rowcount(), 1500);
}
on_every_database!(rows_with_expressions_come_back_in_order);

async fn rows_that_cannot_be_told_are_an_error(database: &Database) {
    let (mut conn, t) = with_words(database, "meddled").await;
    let many = |count| insert(&t).columns(["data"]).values_many(shuffled(count).map(|n| (format!("d{n}"),)));
    if !returns(&mut conn, &t, many(2).returning(string(&t, "data"))).await {
        return;
    }
    let trigger = |body: &str| match database.is_postgres() {
        true => vec![
            format!(
                "CREATE OR REPLACE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
            ),
            "DROP TRIGGER IF EXISTS meddles ON meddled".to_owned(),
            "CREATE TRIGGER meddles BEFORE INSERT ON meddled FOR EACH ROW EXECUTE FUNCTION meddle()"
                .to_owned(),
        ],
        false => vec![
            "DROP TRIGGER IF EXISTS meddles".to_owned(),
            format!("CREATE TRIGGER meddles BEFORE INSERT ON meddled FOR EACH ROW BEGIN {body} END"),
        ],
    };
    let install = async |conn: &mut Connection, body: &str| {
        let statements = trigger(body);
        run(conn, &statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    };
    if database.is_sqlite() {
        // SQLite's triggers cannot change a row, only keep it back.
        install(&mut conn, "SELECT RAISE(IGNORE) WHERE NEW.data = 'd3';").await;
        let refused = error(&mut conn, many(7).returning(string(&t, "data"))).await;
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains("for the 1 that were inserted"), "{refused}");
        let refused = error(&mut conn, many(7).returning(integer(&t, "id"))).await;
        assert!(refused.message().contains("did not say which key"), "{refused}");
        conn.rollback().await.unwrap();
        // Of a view nobody knows a number.
        run(
            &mut conn,
            &[
                "DROP TRIGGER meddles",
                "CREATE VIEW seen AS SELECT id, data FROM meddled",
                "CREATE TRIGGER sees INSTEAD OF INSERT ON seen BEGIN INSERT INTO meddled (data) VALUES (NEW.data); END",
            ],
        )
        .await;
        let seen = Table::unregistered("seen")
            .column(Column::new("id", Integer).primary_key())
            .column(Column::new("data", Varchar(100)));
        let many =
            insert(&seen).columns(["data"]).values_many([("a",), ("b",)]).returning(integer(&seen, "id"));
        let refused = error(&mut conn, many).await;
        assert!(refused.message().contains("did not say which key"), "{refused}");
        return;
    }
    let number = if database.is_postgres() { "NEW.id := " } else { "SET NEW.id = " };
    let digits =
        format!("cast(substr(NEW.data, 2) AS {})", if database.is_postgres() { "int" } else { "signed" });
    // Numbers that are taken from the rows: at random, downwards, and without a gap.
    for body in ["ascii(substr(NEW.data, 2)) * 7919 % 10007", "1000 - DIGITS", "5000 + DIGITS"] {
        let body = format!("{number}{};", body.replace("DIGITS", &digits));
        let reason = "whose numbers should grow";
        install(&mut conn, &body).await;
        let refused = error(&mut conn, many(7).returning(string(&t, "data"))).await;
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest, "{body}");
        assert!(
            refused.message().contains("cannot be told apart") && refused.message().contains(reason),
            "{refused}"
        );
        assert!(refused.statement().unwrap().starts_with("INSERT INTO meddled"), "{refused}");
        conn.rollback().await.unwrap();
        // Standing alone, the rows are not left behind.
        conn.set_autocommit(true).unwrap();
        error(&mut conn, many(7).returning(string(&t, "data"))).await;
        assert_eq!(how_many(&mut conn, &t).await, 0);
        conn.set_autocommit(false).unwrap();
        // Who does not need to know gets them.
        let mut seen = rows(&mut conn, many(7).returning(string(&t, "data")).unordered()).await;
        seen.sort_unstable();
        assert!(seen.into_iter().eq((0..7).map(|n| format!("d{n}"))));
        conn.rollback().await.unwrap();
    }
    // Keys that were given, and changed on the way.
    install(&mut conn, &format!("{number}NEW.id + 1;")).await;
    let keyed = insert(&t).values_many([(5, "a"), (1, "b"), (9, "c")]);
    let refused = error(&mut conn, keyed.clone().returning(string(&t, "data"))).await;
    assert!(refused.message().contains("did not come back with the key"), "{refused}");
    conn.rollback().await.unwrap();
    if !database.is_postgres() {
        return;
    }
    // Rows that are kept back.
    install(&mut conn, "IF NEW.data = 'd3' THEN RETURN NULL; END IF;").await;
    let refused = error(&mut conn, many(7).returning(string(&t, "data"))).await;
    assert!(refused.message().contains("6 rows came back for the 7"), "{refused}");
    conn.rollback().await.unwrap();
    // Numbers that go down.
    let down = Table::unregistered("down")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(100)));
    run(
        &mut conn,
        &["CREATE TABLE down (id int GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY -1 MINVALUE -10000) PRIMARY KEY, data varchar(100))"],
    )
    .await;
    let many = insert(&down).columns(["data"]).values_many([("a",), ("b",), ("c",)]);
    let refused = error(&mut conn, many.returning(string(&down, "data"))).await;
    assert!(refused.message().contains("negative step"), "{refused}");
    conn.rollback().await.unwrap();
}
on_every_database!(rows_that_cannot_be_told_are_an_error);

async fn partitions_and_views_keep_the_order(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let mut conn = database.connect().await;
    run(
        &mut conn,
        &[
            "CREATE TABLE parted (id bigint GENERATED BY DEFAULT AS IDENTITY, data varchar(50), kind int) PARTITION BY LIST (kind)",
            "CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0)",
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)",
            "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)",
            "CREATE VIEW seen AS SELECT id, data, kind FROM parted",
            "CREATE FUNCTION sees() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO parted (data, kind) VALUES \
             (NEW.data, NEW.kind) RETURNING id INTO NEW.id; RETURN NEW; END $$",
            "CREATE TRIGGER sees INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION sees()",
        ],
    )
    .await;
    for name in ["parted", "seen"] {
        let t = Table::unregistered(name)
            .column(Column::new("id", BigInteger).primary_key())
            .column(Column::new("data", Varchar(50)))
            .column(Column::new("kind", Integer));
        let many = insert(&t)
            .columns(["data", "kind"])
            .values_many(shuffled(1009).map(|n| (format!("d{n}"), n % 3)))
            .returning(string(&t, "data"));
        let seen = rows(&mut conn, many).await;
        assert!(seen.into_iter().eq(shuffled(1009).map(|n| format!("d{n}"))), "{name}");
    }
}
on_every_database!(partitions_and_views_keep_the_order);

async fn case_015_the_keys_of_inserted_rows(database: &Database) {
    let (mut conn, t) = with_words(database, "autoinc_pk").await;
    let pairs = Table::unregistered("pairs")
        .column(Column::new("a", Integer).primary_key().autoincrement(false))
        .column(Column::new("b", Varchar(20)).primary_key())
        .column(Column::new("c", Integer));
    let bare = Table::unregistered("bare").column(Column::new("c", Integer));
    create(&mut conn, (&pairs, &bare)).await;
    // What the database made, what was given, and a row of defaults.
    let key: Option<(i64,)> =
        conn.execute(insert(&t).value("data", "x")).inserted_primary_key().await.unwrap();
    assert_eq!(key, Some((1,)));
    let key: Option<(i64,)> =
        conn.execute(insert(&t).values((40, "y"))).inserted_primary_key().await.unwrap();
    assert_eq!(key, Some((40,)));
    conn.execute(delete(&t).filter(t.c("id").eq(40))).await.unwrap();
    let key: Option<(i64,)> = conn.execute(insert(&t)).inserted_primary_key().await.unwrap();
    let key = key.unwrap().0;
    assert_eq!(integers(&mut conn, select(integer(&t, "id")).filter(t.c("data").is_null())).await, [key]);
    let pair = insert(&pairs).values((3, "three", 9));
    let key: Option<(i64, String)> = conn.execute(pair).inserted_primary_key().await.unwrap();
    assert_eq!(key, Some((3, "three".to_owned())));
    // Of many rows, in their order.
    let many = insert(&t).columns(["data"]).values_many(shuffled(1009).map(|n| (format!("d{n}"),)));
    let keys: Vec<(i64,)> = conn.execute(many.clone()).inserted_primary_key_rows().await.unwrap();
    let found =
        select((integer(&t, "id"), string(&t, "data"))).filter(t.c("data").like("d%")).order_by(t.c("id"));
    let expected: Vec<_> =
        keys.iter().map(|key| key.0).zip(shuffled(1009).map(|n| format!("d{n}"))).collect();
    assert_eq!(rows(&mut conn, found).await, expected);
    let given = insert(&t).values_many([(9001, "a"), (7001, "b")]);
    let keys: Vec<(i64,)> = conn.execute(given).inserted_primary_key_rows().await.unwrap();
    assert_eq!(keys, [(9001,), (7001,)]);
    // The rows of a select have none that is told.
    let copied = insert(&bare).columns(["c"]).from_select(&select(t.c("id")));
    let key: Option<(i64,)> = conn.execute(copied.clone()).inserted_primary_key().await.unwrap();
    assert_eq!(key, None);
    let copied = insert(&pairs).columns(["a", "b"]).from_select(&select((t.c("id"), t.c("data"))).limit(0));
    assert_eq!(conn.execute(copied).inserted_primary_key::<(i64, String)>().await.unwrap(), None);
    // What has no key to give says so.
    let refused = conn.execute(many).inserted_primary_key::<(i64,)>().await.unwrap_err();
    assert!(refused.message().contains("inserted_primary_key_rows"), "{refused}");
    let refused =
        conn.execute(insert(&bare).value("c", 1)).inserted_primary_key::<(i64,)>().await.unwrap_err();
    assert!(refused.message().contains("`bare` has no primary key"), "{refused}");
    let refused = conn.execute(select(t.c("id"))).inserted_primary_key::<(i64,)>().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    let with_returning = insert(&t).value("data", "x").returning(integer(&t, "id"));
    let refused = conn.execute(with_returning).inserted_primary_key::<(i64,)>().await.unwrap_err();
    assert!(refused.message().contains("RETURNING"), "{refused}");
    let wide = insert(&pairs).values((4, "four", 9));
    let refused = conn.execute(wide).inserted_primary_key::<(i64,)>().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Argument);
}
on_every_database!(case_015_the_keys_of_inserted_rows);

async fn case_015_many_rows_of_defaults(database: &Database) {
    let t = Table::unregistered("defaults")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("data", Varchar(50)).server_default("'none'"));
    let mut conn = database.connect().await;
    create(&mut conn, &t).await;
    let result = conn.execute(insert(&t).values_many([(), (), ()])).await.unwrap();
    assert_eq!((result.rowcount(), result.returns_rows()), (3, false));
    let all = select((integer(&t, "id"), string(&t, "data"))).order_by(t.c("id"));
    let expected: Vec<_> = (1..=3).map(|id| (id, "none".to_owned())).collect();
    assert_eq!(rows(&mut conn, all).await, expected);
    let keys: Vec<(i64,)> =
        conn.execute(insert(&t).values_many([(), ()])).inserted_primary_key_rows().await.unwrap();
    assert_eq!(keys, [(4,), (5,)]);
    if conn.capabilities().returning.insert {
        let many = insert(&t).values_many([(), ()]).returning((integer(&t, "id"), string(&t, "data")));
        assert_eq!(rows(&mut conn, many).await, [(6, "none".to_owned()), (7, "none".to_owned())]);
    }
    let mixed = insert(&t).value("data", "x").values_many([()]);
    assert_eq!(error(&mut conn, mixed).await.kind(), ErrorKind::Argument);
}
on_every_database!(case_015_many_rows_of_defaults);
