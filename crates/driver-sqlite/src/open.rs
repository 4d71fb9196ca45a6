//! Opens a database, and says why it cannot be opened.

use std::{
    path::{Path, absolute},
    thread,
    time::Duration,
};

use aludel_driver::{Error, ErrorKind, Result};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    attach, decimal,
    equipment::Equipment,
    error,
    patience::Patience,
    session::Session,
    settings::{Mode, Place, Settings},
};

/// Opens a database and sets the connection up; may block for as long as another connection keeps its lock.
///
/// # Errors
/// `Operational` with the path and the reason, `Timeout` when it took longer than the settings allow.
pub(crate) fn open(settings: &Settings, equipment: &Equipment, target: &str) -> Result<Box<Session>> {
    let explained = |native: rusqlite::Error| explain(native, settings, target);
    let connection = Connection::open_with_flags(name(settings)?, flags(settings)).map_err(explained)?;
    let mut patience = Patience::new(settings.busy_timeout.max(Duration::from_millis(1)), settings.timeout);
    let context = |error: Error| error.context(format_args!("cannot open the SQLite database `{target}`"));
    let mut insist = |work: &dyn Fn() -> rusqlite::Result<()>,
                      explained: &dyn Fn(rusqlite::Error) -> Error| loop {
        match work() {
            Ok(()) => return Ok(()),
            Err(native) if error::is_busy(&native) => {
                thread::sleep(patience.pause(native).map_err(context)?);
            }
            Err(native) => return Err(explained(native)),
        }
    };
    insist(&|| set_up(&connection, settings), &explained)?;
    for (schema, database) in equipment.attachments.iter().chain(&settings.attachments) {
        let attach = || attach::attach(&connection, schema, database, settings.file_settings());
        insist(&attach, &|native| context(attach::explain(error::translate(native), schema, database)))?;
    }
    let mut session = Session::new(connection, settings, target).map(Box::new).map_err(explained)?;
    equipment.fit(&mut session).map_err(context)?;
    Ok(session)
}

/// The name that SQLite gets: a path, or a URI where only that can say what is asked.
fn name(settings: &Settings) -> Result<String> {
    Ok(match &settings.place {
        Place::Memory(name) if settings.shared_cache => {
            let name = name.as_deref().unwrap_or(":memory:");
            format!("file:{}?mode=memory&cache=shared", escape(name))
        }
        Place::Memory(_) => ":memory:".to_owned(),
        Place::Uri(uri) => uri.clone(),
        Place::File(path) => {
            let text = path.to_str().ok_or_else(|| {
                Error::new(ErrorKind::Argument, format!("the path `{}` is not UTF-8", path.display()))
            })?;
            if settings.immutable {
                let whole = absolute(path).ok().and_then(|path| path.to_str().map(str::to_owned));
                let whole = whole.unwrap_or_else(|| text.to_owned()).replace('\\', "/");
                let slash = if whole.starts_with('/') { "" } else { "/" };
                format!("file:{slash}{}?immutable=1", escape(&whole))
            } else {
                text.to_owned()
            }
        }
    })
}

/// Escapes what would end the path of a URI.
fn escape(path: &str) -> String {
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

fn flags(settings: &Settings) -> OpenFlags {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    flags |= match settings.mode {
        Mode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    if settings.shared_cache {
        flags |= OpenFlags::SQLITE_OPEN_SHARED_CACHE;
    }
    flags
}

/// Can be done again from the start when it fails half-way.
fn set_up(connection: &Connection, settings: &Settings) -> rusqlite::Result<()> {
    // Locks are waited for with a timer of our own, which blocks no thread.
    connection.busy_timeout(Duration::ZERO)?;
    // A misspelt column in double quotes would be taken for a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.pragma_update(None, "foreign_keys", settings.foreign_keys)?;
    decimal::register(connection)?;
    for (pragma, value) in [("cache_size", settings.cache_size), ("mmap_size", settings.mmap_size)] {
        if let Some(value) = value {
            set_pragma(connection, pragma, &value.to_string())?;
        }
    }
    if let Some(value) = settings.temp_store {
        set_pragma(connection, "temp_store", value)?;
    }
    let mut journal_mode = String::new();
    if let Some(mode) = settings.journal_mode {
        journal_mode = set_pragma(connection, "journal_mode", mode)?;
        if !journal_mode.eq_ignore_ascii_case(mode) && settings.is_writable_file() {
            let message = format!("the journal mode stays {journal_mode} where {mode} was asked for");
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
                Some(message),
            ));
        }
    } else if settings.is_writable_file() && !connection.is_readonly("main")? {
        journal_mode = set_pragma(connection, "journal_mode", "wal")?;
        if !journal_mode.eq_ignore_ascii_case("wal") {
            tracing::debug!(journal_mode, "SQLite cannot keep this file in write-ahead mode");
        }
    }
    let in_wal = journal_mode.eq_ignore_ascii_case("wal");
    if let Some(synchronous) = settings.synchronous.or(in_wal.then_some("normal")) {
        set_pragma(connection, "synchronous", synchronous)?;
    }
    // Opening is lazy: only reading shows that the file is a database.
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))
}

/// Sets a pragma to one of our own words or numbers, and gives what SQLite answers.
pub(crate) fn set_pragma(connection: &Connection, pragma: &str, value: &str) -> rusqlite::Result<String> {
    let mut prepared = connection.prepare(&format!("PRAGMA {pragma} = {value}"))?;
    let mut rows = prepared.query([])?;
    match rows.next()? {
        Some(row) => row.get_ref(0).map(|value| value.as_str().unwrap_or_default().to_owned()),
        None => Ok(String::new()),
    }
}

/// Looks at the file to say why it cannot be opened.
fn explain(native: rusqlite::Error, settings: &Settings, target: &str) -> Error {
    let reason = match &settings.place {
        Place::File(path) => reason(path, settings.mode),
        Place::Memory(_) | Place::Uri(_) => None,
    };
    let error = error::translate(native);
    // Whatever SQLite calls it, a database that cannot be opened is one class of mistake.
    let error = match error.kind() {
        ErrorKind::Argument => error,
        _ => error.with_kind(ErrorKind::Operational),
    };
    match reason {
        Some(reason) => error.context(format_args!("cannot open the SQLite database `{target}`: {reason}")),
        None => error.context(format_args!("cannot open the SQLite database `{target}`")),
    }
}

fn reason(path: &Path, mode: Mode) -> Option<String> {
    if let Ok(found) = path.metadata() {
        if found.is_dir() {
            return Some("this is a directory; name a file in it".to_owned());
        }
        return std::fs::File::open(path).err().map(|error| format!("the file cannot be read ({error})"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent
        && !parent.is_dir()
    {
        return Some(format!("the directory `{}` does not exist; create it first", parent.display()));
    }
    match mode {
        Mode::Create => Some("the file does not exist and could not be created".to_owned()),
        Mode::ReadOnly | Mode::ReadWrite => {
            Some("the file does not exist, and mode=ro and mode=rw do not create it; use mode=rwc".to_owned())
        }
    }
}
