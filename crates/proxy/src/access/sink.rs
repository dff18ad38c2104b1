//! Where the lines go: to a file, or to whoever reads a pipe or terminal.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What workers write at once to a pipe stays together up to this many bytes (`PIPE_BUF`).
const TOGETHER: usize = 4096;

/// What waits for a reader that does not read, at most.
const BACKLOG: usize = 4 * 1024 * 1024;

/// So long may a text of a client's be in a line for a pipe: all of them together fit into [`TOGETHER`].
const LONGEST: usize = 480;

/// Where a worker's lines go.
#[derive(Debug)]
pub(crate) struct Sink {
    file: File,
    manner: Manner,
    /// Lines were lost, and that was said.
    losing: Cell<bool>,
}

/// How something is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Each write is whole, and never waits for anybody.
    File,
    /// Only small writes are whole, and whoever reads may be slow.
    Stream,
}

impl Sink {
    pub(crate) fn new(file: File) -> Sink {
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        Sink { file, manner: if is_file { Manner::File } else { Manner::Stream }, losing: Cell::new(false) }
    }

    /// How long a text of a client's may be.
    pub(crate) fn longest(&self) -> usize {
        match self.manner {
            Manner::File => usize::MAX,
            Manner::Stream => LONGEST,
        }
    }

    /// Writes `lines` and takes them out. What a slow reader has no room for within `patience` stays, up to a limit.
    pub(crate) fn write(&self, lines: &mut Vec<u8>, patience: Duration) {
        let written = match self.manner {
            Manner::File => (&self.file).write_all(lines).map(|()| lines.clear()),
            Manner::Stream => self.write_pieces(lines, patience),
        };
        match written {
            Ok(()) if lines.len() <= BACKLOG => {
                if lines.is_empty() {
                    self.losing.set(false);
                }
                return;
            }
            // Neither a full disk nor a reader that sleeps must stop the traffic; it is said once.
            Ok(()) if !self.losing.replace(true) => tracing::error!("nobody reads the access log; lines are lost"),
            Err(error) if !self.losing.replace(true) => tracing::error!(%error, "cannot write the access log; lines are lost"),
            Ok(()) | Err(_) => {}
        }
        lines.clear();
    }

    fn write_pieces(&self, lines: &mut Vec<u8>, patience: Duration) -> io::Result<()> {
        let mut done = 0;
        while done < lines.len() && self.has_room(patience)? {
            let piece = piece(&lines[done..]);
            (&self.file).write_all(piece)?;
            done += piece.len();
        }
        lines.drain(..done);
        Ok(())
    }

    /// Whether a small write would not wait.
    fn has_room(&self, patience: Duration) -> io::Result<bool> {
        let mut room = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
        Ok(poll(&mut room, patience)? > 0)
    }
}

/// As many whole lines as stay together; at least one.
fn piece(lines: &[u8]) -> &[u8] {
    let ends = |part: &[u8]| part.iter().rposition(|&byte| byte == b'\n');
    let end = lines.get(..TOGETHER).map_or(Some(lines.len() - 1), ends);
    let end = end.or_else(|| lines.iter().position(|&byte| byte == b'\n'));
    end.map_or(lines, |end| &lines[..=end])
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, pipe};

    use super::*;

    fn to_pipe() -> (std::io::PipeReader, Sink) {
        let (reader, writer) = pipe().unwrap();
        (reader, Sink::new(File::from(std::os::fd::OwnedFd::from(writer))))
    }

    #[test]
    fn a_piece_is_as_many_whole_lines_as_stay_together() {
        let check = |lines: &[usize], expected: usize| {
            let text: Vec<u8> = lines.iter().flat_map(|length| [vec![b'x'; length - 1], vec![b'\n']].concat()).collect();
            assert_eq!(piece(&text).len(), expected, "{lines:?}");
        };
        check(&[1], 1);
        check(&[100, 100], 200);
        check(&[4000, 96], 4096);
        check(&[4000, 97], 4000);
        check(&[5000, 1], 5000);
    }

    #[test]
    fn a_reader_that_is_slow_gets_everything_later() {
        let (mut reader, sink) = to_pipe();
        let line = [vec![b'x'; 999], vec![b'\n']].concat();
        let mut lines = line.repeat(200);
        sink.write(&mut lines, Duration::ZERO);
        assert!(!lines.is_empty() && lines.len() % 1000 == 0, "{} bytes wait", lines.len());
        let mut read = vec![0; 150_000];
        let mut got = 0;
        while got < 200_000 {
            got += reader.read(&mut read).unwrap();
            sink.write(&mut lines, Duration::ZERO);
        }
        assert!(lines.is_empty() && got == 200_000);
    }

    #[test]
    fn a_reader_that_never_reads_costs_lines_and_no_memory() {
        let (_reader, sink) = to_pipe();
        let mut lines = b"0123456789\n".repeat(BACKLOG / 10);
        sink.write(&mut lines, Duration::ZERO);
        assert!(lines.is_empty() && sink.losing.get());
    }

    #[test]
    fn a_reader_that_is_gone_costs_only_the_lines() {
        let (reader, sink) = to_pipe();
        drop(reader);
        let mut lines = b"line\n".to_vec();
        sink.write(&mut lines, Duration::ZERO);
        assert!(lines.is_empty() && sink.losing.get());
    }
}
