//! A directory with certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use dproxy_config::{Authority, Certificate};
use dproxy_route::{HostPattern, Problem};
use zeroize::Zeroizing;

use crate::layout::{Bundle, Layout};
use crate::pem::{PemError, Sections};
use crate::revoked::{Revoked, RevokedError};
use crate::vouch::{VouchError, Voucher, covers, is_authority};

/// Larger than any certificate or key.
const MOST_BYTES: u64 = 1024 * 1024;
/// A certificate that stays the same grows old all the same.
const JUDGED_AGAIN: Duration = Duration::from_secs(3600);

/// What a problem is about begins so; the name of the file follows.
const SUBJECT: &str = "certificate ";

/// A directory, and what is remembered of it from one reading to the next.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    /// Of the last reading.
    prints: BTreeMap<PathBuf, Print>,
    read_at: SystemTime,
    /// What was good once, by the certificate's file.
    good: BTreeMap<PathBuf, Voucher>,
}

/// What a directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// The best one for a name comes first.
    pub certificates: Arc<[Certificate]>,
    /// Certificates without a key that vouch for others.
    pub authorities: Arc<[Authority]>,
    /// Until when each of the certificates is valid, in their order.
    pub ends: Vec<SystemTime>,
    /// What an operator should mend.
    pub problems: Vec<Problem>,
}

/// By which a file is known to have changed; links are followed.
type Print = Option<(u64, u64, u64, i64, i64)>;

/// Why a file cannot be served.
#[derive(Debug, thiserror::Error)]
enum BundleError {
    #[error("`{file}` cannot be read")]
    Read {
        file: String,
        #[source]
        cause: io::Error,
    },
    /// A pipe or a device could be read for ever.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    #[error("`{0}` is too large for a certificate")]
    TooLarge(String),
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error(transparent)]
    Vouch(#[from] VouchError),
    #[error(transparent)]
    Revoked(#[from] RevokedError),
}

/// What one bundle came to.
enum Use {
    Voucher(Voucher),
    /// Its list of revoked certificates may be overdue.
    Authority(Authority, bool),
}

impl Holdings {
    /// Whether one of the certificates is for this name.
    #[must_use]
    pub fn covers(&self, name: &HostPattern) -> bool {
        self.certificates.iter().any(|certificate| covers(&certificate.names, name))
    }

    /// What should be mended in each file.
    #[must_use]
    pub fn remarks(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut remarks: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for problem in &self.problems {
            if let Some(file) = problem.subject.strip_prefix(SUBJECT) {
                remarks.entry(file).or_default().push(&problem.text);
            }
        }
        remarks
    }
}

impl Directory {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Directory {
        Directory { path, prints: BTreeMap::new(), read_at: SystemTime::UNIX_EPOCH, good: BTreeMap::new() }
    }

    /// Whether reading it would bring something new.
    #[must_use]
    pub fn has_changed(&self, now: SystemTime) -> bool {
        let old = now.duration_since(self.read_at).is_ok_and(|age| age >= JUDGED_AGAIN);
        old || prints(&Layout::of(&self.path)) != self.prints
    }

    /// Reads everything.
    #[must_use]
    pub fn read(&mut self, now: SystemTime) -> Holdings {
        let layout = Layout::of(&self.path);
        self.prints = prints(&layout);
        self.read_at = now;
        let mut authorities = Vec::new();
        let mut problems = BTreeSet::new();
        let there: BTreeSet<&PathBuf> = layout.bundles.iter().map(|bundle| &bundle.certificate).collect();
        self.good.retain(|file, _| there.contains(file));
        for bundle in &layout.bundles {
            let file = self.called(&bundle.certificate);
            match self.bundle(bundle, &file, now) {
                Ok(Use::Voucher(voucher)) => {
                    self.good.insert(bundle.certificate.clone(), voucher);
                }
                Ok(Use::Authority(authority, overdue)) => {
                    if overdue {
                        let text = "its list of revoked certificates should have been renewed; the one that is there counts on";
                        problems.insert(Problem::new(format!("{SUBJECT}{file}"), text));
                    }
                    self.good.remove(&bundle.certificate);
                    authorities.push(authority);
                }
                Err(error) => {
                    let kept = if self.good.contains_key(&bundle.certificate) { "; what it held before is served on" } else { "" };
                    problems.insert(Problem::new(format!("{SUBJECT}{file}"), format!("{}{kept}", chain(&error))));
                }
            }
        }
        for key in &layout.lonely {
            let file = self.called(key);
            problems.insert(Problem::new(format!("{SUBJECT}{file}"), "there is no certificate for this key beside it"));
        }
        for (folder, cause) in &layout.closed {
            problems.insert(Problem::new(format!("certificates in {}", folder.display()), format!("cannot be read: {cause}")));
        }
        problems.extend(self.good.values().flat_map(|voucher| {
            let subject = format!("{SUBJECT}{}", voucher.certificate.file);
            voucher.remarks(now).into_iter().map(move |text| Problem::new(subject.clone(), text))
        }));
        let ranked = self.ranked(now);
        Holdings {
            certificates: ranked.iter().map(|voucher| voucher.certificate.clone()).collect(),
            authorities: authorities.into(),
            ends: ranked.iter().map(|voucher| voucher.ends).collect(),
            problems: problems.into_iter().collect(),
        }
    }

    /// Valid ones first, and of these the one that lasts longest.
    fn ranked(&self, now: SystemTime) -> Vec<&Voucher> {
        let mut vouchers: Vec<&Voucher> = self.good.values().collect();
        vouchers.sort_by(|one, other| {
            let rank = |voucher: &Voucher| (voucher.is_valid(now), voucher.ends);
            rank(other).cmp(&rank(one)).then_with(|| one.certificate.file.cmp(&other.certificate.file))
        });
        vouchers
    }

    fn bundle(&self, bundle: &Bundle, file: &str, now: SystemTime) -> Result<Use, BundleError> {
        let mut sections = Sections::read(&self.bytes(&bundle.certificate)?)?;
        let key_file = bundle.key.as_deref().map_or_else(|| file.to_owned(), |key| self.called(key));
        if let Some(key) = &bundle.key {
            sections.keys = Sections::read(&self.bytes(key)?)?.keys;
        }
        if sections.keys.is_empty() && bundle.key.is_none() && sections.certificates.iter().any(|der| is_authority(der)) {
            let revoked = match &bundle.revoked {
                Some(path) => Revoked::read(&self.bytes(path)?, &self.called(path), &sections.certificates)?,
                None => Revoked::default(),
            };
            let overdue = revoked.is_overdue(now);
            return Ok(Use::Authority(
                Authority { name: file.to_owned(), certificates: sections.certificates, revoked: revoked.lists },
                overdue,
            ));
        }
        let staple = bundle.staple.as_ref().map(|staple| self.bytes(staple)).transpose()?.map(|bytes| bytes.to_vec());
        Ok(Use::Voucher(Voucher::new(file, &key_file, sections, staple)?))
    }

    fn bytes(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, BundleError> {
        let failed = |cause| BundleError::Read { file: self.called(path), cause };
        let found = fs::metadata(path).map_err(failed)?;
        if !found.is_file() {
            return Err(BundleError::NotAFile(self.called(path)));
        }
        if found.len() > MOST_BYTES {
            return Err(BundleError::TooLarge(self.called(path)));
        }
        fs::read(path).map(Zeroizing::new).map_err(failed)
    }

    /// How people call a file: by its way from the directory.
    fn called(&self, path: &Path) -> String {
        path.strip_prefix(&self.path).unwrap_or(path).display().to_string()
    }
}

fn prints(layout: &Layout) -> BTreeMap<PathBuf, Print> {
    let print = |path: &Path| {
        let found = fs::metadata(path).ok()?;
        Some((found.dev(), found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    };
    layout.files().map(|path| (path.to_owned(), print(path))).collect()
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
