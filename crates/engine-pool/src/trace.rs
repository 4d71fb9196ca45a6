//! Spans with the fields that OpenTelemetry names for databases.

use std::{panic::Location, sync::Arc, time::Duration};

use aludel_driver::{ConnectArguments, Done, Error, Step, StepKind};
use tracing::{Span, field::Empty};

/// Whether anybody records what is sent.
#[inline]
pub(crate) fn is_recording() -> bool {
    tracing::enabled!(target: "aludel::statement", tracing::Level::DEBUG)
}

/// A span for what is sent in one go; it costs one check when nobody records.
pub(crate) fn span(
    system: &str,
    arguments: &ConnectArguments,
    token: Option<&str>,
    steps: &[Step<'_>],
) -> Span {
    if !is_recording() {
        return Span::none();
    }
    let texts = texts(steps);
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
        aludel.token = token,
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

/// Warns of a statement that took long.
#[cold]
pub(crate) fn warn_of_slow(steps: &[Step<'_>], elapsed: Duration, place: &Location<'_>) {
    let text = texts(steps).map(|(sql, _)| &**sql).next().unwrap_or("COMMIT");
    tracing::warn!(
        target: "aludel::statement",
        {
            db.query.text = text,
            elapsed_ms = elapsed.as_millis(),
            statements = steps.len(),
            connected_at = %place,
        },
        "a statement was slow",
    );
}

/// Warns of a transaction that was left idle.
#[cold]
pub(crate) fn warn_of_idling(idle: Duration, place: &Location<'_>) {
    tracing::warn!(
        target: "aludel::transaction",
        idle_ms = idle.as_millis(),
        connected_at = %place,
        "a transaction was left idle: it holds locks, and keeps the database from cleaning up",
    );
}

/// The statements, and for how many sets of parameters each is sent.
fn texts<'a>(steps: &'a [Step<'_>]) -> impl Iterator<Item = (&'a Arc<str>, usize)> + Clone {
    steps.iter().filter_map(|step| match &step.kind {
        StepKind::Control(_) => None,
        StepKind::Fetch { statement, .. } => Some((statement.sql(), 1)),
        StepKind::ExecuteMany { statement, sets, .. } => Some((statement.sql(), sets.len())),
    })
}
