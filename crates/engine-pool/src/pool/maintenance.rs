//! [`Maintenance`]: looks after idle connections in the background.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use aludel_driver::{Error, Result};
use deadpool::managed::{self, Object, PoolError, Timeouts};
use tokio::{
    runtime::Handle,
    sync::Notify,
    task::AbortHandle,
    time::{Instant, sleep_until},
};

use super::{CloseReason, Inner, Manager, returning::expires};

tokio::task_local! {
    /// Set while idle connections are only moved aside, so that they are not pinged.
    static ONLY_LOOKING: ();
}

/// Whether a connection is taken out by the background task, which will not use it.
pub(super) fn is_only_looking() -> bool {
    ONLY_LOOKING.try_with(|()| ()).is_ok()
}

/// How long after a failed connect the next one is tried; doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How many times as many connections as the pool may have are opened within the first pause.
const BURST: usize = 4;

/// Looks after idle connections in the background: closes what is too old or idle for too long, opens what is missing, and
/// tells of those who hold a connection for long.
///
/// One task does it, asleep until the next moment when something falls due. It ends with its pool, when the pool is
/// disposed of, and with its runtime; the next checkout starts another where that is needed.
pub(super) struct Maintenance {
    bell: Arc<Bell>,
    task: Mutex<Option<AbortHandle>>,
    next_run: AtomicU64,
    /// Whether another pool took the place of this one, so that nothing is to be kept ready here.
    is_over: AtomicBool,
}

/// How the task is called.
struct Bell {
    notify: Notify,
    /// The number of the task that runs; 0: none.
    running: AtomicU64,
    /// When the task wakes by itself, in milliseconds after `epoch`; the greatest number: never.
    wakes_at: AtomicU64,
    epoch: Instant,
}

impl Bell {
    /// Rounded up: who wakes early would find nothing to do.
    fn milliseconds(&self, moment: Instant) -> u64 {
        let nanoseconds = moment.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(nanoseconds.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

impl Maintenance {
    pub(super) fn new() -> Self {
        let bell = Bell {
            notify: Notify::new(),
            running: AtomicU64::new(0),
            wakes_at: AtomicU64::new(u64::MAX),
            epoch: Instant::now(),
        };
        Self {
            bell: Arc::new(bell),
            task: Mutex::default(),
            next_run: AtomicU64::new(1),
            is_over: AtomicBool::new(false),
        }
    }

    /// Starts the task, unless it runs, or no runtime is there.
    pub(super) fn start(&self, pool: &Arc<Inner>) {
        if self.bell.running.load(Ordering::Acquire) != 0 || self.is_over.load(Ordering::Acquire) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let run = self.next_run.fetch_add(1, Ordering::Relaxed);
        if self.bell.running.compare_exchange(0, run, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return;
        }
        self.bell.wakes_at.store(u64::MAX, Ordering::Release);
        let keeper = Keeper { pool: Arc::downgrade(pool), bell: self.bell.clone(), run };
        *task = Some(runtime.spawn(keeper.keep()).abort_handle());
    }

    /// Opens what is to be kept ready, and starts the task.
    pub(super) async fn warm_up(&self, pool: &Arc<Inner>) -> Result<()> {
        while let Some(queue) = pool.queue_with_room() {
            match open(&queue).await {
                Opened::One => {}
                Opened::NoRoom => break,
                Opened::Failed(error) => return Err(error),
            }
        }
        self.start(pool);
        Ok(())
    }

    /// Ends the task, and lets no other begin.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.stop();
    }

    /// Ends the task.
    pub(super) fn stop(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        self.bell.running.store(0, Ordering::Release);
        if let Some(task) = task.take() {
            task.abort();
        }
    }

    /// A connection was taken at this moment.
    pub(super) fn checked_out(&self, pool: &Arc<Inner>, since: Instant) {
        self.start(pool);
        pool.call_for_spare();
        if let Some(limit) = pool.shared.options.long_checkout_warning {
            self.be_there_at(since + limit);
        }
    }

    /// Sees to it that the task is awake at this moment.
    pub(super) fn be_there_at(&self, moment: Instant) {
        if self.bell.milliseconds(moment) < self.bell.wakes_at.load(Ordering::Acquire) {
            self.ring();
        }
    }

    pub(super) fn ring(&self) {
        self.bell.notify.notify_one();
    }
}

/// The task.
struct Keeper {
    pool: Weak<Inner>,
    bell: Arc<Bell>,
    run: u64,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Not when another took its place already.
        let _ = self.bell.running.compare_exchange(self.run, 0, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Keeper {
    async fn keep(self) {
        let (mut retry_at, mut pause) = (None::<Instant>, FIRST_PAUSE);
        let (mut burst_since, mut burst) = (Instant::now(), 0);
        loop {
            // What happens from here on is looked at in the next round.
            self.bell.wakes_at.store(u64::MAX, Ordering::Release);
            let Some(pool) = self.pool.upgrade() else { return };
            let mut next = pool.clear_out();
            retry_at = retry_at.filter(|moment| *moment > Instant::now());
            let queue = if retry_at.is_none() { pool.queue_with_room() } else { None };
            let opening = queue.map(|queue| (queue, pool.shared.clone()));
            // While it waits, the task keeps nobody's pool alive.
            drop(pool);
            if let Some((queue, shared)) = opening {
                match open(&queue).await {
                    Opened::One => {
                        pause = FIRST_PAUSE;
                        if burst_since.elapsed() > FIRST_PAUSE {
                            (burst_since, burst) = (Instant::now(), 0);
                        }
                        burst += 1;
                        if burst < BURST * queue.status().max_size {
                            continue;
                        }
                        // They go as fast as they come, as with an `idle_timeout` of nothing.
                        retry_at = Some(burst_since + FIRST_PAUSE + Duration::from_millis(1));
                    }
                    Opened::NoRoom => {}
                    Opened::Failed(error) => {
                        tracing::warn!(
                            target: "aludel::pool",
                            %error,
                            database = %shared.arguments.target(),
                            again_in = pause.as_secs_f64(),
                            "a connection to be kept ready could not be opened"
                        );
                        retry_at = Some(Instant::now() + pause);
                        pause = (pause * 2).min(LONGEST_PAUSE);
                    }
                }
            }
            next = next.into_iter().chain(retry_at).min();
            self.sleep(next).await;
        }
    }

    /// Sleeps until this moment, or until somebody rings.
    async fn sleep(&self, until: Option<Instant>) {
        let rung = self.bell.notify.notified();
        match until {
            None => rung.await,
            Some(until) => {
                self.bell.wakes_at.store(self.bell.milliseconds(until), Ordering::Release);
                tokio::select! {
                    () = sleep_until(until) => {}
                    () = rung => {}
                }
            }
        }
    }
}

impl Inner {
    /// Asks for another connection where fewer are idle than are to be.
    pub(super) fn call_for_spare(&self) {
        let Some(maintenance) = &self.maintenance else { return };
        if self.shared.options.min_idle > 0 && self.queue_with_room().is_some() {
            maintenance.ring();
        }
    }

    /// The queue, if fewer connections are idle than are to be, and another may be opened.
    fn queue_with_room(&self) -> Option<managed::Pool<Manager>> {
        let queue = self.queue.as_ref()?;
        let (wanted, status) = (self.shared.options.min_idle, queue.status());
        (status.available < wanted && status.size < status.max_size).then(|| queue.clone())
    }

    /// Closes idle connections that nobody should get any more, and tells of those that are out for long. Gives the moment
    /// when it has to be done again.
    fn clear_out(&self) -> Option<Instant> {
        let shared = &*self.shared;
        let told = shared.options.long_checkout_warning.and_then(|limit| shared.holders.tell_long(limit));
        let mut next = told;
        self.close_idle(|slot| {
            let defect = slot.defect();
            if defect.is_none() {
                next = next.into_iter().chain(expires(shared, slot)).min();
            }
            defect
        });
        // What is at its limit is not yet over it.
        next.map(|moment| moment + Duration::from_millis(1))
    }

    /// Closes idle connections for a reason, without waiting.
    pub(super) fn close_idle(&self, mut reason: impl FnMut(&super::Slot) -> Option<CloseReason>) {
        let Some(queue) = &self.queue else { return };
        let mut reasons = Vec::new();
        let removed = queue.retain(|slot, _| {
            let reason = reason(slot);
            reasons.extend(reason);
            reason.is_none()
        });
        for (mut slot, reason) in removed.removed.into_iter().zip(reasons) {
            slot.reason = reason;
        }
    }
}

/// What came of opening a connection.
enum Opened {
    One,
    /// As many are open as may be.
    NoRoom,
    Failed(Error),
}

/// Opens a connection beside the idle ones, and leaves it in the queue.
///
/// The queue opens one only when none is idle, and only it knows how many may be open. So the idle ones are moved aside for
/// the moment in which it decides, which nobody else can see but by opening a connection of his own.
async fn open(queue: &managed::Pool<Manager>) -> Opened {
    let at_once = Timeouts { wait: Some(Duration::ZERO), ..Timeouts::default() };
    let mut aside = Aside { objects: Vec::new(), is_lifo: queue.manager().is_lifo() };
    loop {
        let mut opening = pin!(ONLY_LOOKING.scope((), queue.timeout_get(&at_once)));
        let outcome = match poll_fn(|context| Poll::Ready(opening.as_mut().poll(context))).await {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                aside.give_back();
                opening.await
            }
        };
        match outcome {
            Ok(object) if Object::metrics(&object).recycle_count > 0 => aside.objects.push(object),
            Ok(object) => {
                // It comes back behind the others.
                aside.give_back();
                drop(object);
                return Opened::One;
            }
            Err(PoolError::Backend(error)) => return Opened::Failed(error),
            Err(_) => return Opened::NoRoom,
        }
    }
}

/// Idle connections that are moved aside.
struct Aside {
    objects: Vec<Object<Manager>>,
    is_lifo: bool,
}

impl Aside {
    /// Gives them back, in the order in which they lay.
    fn give_back(&mut self) {
        if self.is_lifo {
            self.objects.reverse();
        }
        self.objects.drain(..).for_each(drop);
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.give_back();
    }
}
