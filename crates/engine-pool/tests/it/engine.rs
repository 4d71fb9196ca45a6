use std::sync::{Arc, Mutex};

use aludel_engine_pool::{Connection, CreateAll, Engine, Error, ErrorKind, Result};
use aludel_sql_expression::{
    insert,
    schema::{Column, MetaData, Table},
    select, text,
    types::{BigInteger, Varchar},
};

use crate::mock::{MockDriver, Server};

#[tokio::test]
async fn an_unknown_scheme_or_option_is_refused_by_name() {
    let server = Arc::new(Server::default());
    let refused = |url: &str| Engine::builder(url).driver(MockDriver::new(&server)).build().unwrap_err();
    let error = refused("oracle://scott:tiger@host/x");
    assert_eq!(error.kind(), ErrorKind::Argument);
    let message = error.to_string();
    assert!(message.contains("`oracle://`") && message.contains("mock, mockery"), "{message}");
    assert!(message.contains("`sqlite`, `postgres` or `mysql`") && !message.contains("tiger"), "{message}");
    assert!(refused("mock://host/x?unknwon=1").to_string().contains("`unknwon`"));
    assert_eq!(refused("mock:host").kind(), ErrorKind::Argument);
    let engine =
        Engine::builder("mock+special://u:secret@host/x").driver(MockDriver::new(&server)).build().unwrap();
    assert!(!format!("{engine:?} {:?}", engine.pool()).contains("secret"));
    assert_eq!(server.opened(), 0, "nothing is opened before it is needed");
}

#[tokio::test]
async fn begin_commits_at_ok_and_rolls_back_at_err() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let rows = engine
        .begin(async |conn| {
            conn.execute(text("one")).await?;
            Ok(conn.execute(text("ROWS 3")).await?.all().len())
        })
        .await
        .unwrap();
    assert_eq!(rows, 3);
    assert_eq!(server.sent(), ["BEGIN; one", "ROWS 3", "COMMIT"]);

    let error = engine
        .begin(async |conn| {
            conn.execute(text("one")).await?;
            Err::<(), _>(Error::custom("changed my mind"))
        })
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    assert_eq!(server.sent(), ["BEGIN; one", "ROLLBACK"]);

    #[derive(Debug, PartialEq)]
    enum Mine {
        Engine(ErrorKind),
        Own,
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Self::Engine(error.kind())
        }
    }
    let own = engine.try_begin(async |_| -> Result<(), Mine> { Err(Mine::Own) }).await;
    assert_eq!(own, Err(Mine::Own));
    let theirs = engine
        .try_begin(async |conn| -> Result<(), Mine> {
            conn.execute(text("ERROR")).await?;
            Ok(())
        })
        .await;
    assert_eq!(theirs, Err(Mine::Engine(ErrorKind::Programming)));
    assert_eq!(server.opened(), 1);
}

/// Functions take just `&mut Connection`.
async fn add(conn: &mut Connection, name: &str) -> Result<u64> {
    Ok(conn.execute(text("INSERT :name").bind("name", name)).await?.rowcount())
}

#[tokio::test]
async fn closures_run_in_spawned_tasks_and_boxed_futures() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let shared = engine.clone();
    let name = "x".to_owned();
    tokio::spawn(async move {
        shared
            .begin(async |conn| {
                add(conn, &name).await?;
                conn.nested(async |conn| add(conn, &name).await).await
            })
            .await
            .unwrap();
    })
    .await
    .unwrap();
    fn boxed<'a>(
        engine: &'a Engine,
        count: &'a mut u64,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            engine
                .begin(async |conn| {
                    *count += add(conn, "y").await?;
                    Ok(())
                })
                .await
        })
    }
    let mut count = 0;
    boxed(&engine, &mut count).await.unwrap();
    assert_eq!(count, 1);
    let connection = &mut engine.connect().await.unwrap();
    connection.transaction(async |conn| add(conn, "z").await).await.unwrap();
}

/// A generic caller that boxes the future needs it to be `Send`.
fn generic<'a, F>(
    engine: &'a Engine,
    function: F,
) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>
where
    F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<()>
        + for<'c> aludel_engine_pool::AsyncFunction<&'c mut Connection, Result<()>, Future: Send>
        + Send
        + 'a,
{
    Box::pin(engine.begin(function))
}

#[tokio::test]
async fn begin_can_be_wrapped_by_generic_code() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    generic(&engine, async |conn| add(conn, "x").await.map(|_| ())).await.unwrap();
    assert_eq!(server.sent().len(), 2);
}

#[tokio::test]
async fn echo_prints_sql_as_people_read_it() {
    let server = Arc::new(Server::default());
    let lines = Arc::new(Mutex::new(Vec::<String>::new()));
    for hide in [false, true] {
        let shown = lines.clone();
        let engine = server
            .engine()
            .echo_with(move |line| shown.lock().unwrap().push(line.to_owned()))
            .hide_parameters(hide)
            .build()
            .unwrap();
        let mut connection = engine.connect().await.unwrap();
        add(&mut connection, "O'Brien").await.unwrap();
        connection.commit().await.unwrap();
        connection.execute(text("plain")).await.unwrap();
        drop(connection);
        let error = engine.begin(async |conn| insert_error(conn).await).await.unwrap_err();
        assert_eq!(error.to_string().contains("O''Brien"), !hide, "{error}");
        assert!(error.to_string().contains("in: ERROR"), "{error}");
    }
    let seen = std::mem::take(&mut *lines.lock().unwrap());
    assert_eq!(
        seen[..5],
        ["BEGIN", "INSERT ?  ['O''Brien']", "COMMIT", "BEGIN", "plain"].map(String::from),
        "{seen:?}"
    );
    assert_eq!(seen[5], "ROLLBACK");
    assert!(seen.contains(&"INSERT ?  [parameters hidden]".to_owned()));
}

async fn insert_error(conn: &mut Connection) -> Result<()> {
    conn.execute(text("ERROR :name").bind("name", "O'Brien")).await?;
    Ok(())
}

#[tokio::test]
async fn core_alone_reads_as_designed() {
    let server = Arc::new(Server::default());
    let engine = server.engine().build().unwrap();
    let metadata = MetaData::new();
    let users = Table::new("users", &metadata)
        .column(Column::new("id", BigInteger).primary_key())
        .column(Column::new("name", Varchar(50)));
    let rows = vec![(1_i64, "x"), (2, "y")];
    let done = tokio::spawn(async move {
        engine
            .begin(async |conn| {
                metadata.create_all(conn).await?;
                conn.execute(insert(&users).values_many(rows)).await?;
                let name: Option<String> =
                    conn.scalar(select(users.c("name")).filter(users.c("id").eq(1))).await?;
                assert_eq!(name, None);
                conn.execute(text("UPDATE users SET name = :n WHERE id = :id").bind("n", "x").bind("id", 1))
                    .await
            })
            .await
    });
    assert_eq!(done.await.unwrap().unwrap().rowcount(), 1);
    let sent = server.sent();
    // One query shows what is there.
    assert!(sent[0].starts_with("BEGIN; SELECT ") && sent[0].contains("IN ('users')"), "{sent:?}");
    assert!(sent[1].starts_with("CREATE TABLE IF NOT EXISTS users"), "{sent:?}");
    assert!(sent[2].starts_with("INSERT INTO users"), "{sent:?}");
    assert_eq!(
        sent[3..],
        [
            "SELECT users.name FROM users WHERE users.id = ?",
            "UPDATE users SET name = ? WHERE id = ?",
            "COMMIT"
        ]
    );
}
