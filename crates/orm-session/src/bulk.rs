//! Many rows at once, as plain structs: no objects are made of them, unless they are asked for.

mod column_set;
mod insert;
mod update;

pub use column_set::ColumnSet;
pub(crate) use column_set::positions_of;
pub use insert::BulkInsert;
pub use update::BulkUpdate;

use aludel_driver::{Error, ErrorKind, Result};

use crate::mapping::Mapped;

/// Refuses rows with nested values: only columns are written, and what was nested would be lost in silence.
fn refuse_nested<M: Mapped>(rows: &mut [M], call: &str) -> Result<()> {
    if M::mapper().relationships().is_empty() {
        return Ok(());
    }
    for row in rows {
        let mut nested = None;
        row.links(&mut |relationship, cell| {
            if !cell.members().is_empty() {
                nested = Some(relationship);
            }
        });
        if let Some(relationship) = nested {
            let name = M::mapper().relationships()[usize::from(relationship)].name;
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "`{call}` writes columns alone, but {}.{name} of a row holds new values; use `add_all`, which writes these, \
                     too",
                    M::NAME
                ),
            ));
        }
    }
    Ok(())
}
