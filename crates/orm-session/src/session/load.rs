//! Loading one object, or a relationship.

use std::sync::Arc;

use aludel_driver::{Error, ErrorKind, Result};
use aludel_sql_expression::{Entity, statement::Select};

use super::{Session, get::by_key};
use crate::{
    Instance,
    graph::{AnySlot, State, identity_key, not_loaded},
    link::LoadedLink,
    loading::load_relationship,
    mapping::{IntoKey, Key, Mapped},
    query::SessionRun,
    relationship::Relationship,
};

impl Session {
    /// Brings the values of an object from the database, and throws the unflushed changes of its columns away. Its
    /// relationships are brought anew by the next `load`, and what their `refresh-expire` cascades lead to is expired.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not persistent in this session, or its row is gone.
    pub async fn refresh<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.refresh_with(object, |select| select).await
    }

    /// The same with a say in the query: a lock, loader options.
    ///
    /// # Errors
    /// As [`Session::refresh`]; what the database says.
    ///
    /// # Examples
    /// `session.refresh_with(&account, |select| select.with_for_update()).await?;`
    pub async fn refresh_with<M: Mapped>(
        &mut self,
        object: &Instance<M>,
        refine: impl FnOnce(Select<Entity<M>>) -> Select<Entity<M>>,
    ) -> Result<()> {
        self.check_persistent(object, "refresh")?;
        let key = identity_key(&*object.erased(), M::mapper());
        // What is loaded along is found anew, so that it must not count as known.
        self.graph().expire_for_refresh(object.erased().index());
        // Before the flush that goes before the query, lest it writes them.
        object.erased().discard();
        let select = refine(by_key(Entity::<M>::new(), &key));
        if SessionRun::new(self, select).populate_existing().one_or_none().await?.is_some() {
            return Ok(());
        }
        self.graph().lock().miss(M::mapper(), &key);
        Err(Error::new(
            ErrorKind::InvalidRequest,
            format!("could not refresh the {} with the key {key:?}: its row is gone", M::NAME),
        ))
    }

    /// The object with this primary key, asked for in the database whatever the session knows of it, with a say in the
    /// query: a lock, loader options. Its values are those of the row, and its unflushed changes are flushed before.
    ///
    /// # Errors
    /// What the database says.
    ///
    /// # Examples
    /// `let account = session.get_with(Account, 1, |select| select.with_for_update()).await?;`
    pub async fn get_with<M: Mapped>(
        &mut self,
        model: Entity<M>,
        key: impl IntoKey<M::Key>,
        refine: impl FnOnce(Select<Entity<M>>) -> Select<Entity<M>>,
    ) -> Result<Option<Instance<M>>> {
        let key = key.into_key();
        let select = refine(by_key(model, key.values().as_ref()));
        let found = SessionRun::new(self, select).populate_existing().one_or_none().await?;
        if found.is_none() {
            self.graph().lock().miss(M::mapper(), key.values().as_ref());
        }
        Ok(found)
    }

    /// Marks an object as expired, and what its `refresh-expire` cascades lead to: the next query, `get` or `refresh` brings
    /// new values. Unflushed changes are kept, and flushed before.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when the object is not persistent in this session.
    pub fn expire<M: Mapped>(&mut self, object: &Instance<M>) -> Result<()> {
        self.check_persistent(object, "expire")?;
        self.graph().expire(object.erased().index());
        Ok(())
    }

    /// Marks all objects as expired.
    pub fn expire_all(&mut self) {
        self.graph().expire_all();
    }

    /// Loads a relationship of an object, *and of every object that came from the same query*, in one statement. What is
    /// loaded already comes without a statement.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoaded`] where `raiseload` forbids it; [`ErrorKind::InvalidRequest`] when the object is not in
    /// this session; what the database says.
    pub async fn load<M: Mapped, L: LoadedLink>(
        &mut self,
        object: &Instance<M>,
        relationship: Relationship<M, L>,
    ) -> Result<L::Loaded> {
        self.check_here(object, "load")?;
        let number = relationship.index();
        let (waiting, forbidden) = self.waiting(object, number);
        if forbidden {
            return Err(not_loaded(M::mapper(), number).context("`raiseload` forbids loading it later"));
        }
        if !waiting.is_empty() {
            self.autoflush().await?;
            let graph = self.graph().clone();
            let connection = self.transaction().await?;
            load_relationship(connection, &graph, M::mapper(), &waiting, number, Vec::new()).await?;
        }
        relationship.get(&object.read()).loaded()
    }

    /// The objects whose relationship is not loaded: this one, and those that came from the same query.
    fn waiting<M: Mapped>(&self, object: &Instance<M>, relationship: u16) -> (Vec<Arc<dyn AnySlot>>, bool) {
        let own = object.erased();
        let inner = self.graph().lock();
        let Some(entry) = inner.entry(own.index()) else { return (Vec::new(), false) };
        let relation = entry.relation(relationship);
        if relation.is_loaded() || own.state() == State::Pending {
            return (Vec::new(), false);
        }
        if relation.raise {
            return (Vec::new(), true);
        }
        let mut waiting = vec![own.clone()];
        for index in entry.peers.iter().flat_map(|peers| peers.indexes()) {
            if let Some(peer) = inner.entry(index)
                && index != own.index()
                && peer.slot.state() == State::Persistent
                && !peer.relation(relationship).is_loaded()
            {
                waiting.push(peer.slot.clone());
            }
        }
        (waiting, false)
    }
}
