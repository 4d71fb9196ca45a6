//! DDL as text. It is rendered anew each time: it comes once.

mod alter;
mod alter_column;
mod block;
mod column;
mod comment;
mod constraint;
mod domain;
mod enumeration;
pub(super) mod identifier;
mod index;
mod options;
mod schema;
mod sequence;
mod table;
mod view;

pub(super) use sequence::next_value;

use super::{Parameters, Rendered, RenderedPart, compiled::key_of};
use crate::{
    Error, Result,
    dialect::Dialect,
    statement::{DdlNode, StatementKind},
};

/// Renders a DDL statement: one part, or several that belong together.
pub(super) fn render(node: &DdlNode, dialect: &dyn Dialect) -> Result<Rendered> {
    let texts = match node {
        DdlNode::CreateTable { .. } => table::create(node, dialect)?,
        DdlNode::CreateTableAs { table, query, if_not_exists } => {
            vec![table::create_as(table, query, *if_not_exists, dialect)?]
        }
        DdlNode::DropTable { table, if_exists, cascade } => {
            identifier::check_table(table, dialect)?;
            vec![format!(
                "DROP TABLE {}{}{}",
                either(*if_exists, "IF EXISTS "),
                dialect.table_name(table),
                cascading(*cascade, "DROP TABLE", dialect)?
            )]
        }
        DdlNode::AlterTable { table, change, if_exists } => alter::table(table, change, *if_exists, dialect)?,
        DdlNode::CreateIndex { table, index, if_not_exists } => {
            index::create(table, index, *if_not_exists, dialect)?
        }
        DdlNode::DropIndex { table, name, if_exists, concurrently } => {
            vec![index::drop(table, name, *if_exists, *concurrently, dialect)?]
        }
        DdlNode::RenameIndex { table, from, to } => vec![index::rename(table, from, to, dialect)?],
        DdlNode::CreateSchema { name, if_not_exists } => vec![schema::create(name, *if_not_exists, dialect)?],
        DdlNode::DropSchema { name, if_exists, cascade } => {
            vec![schema::drop(name, *if_exists, *cascade, dialect)?]
        }
        DdlNode::CreateSequence { sequence, if_not_exists } => {
            sequence::create(sequence, *if_not_exists, dialect)?
        }
        DdlNode::AlterSequence { sequence, change, if_exists } => {
            vec![sequence::alter(sequence, change, *if_exists, dialect)?]
        }
        DdlNode::DropSequence { sequence, if_exists } => vec![sequence::drop(sequence, *if_exists, dialect)?],
        DdlNode::CreateView { table, query, or_replace, if_not_exists } => {
            view::create(table, query.as_ref(), *or_replace, *if_not_exists, dialect)?
        }
        DdlNode::DropView { table, if_exists, cascade } => {
            vec![view::drop(table, *if_exists, *cascade, dialect)?]
        }
        DdlNode::RefreshView { table, concurrently } => vec![view::refresh(table, *concurrently, dialect)?],
        DdlNode::CreateType { enumeration, if_not_exists } => {
            enumeration::create(enumeration, *if_not_exists, dialect)?
        }
        DdlNode::AlterType { schema, name, change } => {
            vec![enumeration::alter(schema.as_ref(), name, change, dialect)?]
        }
        DdlNode::DropType { schema, name, if_exists } => {
            enumeration::drop(schema.as_ref(), name, *if_exists, dialect)?
        }
        DdlNode::CreateDomain { domain, if_not_exists } => domain::create(domain, *if_not_exists, dialect)?,
        DdlNode::DropDomain { schema, name, if_exists } => {
            vec![domain::drop(schema.as_ref(), name, *if_exists, dialect)?]
        }
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

/// The error of what the dialect does not have, with its version where that is known.
fn unsupported(construct: &str, dialect: &dyn Dialect) -> Error {
    match dialect.version() {
        (0, 0, 0) => Error::unsupported(construct, dialect.name()),
        (major, minor, patch) => Error::compile(format!(
            "{construct} is not supported by the {} dialect (version {major}.{minor}.{patch})",
            dialect.name()
        )),
    }
}

/// Refuses what is asked for and not there.
fn require(has: bool, construct: &str, dialect: &dyn Dialect) -> Result<()> {
    if has { Ok(()) } else { Err(unsupported(construct, dialect)) }
}

fn cascading(cascade: bool, of: &str, dialect: &dyn Dialect) -> Result<&'static str> {
    if cascade {
        require(dialect.features().ddl.drop_cascade, &format!("{of} .. CASCADE"), dialect)?;
    }
    Ok(either(cascade, " CASCADE"))
}

/// Columns of a table in parentheses.
fn column_list<'c>(
    columns: impl IntoIterator<Item = &'c crate::name::Name>,
    dialect: &dyn Dialect,
) -> String {
    let names: Vec<String> = columns.into_iter().map(|name| dialect.column_name(name)).collect();
    format!("({})", names.join(", "))
}
