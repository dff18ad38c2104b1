//! The last lines of the log, for operators who ask.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

use dproxy_control::LogRow;

/// So many lines stay.
const KEPT: usize = 1000;

/// The process has one log, whoever writes it.
static TAIL: Mutex<Tail> = Mutex::new(Tail { lines: VecDeque::new(), written: 0 });

/// Lines, the oldest first, and how many there were.
struct Tail {
    lines: VecDeque<LogRow>,
    written: u64,
}

/// Takes whole lines.
pub(super) struct Scribe;

/// The last lines, without those up to the one with this number.
pub(crate) fn lines_after(number: u64) -> Vec<LogRow> {
    let tail = TAIL.lock().unwrap_or_else(PoisonError::into_inner);
    tail.lines.iter().filter(|row| row.number > number).cloned().collect()
}

/// The number of the last line; zero while there is none.
pub(crate) fn written() -> u64 {
    TAIL.lock().unwrap_or_else(PoisonError::into_inner).written
}

impl Tail {
    fn add(&mut self, line: &str) {
        self.written += 1;
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(LogRow { number: self.written, line: line.to_owned() });
    }
}

impl io::Write for Scribe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut tail = TAIL.lock().unwrap_or_else(PoisonError::into_inner);
        text.lines().for_each(|line| tail.add(line));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_stay_and_keep_their_numbers() {
        let mut tail = Tail { lines: VecDeque::new(), written: 0 };
        (1..=KEPT + 5).for_each(|number| tail.add(&number.to_string()));
        assert_eq!(tail.lines.len(), KEPT);
        assert!(tail.lines.iter().all(|row| row.number.to_string() == row.line));
        assert_eq!(tail.lines.front().map(|row| row.number), Some(6));
    }
}
