//! Names that the server would not take as they are: found before anything is sent. PostgreSQL would cut them in silence.

use super::{ddl::identifier, key::Walk};
use crate::{
    Result,
    dialect::Dialect,
    expression::{Alias, AliasTarget},
    name::Name,
    statement::StatementNode,
};

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

/// Checks a name that the statement gives to an expression.
///
/// # Errors
/// As [`check_column`].
pub(super) fn check_label(name: &str, dialect: &dyn Dialect) -> Result<()> {
    identifier::check_made_up(name, "a label", dialect)
}

/// Checks the names that the statement gives to what stands in FROM and WITH, and to its columns.
///
/// # Errors
/// As [`check_column`].
pub(super) fn check_aliases(aliases: &[&Alias], dialect: &dyn Dialect) -> Result<()> {
    for alias in aliases {
        if let Some(name) = alias.name() {
            identifier::check_made_up(name, "an alias", dialect)?;
        }
        let columns: &[Name] = match alias.target() {
            AliasTarget::Values(values) => &values.columns,
            AliasTarget::Function(function) => &function.columns,
            _ => &[],
        };
        columns.iter().try_for_each(|name| identifier::check_made_up(name, "a column", dialect))?;
    }
    Ok(())
}

/// Checks the name of a window.
///
/// # Errors
/// As [`check_column`].
pub(super) fn check_window(name: &str, dialect: &dyn Dialect) -> Result<()> {
    identifier::check_made_up(name, "a window", dialect)
}
