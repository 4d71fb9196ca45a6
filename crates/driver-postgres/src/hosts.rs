//! [`Host`]: one of the servers that a connection may go to; [`SessionAttributes`]: which of them will do.

use std::{fmt, net::IpAddr};

use aludel_driver::{Error, ErrorKind, Result};

use crate::{
    environment::Environment,
    random::random,
    settings::{Origin, number, parse, unknown_value},
};

/// The port when none is given.
const PORT: u16 = 5432;

/// One of the servers that a connection may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    /// The name, or the directory of a socket.
    pub(crate) name: String,
    /// The address that spares looking up the name.
    pub(crate) address: Option<IpAddr>,
    /// The port, which is part of a socket's name too.
    pub(crate) port: u16,
}

/// What was said of hosts, before the environment is asked.
pub(crate) struct Places {
    /// Names, with commas between them, and with ports of their own.
    pub(crate) names: Option<String>,
    /// Addresses, with commas between them.
    pub(crate) addresses: Option<String>,
    /// The port of each that has none of its own.
    pub(crate) port: Option<u16>,
    /// Ports, with commas between them.
    pub(crate) ports: Option<String>,
}

impl Host {
    /// Reads all of them; what is left out comes from the environment.
    ///
    /// # Errors
    /// `Argument` for what is no port or address, and for lists that do not fit together.
    pub(crate) fn read(places: Places, environment: &Environment) -> Result<Vec<Self>> {
        let Places { names, addresses, port, ports } = places;
        // A variable moves a connection only when the URL names no place at all.
        let addresses = match names.is_none() && addresses.is_none() {
            true => environment.variable("PGHOSTADDR").map(|text| (Origin::Variable("PGHOSTADDR"), text)),
            false => addresses.map(|text| (Origin::Option("hostaddr"), text)),
        };
        let names = names
            .or_else(|| addresses.is_none().then(|| environment.variable("PGHOST")).flatten())
            .or_else(|| addresses.as_ref().map(|(_, text)| text.clone()))
            .unwrap_or_else(|| "localhost".to_owned());
        let ports = match (port, ports) {
            (Some(_), _) => None,
            (None, Some(text)) => Some((Origin::Option("port"), text)),
            (None, None) => environment.variable("PGPORT").map(|text| (Origin::Variable("PGPORT"), text)),
        };
        let ports = ports.map(|(origin, text)| several_ports(origin, &text)).transpose()?;

        let mut hosts: Vec<Self> = Vec::new();
        let mut have_ports = Vec::new();
        let is_list = names.contains(',');
        for name in names.split(',') {
            let (name, own) = if is_list { split(name)? } else { (name, None) };
            let name = if name.is_empty() { "localhost" } else { name };
            hosts.push(Self { name: name.to_owned(), address: None, port: own.or(port).unwrap_or(PORT) });
            have_ports.push(own.is_some());
        }
        if let Some(ports) = ports {
            check_count(ports.len(), "ports", hosts.len(), true)?;
            for (place, host) in hosts.iter_mut().enumerate().filter(|(place, _)| !have_ports[*place]) {
                let port = if ports.len() == 1 { ports[0] } else { ports[place] };
                host.port = port.unwrap_or(PORT);
            }
        }
        if let Some((origin, text)) = addresses {
            let addresses: Vec<&str> = text.split(',').collect();
            check_count(addresses.len(), "addresses", hosts.len(), false)?;
            for (host, address) in hosts.iter_mut().zip(addresses) {
                host.address = Some(address.trim())
                    .filter(|address| !address.is_empty())
                    .map(|address| parse(origin, address, "an IP address"))
                    .transpose()?;
            }
        }
        Ok(hosts)
    }

    /// Whether it is the directory of a Unix socket.
    pub(crate) fn is_socket(&self) -> bool {
        cfg!(unix) && self.address.is_none() && self.name.starts_with('/')
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.name, self.port)
    }
}

fn several_ports(origin: Origin<'_>, text: &str) -> Result<Vec<Option<u16>>> {
    let ports = text.split(',').map(str::trim);
    ports.map(|port| if port.is_empty() { Ok(None) } else { number(origin, port).map(Some) }).collect()
}

/// Takes `name:port` and `[address]:port` apart.
fn split(text: &str) -> Result<(&str, Option<u16>)> {
    let text = text.trim();
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, rest)) => (address, Some(rest.trim_start_matches(':'))),
        None if text.starts_with('/') || text.parse::<IpAddr>().is_ok() => (text, None),
        None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
    };
    let port = port.map(|port| {
        port.parse()
            .map_err(|_error| unknown_value(Origin::Option("host"), text, "hosts with ports from 0 to 65535"))
    });
    Ok((name, port.transpose()?))
}

fn check_count(count: usize, what: &str, hosts: usize, may_be_one: bool) -> Result<()> {
    if count == hosts || (may_be_one && count == 1) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Argument,
        format!("there are {count} {what} for {hosts} hosts; give one for each"),
    ))
}

/// Which servers will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionAttributes {
    /// All.
    Any,
    /// Those that can be written to: neither standbys, nor read-only by default.
    ReadWrite,
    /// The others.
    ReadOnly,
    /// Those that are no standby.
    Primary,
    /// Standbys.
    Standby,
    /// Standbys, and any other when there is none.
    PreferStandby,
}

impl SessionAttributes {
    /// The words for them.
    pub(crate) const NAMES: &str = "any, read-write, read-only, primary, standby, prefer-standby";

    /// The attributes by their word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "any" => Self::Any,
            "read-write" => Self::ReadWrite,
            "read-only" => Self::ReadOnly,
            "primary" => Self::Primary,
            "standby" => Self::Standby,
            "prefer-standby" => Self::PreferStandby,
            _ => return None,
        })
    }

    /// Why a server will not do.
    pub(crate) fn refusal(self, role: Role) -> Option<&'static str> {
        let is_read_only = role.is_standby || role.is_read_only;
        match self {
            Self::ReadWrite if role.is_standby => Some(
                "it is a standby, and target_session_attrs=read-write asks for a server that can be written to",
            ),
            Self::ReadWrite if is_read_only => Some(
                "it is read-only, and target_session_attrs=read-write asks for a server that can be written to",
            ),
            Self::ReadOnly if !is_read_only => {
                Some("it can be written to, and target_session_attrs=read-only asks for a server that cannot")
            }
            Self::Primary if role.is_standby => {
                Some("it is a standby, and target_session_attrs=primary asks for a primary")
            }
            Self::Standby if !role.is_standby => {
                Some("it is a primary, and target_session_attrs=standby asks for a standby")
            }
            Self::PreferStandby if !role.is_standby => Some("it is a primary, and a standby is preferred"),
            _ => None,
        }
    }
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// It follows another.
    pub(crate) is_standby: bool,
    /// Its transactions are read-only unless they say otherwise.
    pub(crate) is_read_only: bool,
}

/// Brings a list into an order that is not foreseen.
pub(crate) fn shuffle<T>(list: &mut [T]) {
    for last in (1..list.len()).rev() {
        let other = usize::try_from(random() % (last as u64 + 1)).unwrap_or_default();
        list.swap(last, other);
    }
}
