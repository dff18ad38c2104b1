//! What is wrong with somebody's input, without costing anybody else.

use std::fmt;

/// One thing an operator should know and can mend: where it is, what is wrong
/// and the way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// Whose it is: `container web1`, `routes[3] of /etc/…`, `engine unix://…`.
    pub subject: String,
    /// What is wrong and what to do about it, in one line.
    pub text: String,
}

impl Problem {
    /// `text` is wrong with `subject`.
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Problem {
        Problem { subject: subject.into(), text: text.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.text)
    }
}
