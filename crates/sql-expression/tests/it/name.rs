//! Quoting, physical names and aliases.

use std::sync::Arc;

use aludel_sql_expression::{
    Dialect,
    dialect::{MySqlDialect, PhysicalNaming, PostgresDialect, SqliteDialect},
    insert,
    schema::{Column, Table},
    select,
    types::{Integer, Varchar},
};

use crate::fixture::{assert_sql, sql};

fn album() -> Table {
    Table::unregistered("Album")
        .column(Column::new("AlbumId", Integer).primary_key())
        .column(Column::new("Title", Varchar(160)))
}

#[test]
fn only_what_must_be_is_quoted() {
    let order =
        Table::unregistered("order").column(Column::new("id", Integer)).column(Column::new("key", Integer));
    assert_sql(
        &select((order.c("id"), order.c("key"))),
        "SELECT \"order\".id, \"order\".\"key\" FROM \"order\"",
        "SELECT \"order\".id, \"order\".key FROM \"order\"",
        "SELECT `order`.id, `order`.`key` FROM `order`",
    );
    let album = album();
    assert_sql(
        &select(album.c("AlbumId")),
        "SELECT \"Album\".\"AlbumId\" FROM \"Album\"",
        "SELECT \"Album\".\"AlbumId\" FROM \"Album\"",
        "SELECT `Album`.`AlbumId` FROM `Album`",
    );
    let in_schema = Table::in_schema("Sales", "item").column(Column::new("id", Integer));
    assert_eq!(
        sql(&select(in_schema.c("id")), &crate::fixture::postgres()),
        "SELECT \"Sales\".item.id FROM \"Sales\".item"
    );
}

#[test]
fn reserved_words_are_found_by_halves() {
    let dialects: [Arc<dyn Dialect>; 3] = [
        Arc::new(SqliteDialect::default()),
        Arc::new(PostgresDialect::default()),
        Arc::new(MySqlDialect::default()),
    ];
    for dialect in dialects {
        // Words of all three: at both ends, within, beginning like others, and going on from others.
        for word in [
            "all",
            "with",
            "select",
            "current_date",
            "not",
            "null",
            "on",
            "order",
            "to",
            "group",
            "having",
            "in",
        ] {
            assert!(dialect.is_reserved(word), "{word} ({})", dialect.name());
        }
        for word in
            ["", "al", "alll", "withe", "zz", "a", "selec", "selects", "current", "nul", "author", "grou"]
        {
            let is_one = word == "current" && dialect.name() == "sqlite";
            assert_eq!(dialect.is_reserved(word), is_one, "{word} ({})", dialect.name());
        }
    }
}

#[test]
fn physical_names() {
    let album = album();
    let snake: Arc<dyn Dialect> =
        PostgresDialect::default().with_naming(PhysicalNaming::SnakeCase).with_naming_again();
    let label = album.c("Title").label("TheTitle");
    assert_eq!(
        sql(
            &select((album.c("AlbumId"), label.clone())).order_by(label).filter(album.c("Title").eq("x")),
            &snake
        ),
        "SELECT album.album_id, album.title AS \"TheTitle\" FROM album WHERE album.title = $1 ORDER BY \"TheTitle\""
    );
    assert_eq!(
        sql(&insert(&album).value("Title", "x").returning(album.c("AlbumId")), &snake),
        "INSERT INTO album (title) VALUES ($1) RETURNING album_id"
    );
    let derived = select((album.c("AlbumId"), album.c("Title").label("TheTitle"))).subquery("Sub");
    assert_eq!(
        sql(&select((derived.c("AlbumId"), derived.c("TheTitle"))), &snake),
        "SELECT \"Sub\".album_id, \"Sub\".\"TheTitle\" FROM (SELECT album.album_id, album.title AS \"TheTitle\" FROM album) AS \
         \"Sub\""
    );
    for (name, snake, pascal) in [
        ("AlbumId", "album_id", "AlbumId"),
        ("playlist_track", "playlist_track", "PlaylistTrack"),
        ("HTTPServer", "http_server", "HTTPServer"),
        ("address2Line", "address2_line", "Address2Line"),
        ("id", "id", "Id"),
    ] {
        assert_eq!(PhysicalNaming::SnakeCase.apply(name), snake);
        assert_eq!(PhysicalNaming::PascalCase.apply(name), pascal);
    }
}

trait Again {
    fn with_naming_again(&self) -> Arc<dyn Dialect>;
}

impl Again for PostgresDialect {
    /// Through the trait, which gives another object.
    fn with_naming_again(&self) -> Arc<dyn Dialect> {
        Dialect::with_naming(self, self.naming())
    }
}

#[test]
fn dialects_are_told_apart_by_what_changes_the_text() {
    let cache = aludel_sql_expression::CompiledCache::default();
    let statement = aludel_sql_expression::Executable::node(&select(album().c("AlbumId")));
    let dialects: [Arc<dyn Dialect>; 4] = [
        Arc::new(SqliteDialect::default()),
        Arc::new(SqliteDialect::default().with_naming(PhysicalNaming::SnakeCase)),
        Arc::new(MySqlDialect::default()),
        Arc::new(MySqlDialect::mariadb((11, 0, 0))),
    ];
    for dialect in &dialects {
        cache.render(&statement, dialect).unwrap();
    }
    assert_eq!(cache.statistics().misses, 4);
}
