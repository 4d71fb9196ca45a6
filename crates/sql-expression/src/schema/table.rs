//! [`Table`].

use std::{
    fmt,
    ops::Deref,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use super::{
    AttachedDdl, CheckConstraint, Column, DdlEvent, ExcludeConstraint, ForeignKeyConstraint, Index, MetaData,
    NamingConvention, PrimaryKeyConstraint, TableOptions, UniqueConstraint, ViewDefinition,
};
use crate::{
    expression::{Alias, AliasTarget, ColumnExpression},
    name::Name,
};

/// A table: a shared handle, so that it is registered in its [`MetaData`] before its columns are there. Cheap to clone.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{schema::{Column, MetaData, Table}, types::{Integer, Varchar}};
///
/// let metadata = MetaData::new();
/// let users = Table::new("users", &metadata)
///     .column(Column::new("id", Integer).primary_key())
///     .column(Column::new("name", Varchar(50)));
/// assert_eq!(users.columns().len(), 2);
/// ```
#[derive(Clone)]
pub struct Table(Handle);

/// How a table is held.
#[derive(Clone)]
enum Handle {
    Counted(Arc<Shared>),
    /// The table of a model lives as long as the program: nobody has to count who holds it, however many statements do.
    Lent(&'static Shared),
}

impl Deref for Handle {
    type Target = Shared;

    #[inline]
    fn deref(&self) -> &Shared {
        match self {
            Self::Counted(shared) => shared,
            Self::Lent(shared) => shared,
        }
    }
}

struct Shared {
    id: u64,
    name: Name,
    schema: Option<Name>,
    definition: RwLock<Arc<TableDefinition>>,
    // Another number after each change, so that what was compiled before one is not used after it. Read without the lock.
    stamp: AtomicU64,
    // Whether a column has a value for UPDATEs that do not name it. Read without the lock.
    has_onupdate: AtomicBool,
    // Whether there are columns that every table of the database has by itself.
    has_system_columns: AtomicBool,
}

/// What a table is made of, as it stood at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TableDefinition {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The foreign keys over several columns; those over one stand with their column.
    pub foreign_keys: Vec<ForeignKeyConstraint>,
    /// The unique constraints over several columns.
    pub uniques: Vec<UniqueConstraint>,
    /// The conditions.
    pub checks: Vec<CheckConstraint>,
    /// The indexes.
    pub indexes: Vec<Index>,
    /// The primary key, where its name, order or timing was given; its columns are marked besides.
    pub primary_key_constraint: Option<PrimaryKeyConstraint>,
    /// The EXCLUDE constraints (PostgreSQL).
    pub excludes: Vec<ExcludeConstraint>,
    /// How the database keeps it.
    pub options: TableOptions,
    /// What it is made of, where it is a view.
    pub view: Option<ViewDefinition>,
    /// How constraints and indexes without a name are named; none: as the metadata says that creates it.
    pub naming_convention: Option<Arc<NamingConvention>>,
    /// DDL that is executed when it is created and dropped.
    pub attached: Vec<AttachedDdl>,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

fn next_id() -> u64 {
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

impl Table {
    /// A table without columns yet, registered in the metadata: in its schema, and with its naming convention.
    pub fn new(name: impl Into<Name>, metadata: &MetaData) -> Self {
        let table = Self::make(name.into(), metadata.schema());
        if let Some(convention) = metadata.naming_convention() {
            table.change(|definition| definition.naming_convention = Some(convention));
        }
        metadata.add(&table);
        table
    }

    /// A table that no metadata knows of.
    pub fn unregistered(name: impl Into<Name>) -> Self {
        Self::make(name.into(), None)
    }

    /// A table in a schema that no metadata knows of.
    pub fn in_schema(schema: impl Into<Name>, name: impl Into<Name>) -> Self {
        Self::make(name.into(), Some(schema.into()))
    }

    fn make(name: Name, schema: Option<Name>) -> Self {
        let id = next_id();
        let shared = Shared {
            id,
            name,
            schema,
            definition: RwLock::default(),
            stamp: AtomicU64::new(id),
            has_onupdate: AtomicBool::new(false),
            has_system_columns: AtomicBool::new(false),
        };
        Self(Handle::Counted(Arc::new(shared)))
    }

    /// The same table, held without being counted: for one that lives as long as the program, as that of a model.
    #[inline]
    pub fn lend(&'static self) -> Self {
        Self(Handle::Lent(&self.0))
    }

    /// Adds a column.
    #[must_use]
    pub fn column(self, column: Column) -> Self {
        self.change(|definition| definition.columns.push(column));
        self
    }

    /// Adds a foreign key over several columns.
    #[must_use]
    pub fn foreign_key(self, constraint: ForeignKeyConstraint) -> Self {
        self.change(|definition| definition.foreign_keys.push(constraint));
        self
    }

    /// Adds a unique constraint.
    #[must_use]
    pub fn unique(self, constraint: UniqueConstraint) -> Self {
        self.change(|definition| definition.uniques.push(constraint));
        self
    }

    /// Adds a condition.
    #[must_use]
    pub fn check(self, constraint: CheckConstraint) -> Self {
        self.change(|definition| definition.checks.push(constraint));
        self
    }

    /// Says how the primary key is named, ordered or checked. Its columns are marked as such, and NOT NULL.
    #[must_use]
    pub fn primary_key(self, constraint: PrimaryKeyConstraint) -> Self {
        self.change(|definition| {
            for column in &mut definition.columns {
                if constraint.columns.contains(&column.name) {
                    column.primary_key = true;
                    column.nullable = false;
                }
            }
            definition.primary_key_constraint = Some(constraint);
        });
        self
    }

    /// Adds an EXCLUDE constraint (PostgreSQL).
    #[must_use]
    pub fn exclude(self, constraint: ExcludeConstraint) -> Self {
        self.change(|definition| definition.excludes.push(constraint));
        self
    }

    /// Says how the database keeps it.
    #[must_use]
    pub fn options(self, options: TableOptions) -> Self {
        self.change(|definition| definition.options = options);
        self
    }

    /// Keeps a comment in the database where it can.
    #[must_use]
    pub fn comment(self, comment: impl Into<Name>) -> Self {
        let comment = comment.into();
        self.change(|definition| definition.options.comment = Some(comment));
        self
    }

    /// Makes it a view: a query that is read like a table.
    #[must_use]
    pub fn view(self, definition: impl Into<ViewDefinition>) -> Self {
        let view = definition.into();
        self.change(|definition| definition.view = Some(view));
        self
    }

    /// Attaches DDL that is executed whenever the table is created or dropped by `create_all` and `drop_all`. Counterpart of
    /// SQLAlchemy's `event.listen(table, "after_create", DDL(..))`.
    #[must_use]
    pub fn attach(self, event: DdlEvent, ddl: crate::statement::Ddl) -> Self {
        self.change(|definition| definition.attached.push(AttachedDdl { event, ddl }));
        self
    }

    /// Adds an index.
    #[must_use]
    pub fn index(self, index: Index) -> Self {
        self.change(|definition| definition.indexes.push(index));
        self
    }

    fn change(&self, change: impl FnOnce(&mut TableDefinition)) {
        let mut definition = self.0.definition.write().unwrap_or_else(PoisonError::into_inner);
        let definition = Arc::make_mut(&mut definition);
        change(definition);
        let has_onupdate = definition.columns.iter().any(|column| column.onupdate.is_some());
        let has_system_columns = definition.columns.iter().any(|column| column.system);
        self.0.has_onupdate.store(has_onupdate, Ordering::Release);
        self.0.has_system_columns.store(has_system_columns, Ordering::Release);
        self.0.stamp.store(next_id(), Ordering::Release);
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// The schema, where one was given.
    pub fn schema(&self) -> Option<&Name> {
        self.0.schema.as_ref()
    }

    /// What the table is made of, at this moment.
    pub fn definition(&self) -> Arc<TableDefinition> {
        self.0.definition.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The columns, at this moment.
    pub fn columns(&self) -> Vec<Column> {
        self.definition().columns.clone()
    }

    /// All foreign keys: those of single columns first, in the order of the columns.
    pub fn foreign_keys(&self) -> Vec<ForeignKeyConstraint> {
        let definition = self.definition();
        let single = definition.columns.iter().filter_map(|column| {
            column.foreign_key.as_ref().map(|key| ForeignKeyConstraint::of_column(&column.name, key))
        });
        single.chain(definition.foreign_keys.iter().cloned()).collect()
    }

    /// A column by name, for expressions. Building never fails: a name that the table does not have is reported when the
    /// statement is compiled.
    pub fn c(&self, name: impl Into<Name>) -> ColumnExpression {
        ColumnExpression::new(crate::expression::Source::Table(self.clone()), name.into())
    }

    /// The table under another name, so that it can be used twice in a statement. For models there is
    /// [`aliased`](crate::aliased).
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, schema::*, select, types::*};
    /// # let person = Table::unregistered("person").column(Column::new("id", Integer)).column(Column::new("boss_id", Integer));
    /// let boss = person.alias("boss");
    /// assert_eq!(
    ///     select((person.c("id"), boss.c("id"))).join_on(&boss, boss.c("id").eq(person.c("boss_id"))).to_sql(&SqliteDialect::default())?,
    ///     "SELECT person.id, boss.id FROM person JOIN person AS boss ON boss.id = person.boss_id"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn alias(&self, name: impl Into<Name>) -> Alias {
        Alias::new(Some(name.into()), AliasTarget::Table(self.clone()))
    }

    /// Whether a column has a value for UPDATEs that do not name it.
    #[inline]
    pub(crate) fn has_onupdate(&self) -> bool {
        self.0.has_onupdate.load(Ordering::Acquire)
    }

    /// Whether there are columns that every table of the database has by itself.
    #[inline]
    pub(crate) fn has_system_columns(&self) -> bool {
        self.0.has_system_columns.load(Ordering::Acquire)
    }

    /// A number for the table as it stands: no other table of this process has it, nor this one before or after a change.
    pub(crate) fn stamp(&self) -> u64 {
        self.0.stamp.load(Ordering::Acquire)
    }
}

impl TableDefinition {
    /// Whether it is a view.
    pub fn is_view(&self) -> bool {
        self.view.is_some()
    }

    /// The columns of the primary key, in order.
    pub fn primary_key(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| column.primary_key)
    }

    /// The column that the database numbers: marked so, an identity in the primary key, or the lone integer of the primary key
    /// that references nothing.
    pub fn autoincrement_column(&self) -> Option<&Column> {
        use crate::types::SqlType;
        let is_marked = |column: &&Column| {
            column.autoincrement == Some(true) || (column.primary_key && column.identity.is_some())
        };
        if let Some(column) = self.columns.iter().find(is_marked) {
            return Some(column);
        }
        let mut key = self.primary_key();
        let column = key.next()?;
        let integer = matches!(
            column.sql_type.base(),
            SqlType::TinyInteger
                | SqlType::UnsignedTinyInteger
                | SqlType::SmallInteger
                | SqlType::UnsignedSmallInteger
                | SqlType::Integer
                | SqlType::UnsignedInteger
                | SqlType::BigInteger
                | SqlType::UnsignedBigInteger
        );
        let numbered = integer
            && column.autoincrement.is_none()
            && column.foreign_key.is_none()
            && column.server_default.is_none()
            && key.next().is_none();
        numbered.then_some(column)
    }

    /// A column by name.
    pub fn find(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| &*column.name == name)
    }
}

impl PartialEq for Table {
    /// Whether both are the same table object, not only of the same name.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&*self.0, &*other.0)
    }
}

impl Eq for Table {}

impl std::hash::Hash for Table {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Table({})", self.name())
    }
}
