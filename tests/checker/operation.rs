//! [`Operation`]: one thing that a user does to a session.

use std::fmt;

use super::{
    handle::Eager,
    schema::{Kind, Link, Web},
};

/// One thing that a user does to a session.
///
/// Numbers stand for objects: each counts through those of its kind to which the operation applies, from the start again
/// after the last. So a list of operations still means something when some are left out, and an operation that applies to
/// nothing is nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Adds a new object, and what is nested in it.
    Add(New),
    /// Adds an object again that is transient, detached, or to be deleted.
    AddAgain(usize),
    /// Sets the text of an object.
    Text(usize, u8),
    /// Sets its note.
    Note(usize, Option<u8>),
    /// Lets the database compute its note.
    Compute(usize, u8),
    /// Sets the key of an object whose key the user gives.
    Key(usize, u8),
    /// Puts a child under a parent: by what the parent has, or by the child's own link.
    Relate(Link, usize, usize, Side),
    /// Takes a child away from its parent.
    Unrelate(Link, usize, Side),
    /// Gives a parent other children, all at once.
    Replace(Link, usize, Vec<usize>),
    /// Puts a new child under a parent.
    Nest(Link, usize, New),
    /// Sets the foreign key of a child by hand.
    ForeignKey(Link, usize, Option<usize>),
    /// Links two objects, over a secondary table.
    Join(Web, usize, usize, Side),
    /// Takes such a link away.
    Part(Web, usize, Side),
    /// Deletes an object.
    Delete(usize),
    Flush,
    Commit,
    Rollback,
    BeginNested,
    /// Keeps what the nested transaction did.
    Release,
    RollbackNested,
    /// Drops the nested transaction without a word.
    DropNested,
    Expire(usize),
    ExpireAll,
    Refresh(usize),
    /// Asks for a row by its key, whether or not the session has it.
    Get(Kind, usize),
    Query(Kind),
    /// The same, a few at a time.
    Stream(Kind),
    /// Asks for all parents with their children, or all children with their parents.
    QueryLinked(Link, Side, Eager),
    /// Asks for all on the left of a secondary table, with those on the right.
    QueryWeb(Web, Eager),
    /// Sets the notes of many rows by one statement.
    SetNotes(Kind, Meant, Option<u8>, bool),
    /// Deletes many rows by one statement.
    DeleteRows(Kind, Meant, bool),
    /// Asks what a flush would send.
    Plan,
    /// Releases what nobody holds.
    Prune,
    /// Loads the children of an object, or its parent.
    Load(Link, usize, Side),
    /// Loads what an object is linked with over a secondary table.
    LoadWeb(Web, usize, Side),
    /// Merges a value with the key of a row.
    Merge(Kind, usize, u8, Option<u8>),
    /// Merges an owner with its items: some that are there, and perhaps a new one. They take the place of those that it has.
    MergeWithItems(usize, u8, Vec<(usize, u8)>, Option<u8>),
    /// Merges a new value with a key that the user gives.
    MergeNew(u8, u8),
    Expunge(usize),
    ExpungeAll,
    Close,
    /// Wherever it stands: the session expires all objects at each commit.
    ExpireOnCommit,
    /// Another connection changes the text of a row, and commits.
    Outside(Kind, usize, u8),
}

/// Which rows a statement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// All rows.
    All,
    /// Those with a text.
    Text(u8),
    /// One.
    Row(usize),
}

/// From which end of a link something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From that which has the collection.
    Parent,
    /// From that which holds the key.
    Child,
}

/// A new object, with what is nested in it.
#[derive(Clone, PartialEq)]
pub struct New {
    pub kind: Kind,
    pub text: u8,
    pub note: Option<u8>,
    /// Its key, where the user gives it.
    pub key: u8,
    /// A parent that is there, as a handle.
    pub under: Option<(Link, usize)>,
    /// A new parent, at most one.
    pub parent: Vec<(Link, New)>,
    /// New children.
    pub children: Vec<(Link, New)>,
    /// New objects that it is linked with, over a secondary table.
    pub web: Vec<(Web, New)>,
}

/// A new owner with nothing in it, from which others differ.
pub fn blank() -> New {
    New {
        kind: Kind::Owner,
        text: 0,
        note: None,
        key: 0,
        under: None,
        parent: Vec::new(),
        children: Vec::new(),
        web: Vec::new(),
    }
}

impl fmt::Debug for New {
    /// As Rust writes it, without what is blank.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, text, note, key, under, parent, children, web } = self;
        write!(formatter, "New {{ kind: {kind:?}, text: {text}, ")?;
        if note.is_some() {
            write!(formatter, "note: {note:?}, ")?;
        }
        if kind.has_given_key() {
            write!(formatter, "key: {key}, ")?;
        }
        if under.is_some() {
            write!(formatter, "under: {under:?}, ")?;
        }
        if !parent.is_empty() {
            write!(formatter, "parent: {parent:?}, ")?;
        }
        if !children.is_empty() {
            write!(formatter, "children: {children:?}, ")?;
        }
        if !web.is_empty() {
            write!(formatter, "web: {web:?}, ")?;
        }
        formatter.write_str("..blank() }")
    }
}

/// A list of operations as Rust writes it.
pub fn as_code(operations: &[Operation]) -> String {
    let lines = operations.iter().map(|operation| {
        let code = format!("{operation:?}").replace('[', "vec![");
        format!("    {},\n", code.replace("vec![]", "Vec::new()"))
    });
    format!("vec![\n{}]", lines.collect::<String>())
}
