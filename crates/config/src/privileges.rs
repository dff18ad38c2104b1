//! What a worker may be and do on its machine.

use std::fmt;
use std::str::FromStr;

/// Whom the workers belong to, and whether the kernel fences them in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// Whom the workers belong to when root starts dproxy; none means `dproxy` if there is such a user, else `nobody`.
    pub user: Option<WorkerUser>,
    /// Whether Landlock and seccomp take from them what they never need.
    pub sandbox: bool,
}

/// A user as an operator names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerUser {
    /// By name; the group is the user's own.
    Named(String),
    /// By number, for machines without a list of users.
    Numbered(Identity),
}

/// User and group of a process, as the kernel knows them: `1000:1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: u32,
    /// The group.
    pub group: u32,
}

/// Why a text names no user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a user; write a name like `nobody`, or numbers like `1000` or `1000:1000`")]
pub struct WorkerUserError(String);

/// The kernel reads this number as "do not change".
const NOBODY_AT_ALL: u32 = u32::MAX;
/// What Linux systems allow.
const LONGEST_NAME: usize = 32;

impl FromStr for WorkerUser {
    type Err = WorkerUserError;

    fn from_str(text: &str) -> Result<WorkerUser, WorkerUserError> {
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return text.parse().map(WorkerUser::Numbered);
        }
        is_name(text).then(|| WorkerUser::Named(text.to_owned())).ok_or_else(|| WorkerUserError(text.to_owned()))
    }
}

/// Whether users and groups are called like this.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-$".contains(&byte);
    !text.is_empty() && !text.starts_with('-') && text.len() <= LONGEST_NAME && text.bytes().all(plain)
}

impl FromStr for Identity {
    type Err = WorkerUserError;

    fn from_str(text: &str) -> Result<Identity, WorkerUserError> {
        let number = |digits: &str| {
            let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
            digits.parse().ok().filter(|number| *number != NOBODY_AT_ALL)
        };
        let (user, group) = text.split_once(':').unwrap_or((text, text));
        let identity = number(user).zip(number(group)).map(|(user, group)| Identity { user, group });
        identity.ok_or_else(|| WorkerUserError(text.to_owned()))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.user, self.group)
    }
}

impl fmt::Display for WorkerUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkerUser::Named(name) => f.write_str(name),
            WorkerUser::Numbered(identity) => identity.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: WorkerUser) {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn a_user_is_a_name_or_numbers() {
        let numbered = |user, group| WorkerUser::Numbered(Identity { user, group });
        check("nobody", WorkerUser::Named("nobody".to_owned()));
        check("_www-data.1", WorkerUser::Named("_www-data.1".to_owned()));
        check("0", numbered(0, 0));
        check("1000", numbered(1000, 1000));
        check("1000:33", numbered(1000, 33));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-x", "a b", "a:b", "1000:", ":1", "1:2:3", "1x", "4294967295", "99999999999", "1:-1", "ü", &"x".repeat(33)] {
            let said = format!("`{text}` is not a user; write a name like `nobody`, or numbers like `1000` or `1000:1000`");
            assert_eq!(text.parse::<WorkerUser>().map_err(|error| error.to_string()), Err(said));
        }
    }

    #[test]
    fn an_identity_is_read_as_it_is_written() {
        let identity = Identity { user: 7, group: 9 };
        assert_eq!(identity.to_string().parse(), Ok(identity));
    }
}
