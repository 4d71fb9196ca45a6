//! [`Workload`]: what is done, how much of it, and how quick it should be.

use crate::sample::{CHANGES, CHILDREN, INSERTS, LOOKUPS, PARENTS, ROWS};

/// What both sides do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// All rows into structs.
    Structs,
    /// All rows into objects of a fresh session; the raw side has only structs.
    Instances,
    /// Changed objects, flushed and committed; raw: one prepared UPDATE a row in a transaction.
    Updates,
    /// New objects, flushed and committed, with their keys; raw: one prepared INSERT a row in a transaction.
    Inserts,
    /// The same for objects with children, whose foreign keys are only known when their parents are written.
    Family,
    /// One row by its key into a struct, many times.
    Lookups,
    /// One row by its key into an object that the session does not have yet, many times.
    Gets,
}

impl Workload {
    pub(crate) const ALL: [Self; 7] = [
        Self::Structs,
        Self::Instances,
        Self::Updates,
        Self::Inserts,
        Self::Family,
        Self::Lookups,
        Self::Gets,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Structs => "rows into structs",
            Self::Instances => "rows into instances",
            Self::Updates => "updates flushed",
            Self::Inserts => "inserts flushed",
            Self::Family => "parents and children flushed",
            Self::Lookups => "row by key into struct",
            Self::Gets => "session.get of absent object",
        }
    }

    /// How many rows it concerns.
    pub(crate) fn rows(self) -> usize {
        match self {
            Self::Structs | Self::Instances => ROWS,
            Self::Updates => CHANGES,
            Self::Inserts => INSERTS,
            Self::Family => PARENTS * (1 + CHILDREN),
            Self::Lookups | Self::Gets => LOOKUPS,
        }
    }

    /// The ratio of CPU time that must not be exceeded.
    pub(crate) fn target(self, database: &str) -> Option<f64> {
        match self {
            Self::Structs if database != "mysql" => Some(1.3),
            Self::Instances => Some(2.0),
            Self::Updates if database == "postgres" => Some(0.3),
            _ => None,
        }
    }
}
