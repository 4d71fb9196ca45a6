//! [`RowSwitch`]: a deleted object and a new one under its key are one row, which is updated.

use std::sync::Arc;

use aludel_driver::Result;
use hashbrown::{HashMap, HashSet};

use super::{insert::leaves_columns_to_the_database, rounds::Values, work::Work};
use crate::{
    graph::{AnySlot, HashedKey, identity_key},
    mapping::{Direction, Mapper},
};

/// An object that is deleted, and the new one that takes over its row.
///
/// The objects are told what they would be told after a DELETE and an INSERT; only the database is asked for less.
pub(super) struct RowSwitch {
    pub(super) old: Arc<dyn AnySlot>,
    pub(super) new: Arc<dyn AnySlot>,
}

impl RowSwitch {
    /// The columns that are written: all, as by an INSERT, since somebody else may have changed the row since it was loaded. The
    /// version is counted on, and the key is the same.
    pub(super) fn columns(&self) -> Result<Vec<u16>> {
        let mapper = self.new.mapper();
        let version = mapper.configuration()?.version;
        let columns = (0u16..).zip(mapper.columns()).map(|(number, _)| number);
        Ok(columns.filter(|column| Some(*column) != version && !mapper.key().contains(column)).collect())
    }
}

/// Takes such objects out of the inserts and deletes.
pub(super) fn find_row_switches(work: &mut Work) -> Result<()> {
    if work.inserts.is_empty() || work.deletes.is_empty() {
        return Ok(());
    }
    let mut gone: HashMap<(*const Mapper, HashedKey), Arc<dyn AnySlot>> = HashMap::new();
    for old in &work.deletes {
        let mapper = old.mapper();
        if !leaves_to_the_database(mapper)? {
            gone.insert((std::ptr::from_ref(mapper), HashedKey(identity_key(&**old, mapper))), old.clone());
        }
    }
    let values = Values::of(work);
    let mut switches = Vec::new();
    for new in &work.inserts {
        let mapper = new.mapper();
        let Some(key) = values.unique(new, mapper.key()) else { continue };
        // What the database makes comes with an INSERT only.
        if work.computed(&**new).is_empty()
            && !leaves_columns_to_the_database(&**new)?
            && let Some(old) = gone.remove(&(std::ptr::from_ref(mapper), key))
        {
            switches.push(RowSwitch { old, new: new.clone() });
        }
    }
    if switches.is_empty() {
        return Ok(());
    }
    let taken: HashSet<u32> = switches.iter().flat_map(|it| [it.old.index(), it.new.index()]).collect();
    work.inserts.retain(|slot| !taken.contains(&slot.index()));
    work.deletes.retain(|slot| !taken.contains(&slot.index()));
    work.switches = switches;
    Ok(())
}

/// Whether the database deletes rows along with the one that is deleted, so that it has to be deleted.
fn leaves_to_the_database(mapper: &'static Mapper) -> Result<bool> {
    let configuration = mapper.configuration()?;
    let mut relationships = mapper.relationships().iter().zip(&configuration.relationships);
    Ok(relationships
        .any(|(mapping, relation)| mapping.passive_deletes && relation.direction == Direction::OneToMany))
}
