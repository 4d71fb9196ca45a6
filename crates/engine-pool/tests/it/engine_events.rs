//! The events of engines and connections; those of pools stand in `pool_events`.

use std::sync::{Arc, Mutex};

use aludel_engine_pool::{ErrorKind, ExecutionOptions};
use aludel_sql_expression::{Executable, StatementNode, text};

use crate::mock::Server;

#[tokio::test]
async fn statements_can_be_replaced_before_they_are_compiled() {
    let server = Arc::new(Server::default());
    let engine = server.engine().autocommit(true).build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (connects, dones) = (told.clone(), told.clone());
    engine.events().engine_connect.listen(move |id| {
        connects.lock().unwrap().push(format!("connection {id}"));
        Ok(())
    });
    engine.events().before_execute.listen(|event| {
        let StatementNode::Text(node) = &*event.statement else { return Ok(()) };
        match format!("{node:?}").contains("one") {
            true => *event.statement = text("ROWS 2").node(),
            false => {
                return Err(aludel_engine_pool::Error::new(ErrorKind::Custom, "not on my watch"));
            }
        }
        Ok(())
    });
    engine.events().after_execute.listen(move |event| {
        dones.lock().unwrap().push(format!("{} rows", event.done.rows));
        Ok(())
    });
    let mut conn = engine.connect().await.unwrap();
    let rows = conn.execute(text("one").returns::<(i64,)>()).all().await.unwrap();
    assert_eq!(rows.len(), 2);
    let refused = conn.execute(text("two")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Custom);
    // What a driver is given as it is goes past it.
    conn.exec_driver_sql("three", Vec::new()).await.unwrap();
    assert_eq!(server.sent(), ["ROWS 2", "three"]);
    let id = conn.id().unwrap();
    assert_eq!(*told.lock().unwrap(), [format!("connection {id}"), "2 rows".to_owned()]);
}

#[tokio::test]
async fn a_stream_tells_of_itself_when_it_ends() {
    let server = Arc::new(Server::default());
    let engine = server.engine().execution_options(ExecutionOptions::new().yield_per(2)).build().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let after = told.clone();
    engine.events().after_cursor_execute.listen(move |event| {
        after.lock().unwrap().push((event.sql.to_owned(), event.done.rows));
        Ok(())
    });
    let mut conn = engine.connect().await.unwrap();
    let mut stream = conn.stream(text("ROWS 5").returns::<(i64,)>()).await.unwrap();
    while stream.next().await.unwrap().is_some() {}
    drop(stream);
    assert_eq!(*told.lock().unwrap(), [("ROWS 5".to_owned(), 5)]);
}
