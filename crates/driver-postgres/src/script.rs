//! What can be told from a statement's first words.

/// Whether any statement of a script begins or ends a transaction or a savepoint.
pub(crate) fn controls_transaction(script: &str) -> bool {
    any_statement(script, is_control)
}

/// Whether any statement of a script changes tables that prepared statements may know.
pub(crate) fn changes_schema(script: &str) -> bool {
    any_statement(script, |script, at| {
        let first = word(script, at);
        first.eq_ignore_ascii_case("ALTER") || first.eq_ignore_ascii_case("DROP")
    })
}

fn any_statement(script: &str, holds: impl Fn(&str, usize) -> bool) -> bool {
    let bytes = script.as_bytes();
    let mut at = 0;
    loop {
        at = skip_blank(bytes, at);
        if at >= bytes.len() {
            return false;
        }
        if holds(script, at) {
            return true;
        }
        at = skip_statement(bytes, at);
    }
}

/// Whether the first statement begins or ends a transaction or a savepoint: for texts of a single statement.
pub(crate) fn begins_with_control(sql: &str) -> bool {
    if sql.starts_with("SELECT ") {
        // As our own texts begin, nearly all.
        return false;
    }
    is_control(sql, skip_blank(sql.as_bytes(), 0))
}

/// Whether a statement without parameters can be sent without asking for its columns: it never has any.
pub(crate) fn is_utility(sql: &str) -> bool {
    const WORDS: [&str; 14] = [
        "CREATE", "ALTER", "DROP", "TRUNCATE", "COMMENT", "GRANT", "REVOKE", "SET", "RESET", "REINDEX",
        "VACUUM", "ANALYZE", "REFRESH", "DO",
    ];
    let word = first_word(sql);
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a statement reads or writes rows and leaves tables, types and settings as they are, so that what comes after
/// it can be prepared before it has run.
pub(crate) fn is_data(sql: &str) -> bool {
    const WORDS: [&str; 8] = ["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "WITH", "TABLE"];
    let word = first_word(sql);
    word.is_empty() || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Whether a statement moves rows by COPY over the connection, which ordinary calls cannot.
pub(crate) fn is_copy_stream(sql: &str) -> bool {
    first_word(sql).eq_ignore_ascii_case("COPY") && {
        let upper = sql.to_ascii_uppercase();
        upper.contains("STDIN") || upper.contains("STDOUT")
    }
}

fn first_word(sql: &str) -> &str {
    word(sql, skip_blank(sql.as_bytes(), 0))
}

fn is_control(script: &str, at: usize) -> bool {
    const WORDS: [&str; 8] = ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];
    let first = word(script, at);
    if first.eq_ignore_ascii_case("PREPARE") {
        let next = skip_blank(script.as_bytes(), at + first.len());
        return word(script, next).eq_ignore_ascii_case("TRANSACTION");
    }
    WORDS.iter().any(|known| first.eq_ignore_ascii_case(known))
}

/// The word of ASCII letters at a place; empty when there is something else.
fn word(script: &str, at: usize) -> &str {
    let rest = script.get(at..).unwrap_or_default();
    let end = rest.find(|letter: char| !letter.is_ascii_alphabetic() && letter != '_').unwrap_or(rest.len());
    &rest[..end]
}

/// The place after white space, comments and empty statements.
fn skip_blank(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match &bytes[at.min(bytes.len())..] {
            [b' ' | b'\t' | b'\r' | b'\n' | b'\x0b' | b'\x0c' | b';', ..] => at += 1,
            [b'-', b'-', ..] | [b'/', b'*', ..] => at = skip_token(bytes, at),
            _ => return at,
        }
    }
}

/// The place after the statement's semicolon.
fn skip_statement(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        if bytes[at] == b';' {
            return at + 1;
        }
        at = skip_token(bytes, at);
    }
    at
}

/// The place after a comment, a quoted text, or a single byte.
fn skip_token(bytes: &[u8], at: usize) -> usize {
    match &bytes[at..] {
        [b'-', b'-', rest @ ..] => {
            at + 2 + rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |length| length + 1)
        }
        [b'/', b'*', ..] => skip_comment(bytes, at + 2),
        [b'\'', ..] => {
            let escapes =
                at > 0 && matches!(bytes[at - 1], b'e' | b'E') && !(at > 1 && is_word(bytes[at - 2]));
            skip_quoted(bytes, at + 1, b'\'', escapes)
        }
        [b'"', ..] => skip_quoted(bytes, at + 1, b'"', false),
        [b'$', ..] if at == 0 || !is_word(bytes[at - 1]) => skip_dollar(bytes, at),
        _ => at + 1,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Comments nest.
fn skip_comment(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 1;
    while depth > 0 && at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn skip_quoted(bytes: &[u8], mut at: usize, quote: u8, escapes: bool) -> usize {
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] == quote {
            // A doubled quote begins what looks like a second text just behind, which comes to the same.
            return at + 1;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// `$tag$ .. $tag$`; a dollar that opens none is a single byte.
fn skip_dollar(bytes: &[u8], at: usize) -> usize {
    let tag_end = bytes[at + 1..].iter().position(|byte| !is_word(*byte)).map(|length| at + 1 + length);
    let Some(tag_end) = tag_end.filter(|end| bytes[*end] == b'$') else {
        return at + 1;
    };
    let tag = &bytes[at..=tag_end];
    if tag.get(1).is_some_and(u8::is_ascii_digit) {
        return at + 1;
    }
    let body = &bytes[tag_end + 1..];
    body.windows(tag.len())
        .position(|window| window == tag)
        .map_or(bytes.len(), |start| tag_end + 1 + start + tag.len())
}
