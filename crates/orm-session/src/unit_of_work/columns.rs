//! [`ColumnShape`]: a column as a statement needs it; and the columns that find a row.

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Name, SqlType, expression::Node};

use crate::mapping::Mapper;

/// A column's name and type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ColumnShape {
    pub(super) name: Name,
    pub(super) sql_type: SqlType,
}

/// Whether arrays are its values, so that the column itself makes no array.
pub(super) fn is_array(column: &ColumnShape) -> bool {
    matches!(column.sql_type.base(), SqlType::Array(_))
}

/// The columns that find a row: its key, and its version where it has one.
pub(super) fn finding(mapper: &'static Mapper) -> Result<Vec<u16>> {
    Ok(mapper.key().iter().copied().chain(mapper.configuration()?.version).collect())
}

pub(super) fn shape(mapper: &Mapper, column: u16) -> ColumnShape {
    let definition = &mapper.definition().columns[usize::from(column)];
    ColumnShape { name: definition.name.clone(), sql_type: definition.sql_type.clone() }
}

pub(super) fn shapes(mapper: &Mapper, columns: &[u16]) -> Vec<ColumnShape> {
    columns.iter().map(|column| shape(mapper, *column)).collect()
}

/// What the database computes is written by nobody else.
pub(super) fn check_computed(
    mapper: &'static Mapper,
    columns: &[u16],
    expressions: &[(u16, Node)],
) -> Result<()> {
    let computed = &mapper.configuration()?.computed;
    let mut written = columns.iter().chain(expressions.iter().map(|(column, _)| column));
    written.find(|column| computed.contains(column)).map_or(Ok(()), |column| {
        let message = format!(
            "{} was set, but the database computes it from other columns; set those",
            mapper.field(*column)
        );
        Err(Error::new(ErrorKind::Flush, message))
    })
}
