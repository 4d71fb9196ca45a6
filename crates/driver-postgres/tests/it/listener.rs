//! A server that asks everybody for a password, writes down what it is told, and lets nobody in.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use aludel_driver::{ConnectArguments, Driver, Error};
use aludel_driver_postgres::PostgresDriver;

/// What a client told.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// `user`, `database`, `application_name`, `options`.
    pub(crate) startup: BTreeMap<String, String>,
    /// None: it hung up in place of giving one.
    pub(crate) password: Option<String>,
}

impl Told {
    /// A startup parameter; empty when it was not sent.
    pub(crate) fn startup(&self, name: &str) -> &str {
        self.startup.get(name).map_or("", String::as_str)
    }
}

/// Listens for one client.
pub(crate) struct Listener(TcpListener);

impl Listener {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Connects with arguments, and gives what was told, and the error that came of it.
    pub(crate) async fn hear(self, driver: &PostgresDriver, arguments: &ConnectArguments) -> (Told, Error) {
        let hearing = thread::spawn(move || {
            let (mut client, _) = self.0.accept().unwrap();
            converse(&mut client)
        });
        let error = driver.connect(arguments).await.err().expect("nobody is let in");
        (hearing.join().unwrap(), error)
    }
}

fn converse(client: &mut TcpStream) -> Told {
    let mut startup = message(client);
    if startup == [4, 210, 22, 47] {
        // It asks for TLS.
        client.write_all(b"N").unwrap();
        startup = message(client);
    }
    let mut texts =
        startup[4..].split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut told = Told::default();
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        if !name.is_empty() {
            told.startup.insert(name, value);
        }
    }
    client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3]).unwrap();
    if client.read_exact(&mut [0]).is_ok() {
        let mut password = message(client);
        password.pop();
        told.password = Some(String::from_utf8(password).unwrap());
        let fields = b"SFATAL\0VFATAL\0C28P01\0Mnobody is let in\0\0";
        client.write_all(b"E").unwrap();
        client.write_all(&(fields.len() as u32 + 4).to_be_bytes()).unwrap();
        client.write_all(fields).unwrap();
    }
    told
}

/// A message without its length.
fn message(client: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    client.read_exact(&mut length).unwrap();
    let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut body).unwrap();
    body
}
