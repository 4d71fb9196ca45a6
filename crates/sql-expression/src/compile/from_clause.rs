//! FROM, as it follows from the columns that are used.

use super::{chain::Chain, check, compiler::Compiler, derived::depends_on_others};
use crate::{
    Error, Result,
    expression::{AliasTarget, BinaryOperator, Node, Source},
    statement::{SelectItem, SelectNode},
};

/// Adds the sources of an expression's columns, each once.
pub(super) fn add_sources<'n>(sources: &mut Vec<&'n Source>, node: &'n Node) {
    node.columns(&mut |column| {
        if !sources.contains(&&column.source) {
            sources.push(&column.source);
        }
    });
}

impl<'n> Compiler<'n> {
    /// What FROM holds. With `correlate`, what an outer select has is left to it.
    pub(super) fn derive_from(&self, select: &'n SelectNode, correlate: bool) -> Result<Vec<Chain<'n>>> {
        let joined = |source: &Source| select.joins.iter().any(|join| join.brings(source));
        let mut chains: Vec<Chain<'n>> = Vec::new();
        for source in &select.from {
            if !joined(source) && !chains.iter().any(|chain| chain.root == source) {
                chains.push(Chain::new(source, true));
            }
        }
        let mut used = used_sources(select);
        // What depends on others comes after them.
        used.sort_by_key(|source| depends_on_others(source));
        for source in used {
            if !joined(source) && !chains.iter().any(|chain| chain.root == source) {
                chains.push(Chain::new(source, false));
            }
        }
        for (position, join) in select.joins.iter().enumerate() {
            self.attach(&mut chains, position, join, correlate)?;
        }
        let named = select.further.as_ref().and_then(|further| further.correlate.as_ref());
        if correlate && (chains.len() > 1 || named.is_some()) {
            chains.retain(|chain| {
                chain.explicit
                    || !chain.joins.is_empty()
                    || !self.is_around(chain.root)
                    || named.is_some_and(|named| !named.contains(chain.root))
            });
            if chains.is_empty() {
                return Err(Error::compile(
                    "all tables of the subquery belong to the statement around it, so that nothing is left for its FROM; \
                     name one with `select_from`",
                ));
            }
        }
        Ok(chains)
    }

    /// Whether a select around the present place has the source.
    pub(super) fn is_around(&self, source: &Source) -> bool {
        self.scopes.iter().flatten().any(|own| own == source)
    }

    /// Writes FROM.
    pub(super) fn from(&mut self, select: &'n SelectNode, chains: &[Chain<'n>]) -> Result<()> {
        // The values of the conditions are numbered in the order of the joins, which need not be that of the chains.
        let mut slots = Vec::with_capacity(select.joins.len());
        for join in &select.joins {
            slots.push(self.slot);
            self.skipping(|walk| walk.join(join));
        }
        let after = self.slot;
        if !chains.is_empty() {
            self.push(" FROM ");
        }
        self.separated(chains, |this, chain| {
            this.source(chain.root)?;
            for step in &chain.joins {
                this.slot = slots.get(step.position).copied().unwrap_or(after);
                this.join(step)?;
            }
            Ok(())
        })?;
        self.slot = after;
        Ok(())
    }

    /// Writes a source with the name it gets.
    pub(super) fn source(&mut self, source: &'n Source) -> Result<()> {
        let Source::Alias(alias) = source else {
            self.source_name(source);
            self.table_hint(source);
            return Ok(());
        };
        match alias.target() {
            AliasTarget::Table(table) => {
                let name = self.dialect.table_name(table);
                self.push(&name);
            }
            AliasTarget::CommonTableExpression { recursive: true, .. } | AliasTarget::Changes(_)
                if !self.with_written =>
            {
                return Err(self.unsupported("WITH RECURSIVE before UPDATE and DELETE"));
            }
            // Where WITH cannot stand before the statement, what is in it stands here.
            AliasTarget::CommonTableExpression { select, .. } if !self.with_written => {
                self.push("(");
                self.at_alias(alias, |this| this.nested_select(select))?;
                self.push(")");
            }
            AliasTarget::Subquery(select) => {
                self.push("(");
                let written = self.with_written;
                self.apart(|this| {
                    this.with_written = written;
                    this.at_alias(alias, |this| this.derived_select(select))
                })?;
                self.push(")");
            }
            AliasTarget::Lateral(select) => return self.lateral(alias, select),
            AliasTarget::Values(values) => return self.values(alias, values),
            AliasTarget::Function(function) => return self.table_function(alias, function),
            AliasTarget::Text { text, in_with } if !in_with || !self.with_written => {
                self.push("(");
                self.at_alias(alias, |this| this.text_statement(text).map(|_| ()))?;
                self.push(")");
            }
            AliasTarget::Named(_) if !self.with_written => {
                return Err(self.unsupported("WITH before UPDATE and DELETE"));
            }
            AliasTarget::Named(inner) => {
                let name = self.alias_name(inner);
                self.identifier(&name);
            }
            AliasTarget::CommonTableExpression { .. }
            | AliasTarget::Changes(_)
            | AliasTarget::Text { .. } => {
                self.source_name(source);
                return Ok(());
            }
        }
        self.push(" AS ");
        self.source_name(source);
        self.table_hint(source);
        Ok(())
    }

    /// Writes the words that were asked for after a table.
    fn table_hint(&mut self, source: &Source) {
        let hints = self.table_hints;
        for (_, hint) in hints.iter().filter(|(of, _)| of == source) {
            self.hint(hint, " ", "");
        }
    }

    /// Refuses what would be read as a whole value although an outer join may leave it out.
    pub(super) fn check_nullable(&self, items: &'n [SelectItem], chains: &[Chain<'n>]) -> Result<()> {
        let nullable: Vec<&Source> = chains.iter().flat_map(Chain::nullable).collect();
        if nullable.is_empty() {
            return Ok(());
        }
        for item in items {
            let (found, what) = match item {
                SelectItem::Expression { nullable: true, .. } | SelectItem::Entity { nullable: true, .. } => {
                    continue;
                }
                SelectItem::Expression { node, .. } => {
                    (check::is_null_without(node, &nullable), "a column of it")
                }
                SelectItem::Entity { source, .. } => {
                    (nullable.iter().copied().find(|own| *own == source), "it")
                }
            };
            if let Some(source) = found {
                return Err(Error::compile(format!(
                    "`{}` is outer-joined, so that its row may be missing, but {what} is selected as if it were always \
                     there; select it with `.nullable()`, which gives an `Option`",
                    self.describe(source)
                )));
            }
        }
        Ok(())
    }

    /// Warns when the rows of two entries of FROM meet without a condition between them.
    pub(super) fn warn_of_cartesian_product(&self, chains: &[Chain<'n>], filters: &'n [Node]) {
        if chains.len() < 2 {
            return;
        }
        let mut groups: Vec<usize> = (0..chains.len()).collect();
        for at in 0..chains.len() {
            // What sees the rows before it is bound to them by itself.
            if chains[at].sources().into_iter().any(depends_on_others) {
                let (from, to) = (groups[at], groups[if at == 0 { 1 } else { at - 1 }]);
                groups.iter_mut().filter(|own| **own == from).for_each(|own| *own = to);
            }
        }
        let mut conditions: Vec<&'n Node> = filters.iter().collect();
        for step in chains.iter().flat_map(|chain| &chain.joins) {
            step.join.conditions(&mut |on| conditions.push(on));
        }
        for condition in conditions {
            conjuncts(condition, &mut |condition| {
                let mut sources = Vec::new();
                add_sources(&mut sources, condition);
                let mut group = None;
                for source in sources {
                    let Some(at) = chains.iter().position(|chain| chain.contains(source)) else { continue };
                    let (from, to) = (groups[at], *group.get_or_insert(groups[at]));
                    groups.iter_mut().filter(|own| **own == from).for_each(|own| *own = to);
                }
            });
        }
        if let Some(apart) = groups.iter().position(|group| *group != groups[0]) {
            tracing::warn!(
                target: "aludel::sql",
                "SELECT has a cartesian product between `{}` and `{}`: join them, or say so with a cross join",
                self.describe(chains[0].root),
                self.describe(chains[apart].root),
            );
        }
    }
}

/// The sources of all columns of a select, in the order of its clauses.
fn used_sources(select: &SelectNode) -> Vec<&Source> {
    let mut sources = Vec::new();
    for item in &select.items {
        match item {
            SelectItem::Expression { node, .. } => add_sources(&mut sources, node),
            SelectItem::Entity { source, .. } => {
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
    }
    let orders = if select.set_operations.is_empty() { &select.order_by[..] } else { &[] };
    let nodes =
        select.filters.iter().chain(&select.group_by).chain(&select.having).chain(&select.distinct_on);
    for node in nodes.chain(orders.iter().map(|order| &order.node)) {
        add_sources(&mut sources, node);
    }
    if let Some(further) = &select.further {
        further.nodes(&mut |node| add_sources(&mut sources, node));
    }
    sources
}

fn conjuncts<'n>(condition: &'n Node, visit: &mut dyn FnMut(&'n Node)) {
    match condition {
        Node::Binary(binary) if binary.operator == BinaryOperator::And => {
            conjuncts(&binary.left, visit);
            conjuncts(&binary.right, visit);
        }
        condition => visit(condition),
    }
}
