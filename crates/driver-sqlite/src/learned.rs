//! [`Learned`]: what a connection remembers of a statement that it keeps prepared.

use std::sync::Arc;

use aludel_driver::ColumnInfo;
use rusqlite::StatementStatus;

use crate::{effect::Effect, many_rows::ManyRows, verb::Verb};

/// What a connection remembers of a statement that it keeps prepared: what never changes of it, its columns, so that a
/// repeated statement allocates none, and how long it takes.
#[derive(Debug)]
pub(crate) struct Learned {
    pub(crate) verb: Verb,
    pub(crate) effect: Effect,
    pub(crate) read_only: bool,
    /// How many parameters it takes.
    pub(crate) parameters: usize,
    pub(crate) pace: Pace,
    /// An INSERT of one row as one of many; none: it was not looked for yet.
    many_rows: Option<Option<Box<ManyRows>>>,
    columns: Arc<[ColumnInfo]>,
    /// How often SQLite had prepared the statement anew when the columns were read; none: they were never read.
    preparations: Option<i32>,
}

/// How long a statement takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Not known yet.
    #[default]
    New,
    /// Short enough for the caller's thread.
    Short,
    /// Worth a worker thread.
    Long,
}

impl Learned {
    /// What can be told of a statement that was just prepared.
    pub(crate) fn of(prepared: &rusqlite::Statement<'_>, sql: &str) -> Self {
        let (verb, read_only) = (Verb::of(sql), prepared.readonly());
        Self {
            verb,
            effect: Effect::of(verb, sql, read_only),
            read_only,
            parameters: prepared.parameter_count(),
            pace: Pace::New,
            many_rows: None,
            columns: Arc::default(),
            preparations: None,
        }
    }

    /// The same statement for many rows, where it is an INSERT of one and nothing has spoken against it.
    pub(crate) fn many_rows(&mut self, sql: &str) -> Option<&ManyRows> {
        let (effect, parameters) = (self.effect, self.parameters);
        let find = || match effect {
            Effect::Inserts => ManyRows::of(sql, parameters).map(Box::new),
            _ => None,
        };
        self.many_rows.get_or_insert_with(find).as_deref()
    }

    /// Rows go one by one from now on: together they do something else.
    pub(crate) fn forget_many_rows(&mut self) {
        self.many_rows = Some(None);
    }

    /// The columns of the statement, after it was stepped. SQLite prepares a statement anew when the schema was changed, and
    /// counts that.
    pub(crate) fn columns(&mut self, prepared: &rusqlite::Statement<'_>) -> &Arc<[ColumnInfo]> {
        let preparations = Some(prepared.get_status(StatementStatus::RePrepare));
        if self.preparations != preparations {
            self.columns = prepared
                .columns()
                .map(|column| ColumnInfo {
                    name: column.name().into(),
                    type_name: column.decl_type().unwrap_or_default().into(),
                })
                .collect();
            self.preparations = preparations;
        }
        &self.columns
    }
}
