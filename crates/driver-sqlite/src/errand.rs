//! [`Errand`]: lends the connection to a worker thread.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread,
    time::Duration,
};

use aludel_driver::Result;
use tokio::{runtime::Handle, sync::oneshot};

use crate::{SqliteConnection, error, session::Session, watch::Watch};

/// How long a dropped call waits for its worker. A stopped statement usually ends within some microseconds.
const FAREWELL: Duration = Duration::from_millis(100);

/// The same for a database that would be lost together with its only connection.
const FAREWELL_IN_MEMORY: Duration = Duration::from_secs(10);

/// A piece of work that a worker thread does with the connection, and the connection's way back.
///
/// While it is out, the connection is in flight. When the errand is dropped, the worker is stopped and waited for a
/// moment; a connection that does not come back in time is closed by the worker, and is lost here.
pub(crate) struct Errand<'c, T> {
    connection: &'c mut SqliteConnection,
    watch: Arc<Watch>,
    answer: oneshot::Receiver<T>,
    back: Receiver<Box<Session>>,
    farewell: Duration,
    stops_when_dropped: bool,
    is_finished: bool,
}

impl<'c, T: Send + 'static> Errand<'c, T> {
    /// Sends the connection off with its work.
    ///
    /// # Errors
    /// A disconnect error when the connection is not here.
    pub(crate) fn start(
        connection: &'c mut SqliteConnection,
        work: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Result<Self> {
        let mut session = connection.take_session()?;
        let watch = session.watch.clone();
        let farewell = if session.is_private() { FAREWELL_IN_MEMORY } else { FAREWELL };
        let (reply, answer) = oneshot::channel();
        let (giver, back) = sync_channel(1);
        spawn(move || {
            let result = work(&mut session);
            // The connection first, so that it is there when the answer is read. Nobody there to take it: it is closed.
            let _ = giver.send(session);
            let _ = reply.send(result);
        });
        Ok(Self { connection, watch, answer, back, farewell, stops_when_dropped: true, is_finished: false })
    }

    /// Waits for the worker, and takes the connection back.
    ///
    /// # Errors
    /// A disconnect error when the worker is gone with the connection.
    pub(crate) async fn finish(mut self) -> Result<T> {
        let answer = (&mut self.answer).await;
        self.is_finished = true;
        match (answer, self.back.try_recv()) {
            (Ok(answer), Ok(session)) => {
                self.connection.put_session(session);
                Ok(answer)
            }
            (_, returned) => {
                if let Ok(session) = returned {
                    self.connection.put_session(session);
                }
                Err(error::lost(self.connection.target()))
            }
        }
    }
}

impl<T> Errand<'_, T> {
    /// Stops the worker: its result does not matter any more.
    pub(crate) fn stop(&self) {
        self.watch.abandon();
    }

    /// A dropped errand lets the worker come to its end: what it wrote is written.
    pub(crate) fn let_end_when_dropped(&mut self) {
        self.stops_when_dropped = false;
    }
}

impl<T> Drop for Errand<'_, T> {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        if self.stops_when_dropped {
            self.watch.abandon();
        }
        if let Ok(session) = self.back.recv_timeout(self.farewell) {
            self.connection.put_session(session);
        }
    }
}

/// Runs on tokio's blocking pool, or on a thread of its own outside of tokio.
fn spawn(work: impl FnOnce() + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(work)),
        // Without a thread the work is dropped, and its errand finds that out.
        Err(_) => drop(thread::Builder::new().name("aludel-sqlite".to_owned()).spawn(work)),
    }
}
