//! [`AnySlot`]: a [`Slot`](super::Slot) without its type.

use std::{any::Any, sync::Arc};

use aludel_driver::Result;
use aludel_sql_expression::Value;

use super::{Graph, State, nested::AnyVersion};
use crate::mapping::Mapper;

/// A [`Slot`](super::Slot) without its type.
pub(crate) trait AnySlot: Any + Send + Sync {
    fn index(&self) -> u32;
    fn mapper(&self) -> &'static Mapper;
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    fn state(&self) -> State;
    fn set_state(&self, state: State);
    fn is_expired(&self) -> bool;
    fn set_expired(&self, expired: bool);
    /// Says whether the graph keeps expressions for columns, and what was said before.
    fn mark_expressions(&self, expressions: bool) -> bool;

    /// The present value of a column.
    fn value(&self, column: u16) -> Value;
    /// The value of a column as it stands in the database.
    fn stored(&self, column: u16) -> Value;
    /// Whether this is the object's key, as it stands in the database.
    fn is_key(&self, key: &[Value]) -> bool;
    /// Shows the object's key, as it stands in the database.
    fn show_key(&self, look: &mut dyn FnMut(&[Value]));
    /// Whether there is a version that the database does not have, or an expression that it has to compute.
    fn is_changed(&self) -> bool;
    /// Asks the validators of the columns that are to be written.
    fn validate(&self) -> Result<()>;
    /// The columns in which the present version differs from the database.
    fn changed(&self) -> Vec<u16>;
    /// The columns in which the version that is being sent differs from the database.
    fn changed_sending(&self) -> Vec<u16>;
    /// Whether the version that is being sent differs from the database in one of these columns.
    fn differs(&self, columns: &[u16]) -> bool;
    /// Whether the version that is being sent has another key than the database.
    fn is_key_changed(&self) -> bool;
    /// Throws away what the database does not have.
    fn discard(&self);
    /// A flush begins to send the present version. Says whether the numbered key is not set in it.
    fn begin_flush(&self) -> bool;
    /// The value of a column in the version that is being sent.
    fn sending(&self, column: u16) -> Value;
    /// The same for several columns, into a row.
    fn write_sending(&self, columns: &[u16], values: &mut Vec<Value>);
    /// The values of several columns as they stand in the database, into a row.
    fn write_stored(&self, columns: &[u16], values: &mut Vec<Value>);
    /// The columns that differ from the database, and a row of their values and of those that find the row.
    fn write_update(&self, finding: &[u16], changed: &mut Vec<u16>, values: &mut Vec<Value>);
    /// Whether the numbered key is not set in the version that is being sent.
    fn is_key_unset(&self) -> bool;
    /// Puts values that the database made into the sent version and the present one.
    fn receive(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The row is in the database, with the number that it was given in this column: the flush of it is done.
    fn number(&self, column: u16, number: i64) -> Result<()>;
    /// The flush is done: what was sent is now in the database. Later changes stay changes.
    fn end_flush(&self);
    /// The database changed columns along with another row. What was set to something else stays set.
    fn adopt(&self, values: &[(u16, Value)]) -> Result<()>;
    /// The flush failed: everything that differed still differs.
    fn abandon_flush(&self);

    /// Takes over values that a statement wrote into the row. False when not all that the row holds now is known.
    fn rewrite(&self, values: &[(u16, Value)], unknown: &[u16]) -> bool;

    /// The transaction is committed. Gives the versions that nobody needs any more, to be dropped outside of all locks,
    /// because a drop may run user code.
    fn commit(&self) -> Option<Box<dyn Any + Send>>;
    /// The same object once more, with the same number and versions, for a graph that is thrown away.
    fn fork(&self) -> Arc<dyn AnySlot>;
    /// Makes a new object of the present version in another graph, without its links.
    fn copy_to(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot>;
    /// Takes the present version in another graph for what the row holds, without its links.
    fn take_into(&self, graph: &Arc<Graph>) -> Arc<dyn AnySlot>;
    /// Takes over the columns in which another object of the same model differs, without those that are left out. True when it
    /// is the first change since the last flush.
    fn assign(&self, from: Arc<dyn AnySlot>, left_out: &[u16]) -> bool;
    /// Takes the version out that a rollback goes back to: a transaction begins inside the present one.
    fn take_before(&self) -> Option<AnyVersion>;
    /// Puts it in again: that transaction is over.
    fn put_before(&self, version: AnyVersion);
    /// The transaction is rolled back: the values from before it are back.
    fn rollback(&self);
}
