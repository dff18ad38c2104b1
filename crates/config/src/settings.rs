//! Every option there is, in one table.
//!
//! Flags, environment names, the keys of the file, defaults and help are
//! written down here and nowhere else: the command line, the resolution of a
//! setting, `etc/docker-proxy.yaml` and the table of the README all come from
//! [`SETTINGS`].

mod acme;
mod balancing;
mod docker;
mod following;
mod limits;
mod logs;
mod table;

pub(crate) use acme::*;
pub(crate) use balancing::*;
pub(crate) use docker::*;
pub(crate) use following::*;
pub(crate) use limits::*;
pub(crate) use logs::*;
pub use table::SETTINGS;
pub(crate) use table::*;

/// One option: every way to say it and what happens when nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its place in the file, as `section.key`; the path of the file itself has none.
    pub key: Option<&'static str>,
    /// Its flag, without the dashes. It is the setting's name in the program, too.
    pub flag: &'static str,
    /// Other spellings of the flag.
    pub flag_aliases: &'static [&'static str],
    /// The environment variables that say it; the first one that is set wins.
    pub environment: &'static [Variable],
    /// What a value looks like.
    pub kind: Kind,
    /// What it is when nobody says anything.
    pub default: DefaultValue,
    /// What it is for, in whole sentences.
    pub help: &'static str,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One value, named like this in the help.
    One(&'static str),
    /// Several values, with commas between them or as a list in the file.
    List(&'static str),
    /// `true` or `false`; the flag alone means `true`.
    Switch,
}

/// What a setting is when nobody says anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// This text, read like any other value.
    Text(&'static str),
    /// It depends on where the program runs; in words.
    Depends(&'static str),
}

/// An environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// How its text is read.
    pub reading: Reading,
}

/// How the text of an environment variable is read. An empty one counts as not set, always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// As it is.
    Text,
    /// Only if it is an IP address: shells use `HOST` for the machine's name.
    OnlyAddress,
    /// Any text means `true`, as Docker reads `DOCKER_TLS_VERIFY`.
    SetMeansOn,
}

impl Setting {
    /// The default as people read it; empty where there is none.
    #[must_use]
    pub fn default_text(&self) -> &'static str {
        match self.default {
            DefaultValue::Text(text) | DefaultValue::Depends(text) => text,
        }
    }

    const fn new(key: &'static str, flag: &'static str, kind: Kind, default: DefaultValue, help: &'static str) -> Setting {
        Setting { key: Some(key), flag, flag_aliases: &[], environment: &[], kind, default, help }
    }

    const fn environment(self, environment: &'static [Variable]) -> Setting {
        Setting { environment, ..self }
    }

    const fn aliases(self, flag_aliases: &'static [&'static str]) -> Setting {
        Setting { flag_aliases, ..self }
    }
}

#[cfg(test)]
mod tests;
