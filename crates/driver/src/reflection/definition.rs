//! What was reflected as a [`Table`], which creates the same again.

use aludel_sql_expression::{
    Name, SqlType,
    schema::{
        CheckConstraint, Column, Computed, ConflictResolution, ExcludeConstraint, ForeignKeyConstraint,
        Identity, Index, IndexElement, Initially, MatchType, PostgresqlKeyOptions, PrimaryKeyConstraint,
        Sequence, Table, TableOptions, UniqueConstraint, ViewDefinition, ViewQuery,
    },
};

use super::{
    ReflectedCheckConstraint, ReflectedColumn, ReflectedExcludeConstraint, ReflectedForeignKeyConstraint,
    ReflectedIdentity, ReflectedIndex, ReflectedIndexElement, ReflectedPrimaryKeyConstraint, ReflectedTable,
    ReflectedTiming, ReflectedUniqueConstraint, TableKind,
};

macro_rules! timed {
    ($constraint:ident, $timing:expr) => {
        match $timing {
            ReflectedTiming { initially_deferred: true, .. } => $constraint.initially(Initially::Deferred),
            ReflectedTiming { deferrable: true, .. } => $constraint.deferrable(true),
            _ => $constraint,
        }
    };
}

impl ReflectedTable {
    /// A table for statements and for DDL: created elsewhere on the same kind of database, it reflects the same.
    ///
    /// A sequence that goes with a column comes along, and so do the enumerations of columns. A sequence that stands alone and a
    /// domain are things of their own: [`ReflectedSequence::to_sequence`](super::ReflectedSequence::to_sequence),
    /// [`ReflectedDomain::to_domain`](super::ReflectedDomain::to_domain).
    pub fn to_table(&self) -> Table {
        let name = self.name.name.as_str();
        let mut table = match &self.name.schema {
            Some(schema) => Table::in_schema(schema.as_str(), name),
            None => Table::unregistered(name),
        };
        let constraints = &self.constraints;
        let key = constraints.primary_key.as_ref();
        if let Some(key) = key {
            // Before the columns, which say themselves whether they may hold NULL: on SQLite a key may.
            table = table.primary_key(primary_key(key));
        }
        for column in &self.columns {
            let is_key = key.is_some_and(|key| key.columns.contains(&column.name));
            table = table.column(self.column_of(column, is_key));
        }
        for unique in constraints.uniques.iter().filter(|unique| !self.is_more_than_unique(unique)) {
            table = table.unique(self.unique(unique));
        }
        table = constraints.checks.iter().fold(table, |table, check| table.check(self::check(check)));
        table = constraints
            .foreign_keys
            .iter()
            .fold(table, |table, key| table.foreign_key(self::foreign_key(key)));
        table =
            constraints.excludes.iter().fold(table, |table, exclude| table.exclude(self.exclude(exclude)));
        for index in self.indexes.iter().filter(|index| index.constraint.is_none() || is_particular(index)) {
            table = table.index(self::index(index, self.options.engine.as_deref()));
        }
        if self.kind != TableKind::Table {
            let query = self.definition.as_deref().map(|text| text.trim().trim_end_matches(';').to_owned());
            let mut view = ViewDefinition::made_elsewhere();
            view.query = query.map(ViewQuery::from);
            view.materialized = self.kind == TableKind::MaterializedView;
            view.check_option = self.options.check_option.as_deref().map(Into::into);
            table = table.view(view);
        }
        table.options(self.table_options())
    }

    /// Whether a unique constraint of MySQL is an index with more to it than a constraint can say.
    fn is_more_than_unique(&self, unique: &ReflectedUniqueConstraint) -> bool {
        let mut indexes = self.indexes.iter().filter(|index| index.constraint.is_some());
        indexes.any(|index| index.constraint == unique.name && is_particular(index))
    }

    fn column_of(&self, reflected: &ReflectedColumn, is_key: bool) -> Column {
        let serial = serial(reflected);
        let sql_type = &reflected.column_type.sql_type;
        let own = reflected.sequence.as_ref().filter(|own| {
            reflected.nullable || !own.is_of_serial(&self.name.name, &reflected.name, sql_type)
        });
        // A SERIAL would make another sequence, so that this one is created by itself.
        let own = own.map(|own| own.to_sequence(self.name.schema.as_deref()));
        let serial = serial.filter(|_| own.is_none());
        column(reflected, is_key, own, serial)
    }

    fn unique(&self, reflected: &ReflectedUniqueConstraint) -> UniqueConstraint {
        let mut unique = UniqueConstraint::new(&reflected.columns);
        unique.name = name(&reflected.name);
        unique.nulls_not_distinct = reflected.nulls_not_distinct;
        unique.include = reflected.include.iter().map(Into::into).collect();
        unique.elements = reflected.elements.iter().map(element).collect();
        unique.postgresql = self.options_of_index(reflected.index.as_deref());
        unique.sqlite_on_conflict = resolution(&reflected.on_conflict);
        unique.comment = name(&reflected.comment);
        timed!(unique, reflected.timing)
    }

    fn exclude(&self, reflected: &ReflectedExcludeConstraint) -> ExcludeConstraint {
        let mut exclude =
            ExcludeConstraint::new().named(reflected.name.as_str()).using(reflected.using.as_str());
        for element in &reflected.elements {
            let mut own = match (&element.column, &element.expression) {
                (Some(column), _) => IndexElement::column(column.as_str()),
                (None, expression) => IndexElement::expression(expression.clone().unwrap_or_default()),
            };
            own.collation = name(&element.collation);
            own.operator_class = name(&element.operator_class);
            own.descending = element.descending.then_some(true);
            own.nulls_first = element.nulls_first;
            exclude = exclude.element(own, element.operator.as_str());
        }
        exclude.filter = reflected.filter.as_deref().map(Into::into);
        exclude.include = reflected.include.iter().map(Into::into).collect();
        exclude.postgresql = self.options_of_index(Some(&reflected.name));
        exclude.comment = name(&reflected.comment);
        timed!(exclude, reflected.timing)
    }

    /// What PostgreSQL says of the index that serves a constraint, which is called like it.
    fn options_of_index(&self, name: Option<&str>) -> PostgresqlKeyOptions {
        let mut options = PostgresqlKeyOptions::default();
        let served =
            |index: &&ReflectedIndex| index.constraint.is_some() && Some(index.name.as_str()) == name;
        if let Some(index) = self.indexes.iter().find(served) {
            options.with = self::name(&index.with);
            options.tablespace = self::name(&index.tablespace);
            options.index_comment = self::name(&index.comment);
        }
        options
    }

    fn table_options(&self) -> TableOptions {
        let own = &self.options;
        let mut options = TableOptions::new();
        options.comment = self.comment.as_deref().map(Into::into);
        options.temporary = self.temporary;
        options.sqlite.strict = own.strict;
        options.sqlite.without_rowid = own.without_rowid;
        options.sqlite.autoincrement = own.autoincrement;
        options.sqlite.virtual_table = own.virtual_table.as_deref().map(Into::into);
        options.postgresql.unlogged = own.unlogged;
        match (&own.partition_bound, own.inherits.first()) {
            (Some(bound), Some(whole)) => {
                options = options.postgresql_partition_of(whole.as_str(), bound.as_str());
            }
            _ => options.postgresql.inherits = own.inherits.iter().map(Into::into).collect(),
        }
        options.postgresql.using = own.using.as_deref().map(Into::into);
        options.postgresql.with = own.with.as_deref().map(Into::into);
        options.postgresql.tablespace = own.tablespace.as_deref().map(Into::into);
        let partition_by = own.partition_by.as_deref().map(Into::into);
        match own.engine {
            None => options.postgresql.partition_by = partition_by,
            Some(_) => options.mysql.partition_by = partition_by,
        }
        options.mysql.engine = own.engine.as_deref().map(Into::into);
        options.mysql.charset = own.charset.as_deref().map(Into::into);
        options.mysql.collate = own.collation.as_deref().map(Into::into);
        options.mysql.further = own.further.as_deref().map(Into::into);
        options
    }
}

/// Whether a constraint could not say all that its index does.
fn is_particular(index: &ReflectedIndex) -> bool {
    index
        .elements
        .iter()
        .any(|element| element.length.is_some() || element.descending || element.column.is_none())
        || index.is_of_mysql() && (index.comment.is_some() || index.invisible || index.is_by_hash())
}

fn name(text: &Option<String>) -> Option<Name> {
    text.as_deref().map(Into::into)
}

fn resolution(word: &Option<String>) -> Option<ConflictResolution> {
    word.as_deref().and_then(ConflictResolution::from_word)
}

fn column(reflected: &ReflectedColumn, is_key: bool, own: Option<Sequence>, serial: Option<&str>) -> Column {
    let mut column = Column::new(reflected.name.as_str(), sql_type(reflected, serial));
    column.primary_key = is_key;
    column.nullable = reflected.nullable;
    let draws = serial.is_some() || own.is_some();
    column.sequence = own;
    if (is_key || reflected.autoincrement) && !draws && reflected.identity.is_none() {
        column.autoincrement = Some(reflected.autoincrement);
    }
    if let Some(identity) = &reflected.identity {
        column = column.identity(self::identity(identity, &reflected.column_type.sql_type));
    }
    if let Some(default) = reflected.default.as_deref().filter(|_| !draws) {
        column = column.server_default(default);
    }
    column.server_onupdate = reflected.on_update.as_deref().map(Into::into);
    if let Some(computed) = &reflected.computed {
        column = column.computed(Computed::new(computed.sqltext.as_str()).persisted(computed.persisted));
    }
    column.collation = reflected.collation.as_deref().map(Into::into);
    column.comment = reflected.comment.as_deref().map(Into::into);
    column.mysql_invisible = reflected.invisible;
    column.sqlite_on_conflict_not_null = resolution(&reflected.on_conflict_not_null);
    column
}

fn sql_type(reflected: &ReflectedColumn, serial: Option<&str>) -> SqlType {
    match (&reflected.column_type.sql_type, serial) {
        (_, Some(serial)) => SqlType::Custom(serial.into()),
        // SQLite has columns without a type.
        (SqlType::Unknown, None) => SqlType::Custom("".into()),
        (own, None) => own.clone(),
    }
}

/// The word for a column with a sequence of its own (PostgreSQL): its default names the sequence that is there, while a
/// table that is created anew needs another.
fn serial(reflected: &ReflectedColumn) -> Option<&'static str> {
    let draws = reflected.default.as_deref().is_some_and(|default| default.starts_with("nextval("));
    match reflected.column_type.sql_type {
        _ if !draws || !reflected.autoincrement => None,
        SqlType::SmallInteger => Some("SMALLSERIAL"),
        SqlType::Integer => Some("SERIAL"),
        SqlType::BigInteger => Some("BIGSERIAL"),
        _ => None,
    }
}

/// How a column counts, as far as it is not as it would be by itself.
fn identity(reflected: &ReflectedIdentity, sql_type: &SqlType) -> Identity {
    let mut identity = if reflected.always { Identity::always() } else { Identity::by_default() };
    let (lowest, highest) = (reflected.minvalue, reflected.maxvalue);
    let goes_up = reflected.increment > 0;
    if reflected.increment != 1 {
        identity = identity.increment(reflected.increment);
    }
    if reflected.start != if goes_up { lowest } else { highest } {
        identity = identity.start(reflected.start);
    }
    if !goes_up || lowest != 1 {
        identity = identity.minvalue(lowest);
    }
    let widest = match sql_type {
        SqlType::SmallInteger => i64::from(i16::MAX),
        SqlType::Integer => i64::from(i32::MAX),
        _ => i64::MAX,
    };
    if !goes_up || highest != widest {
        identity = identity.maxvalue(highest);
    }
    if reflected.cycle {
        identity = identity.cycle(true);
    }
    match u64::try_from(reflected.cache) {
        Ok(cache) if cache > 1 => identity.cache(cache),
        _ => identity,
    }
}

fn primary_key(reflected: &ReflectedPrimaryKeyConstraint) -> PrimaryKeyConstraint {
    let mut key = PrimaryKeyConstraint::new(&reflected.columns);
    key.name = name(&reflected.name);
    key.include = reflected.include.iter().map(Into::into).collect();
    key.elements = reflected.elements.iter().map(element).collect();
    key.postgresql.with = name(&reflected.with);
    key.postgresql.tablespace = name(&reflected.tablespace);
    key.postgresql.index_comment = name(&reflected.index_comment);
    key.sqlite_on_conflict = resolution(&reflected.on_conflict);
    key.comment = name(&reflected.comment);
    timed!(key, reflected.timing)
}

pub(super) fn check(reflected: &ReflectedCheckConstraint) -> CheckConstraint {
    let mut check = CheckConstraint::new(reflected.sqltext.as_str());
    check.name = reflected.name.as_deref().map(Into::into);
    check.not_valid = reflected.not_valid;
    check.no_inherit = reflected.no_inherit;
    check.not_enforced = reflected.not_enforced;
    check.column = name(&reflected.column);
    check.comment = name(&reflected.comment);
    check
}

fn foreign_key(reflected: &ReflectedForeignKeyConstraint) -> ForeignKeyConstraint {
    let referred = &reflected.referred;
    let mut key =
        ForeignKeyConstraint::new(&reflected.columns, referred.name.as_str(), &reflected.referred_columns)
            .on_delete(reflected.on_delete)
            .on_update(reflected.on_update);
    key.name = reflected.name.as_deref().map(Into::into);
    key.schema = referred.schema.as_deref().map(Into::into);
    key.options.match_type = match reflected.match_type.as_deref() {
        Some("FULL") => Some(MatchType::Full),
        Some("PARTIAL") => Some(MatchType::Partial),
        _ => None,
    };
    key.options.not_valid = reflected.not_valid;
    key.on_delete_columns = reflected.on_delete_columns.iter().map(Into::into).collect();
    key.comment = name(&reflected.comment);
    timed!(key, reflected.timing)
}

fn index(reflected: &ReflectedIndex, engine: Option<&str>) -> Index {
    let mut index = Index::new(reflected.name.as_str(), reflected.elements.iter().map(element));
    index.unique = reflected.unique;
    index.filter = reflected.filter.as_deref().map(Into::into);
    index.include = reflected.include.iter().map(Into::into).collect();
    index.nulls_not_distinct = reflected.nulls_not_distinct;
    // MySQL writes its kinds in capitals, PostgreSQL in small letters.
    match reflected.using.as_deref() {
        // By itself an index in memory is another.
        Some("BTREE") if engine == Some("MEMORY") => index.mysql.using = Some("BTREE".into()),
        None | Some("btree" | "BTREE") => {}
        Some(word @ ("FULLTEXT" | "SPATIAL")) => index.mysql.prefix = Some(word.into()),
        Some(word) if word.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            index.mysql.using = Some(word.into());
        }
        Some(word) => index.postgresql.using = Some(word.into()),
    }
    index.comment = name(&reflected.comment);
    index.mysql.invisible = reflected.invisible;
    index.postgresql.with = reflected.with.as_deref().map(Into::into);
    index.postgresql.tablespace = reflected.tablespace.as_deref().map(Into::into);
    index
}

fn element(reflected: &ReflectedIndexElement) -> IndexElement {
    let mut element = match (&reflected.column, &reflected.expression) {
        (Some(column), _) => IndexElement::column(column.as_str()),
        (None, expression) => IndexElement::expression(expression.clone().unwrap_or_default()),
    };
    element.descending = reflected.descending.then_some(true);
    element.nulls_first = reflected.nulls_first;
    element.collation = reflected.collation.as_deref().map(Into::into);
    element.operator_class = reflected.operator_class.as_deref().map(Into::into);
    element.length = reflected.length;
    element
}
