//! The key of the marks that clients carry in cookies, over a restart of dproxy: their sessions stay where they were.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use dproxy_config::MarkKey;
use dproxy_store::whole_file;
use tracing::warn;

/// The one that is kept in the state directory, else a new one, which is kept from now on.
pub(crate) fn of(state_directory: &Path) -> MarkKey {
    let path = state_directory.join("secret");
    match read(&path) {
        Ok(secret) => return secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => warn!(path = %path.display(), %error, "the key of cookies is not read; clients are balanced anew"),
    }
    let fresh = fresh();
    if let Err(error) = write(&path, fresh) {
        warn!(path = %path.display(), %error, "the key of cookies is not kept; a restart will balance clients anew");
    }
    fresh
}

fn read(path: &Path) -> io::Result<MarkKey> {
    let text = fs::read_to_string(path)?;
    let (one, other) = text.trim().split_at_checked(16).ok_or(io::ErrorKind::InvalidData)?;
    let number = |digits: &str| u64::from_str_radix(digits, 16).map_err(io::Error::other);
    Ok(MarkKey(number(one)?, number(other)?))
}

fn write(path: &Path, MarkKey(one, other): MarkKey) -> io::Result<()> {
    whole_file::write(path, format!("{one:016x}{other:016x}\n").as_bytes(), whole_file::PRIVATE)
}

fn fresh() -> MarkKey {
    let mut bytes = [0; 16];
    if let Err(error) = File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)) {
        warn!(%error, "no randomness for the key of cookies");
    }
    let bits = u128::from_le_bytes(bytes);
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
    MarkKey(half(bits), half(bits >> 64))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_made_once_and_readable_by_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let secret = of(home.path());
        assert!(secret != MarkKey::default() && of(home.path()) == secret);
        assert!(of(tempfile::tempdir().unwrap().path()) != secret);
        assert_eq!(fs::metadata(home.path().join("secret")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_spoilt_or_impossible_file_costs_the_sessions_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        for text in ["", "x", "0123456789abcdef", "0123456789abcdef0123456789abcdez", "éééééééééééééééééééé"] {
            fs::write(home.path().join("secret"), text).unwrap();
            let secret = of(home.path());
            assert!(secret == of(home.path()), "{text}");
        }
        assert!(of(Path::new("/proc/nowhere")) != MarkKey::default());
    }
}
