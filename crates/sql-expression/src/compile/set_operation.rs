//! UNION, INTERSECT and EXCEPT.

use super::compiler::Compiler;
use crate::{
    Error, Result,
    expression::{ColumnReference, Node},
    statement::{SelectItem, SelectNode, SetOperator},
};

impl<'n> Compiler<'n> {
    /// Writes the parts of a set operation.
    pub(super) fn set_operations(&mut self, select: &'n SelectNode, correlate: bool) -> Result<()> {
        if select.first.is_some() && select.has_core() {
            return Err(Error::compile(
                "what was put together by UNION and its like cannot be filtered, joined or grouped: select from it as a \
                 subquery",
            ));
        }
        // INTERSECT binds more strongly than the others in most databases, but here the order of the calls counts.
        let ends_here = |position: usize| {
            let intersects = |position: usize| {
                matches!(
                    select.set_operations[position].operator,
                    SetOperator::Intersect | SetOperator::IntersectAll
                )
            };
            self.features.parenthesized_set_operations
                && position > 0
                && intersects(position)
                && !intersects(position - 1)
        };
        let wrapped: Vec<usize> = (0..select.set_operations.len()).filter(|at| ends_here(*at)).collect();
        wrapped.iter().for_each(|_| self.push("("));
        match &select.first {
            Some(first) => self.part(first, correlate)?,
            None => self.core_part(select, correlate)?,
        }
        for (position, operation) in select.set_operations.iter().enumerate() {
            if wrapped.contains(&position) {
                self.push(")");
            }
            let constructs = &self.features.constructs;
            let (word, supported) = match operation.operator {
                SetOperator::Union => ("UNION", true),
                SetOperator::UnionAll => ("UNION ALL", true),
                SetOperator::Intersect => ("INTERSECT", constructs.intersect_except),
                SetOperator::Except => ("EXCEPT", constructs.intersect_except),
                SetOperator::IntersectAll => ("INTERSECT ALL", constructs.intersect_all),
                SetOperator::ExceptAll => ("EXCEPT ALL", constructs.intersect_all),
            };
            if !supported {
                return Err(self.unsupported(word));
            }
            self.push(" ");
            self.push(word);
            self.push(" ");
            self.part(&operation.select, correlate)?;
        }
        Ok(())
    }

    /// Writes a part, apart from the others where it is ordered, limited or itself a set operation.
    fn part(&mut self, select: &'n SelectNode, correlate: bool) -> Result<()> {
        let simple = select.set_operations.is_empty()
            && select.order_by.is_empty()
            && select.limit.is_none()
            && select.offset.is_none()
            && select.locking.is_none();
        if simple {
            return self.select(select, correlate);
        }
        // PostgreSQL locks no rows in a part, but does in what a part selects from.
        let locks_within =
            select.locking.is_some() && self.features.row_locking.is_some_and(|style| !style.of_parts);
        let in_parentheses = self.features.parenthesized_set_operations && !locks_within;
        self.push(if in_parentheses { "(" } else { "SELECT * FROM (" });
        self.select(select, correlate)?;
        self.push(if locks_within { ") AS locked" } else { ")" });
        Ok(())
    }

    /// Writes ORDER BY of a set operation, which knows only the names of the result.
    pub(super) fn compound_order(&mut self, select: &'n SelectNode) -> Result<()> {
        if select.order_by.is_empty() {
            return Ok(());
        }
        self.push(" ORDER BY ");
        let before = std::mem::replace(&mut self.unqualified, true);
        self.orders(&select.order_by, &select.items, true)?;
        self.unqualified = before;
        Ok(())
    }

    /// Writes the name that a column has in the result of a set operation.
    pub(super) fn result_column(&mut self, column: &ColumnReference, items: &[SelectItem]) -> Result<()> {
        let is_same = |own: &ColumnReference| own.source == column.source && own.name == column.name;
        let name = items.iter().find_map(|item| match item {
            SelectItem::Expression { node: Node::Column(own), .. } if is_same(own) => Some(None),
            SelectItem::Expression { node: Node::Label(label), .. } => match &label.node {
                Node::Column(own) if is_same(own) => Some(Some(label.name.clone())),
                _ => None,
            },
            SelectItem::Entity { source, table, .. } if *source == column.source => {
                table.definition().find(&column.name).map(|_| None)
            }
            _ => None,
        });
        match name {
            Some(Some(label)) => self.identifier(&label),
            Some(None) => {
                let name = self.column_name(&column.source, &column.name)?;
                self.identifier(&name);
            }
            None => {
                return Err(Error::compile(format!(
                    "a set operation can only be ordered by what it selects, and `{}` is not selected",
                    column.name
                )));
            }
        }
        Ok(())
    }
}
