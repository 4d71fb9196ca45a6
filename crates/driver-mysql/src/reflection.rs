//! [`MySqlReflection`]: what a database is made of, out of `information_schema`.

mod column_type;
mod columns;
mod constraints;
mod indexes;
mod partitions;
mod sequences;
mod tables;

use aludel_driver::{
    BoxFuture, Result, ServerInfo, Value,
    reflection::{
        Catalog, ReflectedColumn, ReflectedConstraints, ReflectedIndex, ReflectedSequence, ReflectedTable,
        Reflection, Scope, TableName, TemporaryScope, rows,
    },
};
use aludel_sql_expression::FromRow;

/// Reads the catalogue of MySQL, or of MariaDB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MySqlReflection {
    is_mariadb: bool,
    version: (u32, u32, u32),
}

impl MySqlReflection {
    pub(crate) fn new(server: &ServerInfo) -> Self {
        Self { is_mariadb: server.product == "MariaDB", version: server.version }
    }
}

/// A text of the catalogue as one of the connection's character set: some of its columns are bytes.
fn text(column: &str) -> String {
    format!("CONVERT({column} USING utf8mb4)")
}

/// The condition by which a scope takes a table, with its parameters. The server compares names without regard to upper and
/// lower case, so that [`Scope::takes`] has to be asked afterwards.
fn takes(scope: &Scope, schema: &str, name: &str) -> (String, Vec<Value>) {
    let (mut condition, parameters) = takes_named(scope, schema, name);
    if scope.temporary == TemporaryScope::Only {
        // These parts of the catalogue know nothing of what is temporary.
        condition.push_str(" AND FALSE");
    }
    (condition, parameters)
}

/// The same where the catalogue says of what kind a table is: MariaDB lists temporary ones from 11.2 on, MySQL never.
fn takes_kinds(scope: &Scope, schema: &str, name: &str, kind: &str) -> (String, Vec<Value>) {
    let (mut condition, parameters) = takes_named(scope, schema, name);
    match scope.temporary {
        TemporaryScope::Only => condition.push_str(&format!(" AND {kind} = 'TEMPORARY'")),
        TemporaryScope::Without => condition.push_str(&format!(" AND {kind} <> 'TEMPORARY'")),
        TemporaryScope::With => {}
    }
    (condition, parameters)
}

fn takes_named(scope: &Scope, schema: &str, name: &str) -> (String, Vec<Value>) {
    let mut parameters = Vec::new();
    let mut condition = match &scope.schema {
        Some(own) => {
            parameters.push(Value::Text(own.into()));
            format!("{schema} = ?")
        }
        None => format!("{schema} = DATABASE()"),
    };
    if let Some(names) = &scope.names {
        let marks: Vec<&str> = names.iter().map(|_| "?").collect();
        let marks = if marks.is_empty() { "NULL".to_owned() } else { marks.join(", ") };
        condition.push_str(&format!(" AND {name} IN ({marks})"));
        parameters.extend(names.iter().map(|name| Value::Text(name.into())));
    }
    (condition, parameters)
}

/// A name between quotes.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[derive(FromRow)]
struct Named {
    name: Option<String>,
}

impl Reflection for MySqlReflection {
    fn default_schema<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let found: Vec<Named> = rows(catalog, "SELECT DATABASE() AS name", &[]).await?;
            Ok(found.into_iter().find_map(|row| row.name).unwrap_or_default())
        })
    }

    fn schemas<'a>(&'a self, catalog: &'a mut dyn Catalog) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let sql = "SELECT schema_name AS name FROM information_schema.schemata ORDER BY schema_name";
            let found: Vec<Named> = rows(catalog, sql, &[]).await?;
            Ok(found.into_iter().filter_map(|row| row.name).collect())
        })
    }

    fn tables<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedTable>>> {
        Box::pin(tables::reflect(*self, catalog, scope))
    }

    fn columns<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedColumn)>>> {
        Box::pin(columns::reflect(*self, catalog, scope))
    }

    fn constraints<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedConstraints)>>> {
        Box::pin(constraints::reflect(*self, catalog, scope))
    }

    fn indexes<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<(TableName, ReflectedIndex)>>> {
        Box::pin(indexes::reflect(*self, catalog, scope))
    }

    fn sequences<'a>(
        &'a self,
        catalog: &'a mut dyn Catalog,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<Vec<ReflectedSequence>>> {
        Box::pin(sequences::reflect(*self, catalog, scope))
    }
}
