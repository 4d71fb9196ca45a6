//! [`client_config`]: whom to trust, and who we are, out of files and the operating system.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use aludel_driver::{Error, ErrorKind, Result};
use rustls::{
    ClientConfig, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem, pem::PemObject},
};

use crate::{
    encryption::{Encryption, EncryptionMode, Roots},
    verifier::{AnyCertificate, AnyName},
};

/// What a handshake needs; reads files, and so may block.
///
/// # Errors
/// `Argument` for a file that is missing or makes no sense, by its path.
pub(crate) fn client_config(encryption: &Encryption) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(encryption, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Internal, "TLS could not be set up").with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some((certificates, key, path)) = own_certificate(encryption)? else {
        return Ok(builder.with_no_client_auth());
    };
    builder
        .with_client_auth_cert(certificates, key)
        .map_err(|error| unusable(&path, "a client certificate with its key", &error).with_source(error))
}

/// Whom to trust.
fn verifier(encryption: &Encryption, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let Some(roots) = roots(encryption)? else {
        // Encrypted, to whomever: what `require` and below promise where there is nothing to compare with.
        return Ok(Arc::new(AnyCertificate::new(provider.clone())));
    };
    let mut builder = WebPkiServerVerifier::builder_with_provider(roots, provider.clone());
    if let Some(path) = file(&encryption.revocations, encryption, "root.crl", "sslcrl")? {
        builder =
            builder.with_crls(read::<CertificateRevocationListDer<'static>>(&path, "revocation lists")?);
    }
    let verifier = builder.build().map_err(|error| {
        Error::new(
            ErrorKind::Argument,
            format!("the root certificates or revocation lists cannot be used: {error}"),
        )
        .with_source(error)
    })?;
    Ok(match encryption.mode {
        EncryptionMode::VerifyFull => verifier,
        _ => Arc::new(AnyName::new(verifier)),
    })
}

/// The root certificates; none where none are needed and there is no file of them.
fn roots(encryption: &Encryption) -> Result<Option<Arc<RootCertStore>>> {
    let path = match &encryption.roots {
        Some(Roots::System) => return system_roots().map(Some),
        Some(Roots::File(path)) => file(&Some(path.clone()), encryption, "root.crt", "sslrootcert")?,
        None => file(&None, encryption, "root.crt", "sslrootcert")?,
    };
    let Some(path) = path else {
        if encryption.mode < EncryptionMode::VerifyCa {
            return Ok(None);
        }
        let default = encryption.folder.as_ref().map_or(String::new(), |folder| {
            format!(", and there is no `{}`", folder.join("root.crt").display())
        });
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "sslmode={} needs root certificates to compare with: none are named{default}; set sslrootcert to the \
                 file of the authority that signed the server's certificate, or to `system` for the authorities that \
                 this machine trusts",
                encryption.mode.name()
            ),
        ));
    };
    let mut roots = RootCertStore::empty();
    for certificate in read::<CertificateDer<'static>>(&path, "root certificates")? {
        roots
            .add(certificate)
            .map_err(|error| unusable(&path, "root certificates", &error).with_source(error))?;
    }
    Ok(Some(Arc::new(roots)))
}

/// The authorities that this machine trusts, read once: there are many, and they seldom change.
fn system_roots() -> Result<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(roots.clone());
    }
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        let reasons: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
        let reason = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "sslrootcert=system: this machine trusts no authority{reason}; install its root certificates \
                 (the package `ca-certificates`), or name a file"
            ),
        ));
    }
    Ok(ROOTS.get_or_init(|| Arc::new(roots)).clone())
}

/// Who we are, and the file that says so; none when no certificate is named or found.
fn own_certificate(
    encryption: &Encryption,
) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, PathBuf)>> {
    let Some(path) = file(&encryption.certificate, encryption, "postgresql.crt", "sslcert")? else {
        return Ok(None);
    };
    let Some(key_path) = file(&encryption.key, encryption, "postgresql.key", "sslkey")? else {
        return Err(Error::new(
            ErrorKind::Argument,
            format!("the client certificate `{}` has no key: set sslkey to its file", path.display()),
        ));
    };
    let certificates = read::<CertificateDer<'static>>(&path, "a client certificate")?;
    Ok(Some((certificates, key(&key_path)?, path)))
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let metadata =
        fs::metadata(path).map_err(|error| unusable(path, "a private key", &error).with_source(error))?;
    if is_open_to_others(&metadata) {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "the private key `{}` can be read by others; take that right away with `chmod 0600` (a key of root may \
                 have 0640)",
                path.display()
            ),
        ));
    }
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.contains("ENCRYPTED") {
            return Error::not_supported(
                &format!("a private key under a password (`{}`)", path.display()),
                "this driver for PostgreSQL; take the password off with `openssl pkey`, and keep the file to yourself",
            );
        }
        unusable(path, "a private key", &error).with_source(error)
    })
}

#[cfg(unix)]
fn is_open_to_others(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    metadata.mode() & forbidden != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_metadata: &fs::Metadata) -> bool {
    false
}

/// The file that is named, which must exist, or the default one, if it does.
fn file(
    named: &Option<PathBuf>,
    encryption: &Encryption,
    default: &str,
    option: &str,
) -> Result<Option<PathBuf>> {
    match named {
        Some(path) if path.exists() => Ok(Some(path.clone())),
        Some(path) => Err(Error::new(
            ErrorKind::Argument,
            format!("{option} names `{}`, and there is no such file", path.display()),
        )),
        None => {
            Ok(encryption.folder.as_ref().map(|folder| folder.join(default)).filter(|path| path.exists()))
        }
    }
}

/// All the parts of a PEM file that are of one kind.
fn read<T: PemObject>(path: &Path, what: &str) -> Result<Vec<T>> {
    let parts = T::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<T>, pem::Error>>);
    match parts {
        Ok(parts) if parts.is_empty() => Err(unusable(path, what, "it is no PEM file, or holds none")),
        Ok(parts) => Ok(parts),
        Err(error) => Err(unusable(path, what, &error).with_source(error)),
    }
}

fn unusable(path: &Path, what: &str, reason: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Argument, format!("`{}` cannot be used for {what}: {reason}", path.display()))
}
