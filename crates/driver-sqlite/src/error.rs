//! What SQLite's error codes mean.

use aludel_driver::{DatabaseError, Error, ErrorKind, Retry};
use rusqlite::{
    Error as Native,
    ffi::{self, ErrorCode},
};

/// The code of a transaction that began by reading and cannot write any more: waiting cannot help.
const BUSY_SNAPSHOT: i32 = ffi::SQLITE_BUSY_SNAPSHOT;

/// How an extension is loaded.
const EXTENSIONS: &str = "SQL cannot load extensions here: name those that the program trusts by `SqliteDriver::extension`, \
                          with the feature `load_extension`";

/// Whether the database is locked, and asking again can help.
pub(crate) fn is_busy(native: &Native) -> bool {
    failure(native).is_some_and(|error| {
        matches!(error.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
            && error.extended_code != BUSY_SNAPSHOT
    })
}

/// Whether somebody interrupted the statement.
pub(crate) fn is_interrupt(native: &Native) -> bool {
    failure(native).is_some_and(|error| error.code == ErrorCode::OperationInterrupted)
}

/// The error for a connection that a worker did not give back.
pub(crate) fn lost(target: &str) -> Error {
    Error::new(
        ErrorKind::Operational,
        format!(
            "the connection to `{target}` cannot be used any more: a call was dropped half-way and did not end in time, \
             or its runtime was shut down"
        ),
    )
    .with_disconnect()
}

/// The error for a call in a transaction that SQLite undid by itself.
pub(crate) fn rolled_back() -> Error {
    Error::new(
        ErrorKind::PendingRollback,
        "SQLite rolled the whole transaction back when an earlier statement failed or was interrupted; call rollback, \
         and do the transaction again",
    )
}

/// Our error for SQLite's.
pub(crate) fn translate(native: Native) -> Error {
    let Some(error) = failure(&native) else {
        return translate_usage(native);
    };
    let (code, extended) = (error.code, error.extended_code);
    let (message, offset) = match &native {
        Native::SqliteFailure(_, message) => (message.clone(), None),
        Native::SqlInputError { msg, offset, .. } => (Some(msg.clone()), usize::try_from(*offset).ok()),
        _ => (None, None),
    };
    let message = message.unwrap_or_else(|| ffi::code_to_str(extended).to_owned());
    let message = match code {
        // What the SQL function `load_extension` says, whatever is asked of it.
        ErrorCode::Unknown if message == "not authorized" => format!("{message}; {EXTENSIONS}"),
        _ => message,
    };
    let (kind, retry) = classify(code, extended, &message);
    let mut database = named_things(extended, &message);
    database.code = Some(extended.to_string());
    // SQLite's own words for a syntax error do not say where it is when the same word comes twice.
    database.detail =
        offset.filter(|_| message.contains("syntax error")).map(|offset| format!("at byte {offset}"));
    let text = match extended {
        BUSY_SNAPSHOT => {
            "the transaction cannot write: it began by reading, and another connection has written since, \
                          so that what it read is out of date; roll back, and begin such a transaction with \
                          BeginMode::Immediate (database is locked, SQLITE_BUSY_SNAPSHOT)"
                .to_owned()
        }
        _ => format!("{}: {message}", attempted(code)),
    };
    // The native error repeats the whole text of the statement, or of a script, which our error shows already.
    let native = match native {
        Native::SqlInputError { error, msg, .. } => Native::SqliteFailure(error, Some(msg)),
        native => native,
    };
    Error::new(kind, text).with_database_error(database).with_retry(retry).with_source(native)
}

/// Errors of rusqlite itself: how it was called.
fn translate_usage(native: Native) -> Error {
    let (kind, message) = match &native {
        Native::MultipleStatement => (
            ErrorKind::Programming,
            "the text holds several statements; run it as a script with `batch`".to_owned(),
        ),
        Native::NulError(_) => (ErrorKind::Argument, "the text holds a NUL character".to_owned()),
        Native::InvalidPath(path) => {
            (ErrorKind::Argument, format!("`{}` is not a path for SQLite", path.display()))
        }
        Native::ExecuteReturnedResults => {
            (ErrorKind::Internal, "SQLite gave rows where it announced none".to_owned())
        }
        native => (ErrorKind::Internal, native.to_string()),
    };
    Error::new(kind, message).with_source(native)
}

fn failure(native: &Native) -> Option<&ffi::Error> {
    match native {
        Native::SqliteFailure(error, _) | Native::SqlInputError { error, .. } => Some(error),
        _ => None,
    }
}

fn classify(code: ErrorCode, extended: i32, message: &str) -> (ErrorKind, Retry) {
    let kind = match code {
        // A value of the wrong type in a STRICT table.
        ErrorCode::ConstraintViolation if extended == ffi::SQLITE_CONSTRAINT_DATATYPE => ErrorKind::Data,
        ErrorCode::ConstraintViolation => ErrorKind::Integrity,
        ErrorCode::TooBig | ErrorCode::TypeMismatch => ErrorKind::Data,
        ErrorCode::Unknown => match message {
            "integer overflow" | "malformed JSON" | "malformed JSONB" => ErrorKind::Data,
            _ if message.contains("within a transaction") || message.contains("no transaction is active") => {
                ErrorKind::InvalidRequest
            }
            _ => ErrorKind::Programming,
        },
        // As in a read-only transaction of another database.
        ErrorCode::ReadOnly => ErrorKind::InvalidRequest,
        ErrorCode::ParameterOutOfRange | ErrorCode::AuthorizationForStatementDenied => ErrorKind::Programming,
        ErrorCode::InternalMalfunction
        | ErrorCode::DatabaseCorrupt
        | ErrorCode::ApiMisuse
        | ErrorCode::NotFound => ErrorKind::Internal,
        _ => ErrorKind::Operational,
    };
    let retry = match code {
        ErrorCode::DatabaseBusy if extended == BUSY_SNAPSHOT => Retry::Transaction,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::SchemaChanged => Retry::Statement,
        ErrorCode::OperationAborted => Retry::Transaction,
        _ => Retry::No,
    };
    (kind, retry)
}

/// What went wrong, in a few words before SQLite's own.
fn attempted(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::ConstraintViolation => "the statement violates a constraint",
        ErrorCode::TooBig | ErrorCode::TypeMismatch => "a value does not fit",
        ErrorCode::Unknown | ErrorCode::AuthorizationForStatementDenied | ErrorCode::ParameterOutOfRange => {
            "SQLite refuses the statement"
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => "the database is in use elsewhere",
        ErrorCode::ReadOnly => "the statement writes, but the connection or the file is read-only",
        ErrorCode::OperationInterrupted => "the statement was cancelled",
        ErrorCode::DiskFull => "there is no room for what the statement writes",
        ErrorCode::SystemIoFailure => "the file could not be read or written",
        ErrorCode::DatabaseCorrupt => "the file is damaged",
        ErrorCode::NotADatabase => "the file is no SQLite database",
        _ => "SQLite failed",
    }
}

/// The things that SQLite names in its message.
fn named_things(extended: i32, message: &str) -> DatabaseError {
    let mut database = DatabaseError::default();
    let after = |prefix: &str| message.strip_prefix(prefix).map(str::trim);
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            if let Some(columns) = after("UNIQUE constraint failed:") {
                // An index over expressions is named itself: index 'name'.
                if let Some(index) = columns.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\''))
                {
                    database.constraint = Some(index.to_owned());
                } else {
                    let columns: Vec<_> =
                        columns.split(", ").filter_map(|column| column.rsplit_once('.')).collect();
                    database.table = columns.first().map(|(table, _)| (*table).to_owned());
                    let names: Vec<_> = columns.iter().map(|(_, column)| *column).collect();
                    database.column = Some(names.join(", ")).filter(|names| !names.is_empty());
                }
            }
        }
        ffi::SQLITE_CONSTRAINT_NOTNULL => {
            let names = after("NOT NULL constraint failed:").and_then(|names| names.rsplit_once('.'));
            (database.table, database.column) = names.unzip_owned();
        }
        ffi::SQLITE_CONSTRAINT_CHECK => {
            database.constraint = after("CHECK constraint failed:").map(str::to_owned);
        }
        ffi::SQLITE_CONSTRAINT_DATATYPE => {
            let names = message.rsplit_once(' ').and_then(|(_, names)| names.rsplit_once('.'));
            (database.table, database.column) = names.unzip_owned();
        }
        ffi::SQLITE_ERROR => {
            let existing = after("table ").and_then(|rest| rest.strip_suffix(" already exists"));
            database.table = after("no such table:").or(existing).map(|table| {
                let table = table.rsplit_once('.').map_or(table, |(_, table)| table);
                table.trim_matches(['"', '`', '\'']).to_owned()
            });
            database.column = after("no such column:").or(after("ambiguous column name:")).map(|column| {
                // SQLite adds a question to a name in double quotes.
                let column = column.split_once(" - should this be").map_or(column, |(column, _)| column);
                let column = column.rsplit_once('.').map_or(column, |(_, column)| column);
                column.trim_matches('"').to_owned()
            });
        }
        _ => {}
    }
    database
}

/// Two names or none.
trait UnzipOwned {
    fn unzip_owned(self) -> (Option<String>, Option<String>);
}

impl UnzipOwned for Option<(&str, &str)> {
    fn unzip_owned(self) -> (Option<String>, Option<String>) {
        self.map(|(left, right)| (left.to_owned(), right.to_owned())).unzip()
    }
}
