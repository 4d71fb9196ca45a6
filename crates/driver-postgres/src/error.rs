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

/// What it says when a handshake fails.
#[cfg(feature = "tls")]
const HANDSHAKE: &str = "error performing TLS handshake";

/// The error of a call on an open connection.
pub(crate) fn of_call(lower: Lower, target: &str, lost: Option<&str>) -> Error {
    if let Some(database) = lower.as_db_error() {
        return of_server(database).with_source(lower);
    }
    if let Some(parameter) = lower.source().and_then(|source| source.downcast_ref::<ParameterError>()) {
        return Error::new(ErrorKind::Data, parameter.to_string()).with_parameter(parameter.number);
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

/// The error of a connection that could not be opened; `more` says what else is known. Whoever gives it to the outside says
/// where to and as whom.
pub(crate) fn of_connecting(lower: Lower, more: &str) -> Error {
    let code = lower.code().map(|code| code.code().to_owned());
    let words = describe(&lower);
    let advice = match code.as_deref() {
        Some("28000") if words.contains("certificate") => {
            "; set sslcert and sslkey to a client certificate for this user"
        }
        Some("28000") if words.contains("no encryption") || words.contains("SSL off") => {
            "; the server may take only encrypted connections here: sslmode=require"
        }
        Some("28P01" | "28000") => "; check the user and the password, and the server's pg_hba.conf",
        Some("3D000") => "; create the database, or name another",
        Some("53300") => "; the server has no connection left: open fewer, or raise max_connections",
        Some("57P03") => "; the server starts or stops: try again soon",
        Some("08P01") if words.contains("startup parameter") => {
            "; a pooler such as PgBouncer passes no settings on at the start: leave `options` (PGOPTIONS) out, give              the setting to the role or database (ALTER ROLE .. SET), or use prepare_mode=unnamed, which sends              statement_timeout with each transaction"
        }
        Some("08P01") if words.contains("SSL required") => "; use sslmode=require",
        Some(_) => "",
        None if is_refused(&lower) => "; does a server run there, and does it listen on this port?",
        None if words.contains("does not support TLS") => {
            "; turn `ssl` on in the server's postgresql.conf, or use sslmode=prefer where the network is safe"
        }
        None if words.contains("channel binding") => {
            "; channel_binding=require needs TLS up to the server itself, and a password checked by SCRAM"
        }
        None if words.contains("password missing") => {
            "; put it into the URL, PGPASSWORD or the password file (~/.pgpass)"
        }
        None => "",
    };
    let message = format!("{words}{advice}{more}");
    let error = Error::new(ErrorKind::Operational, message);
    match lower.as_db_error() {
        Some(database) => error.with_database_error(told(database)),
        None => error,
    }
    .with_source(lower)
}

/// Whether TLS itself failed.
#[cfg(feature = "tls")]
pub(crate) fn is_encryption(lower: &Lower) -> bool {
    lower.to_string() == HANDSHAKE || crate::handshake::tls_error(lower).is_some()
}

/// Whether TLS itself failed, which nothing does without it.
#[cfg(not(feature = "tls"))]
pub(crate) fn is_encryption(_lower: &Lower) -> bool {
    false
}

/// Whether a refusal may be about encryption, so that trying again with more or less of it can help: TLS failed, or the
/// server has no rule for this user and host with or without it.
pub(crate) fn may_be_encryption(lower: &Lower) -> bool {
    let is_refused = lower.as_db_error().is_some_and(|database| match database.code().code() {
        "28000" => true,
        // PgBouncer's word for it.
        "08P01" => database.message().contains("SSL required"),
        _ => false,
    });
    is_encryption(lower) || is_refused
}

fn is_refused(lower: &Lower) -> bool {
    let cause = lower.source().and_then(|source| source.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| {
        matches!(cause.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)
    })
}

/// The error's own words and those of its cause, which tokio-postgres keeps apart.
pub(crate) fn describe(lower: &Lower) -> String {
    #[cfg(feature = "tls")]
    if let Some(reason) = crate::handshake::explain(lower) {
        return reason;
    }
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

/// Where in a COPY an error is, in the server's words: `COPY author, line 3, column id: "x"`.
pub(crate) fn place_of_copy(lower: &Lower) -> Option<&str> {
    // The functions of triggers stand before it.
    lower.as_db_error()?.where_()?.lines().find(|line| line.starts_with("COPY "))
}

/// The number of the line or row that it names, whatever the server's language, for a table as it is written in SQL. None
/// also for a name so odd that it cannot be told from the rest.
pub(crate) fn line_of_copy(lower: &Lower, table: &str) -> Option<u64> {
    let name = table.rsplit('.').next()?.trim_matches('"');
    let rest = place_of_copy(lower)?.strip_prefix("COPY ")?.strip_prefix(name)?.strip_prefix(", ")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).find_map(|digits| digits.parse().ok())
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
