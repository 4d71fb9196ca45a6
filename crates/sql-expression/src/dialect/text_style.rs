//! [`TextStyle`]: how text and bytes are written so that they stay text and bytes, whatever the server's mode.

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
        let special = meanings(text.as_bytes());
        if special == 0 {
            sql.reserve(text.len() + 2);
            sql.push('\'');
            sql.push_str(text);
            sql.push('\'');
            return Ok(());
        }
        if special == QUOTE {
            write_doubled(text, (b'\'', b'\''), sql);
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
                write_doubled(text, (b'\'', b'\\'), sql);
            }
            Self::MySql if text.bytes().any(|byte| matches!(byte, b'\\' | 0 | 0x1a)) => {
                sql.push_str("_utf8mb4 ");
                self.write_bytes(text.as_bytes(), sql);
            }
            Self::Sqlite | Self::Postgres | Self::MySql => write_doubled(text, (b'\'', b'\''), sql),
        }
        Ok(())
    }

    /// Writes bytes.
    pub(super) fn write_bytes(self, bytes: &[u8], sql: &mut String) {
        sql.push_str(if self == Self::Postgres { "E'\\\\x" } else { "x'" });
        sql.reserve(bytes.len() * 2 + 1);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                sql.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
        sql.push('\'');
    }

    /// Writes text where nothing but text between quotes can stand, as in a comment. MySQL reads it so unless
    /// `NO_BACKSLASH_ESCAPES` is set, where each backslash would stay two.
    pub(super) fn write_between_quotes(text: &str, sql: &mut String) {
        write_doubled(text, (b'\'', b'\\'), sql);
    }
}

/// A quote.
const QUOTE: u8 = 1;

/// Whatever else could mean something.
const OTHER: u8 = 2;

/// What any of the bytes could mean: eight are looked at together.
#[inline]
fn meanings(bytes: &[u8]) -> u8 {
    const ONES: u64 = u64::MAX / 255;
    // Has the highest bit of each byte that is smaller than the limit, and perhaps of some after it.
    let below = |eight: u64, limit: u64| eight.wrapping_sub(ONES * limit) & !eight & (ONES << 7);
    let find = |eight: u64, byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    let (mut quotes, mut others) = (0, 0);
    let mut look = |eight: [u8; 8]| {
        let eight = u64::from_le_bytes(eight);
        quotes |= find(eight, b'\'');
        // Of the control characters two mean something.
        others |= find(eight, b'\\') | below(eight, 0x20);
    };
    let (eights, rest) = bytes.as_chunks::<8>();
    eights.iter().for_each(|eight| look(*eight));
    match bytes.last_chunk::<8>() {
        _ if rest.is_empty() => {}
        // Some of these are looked at twice.
        Some(last) => look(*last),
        None => {
            // Filled up with what means nothing.
            let mut last = [b' '; 8];
            rest.iter().zip(&mut last).for_each(|(byte, place)| *place = *byte);
            look(last);
        }
    }
    (u8::from(quotes != 0) * QUOTE) | (u8::from(others != 0) * OTHER)
}

/// Writes text between quotes, some of its characters twice.
#[inline]
fn write_doubled(text: &str, doubled: (u8, u8), sql: &mut String) {
    sql.reserve(text.len() + 8);
    sql.push('\'');
    let mut written = 0;
    for at in memchr::memchr2_iter(doubled.0, doubled.1, text.as_bytes()) {
        // Both are one byte long, and begin what is written next: so they stand twice.
        sql.push_str(&text[written..=at]);
        written = at;
    }
    sql.push_str(&text[written..]);
    sql.push('\'');
}
