//! Spans with the fields that OpenTelemetry names for databases.

use aludel_driver::{ConnectArguments, Done, Error, Step, StepKind};
use tracing::{Span, field::Empty};

/// A span for what is sent in one go; it costs one check when nobody records.
pub(crate) fn span(system: &str, arguments: &ConnectArguments, steps: &[Step<'_>]) -> Span {
    if !tracing::enabled!(target: "aludel::statement", tracing::Level::DEBUG) {
        return Span::none();
    }
    let texts = steps.iter().filter_map(|step| match &step.kind {
        StepKind::Control(_) => None,
        StepKind::Fetch { statement, .. } => Some((statement.sql(), 1)),
        StepKind::ExecuteMany { statement, sets, .. } => Some((statement.sql(), sets.len())),
    });
    let size: usize = texts.clone().map(|(_, sets)| sets).sum();
    let text = texts.map(|(sql, _)| &**sql).next().unwrap_or("COMMIT");
    let span = tracing::debug_span!(
        target: "aludel::statement",
        "query",
        otel.kind = "client",
        db.system.name = system,
        db.namespace = arguments.database.as_deref(),
        server.address = arguments.host.as_deref(),
        server.port = arguments.port,
        db.query.text = text,
        db.operation.batch.size = Empty,
        db.response.returned_rows = Empty,
        db.response.status_code = Empty,
        error.type = Empty,
    );
    if size > 1 {
        span.record("db.operation.batch.size", size);
    }
    span
}

/// Records how it went.
pub(crate) fn record(span: &Span, done: impl Iterator<Item = Done>, error: Option<&Error>) {
    if span.is_disabled() {
        return;
    }
    span.record("db.response.returned_rows", done.map(|done| done.rows).sum::<u64>());
    if let Some(error) = error {
        span.record("error.type", tracing::field::debug(error.kind()));
        if let Some(code) = error.code() {
            span.record("db.response.status_code", code);
        }
    }
}
