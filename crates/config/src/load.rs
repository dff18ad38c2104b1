//! Which file is read, and what it and everybody else say.
//!
//! This room reads nothing itself: the caller brings the reading along, so that
//! the start, `--check`, a reload and a test all walk the same road.

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{Api, Config};
use crate::mistake::Mistakes;
use crate::places::{CONFIG_FILE, CONFIG_PATHS};
use crate::resolve::{Loaded, resolve_what_makes_sense};
use crate::settings::CONFIG;
use crate::shown;
use crate::words::{Environment, Flags, Origin, Surroundings};

/// Reads a whole file as text, like [`std::fs::read_to_string`].
pub type ReadFile<'r> = &'r dyn Fn(&Path) -> io::Result<String>;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file that somebody named is missing, or a file cannot be read.
    #[error("cannot read the configuration file `{path}`{named}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Who named it, in words that follow the path.
        named: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// It was read, and makes no sense.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

/// What the search for the file found.
#[derive(Default)]
struct Found {
    /// Path and text of the file that counts.
    file: Option<(PathBuf, String)>,
    /// One that does not, although it is there.
    ignored: Option<PathBuf>,
}

/// Finds the configuration file, reads it with `read`, and makes sense of everything that was said.
///
/// # Errors
/// A named file that cannot be read, or the mistakes in what was said.
pub fn load(flags: &Flags, environment: &Environment, surroundings: &Surroundings, read: ReadFile<'_>) -> Result<Loaded, LoadError> {
    let found = find(flags, environment, read)?;
    let file = found.file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
    let mut loaded = Config::resolve(flags, environment, surroundings, file)?;
    if let (Some(ignored), Some((used, _))) = (found.ignored, file) {
        loaded.warnings.insert(0, format!("`{}` is ignored because `{}` exists, too", ignored.display(), used.display()));
    }
    Ok(loaded)
}

/// Everything that counts, and where it comes from, as a file that says the same.
///
/// # Errors
/// As [`load`].
pub fn show(flags: &Flags, environment: &Environment, surroundings: &Surroundings, read: ReadFile<'_>) -> Result<String, LoadError> {
    let found = find(flags, environment, read)?;
    let file = found.file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
    Config::resolve(flags, environment, surroundings, file)?;
    Ok(shown::text(flags, environment, file))
}

/// Where the control API of a running master should be.
///
/// A master keeps running when its file gets a mistake, and then it must be possible to ask it; so every
/// mistake counts as not said here.
#[must_use]
pub fn load_api(flags: &Flags, environment: &Environment, surroundings: &Surroundings, read: ReadFile<'_>) -> Api {
    // What cannot be read may still be right about everything else: flags, environment and defaults remain.
    let found = find(flags, environment, read).unwrap_or_default();
    let file = found.file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
    let (loaded, _mistakes) = resolve_what_makes_sense(flags, environment, surroundings, file);
    loaded.config.api
}

fn find(flags: &Flags, environment: &Environment, read: ReadFile<'_>) -> Result<Found, LoadError> {
    let words = flags.words(&CONFIG).or_else(|| environment.words(&CONFIG));
    match words.and_then(|words| words.into_iter().next()) {
        Some(word) => Ok(Found { file: Some(named_file(Path::new(&word.text), &word.origin, read)?), ignored: None }),
        None => default_file(read),
    }
}

fn named_file(path: &Path, origin: &Origin, read: ReadFile<'_>) -> Result<(PathBuf, String), LoadError> {
    let failed = |path: &Path, cause| LoadError::Read { path: path.to_owned(), named: format!(", which {origin} names"), cause };
    match read(path) {
        Ok(text) => Ok((path.to_owned(), text)),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
            let inside = path.join(CONFIG_FILE);
            let text = read(&inside).map_err(|cause| failed(&inside, cause))?;
            Ok((inside, text))
        }
        Err(cause) => Err(failed(path, cause)),
    }
}

/// The first default file that exists.
fn default_file(read: ReadFile<'_>) -> Result<Found, LoadError> {
    let mut found = Found::default();
    for path in CONFIG_PATHS.map(Path::new) {
        match read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound || error.kind() == io::ErrorKind::NotADirectory => {}
            // Readable or not, it is there, and its owner may wonder why nothing happens.
            _ if found.file.is_some() => found.ignored = Some(path.to_owned()),
            Ok(text) => found.file = Some((path.to_owned(), text)),
            Err(cause) => return Err(LoadError::Read { path: path.to_owned(), named: String::new(), cause }),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
