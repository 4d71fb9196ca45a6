//! [`PostgresReflection`]: what a database is made of, out of `pg_catalog`.

mod column_type;
mod columns;
mod constraints;
mod indexes;
mod sequences;
mod tables;
mod user_types;

use aludel_driver::{
    BoxFuture, Result, Value,
    reflection::{
        Catalog, ReflectedColumn, ReflectedConstraints, ReflectedDomain, ReflectedEnum, ReflectedIndex,
        ReflectedSequence, ReflectedTable, Reflection, Scope, TableName, TemporaryScope, rows,
    },
};
use aludel_sql_expression::{FromRow, SqlType, value::ArrayValue};

/// Reads the catalogue of a server of this version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PostgresReflection {
    major: u32,
}

impl PostgresReflection {
    pub(crate) fn new(version: (u32, u32, u32)) -> Self {
        Self { major: version.0 }
    }
}

/// What separates names that the server gives in one text: no name has it.
const SEPARATOR: char = '\u{1e}';

/// The condition on `n` (`pg_namespace`) and the name of an object by which a [`Scope`] takes it: its parameters are those of
/// [`parameters`].
fn takes(name: &str, is_visible: &str) -> String {
    format!(
        "CASE WHEN $1::text IS NULL THEN {is_visible} AND n.nspname NOT IN ('pg_catalog', 'information_schema') \
         ELSE n.nspname = $1::text END AND ($2::text[] IS NULL OR {name}::text = ANY ($2::text[]))"
    )
}

/// The same of relations called `c`, with regard to whether they are temporary.
fn takes_relation(scope: &Scope) -> String {
    let temporary = match scope.temporary {
        TemporaryScope::Without => " AND c.relpersistence <> 't'",
        TemporaryScope::Only => " AND c.relpersistence = 't'",
        TemporaryScope::With => "",
    };
    format!("{}{temporary}", takes("c.relname", "pg_catalog.pg_table_is_visible(c.oid)"))
}

fn parameters(scope: &Scope) -> [Value; 2] {
    let text = |text: &String| Value::Text(text.into());
    let names = scope.names.as_ref().map(|names| {
        let values: Vec<Value> = names.iter().map(text).collect();
        Value::Array(Box::new(ArrayValue { element: SqlType::Text, values: values.into() }))
    });
    [scope.schema.as_ref().map_or(Value::Null, text), names.unwrap_or_default()]
}

/// The names that the server gave in one text.
fn names(text: Option<String>) -> Vec<String> {
    text.map(|text| text.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default()
}

/// A condition without the parentheses that stand around all of it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        if !is_balanced(inner) {
            break;
        }
        text = inner.trim();
    }
    text
}

/// Whether every parenthesis that is closed in a text was opened in it before.
fn is_balanced(text: &str) -> bool {
    let (mut depth, mut quote) = (0_i32, None);
    for character in text.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '\'' | '"' => quote = Some(character),
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            },
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

#[derive(FromRow)]
struct Named {
    name: String,
}

impl Reflection for PostgresReflection {
    fn default_schema<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let sql = "SELECT COALESCE(pg_catalog.current_schema(), 'public')::text AS name";
            let found: Vec<Named> = rows(catalog, sql, &[]).await?;
            Ok(found.into_iter().next().map_or_else(|| "public".to_owned(), |row| row.name))
        })
    }

    fn schemas<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let sql = "SELECT nspname::text AS name FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1";
            let found: Vec<Named> = rows(catalog, sql, &[]).await?;
            Ok(found.into_iter().map(|row| row.name).collect())
        })
    }

    fn tables<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedTable>>> {
        Box::pin(tables::reflect(catalog, scope))
    }

    fn columns<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedColumn)>>> {
        Box::pin(columns::reflect(catalog, scope))
    }

    fn constraints<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedConstraints)>>> {
        Box::pin(constraints::reflect(self.major, catalog, scope))
    }

    fn indexes<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedIndex)>>> {
        Box::pin(indexes::reflect(self.major, catalog, scope))
    }

    fn sequences<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedSequence>>> {
        Box::pin(sequences::reflect(catalog, scope))
    }

    fn enums<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedEnum>>> {
        Box::pin(user_types::enums(catalog, scope))
    }

    fn domains<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedDomain>>> {
        Box::pin(user_types::domains(catalog, scope))
    }
}
