//! What goes to `tracing`: the server's notices, and warnings about files that are passed over.

use std::{
    fmt::{self, Write as _},
    sync::{Arc, Mutex},
};

use aludel_driver::{ConnectArguments, Driver};
use aludel_driver_postgres::{Notice, NoticeSeverity, PostgresDriver};
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

#[tokio::test]
async fn notices_of_the_server_go_to_those_who_listen() {
    let Some(arguments) = server::arguments() else { return };
    // `tracing` settles for the whole process who wants an event when one is there first.
    let _guard = tracing::subscriber::set_default(Log::default());
    let heard = Arc::new(Mutex::new(Vec::<Notice>::new()));
    let keeping = heard.clone();
    let driver = PostgresDriver::new().on_notice(move |notice| {
        keeping.lock().unwrap().push(notice.clone());
        assert!(notice.message != "panic", "asked for");
    });
    let mut connection = driver.connect(&arguments).await.unwrap();
    server::batch(
        &mut *connection,
        "DO $$ BEGIN RAISE NOTICE 'panic'; RAISE WARNING 'beware' USING DETAIL = 'of the dog', HINT = 'run', ERRCODE = '01XYZ'; \
         END $$",
    )
    .await;
    // They are told before the answer is.
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.len(), 2);
    assert_eq!((heard[0].severity, heard[0].code.as_str()), (NoticeSeverity::Notice, "00000"));
    let warning = &heard[1];
    assert_eq!((warning.severity, warning.code.as_str()), (NoticeSeverity::Warning, "01XYZ"));
    assert_eq!((warning.detail.as_deref(), warning.hint.as_deref()), (Some("of the dog"), Some("run")));
    assert!(warning.context.as_deref().unwrap().contains("inline_code_block"));
    assert_eq!(warning.target, arguments.target());
    connection.ping().await.unwrap();
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
