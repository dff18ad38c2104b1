//! All that a worker knows, at one moment, and how it travels.
//!
//! A snapshot is encoded once and laid into a memfd that nobody can change any
//! more; every worker gets the same descriptor. The head of it says what it is:
//!
//! ```text
//! magic (8 bytes) | version (u32) | schema (u64) | length of the body (u64) | body
//! body: length of the prelude (u64) | prelude | entries | index | roll
//! ```
//!
//! Nobody needs all of it at once: the prelude says what counts for every request, and what there is for a host is an
//! `Entry` of its own, which the index tells the place of. The roll tells which backends there are.
//!
//! The format is positional, so a reader whose types differ in one field would
//! read nonsense. The schema is therefore a hash of an encoded specimen: builds
//! whose types differ refuse each other's snapshots.

mod directory;
mod index;
mod roll;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::sync::LazyLock;

use bincode::config::Configuration;
use dproxy_config::{
    AccessField, AccessFormat, AccessLines, Authority, Certificate, Challenge, ProxySettings, QuicKeys, Secret, TicketKey, TlsSettings,
};
use dproxy_route::{
    Backend, BackendId, Entrance, HostPattern, Hsts, Logged, Notice, Offer, Owner, PathPrefix, PickPolicy, Protocol, Redirect,
    RedirectCode, Rewrite, Route, RouteName, Service, presences,
};
use rustix::fs::fcntl_add_seals;
use serde::{Deserialize, Serialize};

use zeroize::Zeroizing;

pub use self::directory::Directory;
use self::index::{Index, Span};
use self::roll::Roll;
use crate::mapped::SEALS;
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

/// What counts for every request.
#[derive(Debug, bincode::SchemaWrite, bincode::SchemaRead)]
#[wincode(crate = "::bincode")]
struct Prelude {
    generation: Generation,
    settings: ProxySettings,
    /// Whether connections for any host go to its backend as they are.
    passes_through: bool,
    /// Of the hashes in index and roll.
    seed: u64,
    /// Bytes of the index.
    index: u64,
    /// Bytes of the roll.
    roll: u64,
}

/// A file that is written piece by piece: all of it at once would need its size in memory once more.
struct Pieces {
    file: File,
    /// What comes next.
    bytes: Vec<u8>,
    written: u64,
}

/// Where the numbers of backends and routes are found.
struct Numbers<'s> {
    columns: HashMap<&'s BackendId, u32, foldhash::quality::RandomState>,
    accounts: &'s [(RouteName, u32)],
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
const VERSION: u32 = 2;
const HEAD: usize = 28;
/// Bytes in which the length of the prelude is written.
const LENGTH: usize = 8;
/// So much is written at once.
const PIECE: usize = 1 << 20;

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
        let mut pieces = Pieces { file: memfd::create("dproxy-snapshot")?, bytes: Vec::with_capacity(2 * PIECE), written: 0 };
        pieces.bytes.extend(head(0));
        self.write_body(&mut pieces)?;
        pieces.flush()?;
        let length = pieces.written - length_of(&[0; HEAD]);
        if length > Snapshot::MAX_BYTES {
            return Err(io::Error::other(SnapshotError::TooLarge(length)));
        }
        pieces.file.write_all_at(&head(length), 0)?;
        fcntl_add_seals(&pieces.file, SEALS)?;
        Ok(pieces.file.into())
    }

    /// Reads all of it back.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn open(fd: OwnedFd) -> Result<Snapshot, SnapshotError> {
        Directory::open(fd)?.unfold()
    }

    fn write_body(&self, pieces: &mut Pieces) -> io::Result<()> {
        let seed = RandomState::new().hash_one(self.generation.0);
        let mut index = Index::with_room_for(self.hosts().count(), seed);
        let roll = Roll::of(self.hosts().map(presences), seed);
        let prelude = Prelude {
            generation: self.generation,
            settings: self.settings.clone(),
            passes_through: self.routes.iter().any(|route| route.https.passthrough),
            seed,
            index: length_of(index.bytes()),
            roll: length_of(roll.bytes()),
        };
        // There are keys in it.
        let prelude = Zeroizing::new(bincode::config::serialize(&prelude, codec()).map_err(io::Error::other)?);
        pieces.put(&length_of(&prelude).to_le_bytes())?;
        pieces.flush()?;
        pieces.file.write_all(&prelude)?;
        pieces.written += length_of(&prelude);
        let numbers = Numbers::of(self);
        for routes in self.hosts() {
            index.insert(routes[0].host.borrowed(), pieces.entry(routes, &numbers)?);
        }
        pieces.put(index.bytes())?;
        pieces.put(roll.bytes())
    }

    /// The routes of each host pattern.
    fn hosts(&self) -> impl Iterator<Item = &[Route]> {
        self.routes.chunk_by(|one, other| one.host == other.host)
    }
}

impl Pieces {
    /// Writes what is known of one host; where that is.
    fn entry(&mut self, routes: &[Route], numbers: &Numbers<'_>) -> io::Result<Span> {
        let (begin, offset) = (self.bytes.len(), self.written + length_of(&self.bytes));
        let entry = (routes, numbers.columns_of(routes), numbers.accounts_of(&routes[0].host));
        // The same as an `Entry`, whose routes need not be copied for that.
        bincode::config::serialize_into(&mut self.bytes, entry.0, codec())
            .and_then(|()| bincode::config::serialize_into(&mut self.bytes, &entry.1, codec()))
            .and_then(|()| bincode::config::serialize_into(&mut self.bytes, entry.2, codec()))
            .map_err(io::Error::other)?;
        let length = self.bytes.len() - begin;
        self.put(&[])?;
        // One host with 4 GiB of routes is more than a whole snapshot may be.
        Ok(Span { offset, length: u32::try_from(length).map_err(io::Error::other)? })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend(bytes);
        if self.bytes.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.bytes)?;
        self.written += length_of(&self.bytes);
        self.bytes.clear();
        Ok(())
    }
}

impl<'s> Numbers<'s> {
    fn of(snapshot: &'s Snapshot) -> Numbers<'s> {
        Numbers { columns: snapshot.columns.iter().map(|(id, column)| (id, *column)).collect(), accounts: &snapshot.accounts }
    }

    /// Those of the backends of these routes.
    fn columns_of(&self, routes: &[Route]) -> Vec<(BackendId, u32)> {
        let ids = routes.iter().flat_map(Route::backends).map(|backend| &backend.id);
        let mut columns: Vec<(BackendId, u32)> = ids.filter_map(|id| Some((id.clone(), *self.columns.get(id)?))).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Those of the routes of a host, which lie side by side.
    fn accounts_of(&self, host: &HostPattern) -> &'s [(RouteName, u32)] {
        let begin = self.accounts.partition_point(|(name, _)| name.host < *host);
        let rest = &self.accounts[begin..];
        &rest[..rest.partition_point(|(name, _)| name.host == *host)]
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

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).expect("memory has fewer than 2^64 bytes")
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
        asleep: vec![id],
    };
    let offline = Route { offer: Offer::Offline(notice), ..live.clone() };
    let columns = vec![(BackendId::of_address(([127, 0, 0, 1], 80).into()), 1)];
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
        quic: Some(QuicKeys { resets: key(), tokens: key() }),
        challenges: vec![
            Challenge::Page { token: "token".to_owned(), text: "text".to_owned() },
            Challenge::Handshake { name: "name".to_owned(), certificate: vec![6], key: key() },
        ],
        on_demand: vec![HostPattern::Any],
        ..TlsSettings::default()
    }
}

#[cfg(test)]
mod tests;
