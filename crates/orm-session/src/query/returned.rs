//! [`SessionReturned`]: what DML gives back through a session.

use aludel_sql_expression::{Selectable, statement::Returned, typed::RowReader};

use super::{RowAdmission, SessionSelectable};
use crate::{Result, mapping::Mapper};

/// What INSERT, UPDATE and DELETE give back through a session: nothing, or what RETURNING selects, with handles for models.
///
/// Rows of an INSERT become new objects, which a rollback makes transient. Rows of an UPDATE take the place of what the session
/// knew, but never of unflushed changes, unless `populate_existing` says so. Rows of a DELETE give objects that are deleted.
pub trait SessionReturned: Returned {
    /// What one row gives.
    type Object: Send + 'static;

    /// Adds the models whose rows become objects, in the order of the selection.
    #[doc(hidden)]
    fn roots(mappers: &mut Vec<&'static Mapper>);

    /// Reads the cells of a row.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) when a cell does not fit.
    #[doc(hidden)]
    fn read_cells(reader: &mut RowReader<'_>) -> Result<Self::Value>;

    /// Takes what was read from a row into the session.
    #[doc(hidden)]
    fn admit(value: Self::Value, admission: &mut RowAdmission<'_>) -> Self::Object;
}

impl SessionReturned for () {
    type Object = ();

    fn roots(_: &mut Vec<&'static Mapper>) {}

    fn read_cells(_: &mut RowReader<'_>) -> Result<()> {
        Ok(())
    }

    fn admit((): (), _: &mut RowAdmission<'_>) {}
}

impl<S: SessionSelectable + 'static> SessionReturned for S {
    type Object = S::Object;

    fn roots(mappers: &mut Vec<&'static Mapper>) {
        S::roots(mappers);
    }

    fn read_cells(reader: &mut RowReader<'_>) -> Result<<S as Returned>::Value> {
        Ok(<S as Selectable>::read(reader)?)
    }

    fn admit(value: <S as Returned>::Value, admission: &mut RowAdmission<'_>) -> S::Object {
        S::admit(value, admission)
    }
}
