//! What of ACME survives a restart, in files: the account and the certificates of one authority.
//!
//! ```text
//! <state>/acme/<authority>/account.json
//! <state>/acme/<authority>/certificates/<name>.pem     chain and key in one, so that they are never of two minds
//! <state>/acme/<authority>/limits.json                 until when it wants no orders, if it said so
//! ```
//! Each authority has a folder of its own, so that what a staging service made is never taken for the real thing.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};
use dproxy_config::AcmeDirectory;
use dproxy_route::Problem;
use dproxy_store::whole_file;
use zeroize::Zeroizing;

use super::judge::{Ban, Names};
use crate::directory::chain;
use crate::pem::{PemError, Sections};
use crate::vouch::{VouchError, Voucher};

/// The files of one authority.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    home: PathBuf,
}

/// Why something is not kept, or not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ShelfError {
    #[error("`{}` cannot be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`{}` cannot be written; make its directory writable, or choose another `directories.state`", path.display())]
    Write {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error(transparent)]
    Vouch(#[from] VouchError),
}

impl Shelf {
    /// The files of `authority` below `home`.
    pub(super) fn of(home: &Path, authority: &AcmeDirectory) -> Shelf {
        let url = authority.as_str().trim_start_matches("https://");
        let name: String = url.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        Shelf { home: home.join(name) }
    }

    /// What was kept of the account, if anything was.
    pub(super) fn account(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ShelfError> {
        let path = self.account_path();
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(ShelfError::Read { path, cause }),
        }
    }

    pub(super) fn keep_account(&self, account: &[u8]) -> Result<(), ShelfError> {
        write(&self.account_path(), account)
    }

    /// Until when the authority wants no orders of which names, as far as anybody can tell.
    pub(super) fn bans(&self) -> Vec<Ban> {
        // What is lost or spoilt is said again by the authority.
        fs::read(self.bans_path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    pub(super) fn keep_bans(&self, bans: &[Ban]) -> Result<(), ShelfError> {
        let path = self.bans_path();
        let text = serde_json::to_vec_pretty(bans).map_err(|cause| ShelfError::Write { path: path.clone(), cause: cause.into() })?;
        write(&path, &text)
    }

    /// When the certificate for these names was made.
    pub(super) fn kept_at(&self, names: &Names) -> Option<SystemTime> {
        fs::metadata(self.certificate_path(names)).and_then(|file| file.modified()).ok()
    }

    /// Every certificate that can be used, and why others cannot.
    pub(super) fn certificates(&self) -> (Vec<Voucher>, Vec<Problem>) {
        let (mut good, mut problems) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension() != Some(OsStr::new("pem")) {
                continue;
            }
            match fs::read(&path).map_err(|cause| ShelfError::Read { path: path.clone(), cause }) {
                Ok(bytes) => match voucher(&path, &Zeroizing::new(bytes)) {
                    Ok(voucher) => good.push(voucher),
                    Err(error) => problems.push(spoilt(&path, &error)),
                },
                Err(error) => problems.push(spoilt(&path, &error)),
            }
        }
        good.sort_by(|one, other| one.certificate.file.cmp(&other.certificate.file));
        (good, problems)
    }

    /// Keeps a certificate for `names`, as PEM with its key, and reads it.
    pub(super) fn keep_certificate(&self, names: &Names, pem: &[u8]) -> Result<Voucher, ShelfError> {
        let path = self.certificate_path(names);
        let voucher = voucher(&path, pem)?;
        write(&path, pem)?;
        Ok(voucher)
    }

    /// Forgets the certificate for `names`.
    pub(super) fn forget_certificate(&self, names: &Names) -> Result<(), ShelfError> {
        let path = self.certificate_path(names);
        fs::remove_file(&path).map_err(|cause| ShelfError::Write { path, cause })
    }

    fn account_path(&self) -> PathBuf {
        self.home.join("account.json")
    }

    fn bans_path(&self) -> PathBuf {
        self.home.join("limits.json")
    }

    fn folder(&self) -> PathBuf {
        self.home.join("certificates")
    }

    /// Called by its first name, and by all of them where it has several.
    fn certificate_path(&self, names: &Names) -> PathBuf {
        let first = names.iter().next().map(|name| name.to_string().replace('*', "_")).unwrap_or_default();
        let all = names.to_string();
        let more = if names.iter().count() > 1 { format!("+{}", short_hash(&all)) } else { String::new() };
        self.folder().join(format!("{first}{more}.pem"))
    }
}

/// What can be served of the file at `path`, which holds this.
fn voucher(path: &Path, pem: &[u8]) -> Result<Voucher, ShelfError> {
    let file = format!("acme/{}", path.file_name().unwrap_or_default().to_string_lossy());
    Ok(Voucher::new(&file, &file, Sections::read(pem)?, None)?)
}

fn spoilt(path: &Path, error: &ShelfError) -> Problem {
    Problem::new(format!("certificate {}", path.display()), format!("{}; another one is ordered in its place", chain(error)))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ShelfError> {
    let attempt = || {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        whole_file::write(path, bytes, whole_file::PRIVATE)
    };
    attempt().map_err(|cause| ShelfError::Write { path: path.to_owned(), cause })
}

fn short_hash(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use dproxy_route::HostPattern;
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn names(list: &[&str]) -> Names {
        Names::of(list.iter().map(|name| name.parse::<HostPattern>().unwrap())).unwrap()
    }

    fn pem(list: &[&str]) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        format!("{}{}", certificate.pem(), key.serialize_pem()).into_bytes()
    }

    #[test]
    fn what_is_kept_is_there_again_and_nobody_else_can_read_it() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(home.path(), &AcmeDirectory::production());
        assert!(shelf.account().unwrap().is_none());
        shelf.keep_account(b"me").unwrap();
        let all = [&["a.test"][..], &["*.b.test"], &["a.test", "www.a.test"]];
        for list in all {
            shelf.keep_certificate(&names(list), &pem(list)).unwrap();
        }
        let (good, problems) = Shelf::of(home.path(), &AcmeDirectory::production()).certificates();
        assert_eq!(problems, []);
        let found: Vec<String> = good.iter().map(|voucher| Names::of(voucher.certificate.names.clone()).unwrap().to_string()).collect();
        assert_eq!(found, ["*.b.test", "a.test, www.a.test", "a.test"]);
        assert!(good.iter().all(|voucher| voucher.uncovered.is_empty()));
        let folder = home.path().join("acme-v02.api.letsencrypt.org-directory");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("account.json"))), (0o700, 0o600));
        assert_eq!(mode(&folder.join("certificates/_.b.test.pem")), 0o600);
        shelf.forget_certificate(&names(&["a.test"])).unwrap();
        assert_eq!(shelf.certificates().0.len(), 2);
        assert_eq!(Shelf::of(home.path(), &AcmeDirectory::staging()).certificates().0.len(), 0, "another authority");
    }

    #[test]
    fn limits_are_kept_and_a_spoilt_file_is_none() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(home.path(), &AcmeDirectory::production());
        assert_eq!(shelf.bans(), []);
        let bans: Vec<Ban> = serde_json::from_str(r#"[{"names": "a.test", "until": 7, "why": "too many"}]"#).unwrap();
        shelf.keep_bans(&bans).unwrap();
        assert_eq!(shelf.bans(), bans);
        fs::write(shelf.bans_path(), "[{").unwrap();
        assert_eq!(shelf.bans(), []);
    }

    #[test]
    fn a_spoilt_file_costs_only_itself() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(home.path(), &AcmeDirectory::production());
        shelf.keep_certificate(&names(&["a.test"]), &pem(&["a.test"])).unwrap();
        fs::write(shelf.folder().join("b.test.pem"), "nonsense").unwrap();
        let (good, problems) = shelf.certificates();
        assert_eq!((good.len(), problems.len()), (1, 1));
        assert!(problems[0].to_string().contains("b.test.pem: there is no certificate in it; another one is ordered"), "{}", problems[0]);
        assert!(shelf.keep_certificate(&names(&["c.test"]), b"nonsense").is_err());
        assert!(!shelf.certificate_path(&names(&["c.test"])).exists());
    }
}
