//! What a new connection is told and asked, in one round trip.

use mysql_async::{Conn, Result, Row, prelude::Queryable};

/// What a server says about itself and the new session.
pub(crate) struct Introduction {
    /// `VERSION()`.
    pub(crate) version: String,
    /// `@@version_comment`: the packager's words.
    pub(crate) comment: String,
    /// What KILL takes. A proxy may have shown another number when greeting.
    pub(crate) connection_id: u64,
    /// The longest packet that the server takes, in bytes.
    pub(crate) max_allowed_packet: usize,
    /// Which of the servers behind one address it is: its host name and port.
    pub(crate) identity: String,
}

/// The server's default modes stay, and what makes it refuse wrong values instead of bending them is added. Names
/// are read from its messages, which have to be in the language that is known.
const TELL_AND_ASK: &str = "SET NAMES utf8mb4, time_zone = '+00:00', autocommit = 1, \
     lc_messages = 'en_US', \
     sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
     NO_ENGINE_SUBSTITUTION'); \
     SELECT VERSION(), @@version_comment, CONNECTION_ID(), @@max_allowed_packet, \
     CONCAT(@@hostname, ':', @@port), @@sql_mode";

/// Modes under which quotes and backslashes mean something else than our SQL takes them for; some bring the first.
const FOREIGN_MODES: [&str; 8] =
    ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];

/// Introduces a new connection to its server.
pub(crate) async fn introduce(connection: &mut Conn) -> Result<Introduction> {
    let mut answers = connection.query_iter(TELL_AND_ASK).await?;
    // The first answer belongs to SET, and has no rows.
    let mut row = None;
    while row.is_none() && !answers.is_empty() {
        row = answers.next().await?;
    }
    answers.drop_result().await?;
    let row = row.ok_or_else(|| mysql_async::Error::Other("the server does not say its version".into()))?;
    let modes = text(&row, 5);
    if modes.split(',').any(|mode| FOREIGN_MODES.contains(&mode)) {
        let kept: Vec<_> = modes.split(',').filter(|mode| !FOREIGN_MODES.contains(mode)).collect();
        // Names of modes are letters and underscores, so that nothing has to be escaped.
        connection.query_drop(format!("SET sql_mode = '{}'", kept.join(","))).await?;
    }
    Ok(Introduction {
        version: text(&row, 0),
        comment: text(&row, 1),
        connection_id: text(&row, 2).parse().unwrap_or_else(|_| u64::from(connection.id())),
        max_allowed_packet: text(&row, 3).parse().unwrap_or(1 << 20),
        identity: text(&row, 4),
    })
}

/// A cell of the text protocol; NULL is empty.
fn text(row: &Row, position: usize) -> String {
    match row.as_ref(position) {
        Some(mysql_async::Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}
