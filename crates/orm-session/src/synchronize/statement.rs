//! [`SetStatement`] and [`SynchronizeSession`].

use aludel_sql_expression::{
    Configured,
    statement::{Delete, Update},
};

use crate::query::{SessionExecutable, SessionReturned};

/// How the loaded objects follow an UPDATE or DELETE of many rows: which of them are meant is found out so. Counterpart of
/// SQLAlchemy's `synchronize_session`.
///
/// An object that is meant by an UPDATE takes over the new values, as far as memory can calculate them exactly as the database
/// does, and is marked as expired otherwise; where it had an unflushed change of such a column, the change is lost. An object
/// that is meant by a DELETE is deleted. A rollback takes both back. A session without objects of the table does nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SynchronizeSession {
    /// `Evaluate` where the conditions can be, otherwise `Fetch`.
    #[default]
    Auto,
    /// The conditions are looked at for each object, in memory, with what the session knows of its row. Where they cannot be,
    /// it is an error that names what stands in the way. An object of which memory cannot tell (it is expired, or its text
    /// differs in a way that the database's collation may overlook) is marked as expired.
    Evaluate,
    /// The database tells the keys of the rows: by RETURNING, and where there is none by a SELECT before, which locks them.
    Fetch,
    /// Not at all: the objects stay as they are, until they are expired or refreshed.
    None,
}

/// A statement that changes or deletes many rows at once: UPDATE or DELETE.
#[diagnostic::on_unimplemented(
    message = "`synchronize_session` is for UPDATE and DELETE, not for `{Self}`",
    note = "only these change rows of objects that are loaded already"
)]
pub trait SetStatement: SessionExecutable {}

impl<R: SessionReturned> SetStatement for Update<R> {}
impl<R: SessionReturned> SetStatement for Delete<R> {}
impl<S: SetStatement> SetStatement for Configured<S> {}
