//! [`Passfile`]: passwords kept in a file, one line for each place and user.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aludel_driver::Secret;

/// A file with lines `host:port:database:user:password`, as libpq reads it: `*` stands for anything, and a backslash
/// takes its meaning from a `:` or a backslash.
#[derive(Clone, Debug)]
pub(crate) struct Passfile {
    path: PathBuf,
}

/// What a password is looked up for.
pub(crate) struct Entry<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) database: &'a str,
    pub(crate) user: &'a str,
}

impl Passfile {
    /// The file at a path, which need not exist.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The password of the first line that fits; none also when the file is missing, or when others may read it.
    pub(crate) fn find(&self, entry: &Entry<'_>) -> Option<Secret> {
        let path = self.path.display();
        let metadata = match fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(%path, %error, "the password file cannot be read, and is passed over");
                return None;
            }
        };
        if !metadata.is_file() {
            tracing::warn!(%path, "the password file is no plain file, and is passed over");
            return None;
        }
        if is_open_to_others(&metadata) {
            tracing::warn!(
                %path,
                "the password file can be read by others, and is passed over: take that right away with `chmod 0600`"
            );
            return None;
        }
        match fs::read(&self.path) {
            Ok(bytes) => find(&String::from_utf8_lossy(&bytes), entry),
            Err(error) => {
                tracing::warn!(%path, %error, "the password file cannot be read, and is passed over");
                None
            }
        }
    }
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_metadata: &fs::Metadata) -> bool {
    false
}

fn find(text: &str, entry: &Entry<'_>) -> Option<Secret> {
    let port = entry.port.to_string();
    // In the file, the socket of the usual place goes by the name of this machine.
    let local =
        matches!(entry.host, "/tmp" | "/run/postgresql" | "/var/run/postgresql").then_some("localhost");
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let (host, rest) = field(line)?;
        let (number, rest) = field(rest)?;
        let (database, rest) = field(rest)?;
        let (user, password) = field(rest)?;
        let fits = (fits(&host, entry.host) || local.is_some_and(|local| fits(&host, local)))
            && fits(&number, &port)
            && fits(&database, entry.database)
            && fits(&user, entry.user);
        fits.then(|| Secret::new(unescape(password)))
    })
}

/// A field, and what stands behind its colon. None in it: it was `*`.
fn field(text: &str) -> Option<(Option<String>, &str)> {
    if let Some(rest) = text.strip_prefix("*:") {
        return Some((None, rest));
    }
    let mut escaped = false;
    let end = text.find(|letter| {
        let ends = letter == ':' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    })?;
    Some((Some(unescape(&text[..end])), &text[end + 1..]))
}

fn fits(field: &Option<String>, wanted: &str) -> bool {
    field.as_deref().is_none_or(|field| field == wanted)
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // One at the very end stands for itself.
            '\\' => plain.push(letters.next().unwrap_or('\\')),
            letter => plain.push(letter),
        }
    }
    plain
}
