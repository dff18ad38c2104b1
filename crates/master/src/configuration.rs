//! The configuration, and the texts that it was last read from.
//!
//! A program that gets its process back from a newer one must not depend on files that were changed for the newer one
//! meanwhile: it goes on with the texts that it ran with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use dproxy_config::Loaded;

/// Reads a file.
pub type ReadFile<'r> = dyn Fn(&Path) -> io::Result<String> + 'r;

/// Every file that was read, by path.
pub(crate) type Texts = BTreeMap<PathBuf, String>;

/// How the configuration is read, and what was read last.
pub(crate) struct Configuration<L> {
    load: L,
    texts: RefCell<Texts>,
}

impl<L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>> Configuration<L> {
    pub(crate) fn new(load: L, texts: Texts) -> Configuration<L> {
        Configuration { load, texts: RefCell::new(texts) }
    }

    /// Reads the files as they are now. Those of a configuration that makes no sense are forgotten.
    pub(crate) fn read(&self) -> anyhow::Result<Loaded> {
        let fresh = RefCell::new(Texts::new());
        let loaded = (self.load)(&|path| {
            let text = std::fs::read_to_string(path)?;
            fresh.borrow_mut().insert(path.to_owned(), text.clone());
            Ok(text)
        })?;
        self.texts.replace(fresh.into_inner());
        Ok(loaded)
    }

    /// Reads the texts that were read last, whatever the files say now.
    pub(crate) fn read_again(&self) -> anyhow::Result<Loaded> {
        let texts = self.texts.borrow();
        (self.load)(&|path| texts.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)))
    }

    /// What was read last.
    pub(crate) fn texts(&self) -> Texts {
        self.texts.borrow().clone()
    }
}

#[cfg(test)]
mod tests {
    use dproxy_config::{Environment, Flags, Surroundings, load};

    use super::*;

    #[test]
    fn what_ran_is_remembered_and_what_makes_no_sense_is_not() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("dproxy.yaml");
        let flags = Flags::from_pairs([("config", path.to_str().unwrap())]);
        let load = |read: &ReadFile<'_>| {
            Ok(load(&flags, &Environment::default(), &Surroundings { user: 0, cpus: 1, hostname: String::new() }, read)?)
        };
        let configuration = Configuration::new(load, Texts::new());
        std::fs::write(&path, "workers: 3\n").unwrap();
        assert_eq!(configuration.read().unwrap().config.workers.get(), 3);
        std::fs::write(&path, "wrkers: 4\n").unwrap();
        assert!(configuration.read().is_err());
        assert_eq!(configuration.read_again().unwrap().config.workers.get(), 3);
        assert_eq!(configuration.texts().len(), 1);
    }
}
