//! Files of which nobody ever sees a part, and only those something for whom they are meant.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// For its owner alone: keys and tokens.
pub const PRIVATE: u32 = 0o600;
/// For everybody to read.
pub const PUBLIC: u32 = 0o644;

/// Writes a file as a whole or not at all, also when the machine stops meanwhile. Nobody but `mode` says may ever open it.
///
/// # Errors
/// When its directory takes no files, or the disk is full.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let aside = path.with_extension("new");
    // What an earlier attempt left may have another mode.
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(mode).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn it_is_there_as_a_whole_and_for_whom_it_is_meant() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key.pem");
        let left = home.path().join("key.new");
        fs::write(&left, "what an earlier attempt left").unwrap();
        fs::set_permissions(&left, Permissions::from_mode(0o666)).unwrap();
        for (text, mode) in [("one", PRIVATE), ("other", PRIVATE), ("for all", PUBLIC)] {
            write(&path, text.as_bytes(), mode).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
            assert!(!left.exists());
        }
        assert!(write(&home.path().join("no/key"), b"", PRIVATE).is_err());
    }
}
