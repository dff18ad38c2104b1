//! A sealed memfd as plain bytes. All processes that map it share its memory.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};
use rustix::fs::{SealFlags, fcntl_get_seals};

/// Nothing can be changed any more, not even the seals.
pub(crate) const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::GROW).union(SealFlags::SHRINK).union(SealFlags::SEAL);

/// All bytes of a file in memory that nobody can change any more.
///
/// # Errors
/// When it could still be changed (`PermissionDenied`), or cannot be mapped.
pub(crate) fn map(file: &File) -> io::Result<Mmap> {
    if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS)) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // Private: kernels before 6.7 share nothing that is sealed against writing. Without a write it is shared all the same.
    // SAFETY: the seals were seen above, and seals cannot be taken off: the bytes never change, and there will
    // always be as many. The mapping owns nothing else and lives as long as whoever reads from it.
    unsafe { MmapOptions::new().map_copy_read_only(file) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rustix::fs::fcntl_add_seals;

    use super::*;
    use crate::memfd;

    #[test]
    fn sealed_bytes_are_there_and_others_are_refused() {
        let mut file = memfd::create("test").unwrap();
        file.write_all(b"bytes").unwrap();
        assert_eq!(map(&file).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        fcntl_add_seals(&file, SEALS).unwrap();
        assert_eq!(&map(&file).unwrap()[..], b"bytes");
        assert!(map(&File::open("/dev/null").unwrap()).is_err());
    }
}
