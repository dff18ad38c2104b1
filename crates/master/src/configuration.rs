//! The configuration, and the texts that it was last read from.
//!
//! A program that gets its process back from a newer one must not depend on files that were changed for the newer one
//! meanwhile: it goes on with the texts that it ran with. And a file that is read while somebody writes it says half of
//! what is meant, or nothing: see [`Settling`].

mod look;
mod settling;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use dproxy_config::Loaded;

pub(crate) use look::Look;
pub(crate) use settling::{Progress, Settling};

/// Reads a file.
pub type ReadFile<'r> = dyn Fn(&Path) -> io::Result<String> + 'r;

/// Every file that was read, by path.
pub(crate) type Texts = BTreeMap<PathBuf, String>;

/// How the configuration is read, and what was read last.
pub(crate) struct Configuration<L> {
    load: L,
    texts: RefCell<Texts>,
    /// Where files were looked for the last time, whether or not they were there.
    sought: RefCell<BTreeSet<PathBuf>>,
}

/// Why files that make sense are not obeyed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Doubt {
    /// As an editor leaves it for a moment. Its defaults would take ports and routes away.
    #[error("the file `{path}` is empty; it may be in the midst of being written; for all defaults write a comment or `{{}}` into it")]
    Emptied { path: PathBuf },
    /// Somebody moves it, or will put another one there.
    #[error("the file `{path}` is gone, and there is no other; for all defaults put one there that holds a comment or `{{}}`")]
    Gone { path: PathBuf },
    /// Whoever reads it gets some of the old and some of the new.
    #[error("it changes again and again; it is read when it has come to rest")]
    Restless,
}

impl<L: Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>> Configuration<L> {
    pub(crate) fn new(load: L, texts: Texts) -> Configuration<L> {
        Configuration { load, texts: RefCell::new(texts), sought: RefCell::default() }
    }

    /// Reads the files as they are now. Those of a configuration that makes no sense are forgotten.
    pub(crate) fn read(&self) -> anyhow::Result<Loaded> {
        let (loaded, texts) = self.read_with(&|path| std::fs::read_to_string(path))?;
        self.texts.replace(texts);
        Ok(loaded)
    }

    /// Reads the texts that were read last, whatever the files say now.
    pub(crate) fn read_again(&self) -> anyhow::Result<Loaded> {
        let texts = self.texts.borrow();
        let read = |path: &Path| texts.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
        Ok(self.read_with(&read)?.0)
    }

    /// What the files say now.
    pub(crate) fn look(&self) -> Look {
        Look::at(self.sought.borrow().iter())
    }

    /// Makes sense of what the files said, unless that is hardly what anybody means.
    pub(crate) fn take(&self, look: &Look) -> anyhow::Result<Loaded> {
        // A file that was not looked for before is read as it is.
        let read = |path: &Path| look.read(path).unwrap_or_else(|| std::fs::read_to_string(path));
        let (loaded, texts) = self.read_with(&read)?;
        self.doubts(loaded.config.path.as_deref(), &texts)?;
        self.texts.replace(texts);
        Ok(loaded)
    }

    /// What was read last.
    pub(crate) fn texts(&self) -> Texts {
        self.texts.borrow().clone()
    }

    fn read_with(&self, read: &ReadFile<'_>) -> anyhow::Result<(Loaded, Texts)> {
        let (texts, sought) = (RefCell::new(Texts::new()), RefCell::new(BTreeSet::new()));
        let loaded = (self.load)(&|path| {
            sought.borrow_mut().insert(path.to_owned());
            let text = read(path)?;
            texts.borrow_mut().insert(path.to_owned(), text.clone());
            Ok(text)
        });
        self.sought.replace(sought.into_inner());
        Ok((loaded?, texts.into_inner()))
    }

    /// Whether the file that counts, if there is one, has lost all that it said.
    fn doubts(&self, path: Option<&Path>, texts: &Texts) -> Result<(), Doubt> {
        let before = self.texts.borrow();
        match path {
            Some(path) if texts[path].is_empty() && before.get(path).is_some_and(|text| !text.is_empty()) => {
                Err(Doubt::Emptied { path: path.to_owned() })
            }
            None if !before.is_empty() => Err(Doubt::Gone { path: before.keys().next().cloned().unwrap_or_default() }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
