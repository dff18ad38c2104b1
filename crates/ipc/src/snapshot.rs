//! All that a worker knows, at one moment, and how it travels.
//!
//! A snapshot is encoded once and laid into a memfd that nobody can change any
//! more; every worker gets the same descriptor. The head of it says what it is:
//!
//! ```text
//! magic (8 bytes) | version (u32) | schema (u64) | length of the body (u64) | body
//! ```
//!
//! The format is positional, so a reader whose types differ in one field would
//! read nonsense. The schema is therefore a hash of an encoded specimen: builds
//! whose types differ refuse each other's snapshots.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

use bincode::config::Configuration;
use dproxy_config::{
    AccessField, AccessFormat, AccessLines, Authority, Certificate, Challenge, ProxySettings, Secret, TicketKey, TlsSettings,
};
use dproxy_route::{
    Backend, BackendId, Entrance, HostPattern, Hsts, Logged, Notice, Offer, Owner, PathPrefix, PickPolicy, Protocol, Redirect,
    RedirectCode, Rewrite, Route, RouteName, Service,
};
use rustix::fs::{SealFlags, fcntl_add_seals, fcntl_get_seals};
use serde::{Deserialize, Serialize};

use zeroize::Zeroizing;

use crate::memfd;

/// Counts snapshots; a higher one is newer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, bincode::SchemaWrite, bincode::SchemaRead,
)]
#[wincode(crate = "::bincode")]
pub struct Generation(pub u64);

/// All routes and settings of one moment. Only whole snapshots travel.
#[derive(Clone, Debug, PartialEq, Eq, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
pub struct Snapshot {
    /// Which one it is.
    pub generation: Generation,
    /// What the workers obey.
    pub settings: ProxySettings,
    /// Every route of every source, sorted.
    pub routes: Vec<Route>,
    /// The numbers of the backends' columns on the board ([`dproxy_stats::Column`]), sorted. A backend without one
    /// is counted by each worker alone.
    pub columns: Vec<(BackendId, u32)>,
    /// The numbers of the routes' accounts ([`dproxy_stats::Account`]), sorted. What a route without one serves is counted
    /// in the totals only.
    pub accounts: Vec<(RouteName, u32)>,
}

/// Why a descriptor holds no snapshot that can be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Somebody could still change it while it is read.
    #[error("the snapshot's memory is not sealed")]
    NotSealed,
    /// It cannot be read.
    #[error("cannot read the snapshot")]
    Read(#[source] io::Error),
    /// It is something else.
    #[error("this is not a snapshot")]
    NotASnapshot,
    /// It is of another build.
    #[error("the snapshot was made by a different build")]
    OtherBuild,
    /// More than [`Snapshot::MAX_BYTES`].
    #[error("a snapshot of {0} bytes is too large")]
    TooLarge(u64),
    /// The body makes no sense.
    #[error("cannot decode the snapshot")]
    Decode(#[source] bincode::ReadError),
}

const MAGIC: [u8; 8] = *b"DPROXYSN";
/// Counts up when the head itself changes.
const VERSION: u32 = 1;
const HEAD: usize = 28;
/// Nothing can be changed any more, not even the seals.
const SEALS: SealFlags = SealFlags::WRITE.union(SealFlags::GROW).union(SealFlags::SHRINK).union(SealFlags::SEAL);

/// Lists may be longer than the codec's 4 MiB; the whole is bounded by [`Snapshot::MAX_BYTES`].
fn codec() -> impl bincode::config::Config {
    const { Configuration::default().with_preallocation_size_limit::<{ 1 << 30 }>() }
}

impl Snapshot {
    /// The largest that is read.
    pub const MAX_BYTES: u64 = 1 << 30;

    /// Lays it into memory that nobody can change any more.
    ///
    /// # Errors
    /// When the kernel has no descriptor or memory left, or the snapshot is too large.
    pub fn seal(&self) -> io::Result<OwnedFd> {
        // There are keys in it.
        let body = Zeroizing::new(bincode::config::serialize(self, codec()).map_err(io::Error::other)?);
        let length = u64::try_from(body.len()).map_err(io::Error::other)?;
        if length > Snapshot::MAX_BYTES {
            return Err(io::Error::other(SnapshotError::TooLarge(length)));
        }
        let mut file = memfd::create("dproxy-snapshot")?;
        file.write_all(&head(length))?;
        file.write_all(&body)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok(file.into())
    }

    /// Reads it back. Several processes may do so at once: the descriptor's position is neither used nor moved.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn open(fd: OwnedFd) -> Result<Snapshot, SnapshotError> {
        if !fcntl_get_seals(&fd).is_ok_and(|seals| seals.contains(SEALS)) {
            return Err(SnapshotError::NotSealed);
        }
        let file = File::from(fd);
        let size = file.metadata().map_err(SnapshotError::Read)?.len();
        let mut found = [0; HEAD];
        file.read_exact_at(&mut found, 0).map_err(|_shorter| SnapshotError::NotASnapshot)?;
        let length = body_length(&found, size)?;
        let mut body = Zeroizing::new(vec![0; length]);
        file.read_exact_at(&mut body, u64::try_from(HEAD).expect("the head is a few bytes")).map_err(SnapshotError::Read)?;
        bincode::config::deserialize_exact(&body, codec()).map_err(SnapshotError::Decode)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn head(length: u64) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..20].copy_from_slice(&SCHEMA.to_le_bytes());
    head[20..].copy_from_slice(&length.to_le_bytes());
    head
}

/// The length of the body, once the head of a file of `size` bytes says that it is ours.
fn body_length(found: &[u8; HEAD], size: u64) -> Result<usize, SnapshotError> {
    if found[..8] != MAGIC {
        return Err(SnapshotError::NotASnapshot);
    }
    let body = size.saturating_sub(u64::try_from(HEAD).expect("the head is a few bytes"));
    if body > Snapshot::MAX_BYTES {
        return Err(SnapshotError::TooLarge(body));
    }
    let expected = head(body);
    if found[8..20] != expected[8..20] {
        return Err(SnapshotError::OtherBuild);
    }
    if found[20..] != expected[20..] {
        return Err(SnapshotError::NotASnapshot);
    }
    usize::try_from(body).map_err(|_| SnapshotError::TooLarge(body))
}

/// Differs between builds whose snapshots look different.
static SCHEMA: LazyLock<u64> = LazyLock::new(|| {
    let encoded = bincode::config::serialize(&specimen(), codec()).expect("a specimen of a few routes has an encoding");
    // FNV-1a: the same in every process, unlike the hashes of collections.
    let version = env!("CARGO_PKG_VERSION").bytes();
    encoded
        .into_iter()
        .chain(version)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
});

/// A snapshot with something of everything.
fn specimen() -> Snapshot {
    let backend = Backend::at(([127, 0, 0, 1], 80).into());
    let live = Route::fixed(1, HostPattern::Any, PathPrefix::root(), backend.clone());
    let path: PathPrefix = "/path".parse().expect("this is a path");
    let container = Route {
        owner: Owner::Container { id: "id".to_owned(), name: "name".to_owned() },
        service: Service("service".to_owned()),
        pick: PickPolicy::default(),
        logged: Some(Logged::Never),
        entrance: Entrance { protocol: Some(Protocol::Https), port: Some(443) },
        rewrite: Rewrite { strip: path.clone(), add: path },
        since: 1,
        offer: Offer::Ports { main: backend.clone(), firm: false, others: vec![backend] },
        ..live.clone()
    };
    let target = "https://{host}".parse().expect("this is a redirect's target");
    let redirect = Route { offer: Offer::Redirect(Redirect { target, code: RedirectCode::default() }), ..live.clone() };
    let id = BackendId::of_container("0123456789ab", 80);
    let then = Some(std::time::UNIX_EPOCH);
    let notice = Notice {
        container: Some("name".to_owned()),
        reason: "gone".to_owned(),
        exit_code: Some(1),
        since: then,
        left: then,
        asleep: vec![id.clone()],
    };
    let offline = Route { offer: Offer::Offline(notice), ..live.clone() };
    let columns = vec![(id, 1)];
    let accounts = vec![(live.name(), 1)];
    let access = AccessLines { format: AccessFormat::Json(AccessField::ALL.to_vec()), logged: Logged::Share(1) };
    let settings = ProxySettings { tls: specimen_of_tls(), access, ..ProxySettings::default() };
    Snapshot { generation: Generation(1), settings, routes: vec![live, container, redirect, offline], columns, accounts }
}

fn specimen_of_tls() -> TlsSettings {
    let key = || Secret::new(vec![1]);
    let certificate = Certificate {
        file: "file".to_owned(),
        names: vec![HostPattern::Any],
        default: true,
        chain: vec![vec![2]],
        key: key(),
        staple: Some(vec![3]),
    };
    TlsSettings {
        ports: vec![443],
        hsts: Hsts::Says("max-age=1".to_owned()),
        certificates: [certificate].into(),
        authorities: [Authority { name: "name".to_owned(), certificates: vec![vec![4]], revoked: vec![vec![5]] }].into(),
        tickets: vec![TicketKey { name: [5; 16], secret: key() }],
        challenges: vec![
            Challenge::Page { token: "token".to_owned(), text: "text".to_owned() },
            Challenge::Handshake { name: "name".to_owned(), certificate: vec![6], key: key() },
        ],
        ..TlsSettings::default()
    }
}

#[cfg(test)]
mod tests;
