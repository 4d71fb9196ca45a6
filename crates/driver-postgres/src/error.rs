//! SQLSTATE to error kinds: the same mistake has the same kind on every database.

use std::{error::Error as _, io};

use aludel_driver::{DatabaseError, Error, ErrorKind, Retry};
use tokio_postgres::{
    Error as Lower,
    error::{DbError, ErrorPosition, Severity},
};

use crate::parameter::ParameterError;

/// What tokio-postgres says when a message cannot be written, which happens before anything is sent.
const ENCODING: &str = "error encoding message to server";

/// The error of a call on an open connection.
pub(crate) fn of_call(lower: Lower, target: &str, lost: Option<&str>) -> Error {
    if let Some(database) = lower.as_db_error() {
        return of_server(database).with_source(lower);
    }
    if let Some(parameter) = lower.source().and_then(|source| source.downcast_ref::<ParameterError>()) {
        return Error::new(ErrorKind::Data, parameter.to_string());
    }
    if lower.to_string() == ENCODING {
        let message = format!("the statement cannot be sent: {}", describe(&lower));
        return Error::new(ErrorKind::Argument, message).with_source(lower);
    }
    let is_lost = lower.is_closed() || lower.source().is_some_and(|source| source.is::<io::Error>());
    if is_lost {
        let reason = lost.map_or_else(|| describe(&lower), str::to_owned);
        let message = format!("the connection to PostgreSQL at {target} was lost: {reason}");
        return Error::new(ErrorKind::Operational, message).with_disconnect().with_source(lower);
    }
    let message = format!(
        "PostgreSQL at {target} answered in a way that this call does not understand, and the connection is closed: {}",
        describe(&lower)
    );
    Error::new(ErrorKind::Internal, message).with_disconnect().with_source(lower)
}

/// The error of a connection that could not be opened; `who` says where to and as whom.
pub(crate) fn of_connecting(lower: Lower, who: &str) -> Error {
    let code = lower.code().map(|code| code.code().to_owned());
    let advice = match code.as_deref() {
        Some("28P01" | "28000") => "; check the user and the password, and the server's pg_hba.conf",
        Some("3D000") => "; create the database, or name another",
        Some("53300") => "; the server has no connection left: open fewer, or raise max_connections",
        Some("57P03") => "; the server starts or stops: try again soon",
        Some(_) => "",
        None if is_refused(&lower) => "; does a server run there, and does it listen on this port?",
        None => "",
    };
    let message = format!("could not connect to PostgreSQL at {who}: {}{advice}", describe(&lower));
    let error = Error::new(ErrorKind::Operational, message);
    match lower.as_db_error() {
        Some(database) => error.with_database_error(told(database)),
        None => error,
    }
    .with_source(lower)
}

fn is_refused(lower: &Lower) -> bool {
    let cause = lower.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        matches!(cause.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)
    })
}

/// The error's own words and those of its cause, which tokio-postgres keeps apart.
pub(crate) fn describe(lower: &Lower) -> String {
    match (lower.as_db_error(), lower.source()) {
        (Some(database), _) => words(database),
        (None, Some(source)) => format!("{lower}: {source}"),
        (None, None) => lower.to_string(),
    }
}

/// Whether a cached statement does not fit its tables any more, or is gone from the server.
pub(crate) fn is_stale(lower: &Lower) -> bool {
    // 0A000 stands for much else; the routine's name, unlike the message, is not translated.
    lower.as_db_error().is_some_and(|database| match database.code().code() {
        "26000" => true,
        "0A000" => {
            database.routine() == Some("RevalidateCachedQuery")
                || database.message().starts_with("cached plan must not")
        }
        _ => false,
    })
}

fn of_server(database: &DbError) -> Error {
    let code = database.code().code();
    let fatal = matches!(database.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    let disconnect = fatal || code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05");
    let kind = kind_of(code, database.message(), disconnect);
    let error = Error::new(kind, words(database)).with_database_error(told(database));
    let error = match code {
        "40001" | "40P01" => error.with_retry(Retry::Transaction),
        _ => error,
    };
    if disconnect { error.with_disconnect() } else { error }
}

fn kind_of(code: &str, message: &str, disconnect: bool) -> ErrorKind {
    if disconnect {
        return ErrorKind::Operational;
    }
    match code {
        "25P02" => return ErrorKind::PendingRollback,
        "40002" | "44000" => return ErrorKind::Integrity,
        // The server has one code for both; only the words tell a limit from a request.
        "57014" if message.contains("timeout") => return ErrorKind::Timeout,
        _ => {}
    }
    match code.get(..2).unwrap_or_default() {
        "0A" => ErrorKind::NotSupported,
        "22" => ErrorKind::Data,
        "23" => ErrorKind::Integrity,
        "25" | "2D" | "3B" => ErrorKind::InvalidRequest,
        "28" | "40" | "53" | "54" | "55" | "57" | "58" | "F0" | "HV" => ErrorKind::Operational,
        "XX" => ErrorKind::Internal,
        _ => ErrorKind::Programming,
    }
}

fn words(database: &DbError) -> String {
    let mut text = database.message().to_owned();
    if let Some(ErrorPosition::Original(position)) = database.position() {
        text.push_str(&format!(" (at character {position})"));
    }
    if let Some(hint) = database.hint() {
        text.push_str("; hint: ");
        text.push_str(hint);
    }
    text
}

fn told(database: &DbError) -> DatabaseError {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    DatabaseError {
        code: Some(database.code().code().to_owned()),
        constraint: owned(database.constraint()),
        table: owned(database.table()),
        column: owned(database.column()),
        detail: owned(database.detail()),
    }
}
