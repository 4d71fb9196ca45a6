//! Certificates made by the test, and a server with TLS: a proxy before the test server that ends the encryption, so that
//! any MySQL or MariaDB will do.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Result, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

const CLIENT_SSL: u8 = 0x08;

/// An authority that issues certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key.
pub struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name.push(DnType::CommonName, name);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let certificate = wanted.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(wanted, key), certificate }
    }

    /// A certificate for a name or an address.
    pub fn issue(&self, name: &str) -> Identity {
        self.issue_until(name, 2999)
    }

    /// The same with the year in which it expires.
    pub fn issue_until(&self, name: &str, year: i32) -> Identity {
        let mut wanted = CertificateParams::new([name.to_owned()]).unwrap();
        wanted.not_before = date_time_ymd(2001, 1, 1);
        wanted.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = wanted.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate, key }
    }

    /// A file with its certificate.
    pub fn file(&self, folder: &Folder, name: &str) -> String {
        folder.write(name, &self.certificate.pem())
    }
}

impl Identity {
    /// Files with the certificate and its key.
    pub fn files(&self, folder: &Folder, name: &str) -> (String, String) {
        let certificate = folder.write(&format!("{name}.crt"), &self.certificate.pem());
        (certificate, folder.write(&format!("{name}.key"), &self.key.serialize_pem()))
    }
}

/// A folder that goes with its value.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("aludel-mysql-tls-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, content: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server with TLS.
pub struct TlsServer {
    pub port: u16,
    encrypted: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Starts before the server at the address; with an authority for clients, it asks for their certificates.
    pub async fn start(server: String, identity: &Identity, clients: Option<&Authority>) -> Self {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = match clients {
            Some(authority) => {
                let mut trusted = RootCertStore::empty();
                trusted.add(authority.certificate.der().clone()).unwrap();
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(trusted.into(), provider).build().unwrap();
                config.with_client_cert_verifier(verifier)
            }
            None => config.with_no_client_auth(),
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
        let config = config.with_single_cert(vec![identity.certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let encrypted = Arc::new(AtomicUsize::new(0));
        let count = encrypted.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, server, count) = (acceptor.clone(), server.clone(), count.clone());
                tokio::spawn(async move {
                    let _ = serve(client, &server, acceptor, &count).await;
                });
            }
        });
        Self { port, encrypted }
    }

    /// How many connections were encrypted and let in.
    pub fn encrypted(&self) -> usize {
        self.encrypted.load(Ordering::SeqCst)
    }
}

/// Greets in the server's name and says that there is TLS, ends the encryption, and hides it from the server: the packet
/// that asked for it takes a number, by which all later ones of the authentication are off.
async fn serve(
    mut client: TcpStream,
    server: &str,
    acceptor: TlsAcceptor,
    count: &AtomicUsize,
) -> Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (number, mut greeting) = read(&mut server).await?;
    *ssl_flag(&mut greeting) |= CLIENT_SSL;
    write(&mut client, number, &greeting).await?;
    let (_, request) = read(&mut client).await?;
    if request.len() != 32 {
        // A client that does not want TLS; the server has not said that it has any.
        write(&mut server, 1, &request).await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let mut client = acceptor.accept(client).await?;
    let (number, mut response) = read(&mut client).await?;
    response[1] &= !CLIENT_SSL;
    write(&mut server, number - 1, &response).await?;
    loop {
        let (number, packet) = read(&mut server).await?;
        write(&mut client, number + 1, &packet).await?;
        match packet.first() {
            Some(0x00) => break,
            Some(0xff) => return Ok(()),
            // What else the server says in `caching_sha2_password`: it knows the password; its answer follows.
            Some(0x01) if packet.get(1) == Some(&3) => {}
            _ => {
                let (number, packet) = read(&mut client).await?;
                write(&mut server, number - 1, &packet).await?;
            }
        }
    }
    count.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]) as usize;
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).await?;
    Ok((header[3], packet))
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), number: u8, packet: &[u8]) -> Result<()> {
    let length = u32::try_from(packet.len()).unwrap().to_le_bytes();
    stream.write_all(&[length[0], length[1], length[2], number]).await?;
    stream.write_all(packet).await?;
    stream.flush().await
}

/// A proxy whose greeting says that there is no TLS.
pub async fn without_tls(server: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut server = TcpStream::connect(&server).await.unwrap();
            let (number, mut greeting) = read(&mut server).await.unwrap();
            let flag = ssl_flag(&mut greeting);
            *flag &= !CLIENT_SSL;
            write(&mut client, number, &greeting).await.unwrap();
            tokio::spawn(async move {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    port
}

/// The byte of a greeting with the flag of TLS: after the protocol, the version with its zero, the connection's number,
/// eight bytes of challenge, a zero, and the first byte of the capabilities.
fn ssl_flag(greeting: &mut [u8]) -> &mut u8 {
    let version = greeting.iter().skip(1).position(|&byte| byte == 0).unwrap_or_default();
    &mut greeting[1 + version + 1 + 4 + 8 + 1 + 1]
}
