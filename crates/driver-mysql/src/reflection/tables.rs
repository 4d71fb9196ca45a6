//! Tables and views, with their options, comments and texts.

use aludel_driver::{
    Result,
    reflection::{Catalog, ReflectedTable, Scope, TableKind, rows},
};
use aludel_sql_expression::FromRow;

use super::{MySqlReflection, partitions, quoted, takes_kinds, text};

#[derive(FromRow)]
struct Found {
    schema_name: String,
    name: String,
    kind: String,
    engine: Option<String>,
    collation: Option<String>,
    create_options: Option<String>,
    comment: Option<String>,
    definition: Option<String>,
    check_option: Option<String>,
    security: Option<String>,
    algorithm: Option<String>,
}

pub(super) async fn reflect(
    server: MySqlReflection,
    catalog: &mut dyn Catalog,
    scope: &Scope,
) -> Result<Vec<ReflectedTable>> {
    let (condition, parameters) = takes_kinds(scope, "t.table_schema", "t.table_name", "t.table_type");
    let sql = format!(
        "SELECT {} AS schema_name, {} AS name, {} AS kind, {} AS engine, {} AS collation, {} AS create_options, {} AS comment, {} AS definition, \
         {} AS check_option, {} AS security, {} AS algorithm \
         FROM information_schema.tables t LEFT JOIN information_schema.views v \
         ON v.table_schema = t.table_schema AND v.table_name = t.table_name \
         WHERE {condition} AND t.table_type <> 'SEQUENCE' ORDER BY t.table_name",
        text("t.table_schema"),
        text("t.table_name"),
        text("t.table_type"),
        text("t.engine"),
        text("t.table_collation"),
        text("t.create_options"),
        text("t.table_comment"),
        text("v.view_definition"),
        text("v.check_option"),
        text("v.security_type"),
        // MySQL tells it nowhere but in SHOW CREATE VIEW.
        if server.is_mariadb { text("v.algorithm") } else { "NULL".to_owned() }
    );
    let found: Vec<Found> = rows(catalog, sql, &parameters).await?;
    let is_cut =
        |found: &Found| found.create_options.as_deref().is_some_and(|text| text.contains("partitioned"));
    let mut parts = match found.iter().any(is_cut) {
        true => partitions::reflect(catalog, scope).await?,
        false => Default::default(),
    };
    let taken = found.into_iter().filter(|found| scope.takes(&found.name));
    Ok(taken
        .map(|found| {
            let partition_by = parts.remove(&found.name);
            let mut table = table(scope, found);
            table.options.partition_by = partition_by;
            table
        })
        .collect())
}

fn table(scope: &Scope, found: Found) -> ReflectedTable {
    let mut table = ReflectedTable::new(scope.name(found.name));
    if found.kind.ends_with("VIEW") {
        table.kind = TableKind::View;
        table.definition = found.definition.map(|text| match scope.schema {
            // A view that is named without its database is created again in whatever database is there.
            None => without_database(&text, &found.schema_name),
            Some(_) => text,
        });
        table.options.check_option = found.check_option.filter(|word| word != "NONE");
        // As it is by itself, it is not said.
        let words = [
            ("ALGORITHM = ", found.algorithm.filter(|word| word != "UNDEFINED")),
            ("SQL SECURITY ", found.security.filter(|word| word != "DEFINER")),
        ];
        let words: Vec<String> =
            words.into_iter().filter_map(|(before, word)| Some(format!("{before}{}", word?))).collect();
        table.options.further = Some(words.join(" ")).filter(|words| !words.is_empty());
        return table;
    }
    table.temporary = found.kind == "TEMPORARY";
    table.comment = found.comment.filter(|comment| !comment.is_empty());
    table.options.engine = found.engine;
    table.options.charset =
        found.collation.as_deref().and_then(|name| name.split('_').next()).map(str::to_owned);
    table.options.collation = found.collation;
    table.options.further = found
        .create_options
        .map(|options| options.replace("partitioned", "").trim().to_owned())
        .filter(|options| !options.is_empty());
    if found.kind == "SYSTEM VERSIONED" {
        let further = table.options.further.get_or_insert_default();
        further.push_str(if further.is_empty() { "" } else { " " });
        further.push_str("WITH SYSTEM VERSIONING");
    }
    table
}

/// A text of the server without the name of its own database, which the server puts before each table.
pub(super) fn without_database(text: &str, database: &str) -> String {
    let prefix = format!("{}.", quoted(database));
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find(['\'', '`']) {
        kept.push_str(&rest[..place]);
        rest = &rest[place..];
        if let Some(shorter) = rest.strip_prefix(&prefix) {
            rest = shorter;
            continue;
        }
        let end = end_of_quoted(rest);
        kept.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    kept.push_str(rest);
    kept
}

/// Where the text or name ends that begins here with a quote: in a name the quote is doubled, in a text it may come behind a
/// backslash as well.
fn end_of_quoted(text: &str) -> usize {
    let mut letters = text.char_indices();
    let quote = letters.next().map(|(_, letter)| letter);
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' if quote == Some('\'') => drop(letters.next()),
            letter if Some(letter) == quote => match letters.clone().next() {
                Some((_, next)) if Some(next) == quote => drop(letters.next()),
                _ => return place + letter.len_utf8(),
            },
            _ => {}
        }
    }
    text.len()
}
