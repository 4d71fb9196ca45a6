//! [`Settings`]: what a URL asks for.

use std::{path::PathBuf, time::Duration};

use aludel_driver::{ConnectArguments, Error, ErrorKind, Result};

use crate::attach::FileSettings;

/// How long a lock is waited for, unless the URL says otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How many prepared statements a connection keeps, unless the URL says otherwise.
const STATEMENT_CACHE_SIZE: usize = 256;

/// After how many pages the write-ahead log is written back, unless the URL says otherwise: SQLite's own default.
const CHECKPOINT_PAGES: i32 = 1000;

/// The options of the URL, and what each takes.
const OPTIONS: [(&str, &str); 13] = [
    ("mode", "ro, rw, rwc or memory"),
    ("cache", "shared or private"),
    ("immutable", "true or false"),
    ("busy_timeout", "seconds"),
    ("foreign_keys", "true or false"),
    ("journal_mode", "wal, delete, truncate, persist, memory or off"),
    ("synchronous", "off, normal, full or extra"),
    ("cache_size", "pages, or kibibytes when negative"),
    ("mmap_size", "bytes"),
    ("temp_store", "default, file or memory"),
    ("statement_cache_size", "a number of statements"),
    ("wal_autocheckpoint", "pages, or 0 for never"),
    ("attach.SCHEMA", "a file"),
];

/// What a URL asks for, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) place: Place,
    pub(crate) mode: Mode,
    pub(crate) shared_cache: bool,
    pub(crate) immutable: bool,
    pub(crate) busy_timeout: Duration,
    pub(crate) foreign_keys: bool,
    /// None: write-ahead mode where it is possible.
    pub(crate) journal_mode: Option<&'static str>,
    /// None: `NORMAL` in write-ahead mode, else SQLite's default.
    pub(crate) synchronous: Option<&'static str>,
    pub(crate) cache_size: Option<i64>,
    pub(crate) mmap_size: Option<i64>,
    pub(crate) temp_store: Option<&'static str>,
    pub(crate) statement_cache_size: usize,
    pub(crate) checkpoint_pages: i32,
    /// Schemas, and the databases that are attached as such.
    pub(crate) attachments: Vec<(String, String)>,
    /// How long opening may take.
    pub(crate) timeout: Option<Duration>,
}

/// Where the database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory; a name only matters with a shared cache.
    Memory(Option<String>),
    /// In a file.
    File(PathBuf),
    /// Where a `file:` URI says, which SQLite reads itself.
    Uri(String),
}

/// What may be done with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Only reading.
    ReadOnly,
    /// Reading and writing a file that exists.
    ReadWrite,
    /// Reading and writing; the file is created when it does not exist.
    Create,
}

impl Settings {
    /// Reads the arguments of a connection.
    ///
    /// # Errors
    /// `Argument` for options that SQLite does not have, for values that they do not take, and for a server's address.
    pub(crate) fn from_arguments(arguments: &ConnectArguments) -> Result<Self> {
        refuse_server(arguments)?;
        let mut settings = Self {
            place: Place::Memory(None),
            mode: Mode::Create,
            shared_cache: false,
            immutable: false,
            busy_timeout: BUSY_TIMEOUT,
            foreign_keys: true,
            journal_mode: None,
            synchronous: None,
            cache_size: None,
            mmap_size: None,
            temp_store: None,
            statement_cache_size: STATEMENT_CACHE_SIZE,
            checkpoint_pages: CHECKPOINT_PAGES,
            attachments: Vec::new(),
            timeout: arguments.timeout,
        };
        let mut in_memory = false;
        for (name, text) in &arguments.options {
            let text = text.trim();
            match name.as_str() {
                "mode" => match text {
                    "ro" => settings.mode = Mode::ReadOnly,
                    "rw" => settings.mode = Mode::ReadWrite,
                    "rwc" => settings.mode = Mode::Create,
                    "memory" => in_memory = true,
                    _ => return Err(unfit(name, text)),
                },
                "cache" => settings.shared_cache = one_of(name, text, &["private", "shared"])? == "shared",
                "immutable" => settings.immutable = truth(name, text)?,
                "busy_timeout" => settings.busy_timeout = seconds(name, text)?,
                "foreign_keys" => settings.foreign_keys = truth(name, text)?,
                "journal_mode" => {
                    let modes = ["wal", "delete", "truncate", "persist", "memory", "off"];
                    settings.journal_mode = Some(one_of(name, text, &modes)?);
                }
                "synchronous" => {
                    settings.synchronous = Some(one_of(name, text, &["off", "normal", "full", "extra"])?)
                }
                "cache_size" => settings.cache_size = Some(number(name, text)?),
                "mmap_size" => settings.mmap_size = Some(number(name, text)?),
                "temp_store" => {
                    settings.temp_store = Some(one_of(name, text, &["default", "file", "memory"])?)
                }
                "statement_cache_size" => settings.statement_cache_size = number(name, text)?,
                "wal_autocheckpoint" => {
                    settings.checkpoint_pages = match number(name, text)? {
                        0 => i32::MAX,
                        pages if pages > 0 => pages,
                        _ => return Err(unfit(name, text)),
                    };
                }
                name => match name.strip_prefix("attach.") {
                    Some("") | None => return Err(unknown(name)),
                    Some(schema) => settings.attachments.push((schema.to_owned(), text.to_owned())),
                },
            }
        }
        settings.place = match arguments.database.as_deref() {
            None | Some("" | ":memory:") => Place::Memory(None),
            Some(name) if in_memory => Place::Memory(Some(name.to_owned())),
            Some(uri) if uri.starts_with("file:") => Place::Uri(uri.to_owned()),
            Some(path) => Place::File(PathBuf::from(path)),
        };
        Ok(settings)
    }

    /// Whether every connection has a database of its own.
    pub(crate) fn is_private(&self) -> bool {
        match &self.place {
            Place::Memory(_) => !self.shared_cache,
            Place::File(_) => false,
            Place::Uri(uri) => {
                let has = |part: &str| uri.split(['?', '&']).any(|found| found == part);
                let in_memory = uri.starts_with("file::memory:") || has("mode=memory");
                in_memory && !self.shared_cache && !has("cache=shared")
            }
        }
    }

    /// What holds for the file of each database that is attached.
    pub(crate) fn file_settings(&self) -> FileSettings {
        FileSettings { journal_mode: self.journal_mode, synchronous: self.synchronous }
    }

    /// Whether the database can live in a file that is written.
    pub(crate) fn is_writable_file(&self) -> bool {
        !matches!(self.place, Place::Memory(_)) && self.mode != Mode::ReadOnly && !self.immutable
    }
}

fn refuse_server(arguments: &ConnectArguments) -> Result<()> {
    let given = match arguments {
        ConnectArguments { host: Some(host), .. } => format!("the host `{host}`"),
        ConnectArguments { port: Some(port), .. } => format!("the port {port}"),
        ConnectArguments { username: Some(_), .. } => "a user".to_owned(),
        ConnectArguments { password: Some(_), .. } => "a password".to_owned(),
        _ => return Ok(()),
    };
    Err(argument(format!(
        "SQLite has no server, but the URL names {given}; write `sqlite:///file.db` for a file beside the program, \
         `sqlite:////folder/file.db` for an absolute path, `sqlite://` for a database in memory"
    )))
}

fn unknown(name: &str) -> Error {
    let known: Vec<_> = OPTIONS.iter().map(|(name, _)| *name).collect();
    argument(format!("SQLite has no option `{name}`; it knows {}", known.join(", ")))
}

fn unfit(name: &str, text: &str) -> Error {
    let expected =
        OPTIONS.iter().find(|(known, _)| *known == name).map_or("something else", |(_, expected)| *expected);
    argument(format!("the option `{name}` cannot be `{text}`; it takes {expected}"))
}

fn one_of(name: &str, text: &str, words: &[&'static str]) -> Result<&'static str> {
    words.iter().find(|word| word.eq_ignore_ascii_case(text)).copied().ok_or_else(|| unfit(name, text))
}

fn truth(name: &str, text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(unfit(name, text)),
    }
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T> {
    text.parse().ok().ok_or_else(|| unfit(name, text))
}

fn seconds(name: &str, text: &str) -> Result<Duration> {
    let seconds: f64 = number(name, text)?;
    Duration::try_from_secs_f64(seconds).ok().ok_or_else(|| unfit(name, text))
}

fn argument(message: String) -> Error {
    Error::new(ErrorKind::Argument, message)
}
