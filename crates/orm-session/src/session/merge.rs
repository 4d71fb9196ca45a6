//! [`Session::merge`]: what was made or changed elsewhere comes into the session.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::Value;
use hashbrown::HashMap;

use super::Session;
use crate::{
    Instance, State,
    graph::{AnySlot, Entry, Graph, Slots, identity_key},
    link::{Member, MemberKind},
    loading::{Executor, load_by_keys, load_relationship},
    mapping::{Direction, Mapped, Mapper},
    unit_of_work::is_unset,
};

/// What [`Session::merge`] takes: a value, or a handle to an object of another session or of none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be merged into a session",
    note = "merge a mapped model, or an `Instance` of one"
)]
pub trait Mergeable {
    /// The model.
    type Model: Mapped;

    /// Whether it is a plain value, and no object of a session.
    #[doc(hidden)]
    const IS_VALUE: bool;

    /// The object that is merged, in whatever graph.
    #[doc(hidden)]
    fn source(self) -> Instance<Self::Model>;
}

impl<M: Mapped> Mergeable for M {
    type Model = M;
    const IS_VALUE: bool = true;

    fn source(self) -> Instance<M> {
        // A graph of its own, so that values and objects are merged in the same way.
        Arc::<Graph>::default().add(self)
    }
}

impl<M: Mapped> Mergeable for &Instance<M> {
    type Model = M;
    const IS_VALUE: bool = false;

    fn source(self) -> Instance<M> {
        self.clone()
    }
}

impl<M: Mapped> Mergeable for Instance<M> {
    type Model = M;
    const IS_VALUE: bool = false;

    fn source(self) -> Instance<M> {
        self
    }
}

/// How [`Session::merge_with`] merges.
#[derive(Clone, Copy, Debug)]
pub struct MergeOptions {
    load: bool,
}

impl Default for MergeOptions {
    fn default() -> Self {
        Self { load: true }
    }
}

impl MergeOptions {
    /// Whether rows are loaded that the session does not have (default: true).
    #[must_use]
    pub fn load(mut self, load: bool) -> Self {
        self.load = load;
        self
    }
}

impl Session {
    /// Takes the state of a value, or of an object of another session, over into the object of this session that has the
    /// same key: loaded where it is not there yet, new where there is no such row, or no key. What the `merge` cascade
    /// leads to is merged, too: the rows of each model are asked for in one statement.
    ///
    /// What is pending is flushed before, unless autoflush is off. Only what differs is written. A relationship that is not loaded in the source, or was never put into in a plain value,
    /// is left as it is; another takes the place of what is there.
    ///
    /// # Errors
    /// [`ErrorKind::StaleData`] when the versions of a row differ; [`ErrorKind::InvalidRequest`] for a plain value whose
    /// links hold handles: set those on the merged object; what the database says.
    ///
    /// # Examples
    /// `let author = session.merge(Author { id: 1, name: "Eric".into(), ..default() }).await?;` asks for the row with the
    /// key 1, and the next flush writes its name.
    pub async fn merge<A: Mergeable>(&mut self, object: A) -> Result<Instance<A::Model>> {
        let merged = self.merge_all([object]).await?;
        merged.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Internal, "nothing was merged"))
    }

    /// The same for many, with one statement for each model.
    ///
    /// # Errors
    /// As [`Session::merge`].
    pub async fn merge_all<A: Mergeable>(
        &mut self,
        objects: impl IntoIterator<Item = A>,
    ) -> Result<Vec<Instance<A::Model>>> {
        self.merge_with(objects, MergeOptions::default()).await
    }

    /// The same with options. Without loading (SQLAlchemy's `load=False`) nothing is asked of the database and nothing is
    /// written: the values are taken for what the rows hold, and the relationships that are known for what they lead to.
    /// It brings values back that were kept elsewhere, such as in a cache.
    ///
    /// # Errors
    /// As [`Session::merge`]; without loading [`ErrorKind::InvalidRequest`] for what has no key or no row, and for objects
    /// with changes that are not flushed.
    ///
    /// # Examples
    /// `session.merge_with(cached, MergeOptions::default().load(false)).await?;`
    pub async fn merge_with<A: Mergeable>(
        &mut self,
        objects: impl IntoIterator<Item = A>,
        options: MergeOptions,
    ) -> Result<Vec<Instance<A::Model>>> {
        let sources: Vec<Instance<A::Model>> = objects.into_iter().map(Mergeable::source).collect();
        self.check_usable()?;
        self.announce();
        // A row that was changed and not written yet is found as it is going to be, and a new one under its key.
        self.autoflush().await?;
        let mut merge = Merge { session: self, found: Vec::new(), targets: HashMap::new() };
        merge.collect(
            sources.iter().rev().map(|source| (source.graph().clone(), source.erased())).collect(),
        )?;
        if options.load {
            merge.load().await?;
            // What objects are linked with now is found by the keys that they have now.
            merge.load_links().await?;
            merge.take_over()?;
            merge.link();
        } else {
            merge.take_in(A::IS_VALUE)?;
        }
        let graph = merge.session.graph().clone();
        graph.tell();
        let mut instances = Vec::with_capacity(sources.len());
        for source in &sources {
            let target = merge.targets[&place(&source.erased())].clone();
            if let Ok(slot) = target.into_any().downcast() {
                instances.push(Instance::new(slot, graph.clone()));
            }
        }
        Ok(instances)
    }
}

/// Tells an object in whatever graph from all others.
fn place(slot: &Arc<dyn AnySlot>) -> usize {
    Arc::as_ptr(slot).cast::<()>().addr()
}

struct Merge<'s> {
    session: &'s mut Session,
    /// What is merged: the objects themselves, and what their cascades lead to.
    found: Vec<Source>,
    /// The objects of this session that they become, by the place of their source.
    targets: HashMap<usize, Arc<dyn AnySlot>>,
}

/// What relationships lead to, by their numbers.
type Links = Vec<(u16, Slots)>;

/// An object that is merged.
struct Source {
    slot: Arc<dyn AnySlot>,
    /// Where it is at home.
    graph: Arc<Graph>,
    /// What its relationships lead to, as far as it is known and to be taken over.
    links: Links,
}

impl Merge<'_> {
    /// Walks along the cascades; the last of those that wait is the next.
    fn collect(&mut self, mut waiting: Vec<(Arc<Graph>, Arc<dyn AnySlot>)>) -> Result<()> {
        let mut seen = hashbrown::HashSet::new();
        while let Some((graph, slot)) = waiting.pop() {
            if !seen.insert(place(&slot)) {
                continue;
            }
            let own = Arc::ptr_eq(&graph, self.session.graph());
            if own && matches!(slot.state(), State::Pending | State::Persistent) {
                // It is here already.
                self.targets.insert(place(&slot), slot);
                continue;
            }
            let links = links_of(&graph, &slot)?;
            for (_, targets) in &links {
                waiting.extend(targets.iter().rev().map(|target| (graph.clone(), target.clone())));
            }
            self.found.push(Source { slot, graph, links });
        }
        Ok(())
    }

    /// Asks for the rows that the session does not have.
    async fn load(&mut self) -> Result<()> {
        let mut missing: Vec<(&'static Mapper, Vec<Vec<Value>>)> = Vec::new();
        {
            let inner = self.session.graph().lock();
            for Source { slot, .. } in &self.found {
                let mapper = slot.mapper();
                let Some(key) = key_of(slot)? else { continue };
                if inner.find(mapper, &key).is_some_and(|entry| !entry.slot.is_expired()) {
                    continue;
                }
                match missing.iter_mut().find(|(other, _)| *other == mapper) {
                    Some((_, keys)) => keys.push(key),
                    None => missing.push((mapper, vec![key])),
                }
            }
        }
        let graph = self.session.graph().clone();
        for (mapper, keys) in missing {
            load_by_keys(&mut Executor::Session(self.session), &graph, mapper, &keys).await?;
            // What is expired still has no row any more.
            let mut inner = graph.lock();
            for key in keys {
                let is_gone = |entry: &Entry| entry.slot.is_expired() && !entry.slot.is_changed();
                if inner.find(mapper, &key).is_some_and(is_gone) {
                    inner.miss(mapper, &key);
                }
            }
        }
        Ok(())
    }

    /// Makes new objects, and changes those that are there.
    fn take_over(&mut self) -> Result<()> {
        let graph = self.session.graph().clone();
        let following = self.following()?;
        for Source { slot, .. } in &self.found {
            let target = match self.present(slot)? {
                Some(target) => {
                    check_versions(slot.mapper(), slot, &target)?;
                    let left_out = following.get(&place(slot)).map(Vec::as_slice).unwrap_or_default();
                    if target.assign(slot.clone(), left_out) {
                        graph.lock().touch(target.index());
                    }
                    target
                }
                None => slot.copy_to(&graph),
            };
            self.targets.insert(place(slot), target);
        }
        Ok(())
    }

    /// Takes everything for what the database holds.
    fn take_in(&mut self, is_value: bool) -> Result<()> {
        let graph = self.session.graph().clone();
        for Source { slot, graph: home, .. } in &self.found {
            let mapper = slot.mapper();
            let is_kept = is_value || matches!(slot.state(), State::Persistent | State::Detached);
            let problem = if !is_kept || key_of(slot)?.is_none() {
                Some("it has no key, or no row yet")
            } else if !is_value && is_changed(home, slot) {
                Some("it has changes that are not flushed")
            } else {
                None
            };
            if let Some(problem) = problem {
                let message = format!(
                    "a {} cannot be merged without loading: {problem}; merge it with `merge`, or flush it before",
                    mapper.name()
                );
                return Err(Error::new(ErrorKind::InvalidRequest, message));
            }
        }
        for Source { slot, .. } in &self.found {
            self.targets.insert(place(slot), slot.take_into(&graph));
        }
        let mut inner = graph.lock();
        for Source { slot, links, .. } in &self.found {
            let target = &self.targets[&place(slot)];
            for (number, sources) in links {
                let found = sources.iter().filter_map(|source| self.targets.get(&place(source)));
                let found: Vec<u32> = found.map(|slot| slot.index()).collect();
                inner.fill(target.mapper(), *number, target.index(), &found);
            }
        }
        Ok(())
    }

    /// The object of this session that has the key of a source.
    fn present(&self, source: &Arc<dyn AnySlot>) -> Result<Option<Arc<dyn AnySlot>>> {
        let Some(key) = key_of(source)? else { return Ok(None) };
        let inner = self.session.graph().lock();
        Ok(inner.find(source.mapper(), &key).map(|entry| entry.slot.clone()))
    }

    /// The foreign keys that nobody set in a source, and that follow from what it is linked with: they are no changes.
    fn following(&self) -> Result<HashMap<usize, Vec<u16>>> {
        let mut following: HashMap<usize, Vec<u16>> = HashMap::new();
        for Source { slot, links, .. } in &self.found {
            let configuration = slot.mapper().configuration()?;
            for (number, targets) in links {
                let relationship = &configuration.relationships[usize::from(*number)];
                for target in targets {
                    let child = match relationship.direction {
                        Direction::ManyToOne => slot,
                        Direction::OneToMany => target,
                        Direction::ManyToMany => continue,
                    };
                    let columns = relationship.pairs.iter().map(|(column, _)| *column);
                    let unset = columns.filter(|column| is_unset(&child.value(*column)));
                    following.entry(place(child)).or_default().extend(unset);
                }
            }
        }
        Ok(following)
    }

    /// Asks what the objects that are there are linked with, as far as that is to be replaced and not known.
    async fn load_links(&mut self) -> Result<()> {
        let graph = self.session.graph().clone();
        let mut unloaded: Vec<(&'static Mapper, u16, Slots)> = Vec::new();
        for Source { slot, links, .. } in self.found.iter().filter(|source| !source.links.is_empty()) {
            let Some(target) = self.present(slot)? else { continue };
            for (number, _) in links {
                let is_known = graph.lock().entry(target.index()).is_none_or(|entry| {
                    entry.relation(*number).is_loaded() || entry.slot.state() == State::Pending
                });
                if is_known {
                    continue;
                }
                let mapper = target.mapper();
                match unloaded.iter_mut().find(|(other, rel, _)| *other == mapper && rel == number) {
                    Some((.., slots)) => slots.push(target.clone()),
                    None => unloaded.push((mapper, *number, vec![target.clone()])),
                }
            }
        }
        for (mapper, number, slots) in unloaded {
            load_relationship(&mut *self.session, &graph, mapper, &slots, number, Vec::new()).await?;
        }
        Ok(())
    }

    /// Links them as their sources are linked.
    fn link(&self) {
        let graph = self.session.graph();
        for Source { slot, links, .. } in &self.found {
            let target = &self.targets[&place(slot)];
            for (number, sources) in links {
                let wanted: Vec<_> =
                    sources.iter().filter_map(|source| self.targets.get(&place(source)).cloned()).collect();
                let is_there = graph.lock().entry(target.index()).is_some_and(|entry| {
                    let items = entry.items(*number).unwrap_or_default();
                    items.len() == wanted.len() && wanted.iter().all(|slot| items.contains(&slot.index()))
                });
                if !is_there {
                    let members =
                        wanted.into_iter().map(|slot| Member(MemberKind::Handle(slot, graph.clone())));
                    graph.connect(target.index(), *number, members.collect(), true);
                }
            }
        }
    }
}

/// Whether an object, or one of its links, differs from the database.
fn is_changed(graph: &Arc<Graph>, slot: &Arc<dyn AnySlot>) -> bool {
    let inner = graph.lock();
    let relations = inner.entry(slot.index()).map(|entry| entry.relations().any(|(_, it)| it.is_changed()));
    slot.is_changed() || relations.unwrap_or_default()
}

/// The key by which a row may be there.
fn key_of(slot: &Arc<dyn AnySlot>) -> Result<Option<Vec<Value>>> {
    let mapper = slot.mapper();
    let key = identity_key(&**slot, mapper);
    let numbered = mapper.configuration()?.autoincrement.is_some();
    let is_unset =
        |value: &Value| value.is_null() || (numbered && matches!(value, Value::I64(0) | Value::U64(0)));
    Ok((!key.iter().any(is_unset)).then_some(key))
}

/// What the relationships of an object lead to that its cascades follow.
fn links_of(graph: &Arc<Graph>, slot: &Arc<dyn AnySlot>) -> Result<Links> {
    let inner = graph.lock();
    if let Some(message) = inner.foreign.first() {
        return Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("{message}; of a value that is merged, set such links on the merged object"),
        ));
    }
    let Some(entry) = inner.entry(slot.index()) else { return Ok(Vec::new()) };
    // Of a new value nobody can tell an empty link from one that was never touched.
    let is_new = matches!(slot.state(), State::Pending | State::Transient);
    let mut links = Vec::new();
    for (number, relation) in entry.relations() {
        let cascades = entry.mapper().relationships()[usize::from(number)].cascade.merge;
        let Some(items) = relation.items.as_ref().filter(|items| cascades && !(is_new && items.is_empty()))
        else {
            continue;
        };
        let targets = items.iter().filter_map(|index| inner.entry(*index)).filter(|entry| entry.is_shown());
        links.push((number, targets.map(|entry| entry.slot.clone()).collect()));
    }
    Ok(links)
}

fn check_versions(
    mapper: &'static Mapper,
    source: &Arc<dyn AnySlot>,
    target: &Arc<dyn AnySlot>,
) -> Result<()> {
    let Some(version) = mapper.configuration()?.version else { return Ok(()) };
    let (ours, theirs) = (target.value(version), source.value(version));
    if ours == theirs {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::StaleData,
        format!(
            "a {} was merged with version {theirs:?}, and its row has version {ours:?}: somebody else changed it; load it \
             anew, and make the change again",
            mapper.name()
        ),
    ))
}
