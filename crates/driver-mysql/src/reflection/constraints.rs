//! Primary keys, foreign keys, unique constraints and conditions.

use std::collections::{BTreeMap, HashSet};

use aludel_driver::{
    Result,
    reflection::{
        Catalog, ReflectedCheckConstraint, ReflectedConstraints, ReflectedForeignKeyConstraint,
        ReflectedIndexElement, ReflectedPrimaryKeyConstraint, ReflectedUniqueConstraint, Scope, TableName,
        rows,
    },
};
use aludel_sql_expression::{FromRow, schema::ReferentialAction};

use super::{MySqlReflection, quoted, takes, text};

/// One of the columns of a key.
#[derive(FromRow)]
struct Member {
    table_name: String,
    name: String,
    kind: String,
    column_name: String,
    direction: Option<String>,
    length: Option<u32>,
    comment: Option<String>,
    is_default_schema: Option<bool>,
    referred_schema: Option<String>,
    referred_table: Option<String>,
    referred_column: Option<String>,
    on_update: Option<String>,
    on_delete: Option<String>,
}

impl Member {
    /// How the index of the key takes the column.
    fn element(&self) -> ReflectedIndexElement {
        let mut element = ReflectedIndexElement::default();
        element.column = Some(self.column_name.clone());
        element.descending = self.direction.as_deref() == Some("D");
        element.length = self.length;
        element
    }
}

pub(super) async fn reflect(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<(TableName, ReflectedConstraints)>> {
    let mut tables: BTreeMap<String, ReflectedConstraints> = BTreeMap::new();
    for members in keys(catalog, scope).await?.chunk_by(|one, other| {
        (&one.table_name, &one.kind, &one.name) == (&other.table_name, &other.kind, &other.name)
    }) {
        if let Some(first) = members.first().filter(|first| scope.takes(&first.table_name)) {
            add(server, tables.entry(first.table_name.clone()).or_default(), members, first, scope);
        }
    }
    for check in checks(server, catalog, scope).await? {
        if scope.takes(&check.table_name) && !check.is_of_document() {
            tables.entry(check.table_name.clone()).or_default().checks.push(check.reflected(server));
        }
    }
    Ok(tables.into_iter().map(|(name, constraints)| (scope.name(name), constraints)).collect())
}

async fn keys(catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<Member>> {
    let (condition, parameters) = takes(scope, "t.table_schema", "t.table_name");
    // A table that keeps its past has a column in its keys that no index lists, and that nobody sees.
    let sql = format!(
        "SELECT {} AS table_name, {} AS name, {} AS kind, {} AS column_name, \
         {} AS direction, s.sub_part AS length, {} AS comment, k.referenced_table_schema = DATABASE() AS is_default_schema, {} AS referred_schema, {} AS referred_table, \
         {} AS referred_column, {} AS on_update, {} AS on_delete \
         FROM information_schema.table_constraints t JOIN information_schema.key_column_usage k \
         ON k.table_schema = t.table_schema AND k.table_name = t.table_name AND k.constraint_name = t.constraint_name \
         AND (t.constraint_type = 'FOREIGN KEY') = (k.referenced_table_name IS NOT NULL) \
         LEFT JOIN information_schema.statistics s ON t.constraint_type <> 'FOREIGN KEY' \
         AND s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.index_name = t.constraint_name \
         AND s.column_name = k.column_name \
         LEFT JOIN information_schema.referential_constraints r ON t.constraint_type = 'FOREIGN KEY' \
         AND r.constraint_schema = t.table_schema AND r.table_name = t.table_name AND r.constraint_name = t.constraint_name \
         WHERE {condition} AND t.constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') AND (s.column_name IS NOT NULL OR t.constraint_type = 'FOREIGN KEY') \
         ORDER BY t.table_name, t.constraint_type, t.constraint_name, k.ordinal_position",
        text("t.table_name"),
        text("t.constraint_name"),
        text("t.constraint_type"),
        text("k.column_name"),
        text("s.collation"),
        text("s.index_comment"),
        text("k.referenced_table_schema"),
        text("k.referenced_table_name"),
        text("k.referenced_column_name"),
        text("r.update_rule"),
        text("r.delete_rule")
    );
    rows(catalog, sql, &parameters).await
}

fn add(
    server: MySqlReflection,
    constraints: &mut ReflectedConstraints,
    members: &[Member],
    first: &Member,
    scope: &Scope,
) {
    let columns: Vec<String> = members.iter().map(|member| member.column_name.clone()).collect();
    match first.kind.as_str() {
        "PRIMARY KEY" => {
            // Every primary key is called PRIMARY, whatever it was named.
            let mut key = ReflectedPrimaryKeyConstraint::default();
            key.columns = columns;
            key.index_comment = first.comment.clone().filter(|comment| !comment.is_empty());
            if members
                .iter()
                .any(|member| member.length.is_some() || member.direction.as_deref() == Some("D"))
            {
                key.elements = members.iter().map(Member::element).collect();
            }
            constraints.primary_key = Some(key);
        }
        "UNIQUE" => {
            let mut unique = ReflectedUniqueConstraint::default();
            unique.name = Some(first.name.clone());
            unique.columns = columns;
            unique.index = Some(first.name.clone());
            constraints.uniques.push(unique);
        }
        _ => {
            let mut key = ReflectedForeignKeyConstraint::default();
            key.name = Some(first.name.clone());
            key.columns = columns;
            let is_by_default = scope.schema.is_none() && first.is_default_schema == Some(true);
            let schema = first.referred_schema.as_deref().filter(|_| !is_by_default);
            key.referred = TableName::new(schema, first.referred_table.clone().unwrap_or_default());
            key.referred_columns =
                members.iter().filter_map(|member| member.referred_column.clone()).collect();
            let action = |word: &Option<String>| {
                let told = word.as_deref().and_then(|word| word.parse().ok()).unwrap_or_default();
                // MariaDB takes both for the same, and tells this word where nothing was said.
                match told {
                    ReferentialAction::Restrict if server.is_mariadb => ReferentialAction::NoAction,
                    told => told,
                }
            };
            key.on_delete = action(&first.on_delete);
            key.on_update = action(&first.on_update);
            constraints.foreign_keys.push(key);
        }
    }
}

/// A condition.
#[derive(FromRow)]
struct Check {
    table_name: String,
    name: String,
    condition: String,
    is_of_column: bool,
    is_enforced: bool,
}

impl Check {
    /// Whether it is what makes a text a JSON document on MariaDB.
    fn is_of_document(&self) -> bool {
        self.is_of_column
            && self.condition.eq_ignore_ascii_case(&format!("json_valid({})", quoted(&self.name)))
    }

    fn reflected(self, server: MySqlReflection) -> ReflectedCheckConstraint {
        let mut check = ReflectedCheckConstraint::default();
        // That of a column is called like it, and cannot be named otherwise.
        match self.is_of_column {
            true => check.column = Some(self.name),
            false => check.name = Some(self.name),
        }
        check.sqltext = match server.is_mariadb {
            true => self.condition,
            false => self.condition.replace("\\'", "'"),
        };
        check.not_enforced = !self.is_enforced;
        check
    }
}

async fn checks(server: MySqlReflection, catalog: &mut dyn Catalog, scope: &Scope) -> Result<Vec<Check>> {
    let (condition, parameters) = takes(scope, "t.table_schema", "t.table_name");
    let (own, other) = if server.is_mariadb {
        ("c.level = 'Column' AS is_of_column, TRUE AS is_enforced", "c.table_name = t.table_name")
    } else {
        ("FALSE AS is_of_column, t.enforced = 'YES' AS is_enforced", "TRUE")
    };
    let sql = format!(
        "SELECT {} AS table_name, {} AS name, {} AS `condition`, {own} \
         FROM information_schema.table_constraints t JOIN information_schema.check_constraints c \
         ON c.constraint_schema = t.table_schema AND c.constraint_name = t.constraint_name AND {other} \
         WHERE {condition} AND t.constraint_type = 'CHECK' ORDER BY t.table_name, t.constraint_name",
        text("t.table_name"),
        text("t.constraint_name"),
        text("c.check_clause")
    );
    rows(catalog, sql, &parameters).await
}

/// The columns of MariaDB that are JSON documents: texts with a condition of their own. Table and column of each.
pub(super) async fn documents(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<HashSet<(String, String)>> {
    let checks = checks(server, catalog, scope).await?;
    Ok(checks.into_iter().filter(Check::is_of_document).map(|check| (check.table_name, check.name)).collect())
}
