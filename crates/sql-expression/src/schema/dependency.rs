//! The order in which tables are created and dropped.

use super::{Domain, ForeignKeyConstraint, MetaData, Table, naming_convention::fitting};
use crate::{Error, Result, dialect::Dialect, name::Name};

/// Tables in an order in which each comes after those that it references, as far as that is possible.
pub(super) struct Order {
    pub(super) tables: Vec<Table>,
    /// Foreign keys that close a circle: the table and what it references, which comes later.
    pub(super) circles: Vec<(Table, Table)>,
}

impl Order {
    pub(super) fn of(tables: &[Table]) -> Self {
        let mut order = Self { tables: Vec::with_capacity(tables.len()), circles: Vec::new() };
        let mut open = Vec::new();
        for table in tables {
            order.place(table, tables, &mut open);
        }
        order
    }

    fn place(&mut self, table: &Table, tables: &[Table], open: &mut Vec<Table>) {
        if self.tables.contains(table) {
            return;
        }
        open.push(table.clone());
        for whole in wholes(table, tables) {
            if !open.contains(whole) {
                self.place(whole, tables, open);
            }
        }
        for key in table.foreign_keys() {
            let Some(target) = tables.iter().find(|target| key.is_to(table, target)) else { continue };
            if target == table {
                // A table can reference itself while it is created.
            } else if key.options.use_alter {
                // It is added after all tables, whichever comes first.
            } else if open.contains(target) {
                if !self.circles.contains(&(table.clone(), target.clone())) {
                    self.circles.push((table.clone(), target.clone()));
                }
            } else {
                self.place(target, tables, open);
            }
        }
        open.pop();
        self.tables.push(table.clone());
    }

    pub(super) fn left_out(&self, table: &Table) -> Vec<Table> {
        self.circles.iter().filter(|(from, _)| from == table).map(|(_, to)| to.clone()).collect()
    }

    /// Whether a foreign key is added after all tables.
    pub(super) fn comes_later(&self, table: &Table, key: &ForeignKeyConstraint) -> bool {
        key.options.use_alter || self.circles.iter().any(|(from, to)| from == table && key.is_to(table, to))
    }
}

/// The tables that a table is a part of or inherits from (PostgreSQL).
fn wholes<'t>(table: &Table, tables: &'t [Table]) -> Vec<&'t Table> {
    let definition = table.definition();
    let inherits = definition.options.postgresql.inherits.iter();
    let parents = inherits.filter_map(|sql| named(sql, tables));
    parents.chain(whole(table, tables)).collect()
}

/// The table that a table is a part of, and goes with (PostgreSQL).
pub(super) fn whole<'t>(table: &Table, tables: &'t [Table]) -> Option<&'t Table> {
    let definition = table.definition();
    let part = definition.options.postgresql.partition_of.as_ref()?;
    named(&part.table, tables)
}

/// The table that SQL names.
fn named<'t>(sql: &str, tables: &'t [Table]) -> Option<&'t Table> {
    let (schema, name) = parts(sql);
    let is_it = |table: &&Table| {
        name == **table.name() && schema.as_deref() == table.schema().map(|schema| &**schema)
    };
    tables.iter().find(is_it)
}

/// The schema and the name of a table out of SQL: `library."Old Books"`.
fn parts(sql: &str) -> (Option<String>, String) {
    let mut parts = vec![String::new()];
    let mut characters = sql.trim().chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        let Some(part) = parts.last_mut() else { break };
        match character {
            '"' if quoted && characters.next_if_eq(&'"').is_some() => part.push('"'),
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            character if quoted => part.push(character),
            character => part.extend(character.to_lowercase()),
        }
    }
    let name = parts.pop().unwrap_or_default();
    (parts.pop(), name)
}

/// Views in an order in which each comes after those that its query names.
pub(super) fn views_in_order(views: &[Table], dialect: &dyn Dialect) -> Vec<Table> {
    let texts: Vec<String> = views.iter().map(|view| query_text(view, dialect)).collect();
    let names: Vec<String> = views.iter().map(|view| dialect.physical_name(view.name()).into()).collect();
    order_by_mention(&texts, &names).into_iter().map(|position| views[position].clone()).collect()
}

/// Domains in an order in which each comes after the one that it is made of.
pub(super) fn domains_in_order(domains: &[Domain], dialect: &dyn Dialect) -> Vec<Domain> {
    let type_name = |domain: &Domain| dialect.type_name(&domain.sql_type).unwrap_or_default();
    let texts: Vec<String> = domains.iter().map(type_name).collect();
    let names: Vec<String> = domains.iter().map(|domain| domain.name.to_string()).collect();
    order_by_mention(&texts, &names).into_iter().map(|position| domains[position].clone()).collect()
}

/// The places of texts in an order in which each comes after those whose names it mentions.
fn order_by_mention(texts: &[String], names: &[String]) -> Vec<usize> {
    let mut placed = vec![false; texts.len()];
    let mut order = Vec::with_capacity(texts.len());
    for position in 0..texts.len() {
        place_text(position, texts, names, &mut placed, &mut order);
    }
    order
}

fn place_text(
    position: usize,
    texts: &[String],
    names: &[String],
    placed: &mut [bool],
    order: &mut Vec<usize>,
) {
    if std::mem::replace(&mut placed[position], true) {
        return;
    }
    for (other, name) in names.iter().enumerate() {
        if mentions(&texts[position], name) {
            place_text(other, texts, names, placed, order);
        }
    }
    order.push(position);
}

fn query_text(view: &Table, dialect: &dyn Dialect) -> String {
    let definition = view.definition();
    let query = definition.view.as_ref().and_then(|view| view.query.as_ref());
    query.and_then(|query| query.to_sql(dialect).ok()).unwrap_or_default()
}

/// Whether a name stands in a text as a word of its own. Where it does and means something else, the order is another, which
/// does no harm.
fn mentions(text: &str, name: &str) -> bool {
    let is_in_word = |character: char| character.is_alphanumeric() || character == '_' || character == '$';
    let stands = |name: &str| {
        text.match_indices(name).any(|(start, found)| {
            !text[..start].ends_with(is_in_word) && !text[start + found.len()..].starts_with(is_in_word)
        })
    };
    stands(name)
        || ['"', '`']
            .into_iter()
            .any(|quote| name.contains(quote) && stands(&name.replace(quote, &format!("{quote}{quote}"))))
}

impl ForeignKeyConstraint {
    /// Gives it a name that fits the database, unless it has one.
    pub(crate) fn name_it(&mut self, table: &Table, dialect: &dyn Dialect) {
        let columns = &self.columns;
        self.name.get_or_insert_with(|| {
            let mut name = dialect.physical_name(table.name()).into_owned();
            for column in columns {
                name.push('_');
                name.push_str(&dialect.physical_name(column));
            }
            name.push_str("_fkey");
            Name::from(fitting(name, dialect.features().max_identifier_length))
        });
    }
}

impl MetaData {
    /// The tables in an order in which each comes after those that it references; tables that reference each other stand as
    /// they were added. Views come last, as they were added.
    pub fn sorted_tables(&self) -> Vec<Table> {
        let (views, tables): (Vec<Table>, Vec<Table>) =
            self.tables().into_iter().partition(|table| table.definition().is_view());
        let mut sorted = Order::of(&tables).tables;
        sorted.extend(views);
        sorted
    }

    /// Refuses foreign keys to a column that the referenced table does not have. Tables outside may be there all the same.
    pub(super) fn check_targets(&self) -> Result<()> {
        let tables = self.tables();
        for table in &tables {
            for key in table.foreign_keys() {
                let Some(target) = tables.iter().find(|target| key.is_to(table, target)) else { continue };
                let definition = target.definition();
                if let Some(missing) = key.referenced.iter().find(|column| definition.find(column).is_none())
                {
                    return Err(Error::argument(format!(
                        "a foreign key of `{}` references `{}.{missing}`, which is not there",
                        table.name(),
                        target.name()
                    )));
                }
            }
        }
        Ok(())
    }
}
