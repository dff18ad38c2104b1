//! Waits until the files of the configuration have come to rest.
//!
//! Editors, and shells with `>`, empty a file before they write it. Whoever reads in between finds nothing, or a half
//! that makes sense by itself. So a file counts once it said the same twice, with a pause between, and was not written
//! for so long before, either. A file that somebody is known to have open for writing is given more time.

use std::time::{Duration, Instant};

use super::Look;

/// Between two looks. Whoever writes a file goes on sooner than that.
const PAUSE: Duration = Duration::from_millis(50);
/// So long is waited for whoever has written and not closed the file.
const PAUSE_OF_A_WRITER: Duration = Duration::from_secs(1);
/// A file that has not come to rest by then is none to be obeyed.
const PATIENCE: Duration = Duration::from_secs(3);

/// The wait for a rest.
#[derive(Debug)]
pub(crate) struct Settling {
    wish: Wish,
    begun: Instant,
    due: Instant,
    last: Option<Look>,
}

/// Why somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The files seem to have changed; where they say what they said before, there is nothing to do.
    Noticed,
    /// The operator asked for it.
    Asked,
}

/// What a look tells.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Another look is needed.
    Waiting,
    /// This is what the files say.
    Rests(Look, Wish),
    /// They do not come to rest.
    Restless,
}

impl Settling {
    /// The first look is due at once.
    pub(crate) fn begin(now: Instant, wish: Wish) -> Settling {
        Settling { wish, begun: now, due: now, last: None }
    }

    /// The operator asks while we wait already.
    pub(crate) fn ask(&mut self) {
        self.wish = Wish::Asked;
    }

    /// When to look.
    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Takes in what was seen `now`; `open` says whether somebody still writes.
    pub(crate) fn saw(&mut self, now: Instant, look: Look, open: bool) -> Progress {
        let pause = if open { PAUSE_OF_A_WRITER } else { PAUSE };
        if look.age() >= pause && self.last.as_ref().is_some_and(|last| last.says_the_same(&look)) {
            return Progress::Rests(look, self.wish);
        }
        if now.duration_since(self.begun) >= PATIENCE {
            return Progress::Restless;
        }
        self.last = Some(look);
        self.due = now + PAUSE;
        Progress::Waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: u64 = 1_000_000;

    #[track_caller]
    fn check(looks: &[(&str, u64)], expected: &str) {
        check_open(false, looks, expected);
    }

    /// Looks at these texts of these ages in milliseconds, one after the other; the last one decides.
    #[track_caller]
    fn check_open(open: bool, looks: &[(&str, u64)], expected: &str) {
        let mut settling = Settling::begin(Instant::now(), Wish::Asked);
        for (number, (text, age)) in looks.iter().enumerate() {
            let shown = match settling.saw(settling.due(), Look::pretend(text, Duration::from_millis(*age)), open) {
                Progress::Waiting => "waiting".to_owned(),
                Progress::Rests(look, _asked) => look.seen("f".as_ref()).unwrap().text().unwrap(),
                Progress::Restless => "restless".to_owned(),
            };
            assert_eq!(shown, if number + 1 == looks.len() { expected } else { "waiting" }, "look {number} of {looks:?}");
        }
    }

    #[test]
    fn what_is_said_twice_and_is_not_young_counts() {
        check(&[("a", OLD)], "waiting");
        check(&[("a", OLD), ("a", OLD)], "a");
        check(&[("a", OLD), ("", 1)], "waiting");
        check(&[("a", OLD), ("", 1), ("ab", 20), ("abc", 20), ("abc", 70)], "abc");
        check(&[("", 0), ("", 49)], "waiting");
        check(&[("", 0), ("", 50)], "");
    }

    #[test]
    fn whoever_has_the_file_open_is_given_more_time() {
        check_open(true, &[("a", 50), ("a", 100)], "waiting");
        check_open(true, &[("a", 950), ("a", 1000)], "a");
    }

    #[test]
    fn the_wait_for_a_rest_has_an_end() {
        let texts: Vec<String> = (0..=60).map(|number| number.to_string()).collect();
        check(&texts.iter().map(|text| (text.as_str(), OLD)).collect::<Vec<_>>(), "restless");
        check(&[("a", 0); 61], "restless");
        check(&[[("a", 0); 60].as_slice(), &[("a", OLD)]].concat(), "a");
    }
}
