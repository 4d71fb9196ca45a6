//! What the derive says of a table is what the inspector finds.

use aludel::{
    engine::ExecutionOptions,
    prelude::*,
    sql::{
        Enum,
        dialect::SchemaTranslateMap,
        schema::{CheckConstraint, Identity, IndexElement, Sequence, UniqueConstraint},
    },
};

use crate::database::{Database, on_every_database};

/// What stands beside the columns.
fn named(table: Table) -> Table {
    table
        .unique(UniqueConstraint::new(["word", "pages"]).named("uq_shelf"))
        .check(CheckConstraint::new("pages > 0").named("ck_pages"))
        .index(Index::new("ix_down", [IndexElement::column("pages").descending()]).postgresql_using("btree"))
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(table_args = named)]
struct Shelf {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: String,
    pages: i64,
    #[column(foreign_key = Shelf::id, foreign_key_name = "fk_above")]
    above_id: Option<i64>,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Board {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Shelf::id, foreign_key_match = "full")]
    shelf_id: Option<i64>,
}

async fn named_constraints_and_indexes(database: &Database) {
    let mut conn = database.connect().await;
    MetaData::of(Shelf).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let found = conn.inspect().reflect_table("shelf").await.unwrap();
    let constraints = &found.constraints;
    let unique: Vec<_> = constraints.uniques.iter().filter_map(|unique| unique.name.as_deref()).collect();
    assert_eq!(unique, ["uq_shelf"]);
    let checks: Vec<_> = constraints.checks.iter().filter_map(|check| check.name.as_deref()).collect();
    assert_eq!(checks, ["ck_pages"]);
    assert_eq!(constraints.foreign_keys[0].name.as_deref(), Some("fk_above"));
    let made = MetaData::of(Board).create_all(&mut conn).await;
    if database.is_postgres() {
        made.unwrap();
        let board = conn.inspect().reflect_table("board").await.unwrap();
        assert_eq!(board.constraints.foreign_keys[0].match_type.as_deref(), Some("FULL"));
    } else {
        let message = made.unwrap_err().to_string();
        assert!(message.contains("MATCH FULL is not supported by the"), "{message}");
    }
    conn.rollback().await.unwrap();
    let down = found.indexes.iter().find(|index| index.name == "ix_down").unwrap();
    assert_eq!(down.column_names(), [Some("pages")]);
    // MariaDB keeps no direction before 10.8, and the test's may be any.
    assert!(down.elements[0].descending || database.is_mysql());
}
on_every_database!(named_constraints_and_indexes);

fn partial(table: Table) -> Table {
    let open = Index::new("ix_open", [lower(table.c("word").of::<String>())]).unique();
    table.index(open.filter("pages > 10"))
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(table_args = partial, index(pages))]
struct Drawer {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: String,
    pages: i64,
}

async fn partial_indexes_over_expressions(database: &Database) {
    let mut conn = database.connect().await;
    let created = MetaData::of(Drawer).create_all(&mut conn).await;
    if database.is_mysql() {
        let message = created.unwrap_err().to_string();
        assert!(message.contains("index") && message.contains("is not supported by the"), "{message}");
        return;
    }
    created.unwrap();
    conn.commit().await.unwrap();
    let indexes = conn.inspect().get_indexes("drawer").await.unwrap();
    let open = indexes.iter().find(|index| index.name == "ix_open").unwrap();
    assert!(open.unique && open.filter.as_deref().unwrap().contains("pages > 10"), "{open:?}");
    assert!(open.elements[0].expression.as_deref().unwrap().contains("lower("), "{open:?}");
    assert_eq!(indexes.len(), 2);
    conn.execute(insert(Drawer).values(Drawer { id: 1, word: "A".into(), pages: 11 })).await.unwrap();
    conn.execute(insert(Drawer).values(Drawer { id: 2, word: "a".into(), pages: 10 })).await.unwrap();
    let third = insert(Drawer).values(Drawer { id: 3, word: "a".into(), pages: 12 });
    let error = conn.execute(third).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
}
on_every_database!(partial_indexes_over_expressions);

const INVOICE_STEP: i64 = 5;

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Ticket {
    #[column(primary_key, identity = Identity::always().start(100).increment(INVOICE_STEP))]
    id: i64,
    #[column(sequence = Sequence::new("ticket_numbers").start(7).increment(2))]
    number: Option<i64>,
    #[column(length = 20)]
    word: String,
}

/// Only PostgreSQL has both an identity that counts by steps and sequences.
async fn identities_and_sequences_as_expressions(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let sessions = SessionMaker::new(database.engine());
    database.engine().begin(async |conn| MetaData::of(Ticket).create_all(conn).await).await.unwrap();
    let tickets = sessions
        .begin(async |session| {
            let tickets = session.add_all(["a", "b"].map(|word| Ticket { word: word.into(), ..default() }));
            session.flush().await?;
            Ok(tickets)
        })
        .await
        .unwrap();
    let mut found: Vec<(i64, Option<i64>)> =
        tickets.iter().map(|ticket| (ticket.read().id, ticket.read().number)).collect();
    found.sort_unstable();
    assert_eq!(found, [(100, Some(7)), (105, Some(9))]);
    let mut conn = database.connect().await;
    let id = conn.inspect().reflect_table("ticket").await.unwrap().column("id").unwrap().clone();
    assert!(
        id.identity.as_ref().is_some_and(|identity| identity.always && identity.increment == 5),
        "{id:?}"
    );
}
on_every_database!(identities_and_sequences_as_expressions);

#[derive(Enum, Clone, Copy, Debug, Default, PartialEq)]
#[enumeration(name = "shade", schema = "library")]
enum Shade {
    #[default]
    Dark,
    Light,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Lamp {
    #[column(primary_key)]
    id: i64,
    shade: Shade,
    other: Option<Shade>,
}

async fn an_enumeration_in_a_schema(database: &Database) {
    let mut conn = database.connect().await;
    if database.is_postgres() {
        let own = text("SELECT current_schema()::text").returns::<(String,)>();
        let (own,) = conn.execute(own).one().await.unwrap();
        let schemas = SchemaTranslateMap::new().schema("library", own);
        conn.rollback().await.unwrap();
        conn.set_execution_options(ExecutionOptions::new().schema_translate_map(schemas)).unwrap();
    }
    // Twice, as what is there is not made again.
    for _ in 0..2 {
        MetaData::of(Lamp).create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
    let lamps = [
        Lamp { id: 1, shade: Shade::Light, other: None },
        Lamp { id: 2, shade: Shade::Dark, other: Some(Shade::Light) },
    ];
    conn.execute(insert(Lamp).values_many(lamps.clone())).await.unwrap();
    assert_eq!(conn.execute(select(Lamp).order_by(Lamp::id.asc())).all().await.unwrap(), lamps);
    let light = select(Lamp::id).filter(Lamp::shade.in_([Shade::Light]).or(Lamp::other.eq(Shade::Light)));
    assert_eq!(conn.execute(light.order_by(Lamp::id.asc())).all().await.unwrap(), [1, 2]);
    let cast = select(Lamp::shade.cast::<String>()).filter(Lamp::id.eq(1));
    assert_eq!(conn.execute(cast).all().await.unwrap(), ["Light"]);
    conn.commit().await.unwrap();
    if database.is_postgres() {
        let created = aludel::sql::create_table(Lamp).to_string();
        assert!(created.contains("lamp"), "{created}");
        let sql = aludel::sql::Executable::to_sql(
            &aludel::sql::create_table(Lamp),
            &aludel::sql::dialect::PostgresDialect::default(),
        )
        .unwrap();
        assert!(sql.contains("CREATE TYPE library.shade AS ENUM ('Dark', 'Light')"), "{sql}");
        assert!(sql.contains("shade library.shade NOT NULL") && sql.contains("other library.shade"), "{sql}");
    }
    MetaData::of(Lamp).drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let left = conn.inspect().reflect_table("lamp").await;
    assert_eq!(left.unwrap_err().kind(), ErrorKind::NoSuchTable);
}
on_every_database!(an_enumeration_in_a_schema);
