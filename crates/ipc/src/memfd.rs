//! Memory that has a descriptor: made here, sealed here, passed to workers.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use dproxy_stats::Page;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

/// A page for a worker's counters. It can be written but neither shrunk nor grown, so that whoever has it
/// mapped never meets the end of it.
///
/// # Errors
/// When the kernel has no descriptor or memory left.
pub fn counters_page() -> io::Result<OwnedFd> {
    let file = create("dproxy-counters")?;
    file.set_len(u64::try_from(Page::BYTES).expect("a page is a few kilobytes"))?;
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
    use dproxy_stats::Counter;

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
}
