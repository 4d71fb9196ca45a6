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
