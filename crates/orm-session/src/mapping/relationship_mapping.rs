//! [`RelationshipMapping`]: what the derive tells of a relationship.

use aludel_sql_expression::schema::Table;

use super::{Cascade, Mapper};

/// What the derive tells of a relationship. Everything that follows from the tables is found out at first use.
#[derive(Debug)]
pub struct RelationshipMapping {
    /// The field's name.
    pub name: &'static str,
    /// The model it leads to. A function item, never a closure: closures in a circle of models overflow the compiler.
    pub target: fn() -> &'static Mapper,
    /// The relationship of the target that leads back.
    pub back_populates: Option<&'static str>,
    /// Whether it leads to many objects.
    pub many: bool,
    /// What follows along it.
    pub cascade: Cascade,
    /// The table between the two, for many-to-many.
    pub secondary: Option<fn() -> &'static Table>,
    /// The column whose foreign key is meant, where several fit.
    pub foreign_key: Option<&'static str>,
    /// The target's column that orders the collection, and whether from the largest down.
    pub order_by: Option<(&'static str, bool)>,
    /// Whether the database deletes or changes the children that are not loaded, by ON DELETE.
    pub passive_deletes: bool,
    /// Whether the database changes the foreign keys of the rows that refer to one whose key changes, by ON UPDATE. It does
    /// unless told otherwise; else the session writes them.
    pub passive_updates: bool,
    /// Whether the foreign key is written by an UPDATE of its own, after both rows are there.
    pub post_update: bool,
    /// How it is loaded when a query does not say.
    pub lazy: Lazy,
}

/// How a relationship is loaded when a query does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lazy {
    /// When asked for, by `session.load`.
    #[default]
    Select,
    /// In the same statement, by an outer join.
    Joined,
    /// By a second statement for all objects at once.
    Selectin,
    /// Never: asking for it is an error.
    Raise,
}
