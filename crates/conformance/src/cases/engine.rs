//! What a pool makes of the backend.

use std::time::Duration;

use aludel_driver::{Error, ErrorKind, Result as DriverResult};
use aludel_engine_pool::{Connection, Engine};
use aludel_sql_expression::{count_all, create_table, drop_table, insert, schema::Table, select, text};
use tokio::time;

use crate::{
    Case, Failure, Subject,
    case::case,
    failure::{ensure, ensure_equal},
    probe::{in_time, numbers},
};

pub(super) const CASES: &[Case] = &[
    case!(an_engine_commits_rolls_back_and_gives_back),
    case!(an_engine_never_hands_out_a_connection_in_doubt),
    case!(an_engine_streams_in_batches),
    case!(errors_of_an_engine_carry_their_statement),
];

async fn make(engine: &Engine, table: &Table) -> DriverResult<()> {
    let mut connection = engine.connect().await?;
    connection.execute(drop_table(table).if_exists()).await?;
    connection.execute(create_table(table)).await?;
    connection.commit().await?;
    connection.close().await
}

async fn count(connection: &mut Connection, table: &Table) -> DriverResult<i64> {
    connection.scalar_one(select(count_all()).select_from(table)).await
}

async fn end(engine: Engine, table: &Table) -> DriverResult<()> {
    let mut connection = engine.connect().await?;
    connection.execute(drop_table(table)).await?;
    connection.commit().await?;
    connection.close().await?;
    engine.dispose().await;
    Ok(())
}

async fn an_engine_commits_rolls_back_and_gives_back(subject: Subject) -> Result<(), Failure> {
    let engine =
        subject.engine().pool_size(1).max_overflow(0).pool_timeout(Duration::from_secs(10)).build()?;
    let table = numbers("suite_engine");
    make(&engine, &table).await?;
    engine.begin(async |connection| connection.execute(insert(&table).value("n", 1)).await.map(drop)).await?;
    let failed = engine
        .begin(async |connection| {
            connection.execute(insert(&table).value("n", 2)).await?;
            Err::<(), _>(Error::custom("no"))
        })
        .await;
    let Err(error) = failed else { return Err(Failure::new("the error of the closure is lost")) };
    ensure_equal!(error.kind(), ErrorKind::Custom, "the error of the closure: {error:?}");
    {
        let mut connection = engine.connect().await?;
        connection.execute(insert(&table).value("n", 3)).await?;
        // Dropped without a commit.
    }
    let mut connection = engine.connect().await?;
    {
        let mut transaction = connection.begin().await?;
        transaction.execute(insert(&table).value("n", 4)).await?;
    }
    ensure_equal!(count(&mut connection, &table).await?, 1, "rows that were committed");
    connection.close().await?;
    let status = engine.pool().status();
    ensure_equal!(status.checked_out, 0, "connections that did not come back: {status:?}");
    end(engine, &table).await?;
    Ok(())
}

async fn an_engine_never_hands_out_a_connection_in_doubt(subject: Subject) -> Result<(), Failure> {
    let engine =
        subject.engine().pool_size(1).max_overflow(0).pool_timeout(Duration::from_secs(30)).build()?;
    let table = numbers("suite_engine_doubt");
    make(&engine, &table).await?;
    let rows: Vec<(i64,)> = (1..=1_000).map(|number| (number,)).collect();
    engine
        .begin(async |connection| connection.execute(insert(&table).values_many(rows)).await.map(drop))
        .await?;
    let mut connection = engine.connect().await?;
    connection.execute(insert(&table).value("n", 5_000)).await?;
    let slow = text(
        "SELECT count(*) FROM suite_engine_doubt a, suite_engine_doubt b, suite_engine_doubt c \
         WHERE a.n * b.n + b.n * c.n + c.n * a.n < a.n",
    );
    let dropped = time::timeout(Duration::from_millis(200), connection.execute(slow).all()).await;
    ensure!(dropped.is_err(), "a statement that takes minutes was done at once: {dropped:?}");
    drop(connection);
    for _ in 0..3 {
        let mut connection = in_time("a checkout after a dropped call", engine.connect()).await??;
        let answer: i64 =
            in_time("a query after a dropped call", connection.scalar_one(text("SELECT 7"))).await??;
        ensure_equal!(answer, 7, "the answer of a connection after a dropped call");
        ensure_equal!(count(&mut connection, &table).await?, 1_000, "rows after the dropped transaction");
        connection.close().await?;
    }
    in_time("dropping the table", end(engine, &table)).await??;
    Ok(())
}

async fn an_engine_streams_in_batches(subject: Subject) -> Result<(), Failure> {
    let engine = subject.engine().pool_size(1).max_overflow(0).build()?;
    let table = numbers("suite_engine_stream");
    make(&engine, &table).await?;
    let rows: Vec<(i64,)> = (0..3_000).map(|number| (number,)).collect();
    engine
        .begin(async |connection| connection.execute(insert(&table).values_many(rows)).await.map(drop))
        .await?;
    let mut connection = engine.connect().await?;
    let statement = select(table.c("n").of::<i64>()).order_by(table.c("n").asc());
    let mut stream = connection.stream(statement.clone()).await?;
    let mut next = 0;
    while let Some(number) = stream.next().await? {
        ensure_equal!(number, next, "the rows of a stream");
        next += 1;
    }
    ensure_equal!(next, 3_000, "how many rows a stream gave");
    drop(stream);
    let mut stream = connection.stream(statement).await?;
    ensure_equal!(stream.next_batch(5).await?, [0, 1, 2, 3, 4], "the first batch");
    stream.close().await?;
    ensure_equal!(count(&mut connection, &table).await?, 3_000, "rows after a stream that was closed early");
    connection.close().await?;
    end(engine, &table).await?;
    Ok(())
}

async fn errors_of_an_engine_carry_their_statement(subject: Subject) -> Result<(), Failure> {
    let engine = subject.engine().build()?;
    let table = numbers("suite_no_such_table");
    let mut connection = engine.connect().await?;
    let Err(error) = connection.execute(select(table.c("n")).filter(table.c("n").eq(4711))).await else {
        return Err(Failure::new("a query of a table that is not there worked"));
    };
    ensure_equal!(error.kind(), ErrorKind::Programming, "an unknown table: {error:?}");
    let statement = error.statement().unwrap_or_default();
    ensure!(
        statement.starts_with("SELECT ") && statement.contains("suite_no_such_table"),
        "the statement: {error:?}"
    );
    ensure!(error.to_string().contains("4711"), "the parameters are not shown: {error}");
    connection.close().await?;
    engine.dispose().await;
    Ok(())
}
