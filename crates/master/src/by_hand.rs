//! The routes that operators added while everything ran, over a restart of dproxy.
//!
//! A route that is added again is the same one: it keeps its number and lives on for as long as is said now. So whoever
//! serves something can tell of it again and again, and is forgotten some time after it stopped to.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use dproxy_config::HandRoute;
use dproxy_control::{Refusal, Selection};
use dproxy_route::Route;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::{info, warn};

/// More than anybody adds by hand, and few enough to be compared whole each time.
const MOST: usize = 10_000;

/// Every route that was added.
#[derive(Debug)]
pub(crate) struct ByHand {
    /// By number.
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

/// What is kept. The route is as it was written, because what it means is checked when it is read.
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

impl Default for ByHand {
    fn default() -> ByHand {
        ByHand { entries: Vec::new(), next: 1 }
    }
}

impl ByHand {
    /// Takes in what was kept: its routes, and the number that is given next. A route that was added since counts more, and
    /// so does its number: one that is recalled late gets another.
    pub(crate) fn recall<'v>(&mut self, notes: impl Iterator<Item = &'v Value>, next: Option<&Value>) {
        let next = next.and_then(Value::as_u64).and_then(|next| u32::try_from(next).ok());
        let mut recalled: Vec<Entry> = notes.filter_map(Entry::read).collect();
        recalled.sort_by_key(|entry| entry.id);
        let after = |entries: &[Entry]| entries.iter().map(|entry| entry.id.saturating_add(1)).max();
        self.next = [Some(self.next), next, after(&recalled)].into_iter().flatten().max().unwrap_or(1);
        for mut entry in recalled {
            if self.entries.iter().any(|known| known.route.is_same_as(&entry.route)) {
                continue;
            }
            if self.entries.iter().any(|known| known.id == entry.id) {
                entry.id = self.next;
                self.next += 1;
            }
            self.entries.push(entry);
        }
        self.entries.sort_by_key(|entry| entry.id);
    }

    /// What is to be kept of each route, by what was written: another master may have given the same number to another one.
    pub(crate) fn notes(&self) -> BTreeMap<String, Value> {
        self.entries.iter().map(|entry| (entry.route.text().to_owned(), json!(entry.note()))).collect()
    }

    /// The number that is given next.
    pub(crate) fn next(&self) -> Value {
        self.next.into()
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
        self.entries.len() < before
    }

    /// How long each lives still that will not live for ever.
    pub(crate) fn lives(&self, now: SystemTime) -> BTreeMap<u32, u64> {
        self.entries.iter().filter_map(|entry| Some((entry.id, self.rest(entry.id, now)?))).collect()
    }

    /// For how long a route will live still, if not for ever.
    pub(crate) fn rest(&self, id: u32, now: SystemTime) -> Option<u64> {
        let until = self.entries.iter().find(|entry| entry.id == id)?.until?;
        Some(until.saturating_sub(seconds(now)))
    }
}

impl Entry {
    /// What cannot be read is told and left out.
    fn read(note: &Value) -> Option<Entry> {
        let note = match Note::deserialize(note) {
            Ok(note) => note,
            Err(error) => {
                warn!(%error, "a route added by hand cannot be read; add it again");
                return None;
            }
        };
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

    /// As it is after a restart.
    fn again(by_hand: &ByHand) -> ByHand {
        let mut again = ByHand::default();
        again.recall(by_hand.notes().values(), Some(&by_hand.next()));
        again
    }

    #[test]
    fn what_was_added_is_there_again_and_no_number_is_given_twice() {
        let mut by_hand = ByHand::default();
        assert_eq!(by_hand.add(NOW, route("a.test", "~")), Ok(Added::New(1)));
        assert_eq!(by_hand.add(NOW, route("b.test", "1m")), Ok(Added::New(2)));
        let mut again = again(&by_hand);
        assert_eq!((hosts(&again).as_str(), again.rest(1, NOW), again.rest(2, NOW)), ("a.test b.test", None, Some(60)));
        assert_eq!(again.remove(&number(2)).unwrap().len(), 1);
        assert_eq!(self::tests::again(&again).add(NOW, route("b.test", "1m")), Ok(Added::New(3)));
    }

    #[test]
    fn a_route_lives_as_long_as_was_said_and_longer_when_it_is_said_again() {
        let mut by_hand = ByHand::default();
        let at = |seconds| NOW + Duration::from_secs(seconds);
        by_hand.add(NOW, route("a.test", "10s")).unwrap();
        by_hand.add(NOW, route("b.test", "~")).unwrap();
        assert!(!by_hand.expire(at(9)));
        assert_eq!(by_hand.add(at(9), route("a.test", "10s")), Ok(Added::Renewed(1)));
        assert!(!by_hand.expire(at(18)));
        assert!(by_hand.expire(at(19)));
        assert_eq!((hosts(&by_hand).as_str(), hosts(&again(&by_hand)).as_str()), ("b.test", "b.test"));
    }

    #[test]
    fn routes_are_removed_by_number_or_by_place_and_a_wrong_one_is_told() {
        let mut by_hand = ByHand::default();
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
    fn a_damaged_note_costs_only_itself() {
        let note = |id: u32, route: &str| json!({ "id": id, "route": route, "until": null });
        let good = note(4, "{host: a.test, backend: '10.0.0.5:80'}");
        let mut by_hand = ByHand::default();
        by_hand.recall([json!(null), json!({ "id": "x" }), note(9, "nonsense"), good].iter(), Some(&json!("x")));
        assert_eq!((hosts(&by_hand).as_str(), by_hand.add(NOW, route("b.test", "~"))), ("a.test", Ok(Added::New(5))));
    }

    #[test]
    fn what_is_recalled_late_gives_way_to_what_was_added_since() {
        let mut before = ByHand::default();
        for host in ["a.test", "b.test", "c.test"] {
            before.add(NOW, route(host, "~")).unwrap();
        }
        let mut by_hand = ByHand::default();
        by_hand.add(NOW, route("new.test", "~")).unwrap();
        by_hand.add(NOW, route("b.test", "1m")).unwrap();
        by_hand.recall(before.notes().values(), Some(&before.next()));
        assert_eq!(hosts(&by_hand), "new.test b.test c.test a.test");
        assert_eq!((by_hand.rest(1, NOW), by_hand.rest(2, NOW), by_hand.rest(4, NOW)), (None, Some(60), None));
        assert_eq!(by_hand.add(NOW, route("d.test", "~")), Ok(Added::New(5)));
    }
}
