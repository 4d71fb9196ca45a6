//! What can go wrong without a database: building, compiling and decoding.

use std::fmt;

/// An error of the expression language: a statement that cannot be compiled, or a value that cannot be decoded.
///
/// Opaque: look at [`Error::kind`], show it with `Display`.
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: Box<str>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument that makes no sense: an unknown column, an unknown name, a missing parameter.
    Argument,
    /// A statement that the dialect cannot say; the message names the construct and the dialect.
    Compile,
    /// A value that does not fit the type it is read into or written as.
    Data,
}

impl Error {
    /// Makes an error of a kind with its whole message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into().into_boxed_str() }
    }

    /// An argument that makes no sense.
    pub fn argument(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, message)
    }

    /// A statement that cannot be compiled.
    pub fn compile(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Compile, message)
    }

    /// A construct that the dialect does not have; both are named.
    pub fn unsupported(construct: &str, dialect: &str) -> Self {
        Self::compile(format!("{construct} is not supported by the {dialect} dialect"))
    }

    /// A value that does not fit.
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The same error with more about where it happened, put before its message.
    #[must_use]
    pub fn context(self, place: impl fmt::Display) -> Self {
        Self { kind: self.kind, message: format!("{place}: {}", self.message).into_boxed_str() }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {}", self.kind, self.message)
    }
}

/// The result of building, compiling and decoding.
pub type Result<T, E = Error> = std::result::Result<T, E>;
