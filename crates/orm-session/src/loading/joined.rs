//! [`joinedload`](super::joinedload): relationships that come in the same statement, by outer joins.

use std::{collections::HashSet, sync::Arc};

use aludel_driver::Result;
use aludel_sql_expression::{
    expression::{Alias, AliasTarget, OrderBy, Source},
    statement::{JoinKind, SelectItem, SelectNode},
    typed::RowReader,
};

use super::{LoadNode, Strategy};
use crate::{
    graph::{AnySlot, LoadRow},
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

    /// Reads the joined objects of a row, and links them to the object they belong to.
    pub(crate) fn read(
        &self,
        reader: &mut RowReader<'_>,
        owner: Option<&Arc<dyn AnySlot>>,
        load: &LoadRow<'_>,
        begun: &mut HashSet<(u32, u16)>,
        loaded: &mut Vec<Arc<dyn AnySlot>>,
    ) -> Result<()> {
        let width = self.target.columns().len();
        let missing = owner.is_none() || reader.are_null(width)?;
        let target = if missing {
            reader.skip(width);
            None
        } else {
            let slot = (self.target.functions().load)(reader, load)?;
            loaded.push(slot.clone());
            Some(slot)
        };
        if let Some(owner) = owner {
            self.link(owner, target.as_ref(), load, begun);
        }
        for child in &self.children {
            child.read(reader, target.as_ref(), load, begun, loaded)?;
        }
        Ok(())
    }

    fn link(
        &self,
        owner: &Arc<dyn AnySlot>,
        target: Option<&Arc<dyn AnySlot>>,
        load: &LoadRow<'_>,
        begun: &mut HashSet<(u32, u16)>,
    ) {
        let mut inner = load.graph.lock();
        let Some(entry) = inner.entry_mut(owner.index()) else { return };
        let place = (owner.index(), self.relationship);
        let relation = entry.relation_mut(self.relationship);
        // What was loaded before stays: a query never overwrites what is known.
        if relation.items.is_some() && !begun.contains(&place) {
            return;
        }
        if begun.insert(place) {
            relation.fill(Vec::new());
        }
        if let Some(target) = target {
            let index = target.index();
            let found = relation.stored.as_mut().or(relation.items.as_mut());
            if let Some(items) = found
                && items.last() != Some(&index)
                && !items.contains(&index)
            {
                items.push(index);
            }
            if relation.stored.is_some() && !relation.removed.contains(&index) {
                relation.items.get_or_insert_default().push(index);
            }
            inner.point_back_loaded(self.owner, self.relationship, owner.index(), index);
        }
    }
}
