//! SQL written by hand: finds `:name`, and leaves literals and comments alone.

use super::compiler::Compiler;
use crate::{Error, Result, dialect::Features, expression::InNode, statement::TextNode, types::SqlType};

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
enum Token<'t> {
    /// SQL, as it stands.
    Sql(&'t str),
    /// A parameter.
    Parameter(&'t str),
}

impl<'n> Compiler<'n> {
    /// Writes the text, and tells whether rows are likely to come back.
    pub(super) fn text_statement(&mut self, text: &'n TextNode) -> Result<bool> {
        let tokens = Scanner::new(&text.sql, self.features).tokens();
        let first = self.slot;
        self.slot += text.parameters.len() + text.lists.len();
        let mut used = vec![false; text.parameters.len()];
        let mut used_lists = vec![false; text.lists.len()];
        let mut missing: Vec<&str> = Vec::new();
        for token in &tokens {
            match token {
                Token::Sql(sql) => self.push(sql),
                Token::Parameter(name) if text.lists.iter().any(|(own, _)| &**own == *name) => {
                    for (position, (own, list)) in text.lists.iter().enumerate() {
                        let repeated = text.lists[position + 1..].iter().any(|(later, _)| later == own);
                        if &**own == *name {
                            used_lists[position] = true;
                            if !repeated {
                                self.text_list(first + text.parameters.len() + position, list)?;
                            }
                        }
                    }
                }
                Token::Parameter(name) => {
                    // A later value of the same name replaces an earlier one.
                    match text.parameters.iter().rposition(|(own, _)| &**own == *name) {
                        Some(position) => {
                            text.parameters
                                .iter()
                                .zip(&mut used)
                                .filter(|((own, _), _)| &**own == *name)
                                .for_each(|(_, used)| *used = true);
                            self.value_at(first + position)?;
                        }
                        None if missing.contains(name) => {}
                        None => missing.push(name),
                    }
                }
            }
        }
        if !missing.is_empty() {
            return Err(Error::argument(format!("a value is required for {}; call `bind`", names(&missing))));
        }
        let surplus: Vec<&str> = text
            .parameters
            .iter()
            .zip(&used)
            .filter(|(_, used)| !**used)
            .map(|((name, _), _)| &**name)
            .chain(
                text.lists.iter().zip(&used_lists).filter(|(_, used)| !**used).map(|((name, _), _)| &**name),
            )
            .collect();
        if !surplus.is_empty() {
            return Err(Error::argument(format!("the text has no parameter {}", names(&surplus))));
        }
        Ok(returns_rows(&tokens))
    }

    /// Writes a list that stands for a parameter.
    fn text_list(&mut self, slot: usize, list: &'n InNode) -> Result<()> {
        if list.values.is_empty() {
            // A list of nothing can only be written as a query without rows, whose column has the type of what is compared.
            let sql_type = list.sql_type.as_ref().unwrap_or(&SqlType::Text);
            let name = self.dialect.cast_type_name(sql_type)?;
            self.push(&format!("(SELECT CAST(NULL AS {name}) WHERE 1 = 0)"));
            return Ok(());
        }
        self.push("(");
        let after = std::mem::replace(&mut self.slot, slot);
        self.list(1, None)?;
        self.slot = after;
        self.push(")");
        Ok(())
    }
}

fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`:{name}`")).collect::<Vec<_>>().join(", ")
}

/// Whether rows are likely to come back from a text.
pub(super) fn is_likely_to_return_rows(sql: &str, features: &Features) -> bool {
    returns_rows(&Scanner::new(sql, features).tokens())
}

/// Whether rows are likely to come back: not from a statement that begins with a word of DML or DDL and returns nothing.
fn returns_rows(tokens: &[Token<'_>]) -> bool {
    let words = tokens.iter().filter_map(|token| match token {
        Token::Sql(sql) => {
            Some(sql.split(|character: char| !character.is_ascii_alphanumeric() && character != '_'))
        }
        Token::Parameter(_) => None,
    });
    let mut words = words.flatten().filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return true };
    let changes = [
        "insert",
        "update",
        "delete",
        "replace",
        "merge",
        "create",
        "alter",
        "drop",
        "truncate",
        "set",
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "release",
        "lock",
        "grant",
        "revoke",
        "comment",
        "vacuum",
        "reindex",
        "attach",
        "detach",
    ];
    let changes = changes.iter().any(|word| word.eq_ignore_ascii_case(first));
    !changes || words.any(|word| word.eq_ignore_ascii_case("returning"))
}

/// Cuts a text into SQL and parameters.
#[derive(Clone, Copy)]
struct Scanner<'t> {
    text: &'t str,
    backslash_escapes: bool,
    dollar_quotes: bool,
    hash_comments: bool,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, features: &Features) -> Self {
        Self {
            text,
            backslash_escapes: features.backslash_escapes,
            dollar_quotes: features.dollar_quotes,
            hash_comments: features.hash_comments,
        }
    }

    fn tokens(self) -> Vec<Token<'t>> {
        let bytes = self.text.as_bytes();
        let mut tokens = Vec::new();
        let (mut start, mut position) = (0, 0);
        while let Some(&byte) = bytes.get(position) {
            let skipped = self.skip(position);
            if skipped > position {
                position = skipped;
            } else if byte == b'\\' && bytes.get(position + 1) == Some(&b':') {
                tokens.push(Token::Sql(&self.text[start..position]));
                start = position + 1;
                position += 2;
            } else if byte == b':' {
                let end = self.name_end(position + 1);
                let before = position.checked_sub(1).and_then(|before| bytes.get(before));
                let is_parameter =
                    end > position + 1 && !before.is_some_and(|before| *before == b':' || is_word(*before));
                if is_parameter {
                    tokens.push(Token::Sql(&self.text[start..position]));
                    tokens.push(Token::Parameter(&self.text[position + 1..end]));
                    start = end;
                }
                position = end;
            } else {
                position += 1;
            }
        }
        tokens.push(Token::Sql(&self.text[start..]));
        tokens.retain(|token| *token != Token::Sql(""));
        tokens
    }

    fn name_end(&self, start: usize) -> usize {
        let name = self.text.as_bytes()[start..].iter().take_while(|byte| is_word(**byte)).count();
        start + name
    }

    /// The end of the literal, the quoted name or the comment that begins here; the same position where none does.
    fn skip(&self, position: usize) -> usize {
        let rest = &self.text.as_bytes()[position..];
        let before = position.checked_sub(1).and_then(|before| self.text.as_bytes().get(before)).copied();
        match rest {
            [quote @ (b'\'' | b'"' | b'`'), ..] => {
                // PostgreSQL takes backslashes so in a text that has an E before it.
                let escapes = *quote != b'`'
                    && (self.backslash_escapes
                        || (self.dollar_quotes && matches!(before, Some(b'e' | b'E'))));
                position + quoted_length(rest, *quote, escapes)
            }
            [b'-', b'-', ..] => position + length_to(rest, b"\n"),
            [b'#', ..] if self.hash_comments => position + length_to(rest, b"\n"),
            [b'/', b'*', ..] => position + 2 + length_to(&rest[2..], b"*/"),
            [b'$', ..] if self.dollar_quotes && !before.is_some_and(is_word) => {
                let tag = 1 + rest[1..].iter().take_while(|byte| is_word(**byte)).count();
                let digit = rest.get(1).is_some_and(u8::is_ascii_digit);
                if digit || rest.get(tag) != Some(&b'$') {
                    return position;
                }
                position + tag + 1 + length_to(&rest[tag + 1..], &rest[..=tag])
            }
            _ => position,
        }
    }
}

fn is_word(byte: u8) -> bool {
    // Bytes above 127 are letters of other scripts.
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

/// The length of what is quoted, with its quotes. A doubled quote begins the next quoted text at once, which comes to the
/// same.
fn quoted_length(rest: &[u8], quote: u8, escapes: bool) -> usize {
    let mut position = 1;
    while let Some(&byte) = rest.get(position) {
        position += 1;
        if byte == quote {
            return position;
        }
        if byte == b'\\' && escapes {
            position += 1;
        }
    }
    rest.len()
}

/// The length up to the end of the first occurrence, or of everything.
fn length_to(rest: &[u8], end: &[u8]) -> usize {
    rest.windows(end.len())
        .position(|window| window == end)
        .map_or(rest.len(), |position| position + end.len())
}
