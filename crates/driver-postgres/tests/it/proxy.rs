//! A proxy between driver and server that counts how often the driver waits for an answer.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use aludel_driver::ConnectArguments;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

#[derive(Debug, Default)]
struct Traffic {
    /// The last bytes that passed came from the server.
    server_spoke: bool,
    round_trips: usize,
    bursts: usize,
}

/// Stands between driver and server.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    traffic: Arc<Mutex<Traffic>>,
}

impl Proxy {
    /// Listens on a free port, and passes everything on to the server.
    pub(crate) async fn start(arguments: &ConnectArguments) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let traffic = Arc::new(Mutex::new(Traffic { server_spoke: true, ..Traffic::default() }));
        let server = (arguments.host.clone().unwrap(), arguments.port.unwrap_or(5432));
        let shared = traffic.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
                pass(client, server, shared.clone());
            }
        });
        Self { address, traffic }
    }

    /// The arguments to connect through it.
    pub(crate) fn arguments(&self, arguments: &ConnectArguments) -> ConnectArguments {
        let host = Some(self.address.ip().to_string());
        ConnectArguments { host, port: Some(self.address.port()), ..arguments.clone() }
    }

    /// Begins to count anew.
    pub(crate) fn reset(&self) {
        *self.traffic.lock().unwrap() = Traffic { server_spoke: true, ..Traffic::default() };
    }

    /// How often bytes went to the server after it had answered, and how often bytes went to the server at all.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let traffic = self.traffic.lock().unwrap();
        (traffic.round_trips, traffic.bursts)
    }
}

fn pass(client: TcpStream, server: TcpStream, traffic: Arc<Mutex<Traffic>>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let counted = traffic.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            {
                let mut traffic = counted.lock().unwrap();
                traffic.bursts += 1;
                if std::mem::take(&mut traffic.server_spoke) {
                    traffic.round_trips += 1;
                }
            }
            if to_server.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
        let _ = to_server.shutdown().await;
    });
    tokio::spawn(async move {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            // Long enough that what the driver sends without waiting has passed before.
            tokio::time::sleep(Duration::from_millis(15)).await;
            traffic.lock().unwrap().server_spoke = true;
            if to_client.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    });
}
