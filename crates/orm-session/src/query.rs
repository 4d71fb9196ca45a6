//! What a statement gives through a session: handles for models, values for the rest.

mod admission;
mod buffered;
mod executable;
mod object_sink;
mod returned;
mod run;
mod selectable;
mod single;
mod stream;

pub(crate) use admission::RowAdmission;
pub(crate) use executable::Prepared;
pub use executable::SessionExecutable;
pub use returned::SessionReturned;
pub use run::SessionRun;
pub(crate) use run::not_persistent;
pub use selectable::{SessionSelectable, SingleSelectable};
pub use single::SingleExecutable;
pub use stream::{SessionPartitions, SessionStream};
