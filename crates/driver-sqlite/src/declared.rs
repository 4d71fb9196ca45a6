//! Cursors that leave the connection free: DECLARE, FETCH and CLOSE, which SQLite itself does not have.
//!
//! SQLite can step several statements of one connection by turns. So a declared cursor is a prepared statement that stands
//! still under its name; the words for it are SQL's and PostgreSQL's. It lives until the transaction ends.

use aludel_driver::{Done, Error, ErrorKind, Result, Value};

use crate::{
    database::Declared,
    error,
    outlet::Outlet,
    parameter,
    session::{Failure, Session},
    step::check_faults,
};

/// What is asked of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CursorCommand<'s> {
    /// `DECLARE name [NO SCROLL] CURSOR FOR query`.
    Declare { name: &'s str, query: &'s str },
    /// `FETCH [FORWARD] rows FROM name`.
    Fetch { name: &'s str, rows: usize },
    /// `CLOSE name`.
    Close { name: &'s str },
}

impl<'s> CursorCommand<'s> {
    /// Reads a statement that begins with DECLARE, FETCH or CLOSE; none: it is left to SQLite, which says what it minds.
    pub(crate) fn read(sql: &'s str) -> Option<Self> {
        let (verb, rest) = word(sql)?;
        let is = |found: &str, name: &str| found.eq_ignore_ascii_case(name);
        if is(verb, "DECLARE") {
            let (name, rest) = word(rest)?;
            let rest = words(rest, &["NO", "SCROLL"]).unwrap_or(rest);
            let query = words(rest, &["CURSOR", "FOR"])?;
            return Some(Self::Declare { name, query });
        }
        if is(verb, "FETCH") {
            let rest = words(rest, &["FORWARD"]).unwrap_or(rest);
            let (rows, rest) = word(rest)?;
            let (name, rest) = word(words(rest, &["FROM"])?)?;
            return ends(rest).then_some(Self::Fetch { name, rows: rows.parse().ok()? });
        }
        let (name, rest) = word(rest)?;
        (is(verb, "CLOSE") && ends(rest)).then_some(Self::Close { name })
    }
}

/// The next word, and what follows.
fn word(sql: &str) -> Option<(&str, &str)> {
    let sql = sql.trim_start();
    let length = sql.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(sql.len());
    let (word, rest) = sql.split_at(length);
    (!word.is_empty()).then_some((word, rest))
}

/// What follows these words.
fn words<'s>(sql: &'s str, expected: &[&str]) -> Option<&'s str> {
    expected.iter().try_fold(sql, |rest, expected| {
        let (found, rest) = word(rest)?;
        found.eq_ignore_ascii_case(expected).then_some(rest)
    })
}

fn ends(sql: &str) -> bool {
    sql.trim().trim_end_matches(';').is_empty()
}

impl Session {
    /// Does what is asked of a cursor.
    pub(crate) fn run_cursor<O: Outlet>(
        &mut self,
        command: CursorCommand<'_>,
        parameters: &[Value],
        outlet: &mut O,
    ) -> Result<Done, Failure> {
        if !matches!(command, CursorCommand::Declare { .. }) {
            parameter::check_count(0, parameters.len())?;
        }
        match command {
            CursorCommand::Declare { name, query } => self.declare(name, query, parameters),
            CursorCommand::Fetch { name, rows } => {
                let rows = self.fetch_declared(name, rows, outlet)?;
                Ok(Done { rows, last_insert_id: None })
            }
            CursorCommand::Close { name } => match self.database.close_declared(name) {
                true => Ok(Done::default()),
                false => Err(no_such(name).into()),
            },
        }
    }

    fn declare(&mut self, name: &str, query: &str, parameters: &[Value]) -> Result<Done, Failure> {
        if !self.is_in_transaction() {
            let message = format!("the cursor `{name}` lives in a transaction; begin one first");
            return Err(Error::new(ErrorKind::InvalidRequest, message).into());
        }
        if self.database.has_declared(name) {
            let message = format!("there is a cursor `{name}` already; close it first");
            return Err(Error::new(ErrorKind::Programming, message).into());
        }
        self.database.declare(name, query, |prepared, learned| {
            if !learned.read_only || prepared.column_count() == 0 {
                let message = format!("the cursor `{name}` is declared for a statement that is no query");
                return Err(Error::new(ErrorKind::Programming, message).into());
            }
            parameter::check_count(learned.parameters, parameters.len())?;
            parameter::bind_all(prepared, parameters).map(drop)
        })?;
        Ok(Done::default())
    }

    /// Gives the next rows; the cursor is gone after an error.
    fn fetch_declared<O: Outlet>(&mut self, name: &str, rows: usize, outlet: &mut O) -> Result<u64, Failure> {
        let Self { database, watch, .. } = self;
        let given = database.with_declared(name, |declared| {
            let was_begun = declared.is_begun;
            (was_begun, give_rows(declared, rows, outlet))
        });
        let Some((was_begun, outcome)) = given else { return Err(no_such(name).into()) };
        let outcome = outcome.and_then(|count| check_faults(watch, false).map(|()| count));
        match outcome {
            Ok(count) => Ok(count),
            // Nothing was given, so that it may be tried again.
            Err(Failure::Native(native)) if error::is_busy(&native) && !was_begun => Err(native.into()),
            Err(Failure::Native(native)) if error::is_busy(&native) => {
                database.close_declared(name);
                Err(Failure::Other(error::translate(native)))
            }
            Err(failure) => {
                database.close_declared(name);
                Err(failure)
            }
        }
    }
}

fn give_rows<O: Outlet>(declared: &mut Declared<'_>, rows: usize, outlet: &mut O) -> Result<u64, Failure> {
    let Declared { prepared, learned, is_begun, is_over, .. } = declared;
    let mut count = 0;
    if !*is_over {
        let mut width = None;
        let mut found = prepared.raw_query();
        let mut outcome = Ok(());
        while count < rows && outcome.is_ok() {
            // An error starts the statement anew, and so does the end.
            let Some(row) = found.next()? else {
                *is_over = true;
                break;
            };
            *is_begun = true;
            count += 1;
            let width = match width {
                Some(width) => width,
                None => {
                    let columns = learned.columns(row.as_ref());
                    outcome = outlet.columns(columns, false);
                    *width.insert(columns.len())
                }
            };
            // A reader that has enough does not get the rest, as from every other statement.
            outcome = outcome.and_then(|()| outlet.row(row, width).map(drop));
        }
        // The next batch goes on where this one stops: dropped, the rows would be started anew.
        std::mem::forget(found);
        outcome.map_err(Failure::Sink)?;
        if width.is_none() {
            outlet.columns(learned.columns(prepared), false).map_err(Failure::Sink)?;
        }
    } else {
        outlet.columns(learned.columns(prepared), false).map_err(Failure::Sink)?;
    }
    outlet.end();
    Ok(count as u64)
}

fn no_such(name: &str) -> Error {
    Error::new(
        ErrorKind::Programming,
        format!(
            "there is no cursor `{name}`: it was never declared, was closed, or ended with its transaction"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::CursorCommand::{self, Close, Declare, Fetch};

    #[test]
    fn commands_are_read() {
        let read = CursorCommand::read;
        let query = " SELECT 'a  b' -- c";
        assert_eq!(read("declare c cursor for SELECT 'a  b' -- c"), Some(Declare { name: "c", query }));
        assert_eq!(
            read("DECLARE c_1 NO SCROLL CURSOR FOR SELECT 'a  b' -- c"),
            Some(Declare { name: "c_1", query })
        );
        assert_eq!(read("FETCH FORWARD 20 FROM c;"), Some(Fetch { name: "c", rows: 20 }));
        assert_eq!(read("fetch 0 from c"), Some(Fetch { name: "c", rows: 0 }));
        assert_eq!(read(" CLOSE c ; "), Some(Close { name: "c" }));
        for sql in [
            "FETCH c",
            "FETCH -1 FROM c",
            "FETCH 1 FROM c d",
            "CLOSE",
            "CLOSE c d",
            "DECLARE c FOR SELECT 1",
            "",
        ] {
            assert_eq!(read(sql), None, "{sql}");
        }
    }
}
