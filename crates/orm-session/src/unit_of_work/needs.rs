//! [`Needs`]: what the models of a flush ask for.

use aludel_driver::Result;

use crate::mapping::{Direction, Mapper};

/// What the models of a flush ask for. Most ask for none of it, and then nobody goes through the objects for its sake.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    /// The session makes values for new rows: client-side defaults, or versions.
    pub(super) fills: bool,
    /// Rows hold foreign keys that relationships follow.
    pub(super) refers: bool,
    /// Columns have validators.
    pub(super) validates: bool,
    /// The database makes values for columns beside the numbered key.
    pub(super) leaves_out: bool,
    /// The session writes foreign keys that refer to a key which changes.
    pub(super) follows_keys: bool,
}

impl Needs {
    /// Adds what a model asks for.
    pub(super) fn add(&mut self, mapper: &'static Mapper) -> Result<()> {
        let configuration = mapper.configuration()?;
        let is_reference = |direction| direction == Direction::ManyToOne;
        self.fills |= !configuration.defaults.is_empty() || configuration.version.is_some();
        self.refers |= configuration.relationships.iter().any(|relation| is_reference(relation.direction));
        self.validates |= mapper.functions().is_validated;
        self.leaves_out |= configuration.leaves_columns_out();
        self.follows_keys |= configuration.follows_keys;
        Ok(())
    }
}
