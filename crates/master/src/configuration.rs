//! The configuration, and what its files said last.
//!
//! A program that gets its process back from a newer one must not depend on files that were changed for the newer one
//! meanwhile: it goes on with the texts that it ran with. And a file that is read while somebody writes it says half of
//! what is meant, or nothing: see [`Settling`].

mod look;
mod places;
mod settling;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use dproxy_config::Loaded;

pub(crate) use look::Look;
pub(crate) use settling::{Progress, Settling, Wish};
pub(crate) use watch::{Hint, Watch};

use look::Seen;

/// Reads a file.
pub type ReadFile<'r> = dyn Fn(&Path) -> io::Result<String> + 'r;

/// Every file that was read, by path.
pub(crate) type Texts = BTreeMap<PathBuf, String>;

/// How the configuration is read, and what was read last. A large one is read on a thread beside the master's.
pub(crate) struct Configuration<L> {
    load: L,
    /// What counts.
    texts: Mutex<Texts>,
    /// What was made sense of last, or could not be.
    considered: Mutex<Look>,
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
        Configuration { load, texts: Mutex::new(texts), considered: Mutex::default() }
    }

    /// Reads the files as they are now. Those of a configuration that makes no sense are forgotten.
    pub(crate) fn read(&self) -> anyhow::Result<Loaded> {
        let (loaded, texts) = self.consider(Seen::now)?;
        *held(&self.texts) = texts;
        Ok(loaded)
    }

    /// Reads the texts that were read last, whatever the files say now.
    pub(crate) fn read_again(&self) -> anyhow::Result<Loaded> {
        let texts = self.texts();
        Ok(self.consider(|path| Seen::saying(path, texts.get(path).cloned()))?.0)
    }

    /// The last look, which names all files that were looked for, whether or not they were there.
    pub(crate) fn considered(&self) -> MutexGuard<'_, Look> {
        held(&self.considered)
    }

    /// What the files say now.
    pub(crate) fn look(&self) -> Look {
        // Nobody waits for the reading only to see what was considered.
        let paths: Vec<PathBuf> = self.considered().paths().cloned().collect();
        Look::at(paths.iter())
    }

    /// Whether the files say what they said the last time. Then there is no need to ask the same again.
    pub(crate) fn knows(&self, look: &Look) -> bool {
        let mut considered = held(&self.considered);
        let known = considered.says_the_same(look);
        if known {
            // Only touched, or back again.
            considered.clone_from(look);
        }
        known
    }

    /// Makes sense of what the files said, unless that is hardly what anybody means.
    pub(crate) fn take(&self, look: &Look) -> anyhow::Result<Loaded> {
        // A file that was not looked for before is read as it is.
        let (loaded, texts) = self.consider(|path| look.seen(path).cloned().unwrap_or_else(|| Seen::again(path)))?;
        self.doubts(loaded.config.path.as_deref(), &texts)?;
        *held(&self.texts) = texts;
        Ok(loaded)
    }

    /// What was read last and made sense.
    pub(crate) fn texts(&self) -> Texts {
        held(&self.texts).clone()
    }

    fn consider(&self, seen: impl Fn(&Path) -> Seen) -> anyhow::Result<(Loaded, Texts)> {
        let considered = RefCell::new(Look::default());
        let loaded = (self.load)(&|path| {
            let seen = seen(path);
            let text = seen.text();
            considered.borrow_mut().add(path, seen);
            text
        });
        let considered = considered.into_inner();
        let texts = considered.texts();
        *held(&self.considered) = considered;
        Ok((loaded?, texts))
    }

    /// Whether the file that counts, if there is one, has lost all that it said.
    fn doubts(&self, path: Option<&Path>, texts: &Texts) -> Result<(), Doubt> {
        let before = held(&self.texts);
        let said = |texts: &Texts, path| texts.get(path).is_some_and(|text| !text.is_empty());
        match path {
            Some(path) if !said(texts, path) && said(&before, path) => Err(Doubt::Emptied { path: path.to_owned() }),
            Some(_) => Ok(()),
            None => before.keys().next().map_or(Ok(()), |path| Err(Doubt::Gone { path: path.clone() })),
        }
    }
}

/// Whoever panicked while he had it left it whole.
fn held<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
