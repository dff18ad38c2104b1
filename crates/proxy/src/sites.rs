//! Views of the hosts that are asked for, made when they are.
//!
//! A worker of a hundred thousand routes serves a few hundred of them. What it knows of a host it reads from the
//! [`Directory`] at the first request, and forgets when many others were asked for since. So memory does not grow with
//! the number of routes, and a new snapshot costs next to nothing. A view whose host says the same in the next one stays
//! as it is, with everything that goes on there:
//!
//! ```text
//!           view: asked for                 renewal, view: another atlas, and all is the same
//!   none ─────────────────────► current ◄────────────────────────────────────────────────────── outdated
//!    ▲                             │  └──────────────────── adopt: another atlas ──────────────────► │
//!    ├───── make_room: not asked ──┘                                                                 │
//!    └────── renewal: nobody offers it any more ◄────────────────────────────────────────────────────┘
//! ```

use std::cell::Cell;
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use dproxy_route::{BackendId, Entry, PatternRef, Presence};
use hashbrown::{Equivalent, HashMap};
use siphasher::sip128::{Hasher128 as _, SipHasher13};

use crate::atlas::{Atlas, Charter, Directory};
use crate::common::Common;
use crate::upstream::Pools;
use crate::view::{Edition, Fingerprint, View};

/// What was made of atlases so far.
#[derive(Debug)]
pub(crate) struct Sites {
    /// What counts for every request.
    pub(crate) common: Rc<Common>,
    directory: Box<dyn Directory>,
    /// Counts the atlases.
    atlas: u64,
    /// The clock's time from which on this one counts; none at the start.
    since: Option<u64>,
    /// Where the turns of new views begin.
    offset: u32,
    /// What serves hosts that nobody offers.
    nobody: Rc<View>,
    known: HashMap<Key, Known, foldhash::fast::RandomState>,
    /// All that are known. Who is at the front is forgotten next, unless it was asked for since it was there last.
    order: VecDeque<Key>,
    /// So many at the front of the order are of an earlier atlas, perhaps.
    outdated: usize,
    editions: u64,
}

#[derive(Debug)]
struct Known {
    view: Rc<View>,
    /// The atlas that it was compared with last.
    atlas: u64,
    asked_for: Cell<bool>,
}

/// The first pattern that a host meets. Two hosts with the same key are served by the same routes, and there are no
/// more keys than patterns: strangers cannot make us keep more by asking for names that nobody knows.
#[derive(Clone, Debug)]
enum Key {
    Exact(Rc<str>),
    Below(Rc<str>),
    Any,
}

/// So many views are known at most: about three kilobytes each, so that eight workers need less than 150 MB for them.
const MOST: usize = 6144;
/// Of so many at most it is asked whether they may be forgotten before one is.
const ASKED: usize = 8;

impl Sites {
    pub(crate) fn new(atlas: Atlas, offset: u32) -> Sites {
        let Atlas { charter, directory } = atlas;
        let common = Rc::new(Common::new(charter, directory.passes_through(), offset));
        let nobody = nobody(&common);
        let (known, order) = (HashMap::default(), VecDeque::new());
        Sites { common, directory, atlas: 0, since: None, offset, nobody, known, order, outdated: 0, editions: 0 }
    }

    /// Serves by another atlas, from this moment of the clock on. What is known is renewed when it is asked for, or by
    /// [`Sites::renew_some`].
    pub(crate) fn adopt(&mut self, atlas: Atlas, now: u64) {
        let Atlas { charter, directory } = atlas;
        let passes_through = directory.passes_through();
        if !(charter.is(&self.common.charter) && passes_through == self.common.passes_through) {
            self.common = Rc::new(Common::new(charter, passes_through, self.offset));
            self.nobody = nobody(&self.common);
        }
        self.directory = directory;
        self.atlas += 1;
        self.since = Some(now);
        self.outdated = self.order.len();
    }

    /// What counts for every host.
    pub(crate) fn charter(&self) -> &Charter {
        &self.common.charter
    }

    /// How a backend is there, if it is.
    pub(crate) fn presence(&self, backend: &BackendId) -> Option<Presence> {
        self.directory.presence(backend)
    }

    /// What serves a host that was asked for lately and said in full.
    pub(crate) fn at_hand(&self, host: &str) -> Option<Rc<View>> {
        self.current(PatternRef::Exact(host)).map(Known::ask)
    }

    /// What serves a host that was asked for lately and is written just as it is known, and its name. Nothing of such a name
    /// has to be judged again.
    pub(crate) fn by_name(&self, written: &[u8]) -> Option<(Rc<str>, Rc<View>)> {
        let pattern = PatternRef::Exact(str::from_utf8(written).ok()?);
        match self.known.get_key_value(&pattern)? {
            (Key::Exact(name), known) if known.atlas == self.atlas => Some((Rc::clone(name), known.ask())),
            _ => None,
        }
    }

    /// What serves any host.
    pub(crate) fn view(&mut self, host: &str, pools: &mut Pools) -> Rc<View> {
        let Some(pattern) = self.first_met_by(host) else { return Rc::clone(&self.nobody) };
        if let Some(known) = self.current(pattern) {
            return known.ask();
        }
        match self.known.remove_entry(&pattern) {
            Some((key, before)) => self.renew(key, &before, pools),
            None => self.make(pattern, pools),
        }
        .ask()
    }

    /// Renews a few views that may be outdated, and forgets those that nobody offers any more; whether there are others.
    pub(crate) fn renew_some(&mut self, most: usize, pools: &mut Pools) -> bool {
        for _ in 0..most.min(self.outdated) {
            self.outdated -= 1;
            let Some(key) = self.order.pop_front() else { break };
            if self.current(key.borrowed()).is_none() {
                let Some(before) = self.known.remove(&key.borrowed()).filter(|_| self.is_met_first(key.borrowed())) else { continue };
                self.renew(key.clone(), &before, pools);
            }
            self.order.push_back(key);
        }
        self.outdated > 0
    }

    fn current(&self, pattern: PatternRef<'_>) -> Option<&Known> {
        self.known.get(&pattern).filter(|known| known.atlas == self.atlas)
    }

    fn first_met_by<'h>(&self, host: &'h str) -> Option<PatternRef<'h>> {
        let exact = PatternRef::Exact(host);
        let first = exact.and_wider().find(|pattern| self.directory.lists(*pattern))?;
        // What `www.X` falls back to comes after all others, and so hosts beside it are served by others.
        let falls_back = exact.bare().is_some_and(|bare| self.directory.lists(bare));
        Some(if falls_back { exact } else { first })
    }

    /// Whether some host meets this pattern before all others.
    fn is_met_first(&self, pattern: PatternRef<'_>) -> bool {
        match pattern {
            PatternRef::Exact(host) => self.first_met_by(host) == Some(pattern),
            PatternRef::Below(_) | PatternRef::Any => self.directory.lists(pattern),
        }
    }

    fn entries(&self, pattern: PatternRef<'_>) -> Vec<Entry> {
        pattern.and_wider().filter_map(|pattern| self.directory.entry(pattern)).collect()
    }

    fn fingerprint(&self, pattern: PatternRef<'_>) -> Fingerprint {
        let mut hasher = SipHasher13::new();
        for pattern in pattern.and_wider() {
            self.directory.hash_entry(pattern, &mut hasher);
        }
        Fingerprint(hasher.finish128().as_u128())
    }

    fn make(&mut self, pattern: PatternRef<'_>, pools: &mut Pools) -> &Known {
        self.make_room();
        let key = Key::of(pattern);
        self.order.push_back(key.clone());
        let view = self.view_of(pattern, self.fingerprint(pattern), pools);
        self.keep(key, view, true)
    }

    /// The same view where its host says the same.
    fn renew(&mut self, key: Key, before: &Known, pools: &mut Pools) -> &Known {
        let pattern = key.borrowed();
        let fingerprint = self.fingerprint(pattern);
        let same = before.view.edition.fingerprint == fingerprint;
        let view = match &before.view {
            view if same && Rc::ptr_eq(&view.common, &self.common) => Rc::clone(view),
            view if same => Rc::new(view.under(Rc::clone(&self.common), &self.entries(pattern), pools, self.since)),
            _ => self.view_of(pattern, fingerprint, pools),
        };
        self.keep(key, view, before.asked_for.get())
    }

    fn view_of(&mut self, pattern: PatternRef<'_>, fingerprint: Fingerprint, pools: &mut Pools) -> Rc<View> {
        self.editions += 1;
        let edition = Edition { number: self.editions, fingerprint };
        let (common, entries) = (Rc::clone(&self.common), self.entries(pattern));
        Rc::new(View::new(common, edition, &entries, pools, self.offset, self.since))
    }

    fn keep(&mut self, key: Key, view: Rc<View>, asked_for: bool) -> &Known {
        let known = Known { view, atlas: self.atlas, asked_for: Cell::new(asked_for) };
        self.known.entry(key).insert(known).into_mut()
    }

    /// Forgets one of those that were not asked for lately, if there are too many.
    fn make_room(&mut self) {
        if self.order.len() < MOST {
            return;
        }
        for asked in 1..=ASKED {
            self.outdated = self.outdated.saturating_sub(1);
            let Some(key) = self.order.pop_front() else { return };
            let stays = asked < ASKED && self.known.get(&key.borrowed()).is_some_and(|known| known.asked_for.take());
            if !stays {
                self.known.remove(&key.borrowed());
                return;
            }
            self.order.push_back(key);
        }
    }
}

impl Known {
    fn ask(&self) -> Rc<View> {
        self.asked_for.set(true);
        Rc::clone(&self.view)
    }
}

/// What serves hosts that nobody offers.
fn nobody(common: &Rc<Common>) -> Rc<View> {
    Rc::new(View::new(Rc::clone(common), Edition::default(), &[], &mut Pools::default(), 0, None))
}

impl Key {
    fn of(pattern: PatternRef<'_>) -> Key {
        match pattern {
            PatternRef::Exact(host) => Key::Exact(host.into()),
            PatternRef::Below(parent) => Key::Below(parent.into()),
            PatternRef::Any => Key::Any,
        }
    }

    fn borrowed(&self) -> PatternRef<'_> {
        match self {
            Key::Exact(host) => PatternRef::Exact(host),
            Key::Below(parent) => PatternRef::Below(parent),
            Key::Any => PatternRef::Any,
        }
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Key) -> bool {
        self.borrowed() == other.borrowed()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

/// A look-up needs no key of its own.
impl Equivalent<Key> for PatternRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.borrowed()
    }
}

#[cfg(test)]
mod tests;
