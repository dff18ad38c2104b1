//! The word by which callers from other machines show that they may ask.
//!
//! It stands in a file that only its owner may read. Whoever can read the file may command the proxy.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use dproxy_store::whole_file;
use subtle::ConstantTimeEq as _;

/// As short as nobody guesses: 128 bits in hexadecimal digits are twice as long.
const SHORTEST: usize = 16;

/// A token file is a line, not a disk image.
const LONGEST: u64 = 4096;

/// What callers say in `Authorization: Bearer …`. It is shown in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a file holds no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It is not there, or somebody else's.
    #[error("cannot read the API's token from `{path}`")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Others may read it.
    #[error("the API's token in `{path}` may be read by others (mode {mode:03o}); take that from them: `chmod 600 {path}`")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It could be guessed, or sent by nobody.
    #[error("`{path}` holds no token: it must be one line of {SHORTEST} or more letters and digits without blanks")]
    Weak {
        /// Which file.
        path: PathBuf,
    },
    /// There is none, and none can be made.
    #[error("cannot make a token for the API in `{path}`")]
    Make {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

impl Token {
    /// Reads it.
    ///
    /// # Errors
    /// When there is none, when others may read it, and when it is too easy to guess.
    pub fn read(path: &Path) -> Result<Token, TokenError> {
        let failed = |cause| TokenError::Read { path: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenError::Open { path: path.to_owned(), mode });
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        let text = text.trim();
        if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Weak { path: path.to_owned() });
        }
        Ok(Token(text.to_owned()))
    }

    /// Reads it, or makes one where there is no file.
    ///
    /// # Errors
    /// As [`Token::read`], and when the file cannot be made.
    pub fn read_or_make(path: &Path) -> Result<Token, TokenError> {
        match Token::read(path) {
            Err(TokenError::Read { cause, .. }) if cause.kind() == ErrorKind::NotFound => {
                make(path).map_err(|cause| TokenError::Make { path: path.to_owned(), cause })?;
                Token::read(path)
            }
            other => other,
        }
    }

    /// The field that shows it.
    #[must_use]
    pub fn field(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether this field shows it; how long the look takes tells nothing.
    #[must_use]
    pub fn is_shown_by(&self, field: &str) -> bool {
        let Some((scheme, token)) = field.split_once(' ') else { return false };
        scheme.eq_ignore_ascii_case("bearer") && bool::from(token.trim().as_bytes().ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut random = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let digits: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    whole_file::write(path, format!("{digits}\n").as_bytes(), whole_file::PRIVATE)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_and_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        assert!(matches!(Token::read(&path), Err(TokenError::Read { .. })));
        let token = Token::read_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Token::read_or_make(&path).unwrap() == token && token.field().len() == "Bearer ".len() + 64);
        assert!(matches!(Token::read_or_make(&home.path().join("no/token")), Err(TokenError::Make { .. })));
    }

    #[test]
    fn a_file_for_others_or_without_a_good_token_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        let check = |text: &str, mode: u32, expected: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let shown = Token::read(&path).map_or_else(|error| error.to_string(), |token| token.field());
            assert!(shown.contains(expected), "{text:?} {mode:o}: {shown}");
        };
        check("0123456789abcdef\n", 0o600, "Bearer 0123456789abcdef");
        check("0123456789abcdef", 0o400, "Bearer 0123456789abcdef");
        check("0123456789abcdef", 0o640, "may be read by others (mode 640)");
        check("0123456789abcdef", 0o604, "may be read by others (mode 604)");
        check("", 0o600, "holds no token");
        check("short", 0o600, "holds no token");
        check("0123456789abcdef 0123456789abcdef", 0o600, "holds no token");
        check("0123456789abcdef\n0123456789abcdef", 0o600, "holds no token");
    }

    #[test]
    fn only_the_very_token_is_good() {
        let token = Token("0123456789abcdef".to_owned());
        for good in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef", "BEARER  0123456789abcdef"] {
            assert!(token.is_shown_by(good), "{good}");
        }
        for bad in
            ["", "Bearer", "Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdef0", "Basic 0123456789abcdef", "0123456789abcdef"]
        {
            assert!(!token.is_shown_by(bad), "{bad}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }
}
