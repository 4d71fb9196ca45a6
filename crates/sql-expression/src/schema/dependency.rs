//! The order in which tables are created and dropped.

use super::{ForeignKeyConstraint, MetaData, Table, naming_convention::fitting};
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
