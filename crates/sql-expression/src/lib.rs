//! Values, schema, the typed SQL expression language of Aludel, its dialects and its compiler.
//!
//! Nothing here touches a connection. A statement is an immutable value; compiling it for a dialect gives SQL text and
//! parameters.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`value`], [`types`] | owned values; SQL types |
//! | `cell`, `decode` | rows as a driver shows them, and reading them into Rust types |
//! | [`schema`] | `MetaData`, `Table`, `Column`, constraints, indexes |
//! | [`expression`] | the untyped tree of expressions; what each database says in words of its own |
//! | [`typed`] | the typed shell around it: columns, operators, functions |
//! | [`statement`] | `select`, `insert`, `update`, `delete`, `text`, `values`, upserts, WITH, and their trees |
//! | [`dialect`] | how each database spells SQL |
//! | [`few`] | lists that are nearly always short |
//! | `interop` | types of other crates as column types; `sea_query`: its statements executed, ours given out |
//! | [`compile`] | statements as text and parameters, with the cache of what was compiled |

mod cell;
pub mod compile;
mod decode;
pub mod dialect;
mod error;
pub mod expression;
pub mod few;
mod interop;
pub mod name;
pub mod schema;
pub mod statement;
pub mod typed;
pub mod types;
pub mod value;

pub use cell::{BoundsVisitor, Cell, ColumnInfo, NestedCell, NestedReader, Row};
pub use compile::{CacheStatistics, CompiledCache, Rendered, RenderedPart};
pub use decode::{ArrayElement, Decode, FromRow, RowPlan};
pub use dialect::Dialect;
pub use error::{Error, ErrorKind, Result};
pub use few::Few;
#[cfg(feature = "sea-query-1")]
pub use interop::sea_query;
pub use name::Name;
pub use statement::{
    Configured, Ddl, DynamicRow, Executable, ScalarExecutable, StatementKind, StatementNode,
    StatementOptions, alter_sequence, alter_table, alter_type, conflict, create_domain, create_index,
    create_schema, create_sequence, create_table, create_table_as, create_type, create_view, ddl, delete,
    drop_domain, drop_index, drop_schema, drop_sequence, drop_table, drop_type, drop_view, excluded, insert,
    joined, refresh_view, rename_index, reusable, select, text, trusted, update, values,
};
pub use typed::{
    Attribute, ColumnExpression, ColumnType, Entity, Expression, Interval, Model, Selectable, aliased, avg,
    case, coalesce, count, count_all, cube, date_add, date_sub, exists, extract, full_text, func,
    grouping_sets, literal, lower, max, min, not, null, rollup, row_number, string_agg, sum, tuple, upper,
};
pub use types::SqlType;
pub use value::Value;

/// Makes a type of one's own a [`ColumnType`](trait@ColumnType): a struct around one value, or what converts to a column type.
///
/// # Examples
/// ```
/// use aludel_sql_expression::{ColumnType, SqlType, types::Varchar};
///
/// #[derive(Clone, Debug, PartialEq, ColumnType)]
/// struct Isbn(String);
///
/// /// Kept as text of two letters.
/// #[derive(Clone, Debug, PartialEq, ColumnType)]
/// #[column_type(stored = String, sql_type = Varchar(2))]
/// struct Country([char; 2]);
///
/// impl From<Country> for String {
///     fn from(country: Country) -> Self {
///         country.0.iter().collect()
///     }
/// }
///
/// impl TryFrom<String> for Country {
///     type Error = String;
///
///     fn try_from(text: String) -> Result<Self, String> {
///         let letters: Vec<char> = text.chars().collect();
///         letters.try_into().map(Self).map_err(|_| format!("`{text}` has not two letters"))
///     }
/// }
///
/// assert_eq!(Isbn::sql_type(), SqlType::Text);
/// assert_eq!(Country::sql_type(), SqlType::Varchar(2));
/// ```
pub use aludel_derive::ColumnType;
/// Makes an enum without fields a [`ColumnType`]: its variants are stored as words.
pub use aludel_derive::Enum;
/// Reads a whole row into a struct: see the trait [`FromRow`](trait@FromRow).
pub use aludel_derive::FromRow;

/// What the derives name.
#[doc(hidden)]
pub mod __private {
    pub use crate as sql;
}

#[doc(hidden)]
pub use decode::{decode_field, enumeration_type, enumeration_word, refused_value, unknown_word};
