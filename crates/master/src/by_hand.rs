//! The routes that operators added while everything ran, over a restart of dproxy.
//!
//! A route that is added again is the same one: it keeps its number and lives on for as long as is said now. So whoever
//! serves something can tell of it again and again, and is forgotten some time after it stopped to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use dproxy_config::HandRoute;
use dproxy_control::{Refusal, Selection};
use dproxy_route::Route;
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

/// More than anybody adds by hand, and few enough to be written whole each time.
const MOST: usize = 10_000;

/// The file, and what is in it.
#[derive(Debug)]
pub(crate) struct ByHand {
    path: PathBuf,
    entries: Vec<Entry>,
    /// No number is given twice.
    next: u32,
}

/// A route that was added.
#[derive(Debug)]
struct Entry {
    id: u32,
    route: HandRoute,
    /// In seconds since 1970; none is until it is removed.
    until: Option<u64>,
}

/// What is in the file. The route is as it was written, because what it means is checked when it is read.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Notes {
    next: u32,
    routes: Vec<Note>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    id: u32,
    route: String,
    until: Option<u64>,
}

/// What became of a route that somebody wanted to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It has this number.
    New(u32),
    /// It has been there with this number, and lives on.
    Renewed(u32),
}

impl ByHand {
    /// Reads what was added; what cannot be read is told and left out.
    pub(crate) fn recall(state_directory: &Path) -> ByHand {
        let path = state_directory.join("routes.json");
        let notes = read(&path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                warn!(path = %path.display(), %error, "routes added by hand not read; add them again");
            }
            Notes::default()
        });
        let entries: Vec<Entry> = notes.routes.into_iter().filter_map(Entry::of_note).collect();
        let next = entries.iter().map(|entry| entry.id.saturating_add(1)).chain([notes.next, 1]).max().unwrap_or(1);
        ByHand { path, entries, next }
    }

    /// Every route, for the core.
    pub(crate) fn routes(&self) -> Vec<Route> {
        self.entries.iter().flat_map(|entry| entry.route.routes(entry.id)).collect()
    }

    /// Adds a route at `now`.
    ///
    /// # Errors
    /// When there are too many.
    pub(crate) fn add(&mut self, now: SystemTime, route: HandRoute) -> Result<Added, Refusal> {
        let until = route.lifetime().map(|lifetime| seconds(now + lifetime));
        let there = self.entries.iter().position(|entry| entry.route.is_same_as(&route));
        let added = match there {
            Some(there) => {
                let id = self.entries[there].id;
                self.entries[there] = Entry { id, route, until };
                Added::Renewed(id)
            }
            None if self.entries.len() >= MOST => {
                return Err(Refusal::Busy(format!("there are {MOST} routes by hand, which is the most; remove some, or write a file")));
            }
            None => {
                let id = self.next;
                self.next += 1;
                self.entries.push(Entry { id, route, until });
                Added::New(id)
            }
        };
        self.keep();
        Ok(added)
    }

    /// Removes routes, and tells which.
    ///
    /// # Errors
    /// When there is none of these.
    pub(crate) fn remove(&mut self, selection: &Selection) -> Result<Vec<Route>, Refusal> {
        let gone: Vec<Entry> = self.entries.extract_if(.., |entry| entry.is_in(selection)).collect();
        if gone.is_empty() {
            let number = selection.id.map(|id| format!("the number {id}"));
            let host = selection.host.as_ref().map(|host| format!("host `{host}`"));
            let path = selection.path.as_ref().map(|path| format!("path `{path}`"));
            let which: Vec<String> = number.into_iter().chain(host).chain(path).collect();
            let text = format!("no route by hand has {}; those of containers and of the file are changed there", which.join(" and "));
            return Err(Refusal::NotFound(text));
        }
        self.keep();
        Ok(gone.iter().flat_map(|entry| entry.route.routes(entry.id)).collect())
    }

    /// Forgets what has lived long enough at `now`; whether anything has.
    pub(crate) fn expire(&mut self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let before = self.entries.len();
        self.entries.retain(|entry| {
            let lives = entry.until.is_none_or(|until| until > now);
            if !lives {
                info!(id = entry.id, route = entry.route.text(), "route added by hand has lived long enough");
            }
            lives
        });
        let expired = self.entries.len() < before;
        if expired {
            self.keep();
        }
        expired
    }

    /// For how long a route will live still, if not for ever.
    pub(crate) fn rest(&self, id: u32, now: SystemTime) -> Option<u64> {
        let until = self.entries.iter().find(|entry| entry.id == id)?.until?;
        Some(until.saturating_sub(seconds(now)))
    }

    /// A failure costs nothing but the memory.
    fn keep(&self) {
        let aside = self.path.with_extension("new");
        let notes = Notes { next: self.next, routes: self.entries.iter().map(Entry::note).collect() };
        let text = serde_json::to_string(&notes).unwrap_or_default();
        if let Err(error) = fs::write(&aside, text).and_then(|()| fs::rename(&aside, &self.path)) {
            warn!(path = %self.path.display(), %error, "routes added by hand not kept; they end with dproxy");
        }
    }
}

impl Entry {
    fn of_note(note: Note) -> Option<Entry> {
        match note.route.parse() {
            Ok(route) => Some(Entry { id: note.id, route, until: note.until }),
            Err(error) => {
                warn!(id = note.id, %error, "a route added by hand is left out");
                None
            }
        }
    }

    fn note(&self) -> Note {
        Note { id: self.id, route: self.route.text().to_owned(), until: self.until }
    }

    fn is_in(&self, selection: &Selection) -> bool {
        let Selection { id, host, path } = selection;
        let fits =
            |route: &Route| host.as_ref().is_none_or(|host| route.host == *host) && path.as_ref().is_none_or(|path| route.path == *path);
        id.is_none_or(|id| self.id == id) && self.route.routes(self.id).iter().any(fits)
    }
}

fn read(path: &Path) -> io::Result<Notes> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
}

/// Since 1970, a part of one counted whole: nothing lives shorter than was said.
fn seconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() + u64::from(since.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: SystemTime = UNIX_EPOCH;

    fn route(host: &str, lifetime: &str) -> HandRoute {
        format!("{{host: {host}, backend: '10.0.0.5:80', lifetime: {lifetime}}}").parse().unwrap()
    }

    fn hosts(by_hand: &ByHand) -> String {
        by_hand.routes().iter().map(|route| route.host.to_string()).collect::<Vec<_>>().join(" ")
    }

    fn number(id: u32) -> Selection {
        Selection { id: Some(id), ..Selection::default() }
    }

    fn place(host: &str, path: Option<&str>) -> Selection {
        Selection { id: None, host: Some(host.parse().unwrap()), path: path.map(|path| path.parse().unwrap()) }
    }

    #[test]
    fn what_was_added_is_there_again_and_no_number_is_given_twice() {
        let home = tempfile::tempdir().unwrap();
        let mut by_hand = ByHand::recall(home.path());
        assert_eq!(by_hand.add(NOW, route("a.test", "~")), Ok(Added::New(1)));
        assert_eq!(by_hand.add(NOW, route("b.test", "1m")), Ok(Added::New(2)));
        let mut again = ByHand::recall(home.path());
        assert_eq!((hosts(&again).as_str(), again.rest(1, NOW), again.rest(2, NOW)), ("a.test b.test", None, Some(60)));
        assert_eq!(again.remove(&number(2)).unwrap().len(), 1);
        assert_eq!(ByHand::recall(home.path()).add(NOW, route("b.test", "1m")), Ok(Added::New(3)));
    }

    #[test]
    fn a_route_lives_as_long_as_was_said_and_longer_when_it_is_said_again() {
        let home = tempfile::tempdir().unwrap();
        let mut by_hand = ByHand::recall(home.path());
        let at = |seconds| NOW + Duration::from_secs(seconds);
        by_hand.add(NOW, route("a.test", "10s")).unwrap();
        by_hand.add(NOW, route("b.test", "~")).unwrap();
        assert!(!by_hand.expire(at(9)));
        assert_eq!(by_hand.add(at(9), route("a.test", "10s")), Ok(Added::Renewed(1)));
        assert!(!by_hand.expire(at(18)));
        assert!(by_hand.expire(at(19)));
        assert_eq!((hosts(&by_hand).as_str(), hosts(&ByHand::recall(home.path())).as_str()), ("b.test", "b.test"));
    }

    #[test]
    fn routes_are_removed_by_number_or_by_place_and_a_wrong_one_is_told() {
        let home = tempfile::tempdir().unwrap();
        let mut by_hand = ByHand::recall(home.path());
        for host in ["a.test", "b.test", "c.test"] {
            by_hand.add(NOW, route(host, "~")).unwrap();
        }
        let refused = |refusal: Result<Vec<Route>, Refusal>| refusal.unwrap_err().to_string();
        assert!(refused(by_hand.remove(&number(9))).starts_with("no route by hand has the number 9; "));
        assert!(refused(by_hand.remove(&place("x.test", None))).starts_with("no route by hand has host `x.test`; "));
        assert!(refused(by_hand.remove(&place("a.test", Some("/x")))).starts_with("no route by hand has host `a.test` and path `/x`; "));
        assert_eq!(by_hand.remove(&place("a.test", Some("/"))).unwrap().len(), 1);
        assert_eq!(by_hand.remove(&place("b.test", None)).unwrap().len(), 1);
        assert_eq!(hosts(&by_hand), "c.test");
    }

    #[test]
    fn a_damaged_file_costs_only_what_cannot_be_read() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("routes.json");
        for text in ["", "{", "[]", "{\"next\": 3}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(hosts(&ByHand::recall(home.path())), "", "{text}");
        }
        let good = r#"{"id": 4, "route": "{host: a.test, backend: '10.0.0.5:80'}", "until": null}"#;
        fs::write(&file, format!(r#"{{"next": 1, "routes": [{{"id": 3, "route": "nonsense", "until": null}}, {good}]}}"#)).unwrap();
        let mut by_hand = ByHand::recall(home.path());
        assert_eq!((hosts(&by_hand).as_str(), by_hand.add(NOW, route("b.test", "~"))), ("a.test", Ok(Added::New(5))));
    }
}
