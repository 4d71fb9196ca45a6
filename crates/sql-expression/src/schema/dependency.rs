//! The order in which tables are created and dropped.

use super::{ForeignKeyConstraint, MetaData, Table};
use crate::{
    Result,
    dialect::Dialect,
    name::Name,
    statement::{Ddl, DdlNode},
    types::SqlType,
};

/// Tables in an order in which each comes after those that it references, as far as that is possible.
struct Order {
    tables: Vec<Table>,
    /// Foreign keys that close a circle: the table and what it references, which comes later.
    circles: Vec<(Table, Table)>,
}

impl Order {
    fn of(tables: &[Table]) -> Self {
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

    fn left_out(&self, table: &Table) -> Vec<Table> {
        self.circles.iter().filter(|(from, _)| from == table).map(|(_, to)| to.clone()).collect()
    }

    /// The foreign keys that close circles, each with a name by which it can be dropped.
    fn circle_keys(&self, dialect: &dyn Dialect) -> Vec<(Table, ForeignKeyConstraint)> {
        let mut keys = Vec::new();
        for (table, target) in &self.circles {
            for mut key in table.foreign_keys().into_iter().filter(|key| key.is_to(table, target)) {
                key.name_it(table, dialect);
                keys.push((table.clone(), key));
            }
        }
        keys
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
            Name::from(super::index::fitting(name, dialect.features().max_identifier_length))
        });
    }
}

impl MetaData {
    /// The tables in an order in which each comes after those that it references; tables that reference each other stand as
    /// they were added.
    pub fn sorted_tables(&self) -> Vec<Table> {
        Order::of(&self.tables()).tables
    }

    /// The statements that create all tables with their indexes, in order of dependency. With `if_not_exists`, what is there
    /// already is left alone.
    ///
    /// Foreign keys between tables that reference each other are added at the end, where the database can do that; MySQL
    /// itself cannot tell whether such a key is there already.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a constraint over a column that is not there;
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for a type that the database does not have.
    pub fn create_statements(&self, dialect: &dyn Dialect, if_not_exists: bool) -> Result<Vec<Ddl>> {
        let order = Order::of(&self.tables());
        self.check_targets()?;
        let later = dialect.features().alter_foreign_keys;
        let mut statements: Vec<Ddl> = order
            .tables
            .iter()
            .map(|table| {
                Ddl::new(DdlNode::CreateTable {
                    table: table.clone(),
                    if_not_exists,
                    without_foreign_keys_to: if later { order.left_out(table) } else { Vec::new() },
                    with_indexes: true,
                })
            })
            .collect();
        if later {
            statements.extend(
                order
                    .circle_keys(dialect)
                    .into_iter()
                    .map(|(table, key)| Ddl::new(DdlNode::AddForeignKey { table, key, if_not_exists })),
            );
        }
        for statement in &statements {
            crate::compile::to_sql(&crate::statement::Executable::node(statement), dialect)?;
        }
        Ok(statements)
    }

    /// The statements that drop all tables, each before those that it references. With `if_exists`, what is not there is
    /// passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the dialect cannot say.
    pub fn drop_statements(&self, dialect: &dyn Dialect, if_exists: bool) -> Result<Vec<Ddl>> {
        let order = Order::of(&self.tables());
        let features = dialect.features();
        let mut statements = Vec::new();
        if !order.circles.is_empty() {
            if features.alter_foreign_keys {
                statements.extend(
                    order
                        .circle_keys(dialect)
                        .into_iter()
                        .map(|(table, key)| Ddl::new(DdlNode::DropForeignKey { table, key, if_exists })),
                );
            } else if let Some(defer) = features.defer_foreign_keys {
                statements.push(Ddl::new(DdlNode::Raw(Name::Static(defer))));
            }
        }
        for table in order.tables.iter().rev() {
            statements.push(Ddl::new(DdlNode::DropTable { table: table.clone(), if_exists }));
        }
        let mut enumerations: Vec<Name> = Vec::new();
        for column in order.tables.iter().flat_map(Table::columns) {
            if let SqlType::Enum { name, .. } = column.sql_type
                && !enumerations.iter().any(|own| **own == *name)
            {
                enumerations.push(Name::Shared(name));
            }
        }
        if features.enumerations == crate::dialect::EnumerationStyle::NamedType {
            statements.extend(
                enumerations.into_iter().map(|name| Ddl::new(DdlNode::DropEnumeration { name, if_exists })),
            );
        }
        Ok(statements)
    }

    /// Refuses foreign keys to a column that the referenced table does not have. Tables outside may be there all the same.
    fn check_targets(&self) -> Result<()> {
        let tables = self.tables();
        for table in &tables {
            for key in table.foreign_keys() {
                let Some(target) = tables.iter().find(|target| key.is_to(table, target)) else { continue };
                let definition = target.definition();
                if let Some(missing) = key.referenced.iter().find(|column| definition.find(column).is_none())
                {
                    return Err(crate::Error::argument(format!(
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
