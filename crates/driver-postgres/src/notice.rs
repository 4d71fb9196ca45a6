//! [`Notice`]: what the server says beside its answers, and who is told.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio_postgres::error::{DbError, Severity, SqlState};

/// What the server says beside its answers: `RAISE NOTICE` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// How much it matters.
    pub severity: NoticeSeverity,
    /// The SQLSTATE: `00000` unless something else was said.
    pub code: String,
    /// The words.
    pub message: String,
    /// More words.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it was said: the functions that were running.
    pub context: Option<String>,
    /// The server and database that the connection goes to.
    pub target: String,
}

/// How much a [`Notice`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoticeSeverity {
    /// For developers.
    Debug,
    /// For the server's own log.
    Log,
    /// Asked for.
    Info,
    /// Of use to know.
    Notice,
    /// Something may be wrong.
    Warning,
}

/// Who is told of notices.
#[derive(Clone)]
pub(crate) struct NoticeListener(Arc<dyn Fn(&Notice) + Send + Sync>);

impl NoticeListener {
    pub(crate) fn new(listener: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }
}

impl fmt::Debug for NoticeListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NoticeListener")
    }
}

/// Tells a notice to `tracing`, and to those who listen.
pub(crate) fn tell(notice: &DbError, target: &str, listener: Option<&NoticeListener>) {
    let (code, message) = (notice.code().code(), notice.message());
    // A rollback where nothing is open happens when the state was not known, and is meant.
    let expected = *notice.code() == SqlState::NO_ACTIVE_SQL_TRANSACTION;
    match notice.parsed_severity() {
        Some(Severity::Warning) if !expected => {
            tracing::warn!(server.address = %target, code, detail = notice.detail(), "{message}");
        }
        Some(Severity::Notice | Severity::Info) => {
            tracing::info!(server.address = %target, code, detail = notice.detail(), "{message}");
        }
        _ => tracing::debug!(server.address = %target, code, detail = notice.detail(), "{message}"),
    }
    if let Some(listener) = listener
        && !expected
    {
        let notice = of_server(notice, target);
        // It runs in the task that moves the connection's bytes, which must go on.
        if catch_unwind(AssertUnwindSafe(|| (listener.0)(&notice))).is_err() {
            tracing::error!(server.address = %target, "a listener for notices panicked");
        }
    }
}

fn of_server(notice: &DbError, target: &str) -> Notice {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Notice {
        severity: match notice.parsed_severity() {
            Some(Severity::Debug) => NoticeSeverity::Debug,
            Some(Severity::Log) => NoticeSeverity::Log,
            Some(Severity::Info) => NoticeSeverity::Info,
            Some(Severity::Warning) => NoticeSeverity::Warning,
            _ => NoticeSeverity::Notice,
        },
        code: notice.code().code().to_owned(),
        message: notice.message().to_owned(),
        detail: owned(notice.detail()),
        hint: owned(notice.hint()),
        context: owned(notice.where_()),
        target: target.to_owned(),
    }
}
