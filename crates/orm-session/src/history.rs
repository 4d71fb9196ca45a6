//! [`History`]: what a column holds, and what it holds in the database.

use aludel_sql_expression::{Attribute, ColumnType};

use crate::{Instance, mapping::Mapped};

/// What a column of an object holds now, and what it holds in the database, as far as the session knows.
///
/// Counterpart of SQLAlchemy's attribute `History`: `stored` is its `deleted`, and `now` its `added` or `unchanged`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct History<T> {
    /// The present value.
    pub now: T,
    /// The value in the database, where another one is to be written; none: nothing is.
    pub stored: Option<T>,
}

impl<T> History<T> {
    /// Whether the next flush writes the column of a persistent object.
    pub fn is_changed(&self) -> bool {
        self.stored.is_some()
    }
}

impl<M: Mapped> Instance<M> {
    /// What a column holds, and what it holds in the database.
    ///
    /// # Examples
    /// `let history = author.history(Author::name);`, after `author.set(Author::name, "Eric")`: `now` is `"Eric"`, and
    /// `stored` is `Some("George")`.
    pub fn history<T: ColumnType + PartialEq>(&self, column: Attribute<M, T>) -> History<T> {
        let (now, stored) = self.versions();
        let now = column.get(&now).clone();
        let stored = stored.map(|stored| column.get(&stored).clone()).filter(|stored| *stored != now);
        History { now, stored }
    }

    /// The fields of the columns that differ from the database: what the next flush writes of a persistent object.
    pub fn modified_columns(&self) -> Vec<&'static str> {
        let columns = M::mapper().columns();
        self.changed().into_iter().map(|column| columns[usize::from(column)].field).collect()
    }
}
