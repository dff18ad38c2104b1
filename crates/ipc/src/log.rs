//! Where all processes write what they have to say: the standard error, which they share.
//!
//! Whoever reads it, a log collector or a terminal, may be slow, stopped or gone. Nobody waits for him, and nobody fails with
//! him: requests go before words. Lines for which there is no room are lost, and how many is told when he reads again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::OFlags;
use rustix::net::{SendFlags, send};

/// The variable that tells every process how much to log; it overrules the configured level.
pub const LOG_FILTER: &str = "RUST_LOG";

/// Takes whole lines for the standard error, one for each call.
#[derive(Clone, Copy, Debug)]
pub struct Log(&'static Outlet);

/// How something is written to.
#[derive(Debug)]
enum Way {
    /// A file, which never waits for anybody; and whatever is of another kind.
    Plain(File),
    /// A pipe or a terminal, opened anew for us alone: that it does not wait is nobody else's business.
    Apart(File),
    /// A socket, as a service manager gives.
    Socket(File),
}

/// With what it had no room for.
#[derive(Debug)]
struct Outlet {
    way: Option<Way>,
    lost: AtomicU64,
}

impl Log {
    /// To the standard error of this process. Call it before a sandbox takes files from it.
    #[must_use]
    pub fn standard() -> Log {
        static STANDARD: OnceLock<Outlet> = OnceLock::new();
        // Without a standard error there is nobody to tell.
        Log(STANDARD.get_or_init(|| Outlet::new(Way::to(io::stderr().as_fd()).ok())))
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.say(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Outlet {
    fn new(way: Option<Way>) -> Outlet {
        Outlet { way, lost: AtomicU64::new(0) }
    }

    fn say(&self, line: &[u8]) {
        let Some(way) = &self.way else { return };
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 && way.write(format!("{lost} lines of this log were lost, because nobody read them\n").as_bytes()).is_ok() {
            self.lost.fetch_sub(lost, Ordering::Relaxed);
        }
        if way.write(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Way {
    fn to(descriptor: BorrowedFd<'_>) -> io::Result<Way> {
        let shared = File::from(descriptor.try_clone_to_owned()?);
        let kind = shared.metadata()?.file_type();
        if kind.is_socket() {
            return Ok(Way::Socket(shared));
        }
        if !kind.is_fifo() && !kind.is_char_device() {
            return Ok(Way::Plain(shared));
        }
        let nonblocking = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).map_err(io::Error::other)?;
        let path = format!("/proc/self/fd/{}", shared.as_raw_fd());
        // Somebody else's, or without /proc: then it may be waited for.
        Ok(OpenOptions::new().write(true).custom_flags(nonblocking).open(path).map_or(Way::Plain(shared), Way::Apart))
    }

    /// Of a line that is longer than what there is room for the rest is lost.
    fn write(&self, line: &[u8]) -> io::Result<()> {
        match self {
            Way::Plain(file) => (&*file).write_all(line),
            Way::Apart(file) => (&*file).write(line).map(drop),
            Way::Socket(file) => send(file, line, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).map(drop).map_err(io::Error::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, pipe};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Says more than there is room for; how many lines that were.
    fn crowd(outlet: &Outlet) -> u64 {
        let line = [vec![b'x'; 999], vec![b'\n']].concat();
        let said = (1..).take_while(|_| {
            outlet.say(&line);
            outlet.lost.load(Ordering::Relaxed) < 3
        });
        said.count().try_into().unwrap()
    }

    fn check(outlet: &Outlet, mut reader: impl Read) {
        assert!(crowd(outlet) > 10, "nobody has waited");
        let mut room = vec![0; 10_000_000];
        let read = reader.read(&mut room).unwrap();
        assert!(read > 10_000, "{read}");
        outlet.say(b"again\n");
        assert_eq!(outlet.lost.load(Ordering::Relaxed), 0);
        let mut rest = String::new();
        while !rest.ends_with("again\n") {
            let read = reader.read(&mut room).unwrap();
            rest.push_str(std::str::from_utf8(&room[..read]).unwrap());
        }
        assert!(rest.ends_with("3 lines of this log were lost, because nobody read them\nagain\n"), "{}", rest.len());
    }

    #[test]
    fn whoever_does_not_read_is_not_waited_for_and_hears_what_he_missed() {
        let (reader, writer) = pipe().unwrap();
        check(&Outlet::new(Way::to(writer.as_fd()).ok()), reader);
        let (reader, writer) = UnixStream::pair().unwrap();
        check(&Outlet::new(Way::to(writer.as_fd()).ok()), reader);
    }

    #[test]
    fn whoever_shares_it_waits_as_before() {
        let (_reader, writer) = pipe().unwrap();
        let _way = Way::to(writer.as_fd()).unwrap();
        assert!(!rustix::fs::fcntl_getfl(&writer).unwrap().contains(OFlags::NONBLOCK));
    }

    #[test]
    fn whoever_is_gone_fails_nobody() {
        let (reader, writer) = pipe().unwrap();
        let outlet = Outlet::new(Way::to(writer.as_fd()).ok());
        drop(reader);
        outlet.say(b"alone\n");
        assert_eq!(outlet.lost.load(Ordering::Relaxed), 1);
        let (reader, writer) = UnixStream::pair().unwrap();
        let outlet = Outlet::new(Way::to(writer.as_fd()).ok());
        drop(reader);
        outlet.say(b"alone\n");
        assert_eq!(outlet.lost.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_file_gets_every_line_at_its_end() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let outlet = Outlet::new(Way::to(file.as_file().as_fd()).ok());
        for _ in 0..100 {
            outlet.say(&[b'x'; 1000]);
        }
        assert_eq!(file.as_file().metadata().unwrap().len(), 100_000);
    }
}
