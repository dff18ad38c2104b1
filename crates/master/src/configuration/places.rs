//! Where a change of a file shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// More symbolic links the kernel does not follow, either.
const MOST_LINKS: usize = 40;

/// The entries of directories that decide what a path leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// To be watched. A file itself is not: editors put another one in its place.
    pub(super) directories: BTreeSet<PathBuf>,
    /// What matters in them: the file at the end, each symbolic link on the way, or the first part that is missing.
    pub(super) entries: BTreeSet<PathBuf>,
}

impl Places {
    /// All that lead to these files.
    pub(super) fn of<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Places {
        let mut places = Places::default();
        for path in paths {
            places.walk(path);
        }
        places
    }

    fn walk(&mut self, path: &Path) {
        // A working directory that is gone leads nowhere.
        let Ok(path) = std::path::absolute(path) else { return };
        let mut here = PathBuf::from("/");
        let mut ahead = names(&path);
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == Path::new("..") {
                here.pop();
                continue;
            }
            let entry = here.join(&name);
            match fs::read_link(&entry) {
                Ok(target) if links < MOST_LINKS => {
                    links += 1;
                    self.add(&here, entry);
                    if target.is_absolute() {
                        here = PathBuf::from("/");
                    }
                    ahead.extend(names(&target));
                }
                Ok(_) => return,
                Err(_) if entry.is_dir() && !ahead.is_empty() => here = entry,
                Err(_) => return self.add(&here, entry),
            }
        }
    }

    fn add(&mut self, directory: &Path, entry: PathBuf) {
        self.directories.insert(directory.to_owned());
        self.entries.insert(entry);
    }
}

/// The names of a path, the first one last.
fn names(path: &Path) -> Vec<PathBuf> {
    let names = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    names.map(|part| PathBuf::from(part.as_os_str())).rev().collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The directories and entries that matter for `name`, below the directory of the test.
    #[track_caller]
    fn check(home: &Path, name: &str, directories: &[&str], entries: &[&str]) {
        let places = Places::of([home.join(name)].iter());
        let below = |set: &BTreeSet<PathBuf>| -> Vec<String> {
            set.iter().map(|path| path.strip_prefix(home).unwrap().display().to_string()).collect()
        };
        assert_eq!((below(&places.directories), below(&places.entries)), (to_owned(directories), to_owned(entries)), "{name}");
    }

    fn to_owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_link_on_the_way_matters() {
        let home = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(home.path()).unwrap();
        fs::create_dir_all(home.join("etc/..one")).unwrap();
        fs::write(home.join("etc/..one/file"), "").unwrap();
        fs::write(home.join("etc/plain"), "").unwrap();
        // As a mounted ConfigMap.
        symlink("..one", home.join("etc/..data")).unwrap();
        symlink("..data/file", home.join("etc/file")).unwrap();
        symlink(home.join("etc"), home.join("absolute")).unwrap();
        symlink("../etc/plain", home.join("etc/back")).unwrap();
        symlink("round", home.join("round")).unwrap();
        check(&home, "etc/plain", &["etc"], &["etc/plain"]);
        check(&home, "etc/../etc/plain", &["etc"], &["etc/plain"]);
        check(&home, "etc/file", &["etc", "etc/..one"], &["etc/..data", "etc/..one/file", "etc/file"]);
        check(&home, "absolute/plain", &["", "etc"], &["absolute", "etc/plain"]);
        check(&home, "etc/back", &["etc"], &["etc/back", "etc/plain"]);
        check(&home, "etc/none", &["etc"], &["etc/none"]);
        check(&home, "none/of/them", &[""], &["none"]);
        check(&home, "etc", &[""], &["etc"]);
        check(&home, "round", &[""], &["round"]);
    }
}
