//! What `session.get` costs for an object that the session has already: no statement, and no allocation.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aludel::{engine::CreateAll as _, prelude::*};
use futures_util::FutureExt as _;
use tokio::runtime::Runtime;

use crate::{
    Outcome,
    model::{Loan, Reader},
};

/// How often an object is asked for.
const TIMES: u64 = 1000;

/// Asks for present objects, and says what it took.
///
/// # Errors
/// When a statement was sent, something was allocated, or the future had to wait.
pub(crate) fn measure(runtime: &Runtime) -> Outcome<()> {
    let statements = Arc::new(AtomicUsize::new(0));
    let counter = statements.clone();
    let engine = create_engine("sqlite://")
        .echo_with(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .build()?;
    let mut session = runtime.block_on(async {
        engine.begin(async |conn| MetaData::of((Reader, Loan)).create_all(conn).await).await?;
        let mut session = SessionMaker::new(&engine).open();
        session.add(Reader { id: 1, name: "Ada".into(), ..default() });
        session.commit().await?;
        Ok::<_, Error>(session)
    })?;
    statements.store(0, Ordering::Relaxed);
    let mut present = 0;
    let counted = allocation_counter::measure(|| {
        for _ in 0..TIMES {
            // It must be ready at once, without a runtime.
            present += u64::from(matches!(session.get(Reader, 1).now_or_never(), Some(Ok(Some(_)))));
        }
    });
    let (sent, allocated) = (statements.load(Ordering::Relaxed), counted.count_total);
    println!(
        "session.get of a present object: {sent} statements, {allocated} allocations in {present} of {TIMES} calls"
    );
    if (sent, allocated, present) == (0, 0, TIMES) {
        Ok(())
    } else {
        Err("`session.get` of a present object must send nothing and allocate nothing".into())
    }
}
