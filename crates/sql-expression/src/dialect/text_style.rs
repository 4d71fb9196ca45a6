//! [`TextStyle`]: how text and bytes are written so that they stay text and bytes, whatever the server's mode.

use std::fmt::Write as _;

use crate::{Error, Result};

/// How a database reads text between quotes.
///
/// What is written means the same in every mode of the server: with and without `standard_conforming_strings` (PostgreSQL),
/// `NO_BACKSLASH_ESCAPES` and `ANSI_QUOTES` (MySQL, MariaDB).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextStyle {
    /// Only the quote means something. The text of a statement ends at NUL.
    Sqlite,
    /// `E'..'` where there is a backslash. There is no NUL in text.
    Postgres,
    /// A backslash means something in most modes, so that text with one is written by its bytes.
    MySql,
}

impl TextStyle {
    /// Writes text.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what the database has not in text.
    pub(super) fn write(self, text: &str, sql: &mut String) -> Result<()> {
        // Nearly always there is nothing to be escaped.
        if !text.bytes().any(|byte| matches!(byte, b'\'' | b'\\' | 0 | 0x1a)) {
            sql.push('\'');
            sql.push_str(text);
            sql.push('\'');
            return Ok(());
        }
        match self {
            Self::Sqlite if text.contains('\0') => {
                sql.push_str("CAST(");
                self.write_bytes(text.as_bytes(), sql);
                sql.push_str(" AS TEXT)");
            }
            Self::Postgres if text.contains('\0') => {
                return Err(Error::data("text with a NUL character in it cannot be written for PostgreSQL"));
            }
            Self::Postgres if text.contains('\\') => {
                sql.push('E');
                write_doubled(text, &['\'', '\\'], sql);
            }
            Self::MySql if text.bytes().any(|byte| matches!(byte, b'\\' | 0 | 0x1a)) => {
                sql.push_str("_utf8mb4 ");
                self.write_bytes(text.as_bytes(), sql);
            }
            Self::Sqlite | Self::Postgres | Self::MySql => write_doubled(text, &['\''], sql),
        }
        Ok(())
    }

    /// Writes bytes.
    pub(super) fn write_bytes(self, bytes: &[u8], sql: &mut String) {
        sql.push_str(if self == Self::Postgres { "E'\\\\x" } else { "x'" });
        sql.reserve(bytes.len() * 2 + 1);
        for byte in bytes {
            // Writing into memory does not fail.
            let _ = write!(sql, "{byte:02X}");
        }
        sql.push('\'');
    }

    /// Writes text where nothing but text between quotes can stand, as in a comment. MySQL reads it so unless
    /// `NO_BACKSLASH_ESCAPES` is set, where each backslash would stay two.
    pub(super) fn write_between_quotes(text: &str, sql: &mut String) {
        write_doubled(text, &['\'', '\\'], sql);
    }
}

/// Writes text between quotes, some of its characters twice.
fn write_doubled(text: &str, doubled: &[char], sql: &mut String) {
    sql.push('\'');
    for part in text.split_inclusive(doubled) {
        sql.push_str(part);
        if let Some(last) = part.chars().next_back().filter(|last| doubled.contains(last)) {
            sql.push(last);
        }
    }
    sql.push('\'');
}
