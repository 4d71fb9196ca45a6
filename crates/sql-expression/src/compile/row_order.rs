//! [`RowOrder`]: how the rows that an INSERT gives back find those that were given.

use crate::{
    Value,
    dialect::{Autoincrement, Dialect, InsertMany},
    expression::Node,
    name::Name,
    schema::TableDefinition,
    statement::{InsertNode, InsertRows, RowValues, SelectItem, Upsert},
    types::SqlType,
};

/// How the rows that an INSERT gives back find those that were given. No database promises the order of RETURNING.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RowOrder {
    /// Each set of parameters is one row, and gives one row back.
    OneByOne,
    /// The database numbers the rows, and each number is higher than the one before.
    Numbered {
        /// Where the number stands in the row.
        position: usize,
        /// How many cells at the end of the row are only there for this.
        hidden: usize,
        /// The name of the numbered column.
        column: Name,
    },
    /// The rows have keys that were given, and come back with them.
    Keyed {
        /// Where the key stands in the row.
        positions: Box<[usize]>,
        /// How many cells at the end of the row are only there for this.
        hidden: usize,
        /// The keys that were given.
        keys: RowKeys,
    },
    /// There is no RETURNING: what the database says of each set is the row's only cell.
    GeneratedKey {
        /// The name of the numbered column.
        column: Name,
    },
}

/// The keys of rows that were given.
#[derive(Clone, Debug)]
pub struct RowKeys {
    rows: RowValues,
    places: Box<[usize]>,
}

impl RowKeys {
    /// The key of a row: a value for each of its columns.
    pub fn of(&self, row: usize) -> impl Iterator<Item = &Value> {
        self.places.iter().filter_map(move |place| self.rows.value(row, *place))
    }
}

/// How an INSERT of many rows is written, so that its rows can be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It does not matter.
    Plain,
    OneByOne,
    GeneratedKey,
    /// In numbered rows.
    Numbered(Written),
    /// By keys that were given.
    Keyed(Written),
    /// As one array a column; whoever sends it tells the rows apart.
    InArrays,
}

/// How many rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// `VALUES (..), (..)`.
    Rows,
    /// `SELECT .. FROM UNNEST(..)`: one parameter a column.
    Columns,
}

/// What of an INSERT, besides its structure, says how it is written.
pub(super) fn facts(insert: &InsertNode) -> u8 {
    let many = is_ordered_many(insert);
    u8::from(many)
        | u8::from(many && keys_can_be_told(insert)) << 1
        | u8::from(insert.key_alone) << 2
        | u8::from(insert.in_arrays) << 3
}

fn rows_of(insert: &InsertNode) -> Option<&RowValues> {
    match &insert.rows {
        InsertRows::Values(rows) => Some(rows),
        _ => None,
    }
}

fn is_ordered_many(insert: &InsertNode) -> bool {
    !insert.returning.is_empty()
        && !insert.unordered
        && upsert_of(insert).is_none_or(Upsert::returns_each_row)
        && rows_of(insert).is_some_and(|rows| rows.is_cut() || rows.count() > 1)
}

fn upsert_of(insert: &InsertNode) -> Option<&Upsert> {
    insert.further.as_ref()?.upsert.as_ref()
}

impl Way {
    pub(super) fn of(insert: &InsertNode, dialect: &dyn Dialect) -> Self {
        let features = dialect.features();
        let definition = insert.table.definition();
        if insert.in_arrays {
            let rows = rows_of(insert).filter(|rows| rows.width() > 0);
            let columns = rows.map(|rows| written(insert, rows, &definition, dialect));
            return if columns == Some(Written::Columns) { Self::InArrays } else { Self::Plain };
        }
        let numbered = definition
            .autoincrement_column()
            .filter(|column| place_of(insert, &definition, &column.name).is_none());
        let returns_number = numbered.is_some_and(
            |column| matches!(&*returned(insert, &definition), [Some(name)] if **name == column.name),
        );
        let upserts = upsert_of(insert).is_some();
        if insert.key_alone && !features.insert_returning && returns_number && !upserts {
            return Self::GeneratedKey;
        }
        // A dialect without RETURNING says so when the text is written.
        if !is_ordered_many(insert) || !features.insert_returning {
            return Self::Plain;
        }
        // A row that is there already keeps its number, and its key.
        if upserts {
            return Self::OneByOne;
        }
        let looped = features.insert_many == InsertMany::Loop;
        let Some(rows) = rows_of(insert).filter(|rows| rows.width() > 0) else { return Self::OneByOne };
        if let Some(column) = numbered {
            if !column.grows() {
                return Self::OneByOne;
            }
            return match looped {
                true if returns_number
                    && features.autoincrement == Autoincrement::RowId
                    && rows.values().is_some() =>
                {
                    Self::GeneratedKey
                }
                true => Self::OneByOne,
                false => Self::Numbered(written(insert, rows, &definition, dialect)),
            };
        }
        match keys_can_be_told(insert) {
            true => Self::Keyed(written(insert, rows, &definition, dialect)),
            false => Self::OneByOne,
        }
    }
}

/// Whether the rows can go as one array a column: one text then serves any number of them.
fn written(
    insert: &InsertNode,
    rows: &RowValues,
    definition: &TableDefinition,
    dialect: &dyn Dialect,
) -> Written {
    let can = dialect.features().array_parameters
        && rows.values().is_some()
        && (0..rows.width()).all(|place| {
            column_at(insert, definition, place).is_some_and(|column| {
                !matches!(column.sql_type.plain(dialect.name()), SqlType::Array(_))
                    && dialect.cast_type_name(column.sql_type.plain(dialect.name())).is_ok()
            })
        });
    if can { Written::Columns } else { Written::Rows }
}

/// The column at a place of the rows.
pub(super) fn column_at<'d>(
    insert: &InsertNode,
    definition: &'d TableDefinition,
    place: usize,
) -> Option<&'d crate::schema::Column> {
    match &insert.columns {
        Some(columns) => definition.find(columns.get(place)?),
        None => definition.columns.get(place),
    }
}

/// The place of a column in the rows.
fn place_of(insert: &InsertNode, definition: &TableDefinition, name: &str) -> Option<usize> {
    let width = rows_of(insert)?.width();
    let place = match &insert.columns {
        Some(columns) => columns.iter().position(|column| **column == *name),
        None => definition.columns.iter().position(|column| *column.name == *name),
    };
    place.filter(|place| *place < width)
}

/// Whether each row has its key, in a form that comes back just so.
fn keys_can_be_told(insert: &InsertNode) -> bool {
    let definition = insert.table.definition();
    let Some(rows) = rows_of(insert) else { return false };
    let mut has_key = false;
    definition.primary_key().all(|column| {
        has_key = true;
        let numbered = definition.autoincrement_column().is_some_and(|numbered| numbered.name == column.name);
        place_of(insert, &definition, &column.name).is_some_and(|place| {
            (0..rows.count()).all(|row| {
                rows.value(row, place).is_some_and(|value| comes_back(value, &column.sql_type, numbered))
            })
        })
    }) && has_key
}

/// Whether a value is read back as it was written. Not so where the type may round, pad or take on another form.
fn comes_back(value: &Value, sql_type: &SqlType, numbered: bool) -> bool {
    match sql_type {
        SqlType::TinyInteger
        | SqlType::UnsignedTinyInteger
        | SqlType::SmallInteger
        | SqlType::UnsignedSmallInteger
        | SqlType::Integer
        | SqlType::UnsignedInteger
        | SqlType::BigInteger
        | SqlType::UnsignedBigInteger => {
            // To MySQL a 0 asks for the next number.
            matches!(value, Value::I64(number) if !numbered || *number != 0)
                || matches!(value, Value::U64(number) if !numbered || *number != 0)
        }
        SqlType::Varchar(_) | SqlType::Text | SqlType::Enum { .. } => matches!(value, Value::Text(_)),
        SqlType::Uuid => matches!(value, Value::Uuid(_)),
        SqlType::LargeBinary => matches!(value, Value::Bytes(_)),
        SqlType::Date => matches!(value, Value::Date(_)),
        _ => false,
    }
}

/// What RETURNING gives, cell by cell: the column's name where it is a column.
fn returned<'n>(insert: &'n InsertNode, definition: &'n TableDefinition) -> Vec<Option<&'n Name>> {
    let mut cells = Vec::with_capacity(insert.returning.len());
    for item in &insert.returning {
        match item {
            SelectItem::Expression { node: Node::Column(column), .. } => cells.push(Some(&column.name)),
            SelectItem::Expression { .. } => cells.push(None),
            SelectItem::Entity { .. } => {
                cells.extend(definition.columns.iter().map(|column| Some(&column.name)))
            }
        }
    }
    cells
}

/// What stands in a text so that its rows can be told apart.
#[derive(Clone, Debug)]
pub(super) struct Sentinel {
    pub(super) way: Way,
    /// The first column of the key.
    column: Option<Name>,
    positions: Box<[usize]>,
    /// The columns that RETURNING gives besides those that were asked for.
    pub(super) hidden: Vec<Name>,
    places: Box<[usize]>,
    /// The types of the columns, where each goes as one array.
    pub(super) types: Box<[SqlType]>,
}

impl Sentinel {
    pub(super) fn of(insert: &InsertNode, way: Way) -> Self {
        let definition = insert.table.definition();
        let columns: Vec<Name> = match way {
            Way::Plain | Way::OneByOne | Way::InArrays => Vec::new(),
            Way::GeneratedKey | Way::Numbered(_) => {
                definition.autoincrement_column().map(|column| column.name.clone()).into_iter().collect()
            }
            Way::Keyed(_) => definition.primary_key().map(|column| column.name.clone()).collect(),
        };
        let cells = returned(insert, &definition);
        let mut hidden = Vec::new();
        let positions = columns.iter().map(|name| {
            cells.iter().position(|cell| cell.is_some_and(|cell| cell == name)).unwrap_or_else(|| {
                hidden.push(name.clone());
                cells.len() + hidden.len() - 1
            })
        });
        let positions = positions.collect();
        let places = columns.iter().filter_map(|name| place_of(insert, &definition, name)).collect();
        let width = rows_of(insert).map_or(0, RowValues::width);
        let types = match way {
            Way::Numbered(Written::Columns) | Way::Keyed(Written::Columns) | Way::InArrays => (0..width)
                .filter_map(|place| column_at(insert, &definition, place))
                .map(|column| unlimited(&column.sql_type))
                .collect(),
            _ => Box::default(),
        };
        Self { way, column: columns.into_iter().next(), positions, hidden, places, types }
    }

    /// How the rows find their places.
    pub(super) fn order(&self, rows: Option<&RowValues>) -> Option<Box<RowOrder>> {
        let hidden = self.hidden.len();
        Some(Box::new(match (self.way, rows) {
            (Way::OneByOne, _) => RowOrder::OneByOne,
            (Way::Numbered(_), _) => RowOrder::Numbered {
                position: *self.positions.first()?,
                hidden,
                column: self.column.clone()?,
            },
            (Way::GeneratedKey, _) => RowOrder::GeneratedKey { column: self.column.clone()? },
            (Way::Keyed(_), Some(rows)) => RowOrder::Keyed {
                positions: self.positions.clone(),
                hidden,
                keys: RowKeys { rows: rows.clone(), places: self.places.clone() },
            },
            _ => return None,
        }))
    }
}

/// The type of an array's elements: without limits, because a cast to a limited type cuts off what is too long, where the
/// column itself refuses it.
pub fn unlimited(sql_type: &SqlType) -> SqlType {
    match sql_type {
        SqlType::Char(_) | SqlType::Varchar(_) => SqlType::Text,
        SqlType::Numeric { .. } => SqlType::Numeric { precision: None, scale: None },
        other => other.clone(),
    }
}
