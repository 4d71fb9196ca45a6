//! The batches of rows of secondary tables.

use std::sync::Arc;

use aludel_sql_expression::{Name, SqlType, Value, schema::Table};

use super::{
    columns::ColumnShape,
    operation::{Operation, Purpose},
    work::{LinkRow, Work},
};
use crate::{graph::AnySlot, mapping::SecondaryConfiguration};

/// The rows of secondary tables that follow keys which the session changed.
pub(super) fn rekey_operations(work: &Work) -> Vec<Operation> {
    let operations = work.rekeyed.iter().map(|(secondary, slot)| {
        let shapes: Vec<ColumnShape> =
            secondary.to_own.iter().map(|(name, _)| secondary_shape(&secondary.table, name)).collect();
        let new = secondary.to_own.iter().map(|(_, column)| slot.sending(*column));
        let old = secondary.to_own.iter().map(|(_, column)| slot.stored(*column));
        Operation {
            table: secondary.table.clone(),
            columns: shapes.clone(),
            keys: shapes,
            values: new.chain(old).collect(),
            rows: 1,
            purpose: Purpose::Rekey,
        }
    });
    operations.collect()
}

fn secondary_shape(table: &Table, name: &Name) -> ColumnShape {
    let sql_type = table.definition().find(name).map_or(SqlType::Unknown, |column| column.sql_type.clone());
    ColumnShape { name: name.clone(), sql_type }
}

/// Rows of one secondary table, seen from one side, in batches.
fn by_secondary(rows: &[LinkRow]) -> Vec<(&'static SecondaryConfiguration, Vec<&LinkRow>)> {
    let mut groups: Vec<(&'static SecondaryConfiguration, Vec<&LinkRow>)> = Vec::new();
    for row in rows {
        let is_alike = |(secondary, group): &&mut (&SecondaryConfiguration, Vec<&LinkRow>)| {
            std::ptr::eq(*secondary, row.secondary)
                && group.first().is_some_and(|first| first.is_known == row.is_known)
        };
        match groups.iter_mut().find(is_alike) {
            Some((_, group)) => group.push(row),
            None => groups.push((row.secondary, vec![row])),
        }
    }
    groups
}

/// Of rows that go together all are known to be there or missing, or none.
fn are_known(rows: &[&LinkRow]) -> bool {
    rows.iter().all(|row| row.is_known)
}

fn link_shapes(secondary: &SecondaryConfiguration) -> Vec<ColumnShape> {
    let names = secondary.to_own.iter().chain(&secondary.to_target);
    names.map(|(name, _)| secondary_shape(&secondary.table, name)).collect()
}

/// The row of the secondary table; one to be deleted is found by the keys as they stand in the database.
fn link_values(row: &LinkRow, stored: bool) -> impl Iterator<Item = Value> + '_ {
    let value = move |slot: &Arc<dyn AnySlot>, column| match stored {
        true => slot.stored(column),
        false => slot.value(column),
    };
    let own = row.secondary.to_own.iter().map(move |(_, column)| value(&row.owner, *column));
    own.chain(row.secondary.to_target.iter().map(move |(_, column)| value(&row.target, *column)))
}

pub(super) fn link_operations(rows: &[LinkRow]) -> Vec<Operation> {
    let groups = by_secondary(rows).into_iter();
    groups
        .map(|(secondary, rows)| Operation {
            table: secondary.table.clone(),
            columns: link_shapes(secondary),
            keys: Vec::new(),
            values: rows.iter().flat_map(|row| link_values(row, false)).collect(),
            rows: rows.len(),
            purpose: Purpose::Link { is_known: are_known(&rows) },
        })
        .collect()
}

pub(super) fn unlink_operations(work: &Work) -> Vec<Operation> {
    let some = by_secondary(&work.unlinks).into_iter().map(|(secondary, rows)| Operation {
        table: secondary.table.clone(),
        columns: Vec::new(),
        keys: link_shapes(secondary),
        values: rows.iter().flat_map(|row| link_values(row, true)).collect(),
        rows: rows.len(),
        purpose: Purpose::Unlink { is_known: are_known(&rows) },
    });
    let mut operations: Vec<Operation> = some.collect();
    let mut groups: Vec<(&'static SecondaryConfiguration, Vec<&Arc<dyn AnySlot>>)> = Vec::new();
    for (secondary, slot) in &work.unlink_all {
        match groups.iter_mut().find(|(other, _)| std::ptr::eq(*other, *secondary)) {
            Some((_, slots)) => slots.push(slot),
            None => groups.push((secondary, vec![slot])),
        }
    }
    operations.extend(groups.into_iter().map(|(secondary, slots)| {
        Operation {
            table: secondary.table.clone(),
            columns: Vec::new(),
            keys: secondary.to_own.iter().map(|(name, _)| secondary_shape(&secondary.table, name)).collect(),
            values: slots
                .iter()
                .flat_map(|slot| secondary.to_own.iter().map(|(_, column)| slot.stored(*column)))
                .collect(),
            rows: slots.len(),
            purpose: Purpose::UnlinkAll,
        }
    }));
    operations
}
