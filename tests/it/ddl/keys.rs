//! Constraints: keys, checks, uniqueness, exclusion.

use aludel::{
    prelude::*,
    sql::{
        alter_table, create_table, ddl,
        schema::{
            Constraint, ConstraintKind, ExcludeConstraint, Initially, MatchType, NamingConvention,
            PrimaryKeyConstraint,
        },
    },
};

use super::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = created();
    cases.extend(altered());
    cases
}

fn two(name: &'static str) -> Table {
    Table::unregistered(name).column(Column::new("a", Integer)).column(Column::new("b", Integer))
}

fn created() -> Vec<Case> {
    let goal = two("goal").primary_key(PrimaryKeyConstraint::new(["b", "a"]).named("pk_goal"));
    let timed = two("timed").foreign_key(
        ForeignKeyConstraint::new(["a", "b"], "goal", ["b", "a"])
            .named("fk_timed")
            .on_delete(ReferentialAction::Cascade)
            .on_update(ReferentialAction::SetNull)
            .initially(Initially::Deferred),
    );
    let matched = two("matched")
        .foreign_key(ForeignKeyConstraint::new(["a", "b"], "goal", ["b", "a"]).match_type(MatchType::Full));
    let lone =
        Table::unregistered("lone_reference").column(Column::new("a", Integer).foreign_key(
            ForeignKey::new("numbers", "n").named("fk_lone").on_delete(ReferentialAction::SetNull),
        ));
    let numbers = Table::unregistered("numbers").column(Column::new("n", Integer).primary_key());
    let distinct = two("distinct_nulls")
        .unique(UniqueConstraint::new(["a", "b"]).named("uq_nulls").nulls_not_distinct());
    let late = two("late_unique").unique(UniqueConstraint::new(["a"]).initially(Initially::Deferred));
    let checked = two("checked");
    let condition = checked.c("a").of::<i64>().gt(0).and(checked.c("b").of::<i64>().in_([1, 2]));
    let checked = checked.check(CheckConstraint::new(condition).named("ck_checked"));
    let excluded = Table::unregistered("excluded")
        .column(Column::new("a", Integer))
        .exclude(ExcludeConstraint::new().element("a", "=").using("btree").filter("a > 5").named("ex_a"));
    let named = MetaData::new().with_naming_convention(NamingConvention::usual());
    let named = Table::new("named", &named)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("n", Integer).foreign_key("numbers.n"))
        .column(Column::new("word", Varchar(20)).unique())
        .column(Column::new("age", Integer).index())
        .check(CheckConstraint::new("age > 0").named("age_positive"));
    vec![
        case("a key with a name and an order", create_table(&goal))
            .sql("CREATE TABLE goal (\n    a INTEGER NOT NULL,\n    b INTEGER NOT NULL,\n    CONSTRAINT pk_goal PRIMARY KEY (b, a)\n)")
            .sqlite_shows("SELECT name, pk FROM pragma_table_info('goal')", "a|2;b|1")
            .postgres_shows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'pk_goal'", "PRIMARY KEY (b, a)")
            .mysql_shows("SELECT column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() AND table_name = 'goal' ORDER BY ordinal_position", "b;a"),
        case("a foreign key with all that can be said", create_table(&timed))
            .sqlite("CREATE TABLE timed (\n    a INTEGER,\n    b INTEGER,\n    CONSTRAINT fk_timed FOREIGN KEY (a, b) REFERENCES goal (b, a) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED\n)")
            .postgres("CREATE TABLE timed (\n    a INTEGER,\n    b INTEGER,\n    CONSTRAINT fk_timed FOREIGN KEY (a, b) REFERENCES goal (b, a) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED\n)")
            .mysql_lacks("DEFERRABLE")
            .postgres_shows("SELECT condeferrable, condeferred, confdeltype::text, confupdtype::text FROM pg_constraint WHERE conname = 'fk_timed'", "1|1|c|n")
            .sqlite_shows("SELECT DISTINCT \"table\", on_delete, on_update FROM pragma_foreign_key_list('timed')", "goal|CASCADE|SET NULL"),
        case("MATCH FULL", create_table(&matched))
            .sqlite_lacks("MATCH FULL")
            .postgres("CREATE TABLE matched (\n    a INTEGER,\n    b INTEGER,\n    FOREIGN KEY (a, b) REFERENCES goal (b, a) MATCH FULL\n)")
            .mysql_lacks("MATCH FULL")
            .postgres_shows("SELECT confmatchtype::text FROM pg_constraint WHERE conrelid = 'matched'::regclass AND contype = 'f'", "f"),
        case("the key of a single column", create_table(&lone))
            .after(create_table(&numbers))
            .sql("CREATE TABLE lone_reference (\n    a INTEGER,\n    CONSTRAINT fk_lone FOREIGN KEY (a) REFERENCES numbers (n) ON DELETE SET NULL\n)")
            .mysql_shows("SELECT constraint_name, delete_rule FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE() AND table_name = 'lone_reference'", "fk_lone|SET NULL"),
        case("NULLs that are alike", create_table(&distinct))
            .sqlite_lacks("NULLS NOT DISTINCT")
            .postgres("CREATE TABLE distinct_nulls (\n    a INTEGER,\n    b INTEGER,\n    CONSTRAINT uq_nulls UNIQUE NULLS NOT DISTINCT (a, b)\n)")
            .mysql_lacks("NULLS NOT DISTINCT")
            .postgres_shows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'uq_nulls'", "UNIQUE NULLS NOT DISTINCT (a, b)"),
        case("uniqueness at the end of the transaction", create_table(&late))
            .sqlite_lacks("DEFERRABLE (but for a foreign key)")
            .postgres("CREATE TABLE late_unique (\n    a INTEGER,\n    b INTEGER,\n    UNIQUE (a) DEFERRABLE INITIALLY DEFERRED\n)")
            .mysql_lacks("DEFERRABLE (but for a foreign key)"),
        case("a condition that is built", create_table(&checked))
            .sql("CREATE TABLE checked (\n    a INTEGER,\n    b INTEGER,\n    CONSTRAINT ck_checked CHECK (a > 0 AND b IN (1, 2))\n)")
            .postgres("CREATE TABLE checked (\n    a INTEGER,\n    b INTEGER,\n    CONSTRAINT ck_checked CHECK (a > CAST(0 AS BIGINT) AND b = ANY (ARRAY[1, 2]))\n)")
            .mysql_shows("SELECT constraint_name FROM information_schema.check_constraints WHERE constraint_schema = DATABASE() AND table_name = 'checked'", "ck_checked"),
        case("exclusion", create_table(&excluded))
            .sqlite_lacks("EXCLUDE")
            .postgres("CREATE TABLE excluded (\n    a INTEGER,\n    CONSTRAINT ex_a EXCLUDE USING btree (a WITH =) WHERE (a > 5)\n)")
            .mysql_lacks("EXCLUDE")
            .postgres_shows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ex_a'", "EXCLUDE USING btree (a WITH =) WHERE ((a > 5))"),
        case("names by a convention", create_table(&named))
            .sqlite("CREATE TABLE named (\n    id INTEGER CONSTRAINT pk_named PRIMARY KEY,\n    n INTEGER,\n    word VARCHAR(20),\n    age INTEGER,\n    CONSTRAINT uq_named_word UNIQUE (word),\n    CONSTRAINT ck_named_age_positive CHECK (age > 0),\n    CONSTRAINT fk_named_n_numbers FOREIGN KEY (n) REFERENCES numbers (n)\n);\nCREATE INDEX ix_named_age ON named (age)")
            .postgres("CREATE TABLE named (\n    id INTEGER GENERATED BY DEFAULT AS IDENTITY,\n    n INTEGER,\n    word VARCHAR(20),\n    age INTEGER,\n    CONSTRAINT pk_named PRIMARY KEY (id),\n    CONSTRAINT uq_named_word UNIQUE (word),\n    CONSTRAINT ck_named_age_positive CHECK (age > 0),\n    CONSTRAINT fk_named_n_numbers FOREIGN KEY (n) REFERENCES numbers (n)\n);\nCREATE INDEX ix_named_age ON named (age)")
            .mysql("CREATE TABLE named (\n    id INTEGER NOT NULL AUTO_INCREMENT,\n    n INTEGER,\n    word VARCHAR(20),\n    age INTEGER,\n    CONSTRAINT pk_named PRIMARY KEY (id),\n    CONSTRAINT uq_named_word UNIQUE (word),\n    CONSTRAINT ck_named_age_positive CHECK (age > 0),\n    CONSTRAINT fk_named_n_numbers FOREIGN KEY (n) REFERENCES numbers (n),\n    INDEX ix_named_age (age)\n)")
            .postgres_shows("SELECT conname FROM pg_constraint WHERE conrelid = 'named'::regclass ORDER BY conname", "ck_named_age_positive;fk_named_n_numbers;pk_named;uq_named_word"),
    ]
}

fn altered() -> Vec<Case> {
    let two = || Table::unregistered("altered_keys");
    let add = |constraint: Constraint| alter_table(two()).add_constraint(constraint);
    let drop = |name: &'static str, kind| alter_table(two()).drop_constraint(name, kind);
    let seen = "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'altered_keys'::regclass ORDER BY conname";
    let in_mysql = "SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = DATABASE() AND table_name = 'altered_keys' ORDER BY constraint_name";
    vec![
        case("a primary key comes", add(PrimaryKeyConstraint::new(["a", "b"]).named("pk_test").into()))
            .after(ddl("CREATE TABLE altered_keys (a INTEGER NOT NULL, b INTEGER NOT NULL)"))
            .sqlite_lacks("ALTER TABLE .. ADD PRIMARY KEY")
            .postgres("ALTER TABLE altered_keys ADD CONSTRAINT pk_test PRIMARY KEY (a, b)")
            .mysql("ALTER TABLE altered_keys ADD CONSTRAINT pk_test PRIMARY KEY (a, b)")
            .postgres_shows(seen, "pk_test|1")
            .mysql_shows(in_mysql, "PRIMARY"),
        case("a primary key goes", drop("pk_test", ConstraintKind::PrimaryKey))
            .sqlite_lacks("ALTER TABLE .. DROP PRIMARY KEY")
            .postgres("ALTER TABLE altered_keys DROP CONSTRAINT pk_test")
            .mysql("ALTER TABLE altered_keys DROP PRIMARY KEY")
            .postgres_shows(seen, "")
            .mysql_shows(in_mysql, ""),
        case("a unique constraint comes", add(UniqueConstraint::new(["a", "b"]).named("uk_test").into()))
            .sqlite_lacks("ALTER TABLE .. ADD UNIQUE")
            .postgres("ALTER TABLE altered_keys ADD CONSTRAINT uk_test UNIQUE (a, b)")
            .mysql("ALTER TABLE altered_keys ADD CONSTRAINT uk_test UNIQUE (a, b)")
            .postgres_shows(seen, "uk_test|1")
            .mysql_shows(in_mysql, "uk_test"),
        case("a constraint gets another name", alter_table(two()).rename_constraint("uk_test", "uk_tested"))
            .sqlite_lacks("ALTER TABLE .. RENAME CONSTRAINT")
            .postgres("ALTER TABLE altered_keys RENAME CONSTRAINT uk_test TO uk_tested")
            .mysql_lacks("ALTER TABLE .. RENAME CONSTRAINT")
            .postgres_shows(seen, "uk_tested|1"),
        case("a unique constraint goes, where it is there", drop("uk_test", ConstraintKind::Unique).if_exists())
            .sqlite_lacks("ALTER TABLE .. DROP UNIQUE")
            .postgres("ALTER TABLE altered_keys DROP CONSTRAINT IF EXISTS uk_test")
            .mysql("ALTER TABLE altered_keys DROP INDEX uk_test")
            .mariadb("ALTER TABLE altered_keys DROP INDEX IF EXISTS uk_test")
            .mysql_shows(in_mysql, ""),
        case("a check comes, and rows are not looked at", add(CheckConstraint::new("a > 5").named("ck_a").not_valid().into()))
            .sqlite_lacks("ALTER TABLE .. ADD CHECK")
            .postgres("ALTER TABLE altered_keys ADD CONSTRAINT ck_a CHECK (a > 5) NOT VALID")
            .mysql_lacks("NOT VALID")
            .postgres_shows(seen, "ck_a|0;uk_tested|1"),
        case("rows are looked at", alter_table(two()).validate_constraint("ck_a"))
            .sqlite_lacks("ALTER TABLE .. VALIDATE CONSTRAINT")
            .postgres("ALTER TABLE altered_keys VALIDATE CONSTRAINT ck_a")
            .mysql_lacks("ALTER TABLE .. VALIDATE CONSTRAINT")
            .postgres_shows(seen, "ck_a|1;uk_tested|1"),
        case("a check comes", add(CheckConstraint::new("b > 5").named("ck_b").into()))
            .sqlite_lacks("ALTER TABLE .. ADD CHECK")
            .postgres("ALTER TABLE altered_keys ADD CONSTRAINT ck_b CHECK (b > 5)")
            .mysql("ALTER TABLE altered_keys ADD CONSTRAINT ck_b CHECK (b > 5)")
            .mysql_shows(in_mysql, "ck_b"),
        case("a check goes", drop("ck_b", ConstraintKind::Check))
            .sqlite_lacks("ALTER TABLE .. DROP CHECK")
            .postgres("ALTER TABLE altered_keys DROP CONSTRAINT ck_b")
            .mysql("ALTER TABLE altered_keys DROP CHECK ck_b")
            .mariadb("ALTER TABLE altered_keys DROP CONSTRAINT ck_b")
            .mysql_shows(in_mysql, ""),
        case(
            "a foreign key comes",
            add(ForeignKeyConstraint::new(["a"], "numbers", ["n"]).named("fk_test").on_delete(ReferentialAction::Cascade).into()),
        )
        .sqlite_lacks("ALTER TABLE .. ADD FOREIGN KEY")
        .postgres("ALTER TABLE altered_keys ADD CONSTRAINT fk_test FOREIGN KEY (a) REFERENCES numbers (n) ON DELETE CASCADE")
        .mysql("ALTER TABLE altered_keys ADD CONSTRAINT fk_test FOREIGN KEY (a) REFERENCES numbers (n) ON DELETE CASCADE")
        .mysql_shows(in_mysql, "fk_test"),
        case("a foreign key goes", drop("fk_test", ConstraintKind::ForeignKey))
            .sqlite_lacks("ALTER TABLE .. DROP FOREIGN KEY")
            .postgres("ALTER TABLE altered_keys DROP CONSTRAINT fk_test")
            .mysql("ALTER TABLE altered_keys DROP FOREIGN KEY fk_test")
            .mysql_shows(in_mysql, ""),
        case(
            "a foreign key comes, and rows are not looked at",
            add(ForeignKeyConstraint::new(["b"], "numbers", ["n"]).named("fk_later").not_valid().into()),
        )
        .sqlite_lacks("ALTER TABLE .. ADD FOREIGN KEY")
        .postgres("ALTER TABLE altered_keys ADD CONSTRAINT fk_later FOREIGN KEY (b) REFERENCES numbers (n) NOT VALID")
        .mysql_lacks("NOT VALID")
        .postgres_shows(seen, "ck_a|1;fk_later|0;uk_tested|1"),
    ]
}
