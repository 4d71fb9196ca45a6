//! Case 28: types of one's own wrap what is sent and what is read, everywhere.

use std::sync::Arc;

use aludel::{
    prelude::*,
    sql::{
        CompiledCache, Dialect, Executable, SqlType, conflict,
        dialect::{MySqlDialect, PostgresDialect, SqliteDialect},
        trusted,
    },
    types::Text,
};

use crate::{
    database::{Database, on_every_database},
    stage::{create, error, integer, rows, sessions},
};

/// Kept in small letters, and shown in capital ones; what Rust sees begins with a `#`.
#[derive(Clone, Debug, Default, PartialEq, ColumnType)]
#[column_type(stored = String, sql_type = shouted())]
pub struct Tag(String);

fn shouted() -> SqlType {
    SqlType::from(Varchar(40)).bind_expression("lower({})").column_expression("upper({})")
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0.trim_start_matches('#').to_owned()
    }
}

impl TryFrom<String> for Tag {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "BAD" { Err(format!("`{text}` is no tag")) } else { Ok(Self(format!("#{text}"))) }
    }
}

fn tag(text: &str) -> Tag {
    Tag(text.to_owned())
}

fn table() -> Table {
    Table::unregistered("thing")
        .column(Column::new("id", Integer).primary_key().autoincrement(false))
        .column(Column::new("word", shouted()).not_null().unique())
        .column(Column::new("raw", Varchar(40)))
}

/// What is in the database: a type without anything around it shows it.
fn kept() -> Table {
    Table::unregistered("thing")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("word", Varchar(40)))
}

/// The text that is sent.
fn sent(statement: &impl Executable, dialect: &Arc<dyn Dialect>) -> String {
    let rendered = CompiledCache::new(0).render(&statement.node(), dialect).unwrap();
    assert_eq!(rendered.parts.len(), 1);
    rendered.parts[0].sql.to_string()
}

#[test]
fn case_028_custom_types_wrap_everywhere() {
    let t = table();
    let word = || t.c("word").of::<Tag>();
    let sqlite: Arc<dyn Dialect> = Arc::new(SqliteDialect::default());
    let postgres: Arc<dyn Dialect> = Arc::new(PostgresDialect::default());
    let mysql: Arc<dyn Dialect> = Arc::new(MySqlDialect::default());
    let sql = |statement: &dyn Fn(&Arc<dyn Dialect>) -> String, expected: [&str; 3]| {
        for (dialect, expected) in [&sqlite, &postgres, &mysql].into_iter().zip(expected) {
            assert_eq!(statement(dialect), expected);
        }
    };
    let select_it = select((integer(&t, "id"), word())).filter(word().eq(tag("#A"))).order_by(word().asc());
    sql(
        &|dialect| sent(&select_it, dialect),
        [
            "SELECT thing.id, upper(thing.word) AS word FROM thing WHERE thing.word = lower(?) ORDER BY thing.word",
            "SELECT thing.id, upper(thing.word) AS word FROM thing WHERE thing.word = lower(CAST($1 AS VARCHAR(40))) \
             ORDER BY thing.word",
            "SELECT thing.id, upper(thing.word) AS word FROM thing WHERE thing.word = lower(?) ORDER BY thing.word",
        ],
    );
    // A text beside the column takes the column's type; a list goes value by value.
    let listed =
        select(t.c("id").of::<i64>()).filter(t.c("word").in_(["A", "B"])).filter(t.c("word").ne("C"));
    sql(
        &|dialect| sent(&listed, dialect),
        [
            "SELECT thing.id FROM thing WHERE thing.word IN (lower(?), lower(?)) AND thing.word <> lower(?)",
            "SELECT thing.id FROM thing WHERE thing.word IN (lower(CAST($1 AS VARCHAR(40))), lower(CAST($2 AS \
             VARCHAR(40)))) AND thing.word <> lower(CAST($3 AS VARCHAR(40)))",
            "SELECT thing.id FROM thing WHERE thing.word IN (lower(?), lower(?)) AND thing.word <> lower(?)",
        ],
    );
    let many = insert(&t).values_many([(1, "A", "x"), (2, "B", "y")]).returning(word());
    assert_eq!(
        sent(&many, &sqlite),
        "INSERT INTO thing (id, word, raw) VALUES (?, lower(?), ?), (?, lower(?), ?) RETURNING upper(word) AS word, id"
    );
    assert_eq!(
        sent(&many, &postgres),
        "INSERT INTO thing (id, word, raw) SELECT _rows.c0, lower(_rows.c1), _rows.c2 FROM UNNEST($1::INTEGER[], \
         $2::TEXT[], $3::TEXT[]) WITH ORDINALITY AS _rows(c0, c1, c2, o) ORDER BY _rows.o RETURNING upper(word) AS word, id"
    );
    let changed = update(&t).set("word", "C").set("raw", "D").filter(t.c("word").between("A", "B"));
    sql(
        &|dialect| sent(&changed, dialect),
        [
            "UPDATE thing SET word = lower(?), raw = ? WHERE thing.word BETWEEN lower(?) AND lower(?)",
            "UPDATE thing SET word = lower(CAST($1 AS VARCHAR(40))), raw = $2 WHERE thing.word BETWEEN lower(CAST($3 AS \
             VARCHAR(40))) AND lower(CAST($4 AS VARCHAR(40)))",
            "UPDATE thing SET word = lower(?), raw = ? WHERE thing.word BETWEEN lower(?) AND lower(?)",
        ],
    );
    // What a subquery gives stays inside; its type goes along to where it comes out.
    let inner = select(word()).subquery("inner_things");
    let outer = select(inner.c("word").of::<Tag>());
    assert_eq!(
        sent(&outer, &sqlite),
        "SELECT upper(inner_things.word) AS word FROM (SELECT thing.word FROM thing) AS inner_things"
    );
    let both = select(word()).union(select(word()));
    assert_eq!(
        sent(&both, &postgres),
        "SELECT upper(thing.word) AS word FROM thing UNION SELECT upper(thing.word) AS word FROM thing"
    );
    assert_eq!(sent(&select(max(word())), &sqlite), "SELECT upper(max(thing.word)) FROM thing");
    // Literals are wrapped like parameters.
    assert_eq!(
        select(integer(&t, "id"))
            .filter(t.c("word").eq("it's"))
            .filter(t.c("word").in_(["A"]))
            .to_sql(&*mysql)
            .unwrap(),
        "SELECT thing.id FROM thing WHERE thing.word = lower('it''s') AND thing.word IN (lower('A'))"
    );
    assert_eq!(
        insert(&t).values((1, "A", "x")).to_sql(&*sqlite).unwrap(),
        "INSERT INTO thing (id, word, raw) VALUES (1, lower('A'), 'x')"
    );
    // What cannot stand around a value is an error.
    let odd =
        Table::unregistered("odd").column(Column::new("a", SqlType::from(Text).bind_expression("lower")));
    let refused = insert(&odd).value("a", "x").to_sql(&*sqlite).unwrap_err();
    assert!(refused.to_string().contains("`lower` cannot stand around a value"), "{refused}");
    // A type of one database stands for itself, with nothing of the other.
    let varied = shouted().with_variant(SqlType::from(Text).bind_expression("trim({})"), "mysql");
    let varied = Table::unregistered("varied").column(Column::new("a", varied));
    let found = select(varied.c("a").of::<String>()).filter(varied.c("a").eq("x"));
    assert_eq!(
        found.to_sql(&MySqlDialect::mariadb((10, 11, 0))).unwrap(),
        "SELECT varied.a FROM varied WHERE varied.a = trim('x')"
    );
}

async fn case_028_custom_types_on_real_rows(database: &Database) {
    let mut conn = database.connect().await;
    let (t, kept) = (table(), kept());
    let word = || t.c("word").of::<Tag>();
    create(&mut conn, &t).await;
    conn.execute(insert(&t).values((1, tag("#One"), "a"))).await.unwrap();
    conn.execute(insert(&t).values_many([(2, "TWO", "b"), (3, "Three", "c")])).await.unwrap();
    let raw = select(kept.c("word").of::<String>()).order_by(kept.c("id"));
    assert_eq!(rows(&mut conn, raw.clone()).await, ["one", "two", "three"]);
    let all = select(word()).order_by(t.c("id"));
    assert_eq!(rows(&mut conn, all.clone()).await, [tag("#ONE"), tag("#TWO"), tag("#THREE")]);
    // The untyped column is wrapped as well.
    let shown =
        conn.scalar_one::<String, _>(select(t.c("word")).filter(t.c("word").eq("oNe"))).await.unwrap();
    assert_eq!(shown, "ONE");
    let found = select(word()).filter(word().in_([tag("#Two"), tag("x")]));
    assert_eq!(rows(&mut conn, found).await, [tag("#TWO")]);
    let found = select(word()).filter(t.c("word").between("TI", "TX"));
    assert_eq!(rows(&mut conn, found).await, [tag("#TWO")]);
    assert_eq!(rows(&mut conn, select(max(word()))).await, [Some(tag("#TWO"))]);
    let inner = select((integer(&t, "id"), word())).subquery("inner_things");
    let outer = select(inner.c("word").of::<Tag>()).filter(inner.c("word").eq("THREE"));
    assert_eq!(rows(&mut conn, outer).await, [tag("#THREE")]);
    let one = || select(word()).filter(t.c("id").eq(1));
    let mut both = rows(&mut conn, one().union(select(word()).filter(t.c("id").eq(2)))).await;
    both.sort_by(|left, right| left.0.cmp(&right.0));
    assert_eq!(both, [tag("#ONE"), tag("#TWO")]);
    conn.execute(update(&t).set("word", "Four").filter(t.c("word").eq("ONE"))).await.unwrap();
    assert_eq!(rows(&mut conn, raw.clone()).await, ["four", "two", "three"]);
    let upsert = insert(&t).values((1, "FIVE", "a"));
    let changed = match database.is_mysql() {
        false => {
            conn.execute(upsert.on_conflict_do_update(conflict(t.c("id")), |to| to.set("word", "Six"))).await
        }
        true => conn.execute(upsert.on_duplicate_key_update(|to| to.set("word", "Six"))).await,
    };
    changed.unwrap();
    assert_eq!(rows(&mut conn, raw.clone()).await, ["six", "two", "three"]);
    if !database.is_mysql() {
        let given = conn.execute(insert(&t).values((4, "Seven", "d")).returning(word())).one().await.unwrap();
        assert_eq!(given, tag("#SEVEN"));
        let given = insert(&t).values_many([(5, "Eight", "e"), (6, "Nine", "f")]).returning(word());
        assert_eq!(rows(&mut conn, given).await, [tag("#EIGHT"), tag("#NINE")]);
        let gone = delete(&t).filter(t.c("word").eq("NINE")).returning(word());
        assert_eq!(rows(&mut conn, gone).await, [tag("#NINE")]);
    }
    // Literal rendering does the same as parameters.
    let literal = select(integer(&t, "id")).filter(word().eq(tag("#SIX")));
    let sql = literal.to_sql(&*conn.dialect()).unwrap();
    assert!(sql.contains("lower(") && sql.contains("'SIX'"), "{sql}");
    assert_eq!(rows(&mut conn, text(trusted(sql)).returns::<(i64,)>()).await, [(1,)]);
    // What the type refuses is an error with its name.
    conn.execute(insert(&t).values((7, "bad", "g"))).await.unwrap();
    let refused = error(&mut conn, select(word()).filter(t.c("id").eq(7))).await;
    assert!(refused.message().contains("cannot be read into `Tag`: `BAD` is no tag"), "{refused}");
}
on_every_database!(case_028_custom_types_on_real_rows);

#[derive(Mapped, Clone, Debug, Default)]
pub struct Page {
    #[column(primary_key)]
    pub id: i64,
    pub tag: Tag,
    pub other: Option<Tag>,
    pub number: i64,
}

/// A key that is wrapped.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Named {
    #[column(primary_key)]
    pub name: Tag,
    pub number: i64,
}

async fn case_028_custom_types_in_the_session(database: &Database) {
    let sessions = sessions(database, MetaData::of((Page, Named))).await;
    let mut session = sessions.open();
    let pages: Vec<Page> = (0..4)
        .map(|number| Page {
            tag: tag(&format!("#Tag{number}")),
            other: (number % 2 == 0).then(|| tag("#Other")),
            number,
            ..default()
        })
        .collect();
    let pages = session.add_all(pages);
    session.flush().await.unwrap();
    session.add(Page { tag: tag("#Lone"), number: 9, ..default() });
    session.commit().await.unwrap();
    let kept = text("SELECT tag FROM page ORDER BY number").returns::<(String,)>();
    let kept_now = async || {
        let mut conn = database.connect().await;
        let kept: Vec<(String,)> = conn.execute(kept.clone()).all().await.unwrap();
        kept.into_iter().map(|(tag,)| tag).collect::<Vec<_>>()
    };
    assert_eq!(kept_now().await, ["tag0", "tag1", "tag2", "tag3", "lone"]);
    // Many rows change in one statement, one row in another.
    for page in &pages {
        page.set(Page::tag, tag(&format!("#NEW{}", page.read().number)));
    }
    session.flush().await.unwrap();
    pages[0].set(Page::tag, tag("#Alone"));
    session.commit().await.unwrap();
    assert_eq!(kept_now().await, ["alone", "new1", "new2", "new3", "lone"]);
    drop(session);

    let mut session = sessions.open();
    let found = session
        .scalars(select(Page).filter(Page::tag.in_([tag("New1"), tag("NEW2")])).order_by(Page::number.asc()))
        .all()
        .await
        .unwrap();
    let tags: Vec<Tag> = found.iter().map(|page| page.read().tag.clone()).collect();
    assert_eq!(tags, [tag("#NEW1"), tag("#NEW2")]);
    assert_eq!(found[1].read().other, Some(tag("#OTHER")));
    session.refresh(&found[0]).await.unwrap();
    assert_eq!(found[0].read().tag, tag("#NEW1"));
    session.delete(&found[0]).unwrap();
    session.delete(&found[1]).unwrap();
    session.commit().await.unwrap();
    assert_eq!(kept_now().await, ["alone", "new3", "lone"]);

    // A key of such a type finds its row, alone and among others.
    let named: Vec<Named> =
        (0..3).map(|number| Named { name: tag(&format!("#KEY{number}")), number }).collect();
    let named = session.add_all(named);
    session.commit().await.unwrap();
    for one in &named {
        one.set(Named::number, one.read().number + 10);
    }
    session.flush().await.unwrap();
    named[0].set(Named::number, 100);
    session.commit().await.unwrap();
    let numbers = text("SELECT name, number FROM named ORDER BY name").returns::<(String, i64)>();
    let mut conn = database.connect().await;
    let expected =
        [("key0", 100), ("key1", 11), ("key2", 12)].map(|(name, number)| (name.to_owned(), number));
    assert_eq!(conn.execute(numbers.clone()).all().await.unwrap(), expected);
    conn.rollback().await.unwrap();
    session.delete(&named[0]).unwrap();
    session.delete(&named[1]).unwrap();
    session.commit().await.unwrap();
    assert_eq!(conn.execute(numbers).all().await.unwrap(), expected[2..]);
    let mut session = sessions.open();
    let one = session.get(Named, tag("#KEY2")).await.unwrap().unwrap();
    assert_eq!(one.read().number, 12);
}
on_every_database!(case_028_custom_types_in_the_session);
