//! [`LoadData`]: LOAD DATA LOCAL INFILE, whose bytes come from a reader or a stream.

mod load;
mod statement;

pub use self::{load::LoadedData, statement::LoadData};
