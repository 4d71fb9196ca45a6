//! What goes in comes out: names and values with everything in them that could mean something, as parameters and written out.

use aludel::{
    prelude::*,
    sql::{Executable, Value, literal, trusted, typed::ColumnType},
    types::{LargeBinary, Text},
};

use crate::{
    core_tables::{create, error, integer, rows},
    database::{Database, Kind, on_every_database},
    random_statements::{rounds, seed},
};

const NAMES: [&str; 30] = [
    "select",
    "Order",
    "UPPER",
    "group",
    "with space",
    " leading",
    "quo\"te",
    "two\"\"quotes\"",
    "back`tick",
    "sing'le",
    "ünïcödé 世界",
    "🦀",
    "per%cent",
    "question?",
    "col:on",
    "::cast",
    "$1",
    "dol$lar$$",
    "dot.ted",
    "[bracket]",
    "new\nline",
    "tab\tbed",
    "back\\slash",
    "--comment",
    "/*comment*/",
    "semi;colon",
    "#hash",
    "@at",
    "a,b",
    "sixty_three_characters_are_as_long_as_names_may_be_in_postgres_",
];

/// Every place where a name can stand takes every name.
async fn names_of_all_kinds_stand_everywhere(database: &Database) {
    let mut conn = database.connect().await;
    for name in NAMES {
        // MySQL takes the space off from the names of results, and has only letters of up to three bytes in names.
        if (name.starts_with(' ') || name.contains('🦀')) && database.is_mysql() {
            continue;
        }
        let t = Table::unregistered(name)
            .column(Column::new("id", Integer).primary_key().autoincrement(false))
            .column(Column::new(name, Varchar(80)).not_null().index());
        MetaData::of(&t).create_all(&mut conn).await.unwrap_or_else(|error| panic!("{name:?}: {error}"));
        conn.execute(insert(&t).values_many([(1, "one"), (2, name)])).await.unwrap();
        let column = || t.c(name).of::<String>();
        let alias = t.alias(format!("{:.40}x", name));
        let common = select((t.c("id"), column().label(name))).filter(column().eq(name)).cte("named");
        let labelled = column().concat("!").label(name);
        let statement = select((common.c(name).of::<String>(), alias.c(name).of::<String>(), labelled))
            .join_on(&alias, alias.c("id").eq(common.c("id")))
            .join_on(&t, t.c("id").eq(alias.c("id")))
            .order_by(common.c(name));
        let expected = [(name.to_owned(), name.to_owned(), format!("{name}!"))];
        assert_eq!(rows(&mut conn, statement.clone()).await, expected, "{name:?}");
        let written = statement.to_sql(&*conn.dialect()).unwrap();
        let written = text(trusted(written)).returns::<(String, String, String)>();
        assert_eq!(rows(&mut conn, written).await, expected, "{name:?}, written out");
        let changed = update(&t).set(name, "new").filter(t.c(name).eq(name));
        assert_eq!(conn.execute(changed).await.unwrap().rowcount(), 1, "{name:?}");
        let result = conn.execute(select(column()).order_by(column()).limit(1)).await.unwrap();
        assert_eq!(result.keys(), [name]);
        assert_eq!(conn.execute(delete(&t).filter(t.c(name).ne("?"))).await.unwrap().rowcount(), 2);
        MetaData::of(&t).drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
}
on_every_database!(names_of_all_kinds_stand_everywhere);

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "\\\\",
        "\\'",
        "'\\",
        "\\\"",
        "it's",
        "a\\'b\"c`d",
        "\\n",
        "\\0",
        "\\x41",
        "\r\n\t",
        "\u{1}",
        "\u{8}",
        "\u{1a}",
        "\u{7f}",
        "%",
        "%%s",
        "_",
        "?",
        "??",
        ":x",
        "\\:x",
        "::int",
        "$1",
        "$$",
        "$a$",
        "--",
        "/* */",
        "#",
        ";",
        "NULL",
        "E'x'",
        "x'00'",
        "é",
        "世界",
        "🦀🦀",
        "\u{200d}",
        "\u{fffd}",
        "\u{10ffff}",
        "' OR 1=1 --",
        "\\' OR 1=1 --",
        "');DROP TABLE t;--",
        "{a}",
        "'}'",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("x".repeat(1 << 20));
    texts.push("'\\\"🦀".repeat(150_000));
    texts
}

/// A value as a parameter and written out, beside itself.
async fn comes_back<T>(conn: &mut Connection, value: T, how: &str)
where
    T: ColumnType<Base = T> + PartialEq + std::fmt::Debug,
{
    let statement = select(literal(value.clone()));
    let shown = || format!("{value:.60?}, {how}");
    let bound = rows(conn, statement.clone()).await;
    assert!(bound == [value.clone()], "{} as a parameter: {bound:.60?}", shown());
    let written = statement.to_sql(&*conn.dialect()).unwrap();
    let found = conn.execute(text(trusted(written.clone())).returns::<(T,)>()).all().await;
    let found = found.unwrap_or_else(|error| panic!("{}: {error:.300}", shown()));
    assert!(found == [(value.clone(),)], "{} written out: {found:.60?}", shown());
    assert!(written.len() >= 7);
}

/// Bytes, whose type a server has to be told, as a parameter and written out.
async fn bytes_come_back(conn: &mut Connection, value: Vec<u8>, how: &str) {
    let statement = select(literal(value.clone()).cast::<Vec<u8>>());
    assert!(rows(conn, statement.clone()).await == [value.clone()], "{how}: {value:.40?}");
    let written = statement.to_sql(&*conn.dialect()).unwrap();
    let found = conn.execute(text(trusted(written)).returns::<(Vec<u8>,)>()).all().await;
    let found = found.unwrap_or_else(|error| panic!("{how}: {error:.300}"));
    assert!(found == [(value.clone(),)], "{how}, written out: {value:.40?}");
}

async fn texts_of_all_kinds_come_back(database: &Database) {
    let mut conn = database.connect().await;
    let t = Table::unregistered("kept")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("v", Text));
    create(&mut conn, &t).await;
    // TEXT ends at 64 KB there.
    if database.is_mysql() {
        conn.execute(aludel::sql::text("ALTER TABLE kept MODIFY v LONGTEXT")).await.unwrap();
    }
    for (value, id) in texts().into_iter().zip(1_i64..) {
        comes_back(&mut conn, value.clone(), "text").await;
        conn.execute(insert(&t).values((id, value.as_str()))).await.unwrap();
        let column = || t.c("v").of::<String>();
        let back = rows(&mut conn, select(column()).filter(integer(&t, "id").eq(id))).await;
        assert!(back == [value.clone()], "{value:.60?}");
        conn.execute(delete(&t)).await.unwrap();
        let written = insert(&t).values((id, value.as_str())).to_sql(&*conn.dialect()).unwrap();
        conn.execute(text(trusted(written))).await.unwrap();
        let same = select(column()).filter(column().eq(value.as_str()));
        assert!(rows(&mut conn, same).await == [value.clone()], "{value:.60?}, written out");
        conn.execute(delete(&t)).await.unwrap();
    }
    let nul = "a\0b".to_owned();
    if database.is_postgres() {
        // It has no such character in text, and says so before anything is sent.
        let refused = error(&mut conn, insert(&t).values((1, nul.as_str()))).await;
        assert_eq!(refused.kind(), ErrorKind::Data, "{refused}");
        assert!(refused.to_string().contains("NUL"), "{refused}");
        conn.rollback().await.unwrap();
        let refused = select(literal(nul)).to_sql(&*conn.dialect()).unwrap_err();
        assert!(refused.to_string().contains("NUL"), "{refused}");
    } else {
        comes_back(&mut conn, nul, "text with NUL").await;
    }
}
on_every_database!(texts_of_all_kinds_come_back);

async fn bytes_of_all_kinds_come_back(database: &Database) {
    let mut conn = database.connect().await;
    let t = Table::unregistered("kept_bytes")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("v", LargeBinary));
    create(&mut conn, &t).await;
    for value in [vec![], vec![0_u8], b"'\\\"`".to_vec(), (0..=255).collect(), vec![0xff; 1 << 20]] {
        bytes_come_back(&mut conn, value.clone(), "bytes").await;
        let written = insert(&t).values((1, value.clone())).to_sql(&*conn.dialect()).unwrap();
        conn.execute(text(trusted(written))).await.unwrap();
        let back = rows(&mut conn, select(t.c("v").of::<Vec<u8>>())).await;
        assert!(back == [value.clone()], "{value:.40?}");
        conn.execute(delete(&t)).await.unwrap();
    }
}
on_every_database!(bytes_of_all_kinds_come_back);

/// A server whose modes read quotes and backslashes otherwise reads what is written out as it was meant.
async fn literals_mean_the_same_in_every_mode(database: &Database) {
    let mut conn = database.connect().await;
    let modes: &[&str] = match database.kind() {
        Kind::Sqlite => &[],
        Kind::Postgres => &[
            "SET standard_conforming_strings = off",
            "SET escape_string_warning = off",
            "SET backslash_quote = off",
            "SET bytea_output = escape",
        ],
        Kind::MySql => &[
            "SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
            "SET sql_mode = 'ANSI_QUOTES'",
            "SET sql_mode = 'ANSI'",
            "SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
        ],
    };
    let texts = texts();
    for mode in modes {
        conn.execute(text(trusted(*mode))).await.unwrap();
        for value in texts.iter().filter(|text| text.len() < 100) {
            comes_back(&mut conn, value.clone(), mode).await;
        }
        bytes_come_back(&mut conn, (0..=255).collect(), mode).await;
        conn.rollback().await.unwrap();
    }
    conn.invalidate();
}
on_every_database!(literals_mean_the_same_in_every_mode);

fn random_value(random: &mut fastrand::Rng) -> Value {
    match random.u8(..9) {
        0 => Value::Bool(random.bool()),
        1 => Value::I64(random.i64(..)),
        2 => Value::I64(random.i64(-5..5)),
        3 => Value::F64(f64::from_bits(random.u64(..))),
        4 => Value::F64(f64::from(random.i32(..)) / 8.0),
        5 => Value::Text(random_text(random).into()),
        6 => Value::Bytes((0..random.usize(..40)).map(|_| random.u8(..)).collect()),
        7 => Value::Uuid(std::array::from_fn(|_| random.u8(..))),
        _ => Value::Date(random.i32(-300_000..2_900_000)),
    }
}

/// Text of letters that could mean something, and of any others.
fn random_text(random: &mut fastrand::Rng) -> String {
    let special =
        ['\'', '"', '`', '\\', '%', ':', '?', '$', '-', '/', '*', '\n', '\u{1a}', 'E', 'x', '0', ' '];
    (0..random.usize(..20))
        .map(|_| match random.u8(..3) {
            0 => loop {
                if let Some(letter) = char::from_u32(random.u32(1..0x11_0000)) {
                    break letter;
                }
            },
            _ => special[random.usize(..special.len())],
        })
        .collect()
}

/// Property: a value written out is the value that a parameter would have been.
async fn random_values_are_the_same_written_out(database: &Database) {
    let mut conn = database.connect().await;
    let dialect = conn.dialect();
    let first = seed(1);
    for seed in first..first + rounds(400) {
        let value = random_value(&mut fastrand::Rng::with_seed(seed));
        let mut written = String::from("SELECT ");
        let outcome = dialect.write_literal(&value, &mut written);
        // Some have no such numbers, and NaN is not equal to itself.
        if matches!(value, Value::F64(number) if !number.is_finite()) {
            continue;
        }
        outcome.unwrap();
        match value {
            Value::Bool(flag) => comes_back(&mut conn, flag, "random").await,
            Value::I64(number) => comes_back(&mut conn, number, "random").await,
            Value::F64(number) => comes_back(&mut conn, number, "random").await,
            Value::Text(text) => comes_back(&mut conn, text.as_str().to_owned(), "random").await,
            Value::Bytes(bytes) => bytes_come_back(&mut conn, bytes, "random").await,
            // There a UUID is bytes, which a lone parameter does not say.
            Value::Uuid(bytes) if database.is_mysql() => {
                bytes_come_back(&mut conn, bytes.to_vec(), "random").await
            }
            Value::Uuid(bytes) => comes_back(&mut conn, uuid_1::Uuid::from_bytes(bytes), "random").await,
            Value::Date(days) => {
                let day = chrono_0_4::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
                let day = day + chrono_0_4::TimeDelta::days(i64::from(days));
                let in_range = (chrono_0_4::NaiveDate::from_ymd_opt(1000, 1, 1).unwrap()
                    ..=chrono_0_4::NaiveDate::from_ymd_opt(9999, 12, 31).unwrap())
                    .contains(&day);
                if in_range {
                    comes_back(&mut conn, day, "random").await;
                }
            }
            other => panic!("{other:?} is not made"),
        }
    }
}
on_every_database!(random_values_are_the_same_written_out);
