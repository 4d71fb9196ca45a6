//! [`State`]: where an object stands between memory and database.

/// Where an object stands between memory and database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// In no session, and without a row.
    Transient,
    /// In a session; the next flush inserts it.
    Pending,
    /// In a session, and in the database.
    Persistent,
    /// Its row was deleted in this transaction.
    Deleted,
    /// In no session any more.
    Detached,
}

impl State {
    pub(super) fn of(number: u8) -> Self {
        match number {
            0 => Self::Transient,
            1 => Self::Pending,
            2 => Self::Persistent,
            3 => Self::Deleted,
            _ => Self::Detached,
        }
    }
}
