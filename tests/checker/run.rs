//! One list of operations, from an empty database to its end.

use std::panic::AssertUnwindSafe;

use aludel::{driver::DatabaseUrl, prelude::*, sql::Entity};
use futures_util::{FutureExt, future::BoxFuture};

use super::{
    models::{
        Album, Badge, Friend, Item, ItemMark, Loan, Mark, Member, Node, Owner, Page, Photo, Seat, Sheet,
        Team, tables,
    },
    operation::Operation,
    oracle::Action,
    world::{Complaint, World},
};
use crate::database::Database;

/// Where lists of operations are run: a database with the tables of the models.
pub struct Ground {
    sessions: SessionMaker,
    engine: Engine,
    witness: Option<Connection>,
}

/// What goes wrong in a list of operations, and at which of them.
#[derive(Debug)]
pub struct Failure {
    pub position: usize,
    pub complaint: Complaint,
}

impl Ground {
    pub async fn new(database: &Database) -> Self {
        let mut url = DatabaseUrl::parse(database.url()).unwrap();
        if database.is_sqlite() {
            // Nobody looks at the file after a loss of power.
            url = url.option("synchronous", "off");
        }
        let engine = create_engine(&url.render(false)).pool_size(3).build().unwrap();
        engine.begin(async |conn| tables().create_all(conn).await).await.unwrap();
        Self { sessions: SessionMaker::new(&engine), engine, witness: None }
    }

    /// Runs the operations over empty tables.
    pub async fn run(&mut self, operations: &[Operation]) -> Result<(), Failure> {
        let mut witness = match self.witness.take() {
            Some(witness) => witness,
            None => {
                let mut witness = self.engine.connect().await.unwrap();
                witness.set_autocommit(true).unwrap();
                witness
            }
        };
        empty(&mut witness).await.unwrap();
        let mut world = World::new(witness);
        let expires = operations.contains(&Operation::ExpireOnCommit);
        world.oracle.expires_on_commit = expires;
        let mut session = self.sessions.clone().expire_on_commit(expires).open();
        let mut next = 0;
        let walked =
            AssertUnwindSafe(walk(&mut world, &mut session, operations, &mut next)).catch_unwind().await;
        let outcome = match walked {
            Ok(Ok(_)) => {
                let closed = session.close().await.map_err(|error| format!("{error:?}"));
                world.oracle.closed();
                match closed {
                    Ok(()) => world.compare(&mut session, true).await,
                    Err(complaint) => Err(complaint),
                }
            }
            Ok(Err(complaint)) => Err(complaint),
            Err(panic) => {
                let message = panic.downcast_ref::<String>().cloned();
                let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(format!("panic: {}", message.unwrap_or_default()))
            }
        };
        if outcome.is_err() {
            let _ = session.close().await;
        }
        drop(session);
        self.witness = Some(world.into_witness());
        outcome.map_err(|complaint| Failure { position: next.saturating_sub(1), complaint })
    }

    pub async fn end(self) {
        drop(self.witness);
        self.engine.dispose().await;
    }
}

async fn empty(witness: &mut Connection) -> Result<()> {
    let mut transaction = witness.begin().await?;
    transaction.execute(delete(Entity::<ItemMark>::new())).await?;
    transaction.execute(delete(Entity::<Friend>::new())).await?;
    transaction.execute(update(Node).set(Node::parent_id, None::<i64>)).await?;
    transaction.execute(delete(Entity::<Item>::new())).await?;
    transaction.execute(delete(Entity::<Badge>::new())).await?;
    transaction.execute(delete(Entity::<Loan>::new())).await?;
    transaction.execute(delete(Entity::<Sheet>::new())).await?;
    transaction.execute(delete(Entity::<Mark>::new())).await?;
    transaction.execute(delete(Entity::<Node>::new())).await?;
    transaction.execute(delete(Entity::<Page>::new())).await?;
    transaction.execute(delete(Entity::<Seat>::new())).await?;
    transaction.execute(delete(Entity::<Owner>::new())).await?;
    transaction.execute(delete(Entity::<Member>::new())).await?;
    transaction.execute(delete(Entity::<Team>::new())).await?;
    transaction.execute(update(Album).set(Album::cover_id, None::<i64>)).await?;
    transaction.execute(delete(Entity::<Photo>::new())).await?;
    transaction.execute(delete(Entity::<Album>::new())).await?;
    transaction.commit().await
}

/// How a nested transaction is left.
enum End {
    OfOperations,
    Release,
    Rollback,
    Drop,
}

/// Does the operations, each nested transaction in a walk of its own, as its guard borrows the session.
fn walk<'a>(
    world: &'a mut World,
    session: &'a mut Session,
    operations: &'a [Operation],
    next: &'a mut usize,
) -> BoxFuture<'a, Result<End, Complaint>> {
    Box::pin(async move {
        while let Some(operation) = operations.get(*next) {
            *next += 1;
            let Some(action) = world.oracle.resolve(operation) else { continue };
            match action {
                Action::Release => return Ok(End::Release),
                Action::RollbackNested => return Ok(End::Rollback),
                Action::DropNested => return Ok(End::Drop),
                Action::BeginNested => {
                    let mut nested = match session.begin_nested().await {
                        Ok(nested) => {
                            world.begin_nested(Ok(()))?;
                            nested
                        }
                        Err(error) => {
                            world.begin_nested(Err(&error))?;
                            continue;
                        }
                    };
                    world.compare(&mut nested, false).await?;
                    let end = walk(world, &mut nested, operations, next).await?;
                    let is_open = nested.is_active();
                    match end {
                        End::OfOperations => return Ok(End::OfOperations),
                        End::Release => {
                            let result = nested.commit().await;
                            world.end_nested(result.as_ref().map(drop))?;
                        }
                        End::Rollback => {
                            nested.rollback().await.map_err(|error| format!("{error:?}"))?;
                            world.oracle.rolled_back_nested();
                        }
                        End::Drop => {
                            drop(nested);
                            world.oracle.rolled_back_nested();
                        }
                    }
                    if !is_open {
                        return Err("a nested transaction was over before its end".to_owned());
                    }
                    world.compare(session, true).await?;
                }
                action => {
                    world
                        .step(session, &action)
                        .await
                        .map_err(|complaint| format!("{action:?}: {complaint}"))?;
                    let ends = matches!(
                        action,
                        Action::Flush | Action::Commit | Action::Rollback | Action::Close | Action::Get(..)
                    );
                    world
                        .compare(session, ends)
                        .await
                        .map_err(|complaint| format!("after {action:?}: {complaint}"))?;
                }
            }
        }
        Ok(End::OfOperations)
    })
}
