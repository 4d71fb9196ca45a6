//! Loading one object, or a relationship.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Error, ErrorKind, Result, Row, Sink};
use aludel_sql_expression::{
    Entity, StatementNode, Value,
    expression::Source,
    statement::{Select, SelectItem},
};

use super::{Session, get::by_key};
use crate::{
    Instance,
    bulk::{ColumnSet, positions_of},
    events::OrmExecuteKind,
    graph::{AnySlot, State, identity_key, not_loaded},
    link::LoadedLink,
    loading::{Executor, load_relationship},
    mapping::{IntoKey, Key, Mapped, Mapper},
    query::SessionRun,
    relationship::{Relationship, column_of},
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
        if SessionRun::new(self, select).populate_existing().for_columns().one_or_none().await?.is_some() {
            return Ok(());
        }
        self.graph().lock().miss(M::mapper(), &key);
        Err(gone::<M>(&key))
    }

    /// Brings the values of some columns from the database, and throws their unflushed changes away; the others stay as they
    /// are, changed or not.
    ///
    /// Counterpart of SQLAlchemy's `session.refresh(object, ["name"])`; for a relationship there is [`Session::load`].
    ///
    /// # Errors
    /// As [`Session::refresh`].
    ///
    /// # Examples
    /// `session.refresh_only(&user, (User::name, User::email)).await?;`
    pub async fn refresh_only<M: Mapped>(
        &mut self,
        object: &Instance<M>,
        columns: impl ColumnSet<M>,
    ) -> Result<()> {
        self.check_persistent(object, "refresh_only")?;
        let mapper = M::mapper();
        let slot = object.erased();
        let key = identity_key(&*slot, mapper);
        let columns = positions_of(&columns);
        self.graph().forget_changes(&slot, &columns);
        self.autoflush().await?;
        let source: Source = mapper.table().into();
        let mut select = (**by_key(Entity::<M>::new(), &key).tree()).clone();
        select.items = columns
            .iter()
            .map(|column| SelectItem::Expression {
                node: column_of(&source, mapper, *column),
                nullable: true,
            })
            .collect();
        let mut sink = OneRow { mapper, columns: &columns, values: None };
        let graph = self.graph().clone();
        let node = StatementNode::Select(Arc::new(select));
        Executor::from(&mut *self).fetch(node, OrmExecuteKind::ColumnLoad, &mut sink).await?;
        let Some(values) = sink.values else {
            graph.lock().miss(mapper, &key);
            return Err(gone::<M>(&key));
        };
        graph.were_read(mapper, slot, values);
        Ok(())
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
        self.graph().tell();
        Ok(())
    }

    /// Marks all objects as expired.
    pub fn expire_all(&mut self) {
        self.graph().expire_all();
        self.graph().tell();
    }

    /// Loads a relationship of an object, *and of every object that came from the same query*, in one statement. What is
    /// loaded already comes without a statement.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoaded`] where `raiseload` forbids it; [`ErrorKind::InvalidRequest`] when the object is not in
    /// this session, or expired and its row is gone; what the database says.
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
            load_relationship(self, &graph, M::mapper(), &waiting, number, Vec::new()).await?;
            graph.tell();
            if object.state() == State::Deleted {
                return Err(gone::<M>(&identity_key(&*object.erased(), M::mapper())));
            }
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
        for &index in entry.peers.iter().flat_map(|group| inner.peers.members(*group)) {
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

fn gone<M: Mapped>(key: &[Value]) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("could not refresh the {} with the key {key:?}: its row is gone", M::NAME),
    )
}

/// Takes the values of some columns of one row.
struct OneRow<'c> {
    mapper: &'static Mapper,
    columns: &'c [u16],
    values: Option<Vec<(u16, Value)>>,
}

impl Sink for OneRow<'_> {
    fn columns(&mut self, _: &Arc<[ColumnInfo]>) -> Result<()> {
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let mut values = Vec::with_capacity(self.columns.len());
        for (place, column) in self.columns.iter().enumerate() {
            values.push((*column, (self.mapper.functions().read_column)(*column, row.cell(place)?)?));
        }
        self.values = Some(values);
        Ok(ControlFlow::Continue(()))
    }
}
