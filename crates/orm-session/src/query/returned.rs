//! [`SessionReturned`]: what DML gives back through a session.

use aludel_sql_expression::{statement::Returned, typed::RowReader};

use super::{RowLoader, SessionSelectable};
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
    fn read_object(reader: &mut RowReader<'_>, loader: &mut RowLoader) -> Result<Self::Object>;
}

impl SessionReturned for () {
    type Object = ();

    fn roots(_: &mut Vec<&'static Mapper>) {}

    fn read_object(_: &mut RowReader<'_>, _: &mut RowLoader) -> Result<()> {
        Ok(())
    }
}

impl<S: SessionSelectable + 'static> SessionReturned for S {
    type Object = S::Object;

    fn roots(mappers: &mut Vec<&'static Mapper>) {
        S::roots(mappers);
    }

    fn read_object(reader: &mut RowReader<'_>, loader: &mut RowLoader) -> Result<S::Object> {
        S::read_object(reader, loader)
    }
}
