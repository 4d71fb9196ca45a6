//! [`Capabilities`]: what a backend can do; [`ServerInfo`]: who answered.

use crate::IsolationLevel;

/// What a backend can do. What it cannot do returns an error that names the construct and the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Which statements can give rows back by RETURNING.
    pub returning: Returning,
    /// SAVEPOINT inside a transaction.
    pub savepoints: bool,
    /// PREPARE TRANSACTION or XA.
    pub two_phase: bool,
    /// The isolation levels that a transaction can begin with.
    pub isolation_levels: &'static [IsolationLevel],
    /// DECLARE: named cursors that stay open while other statements run on the same connection.
    pub declared_cursors: bool,
    /// Whether [`Connection::run`](crate::Connection::run) sends steps without waiting for each answer.
    pub pipelining: bool,
    /// Whether rows can be fetched in batches while the rest stays on the server or in the file.
    pub streaming: bool,
    /// Whether one parameter can hold an array (`UNNEST`, `= ANY`).
    pub arrays: bool,
    /// Whether the generated key of an INSERT comes back without RETURNING.
    pub last_insert_id: bool,
    /// Whether DDL is rolled back with its transaction.
    pub transactional_ddl: bool,
    /// Whether an error of the server inside a transaction makes it refuse every further statement until a rollback, as
    /// PostgreSQL does.
    pub aborts_on_error: bool,
    /// Whether preparing the same row statement and looping is the fastest batch insert.
    pub prepared_loop: bool,
    /// Whether a running statement can be cancelled.
    pub cancel: bool,
    /// Whether the database can be asked what it is made of.
    pub reflection: bool,
    /// The most parameters of one statement.
    pub max_parameters: usize,
}

/// Which statements can give rows back by RETURNING.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returning {
    /// INSERT.
    pub insert: bool,
    /// UPDATE.
    pub update: bool,
    /// DELETE.
    pub delete: bool,
}

impl Capabilities {
    /// A backend that can do nothing special: the place to start from.
    pub const fn none() -> Self {
        Self {
            returning: Returning { insert: false, update: false, delete: false },
            savepoints: false,
            two_phase: false,
            isolation_levels: &[],
            declared_cursors: false,
            pipelining: false,
            streaming: false,
            arrays: false,
            last_insert_id: false,
            transactional_ddl: false,
            aborts_on_error: false,
            prepared_loop: false,
            cancel: false,
            reflection: false,
            max_parameters: 999,
        }
    }
}

/// Who answered: the product and its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// `PostgreSQL`, `MySQL`, `MariaDB`, `SQLite`.
    pub product: &'static str,
    /// Major, minor and patch version.
    pub version: (u32, u32, u32),
    /// The version in the server's own words.
    pub version_text: String,
}
