//! [`MetaData`].

use std::sync::{Arc, PoisonError, RwLock};

use super::Table;

/// A collection of tables: what `create_all` creates and migrations compare. Cheap to clone; clones are the same
/// collection.
#[derive(Clone, Debug, Default)]
pub struct MetaData {
    tables: Arc<RwLock<Vec<Table>>>,
}

impl MetaData {
    /// A collection without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// A collection of these tables or models: `MetaData::of((Author, Book))`.
    pub fn of(tables: impl Tables) -> Self {
        let metadata = Self::new();
        tables.each(&mut |table| metadata.add(table));
        metadata
    }

    /// Adds a table, unless it is there already.
    pub fn add(&self, table: &Table) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if !tables.contains(table) {
            tables.push(table.clone());
        }
    }

    /// The tables, in the order in which they were added.
    pub fn tables(&self) -> Vec<Table> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A table by name.
    pub fn table(&self, name: &str) -> Option<Table> {
        self.tables
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|table| &**table.name() == name)
            .cloned()
    }
}

/// What [`MetaData::of`] takes: a table, a model, or a tuple of these.
pub trait Tables {
    /// Gives each table.
    fn each(&self, take: &mut dyn FnMut(&Table));
}

impl Tables for Table {
    fn each(&self, take: &mut dyn FnMut(&Table)) {
        take(self);
    }
}

impl Tables for &Table {
    fn each(&self, take: &mut dyn FnMut(&Table)) {
        take(self);
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: Tables),*> Tables for ($($name,)*) {
            #[allow(non_snake_case, reason = "the type parameters name the variables")]
            fn each(&self, take: &mut dyn FnMut(&Table)) {
                let ($($name,)*) = self;
                $($name.each(take);)*
            }
        }
    )*};
}

tuples! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) (A B C D E F G H I)
    (A B C D E F G H I J) (A B C D E F G H I J K) (A B C D E F G H I J K L) (A B C D E F G H I J K L N)
    (A B C D E F G H I J K L N O) (A B C D E F G H I J K L N O P) (A B C D E F G H I J K L N O P Q)
}
