//! Other databases on the same connection, as schemas of their own.

use aludel_driver::{Error, ErrorKind, Result};
use rusqlite::Connection;

use crate::{SqliteConnection, checkpoint::quoted, open::set_pragma};

/// What holds for the file of each schema.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileSettings {
    /// None: write-ahead mode where it is possible.
    pub(crate) journal_mode: Option<&'static str>,
    /// None: `NORMAL` in write-ahead mode, else SQLite's default.
    pub(crate) synchronous: Option<&'static str>,
}

impl SqliteConnection {
    /// Attaches another database as a schema: its tables are `schema.table`, and those of a [`Table`] with this schema. The
    /// file is created where the connection may do that; it gets the journal mode and the care for its disk that the URL
    /// asks for. A `file:` URI can ask for more: `file:archive.db?mode=ro`.
    ///
    /// It holds for this connection, for as long as it is open: also for those who take it from the pool later.
    /// [`SqliteDriver::attach`](crate::SqliteDriver::attach) and `?attach.schema=file` in the URL attach it to all
    /// connections. One transaction can span several files; in write-ahead mode a crash of the machine in the middle of its
    /// commit can leave it in some of them alone.
    ///
    /// [`Table`]: aludel_sql_expression::schema::Table
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction; [`ErrorKind::Operational`] when the file cannot be opened, and when
    /// there is a schema of this name already.
    ///
    /// # Examples
    /// ```
    /// # async fn run(connection: &mut aludel_driver_sqlite::SqliteConnection) -> aludel_driver::Result<()> {
    /// connection.attach("archive", "archive.db").await?; // SELECT * FROM archive.track
    /// # Ok(()) }
    /// ```
    pub async fn attach(&mut self, schema: &str, database: &str) -> Result<()> {
        self.refuse_transaction("a database cannot be attached")?;
        let (name, place) = (schema.to_owned(), database.to_owned());
        let explained = |error: Error| explain(error, schema, database);
        self.on_worker(move |session| {
            Ok(attach(session.database.connection(), &name, &place, session.file_settings())?)
        })
        .await
        .map_err(explained)
    }

    /// Detaches a database.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] inside a transaction; [`ErrorKind::Programming`] when no database of this name is
    /// attached.
    pub async fn detach(&mut self, schema: &str) -> Result<()> {
        self.refuse_transaction("a database cannot be detached")?;
        let name = schema.to_owned();
        self.on_worker(move |session| {
            // None that is kept prepared may stand in its middle.
            session.clear_statements();
            session.database.connection().execute("DETACH DATABASE ?1", [&name])?;
            Ok(())
        })
        .await
        .map_err(|error| error.context(format_args!("cannot detach the database `{schema}`")))
    }
}

/// Attaches a database, and brings its file into the state that the settings ask for.
pub(crate) fn attach(
    connection: &Connection,
    schema: &str,
    database: &str,
    settings: FileSettings,
) -> rusqlite::Result<()> {
    connection.execute("ATTACH DATABASE ?1 AS ?2", [database, schema])?;
    let outcome = settings.apply(connection, schema);
    if outcome.is_err() {
        // So that it can be tried again.
        let _ = connection.execute("DETACH DATABASE ?1", [schema]);
    }
    outcome
}

impl FileSettings {
    fn apply(self, connection: &Connection, schema: &str) -> rusqlite::Result<()> {
        let pragma =
            |name: &str, value: &str| set_pragma(connection, &format!("{}.{name}", quoted(schema)), value);
        // Only reading shows that the file is a database.
        connection.query_row(&format!("PRAGMA {}.schema_version", quoted(schema)), [], |_| Ok(()))?;
        if !is_file(connection, schema)? || connection.is_readonly(schema)? {
            return Ok(());
        }
        let journal_mode = pragma("journal_mode", self.journal_mode.unwrap_or("wal"))?;
        let in_wal = journal_mode.eq_ignore_ascii_case("wal");
        if let Some(synchronous) = self.synchronous.or(in_wal.then_some("normal")) {
            pragma("synchronous", synchronous)?;
        }
        Ok(())
    }
}

/// Whether a schema lives in a file.
fn is_file(connection: &Connection, schema: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT file FROM pragma_database_list WHERE name = ?1 COLLATE NOCASE";
    let file = connection.query_row(sql, [schema], |row| row.get::<_, Option<String>>(0))?;
    Ok(file.is_some_and(|file| !file.is_empty()))
}

pub(crate) fn explain(error: Error, schema: &str, database: &str) -> Error {
    let error = match error.kind() {
        ErrorKind::InvalidRequest | ErrorKind::Timeout => error,
        _ => error.with_kind(ErrorKind::Operational),
    };
    error.context(format_args!("cannot attach the database `{database}` as `{schema}`"))
}
