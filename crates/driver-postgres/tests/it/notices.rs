//! What goes to `tracing`: the server's notices, and warnings about files that are passed over.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use aludel_driver::{ConnectArguments, Driver};
use aludel_driver_postgres::PostgresDriver;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use crate::{
    folder::{Folder, set_mode},
    listener::Listener,
    server,
};

/// Keeps the events of this thread, each with its level and fields in one line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Log {
    fn lines(&self) -> Vec<(Level, String)> {
        self.0.lock().unwrap().clone()
    }

    /// Whether there is an event of a level with these words.
    fn has(&self, level: Level, words: &[&str]) -> bool {
        self.lines().iter().any(|(own, line)| *own == level && words.iter().all(|word| line.contains(word)))
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("aludel")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn notices_of_the_server_go_to_tracing() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let Some(mut connection) = server::connect().await else { return };
    server::batch(
        &mut *connection,
        "DO $$ BEGIN RAISE WARNING 'beware' USING DETAIL = 'of the dog'; RAISE NOTICE 'look here'; RAISE LOG 'quiet'; END $$",
    )
    .await;
    connection.ping().await.unwrap();
    let target = server::arguments().unwrap().target();
    assert!(log.has(Level::WARN, &["beware", "of the dog", "01000", &target]), "{:?}", log.lines());
    assert!(log.has(Level::INFO, &["look here"]), "{:?}", log.lines());
    // A rollback where nothing is open is meant so.
    server::batch(&mut *connection, "ROLLBACK").await;
    connection.ping().await.unwrap();
    assert!(!log.has(Level::WARN, &["no transaction"]), "{:?}", log.lines());
}

#[cfg(unix)]
#[test]
fn a_password_file_that_others_can_read_is_warned_about() {
    let folder = Folder::new();
    let path = folder.write("passwords", "*:*:*:*:hidden-word");
    set_mode(std::path::Path::new(&path), 0o644);
    let log = Log::default();
    // Files are read on another thread.
    let for_threads = log.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .on_thread_start(move || {
            // Held as long as the thread lives.
            std::mem::forget(tracing::subscriber::set_default(for_threads.clone()));
        })
        .build()
        .unwrap();
    let listener = Listener::new();
    let arguments = ConnectArguments {
        host: Some("127.0.0.1".to_owned()),
        port: Some(listener.port()),
        username: Some("reader".to_owned()),
        ..ConnectArguments::default()
    };
    let variable = path.clone();
    let driver =
        PostgresDriver::new().with_environment(move |name| (name == "PGPASSFILE").then(|| variable.clone()));
    driver.check(&arguments).unwrap();
    let (told, _) = runtime.block_on(listener.hear(&driver, &arguments));
    assert_eq!(told.password, None);
    assert!(log.has(Level::WARN, &[&path, "can be read by others", "chmod 0600"]), "{:?}", log.lines());
    assert!(!format!("{:?}", log.lines()).contains("hidden-word"));
}
