//! What a statement gives through a session: handles for models, values for the rest.

mod executable;
mod returned;
mod run;
mod selectable;

pub use executable::SessionExecutable;
pub(crate) use executable::{Prepared, RowLoader};
pub use returned::SessionReturned;
pub use run::SessionRun;
pub(crate) use run::not_persistent;
pub use selectable::{SessionSelectable, SingleSelectable};
