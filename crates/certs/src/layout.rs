//! Which files of a directory belong together, by their names.
//!
//! | certificate | key |
//! |---|---|
//! | `NAME.crt`, `.pem`, `.cer`, `.cert` | `NAME.key`, `NAME-key.pem`, `NAME.key.pem`, else in the same file |
//! | `fullchain.pem` or `cert.pem` | `privkey.pem` or `key.pem`, in the same folder |
//! | `fullchain.cer`, and not `NAME.cer` (acme.sh) | `NAME.key`, the only key of the folder |
//! | `NAME.pem.rsa`, `NAME.pem.ecdsa` | in the same file |
//!
//! Beside a certificate its staple may lie: `NAME.ocsp`, `NAME.crt.ocsp` or `NAME.der`; and beside that of an authority
//! what it has revoked: `NAME.crl` or `NAME.pem.crl`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Folders within folders are looked into so deep: enough for `live/NAME` of certbot.
const DEPTH: usize = 2;
/// Folders of certbot that hold what lies in `live`, once more.
const ELSEWHERE: [&str; 6] = ["archive", "accounts", "renewal", "renewal-hooks", "keys", "csr"];
const CERTIFICATES: [&str; 6] = ["crt", "pem", "cer", "cert", "rsa", "ecdsa"];
/// The whole chain as acme.sh calls it, whose key has the name of the host.
const CHAIN_OF_HOST: &str = "fullchain.cer";
/// Parts of others, by their whole name or its end.
const PARTS: [&str; 6] = ["chain.pem", "dhparam.pem", "dhparams.pem", "README", ".chain.pem", ".dhparam.pem"];

/// Files that belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bundle {
    pub(crate) certificate: PathBuf,
    /// None: in the same file, or it needs none.
    pub(crate) key: Option<PathBuf>,
    pub(crate) staple: Option<PathBuf>,
    pub(crate) revoked: Option<PathBuf>,
}

/// What lies in a directory.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    /// Sorted.
    pub(crate) bundles: Vec<Bundle>,
    /// Keys without a certificate.
    pub(crate) lonely: Vec<PathBuf>,
    /// Folders that cannot be read.
    pub(crate) closed: Vec<(PathBuf, io::Error)>,
}

impl Layout {
    /// Looks into `directory` and the folders in it.
    pub(crate) fn of(directory: &Path) -> Layout {
        let mut layout = Layout::default();
        layout.folder(directory, DEPTH);
        layout.bundles.sort_unstable();
        layout
    }

    /// Every file that plays a part.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let bundled = self.bundles.iter().flat_map(|bundle| {
            let others = bundle.key.iter().chain(&bundle.staple).chain(&bundle.revoked).map(PathBuf::as_path);
            std::iter::once(bundle.certificate.as_path()).chain(others)
        });
        bundled.chain(self.lonely.iter().map(PathBuf::as_path))
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries.flatten(),
            Err(error) => return self.closed.push((path.to_owned(), error)),
        };
        let mut files = BTreeMap::new();
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Editors and Kubernetes (`..data`) hide what is not meant to be read.
            if name.starts_with('.') {
                continue;
            }
            let is_folder = fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
            match is_folder {
                true if depth > 0 && !ELSEWHERE.contains(&name.as_str()) => self.folder(&entry.path(), depth - 1),
                true => {}
                false => {
                    files.insert(name, entry.path());
                }
            }
        }
        self.pair(&files);
    }

    /// Finds the bundles among the files of one folder.
    fn pair(&mut self, files: &BTreeMap<String, PathBuf>) {
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        let chain = files.contains_key("fullchain.pem");
        let key_of_chain = files.contains_key(CHAIN_OF_HOST).then(|| only_key(files)).flatten();
        for (name, path) in files {
            let Some((stem, extension)) = name.rsplit_once('.') else { continue };
            let is_part = PARTS.iter().any(|part| name == part || part.starts_with('.') && name.ends_with(part));
            // The whole chain is beside it.
            let is_leaf = extension == "cer" && name != CHAIN_OF_HOST;
            let is_covered = chain && name == "cert.pem" || is_leaf && key_of_chain.is_some_and(|(key, _)| key_names(stem).contains(key));
            if !CERTIFICATES.contains(&extension) || is_part || is_covered || is_key(name) {
                continue;
            }
            let own = key_names(stem).into_iter().find_map(|key| files.get_key_value(&key));
            let key = own.or(key_of_chain.filter(|_| name == CHAIN_OF_HOST));
            taken.extend(key.map(|(name, _)| name.as_str()));
            let staple = staple_names(stem, name).into_iter().find_map(|staple| files.get(&staple));
            let revoked = [format!("{stem}.crl"), format!("{name}.crl")].into_iter().find_map(|revoked| files.get(&revoked));
            let (certificate, key) = (path.clone(), key.map(|(_, path)| path.clone()));
            self.bundles.push(Bundle { certificate, key, staple: staple.cloned(), revoked: revoked.cloned() });
        }
        let lonely = files.iter().filter(|(name, _)| is_key(name) && !taken.contains(name.as_str()));
        self.lonely.extend(lonely.map(|(_, path)| path.clone()));
    }
}

fn is_key(name: &str) -> bool {
    name == "key.pem" || name == "privkey.pem" || [".key", "-key.pem", ".key.pem"].iter().any(|end| name.ends_with(end))
}

/// The key of a folder that has just one.
fn only_key(files: &BTreeMap<String, PathBuf>) -> Option<(&String, &PathBuf)> {
    let mut keys = files.iter().filter(|(name, _)| is_key(name));
    keys.next().filter(|_| keys.next().is_none())
}

fn key_names(stem: &str) -> Vec<String> {
    let own = [format!("{stem}.key"), format!("{stem}-key.pem"), format!("{stem}.key.pem")];
    let shared = ["privkey.pem", "key.pem"].map(str::to_owned);
    let shares = matches!(stem, "fullchain" | "cert");
    own.into_iter().chain(shared.into_iter().filter(|_| shares)).collect()
}

fn staple_names(stem: &str, name: &str) -> [String; 4] {
    [format!("{stem}.ocsp"), format!("{name}.ocsp"), format!("{stem}.der"), format!("{stem}.ocsp.der")]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `certificate key staple`, with `-` for none, of each bundle, and what is revoked if there is such a list; then the keys without one.
    #[track_caller]
    fn check(files: &str, expected: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        for file in files.split_whitespace() {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let layout = Layout::of(directory.path());
        let name = |path: &Path| path.strip_prefix(directory.path()).unwrap().display().to_string();
        let other = |path: &Option<PathBuf>| path.as_deref().map_or("-".to_owned(), name);
        let bundles = layout.bundles.iter().map(|bundle| {
            let revoked = bundle.revoked.as_deref().map(|path| format!(" {}", name(path))).unwrap_or_default();
            format!("{} {} {}{revoked}", name(&bundle.certificate), other(&bundle.key), other(&bundle.staple))
        });
        let lonely = layout.lonely.iter().map(|path| name(path));
        let found: Vec<String> = bundles.chain(lonely).collect();
        assert_eq!(found, expected, "{files}");
    }

    #[test]
    fn files_are_put_together_by_their_names() {
        check("a.crt a.key", &["a.crt a.key -"]);
        check("a.test.crt a.test.key a.test.ocsp", &["a.test.crt a.test.key a.test.ocsp"]);
        check("_.a.test.crt _.a.test.key b.key", &["_.a.test.crt _.a.test.key -", "b.key"]);
        check("a.pem", &["a.pem - -"]);
        check("a.pem a.crl b.crt b.crt.crl c.crl", &["a.pem - - a.crl", "b.crt - - b.crt.crl"]);
        check("a.pem a-key.pem", &["a.pem a-key.pem -"]);
        check("a.pem a.key.pem a.chain.pem a.dhparam.pem", &["a.pem a.key.pem -"]);
        check("a.pem.rsa a.pem.ecdsa", &["a.pem.ecdsa - -", "a.pem.rsa - -"]);
        check("x/cert.pem x/chain.pem x/fullchain.pem x/privkey.pem README", &["x/fullchain.pem x/privkey.pem -"]);
        check(
            "live/x/fullchain.pem live/x/privkey.pem archive/x/fullchain1.pem keys/1.pem",
            &["live/x/fullchain.pem live/x/privkey.pem -"],
        );
        check("a_ecc/a.cer a_ecc/a.key a_ecc/ca.cer a_ecc/fullchain.cer", &["a_ecc/ca.cer - -", "a_ecc/fullchain.cer a_ecc/a.key -"]);
        check("a.cer a.key b.key fullchain.cer", &["a.cer a.key -", "fullchain.cer - -", "b.key"]);
        check("x/cert.pem x/key.pem", &["x/cert.pem x/key.pem -"]);
        check("x/tls.crt x/tls.key x/ca.crt", &["x/ca.crt - -", "x/tls.crt x/tls.key -"]);
        check("a/b/c/x.pem .hidden.pem notes.txt", &[]);
    }

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        assert_eq!(Layout::of(Path::new("/no/such/place")).closed.len(), 1);
    }
}
