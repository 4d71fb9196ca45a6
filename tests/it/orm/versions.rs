//! Version columns: a lost update is found rather than made.

use aludel::prelude::*;

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "versioned_page")]
struct Page {
    #[column(primary_key)]
    id: i64,
    #[column(length = 50)]
    title: String,
    #[column(version_id)]
    version: i64,
    #[relationship(back_populates = Line::page)]
    lines: Many<Line>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "versioned_line")]
struct Line {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Page::id)]
    page_id: Option<i64>,
    #[column(version_id)]
    version: u32,
    #[relationship(back_populates = Page::lines)]
    page: One<Page>,
}

fn page(title: &str) -> Page {
    Page { title: title.into(), ..default() }
}

async fn case_061_versions_find_lost_updates(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Page, Line))).await;
    let mut session = stage.sessions.open();
    let first = session.add(page("a"));
    session.commit().await.unwrap();
    assert_eq!(first.read().version, 1);
    first.set(Page::title, "b");
    session.commit().await.unwrap();
    assert_eq!(first.read().version, 2);
    // Nothing really changed: no statement, and no new version.
    stage.sent();
    first.set(Page::title, "b");
    session.commit().await.unwrap();
    assert_eq!((stage.sent().len(), first.read().version), (0, 2));
    // Two sessions change one row: the second to write finds out, and goes on after a rollback.
    let mut other = stage.sessions.open();
    let same = other.get_one(Page, first.read().id).await.unwrap();
    same.set(Page::title, "theirs");
    other.commit().await.unwrap();
    first.set(Page::title, "ours");
    let stale = session.commit().await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleData);
    assert!(stale.message().contains("expected to match 1 rows, but 0"), "{stale}");
    session.rollback().await.unwrap();
    assert_eq!((first.read().title.as_str(), first.read().version), ("b", 2));
    session.refresh(&first).await.unwrap();
    assert_eq!((first.read().title.as_str(), first.read().version), ("theirs", 3));
    first.set(Page::title, "ours");
    session.commit().await.unwrap();
    assert_eq!(first.read().version, 4);
    // What is merged has to know the present version.
    let old = Page { id: first.read().id, title: "merged".into(), version: 3, ..default() };
    let stale = session.merge(old.clone()).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleData);
    assert!(stale.message().contains("Page"), "{stale}");
    session.merge(Page { version: 4, title: "ours".into(), ..old }).await.unwrap();
    assert!(!first.is_modified());
    // A version that is set by hand is taken as it is.
    first.edit(|page| (page.title, page.version) = ("by hand".into(), 7));
    session.commit().await.unwrap();
    first.set(Page::title, "after it");
    session.commit().await.unwrap();
    assert_eq!(first.read().version, 8);
    let stored: Vec<i64> = session.scalars(select(Page::version)).all().await.unwrap();
    assert_eq!(stored, [8]);
}
on_every_database!(case_061_versions_find_lost_updates);

async fn case_061_a_stale_object_is_not_deleted(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Page, Line))).await;
    let mut session = stage.sessions.open();
    let pages = session.add_all([page("a"), page("b"), page("c")]);
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    let same = other.get_one(Page, pages[1].read().id).await.unwrap();
    same.set(Page::title, "theirs");
    other.commit().await.unwrap();
    for page in &pages[..2] {
        session.delete(page).unwrap();
    }
    let stale = session.flush().await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleData);
    assert!(stale.message().contains("expected to match 2 rows, but 1"), "{stale}");
    session.rollback().await.unwrap();
    session.refresh(&pages[1]).await.unwrap();
    for page in &pages[..2] {
        session.delete(page).unwrap();
    }
    // Many at once, each with its own version.
    pages[2].set(Page::title, "d");
    session.commit().await.unwrap();
    let left: Vec<(String, i64)> = session.execute(select((Page::title, Page::version))).all().await.unwrap();
    assert_eq!(left, [("d".to_owned(), 2)]);
}
on_every_database!(case_061_a_stale_object_is_not_deleted);

async fn case_061_a_link_counts_for_the_row_that_holds_it(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Page, Line))).await;
    let mut session = stage.sessions.open();
    let page = session.add(page("a"));
    let lines = session.add_all([Line::default(), Line::default()]);
    session.commit().await.unwrap();
    page.edit(|page| page.lines = Many::from([&lines[0], &lines[1]]));
    session.commit().await.unwrap();
    assert_eq!(page.read().version, 1, "its own row did not change");
    assert_eq!((lines[0].read().version, lines[1].read().version), (2, 2));
    // Undone inside a nested transaction, the version is as it was.
    let failed = session
        .nested(async |session| {
            page.set(Page::title, "x");
            session.flush().await?;
            assert_eq!(page.read().version, 2);
            Err::<(), _>(Error::custom("no"))
        })
        .await;
    failed.unwrap_err();
    assert_eq!(page.read().version, 1);
    page.set(Page::title, "y");
    session.commit().await.unwrap();
    assert_eq!(page.read().version, 2);
}
on_every_database!(case_061_a_link_counts_for_the_row_that_holds_it);

/// Its versions are those that PostgreSQL keeps of every row.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "kept_page")]
struct Kept {
    #[column(primary_key)]
    id: i64,
    #[column(length = 50)]
    title: String,
    visits: i64,
    #[column(system, version_id, version_id_generator = false)]
    xmin: u32,
}

fn kept(title: &str) -> Kept {
    Kept { title: title.into(), ..default() }
}

async fn case_061_versions_of_the_database_itself(database: &Database) {
    if !database.is_postgres() {
        let created = database.engine().begin(async |conn| MetaData::of(Kept).create_all(conn).await).await;
        for error in [
            created.unwrap_err(),
            SessionMaker::new(database.engine()).open().scalars(select(Kept)).all().await.unwrap_err(),
            {
                let mut session = SessionMaker::new(database.engine()).open();
                session.add(kept("a"));
                session.commit().await.unwrap_err()
            },
        ] {
            assert_eq!(error.kind(), ErrorKind::Compile, "{error}");
            let message = error.to_string();
            assert!(message.contains("the system column `xmin` of the table `kept_page`"), "{message}");
            assert!(message.contains(if database.is_sqlite() { "sqlite" } else { "maria" }), "{message}");
        }
        return;
    }
    let stage = Stage::of(database, MetaData::of(Kept)).await;
    let mut session = stage.sessions.open();
    let first = session.add(kept("a"));
    session.commit().await.unwrap();
    let sent = stage.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].contains("RETURNING id, xmin"), "{sent:?}");
    assert!(!sent[0].contains("xmin)"), "nobody writes it: {sent:?}");
    let version = first.read().xmin;
    assert!(version > 0);
    // The new version comes back with the UPDATE.
    first.set(Kept::title, "b");
    session.commit().await.unwrap();
    let sent = stage.sent();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].starts_with("UPDATE kept_page") && sent[0].contains("RETURNING"), "{sent:?}");
    assert_ne!(first.read().xmin, version);
    assert!(!first.is_modified() && !first.is_expired());
    let stored = select(Kept::xmin).filter(Kept::id.eq(first.read().id));
    assert_eq!(session.scalars(stored.clone()).one().await.unwrap(), first.read().xmin);
    // A change that somebody else has made, by whatever means, is found.
    let mut other = database.connect().await;
    other.execute(update(Kept).set(Kept::visits, 9)).await.unwrap();
    other.commit().await.unwrap();
    first.set(Kept::title, "ours");
    let stale = session.commit().await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    session.refresh(&first).await.unwrap();
    assert_eq!((first.read().title.as_str(), first.read().visits), ("b", 9));
    first.set(Kept::title, "ours");
    session.flush().await.unwrap();
    // Within one transaction the version stays as it is, and a savepoint that is undone takes its own back.
    let inside = first.read().xmin;
    first.set(Kept::title, "ours again");
    session.flush().await.unwrap();
    assert_eq!(first.read().xmin, inside);
    let mut nested = session.begin_nested().await.unwrap();
    first.set(Kept::title, "undone");
    nested.flush().await.unwrap();
    nested.rollback().await.unwrap();
    assert_eq!((first.read().title.as_str(), first.read().xmin), ("ours again", inside));
    first.set(Kept::visits, Kept::visits + 1);
    session.commit().await.unwrap();
    assert_eq!((first.read().visits, session.scalars(stored).one().await.unwrap()), (10, first.read().xmin));
    // A stale object is not deleted.
    other.execute(update(Kept).set(Kept::visits, 11)).await.unwrap();
    other.commit().await.unwrap();
    session.delete(&first).unwrap();
    assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    session.refresh(&first).await.unwrap();
    session.delete(&first).unwrap();
    session.commit().await.unwrap();
    // What a set update has changed is old.
    let one = session.add(kept("one"));
    session.commit().await.unwrap();
    session.execute(update(Kept).set(Kept::visits, 3)).await.unwrap();
    session.commit().await.unwrap();
    session.refresh(&one).await.unwrap();
    one.set(Kept::title, "two");
    session.commit().await.unwrap();
    // Nobody can say which version a row has.
    one.edit(|kept| kept.xmin = 5);
    let refused = session.flush().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Flush);
    assert!(refused.to_string().contains("Kept.xmin"), "{refused}");
}
on_every_database!(case_061_versions_of_the_database_itself);

async fn case_061_many_versions_of_the_database_itself(database: &Database) {
    if !database.is_postgres() {
        return;
    }
    let stage = Stage::of(database, MetaData::of(Kept)).await;
    let mut session = stage.sessions.open();
    let pages = session.add_all((0..1500).map(|_| kept("a")));
    session.commit().await.unwrap();
    assert!(pages.iter().all(|page| page.read().xmin > 0 && page.read().id > 0));
    let before = pages[0].read().xmin;
    for (number, page) in pages.iter().enumerate() {
        page.set(Kept::visits, number as i64 + 1);
    }
    session.commit().await.unwrap();
    assert!(pages.iter().all(|page| page.read().xmin != before));
    let mut other = database.connect().await;
    other.execute(update(Kept).set(Kept::title, "b").filter(Kept::visits.eq(1201))).await.unwrap();
    other.commit().await.unwrap();
    for page in &pages {
        page.set(Kept::title, "c");
    }
    let stale = session.commit().await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::StaleData);
    assert!(stale.message().contains("expected to match 1500 rows, but 1499"), "{stale}");
    session.rollback().await.unwrap();
    session.refresh(&pages[1200]).await.unwrap();
    for page in &pages {
        session.delete(page).unwrap();
    }
    session.commit().await.unwrap();
    // Plain structs, too.
    assert_eq!(session.bulk_insert([kept("x"), kept("y")]).await.unwrap(), 2);
    session.commit().await.unwrap();
    let mut rows: Vec<Kept> = other.execute(select(Kept).order_by(Kept::id)).all().await.unwrap();
    rows[0].title = "z".into();
    assert_eq!(session.bulk_update(rows.clone()).await.unwrap(), 2);
    session.commit().await.unwrap();
    assert_eq!(session.bulk_update(rows).await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    let result = other.bulk_load(Kept, [kept("loaded")]).await.unwrap();
    assert_eq!(result.rowcount(), 1);
    other.rollback().await.unwrap();
}
on_every_database!(case_061_many_versions_of_the_database_itself);
