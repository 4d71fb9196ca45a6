//! The items of a select list and of RETURNING.

use super::{compiler::Compiler, names};
use crate::{
    Error, Result,
    expression::{Node, Source},
    schema::Table,
    statement::SelectItem,
    types::Template,
};

impl<'n> Compiler<'n> {
    /// Writes a select list.
    pub(super) fn items(&mut self, items: &'n [SelectItem]) -> Result<()> {
        if items.is_empty() {
            return Err(Error::compile("the statement selects nothing"));
        }
        let is_result = self.is_result(items);
        self.separated(items, |this, item| match item {
            SelectItem::Expression { node, .. } if is_result => this.result_item(node),
            SelectItem::Expression { node: Node::Label(label), .. } => {
                this.kept_lone(&label.node)?;
                this.label(&label.name)
            }
            SelectItem::Expression { node, .. } => this.kept_lone(node),
            SelectItem::Entity { source, table, .. } => {
                let definition = table.definition();
                if definition.columns.is_empty() {
                    return Err(Error::argument(format!("the table `{}` has no columns", table.name())));
                }
                this.separated(&definition.columns, |this, column| {
                    let template = column.sql_type.column_template(this.dialect.name()).filter(|_| is_result);
                    let around = template.map(Template::parts).transpose()?;
                    this.push(around.map_or("", |(before, _)| before));
                    if !this.unqualified {
                        this.source_name(source);
                        this.push(".");
                    }
                    let name = this.dialect.physical_name(&column.name);
                    this.identifier(&name);
                    if let Some((_, after)) = around {
                        this.push(after);
                        this.push(" AS ");
                        this.identifier(&name);
                    }
                    Ok(())
                })
            }
        })
    }

    /// Writes the name that an expression is given.
    pub(super) fn label(&mut self, name: &str) -> Result<()> {
        names::check_label(name, self.dialect)?;
        self.push(" AS ");
        self.identifier(name);
        Ok(())
    }

    /// Writes RETURNING, whose columns can only be those of the table that is changed, and on some dialects of the further
    /// tables of the statement.
    pub(super) fn returning(
        &mut self,
        items: &'n [SelectItem],
        table: &Table,
        further: &[&'n Source],
        supported: bool,
        word: &str,
    ) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        if !supported {
            return Err(self.unsupported(&format!("{word} .. RETURNING")));
        }
        let mut gives_further = false;
        let own = Source::from(table);
        for item in items {
            let mut foreign = None;
            let mut check = |source: &'n Source| {
                if *source == own {
                    return;
                }
                if self.features.constructs.returning_of_further_tables && further.contains(&source) {
                    gives_further = true;
                } else {
                    foreign = Some(source);
                }
            };
            match item {
                SelectItem::Expression { node, .. } => node.columns(&mut |column| check(&column.source)),
                SelectItem::Entity { source, .. } => check(source),
            }
            if let Some(foreign) = foreign {
                return Err(Error::compile(format!(
                    "RETURNING can only give columns of `{}`, not of `{}`",
                    table.name(),
                    self.describe(foreign)
                )));
            }
        }
        self.push(" RETURNING ");
        // Columns of one name may come from several tables then.
        let before = std::mem::replace(&mut self.unqualified, !gives_further);
        self.items(items)?;
        self.unqualified = before;
        Ok(())
    }
}
