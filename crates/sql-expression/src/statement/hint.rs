//! Words for one database that stand in a statement just so: prefixes, suffixes, hints.

use super::{CommonTableExpression, Delete, Hint, Insert, IntoSqlText, Select, Update};
use crate::{
    expression::{Alias, Source},
    name::Name,
};

/// What [`Select::prefix_with`] and its like take: words, or `("mysql", words)` for one dialect only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written into the statement",
    note = "give a literal, `trusted(..)` for a built text, or a dialect's name with one of these: (\"mysql\", \"..\")"
)]
pub trait IntoHint {
    /// The words.
    fn into_hint(self) -> Hint;
}

impl<T: IntoSqlText> IntoHint for T {
    fn into_hint(self) -> Hint {
        Hint { text: self.into_sql_text(), dialect: None }
    }
}

impl<T: IntoSqlText> IntoHint for (&'static str, T) {
    fn into_hint(self) -> Hint {
        Hint { text: self.1.into_sql_text(), dialect: Some(Name::Static(self.0)) }
    }
}

impl<S> Select<S> {
    /// Writes words after SELECT: `/*+ .. */`, `SQL_NO_CACHE`. With a dialect's name, only for that dialect.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::*, schema::*, select, types::*};
    /// # let users = Table::unregistered("users").column(Column::new("id", Integer).primary_key());
    /// let statement = select(users.c("id")).prefix_with(("mysql", "/*+ MAX_EXECUTION_TIME(1000) */"));
    /// assert_eq!(
    ///     statement.to_sql(&MySqlDialect::default())?,
    ///     "SELECT /*+ MAX_EXECUTION_TIME(1000) */ users.id FROM users"
    /// );
    /// assert_eq!(statement.to_sql(&SqliteDialect::default())?, "SELECT users.id FROM users");
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn prefix_with(self, words: impl IntoHint) -> Self {
        let hint = words.into_hint();
        self.change_core("prefix_with", |node| node.further_mut().prefixes.push(hint))
    }

    /// Writes words at the end.
    pub fn suffix_with(self, words: impl IntoHint) -> Self {
        let hint = words.into_hint();
        self.change(|node| node.further_mut().suffixes.push(hint))
    }

    /// Writes words after a table of FROM: `USE INDEX (..)` on MySQL, `INDEXED BY ..` on SQLite.
    pub fn with_hint(self, table: impl Into<Source>, words: impl IntoHint) -> Self {
        let hint = (table.into(), words.into_hint());
        self.change_core("with_hint", |node| node.further_mut().table_hints.push(hint))
    }

    /// Puts a common table expression into WITH although no column of it is used: an INSERT, UPDATE or DELETE that is done
    /// with the select.
    pub fn add_cte(self, alias: &Alias) -> Self {
        let alias = alias.clone();
        self.change(|node| node.with.push(CommonTableExpression { alias }))
    }
}

macro_rules! changes {
    ($($name:ident)*) => {$(
        impl<R> $name<R> {
            /// Writes words after the statement's first word: `IGNORE`, `LOW_PRIORITY`. With a dialect's name, only for that
            /// dialect.
            pub fn prefix_with(self, words: impl IntoHint) -> Self {
                let hint = words.into_hint();
                self.change(|node| node.further.get_or_insert_default().prefixes.push(hint))
            }

            /// Writes words at the end: `LIMIT 10` on MySQL.
            pub fn suffix_with(self, words: impl IntoHint) -> Self {
                let hint = words.into_hint();
                self.change(|node| node.further.get_or_insert_default().suffixes.push(hint))
            }

            /// Puts a common table expression into WITH although no column of it is used.
            pub fn add_cte(self, alias: &Alias) -> Self {
                let alias = alias.clone();
                self.change(|node| {
                    node.further.get_or_insert_default().with.push(CommonTableExpression { alias });
                })
            }
        }
    )*};
}

changes! { Insert Update Delete }
