//! A proxy that can be cut, silenced and opened again.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
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

    /// Takes connections again, at the same address.
    pub(crate) async fn open(&mut self) {
        self.accept(TcpListener::bind(self.address).await.unwrap());
    }

    fn accept(&mut self, listener: TcpListener) {
        let (server, passing) = (self.server.clone(), self.passing.clone());
        self.accepting = Some(tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut server = TcpStream::connect((server.0.as_str(), server.1)).await.unwrap();
                let task = tokio::spawn(async move {
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
                passing.lock().unwrap().push(task);
            }
        }));
    }
}
