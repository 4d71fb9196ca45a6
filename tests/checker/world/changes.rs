//! Statements that change many rows, and the plan of a flush.

use aludel::{orm::SynchronizeSession, prelude::*};

use super::{Complaint, World};
use crate::{
    handle::{delete_rows, set_notes},
    oracle::{Verdict, Which},
    schema::Kind,
};

fn strategy(fetch: bool) -> SynchronizeSession {
    if fetch { SynchronizeSession::Fetch } else { SynchronizeSession::Auto }
}

impl World {
    pub(super) async fn set_notes(
        &mut self,
        session: &mut Session,
        kind: Kind,
        which: &Which,
        note: Option<String>,
        fetch: bool,
    ) -> Result<(), Complaint> {
        let was_modified = session.is_modified();
        let result = set_notes(session, kind, which, note.clone(), strategy(fetch)).await;
        let Some(rows) = self.flushed_before(session, was_modified, result)? else { return Ok(()) };
        let keys = self.oracle.meant(kind, which);
        if rows != keys.len() as u64 {
            return Err(format!("it changed {rows} rows, and should change {keys:?}"));
        }
        self.oracle.set_notes(kind, &keys, note.as_deref());
        Ok(())
    }

    pub(super) async fn delete_rows(
        &mut self,
        session: &mut Session,
        kind: Kind,
        which: &Which,
        fetch: bool,
    ) -> Result<(), Complaint> {
        let was_modified = session.is_modified();
        let flush = self.oracle.verdict();
        let result = delete_rows(session, kind, which, strategy(fetch)).await;
        if was_modified && !session.is_modified() && flush == Verdict::Works {
            self.flushed(Ok(()))?;
        } else if was_modified {
            self.flushed(result.as_ref().map(drop))?;
            if result.is_err() {
                return Ok(());
            }
        }
        self.oracle.idle = false;
        let keys = self.oracle.meant(kind, which);
        match (self.oracle.may_be_deleted(kind, &keys), result) {
            (Verdict::Fails, Ok(_)) => Err(format!("{keys:?} are referred to, and were deleted")),
            (Verdict::Works, Err(error)) => Err(format!("{keys:?} should have been deleted: {error:?}")),
            (_, Err(error)) if error.kind() != ErrorKind::Integrity => {
                Err(format!("what is referred to was refused in another way: {error:?}"))
            }
            (_, Err(_)) => {
                self.oracle.failed = true;
                Ok(())
            }
            (_, Ok(rows)) if rows != keys.len() as u64 => {
                Err(format!("it deleted {rows} rows, and should delete {keys:?}"))
            }
            (_, Ok(_)) => {
                self.oracle.delete_rows(kind, &keys);
                Ok(())
            }
        }
    }

    /// A plan changes nothing, whatever comes of it.
    pub(super) async fn plan(&mut self, session: &mut Session) -> Result<(), Complaint> {
        let (was_modified, verdict) = (session.is_modified(), self.oracle.verdict());
        let plan = session.plan().await;
        if was_modified {
            self.oracle.idle = false;
        }
        match plan {
            Ok(_) => Ok(()),
            Err(error) if verdict == Verdict::Works => Err(format!("the plan should have worked: {error:?}")),
            Err(_) => Ok(()),
        }
    }
}
