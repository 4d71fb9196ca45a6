//! `create_all` and `drop_all`: what is there is seen first, listeners are told, names fit.

use std::sync::{Arc, Mutex};

use aludel::{
    prelude::*,
    sql::{
        create_table, ddl,
        schema::{DdlEvent, DdlTarget, NamingConvention, TableOptions},
    },
};

use super::shown;
use crate::{
    core_tables::error,
    database::{Database, on_every_database},
};

/// What is sent, from now on.
fn sent(engine: &Engine) -> Arc<Mutex<Vec<String>>> {
    let sent = Arc::new(Mutex::new(Vec::new()));
    let list = sent.clone();
    engine.events().before_cursor_execute.listen(move |event| {
        list.lock().unwrap().push(event.sql.clone());
        Ok(())
    });
    sent
}

fn taken(sent: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *sent.lock().unwrap())
}

async fn case_030_making_twice_does_nothing_the_second_time(database: &Database) {
    let metadata = MetaData::new();
    let parent = Table::new("parent", &metadata)
        .comment("it's a parent")
        .column(Column::new("id", Integer).primary_key().comment("its \"number\""))
        .column(Column::new("word", Varchar(20)).index());
    let child = Table::new("child", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("parent_id", Integer).foreign_key("parent.id"));
    let view = Table::new("words", &metadata)
        .column(Column::new("word", Varchar(20)))
        .view(select(parent.c("word")));
    let engine = database.engine_with(|builder| builder);
    let mut conn = engine.connect().await.unwrap();
    let sent = sent(&engine);
    metadata.create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let made = taken(&sent);
    assert!(made[0].starts_with("SELECT "), "one query looks what is there: {made:?}");
    let made = made[1..].to_vec();
    let tables: Vec<&String> = made.iter().filter(|sql| sql.contains("TABLE")).collect();
    assert!(tables[0].contains("parent") && tables.iter().any(|sql| sql.contains("child")), "{made:?}");
    assert!(made.last().unwrap().contains("VIEW"), "{made:?}");
    conn.execute(insert(&parent).values((1, "x"))).await.unwrap();
    conn.execute(insert(&child).values((1, 1))).await.unwrap();
    conn.commit().await.unwrap();
    taken(&sent);

    metadata.create_all(&mut conn).await.unwrap();
    let again = taken(&sent);
    assert_eq!(again.len(), 1, "{again:?}");
    assert!(again[0].starts_with("SELECT "), "{again:?}");
    assert!(metadata.has_table(&mut conn, &parent).await.unwrap());
    assert!(metadata.has_table(&mut conn, &view).await.unwrap());
    assert!(!metadata.has_table(&mut conn, &Table::unregistered("nobody")).await.unwrap());
    conn.rollback().await.unwrap();
    assert_eq!(shown(&mut conn, "SELECT word FROM words").await.unwrap(), "x");
    conn.rollback().await.unwrap();

    // Only what is missing is made.
    conn.execute(ddl("DROP TABLE child")).await.unwrap();
    conn.commit().await.unwrap();
    taken(&sent);
    metadata.create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let missing = taken(&sent);
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing[1].contains("child"), "{missing:?}");

    let refused = metadata.create_all_unchecked(&mut conn).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Programming, "{refused}");
    conn.rollback().await.unwrap();

    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let dropped = taken(&sent).into_iter().filter(|sql| sql.starts_with("DROP")).collect::<Vec<_>>();
    let order: Vec<&str> = ["words", "child", "parent"]
        .into_iter()
        .filter(|name| dropped.iter().any(|sql| sql.ends_with(name)))
        .collect();
    assert_eq!(order, ["words", "child", "parent"]);
    assert!(dropped[0].contains("words") && dropped[1].contains("child"), "{dropped:?}");
    taken(&sent);
    metadata.drop_all(&mut conn).await.unwrap();
    assert_eq!(taken(&sent).len(), 1, "nothing is left to be dropped");
    assert_eq!(error(&mut conn, select(parent.c("id"))).await.kind(), ErrorKind::Programming);
    conn.rollback().await.unwrap();
    let refused = metadata.drop_all_unchecked(&mut conn).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Programming, "{refused}");
    conn.rollback().await.unwrap();
}
on_every_database!(case_030_making_twice_does_nothing_the_second_time);

async fn circles_are_broken_by_alter_and_made_once(database: &Database) {
    let metadata = MetaData::new().with_naming_convention(NamingConvention::usual());
    let _ = Table::new("left", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("right_id", Integer).foreign_key("right.id"));
    let _ = Table::new("right", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("left_id", Integer).foreign_key("left.id"));
    let _ = Table::new("after", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("left_id", Integer).foreign_key(ForeignKey::new("left", "id").use_alter()));
    let engine = database.engine_with(|builder| builder);
    let mut conn = engine.connect().await.unwrap();
    let sent = sent(&engine);
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        let altered: Vec<String> =
            taken(&sent).into_iter().filter(|sql| sql.contains("ALTER TABLE")).collect();
        let expected = if database.is_sqlite() { 0 } else { 2 };
        assert_eq!(altered.len(), expected, "{altered:?}");
        assert!(altered.iter().all(|sql| sql.contains("CONSTRAINT fk_")), "{altered:?}");
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(taken(&sent).len(), 1);
        metadata.drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        taken(&sent);
    }
}
on_every_database!(circles_are_broken_by_alter_and_made_once);

async fn listeners_and_attached_statements_stand_around_tables(database: &Database) {
    let of_this = match database.is_sqlite() {
        true => "sqlite",
        false if database.is_postgres() => "postgresql",
        false => "mariadb",
    };
    let metadata = MetaData::new().attach(DdlEvent::AfterCreate, ddl("INSERT INTO noted (id) VALUES (3)"));
    let noted = Table::new("noted", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .attach(DdlEvent::AfterCreate, ddl("INSERT INTO noted (id) VALUES (1)").execute_if([of_this]))
        .attach(DdlEvent::AfterCreate, ddl("INSERT INTO noted (id) VALUES (2)").execute_if(["oracle"]));
    let engine = database.engine_with(|builder| builder);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let name = |target: &DdlTarget| match target {
        DdlTarget::Table(table) => table.name().to_string(),
        _ => "all".to_owned(),
    };
    let events = engine.events();
    for (listeners, word) in [
        (&events.before_create, "before create"),
        (&events.after_create, "after create"),
        (&events.before_drop, "before drop"),
        (&events.after_drop, "after drop"),
    ] {
        let heard = heard.clone();
        listeners.listen(move |event| {
            heard.lock().unwrap().push(format!("{word} {}", name(event.target)));
            let writes = word == "after create" && matches!(event.target, DdlTarget::Table(_));
            Box::pin(async move {
                if writes {
                    event.connection.execute(ddl("INSERT INTO noted (id) VALUES (4)")).await?;
                }
                Ok(())
            })
        });
    }
    let mut conn = engine.connect().await.unwrap();
    metadata.create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(shown(&mut conn, "SELECT id FROM noted ORDER BY id").await.unwrap(), "1;3;4");
    conn.rollback().await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let told = [
        "before create all",
        "before create noted",
        "after create noted",
        "after create all",
        "before drop all",
        "before drop noted",
        "after drop noted",
        "after drop all",
    ];
    assert_eq!(*heard.lock().unwrap(), told);
    // An error of a listener stops it.
    engine
        .events()
        .before_create
        .listen(|_| Box::pin(async { Err(Error::new(ErrorKind::InvalidRequest, "not today")) }));
    assert!(metadata.create_all(&mut conn).await.unwrap_err().to_string().contains("not today"));
    conn.rollback().await.unwrap();
    assert!(!metadata.has_table(&mut conn, &noted).await.unwrap());
    conn.rollback().await.unwrap();
}
on_every_database!(listeners_and_attached_statements_stand_around_tables);

async fn names_that_are_too_long_are_refused_before_anything_is_sent(database: &Database) {
    let long = "n".repeat(65);
    let fits = "n".repeat(63);
    let engine = database.engine_with(|builder| builder);
    let mut conn = engine.connect().await.unwrap();
    conn.execute(ddl("SELECT 1")).await.unwrap();
    conn.commit().await.unwrap();
    let sent = sent(&engine);
    let id = || Column::new("id", Integer).primary_key();
    let wrong = [
        Table::unregistered(long.clone()).column(id()),
        Table::unregistered("t").column(id()).column(Column::new(long.clone(), Integer)),
        Table::unregistered("t").column(id()).unique(UniqueConstraint::new(["id"]).named(long.clone())),
        Table::unregistered("t").column(id()).index(Index::new(long.clone(), ["id"])),
    ];
    for table in wrong {
        let outcome = MetaData::of(&table).create_all(&mut conn).await;
        if database.is_sqlite() {
            // It takes names of any length.
            outcome.unwrap();
            MetaData::of(&table).drop_all(&mut conn).await.unwrap();
        } else {
            let refused = outcome.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Argument);
            assert!(refused.to_string().contains(&long), "{refused}");
            assert_eq!(taken(&sent), Vec::<String>::new());
        }
    }
    for name in ["", "a\0b"] {
        let table = Table::unregistered(name).column(id());
        assert_eq!(MetaData::of(&table).create_all(&mut conn).await.unwrap_err().kind(), ErrorKind::Argument);
    }
    conn.rollback().await.unwrap();
    // What just fits, and what a convention makes of it.
    let convention = NamingConvention::usual();
    let metadata = MetaData::new().with_naming_convention(convention);
    let table = Table::new(fits.clone(), &metadata)
        .column(id())
        .column(Column::new("größe \"with\" `quotes` ;", Integer).index())
        .column(Column::new("Select", Integer).unique())
        .column(Column::new("other", Integer).foreign_key(ForeignKey::new(fits.clone(), "id")));
    metadata.create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    conn.execute(insert(&table).values((1, 2, 3, 1))).await.unwrap();
    conn.commit().await.unwrap();
    assert_eq!(error(&mut conn, insert(&table).values((2, 2, 3, 1))).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    assert_eq!(error(&mut conn, insert(&table).values((2, 2, 4, 9))).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
}
on_every_database!(names_that_are_too_long_are_refused_before_anything_is_sent);

#[test]
fn a_convention_that_does_not_serve_says_why() {
    let dialect = aludel::sql::dialect::PostgresDialect::default();
    let said = |convention: NamingConvention, table: fn(Table) -> Table| {
        use aludel::sql::Executable;
        let metadata = MetaData::new().with_naming_convention(convention);
        let table = table(
            Table::new("t", &metadata).column(Column::new("a", Integer)).column(Column::new("b", Integer)),
        );
        create_table(&table).to_sql(&dialect).map_err(|error| error.to_string())
    };
    let unnamed =
        said(NamingConvention::usual(), |table| table.check(CheckConstraint::new("a > 0"))).unwrap_err();
    assert!(unnamed.contains("it takes the constraint's own name, and one of them has none"), "{unnamed}");
    let odd = said(NamingConvention::new().unique("uq_%(nothing)s"), |table| {
        table.unique(UniqueConstraint::new(["a"]))
    });
    assert!(odd.unwrap_err().contains("there is no token `nothing`"));
    let open = said(NamingConvention::new().unique("uq_%(table_name"), |table| {
        table.unique(UniqueConstraint::new(["a"]))
    });
    assert!(open.unwrap_err().contains("a token without its end"));
    let all = said(
        NamingConvention::new()
            .unique("uq_%(table_name)s_%(column_0N_name)s_%(column_0_N_label)s_%(column_1_name)s"),
        |table| table.unique(UniqueConstraint::new(["a", "b"])),
    );
    assert!(all.unwrap().contains("CONSTRAINT uq_t_ab_t_a_t_b_b UNIQUE (a, b)"));
    let keys = said(
        NamingConvention::new().foreign_key("fk_%(referred_table_name)s_%(referred_column_0_name)s"),
        |table| table.foreign_key(ForeignKeyConstraint::new(["a"], "goal", ["id"])),
    );
    assert!(keys.unwrap().contains("CONSTRAINT fk_goal_id FOREIGN KEY (a)"));
}

async fn temporary_tables_belong_to_their_connection(database: &Database) {
    let table = Table::unregistered("fleeting")
        .column(Column::new("n", Integer))
        .options(TableOptions::new().temporary());
    let metadata = MetaData::of(&table);
    let mut conn = database.connect().await;
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
        metadata.create_all(&mut conn).await.unwrap();
        conn.execute(insert(&table).value("n", 1)).await.unwrap();
        conn.commit().await.unwrap();
        let mut other = database.connect().await;
        assert_eq!(error(&mut other, select(table.c("n"))).await.kind(), ErrorKind::Programming);
        other.rollback().await.unwrap();
        drop(other);
        metadata.drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(error(&mut conn, select(table.c("n"))).await.kind(), ErrorKind::Programming);
        conn.rollback().await.unwrap();
    }
}
on_every_database!(temporary_tables_belong_to_their_connection);
