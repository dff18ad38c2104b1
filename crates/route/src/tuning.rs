//! What an owner says of balancing, health and the log: one word each, whether it stands in a label or in the file.

use std::str::FromStr as _;
use std::time::Duration;

use crate::check::target;
use crate::pick::is_token;
use crate::{AlgorithmError, Check, Host, Logged, LoggedError, PathError, PickPolicy, Probe, SameSite, StatusesError, Sticky};

/// All that can be said; nothing at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tuning {
    /// How one of several replicas is chosen.
    pub pick: PickPolicy,
    /// How much of the requests its backends get.
    pub share: Share,
    /// How they are asked whether they are well.
    pub check: Option<Check>,
    /// How many of its requests get a line in the access log.
    pub logged: Option<Logged>,
}

/// How much of the requests a backend gets, beside others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Share {
    /// Against the others' weights; zero is nothing while another is there.
    pub weight: u16,
    /// How long it takes from little to all of that once it is ready; zero is at once.
    pub slow_start: Duration,
}

/// Why a text is not what a word wants.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TuningError {
    /// A number.
    #[error("`{text}` is no whole number from {least} to {most}")]
    Number {
        /// What it is instead.
        text: String,
        /// The lowest.
        least: u16,
        /// The highest.
        most: u16,
    },
    /// A time.
    #[error("`{0}` is no time from 0s to 1h; write a number and a unit, like `500ms`, `10s` or `2min`")]
    Time(String),
    /// The time between two checks, or of one.
    #[error("`{0}` is no time from 100ms to 1h; write a number and a unit, like `500ms`, `10s` or `2min`")]
    Pace(String),
    /// A switch.
    #[error("`{0}` is neither `true` nor `false`")]
    Switch(String),
    /// The name of a cookie, or a switch.
    #[error("`{0}` is neither `true` nor `false` nor the name of a cookie (letters, digits, `-` and `_`)")]
    Cookie(String),
    /// One of three.
    #[error("`{0}` is none of `lax`, `strict` and `none`")]
    SameSite(String),
    /// One of three.
    #[error("`{0}` is none of `http`, `tcp` and `off`")]
    Probe(String),
    /// A host name.
    #[error("`{0}` is no host name, alone or with a port")]
    Host(String),
    /// See [`AlgorithmError`].
    #[error(transparent)]
    Algorithm(#[from] AlgorithmError),
    /// See [`PathError`].
    #[error(transparent)]
    Path(#[from] PathError),
    /// See [`LoggedError`].
    #[error(transparent)]
    Logged(#[from] LoggedError),
    /// See [`StatusesError`].
    #[error(transparent)]
    Statuses(#[from] StatusesError),
}

/// The longest time that anything here may take.
const LONGEST: Duration = Duration::from_secs(3600);
/// Checks that follow each other faster are a load of their own, and answers are not always faster.
const SHORTEST_PACE: Duration = Duration::from_millis(100);

impl Tuning {
    /// Every word, in the order in which they must be said: what switches something off comes last.
    pub const WORDS: [&str; 16] = [
        "access_log",
        "balance",
        "weight",
        "slow_start",
        "sticky.secure",
        "sticky.same_site",
        "sticky.max_age",
        "sticky",
        "check.path",
        "check.host",
        "check.status",
        "check.interval",
        "check.timeout",
        "check.rise",
        "check.fall",
        "check",
    ];

    /// Takes in what is said under one of [`Tuning::WORDS`]; another one says nothing. What makes no sense changes nothing.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn say(&mut self, word: &str, text: &str) -> Result<(), TuningError> {
        let text = text.trim();
        match word.split_once('.') {
            None => match word {
                "access_log" => self.logged = Some(text.parse()?),
                "balance" => self.pick.algorithm = Some(text.parse()?),
                "weight" => self.share.weight = number(text, 0, 1000)?,
                "slow_start" => self.share.slow_start = time(text)?,
                "sticky" => self.sticky(text)?,
                "check" => self.check(text)?,
                _ => {}
            },
            Some(("sticky", rest)) => {
                let mut sticky = self.pick.sticky.clone().unwrap_or_default();
                sticky.say(rest, text)?;
                self.pick.sticky = Some(sticky);
            }
            Some(("check", rest)) => {
                let mut check = self.check.clone().unwrap_or_default();
                check.say(rest, text)?;
                self.check = Some(check);
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn sticky(&mut self, text: &str) -> Result<(), TuningError> {
        match switch(text) {
            Some(true) => {
                self.pick.sticky.get_or_insert_default();
            }
            Some(false) => self.pick.sticky = None,
            None if is_token(text) => text.clone_into(&mut self.pick.sticky.get_or_insert_default().name),
            None => return Err(TuningError::Cookie(text.to_owned())),
        }
        Ok(())
    }

    fn check(&mut self, text: &str) -> Result<(), TuningError> {
        match text.to_ascii_lowercase().as_str() {
            "http" => {
                self.check.get_or_insert_default();
            }
            "tcp" => self.check.get_or_insert_default().probe = Probe::Tcp,
            "off" | "none" | "false" => self.check = None,
            _ => return Err(TuningError::Probe(text.to_owned())),
        }
        Ok(())
    }
}

impl Sticky {
    fn say(&mut self, word: &str, text: &str) -> Result<(), TuningError> {
        match word {
            "secure" => self.secure = switch(text).ok_or_else(|| TuningError::Switch(text.to_owned()))?,
            "same_site" => {
                self.same_site = match text.to_ascii_lowercase().as_str() {
                    "lax" => SameSite::Lax,
                    "strict" => SameSite::Strict,
                    "none" => SameSite::None,
                    _ => return Err(TuningError::SameSite(text.to_owned())),
                }
            }
            "max_age" => {
                let age = humantime::parse_duration(text).ok().and_then(|age| u32::try_from(age.as_secs()).ok());
                self.max_age = Some(age.ok_or_else(|| TuningError::Time(text.to_owned()))?);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Check {
    fn say(&mut self, word: &str, text: &str) -> Result<(), TuningError> {
        match word {
            "interval" => self.interval = pace(text)?,
            "timeout" => self.timeout = pace(text)?,
            "rise" => self.rise = number(text, 1, 100)?.into(),
            "fall" => self.fall = number(text, 1, 100)?.into(),
            _ => self.probe.say(word, text)?,
        }
        Ok(())
    }
}

impl Probe {
    fn say(&mut self, word: &str, text: &str) -> Result<(), TuningError> {
        let Probe::Http { path, host, good } = self else { return Ok(()) };
        match word {
            "path" => *path = target(text)?,
            "host" => {
                let port = text.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok());
                let name = port.map_or(text, |(name, _)| name);
                let name = Host::from_str(name).map_err(|_| TuningError::Host(text.to_owned()))?;
                *host = Some(port.map_or_else(|| name.to_string(), |(_, port)| format!("{name}:{port}")));
            }
            "status" => *good = text.parse()?,
            _ => {}
        }
        Ok(())
    }
}

impl Default for Share {
    fn default() -> Share {
        Share { weight: 1, slow_start: Duration::ZERO }
    }
}

fn switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn number(text: &str, least: u16, most: u16) -> Result<u16, TuningError> {
    let refused = || TuningError::Number { text: text.to_owned(), least, most };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.filter(|number| (least..=most).contains(number)).ok_or_else(refused)
}

fn time(text: &str) -> Result<Duration, TuningError> {
    let time = humantime::parse_duration(text).ok().filter(|time| *time <= LONGEST);
    time.ok_or_else(|| TuningError::Time(text.to_owned()))
}

fn pace(text: &str) -> Result<Duration, TuningError> {
    let time = time(text).ok().filter(|time| *time >= SHORTEST_PACE);
    time.ok_or_else(|| TuningError::Pace(text.to_owned()))
}

#[cfg(test)]
mod tests;
