//! The numbered cases about transactions and pools that need real servers, and what else an engine promises.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use aludel::{
    driver::{Row, TransactionState},
    engine::{BeginOptions, ExecutionOptions, PoolClass},
    prelude::*,
    sql::{ColumnInfo, Decode, RowPlan, trusted},
};
use tokio::time;

use crate::{
    core_tables::{create, error, how_many, integer, integers, with_points, with_words},
    database::{Database, on_every_database},
};

/// The level of the present transaction, in the server's words; none where the server has no words for it.
async fn level(conn: &mut Connection) -> Option<String> {
    let sql = match conn.driver_connection().await.unwrap().server().product {
        "PostgreSQL" => "SHOW transaction_isolation",
        // The variable of the session does not show what was asked for a single transaction.
        "MariaDB" | "MySQL" => {
            "SELECT trx_isolation_level FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = connection_id()"
        }
        _ => return None,
    };
    // The table of transactions is brought up to date only when nobody has asked for a tenth of a second.
    for _ in 0..30 {
        time::sleep(Duration::from_millis(150)).await;
        if let Some(told) = conn.scalar::<String, _>(text(trusted(sql))).await.unwrap() {
            return Some(told.replace('-', " ").to_uppercase());
        }
    }
    panic!("the server does not know of the transaction");
}

async fn case_018_isolation_levels_are_set_read_and_given_back(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.execute(insert(&t).values((9, "x"))).await.unwrap();
    let usual = level(&mut conn).await;
    conn.close().await.unwrap();
    let engine = database.engine_with(|engine| engine.pool_size(1).max_overflow(0));
    let mut taken = 0;
    for wanted in ["READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
        let wanted_level = wanted.parse::<IsolationLevel>().unwrap();
        let options = ExecutionOptions::new().isolation_level(wanted_level);
        let mut conn = engine.connect().await.unwrap();
        match conn.set_execution_options(options.clone()) {
            Ok(()) => {
                conn.execute(insert(&t).values((1, "x"))).await.unwrap();
                taken += 1;
                assert_eq!(conn.isolation_level().await.unwrap(), wanted_level);
                if let Some(level) = level(&mut conn).await {
                    assert_eq!(level, wanted);
                }
                let refused = conn.set_execution_options(options).unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
                conn.rollback().await.unwrap();
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
                assert!(
                    error.message().contains(wanted) && error.message().contains("SERIALIZABLE"),
                    "{error}"
                );
                let refused =
                    create_engine(database.url()).isolation_level(wanted_level).build().unwrap_err();
                assert_eq!(refused.kind(), ErrorKind::NotSupported);
            }
        }
        conn.close().await.unwrap();
        // Whoever has the connection next is not touched by it.
        let mut conn = engine.connect().await.unwrap();
        conn.execute(insert(&t).values((1, "x"))).await.unwrap();
        assert_eq!(level(&mut conn).await, usual);
    }
    assert!(taken >= 1, "no level is taken");
    let of_engine = database.engine_with(|engine| engine.isolation_level(IsolationLevel::Serializable));
    let mut conn = of_engine.connect().await.unwrap();
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    if let Some(level) = level(&mut conn).await {
        assert_eq!(level, "SERIALIZABLE");
    }
    let unknown = "FOO".parse::<IsolationLevel>().unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::Argument);
    assert!(unknown.message().contains("FOO") && unknown.message().contains("READ COMMITTED"), "{unknown}");
}
on_every_database!(case_018_isolation_levels_are_set_read_and_given_back);

async fn case_019_autocommit_for_as_long_as_it_is_on(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.set_autocommit(true).unwrap();
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    assert!(!conn.in_transaction());
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 1);
    conn.set_autocommit(false).unwrap();
    conn.execute(insert(&t).values((2, "x"))).await.unwrap();
    assert_eq!(conn.set_autocommit(true).unwrap_err().kind(), ErrorKind::InvalidRequest);
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 1);
    conn.rollback().await.unwrap();
    // A transaction can be begun all the same.
    conn.set_autocommit(true).unwrap();
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute(insert(&t).values((3, "x"))).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 1);
    let engine = database.engine_with(|engine| engine.autocommit(true));
    let mut other = engine.connect().await.unwrap();
    other.execute(insert(&t).values((4, "x"))).await.unwrap();
    drop(other);
    assert_eq!(how_many(&mut conn, &t).await, 2);
}
on_every_database!(case_019_autocommit_for_as_long_as_it_is_on);

async fn read_only_transactions_do_not_write(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.commit().await.unwrap();
    let mut transaction = conn.begin_with(BeginOptions::new().read_only(true)).await.unwrap();
    assert_eq!(how_many(&mut transaction, &t).await, 0);
    error(&mut transaction, insert(&t).values((1, "x"))).await;
    transaction.rollback().await.unwrap();
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 1);
}
on_every_database!(read_only_transactions_do_not_write);

/// SQLite has one lock for all who write: whoever only reads must not hold it.
async fn who_reads_keeps_nobody_from_writing(database: &Database) {
    let (mut writer, t) = with_words(database, "users").await;
    let mut reader = database.connect().await;
    for turn in 0..3 {
        let known = select(t.c("id")).cte("known");
        match turn {
            // This begins with WITH on SQLite, too.
            0 => drop(reader.inspect().get_table_names(None).await.unwrap()),
            1 => drop(reader.execute(select(known.c("id"))).await.unwrap()),
            _ => drop(reader.execute(select(t.c("id"))).await.unwrap()),
        }
        assert!(reader.in_transaction());
        writer.execute(insert(&t).values((turn + 1, "x"))).await.unwrap();
        writer.commit().await.unwrap();
        reader.rollback().await.unwrap();
    }
    assert_eq!(how_many(&mut reader, &t).await, 3);
}
on_every_database!(who_reads_keeps_nobody_from_writing);

async fn case_033_two_results_do_not_disturb_each_other(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let statement = select(integer(&t, "id")).order_by(t.c("id"));
    let first = conn.execute(statement.clone()).await.unwrap();
    let second = conn.execute(statement.limit(2)).await.unwrap();
    assert_eq!(second.all(), [1, 2]);
    assert_eq!(first.all(), [1, 2, 3, 4, 5]);
}
on_every_database!(case_033_two_results_do_not_disturb_each_other);

async fn case_025_a_stream_in_portions(database: &Database) {
    let (mut conn, t) = with_words(database, "streamed").await;
    conn.execute(insert(&t).values_many((1..=30).map(|id| (id, format!("data {id}"))))).await.unwrap();
    conn.commit().await.unwrap();
    let mut stream = conn.stream(select(integer(&t, "id")).order_by(t.c("id"))).await.unwrap();
    assert_eq!(stream.keys(), ["id"]);
    let mut seen = stream.next_batch(5).await.unwrap();
    assert_eq!(seen.len(), 5);
    seen.extend(stream.next_batch(10).await.unwrap());
    assert_eq!(seen.len(), 15);
    seen.extend(stream.next().await.unwrap());
    seen.extend(stream.next_batch(100).await.unwrap());
    assert_eq!(seen, (1..=30).collect::<Vec<_>>());
    assert_eq!(stream.next().await.unwrap(), None);
    assert!(stream.next_batch(1).await.unwrap().is_empty());
    drop(stream);
    assert_eq!(how_many(&mut conn, &t).await, 30);
}
on_every_database!(case_025_a_stream_in_portions);

/// A row that counts how many of its kind there are.
struct Counted(i64);

static LIVE: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];

impl FromRow for Counted {
    fn plan(columns: &[ColumnInfo]) -> aludel::sql::Result<RowPlan> {
        RowPlan::by_position(columns, 1)
    }

    fn from_row(row: &dyn Row, _: &RowPlan) -> aludel::sql::Result<Self> {
        let live = LIVE[0].fetch_add(1, Ordering::Relaxed) + 1;
        LIVE[1].fetch_max(live, Ordering::Relaxed);
        Ok(Self(i64::decode(row.cell(0)?)?))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE[0].fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts the rows that are alive at once, so that it must not run beside itself.
async fn a_stream_holds_a_bounded_number_of_rows(database: &Database) {
    static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _alone = ALONE.lock().await;
    LIVE[1].store(0, Ordering::Relaxed);
    let (mut conn, t) = with_words(database, "bounded").await;
    conn.execute(insert(&t).values_many((1..20_001).map(|id| (id, "x")))).await.unwrap();
    let mut stream =
        conn.stream(text("SELECT id FROM bounded ORDER BY id").returns::<Counted>()).await.unwrap();
    let mut last = 0;
    while let Some(row) = stream.next().await.unwrap() {
        assert_eq!(row.0, last + 1);
        last += 1;
    }
    drop(stream);
    assert_eq!(last, 20_000);
    let most = LIVE[1].load(Ordering::Relaxed);
    assert!((1..=1_001).contains(&most), "{most} rows were alive at once");
    // One that is left in the middle gives the connection back, or costs it; the rows are right in either case.
    let mut stream =
        conn.stream(text("SELECT id FROM bounded ORDER BY id").returns::<Counted>()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().map(|row| row.0), Some(1));
    drop(stream);
    conn.rollback().await.unwrap();
    assert_eq!(integers(&mut conn, text("SELECT 7")).await, [7]);
}
on_every_database!(a_stream_holds_a_bounded_number_of_rows);

async fn case_036_savepoints_on_real_rows(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    let row = |id: i32| insert(&t).values((id, "x"));
    let ids = || select(integer(&t, "id")).order_by(t.c("id"));

    let mut transaction = conn.begin().await.unwrap();
    transaction.execute(row(1)).await.unwrap();
    let mut savepoint = transaction.begin_nested().await.unwrap();
    savepoint.execute(row(2)).await.unwrap();
    savepoint.rollback().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(integers(&mut conn, ids()).await, [1]);
    conn.commit().await.unwrap();

    let mut transaction = conn.begin().await.unwrap();
    let mut savepoint = transaction.begin_nested().await.unwrap();
    savepoint.execute(row(2)).await.unwrap();
    let mut inner = savepoint.begin_nested().await.unwrap();
    inner.execute(row(3)).await.unwrap();
    inner.rollback().await.unwrap();
    savepoint.commit().await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(integers(&mut conn, ids()).await, [1, 2]);
    conn.commit().await.unwrap();

    // The end of the transaction ends the savepoint, too.
    let mut savepoint = conn.begin_nested().await.unwrap();
    savepoint.execute(row(4)).await.unwrap();
    assert!(savepoint.is_active());
    Connection::rollback(&mut savepoint).await.unwrap();
    assert!(!savepoint.is_active());
    assert_eq!(savepoint.commit().await.unwrap_err().kind(), ErrorKind::InvalidRequest);
    assert_eq!(integers(&mut conn, ids()).await, [1, 2]);
    conn.commit().await.unwrap();

    // One that is dropped is rolled back; an error inside of it is healed.
    let mut transaction = conn.begin().await.unwrap();
    transaction.execute(row(5)).await.unwrap();
    {
        let mut savepoint = transaction.begin_nested().await.unwrap();
        savepoint.execute(row(6)).await.unwrap();
        assert_eq!(error(&mut savepoint, row(6)).await.kind(), ErrorKind::Integrity);
    }
    transaction.execute(row(7)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(integers(&mut conn, ids()).await, [1, 2, 5, 7]);
    let nested = conn
        .nested(async |conn| {
            conn.execute(row(8)).await?;
            conn.execute(row(8)).await.map(drop)
        })
        .await;
    assert_eq!(nested.unwrap_err().kind(), ErrorKind::Integrity);
    conn.commit().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 4);
}
on_every_database!(case_036_savepoints_on_real_rows);

async fn case_037_the_order_of_begin_commit_and_the_end(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    assert!(conn.in_transaction());
    let refused = conn.begin().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(refused.message().contains("begun already"), "{refused}");
    conn.commit().await.unwrap();
    conn.commit().await.unwrap();
    conn.rollback().await.unwrap();
    assert!(!conn.in_transaction());
    assert_eq!(how_many(&mut conn, &t).await, 1);
    conn.commit().await.unwrap();

    let mut transaction = conn.begin().await.unwrap();
    transaction.execute(insert(&t).values((2, "x"))).await.unwrap();
    Connection::commit(&mut transaction).await.unwrap();
    // The guard's transaction is over; what comes now would belong to none.
    let refused = transaction.execute(insert(&t).values((3, "x"))).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    drop(transaction);
    assert_eq!(how_many(&mut conn, &t).await, 2);
}
on_every_database!(case_037_the_order_of_begin_commit_and_the_end);

async fn an_error_in_a_transaction(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    assert_eq!(error(&mut conn, insert(&t).values((1, "x"))).await.kind(), ErrorKind::Integrity);
    // PostgreSQL would refuse what comes next, the others would not; here it is refused everywhere.
    let refused = error(&mut conn, insert(&t).values((2, "x"))).await;
    assert_eq!(refused.kind(), ErrorKind::PendingRollback);
    assert!(refused.message().contains("rollback()"), "{refused}");
    assert_eq!(conn.commit().await.unwrap_err().kind(), ErrorKind::PendingRollback);
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 0);
    // A savepoint around it heals.
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    let inside = conn.nested(async |conn| conn.execute(insert(&t).values((1, "x"))).await.map(drop)).await;
    assert_eq!(inside.unwrap_err().kind(), ErrorKind::Integrity);
    conn.execute(insert(&t).values((2, "x"))).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 2);
    // In autocommit there is nothing to be rolled back.
    conn.rollback().await.unwrap();
    conn.set_autocommit(true).unwrap();
    assert_eq!(error(&mut conn, insert(&t).values((1, "x"))).await.kind(), ErrorKind::Integrity);
    conn.execute(insert(&t).values((3, "x"))).await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 3);
}
on_every_database!(an_error_in_a_transaction);

async fn what_is_dropped_is_rolled_back(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    let engine = database
        .engine_with(|engine| engine.pool_size(1).max_overflow(0).pool_timeout(Duration::from_secs(10)));
    {
        let mut connection = engine.connect().await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        transaction.execute(insert(&t).values((1, "x"))).await.unwrap();
        // Both are dropped here.
    }
    {
        let mut connection = engine.connect().await.unwrap();
        let driver = connection.driver_connection().await.unwrap();
        assert_eq!(driver.transaction_state(), TransactionState::Idle);
        assert_eq!(how_many(&mut connection, &t).await, 0);
    }
    let failed = engine
        .begin(async |connection| {
            connection.execute(insert(&t).values((2, "x"))).await?;
            Err::<(), _>(Error::custom("changed my mind"))
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Custom);
    // A future that is dropped half-way.
    let half = engine.begin(async |connection| {
        connection.execute(insert(&t).values((3, "x"))).await?;
        time::sleep(Duration::from_secs(60)).await;
        Ok(())
    });
    time::timeout(Duration::from_millis(200), half).await.unwrap_err();
    engine
        .begin(async |connection| connection.execute(insert(&t).values((4, "x"))).await.map(drop))
        .await
        .unwrap();
    assert_eq!(integers(&mut conn, select(integer(&t, "id"))).await, [4]);
    let opened = engine.pool().status().opened;
    assert!(opened <= 2, "{opened} connections were opened");
}
on_every_database!(what_is_dropped_is_rolled_back);

async fn case_101_an_error_in_an_event_and_connections_never_closed(database: &Database) {
    let (conn, t) = with_words(database, "users").await;
    drop(conn);
    let engine = database.engine_with(|engine| engine.pool_size(1).max_overflow(0));
    let id = engine.events().before_cursor_execute.listen(|event| {
        if event.sql.contains("forbidden") {
            Err(Error::new(ErrorKind::InvalidRequest, "not this one"))
        } else {
            Ok(())
        }
    });
    let mut connection = engine.connect().await.unwrap();
    connection.execute(insert(&t).values((1, "x"))).await.unwrap();
    let refused = error(&mut connection, text("SELECT 'forbidden'")).await;
    assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
    assert!(!connection.is_invalidated(), "nothing was sent");
    drop(connection);
    engine.events().before_cursor_execute.remove(id);
    // Dropped without a close: its place is free again, and what it began is undone.
    for _ in 0..3 {
        let mut connection = time::timeout(Duration::from_secs(10), engine.connect()).await.unwrap().unwrap();
        assert_eq!(how_many(&mut connection, &t).await, 0);
        connection.execute(insert(&t).values((1, "x"))).await.unwrap();
    }
}
on_every_database!(case_101_an_error_in_an_event_and_connections_never_closed);

async fn case_102_a_full_pool_and_one_first_connect(database: &Database) {
    let timeout = Duration::from_millis(200);
    let engine = database.engine_with(|engine| engine.pool_size(1).max_overflow(0).pool_timeout(timeout));
    let held = engine.connect().await.unwrap();
    let started = time::Instant::now();
    let full = engine.connect().await.unwrap_err();
    assert!(started.elapsed() >= timeout);
    assert_eq!(full.kind(), ErrorKind::Timeout);
    assert!(full.message().contains("core_engine.rs"), "who holds it: {full}");
    drop(held);
    engine.connect().await.unwrap();

    let engine = database.engine_with(|engine| engine.pool_size(5));
    let (firsts, connects) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (first, connect) = (firsts.clone(), connects.clone());
    engine.events().first_connect.listen(move |_| {
        let first = first.clone();
        Box::pin(async move {
            time::sleep(Duration::from_millis(20)).await;
            first.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    });
    engine.events().connect.listen(move |_| {
        connect.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    });
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let mut connection = engine.connect().await.unwrap();
                let one: i64 = connection.scalar_one(text("SELECT 1")).await.unwrap();
                time::sleep(Duration::from_millis(50)).await;
                one
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 1);
    }
    assert_eq!(firsts.load(Ordering::Relaxed), 1);
    assert!((1..=5).contains(&connects.load(Ordering::Relaxed)));
    // Disposing while others connect leaves a pool that works.
    let (connected, ()) = tokio::join!(engine.connect(), engine.dispose());
    drop(connected.unwrap());
    engine.connect().await.unwrap();
}
on_every_database!(case_102_a_full_pool_and_one_first_connect);

async fn echo_shows_what_is_sent(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.commit().await.unwrap();
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let log = lines.clone();
    let engine = database
        .engine_with(|engine| engine.echo_with(move |line| log.lock().unwrap().push(line.to_owned())));
    engine
        .begin(async |connection| connection.execute(insert(&t).values((1, "Ann"))).await.map(drop))
        .await
        .unwrap();
    let shown = std::mem::take(&mut *lines.lock().unwrap());
    let all = shown.join("\n");
    assert!(shown[0].starts_with("BEGIN"), "{all}");
    assert!(shown[1].starts_with("INSERT INTO users (id, data) VALUES"), "{all}");
    assert!(all.contains("Ann"), "{all}");
    assert_eq!(shown.last().map(String::as_str), Some("COMMIT"), "{all}");
    assert_eq!(shown.len(), 3, "{all}");
    let mut connection = engine.connect().await.unwrap();
    connection.execute(delete(&t)).await.unwrap();
    drop(connection);
    // The rollback of a drop is shown, too.
    time::sleep(Duration::from_millis(100)).await;
    let shown = std::mem::take(&mut *lines.lock().unwrap()).join("\n");
    assert!(shown.contains("DELETE FROM users") && shown.contains("ROLLBACK"), "{shown}");

    let log = lines.clone();
    let engine = database.engine_with(|engine| {
        engine.hide_parameters(true).echo_with(move |line| log.lock().unwrap().push(line.to_owned()))
    });
    let mut connection = engine.connect().await.unwrap();
    connection.execute(insert(&t).values((5, "secret"))).await.unwrap();
    let refused = error(&mut connection, insert(&t).values((5, "secret"))).await;
    assert!(!lines.lock().unwrap().join("\n").contains("secret"));
    assert!(!refused.to_string().contains("secret"), "{refused}");
}
on_every_database!(echo_shows_what_is_sent);

async fn errors_show_the_statement_and_never_the_password(database: &Database) {
    let mut conn = database.connect().await;
    let ghost = Table::unregistered("there_is_none").column(Column::new("id", Integer));
    let refused = error(&mut conn, select(integer(&ghost, "id")).filter(ghost.c("id").eq(4711))).await;
    assert_eq!(refused.kind(), ErrorKind::Programming);
    assert!(
        refused.statement().unwrap().starts_with("SELECT there_is_none.id FROM there_is_none WHERE"),
        "{refused}"
    );
    let shown = refused.to_string();
    assert!(shown.contains("there_is_none") && shown.contains("4711"), "{shown}");
    conn.rollback().await.unwrap();
    let url = aludel::driver::DatabaseUrl::parse(database.url()).unwrap();
    let Some(password) = &url.arguments.password else { return };
    assert!(
        !format!("{:?} {:?} {refused:?}", database.engine(), database.engine().url())
            .contains(password.expose())
    );
    let mut wrong = url.clone();
    wrong.arguments.password = Some("not-the-password".into());
    let refused = create_engine(&wrong.render(false)).build().unwrap().connect().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Operational);
    let shown = format!("{refused} {refused:?}");
    assert!(!shown.contains("not-the-password"), "{shown}");
    assert!(shown.contains(wrong.arguments.username.as_deref().unwrap()), "who could not connect: {shown}");
}
on_every_database!(errors_show_the_statement_and_never_the_password);

async fn text_takes_parameters_by_name(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let twice = text("SELECT id FROM some_table WHERE x = :n OR y = :n ORDER BY id").bind("n", 3);
    assert_eq!(integers(&mut conn, twice).await, [2, 3]);
    let two = text("SELECT id FROM some_table WHERE id > :low AND id <= :high ORDER BY id")
        .bind("high", 4)
        .bind("low", 2);
    assert_eq!(integers(&mut conn, two).await, [3, 4]);
    let changed = text("UPDATE some_table SET x = :x WHERE id = :id").bind("x", None::<i64>).bind("id", 1);
    assert_eq!(conn.execute(changed).await.unwrap().rowcount(), 1);
    assert_eq!(conn.scalar::<i64, _>(select(t.c("x")).filter(t.c("id").eq(1))).await.unwrap(), None);
    assert_eq!(error(&mut conn, text("SELECT :missing")).await.kind(), ErrorKind::Argument);
    assert_eq!(error(&mut conn, text("SELECT 1").bind("unused", 1)).await.kind(), ErrorKind::Argument);
    let quoted = text("SELECT ':not', id FROM some_table WHERE id = :id -- :nor this").bind("id", 2);
    assert_eq!(conn.execute(quoted.returns::<(String, i64)>()).one().await.unwrap(), (":not".to_owned(), 2));
    if database.is_postgres() {
        let cast = text("SELECT :n::integer + 1").bind("n", 4);
        assert_eq!(conn.scalar_one::<i64, _>(cast).await.unwrap(), 5);
    }
    // As a part of other statements.
    let by_hand = select(integer(&t, "id")).filter(text("some_table.y > 4")).order_by(t.c("id"));
    assert_eq!(integers(&mut conn, by_hand).await, [4, 5]);
    let built = text(trusted(format!("SELECT id FROM some_table WHERE id = {}", 3)));
    assert_eq!(integers(&mut conn, built).await, [3]);
}
on_every_database!(text_takes_parameters_by_name);

async fn results_are_asked_for_in_many_ways(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    let all = || select((integer(&t, "id"), integer(&t, "x"))).order_by(t.c("id"));
    let one = || all().filter(t.c("id").eq(2));
    let none = || all().filter(t.c("id").eq(99));
    assert_eq!(conn.execute(all()).first().await.unwrap(), Some((1, 1)));
    assert_eq!(conn.execute(none()).first().await.unwrap(), None);
    assert_eq!(conn.execute(one()).one().await.unwrap(), (2, 2));
    assert_eq!(conn.execute(none()).one().await.unwrap_err().kind(), ErrorKind::NoResultFound);
    assert_eq!(conn.execute(all()).one().await.unwrap_err().kind(), ErrorKind::MultipleResultsFound);
    assert_eq!(conn.execute(none()).one_or_none().await.unwrap(), None);
    assert_eq!(conn.execute(all()).one_or_none().await.unwrap_err().kind(), ErrorKind::MultipleResultsFound);
    // A result that was too many is no failure of the transaction.
    assert_eq!(conn.scalar_one::<i64, _>(select(integer(&t, "x")).filter(t.c("id").eq(5))).await.unwrap(), 4);
    let parts: Vec<usize> = conn.execute(all()).await.unwrap().partitions(2).map(|part| part.len()).collect();
    assert_eq!(parts, [2, 2, 1]);
    let single = select((integer(&t, "id"),)).order_by(t.c("id"));
    assert_eq!(conn.execute(single).scalars().await.unwrap(), [1, 2, 3, 4, 5]);
    let empty = conn.execute(none()).await.unwrap();
    assert_eq!((empty.keys(), empty.returns_rows()), (vec!["id", "x"], true));
    let timely = conn.execute(all()).timeout(Duration::from_secs(30)).all().await.unwrap();
    assert_eq!(timely.len(), 5);
}
on_every_database!(results_are_asked_for_in_many_ways);

async fn functions_take_just_a_connection(database: &Database) {
    async fn add(conn: &mut Connection, t: &Table, id: i32) -> Result<()> {
        conn.execute(insert(t).values((id, "x"))).await.map(drop)
    }
    let (mut conn, t) = with_words(database, "users").await;
    add(&mut conn, &t, 1).await.unwrap();
    conn.commit().await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    add(&mut transaction, &t, 2).await.unwrap();
    transaction.commit().await.unwrap();
    conn.transaction(async |conn| add(conn, &t, 3).await).await.unwrap();
    let (engine, table) = (database.engine().clone(), t.clone());
    // `begin` runs in a task of its own.
    tokio::spawn(async move { engine.begin(async |conn| add(conn, &table, 4).await).await })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 4);
}
on_every_database!(functions_take_just_a_connection);

async fn a_pool_that_keeps_nothing(database: &Database) {
    let (conn, t) = with_words(database, "users").await;
    drop(conn);
    let engine = database.engine_with(|engine| engine.pool_class(PoolClass::Null));
    for id in 1..=3 {
        engine.begin(async |conn| conn.execute(insert(&t).values((id, "x"))).await.map(drop)).await.unwrap();
    }
    let status = engine.pool().status();
    assert_eq!((status.opened, status.closed), (3, 3), "{status:?}");
}
on_every_database!(a_pool_that_keeps_nothing);

async fn scripts_run_as_they_are(database: &Database) {
    let (mut conn, t) = with_words(database, "users").await;
    conn.batch(
        "INSERT INTO users (id, data) VALUES (1, 'a;b'); INSERT INTO users (id, data) VALUES (2, ':c')",
    )
    .await
    .unwrap();
    conn.commit().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 2);
    let refused = conn.batch("DELETE FROM users; SELECT * FROM there_is_none").await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Programming);
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 2);
    let found = conn.exec_driver_sql("SELECT id FROM users WHERE data = 'a;b'", vec![]).await.unwrap();
    assert_eq!(found.one().unwrap().get::<i64>("id").unwrap(), 1);
}
on_every_database!(scripts_run_as_they_are);

async fn a_table_that_changes_under_prepared_statements(database: &Database) {
    let (mut conn, t) = with_words(database, "changing").await;
    conn.execute(insert(&t).values((1, "x"))).await.unwrap();
    conn.commit().await.unwrap();
    for _ in 0..3 {
        assert_eq!(conn.execute(text("SELECT * FROM changing")).await.unwrap().keys(), ["id", "data"]);
    }
    conn.commit().await.unwrap();
    conn.execute(aludel::sql::ddl("ALTER TABLE changing ADD COLUMN more INTEGER")).await.unwrap();
    conn.commit().await.unwrap();
    let result = conn.execute(text("SELECT * FROM changing")).await.unwrap();
    assert_eq!(result.keys(), ["id", "data", "more"]);
    create(&mut conn, &t).await;
}
on_every_database!(a_table_that_changes_under_prepared_statements);

async fn too_many_parameters_are_refused_and_cost_nothing(database: &Database) {
    let (mut conn, t) = with_points(database).await;
    conn.execute(insert(&t).values((6, 6, 6))).await.unwrap();
    let (dialect, most) = (conn.dialect(), conn.capabilities().max_parameters);
    let mut sql = String::from("SELECT id FROM some_table WHERE id IN (");
    for number in 1..=most + 1 {
        if number > 1 {
            sql.push_str(", ");
        }
        dialect.write_placeholder(number, &mut sql);
    }
    sql.push(')');
    let parameters = (0..=most as i64).map(aludel::sql::Value::I64).collect();
    let refused = conn.exec_driver_sql(trusted(sql), parameters).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Argument | ErrorKind::Programming), "{:?}", refused.kind());
    assert!(!refused.is_disconnect() && !conn.is_invalidated());
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &t).await, 5);
}
on_every_database!(too_many_parameters_are_refused_and_cost_nothing);
