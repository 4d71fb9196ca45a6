//! Faults under a session: whatever happens in a flush or commit, memory, database and error agree; or the error says that
//! the outcome is unknown, and the objects are expired.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use aludel::{engine::RetryPolicy, orm::State, prelude::*};
use tokio::{sync::Barrier, time::timeout};

use super::{
    killed::{kill, on_every_server, server_id},
    proof::{PATIENCE, Subject, drop_after},
};
use crate::{
    database::{Database, on_every_database},
    orm::models::{Author, Book, BookTag, Tag},
    proxy::{Direction, Fault, Place, Plan},
};

/// What the rows are before the work of a session, and after it.
const BEFORE: [&str; 6] = ["author gone", "author kept", "book first", "book gone", "book second", "tag old"];
const AFTER: [&str; 7] =
    ["author changed", "author new", "book changed", "book fresh", "book newest", "tag new", "tag old"];

/// The objects that the work is done with.
struct Cast {
    kept: Instance<Author>,
    gone: Instance<Author>,
    books: Vec<Instance<Book>>,
    new: Instance<Author>,
}

fn book(title: &str) -> Book {
    Book { title: title.into(), ..default() }
}

/// The rows of the beginning, and nothing else.
async fn set_up(database: &Database) {
    let mut connection = database.connect().await;
    connection.execute(delete(BookTag)).await.unwrap();
    connection.execute(delete(Book)).await.unwrap();
    connection.execute(delete(Tag)).await.unwrap();
    connection.execute(delete(Author)).await.unwrap();
    connection.commit().await.unwrap();
    connection.close().await.unwrap();
    let sessions = SessionMaker::new(database.engine());
    let mut session = sessions.open();
    let first = Book { tags: Many::from([Tag { label: "old".into(), ..default() }]), ..book("first") };
    session.add(Author { name: "kept".into(), books: Many::from([first, book("second")]), ..default() });
    session.add(Author { name: "gone".into(), books: Many::from([book("gone")]), ..default() });
    session.commit().await.unwrap();
    session.close().await.unwrap();
}

/// What stands in the tables.
async fn rows(database: &Database) -> Vec<String> {
    let mut connection = database.connect().await;
    let authors: Vec<String> = connection.scalars(select(Author::name)).await.unwrap();
    let books: Vec<String> = connection.scalars(select(Book::title)).await.unwrap();
    let tags: Vec<String> = connection.scalars(select(Tag::label)).await.unwrap();
    connection.rollback().await.unwrap();
    connection.close().await.unwrap();
    let mut rows: Vec<String> = authors.into_iter().map(|name| format!("author {name}")).collect();
    rows.extend(books.into_iter().map(|title| format!("book {title}")));
    rows.extend(tags.into_iter().map(|label| format!("tag {label}")));
    rows.sort();
    rows
}

/// Loads the objects, and changes them in every way.
async fn change(session: &mut Session) -> Result<Cast> {
    let authors = session
        .scalars(select(Author).order_by(Author::id).options(selectinload(Author::books)))
        .all()
        .await?;
    let old = session.scalars(select(Tag)).one().await?;
    let [kept, gone] = authors.as_slice() else { return Err(Error::custom("two authors were there")) };
    let books: Vec<Instance<Book>> = kept.read().books.iter()?.collect();
    kept.set(Author::name, "changed");
    kept.edit(|author| author.books.remove(&books[0]));
    books[1].set(Book::title, "changed");
    books[1].edit(|book| book.tags.push(&old));
    session.delete(gone)?;
    let mut fresh = book("fresh");
    fresh.tags.push(Tag { label: "new".into(), ..default() });
    let new =
        session.add(Author { name: "new".into(), books: Many::from([fresh, book("newest")]), ..default() });
    Ok(Cast { kept: kept.clone(), gone: gone.clone(), books, new })
}

/// The objects show what was committed.
fn assert_done(cast: &Cast, told: &str) {
    let Cast { kept, gone, books, new } = cast;
    assert_eq!((kept.read().name.as_str(), kept.state()), ("changed", State::Persistent), "{told}");
    assert_eq!((gone.state(), books[0].state()), (State::Detached, State::Detached), "{told}");
    assert_eq!((books[1].read().title.as_str(), new.state()), ("changed", State::Persistent), "{told}");
}

/// The objects show what they had before the work.
fn assert_undone(cast: &Cast, told: &str) {
    let Cast { kept, gone, books, new } = cast;
    assert_eq!((kept.read().name.as_str(), kept.state()), ("kept", State::Persistent), "{told}");
    assert_eq!((gone.state(), books[0].state()), (State::Persistent, State::Persistent), "{told}");
    assert_eq!(books[1].read().title, "second", "{told}");
    assert_eq!((new.state(), new.read().id), (State::Transient, 0), "{told}");
    let shown: Vec<Instance<Book>> = kept.read().books.iter().unwrap().collect();
    assert_eq!(shown, *books, "{told}");
}

/// Nobody knows what became of the work, and the objects say so.
fn assert_in_doubt(cast: &Cast, told: &str) {
    for author in [&cast.kept, &cast.new] {
        assert_eq!((author.state(), author.is_expired()), (State::Detached, true), "{told}: {author:?}");
    }
}

/// Looks at everything after the work came to an end with this outcome, and does the work again where it was not done.
async fn judge(
    database: &Database,
    session: &mut Session,
    cast: Option<Cast>,
    outcome: Result<()>,
    told: &str,
) {
    let found = rows(database).await;
    match outcome {
        Ok(()) => {
            assert_eq!(found, AFTER, "{told}");
            assert_done(&cast.unwrap(), told);
            return;
        }
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            assert!(found == BEFORE || found == AFTER, "{found:?}: {told}");
            if let Some(cast) = cast {
                assert_in_doubt(&cast, told);
            }
            let _ = session.rollback().await;
        }
        Err(error) => {
            // What could not be connected was not disconnected.
            assert!(
                error.is_disconnect() || (cast.is_none() && error.kind() == ErrorKind::Operational),
                "{error:?}: {told}"
            );
            assert_eq!(found, BEFORE, "{told}");
            session.rollback().await.unwrap_or_else(|error| panic!("{error:?}: {told}"));
            if let Some(cast) = cast {
                assert_undone(&cast, told);
            }
            assert!(!session.is_modified(), "{told}");
        }
    }
    // The same session works on.
    if found == BEFORE {
        let again = async {
            let cast = change(session).await?;
            session.commit().await?;
            Ok::<_, Error>(cast)
        };
        let cast = again.await.unwrap_or_else(|error| panic!("{error:?}: {told}"));
        assert_done(&cast, told);
    }
    assert_eq!(session.scalars(select(count(Author::id))).one().await.unwrap(), 2, "{told}");
    session.rollback().await.unwrap();
    assert_eq!(rows(database).await, AFTER, "{told}");
}

async fn with_tables(database: &Database) {
    let tables = MetaData::of((Author, Book, Tag, BookTag));
    database.engine().begin(async |conn| tables.create_all(conn).await).await.unwrap();
}

/// Cuts the network at the first message of the work, the second, and so on, until the work is done before it.
async fn walk(database: &Database, direction: Direction, flushes: bool) {
    let subject = Subject::behind_a_proxy(database, |engine| engine).await;
    let proxy = subject.proxy.as_ref().unwrap();
    let sessions = SessionMaker::new(&subject.engine);
    let mut unknown = 0;
    let (mut number, mut tries_at_the_end) = (1, 0);
    loop {
        let plan = Plan { fault: Fault::Cut, direction, place: Place::Message(number) };
        let told = format!("flushes first: {flushes}, {plan:?}");
        subject.engine.dispose().await;
        set_up(database).await;
        let mut session = sessions.open();
        let mut cast = None;
        proxy.plan_for_new_connections(plan);
        let work = async {
            cast = Some(change(&mut session).await?);
            if flushes {
                session.flush().await?;
            }
            session.commit().await
        };
        let outcome = timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("it hangs: {told}"));
        let has_fired = proxy.end_plan();
        unknown +=
            usize::from(outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::OutcomeUnknown));
        let is_done = outcome.is_ok();
        judge(database, &mut session, cast, outcome, &told).await;
        session.close().await.unwrap();
        drop(session);
        subject.prove(&told).await;
        if has_fired {
            number += 1;
            continue;
        }
        assert!(is_done && number > 4, "{told}");
        if unknown > 0 {
            break;
        }
        // Answers to what was sent together come in one piece or in two, so that the answer to COMMIT has no fixed number.
        tries_at_the_end += 1;
        assert!(tries_at_the_end < 50, "no answer to a COMMIT was lost: {told}");
        number -= 2;
    }
    subject.end().await;
}

async fn cut_on_the_way_there(database: &Database) {
    with_tables(database).await;
    walk(database, Direction::ToServer, true).await;
    walk(database, Direction::ToServer, false).await;
}

async fn cut_on_the_way_back(database: &Database) {
    with_tables(database).await;
    walk(database, Direction::ToClient, true).await;
    walk(database, Direction::ToClient, false).await;
}

/// The server ends the connection between two flushes, and before COMMIT.
async fn killed_between_flushes(database: &Database) {
    with_tables(database).await;
    let subject = Subject::new(database, |engine| engine).await;
    let sessions = SessionMaker::new(&subject.engine);
    for flushes in [0, 1, 2] {
        let told = format!("killed after {flushes} flushes");
        set_up(database).await;
        let mut session = sessions.open();
        let cast = change(&mut session).await.unwrap();
        let id = server_id(database, session.connection().await.unwrap()).await;
        let name = cast.kept.read().name.clone();
        let outcome = async {
            for flush in 0..flushes {
                cast.kept.set(Author::name, format!("flush {flush}"));
                session.flush().await?;
            }
            cast.kept.set(Author::name, name);
            if flushes == 2 {
                session.flush().await?;
            }
            kill(database, id).await;
            session.commit().await
        };
        let outcome = outcome.await;
        assert!(outcome.is_err(), "{told}");
        judge(database, &mut session, Some(cast), outcome, &told).await;
        session.close().await.unwrap();
        drop(session);
        subject.prove(&told).await;
    }
    subject.end().await;
}

on_every_server!(cut_on_the_way_there, cut_on_the_way_back, killed_between_flushes);

/// What a future is dropped of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    Flush,
    Commit,
    /// A commit, and the session with it.
    CommitAndSession,
}

/// Drops a call at its first wait, its second, and so on, until it is done before.
async fn drop_everywhere(database: &Database, call: Call) {
    with_tables(database).await;
    let subject = Subject::new(database, |engine| engine).await;
    let sessions = SessionMaker::new(&subject.engine);
    for waits in 0..400 {
        let told = format!("{call:?} dropped at wait {waits}");
        set_up(database).await;
        let mut session = sessions.open();
        let cast = change(&mut session).await.unwrap();
        let outcome = match call {
            Call::Flush => drop_after(session.flush(), waits).await,
            _ => drop_after(session.commit(), waits).await,
        };
        let is_done = outcome.is_some();
        outcome.unwrap_or(Ok(())).unwrap_or_else(|error| panic!("{error:?}: {told}"));
        if is_done && call == Call::Flush {
            session.commit().await.unwrap();
        }
        if is_done {
            judge(database, &mut session, Some(cast), Ok(()), &told).await;
            drop(session);
            subject.prove(&told).await;
            subject.end().await;
            assert!(database.is_sqlite() || waits > 2, "{told}");
            return;
        }
        if call == Call::CommitAndSession {
            drop(session);
            // What is rolled back after a drop is on its way for a moment.
            subject.prove(&told).await;
            let found = rows(database).await;
            assert!(found == BEFORE || found == AFTER, "{found:?}: {told}");
            assert_eq!(cast.kept.state(), State::Detached, "{told}");
            // What was never sent is left as the user left it, and says so.
            let name = cast.kept.read().name.clone();
            let agrees =
                if found == AFTER { name == "changed" } else { name == "kept" || cast.kept.is_modified() };
            assert!(agrees || cast.kept.is_expired(), "{found:?}: {told}: {:?}", cast.kept);
            continue;
        }
        let rolled_back = session.rollback().await;
        // The connection in doubt is closed, and the server notices.
        subject.prove(&told).await;
        let found = rows(database).await;
        match rolled_back {
            Ok(()) => {
                assert_eq!(found, BEFORE, "{told}");
                assert_undone(&cast, &told);
                assert!(!session.is_modified(), "{told}");
            }
            Err(error) => {
                assert_eq!(
                    (call, error.kind()),
                    (Call::Commit, ErrorKind::OutcomeUnknown),
                    "{error:?}: {told}"
                );
                assert!(found == BEFORE || found == AFTER, "{found:?}: {told}");
                assert_in_doubt(&cast, &told);
            }
        }
        // The same session works on.
        if found == BEFORE {
            let cast = change(&mut session).await.unwrap_or_else(|error| panic!("{error:?}: {told}"));
            session.commit().await.unwrap_or_else(|error| panic!("{error:?}: {told}"));
            assert_done(&cast, &told);
        }
        assert_eq!(rows(database).await, AFTER, "{told}");
    }
    panic!("the call never comes to its end");
}

async fn dropped_flushes(database: &Database) {
    drop_everywhere(database, Call::Flush).await;
}

async fn dropped_commits(database: &Database) {
    drop_everywhere(database, Call::Commit).await;
}

async fn dropped_commits_and_sessions(database: &Database) {
    drop_everywhere(database, Call::CommitAndSession).await;
}

on_every_database!(dropped_flushes, dropped_commits, dropped_commits_and_sessions);

/// Two sessions lock two rows, each the other's first: one of them is told, and does its work again.
async fn a_deadlock_runs_again(database: &Database) {
    with_tables(database).await;
    set_up(database).await;
    let subject = Subject::new(database, |engine| engine).await;
    let sessions = SessionMaker::new(&subject.engine);
    let barrier = Barrier::new(2);
    let work = async |order: [&'static str; 2], own: &'static str| {
        let policy =
            RetryPolicy::new().attempts(20).pauses(Duration::from_millis(1), Duration::from_millis(20));
        let runs = AtomicU32::new(0);
        sessions
            .begin_with_retry(policy, async |session| {
                let run = runs.fetch_add(1, Ordering::Relaxed);
                for (step, name) in order.into_iter().enumerate() {
                    let author = session.scalars(select(Author).filter(Author::name.eq(name))).one().await?;
                    let email = author.read().email.clone().unwrap_or_default();
                    author.set(Author::email, Some(format!("{email}{own}")));
                    session.flush().await?;
                    if (run, step) == (0, 0) {
                        barrier.wait().await;
                    }
                }
                Ok(())
            })
            .await
            .map(|()| runs.load(Ordering::Relaxed))
    };
    let both = async { tokio::join!(work(["kept", "gone"], "a"), work(["gone", "kept"], "b")) };
    let (first, second) = timeout(PATIENCE, both).await.unwrap();
    assert!(first.unwrap() + second.unwrap() >= 3, "one of them was told");
    let emails: Vec<Option<String>> = database.connect().await.scalars(select(Author::email)).await.unwrap();
    assert_eq!(emails.len(), 2);
    subject.end().await;
}

on_every_server!(a_deadlock_runs_again);
