//! [`Encryption`]: the options of TLS, read and checked, and connecting by them.

use aludel_driver::{Error, ErrorKind, Result};
use mysql_async::{Conn, Opts};

/// How far a connection is encrypted, and how much of the server's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Never.
    Disabled,
    /// Where the server can do it; nothing is checked.
    Preferred,
    /// Always; nothing is checked.
    Required,
    /// Always, and the certificate comes from an authority that is trusted.
    VerifyCa,
    /// The same, and it is for the name that was connected to.
    VerifyIdentity,
}

impl Mode {
    /// What the option `ssl_mode` takes.
    pub(crate) const VALUES: &str = "disabled, preferred, required, verify_ca or verify_identity";

    /// Reads the option `ssl_mode`.
    pub(crate) fn read(value: &str) -> Option<Self> {
        Some(match value.to_ascii_lowercase().as_str() {
            "disabled" => Self::Disabled,
            "preferred" => Self::Preferred,
            "required" => Self::Required,
            "verify_ca" => Self::VerifyCa,
            "verify_identity" => Self::VerifyIdentity,
            _ => return None,
        })
    }

    fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyIdentity)
    }
}

/// The options of TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Encryption {
    /// `ssl_mode`; none: preferred, where this build has TLS.
    pub(crate) mode: Option<Mode>,
    /// `ssl_ca`: the path of the trusted authorities' certificates; none: those of the system.
    pub(crate) authorities: Option<String>,
    /// `ssl_cert`: the path of the client's certificate.
    pub(crate) certificate: Option<String>,
    /// `ssl_key`: the path of its private key.
    pub(crate) key: Option<String>,
}

impl Encryption {
    /// Checks what the options say together.
    ///
    /// # Errors
    /// `Argument` for what contradicts itself; `NotSupported` for TLS in a build without it.
    pub(crate) fn check(&self, is_socket: bool) -> Result<()> {
        let files = [("ssl_ca", &self.authorities), ("ssl_cert", &self.certificate), ("ssl_key", &self.key)];
        let file = files.iter().find(|(_, path)| path.is_some()).map(|(name, _)| *name);
        let is_asked_for = matches!(self.mode, Some(Mode::Required | Mode::VerifyCa | Mode::VerifyIdentity));
        if cfg!(not(feature = "tls")) && (is_asked_for || file.is_some()) {
            let option = if is_asked_for { "ssl_mode" } else { file.unwrap_or("ssl_mode") };
            return Err(Error::new(
                ErrorKind::NotSupported,
                format!(
                    "the option `{option}` asks for TLS, which this build of the MySQL driver does not have; build it \
                     with the feature `tls`, or leave the option out where the network is safe"
                ),
            ));
        }
        if is_socket && (is_asked_for || file.is_some()) {
            return Err(argument(
                "a Unix socket does not leave the machine and is never encrypted; leave out the options that begin with \
                 `ssl_`, or connect to the server's port",
            ));
        }
        if let (Some(Mode::Disabled), Some(file)) = (self.mode, file) {
            return Err(argument(format!(
                "the option `{file}` means nothing with `ssl_mode=disabled`; leave one out"
            )));
        }
        if self.authorities.is_some() && !self.mode.is_some_and(Mode::verifies) {
            return Err(argument(
                "the option `ssl_ca` is for checking the server's certificate, which only `ssl_mode=verify_ca` and \
                 `ssl_mode=verify_identity` do; add one of them",
            ));
        }
        match (&self.certificate, &self.key) {
            (Some(_), None) => {
                Err(argument("the option `ssl_cert` needs `ssl_key`, the path of its private key"))
            }
            (None, Some(_)) => {
                Err(argument("the option `ssl_key` needs `ssl_cert`, the path of its certificate"))
            }
            _ => Ok(()),
        }
    }
}

fn argument(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, message.into())
}

/// Opens a connection, and gives it with the options that led to it: whoever connects again gets the same encryption.
///
/// # Errors
/// The inner result is that of connecting; the outer one is for files that cannot be read.
#[cfg(not(feature = "tls"))]
pub(crate) async fn connect(_: &Encryption, options: Opts) -> Result<mysql_async::Result<(Conn, Opts)>> {
    Ok(Conn::new(options.clone()).await.map(|connection| (connection, options)))
}

/// Opens a connection, and gives it with the options that led to it: whoever connects again gets the same encryption.
///
/// # Errors
/// The inner result is that of connecting; the outer one is for files that cannot be read.
#[cfg(feature = "tls")]
pub(crate) async fn connect(
    encryption: &Encryption,
    options: Opts,
) -> Result<mysql_async::Result<(Conn, Opts)>> {
    let mode = encryption.mode.unwrap_or(Mode::Preferred);
    if mode == Mode::Disabled || options.socket().is_some() {
        return Ok(Conn::new(options.clone()).await.map(|connection| (connection, options)));
    }
    let secured = certificates::secured(encryption.clone(), mode, options.clone()).await?;
    Ok(match Conn::new(secured.clone()).await {
        Err(mysql_async::Error::Driver(mysql_async::DriverError::NoClientSslFlagFromServer))
            if mode == Mode::Preferred =>
        {
            Conn::new(options.clone()).await.map(|connection| (connection, options))
        }
        outcome => outcome.map(|connection| (connection, secured)),
    })
}

#[cfg(feature = "tls")]
mod certificates {
    use std::{path::PathBuf, sync::LazyLock};

    use aludel_driver::{Error, ErrorKind, Result};
    use mysql_async::{ClientIdentity, Opts, OptsBuilder, SslOpts};
    use rustls::{
        RootCertStore,
        crypto::CryptoProvider,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    };

    use super::{Encryption, Mode, argument};

    /// The name that the certificate is checked for when its name does not matter.
    ///
    /// mysql_async passes over a wrong name when the text of the error holds this word, which rustls does not write any
    /// more; but it writes the name that was expected. Should that change too, connections are refused, not let through.
    const ANY_NAME: &str = "NotValidForName";

    /// The authorities that the system trusts, as far as rustls can read them; read once.
    static SYSTEM: LazyLock<Vec<CertificateDer<'static>>> = LazyLock::new(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "could not read a certificate that the system trusts");
        }
        let is_readable =
            |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
        found.certs.into_iter().filter(is_readable).collect()
    });

    /// The options with TLS. The files are read each time, so that a renewed certificate is seen.
    pub(super) async fn secured(encryption: Encryption, mode: Mode, options: Opts) -> Result<Opts> {
        if CryptoProvider::get_default().is_none() {
            // mysql_async takes the default of the process. Whoever is first sets it; it does not matter who.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let reading = tokio::task::spawn_blocking(move || read(&encryption, mode));
        let tls = reading.await.map_err(|lower| {
            Error::new(ErrorKind::Internal, "reading the certificates for TLS was broken off")
                .with_source(lower)
        })??;
        Ok(OptsBuilder::from_opts(options).ssl_opts(tls).into())
    }

    fn read(encryption: &Encryption, mode: Mode) -> Result<SslOpts> {
        let mut tls = SslOpts::default();
        if let (Some(certificate), Some(key)) = (&encryption.certificate, &encryption.key) {
            certificates("ssl_cert", certificate)?;
            let content = contents("ssl_key", key)?;
            PrivateKeyDer::from_pem_slice(&content).map_err(|lower| {
                argument(format!(
                    "the option `ssl_key`: `{key}` holds no private key in PEM form without a password"
                ))
                .with_source(lower)
            })?;
            tls = tls
                .with_client_identity(Some(ClientIdentity::new(path(certificate).into(), path(key).into())));
        }
        if !mode.verifies() {
            return Ok(tls.with_danger_accept_invalid_certs(true));
        }
        let trusted = match &encryption.authorities {
            Some(authorities) => {
                for certificate in certificates("ssl_ca", authorities)? {
                    RootCertStore::empty().add(certificate).map_err(|lower| {
                        argument(format!(
                            "the option `ssl_ca`: `{authorities}` holds a certificate that cannot be read"
                        ))
                        .with_source(lower)
                    })?;
                }
                vec![path(authorities).into()]
            }
            None => SYSTEM.iter().map(|certificate| certificate.as_ref().into()).collect(),
        };
        if trusted.is_empty() {
            return Err(argument(
                "the system trusts no authority, or does not say which; name the authority of the server's certificate \
                 with the option `ssl_ca`",
            ));
        }
        tls = tls.with_root_certs(trusted).with_disable_built_in_roots(true);
        if mode == Mode::VerifyCa {
            tls = tls
                .with_danger_skip_domain_validation(true)
                .with_danger_tls_hostname_override(Some(ANY_NAME));
        }
        Ok(tls)
    }

    fn path(path: &str) -> PathBuf {
        PathBuf::from(path)
    }

    fn contents(option: &str, path: &str) -> Result<Vec<u8>> {
        std::fs::read(path).map_err(|lower| {
            argument(format!("the option `{option}`: cannot read `{path}`: {lower}")).with_source(lower)
        })
    }

    fn certificates(option: &str, path: &str) -> Result<Vec<CertificateDer<'static>>> {
        let content = contents(option, path)?;
        let found: Vec<_> =
            CertificateDer::pem_slice_iter(&content).collect::<Result<_, _>>().map_err(|lower| {
                argument(format!("the option `{option}`: `{path}` is not in PEM form")).with_source(lower)
            })?;
        match found.is_empty() {
            true => {
                Err(argument(format!("the option `{option}`: `{path}` holds no certificate in PEM form")))
            }
            false => Ok(found),
        }
    }
}

/// What a refused certificate means, and what to do; none for an error that has nothing to do with TLS.
#[cfg(feature = "tls")]
pub(crate) fn complaint(lower: &mysql_async::Error) -> Option<(String, &'static str)> {
    use mysql_async::{DriverError, Error as Lower, IoError, TlsError};
    use rustls::{AlertDescription as Alert, CertificateError as Wrong, Error as Tls};

    let tls = match lower {
        Lower::Driver(DriverError::NoClientSslFlagFromServer) => {
            return Some((
                "the server has no TLS".to_owned(),
                "; turn it on there, or use `ssl_mode=preferred` or `disabled` where the network is safe",
            ));
        }
        Lower::Io(IoError::Tls(TlsError::Tls(tls))) => tls,
        Lower::Io(IoError::Io(cause)) => cause.get_ref()?.downcast_ref::<Tls>()?,
        _ => return None,
    };
    let (words, advice) = match tls {
        Tls::InvalidCertificate(Wrong::UnknownIssuer) => (
            "the server's certificate was issued by an authority that is not trusted".to_owned(),
            "; name the authority's certificate with the option `ssl_ca`, if it is the right server",
        ),
        Tls::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => (
            "the server's certificate has expired".to_owned(),
            "; renew it on the server, and see whether the clock of this machine is right",
        ),
        Tls::InvalidCertificate(Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) => (
            "the server's certificate is not valid yet".to_owned(),
            "; see whether the clocks of both machines are right",
        ),
        Tls::InvalidCertificate(wrong @ (Wrong::NotValidForName | Wrong::NotValidForNameContext { .. })) => (
            format!("the server's certificate is for another name: {wrong}"),
            "; connect by a name that the certificate has, or use `ssl_mode=verify_ca` where the name may differ",
        ),
        Tls::InvalidCertificate(wrong) => (
            format!("the server's certificate is refused: {wrong}"),
            "; see how the certificate was made: its own authority is no certificate for a server",
        ),
        Tls::AlertReceived(Alert::CertificateRequired) => (
            "the server asks for a certificate of the client".to_owned(),
            "; name it with the options `ssl_cert` and `ssl_key`",
        ),
        Tls::AlertReceived(
            alert @ (Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::UnsupportedCertificate
            | Alert::DecryptError),
        ) => (
            format!("the server refuses the client's certificate ({alert:?})"),
            "; see what the options `ssl_cert` and `ssl_key` name, and which authority the server trusts",
        ),
        other => (format!("TLS failed: {other}"), ""),
    };
    Some((words, advice))
}

/// What a refused certificate means, and what to do; none for an error that has nothing to do with TLS.
#[cfg(not(feature = "tls"))]
pub(crate) fn complaint(_: &mysql_async::Error) -> Option<(String, &'static str)> {
    None
}
