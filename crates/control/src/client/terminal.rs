//! What only a terminal gets: colours, and steps that take each other's place.

use std::io::{self, IsTerminal, Write};

/// The steps of what takes long, on the standard error.
pub(super) struct Progress {
    kind: Kind,
    /// Whether a step stands in the line that the next one takes.
    stands: bool,
}

enum Kind {
    /// Nobody looks.
    Silent,
    /// A line each.
    Lines,
    /// One takes the place of the other.
    InPlace,
}

impl Progress {
    /// None.
    pub(super) fn silent() -> Progress {
        Progress { kind: Kind::Silent, stands: false }
    }

    /// In place on a terminal; elsewhere a line each if they are few, else none.
    pub(super) fn shown(few: bool) -> Progress {
        let kind = match (io::stderr().is_terminal(), few) {
            (true, _) => Kind::InPlace,
            (false, true) => Kind::Lines,
            (false, false) => Kind::Silent,
        };
        Progress { kind, stands: false }
    }

    /// Shows the next step. Whoever closed the standard error does not want to read it.
    pub(super) fn step(&mut self, text: &str) {
        match self.kind {
            Kind::Silent => {}
            Kind::Lines => drop(writeln!(io::stderr(), "{text}")),
            Kind::InPlace => {
                drop(write!(io::stderr(), "\r\x1b[K{text}"));
                self.stands = true;
            }
        }
    }

    /// Takes the last step away.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.stands) {
            drop(write!(io::stderr(), "\r\x1b[K"));
        }
    }
}

/// Whether the standard output shows colours: a terminal, unless `NO_COLOR` is set.
pub(super) fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The columns whose first word is coloured.
const COLOURED: [&str; 2] = ["STATE", "CONDITION"];

const GREEN: [&str; 7] = ["online", "running", "live", "ready", "redirect", "yes", "done"];
const RED: [&str; 8] = ["errored", "unhealthy", "failing", "ejected", "offline", "exited", "dead", "stopped"];

/// A table with its states coloured: good ones green, bad ones red, what will be one of them yellow.
pub(super) fn paint(text: &str) -> String {
    let head = text.lines().next().unwrap_or_default();
    let Some(column) = COLOURED.iter().find_map(|title| head.find(title)) else { return text.to_owned() };
    let mut lines = text.lines();
    let bold = lines.next().map(|head| format!("\x1b[1m{head}\x1b[0m"));
    let rows = lines.map(|line| paint_row(line, head[..column].chars().count()));
    bold.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

fn paint_row(line: &str, column: usize) -> String {
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let (before, rest) = line.split_at(start);
    let end = rest.find([' ', ':', ',']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let colour = match word {
        "" => return line.to_owned(),
        word if GREEN.contains(&word) => 32,
        word if RED.contains(&word) => 31,
        _ => 33,
    };
    format!("{before}\x1b[{colour}m{word}\x1b[0m{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_coloured_where_they_stand_and_nothing_else() {
        let table = "NAME    STATE    HOSTS\nonline  errored  a.test\nönline  live: x  online\n        \nb       waiting  -";
        let expected = "\x1b[1mNAME    STATE    HOSTS\x1b[0m\nonline  \x1b[31merrored\x1b[0m  a.test\n\
                        önline  \x1b[32mlive\x1b[0m: x  online\n        \nb       \x1b[33mwaiting\x1b[0m  -";
        assert_eq!(paint(table), expected);
        assert_eq!(paint("running: 2 of 2 workers online"), "running: 2 of 2 workers online");
        assert_eq!(paint(""), "");
    }
}
