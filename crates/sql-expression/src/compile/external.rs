//! Statements that another library writes.

use super::{Rendered, RenderedPart, compiled::key_of, text};
use crate::{
    Error, Few, Result,
    dialect::Dialect,
    statement::{ExternalStatement, StatementKind},
};

/// Asks for the text, and gives it on.
pub(super) fn render(statement: &dyn ExternalStatement, dialect: &dyn Dialect) -> Result<Rendered> {
    let (sql, values) = statement.write(dialect)?;
    let most = dialect.features().max_parameters;
    if values.len() > most {
        return Err(Error::compile(format!(
            "the statement has {} parameters, but {} takes at most {most}",
            values.len(),
            dialect.name(),
        )));
    }
    let returns_rows = text::is_likely_to_return_rows(&sql, dialect.features());
    let part = RenderedPart {
        key: key_of(&sql),
        sql: sql.into(),
        cacheable: true,
        parameters: values.into_iter().collect::<Few<_, 2>>().into(),
        sets: 1,
        rows: 0,
    };
    Ok(Rendered { parts: Few::one(part), kind: StatementKind::Text, returns_rows, row_order: None })
}
