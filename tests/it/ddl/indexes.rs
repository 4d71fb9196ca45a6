//! Indexes of every kind.

use aludel::{
    prelude::*,
    sql::{create_index, create_table, drop_index, rename_index, schema::IndexElement, types::Text},
};

use super::{Case, case};
use crate::database::{Database, on_every_database};

const IN_SQLITE: &str = "SELECT sql FROM sqlite_master WHERE name = 'ix_shelf'";
const IN_MYSQL: &str = "SELECT column_name, collation, sub_part, index_type, non_unique FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'shelf' AND index_name = 'ix_shelf' ORDER BY seq_in_index";

fn shelf() -> Table {
    Table::unregistered("shelf")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("word", Varchar(50)))
        .column(Column::new("note", Text))
        .column(Column::new("pages", Integer))
}

/// An index that is made in the place of the one before.
fn made(name: &'static str, index: Index) -> Case {
    case(name, create_index(shelf(), index)).after(drop_index(shelf(), "ix_shelf"))
}

pub(super) fn cases() -> Vec<Case> {
    let shelf = shelf();
    let first = Index::new("ix_shelf", ["word"]);
    vec![
        case("a plain index", create_index(&shelf, first))
            .after(create_table(&shelf))
            .sql("CREATE INDEX ix_shelf ON shelf (word)")
            .sqlite_shows(IN_SQLITE, "CREATE INDEX ix_shelf ON shelf (word)")
            .mysql_shows(IN_MYSQL, "word|A|NULL|BTREE|1"),
        made("directions", Index::new("ix_shelf", [IndexElement::column("word").descending(), "pages".into()]).unique())
            .sql("CREATE UNIQUE INDEX ix_shelf ON shelf (word DESC, pages)")
            .sqlite_shows(IN_SQLITE, "CREATE UNIQUE INDEX ix_shelf ON shelf (word DESC, pages)")
            .mysql_shows("SELECT column_name, non_unique FROM information_schema.statistics WHERE table_schema = DATABASE() AND index_name = 'ix_shelf' ORDER BY seq_in_index", "word|0;pages|0"),
        made("NULLs last", Index::new("ix_shelf", [shelf.c("pages").of::<i64>().desc().nulls_last()]))
            .sqlite_lacks("NULLS FIRST and NULLS LAST in an index")
            .postgres("CREATE INDEX ix_shelf ON shelf (pages DESC NULLS LAST)")
            .mysql_lacks("NULLS FIRST and NULLS LAST in an index")
            .postgres_shows("SELECT indoption[0] FROM pg_index WHERE indrelid = 'shelf'::regclass AND NOT indisprimary", "1"),
        made("some rows", Index::new("ix_shelf", ["word"]).filter(shelf.c("pages").of::<i64>().gt(100)))
            .sqlite("CREATE INDEX ix_shelf ON shelf (word) WHERE pages > 100")
            .postgres("CREATE INDEX ix_shelf ON shelf (word) WHERE pages > CAST(100 AS BIGINT)")
            .mysql_lacks("WHERE in an index")
            .sqlite_shows(IN_SQLITE, "CREATE INDEX ix_shelf ON shelf (word) WHERE pages > 100"),
        made("an expression", Index::new("ix_shelf", [lower(shelf.c("word").of::<String>())]))
            .sqlite("CREATE INDEX ix_shelf ON shelf (lower(word))")
            .postgres("CREATE INDEX ix_shelf ON shelf (lower(word))")
            .mysql("CREATE INDEX ix_shelf ON shelf ((lower(word)))")
            .mariadb_lacks("an index over an expression")
            .sqlite_shows(IN_SQLITE, "CREATE INDEX ix_shelf ON shelf (lower(word))"),
        made(
            "an expression by hand, and a column",
            Index::new("ix_shelf", [IndexElement::expression("pages + 1").descending()]).element("id"),
        )
        .sqlite("CREATE INDEX ix_shelf ON shelf ((pages + 1) DESC, id)")
        .postgres("CREATE INDEX ix_shelf ON shelf ((pages + 1) DESC, id)")
        .mysql("CREATE INDEX ix_shelf ON shelf ((pages + 1) DESC, id)")
        .mariadb_lacks("an index over an expression"),
        made("columns that are carried", Index::new("ix_shelf", ["word"]).include(["pages"]))
            .sqlite_lacks("INCLUDE in an index")
            .postgres("CREATE INDEX ix_shelf ON shelf (word) INCLUDE (pages)")
            .mysql_lacks("INCLUDE in an index"),
        made(
            "words of single databases",
            Index::new("ix_shelf", [IndexElement::column("word").postgresql_operator_class("varchar_pattern_ops").mysql_length(10)])
                .postgresql_using("btree")
                .postgresql_with("fillfactor = 70")
                .mysql_using("BTREE"),
        )
        .sqlite("CREATE INDEX ix_shelf ON shelf (word)")
        .postgres("CREATE INDEX ix_shelf ON shelf USING btree (word varchar_pattern_ops) WITH (fillfactor = 70)")
        .mysql("CREATE INDEX ix_shelf ON shelf (word(10)) USING BTREE")
        .mysql_shows(IN_MYSQL, "word|A|10|BTREE|1"),
        made("a collation", Index::new("ix_shelf", [IndexElement::column("word").collate("nocase")]))
            .sqlite("CREATE INDEX ix_shelf ON shelf (word COLLATE nocase)")
            .postgres_writes("CREATE INDEX ix_shelf ON shelf (word COLLATE nocase)")
            .mysql_lacks("COLLATE in an index"),
        made("the beginning of a long text", Index::new("ix_shelf", [IndexElement::column("note").mysql_length(20)]))
            .sql("CREATE INDEX ix_shelf ON shelf (note)")
            .mysql("CREATE INDEX ix_shelf ON shelf (note(20))")
            .mysql_shows(IN_MYSQL, "note|A|20|BTREE|1"),
        made("full text", Index::new("ix_shelf", ["note"]).mysql_prefix("FULLTEXT"))
            .sql("CREATE INDEX ix_shelf ON shelf (note)")
            .mysql("CREATE FULLTEXT INDEX ix_shelf ON shelf (note)")
            .mysql_shows(IN_MYSQL, "note|NULL|NULL|FULLTEXT|1"),
        made("NULLs that are alike", Index::new("ix_shelf", ["word"]).unique().nulls_not_distinct())
            .sqlite_lacks("NULLS NOT DISTINCT")
            .postgres("CREATE UNIQUE INDEX ix_shelf ON shelf (word) NULLS NOT DISTINCT")
            .mysql_lacks("NULLS NOT DISTINCT")
            .postgres_shows("SELECT indnullsnotdistinct FROM pg_index WHERE indrelid = 'shelf'::regclass AND NOT indisprimary", "1"),
        case("meanwhile written", create_index(&shelf, Index::new("ix_meanwhile", ["word"]).postgresql_concurrently()))
            .sql("CREATE INDEX ix_meanwhile ON shelf (word)")
            .postgres_writes("CREATE INDEX CONCURRENTLY ix_meanwhile ON shelf (word)"),
        case("dropped meanwhile", drop_index(&shelf, "ix_meanwhile").postgresql_concurrently().if_exists())
            .sqlite("DROP INDEX IF EXISTS ix_meanwhile")
            .postgres_writes("DROP INDEX CONCURRENTLY IF EXISTS ix_meanwhile")
            .mysql("DROP INDEX ix_meanwhile ON shelf")
            .mariadb("DROP INDEX IF EXISTS ix_meanwhile ON shelf"),
        case("only where it is not there", create_index(&shelf, Index::over(["pages"])).if_not_exists())
            .sql("CREATE INDEX IF NOT EXISTS ix_shelf_pages ON shelf (pages)")
            .mysql("CREATE INDEX ix_shelf_pages ON shelf (pages)")
            .mariadb("CREATE INDEX IF NOT EXISTS ix_shelf_pages ON shelf (pages)"),
        case("another name", rename_index(&shelf, "ix_shelf_pages", "ix_pages"))
            .sqlite_lacks("another name for an index")
            .postgres("ALTER INDEX ix_shelf_pages RENAME TO ix_pages")
            .mysql("ALTER TABLE shelf RENAME INDEX ix_shelf_pages TO ix_pages")
            .mysql_shows("SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'shelf' AND column_name = 'pages'", "ix_pages"),
    ]
}

/// An index that is made while the table is written to cannot be made inside of a transaction.
async fn an_index_is_made_and_dropped_meanwhile(database: &Database) {
    let shelf = Table::unregistered("shelf").column(Column::new("word", Varchar(50)));
    let mut conn = database.connect().await;
    MetaData::of(&shelf).create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    conn.set_autocommit(true).unwrap();
    let index = Index::new("ix_meanwhile", ["word"]).postgresql_concurrently();
    let indexes = async |conn: &mut Connection| conn.inspect().get_indexes("shelf").await.unwrap().len();
    conn.execute(create_index(&shelf, index)).await.unwrap();
    assert_eq!(indexes(&mut conn).await, 1);
    conn.execute(drop_index(&shelf, "ix_meanwhile").postgresql_concurrently()).await.unwrap();
    assert_eq!(indexes(&mut conn).await, 0);
}
on_every_database!(an_index_is_made_and_dropped_meanwhile);
