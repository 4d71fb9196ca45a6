//! Addresses: of the internet, and of network cards.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use super::Value;
use crate::{Cell, Decode, Error, Result, decode::mismatch, typed::column_types, types::SqlType};

/// The address of a network card: `08:00:2b:01:02:03`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(formatter, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl FromStr for MacAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::data(format!("`{text}` is not the address of a network card"));
        let mut parts = text.split([':', '-']);
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_error| invalid())?;
        }
        if parts.next().is_some() { Err(invalid()) } else { Ok(Self(bytes)) }
    }
}

impl Decode for MacAddress {
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match cell {
            Cell::Text(text) => text.parse(),
            Cell::Other { type_name: "macaddr", bytes } => {
                bytes.try_into().map(Self).map_err(|_error| mismatch(cell, "MacAddress"))
            }
            cell => Err(mismatch(cell, "MacAddress")),
        }
    }
}

/// An address and the length of its network, from any form of cell.
pub(crate) fn network_of(cell: Cell<'_>, wanted: &str) -> Result<(IpAddr, u8)> {
    match cell {
        Cell::Text(text) => {
            let invalid = || Error::data(format!("`{text}` is not an address of the internet"));
            let (address, prefix) = match text.split_once('/') {
                Some((address, prefix)) => (address, Some(prefix)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().map_err(|_error| invalid())?;
            let longest = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.map_or(Ok(longest), |prefix| prefix.parse().map_err(|_error| invalid()))?;
            if prefix > longest { Err(invalid()) } else { Ok((address, prefix)) }
        }
        Cell::Other {
            type_name: "inet" | "cidr",
            bytes: [_family, prefix, _is_cidr, _length, address @ ..],
        } => {
            let address = <[u8; 4]>::try_from(address)
                .map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)))
                .or_else(|_| <[u8; 16]>::try_from(address).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes))));
            address.map(|address| (address, *prefix)).map_err(|_error| mismatch(cell, wanted))
        }
        cell => Err(mismatch(cell, wanted)),
    }
}

impl Decode for IpAddr {
    /// An address of a network is refused: read it into `ipnetwork::IpNetwork` (feature `ipnetwork-0_21`).
    fn decode(cell: Cell<'_>) -> Result<Self> {
        match network_of(cell, "IpAddr")? {
            (address @ Self::V4(_), 32) | (address @ Self::V6(_), 128) => Ok(address),
            (address, prefix) => Err(Error::data(format!(
                "`{address}/{prefix}` is an address with its network, which `IpAddr` cannot hold; read it into `IpNetwork` of \
                 the crate `ipnetwork`"
            ))),
        }
    }
}

column_types! {
    MacAddress: SqlType::MacAddress, value => Value::Text(value.to_string().into());
    IpAddr: SqlType::Inet, value => Value::Text(value.to_string().into());
}
