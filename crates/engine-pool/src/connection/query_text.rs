//! Whether a text is a query, as far as its words tell.

/// Whether a text is surely a query: SELECT, VALUES, or WITH before one of them. It need not find all of them.
///
/// SQLite need not take its write lock for a transaction that begins with one.
pub(super) fn is_query(sql: &str) -> bool {
    let begins_with = |word: &str| is_word(sql.trim_start(), word);
    if begins_with("SELECT") || begins_with("VALUES") {
        return true;
    }
    begins_with("WITH")
        && main_verb(sql).is_some_and(|verb| is_word(verb, "SELECT") || is_word(verb, "VALUES"))
}

/// From the verb on that stands behind what is in WITH.
fn main_verb(sql: &str) -> Option<&str> {
    const VERBS: [&str; 6] = ["SELECT", "VALUES", "INSERT", "UPDATE", "DELETE", "REPLACE"];
    let (mut rest, mut depth) = (sql, 0_usize);
    while let Some(letter) = rest.chars().next() {
        let behind = &rest[letter.len_utf8()..];
        rest = match letter {
            '\'' | '"' | '`' => after(behind, &letter.to_string())?,
            '[' => after(behind, "]")?,
            '-' if behind.starts_with('-') => after(behind, "\n")?,
            '/' if behind.starts_with('*') => after(behind, "*/")?,
            '(' => {
                depth += 1;
                behind
            }
            ')' => {
                depth = depth.checked_sub(1)?;
                behind
            }
            letter if letter.is_alphabetic() || letter == '_' => {
                if depth == 0 && VERBS.iter().any(|verb| is_word(rest, verb)) {
                    return Some(rest);
                }
                rest.trim_start_matches(is_part_of_word)
            }
            _ => behind,
        };
    }
    None
}

/// Whether a text begins with this word.
fn is_word(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word))
        && !text[word.len()..].starts_with(is_part_of_word)
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_' || letter == '$'
}

/// What stands behind an end; none: it does not end.
fn after<'s>(text: &'s str, end: &str) -> Option<&'s str> {
    text.split_once(end).map(|(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::is_query;

    #[test]
    fn queries_are_told_by_their_verb() {
        for sql in [
            "SELECT 1",
            "  select(1)",
            "VALUES (1)",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "with recursive a(n) as (select 1 union all select n + 1 from a), b as (values (')')) select * from a, b",
            "WITH \"delete\" AS (SELECT 'update (' AS x), [insert] AS (SELECT 1) /* delete ( */ -- update\nSELECT 1",
            "WITH updated AS (SELECT 1) SELECT 1",
            "WITH äß AS (SELECT 'é)') SELECT 1",
        ] {
            assert!(is_query(sql), "{sql}");
        }
        for sql in [
            "",
            "SELECTED",
            "INSERT INTO t SELECT 1",
            "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
            "WITH a AS (SELECT 1) DELETE FROM t",
            "WITH a AS (SELECT 1) UPDATE t SET n = 1",
            "WITH a AS (SELECT 'SELECT",
            "WITH )",
            "WITH",
            "PRAGMA user_version",
        ] {
            assert!(!is_query(sql), "{sql}");
        }
    }
}
