//! The object graph of a session: every object once, and how they are linked.
//!
//! Objects are numbered; links are lists of numbers, so that circles of objects own nothing. Handles keep the graph alive,
//! also after its session is gone.

mod admission;
mod any_slot;
mod changes;
mod connect;
mod departure;
mod entries;
mod entry;
mod expressions;
mod fork;
mod identity;
mod load;
mod nested;
mod notices;
mod peers;
mod place;
mod referential;
mod relation;
mod release;
mod rows;
mod slot;
mod state;
mod synchronize;
mod version;
mod versions;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicBool},
};

use aludel_sql_expression::Value;
pub(crate) use any_slot::AnySlot;
use entries::Entries;
pub(crate) use entry::Entry;
pub(crate) use expressions::Expressions;
use hashbrown::HashMap;
pub(crate) use identity::{HashedKey, IdentityMap, key_of as identity_key};
pub(crate) use load::{Admission, LoadMode, Loader, load_row, referenced_key};
pub(crate) use notices::Notice;
use notices::Notices;
pub(crate) use peers::GroupId;
use peers::Peers;
pub(crate) use relation::Relation;
pub(crate) use release::Sweeper;
pub(crate) use rows::{Alike, Rows, number_new, write_changed, write_new};
pub(crate) use slot::Slot;
pub use state::State;
pub(crate) use synchronize::Rewrite;
pub(crate) use version::Version;

use crate::{
    Error, ErrorKind, Instance, Result,
    events::Audience,
    link::Member,
    mapping::{Mapped, Mapper},
    session::SessionId,
};

/// Nested values that are still to be attached: the object, its relationship, and what was put into it.
pub(crate) type Attachments = VecDeque<(u32, u16, Vec<Member>)>;

/// Objects of any model.
pub(crate) type Slots = Vec<Arc<dyn AnySlot>>;

/// The object graph of a session.
pub struct Graph {
    inner: Mutex<Inner>,
    session: SessionId,
    audience: Arc<Audience>,
    /// Notices wait for the end of a flush.
    held: AtomicBool,
    /// Somebody is telling what was noted.
    telling: AtomicBool,
}

/// What the lock guards. No user code runs while it is held.
pub(crate) struct Inner {
    pub(crate) entries: Entries,
    pub(crate) identity: IdentityMap,
    /// Which objects came from the same query.
    pub(crate) peers: Peers,
    /// The objects that a flush has to look at, in the order of their first change.
    pub(crate) touched: Vec<u32>,
    /// The objects that a commit or rollback has to look at.
    pub(crate) in_transaction: Vec<u32>,
    /// What the database has to compute for columns of objects.
    expressions: Expressions,
    /// Links to objects of other sessions, which the next flush reports.
    pub(crate) foreign: Vec<String>,
    /// Foreign keys that were set to the keys of parents which their objects left since, by their numbers and columns: the
    /// links say where they lead now.
    pub(crate) left: HashMap<(u32, u16), Value>,
    /// How many transactions there were, those inside others among them.
    pub(crate) transaction: u32,
    /// Which of them the present one is; those after it are inside it.
    pub(crate) first_transaction: u32,
    /// The transactions around the present one, the outermost first.
    pub(crate) levels: Vec<nested::Level>,
    /// Whether the present transaction wrote something, so that what is loaded now may be taken back.
    pub(crate) wrote: bool,
    /// What was refused as soon as it was done; the next flush reports it.
    pub(crate) refused: Vec<Error>,
    /// What listeners are told of once the lock is open.
    pub(crate) notices: Notices,
    /// Whether the session is gone.
    pub(crate) closed: bool,
}

impl Default for Graph {
    /// An empty graph of no session, of whose objects nobody is told.
    fn default() -> Self {
        let audience = Arc::<Audience>::default();
        Self::holding(Inner::new(Notices::new(audience.clone())), SessionId::default(), audience)
    }
}

impl Graph {
    /// An empty graph for a session, of whose objects somebody is told.
    pub(crate) fn of(session: SessionId, audience: Arc<Audience>) -> Arc<Self> {
        let inner = Inner::new(Notices::new(audience.clone()));
        Arc::new(Self::holding(inner, session, audience))
    }

    fn holding(inner: Inner, session: SessionId, audience: Arc<Audience>) -> Self {
        Self {
            inner: Mutex::new(inner),
            session,
            audience,
            held: AtomicBool::new(false),
            telling: AtomicBool::new(false),
        }
    }

    /// Who is told of its objects.
    pub(crate) fn audience(&self) -> &Arc<Audience> {
        &self.audience
    }

    /// The session whose graph it is, or was.
    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a value and everything nested in it as pending objects.
    pub(crate) fn add<M: Mapped>(self: &Arc<Self>, model: M) -> Instance<M> {
        if M::mapper().relationships().is_empty() {
            return Instance::new(self.lock().add_unlinked(model), self.clone());
        }
        let mut attachments = Attachments::new();
        let slot = self.insert(model, &mut attachments);
        self.attach_all(attachments, vec![slot.index()], false);
        Instance::new(slot, self.clone())
    }

    /// Adds many values, and everything nested in them, as pending objects.
    pub(crate) fn add_all<M: Mapped>(self: &Arc<Self>, models: Vec<M>) -> Vec<Instance<M>> {
        if !M::mapper().relationships().is_empty() {
            return models.into_iter().map(|model| self.add(model)).collect();
        }
        // Nothing of the user's runs where there are no links, so the lock is taken once.
        let mut inner = self.lock();
        inner.touched.reserve(models.len());
        models.into_iter().map(|model| Instance::new(inner.add_unlinked(model), self.clone())).collect()
    }

    /// Puts a new object into the graph. It is pending once it is linked, lest a flush sees it without its links.
    pub(crate) fn insert<M: Mapped>(
        self: &Arc<Self>,
        mut model: M,
        attachments: &mut Attachments,
    ) -> Arc<Slot<M>> {
        // The number is taken before the links are pointed at it, and filled after: no lock is held in between, because
        // what runs there is generated code over the user's type.
        let index = self.lock().entries.reserve();
        let weak = Arc::downgrade(self);
        model.links(&mut |relationship, cell| {
            if let Some(members) = cell.attach(&weak, index, relationship) {
                attachments.push_back((index, relationship, members));
            }
        });
        let slot = Arc::new(Slot::new(index, State::Transient, model));
        self.lock().entries.put(index, Entry::new(slot.clone()));
        slot
    }

    /// What a relationship of an object leads to.
    pub(crate) fn targets(&self, index: u32, relationship: u16) -> Result<Vec<Arc<dyn AnySlot>>> {
        let inner = self.lock();
        let Some(entry) = inner.entry(index) else {
            return Err(Error::new(
                ErrorKind::Detached,
                "the object was released from its session, and its links with it",
            ));
        };
        match entry.items(relationship) {
            Some(items) => Ok(items
                .iter()
                .filter_map(|target| inner.entry(*target))
                .filter(|target| target.is_shown())
                .map(|target| target.slot.clone())
                .collect()),
            // A new object has no rows that could refer to it, so a link that nothing was put into leads nowhere.
            None if matches!(entry.slot.state(), State::Pending | State::Transient) => Ok(Vec::new()),
            None => Err(not_loaded(entry.mapper(), relationship)),
        }
    }
}

/// The error of reading a relationship that is not loaded.
pub(crate) fn not_loaded(mapper: &Mapper, relationship: u16) -> Error {
    let (model, name) = (mapper.name(), mapper.relationships()[usize::from(relationship)].name);
    Error::new(
        ErrorKind::NotLoaded,
        format!(
            "{model}.{name} is not loaded; load it with `session.load(&object, {model}::{name}).await`, or together with \
             the query by `.options(selectinload({model}::{name}))`"
        ),
    )
}

impl Inner {
    fn new(notices: Notices) -> Self {
        Self {
            entries: Entries::default(),
            identity: IdentityMap::default(),
            peers: Peers::default(),
            touched: Vec::new(),
            in_transaction: Vec::new(),
            expressions: Expressions::default(),
            foreign: Vec::new(),
            left: HashMap::new(),
            transaction: 0,
            first_transaction: 0,
            levels: Vec::new(),
            wrote: false,
            refused: Vec::new(),
            notices,
            closed: false,
        }
    }

    /// Adds a value of a model that has no links, as a pending object.
    fn add_unlinked<M: Mapped>(&mut self, model: M) -> Arc<Slot<M>> {
        let index = self.entries.next();
        let state = if self.closed { State::Transient } else { State::Pending };
        let slot = Arc::new(Slot::new(index, state, model));
        let mut entry = Entry::new(slot.clone());
        if !self.closed {
            entry.touched = true;
            self.touched.push(index);
        }
        self.entries.push(entry);
        slot
    }

    pub(crate) fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(crate) fn entry_mut(&mut self, index: u32) -> Option<&mut Entry> {
        self.entries.get_mut(index)
    }

    /// Takes an object out of the graph. The caller drops it outside the lock.
    pub(crate) fn release(&mut self, index: u32) -> Option<Entry> {
        let entry = self.entries.release(index)?;
        if let Some(group) = entry.peers {
            self.peers.leave(group);
        }
        Some(entry)
    }

    /// Remembers that a flush has to look at the object.
    pub(crate) fn touch(&mut self, index: u32) {
        if let Some(entry) = self.entry_mut(index)
            && entry.is_alive()
            && !std::mem::replace(&mut entry.touched, true)
        {
            self.touched.push(index);
        }
    }

    /// Remembers that a commit or rollback has to look at the object.
    pub(crate) fn enlist(&mut self, index: u32) {
        if let Some(entry) = self.entry_mut(index)
            && !std::mem::replace(&mut entry.enlisted, true)
        {
            self.in_transaction.push(index);
        }
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Graph of {} objects", self.lock().entries.len())
    }
}
