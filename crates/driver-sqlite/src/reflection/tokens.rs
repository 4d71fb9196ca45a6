//! [`Tokens`]: the words of a statement, one after the other.

use std::ops::Range;

/// A word, a name between quotes, a literal or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    kind: Kind,
    place: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A keyword, or a name without quotes.
    Word,
    /// A name between quotes, or a text where SQLite takes it for a name.
    Quoted,
    /// Whatever else: a number, an operator, a parenthesis.
    Sign,
}

/// The words of a statement, read from the left. Comments and spaces are left out.
#[derive(Clone, Debug)]
pub(super) struct Tokens<'a> {
    sql: &'a str,
    tokens: Vec<Token>,
    position: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(sql: &'a str) -> Self {
        Self { sql, tokens: split(sql), position: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position >= self.tokens.len()
    }

    fn text(&self, token: &Token) -> &'a str {
        &self.sql[token.place.clone()]
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    /// Whether the next is this keyword, or this sign.
    pub(super) fn is(&self, word: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.kind != Kind::Quoted && self.text(token).eq_ignore_ascii_case(word))
    }

    /// Whether the next is one of these keywords.
    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Takes the next, if these words come.
    pub(super) fn take(&mut self, words: &[&str]) -> bool {
        let start = self.position;
        for word in words {
            if !self.is(word) {
                self.position = start;
                return false;
            }
            self.position += 1;
        }
        true
    }

    /// Leaves the next out.
    pub(super) fn skip(&mut self) {
        self.position += 1;
    }

    /// The next as a name, without its quotes.
    pub(super) fn name(&mut self) -> Option<String> {
        let token = self.peek()?.clone();
        if token.kind == Kind::Sign {
            return None;
        }
        self.position += 1;
        let text = self.text(&token);
        Some(match text.chars().next() {
            Some('[') => text.trim_start_matches('[').trim_end_matches(']').to_owned(),
            Some(quote @ ('"' | '`' | '\'')) if text.len() >= 2 => {
                text[1..text.len() - 1].replace(&format!("{quote}{quote}"), &quote.to_string())
            }
            _ => text.to_owned(),
        })
    }

    /// Whether one name is all that is left.
    pub(super) fn is_lone_name(&self) -> bool {
        self.tokens.len() == self.position + 1
            && self.peek().is_some_and(|token| {
                token.kind == Kind::Quoted
                    || (token.kind == Kind::Word
                        && !self.text(token).starts_with(|c: char| c.is_ascii_digit()))
            })
    }

    /// The next as it is written.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let token = self.peek()?.clone();
        self.position += 1;
        Some(self.text(&token))
    }

    /// What stands in the parentheses that come next.
    pub(super) fn parenthesized(&mut self) -> Option<Tokens<'a>> {
        if !self.is("(") {
            return None;
        }
        let start = self.position + 1;
        let mut depth = 0_usize;
        for (position, token) in self.tokens.iter().enumerate().skip(self.position) {
            match self.text(token) {
                "(" if token.kind == Kind::Sign => depth += 1,
                ")" if token.kind == Kind::Sign => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.position = position + 1;
                return Some(self.part(start, position));
            }
        }
        None
    }

    /// What stands in parentheses, where these are around all that is left.
    pub(super) fn all_in_parentheses(&self) -> Option<Self> {
        let mut whole = self.clone();
        whole.parenthesized().filter(|_| whole.is_at_end())
    }

    fn part(&self, start: usize, end: usize) -> Self {
        Self { sql: self.sql, tokens: self.tokens[start..end].to_vec(), position: 0 }
    }

    /// The parts between commas that stand in no parentheses.
    pub(super) fn split_at_commas(&self) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut depth, mut start) = (0_usize, self.position);
        for (position, token) in self.tokens.iter().enumerate().skip(self.position) {
            if token.kind != Kind::Sign {
                continue;
            }
            match self.text(token) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    parts.push(self.part(start, position));
                    start = position + 1;
                }
                _ => {}
            }
        }
        parts.push(self.part(start, self.tokens.len()));
        parts
    }

    /// What is left, as it is written.
    pub(super) fn rest(&self) -> &'a str {
        match (self.peek(), self.tokens.last()) {
            (Some(first), Some(last)) => &self.sql[first.place.start..last.place.end],
            _ => "",
        }
    }

    /// Leaves out what stands at the end, if it is this keyword.
    pub(super) fn take_last(&mut self, word: &str) -> bool {
        let is_last = self
            .tokens
            .last()
            .is_some_and(|token| token.kind == Kind::Word && self.text(token).eq_ignore_ascii_case(word));
        if is_last && self.tokens.len() > self.position + 1 {
            self.tokens.pop();
            return true;
        }
        false
    }

    /// Takes `COLLATE name` from the end.
    pub(super) fn take_last_collation(&mut self) -> Option<String> {
        let start = self.tokens.len().checked_sub(2).filter(|start| *start > self.position)?;
        let mut end = self.part(start, self.tokens.len());
        if !end.take(&["COLLATE"]) {
            return None;
        }
        let name = end.name()?;
        self.tokens.truncate(start);
        Some(name)
    }

    /// What was taken since a place, as it is written.
    pub(super) fn written_since(&self, start: usize) -> &'a str {
        match (self.tokens.get(start), self.position.checked_sub(1).and_then(|last| self.tokens.get(last))) {
            (Some(first), Some(last)) if first.place.start < last.place.end => {
                &self.sql[first.place.start..last.place.end]
            }
            _ => "",
        }
    }

    /// Goes back to where it stood.
    pub(super) fn go_back(&mut self, place: usize) {
        self.position = place;
    }

    /// Where it stands, for [`written_since`](Self::written_since).
    pub(super) fn place(&self) -> usize {
        self.position
    }
}

fn split(sql: &str) -> Vec<Token> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let rest = &sql[start..];
        let first = bytes[start];
        let (kind, length) = if first.is_ascii_whitespace() {
            (None, 1)
        } else if rest.starts_with("--") {
            (None, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (None, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else if matches!(first, b'"' | b'\'' | b'`') {
            (Some(Kind::Quoted), quoted_length(rest, first))
        } else if first == b'[' {
            (Some(Kind::Quoted), rest.find(']').map_or(rest.len(), |end| end + 1))
        } else if is_in_word(first) {
            (Some(Kind::Word), rest.bytes().take_while(|byte| is_in_word(*byte)).count())
        } else {
            (Some(Kind::Sign), 1)
        };
        if let Some(kind) = kind {
            tokens.push(Token { kind, place: start..start + length });
        }
        start += length;
    }
    tokens
}

fn is_in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// How long a text between quotes is; a quote that is there twice is part of it.
fn quoted_length(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut position = 1;
    while position < bytes.len() {
        if bytes[position] == quote {
            if bytes.get(position + 1) != Some(&quote) {
                return position + 1;
            }
            position += 1;
        }
        position += 1;
    }
    bytes.len()
}
