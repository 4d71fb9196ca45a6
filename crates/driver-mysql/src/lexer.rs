//! Literals and comments in SQL text: just enough of MySQL's lexical rules to leave them alone.

use std::{borrow::Cow, ops::Range};

/// What a stretch of SQL text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Words, numbers and signs.
    Code,
    /// A literal or a name in quotes.
    Quoted,
    /// A comment.
    Comment,
    /// A comment whose content the server executes: `/*! .. */`.
    Executable,
}

/// Cuts SQL text into stretches, in order and without a gap.
struct Segments<'a> {
    text: &'a [u8],
    position: usize,
}

impl Iterator for Segments<'_> {
    type Item = (Kind, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.position;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = match special(rest) {
            Some(special) => special,
            None => {
                (Kind::Code, (1..rest.len()).find(|&at| special(&rest[at..]).is_some()).unwrap_or(rest.len()))
            }
        };
        self.position = start + length;
        Some((kind, start..self.position))
    }
}

fn segments(sql: &str) -> Segments<'_> {
    Segments { text: sql.as_bytes(), position: 0 }
}

/// The literal or comment that the text begins with, and its length.
fn special(text: &[u8]) -> Option<(Kind, usize)> {
    let line = || text.iter().position(|&byte| byte == b'\n').map_or(text.len(), |end| end + 1);
    match text {
        [quote @ (b'\'' | b'"' | b'`'), ..] => Some((Kind::Quoted, quoted_length(text, *quote))),
        [b'#', ..] | [b'-', b'-'] => Some((Kind::Comment, line())),
        [b'-', b'-', after, ..] if *after <= b' ' => Some((Kind::Comment, line())),
        [b'/', b'*', after @ ..] => {
            let end = after.windows(2).position(|pair| pair == b"*/").map_or(text.len(), |end| end + 4);
            let is_executable = after.starts_with(b"!") || after.starts_with(b"M!");
            Some((if is_executable { Kind::Executable } else { Kind::Comment }, end))
        }
        _ => None,
    }
}

/// A doubled quote ends one literal and begins the next, which comes to the same.
fn quoted_length(text: &[u8], quote: u8) -> usize {
    let mut position = 1;
    while let Some(&byte) = text.get(position) {
        match byte {
            b'\\' if quote != b'`' => position += 2,
            byte if byte == quote => return position + 1,
            _ => position += 1,
        }
    }
    text.len()
}

/// The first word of a statement, such as `SELECT`; comments and parentheses before it are skipped.
pub(crate) fn first_word(sql: &str) -> &str {
    let word = segments(sql).filter(|(kind, _)| matches!(kind, Kind::Code | Kind::Executable)).find_map(
        |(_, range)| {
            sql[range].split(|letter: char| !letter.is_ascii_alphabetic()).find(|word| word.len() > 1)
        },
    );
    word.unwrap_or_default()
}

/// Whether the statement's first word is one of these.
pub(crate) fn begins_with(sql: &str, words: &[&str]) -> bool {
    let first = first_word(sql);
    words.iter().any(|word| word.eq_ignore_ascii_case(first))
}

/// Whether a statement of the text may begin with `XA`; cheap for the usual single statement.
pub(crate) fn may_begin_with_xa(sql: &str) -> bool {
    let is_plain = !sql.contains(';') && sql.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_plain {
        return match sql.as_bytes() {
            [b'x' | b'X', b'a' | b'A', after, ..] => !after.is_ascii_alphanumeric() && *after != b'_',
            _ => false,
        };
    }
    segments(sql).filter(|(kind, _)| matches!(kind, Kind::Code | Kind::Executable)).any(|(_, range)| {
        let mut words = sql[range].split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.any(|word| word.eq_ignore_ascii_case("xa"))
    })
}

/// Whether the text holds more than one statement. A routine's body does, too: see what it begins with.
pub(crate) fn holds_several(sql: &str) -> bool {
    let mut statements = 0;
    let mut has_content = false;
    for (kind, range) in segments(sql) {
        match kind {
            Kind::Comment => {}
            Kind::Quoted | Kind::Executable => has_content = true,
            Kind::Code => {
                for byte in &sql.as_bytes()[range] {
                    match byte {
                        b';' => statements += usize::from(std::mem::take(&mut has_content)),
                        byte => has_content |= !byte.is_ascii_whitespace(),
                    }
                }
            }
        }
    }
    statements + usize::from(has_content) > 1
}

/// The script without empty statements, which the server would refuse, and stop.
pub(crate) fn without_empty_statements(script: &str) -> String {
    let mut output = String::with_capacity(script.len());
    let mut start = 0;
    let mut has_content = false;
    let mut finish = |end: usize, has_content: bool, start: &mut usize| {
        if has_content {
            if !output.is_empty() {
                output.push(';');
            }
            output.push_str(&script[*start..end]);
        }
        *start = end + 1;
    };
    for (kind, range) in segments(script) {
        match kind {
            Kind::Comment => {}
            Kind::Quoted | Kind::Executable => has_content = true,
            Kind::Code => {
                for (offset, byte) in script.as_bytes()[range.clone()].iter().enumerate() {
                    match byte {
                        b';' => {
                            finish(range.start + offset, has_content, &mut start);
                            has_content = false;
                        }
                        byte if !byte.is_ascii_whitespace() => has_content = true,
                        _ => {}
                    }
                }
            }
        }
    }
    if start < script.len() {
        finish(script.len(), has_content, &mut start);
    }
    output
}

/// The text for mysql_async, which looks for `:name` in it, and would also find some that are none (after `-'`, and in the
/// labels of procedures).
///
/// Where one may be found, an empty comment is put before the text, and after each comment in it: their reader takes the
/// end of an empty comment for its content, and looks no further. None where a literal gets in the way of that.
pub(crate) fn positional(sql: &str) -> Option<Cow<'_, str>> {
    if !looks_named(sql.as_bytes()) {
        return Some(Cow::Borrowed(sql));
    }
    let mut text = String::from(EMPTY_COMMENT);
    for (kind, range) in segments(sql) {
        let part = &sql[range];
        text.push_str(part);
        if matches!(kind, Kind::Comment | Kind::Executable) && part.ends_with("*/") {
            text.push_str(EMPTY_COMMENT);
        }
    }
    is_hidden(&text).then_some(Cow::Owned(text))
}

const EMPTY_COMMENT: &str = "/**/";

fn looks_named(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair[0] == b':' && (pair[1].is_ascii_lowercase() || pair[1] == b'_'))
}

/// Follows their reader from one comment to the next, and sees whether anything like a name stands outside of them.
fn is_hidden(text: &str) -> bool {
    let mut rest = &text.as_bytes()[EMPTY_COMMENT.len()..];
    while let Some(end) = end_of_comment(rest) {
        rest = &rest[end..];
        match rest.strip_prefix(EMPTY_COMMENT.as_bytes()) {
            Some(hidden) => rest = hidden,
            None => return !looks_named(rest),
        }
    }
    true
}

/// Their reader takes stars in pairs.
fn end_of_comment(text: &[u8]) -> Option<usize> {
    let mut after_star = false;
    for (position, byte) in text.iter().enumerate() {
        if after_star && *byte == b'/' {
            return Some(position + 1);
        }
        after_star = !after_star && *byte == b'*';
    }
    None
}
