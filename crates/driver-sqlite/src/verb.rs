//! [`Verb`]: what kind of statement a text is, by its first word.

/// What kind of statement a text is. SQLite tells the number of changed rows and the last key for whatever ran last, so
/// one has to know whether they belong to this statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// No statement at all: blanks and comments.
    Empty,
    /// SELECT or VALUES.
    Query,
    /// WITH: a query or a change.
    With,
    /// INSERT or REPLACE.
    Insert,
    /// UPDATE or DELETE.
    Change,
    /// CREATE, ALTER, DROP and what rewrites the file.
    Schema,
    /// DECLARE, FETCH and CLOSE, which are ours.
    Cursor,
    /// Anything else: PRAGMA, EXPLAIN, BEGIN, ...
    Other,
}

impl Verb {
    /// Looks at the first word, past blanks, comments and parentheses.
    pub(crate) fn of(sql: &str) -> Self {
        let rest = skip_blanks(sql.as_bytes());
        let length = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = &rest[..length];
        let is = |names: &[&str]| names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()));
        if rest.is_empty() {
            Self::Empty
        } else if is(&["SELECT", "VALUES"]) {
            Self::Query
        } else if is(&["INSERT", "REPLACE"]) {
            Self::Insert
        } else if is(&["UPDATE", "DELETE"]) {
            Self::Change
        } else if is(&["WITH"]) {
            Self::With
        } else if is(&["CREATE", "ALTER", "DROP", "VACUUM", "REINDEX", "ANALYZE"]) {
            Self::Schema
        } else if is(&["DECLARE", "FETCH", "CLOSE"]) {
            Self::Cursor
        } else {
            Self::Other
        }
    }
}

/// Whether a WITH statement inserts. A false yes only shows an older key.
pub(crate) fn mentions_insert(sql: &str) -> bool {
    sql.as_bytes().windows(6).any(|window| window.eq_ignore_ascii_case(b"INSERT"))
}

fn skip_blanks(mut sql: &[u8]) -> &[u8] {
    loop {
        match sql {
            [byte, rest @ ..] if byte.is_ascii_whitespace() || matches!(byte, b';' | b'(') => sql = rest,
            [b'-', b'-', ..] => {
                sql = sql.iter().position(|byte| *byte == b'\n').map_or(&[][..], |end| &sql[end + 1..]);
            }
            [b'/', b'*', rest @ ..] => {
                sql = rest.windows(2).position(|pair| pair == b"*/").map_or(&[][..], |end| &rest[end + 2..]);
            }
            _ => return sql,
        }
    }
}
