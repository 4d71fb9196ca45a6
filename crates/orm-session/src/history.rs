//! [`History`]: what a column holds, and what it holds in the database; [`LinkHistory`]: the same of a relationship.

use aludel_sql_expression::{Attribute, ColumnType};

use crate::{Instance, link::LoadedLink, mapping::Mapped, relationship::Relationship};

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

/// What a relationship of an object leads to, and what is to be written of it, as far as the session knows.
///
/// Counterpart of SQLAlchemy's attribute `History` of a relationship; `removed` is its `deleted`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkHistory<T: Mapped> {
    /// What was put in since the last flush.
    pub added: Vec<Instance<T>>,
    /// What is there as it is in the database; none of it where the relationship is not loaded.
    pub unchanged: Vec<Instance<T>>,
    /// What was taken out since the last flush.
    pub removed: Vec<Instance<T>>,
}

impl<T: Mapped> LinkHistory<T> {
    /// Whether something was put in or taken out.
    pub fn is_changed(&self) -> bool {
        !self.added.is_empty() || !self.removed.is_empty()
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

    /// What a relationship leads to, and what was put in and taken out since the last flush. It sends no statement, so that
    /// only changes are known of what is not loaded.
    ///
    /// # Examples
    /// `author.link_history(Author::books).added`, after `author.edit(|author| author.books.push(book))`, holds the book.
    pub fn link_history<L: LoadedLink<Target: Mapped>>(
        &self,
        relationship: Relationship<M, L>,
    ) -> LinkHistory<L::Target> {
        let number = relationship.index();
        let (added, unchanged, removed) = {
            let inner = self.graph().lock();
            let slots = |numbers: &[u32]| {
                numbers
                    .iter()
                    .filter_map(|number| inner.entry(*number))
                    .map(|entry| entry.slot.clone())
                    .collect()
            };
            match inner.entry(self.erased().index()) {
                Some(entry) => {
                    let (added, removed) = entry.relation(number).difference();
                    let there = entry.items(number).unwrap_or_default().iter().copied();
                    let unchanged: Vec<u32> = there.filter(|item| !added.contains(item)).collect();
                    (slots(&added), slots(&unchanged), slots(&removed))
                }
                None => (Vec::new(), Vec::new(), Vec::new()),
            }
        };
        let instances = |slots| Instance::list(slots, self.graph());
        LinkHistory { added: instances(added), unchanged: instances(unchanged), removed: instances(removed) }
    }

    /// The fields of the columns that differ from the database: what the next flush writes of a persistent object.
    pub fn modified_columns(&self) -> Vec<&'static str> {
        let columns = M::mapper().columns();
        self.changed().into_iter().map(|column| columns[usize::from(column)].field).collect()
    }
}
