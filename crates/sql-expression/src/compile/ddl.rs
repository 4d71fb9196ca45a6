//! DDL as text. It is rendered anew each time: it comes once.

mod column;
mod constraint;
mod index;
mod table;

use super::{Parameters, Rendered, RenderedPart, compiled::key_of};
use crate::{
    Result,
    dialect::{Dialect, EnumerationStyle},
    statement::{DdlNode, StatementKind},
};

/// Renders a DDL statement: one part, or several that belong together.
pub(super) fn render(node: &DdlNode, dialect: &dyn Dialect) -> Result<Rendered> {
    let texts = match node {
        DdlNode::CreateTable { table, if_not_exists, without_foreign_keys_to, with_indexes } => {
            table::create(table, *if_not_exists, without_foreign_keys_to, *with_indexes, dialect)?
        }
        DdlNode::DropTable { table, if_exists } => {
            vec![format!("DROP TABLE {}{}", either(*if_exists, "IF EXISTS "), dialect.table_name(table))]
        }
        DdlNode::CreateIndex { table, index, if_not_exists } => {
            vec![index::create(table, index, *if_not_exists, dialect)?]
        }
        DdlNode::DropIndex { table, name, if_exists } => vec![index::drop(table, name, *if_exists, dialect)],
        DdlNode::AddForeignKey { table, key, if_not_exists } => {
            vec![constraint::add_foreign_key(table, key, *if_not_exists, dialect)?]
        }
        DdlNode::DropForeignKey { table, key, if_exists } => {
            vec![constraint::drop_foreign_key(table, key, *if_exists, dialect)?]
        }
        DdlNode::DropEnumeration { name, if_exists } => match dialect.features().enumerations {
            EnumerationStyle::NamedType => {
                vec![format!("DROP TYPE {}{}", either(*if_exists, "IF EXISTS "), dialect.identifier(name))]
            }
            EnumerationStyle::Inline | EnumerationStyle::Check => Vec::new(),
        },
        DdlNode::Raw(sql) => vec![sql.to_string()],
    };
    let parts = texts
        .into_iter()
        .map(|sql| RenderedPart {
            key: key_of(&sql),
            sql: sql.into(),
            cacheable: false,
            parameters: Parameters::default(),
            sets: 1,
            rows: 0,
        })
        .collect();
    Ok(Rendered { parts, kind: StatementKind::Ddl, returns_rows: false, row_order: None })
}

/// A text where a condition holds.
fn either(condition: bool, text: &'static str) -> &'static str {
    if condition { text } else { "" }
}

/// Columns of a table in parentheses.
fn column_list<'c>(
    columns: impl IntoIterator<Item = &'c crate::name::Name>,
    dialect: &dyn Dialect,
) -> String {
    let names: Vec<String> = columns.into_iter().map(|name| dialect.column_name(name)).collect();
    format!("({})", names.join(", "))
}
