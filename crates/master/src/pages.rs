//! The operator's own notice pages: read by the master, since workers open nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use dproxy_config::{Loaded, PageTemplate};

/// A notice page is a few kilobytes; every snapshot carries all of them.
const MAX_BYTES: u64 = 256 * 1024;
/// What a snapshot carries of pages in all.
const MAX_BYTES_IN_ALL: usize = 1024 * 1024;

/// Why a page, or all of them, are not used; the built-in one stands in.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("cannot read the directory `{path}` of notice pages")]
    Directory {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("cannot read the notice page `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("the notice page `{path}` has more than {MAX_BYTES} bytes")]
    TooLarge { path: PathBuf },
    #[error("the notice page `{path}` is left out: all of them together have more than {MAX_BYTES_IN_ALL} bytes")]
    TooMany { path: PathBuf },
    #[error("the notice page `{path}` is not UTF-8")]
    Encoding { path: PathBuf },
    #[error("`{path}` is for no status that is answered with a page; name it like `error_503.html` or `error_default.html`")]
    Name { path: PathBuf },
}

/// Reads the pages that the configuration names into it, and warns of those that cannot be used.
pub(crate) fn furnish(loaded: &mut Loaded) {
    let Some(directory) = &loaded.config.pages else { return };
    let (pages, problems) = read(directory);
    loaded.config.proxy.pages.templates = pages;
    loaded.warnings.extend(problems.into_iter().map(|problem| format!("{:#}", anyhow::Error::new(problem))));
}

/// The good pages of a directory, sorted, and what is wrong with the others.
fn read(directory: &Path) -> (Vec<PageTemplate>, Vec<PageError>) {
    let (mut pages, mut problems) = (Vec::new(), Vec::new());
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(cause) => return (pages, vec![PageError::Directory { path: directory.to_owned(), cause }]),
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort_unstable();
    let mut room = MAX_BYTES_IN_ALL;
    for path in paths {
        match page(&path, room) {
            Some(Ok(page)) => {
                room -= page.text.len();
                pages.push(page);
            }
            Some(Err(problem)) => problems.push(problem),
            None => {}
        }
    }
    (pages, problems)
}

/// The page in this file; none where its name says that it is something else.
fn page(path: &Path, room: usize) -> Option<Result<PageTemplate, PageError>> {
    let word = path.file_name()?.to_str()?.strip_prefix("error_")?.strip_suffix(".html")?;
    let path = || path.to_owned();
    let status = match word {
        "default" => None,
        digits => match digits.parse() {
            Ok(status @ 400..=599) => Some(status),
            Ok(_) | Err(_) => return Some(Err(PageError::Name { path: path() })),
        },
    };
    let text = match contents(&path()) {
        Ok(text) => text,
        Err(problem) => return Some(Err(problem)),
    };
    if text.len() > room {
        return Some(Err(PageError::TooMany { path: path() }));
    }
    Some(Ok(PageTemplate { status, text }))
}

fn contents(path: &Path) -> Result<String, PageError> {
    let unread = |cause| PageError::Read { path: path.to_owned(), cause };
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(unread)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(PageError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| PageError::Encoding { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_pages_are_read_and_bad_ones_cost_only_themselves() {
        let home = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 7] = [
            ("error_503.html", b"gone"),
            ("error_default.html", b"other"),
            ("error_200.html", b"never"),
            ("error_x.html", b"never"),
            ("error_404.html", b"\xff"),
            ("error_502.html", &[b'a'; 300 * 1024]),
            ("style.css", b"no page"),
        ];
        for (name, contents) in files {
            fs::write(home.path().join(name), contents).unwrap();
        }
        let (pages, problems) = read(home.path());
        let page = |status, text: &str| PageTemplate { status, text: text.to_owned() };
        assert_eq!(pages, [page(Some(503), "gone"), page(None, "other")]);
        let problems: Vec<String> =
            problems.iter().map(|problem| problem.to_string().replace(home.path().to_str().unwrap(), "D")).collect();
        assert_eq!(
            problems,
            [
                "`D/error_200.html` is for no status that is answered with a page; name it like `error_503.html` or `error_default.html`",
                "the notice page `D/error_404.html` is not UTF-8",
                "the notice page `D/error_502.html` has more than 262144 bytes",
                "`D/error_x.html` is for no status that is answered with a page; name it like `error_503.html` or `error_default.html`",
            ]
        );
    }

    #[test]
    fn all_pages_together_are_bounded() {
        let home = tempfile::tempdir().unwrap();
        for status in 500..506 {
            fs::write(home.path().join(format!("error_{status}.html")), vec![b'a'; 200 * 1024]).unwrap();
        }
        let (pages, problems) = read(home.path());
        assert_eq!((pages.len(), problems.len()), (5, 1), "{problems:?}");
    }

    #[test]
    fn a_directory_that_is_not_there_is_told_of() {
        let (pages, problems) = read(Path::new("/nonexistent/pages"));
        assert!(pages.is_empty());
        assert_eq!(problems[0].to_string(), "cannot read the directory `/nonexistent/pages` of notice pages");
    }
}
