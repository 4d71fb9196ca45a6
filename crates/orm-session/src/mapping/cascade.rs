//! [`Cascade`].

/// What follows along a relationship from an object to those it is linked with.
///
/// Counterpart of SQLAlchemy's `cascade`; the derive takes the same words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cascade {
    /// `save-update`: adding the object adds them. It is always on: a link in a session cannot lead out of it.
    pub save_update: bool,
    /// `merge`: merging the object merges them.
    pub merge: bool,
    /// `refresh-expire`: refreshing or expiring the object does it to them.
    pub refresh_expire: bool,
    /// `expunge`: expunging the object expunges them.
    pub expunge: bool,
    /// `delete`: deleting the object deletes them.
    pub delete: bool,
    /// `delete-orphan`: one that is taken out of the relationship, or lets go from its side, is deleted.
    pub delete_orphan: bool,
}

impl Cascade {
    /// Nothing follows.
    pub const fn none() -> Self {
        Self {
            save_update: false,
            merge: false,
            refresh_expire: false,
            expunge: false,
            delete: false,
            delete_orphan: false,
        }
    }

    /// What applies when nothing is said: `save-update, merge`.
    pub const fn usual() -> Self {
        Self { save_update: true, merge: true, ..Self::none() }
    }
}
