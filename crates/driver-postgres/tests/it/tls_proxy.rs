//! A server that speaks TLS, in front of one that does not.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    panic::Location,
    sync::{Arc, Mutex},
    time::Duration,
};

use aludel_driver::ConnectArguments;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// The request to speak TLS.
const TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// What a cancel request begins with.
const CANCEL: [u8; 8] = [0, 0, 0, 16, 4, 210, 22, 46];

/// What a server does.
#[derive(Clone)]
pub(crate) struct Manners {
    /// How it speaks TLS; none: it does not.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// It has no rule for clients that speak TLS, or for those that do not.
    pub(crate) refuses: Option<Spoken>,
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spoken {
    Tls,
    Plain,
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A client began a session.
    Session(Spoken),
    /// A client sent a cancel request.
    Cancel(Spoken),
    /// A handshake failed.
    Failed,
    /// The server had no rule for the client.
    Refused(Spoken),
}

/// Stands in front of a server.
pub(crate) struct TlsProxy {
    address: SocketAddr,
    events: Arc<Mutex<Vec<Event>>>,
}

impl TlsProxy {
    pub(crate) async fn start(arguments: &ConnectArguments, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = (arguments.host.clone().unwrap(), arguments.port.unwrap_or(5432));
        let events = Arc::<Mutex<Vec<Event>>>::default();
        let log = events.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, manners, log) = (server.clone(), manners.clone(), log.clone());
                tokio::spawn(async move {
                    // A client that is turned away is no failure of the proxy.
                    let _ = serve(client, server, manners, &log).await;
                });
            }
        });
        Self { address, events }
    }

    /// The arguments to connect through it by a name, with options.
    pub(crate) fn arguments(
        &self,
        arguments: &ConnectArguments,
        host: &str,
        options: &[(&str, &str)],
    ) -> ConnectArguments {
        let mut arguments = arguments.clone();
        arguments.host = Some(host.to_owned());
        arguments.port = Some(self.address.port());
        arguments.options.insert("hostaddr".to_owned(), self.address.ip().to_string());
        arguments
            .options
            .extend(options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        arguments
    }

    /// Waits until just this has happened since the last call, in whatever order.
    #[track_caller]
    pub(crate) fn expect(&self, expected: &[Event]) -> impl Future<Output = ()> {
        let (caller, mut expected) = (Location::caller(), expected.to_vec());
        expected.sort_unstable();
        let events = self.events.clone();
        async move {
            let mut seen = Vec::new();
            // What comes too much comes soon; what is missing may take a moment.
            tokio::time::sleep(Duration::from_millis(20)).await;
            for _ in 0..250 {
                seen.append(&mut events.lock().unwrap());
                seen.sort_unstable();
                if seen == expected {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("{caller}: {seen:?} has happened, not {expected:?}");
        }
    }

    /// Forgets what has happened.
    pub(crate) async fn forget(&self) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.events.lock().unwrap().clear();
    }
}

async fn serve(
    mut client: TcpStream,
    server: (String, u16),
    manners: Manners,
    log: &Mutex<Vec<Event>>,
) -> io::Result<()> {
    let mut first = [0];
    client.peek(&mut first).await?;
    // A handshake begins with 22: TLS without asking.
    if first != [22] {
        let mut asked = [0; 8];
        client.read_exact(&mut asked).await?;
        if asked != TLS {
            return talk(client, &asked, server, Spoken::Plain, &manners, log).await;
        }
        client.write_all(if manners.tls.is_some() { b"S" } else { b"N" }).await?;
    }
    let Some(tls) = manners.tls.clone() else {
        let mut head = [0; 8];
        client.read_exact(&mut head).await?;
        return talk(client, &head, server, Spoken::Plain, &manners, log).await;
    };
    let mut client = match TlsAcceptor::from(tls).accept(client).await {
        Ok(client) => client,
        Err(error) => {
            log.lock().unwrap().push(Event::Failed);
            return Err(error);
        }
    };
    let mut head = [0; 8];
    client.read_exact(&mut head).await?;
    talk(client, &head, server, Spoken::Tls, &manners, log).await
}

async fn talk(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    head: &[u8; 8],
    server: (String, u16),
    spoken: Spoken,
    manners: &Manners,
    log: &Mutex<Vec<Event>>,
) -> io::Result<()> {
    let event = match (*head == CANCEL, manners.refuses == Some(spoken)) {
        (true, _) => Event::Cancel(spoken),
        (false, true) => Event::Refused(spoken),
        (false, false) => Event::Session(spoken),
    };
    log.lock().unwrap().push(event);
    if let Event::Refused(_) = event {
        let fields = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host\0\0";
        client.write_all(b"E").await?;
        client.write_all(&(fields.len() as u32 + 4).to_be_bytes()).await?;
        client.write_all(fields).await?;
        return client.shutdown().await;
    }
    let mut server = TcpStream::connect((server.0.as_str(), server.1)).await?;
    server.set_nodelay(true)?;
    server.write_all(head).await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
