//! Sending the words of one database, and counting what is sent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aludel::{prelude::*, sql::trusted};

/// Sends statements as they are, one by one.
pub async fn send(conn: &mut Connection, statements: &[&str]) {
    for statement in statements {
        // Sent past the expression language, so that a colon in it is no parameter.
        conn.exec_driver_sql(trusted((*statement).to_owned()), Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

/// How many statements an engine sends from now on.
pub fn count(engine: &Engine) -> Arc<AtomicUsize> {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = sent.clone();
    engine.events().before_cursor_execute.listen(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    sent
}

/// How many were sent since it was asked last.
pub fn since(sent: &AtomicUsize) -> usize {
    sent.swap(0, Ordering::Relaxed)
}
