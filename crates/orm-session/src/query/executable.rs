//! [`SessionExecutable`]: a statement that a session can execute.

use std::sync::Arc;

use aludel_driver::Row;
use aludel_sql_expression::{
    Configured, Executable, FromRow, RowPlan, StatementNode,
    expression::Source,
    statement::{Delete, Insert, Select, SelectItem, SelectNode, TextStatement, Typed, Update},
    typed::RowReader,
};

use super::{RowAdmission, SessionReturned, SessionSelectable};
use crate::{
    Result,
    loading::{JoinedLoad, LoadNode, join_eagerly},
    mapping::Mapper,
};

/// A statement that a session can execute: one that selects models gives handles.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a statement that a session can execute",
    note = "pass `select(..)`, `insert(..)`, `update(..)`, `delete(..)` or `text(\"..\")`"
)]
pub trait SessionExecutable: Executable {
    /// What one row gives.
    type Object: Send + 'static;

    /// The statement with what its loader options add.
    #[doc(hidden)]
    fn prepare(&self) -> Result<Prepared>;

    /// Reads one row to the end of others, where it is copied to but once, and says at which cell it ends.
    #[doc(hidden)]
    fn read_to(&self, row: &dyn Row, plan: &RowPlan, rows: &mut Vec<Self::Row>) -> Result<usize>;

    /// Takes what was read into the session.
    #[doc(hidden)]
    fn admit(row: Self::Row, admission: &mut RowAdmission<'_>) -> Self::Object;
}

/// A statement with what its loader options add.
#[doc(hidden)]
pub struct Prepared {
    pub(crate) node: StatementNode,
    /// The models whose rows become objects, in the order of the selection.
    pub(crate) roots: Vec<&'static Mapper>,
    /// What is joined to each.
    pub(crate) joined: Vec<Vec<JoinedLoad>>,
    /// What is loaded for each by further statements.
    pub(crate) trees: Vec<Vec<LoadNode>>,
    /// Whether an object comes in several rows, and is given once.
    pub(crate) unique: bool,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.node.fmt(formatter)
    }
}

impl<S: SessionSelectable> SessionExecutable for Select<S> {
    type Object = S::Object;

    fn prepare(&self) -> Result<Prepared> {
        let mut roots = Vec::new();
        S::roots(&mut roots);
        let tree = self.tree();
        if roots.is_empty()
            || (tree.extensions.0.is_empty() && roots.iter().all(|root| !loads_by_itself(root)))
        {
            let (joined, trees) = (Vec::new(), Vec::new());
            return Ok(Prepared {
                node: StatementNode::Select(tree.clone()),
                roots,
                joined,
                trees,
                unique: false,
            });
        }
        let mut trees = LoadNode::of(tree, &roots)?;
        let mut select = (**tree).clone();
        let sources: Vec<Source> = select
            .items
            .iter()
            .filter_map(|item| match item {
                SelectItem::Entity { source, .. } => Some(source.clone()),
                _ => None,
            })
            .collect();
        let collections = may_join_collections(&select);
        let joined: Vec<Vec<JoinedLoad>> = roots
            .iter()
            .zip(&sources)
            .zip(&mut trees)
            .map(|((root, source), tree)| join_eagerly(&mut select, root, source, tree, collections))
            .collect();
        let unique = joined.iter().flatten().any(JoinedLoad::has_collections);
        Ok(Prepared { node: StatementNode::Select(Arc::new(select)), roots, joined, trees, unique })
    }

    #[inline]
    fn read_to(&self, row: &dyn Row, plan: &RowPlan, rows: &mut Vec<S::Value>) -> Result<usize> {
        let mut reader = RowReader::planned(row, plan);
        match S::read(&mut reader) {
            Ok(value) => rows.push(value),
            Err(error) => return Err(error.into()),
        }
        Ok(reader.position())
    }

    #[inline]
    fn admit(row: S::Value, admission: &mut RowAdmission<'_>) -> S::Object {
        S::admit(row, admission)
    }
}

impl<S: SessionExecutable> SessionExecutable for Configured<S> {
    type Object = S::Object;

    fn prepare(&self) -> Result<Prepared> {
        self.statement().prepare()
    }

    #[inline]
    fn read_to(&self, row: &dyn Row, plan: &RowPlan, rows: &mut Vec<Self::Row>) -> Result<usize> {
        self.statement().read_to(row, plan, rows)
    }

    fn admit(row: Self::Row, admission: &mut RowAdmission<'_>) -> Self::Object {
        S::admit(row, admission)
    }
}

fn loads_by_itself(mapper: &Mapper) -> bool {
    mapper.relationships().iter().any(|mapping| mapping.lazy != crate::mapping::Lazy::Select)
}

/// Whether a collection can be joined without changing which rows the statement gives: one model, and nothing that counts
/// rows.
fn may_join_collections(select: &SelectNode) -> bool {
    select.items.len() == 1
        && select.limit.is_none()
        && select.offset.is_none()
        && !select.distinct
        && select.distinct_on.is_empty()
        && select.group_by.is_empty()
        && select.set_operations.is_empty()
        && select.locking.is_none()
}

/// Writes [`SessionExecutable`] for a statement that may give back what it changed.
macro_rules! changing_statements {
    ($($type:ident),*) => {$(
        impl<R: SessionReturned> SessionExecutable for $type<R> {
            type Object = R::Object;

            fn prepare(&self) -> Result<Prepared> {
                let mut roots = Vec::new();
                R::roots(&mut roots);
                let trees = LoadNode::usual(&roots);
                Ok(Prepared { node: self.node(), roots, joined: Vec::new(), trees, unique: false })
            }

            fn read_to(&self, row: &dyn Row, plan: &RowPlan, rows: &mut Vec<R::Value>) -> Result<usize> {
                let mut reader = RowReader::planned(row, plan);
                rows.push(R::read_cells(&mut reader)?);
                Ok(reader.position())
            }

            fn admit(row: R::Value, admission: &mut RowAdmission<'_>) -> R::Object {
                R::admit(row, admission)
            }
        }
    )*};
}

changing_statements! { Insert, Update, Delete }

macro_rules! texts {
    ($([$($generic:tt)*] $type:ty;)*) => {$(
        impl<$($generic)*> SessionExecutable for $type {
            type Object = <Self as Executable>::Row;

            fn prepare(&self) -> Result<Prepared> {
                let (roots, joined, trees) = (Vec::new(), Vec::new(), Vec::new());
                Ok(Prepared { node: self.node(), roots, joined, trees, unique: false })
            }

            fn read_to(&self, row: &dyn Row, plan: &RowPlan, rows: &mut Vec<Self::Row>) -> Result<usize> {
                rows.push(self.decode(row, plan)?);
                Ok(row.len())
            }

            fn admit(row: Self::Row, _: &mut RowAdmission<'_>) -> Self::Object {
                row
            }
        }
    )*};
}

texts! {
    [] TextStatement;
    [T: FromRow + Send + 'static] TextStatement<Typed<T>>;
}
