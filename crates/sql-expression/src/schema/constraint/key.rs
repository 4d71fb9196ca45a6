//! What a primary key and a unique constraint have in common: their index, and what SQLite does with a row too many.

use crate::name::Name;

/// What SQLite does with a row that breaks a constraint, instead of refusing the statement: ON CONFLICT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictResolution {
    /// The transaction is rolled back.
    Rollback,
    /// The statement is undone, as it is by itself.
    Abort,
    /// The statement stops; what it did stays.
    Fail,
    /// The row is left out.
    Ignore,
    /// The rows that are there go.
    Replace,
}

impl ConflictResolution {
    /// In SQL's word.
    pub fn as_sql(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Abort => "ABORT",
            Self::Fail => "FAIL",
            Self::Ignore => "IGNORE",
            Self::Replace => "REPLACE",
        }
    }

    /// The resolution that a word of SQL names, in capital or small letters.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Rollback, Self::Abort, Self::Fail, Self::Ignore, Self::Replace]
            .into_iter()
            .find(|one| one.as_sql().eq_ignore_ascii_case(word))
    }
}

/// What is said to PostgreSQL alone of the index that serves a constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresqlKeyOptions {
    /// Storage parameters, as SQL: `fillfactor = 70`.
    pub with: Option<Name>,
    /// Where it is stored.
    pub tablespace: Option<Name>,
    /// The comment of the index; that of the constraint is another.
    pub index_comment: Option<Name>,
}

/// The methods of what is said of a constraint's index, for whoever has the fields `include` and `postgresql`.
macro_rules! indexed {
    () => {
        /// Says which columns the entries of its index carry beside its own (PostgreSQL): INCLUDE.
        #[must_use]
        pub fn include<N: Into<Name>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
            self.include.extend(columns.into_iter().map(Into::into));
            self
        }

        /// Says PostgreSQL's storage parameters of its index, as SQL: `fillfactor = 70`.
        #[must_use]
        pub fn postgresql_with(mut self, parameters: impl Into<Name>) -> Self {
            self.postgresql.with = Some(parameters.into());
            self
        }

        /// Says where PostgreSQL stores its index.
        #[must_use]
        pub fn postgresql_tablespace(mut self, tablespace: impl Into<Name>) -> Self {
            self.postgresql.tablespace = Some(tablespace.into());
            self
        }
    };
}

/// The methods of what is said of a key besides, for whoever has the fields `elements` and `sqlite_on_conflict`.
macro_rules! keyed {
    () => {
        /// Says how its index takes the columns, where it is not each as a whole from the lowest up: collation and direction on
        /// SQLite, length and direction on MySQL and MariaDB. They must be the columns of the key, in its order.
        #[must_use]
        pub fn elements<E: Into<$crate::schema::IndexElement>>(
            mut self,
            elements: impl IntoIterator<Item = E>,
        ) -> Self {
            self.elements = elements.into_iter().map(Into::into).collect();
            self
        }

        /// Says what SQLite does with a second row of the key. SQLAlchemy's `sqlite_on_conflict`.
        #[must_use]
        pub fn sqlite_on_conflict(mut self, resolution: $crate::schema::ConflictResolution) -> Self {
            self.sqlite_on_conflict = Some(resolution);
            self
        }
    };
}

/// The method that says its comment, for whoever has a field `comment`.
macro_rules! commented {
    () => {
        /// Keeps a comment in the database where it can (PostgreSQL). It needs a name then.
        #[must_use]
        pub fn comment(mut self, comment: impl Into<Name>) -> Self {
            self.comment = Some(comment.into());
            self
        }
    };
}

pub(super) use {commented, indexed, keyed};
