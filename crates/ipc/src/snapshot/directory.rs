//! A sealed snapshot as its readers have it.
//!
//! With a hundred thousand routes a worker serves a few hundred. So it reads none of them at first: all workers map
//! the same memory, and read the routes of a host when somebody asks for it.

use std::fs::File;
use std::hash::Hasher;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;

use dproxy_config::ProxySettings;
use dproxy_route::{BackendId, Entry, PatternRef, Presence};
use memmap2::Mmap;

use super::index::{Index, Span};
use super::roll::Roll;
use super::{Generation, HEAD, LENGTH, MAGIC, Prelude, Snapshot, SnapshotError, codec, head};
use crate::mapped;

/// A snapshot that somebody sealed, of which nothing is read before it is asked for.
#[derive(Debug)]
pub struct Directory {
    bytes: Mmap,
    prelude: Prelude,
    index: Range<usize>,
    roll: Range<usize>,
}

impl Directory {
    /// Maps a sealed snapshot. Several processes may do so at once, and share its memory.
    ///
    /// # Errors
    /// See [`SnapshotError`].
    pub fn open(fd: OwnedFd) -> Result<Directory, SnapshotError> {
        let bytes = mapped::map(&File::from(fd)).map_err(|cause| match cause.kind() {
            io::ErrorKind::PermissionDenied => SnapshotError::NotSealed,
            _ => SnapshotError::Read(cause),
        })?;
        let (length, rest) = body(&bytes)?.split_first_chunk::<LENGTH>().ok_or(SnapshotError::NotASnapshot)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| SnapshotError::NotASnapshot)?;
        let prelude = rest.get(..length).ok_or(SnapshotError::NotASnapshot)?;
        let prelude: Prelude = bincode::config::deserialize_exact(prelude, codec()).map_err(SnapshotError::Decode)?;
        let part_before = |end: usize, length: u64| {
            let begin = usize::try_from(length).ok().and_then(|length| end.checked_sub(length));
            begin.map(|begin| begin..end).ok_or(SnapshotError::NotASnapshot)
        };
        let roll = part_before(bytes.len(), prelude.roll)?;
        let index = part_before(roll.start, prelude.index)?;
        Ok(Directory { prelude, index, roll, bytes })
    }

    /// Which one it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.prelude.generation
    }

    /// What the workers obey.
    #[must_use]
    pub fn settings(&self) -> &ProxySettings {
        &self.prelude.settings
    }

    /// Whether connections for any host go to its backend as they are.
    #[must_use]
    pub fn passes_through(&self) -> bool {
        self.prelude.passes_through
    }

    /// Whether there are routes for this pattern.
    #[must_use]
    pub fn lists(&self, pattern: PatternRef<'_>) -> bool {
        self.index().find(pattern).next().is_some()
    }

    /// All that there is for a pattern; none where nobody offers anything.
    ///
    /// # Errors
    /// When it makes no sense.
    pub fn entry(&self, pattern: PatternRef<'_>) -> Result<Option<Entry>, SnapshotError> {
        for span in self.index().find(pattern) {
            let entry = self.read(span)?;
            if entry.routes.first().is_some_and(|route| route.host.borrowed() == pattern) {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    /// Takes down what there is for a pattern, as it lies here: the same in all snapshots in which that is the same.
    pub fn hash_entry(&self, pattern: PatternRef<'_>, hasher: &mut dyn Hasher) {
        // One of another pattern may be among them, with as many bits of its hash the same: then the sums
        // may differ though nothing else does, and a reader looks in vain.
        for span in self.index().find(pattern) {
            hasher.write(self.bytes_of(span).unwrap_or_default());
        }
    }

    /// How a backend is there, if it is.
    #[must_use]
    pub fn presence(&self, backend: &BackendId) -> Option<Presence> {
        Roll::over(&self.bytes[self.roll.clone()], self.prelude.seed).presence(backend)
    }

    /// All of it.
    pub(super) fn unfold(self) -> Result<Snapshot, SnapshotError> {
        let mut spans: Vec<Span> = self.index().spans().collect();
        // That is the order of their patterns.
        spans.sort_unstable();
        let (mut routes, mut columns, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
        for span in spans {
            let entry = self.read(span)?;
            routes.extend(entry.routes);
            columns.extend(entry.columns);
            accounts.extend(entry.accounts);
        }
        columns.sort_unstable();
        columns.dedup();
        let Prelude { generation, settings, .. } = self.prelude;
        Ok(Snapshot { generation, settings, routes, columns, accounts })
    }

    fn index(&self) -> Index<&[u8]> {
        Index::over(&self.bytes[self.index.clone()], self.prelude.seed)
    }

    fn read(&self, span: Span) -> Result<Entry, SnapshotError> {
        let bytes = self.bytes_of(span).ok_or(SnapshotError::NotASnapshot)?;
        bincode::config::deserialize_exact(bytes, codec()).map_err(SnapshotError::Decode)
    }

    fn bytes_of(&self, span: Span) -> Option<&[u8]> {
        let begin = usize::try_from(span.offset).ok()?;
        self.bytes.get(begin..)?.get(..usize::try_from(span.length).ok()?)
    }
}

/// The body, once the head says that it is ours.
fn body(bytes: &[u8]) -> Result<&[u8], SnapshotError> {
    let (found, body) = bytes.split_first_chunk::<HEAD>().ok_or(SnapshotError::NotASnapshot)?;
    if found[..8] != MAGIC {
        return Err(SnapshotError::NotASnapshot);
    }
    let length = u64::try_from(body.len()).expect("memory has fewer than 2^64 bytes");
    if length > Snapshot::MAX_BYTES {
        return Err(SnapshotError::TooLarge(length));
    }
    let expected = head(length);
    if found[8..20] != expected[8..20] {
        return Err(SnapshotError::OtherBuild);
    }
    if found[20..] != expected[20..] {
        return Err(SnapshotError::NotASnapshot);
    }
    Ok(body)
}
