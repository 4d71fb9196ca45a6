//! Plans of statements, of each database in its own words.

use aludel::{
    engine::plan::{Plan, PlanNode},
    prelude::*,
};

use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "plan_artist")]
struct Artist {
    #[column(primary_key)]
    id: i64,
    #[column(length = 60)]
    name: String,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "plan_album")]
struct Album {
    #[column(primary_key)]
    id: i64,
    #[column(length = 60, unique)]
    title: String,
    #[column(foreign_key = Artist::id, index)]
    artist_id: i64,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "plan_track")]
struct Track {
    #[column(primary_key)]
    id: i64,
    #[column(length = 60)]
    name: String,
    #[column(foreign_key = Album::id, index)]
    album_id: i64,
    milliseconds: i64,
}

/// How many there are.
const ARTISTS: i64 = 10;
const ALBUMS: i64 = 40;
const TRACKS: i64 = 400;

/// A connection to tables with rows in them.
async fn filled(database: &Database) -> Connection {
    let mut conn = database.connect().await;
    MetaData::of((Artist, Album, Track)).create_all(&mut conn).await.unwrap();
    let artists = (1..=ARTISTS).map(|id| Artist { id, name: format!("artist {id}") });
    conn.execute(insert(Artist).values_many(artists)).await.unwrap();
    let albums =
        (1..=ALBUMS).map(|id| Album { id, title: format!("album {id}"), artist_id: id % ARTISTS + 1 });
    conn.execute(insert(Album).values_many(albums)).await.unwrap();
    let tracks = (1..=TRACKS).map(|id| Track {
        id,
        name: format!("track {id} é"),
        album_id: id % ALBUMS + 1,
        milliseconds: id * 1000,
    });
    conn.execute(insert(Track).values_many(tracks)).await.unwrap();
    conn.commit().await.unwrap();
    if database.is_postgres() {
        // Tables as small as these are always read whole.
        conn.execute(text("SET enable_seqscan = off")).await.unwrap();
        conn.commit().await.unwrap();
    }
    conn
}

/// The steps that read a table.
fn reading<'p>(plan: &'p Plan, table: &str) -> Vec<&'p PlanNode> {
    let is_of = |object: &str| object.split(' ').any(|word| word == table);
    plan.walk().filter(|node| node.object.as_deref().is_some_and(is_of)).collect()
}

/// Whatever the words of the server are, they are all there.
fn assert_readable(plan: &Plan, tables: &[&str]) {
    let shown = plan.to_string();
    for table in tables {
        assert!(!reading(plan, table).is_empty(), "{table} is not in:\n{shown}");
        assert!(plan.raw.contains(table), "{}", plan.raw);
    }
    for node in plan.walk() {
        assert!(!node.operation.is_empty(), "{shown}");
        assert!(shown.contains(&node.operation), "{} is not in:\n{shown}", node.operation);
        for (name, value) in &node.details {
            assert!(shown.contains(&format!("{name}: {value}")), "{name} is not in:\n{shown}");
        }
    }
    let depth = shown.lines().filter(|line| line.trim_start().starts_with("-> ")).count();
    assert_eq!(depth + plan.nodes.len(), plan.walk().count(), "{shown}");
}

/// Whether a step of the plan says so, in its operation or its details.
fn says(plan: &Plan, words: &[&str]) -> bool {
    plan.walk().any(|node| {
        let text = format!("{} {:?} {:?}", node.operation, node.index, node.details).to_lowercase();
        words.iter().any(|word| text.contains(&word.to_lowercase()))
    })
}

async fn a_search_by_an_index_is_told_from_a_scan(database: &Database) {
    let mut conn = filled(database).await;
    let by_key = conn.explain(select(Track).filter(Track::id.eq(7))).await.unwrap();
    assert_readable(&by_key, &["plan_track"]);
    let node = reading(&by_key, "plan_track")[0];
    match (database.is_sqlite(), database.is_postgres()) {
        (true, _) => {
            assert_eq!(node.operation, "SEARCH");
            assert_eq!(node.detail("using"), Some("INTEGER PRIMARY KEY (rowid=?)"));
        }
        (_, true) => {
            assert_eq!(
                (node.operation.as_str(), node.index.as_deref()),
                ("Index Scan", Some("plan_track_pkey"))
            );
            assert_eq!(node.detail("Index Cond"), Some("(id = '7'::bigint)"), "with the parameter: {by_key}");
        }
        _ => assert_eq!(node.index.as_deref(), Some("PRIMARY"), "{by_key}"),
    }
    let by_index = conn.explain(select(Album::id).filter(Album::artist_id.eq(3))).await.unwrap();
    let node = reading(&by_index, "plan_album")[0].clone();
    assert!(says(&by_index, &["artist_id"]), "{by_index}");
    if database.is_postgres() {
        conn.execute(text("SET enable_seqscan = on")).await.unwrap();
    } else {
        assert!(node.index.is_some_and(|index| index.contains("artist_id")), "{by_index}");
    }
    let scan = conn.explain(select(Track).filter(Track::name.like("%é"))).await.unwrap();
    let node = reading(&scan, "plan_track")[0];
    let words = ["SCAN", "Seq Scan", "full table scan"];
    assert!(words.contains(&node.operation.as_str()), "{scan}");
    if !database.is_sqlite() {
        assert!(node.estimated_rows.is_some_and(|rows| rows >= 1.0), "{scan}");
    }
    conn.rollback().await.unwrap();
}

async fn every_kind_of_query_has_a_tree(database: &Database) {
    let mut conn = filled(database).await;
    let joined = select((Artist::name, count_all()))
        .filter(Artist::id.eq(Album::artist_id))
        .filter(Album::id.eq(Track::album_id))
        .filter(Track::milliseconds.gt(5000))
        .group_by(Artist::name)
        .order_by(Artist::name);
    let plan = conn.explain(joined).await.unwrap();
    assert_readable(&plan, &["plan_artist", "plan_album", "plan_track"]);
    assert!(says(&plan, &["TEMP B-TREE FOR GROUP BY", "Aggregate", "filesort", "temporary"]), "{plan}");

    let sorted = select(Track::name).order_by(Track::milliseconds.desc()).limit(3);
    let plan = conn.explain(sorted).await.unwrap();
    assert!(says(&plan, &["ORDER BY", "Sort", "filesort"]), "{plan}");

    let within = select(Album::title)
        .filter(Album::id.in_select(&select(Track::album_id).filter(Track::milliseconds.lt(9000))));
    let plan = conn.explain(within).await.unwrap();
    assert_readable(&plan, &["plan_album", "plan_track"]);

    let correlated =
        select((Album::title, select(count_all()).filter(Track::album_id.eq(Album::id)).scalar_subquery()));
    let plan = conn.explain(correlated).await.unwrap();
    assert_readable(&plan, &["plan_album", "plan_track"]);
    assert!(says(&plan, &["SUBQUERY", "SubPlan", "subqueries"]), "{plan}");

    let names =
        select(lower(Artist::name)).union(select(lower(Album::title))).union(select(lower(Track::name)));
    let plan = conn.explain(names).await.unwrap();
    assert_readable(&plan, &["plan_artist", "plan_album", "plan_track"]);
    assert!(says(&plan, &["UNION", "Append", "union_result", "union result"]), "{plan}");

    let written = text("WITH t AS (SELECT album_id FROM plan_track WHERE name = :n) SELECT * FROM t JOIN plan_album a ON a.id = t.album_id")
        .bind("n", "it's é \"quoted\"");
    let plan = conn.explain(written).await.unwrap();
    assert!(plan.raw.contains("plan_track") || plan.raw.contains("plan_album"), "{}", plan.raw);
    let plan = conn.explain(select(Artist).filter(Artist::id.in_([1, 2, 3]))).await.unwrap();
    assert_readable(&plan, &["plan_artist"]);
    let plan = conn.explain(text("SELECT 1 AS one")).await.unwrap();
    assert!(!plan.to_string().is_empty() && plan.walk().count() >= 1, "{plan}");
    conn.rollback().await.unwrap();
}

async fn counted(conn: &mut Connection) -> (i64, i64) {
    let counted = select((count_all(), sum(Track::milliseconds)));
    let (count, sum) = conn.execute(counted).one().await.unwrap();
    (count, sum.unwrap_or_default().to_string().parse().unwrap())
}

async fn a_plan_of_a_change_changes_nothing(database: &Database) {
    let mut conn = filled(database).await;
    let before = counted(&mut conn).await;
    let new = Track { id: 9999, name: "new".into(), album_id: 1, milliseconds: 1 };
    let many = (5000..5010).map(|id| Track { id, name: "many".into(), album_id: 1, milliseconds: 1 });
    for plan in [
        conn.explain(insert(Track).values(new.clone())).await.unwrap(),
        conn.explain(insert(Track).values_many(many)).await.unwrap(),
    ] {
        // SQLite has nothing to plan here.
        assert_readable(&plan, if database.is_sqlite() { &[] } else { &["plan_track"] });
        assert!(!plan.to_string().is_empty());
    }
    let update_plan =
        conn.explain(update(Track).set(Track::milliseconds, 0).filter(Track::album_id.eq(3))).await.unwrap();
    assert_readable(&update_plan, &["plan_track"]);
    let delete_plan = conn.explain(delete(Track).filter(Track::id.eq(1))).await.unwrap();
    assert_readable(&delete_plan, &["plan_track"]);
    if database.is_postgres() {
        assert_eq!(update_plan.nodes[0].operation, "Update");
        assert_eq!(delete_plan.nodes[0].operation, "Delete");
    }
    let copied = text("INSERT INTO plan_artist (id, name) SELECT id + 1000, title FROM plan_album");
    assert_readable(&conn.explain(copied).await.unwrap(), &["plan_album"]);
    assert_eq!(counted(&mut conn).await, before);
    conn.rollback().await.unwrap();
}

async fn what_cannot_be_explained_says_why(database: &Database) {
    let mut conn = filled(database).await;
    let new = Table::unregistered("plan_new").column(Column::new("id", Integer).primary_key());
    let error = conn.explain(aludel::sql::create_table(&new)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    assert!(error.message().contains("DDL"), "{error}");
    let error = conn.explain(text("SELECT nothing FROM plan_track")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Programming, "{error}");
    conn.rollback().await.unwrap();
    let error = conn.explain(text("SELECT :missing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
    conn.rollback().await.unwrap();
}

/// Whatever a text holds, nothing of it is executed for a plan.
async fn odd_texts_have_no_plan_and_do_nothing(database: &Database) {
    let mut conn = filled(database).await;
    let before = counted(&mut conn).await;
    conn.rollback().await.unwrap();
    for sql in [
        "",
        " ",
        "-- nothing",
        "SELECT 1; DELETE FROM plan_track",
        "SELECT 1; DROP TABLE plan_track",
        "; DELETE FROM plan_track",
        "SELECT 1;\n-- a\nDELETE FROM plan_track",
        "COMMIT",
        "DROP TABLE plan_track",
        "CREATE TABLE plan_made (id int)",
        "TRUNCATE TABLE plan_track",
        "EXPLAIN SELECT 1",
        "ANALYZE SELECT 1",
        "ANALYZE DELETE FROM plan_track",
        "(ANALYZE) DELETE FROM plan_track",
        "VERBOSE DELETE FROM plan_track",
        "PRAGMA user_version = 5",
        "SET SESSION sql_mode = ''",
    ] {
        let statement = text(sql);
        let refused = conn.explain(statement.clone()).await.err();
        conn.rollback().await.unwrap();
        let refused_analyze = conn.explain_analyze(statement).await.err();
        conn.rollback().await.unwrap();
        // SQLite explains whatever it knows, and executes nothing for it.
        assert!(refused.is_some() || database.is_sqlite(), "{sql:?} has a plan");
        assert!(refused_analyze.is_some(), "{sql:?} was executed");
        assert_eq!(counted(&mut conn).await, before, "{sql:?}");
        conn.rollback().await.unwrap();
    }
}

async fn a_plan_that_is_executed_tells_what_came_out(database: &Database) {
    let mut conn = filled(database).await;
    let all = select(Track).filter(Track::milliseconds.gt(0));
    if database.is_sqlite() {
        let error = conn.explain_analyze(all).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotSupported);
        assert_eq!(error.message(), "EXPLAIN ANALYZE is not supported by SQLite");
        assert!(!conn.in_transaction());
        return;
    }
    let plan = conn.explain_analyze(all).await.unwrap();
    assert!(!conn.in_transaction(), "what was begun for it is ended");
    assert_readable(&plan, &["plan_track"]);
    let node = reading(&plan, "plan_track")[0];
    assert_eq!((node.actual_rows, node.loops), (Some(TRACKS as f64), Some(1.0)), "{plan}");
    assert!(plan.walk().any(|node| node.time.is_some()), "{plan}");
    assert!(plan.execution_time.is_some() || database.is_mysql(), "{plan}");
    assert!(plan.to_string().contains("actually rows 400 loops 1"), "{plan}");

    // Each album once, and its tracks each time.
    let joined = select((Album::title, Track::name))
        .filter(Album::id.eq(Track::album_id))
        .filter(Album::artist_id.eq(3));
    let plan = conn.explain_analyze(joined).await.unwrap();
    assert_readable(&plan, &["plan_album", "plan_track"]);

    let before = counted(&mut conn).await;
    conn.rollback().await.unwrap();
    let changes = update(Track).set(Track::milliseconds, 0).filter(Track::album_id.eq(3));
    let removal = delete(Track).filter(Track::id.gt(100));
    for autocommit in [false, true] {
        conn.set_autocommit(autocommit).unwrap();
        // MySQL itself only tells of queries.
        if is_mysql_itself(&mut conn).await {
            break;
        }
        let plan = conn.explain_analyze(changes.clone()).await.unwrap();
        assert_readable(&plan, &["plan_track"]);
        assert!(!conn.in_transaction());
        conn.explain_analyze(removal.clone()).await.unwrap();
        assert_eq!(counted(&mut conn).await, before);
        conn.rollback().await.unwrap();
    }
    conn.set_autocommit(false).unwrap();
    if is_mysql_itself(&mut conn).await {
        return;
    }
    // Inside a transaction what came before it stays, and it goes on after an error.
    conn.execute(delete(Track).filter(Track::id.eq(1))).await.unwrap();
    conn.explain_analyze(removal).await.unwrap();
    let twice = insert(Album).values(Album { id: 1, title: "album 1".into(), artist_id: 1 });
    let error = conn.explain_analyze(twice).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    assert_eq!(counted(&mut conn).await, (before.0 - 1, before.1 - 1000));
    conn.commit().await.unwrap();
    assert_eq!(counted(&mut conn).await.0, before.0 - 1);
    conn.rollback().await.unwrap();
}

async fn is_mysql_itself(conn: &mut Connection) -> bool {
    conn.driver_connection().await.unwrap().server().product == "MySQL"
}

async fn sessions_explain_what_they_would_send(database: &Database) {
    drop(filled(database).await);
    let sessions = SessionMaker::new(database.engine());
    let mut session = sessions.open();
    session.add(Artist { id: 77, name: "new".into() });
    let plan = session.explain(select(Artist).filter(Artist::name.eq("new"))).await.unwrap();
    assert_readable(&plan, &["plan_artist"]);
    let plan = session.explain_analyze(delete(Track).filter(Track::album_id.eq(1))).await;
    match database.is_sqlite() {
        true => assert_eq!(plan.unwrap_err().kind(), ErrorKind::NotSupported),
        // MySQL itself only executes queries for it.
        false => assert!(plan.is_ok() || database.is_mysql(), "{plan:?}"),
    }
    session.rollback().await.unwrap();
    assert_eq!(session.scalar(select(count_all()).select_from(Track)).await.unwrap(), Some(TRACKS));
    session.rollback().await.unwrap();
}

on_every_database!(
    a_search_by_an_index_is_told_from_a_scan,
    every_kind_of_query_has_a_tree,
    a_plan_of_a_change_changes_nothing,
    what_cannot_be_explained_says_why,
    odd_texts_have_no_plan_and_do_nothing,
    sessions_explain_what_they_would_send,
    a_plan_that_is_executed_tells_what_came_out,
);
