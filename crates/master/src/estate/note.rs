//! What a master writes down for the program that takes its place in the same process.
//!
//! It lies in memory whose descriptor survives the change, as JSON. Both programs may be of any version, so it has two
//! parts: what is kept in any case means the same in all versions; the rest counts only where the version is the
//! reader's own.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::configuration::Texts;

/// Everything. Descriptors are numbers that both programs have open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// See [`VERSION`].
    version: u32,
    /// What is kept across all versions.
    pub(crate) kept: Kept,
    /// A [`Rest`], for who has the same version.
    rest: Value,
}

/// What means the same in every version. Fields may be added, never changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// Every descriptor that was left open, so that nobody keeps one open without knowing.
    pub(crate) descriptors: Vec<RawFd>,
    /// The locked PID file.
    pub(crate) pid_file: Option<Place>,
    /// The API's TCP socket.
    pub(crate) api: Option<RawFd>,
    /// The API's Unix socket.
    pub(crate) control: Option<Place>,
    /// Where clients come in.
    pub(crate) sockets: Vec<SocketNote>,
    /// Sockets of the service manager.
    pub(crate) activated: Vec<RawFd>,
    /// Where this program was started from.
    pub(crate) program: PathBuf,
    /// That very program, whatever is at its path now.
    pub(crate) executable: Option<RawFd>,
}

/// A file that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) descriptor: RawFd,
}

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SocketNote {
    pub(crate) socket: u32,
    pub(crate) address: SocketAddr,
    pub(crate) descriptor: RawFd,
    /// Under which name the service manager keeps a copy.
    pub(crate) name: Option<String>,
}

/// What counts between programs of the same version of this note.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rest {
    /// What upgrade this is, counted from one.
    pub(crate) number: u64,
    /// Pool size, and what the configuration said of it.
    pub(crate) wanted: Option<(String, String)>,
    pub(crate) stopped: bool,
    pub(crate) generation: u64,
    /// How often workers were started, by slot.
    pub(crate) spawned: BTreeMap<u16, u64>,
    /// For how many seconds the master has run.
    pub(crate) uptime_seconds: u64,
    /// The version of the program that wrote this.
    pub(crate) program_version: String,
    /// The page of the dead.
    pub(crate) dead: Option<RawFd>,
    /// Routes added by hand, and the number of the next one: the store may be away.
    pub(crate) by_hand: Vec<Value>,
    pub(crate) next_by_hand: Option<Value>,
    /// The texts of the configuration, for the way back.
    pub(crate) configuration: Texts,
}

/// Counts up when the rest cannot be understood by an older reader, or means something else.
const VERSION: u32 = 1;
/// No note is larger.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a note cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoteError {
    #[error("cannot read what the running program left")]
    Read(#[source] io::Error),
    #[error("what the running program left is no note of dproxy's")]
    Nonsense(#[source] serde_json::Error),
}

impl Note {
    pub(crate) fn new(kept: Kept, rest: &Rest) -> Note {
        Note { version: VERSION, kept, rest: serde_json::to_value(rest).expect("plain values with text as keys have a JSON form") }
    }

    /// The rest, if it is of our version.
    pub(crate) fn rest(&self) -> Option<Rest> {
        (self.version == VERSION).then(|| serde_json::from_value(self.rest.clone()).ok()).flatten()
    }

    /// Lays it into memory that has a descriptor.
    pub(crate) fn write(&self) -> io::Result<OwnedFd> {
        let mut file = File::from(dproxy_ipc::note()?);
        file.write_all(&serde_json::to_vec(self)?)?;
        Ok(file.into())
    }

    /// Reads it; the descriptor's position is neither used nor moved, so another reader may follow.
    pub(crate) fn read(file: &File) -> Result<Note, NoteError> {
        let length = file.metadata().map_err(NoteError::Read)?.len().min(MAX_BYTES);
        let mut bytes = vec![0; usize::try_from(length).map_err(|error| NoteError::Read(io::Error::other(error)))?];
        file.read_exact_at(&mut bytes, 0).map_err(NoteError::Read)?;
        serde_json::from_slice(&bytes).map_err(NoteError::Nonsense)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specimen() -> Note {
        let socket = SocketNote { socket: 3, address: "[::]:80".parse().unwrap(), descriptor: 7, name: Some("x".to_owned()) };
        let kept = Kept { descriptors: vec![7], sockets: vec![socket], program: "/usr/bin/dproxy".into(), ..Kept::default() };
        let rest = Rest { number: 2, spawned: BTreeMap::from([(0, 4)]), wanted: Some(("3".into(), "2".into())), ..Rest::default() };
        Note::new(kept, &rest)
    }

    fn read(text: &str) -> Result<Note, NoteError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Note::read(&file)
    }

    #[test]
    fn a_note_is_read_as_it_was_written_and_more_than_once() {
        let memory = File::from(specimen().write().unwrap());
        for _ in 0..2 {
            let note = Note::read(&memory).unwrap();
            assert_eq!(note, specimen());
            assert_eq!(note.rest().unwrap().number, 2);
        }
    }

    #[test]
    fn of_another_version_only_what_is_kept_in_any_case_counts() {
        let text = serde_json::to_string(&specimen()).unwrap();
        let newer = text.replace("\"version\":1", "\"version\":9").replace("\"number\":2", "\"number\":[\"two\"],\"else\":1");
        let note = read(&newer).unwrap();
        assert_eq!((note.rest(), note.kept.sockets.len()), (None, 1));
        let more = text.replace("\"program\"", "\"brand_new\":{\"a\":1},\"program\"");
        assert_eq!(read(&more).unwrap().kept, specimen().kept, "fields of a newer version are skipped");
        let less = read("{\"version\":1,\"kept\":{},\"rest\":{}}").unwrap();
        assert_eq!((less.kept, less.rest), (Kept::default(), serde_json::json!({})));
    }

    #[test]
    fn nonsense_is_no_note() {
        let whole = serde_json::to_string(&specimen()).unwrap();
        for text in ["", "{", "[]", "null", "{\"version\":\"1\"}", &whole[..whole.len() / 2], "\u{0}\u{1}\u{2}"] {
            assert!(matches!(read(text), Err(NoteError::Nonsense(_))), "{text}");
        }
        let strange = whole.replace("\"descriptor\":7", "\"descriptor\":\"seven\"");
        assert!(read(&strange).is_err());
    }
}
