//! Levels: every row comes after the rows it refers to, and is deleted before them.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use hashbrown::{HashMap, HashSet};
use petgraph::{algo::tarjan_scc, graph::DiGraph};

use super::work::Assignment;
use crate::{
    graph::{AnySlot, Inner, referenced_key},
    mapping::{Direction, Mapper},
};

/// The level of each object to be inserted: rows of one level do not refer to each other by keys that are not known yet.
pub(super) fn insert_levels(
    slots: &[Arc<dyn AnySlot>],
    assignments: &[Assignment],
) -> Result<HashMap<u32, usize>> {
    let places: HashMap<u32, usize> =
        slots.iter().enumerate().map(|(place, slot)| (slot.index(), place)).collect();
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); slots.len()];
    for assignment in assignments.iter().filter(|assignment| !assignment.post_update) {
        let parent = assignment.parent.as_ref().and_then(|parent| places.get(&parent.index()));
        if let (Some(child), Some(parent)) = (places.get(&assignment.child.index()), parent) {
            parents[*child].push(*parent);
        }
    }
    levels(slots, &parents)
}

/// The level of each object to be deleted: children before what they refer to.
pub(super) fn delete_levels(slots: &[Arc<dyn AnySlot>], inner: &Inner) -> Result<HashMap<u32, usize>> {
    let places: HashMap<u32, usize> =
        slots.iter().enumerate().map(|(place, slot)| (slot.index(), place)).collect();
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); slots.len()];
    for (place, slot) in slots.iter().enumerate() {
        let mapper = slot.mapper();
        for (number, relation) in mapper.configuration()?.relationships.iter().enumerate() {
            let mapping = &mapper.relationships()[number];
            if relation.direction != Direction::ManyToOne || mapping.post_update {
                continue;
            }
            let target = (mapping.target)();
            let parent = referenced_key(&**slot, target, relation)
                .and_then(|key| inner.identity.find(&inner.entries, target, &key))
                .and_then(|index| places.get(&index));
            parents[place].extend(parent.filter(|parent| **parent != place));
        }
    }
    let mut levels = levels(slots, &parents)?;
    let highest = levels.values().copied().max().unwrap_or_default();
    levels.values_mut().for_each(|level| *level = highest - *level);
    Ok(levels)
}

/// Levels by the tables' foreign keys, and inside a circle of tables by the objects themselves.
fn levels(slots: &[Arc<dyn AnySlot>], parents: &[Vec<usize>]) -> Result<HashMap<u32, usize>> {
    let mut graph = DiGraph::<&'static Mapper, ()>::new();
    let mut nodes = HashMap::new();
    for slot in slots {
        let mapper = slot.mapper();
        nodes.entry(std::ptr::from_ref(mapper)).or_insert_with(|| graph.add_node(mapper));
    }
    let mappers: Vec<&'static Mapper> = graph.node_weights().copied().collect();
    for child in &mappers {
        for parent in mappers.iter().filter(|parent| refers_to(child, parent)) {
            graph.add_edge(nodes[&std::ptr::from_ref(*child)], nodes[&std::ptr::from_ref(*parent)], ());
        }
    }
    // A component comes after all components that it has edges to: parents first.
    let components = tarjan_scc(&graph);
    let mut component_of: HashMap<*const Mapper, usize> = HashMap::new();
    for (number, component) in components.iter().enumerate() {
        component_of.extend(component.iter().map(|node| (std::ptr::from_ref(graph[*node]), number)));
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); components.len()];
    for (place, slot) in slots.iter().enumerate() {
        members[component_of[&std::ptr::from_ref(slot.mapper())]].push(place);
    }
    let mut depths = vec![None; slots.len()];
    let mut ends = vec![0; components.len()];
    let mut levels = HashMap::with_capacity(slots.len());
    for (number, component) in components.iter().enumerate() {
        let start = component
            .iter()
            .flat_map(|node| graph.neighbors(*node))
            .map(|parent| component_of[&std::ptr::from_ref(graph[parent])])
            .filter(|parent| *parent != number)
            .map(|parent| ends[parent] + 1)
            .max()
            .unwrap_or_default();
        ends[number] = start;
        for place in &members[number] {
            let inside =
                |parent: &usize| component_of[&std::ptr::from_ref(slots[*parent].mapper())] == number;
            let depth = depth(*place, parents, &inside, &mut depths, slots)?;
            ends[number] = ends[number].max(start + depth);
            levels.insert(slots[*place].index(), start + depth);
        }
    }
    Ok(levels)
}

fn refers_to(child: &Mapper, parent: &Mapper) -> bool {
    if child == parent {
        return false;
    }
    let (name, schema) = (parent.table().name(), parent.table().schema());
    let definition = child.definition();
    let single = definition.columns.iter().filter_map(|column| column.foreign_key.as_ref());
    single.into_iter().any(|key| key.table == *name && key.schema.as_ref() == schema)
        || definition.foreign_keys.iter().any(|key| key.table == *name && key.schema.as_ref() == schema)
}

/// How many objects of the same component stand above one, by a walk with its own stack: chains may be long.
fn depth(
    place: usize,
    parents: &[Vec<usize>],
    inside: &dyn Fn(&usize) -> bool,
    depths: &mut [Option<usize>],
    slots: &[Arc<dyn AnySlot>],
) -> Result<usize> {
    let mut path = vec![(place, 0)];
    let mut open: HashSet<usize> = std::iter::once(place).collect();
    while let Some((present, next)) = path.last().copied() {
        if depths[present].is_some() {
            path.pop();
            continue;
        }
        match parents[present].get(next) {
            Some(parent) => {
                if let Some(last) = path.last_mut() {
                    last.1 += 1;
                }
                if inside(parent) && depths[*parent].is_none() {
                    if !open.insert(*parent) {
                        return Err(circle(&path, *parent, slots));
                    }
                    path.push((*parent, 0));
                }
            }
            None => {
                let above = parents[present]
                    .iter()
                    .filter(|parent| inside(parent))
                    .filter_map(|parent| depths[*parent])
                    .max();
                depths[present] = Some(above.map_or(0, |above| above + 1));
                open.remove(&present);
                path.pop();
            }
        }
    }
    Ok(depths[place].unwrap_or_default())
}

fn circle(path: &[(usize, usize)], parent: usize, slots: &[Arc<dyn AnySlot>]) -> Error {
    let begin = path.iter().position(|(place, _)| *place == parent).unwrap_or_default();
    let mut names: Vec<&str> = path[begin..].iter().map(|(place, _)| slots[*place].mapper().name()).collect();
    names.push(slots[parent].mapper().name());
    Error::new(
        ErrorKind::CircularDependency,
        format!(
            "rows depend on each other in a circle ({}), so none can be inserted first; mark one of the relationships \
             `post_update`, so that its key is written by an UPDATE afterwards",
            names.join(" -> ")
        ),
    )
}
