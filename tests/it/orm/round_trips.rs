//! How often a session waits for PostgreSQL, counted at a proxy that knows nothing of the protocol.

use aludel::prelude::*;

use super::models::{Author, Book, BookTag, Tag};
use crate::{
    database::{Database, Kind, run},
    proxy::Proxy,
};

/// Sessions over a connection that is there, and the proxy in between.
async fn behind_a_proxy(database: &Database) -> (Proxy, Engine, SessionMaker) {
    let proxy = Proxy::start(database.url()).await;
    let url = proxy.url().render(false);
    let engine = create_engine(&url).pool_size(1).max_overflow(0).build().unwrap();
    let tables = MetaData::of((Author, Book, Tag, BookTag));
    database.engine().begin(async |conn| tables.create_all(conn).await).await.unwrap();
    let sessions = SessionMaker::new(&engine);
    (proxy, engine, sessions)
}

fn author(books: usize) -> Author {
    let book = |number: usize| Book { title: format!("book {number}"), ..default() };
    Author {
        name: "Le Guin".into(),
        books: Many::from((0..books).map(book).collect::<Vec<_>>()),
        ..default()
    }
}

/// Round trips of what is done the second time: the first time prepares the statements.
async fn warm(proxy: &Proxy, mut work: impl AsyncFnMut()) -> usize {
    work().await;
    proxy.count_round_trips();
    work().await;
    proxy.round_trips()
}

#[tokio::test]
async fn an_author_with_ten_books_takes_two_round_trips() {
    run(Kind::Postgres, async |database| {
        let (proxy, engine, sessions) = behind_a_proxy(database).await;
        let trips = warm(&proxy, async || {
            sessions
                .begin(async |session| {
                    session.add(author(10));
                    Ok(())
                })
                .await
                .unwrap();
        })
        .await;
        assert_eq!(trips, 2, "the author with BEGIN, and the books with COMMIT");
        let mut session = sessions.open();
        assert_eq!(session.scalar(select(count(Book::id))).await.unwrap(), Some(20));
        session.close().await.unwrap();
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn objects_of_three_models_take_one_round_trip_a_level() {
    run(Kind::Postgres, async |database| {
        let (proxy, engine, sessions) = behind_a_proxy(database).await;
        let trips = warm(&proxy, async || {
            sessions
                .begin(async |session| {
                    let tags: Vec<_> = session
                        .add_all((0..100).map(|number| Tag { label: format!("tag {number}"), ..default() }));
                    for tag in &tags {
                        let mut author = author(8);
                        author.books.push(Book { tags: Many::from([tag]), ..default() });
                        session.add(author);
                    }
                    Ok(())
                })
                .await
                .unwrap();
        })
        .await;
        assert_eq!(trips, 3, "authors and tags, books, and what links them");
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn updates_and_deletes_share_their_round_trips() {
    run(Kind::Postgres, async |database| {
        let (proxy, engine, sessions) = behind_a_proxy(database).await;
        let trips = warm(&proxy, async || {
            let mut session = sessions.open();
            let kept = session.add(author(2));
            let gone = session.add(Tag { label: "gone".into(), ..default() });
            session.commit().await.unwrap();
            proxy.count_round_trips();
            kept.set(Author::name, "changed");
            session.delete(&gone).unwrap();
            session.add(Tag { label: "new".into(), ..default() });
            session.commit().await.unwrap();
        })
        .await;
        // The links of the deleted tag were never loaded, so that its rows in the secondary table go unseen.
        assert_eq!(trips, 2, "BEGIN with everything, and COMMIT once the numbers of rows are known");
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn reading_and_committing_nothing_is_cheap() {
    run(Kind::Postgres, async |database| {
        let (proxy, engine, sessions) = behind_a_proxy(database).await;
        let mut session = sessions.open();
        let known = session.add(author(0));
        session.commit().await.unwrap();
        let key = known.read().id;
        let trips = warm(&proxy, async || {
            let mut session = sessions.open();
            session.get_one(Author, key).await.unwrap();
            session.get_one(Author, key).await.unwrap();
            session.commit().await.unwrap();
        })
        .await;
        assert_eq!(trips, 2, "BEGIN with the query, and COMMIT");
        let trips = warm(&proxy, async || {
            let mut session = sessions.open();
            session.commit().await.unwrap();
        })
        .await;
        assert_eq!(trips, 0, "nothing was done");
        engine.dispose().await;
    })
    .await;
}

#[tokio::test]
async fn sessions_that_only_read_wait_for_no_rollback() {
    run(Kind::Postgres, async |database| {
        let (proxy, engine, sessions) = behind_a_proxy(database).await;
        let mut session = sessions.open();
        let known = session.add(author(0));
        session.commit().await.unwrap();
        let key = known.read().id;
        let trips = warm(&proxy, async || {
            for _ in 0..10 {
                let mut session = sessions.open();
                session.get_one(Author, key).await.unwrap();
                session.close().await.unwrap();
            }
        })
        .await;
        assert!(
            (10..=11).contains(&trips),
            "{trips}: each ROLLBACK goes along with the next session's BEGIN"
        );
        // What wrote is rolled back before `close` is done: others see it at once.
        let trips = warm(&proxy, async || {
            let mut session = sessions.open();
            session.add(author(0));
            session.flush().await.unwrap();
            session.close().await.unwrap();
        })
        .await;
        assert_eq!(trips, 2, "BEGIN with the INSERT, and ROLLBACK");
        assert_eq!(sessions.open().scalar(select(count(Author::id))).await.unwrap(), Some(1));
        engine.dispose().await;
    })
    .await;
}
