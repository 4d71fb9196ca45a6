//! Common table expressions: what stands in WITH.

use std::sync::Arc;

use super::{Delete, Insert, InsertRows, Select, StatementNode, Update};
use crate::{
    expression::{Alias, AliasTarget},
    name::Name,
};

fn of_select<S>(select: &Select<S>, name: Name, materialized: Option<bool>) -> Alias {
    let select = select.tree().clone();
    let target = AliasTarget::CommonTableExpression { select, recursive: false, materialized };
    Alias::new(Some(name), target)
}

impl<S> Select<S> {
    /// The select as a common table expression, written in WITH, under a name.
    pub fn cte(&self, name: impl Into<Name>) -> Alias {
        of_select(self, name.into(), None)
    }

    /// The same, calculated once, however often it is used: MATERIALIZED (PostgreSQL, SQLite).
    pub fn cte_materialized(&self, name: impl Into<Name>) -> Alias {
        of_select(self, name.into(), Some(true))
    }

    /// The same, as if it were written wherever it is used: NOT MATERIALIZED (PostgreSQL, SQLite).
    pub fn cte_not_materialized(&self, name: impl Into<Name>) -> Alias {
        of_select(self, name.into(), Some(false))
    }

    /// The select as a common table expression that refers to itself. The function gets this select and the alias that
    /// stands for all rows so far, and puts both together, usually by `union_all`.
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, dialect::SqliteDialect, schema::*, select, types::*};
    /// # let node = Table::unregistered("node").column(Column::new("id", Integer).primary_key()).column(Column::new("parent_id", Integer));
    /// let below = select(node.c("id")).filter(node.c("id").eq(1)).recursive_cte("below", |root, below| {
    ///     root.union_all(select(node.c("id")).join_on(below, node.c("parent_id").eq(below.c("id"))))
    /// });
    /// assert_eq!(
    ///     select(below.c("id")).to_sql(&SqliteDialect::default())?,
    ///     "WITH RECURSIVE below AS (SELECT node.id FROM node WHERE node.id = 1 \
    ///      UNION ALL SELECT node.id FROM node JOIN below ON node.parent_id = below.id) SELECT below.id FROM below"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn recursive_cte(self, name: impl Into<Name>, step: impl FnOnce(Self, &Alias) -> Self) -> Alias {
        let name = name.into();
        let recursive =
            |select| AliasTarget::CommonTableExpression { select, recursive: true, materialized: None };
        let own = Alias::new(Some(name.clone()), recursive(self.tree().clone()));
        Alias::new(Some(name), recursive(step(self, &own).tree().clone()))
    }
}

impl<R> Insert<R> {
    /// The INSERT as a common table expression under a name, whose columns are those of RETURNING (PostgreSQL).
    pub fn cte(self, name: impl Into<Name>) -> Alias {
        let changed = self.change(|insert| {
            // Its rows belong to a statement that has values of its own, so that they are written one by one.
            insert.unordered = true;
            if let InsertRows::Values(rows) = &mut insert.rows {
                rows.make_nodes();
            }
        });
        of_changes(name.into(), StatementNode::Insert(changed.tree().clone()))
    }
}

impl<R> Update<R> {
    /// The UPDATE as a common table expression under a name, whose columns are those of RETURNING (PostgreSQL).
    pub fn cte(&self, name: impl Into<Name>) -> Alias {
        of_changes(name.into(), StatementNode::Update(self.tree()))
    }
}

impl<R> Delete<R> {
    /// The DELETE as a common table expression under a name, whose columns are those of RETURNING (PostgreSQL).
    ///
    /// # Examples
    /// ```
    /// # use aludel_sql_expression::{Executable, delete, dialect::PostgresDialect, insert, schema::*, select, types::*};
    /// # let job = Table::unregistered("job").column(Column::new("id", Integer).primary_key());
    /// # let done = Table::unregistered("done").column(Column::new("id", Integer).primary_key());
    /// let taken = delete(&job).filter(job.c("id").lt(9)).returning(job.c("id")).cte("taken");
    /// assert_eq!(
    ///     insert(&done).from_select(&select(taken.c("id"))).to_sql(&PostgresDialect::default())?,
    ///     "WITH taken AS (DELETE FROM job WHERE job.id < 9 RETURNING id) INSERT INTO done (id) SELECT taken.id FROM taken"
    /// );
    /// # Ok::<(), aludel_sql_expression::Error>(())
    /// ```
    pub fn cte(&self, name: impl Into<Name>) -> Alias {
        of_changes(name.into(), StatementNode::Delete(Arc::clone(self.tree())))
    }
}

fn of_changes(name: Name, statement: StatementNode) -> Alias {
    Alias::new(Some(name), AliasTarget::Changes(statement))
}
