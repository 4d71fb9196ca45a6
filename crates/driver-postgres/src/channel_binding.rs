//! [`of_certificate`]: what ties a login to the TLS connection that it is made over.

use ring::digest::{self, Algorithm};
use rustls::pki_types::{AlgorithmIdentifier, CertificateDer, alg_id};
use tokio_postgres::tls::ChannelBinding;

/// `tls-server-end-point` of RFC 5929: the hash of the server's certificate by the hash function of its own signature,
/// and by SHA-256 in place of older ones. None for signatures without a hash function, such as Ed25519.
pub(crate) fn of_certificate(certificate: &CertificateDer<'_>) -> ChannelBinding {
    match signature(certificate).and_then(hash_of) {
        Some(hash) => {
            ChannelBinding::tls_server_end_point(digest::digest(hash, certificate).as_ref().to_vec())
        }
        None => ChannelBinding::none(),
    }
}

/// The insides of 1.2.840.113549.1.1.5 (RSA with SHA-1) and 1.2.840.10045.4.1 (ECDSA with SHA-1).
const OLD: [&[u8]; 2] = [
    &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00],
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01],
];

fn hash_of(signature: &[u8]) -> Option<&'static Algorithm> {
    let is = |known: &[AlgorithmIdentifier]| known.iter().any(|known| known.as_ref() == signature);
    if is(&[alg_id::ECDSA_SHA256, alg_id::RSA_PKCS1_SHA256, alg_id::RSA_PSS_SHA256])
        || OLD.contains(&signature)
    {
        Some(&digest::SHA256)
    } else if is(&[alg_id::ECDSA_SHA384, alg_id::RSA_PKCS1_SHA384, alg_id::RSA_PSS_SHA384]) {
        Some(&digest::SHA384)
    } else if is(&[alg_id::ECDSA_SHA512, alg_id::RSA_PKCS1_SHA512, alg_id::RSA_PSS_SHA512]) {
        Some(&digest::SHA512)
    } else {
        None
    }
}

/// The inside of a certificate's second part, which names the algorithm of its signature.
fn signature(certificate: &[u8]) -> Option<&[u8]> {
    let (parts, _) = sequence(certificate)?;
    let (_, behind) = sequence(parts)?;
    sequence(behind).map(|(algorithm, _)| algorithm)
}

/// The inside of the DER sequence at the beginning, and what stands behind it.
fn sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x30, first, rest @ ..] = bytes else { return None };
    let (length, rest) = match *first {
        length @ ..=0x7f => (usize::from(length), rest),
        // The length's own length; more than four bytes no certificate needs.
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
