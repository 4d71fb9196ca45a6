//! [`joinedload`](super::joinedload): relationships that come in the same statement, by outer joins.

use aludel_driver::Result;
use aludel_sql_expression::{
    expression::{Alias, AliasTarget, OrderBy, Source},
    statement::{JoinKind, SelectItem, SelectNode},
    typed::RowReader,
};
use hashbrown::{HashMap, HashSet};

use super::{LoadNode, Strategy};
use crate::{
    graph::{Admission, Graph},
    mapping::Mapper,
    relationship::{column_of, joins_along},
};

/// A relationship that comes in the same statement.
#[derive(Debug)]
pub(crate) struct JoinedLoad {
    owner: &'static Mapper,
    relationship: u16,
    target: &'static Mapper,
    children: Vec<JoinedLoad>,
}

/// Adds outer joins and columns for what can come in the same statement, and leaves in the tree what cannot: a collection
/// where the number of rows matters.
pub(crate) fn join_eagerly(
    select: &mut SelectNode,
    mapper: &'static Mapper,
    source: &Source,
    tree: &mut [LoadNode],
    collections: bool,
) -> Vec<JoinedLoad> {
    let mut loads = Vec::new();
    for node in tree.iter_mut().filter(|node| node.strategy == Strategy::Joined) {
        let mapping = &mapper.relationships()[usize::from(node.relationship)];
        if mapping.many && !collections {
            node.strategy = Strategy::Selectin;
            continue;
        }
        let target = (mapping.target)();
        let alias = Source::Alias(Alias::new(None, AliasTarget::Table(target.table().clone())));
        select.joins.extend(joins_along(mapper, node.relationship, source, &alias, JoinKind::Left));
        select.items.push(SelectItem::Entity {
            source: alias.clone(),
            table: target.table().clone(),
            nullable: true,
        });
        if let Some((column, descending)) = mapping.order_by
            && let Some(position) = target.columns().iter().position(|mapping| mapping.column == column)
        {
            let node = column_of(&alias, target, position as u16);
            select.order_by.push(OrderBy { node, descending, nulls_first: None });
        }
        let children = join_eagerly(select, target, &alias, &mut node.children, collections);
        loads.push(JoinedLoad { owner: mapper, relationship: node.relationship, target, children });
    }
    loads
}

impl JoinedLoad {
    /// Whether a collection is among them, so that the object comes in several rows.
    pub(crate) fn has_collections(&self) -> bool {
        self.owner.relationships()[usize::from(self.relationship)].many
            || self.children.iter().any(Self::has_collections)
    }

    /// The first collection among them, by its name.
    pub(crate) fn collection(&self) -> Option<String> {
        let mapping = &self.owner.relationships()[usize::from(self.relationship)];
        if mapping.many {
            return Some(format!("{}.{}", self.owner.name(), mapping.name));
        }
        self.children.iter().find_map(Self::collection)
    }

    /// Reads the joined objects of a row, and remembers to which object they belong.
    pub(crate) fn read(
        &self,
        reader: &mut RowReader<'_>,
        owner: Option<u32>,
        admission: &mut Admission<'_>,
        links: &mut JoinedLinks,
    ) -> Result<()> {
        let width = self.target.columns().len();
        admission.unlock();
        let missing = owner.is_none() || reader.are_null(width)?;
        let target = if missing {
            reader.skip(width);
            None
        } else {
            Some((self.target.functions().load)(reader, admission, None)?)
        };
        if let Some(owner) = owner {
            links.add(self.owner, self.relationship, owner, target);
        }
        for child in &self.children {
            child.read(reader, target, admission, links)?;
        }
        Ok(())
    }
}

/// What joined rows say of links, until the last row is there.
#[derive(Default)]
pub(crate) struct JoinedLinks {
    places: HashMap<(u32, u16), usize>,
    found: Vec<Found>,
}

struct Found {
    mapper: &'static Mapper,
    relationship: u16,
    owner: u32,
    targets: Vec<u32>,
    seen: HashSet<u32>,
}

impl JoinedLinks {
    fn add(&mut self, mapper: &'static Mapper, relationship: u16, owner: u32, target: Option<u32>) {
        let found = &mut self.found;
        let place = *self.places.entry((owner, relationship)).or_insert_with(|| {
            found.push(Found { mapper, relationship, owner, targets: Vec::new(), seen: HashSet::new() });
            found.len() - 1
        });
        let Found { targets, seen, .. } = &mut found[place];
        let Some(target) = target.filter(|target| targets.last() != Some(target)) else { return };
        // A row is repeated for each row of another collection that was joined.
        if targets.len() == 1 {
            seen.extend(targets.iter().copied());
        }
        if targets.is_empty() || seen.insert(target) {
            targets.push(target);
        }
    }

    /// Links the objects; what was known before stays.
    pub(crate) fn fill(self, graph: &Graph) {
        let mut inner = graph.lock();
        for Found { mapper, relationship, owner, targets, .. } in self.found {
            inner.fill(mapper, relationship, owner, &targets);
        }
    }
}
