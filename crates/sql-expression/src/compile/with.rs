//! WITH: common table expressions, wherever they are used, stand before the statement.

use super::{compiler::Compiler, key::Walk};
use crate::{
    Error, Result,
    expression::{Alias, AliasTarget},
    name::Name,
    statement::{SelectNode, StatementNode},
};

/// The common table expressions in the order in which they must stand.
#[derive(Default)]
struct Order<'n> {
    done: Vec<&'n Alias>,
    /// The names of those that are being looked into.
    open: Vec<Name>,
    /// Aliases that stand for the very expression that they are used in.
    own: Vec<&'n Alias>,
}

impl<'n> Compiler<'n> {
    /// Writes WITH for a whole statement.
    pub(super) fn with(&mut self) -> Result<()> {
        let aliases = self.aliases.clone();
        self.write_with(&aliases)?;
        self.with_written = true;
        Ok(())
    }

    /// Writes a select that stands in an expression, with a WITH of its own where none could be written further out.
    pub(super) fn nested_select(&mut self, select: &'n SelectNode) -> Result<()> {
        if self.with_written {
            return self.select(select, true);
        }
        let mut walk = Walk::new(Vec::new());
        walk.select(select);
        walk.aliases_used();
        let aliases: Vec<&'n Alias> = walk.aliases.iter().map(|found| found.alias).collect();
        self.write_with(&aliases)?;
        self.with_written = true;
        self.select(select, true)?;
        self.with_written = false;
        Ok(())
    }

    fn write_with(&mut self, aliases: &[&'n Alias]) -> Result<()> {
        let mut order = Order::default();
        for alias in aliases {
            order.place(alias)?;
        }
        if order.done.is_empty() {
            return Ok(());
        }
        if !self.features.with {
            return Err(self.unsupported("WITH (use `subquery`)"));
        }
        let recursive = order.done.iter().any(|alias| is_recursive(alias));
        self.push(if recursive { "WITH RECURSIVE " } else { "WITH " });
        self.separated(order.done, |this, alias| {
            let name = this.alias_name(alias);
            this.identifier(&name);
            this.push(" AS ");
            match alias.target() {
                AliasTarget::CommonTableExpression { select, materialized, .. } => {
                    this.materialized(*materialized)?;
                    this.push("(");
                    this.apart(|this| this.at_alias(alias, |this| this.select(select, false)))?;
                }
                AliasTarget::Changes(statement) => {
                    if !this.features.constructs.changes_in_with {
                        return Err(this.unsupported("INSERT, UPDATE or DELETE in WITH"));
                    }
                    this.push("(");
                    this.apart(|this| this.at_alias(alias, |this| this.change(statement)))?;
                }
                AliasTarget::Text { text, .. } => {
                    this.push("(");
                    this.apart(|this| this.at_alias(alias, |this| this.text_statement(text).map(|_| ())))?;
                }
                _ => return Ok(()),
            }
            this.push(")");
            Ok(())
        })?;
        self.push(" ");
        Ok(())
    }

    fn materialized(&mut self, materialized: Option<bool>) -> Result<()> {
        let Some(materialized) = materialized else { return Ok(()) };
        if !self.features.constructs.materialized {
            return Err(self.unsupported("MATERIALIZED in WITH (use `cte`)"));
        }
        self.push(if materialized { "MATERIALIZED " } else { "NOT MATERIALIZED " });
        Ok(())
    }

    /// Writes an INSERT, UPDATE or DELETE that stands in WITH.
    fn change(&mut self, statement: &'n StatementNode) -> Result<()> {
        match statement {
            StatementNode::Insert(insert) => self.insert(insert, None),
            StatementNode::Update(update) => self.update(update),
            StatementNode::Delete(delete) => self.delete(delete),
            _ => Err(Error::compile("only a SELECT, INSERT, UPDATE or DELETE can stand in WITH")),
        }
    }

    /// Runs something that sees nothing of the selects around it.
    pub(super) fn apart(&mut self, run: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let scopes = std::mem::take(&mut self.scopes);
        let unqualified = std::mem::replace(&mut self.unqualified, false);
        let with_written = std::mem::replace(&mut self.with_written, true);
        let result = run(self);
        self.scopes = scopes;
        self.unqualified = unqualified;
        self.with_written = with_written;
        result
    }
}

fn is_recursive(alias: &Alias) -> bool {
    matches!(alias.target(), AliasTarget::CommonTableExpression { recursive: true, .. })
}

impl<'n> Order<'n> {
    fn place(&mut self, alias: &'n Alias) -> Result<()> {
        if !alias.target().is_in_with() {
            return Ok(());
        }
        if self.done.contains(&alias) || self.own.contains(&alias) {
            return Ok(());
        }
        let name = alias.name().cloned().unwrap_or(Name::Static(""));
        if is_recursive(alias) && self.open.contains(&name) {
            self.own.push(alias);
            return Ok(());
        }
        if self.done.iter().any(|done| done.name() == alias.name()) {
            return Err(Error::compile(format!(
                "two common table expressions of the statement are named `{name}`"
            )));
        }
        self.open.push(name);
        let mut walk = Walk::new(Vec::new());
        walk.alias_target(alias.target());
        walk.aliases_used();
        for inner in &walk.aliases {
            self.place(inner.alias)?;
        }
        self.open.pop();
        self.done.push(alias);
        Ok(())
    }
}
