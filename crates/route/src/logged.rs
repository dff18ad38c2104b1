//! How many requests get a line in the access log.

use std::fmt;
use std::str::FromStr;

/// How many of the requests get a line in the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub enum Logged {
    /// None at all.
    Never,
    /// So many of [`Logged::WHOLE`], by chance; and all that failed here or at the backend, with a status of 500 or more.
    Share(u32),
}

/// Why a text does not say how many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is none of `on`, `off`, and a share of the requests from 0 to 1 like `0.1` or `10%`")]
pub struct LoggedError(String);

impl Logged {
    /// What a share is a part of.
    pub const WHOLE: u32 = 1_000_000;

    /// Whether a request with this outcome gets a line, where `thrown` is a number by chance below [`Logged::WHOLE`].
    #[must_use]
    pub fn takes(self, status: u16, thrown: impl FnOnce() -> u32) -> bool {
        match self {
            Logged::Never => false,
            Logged::Share(share) => share == Logged::WHOLE || status >= 500 || thrown() < share,
        }
    }
}

impl Default for Logged {
    fn default() -> Logged {
        Logged::Share(Logged::WHOLE)
    }
}

impl FromStr for Logged {
    type Err = LoggedError;

    fn from_str(text: &str) -> Result<Logged, LoggedError> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            "on" | "true" | "yes" => return Ok(Logged::default()),
            "off" | "false" | "no" => return Ok(Logged::Never),
            _ => {}
        }
        let (number, decimals) = text.strip_suffix('%').map_or((text, 6), |percent| (percent.trim_end(), 4));
        scaled(number, decimals).filter(|share| *share <= Logged::WHOLE).map(Logged::Share).ok_or_else(|| LoggedError(text.to_owned()))
    }
}

/// A decimal number times ten to the power of `decimals`; what is behind these does not count.
fn scaled(number: &str, decimals: usize) -> Option<u32> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(rest) {
        return None;
    }
    format!("{whole}{:0<decimals$.decimals$}", rest).parse().ok()
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Logged::Never => f.write_str("off"),
            Logged::Share(Logged::WHOLE) => f.write_str("on"),
            Logged::Share(share) => {
                let percent = format!("{}.{:04}", share / 10_000, share % 10_000);
                write!(f, "{}%", percent.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        match text.parse::<Logged>() {
            Ok(logged) => {
                assert_eq!(logged.to_string(), expected);
                assert_eq!(expected.parse(), Ok(logged), "what is shown can be read");
            }
            Err(error) => assert!(error.to_string().starts_with(expected), "{error}"),
        }
    }

    #[test]
    fn how_many_can_be_said_in_several_ways() {
        check("on", "on");
        check("Off", "off");
        check("1", "on");
        check("1.0", "on");
        check("100%", "on");
        check("0.1", "10%");
        check(" 10 % ", "10%");
        check("0.000001", "0.0001%");
        check("0.0000019", "0.0001%");
        check("2.5%", "2.5%");
        check("0", "0%");
        check("00", "0%");
        for wrong in ["", "1.1", "101%", "-1", "+1", ".5", "1.", "%", "0,1", "1e-1", "99999999999", "some", "0.\u{0}"] {
            check(wrong, &format!("`{}` is none of `on`, ", wrong.trim()));
        }
    }

    #[test]
    fn failures_are_logged_unless_nothing_is() {
        let takes = |text: &str, status, thrown| text.parse::<Logged>().unwrap().takes(status, || thrown);
        assert!(takes("on", 200, 999_999) && takes("10%", 200, 99_999) && !takes("10%", 200, 100_000));
        assert!(takes("0", 500, 0) && takes("0", 503, 999_999) && !takes("0", 499, 0) && !takes("off", 502, 0));
    }
}
