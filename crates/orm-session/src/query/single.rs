//! [`SingleExecutable`]: a statement that gives one thing for each row.

use aludel_sql_expression::{
    Configured, FromRow,
    statement::{Delete, Insert, Select, TextStatement, Typed, Update},
};

use super::{SessionExecutable, SessionReturned, SingleSelectable};

/// A statement that gives one thing for each row: what [`Session::scalars`](crate::Session::scalars) and its kin take.
///
/// A select of one thing; an INSERT, UPDATE or DELETE that gives one thing back; a text whose rows are read as one value.
#[diagnostic::on_unimplemented(
    message = "`scalars` takes a statement that gives one thing for each row, not `{Self}`",
    note = "select one thing, or use `session.execute(..)` for tuples"
)]
pub trait SingleExecutable: SessionExecutable {}

impl<S: SingleSelectable> SingleExecutable for Select<S> {}

impl<S: SingleExecutable> SingleExecutable for Configured<S> {}

impl<R: SessionReturned + SingleSelectable> SingleExecutable for Insert<R> {}

impl<R: SessionReturned + SingleSelectable> SingleExecutable for Update<R> {}

impl<R: SessionReturned + SingleSelectable> SingleExecutable for Delete<R> {}

impl<T: FromRow + Send + 'static> SingleExecutable for TextStatement<Typed<T>> {}
