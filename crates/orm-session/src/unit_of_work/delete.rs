//! The batches of rows to be deleted.

use aludel_driver::Result;
use aludel_sql_expression::Value;
use hashbrown::HashMap;

use super::{
    columns::{finding, shapes},
    operation::{Operation, Purpose},
    order::{DeleteOrder, delete_order},
    work::Work,
};
use crate::{
    graph::{Inner, Slots},
    mapping::Mapper,
};

/// The batches of rows to be deleted, children first. Keys that close a circle become NULL before.
pub(super) fn delete_operations(work: &Work, inner: &Inner) -> Result<Vec<Operation>> {
    let DeleteOrder { levels, cuts } = delete_order(&work.deletes, inner)?;
    let mut operations: Vec<Operation> = Vec::new();
    for (slot, columns) in cuts {
        let mapper = slot.mapper();
        let keys = mapper.key().iter().map(|column| slot.stored(*column));
        operations.push(Operation {
            table: mapper.table().clone(),
            columns: shapes(mapper, &columns),
            keys: shapes(mapper, mapper.key()),
            values: columns.iter().map(|_| Value::Null).chain(keys).collect(),
            rows: 1,
            purpose: Purpose::Cut,
        });
    }
    let mut batches: Vec<(usize, &'static Mapper, Slots)> = Vec::new();
    let mut places: HashMap<(usize, &'static Mapper), usize> = HashMap::new();
    for (slot, level) in work.deletes.iter().zip(levels) {
        let mapper = slot.mapper();
        let place = *places.entry((level, mapper)).or_insert_with(|| {
            batches.push((level, mapper, Vec::new()));
            batches.len() - 1
        });
        batches[place].2.push(slot.clone());
    }
    batches.sort_by_key(|(level, ..)| *level);
    for (_, mapper, slots) in batches {
        let finding = finding(mapper)?;
        operations.push(Operation {
            table: mapper.table().clone(),
            columns: Vec::new(),
            keys: shapes(mapper, &finding),
            values: slots.iter().flat_map(|slot| finding.iter().map(|column| slot.stored(*column))).collect(),
            rows: slots.len(),
            purpose: Purpose::Delete { mapper, slots },
        });
    }
    Ok(operations)
}
