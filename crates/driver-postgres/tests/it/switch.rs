//! A proxy that can be cut, silenced and opened again.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use aludel_driver::ConnectArguments;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Stands between driver and server.
pub(crate) struct Switch {
    address: SocketAddr,
    server: (String, u16),
    accepting: Option<JoinHandle<()>>,
    passing: Arc<Mutex<Vec<JoinHandle<()>>>>,
    /// While it is held, nothing passes.
    is_silent: Arc<AtomicBool>,
}

impl Switch {
    /// Passes everything on to the server.
    pub(crate) async fn start(arguments: &ConnectArguments) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut switch = Self {
            address: listener.local_addr().unwrap(),
            server: (arguments.host.clone().unwrap(), arguments.port.unwrap_or(5432)),
            accepting: None,
            passing: Arc::default(),
            is_silent: Arc::default(),
        };
        switch.accept(listener);
        switch
    }

    /// The arguments to connect through it.
    pub(crate) fn arguments(&self, arguments: &ConnectArguments) -> ConnectArguments {
        let host = Some(self.address.ip().to_string());
        ConnectArguments { host, port: Some(self.address.port()), ..arguments.clone() }
    }

    /// Ends all connections, and takes no others.
    pub(crate) async fn cut(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
        let passing = std::mem::take(&mut *self.passing.lock().unwrap());
        for task in passing {
            task.abort();
            let _ = task.await;
        }
    }

    /// Keeps the connections, and lets nothing pass; those that come later are let through.
    pub(crate) async fn silence(&self) {
        self.is_silent.store(true, Ordering::Release);
        let passing = std::mem::take(&mut *self.passing.lock().unwrap());
        for task in passing {
            // Aborted, each leaves its sockets behind.
            task.abort();
            let _ = task.await;
        }
        self.is_silent.store(false, Ordering::Release);
    }

    /// Takes connections again, at the same address.
    pub(crate) async fn open(&mut self) {
        self.accept(TcpListener::bind(self.address).await.unwrap());
    }

    fn accept(&mut self, listener: TcpListener) {
        let (server, passing, is_silent) =
            (self.server.clone(), self.passing.clone(), self.is_silent.clone());
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
                let is_silent = is_silent.clone();
                let task = tokio::spawn(async move {
                    let mut ends = Ends { client: Some(client), server: Some(server), is_silent };
                    let (Some(client), Some(server)) = (&mut ends.client, &mut ends.server) else { return };
                    let _ = copy_bidirectional(client, server).await;
                });
                passing.lock().unwrap().push(task);
            }
        }));
    }
}

/// The ends of a connection.
struct Ends {
    client: Option<TcpStream>,
    server: Option<TcpStream>,
    is_silent: Arc<AtomicBool>,
}

impl Drop for Ends {
    fn drop(&mut self) {
        if self.is_silent.load(Ordering::Acquire) {
            // Open as long as the test runs, and nobody reads.
            std::mem::forget((self.client.take(), self.server.take()));
        }
    }
}
