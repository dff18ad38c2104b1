//! Who may ask at the Unix socket of the API.

use std::str::FromStr;

use crate::privileges::is_name;

/// Somebody of this machine, as an operator names them: `alice`, `1000`, `@ops` or `@1000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerName {
    /// A user.
    User(NameOrNumber),
    /// Whoever is of a group.
    Group(NameOrNumber),
}

/// How the kernel or the lists of this machine know somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameOrNumber {
    /// By name.
    Name(String),
    /// By number.
    Number(u32),
}

/// Why a text names nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a user nor a group; write a name like `alice` or a number, with `@` before it for a group: `@ops`")]
pub struct PeerNameError(String);

impl FromStr for PeerName {
    type Err = PeerNameError;

    fn from_str(text: &str) -> Result<PeerName, PeerNameError> {
        let refused = || PeerNameError(text.to_owned());
        match text.strip_prefix('@') {
            Some(group) => NameOrNumber::read(group).map(PeerName::Group),
            None => NameOrNumber::read(text).map(PeerName::User),
        }
        .ok_or_else(refused)
    }
}

impl NameOrNumber {
    fn read(text: &str) -> Option<NameOrNumber> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().map(NameOrNumber::Number);
        }
        is_name(text).then(|| NameOrNumber::Name(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_go_by_name_or_number() {
        let name = |name: &str| NameOrNumber::Name(name.to_owned());
        assert_eq!("alice".parse(), Ok(PeerName::User(name("alice"))));
        assert_eq!("1000".parse(), Ok(PeerName::User(NameOrNumber::Number(1000))));
        assert_eq!("@ops".parse(), Ok(PeerName::Group(name("ops"))));
        assert_eq!("@7".parse(), Ok(PeerName::Group(NameOrNumber::Number(7))));
        for wrong in ["", "@", "@@ops", "a b", "-x", "99999999999", "\u{fc}", &"x".repeat(33)] {
            let error = wrong.parse::<PeerName>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` is neither a user nor a group")), "{error}");
        }
    }
}
