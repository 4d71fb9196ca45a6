//! [`DdlEvent`], and DDL that is attached to one.

use super::{MetaData, Table};
use crate::{dialect::Dialect, statement::Ddl};

/// When something is told, or executed, around the making and dropping of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DdlEvent {
    /// Before it is created.
    BeforeCreate,
    /// After it was created, with its indexes.
    AfterCreate,
    /// Before it is dropped.
    BeforeDrop,
    /// After it was dropped.
    AfterDrop,
}

/// What is created or dropped.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DdlTarget {
    /// All of a collection.
    MetaData(MetaData),
    /// One table or view.
    Table(Table),
}

/// DDL that is executed at an event.
#[derive(Clone, Debug)]
pub struct AttachedDdl {
    /// When.
    pub event: DdlEvent,
    /// What. Where it names dialects ([`Ddl::execute_if`]), it is executed on these alone.
    pub ddl: Ddl,
}

/// One step of creating or dropping everything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DdlStep {
    /// A statement to be sent.
    Statement(Ddl),
    /// Listeners are to be told.
    Event(DdlEvent, DdlTarget),
}

impl DdlTarget {
    /// Adds an event of this target to the steps, with the DDL that is attached to it.
    pub(super) fn step(&self, event: DdlEvent, dialect: &dyn Dialect, steps: &mut Vec<DdlStep>) {
        steps.push(DdlStep::Event(event, self.clone()));
        let attached = match self {
            Self::MetaData(metadata) => metadata.attached(event),
            Self::Table(table) => {
                let definition = table.definition();
                let own = definition.attached.iter().filter(|attached| attached.event == event);
                own.map(|attached| attached.ddl.clone()).collect()
            }
        };
        steps.extend(attached.into_iter().filter(|ddl| ddl.is_for(dialect)).map(DdlStep::Statement));
    }
}
