//! Memory that has a descriptor: made here, sealed here, passed to workers.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use dproxy_stats::{Board, Page, Row};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

/// A page for a worker's counters. It can be written but neither shrunk nor grown, so that whoever has it
/// mapped never meets the end of it.
///
/// # Errors
/// When the kernel has no descriptor or memory left.
pub fn counters_page() -> io::Result<OwnedFd> {
    shared("dproxy-counters", Page::BYTES)
}

/// The board on which all workers count the requests of backends. What is never touched of it takes up no memory.
///
/// # Errors
/// When the kernel has no descriptor or memory left.
pub fn board() -> io::Result<OwnedFd> {
    shared("dproxy-board", Board::BYTES)
}

/// A worker's row of the board. What is never touched of it takes up no memory.
///
/// # Errors
/// When the kernel has no descriptor or memory left.
pub fn row() -> io::Result<OwnedFd> {
    shared("dproxy-row", Row::BYTES)
}

/// Memory for what one program leaves to the next.
///
/// # Errors
/// When the kernel has no descriptor or memory left.
pub fn note() -> io::Result<OwnedFd> {
    Ok(create("dproxy-note")?.into())
}

/// Memory that can be written but keeps its size.
fn shared(name: &str, bytes: usize) -> io::Result<OwnedFd> {
    let file = create(name)?;
    file.set_len(u64::try_from(bytes).map_err(io::Error::other)?)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(file.into())
}

/// A new file in memory that can be sealed and, where the kernel knows the difference, never be executed.
pub(crate) fn create(name: &str) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let descriptor = match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        // Kernels before 6.3 do not know the flag.
        Err(Errno::INVAL) => memfd_create(name, flags)?,
        other => other?,
    };
    Ok(File::from(descriptor))
}

#[cfg(test)]
mod tests {
    use dproxy_stats::{Column, Counter, Ledger};

    use super::*;

    #[test]
    fn a_counters_page_can_be_written_but_not_resized() {
        let file = File::from(counters_page().unwrap());
        let page = Page::map(&file).unwrap();
        page.add(Counter::Requests, 5);
        assert_eq!(Page::map(&file).unwrap().read().get(Counter::Requests), 5);
        assert!(file.set_len(0).is_err(), "shrinks");
        assert!(file.set_len(1 << 20).is_err(), "grows");
    }

    #[test]
    fn a_board_and_rows_take_up_only_what_is_touched() {
        use std::os::unix::fs::MetadataExt;
        let (board, row) = (File::from(super::board().unwrap()), File::from(super::row().unwrap()));
        let ledger = Ledger::new(Board::map(&board).unwrap(), Row::map(&row).unwrap());
        let column = Column::at(Column::COUNT - 1).unwrap();
        assert!(ledger.enter(column, None));
        assert_eq!((Board::map(&board).unwrap().total(column), Row::map(&row).unwrap().share(column)), (1, 1));
        let used = |file: &File| file.metadata().unwrap().blocks() * 512;
        assert!(used(&board) + used(&row) <= 64 * 1024, "{} and {}", used(&board), used(&row));
        assert!(board.set_len(0).is_err() && row.set_len(0).is_err());
    }
}
