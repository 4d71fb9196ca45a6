//! Random schemas out of the constructs of the expression language.

use aludel::{
    prelude::*,
    sql::{
        SqlType,
        schema::{Computed, Identity, IndexElement, Initially, PrimaryKeyConstraint, TableOptions},
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

/// A schema of a few tables and views, always the same for a seed.
pub fn random(seed: u64, dialect: &str) -> MetaData {
    let mut random = fastrand::Rng::with_seed(seed);
    let metadata = MetaData::new();
    let mut parents: Vec<Parent> = Vec::new();
    for number in 0..random.usize(1..5) {
        let name = format!("{} {number}", random.choice(NAMES).unwrap_or("t"));
        let key = format!("id {}", random.choice(NAMES).unwrap_or("x"));
        let parent = Parent { table: name, key };
        let table = table(&mut random, &parent, &parents, dialect);
        metadata.add(&table);
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
            metadata.add(
                &Table::unregistered(name.as_str())
                    .column(Column::new(parent.key.as_str(), Integer))
                    .view(query),
            );
        }
    }
    metadata
}

fn types(dialect: &str) -> Vec<SqlType> {
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
        SqlType::Enum {
            schema: None,
            name: "mood".into(),
            values: ["calm", "it's wild", "ü"].map(Into::into).into(),
        },
    ];
    if dialect == "postgresql" {
        types.push(SqlType::Array(SqlType::Integer.into()));
        types.push(SqlType::Range(SqlType::Date.into()));
        types.push(SqlType::Custom("timestamp(3) without time zone".into()));
    }
    types
}

fn table(random: &mut fastrand::Rng, own: &Parent, parents: &[Parent], dialect: &str) -> Table {
    let Parent { table: name, key: key_name } = own;
    let is_postgres = dialect == "postgresql";
    let is_sqlite = dialect == "sqlite";
    let mut table = Table::unregistered(name.as_str());
    let types = types(dialect);
    if random.bool() {
        table = table.primary_key(PrimaryKeyConstraint::new([key_name.as_str()]).named(format!("pk {name}")));
    }
    let mut key = Column::new(key_name.as_str(), Integer).primary_key();
    match random.u8(0..4) {
        0 => key = key.autoincrement(false),
        1 if is_postgres => key = key.identity(Identity::always().start(20).increment(2).cache(5)),
        _ => {}
    }
    table = table.column(key);
    let count = random.usize(3..9);
    let mut numbers = vec![key_name.clone()];
    let mut texts = Vec::new();
    for position in 0..count {
        let column_name = format!("{} {position}", random.choice(NAMES).unwrap_or("c"));
        let sql_type = random.choice(&types).cloned().unwrap_or(SqlType::Integer);
        let mut column = Column::new(column_name.as_str(), sql_type.clone()).nullable(random.bool());
        match sql_type {
            SqlType::Integer | SqlType::BigInteger => {
                numbers.push(column_name.clone());
                if random.bool() {
                    column = column.server_default("7");
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
        table = table.foreign_key(key);
    }
    if numbers.len() > 1 {
        table = table
            .check(CheckConstraint::new(format!("{} > 0", quoted(&numbers[1]))).named(format!("ck {name}")));
        if random.bool() {
            let mut unique =
                UniqueConstraint::new([numbers[1].as_str(), key_name.as_str()]).named(format!("uq {name}"));
            if is_postgres && random.bool() {
                unique = unique.initially(Initially::Deferred);
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
        0 => options = options.postgresql_unlogged(),
        1 => options = options.mysql_collate("utf8mb4_bin"),
        _ => {}
    }
    table.options(options)
}
