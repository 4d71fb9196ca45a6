//! [`LoadData`]: what is loaded into which table, and what its bytes mean.

use std::fmt::Write as _;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{
    Dialect, Name,
    schema::{Table, Tables},
    statement::IntoSqlText,
};

/// What LOAD DATA LOCAL INFILE loads into which table, and what its bytes mean: lines of fields with tabs between them,
/// unless it is told otherwise.
///
/// The bytes come from a reader or a stream, by [`MySqlConnection::load_data`](crate::MySqlConnection::load_data) and
/// [`load_data_stream`](crate::MySqlConnection::load_data_stream); no file is read. For rows of values there is `bulk_load` of
/// the engine's connection, which needs none of this.
///
/// # Examples
/// ```
/// use aludel_driver_mysql::LoadData;
///
/// // LOAD DATA LOCAL INFILE 'aludel' INTO TABLE city CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' ... (name, @people) ...
/// let cities = LoadData::named("city").csv().header().column("name").variable("people").set("people", "@people * 1000");
/// # let _ = cities;
/// ```
#[derive(Clone, Debug)]
#[must_use = "it loads nothing by itself"]
pub struct LoadData {
    table: Table,
    fields: Vec<Field>,
    assignments: Vec<(Name, String)>,
    character_set: String,
    format: Format,
    ignored_lines: u64,
    duplicates: Duplicates,
    takes_warnings: bool,
}

/// Where a field of a line goes.
#[derive(Clone, Debug)]
enum Field {
    Column(Name),
    Variable(Name),
}

/// What stands between fields, around them, and between lines.
#[derive(Clone, Debug)]
struct Format {
    terminated: String,
    enclosed: Option<char>,
    is_enclosed_optionally: bool,
    escaped: Option<char>,
    lines_start: String,
    lines_end: String,
}

/// What becomes of a row whose key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duplicates {
    Refused,
    Ignored,
    Replacing,
}

impl LoadData {
    /// Loads into a table or model, in the order of its columns unless [`columns`](Self::columns) are named.
    pub fn table(table: impl Tables) -> Self {
        let mut found = None;
        table.each(&mut |table| found = Some(table.clone()));
        Self::into(found.unwrap_or_else(|| Table::unregistered("")))
    }

    /// Loads into a table by its name.
    pub fn named(name: impl Into<Name>) -> Self {
        Self::into(Table::unregistered(name))
    }

    /// Loads into a table of another database by both names.
    pub fn in_schema(schema: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self::into(Table::in_schema(schema, name))
    }

    fn into(table: Table) -> Self {
        Self {
            table,
            fields: Vec::new(),
            assignments: Vec::new(),
            character_set: "utf8mb4".to_owned(),
            format: Format {
                terminated: "\t".to_owned(),
                enclosed: None,
                is_enclosed_optionally: false,
                escaped: Some('\\'),
                lines_start: String::new(),
                lines_end: "\n".to_owned(),
            },
            ignored_lines: 0,
            duplicates: Duplicates::Refused,
            takes_warnings: false,
        }
    }

    /// The next field of each line goes into this column.
    pub fn column(mut self, column: impl Into<Name>) -> Self {
        self.fields.push(Field::Column(column.into()));
        self
    }

    /// The next fields of each line go into these columns.
    pub fn columns<N: Into<Name>>(self, columns: impl IntoIterator<Item = N>) -> Self {
        columns.into_iter().fold(self, Self::column)
    }

    /// The next field of each line goes into the variable `@name`, for [`set`](Self::set) to use, or for nothing.
    pub fn variable(mut self, name: impl Into<Name>) -> Self {
        self.fields.push(Field::Variable(name.into()));
        self
    }

    /// Sets a column to what SQL says, for each line. It takes literals; a built text is marked by `trusted`.
    pub fn set(mut self, column: impl Into<Name>, sql: impl IntoSqlText) -> Self {
        self.assignments.push((column.into(), sql.into_sql_text().to_string()));
        self
    }

    /// CSV: commas between fields, double quotes around those that need them, which are doubled inside. NULL without quotes is
    /// NULL.
    pub fn csv(self) -> Self {
        self.fields_terminated_by(",").fields_optionally_enclosed_by('"').fields_escaped_by(None)
    }

    /// What stands between fields: a tab.
    pub fn fields_terminated_by(mut self, text: impl Into<String>) -> Self {
        self.format.terminated = text.into();
        self
    }

    /// What stands around each field: nothing.
    pub fn fields_enclosed_by(mut self, character: char) -> Self {
        (self.format.enclosed, self.format.is_enclosed_optionally) = (Some(character), false);
        self
    }

    /// What may stand around a field.
    pub fn fields_optionally_enclosed_by(mut self, character: char) -> Self {
        (self.format.enclosed, self.format.is_enclosed_optionally) = (Some(character), true);
        self
    }

    /// What takes the meaning from the next character, and gives some another: `\`, with which `\N` is NULL.
    pub fn fields_escaped_by(mut self, character: impl Into<Option<char>>) -> Self {
        self.format.escaped = character.into();
        self
    }

    /// What a line begins with, and what comes before it is passed over: nothing.
    pub fn lines_starting_by(mut self, text: impl Into<String>) -> Self {
        self.format.lines_start = text.into();
        self
    }

    /// What stands behind each line: a line feed.
    pub fn lines_terminated_by(mut self, text: impl Into<String>) -> Self {
        self.format.lines_end = text.into();
        self
    }

    /// Passes over so many lines at the beginning.
    pub fn ignore_lines(mut self, lines: u64) -> Self {
        self.ignored_lines = lines;
        self
    }

    /// Passes over the first line.
    pub fn header(self) -> Self {
        self.ignore_lines(1)
    }

    /// The character set of the bytes, in the server's words: utf8mb4.
    pub fn character_set(mut self, name: impl Into<String>) -> Self {
        self.character_set = name.into();
        self
    }

    /// Puts rows in place of those whose keys they have: REPLACE. Else such a row fails the load.
    pub fn replace(mut self) -> Self {
        self.duplicates = Duplicates::Replacing;
        self
    }

    /// Passes over rows whose keys are there: IGNORE. The server tells of them by warnings, which are taken with it.
    pub fn ignore(mut self) -> Self {
        self.duplicates = Duplicates::Ignored;
        self.take_warnings()
    }

    /// Lets values that do not fit be bent until they do, as the server does for LOCAL: they are told by
    /// [`LoadedData::warnings`](super::LoadedData::warnings). Else the first one fails the load, as it would fail an INSERT.
    pub fn take_warnings(mut self) -> Self {
        self.takes_warnings = true;
        self
    }

    pub(super) fn takes_warnings_of_rows(&self) -> bool {
        self.takes_warnings
    }

    /// The text of the statement.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a character set that is no word, and for a table that cannot be.
    pub(super) fn sql(&self, dialect: &dyn Dialect) -> Result<String> {
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !is_word(&self.character_set) {
            let message = format!("`{}` is no name of a character set", self.character_set);
            return Err(Error::new(ErrorKind::Argument, message));
        }
        if self.table.name().is_empty() {
            return Err(Error::new(ErrorKind::Argument, "LOAD DATA needs the name of a table"));
        }
        let mut sql = String::from("LOAD DATA LOCAL INFILE 'aludel' ");
        sql.push_str(match self.duplicates {
            Duplicates::Refused => "",
            Duplicates::Ignored => "IGNORE ",
            Duplicates::Replacing => "REPLACE ",
        });
        let Format { terminated, enclosed, is_enclosed_optionally, escaped, lines_start, lines_end } =
            &self.format;
        let optionally = if *is_enclosed_optionally { "OPTIONALLY " } else { "" };
        let character =
            |character: &Option<char>| literal(character.as_ref().map(char::to_string).as_deref());
        let _ = write!(
            sql,
            "INTO TABLE {} CHARACTER SET {} FIELDS TERMINATED BY {} {optionally}ENCLOSED BY {} ESCAPED BY {} LINES STARTING \
             BY {} TERMINATED BY {}",
            dialect.table_name(&self.table),
            self.character_set,
            literal(Some(terminated)),
            character(enclosed),
            character(escaped),
            literal(Some(lines_start)),
            literal(Some(lines_end)),
        );
        if self.ignored_lines > 0 {
            let _ = write!(sql, " IGNORE {} LINES", self.ignored_lines);
        }
        let fields: Vec<String> = self
            .fields
            .iter()
            .map(|field| match field {
                Field::Column(name) => dialect.column_name(name),
                Field::Variable(name) => format!("@`{}`", name.replace('`', "``")),
            })
            .collect();
        if !fields.is_empty() {
            let _ = write!(sql, " ({})", fields.join(", "));
        }
        for (number, (column, value)) in self.assignments.iter().enumerate() {
            sql.push_str(if number == 0 { " SET " } else { ", " });
            let _ = write!(sql, "{} = {value}", dialect.column_name(column));
        }
        Ok(sql)
    }
}

/// A text that means the same in every mode of the server: its bytes in hexadecimal digits.
fn literal(text: Option<&str>) -> String {
    match text.filter(|text| !text.is_empty()) {
        None => "''".to_owned(),
        Some(text) => text.bytes().fold("0x".to_owned(), |mut digits, byte| {
            let _ = write!(digits, "{byte:02X}");
            digits
        }),
    }
}
