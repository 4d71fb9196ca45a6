//! A proxy between the engine and its server: it counts round trips, and cuts, resets, half-closes, stalls, delays and
//! crumbles what passes. It reads nothing of the protocol.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aludel::driver::DatabaseUrl;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    task::JoinHandle,
    time::sleep,
};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Both sockets are closed.
    Cut,
    /// Both sockets are reset.
    Reset,
    /// Whoever gets the bytes sees their end, but may go on sending.
    HalfClose,
    /// The bytes never arrive, and no others after them in this direction; nothing is closed.
    Stall,
    /// The bytes come late.
    Delay(Duration),
    /// From here on, bytes come in small pieces.
    Crumble,
}

/// Where it goes wrong, counted from when the plan was made, over all connections that it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the n-th piece that is read from the socket, from 1.
    Message(usize),
    /// After so many bytes.
    Byte(usize),
}

/// A fault that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub fault: Fault,
    pub direction: Direction,
    pub place: Place,
}

/// Stands between the engine and its server, on a port of its own.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    server: DatabaseUrl,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    /// Only connections after this one are counted, and meet the fault.
    plan_after: usize,
    has_fired: bool,
    passed: [Passed; 2],
    /// Whether round trips are counted, which slows the answers down.
    is_counting: bool,
    client_spoke: bool,
    round_trips: usize,
    connections: usize,
}

#[derive(Debug, Default)]
struct Passed {
    messages: usize,
    bytes: usize,
}

/// How a connection ends that was not closed by its two ends.
enum End {
    Closed,
    Reset,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Reset
    }
}

impl Proxy {
    /// Listens on a free port, and passes everything on to the server of the URL.
    pub async fn start(url: &str) -> Self {
        let server = DatabaseUrl::parse(url).unwrap();
        let usual_port = if server.dialect.starts_with("postgres") { 5432 } else { 3306 };
        let target = (server.arguments.host.clone().unwrap(), server.arguments.port.unwrap_or(usual_port));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let state = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, state) = (target.clone(), state.clone());
                tokio::spawn(async move {
                    // A server that is down is a connection that ends at once.
                    if let Ok(server) = TcpStream::connect((target.0.as_str(), target.1)).await {
                        pass(client, server, &state).await;
                    }
                });
            }
        });
        Self { address, server, shared, task }
    }

    /// The server's URL with the proxy's address in it.
    pub fn url(&self) -> DatabaseUrl {
        self.server.clone().host(self.address.ip().to_string()).port(self.address.port())
    }

    /// Has a fault happen once; places are counted from now.
    pub fn plan(&self, plan: Plan) {
        self.plan_after(0, plan);
    }

    /// Has a fault happen once, to a connection that is opened from now on; places are counted on such alone.
    pub fn plan_for_new_connections(&self, plan: Plan) {
        self.plan_after(self.connections(), plan);
    }

    fn plan_after(&self, connection: usize, plan: Plan) {
        let mut state = self.shared.lock();
        state.plan = Some(plan);
        state.plan_after = connection;
        state.has_fired = false;
        state.passed = Default::default();
    }

    /// Whether the fault of the plan happened; there is none afterwards.
    pub fn end_plan(&self) -> bool {
        let mut state = self.shared.lock();
        state.plan = None;
        state.has_fired
    }

    /// Begins to count round trips, and does not stop; the answers are a little slower from now on.
    pub fn count_round_trips(&self) {
        let mut state = self.shared.lock();
        (state.is_counting, state.client_spoke, state.round_trips) = (true, false, 0);
    }

    /// How often the client has waited for an answer: pieces that it sent without waiting are one round trip.
    pub fn round_trips(&self) -> usize {
        self.shared.lock().round_trips
    }

    /// How many connections were opened through it.
    pub fn connections(&self) -> usize {
        self.shared.lock().connections
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What to do with bytes that were read: how many go on, and the fault that comes after them.
    fn judge(&self, connection: usize, direction: Direction, length: usize) -> (usize, Option<Fault>) {
        let mut state = self.lock();
        if state.is_counting {
            match direction {
                Direction::ToServer => state.client_spoke = true,
                Direction::ToClient if state.client_spoke => {
                    state.client_spoke = false;
                    state.round_trips += 1;
                }
                Direction::ToClient => {}
            }
        }
        if connection <= state.plan_after {
            return (length, None);
        }
        let passed = &mut state.passed[direction as usize];
        let before = passed.bytes;
        passed.messages += 1;
        passed.bytes += length;
        let (messages, bytes) = (passed.messages, passed.bytes);
        let plan = match state.plan {
            Some(plan) if plan.direction == direction => plan,
            _ => return (length, None),
        };
        if plan.fault == Fault::Crumble && state.has_fired {
            return (0, Some(plan.fault));
        }
        let kept = match plan.place {
            Place::Message(number) if messages == number => 0,
            Place::Byte(number) if (before..bytes).contains(&number) => number - before,
            _ => return (length, None),
        };
        if state.has_fired {
            return (length, None);
        }
        state.has_fired = true;
        (kept, Some(plan.fault))
    }

    fn is_counting(&self) -> bool {
        self.lock().is_counting
    }
}

/// Passes bytes in both directions until both ends have closed, or a fault ends it.
async fn pass(mut client: TcpStream, mut server: TcpStream, shared: &Shared) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let connection = {
        let mut state = shared.lock();
        state.connections += 1;
        state.connections
    };
    let end = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            pump(from_client, to_server, connection, Direction::ToServer, shared),
            pump(from_server, to_client, connection, Direction::ToClient, shared),
        )
    };
    if let Err(End::Reset) = end {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    connection: usize,
    direction: Direction,
    shared: &Shared,
) -> Result<(), End> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            let _ = to.shutdown().await;
            return Ok(());
        }
        if direction == Direction::ToClient && shared.is_counting() {
            // Long enough that what the client sends without waiting has passed before.
            sleep(Duration::from_millis(15)).await;
        }
        let (kept, fault) = shared.judge(connection, direction, length);
        let (now, rest) = buffer[..length].split_at(kept);
        to.write_all(now).await?;
        match fault {
            None => {}
            Some(Fault::Cut) => return Err(End::Closed),
            Some(Fault::Reset) => return Err(End::Reset),
            Some(Fault::HalfClose) => {
                let _ = to.shutdown().await;
                swallow(from).await;
                return Ok(());
            }
            Some(Fault::Stall) => {
                swallow(from).await;
                return Err(End::Closed);
            }
            Some(Fault::Delay(time)) => {
                sleep(time).await;
                to.write_all(rest).await?;
            }
            Some(Fault::Crumble) => {
                for piece in rest.chunks(7) {
                    to.write_all(piece).await?;
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

/// Reads until the end, and keeps nothing.
async fn swallow(mut from: ReadHalf<'_>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(1..) = from.read(&mut buffer).await {}
}
