//! [`Mapped`] and [`Mapper`].

use std::{
    any::TypeId,
    fmt,
    sync::{Arc, OnceLock},
};

use aludel_driver::{Error, Result};
use aludel_sql_expression::{
    Cell, Model, Value,
    schema::{Table, TableDefinition},
    typed::RowReader,
};

use super::{Configuration, Direction, Key, RelationshipMapping};
use crate::{
    graph::{Admission, Alike, AnySlot, GroupId, Rows},
    link::LinkCell,
};

/// A struct whose rows a session can hold. Written by `#[derive(Mapped)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a mapped model",
    note = "write `#[derive(Mapped)]` on the struct, and `#[column(primary_key)]` on its key"
)]
pub trait Mapped: Model + Clone {
    /// The type of the primary key: the field's, or a tuple of them.
    type Key: Key;

    /// What the derive tells of the model.
    fn mapper() -> &'static Mapper;

    /// The primary key.
    fn key(&self) -> Self::Key;

    /// The value of a column, by its position.
    fn column(&self, index: u16) -> Value;

    /// Whether both have the same value in a column.
    fn column_eq(&self, other: &Self, index: u16) -> bool;

    /// Takes over the value of a column.
    fn copy_column(&mut self, from: &Self, index: u16);

    /// Reads the value of a column.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](aludel_sql_expression::ErrorKind::Data) when it does not fit the field.
    fn set_column(&mut self, index: u16, cell: Cell<'_>) -> aludel_sql_expression::Result<()>;

    /// Reads a cell as a value of a column: in the form that [`column`](Self::column) gives, whatever form the database
    /// shows it in.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](aludel_sql_expression::ErrorKind::Data) when it does not fit the field.
    fn read_column(index: u16, cell: Cell<'_>) -> aludel_sql_expression::Result<Value>;

    /// The positions of the columns that have validators.
    const VALIDATED: &'static [u16] = &[];

    /// Asks the validator of a column, where it has one.
    ///
    /// # Errors
    /// What the validator says of a value that it refuses.
    fn validate_column(&self, index: u16) -> std::result::Result<(), String> {
        let _ = index;
        Ok(())
    }

    /// Shows the link in each relationship field.
    fn links(&mut self, visit: &mut dyn FnMut(u16, &mut LinkCell));
}

/// What is known of a model, without its type: plain data and functions.
pub struct Mapper {
    name: &'static str,
    table: fn() -> &'static Table,
    columns: &'static [ColumnMapping],
    key: &'static [u16],
    relationships: &'static [RelationshipMapping],
    functions: ModelFunctions,
    eager_defaults: bool,
    configuration: OnceLock<Result<Configuration>>,
    definition: OnceLock<Arc<TableDefinition>>,
}

/// What the derive tells of a column, beyond what the table knows.
#[derive(Debug)]
pub struct ColumnMapping {
    /// The field's name.
    pub field: &'static str,
    /// The column's name.
    pub column: &'static str,
    /// Makes the value of an INSERT when the field is NULL.
    pub default: Option<fn() -> Value>,
    /// Whether the database makes a value at an UPDATE that does not write the column, by a trigger or ON UPDATE.
    pub server_onupdate: bool,
    /// Whether the column tells the versions of the row, and who makes them.
    pub version_id: Option<VersionId>,
}

/// Who makes the versions of rows. Counterpart of SQLAlchemy's `version_id_generator`.
#[derive(Clone, Copy, Debug)]
pub enum VersionId {
    /// The session counts from one.
    Counter,
    /// The session calls a function for each version.
    Generator(fn() -> Value),
    /// The database, or the program: the session writes none, and brings back what is there.
    Server,
}

/// Reads a row, takes it into a graph and a group of it, and gives the object's number.
type LoadFunction = fn(&mut RowReader<'_>, &mut Admission<'_>, Option<&mut Option<GroupId>>) -> Result<u32>;

/// Writes rows of new objects as long as they are of the model and alike, and says how many they were: of which objects, which
/// of them, whether the database numbers keys, and whether it numbers those of these rows.
type WriteNew = fn(&[Arc<dyn AnySlot>], &[usize], bool, bool, Rows<'_>) -> usize;

/// Puts numbers into new objects, whose rows were written: of which objects, which of them, the column, the numbers, and
/// whether the rows are committed.
type NumberNew = fn(&[Arc<dyn AnySlot>], &[usize], u16, &[i64], bool) -> Result<()>;

/// Writes rows of changed objects as long as they are of the model and alike: of which objects, the columns that differ and
/// those that find the row.
type WriteChanged = fn(&[Arc<dyn AnySlot>], &[u16], &[u16], &mut Vec<Value>) -> Alike;

/// What is generic over a model, as function pointers.
pub struct ModelFunctions {
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) read_column: fn(u16, Cell<'_>) -> aludel_sql_expression::Result<Value>,
    pub(crate) load: LoadFunction,
    pub(crate) write_new: WriteNew,
    pub(crate) number_new: NumberNew,
    pub(crate) write_changed: WriteChanged,
    /// Whether columns have validators.
    pub(crate) is_validated: bool,
}

impl ModelFunctions {
    /// The functions of a model.
    pub const fn of<M: Mapped>() -> Self {
        Self {
            type_id: TypeId::of::<M>,
            read_column: M::read_column,
            load: crate::graph::load_row::<M>,
            write_new: crate::graph::write_new::<M>,
            number_new: crate::graph::number_new::<M>,
            write_changed: crate::graph::write_changed::<M>,
            is_validated: !M::VALIDATED.is_empty(),
        }
    }
}

impl Mapper {
    /// What the derive tells.
    pub const fn new(
        name: &'static str,
        table: fn() -> &'static Table,
        columns: &'static [ColumnMapping],
        key: &'static [u16],
        relationships: &'static [RelationshipMapping],
        functions: ModelFunctions,
    ) -> Self {
        Self {
            name,
            table,
            columns,
            key,
            relationships,
            functions,
            eager_defaults: true,
            configuration: OnceLock::new(),
            definition: OnceLock::new(),
        }
    }

    /// Says whether a flush brings back what the database made; else the object is expired.
    #[must_use]
    pub const fn eager_defaults(mut self, eager: bool) -> Self {
        self.eager_defaults = eager;
        self
    }

    pub(crate) fn is_eager(&self) -> bool {
        self.eager_defaults
    }

    /// The model's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The table.
    pub fn table(&self) -> &'static Table {
        (self.table)()
    }

    /// The columns.
    pub fn columns(&self) -> &'static [ColumnMapping] {
        self.columns
    }

    /// The positions of the primary key's columns.
    pub fn key(&self) -> &'static [u16] {
        self.key
    }

    /// The relationships.
    pub fn relationships(&self) -> &'static [RelationshipMapping] {
        self.relationships
    }

    pub(crate) fn functions(&self) -> &ModelFunctions {
        &self.functions
    }

    /// The table's columns and constraints: a model's table never changes.
    pub(crate) fn definition(&self) -> &TableDefinition {
        self.definition.get_or_init(|| self.table().definition())
    }

    /// The number of the relationship that leads back along this one.
    pub(crate) fn back(&self, relationship: u16) -> Option<u16> {
        let mapping = &self.relationships[usize::from(relationship)];
        let name = mapping.back_populates?;
        let position = (mapping.target)().relationships.iter().position(|other| other.name == name)?;
        u16::try_from(position).ok()
    }

    /// Whether what the relationship leads to has its foreign key there, and so belongs to one object at most.
    pub(crate) fn is_held_by_one(&'static self, relationship: u16) -> bool {
        self.configuration().is_ok_and(|configuration| {
            configuration.relationships[usize::from(relationship)].direction == Direction::OneToMany
        })
    }

    /// Everything that follows from the tables.
    pub(crate) fn configuration(&'static self) -> Result<&'static Configuration> {
        self.configuration.get_or_init(|| Configuration::of(self)).as_ref().map_err(Error::clone)
    }

    /// The name of a column's field, for messages: `Book.author_id`.
    pub(crate) fn field(&self, column: u16) -> String {
        format!("{}.{}", self.name, self.columns[usize::from(column)].field)
    }
}

impl PartialEq for Mapper {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Mapper {}

impl std::hash::Hash for Mapper {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self).hash(state);
    }
}

impl fmt::Debug for Mapper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Mapper({})", self.name)
    }
}

impl fmt::Debug for ModelFunctions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ModelFunctions")
    }
}
