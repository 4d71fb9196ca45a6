//! What `tracing` is told: spans with OpenTelemetry's names, and warnings.

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aludel_engine_pool::ExecutionOptions;
use aludel_sql_expression::text;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber,
};

use crate::mock::Server;

/// Keeps everything as lines of text.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn push(&self, metadata: &Metadata<'_>, fields: impl FnOnce(&mut Fields)) {
        let mut text = Fields(format!("{} {}", metadata.level(), metadata.target()));
        fields(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn take(&self, level: Level) -> Vec<String> {
        let mut lines = std::mem::take(&mut *self.0.lock().unwrap());
        lines.retain(|line| line.starts_with(level.as_str()));
        lines
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("aludel")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.push(attributes.metadata(), |fields| attributes.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut text = Fields("DEBUG recorded".to_owned());
        values.record(&mut text);
        self.0.lock().unwrap().push(text.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.push(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn slow_statements_and_idle_transactions_are_warned_about() {
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let server = Arc::new(Server::default());
    let patient = Duration::from_secs(60);
    let engine = server
        .engine()
        .warn_slow_statement(Duration::ZERO)
        .warn_idle_in_transaction(patient)
        .build()
        .unwrap();
    let mut conn = engine.connect().await.unwrap();
    conn.execute(text("one")).await.unwrap();
    conn.commit().await.unwrap();
    let warned = lines.take(Level::WARN);
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(
        warned[0].contains("aludel::statement") && warned[0].contains("db.query.text=\"one\""),
        "{warned:?}"
    );
    assert!(warned[0].contains("warnings.rs"), "it says who took the connection: {warned:?}");
    assert!(warned[1].contains("COMMIT"), "{warned:?}");

    let engine = server
        .engine()
        .warn_slow_statement(patient)
        .warn_idle_in_transaction(Duration::from_millis(5))
        .build()
        .unwrap();
    let mut conn = engine.connect().await.unwrap();
    // What stands alone leaves nothing idle, and neither does what goes on at once.
    conn.execute(text("one")).await.unwrap();
    conn.rollback().await.unwrap();
    std::thread::sleep(Duration::from_millis(10));
    conn.execute(text("two")).await.unwrap();
    assert_eq!(lines.take(Level::WARN), [""; 0]);
    std::thread::sleep(Duration::from_millis(10));
    conn.execute(text("three")).await.unwrap();
    std::thread::sleep(Duration::from_millis(10));
    conn.rollback().await.unwrap();
    let warned = lines.take(Level::WARN);
    assert_eq!(warned.len(), 2, "{warned:?}");
    assert!(
        warned.iter().all(|line| line.contains("aludel::transaction") && line.contains("idle_ms=")),
        "{warned:?}"
    );
}

#[tokio::test]
async fn spans_carry_the_fields_of_opentelemetry() {
    let lines = Lines::default();
    let _guard = subscriber::set_default(lines.clone());
    let server = Arc::new(Server::default());
    let engine =
        server.engine().execution_options(ExecutionOptions::new().logging_token("billing")).build().unwrap();
    let mut conn = engine.connect().await.unwrap();
    lines.take(Level::DEBUG);
    conn.execute(text("ROWS 3").returns::<(i64,)>()).all().await.unwrap();
    let told = lines.take(Level::DEBUG).join("\n");
    for field in
        ["otel.kind=\"client\"", "db.system.name=", "db.query.text=\"ROWS 3\"", "db.response.returned_rows=3"]
    {
        assert!(told.contains(field), "{field} is not in {told}");
    }
    assert!(told.contains("aludel.token=\"billing\""), "{told}");
    conn.execute(text("ERROR")).await.unwrap_err();
    let told = lines.take(Level::DEBUG).join("\n");
    assert!(told.contains("error.type=Programming"), "{told}");
}
