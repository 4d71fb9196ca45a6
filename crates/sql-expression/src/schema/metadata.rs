//! [`MetaData`].

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{AttachedDdl, DdlEvent, Domain, Enumeration, NamingConvention, Sequence, Table};
use crate::{name::Name, statement::Ddl};

/// A collection of tables, views and sequences: what `create_all` creates and migrations compare. Cheap to clone; clones are
/// the same collection.
#[derive(Clone, Debug, Default)]
pub struct MetaData {
    contents: Arc<RwLock<Contents>>,
}

#[derive(Debug, Default)]
struct Contents {
    tables: Vec<Table>,
    sequences: Vec<Sequence>,
    domains: Vec<Domain>,
    enumerations: Vec<Enumeration>,
    schema: Option<Name>,
    naming_convention: Option<Arc<NamingConvention>>,
    attached: Vec<AttachedDdl>,
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

    /// The same collection with only these of its tables: `metadata.only((&author, &book)).create_all(conn)`. It keeps the schema
    /// and the naming convention; the DDL that is attached to the whole, and sequences that no column of these takes numbers
    /// from, stay behind. Counterpart of SQLAlchemy's `create_all(tables=[..])`.
    ///
    /// A table that is none of this collection's is added as [`MetaData::of`] adds it.
    #[must_use]
    pub fn only(&self, tables: impl Tables) -> Self {
        let chosen = Self::of(tables);
        {
            let (contents, mut own) = (self.read(), chosen.write());
            own.schema.clone_from(&contents.schema);
            own.naming_convention.clone_from(&contents.naming_convention);
        }
        chosen
    }

    /// Says which schema tables are in that are made for it by [`Table::new`]. Tables that are there stay where they are.
    #[must_use]
    pub fn with_schema(self, schema: impl Into<Name>) -> Self {
        self.write().schema = Some(schema.into());
        self
    }

    /// Says how constraints and indexes without a name are named, unless a table says so itself.
    #[must_use]
    pub fn with_naming_convention(self, convention: NamingConvention) -> Self {
        self.write().naming_convention = Some(convention.shared());
        self
    }

    /// Attaches DDL that is executed whenever all is created or dropped by `create_all` and `drop_all`.
    #[must_use]
    pub fn attach(self, event: DdlEvent, ddl: Ddl) -> Self {
        self.write().attached.push(AttachedDdl { event, ddl });
        self
    }

    /// Adds a table, unless it is there already.
    pub fn add(&self, table: &Table) {
        let mut contents = self.write();
        if !contents.tables.contains(table) {
            contents.tables.push(table.clone());
        }
    }

    /// Adds a sequence that no column takes its numbers from, unless it is there already.
    pub fn add_sequence(&self, sequence: &Sequence) {
        let mut contents = self.write();
        if !contents.sequences.contains(sequence) {
            contents.sequences.push(sequence.clone());
        }
    }

    /// Adds an enumeration that no column has, or that has a comment, unless one of its name is there already. Where enumerations
    /// are no types of their own it says nothing.
    pub fn add_enumeration(&self, enumeration: &Enumeration) {
        let mut contents = self.write();
        let is_it = |own: &Enumeration| own.name == enumeration.name && own.schema == enumeration.schema;
        if !contents.enumerations.iter().any(is_it) {
            contents.enumerations.push(enumeration.clone());
        }
    }

    /// The enumerations that were added.
    pub(super) fn added_enumerations(&self) -> Vec<Enumeration> {
        self.read().enumerations.clone()
    }

    /// Adds a domain, unless one of its name is there already. Domains are made before the tables, each
    /// after the one that it is made of.
    pub fn add_domain(&self, domain: &Domain) {
        let mut contents = self.write();
        if !contents.domains.iter().any(|own| own.name == domain.name && own.schema == domain.schema) {
            contents.domains.push(domain.clone());
        }
    }

    /// The domains, in the order in which they were added.
    pub fn domains(&self) -> Vec<Domain> {
        self.read().domains.clone()
    }

    /// The tables and views, in the order in which they were added.
    pub fn tables(&self) -> Vec<Table> {
        self.read().tables.clone()
    }

    /// The sequences: those that were added, and those of columns.
    pub fn sequences(&self) -> Vec<Sequence> {
        let mut sequences = self.read().sequences.clone();
        for table in self.tables() {
            for column in &table.definition().columns {
                let own = column.sequence.iter().filter(|sequence| !sequence.definition().optional);
                for sequence in own {
                    if !sequences.contains(sequence) {
                        sequences.push(sequence.clone());
                    }
                }
            }
        }
        sequences
    }

    /// A table by name: that of no schema, where several schemas have one, or `schema.name`.
    pub fn table(&self, name: &str) -> Option<Table> {
        let contents = self.read();
        let named = |table: &&Table| &**table.name() == name;
        let in_schema = |table: &&Table| {
            table.schema().is_some_and(|schema| {
                name.strip_prefix(&**schema).and_then(|rest| rest.strip_prefix('.')) == Some(&**table.name())
            })
        };
        let tables = || contents.tables.iter();
        let found = tables().filter(named).find(|table| table.schema().is_none());
        found.or_else(|| tables().find(in_schema)).or_else(|| tables().find(named)).cloned()
    }

    /// The schema of tables that are made for it, where there is one.
    pub fn schema(&self) -> Option<Name> {
        self.read().schema.clone()
    }

    /// How constraints and indexes without a name are named, where that was said.
    pub fn naming_convention(&self) -> Option<Arc<NamingConvention>> {
        self.read().naming_convention.clone()
    }

    /// The DDL that is attached to an event, in order.
    pub(super) fn attached(&self, event: DdlEvent) -> Vec<Ddl> {
        let contents = self.read();
        contents
            .attached
            .iter()
            .filter(|attached| attached.event == event)
            .map(|attached| attached.ddl.clone())
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Contents> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Contents> {
        self.contents.write().unwrap_or_else(PoisonError::into_inner)
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
