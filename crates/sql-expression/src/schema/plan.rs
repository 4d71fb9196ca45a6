//! The steps that create and drop everything in a [`MetaData`].

use super::{
    ConstraintKind, DdlEvent, DdlStep, DdlTarget, Enumeration, ForeignKeyConstraint, MetaData, ObjectKind,
    Present, Table,
    dependency::{Order, domains_in_order, views_in_order, whole},
};
use crate::{
    Result,
    dialect::{Dialect, EnumerationStyle, TableOptionsOf},
    name::Name,
    statement::{Ddl, DdlNode, Executable, SequenceChange, TableChange},
    types::SqlType,
};

impl MetaData {
    /// The types of words that were added, and those that the columns and domains have on a dialect, each once.
    pub fn enumerations(&self, dialect: &dyn Dialect) -> Vec<Enumeration> {
        let mut enumerations = self.added_enumerations();
        let mut add = |sql_type: &SqlType| {
            if let Some(enumeration) = Enumeration::of(sql_type, dialect.name())
                && !enumerations
                    .iter()
                    .any(|own| own.name == enumeration.name && own.schema == enumeration.schema)
            {
                enumerations.push(enumeration);
            }
        };
        for table in self.tables().iter().filter(|table| !table.definition().is_view()) {
            table.definition().columns.iter().for_each(|column| add(&column.sql_type));
        }
        self.domains().iter().for_each(|domain| add(&domain.sql_type));
        enumerations
    }

    /// The statements that create all: sequences, types, tables with their indexes in order of dependency, views. With
    /// `if_not_exists`, what is there already is left alone.
    ///
    /// Foreign keys between tables that reference each other are added at the end, where the database can do that; MySQL
    /// itself cannot tell whether such a key is there already.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for a constraint over a column that is not there, and for a name
    /// that is too long for the database; [`ErrorKind::Compile`](crate::ErrorKind::Compile) for what the database does not
    /// have.
    pub fn create_statements(&self, dialect: &dyn Dialect, if_not_exists: bool) -> Result<Vec<Ddl>> {
        Ok(statements(self.create_plan(dialect, &Present::nothing(), if_not_exists)?))
    }

    /// The statements that drop all, in the order of [`MetaData::create_statements`] turned round. With `if_exists`, what is
    /// not there is passed over.
    ///
    /// # Errors
    /// As [`MetaData::create_statements`].
    pub fn drop_statements(&self, dialect: &dyn Dialect, if_exists: bool) -> Result<Vec<Ddl>> {
        Ok(statements(self.drop_plan(dialect, None, if_exists)?))
    }

    /// The steps that create what is missing. Everything is compiled, so that nothing is begun that cannot be said.
    ///
    /// # Errors
    /// As [`MetaData::create_statements`].
    pub fn create_plan(
        &self,
        dialect: &dyn Dialect,
        present: &Present,
        if_not_exists: bool,
    ) -> Result<Vec<DdlStep>> {
        self.check_targets()?;
        let later = dialect.features().alter_foreign_keys;
        let naming = self.naming_convention();
        let (views, tables): (Vec<Table>, Vec<Table>) =
            self.tables().into_iter().partition(|table| table.definition().is_view());
        let order = Order::of(&tables);
        let is_missing = |table: &&Table| !present.has_table(table, dialect);
        let mut steps = Vec::new();
        let all = DdlTarget::MetaData(self.clone());
        all.step(DdlEvent::BeforeCreate, dialect, &mut steps);
        for sequence in self.sequences() {
            let definition = sequence.definition();
            if !present.has(ObjectKind::Sequence, definition.schema.as_ref(), &definition.name, dialect) {
                push(&mut steps, DdlNode::CreateSequence { sequence, if_not_exists });
            }
        }
        if dialect.features().enumerations == EnumerationStyle::NamedType {
            for enumeration in self.enumerations(dialect) {
                if !present.has(
                    ObjectKind::Enumeration,
                    enumeration.schema.as_ref(),
                    &enumeration.name,
                    dialect,
                ) {
                    push(&mut steps, DdlNode::CreateType { enumeration, if_not_exists });
                }
            }
        }
        for domain in domains_in_order(&self.domains(), dialect) {
            if !present.has(ObjectKind::Domain, domain.schema.as_ref(), &domain.name, dialect) {
                push(&mut steps, DdlNode::CreateDomain { domain: Box::new(domain), if_not_exists });
            }
        }
        for table in order.tables.iter().filter(is_missing) {
            let target = DdlTarget::Table(table.clone());
            target.step(DdlEvent::BeforeCreate, dialect, &mut steps);
            let node = DdlNode::CreateTable {
                table: table.clone(),
                if_not_exists,
                without_foreign_keys_to: if later { order.left_out(table) } else { Vec::new() },
                with_indexes: true,
                with_types: false,
                naming: naming.clone(),
            };
            push(&mut steps, node);
            target.step(DdlEvent::AfterCreate, dialect, &mut steps);
        }
        if later {
            for (table, key) in self.later_keys(&order, dialect)? {
                if !present.has_table(&table, dialect) {
                    let change =
                        TableChange::AddConstraint { constraint: Box::new(key.into()), if_not_exists };
                    push(
                        &mut steps,
                        DdlNode::AlterTable { table, change: Box::new(change), if_exists: false },
                    );
                }
            }
        }
        for sequence in self.sequences() {
            let definition = sequence.definition();
            let (schema, name) = (definition.schema.as_ref(), &definition.name);
            if let Some(owner) = definition.owned_by.clone()
                && !present.has(ObjectKind::Sequence, schema, name, dialect)
            {
                let change = Box::new(SequenceChange::OwnedBy(owner));
                push(&mut steps, DdlNode::AlterSequence { sequence, change, if_exists: false });
            }
        }
        for table in views_in_order(&views, dialect).iter().filter(is_missing) {
            let definition = table.definition();
            if definition.view.as_ref().is_some_and(|view| view.query.is_some()) {
                let target = DdlTarget::Table(table.clone());
                target.step(DdlEvent::BeforeCreate, dialect, &mut steps);
                let node = DdlNode::CreateView {
                    table: table.clone(),
                    query: None,
                    or_replace: false,
                    if_not_exists: if_not_exists && dialect.features().ddl.view_if_not_exists,
                };
                push(&mut steps, node);
                target.step(DdlEvent::AfterCreate, dialect, &mut steps);
            }
        }
        all.step(DdlEvent::AfterCreate, dialect, &mut steps);
        check(&steps, dialect)?;
        Ok(steps)
    }

    /// The steps that drop what is there; none is given: all.
    ///
    /// # Errors
    /// As [`MetaData::create_statements`].
    pub fn drop_plan(
        &self,
        dialect: &dyn Dialect,
        present: Option<&Present>,
        if_exists: bool,
    ) -> Result<Vec<DdlStep>> {
        let features = dialect.features();
        let (views, tables): (Vec<Table>, Vec<Table>) =
            self.tables().into_iter().partition(|table| table.definition().is_view());
        let order = Order::of(&tables);
        // A temporary table may be there without being listed.
        let is_there = |table: &Table| {
            table.definition().options.temporary
                || present.is_none_or(|present| present.has_table(table, dialect))
        };
        let mut steps = Vec::new();
        let all = DdlTarget::MetaData(self.clone());
        all.step(DdlEvent::BeforeDrop, dialect, &mut steps);
        for table in views_in_order(&views, dialect).iter().rev().filter(|table| is_there(table)) {
            let definition = table.definition();
            if definition.view.as_ref().is_some_and(|view| view.query.is_some()) {
                let target = DdlTarget::Table(table.clone());
                target.step(DdlEvent::BeforeDrop, dialect, &mut steps);
                push(&mut steps, DdlNode::DropView { table: table.clone(), if_exists, cascade: false });
                target.step(DdlEvent::AfterDrop, dialect, &mut steps);
            }
        }
        if features.alter_foreign_keys {
            for (table, key) in
                self.later_keys(&order, dialect)?.into_iter().filter(|(table, _)| is_there(table))
            {
                let name = key.name.unwrap_or(Name::Static(""));
                let change = TableChange::DropConstraint {
                    name,
                    kind: ConstraintKind::ForeignKey,
                    if_exists,
                    cascade: false,
                };
                push(&mut steps, DdlNode::AlterTable { table, change: Box::new(change), if_exists });
            }
        } else if !order.circles.is_empty()
            && let Some(defer) = features.defer_foreign_keys
        {
            push(&mut steps, DdlNode::Raw(Name::Static(defer)));
        }
        for table in order.tables.iter().rev().filter(|table| is_there(table)) {
            let target = DdlTarget::Table(table.clone());
            target.step(DdlEvent::BeforeDrop, dialect, &mut steps);
            // What is a part goes with the whole, and a key of the whole to itself holds on to it alone.
            let goes_along = features.ddl.table_options == TableOptionsOf::Postgresql
                && whole(table, &order.tables).is_some_and(&is_there);
            if !goes_along {
                push(&mut steps, DdlNode::DropTable { table: table.clone(), if_exists, cascade: false });
            }
            target.step(DdlEvent::AfterDrop, dialect, &mut steps);
        }
        for sequence in self.sequences().into_iter().rev() {
            let definition = sequence.definition();
            let (schema, name) = (definition.schema.as_ref(), &definition.name);
            // It has gone with the table of its column.
            let owner = definition.owned_by.as_ref().map(|owner| &owner.table);
            if owner.is_some_and(|owner| {
                order.tables.iter().any(|table| table.name() == owner && is_there(table))
            }) {
                continue;
            }
            if present.is_none_or(|present| present.has(ObjectKind::Sequence, schema, name, dialect)) {
                push(&mut steps, DdlNode::DropSequence { sequence, if_exists });
            }
        }
        for domain in domains_in_order(&self.domains(), dialect).into_iter().rev() {
            let (schema, name) = (domain.schema, domain.name);
            if present.is_none_or(|present| present.has(ObjectKind::Domain, schema.as_ref(), &name, dialect))
            {
                push(&mut steps, DdlNode::DropDomain { schema, name, if_exists });
            }
        }
        if features.enumerations == EnumerationStyle::NamedType {
            for Enumeration { schema, name, .. } in self.enumerations(dialect) {
                if present.is_none_or(|present| {
                    present.has(ObjectKind::Enumeration, schema.as_ref(), &name, dialect)
                }) {
                    push(&mut steps, DdlNode::DropType { schema, name, if_exists });
                }
            }
        }
        all.step(DdlEvent::AfterDrop, dialect, &mut steps);
        check(&steps, dialect)?;
        Ok(steps)
    }

    /// The foreign keys that are added after all tables, each with a name by which it can be dropped.
    fn later_keys(&self, order: &Order, dialect: &dyn Dialect) -> Result<Vec<(Table, ForeignKeyConstraint)>> {
        let naming = self.naming_convention();
        let mut keys = Vec::new();
        for table in &order.tables {
            if !table.foreign_keys().iter().any(|key| order.comes_later(table, key)) {
                continue;
            }
            for mut key in table.constraints_by(naming.as_ref(), dialect)?.foreign_keys {
                if order.comes_later(table, &key) {
                    key.name_it(table, dialect);
                    keys.push((table.clone(), key));
                }
            }
        }
        Ok(keys)
    }
}

fn push(steps: &mut Vec<DdlStep>, node: DdlNode) {
    steps.push(DdlStep::Statement(Ddl::new(node)));
}

fn check(steps: &[DdlStep], dialect: &dyn Dialect) -> Result<()> {
    for step in steps {
        if let DdlStep::Statement(statement) = step {
            crate::compile::to_sql(&statement.node(), dialect)?;
        }
    }
    Ok(())
}

fn statements(steps: Vec<DdlStep>) -> Vec<Ddl> {
    let statements = steps.into_iter().filter_map(|step| match step {
        DdlStep::Statement(statement) => Some(statement),
        DdlStep::Event(..) => None,
    });
    statements.collect()
}
