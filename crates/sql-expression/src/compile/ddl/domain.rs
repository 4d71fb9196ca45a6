//! CREATE DOMAIN and DROP DOMAIN.

use super::{block, column, comment, constraint::named, either, identifier, require};
use crate::{
    Error, Result,
    dialect::Dialect,
    name::Name,
    schema::{CheckConstraint, Domain},
};

/// CREATE DOMAIN, with its comments. What rows are not to be looked at for is added to it then.
pub(super) fn create(domain: &Domain, if_not_exists: bool, dialect: &dyn Dialect) -> Result<Vec<String>> {
    let name = written(domain.schema.as_ref(), &domain.name, "CREATE DOMAIN", dialect)?;
    let mut sql = format!("CREATE DOMAIN {name} AS {}", dialect.type_name(&domain.sql_type)?);
    if let Some(collation) = &domain.collation {
        sql.push_str(&format!(" COLLATE {}", dialect.identifier(collation)));
    }
    if let Some(default) = &domain.server_default {
        sql.push_str(&format!(" DEFAULT {}", column::default_text(default, &domain.sql_type, dialect)?));
    }
    sql.push_str(either(!domain.nullable, " NOT NULL"));
    for check in domain.checks.iter().filter(|check| !check.not_valid) {
        sql.push_str(&format!(" {}", condition(check, dialect)?));
    }
    let mut statements = vec![match if_not_exists {
        // There is no IF NOT EXISTS here.
        true => block::unless_there(&sql),
        false => sql,
    }];
    for check in domain.checks.iter().filter(|check| check.not_valid) {
        let sql = format!("ALTER DOMAIN {name} ADD {} NOT VALID", condition(check, dialect)?);
        statements.push(match if_not_exists {
            true => block::unless_there(&sql),
            false => sql,
        });
    }
    if let Some(comment) = &domain.comment {
        statements.push(comment::on(&format!("DOMAIN {name}"), Some(comment), dialect)?);
    }
    for check in &domain.checks {
        if let Some(comment) = &check.comment {
            let own = check.name.as_ref().ok_or_else(|| {
                Error::argument(format!(
                    "a condition of the domain `{}` has a comment, but no name by which it can be said; give it one",
                    domain.name
                ))
            })?;
            let what = format!("CONSTRAINT {} ON DOMAIN {name}", dialect.identifier(own));
            statements.push(comment::on(&what, Some(comment), dialect)?);
        }
    }
    Ok(statements)
}

/// DROP DOMAIN.
pub(super) fn drop(
    schema: Option<&Name>,
    name: &Name,
    if_exists: bool,
    dialect: &dyn Dialect,
) -> Result<String> {
    let name = written(schema, name, "DROP DOMAIN", dialect)?;
    Ok(format!("DROP DOMAIN {}{name}", either(if_exists, "IF EXISTS ")))
}

fn condition(check: &CheckConstraint, dialect: &dyn Dialect) -> Result<String> {
    identifier::check_optional(check.name.as_ref(), "a condition of a domain", dialect)?;
    Ok(format!("{}CHECK ({})", named(check.name.as_ref(), dialect), check.condition.to_sql(dialect)?))
}

fn written(schema: Option<&Name>, name: &Name, construct: &str, dialect: &dyn Dialect) -> Result<String> {
    require(dialect.features().ddl.domains, &format!("{construct} (of `{name}`)"), dialect)?;
    identifier::check_schema(schema, dialect)?;
    identifier::check(name, "a domain", dialect)?;
    Ok(match schema {
        // As columns name it: without a schema, whatever other schemas there are.
        None => dialect.identifier(name),
        schema => dialect.qualified(schema, name),
    })
}
