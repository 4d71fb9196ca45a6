//! Error numbers to error kinds: the same mistake has the same kind on every database.

use std::io;

use aludel_driver::{DatabaseError, Error, ErrorKind, Retry};
use mysql_async::{DriverError, Error as Lower, IoError, ServerError};

use crate::{complaint, tls};

/// The server cannot prepare this statement.
pub(crate) const CANNOT_PREPARE: u16 = 1295;
/// The statement was cancelled.
pub(crate) const CANCELLED: u16 = 1317;
/// There is no XA branch of this name.
pub(crate) const NO_BRANCH: &str = "1397";
/// The XA branch was rolled back.
pub(crate) const ROLLED_BACK: &str = "1402";
/// The statement's text is empty.
pub(crate) const EMPTY: u16 = 1065;
/// The statement's text is no SQL.
const SYNTAX: u16 = 1064;
/// The server does not know the prepared statement, or cannot prepare it anew by itself.
const STALE: [u16; 2] = [1243, 1615];

/// The server's number of an error.
pub(crate) fn code(lower: &Lower) -> Option<u16> {
    match lower {
        Lower::Server(server) => Some(server.code),
        _ => None,
    }
}

/// Whether a cached statement must be prepared anew; the server has not executed it.
pub(crate) fn is_stale(lower: &Lower) -> bool {
    code(lower).is_some_and(|code| STALE.contains(&code))
}

/// Whether a code is that of a statement that was cancelled or took too long for the server.
pub(crate) fn is_cancellation(code: &str) -> bool {
    matches!(code, "1317" | "1969" | "3024")
}

/// Whether the server found the error before the statement could do anything, also to the transaction.
pub(crate) fn is_before_execution(lower: &Lower) -> bool {
    code(lower).is_some_and(|code| matches!(code, SYNTAX | CANNOT_PREPARE | EMPTY))
}

/// Whether the error may have rolled the whole transaction back.
pub(crate) fn may_end_transaction(lower: &Lower) -> bool {
    // Deadlock; lock timeout, where the server is so configured; snapshot changed; a full lock table; XA; a killed
    // connection.
    code(lower).is_none_or(|code| {
        matches!(code, 1213 | 1205 | 1020 | 1206 | 1180 | 1181 | 1317 | 1402 | 1613 | 1614)
    })
}

/// The error of a call on an open connection.
pub(crate) fn of_call(lower: Lower) -> Error {
    match &lower {
        Lower::Server(server) => of_server(server).with_source(lower),
        Lower::Io(IoError::Io(cause)) => {
            let words = match cause.kind() {
                io::ErrorKind::UnexpectedEof => "the server closed it".to_owned(),
                _ => cause.to_string(),
            };
            lost(words, lower)
        }
        Lower::Driver(DriverError::LocalInfile(_)) => {
            let message =
                "LOAD DATA LOCAL INFILE is not supported by the MySQL driver, and the connection is closed";
            Error::new(ErrorKind::NotSupported, message).with_disconnect().with_source(lower)
        }
        Lower::Driver(DriverError::ConnectionClosed) => lost("it is closed".to_owned(), lower),
        _ => {
            let message = format!(
                "the server answered in a way that cannot be read, and the connection is closed: {lower}"
            );
            Error::new(ErrorKind::Internal, message).with_disconnect().with_source(lower)
        }
    }
}

/// The error of a connection that could not be opened; the target says where to and as whom.
pub(crate) fn of_connecting(lower: Lower, target: &str) -> Error {
    let (words, advice) = tls::complaint(&lower).unwrap_or_else(|| (words_of(&lower), advice_of(&lower)));
    let error = Error::new(
        ErrorKind::Operational,
        format!("could not connect to MySQL at {target}: {words}{advice}"),
    );
    match &lower {
        Lower::Server(server) => error.with_database_error(DatabaseError {
            code: Some(server.code.to_string()),
            ..DatabaseError::default()
        }),
        _ => error,
    }
    .with_source(lower)
}

fn words_of(lower: &Lower) -> String {
    match lower {
        Lower::Server(server) => server.message.clone(),
        Lower::Io(IoError::Io(cause)) => cause.to_string(),
        Lower::Driver(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

/// What to do about a connection that could not be opened.
fn advice_of(lower: &Lower) -> &'static str {
    match lower {
        Lower::Server(server) => match server.code {
            1044 | 1045 | 1698 => {
                "; check the user, the password, from where the server lets this user in, and whether it asks this user \
                 for TLS"
            }
            3159 => "; use `ssl_mode=required` or more",
            1049 => "; create the database, or name another",
            1040 | 1203 | 1226 => "; the server has no connection left: open fewer, or raise its limit",
            _ => "",
        },
        Lower::Io(IoError::Io(cause))
            if matches!(cause.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) =>
        {
            "; does a server run there, and does it listen there?"
        }
        _ => "",
    }
}

fn lost(words: String, lower: Lower) -> Error {
    Error::new(ErrorKind::Operational, format!("the connection to MySQL was lost: {words}"))
        .with_disconnect()
        .with_source(lower)
}

fn of_server(server: &ServerError) -> Error {
    let error = Error::new(kind_of(server), server.message.clone())
        .with_database_error(complaint::read(server))
        .with_retry(retry_of(server.code));
    if is_disconnect(server) { error.with_disconnect() } else { error }
}

/// The error that a warning would have been, had the statement not been told to go on.
pub(crate) fn of_warning(code: u16, message: String) -> Error {
    let state = match code {
        1048 | 1062 | 1451 | 1452 | 4025 => "23000",
        _ => "HY000",
    };
    of_server(&ServerError { code, message, state: state.to_owned() })
}

fn retry_of(code: u16) -> Retry {
    match code {
        // A deadlock, and a row that changed since the snapshot: all of the transaction is undone.
        1213 | 1020 | 1614 => Retry::Transaction,
        1205 => Retry::Statement,
        _ => Retry::No,
    }
}

/// The server shuts down, or has ended this connection.
fn is_disconnect(server: &ServerError) -> bool {
    match server.code {
        1053 | 1077 | 1079 | 1080 | 1152..=1161 | 1184 | 1927 | 3169 => true,
        // MariaDB has another error under this number.
        4031 => server.message.contains("inactivity"),
        _ => false,
    }
}

/// The kind of an error: by its number where the SQLSTATE says nothing or something else than on other databases.
fn kind_of(server: &ServerError) -> ErrorKind {
    if is_disconnect(server) {
        return ErrorKind::Operational;
    }
    match server.code {
        // Duplicates; foreign keys; NULL; checks; no partition for the row, which is a check elsewhere.
        1022 | 1062 | 1169 | 1586 | 1859 => ErrorKind::Integrity,
        1216 | 1217 | 1451 | 1452 | 1761 | 1762 => ErrorKind::Integrity,
        1048 | 1138 | 1263 | 1364 => ErrorKind::Integrity,
        1369 | 3819 | 1526 | 1748 | 1863 => ErrorKind::Integrity,
        // A line of LOAD DATA with too few or too many fields; out of range, not convertible, too long, truncated, no member
        // of an ENUM; no valid text; no JSON.
        1261 | 1262 | 1264 | 1265 | 1292 | 1365 | 1366 | 1367 | 1406 | 1411 | 1416 | 1441 | 1525 | 1690
        | 1916 => ErrorKind::Data,
        1300 | 1301 | 1977 | 3854 => ErrorKind::Data,
        3140 | 3141 | 3156 | 3157 | 3903 | 4035..=4042 => ErrorKind::Data,
        // The server's limit on the time of a statement.
        1969 | 3024 => ErrorKind::Timeout,
        1178 | 1235 | 1289 => ErrorKind::NotSupported,
        // An ambiguous column, whose SQLSTATE is that of constraints.
        1052 => ErrorKind::Programming,
        // No such savepoint; the isolation cannot be changed now; writing in a read-only transaction; XA in a wrong state.
        1305 if server.message.starts_with("SAVEPOINT") => ErrorKind::InvalidRequest,
        1568 | 1792 | 1836 | 1399 | 1400 => ErrorKind::InvalidRequest,
        1290 if server.message.contains("read-only") => ErrorKind::InvalidRequest,
        // No XA branch of this name, or there is one already; no name.
        1397 | 1398 | 1440 => ErrorKind::Programming,
        // Out of connections, memory, disk or locks; locked; refused; cancelled; read-only.
        1020 | 1021 | 1037 | 1038 | 1040 | 1041 | 1045 | 1114 | 1203 | 1205 | 1206 | 1213 | 1226 | 1290
        | 1317 | 1461 | 1614 | 1698 | 3572 => ErrorKind::Operational,
        1815 => ErrorKind::Internal,
        _ => match server.state.get(..2) {
            Some("22") => ErrorKind::Data,
            Some("23") => ErrorKind::Integrity,
            Some("0A") => ErrorKind::NotSupported,
            Some("25" | "3B" | "2D") => ErrorKind::InvalidRequest,
            Some("08" | "28" | "40" | "53" | "57" | "70" | "XA") => ErrorKind::Operational,
            Some("HY") if !is_wrong_statement(server) => ErrorKind::Operational,
            _ => ErrorKind::Programming,
        },
    }
}

/// Whether an error without a SQLSTATE of its own (HY000) comes from what the statement says: it names what is not there or
/// is there already, mixes what does not go together, or defines what cannot be.
fn is_wrong_statement(server: &ServerError) -> bool {
    match server.code {
        1005 => server.message.contains("incorrectly formed"),
        1007 | 1008 | 1029 | 1031 | 1089 | 1093 | 1096 | 1097 | 1099 | 1100 | 1108 | 1111 | 1116 | 1117 => {
            true
        }
        1122 | 1125 | 1128 | 1137 | 1175 | 1191 | 1193 | 1204 | 1210 | 1214 | 1215 | 1221 | 1225 => true,
        1228 | 1229 | 1233 | 1238 | 1240 | 1243 | 1245 | 1267..=1273 | 1283 | 1284 | 1288 | 1291 => true,
        1293..=1295 | 1298 | 1302 | 1306 | 1307 | 1328 | 1334 | 1345..=1363 | 1368 | 1382 | 1390..=1396 => {
            true
        }
        1418..=1424 | 1435 | 1442..=1450 | 1454 | 1456 | 1462..=1466 | 1470..=1517 | 1521..=1524 => true,
        1537 | 1539 | 1542..=1544 | 1553 | 1562..=1567 | 1578 | 1585 | 1611 | 1621 | 1628 | 1629 => true,
        1646 | 1649 | 1652..=1660 | 1688 | 1691 | 1709 | 1731..=1736 | 1747 | 1764..=1766 | 1791 => true,
        1800 | 1801 | 1813 | 1821..=1834 | 1901..=1912 | 1961 | 1962 | 1973..=1976 => true,
        3105..=3109 | 3734 | 3750..=3780 | 3811..=3823 | 3940 | 3959 | 3962 | 4000..=4200 => true,
        _ => false,
    }
}
