//! The kinds of values that settings have, each parsed once.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::{Dialect, DialectError};

/// Longer waits are mistakes, and the sum of two still fits every clock.
const LONGEST_TIME: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Why a text is no value of its kind. Each says what would be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    #[error("`{0}` is not a port from 1 to 65535")]
    Port(String),
    #[error("`{0}` is not an IP address; write one like `0.0.0.0` or `::1`, or `localhost`")]
    Address(String),
    #[error("`{0}` is neither `true` nor `false`")]
    Switch(String),
    #[error("`{0}` is not a time; write a number and a unit, like `500ms`, `10s` or `2min`")]
    Time(String),
    #[error("`{0}` is no time to wait; write at least `1ms`")]
    NoTime(String),
    #[error("`{0}` is longer than a year")]
    LongTime(String),
    #[error("`{0}` is not a size; write a number of bytes, or one with `KiB` or `MiB`")]
    Size(String),
    #[error("`{0}` is not a whole number")]
    Number(String),
    #[error("`{given}` is not from {least} to {most}")]
    Range { given: String, least: String, most: String },
    #[error("`{0}` is not a network; write one like `10.0.0.0/8`, or an address")]
    Network(String),
    #[error("`{0}` is not a name; use letters, digits, `.`, `-` and `_`")]
    Name(String),
    #[error("path is empty")]
    Path,
}

/// A TCP port.
pub(crate) struct Port(pub(crate) u16);

/// An address of this machine or of something to dial; `localhost` is 127.0.0.1.
pub(crate) struct Address(pub(crate) IpAddr);

/// One entry of `hostname`; `*` stands for all addresses.
pub(crate) struct ListenAddresses(pub(crate) Vec<IpAddr>);

/// Yes or no.
pub(crate) struct Switch(pub(crate) bool);

/// A time longer than nothing.
pub(crate) struct Time(pub(crate) Duration);

/// A number of bytes.
pub(crate) struct Size<const LEAST: u32, const MOST: u32>(pub(crate) u32);

/// A whole number.
pub(crate) struct Number<const LEAST: u32, const MOST: u32>(pub(crate) u32);

/// A network, canonical: host bits off.
pub(crate) struct Network(pub(crate) String);

/// A name that is safe in a header field.
pub(crate) struct Name(pub(crate) String);

/// One entry of `docker.dialects`; `none` stands for no dialect.
pub(crate) struct Dialects(pub(crate) Option<Dialect>);

/// A path that is not empty.
pub(crate) struct FilePath(pub(crate) PathBuf);

impl FromStr for Port {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Port, ValueError> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let port = digits.then(|| text.parse::<NonZeroU16>().ok()).flatten();
        port.map(|port| Port(port.get())).ok_or_else(|| ValueError::Port(text.to_owned()))
    }
}

impl FromStr for Address {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Address, ValueError> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Address(Ipv4Addr::LOCALHOST.into()));
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(Address).map_err(|_| ValueError::Address(text.to_owned()))
    }
}

impl FromStr for ListenAddresses {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<ListenAddresses, ValueError> {
        if text == "*" {
            return Ok(ListenAddresses(vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]));
        }
        text.parse().map(|Address(address)| ListenAddresses(vec![address]))
    }
}

impl FromStr for Switch {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Switch, ValueError> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(Switch(true)),
            "false" | "no" | "off" | "0" => Ok(Switch(false)),
            _ => Err(ValueError::Switch(text.to_owned())),
        }
    }
}

impl FromStr for Time {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Time, ValueError> {
        let time = humantime::parse_duration(text).map_err(|_| ValueError::Time(text.to_owned()))?;
        match time {
            time if time < Duration::from_millis(1) => Err(ValueError::NoTime(text.to_owned())),
            time if time > LONGEST_TIME => Err(ValueError::LongTime(text.to_owned())),
            time => Ok(Time(time)),
        }
    }
}

impl<const LEAST: u32, const MOST: u32> FromStr for Size<LEAST, MOST> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let invalid = || ValueError::Size(text.to_owned());
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let number: u64 = digits.parse().map_err(|_| invalid())?;
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1024,
            "m" | "mib" => 1024 * 1024,
            _ => return Err(invalid()),
        };
        let bytes = number.saturating_mul(factor);
        let in_range = u32::try_from(bytes).ok().filter(|bytes| (LEAST..=MOST).contains(bytes));
        in_range.map(Size).ok_or_else(|| out_of_range(text, &bytes_text(LEAST), &bytes_text(MOST)))
    }
}

impl<const LEAST: u32, const MOST: u32> FromStr for Number<LEAST, MOST> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ValueError::Number(text.to_owned()));
        }
        let in_range = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
        in_range.map(Number).ok_or_else(|| out_of_range(text, &LEAST.to_string(), &MOST.to_string()))
    }
}

impl FromStr for Network {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Network, ValueError> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse::<IpNet>().map_err(|_| ValueError::Network(text.to_owned()))?,
        };
        Ok(Network(network.trunc().to_string()))
    }
}

impl FromStr for Name {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Name, ValueError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let good = !text.is_empty() && text.len() <= 253 && text.bytes().all(plain);
        good.then(|| Name(text.to_owned())).ok_or_else(|| ValueError::Name(text.to_owned()))
    }
}

impl FromStr for Dialects {
    type Err = DialectError;

    fn from_str(text: &str) -> Result<Dialects, DialectError> {
        if text.eq_ignore_ascii_case("none") { Ok(Dialects(None)) } else { text.parse().map(|dialect| Dialects(Some(dialect))) }
    }
}

impl FromStr for FilePath {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<FilePath, ValueError> {
        if text.is_empty() { Err(ValueError::Path) } else { Ok(FilePath(text.into())) }
    }
}

fn out_of_range(given: &str, least: &str, most: &str) -> ValueError {
    ValueError::Range { given: given.to_owned(), least: least.to_owned(), most: most.to_owned() }
}

/// A size the way it is written in the file.
fn bytes_text(bytes: u32) -> String {
    match bytes {
        bytes if bytes % (1024 * 1024) == 0 => format!("{}MiB", bytes / (1024 * 1024)),
        bytes if bytes % 1024 == 0 => format!("{}KiB", bytes / 1024),
        bytes => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests;
