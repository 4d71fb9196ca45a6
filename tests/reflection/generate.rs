//! Random schemas out of the constructs of the expression language.

use aludel::{
    prelude::*,
    sql::{
        SqlType,
        schema::{
            Computed, ConflictResolution, Domain, Identity, IndexElement, Initially, MatchType,
            PrimaryKeyConstraint, Sequence, TableOptions, ViewDefinition,
        },
        types::{
            Char, Date, DateTime, Float, Inet, Interval, Json, Text, Time, Timestamp, TinyInteger,
            UnsignedBigInteger, UnsignedInteger, Uuid,
        },
    },
};

/// Names that ask for care.
const NAMES: [&str; 10] = [
    "plain",
    "Upper",
    "with space",
    "select",
    "quote\"d",
    "it's",
    "per%cent",
    "naïve",
    "back`tick",
    "col:on",
];

/// A table that others can reference, and its lone key.
struct Parent {
    table: String,
    key: String,
}

/// A schema of a few tables and views, always the same for a seed. On PostgreSQL another schema, that is there, holds types.
pub fn random(seed: u64, dialect: &str, other_schema: Option<&str>) -> MetaData {
    let mut random = fastrand::Rng::with_seed(seed);
    let metadata = MetaData::new();
    let mut parents: Vec<Parent> = Vec::new();
    for number in 0..random.usize(1..5) {
        let name = format!("{} {number}", random.choice(NAMES).unwrap_or("t"));
        let key = format!("id {}", random.choice(NAMES).unwrap_or("x"));
        let parent = Parent { table: name, key };
        let kinds = types(dialect, other_schema);
        if dialect == "postgresql" {
            let above = CheckConstraint::new("VALUE > 0").named("ab ove").comment("it's above");
            let domain = Domain::new("Odd \"Domain\"", Numeric(8, 2)).server_default("1").check(above);
            metadata.add_domain(&domain);
        }
        let table = table(&mut random, &parent, &parents, dialect, &kinds);
        metadata.add(&table);
        if table.definition().options.postgresql.partition_by.is_some() {
            add_parts(&mut random, &table, &metadata);
            continue;
        }
        // What stays cannot reference what a crash empties.
        if !table.definition().options.postgresql.unlogged {
            parents.push(parent);
        }
    }
    if random.bool() && !parents.is_empty() {
        let parent = &parents[random.usize(..parents.len())];
        let name = format!("view {}", random.choice(NAMES).unwrap_or("v"));
        let of = metadata.table(&parent.table).map(|table| table.c(parent.key.as_str()));
        if let Some(key) = of {
            let query = select(key.of::<i64>()).filter(key.of::<i64>().gt(3));
            let view = Table::unregistered(name.as_str())
                .column(Column::new(parent.key.as_str(), Integer))
                .view(query);
            metadata.add(&view);
            // By its name it comes before the one that it reads.
            let above = select(view.c(parent.key.as_str()).of::<i64>());
            let mut above = ViewDefinition::from(above);
            let is_kept = dialect == "postgresql" && random.bool();
            above.materialized = is_kept;
            if dialect != "sqlite" && !is_kept && random.bool() {
                above = above.check_option("LOCAL");
            }
            let mut above = Table::unregistered("above the other")
                .column(Column::new(parent.key.as_str(), Integer).comment("of a view's column"))
                .view(above);
            if dialect == "postgresql" {
                above = above.comment("of a view");
            }
            if is_kept {
                above = above.index(Index::new("ix above", [parent.key.as_str()]).comment("kept"));
            }
            metadata.add(&above);
        }
    }
    metadata
}

/// The parts of a table that is cut by its key.
fn add_parts(random: &mut fastrand::Rng, whole: &Table, metadata: &MetaData) {
    let quoted = format!("\"{}\"", whole.name().replace('"', "\"\""));
    for (number, bound) in ["FOR VALUES FROM (1) TO (100)", "DEFAULT"].into_iter().enumerate() {
        // By its name it comes before the whole.
        let name = format!("\tpart {number} of {}", whole.name());
        let options = TableOptions::new().postgresql_partition_of(quoted.as_str(), bound);
        let mut part = Table::unregistered(name).options(options);
        if random.bool() {
            // With columns of its own it is attached.
            for column in whole.columns() {
                part = part.column(column.autoincrement(false));
            }
            for check in &whole.definition().checks {
                part = part.check(check.clone());
            }
        }
        metadata.add(&part);
    }
}

fn types(dialect: &str, other_schema: Option<&str>) -> Vec<SqlType> {
    let mut types: Vec<SqlType> = vec![
        TinyInteger.into(),
        SmallInteger.into(),
        Integer.into(),
        BigInteger.into(),
        UnsignedInteger.into(),
        UnsignedBigInteger.into(),
        Float.into(),
        Double.into(),
        Numeric(12, 3).into(),
        Boolean.into(),
        Char(7).into(),
        Varchar(40).into(),
        Text.into(),
        LargeBinary.into(),
        Date.into(),
        Time.into(),
        DateTime.into(),
        Timestamp.into(),
        Interval.into(),
        Uuid.into(),
        Inet.into(),
        Json.into(),
        mood(None, "mood"),
    ];
    if dialect == "postgresql" {
        types.push(SqlType::Array(SqlType::Integer.into()));
        types.push(SqlType::Range(SqlType::Date.into()));
        types.push(SqlType::Custom("timestamp(3) without time zone".into()));
        types.push(SqlType::Array(mood(None, "mood").into()));
        types.push(SqlType::Custom("\"Odd \"\"Domain\"\"\"".into()));
        for name in ["mood", "Quoted \"Mood\""] {
            let far = mood(other_schema, name);
            types.extend([far.clone(), SqlType::Array(far.into())]);
        }
    }
    types
}

/// An enumeration; that of another schema has other words.
fn mood(schema: Option<&str>, name: &str) -> SqlType {
    let words = match schema {
        None => ["calm", "it's wild", "ü"],
        Some(_) => ["far", "it's farther", "back\\slash"],
    };
    SqlType::Enum { schema: schema.map(Into::into), name: name.into(), values: words.map(Into::into).into() }
}

fn table(
    random: &mut fastrand::Rng,
    own: &Parent,
    parents: &[Parent],
    dialect: &str,
    types: &[SqlType],
) -> Table {
    let Parent { table: name, key: key_name } = own;
    let is_postgres = dialect == "postgresql";
    let is_sqlite = dialect == "sqlite";
    let mut table = Table::unregistered(name.as_str());
    // Its key and its unique constraints would have to hold what it is cut by.
    let is_cut = is_postgres && random.u8(0..6) == 0;
    if random.bool() {
        let mut key = PrimaryKeyConstraint::new([key_name.as_str()]).named(format!("pk {name}"));
        if is_postgres {
            key = key.comment("of the key").postgresql_with("fillfactor=80");
        }
        if is_sqlite && random.bool() {
            key = key.sqlite_on_conflict(ConflictResolution::Rollback);
        }
        table = table.primary_key(key);
    }
    let mut key = Column::new(key_name.as_str(), Integer).primary_key();
    match random.u8(0..4) {
        0 => key = key.autoincrement(false),
        1 if is_postgres && !is_cut => key = key.identity(Identity::always().start(20).increment(2).cache(5)),
        _ => {}
    }
    table = table.column(key);
    let count = random.usize(3..9);
    let mut numbers = vec![key_name.clone()];
    let mut texts = Vec::new();
    for position in 0..count {
        let column_name = format!("{} {position}", random.choice(NAMES).unwrap_or("c"));
        let sql_type = random.choice(types).cloned().unwrap_or(SqlType::Integer);
        let mut column = Column::new(column_name.as_str(), sql_type.clone()).nullable(random.bool());
        match sql_type {
            SqlType::Integer | SqlType::BigInteger => {
                numbers.push(column_name.clone());
                match random.u8(0..6) {
                    0..=2 => column = column.server_default("7"),
                    3 if is_postgres || dialect == "mariadb" => {
                        let mut numbers =
                            Sequence::new(format!("from {column_name}{name}")).start(5).increment(3);
                        if is_postgres && random.bool() {
                            numbers = numbers.owned_by(name.as_str(), column_name.as_str());
                        }
                        column = column.sequence(&numbers);
                    }
                    _ => {}
                }
            }
            SqlType::Varchar(_) => {
                texts.push(column_name.clone());
                if random.bool() {
                    column = column.server_default("'it''s'");
                }
            }
            SqlType::DateTime if random.bool() => column = column.server_default("CURRENT_TIMESTAMP"),
            _ => {}
        }
        if random.u8(0..4) == 0 && !is_sqlite {
            column = column.comment("it's said");
        }
        if is_sqlite && !column.nullable && random.bool() {
            column = column.sqlite_on_conflict_not_null(ConflictResolution::Replace);
        }
        if matches!(dialect, "mysql" | "mariadb") && column.nullable && random.u8(0..4) == 0 {
            column = column.mysql_invisible();
        }
        table = table.column(column);
    }
    let quoted = |name: &str| match dialect {
        "mysql" | "mariadb" => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    };
    if random.bool() {
        let kept = is_postgres || random.bool();
        let computed = Computed::new(format!("{} + 1", quoted(&numbers[numbers.len() - 1]))).persisted(kept);
        // MariaDB computes nothing from a column that it numbers.
        if numbers.len() > 1 {
            table = table.column(Column::new("computed", Integer).computed(computed));
        }
    }
    if !parents.is_empty() && random.u8(0..3) > 0 {
        let parent = &parents[random.usize(..parents.len())];
        let column_name = format!("to {}", random.choice(NAMES).unwrap_or("x"));
        table = table.column(Column::new(column_name.as_str(), Integer).nullable(true));
        let mut key =
            ForeignKeyConstraint::new([column_name.as_str()], parent.table.as_str(), [parent.key.as_str()])
                .named(format!("to {name}"))
                .on_delete(
                    random
                        .choice([
                            ReferentialAction::Cascade,
                            ReferentialAction::SetNull,
                            ReferentialAction::Restrict,
                        ])
                        .unwrap_or_default(),
                )
                .on_update(if random.bool() {
                    ReferentialAction::Cascade
                } else {
                    ReferentialAction::default()
                });
        if random.bool() && !matches!(dialect, "mysql" | "mariadb") {
            key = key.initially(Initially::Deferred);
        }
        if is_postgres {
            key = key.comment("of a reference");
            if random.bool() {
                key = key.match_type(MatchType::Full);
            }
            if random.bool() && !is_cut {
                key = key.not_valid();
            }
            if key.on_delete == ReferentialAction::SetNull {
                key = key.on_delete_columns([column_name.as_str()]);
            }
        }
        table = table.foreign_key(key);
    }
    if numbers.len() > 1 {
        let mut check =
            CheckConstraint::new(format!("{} > 0", quoted(&numbers[1]))).named(format!("ck {name}"));
        if is_postgres {
            check = check.comment("of a condition");
            if random.bool() {
                check = check.not_valid();
            }
        }
        table = table.check(check);
        if dialect == "mariadb" && random.bool() {
            let of_column = CheckConstraint::new(format!("{} < 9", quoted(&numbers[1])));
            table = table.check(of_column.of_column(numbers[1].as_str()));
        }
        if random.bool() {
            let mut unique =
                UniqueConstraint::new([numbers[1].as_str(), key_name.as_str()]).named(format!("uq {name}"));
            if is_postgres && random.bool() {
                unique = unique.initially(Initially::Deferred);
            }
            if is_postgres {
                unique = unique.comment("of both");
                // There is always a column to carry: the last.
                let carried = table.columns().last().map(|column| column.name.clone());
                unique = unique.include(carried.filter(|_| random.bool()));
                if random.bool() {
                    unique = unique.nulls_not_distinct();
                }
            }
            if is_sqlite {
                if random.bool() {
                    unique = unique.sqlite_on_conflict(ConflictResolution::Ignore);
                }
                if random.bool() {
                    let first = IndexElement::column(numbers[1].as_str()).descending().collate("NOCASE");
                    unique = unique.elements([first, IndexElement::column(key_name.as_str())]);
                }
            }
            table = table.unique(unique);
        }
        let mut index =
            Index::new(format!("ix {name}"), [IndexElement::column(numbers[1].as_str()).descending()]);
        if is_postgres || is_sqlite {
            if random.bool() {
                index = index.filter(format!("{} > 3", quoted(&numbers[1])));
            }
            if let Some(text) = texts.first() {
                index = index.element(IndexElement::expression(format!("lower({})", quoted(text))));
            }
        }
        if is_postgres && random.bool() {
            index = index.include([key_name.as_str()]);
        }
        if !is_sqlite && random.bool() {
            index = index.comment("of the index, it's said");
        }
        if matches!(dialect, "mysql" | "mariadb") && random.bool() {
            index = index.mysql_invisible();
        }
        table = table.index(index);
        if random.bool() {
            // To itself: what it references is always there.
            let action = random.choice([
                ReferentialAction::Cascade,
                ReferentialAction::SetNull,
                ReferentialAction::Restrict,
            ]);
            let key = ForeignKeyConstraint::new([numbers[1].as_str()], name, [key_name.as_str()])
                .named(format!("fk {name}"))
                .on_delete(action.unwrap_or_default());
            let fits = table.definition().find(&numbers[1]).is_some_and(|column| {
                column.sql_type == SqlType::Integer
                    && column.server_default.is_none()
                    && (column.nullable || action != Some(ReferentialAction::SetNull))
                    // MariaDB takes no condition over what it may set.
                    && (action != Some(ReferentialAction::SetNull) || !matches!(dialect, "mysql" | "mariadb"))
            });
            if fits {
                table = table.foreign_key(key);
            }
        }
    }
    let mut options = TableOptions::new();
    if random.bool() && !is_sqlite {
        options = options.comment("of the table, it's said");
    }
    match random.u8(0..4) {
        _ if is_cut => options = options.postgresql_partition_by(format!("RANGE ({})", quoted(key_name))),
        0 => options = options.postgresql_unlogged(),
        1 => options = options.mysql_collate("utf8mb4_bin"),
        _ => {}
    }
    table.options(options)
}
