//! [`Workload`]: what is done, how much of it, and how quick it should be.

use crate::sample::{CHANGES, CHILDREN, INSERTS, LOADS, LOOKUPS, PARENTS, ROWS};

/// What both sides do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// All rows into structs.
    Structs,
    /// All rows into objects of a fresh session; the raw side has only structs.
    Instances,
    /// Changed objects, flushed and committed; raw: one prepared UPDATE a row in a transaction.
    Updates,
    /// New objects, flushed and committed, with their keys; raw: on PostgreSQL one prepared INSERT of as many rows with
    /// RETURNING, else one a row, in a transaction.
    Inserts,
    /// The same for objects with children, whose foreign keys are only known when their parents are written.
    Family,
    /// New rows in a transaction by one statement of the expression language, and their keys; raw: one prepared INSERT of
    /// as many rows with RETURNING, on SQLite a prepared INSERT for each row.
    ManyRows,
    /// Many rows loaded in a transaction; raw: COPY in binary form on PostgreSQL, LOAD DATA on MySQL and MariaDB, a prepared
    /// INSERT for each row on SQLite.
    BulkLoad,
    /// One row by its key into a struct, many times.
    Lookups,
    /// The same with a statement that is kept.
    KeptLookups,
    /// The same with a connection from the pool for each, and no transaction; raw: deadpool over the driver.
    PoolLookups,
    /// One row by its key into an object that the session does not have yet, many times.
    Gets,
    /// One row by its key into an object of a new session for each, which is closed after: the session begins a transaction by
    /// itself, and rolls it back. Raw: a connection of deadpool for each and one prepared SELECT without a transaction, which
    /// is what one writes who has no session, and not more than the work asks for.
    SessionGets,
    /// The same with sessions that read in autocommit; raw: the same.
    AutocommitSessionGets,
    /// As [`SessionGets`](Self::SessionGets), but raw: with a transaction as well, BEGIN sent along and ROLLBACK not waited for
    /// where the driver can. What a transaction costs by itself shows in the difference.
    TransactionGets,
}

impl Workload {
    pub(crate) const ALL: [Self; 14] = [
        Self::Structs,
        Self::Instances,
        Self::Updates,
        Self::Inserts,
        Self::Family,
        Self::ManyRows,
        Self::BulkLoad,
        Self::Lookups,
        Self::KeptLookups,
        Self::PoolLookups,
        Self::Gets,
        Self::SessionGets,
        Self::AutocommitSessionGets,
        Self::TransactionGets,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Structs => "rows into structs",
            Self::Instances => "rows into instances",
            Self::Updates => "updates flushed",
            Self::Inserts => "inserts flushed",
            Self::Family => "parents and children flushed",
            Self::ManyRows => "insert of 1000 rows with keys back",
            Self::BulkLoad => "bulk_load of 100000 rows",
            Self::Lookups => "row by key into struct",
            Self::KeptLookups => "row by key, statement kept",
            Self::PoolLookups => "row by key through the pool",
            Self::Gets => "session.get of absent object",
            Self::SessionGets => "get in new session, autobegin",
            Self::AutocommitSessionGets => "get in new session, autocommit",
            Self::TransactionGets => "get in new session, raw in transaction",
        }
    }

    /// How many rows it concerns.
    pub(crate) fn rows(self) -> usize {
        match self {
            Self::Structs | Self::Instances => ROWS,
            Self::Updates => CHANGES,
            Self::Inserts | Self::ManyRows => INSERTS,
            Self::BulkLoad => LOADS,
            Self::Family => PARENTS * (1 + CHILDREN),
            Self::Lookups | Self::KeptLookups | Self::PoolLookups | Self::Gets => LOOKUPS,
            Self::SessionGets | Self::AutocommitSessionGets | Self::TransactionGets => LOOKUPS,
        }
    }

    /// The ratio of CPU time that must not be exceeded.
    pub(crate) fn target(self, database: &str) -> Option<f64> {
        match (self, database) {
            (Self::Structs, "postgres" | "mysql") => Some(1.1),
            (Self::Structs, _) => Some(1.15),
            (Self::Instances, "postgres") => Some(1.35),
            (Self::Instances, "sqlite memory" | "sqlite file") => Some(1.6),
            (Self::Inserts, "postgres") => Some(1.1),
            (Self::Inserts, "sqlite memory" | "sqlite file") => Some(1.5),
            (Self::Updates, "postgres") => Some(0.25),
            (Self::Updates, "sqlite memory" | "sqlite file") => Some(1.8),
            (Self::ManyRows, "postgres") => Some(1.0),
            (Self::ManyRows, "sqlite memory" | "sqlite file") => Some(1.1),
            (Self::BulkLoad, "postgres") => Some(1.2),
            (Self::BulkLoad, _) => Some(1.1),
            (Self::Lookups | Self::KeptLookups, "postgres") => Some(1.15),
            (Self::Lookups | Self::KeptLookups, "sqlite memory") => Some(1.3),
            (Self::PoolLookups, "postgres") => Some(1.25),
            (Self::SessionGets, "postgres") => Some(1.6),
            (Self::SessionGets | Self::AutocommitSessionGets, "sqlite memory") => Some(2.5),
            (Self::AutocommitSessionGets, "postgres") => Some(1.25),
            (Self::PoolLookups, "sqlite memory") => Some(1.8),
            _ => None,
        }
    }
}
