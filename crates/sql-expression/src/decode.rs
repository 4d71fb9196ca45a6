//! [`Decode`]: a Rust value from a [`Cell`]; [`FromRow`]: a Rust value from a whole row.

mod enumeration;
mod from_row;
mod list;
mod primitive;
mod temporal;

pub use enumeration::{enumeration_type, enumeration_word, refused_value, unknown_word};
pub(crate) use from_row::decode_at;
pub use from_row::{FromRow, RowPlan, decode_field};
pub use list::ArrayElement;
#[allow(unused_imports, reason = "the types of other crates are behind features")]
pub(crate) use list::array_elements;
#[allow(unused_imports, reason = "the types of other crates are behind features")]
pub(crate) use temporal::{date_of, interval_of, microseconds_of, moment_of, moment_with_offset, time_of};

use crate::{Cell, Error, Result, Row};

/// A Rust type that one cell can be read into, whatever form the driver shows it in.
///
/// There is one implementation for each Rust type, not one for each driver.
#[diagnostic::on_unimplemented(
    message = "a column cannot be read into `{Self}`",
    note = "use a type that a column can hold, such as `i64`, `String` or `Option<String>`"
)]
pub trait Decode: Sized {
    /// Whether NULL can be read into it.
    const ACCEPTS_NULL: bool = false;

    /// Reads the cell.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when the cell holds something else, or a number does not fit.
    fn decode(cell: Cell<'_>) -> Result<Self>;

    /// Reads a cell without the detour over [`Cell`], where the row and the type know a shorter way. None says nothing:
    /// then the cell is decoded.
    #[inline]
    fn decode_directly(row: &dyn Row, position: usize) -> Option<Self> {
        let _ = (row, position);
        None
    }
}

/// Reads the cell at a position, on the shortest way; `explain` says of an error where it happened.
#[inline]
pub(crate) fn read_cell<T: Decode>(
    row: &dyn Row,
    position: usize,
    explain: impl FnOnce(Error) -> Error,
) -> Result<T> {
    match T::decode_directly(row, position) {
        Some(value) => Ok(value),
        None => read_cell_by_kind(row, position, explain),
    }
}

/// Out of line: most cells need it never, and it is long.
#[inline(never)]
fn read_cell_by_kind<T: Decode>(
    row: &dyn Row,
    position: usize,
    explain: impl FnOnce(Error) -> Error,
) -> Result<T> {
    T::decode(row.cell(position)?).map_err(explain)
}

impl<T: Decode> Decode for Option<T> {
    const ACCEPTS_NULL: bool = true;

    #[inline]
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::decode(cell).map(Some),
        }
    }

    #[inline]
    fn decode_directly(row: &dyn Row, position: usize) -> Option<Self> {
        match T::decode_directly(row, position) {
            Some(value) => Some(Some(value)),
            None => row.is_null(position).then_some(None),
        }
    }
}

/// The error of a cell that holds something else than was asked for.
#[cold]
pub(crate) fn mismatch(cell: Cell<'_>, wanted: &str) -> Error {
    match cell {
        Cell::Null => Error::data(format!(
            "the value is NULL, which `{wanted}` cannot hold; read it into `Option<{wanted}>`"
        )),
        Cell::Other { type_name: "numeric", .. } => Error::data(format!(
            "the numeric value is not a number (NaN or infinity) or has more than 38 digits, and cannot be read into \
             `{wanted}`; select it rounded, as double precision, or as text"
        )),
        Cell::Other { type_name, .. } => {
            Error::data(format!("a value of type {type_name} cannot be read into `{wanted}`"))
        }
        cell => Error::data(format!("{} cannot be read into `{wanted}`", cell.kind())),
    }
}
