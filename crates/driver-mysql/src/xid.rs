//! [`Xid`]: the name of a two-phase transaction, as XA statements have it.

use std::fmt::Write as _;

use aludel_driver::{Error, ErrorKind, Result};

/// The most bytes of a name.
const LONGEST: usize = 64;

/// The format of names that were given as text alone.
const PLAIN_FORMAT: u32 = 1;

/// What names a two-phase transaction to the server: bytes of its own, those of a branch, and a format.
///
/// A transaction of ours has its name for the first, and the rest as the server sets it. Those of other transaction
/// managers may have any, which a name in text cannot hold; they are named as the server writes them: `X'00ff'`, or
/// `X'00ff',X'01',7`. Such a name is read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Xid {
    transaction: Vec<u8>,
    branch: Vec<u8>,
    format: u32,
}

impl Xid {
    /// Reads a name.
    ///
    /// # Errors
    /// `Argument` for a name that is empty or too long.
    pub(crate) fn read(name: &str) -> Result<Self> {
        let xid = Self::in_hex(name).unwrap_or_else(|| Self {
            transaction: name.as_bytes().to_vec(),
            branch: Vec::new(),
            format: PLAIN_FORMAT,
        });
        if xid.transaction.is_empty() || xid.transaction.len() > LONGEST || xid.branch.len() > LONGEST {
            return Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "the name of a two-phase transaction on MySQL has 1 to {LONGEST} bytes, and `{name}` has {}",
                    xid.transaction.len()
                ),
            ));
        }
        Ok(xid)
    }

    /// What `XA RECOVER` tells: the bytes of both come in one.
    pub(crate) fn told(format: u32, transaction_length: usize, data: &[u8]) -> Self {
        let (transaction, branch) = data.split_at(transaction_length.min(data.len()));
        Self { transaction: transaction.to_vec(), branch: branch.to_vec(), format }
    }

    /// The name, which [`Xid::read`] reads back.
    pub(crate) fn name(&self) -> String {
        if self.branch.is_empty()
            && self.format == PLAIN_FORMAT
            && let Ok(name) = std::str::from_utf8(&self.transaction)
            && !name.is_empty()
            && !name.chars().any(char::is_control)
            && Self::in_hex(name).is_none()
        {
            return name.to_owned();
        }
        self.literal()
    }

    /// What stands in XA statements: hexadecimal for all but plain letters, so that nothing has to be escaped.
    pub(crate) fn literal(&self) -> String {
        let is_default = self.branch.is_empty() && self.format == PLAIN_FORMAT;
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':');
        if is_default && self.transaction.iter().all(is_plain) {
            return format!("'{}'", String::from_utf8_lossy(&self.transaction));
        }
        let mut text = hex(&self.transaction);
        if !is_default {
            let _ = write!(text, ",{},{}", hex(&self.branch), self.format);
        }
        text
    }

    /// Reads `X'00ff'` and `X'00ff',X'01',7`.
    fn in_hex(name: &str) -> Option<Self> {
        let mut parts = name.split(',');
        let transaction = bytes(parts.next()?)?;
        let (branch, format) = match (parts.next(), parts.next()) {
            (None, _) => (Vec::new(), PLAIN_FORMAT),
            (Some(branch), Some(format)) => (bytes(branch)?, format.parse().ok()?),
            (Some(_), None) => return None,
        };
        parts.next().is_none().then_some(Self { transaction, branch, format })
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::from("X'");
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\'');
    text
}

fn bytes(literal: &str) -> Option<Vec<u8>> {
    let digits = literal.strip_prefix("X'")?.strip_suffix('\'')?;
    if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}
