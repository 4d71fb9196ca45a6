//! [`Encryption`]: whether the connection is to be encrypted, and whom to trust.

use std::path::PathBuf;

use aludel_driver::{Error, ErrorKind, Result};

/// The values of `sslmode`, from the weakest to the strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EncryptionMode {
    /// Never.
    Disable,
    /// When the server refuses without.
    Allow,
    /// When the server can.
    Prefer,
    /// Always; the certificate is looked at only when root certificates are given.
    Require,
    /// Always, with a certificate from a trusted authority.
    VerifyCa,
    /// The same, and the certificate is for the host.
    VerifyFull,
}

impl EncryptionMode {
    /// The names of all modes.
    pub(crate) const NAMES: &str = "disable, allow, prefer, require, verify-ca, verify-full";

    /// The mode of a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Allow => "allow",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Where root certificates come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "read only when there is TLS"))]
pub(crate) enum Roots {
    /// A file.
    File(PathBuf),
    /// The operating system.
    System,
}

/// Whether the connection is to be encrypted, and whom to trust.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "read only when there is TLS"))]
pub(crate) struct Encryption {
    /// `sslmode`.
    pub(crate) mode: EncryptionMode,
    /// `sslrootcert`; none: the default file, if it exists.
    pub(crate) roots: Option<Roots>,
    /// `sslcert`; none: the default file, if it exists.
    pub(crate) certificate: Option<PathBuf>,
    /// `sslkey`; none: the default file.
    pub(crate) key: Option<PathBuf>,
    /// `sslcrl`; none: the default file, if it exists.
    pub(crate) revocations: Option<PathBuf>,
    /// The folder of the default files.
    pub(crate) folder: Option<PathBuf>,
    /// `sslnegotiation=direct`.
    pub(crate) is_direct: bool,
}

impl Encryption {
    /// Looks whether mode and trust go together, and whether this build can do it.
    ///
    /// # Errors
    /// `NotSupported` for what needs TLS in a build without, `Argument` for what contradicts itself.
    pub(crate) fn check(&self) -> Result<()> {
        let mode = self.mode;
        if mode >= EncryptionMode::Require && !cfg!(feature = "tls") {
            return Err(Error::new(
                ErrorKind::NotSupported,
                format!(
                    "the option `sslmode={}` asks for TLS, which this build of the PostgreSQL driver does not have; \
                     turn on the cargo feature `tls` of aludel (or of aludel-driver-postgres), or use `disable` or \
                     `prefer` where the network is safe",
                    mode.name()
                ),
            ));
        }
        if self.is_direct && mode < EncryptionMode::Require {
            return Err(weak("sslnegotiation=direct", mode, "require"));
        }
        if self.roots == Some(Roots::System) && mode < EncryptionMode::VerifyFull {
            // The whole world can get a certificate for some name, so that only the name tells.
            return Err(weak("sslrootcert=system", mode, "verify-full"));
        }
        Ok(())
    }
}

fn weak(option: &str, mode: EncryptionMode, least: &str) -> Error {
    Error::new(
        ErrorKind::Argument,
        format!(
            "the option `{option}` does not go with `sslmode={}`; it takes at least `{least}`",
            mode.name()
        ),
    )
}
