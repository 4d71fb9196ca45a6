//! Schemas, sequences, views and types.

use aludel::{
    prelude::*,
    sql::{
        alter_sequence, alter_type, create_schema, create_sequence, create_table, create_table_as,
        create_type, create_view, ddl, drop_schema, drop_sequence, drop_type, drop_view, refresh_view,
        schema::{Enumeration, Sequence, TableOptions, ViewDefinition},
    },
};

use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = schemas_and_sequences();
    cases.extend(views());
    cases.extend(types());
    cases
}

fn schemas_and_sequences() -> Vec<Case> {
    let sequence =
        Sequence::new("counter").start(5).increment(2).minvalue(1).maxvalue(None).cache(10).cycle(false);
    vec![
        case("a schema", create_schema("a schema").if_not_exists())
            .sqlite_lacks("CREATE SCHEMA")
            .postgres("CREATE SCHEMA IF NOT EXISTS \"a schema\"")
            .mysql("CREATE SCHEMA IF NOT EXISTS `a schema`")
            .only_written(),
        case("a schema goes with all that is in it", drop_schema("a schema").if_exists().cascade())
            .sqlite_lacks("DROP SCHEMA")
            .postgres("DROP SCHEMA IF EXISTS \"a schema\" CASCADE")
            .mysql("DROP SCHEMA IF EXISTS `a schema`")
            .only_written(),
        case("a sequence", create_sequence(&sequence))
            .sqlite_lacks("CREATE SEQUENCE (of `counter`)")
            .postgres("CREATE SEQUENCE counter INCREMENT BY 2 START WITH 5 MINVALUE 1 NO MAXVALUE CACHE 10 NO CYCLE")
            .mysql_lacks("CREATE SEQUENCE (of `counter`)")
            .mariadb("CREATE SEQUENCE counter INCREMENT BY 2 START WITH 5 MINVALUE 1 NO MAXVALUE CACHE 10 NOCYCLE")
            .postgres_shows("SELECT nextval('counter')", "5")
            .mysql_shows("SELECT nextval(counter)", "5"),
        case("a sequence executed alone", sequence.clone())
            .sqlite_lacks("the next value of a sequence (of `counter`)")
            .postgres("SELECT nextval('counter') AS next_value")
            .mysql_lacks("the next value of a sequence (of `counter`)")
            .mariadb("SELECT nextval(counter) AS next_value"),
        case("a sequence that counts in another way", alter_sequence(&sequence).increment(3).maxvalue(1000).restart_with(100))
            .sqlite_lacks("ALTER SEQUENCE (of `counter`)")
            .postgres("ALTER SEQUENCE counter INCREMENT BY 3 MAXVALUE 1000 RESTART WITH 100")
            .mysql_lacks("ALTER SEQUENCE (of `counter`)")
            .mariadb("ALTER SEQUENCE counter INCREMENT BY 3 MAXVALUE 1000 RESTART WITH 100")
            .postgres_shows("SELECT nextval('counter')", "100")
            .mysql_shows("SELECT nextval(counter)", "100"),
        case("a sequence that begins again", alter_sequence(&sequence).if_exists().cycle(true).cache(1).restart())
            .sqlite_lacks("ALTER SEQUENCE")
            .postgres("ALTER SEQUENCE IF EXISTS counter CACHE 1 CYCLE RESTART")
            .mysql_lacks("ALTER SEQUENCE")
            .mariadb("ALTER SEQUENCE IF EXISTS counter CACHE 1 CYCLE RESTART")
            .postgres_shows("SELECT nextval('counter')", "5")
            .mysql_shows("SELECT nextval(counter)", "5"),
        case("another name for a sequence", alter_sequence(&sequence).rename_to("Tally"))
            .sqlite_lacks("ALTER SEQUENCE")
            .postgres("ALTER SEQUENCE counter RENAME TO \"Tally\"")
            .mysql_lacks("ALTER SEQUENCE")
            .mariadb("RENAME TABLE counter TO `Tally`")
            .postgres_shows("SELECT nextval('\"Tally\"')", "8")
            .mysql_shows("SELECT nextval(`Tally`)", "8"),
        case("its name again", alter_sequence(&Sequence::new("Tally")).if_exists().rename_to("counter"))
            .sqlite_lacks("ALTER SEQUENCE")
            .postgres("ALTER SEQUENCE IF EXISTS \"Tally\" RENAME TO counter")
            .mysql_lacks("ALTER SEQUENCE")
            .mariadb("RENAME TABLE IF EXISTS `Tally` TO counter"),
        case("another schema for a sequence", alter_sequence(&Sequence::new("s").in_schema("a")).set_schema("b"))
            .sqlite_lacks("ALTER SEQUENCE")
            .postgres("ALTER SEQUENCE a.s SET SCHEMA b")
            .mysql_lacks("ALTER SEQUENCE")
            .mariadb_lacks("ALTER SEQUENCE .. SET SCHEMA")
            .only_written(),
        case("a sequence where it is not there", create_sequence(&sequence).if_not_exists())
            .sqlite_lacks("CREATE SEQUENCE")
            .postgres("CREATE SEQUENCE IF NOT EXISTS counter INCREMENT BY 2 START WITH 5 MINVALUE 1 NO MAXVALUE CACHE 10 NO CYCLE")
            .mysql_lacks("CREATE SEQUENCE")
            .mariadb("CREATE SEQUENCE IF NOT EXISTS counter INCREMENT BY 2 START WITH 5 MINVALUE 1 NO MAXVALUE CACHE 10 NOCYCLE"),
        case("a sequence goes", drop_sequence(&sequence).if_exists())
            .sqlite_lacks("DROP SEQUENCE")
            .postgres("DROP SEQUENCE IF EXISTS counter")
            .mysql_lacks("DROP SEQUENCE")
            .mariadb("DROP SEQUENCE IF EXISTS counter"),
    ]
}

fn views() -> Vec<Case> {
    let people = Table::unregistered("people")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("age", Integer));
    let query = || select((people.c("id"), people.c("age"))).filter(people.c("age").of::<i64>().ge(18));
    let adults = Table::unregistered("adults")
        .column(Column::new("id", Integer))
        .column(Column::new("years", Integer))
        .view(query());
    let kept = Table::unregistered("adults_kept")
        .column(Column::new("id", Integer))
        .view(ViewDefinition::from("SELECT id FROM people").materialized());
    vec![
        case("a view", create_view(&adults))
            .after(create_table(&people))
            .after(ddl("INSERT INTO people (id, age) VALUES (1, 17), (2, 18)"))
            .sql("CREATE VIEW adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= 18")
            .postgres("CREATE VIEW adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= CAST(18 AS BIGINT)")
            .shows("SELECT id, years FROM adults", "2|18"),
        case("a view in the place of another", create_view(&adults).or_replace())
            .sqlite_lacks("CREATE OR REPLACE VIEW")
            .postgres("CREATE OR REPLACE VIEW adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= CAST(18 AS BIGINT)")
            .mysql("CREATE OR REPLACE VIEW adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= 18"),
        case("a view where it is not there", create_view(&adults).if_not_exists())
            .sqlite("CREATE VIEW IF NOT EXISTS adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= 18")
            .postgres_lacks("CREATE VIEW IF NOT EXISTS")
            .mysql_lacks("CREATE VIEW IF NOT EXISTS")
            .mariadb("CREATE VIEW IF NOT EXISTS adults (id, years) AS SELECT people.id, people.age FROM people WHERE people.age >= 18"),
        case("a table of a query", create_table_as(Table::unregistered("grown up"), query()))
            .sql("CREATE TABLE \"grown up\" AS SELECT people.id, people.age FROM people WHERE people.age >= 18")
            .postgres("CREATE TABLE \"grown up\" AS SELECT people.id, people.age FROM people WHERE people.age >= CAST(18 AS BIGINT)")
            .mysql("CREATE TABLE `grown up` AS SELECT people.id, people.age FROM people WHERE people.age >= 18")
            .sqlite_shows("SELECT id, age FROM \"grown up\"", "2|18")
            .postgres_shows("SELECT id, age FROM \"grown up\"", "2|18")
            .mysql_shows("SELECT id, age FROM `grown up`", "2|18"),
        case(
            "a table of a query for a while",
            create_table_as(
                Table::unregistered("all_people").options(TableOptions::new().temporary()),
                "SELECT id FROM people ORDER BY id",
            )
            .if_not_exists(),
        )
        .sql("CREATE TEMPORARY TABLE IF NOT EXISTS all_people AS SELECT id FROM people ORDER BY id")
        .shows("SELECT id FROM all_people ORDER BY id", "1;2"),
        case(
            "a table of a query, strictly",
            create_table_as(
                Table::unregistered("t").options(TableOptions::new().sqlite_strict().mysql_engine("InnoDB")),
                "SELECT 1 AS one",
            ),
        )
        .sqlite_lacks("WITHOUT ROWID and STRICT of CREATE TABLE .. AS")
        .postgres("CREATE TABLE t AS SELECT 1 AS one")
        .mysql("CREATE TABLE t ENGINE=InnoDB AS SELECT 1 AS one"),
        case("a view goes", drop_view(&adults).if_exists()).sql("DROP VIEW IF EXISTS adults"),
        case("a view whose rows are kept", create_view(&kept).if_not_exists())
            .sqlite_lacks("a materialized view")
            .postgres("CREATE MATERIALIZED VIEW IF NOT EXISTS adults_kept (id) AS SELECT id FROM people")
            .mysql_lacks("a materialized view")
            .postgres_shows("SELECT count(*) FROM adults_kept", "2"),
        case("they are read anew", refresh_view(&kept))
            .after(ddl("DELETE FROM people WHERE id = 1"))
            .sqlite_lacks("REFRESH MATERIALIZED VIEW")
            .postgres("REFRESH MATERIALIZED VIEW adults_kept")
            .mysql_lacks("REFRESH MATERIALIZED VIEW")
            .postgres_shows("SELECT count(*) FROM adults_kept", "1"),
        case("they are read anew meanwhile", refresh_view(&kept).postgresql_concurrently())
            .sqlite_lacks("REFRESH MATERIALIZED VIEW")
            .postgres_writes("REFRESH MATERIALIZED VIEW CONCURRENTLY adults_kept")
            .mysql_lacks("REFRESH MATERIALIZED VIEW"),
        case("such a view goes", drop_view(&kept).cascade())
            .sqlite_lacks("DROP VIEW .. CASCADE")
            .postgres("DROP MATERIALIZED VIEW adults_kept CASCADE")
            .mysql_lacks("DROP VIEW .. CASCADE"),
    ]
}

fn types() -> Vec<Case> {
    let mood = Enumeration::new("mood", ["ok", "it's"]);
    let price = Enumeration::new("price", ["$$", "$block_1$"]);
    let words = "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY enumsortorder";
    vec![
        case("a type of words", create_type(mood.clone()))
            .sql("")
            .postgres("CREATE TYPE mood AS ENUM ('ok', 'it''s')")
            .postgres_shows(words, "ok;it's"),
        case("another word", alter_type("mood").add_value("new"))
            .sqlite_lacks("ALTER TYPE (of `mood`)")
            .postgres("ALTER TYPE mood ADD VALUE 'new'")
            .mysql_lacks("ALTER TYPE (of `mood`)")
            .postgres_shows(words, "ok;it's;new"),
        case("a word before another", alter_type("mood").add_value_before("first", "ok").if_not_exists())
            .sqlite_lacks("ALTER TYPE")
            .postgres("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'first' BEFORE 'ok'")
            .mysql_lacks("ALTER TYPE")
            .postgres_shows(words, "first;ok;it's;new"),
        case("a word after another", alter_type("mood").add_value_after("x", "ok"))
            .sqlite_lacks("ALTER TYPE")
            .postgres("ALTER TYPE mood ADD VALUE 'x' AFTER 'ok'")
            .mysql_lacks("ALTER TYPE")
            .postgres_shows(words, "first;ok;x;it's;new"),
        case("another form of a word", alter_type("mood").rename_value("x", "y"))
            .sqlite_lacks("ALTER TYPE")
            .postgres("ALTER TYPE mood RENAME VALUE 'x' TO 'y'")
            .mysql_lacks("ALTER TYPE")
            .postgres_shows(words, "first;ok;y;it's;new"),
        case("another name for the type", alter_type("mood").rename_to("Mood of day"))
            .sqlite_lacks("ALTER TYPE")
            .postgres("ALTER TYPE mood RENAME TO \"Mood of day\"")
            .mysql_lacks("ALTER TYPE"),
        case("another schema for the type", alter_type("t").in_schema("a").set_schema("b"))
            .sqlite_lacks("ALTER TYPE")
            .postgres("ALTER TYPE a.t SET SCHEMA b")
            .mysql_lacks("ALTER TYPE")
            .only_written(),
        case("a type goes", drop_type(&Enumeration::new("Mood of day", ["ok"])).if_exists())
            .sql("")
            .postgres("DROP TYPE IF EXISTS \"Mood of day\""),
        // The quotes of the block must not stand in it.
        case("a type that may be there, of odd words", create_type(price.clone()).if_not_exists())
            .sql("")
            .postgres(
                "DO $block_2$ BEGIN CREATE TYPE price AS ENUM ('$$', '$block_1$'); EXCEPTION WHEN duplicate_object THEN NULL; \
                 END $block_2$",
            )
            .postgres_shows(
                "SELECT enumlabel FROM pg_enum WHERE enumtypid = 'price'::regtype ORDER BY enumsortorder",
                "$$;$block_1$",
            ),
        case("a type of odd words goes", drop_type(&price)).sql("").postgres("DROP TYPE price"),
    ]
}
