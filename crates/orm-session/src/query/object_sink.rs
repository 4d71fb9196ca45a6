//! [`ObjectSink`]: rows that become objects of a session.

use std::{ops::ControlFlow, sync::Arc};

use aludel_driver::{ColumnInfo, Result, Row, Sink};
use aludel_sql_expression::{RowPlan, typed::RowReader};
use hashbrown::HashSet;

use super::{RowAdmission, SessionExecutable, admission::Root};
use crate::{
    graph::Loader,
    loading::{JoinedLinks, JoinedLoad},
    mapping::Mapper,
    synchronize::Synchronization,
};

/// How many rows are taken into the session at once.
const ROWS_AT_ONCE: usize = 64;

/// Reads rows into objects of a session.
pub(super) struct ObjectSink<'a, S: SessionExecutable> {
    statement: &'a S,
    plan: RowPlan,
    columns: Option<Arc<[ColumnInfo]>>,
    loader: Loader,
    roots: Vec<Root>,
    /// What was read and waits to be taken in with others.
    waiting: Vec<S::Row>,
    joined: &'a [Vec<JoinedLoad>],
    links: JoinedLinks,
    seen: Option<HashSet<u32>>,
    /// Takes the keys of changed rows in, where these come behind what the statement itself gives back.
    synchronization: Option<Synchronization>,
    /// How many items a statement that changes rows gives back by itself; none: any number.
    returns: Option<usize>,
    objects: Vec<S::Object>,
}

/// What rows gave.
pub(super) struct Loaded<S: SessionExecutable> {
    pub(super) columns: Option<Arc<[ColumnInfo]>>,
    pub(super) roots: Vec<Root>,
    pub(super) objects: Vec<S::Object>,
    pub(super) synchronization: Option<Synchronization>,
}

impl<'a, S: SessionExecutable> ObjectSink<'a, S> {
    pub(super) fn new(
        statement: &'a S,
        loader: Loader,
        roots: &[&'static Mapper],
        joined: &'a [Vec<JoinedLoad>],
        unique: bool,
    ) -> Self {
        Self {
            statement,
            plan: RowPlan::default(),
            columns: None,
            loader,
            roots: roots.iter().map(|root| Root::new(root)).collect(),
            waiting: Vec::new(),
            joined,
            links: JoinedLinks::default(),
            seen: unique.then(HashSet::new),
            synchronization: None,
            returns: None,
            objects: Vec::new(),
        }
    }

    /// The statement changes rows: their objects are told what became of them.
    pub(super) fn changes(&mut self, synchronization: Option<Synchronization>, returns: Option<usize>) {
        (self.synchronization, self.returns) = (synchronization, returns);
        self.roots.iter_mut().for_each(Root::keep_all);
    }

    /// The last row was read.
    pub(super) fn end(mut self) -> Loaded<S> {
        self.admit_waiting();
        let Self { loader, columns, roots, objects, links, synchronization, .. } = self;
        links.fill(loader.graph());
        Loaded { columns, roots, objects, synchronization }
    }

    fn admit_waiting(&mut self) {
        let mut admission = RowAdmission::new(&self.loader, &mut self.roots);
        for row in self.waiting.drain(..) {
            admission.begin_row();
            self.objects.push(S::admit(row, &mut admission));
        }
    }

    /// Takes the row that waits in together with the objects that are joined to it, which stand from a cell on.
    fn admit_joined(&mut self, row: &dyn Row, position: usize) -> Result<()> {
        let Some(value) = self.waiting.pop() else { return Ok(()) };
        let mut admission = RowAdmission::new(&self.loader, &mut self.roots);
        let object = S::admit(value, &mut admission);
        let mut reader = RowReader::at(row, position);
        for (number, joined) in self.joined.iter().enumerate() {
            let owner = admission.present(number);
            for joined in joined {
                joined.read(&mut reader, owner, &mut admission.admission, &mut self.links)?;
            }
        }
        let is_new = self.seen.as_mut().is_none_or(|seen| admission.is_new(seen));
        // What is not given is dropped, which may run user code: outside the lock.
        drop(admission);
        if is_new {
            self.objects.push(object);
        }
        Ok(())
    }
}

impl<S: SessionExecutable> Sink for ObjectSink<'_, S> {
    fn columns(&mut self, columns: &Arc<[ColumnInfo]>) -> Result<()> {
        self.plan = self.statement.plan(columns)?;
        self.columns = match self.returns {
            None => Some(columns.clone()),
            Some(0) => None,
            Some(_) => {
                let added = self.synchronization.as_ref().map_or(0, Synchronization::added_cells);
                Some(columns[..columns.len().saturating_sub(added)].into())
            }
        };
        Ok(())
    }

    fn row(&mut self, row: &dyn Row) -> Result<ControlFlow<()>> {
        let position = self.statement.read_to(row, &self.plan, &mut self.waiting)?;
        if let Some(synchronization) = &mut self.synchronization {
            synchronization.read_key(row, position)?;
            if self.returns == Some(0) {
                self.waiting.clear();
                return Ok(ControlFlow::Continue(()));
            }
        }
        if !self.joined.is_empty() {
            self.admit_joined(row, position)?;
        } else if self.waiting.len() == ROWS_AT_ONCE {
            self.admit_waiting();
        }
        Ok(ControlFlow::Continue(()))
    }
}
