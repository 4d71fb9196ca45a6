//! What is done about an open transaction when a connection comes back, and who hears of it.

use std::sync::{Arc, Mutex, atomic::Ordering::SeqCst};

use aludel_driver::TransactionState;
use aludel_engine_pool::{CloseReason, Events, Pool, PoolClass, ResetOnReturn};
use aludel_sql_expression::text;

use crate::{
    mock::Server,
    pool::{dirty, pool, settle},
};

/// Writes down what is heard, and how many resets the server had seen until then.
fn notes(events: &Events, server: &Arc<Server>) -> Arc<Mutex<Vec<String>>> {
    let notes = Arc::new(Mutex::new(Vec::new()));
    macro_rules! listen {
        ($($event:ident)*) => {$({
            let (noted, server) = (notes.clone(), server.clone());
            events.$event.listen(move |_| {
                noted.lock().unwrap().push(format!("{} {}", stringify!($event), server.resets.load(SeqCst)));
                Ok(())
            });
        })*};
    }
    listen!(reset checkin invalidate soft_invalidate close detach close_detached);
    notes
}

fn take(notes: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut *notes.lock().unwrap())
}

#[tokio::test]
async fn case_078_first_reset_then_the_rollback_then_checkin() {
    for on_drop in [true, false] {
        let server = Arc::new(Server::default());
        server.resets_on_drop.store(on_drop, SeqCst);
        let pool = pool(&server, 1, Some(0), |_| ());
        let notes = notes(pool.events(), &server);
        drop(dirty(&pool).await);
        settle().await;
        assert_eq!(take(&notes), ["reset 0", "checkin 1"], "{on_drop}");
        dirty(&pool).await.release().await;
        assert_eq!(take(&notes), ["reset 1", "checkin 2"], "{on_drop}");
        // Nothing is sent for what is clean, but it is told all the same.
        pool.checkout().await.unwrap().release().await;
        drop(pool.checkout().await.unwrap());
        assert_eq!(take(&notes), ["reset 2", "checkin 2", "reset 2", "checkin 2"], "{on_drop}");
        assert_eq!((server.opened(), pool.metrics().resets), (1, 2));
        assert!(server.sent().iter().all(|sent| sent == "BEGIN"));
    }
}

#[tokio::test]
async fn case_078_commit_on_return() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |options| options.reset_on_return = ResetOnReturn::Commit);
    let notes = notes(pool.events(), &server);
    dirty(&pool).await.release().await;
    drop(dirty(&pool).await);
    let next = pool.checkout().await.unwrap();
    assert_eq!(next.transaction_state(), TransactionState::Idle);
    drop(next);
    assert_eq!(
        server.sent(),
        ["BEGIN", "COMMIT", "BEGIN", "COMMIT"],
        "nothing where there is nothing to commit"
    );
    assert_eq!((server.resets.load(SeqCst), server.opened()), (0, 1));
    assert_eq!(take(&notes), ["reset 0", "checkin 0", "reset 0", "checkin 0", "reset 0", "checkin 0"]);
    // A COMMIT that fails has the connection closed.
    for disconnect in [false, true] {
        server.fail_control("COMMIT", disconnect);
        drop(dirty(&pool).await);
        settle().await;
    }
    assert_eq!(take(&notes), ["reset 0", "close 0", "reset 0", "close 0"]);
    let metrics = pool.metrics();
    assert_eq!((metrics.resets, metrics.resets_failed, metrics.closed(CloseReason::ResetFailed)), (2, 2, 2));
    server.assert_lawful();
}

#[tokio::test]
async fn case_078_without_a_reset_nothing_dirty_is_handed_on() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |options| options.reset_on_return = ResetOnReturn::None);
    let notes = notes(pool.events(), &server);
    let clean = pool.checkout().await.unwrap();
    let first = clean.id();
    drop(clean);
    assert_eq!(take(&notes), ["reset 0", "checkin 0"]);
    let connection = dirty(&pool).await;
    assert_eq!(connection.id(), first);
    drop(connection);
    assert_eq!(take(&notes), ["reset 0", "close 0"], "neither rolled back nor kept");
    dirty(&pool).await.release().await;
    assert_eq!(take(&notes), ["reset 0", "close 0"]);
    let next = pool.checkout().await.unwrap();
    assert_eq!((next.transaction_state(), server.resets.load(SeqCst)), (TransactionState::Idle, 0));
    assert_eq!(server.sent(), ["BEGIN", "BEGIN"]);
    assert_eq!(pool.metrics().closed(CloseReason::InTransaction), 2);
}

#[tokio::test]
async fn case_078_an_engine_rolls_back_what_it_began_whatever_the_pool_does() {
    for reset in [ResetOnReturn::Rollback, ResetOnReturn::Commit, ResetOnReturn::None] {
        for on_drop in [true, false] {
            let server = Arc::new(Server::default());
            server.resets_on_drop.store(on_drop, SeqCst);
            let engine = server.engine().reset_on_return(reset).build().unwrap();
            let mut connection = engine.connect().await.unwrap();
            connection.execute(text("one")).await.unwrap();
            drop(connection);
            settle().await;
            // Dropped in mid-flight, on a connection that survives it.
            server.survives_drops.store(true, SeqCst);
            let mut connection = engine.connect().await.unwrap();
            connection.execute(text("two")).await.unwrap();
            {
                let hanging = connection.execute(text("HANG")).all();
                tokio::select! { _ = hanging => unreachable!(), () = tokio::task::yield_now() => {} }
            }
            drop(connection);
            settle().await;
            let sent = server.sent();
            assert!(!sent.iter().any(|sent| sent.contains("COMMIT")), "{reset:?} {on_drop}: {sent:?}");
            assert_eq!(server.resets.load(SeqCst), 2, "{reset:?} {on_drop}");
            assert_eq!(server.opened(), 1);
        }
    }
}

#[tokio::test]
async fn case_078_what_was_begun_behind_an_engine_is_ended_as_the_pool_says() {
    for reset in [ResetOnReturn::Rollback, ResetOnReturn::Commit, ResetOnReturn::None] {
        for close in [true, false] {
            let server = Arc::new(Server::default());
            let engine = server.engine().reset_on_return(reset).build().unwrap();
            let mut connection = engine.connect().await.unwrap();
            let options = aludel_driver::BeginOptions::default();
            let driver = connection.driver_connection().await.unwrap();
            driver.control(aludel_driver::Control::Begin(&options)).await.unwrap();
            if close {
                connection.close().await.unwrap();
            } else {
                drop(connection);
            }
            settle().await;
            let (commits, resets, live) = match reset {
                ResetOnReturn::Commit => (1, 0, 1),
                ResetOnReturn::None => (0, 0, 0),
                _ => (0, 1, 1),
            };
            let committed = server.sent().iter().filter(|sent| *sent == "COMMIT").count();
            assert_eq!(
                (committed, server.resets.load(SeqCst), server.live()),
                (commits, resets, live),
                "{reset:?} {close}"
            );
        }
    }
}

#[tokio::test]
async fn case_076_a_detached_connection_leaves_its_place() {
    let server = Arc::new(Server::default());
    let pool = pool(&server, 1, Some(0), |_| ());
    let notes = notes(pool.events(), &server);
    let mut detached = pool.checkout().await.unwrap();
    detached.info_mut().insert(7_u8);
    detached.detach();
    detached.detach();
    assert_eq!(take(&notes), ["detach 0"]);
    assert_eq!((pool.status().open, pool.status().checked_out, pool.holders().len()), (0, 0, 0));
    let second = pool.checkout().await.unwrap();
    assert_eq!(server.live(), 2);
    drop(second);
    assert_eq!(take(&notes), ["reset 0", "checkin 0"]);
    detached.ping().await.unwrap();
    assert_eq!(detached.info().get::<u8>(), Some(&7));
    drop(detached);
    settle().await;
    assert_eq!((server.closed.load(SeqCst), server.live()), (1, 1), "really closed");
    assert_eq!(take(&notes), ["reset 0", "close_detached 0"], "it does not come back");
    assert_eq!(pool.metrics().closed(CloseReason::Detached), 1);
    // The same for one in a transaction, one that is waited for, and in a pool that keeps nothing.
    let mut detached = dirty(&pool).await;
    detached.detach();
    detached.release().await;
    assert_eq!(
        (take(&notes), server.live()),
        (vec!["detach 0".into(), "reset 0".into(), "close_detached 0".into()], 0)
    );
    let null = Pool::new(
        Arc::new(crate::mock::MockDriver::new(&server)),
        aludel_driver::DatabaseUrl::parse("mock://host/db").unwrap().arguments,
        {
            let mut options = aludel_engine_pool::PoolOptions::default();
            options.pool_class = Some(PoolClass::Null);
            options
        },
    )
    .unwrap();
    let notes = self::notes(null.events(), &server);
    let mut detached = null.checkout().await.unwrap();
    detached.detach();
    assert_eq!((null.status().open, null.status().checked_out), (0, 0));
    drop(detached);
    drop(null.checkout().await.unwrap());
    assert_eq!(take(&notes), ["detach 0", "reset 0", "close_detached 0", "reset 0", "checkin 0", "close 0"]);
}

#[tokio::test]
async fn case_076_an_engines_connection_can_be_detached_too() {
    let server = Arc::new(Server::default());
    let engine = server.engine().pool_size(1).max_overflow(0).build().unwrap();
    let notes = notes(engine.events(), &server);
    let mut connection = engine.connect().await.unwrap();
    connection.detach();
    let other = engine.connect().await.unwrap();
    connection.execute(text("still works")).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(take(&notes), ["detach 0", "reset 0", "close_detached 0"]);
    drop(other);
    assert_eq!((take(&notes), server.live()), (vec!["reset 0".into(), "checkin 0".into()], 1));
}
