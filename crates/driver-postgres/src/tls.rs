//! [`Connector`]: TLS by rustls, as tokio-postgres asks for it.

use std::{
    future::Future,
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use aludel_driver::{Error, ErrorKind, Result};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::{Connect, TlsConnector, client};

use crate::{
    certificates, channel_binding,
    encryption::{Encryption, EncryptionMode},
};

/// Begins TLS with one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl Connector {
    /// Reads the certificates and keys; may block.
    ///
    /// # Errors
    /// `Argument` for a file that is missing or makes no sense, by its path.
    pub(crate) fn new(encryption: &Encryption, host: &str) -> Result<Self> {
        let name = match ServerName::try_from(host.to_owned()) {
            Ok(name) => name,
            // Where nobody looks at the name, any address stands in for it; addresses are not told to the server.
            Err(_) if encryption.mode < EncryptionMode::VerifyFull => ServerName::from(Ipv4Addr::UNSPECIFIED),
            Err(error) => {
                let message = format!(
                    "`{host}` is no name that a certificate could be for; give the host another name"
                );
                return Err(Error::new(ErrorKind::Argument, message).with_source(error));
            }
        };
        let mut config = certificates::client_config(encryption)?;
        if encryption.is_direct {
            // Without the request before it, only this tells the server which protocol is meant.
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(Self { config: Arc::new(config), name })
    }

    /// One handshake.
    pub(crate) fn handshake(&self) -> Handshake {
        Handshake { connector: self.clone(), is_lasting: false }
    }
}

impl<S> MakeTlsConnect<S> for Connector
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Stream = Encrypted<S>;
    type TlsConnect = Handshake;
    type Error = io::Error;

    fn make_tls_connect(&mut self, _host: &str) -> io::Result<Handshake> {
        Ok(self.handshake())
    }
}

/// One handshake.
pub(crate) struct Handshake {
    connector: Connector,
    is_lasting: bool,
}

impl Handshake {
    /// The same; what it gives does not say good-bye when it is told to shut down.
    pub(crate) fn lasting(self) -> Self {
        Self { is_lasting: true, ..self }
    }
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Stream = Encrypted<S>;
    type Error = io::Error;
    type Future = Shaking<S>;

    fn connect(self, stream: S) -> Shaking<S> {
        let Connector { config, name } = self.connector;
        let connect = Box::new(TlsConnector::from(config).connect(name, stream));
        Shaking { connect, is_lasting: self.is_lasting }
    }
}

/// A handshake that is under way.
pub(crate) struct Shaking<S> {
    connect: Box<Connect<S>>,
    is_lasting: bool,
}

impl<S> Future for Shaking<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    type Output = io::Result<Encrypted<S>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let is_lasting = self.is_lasting;
        Pin::new(&mut *self.connect).poll(context).map_ok(|stream| Encrypted { stream, is_lasting })
    }
}

/// An encrypted stream.
pub(crate) struct Encrypted<S> {
    stream: client::TlsStream<S>,
    is_lasting: bool,
}

impl<S> tokio_postgres::tls::TlsStream for Encrypted<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn channel_binding(&self) -> ChannelBinding {
        match self.stream.get_ref().1.peer_certificates() {
            Some([certificate, ..]) => channel_binding::of_certificate(certificate),
            _ => ChannelBinding::none(),
        }
    }
}

impl<S> AsyncRead for Encrypted<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S> AsyncWrite for Encrypted<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_lasting {
            return Pin::new(&mut self.stream).poll_flush(context);
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
