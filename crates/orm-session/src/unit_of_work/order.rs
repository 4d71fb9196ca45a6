//! Levels: every row comes after the rows it refers to, and is deleted before them.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use hashbrown::{HashMap, HashSet};
use petgraph::{algo::tarjan_scc, graph::DiGraph};

use super::assignment::Assignment;
use crate::{
    graph::{AnySlot, HashedKey, Inner, referenced_key},
    mapping::{Direction, Mapper},
};

/// The places of the objects to be inserted, level by level: rows of one level do not refer to each other by keys that are
/// not known yet.
pub(super) fn insert_levels(
    slots: &[Arc<dyn AnySlot>],
    assignments: &[Assignment],
) -> Result<Vec<Vec<usize>>> {
    let components = Components::of(slots);
    if components.is_one_level() {
        return Ok(vec![(0..slots.len()).collect()]);
    }
    let levels = match components.is_simple() {
        true => components.levels(slots, &[], None)?,
        false => components.levels(slots, &insert_parents(slots, assignments)?, None)?,
    };
    let highest = levels.iter().max();
    let mut by_level: Vec<Vec<usize>> = vec![Vec::new(); highest.map_or(0, |highest| highest + 1)];
    for (place, level) in levels.into_iter().enumerate() {
        by_level[level].push(place);
    }
    Ok(by_level)
}

/// What each new row refers to among the new rows, by their places.
fn insert_parents(slots: &[Arc<dyn AnySlot>], assignments: &[Assignment]) -> Result<Vec<Vec<usize>>> {
    let places: HashMap<u32, usize> =
        slots.iter().enumerate().map(|(place, slot)| (slot.index(), place)).collect();
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); slots.len()];
    for assignment in assignments.iter().filter(|assignment| !assignment.post_update) {
        let parent = assignment.parent.as_ref().and_then(|parent| places.get(&parent.index()));
        if let (Some(child), Some(parent)) = (places.get(&assignment.child.index()), parent) {
            parents[*child].push(*parent);
        }
    }
    add_parents_by_key(slots, &mut parents)?;
    Ok(parents)
}

/// Rows of a table that refer to later rows of the same table, by keys that were set by hand, wait for them.
fn add_parents_by_key(slots: &[Arc<dyn AnySlot>], parents: &mut [Vec<usize>]) -> Result<()> {
    let mut keys: HashMap<(*const Mapper, HashedKey), usize> = HashMap::new();
    // From the last to the first: what is found in the map comes later.
    for (place, slot) in slots.iter().enumerate().rev() {
        let mapper = slot.mapper();
        let mut refers = false;
        for (number, relation) in mapper.configuration()?.relationships.iter().enumerate() {
            if relation.direction != Direction::ManyToOne
                || (mapper.relationships()[number].target)() != mapper
            {
                continue;
            }
            refers = true;
            let parent = referenced_key(mapper, relation, |column| slot.sending(column))
                .and_then(|key| keys.get(&(std::ptr::from_ref(mapper), HashedKey(key))));
            parents[place].extend(parent);
        }
        if refers {
            let key = mapper.key().iter().map(|column| slot.sending(*column)).collect();
            keys.insert((std::ptr::from_ref(mapper), HashedKey(key)), place);
        }
    }
    Ok(())
}

/// In which order rows are deleted.
pub(super) struct DeleteOrder {
    /// The level of each object, in order: children before what they refer to.
    pub(super) levels: Vec<usize>,
    /// Foreign keys that have to become NULL before, because they close a circle.
    pub(super) cuts: Vec<(Arc<dyn AnySlot>, Vec<u16>)>,
}

/// A row to be deleted that refers to another one, which is deleted too.
struct Reference {
    child: usize,
    parent: usize,
    columns: Vec<u16>,
}

pub(super) fn delete_order(slots: &[Arc<dyn AnySlot>], inner: &Inner) -> Result<DeleteOrder> {
    let places: HashMap<u32, usize> =
        slots.iter().enumerate().map(|(place, slot)| (slot.index(), place)).collect();
    let mut parents: Vec<Vec<usize>> = vec![Vec::new(); slots.len()];
    let (mut references, mut cuts) = (Vec::new(), Vec::new());
    for (child, slot) in slots.iter().enumerate() {
        let mapper = slot.mapper();
        for (number, relation) in mapper.configuration()?.relationships.iter().enumerate() {
            if relation.direction != Direction::ManyToOne {
                continue;
            }
            let target = (mapper.relationships()[number].target)();
            let parent = referenced_key(target, relation, |column| slot.stored(column))
                .and_then(|key| inner.identity.find(&inner.entries, target, &key))
                .and_then(|index| places.get(&index).copied());
            let Some(parent) = parent else { continue };
            let columns: Vec<u16> = relation.pairs.iter().map(|(child, _)| *child).collect();
            let is_nullable = |column: &u16| mapper.definition().columns[usize::from(*column)].nullable;
            if parent == child {
                // InnoDB does not let a row go that refers to itself.
                if columns.iter().all(is_nullable) {
                    cuts.push((slot.clone(), columns));
                }
            } else if relation.post_update {
                cuts.push((slot.clone(), columns));
            } else {
                parents[child].push(parent);
                references.push(Reference { child, parent, columns });
            }
        }
    }
    let mut circles = Vec::new();
    let mut levels = Components::of(slots).levels(slots, &parents, Some(&mut circles))?;
    let highest = levels.iter().copied().max().unwrap_or_default();
    levels.iter_mut().for_each(|level| *level = highest - *level);
    for (child, parent) in circles {
        let closing = references.iter().filter(|it| (it.child, it.parent) == (child, parent));
        for Reference { columns, .. } in closing {
            let mapper = slots[child].mapper();
            if let Some(column) =
                columns.iter().find(|column| !mapper.definition().columns[usize::from(**column)].nullable)
            {
                let message = format!(
                    "rows that are to be deleted refer to each other in a circle, and {} cannot become NULL to open it; \
                     delete them in several flushes, or by a statement of their own",
                    mapper.field(*column)
                );
                return Err(Error::new(ErrorKind::CircularDependency, message));
            }
            cuts.push((slots[child].clone(), columns.clone()));
        }
    }
    Ok(DeleteOrder { levels, cuts })
}

/// Children and parents that close a circle.
type Circles<'a> = Option<&'a mut Vec<(usize, usize)>>;

/// The models of some objects, put together where their tables refer to each other in a circle, parents first.
struct Components {
    components: Vec<Component>,
}

struct Component {
    models: Vec<&'static Mapper>,
    /// The components that it refers to.
    parents: Vec<usize>,
    /// Whether objects in it may refer to each other.
    is_circular: bool,
}

impl Components {
    fn of(slots: &[Arc<dyn AnySlot>]) -> Self {
        let mut graph = DiGraph::<&'static Mapper, ()>::new();
        let mut nodes = HashMap::new();
        let mut last = None;
        for slot in slots {
            let mapper = slot.mapper();
            // Objects of one model mostly come together.
            if last != Some(mapper) {
                nodes.entry(mapper).or_insert_with(|| graph.add_node(mapper));
                last = Some(mapper);
            }
        }
        let models: Vec<&'static Mapper> = graph.node_weights().copied().collect();
        for child in &models {
            for parent in models.iter().filter(|parent| refers_to(child, parent)) {
                graph.add_edge(nodes[child], nodes[parent], ());
            }
        }
        // A component comes after all components that it has edges to: parents first.
        let members = tarjan_scc(&graph);
        let mut component_of: HashMap<&'static Mapper, usize> = HashMap::new();
        for (number, component) in members.iter().enumerate() {
            component_of.extend(component.iter().map(|node| (graph[*node], number)));
        }
        let components = members.iter().enumerate().map(|(number, component)| {
            let neighbors = component.iter().flat_map(|node| graph.neighbors(*node));
            let parents = neighbors.map(|parent| component_of[graph[parent]]);
            let models: Vec<&'static Mapper> = component.iter().map(|node| graph[*node]).collect();
            Component {
                parents: parents.filter(|parent| *parent != number).collect(),
                is_circular: models.len() > 1 || models.iter().any(|model| refers_to_itself(model)),
                models,
            }
        });
        Self { components: components.collect() }
    }

    /// Whether the order follows from the models alone.
    fn is_simple(&self) -> bool {
        !self.components.iter().any(|component| component.is_circular)
    }

    /// Whether no object waits for another.
    fn is_one_level(&self) -> bool {
        self.components.len() == 1 && self.is_simple()
    }

    /// The level of each object: by the tables' foreign keys, and inside a circle of tables by the objects themselves.
    fn levels(
        &self,
        slots: &[Arc<dyn AnySlot>],
        parents: &[Vec<usize>],
        mut circles: Circles<'_>,
    ) -> Result<Vec<usize>> {
        let component_of: HashMap<&'static Mapper, usize> = (0..)
            .zip(&self.components)
            .flat_map(|(number, component)| component.models.iter().map(move |model| (*model, number)))
            .collect();
        let mut levels = vec![0; slots.len()];
        if self.is_one_level() {
            return Ok(levels);
        }
        let mut members: Vec<Vec<usize>> = vec![Vec::new(); self.components.len()];
        for (place, slot) in slots.iter().enumerate() {
            members[component_of[slot.mapper()]].push(place);
        }
        let mut depths = vec![None; slots.len()];
        let mut ends = vec![0; self.components.len()];
        for (number, component) in self.components.iter().enumerate() {
            let start = component.parents.iter().map(|parent| ends[*parent] + 1).max().unwrap_or_default();
            ends[number] = start;
            for place in &members[number] {
                let inside = |parent: &usize| component_of[slots[*parent].mapper()] == number;
                let depth = match component.is_circular {
                    true => depth(*place, parents, &inside, &mut depths, slots, circles.as_deref_mut())?,
                    false => 0,
                };
                ends[number] = ends[number].max(start + depth);
                levels[*place] = start + depth;
            }
        }
        Ok(levels)
    }
}

/// Whether a model has a relationship to its own kind.
fn refers_to_itself(mapper: &Mapper) -> bool {
    mapper.relationships().iter().any(|relationship| (relationship.target)() == mapper)
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
    mut circles: Circles<'_>,
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
                    if open.insert(*parent) {
                        path.push((*parent, 0));
                    } else if let Some(circles) = &mut circles {
                        circles.push((present, *parent));
                    } else {
                        return Err(circle(&path, *parent, slots));
                    }
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
