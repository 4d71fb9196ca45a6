//! [`Pulse`]: whether the server still takes the bytes of LOAD DATA LOCAL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::kill::{KillSwitch, Presence};

/// How long a piece may wait to be sent until the server is asked, by a second connection, whether it still has the first
/// one.
///
/// mysql_async reads nothing while it writes. To end a connection, a server first stops to read from its socket; Linux then
/// tells the other side no more how much it may send. When the server's thread finds nothing left to read and closes, there
/// is no byte whose loss would make a reset of the close: the writer sees a window that stays at zero, and its probes of the
/// window are answered, for a minute or two. The end of the connection waits to be read meanwhile.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// A server that is there, but waits for a lock or for its disk, is asked more and more seldom.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How the bytes move on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse {
    /// How many pieces were taken to be sent.
    taken: Arc<AtomicU64>,
    /// Whether the last one of them is still being sent.
    is_sending: Arc<AtomicBool>,
}

impl Pulse {
    /// A piece was taken to be sent: all before it are out.
    pub(crate) fn takes_piece(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.is_sending.store(true, Ordering::Relaxed);
    }

    /// All pieces are out, and the next one is waited for.
    pub(crate) fn waits_for_piece(&self) {
        self.is_sending.store(false, Ordering::Relaxed);
    }

    /// Waits until the server has given the connection up, without our having been told; for ever where it has not.
    pub(crate) async fn until_gone(&self, kill: &KillSwitch) {
        let mut pause = FIRST_LOOK;
        let mut seen = 0;
        let mut is_refused = false;
        loop {
            tokio::time::sleep(pause).await;
            let taken = self.taken.load(Ordering::Relaxed);
            if taken != seen || !self.is_sending.load(Ordering::Relaxed) {
                (seen, pause, is_refused) = (taken, FIRST_LOOK, false);
                continue;
            }
            let presence = kill.presence().await;
            if self.taken.load(Ordering::Relaxed) != seen {
                continue;
            }
            match presence {
                Presence::Gone => return,
                // A proxy may take no new connections for a moment.
                Presence::NoServer if is_refused => return,
                Presence::NoServer => is_refused = true,
                Presence::There | Presence::Unknown => {
                    is_refused = false;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}
