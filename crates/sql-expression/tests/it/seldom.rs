//! What is seldom said in DDL: of the indexes of keys, comments of constraints, parts of tables, views. Each on every dialect: as
//! it is written, or left out by one that has no such word, or refused by name.

use std::sync::Arc;

use aludel_sql_expression::{
    Dialect, Executable, SqlType, create_domain, create_index, create_table, create_view, drop_domain,
    drop_table,
    schema::{
        CheckConstraint, Column, ConflictResolution, Domain, Enumeration, ExcludeConstraint,
        ForeignKeyConstraint, Index, IndexElement, MetaData, PrimaryKeyConstraint, ReferentialAction,
        Sequence, Table, TableOptions, UniqueConstraint, ViewDefinition,
    },
    statement::Ddl,
    types::{Integer, Varchar},
};

use crate::fixture::{mariadb, mysql, postgres, sqlite};

fn two_columns(name: &'static str) -> Table {
    Table::unregistered(name).column(Column::new("a", Integer)).column(Column::new("b", Integer))
}

fn written(ddl: &impl Executable, dialect: &Arc<dyn Dialect>) -> String {
    ddl.to_sql(&**dialect).unwrap()
}

fn refused(ddl: &impl Executable, dialect: &Arc<dyn Dialect>) -> String {
    ddl.to_sql(&**dialect).unwrap_err().to_string()
}

fn created(table: &Table) -> Ddl {
    create_table(table)
}

#[test]
fn what_the_index_of_a_key_carries() {
    let t = two_columns("t")
        .primary_key(
            PrimaryKeyConstraint::new(["a"]).named("pk").include(["b"]).postgresql_with("fillfactor = 70"),
        )
        .unique(UniqueConstraint::new(["b"]).include(["a"]).postgresql_tablespace("Fast"));
    let sql = written(&created(&t), &postgres());
    assert!(sql.contains("CONSTRAINT pk PRIMARY KEY (a) INCLUDE (b) WITH (fillfactor = 70)"), "{sql}");
    assert!(sql.contains("UNIQUE (b) INCLUDE (a) USING INDEX TABLESPACE \"Fast\""), "{sql}");
    for dialect in [sqlite(), mysql(), mariadb()] {
        let message = refused(&created(&t), &dialect);
        assert!(message.contains("INCLUDE in a constraint is not supported by the"), "{message}");
        assert!(message.contains("table `t`"), "{message}");
    }
    let missing = two_columns("t").unique(UniqueConstraint::new(["a"]).include(["c"]));
    assert!(refused(&created(&missing), &postgres()).contains("the table `t` has no column `c`"));
}

#[test]
fn how_the_index_of_a_key_takes_its_columns() {
    let down = |name: &'static str| IndexElement::column(name).descending();
    let t =
        two_columns("t").primary_key(PrimaryKeyConstraint::new(["a", "b"]).elements([down("a"), "b".into()]));
    for dialect in [sqlite(), mysql(), mariadb()] {
        let sql = written(&created(&t), &dialect);
        assert!(sql.contains("PRIMARY KEY (a DESC, b)"), "{sql}");
    }
    let message = refused(&created(&t), &postgres());
    assert!(message.contains("how the index of a key takes its columns is not supported"), "{message}");
    let wrong = two_columns("t").unique(UniqueConstraint::new(["a", "b"]).elements([down("b"), down("a")]));
    assert!(refused(&created(&wrong), &sqlite()).contains("are not its columns in their order"));
    // Behind the columns it would be the row's own number.
    let lone = Table::unregistered("t")
        .column(Column::new("a", Integer).primary_key().autoincrement(false))
        .primary_key(PrimaryKeyConstraint::new(["a"]).elements([down("a")]));
    let sql = written(&created(&lone), &sqlite());
    assert_eq!(sql, "CREATE TABLE t (\n    a INTEGER NOT NULL PRIMARY KEY DESC\n)");
}

#[test]
fn what_sqlite_does_with_a_row_too_many() {
    let t = Table::unregistered("t")
        .column(Column::new("id", Integer).primary_key())
        .column(
            Column::new("a", Integer)
                .not_null()
                .server_default("1")
                .sqlite_on_conflict_not_null(ConflictResolution::Replace),
        )
        .primary_key(PrimaryKeyConstraint::new(["id"]).sqlite_on_conflict(ConflictResolution::Rollback))
        .unique(UniqueConstraint::new(["a"]).sqlite_on_conflict(ConflictResolution::Ignore))
        .options(TableOptions::new().sqlite_autoincrement());
    assert_eq!(
        written(&created(&t), &sqlite()),
        "CREATE TABLE t (\n    id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK AUTOINCREMENT,\n    a INTEGER DEFAULT 1 NOT NULL ON CONFLICT \
         REPLACE,\n    UNIQUE (a) ON CONFLICT IGNORE\n)"
    );
    for dialect in [postgres(), mysql(), mariadb()] {
        assert!(!written(&created(&t), &dialect).contains("CONFLICT"), "it is said to SQLite alone");
    }
}

#[test]
fn columns_that_on_delete_sets() {
    let key = |action| {
        ForeignKeyConstraint::new(["a", "b"], "p", ["a", "b"]).on_delete(action).on_delete_columns(["b"])
    };
    let t =
        two_columns("t").foreign_key(key(ReferentialAction::SetNull).on_update(ReferentialAction::Cascade));
    let sql = written(&created(&t), &postgres());
    assert!(sql.contains("ON DELETE SET NULL (b) ON UPDATE CASCADE"), "{sql}");
    for dialect in [sqlite(), mysql(), mariadb()] {
        let message = refused(&created(&t), &dialect);
        assert!(message.contains("ON DELETE SET NULL of some columns is not supported by the"), "{message}");
    }
    let cascading = two_columns("t").foreign_key(key(ReferentialAction::Cascade));
    assert!(refused(&created(&cascading), &postgres()).contains("make it SET NULL or SET DEFAULT"));
    let other = two_columns("t").foreign_key(
        ForeignKeyConstraint::new(["a"], "p", ["a"])
            .on_delete(ReferentialAction::SetDefault)
            .on_delete_columns(["b"]),
    );
    assert!(refused(&created(&other), &postgres()).contains("`b`, which is none of its columns"));
}

#[test]
fn comments_of_constraints_and_indexes() {
    let t = two_columns("t")
        .primary_key(PrimaryKeyConstraint::new(["a"]).named("pk").comment("it's a key"))
        .unique(UniqueConstraint::new(["b"]).named("Uq").comment("u"))
        .check(CheckConstraint::new("a > 0").named("ck").comment("c").not_valid())
        .foreign_key(ForeignKeyConstraint::new(["a"], "p", ["a"]).named("fk").comment("f"))
        .index(Index::new("ix", ["b"]).comment("i"));
    let sql = written(&created(&t), &postgres());
    for part in [
        "COMMENT ON CONSTRAINT pk ON t IS 'it''s a key'",
        "COMMENT ON CONSTRAINT \"Uq\" ON t IS 'u'",
        "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT VALID",
        "COMMENT ON CONSTRAINT ck ON t IS 'c'",
        "COMMENT ON CONSTRAINT fk ON t IS 'f'",
        "COMMENT ON INDEX ix IS 'i'",
    ] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
    for dialect in [mysql(), mariadb()] {
        let sql = written(&created(&t), &dialect);
        assert!(sql.contains("INDEX ix (b) COMMENT 'i'") && !sql.contains("COMMENT ON"), "{sql}");
    }
    assert!(!written(&created(&t), &sqlite()).contains("COMMENT"), "it has none");
    let nameless = two_columns("t").check(CheckConstraint::new("a > 0").comment("c"));
    assert!(refused(&created(&nameless), &postgres()).contains("has a comment, but no name"));
    let excluding = two_columns("t")
        .exclude(ExcludeConstraint::new().element("a", "=").named("ex").include(["b"]).comment("e"));
    let sql = written(&created(&excluding), &postgres());
    assert!(sql.contains("EXCLUDE (a WITH =) INCLUDE (b)") && sql.contains("ON CONSTRAINT ex"), "{sql}");
}

#[test]
fn indexes_and_columns_that_nobody_sees() {
    let t = Table::unregistered("t").column(Column::new("a", Integer).mysql_invisible().comment("c"));
    assert!(written(&created(&t), &mysql()).contains("a INTEGER INVISIBLE COMMENT 'c'"));
    assert!(!written(&created(&t), &postgres()).contains("INVISIBLE"), "it is said to MySQL alone");
    let index = create_index(&t, Index::new("ix", ["a"]).mysql_invisible());
    assert!(written(&index, &mysql()).ends_with("(a) INVISIBLE"));
    assert!(written(&index, &mariadb()).ends_with("(a) IGNORED"));
    assert!(written(&index, &sqlite()).ends_with("(a)"));
}

#[test]
fn conditions_that_stand_with_a_column_or_are_not_held_to() {
    let t = two_columns("t").check(CheckConstraint::new("a > 0").of_column("a"));
    for dialect in [sqlite(), postgres(), mysql(), mariadb()] {
        let sql = written(&created(&t), &dialect);
        assert!(sql.contains("a INTEGER CHECK (a > 0),\n"), "{sql}");
    }
    let loose = two_columns("t").check(CheckConstraint::new("a > 0").not_enforced());
    assert!(written(&created(&loose), &mysql()).contains("CHECK (a > 0) NOT ENFORCED"));
    for dialect in [sqlite(), postgres(), mariadb()] {
        let message = refused(&created(&loose), &dialect);
        assert!(message.contains("NOT ENFORCED is not supported by the"), "{message}");
    }
}

#[test]
fn parts_of_a_table() {
    let metadata = MetaData::new();
    let part = |name: &'static str, bound: &'static str| {
        Table::unregistered(name).options(TableOptions::new().postgresql_partition_of("\"Whole\"", bound))
    };
    let attached = part("attached", "FOR VALUES IN (1)").column(Column::new("a", Integer));
    let alike = part("alike", "DEFAULT");
    let whole = two_columns("Whole").options(TableOptions::new().postgresql_partition_by("LIST (a)"));
    for table in [&attached, &alike, &whole] {
        metadata.add(table);
    }
    let dialect = postgres();
    let sql: Vec<String> = metadata
        .create_statements(&*dialect, false)
        .unwrap()
        .iter()
        .map(|statement| statement.to_sql(&*dialect).unwrap())
        .collect();
    assert!(
        sql[0].starts_with("CREATE TABLE \"Whole\" (") && sql[0].ends_with("PARTITION BY LIST (a)"),
        "{sql:?}"
    );
    assert!(sql[1].contains("ALTER TABLE \"Whole\" ATTACH PARTITION attached FOR VALUES IN (1)"), "{sql:?}");
    assert_eq!(sql[2], "CREATE TABLE alike PARTITION OF \"Whole\" DEFAULT");
    // Twice does no harm.
    let again = written(&create_table(&attached).if_not_exists(), &dialect);
    assert!(again.contains("IF NOT (SELECT relispartition"), "{again}");
    let dropped = metadata.drop_statements(&*dialect, false).unwrap();
    assert_eq!(dropped.len(), 1, "the parts go with the whole");
    assert_eq!(dropped[0].to_sql(&*dialect).unwrap(), written(&drop_table(&whole), &dialect));
    // Others are not told that it is a part.
    assert!(refused(&created(&alike), &sqlite()).contains("the table `alike` has no columns"));
    assert_eq!(written(&created(&attached), &sqlite()), "CREATE TABLE attached (\n    a INTEGER\n)");
}

#[test]
fn domains() {
    let metadata = MetaData::new();
    let word = Domain::new("word", Varchar(20)).collate("C").server_default("'x'").comment("it's one");
    let short = Domain::new("short word", SqlType::Custom("word".into()))
        .not_null()
        .check(CheckConstraint::new("length(VALUE) < 5").named("short").comment("c"))
        .check(CheckConstraint::new("VALUE <> ''").not_valid());
    // It is made of what is added later.
    metadata.add_domain(&short);
    metadata.add_domain(&word);
    metadata.add_domain(&Domain::new("word", Integer));
    let dialect = postgres();
    let sql: Vec<String> = metadata
        .create_statements(&*dialect, false)
        .unwrap()
        .iter()
        .map(|statement| statement.to_sql(&*dialect).unwrap())
        .collect();
    assert!(sql[0].starts_with("CREATE DOMAIN word AS VARCHAR(20) COLLATE \"C\" DEFAULT 'x'"), "{sql:?}");
    assert!(sql[0].contains("COMMENT ON DOMAIN word IS 'it''s one'"), "{sql:?}");
    for part in [
        "CREATE DOMAIN \"short word\" AS word NOT NULL CONSTRAINT short CHECK (length(VALUE) < 5)",
        "ALTER DOMAIN \"short word\" ADD CHECK (VALUE <> '') NOT VALID",
        "COMMENT ON CONSTRAINT short ON DOMAIN \"short word\" IS 'c'",
    ] {
        assert!(sql[1].contains(part), "{part}: {sql:?}");
    }
    assert_eq!(sql.len(), 2);
    let dropped = metadata.drop_statements(&*dialect, true).unwrap();
    assert_eq!(dropped[0].to_sql(&*dialect).unwrap(), "DROP DOMAIN IF EXISTS \"short word\"");
    assert!(written(&create_domain(&word).if_not_exists(), &dialect).contains("WHEN duplicate_object"));
    for dialect in [sqlite(), mysql(), mariadb()] {
        let message = refused(&create_domain(&word), &dialect);
        assert!(message.contains("CREATE DOMAIN (of `word`) is not supported by the"), "{message}");
        let message = refused(&drop_domain(&word), &dialect);
        assert!(message.contains("DROP DOMAIN (of `word`) is not supported by the"), "{message}");
    }
    let nameless = Domain::new("d", Integer).check(CheckConstraint::new("VALUE > 0").comment("c"));
    assert!(refused(&create_domain(&nameless), &postgres()).contains("has a comment, but no name"));
}

#[test]
fn types_and_sequences_with_comments() {
    let metadata = MetaData::new();
    metadata.add_enumeration(&Enumeration::new("mood", ["calm"]).comment("it's said"));
    metadata.add_sequence(&Sequence::new("numbers").comment("it's one"));
    let texts = |dialect: Arc<dyn Dialect>| -> Vec<String> {
        let statements = metadata.create_statements(&*dialect, false).unwrap();
        statements.iter().map(|statement| statement.to_sql(&*dialect).unwrap()).collect()
    };
    let sql = texts(postgres()).join("; ");
    for part in [
        "CREATE SEQUENCE numbers",
        "COMMENT ON SEQUENCE numbers IS 'it''s one'",
        "CREATE TYPE mood AS ENUM ('calm')",
        "COMMENT ON TYPE mood IS 'it''s said'",
    ] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
    assert_eq!(texts(mariadb()), ["CREATE SEQUENCE numbers COMMENT='it''s one'"], "it has no such type");
    let dialect = postgres();
    let dropped: Vec<String> = metadata
        .drop_statements(&*dialect, false)
        .unwrap()
        .iter()
        .map(|statement| statement.to_sql(&*dialect).unwrap())
        .collect();
    assert_eq!(dropped, ["DROP SEQUENCE numbers", "DROP TYPE mood"]);
}

#[test]
fn sequences_that_go_with_a_column() {
    let metadata = MetaData::new();
    let numbers = Sequence::new("numbers").increment(2).owned_by("t", "a");
    metadata.add(&Table::unregistered("t").column(Column::new("a", Integer).sequence(&numbers)));
    let dialect = postgres();
    let texts = |statements: Vec<Ddl>| -> Vec<String> {
        statements.iter().map(|statement| statement.to_sql(&*dialect).unwrap()).collect()
    };
    assert_eq!(
        texts(metadata.create_statements(&*dialect, false).unwrap()),
        [
            "CREATE SEQUENCE numbers INCREMENT BY 2",
            "CREATE TABLE t (\n    a INTEGER DEFAULT nextval('numbers')\n)",
            "ALTER SEQUENCE numbers OWNED BY t.a"
        ]
    );
    let dropped = texts(metadata.drop_statements(&*dialect, false).unwrap());
    assert_eq!(dropped, ["DROP TABLE t"], "the sequence goes with it");
    let message = metadata.create_statements(&*mariadb(), false).unwrap_err().to_string();
    assert!(message.contains("ALTER SEQUENCE .. OWNED BY is not supported by the"), "{message}");
}

#[test]
fn views_come_after_those_that_they_read() {
    let metadata = MetaData::new();
    let mut first = ViewDefinition::from("SELECT id FROM \"z \"\"view\"");
    first.check_option = Some("LOCAL".into());
    let a = Table::unregistered("a").column(Column::new("id", Integer)).view(first);
    let z = Table::unregistered("z \"view").column(Column::new("id", Integer)).view("SELECT 1 AS id");
    metadata.add(&a);
    metadata.add(&z);
    let dialect = postgres();
    let order = |statements: Vec<Ddl>| -> Vec<bool> {
        statements.iter().map(|one| one.to_sql(&*dialect).unwrap().contains("VIEW a")).collect()
    };
    assert_eq!(order(metadata.create_statements(&*dialect, false).unwrap()), [false, true]);
    assert_eq!(order(metadata.drop_statements(&*dialect, false).unwrap()), [true, false]);
    for dialect in [postgres(), mysql(), mariadb()] {
        assert!(written(&create_view(&a), &dialect).ends_with(" WITH LOCAL CHECK OPTION"));
    }
    let message = refused(&create_view(&a), &sqlite());
    assert!(message.contains("WITH CHECK OPTION is not supported by the sqlite dialect"), "{message}");
    let kept = Table::unregistered("kept")
        .column(Column::new("id", Integer).comment("of a column"))
        .view(ViewDefinition::from("SELECT 1 AS id").materialized())
        .index(Index::new("ix", ["id"]).unique())
        .comment("of a view");
    let sql = written(&create_view(&kept), &postgres());
    for part in [
        "CREATE MATERIALIZED VIEW kept (id) AS SELECT 1 AS id",
        "COMMENT ON MATERIALIZED VIEW kept IS 'of a view'",
        "COMMENT ON COLUMN kept.id IS 'of a column'",
        "CREATE UNIQUE INDEX ix ON kept (id)",
    ] {
        assert!(sql.contains(part), "{part}: {sql}");
    }
}

#[test]
fn computed_columns_that_must_have_a_value() {
    let t = Table::unregistered("t")
        .column(Column::new("a", Varchar(5)))
        .column(Column::new("b", Integer).not_null().computed("length(a)"));
    for dialect in [sqlite(), postgres(), mysql()] {
        assert!(written(&created(&t), &dialect).contains("GENERATED ALWAYS AS (length(a)) STORED NOT NULL"));
    }
    assert!(written(&created(&t), &mariadb()).ends_with("GENERATED ALWAYS AS (length(a)) STORED\n)"));
}
