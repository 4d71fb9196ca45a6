//! The trees of statements: plain data.

use std::{any::Any, fmt, sync::Arc};

use super::{ChangeClauses, ClausesPlace, DdlNode, ExternalStatement, RowValues};
use crate::{
    Few,
    expression::{Alias, InNode, Node, Source},
    name::Name,
    schema::Table,
    value::Value,
};

/// The tree of any statement. Cloning copies a pointer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StatementNode {
    /// SELECT, VALUES and set operations.
    Select(Arc<SelectNode>),
    /// INSERT.
    Insert(Arc<InsertNode>),
    /// UPDATE.
    Update(Arc<UpdateNode>),
    /// DELETE.
    Delete(Arc<DeleteNode>),
    /// SQL written by hand.
    Text(Arc<TextNode>),
    /// CREATE, ALTER, DROP.
    Ddl(Arc<DdlNode>),
    /// What another library writes.
    External(Arc<dyn ExternalStatement>),
}

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementKind {
    /// SELECT.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// SQL written by hand: it may be anything.
    Text,
    /// CREATE, ALTER, DROP.
    Ddl,
}

/// SELECT. Its other clauses are fields of [`SelectClauses`](super::SelectClauses), and are used as if they stood here.
#[derive(Clone, Debug, Default)]
pub struct SelectNode {
    /// The select list.
    pub items: Few<SelectItem>,
    /// WHERE: all of them.
    pub filters: Few<Node>,
    /// All others.
    pub clauses: ClausesPlace,
}

impl SelectNode {
    /// Whether anything besides the items says what rows there are.
    pub(crate) fn has_core(&self) -> bool {
        self.distinct
            || !self.distinct_on.is_empty()
            || !self.from.is_empty()
            || !self.joins.is_empty()
            || !self.filters.is_empty()
            || !self.group_by.is_empty()
            || !self.having.is_empty()
    }
}

/// What a layer above hung on a statement.
#[derive(Clone, Default)]
pub struct Extensions(pub Vec<Arc<dyn Any + Send + Sync>>);

impl fmt::Debug for Extensions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} extensions", self.0.len())
    }
}

/// One item of a select list.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SelectItem {
    /// An expression; a [`Node::Label`] gives it a name.
    Expression {
        /// The expression.
        node: Node,
        /// Whether NULL can be read into its type, so that its side may be outer-joined.
        nullable: bool,
    },
    /// All columns of a table or alias, in the table's order: a model.
    Entity {
        /// Where the columns come from.
        source: Source,
        /// Whose columns they are.
        table: Table,
        /// Whether the user said that the row may be missing because its side is outer-joined.
        nullable: bool,
    },
}

/// One further select of a set operation.
#[derive(Clone, Debug)]
pub struct SetOperation {
    /// The operation.
    pub operator: SetOperator,
    /// The further select.
    pub select: Arc<SelectNode>,
}

/// UNION, INTERSECT, EXCEPT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetOperator {
    /// UNION.
    Union,
    /// UNION ALL.
    UnionAll,
    /// INTERSECT.
    Intersect,
    /// EXCEPT.
    Except,
    /// INTERSECT ALL.
    IntersectAll,
    /// EXCEPT ALL.
    ExceptAll,
}

/// One entry of WITH, by hand; those that are used as sources are found by themselves.
#[derive(Clone, Debug)]
pub struct CommonTableExpression {
    /// The alias that stands for it.
    pub alias: Alias,
}

/// FOR UPDATE and its like.
#[derive(Clone, Debug)]
pub struct Locking {
    /// How strong.
    pub strength: LockStrength,
    /// What to do when a row is locked.
    pub wait: LockWait,
    /// Which sources; empty: all.
    pub of: Vec<Source>,
}

/// How strong a row lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LockStrength {
    /// FOR UPDATE.
    Update,
    /// FOR SHARE.
    Share,
    /// FOR NO KEY UPDATE (PostgreSQL).
    NoKeyUpdate,
    /// FOR KEY SHARE (PostgreSQL).
    KeyShare,
}

/// What to do when a row is locked already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LockWait {
    /// Wait.
    #[default]
    Wait,
    /// Fail: NOWAIT.
    NoWait,
    /// Leave the row out: SKIP LOCKED.
    SkipLocked,
}

/// INSERT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InsertNode {
    /// The table.
    pub table: Table,
    /// The columns of each row; none: the table's, in order, as many as a row has.
    pub columns: Option<Vec<Name>>,
    /// The rows.
    pub rows: InsertRows,
    /// RETURNING.
    pub returning: Few<SelectItem>,
    /// Whether the rows that come back may be in another order than those that were given.
    pub unordered: bool,
    /// Whether RETURNING stands only for the numbered key, which may come back by another way where there is one.
    pub key_alone: bool,
    /// Whether the rows go as one array a column where they can, so that one text serves any number of them. Whoever sends
    /// it tells the rows that come back apart.
    pub in_arrays: bool,
    /// What hardly any statement has.
    pub further: Option<Box<ChangeClauses>>,
}

/// The rows of an INSERT.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InsertRows {
    /// One row of defaults.
    Default,
    /// Rows of values and expressions.
    Values(RowValues),
    /// The rows of a select.
    Select(Arc<SelectNode>),
    /// Rows that do not fit together, in the message's words: building never fails, compiling does.
    Invalid(Name),
}

/// UPDATE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UpdateNode {
    /// The table.
    pub table: Table,
    /// Columns and their new values.
    pub assignments: Vec<(Name, Node)>,
    /// WHERE: all of them.
    pub filters: Vec<Node>,
    /// RETURNING.
    pub returning: Few<SelectItem>,
    /// What hardly any statement has.
    pub further: Option<Box<ChangeClauses>>,
}

/// DELETE.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeleteNode {
    /// The table.
    pub table: Table,
    /// WHERE: all of them.
    pub filters: Vec<Node>,
    /// RETURNING.
    pub returning: Few<SelectItem>,
    /// What hardly any statement has.
    pub further: Option<Box<ChangeClauses>>,
}

/// SQL written by hand.
#[derive(Clone, Debug)]
pub struct TextNode {
    /// The text, with parameters as `:name`; `\:` is a colon, and `::` is left alone.
    pub sql: Name,
    /// The parameters' values.
    pub parameters: Vec<(Name, Value)>,
    /// The lists that stand for parameters: they are written as `(..)`, one placeholder for each value.
    pub lists: Vec<(Name, Arc<InNode>)>,
}
