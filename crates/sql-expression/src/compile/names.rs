//! Names that the server would not take as they are: found before anything is sent. PostgreSQL would cut them in silence.

use super::{ddl::identifier, key::Walk};
use crate::{Result, dialect::Dialect, statement::StatementNode};

/// Checks the name of a column as it stands in the database.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a name that is empty, that has a NUL character in it, or that is
/// longer than the database takes.
pub(super) fn check_column(name: &str, dialect: &dyn Dialect) -> Result<()> {
    identifier::check(name, "a column", dialect)
}

/// Checks the names of all tables that a statement uses.
///
/// # Errors
/// As [`check_column`].
pub(super) fn check_tables(statement: &StatementNode, dialect: &dyn Dialect) -> Result<()> {
    Walk::tables_of(statement).into_iter().try_for_each(|table| identifier::check_table(table, dialect))
}
