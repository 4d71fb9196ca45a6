//! Checks names against what they are names of.

use super::{compiler::Compiler, names};
use crate::{
    Dialect, Error, Result,
    expression::{Alias, AliasTarget, Construct, Node, Source},
    name::Name,
    schema::Table,
    statement::{SelectItem, StatementNode},
};

/// A column that a subquery gives.
struct OutputColumn {
    /// What it is asked for by.
    name: String,
    /// What it is called in the text.
    written: String,
}

impl<'n> Compiler<'n> {
    /// The name under which a source's column stands in the text.
    ///
    /// # Errors
    /// An unknown name; what there is instead is listed.
    pub(super) fn column_name(&self, source: &Source, name: &str) -> Result<String> {
        if let Some(table) = source.table() {
            return self.table_column(table, name);
        }
        let Source::Alias(alias) = source else { return Ok(name.to_owned()) };
        let Some(columns) = self.alias_columns(alias) else { return Ok(name.to_owned()) };
        if let Some(column) = columns.iter().find(|column| column.name == name) {
            return Ok(column.written.clone());
        }
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        Err(unknown_column("subquery", &self.alias_name(alias), name, &names))
    }

    /// Whether a source has a column of the name; none where only the database knows.
    pub(super) fn has_column(&self, source: &Source, name: &str) -> Option<bool> {
        match (source.table(), source) {
            (Some(table), _) => Some(table.definition().find(name).is_some()),
            (None, Source::Alias(alias)) => {
                Some(self.alias_columns(alias)?.iter().any(|column| column.name == name))
            }
            (None, Source::Table(_)) => None,
        }
    }

    /// The columns of what an alias stands for, where it is no table; none where only the database knows them.
    fn alias_columns(&self, alias: &Alias) -> Option<Vec<OutputColumn>> {
        match alias.target() {
            AliasTarget::Subquery(select)
            | AliasTarget::Lateral(select)
            | AliasTarget::CommonTableExpression { select, .. } => self.output_columns(&select.items),
            AliasTarget::Changes(StatementNode::Insert(insert)) => self.output_columns(&insert.returning),
            AliasTarget::Changes(StatementNode::Update(update)) => self.output_columns(&update.returning),
            AliasTarget::Changes(StatementNode::Delete(delete)) => self.output_columns(&delete.returning),
            AliasTarget::Named(inner) => self.alias_columns(inner),
            AliasTarget::Values(values) => Some(named(&values.columns)),
            AliasTarget::Function(function) if !function.columns.is_empty() => Some(named(&function.columns)),
            _ => None,
        }
    }

    /// The physical name of a table's column.
    pub(super) fn table_column(&self, table: &Table, name: &str) -> Result<String> {
        physical_column(table, name, self.dialect)
    }

    /// The columns that a select gives; none where one of them has a name that only the database knows.
    fn output_columns(&self, items: &[SelectItem]) -> Option<Vec<OutputColumn>> {
        let mut columns = Vec::new();
        for item in items {
            match item {
                SelectItem::Entity { table, .. } => {
                    columns.extend(table.definition().columns.iter().map(|column| OutputColumn {
                        name: column.name.to_string(),
                        written: self.dialect.physical_name(&column.name).into_owned(),
                    }))
                }
                SelectItem::Expression { node: Node::Label(label), .. } => {
                    columns
                        .push(OutputColumn { name: label.name.to_string(), written: label.name.to_string() });
                }
                SelectItem::Expression { node: Node::Column(column), .. } => columns.push(OutputColumn {
                    name: column.name.to_string(),
                    written: self.column_name(&column.source, &column.name).ok()?,
                }),
                SelectItem::Expression { .. } => return None,
            }
        }
        Some(columns)
    }

    /// How many columns an item gives.
    pub(super) fn item_width(item: &SelectItem) -> usize {
        match item {
            SelectItem::Expression { .. } => 1,
            SelectItem::Entity { table, .. } => table.definition().columns.len(),
        }
    }
}

/// Columns that are called just as they are asked for.
fn named(columns: &[Name]) -> Vec<OutputColumn> {
    columns.iter().map(|name| OutputColumn { name: name.to_string(), written: name.to_string() }).collect()
}

/// The physical name of a table's column.
///
/// # Errors
/// An unknown name; what there is instead is listed.
pub(super) fn physical_column(table: &Table, name: &str, dialect: &dyn Dialect) -> Result<String> {
    let definition = table.definition();
    if definition.find(name).is_some() {
        let physical = dialect.physical_name(name).into_owned();
        names::check_column(&physical, dialect)?;
        return Ok(physical);
    }
    let names: Vec<&str> = definition.columns.iter().map(|column| &*column.name).collect();
    Err(unknown_column("table", table.name(), name, &names))
}

fn unknown_column(kind: &str, of: &str, name: &str, names: &[&str]) -> Error {
    let has = if names.is_empty() {
        "it has no columns".to_owned()
    } else {
        format!("it has: {}", names.join(", "))
    };
    Error::argument(format!("the {kind} `{of}` has no column `{name}`; {has}"))
}

/// Whether a select list's value is NULL wherever a source's row is missing: a column of it, perhaps calculated with.
pub(super) fn is_null_without<'n>(node: &'n Node, sources: &[&'n Source]) -> Option<&'n Source> {
    use crate::expression::BinaryOperator as Operator;
    match node {
        Node::Column(column) => sources.iter().copied().find(|source| **source == column.source),
        Node::Label(label) => is_null_without(&label.node, sources),
        Node::Cast(cast) => is_null_without(&cast.operand, sources),
        Node::Construct(node)
            if matches!(
                node.construct,
                Construct::Collate(_)
                    | Construct::Regexp { .. }
                    | Construct::Bitwise(_)
                    | Construct::Extract(_)
                    | Construct::Later(_)
                    | Construct::Between(_)
            ) =>
        {
            node.operands.iter().find_map(|operand| is_null_without(operand, sources))
        }
        Node::Binary(binary)
            if matches!(
                binary.operator,
                Operator::Add
                    | Operator::Subtract
                    | Operator::Multiply
                    | Operator::Divide
                    | Operator::Modulo
                    | Operator::Concatenate
            ) =>
        {
            is_null_without(&binary.left, sources).or_else(|| is_null_without(&binary.right, sources))
        }
        _ => None,
    }
}
