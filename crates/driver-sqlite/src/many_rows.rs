//! [`ManyRows`]: an INSERT of one row, written for many.

use std::fmt::Write as _;

use aludel_driver::Statement;

/// How many rows one statement takes at most. More gain nothing: what a statement costs by itself is spread by then.
const MOST_ROWS: usize = 64;

/// How many parameters it takes at most.
const MOST_PARAMETERS: usize = 512;

/// An INSERT of one row, written for many: to begin and end a statement costs as much as the row itself.
#[derive(Debug)]
pub(crate) struct ManyRows {
    pub(crate) statement: Statement,
    /// How many rows it takes.
    pub(crate) rows: usize,
}

impl ManyRows {
    /// None: the statement is not just `INSERT INTO table (columns) VALUES (placeholders)`, each of them once, or one row
    /// of it is so wide that nothing would be gained.
    pub(crate) fn of(sql: &str, parameters: usize) -> Option<Self> {
        let rows = MOST_ROWS.min(MOST_PARAMETERS.checked_div(parameters)?);
        if rows < 4 {
            return None;
        }
        let placeholders = Scanner { rest: sql }.row_of_placeholders()?;
        if placeholders.len() != parameters {
            return None;
        }
        let mut many = String::with_capacity(sql.len() + rows * (parameters * 3 + 2));
        many.push_str(sql.trim_end());
        for row in 1..rows {
            for (number, placeholder) in placeholders.iter().enumerate() {
                many.push_str(if number == 0 { ", (" } else { ", " });
                many.push_str(placeholder);
                if *placeholder != "?" {
                    // A name that comes twice would stand for one parameter. What follows it keeps its meaning.
                    let _ = write!(many, "_row{row}");
                }
            }
            many.push(')');
        }
        Some(Self { statement: Statement::new(many), rows })
    }
}

/// Reads an INSERT from its beginning.
struct Scanner<'s> {
    rest: &'s str,
}

impl<'s> Scanner<'s> {
    /// The placeholders of the one row, where the statement holds nothing else.
    fn row_of_placeholders(mut self) -> Option<Vec<&'s str>> {
        self.word("INSERT")?;
        self.word("INTO")?;
        self.name()?;
        if self.symbol('.').is_some() {
            self.name()?;
        }
        if self.symbol('(').is_some() {
            self.name()?;
            while self.symbol(',').is_some() {
                self.name()?;
            }
            self.symbol(')')?;
        }
        self.word("VALUES")?;
        self.symbol('(')?;
        let mut placeholders = vec![self.placeholder()?];
        while self.symbol(',').is_some() {
            placeholders.push(self.placeholder()?);
        }
        self.symbol(')')?;
        self.rest.trim_start().is_empty().then_some(placeholders)
    }

    fn symbol(&mut self, symbol: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(symbol)?;
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.bare_name().filter(|found| found.eq_ignore_ascii_case(word)).map(drop)
    }

    fn name(&mut self) -> Option<()> {
        let rest = self.rest.trim_start();
        if !rest.starts_with('"') {
            return self.bare_name().map(drop);
        }
        let mut rest = &rest[1..];
        loop {
            rest = &rest[rest.find('"')? + 1..];
            match rest.strip_prefix('"') {
                // A doubled quote is a part of the name.
                Some(inside) => rest = inside,
                None => break,
            }
        }
        self.rest = rest;
        Some(())
    }

    fn bare_name(&mut self) -> Option<&'s str> {
        let rest = self.rest.trim_start();
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(length);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    /// `?`, or a name after a colon.
    fn placeholder(&mut self) -> Option<&'s str> {
        let start = self.rest.trim_start();
        if self.symbol('?').is_some() {
            // A number would stand for the same parameter in each row.
            return (!self.rest.starts_with(|next: char| next.is_ascii_digit())).then_some("?");
        }
        self.symbol(':')?;
        if self.rest.starts_with(char::is_whitespace) {
            return None;
        }
        let name = self.bare_name()?;
        Some(&start[..=name.len()])
    }
}

#[cfg(test)]
mod tests {
    use super::ManyRows;

    #[test]
    fn one_row_becomes_many() {
        let many = ManyRows::of("INSERT INTO main.\"a \"\" b\" (x, \"y,)\") VALUES (?, :decimal_text_1)", 2);
        let many = many.expect("it is a plain INSERT");
        assert_eq!(many.rows, 64);
        let start = "INSERT INTO main.\"a \"\" b\" (x, \"y,)\") VALUES (?, :decimal_text_1), (?, :decimal_text_1_row1), (?, ";
        assert!(many.statement.sql().starts_with(start), "{}", many.statement.sql());
        assert_eq!(many.statement.sql().matches('?').count(), 64);
        assert_eq!(ManyRows::of("insert into t values(?)", 1).map(|many| many.rows), Some(64));
        let wide = format!("INSERT INTO t VALUES ({}?)", "?, ".repeat(99));
        assert_eq!(ManyRows::of(&wide, 100).map(|many| many.rows), Some(5));
    }

    #[test]
    fn what_is_more_than_a_row_stays_one() {
        for sql in [
            "INSERT OR IGNORE INTO t VALUES (?)",
            "REPLACE INTO t VALUES (?)",
            "INSERT INTO t AS a VALUES (?)",
            "INSERT INTO t SELECT 1 UNION VALUES (?)",
            "INSERT INTO t VALUES (?) RETURNING a",
            "INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING",
            "INSERT INTO t VALUES (?), (1)",
            "INSERT INTO t VALUES (?1)",
            "INSERT INTO t VALUES (? + 1)",
            "INSERT INTO t VALUES (: a)",
            "INSERT INTO t VALUES (?) -- a",
            "INSERT INTO t /* a */ VALUES (?)",
            "INSERT INTO t VALUES (?",
            "INSERT INTO \"t VALUES (?)",
            "UPDATE t SET a = ?",
            "",
        ] {
            assert!(ManyRows::of(sql, 1).is_none(), "{sql}");
        }
        assert!(ManyRows::of("INSERT INTO t VALUES (?, ?)", 1).is_none());
        assert!(ManyRows::of("INSERT INTO t DEFAULT VALUES", 0).is_none());
        assert!(ManyRows::of(&format!("INSERT INTO t VALUES ({}?)", "?, ".repeat(199)), 200).is_none());
    }
}
