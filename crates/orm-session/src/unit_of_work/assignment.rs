//! [`Assignment`]: a foreign key that follows from a relationship.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::Value;
use hashbrown::{HashMap, HashSet};
use smallvec::SmallVec;

use crate::{
    graph::{AnySlot, State},
    mapping::{Direction, Mapper, RelationshipConfiguration},
};

/// A foreign key that follows from a relationship.
#[derive(Clone)]
pub(super) struct Assignment {
    pub(super) child: Arc<dyn AnySlot>,
    /// None: the key becomes NULL.
    pub(super) parent: Option<Arc<dyn AnySlot>>,
    pub(super) configuration: &'static RelationshipConfiguration,
    /// Whose relationship it is, for messages.
    pub(super) name: (&'static Mapper, u16),
    pub(super) post_update: bool,
}

impl Assignment {
    /// The foreign key's columns with their values, as far as the parent's key is known.
    pub(super) fn values(&self) -> Vec<(u16, Value)> {
        let pairs = self.configuration.pairs.iter();
        pairs
            .map(|(child, parent)| {
                (*child, self.parent.as_ref().map_or(Value::Null, |slot| slot.value(*parent)))
            })
            .collect()
    }

    /// Whether the parent has its key.
    fn is_key_known(&self) -> bool {
        self.parent.as_ref().is_none_or(|parent| parent.state() == State::Persistent)
    }

    /// Whether the foreign key in the database is another one, or that which would be sent.
    pub(super) fn changes(&self) -> bool {
        let differs = |(column, value): &(u16, Value)| {
            self.child.stored(*column) != *value || self.child.sending(*column) != *value
        };
        !self.is_key_known() || self.values().iter().any(differs)
    }

    /// Refuses what cannot be written; `left` are foreign keys that lead to where the child was linked before.
    pub(super) fn check(&self, left: &HashMap<(u32, u16), Value>) -> Result<()> {
        let mapper = self.child.mapper();
        for (column, _) in &self.configuration.pairs {
            let definition = &mapper.definition().columns[usize::from(*column)];
            if self.parent.is_none() && !definition.nullable && self.child.state() == State::Persistent {
                let (owner, number) = self.name;
                let message = format!(
                    "{} cannot become NULL, but {}.{} leaves it without a value; give the object another one, delete it, or \
                     let it be deleted by `cascade = \"all, delete-orphan\"`",
                    mapper.field(*column),
                    owner.name(),
                    owner.relationships()[usize::from(number)].name
                );
                return Err(Error::new(ErrorKind::Integrity, message));
            }
        }
        self.check_contradiction(left)
    }

    /// A foreign key and a relationship that were both set must say the same.
    fn check_contradiction(&self, left: &HashMap<(u32, u16), Value>) -> Result<()> {
        if self.parent.is_none() || !self.is_key_known() {
            return Ok(());
        }
        let mapper = self.child.mapper();
        let pending = self.child.state() == State::Pending;
        for (column, value) in self.values() {
            let own = self.child.value(column);
            let given = if pending { !is_unset(&own) } else { self.child.changed().contains(&column) };
            let is_left = || left.get(&(self.child.index(), column)) == Some(&own);
            if given && own != value && !is_left() {
                let (owner, number) = self.name;
                let message = format!(
                    "{} was set to {own:?}, but {}.{} says {value:?}; set only one of the two",
                    mapper.field(column),
                    owner.name(),
                    owner.relationships()[usize::from(number)].name
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        }
        Ok(())
    }
}

/// A value that a required foreign key has when nobody gave it one.
pub(crate) fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::I64(0) | Value::U64(0) => true,
        Value::Uuid(bytes) => bytes.iter().all(|byte| *byte == 0),
        Value::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// A required foreign key that nobody gave is reported by name, before the database finds a zero.
pub(super) fn check_required(slot: &Arc<dyn AnySlot>, assigned: &Assigned) -> Result<()> {
    let mapper = slot.mapper();
    let configuration = mapper.configuration()?;
    for (number, relation) in configuration.relationships.iter().enumerate() {
        if relation.direction != Direction::ManyToOne {
            continue;
        }
        let is_given = |column: u16| assigned.from_parents.contains(&(slot.index(), column));
        for (column, _) in &relation.pairs {
            let definition = &mapper.definition().columns[usize::from(*column)];
            let made =
                definition.is_made_when_missing() || mapper.columns()[usize::from(*column)].default.is_some();
            if !definition.nullable && !made && !is_given(*column) && is_unset(&slot.value(*column)) {
                let relationship = mapper.relationships()[number].name;
                let message = format!(
                    "{} was never given: set it, or {}.{relationship}, before the {} is flushed",
                    mapper.field(*column),
                    mapper.name(),
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::Flush, message));
            }
        }
    }
    Ok(())
}

/// The columns that assignments write: the child's number, and the column.
pub(super) struct Assigned {
    pub(super) columns: HashSet<(u32, u16)>,
    /// Those that get a parent's key, and not NULL.
    from_parents: HashSet<(u32, u16)>,
}

impl Assigned {
    pub(super) fn by(assignments: &[Assignment]) -> Self {
        let room = || HashSet::with_capacity(assignments.len());
        let (mut columns, mut from_parents) = (room(), room());
        for assignment in assignments {
            for (column, _) in &assignment.configuration.pairs {
                let place = (assignment.child.index(), *column);
                columns.insert(place);
                if assignment.parent.is_some() {
                    from_parents.insert(place);
                }
            }
        }
        Self { columns, from_parents }
    }
}

/// The foreign keys that are written along with a new row, by its number.
pub(super) type ByChild<'a> = HashMap<u32, OfChild<'a>>;

/// Few models have more than two parents.
pub(super) type OfChild<'a> = SmallVec<[&'a Assignment; 2]>;

pub(super) fn by_child(assignments: &[Assignment]) -> ByChild<'_> {
    let mut by_child = ByChild::with_capacity(assignments.len());
    for assignment in assignments.iter().filter(|assignment| !assignment.post_update) {
        by_child.entry(assignment.child.index()).or_default().push(assignment);
    }
    by_child
}
