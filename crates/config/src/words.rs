//! What was said, where, and which of it counts.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::settings::{Kind, Reading, SETTINGS, Setting, Variable};

/// The flags of the command line, by [`Setting::flag`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(BTreeMap<&'static str, String>);

/// The environment of the program, read once at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// What the program finds out about itself and the machine; an argument, so that tests can pretend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// The effective user; 0 is root.
    pub user: u32,
    /// How many CPUs this process may use, affinity and cgroup quota counted.
    pub cpus: usize,
    /// The machine's host name.
    pub hostname: String,
}

/// A text somebody gave for a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text.
    pub(crate) text: String,
    /// Who gave it.
    pub(crate) origin: Origin,
}

/// Where a word comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--<name>`.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// A place in the file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from one; zero where there is none, as for a file that cannot be read at all.
        line: usize,
        /// Counted from one.
        column: usize,
        /// `section.key`, where it is about a key.
        key: Option<String>,
    },
}

impl Flags {
    /// Notes what was given for `setting`; a list flag given twice adds to the list.
    pub fn give(&mut self, setting: &Setting, text: &str) {
        let said = self.0.entry(setting.flag).or_default();
        if matches!(setting.kind, Kind::List(_)) && !said.is_empty() {
            said.push(',');
            said.push_str(text);
        } else {
            text.clone_into(said);
        }
    }

    /// Flags from pairs of name and value; a name that no setting has is ignored.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Flags {
        let mut flags = Flags::default();
        for (name, text) in pairs {
            if let Some(setting) = SETTINGS.iter().find(|setting| setting.flag == name) {
                flags.give(setting, text);
            }
        }
        flags
    }

    pub(crate) fn words(&self, setting: &Setting) -> Option<Vec<Word>> {
        let text = self.0.get(setting.flag)?;
        Some(split(setting, text, &Origin::Flag(setting.flag)))
    }
}

impl Environment {
    /// An environment from pairs of name and value.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Environment {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The value of `name`; an empty one counts as not set.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.any_value(name).filter(|text| !text.is_empty())
    }

    /// The value of `name`, also an empty one.
    pub(crate) fn any_value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn words(&self, setting: &Setting) -> Option<Vec<Word>> {
        let (name, text) = setting.environment.iter().find_map(|variable| Some((variable.name, self.read(variable)?)))?;
        Some(split(setting, text, &Origin::Environment(name)))
    }

    fn read(&self, variable: &Variable) -> Option<&str> {
        let text = self.value(variable.name)?;
        match variable.reading {
            Reading::Text => Some(text),
            Reading::OnlyAddress => text.trim().parse::<IpAddr>().is_ok().then_some(text),
            Reading::SetMeansOn => Some("true"),
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Environment {
        Environment(pairs.into_iter().collect())
    }
}

impl Word {
    pub(crate) fn new(text: impl Into<String>, origin: Origin) -> Word {
        Word { text: text.into(), origin }
    }
}

impl Origin {
    pub(crate) fn file(path: &Path, line: usize, column: usize, key: Option<String>) -> Origin {
        Origin::File { path: path.to_owned(), line, column, key }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag `--{name}`"),
            Origin::Environment(name) => write!(f, "environment `{name}`"),
            Origin::File { path, line, column, key } => {
                write!(f, "{}", path.display())?;
                if *line > 0 {
                    write!(f, ":{line}:{column}")?;
                }
                key.as_ref().map_or(Ok(()), |key| write!(f, ": `{key}`"))
            }
        }
    }
}

/// The items of a list, or the one value as it is.
pub(crate) fn split(setting: &Setting, text: &str, origin: &Origin) -> Vec<Word> {
    match setting.kind {
        Kind::One(_) | Kind::Switch => vec![Word::new(text.trim(), origin.clone())],
        Kind::List(_) => {
            let items = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty());
            items.map(|item| Word::new(item, origin.clone())).collect()
        }
    }
}
