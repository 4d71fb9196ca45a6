//! SELECT.

use super::{chain::Chain, compiler::Compiler, expression::has_label};
use crate::{
    Error, Result,
    dialect::{GroupingStyle, LimitStyle},
    expression::{Construct, Node, Source},
    statement::{LockStrength, LockWait, Locking, SelectItem, SelectNode},
};

impl<'n> Compiler<'n> {
    /// Writes a select that is the whole statement, or all that is left of one.
    pub(super) fn select_statement(&mut self, select: &'n SelectNode) -> Result<()> {
        if !self.with_written {
            self.with()?;
        }
        self.select(select, false)
    }

    /// Writes a select that stands in FROM.
    pub(super) fn derived_select(&mut self, select: &'n SelectNode) -> Result<()> {
        self.nested_select(select)
    }

    /// Writes a select. With `correlate` it stands in an expression, and leaves to the selects around it what they have.
    pub(super) fn select(&mut self, select: &'n SelectNode, correlate: bool) -> Result<()> {
        let unqualified = std::mem::replace(&mut self.unqualified, false);
        if select.set_operations.is_empty() {
            let chains = self.derive_from(select, correlate)?;
            self.scopes.push(chains.iter().flat_map(|chain| chain.sources().into_iter().cloned()).collect());
            self.core(select, &chains)?;
            self.order(select)?;
            self.limit(select)?;
            if let Some(locking) = &select.locking {
                self.locking(locking)?;
            }
            self.scopes.pop();
        } else {
            self.set_operations(select, correlate)?;
            self.compound_order(select)?;
            self.limit(select)?;
            if select.locking.is_some() && self.features.row_locking.is_some() {
                return Err(Error::compile(
                    "the rows of a set operation cannot be locked: lock those of its parts",
                ));
            }
        }
        if let Some(further) = &select.further {
            self.hints_after(&further.suffixes);
        }
        self.unqualified = unqualified;
        Ok(())
    }

    /// Writes a select's core as a part of a set operation.
    pub(super) fn core_part(&mut self, select: &'n SelectNode, correlate: bool) -> Result<()> {
        let chains = self.derive_from(select, correlate)?;
        self.scopes.push(chains.iter().flat_map(|chain| chain.sources().into_iter().cloned()).collect());
        self.core(select, &chains)?;
        self.scopes.pop();
        Ok(())
    }

    /// Writes SELECT up to HAVING.
    fn core(&mut self, select: &'n SelectNode, chains: &[Chain<'n>]) -> Result<()> {
        self.check_nullable(&select.items, chains)?;
        self.warn_of_cartesian_product(chains, &select.filters);
        let further = select.further.as_deref();
        let hints =
            std::mem::replace(&mut self.table_hints, further.map_or(&[], |further| &further.table_hints));
        self.push("SELECT ");
        self.hints_before(further.map_or(&[], |further| &further.prefixes));
        if !select.distinct_on.is_empty() {
            if !self.features.distinct_on {
                return Err(self.unsupported("DISTINCT ON"));
            }
            self.push("DISTINCT ON (");
            self.separated(&select.distinct_on, Self::kept)?;
            self.push(") ");
        } else if select.distinct {
            self.push("DISTINCT ");
        }
        self.items(&select.items)?;
        self.from(select, chains)?;
        self.conditions(" WHERE ", &select.filters)?;
        if !select.group_by.is_empty() {
            self.push(" GROUP BY ");
            self.check_grouping(&select.group_by)?;
            self.separated(&select.group_by, |this, node| this.group(node, &select.items, chains))?;
        }
        self.conditions(" HAVING ", &select.having)?;
        if let Some(further) = further {
            self.windows(&further.windows)?;
        }
        self.table_hints = hints;
        Ok(())
    }

    /// Writes one expression of GROUP BY. A label is meant by its name; where a column of that name would be taken instead,
    /// by its position.
    fn group(&mut self, node: &'n Node, items: &'n [SelectItem], chains: &[Chain<'n>]) -> Result<()> {
        let Node::Label(label) = node else { return self.maybe_repeated(node) };
        if !has_label(items, &label.name) {
            return self.kept(&label.node);
        }
        self.skipping(|walk| walk.node(&label.node));
        let mut sources = chains.iter().flat_map(Chain::sources);
        if !sources.any(|source| self.column_name(source, &label.name).is_ok()) {
            self.identifier(&label.name);
            return Ok(());
        }
        let mut position = 1;
        for item in items {
            if matches!(item, SelectItem::Expression { node: Node::Label(own), .. } if own.name == label.name)
            {
                break;
            }
            position += Self::item_width(item);
        }
        self.push(&position.to_string());
        Ok(())
    }

    fn order(&mut self, select: &'n SelectNode) -> Result<()> {
        if !select.order_by.is_empty() {
            self.push(" ORDER BY ");
            self.orders(&select.order_by, &select.items, false)?;
        }
        Ok(())
    }

    /// Writes LIMIT and OFFSET, as the dialect spells them.
    pub(super) fn limit(&mut self, select: &'n SelectNode) -> Result<()> {
        let (limit, offset) = (&select.limit, &select.offset);
        let with_ties = select.further.as_ref().is_some_and(|further| further.with_ties) && limit.is_some();
        if with_ties && !self.features.constructs.with_ties {
            return Err(self.unsupported("FETCH FIRST .. WITH TIES"));
        }
        if with_ties && select.order_by.is_empty() {
            return Err(Error::compile("WITH TIES needs `order_by`, which says which rows are tied"));
        }
        match self.features.limit {
            LimitStyle::LimitOffset if with_ties => self.fetch(limit.as_ref(), offset.as_ref(), true)?,
            LimitStyle::LimitOffset => {
                if let Some(limit) = limit {
                    self.push(" LIMIT ");
                    self.node(limit)?;
                } else if let (Some(_), Some(all)) = (offset, self.features.limit_of_all_rows) {
                    self.push(" LIMIT ");
                    self.push(all);
                }
                if let Some(offset) = offset {
                    self.push(" OFFSET ");
                    self.node(offset)?;
                }
            }
            LimitStyle::FetchFirst => self.fetch(limit.as_ref(), offset.as_ref(), with_ties)?,
        }
        Ok(())
    }

    /// Writes OFFSET and FETCH FIRST, whose values come in the other order.
    fn fetch(&mut self, limit: Option<&'n Node>, offset: Option<&'n Node>, with_ties: bool) -> Result<()> {
        let before = self.slot;
        self.skipping(|walk| limit.iter().for_each(|limit| walk.node(limit)));
        if let Some(offset) = offset {
            self.push(" OFFSET ");
            self.node(offset)?;
            self.push(" ROWS");
        }
        let after = std::mem::replace(&mut self.slot, before);
        if let Some(limit) = limit {
            self.push(" FETCH FIRST ");
            self.node(limit)?;
            self.push(if with_ties { " ROWS WITH TIES" } else { " ROWS ONLY" });
        }
        self.slot = after.max(self.slot);
        Ok(())
    }

    /// Refuses WITH ROLLUP beside other expressions, where it stands for all of GROUP BY.
    fn check_grouping(&self, group_by: &[Node]) -> Result<()> {
        let groups = |node: &Node| matches!(node, Node::Construct(node) if matches!(node.construct, Construct::Grouping(_)));
        if self.features.constructs.grouping == Some(GroupingStyle::WithRollup)
            && group_by.len() > 1
            && group_by.iter().any(groups)
        {
            return Err(self.unsupported("ROLLUP beside other expressions of GROUP BY"));
        }
        Ok(())
    }

    fn locking(&mut self, locking: &'n Locking) -> Result<()> {
        // A database that locks as a whole needs no lock on rows.
        let Some(style) = self.features.row_locking else { return Ok(()) };
        self.push(" ");
        self.push(match locking.strength {
            LockStrength::Update => "FOR UPDATE",
            LockStrength::Share => style.share,
            LockStrength::NoKeyUpdate | LockStrength::KeyShare if !self.features.constructs.key_locks => {
                return Err(self.unsupported("FOR NO KEY UPDATE and FOR KEY SHARE"));
            }
            LockStrength::NoKeyUpdate => "FOR NO KEY UPDATE",
            LockStrength::KeyShare => "FOR KEY SHARE",
        });
        if !locking.of.is_empty() {
            if !style.of {
                return Err(self.unsupported("FOR UPDATE OF"));
            }
            self.push(" OF ");
            self.separated(&locking.of, |this, source| {
                // Here a table has no schema before it.
                match source {
                    Source::Table(table) => {
                        let name = this.dialect.physical_name(table.name());
                        this.identifier(&name);
                    }
                    source => this.source_name(source),
                }
                Ok(())
            })?;
        }
        match locking.wait {
            LockWait::Wait => {}
            LockWait::NoWait if !style.nowait => return Err(self.unsupported("NOWAIT")),
            LockWait::NoWait => self.push(" NOWAIT"),
            LockWait::SkipLocked if !style.skip_locked => return Err(self.unsupported("SKIP LOCKED")),
            LockWait::SkipLocked => self.push(" SKIP LOCKED"),
        }
        Ok(())
    }
}
