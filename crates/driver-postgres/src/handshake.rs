//! [`explain`]: what went wrong with TLS, and what to do.

use std::{error::Error as StdError, io};

use rustls::{AlertDescription, CertificateError, Error};
use tokio_postgres::Error as Lower;

/// What went wrong with TLS, in words that say what to do; none when TLS is not at fault.
pub(crate) fn explain(lower: &Lower) -> Option<String> {
    let error = tls_error(lower)?;
    Some(match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(alert) => refused(*alert),
        Error::InvalidMessage(_) => {
            format!("the server does not speak TLS here ({error}); check host and port")
        }
        error => format!("the TLS handshake failed: {error}"),
    })
}

/// The error of rustls behind an error.
pub(crate) fn tls_error(lower: &Lower) -> Option<&Error> {
    let mut next: Option<&(dyn StdError + 'static)> = lower.source();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(error);
        }
        // An I/O error hides the error that it was made of, and passes only that one's source on.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            return Some(error);
        }
        next = error.source();
    }
    None
}

fn certificate(error: &CertificateError) -> String {
    let advice = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it, or set this machine's clock right"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: set the clocks of both machines right"
        }
        // A wrong signature comes of another authority of the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is from an authority that is not trusted: set sslrootcert to the file of the \
             authority that signed it, or to `system` if it is a public one"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name: connect by a name that it holds (hostaddr can give the \
             address), or use sslmode=verify-ca where the name does not matter"
        }
        CertificateError::Revoked => "the server's certificate is revoked: give the server a new one",
        CertificateError::UnknownRevocationStatus => {
            "the revocation lists say nothing of the server's certificate: add its authority's list to sslcrl"
        }
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "the revocation list has expired: put a new one into sslcrl"
        }
        CertificateError::Other(_) => {
            "the server's certificate cannot be used: it should be of version 3, with its name as subjectAltName, and \
             signed by an authority's certificate that is not its own"
        }
        _ => "the server's certificate cannot be trusted",
    };
    format!("{advice} ({error})")
}

fn refused(alert: AlertDescription) -> String {
    let advice = match alert {
        AlertDescription::CertificateRequired => {
            "the server wants a client certificate: set sslcert and sslkey"
        }
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => {
            "the server does not accept the client certificate: set sslcert and sslkey to one that its authority has \
             signed and that is still valid"
        }
        AlertDescription::HandshakeFailure => {
            "the server and this driver have no cipher in common, or the server wants a client certificate (sslcert, \
             sslkey)"
        }
        AlertDescription::ProtocolVersion => "the server speaks only TLS versions that are no longer safe",
        AlertDescription::NoApplicationProtocol => {
            "the server does not know direct TLS: use sslnegotiation=postgres"
        }
        _ => "the server broke off the TLS handshake",
    };
    format!("{advice} (alert: {alert:?})")
}
