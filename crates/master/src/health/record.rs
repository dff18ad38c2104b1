//! What is believed of a backend by what its checks said, one after the other.
//!
//! ```text
//!               one good                      `fall` bad in a row
//!   unproven ───────────────► well ──────────────────────────────────► ill
//!                               ▲        `rise` good in a row           │
//!                               └───────────────────────────────────────┘
//! ```

use dproxy_route::Check;

/// How the checks of one backend went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    belief: Belief,
    /// Checks in a row that said otherwise.
    doubts: u32,
    last_error: Option<String>,
}

/// A change of belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Well,
    Ill,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Belief {
    #[default]
    Unproven,
    Well,
    Ill,
}

impl Record {
    /// One more check ended so; what is to be believed from now on, if that is new.
    pub(crate) fn hear(&mut self, result: Result<(), String>, check: &Check) -> Option<Turn> {
        let good = result.is_ok();
        if let Err(error) = result {
            self.last_error = Some(error);
        }
        let (needed, belief, turn) = match (self.belief, good) {
            (Belief::Unproven, true) => (1, Belief::Well, Turn::Well),
            (Belief::Unproven, false) => (check.fall, Belief::Ill, Turn::Ill),
            (Belief::Well, false) => (check.fall, Belief::Ill, Turn::Ill),
            (Belief::Ill, true) => (check.rise, Belief::Well, Turn::Well),
            (Belief::Well, true) | (Belief::Ill, false) => {
                self.doubts = 0;
                return None;
            }
        };
        self.doubts += 1;
        if self.doubts < needed {
            return None;
        }
        self.doubts = 0;
        self.belief = belief;
        Some(turn)
    }

    pub(crate) fn is_well(&self) -> bool {
        self.belief == Belief::Well
    }

    pub(crate) fn is_unproven(&self) -> bool {
        self.belief == Belief::Unproven
    }

    /// What the last bad one said.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Good checks are `+`, bad ones `-`; a turn is an upper-case letter behind its check.
    #[track_caller]
    fn check(rise: u32, fall: u32, expected: &str) {
        let check = Check { rise, fall, ..Check::default() };
        let mut record = Record::default();
        let mut shown = String::new();
        for sign in expected.chars().filter(|sign| "+-".contains(*sign)) {
            let result = if sign == '+' { Ok(()) } else { Err("bad".to_owned()) };
            shown.push(sign);
            shown.push_str(match record.hear(result, &check) {
                Some(Turn::Well) => "W",
                Some(Turn::Ill) => "I",
                None => "",
            });
        }
        assert_eq!(shown, expected, "rise {rise}, fall {fall}");
    }

    #[test]
    fn the_first_good_one_is_believed_and_then_it_takes_several() {
        check(2, 3, "+W++--+---I-+-++W+");
        check(2, 3, "-+W");
        check(2, 3, "---I+-++W");
        check(1, 1, "+W-I+W-I");
    }

    #[test]
    fn the_last_error_stays() {
        let mut record = Record::default();
        assert!(record.is_unproven() && record.last_error().is_none());
        record.hear(Err("x".to_owned()), &Check::default());
        record.hear(Ok(()), &Check::default());
        assert!(record.is_well() && record.last_error() == Some("x"));
    }
}
