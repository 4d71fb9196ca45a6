//! [`PostgresListener`]: LISTEN, over connections that are made anew when they are lost.

mod backoff;
mod live;
mod notify;

use std::{
    collections::{BTreeSet, VecDeque},
    fmt,
    future::Future,
    sync::Arc,
    time::Duration,
};

use aludel_driver::{BoxFuture, ConnectArguments, DatabaseUrl, Error, ErrorKind, Result};
use futures_util::{Stream, stream};

use self::{backoff::Backoff, live::Live};
use crate::PostgresDriver;

/// How long the server may be silent before it is asked for a sign of life, unless it is said otherwise.
const PING_AFTER: Duration = Duration::from_secs(60);

/// How long connecting, and an answer, may take, unless it is said otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest name of a channel, in bytes.
const LONGEST_CHANNEL: usize = 63;

/// Hears what is sent by NOTIFY, over a connection of its own, outside of any pool. SQLAlchemy leaves this to the driver.
///
/// When the connection is lost, [`next`](Self::next) makes another, listens to the same channels again, and says so by
/// [`ListenerEvent::Reconnected`]: what was sent in between is lost, so that whoever counts on notifications looks into the
/// tables then.
///
/// The server keeps notifications until this reads them: a listener that is not polled holds up its queue.
///
/// # Examples
/// ```no_run
/// use aludel_driver_postgres::{ListenerEvent, PostgresListener};
///
/// # async fn run() -> aludel_driver::Result<()> {
/// let mut listener = PostgresListener::connect("postgresql://localhost/library").await?;
/// listener.listen("loans").await?; // LISTEN loans
/// loop {
///     match listener.next().await? {
///         ListenerEvent::Notification(loan) => println!("{}: {}", loan.channel, loan.payload),
///         ListenerEvent::Reconnected { reason } => println!("read all loans again, as {reason}"),
///         _ => {}
///     }
/// }
/// # }
/// ```
pub struct PostgresListener {
    driver: Arc<PostgresDriver>,
    arguments: Provider,
    channels: BTreeSet<String>,
    /// Whether the server was told to listen to just these channels.
    is_told: bool,
    live: Option<Live>,
    /// What came while something else was waited for.
    waiting: VecDeque<ListenerEvent>,
    backoff: Backoff,
    ping_after: Option<Duration>,
    /// How long connecting, and an answer, may take.
    patience: Duration,
    /// Why the last connection was lost.
    reason: String,
}

/// Gives what each connection is opened with.
type Provider = Box<dyn Fn() -> BoxFuture<'static, Result<ConnectArguments>> + Send + Sync>;

/// What a [`PostgresListener`] has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerEvent {
    /// Somebody has sent something.
    Notification(Notification),
    /// The connection was lost, and another was made that listens to the same channels: what was sent in between is lost.
    Reconnected {
        /// Why it was lost.
        reason: String,
    },
}

/// What was sent by NOTIFY.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The channel.
    pub channel: String,
    /// The text that was sent with it; empty when there was none.
    pub payload: String,
    /// The process of the server that serves the sender: that of `pg_backend_pid()`.
    pub process_id: i32,
}

impl PostgresListener {
    /// Connects by a URL, as [`PostgresDriver`] reads it.
    ///
    /// # Errors
    /// As those of connecting; [`ErrorKind::NotSupported`] with `prepare_mode=unnamed`, which stands for a pooler that gives
    /// each transaction another connection.
    ///
    /// # Cancel safety
    /// A dropped future closes what was half open.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(PostgresDriver::new(), DatabaseUrl::parse(url)?.arguments).await
    }

    /// Connects by a driver of one's own.
    ///
    /// # Errors
    /// As [`PostgresListener::connect`].
    ///
    /// # Cancel safety
    /// As [`PostgresListener::connect`].
    pub async fn connect_with(driver: PostgresDriver, arguments: ConnectArguments) -> Result<Self> {
        Self::connect_by(driver, move || {
            let arguments = arguments.clone();
            async { Ok(arguments) }
        })
        .await
    }

    /// Connects with arguments that are asked for anew with each connection, so that a short-lived password can be put in.
    ///
    /// # Errors
    /// As [`PostgresListener::connect`]; what the function says.
    ///
    /// # Cancel safety
    /// As [`PostgresListener::connect`].
    pub async fn connect_by<F, A>(driver: PostgresDriver, arguments: F) -> Result<Self>
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<ConnectArguments>> + Send + 'static,
    {
        let mut listener = Self {
            driver: Arc::new(driver),
            arguments: Box::new(move || Box::pin(arguments())),
            channels: BTreeSet::new(),
            is_told: true,
            live: None,
            waiting: VecDeque::new(),
            backoff: Backoff::default(),
            ping_after: Some(PING_AFTER),
            patience: PATIENCE,
            reason: String::new(),
        };
        listener.live = Some(listener.open().await?);
        Ok(listener)
    }

    /// How long to wait between two tries to connect again: the first comes at once, the second after `first`, and each
    /// other after twice as long, up to `most`; each time a little less or more (default: 100 ms up to 30 s).
    #[must_use]
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = Backoff::new(first, most);
        self
    }

    /// How long the server may be silent before it is asked for a sign of life, so that a connection that is gone without a
    /// word is found out; none: never (default: 60 s).
    #[must_use]
    pub fn ping_after(mut self, silence: impl Into<Option<Duration>>) -> Self {
        self.ping_after = silence.into();
        self
    }

    /// How long connecting again, and an answer, may take before the server counts as gone (default: 10 s).
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        if let Some(live) = &mut self.live {
            live.set_patience(patience);
        }
        self
    }

    /// Listens to a channel. Its name is taken as it is: `Loans` and `loans` are two.
    ///
    /// When the connection was lost, another is made first.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a name that is empty, longer than 63 bytes, or holds a NUL; as
    /// [`PostgresListener::next`].
    ///
    /// # Cancel safety
    /// After a dropped future the channel is listened to from the next call of [`next`](Self::next) on.
    pub async fn listen(&mut self, channel: impl Into<String>) -> Result<()> {
        self.listen_all([channel]).await
    }

    /// Listens to several channels at once.
    ///
    /// # Errors
    /// As [`PostgresListener::listen`].
    ///
    /// # Cancel safety
    /// As [`PostgresListener::listen`].
    pub async fn listen_all<C: Into<String>>(&mut self, channels: impl IntoIterator<Item = C>) -> Result<()> {
        let channels: Vec<String> = channels.into_iter().map(Into::into).collect();
        channels.iter().try_for_each(|channel| check(channel))?;
        for channel in channels {
            self.is_told &= !self.channels.insert(channel);
        }
        self.tell().await
    }

    /// Listens no more to a channel. What it has sent before may still come.
    ///
    /// # Errors
    /// As [`PostgresListener::next`].
    ///
    /// # Cancel safety
    /// As [`PostgresListener::listen`].
    pub async fn unlisten(&mut self, channel: &str) -> Result<()> {
        self.is_told &= !self.channels.remove(channel);
        self.tell().await
    }

    /// Listens to no channel any more.
    ///
    /// # Errors
    /// As [`PostgresListener::next`].
    ///
    /// # Cancel safety
    /// As [`PostgresListener::listen`].
    pub async fn unlisten_all(&mut self) -> Result<()> {
        self.is_told &= self.channels.is_empty();
        self.channels.clear();
        self.tell().await
    }

    /// The channels that it listens to, in order.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(String::as_str)
    }

    /// Waits for what there is to tell next. A lost connection is made anew, however long that takes.
    ///
    /// # Errors
    /// A refusal that trying again would not change: a wrong password, a database that is gone. The next call tries again all
    /// the same. While the server cannot be reached, or has no place, this waits, and tells `tracing`.
    ///
    /// # Cancel safety
    /// Nothing is lost with a dropped future, so that it can stand in a `select!`.
    pub async fn next(&mut self) -> Result<ListenerEvent> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Ok(event);
            }
            self.tell().await?;
            // What is said while it was waited for comes in order.
            let Some(live) = self.live.as_mut().filter(|_| self.waiting.is_empty()) else { continue };
            match live.next(self.ping_after, &mut self.waiting).await {
                Ok(Some(notification)) => return Ok(ListenerEvent::Notification(notification)),
                Ok(None) => {}
                Err(reason) => self.lose(reason),
            }
        }
    }

    /// All that there is to tell, as a stream without end.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn run(listener: aludel_driver_postgres::PostgresListener) -> aludel_driver::Result<()> {
    /// use futures_util::TryStreamExt as _;
    ///
    /// let mut events = std::pin::pin!(listener.into_stream());
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{event:?}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<ListenerEvent>> + Send {
        stream::unfold(self, async |mut listener| Some((listener.next().await, listener)))
    }

    /// Says good-bye to the server, within the timeout.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when it takes longer.
    pub async fn close(mut self, timeout: Duration) -> Result<()> {
        match self.live.take() {
            Some(live) => live.close(timeout).await,
            None => Ok(()),
        }
    }

    /// Makes sure that there is a connection, and that its server knows what to listen to.
    async fn tell(&mut self) -> Result<()> {
        loop {
            if self.live.is_none() {
                self.reconnect().await?;
            }
            let Some(live) = self.live.as_mut().filter(|_| !self.is_told) else { return Ok(()) };
            match live.listen(&self.channels, &mut self.waiting).await {
                Ok(()) => self.is_told = true,
                Err(error) if error.is_disconnect() => self.lose(error.message().to_owned()),
                Err(error) => return Err(error),
            }
        }
    }

    fn lose(&mut self, reason: String) {
        tracing::warn!(%reason, "a listener has lost its connection to PostgreSQL, and makes another");
        self.live = None;
        self.is_told = false;
        self.reason = reason;
    }

    /// Connects again, and listens to the same channels.
    async fn reconnect(&mut self) -> Result<()> {
        loop {
            self.backoff.wait().await;
            let opened = async {
                let mut live = self.open().await?;
                live.listen(&self.channels, &mut self.waiting).await?;
                Ok(live)
            };
            match opened.await {
                Ok(live) => {
                    self.live = Some(live);
                    self.is_told = true;
                    self.backoff.reset();
                    let reason = std::mem::take(&mut self.reason);
                    // What the new connection has heard already came behind it.
                    self.waiting.push_front(ListenerEvent::Reconnected { reason });
                    return Ok(());
                }
                Err(error) if may_change(&error) => {
                    tracing::warn!(%error, "a listener cannot connect to PostgreSQL, and tries again");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open(&self) -> Result<Live> {
        let arguments = (self.arguments)().await?;
        Live::open(&self.driver, &arguments, self.patience).await
    }
}

/// Whether trying again, and nothing else, may help: the server cannot be reached, starts, stops, or has no place left.
fn may_change(error: &Error) -> bool {
    let is_failure = matches!(error.kind(), ErrorKind::Operational | ErrorKind::Timeout);
    is_failure && error.code().is_none_or(|code| code.starts_with("57P") || code == "53300")
}

/// Looks whether a channel can have this name.
fn check(channel: &str) -> Result<()> {
    if channel.is_empty() || channel.len() > LONGEST_CHANNEL || channel.contains('\0') {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "the name of a channel has 1 to {LONGEST_CHANNEL} bytes and no NUL; `{}` has {}",
                channel.escape_default(),
                channel.len()
            ),
        ));
    }
    Ok(())
}

impl fmt::Debug for PostgresListener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PostgresListener")
            .field("channels", &self.channels)
            .field("is_connected", &self.live.is_some())
            .finish_non_exhaustive()
    }
}
