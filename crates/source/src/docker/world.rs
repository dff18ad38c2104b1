//! All that is known of an engine's containers, and what each piece of news changes.
//!
//! No I/O and no clock: the driver in [`super::watcher`] brings the news and the
//! time. What a container's inspection goes through:
//!
//! ```text
//! Wanted --take_inspections--> Asked --inspected--> Done   (or Failed, until the next list)
//!   ^                            |  spoil: asked again       |
//!   +--- spoil, once it is back -+---------- spoil ----------+
//! ```

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use dproxy_config::Docker;
use dproxy_route::Problem;
use tokio::time::Instant;

use super::engine::About;
use super::facts::{Ending, Facts, Inspected, Signal, State};
use super::lately::Lately;
use super::reach::Place;
use super::routes::{Settings, routes_of};
use super::wire::{Happening, Listing};
use crate::{Link, Update};

/// How long an event is believed against the list: a container that still runs
/// then has not obeyed, or came back without a word.
const BELIEVED: Duration = Duration::from_secs(10);

/// What is known.
pub(super) struct World {
    settings: Docker,
    link: Link,
    about: Option<About>,
    /// By id.
    containers: BTreeMap<String, Known>,
    /// By id; also of containers that no list has shown yet.
    endings: HashMap<String, Told>,
    /// What was wrong with the last list.
    problems: Vec<Problem>,
    lately: Lately,
    /// How long after the last update another one is due, though nothing may happen.
    farewell: Option<Duration>,
}

struct Known {
    listed: Facts,
    inspection: Inspection,
    /// The last answer, kept while a new one is asked for.
    inspected: Option<Inspected>,
    /// Why there was none the last time, in words.
    failure: Option<String>,
}

/// How far the inspection of a container is.
enum Inspection {
    Wanted,
    Asked {
        /// Something happened meanwhile: the answer may be from before it.
        spoilt: bool,
    },
    Done,
    Failed,
}

/// An end that an event told of.
struct Told {
    ending: Ending,
    at: Instant,
    /// When a list that shows it running counts more.
    until: Instant,
}

/// How soon a piece of news matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Routes changed already: publish, then list.
    Now,
    /// A list will tell.
    Soon,
}

impl World {
    pub(super) fn new(settings: Docker) -> World {
        World {
            settings,
            link: Link::Connecting,
            about: None,
            containers: BTreeMap::new(),
            endings: HashMap::new(),
            problems: Vec::new(),
            lately: Lately::default(),
            farewell: None,
        }
    }

    /// A new connection: everything that was inspected may have changed, and
    /// what ended may have been started again unheard.
    pub(super) fn connected(&mut self, about: About, now: Instant) {
        self.about = Some(about);
        for told in self.endings.values_mut() {
            told.until = now;
        }
        for known in self.containers.values_mut() {
            known.inspection = Inspection::Wanted;
        }
    }

    /// The connection is gone; what was known stays. Tells whether that is news.
    pub(super) fn lost(&mut self, error: String) -> bool {
        let lost = Link::Lost { error };
        let news = self.link != lost;
        self.link = lost;
        news
    }

    /// Takes in an event.
    pub(super) fn heard(&mut self, happening: Happening, now: Instant) -> Urgency {
        match happening {
            Happening::Started { id } => {
                self.endings.remove(&id);
                if let Some(inspected) = self.containers.get_mut(&id).and_then(|known| known.inspected.as_mut()) {
                    inspected.pid = None;
                }
                self.spoil(&id);
                Urgency::Soon
            }
            Happening::Signalled { id, signal } => self.signalled(id, signal, now),
            Happening::Died { id, exit_code } => {
                self.spoil(&id);
                self.end(id, Ending::Gone { exit_code }, now)
            }
            Happening::Destroyed { id } => {
                self.endings.remove(&id);
                if self.containers.remove(&id).is_some() { Urgency::Now } else { Urgency::Soon }
            }
            Happening::Changed { id } => {
                self.spoil(&id);
                Urgency::Soon
            }
            Happening::Stirred => Urgency::Soon,
        }
    }

    /// The process `pid` of the container `id` ended: the kernel knows first.
    pub(super) fn process_ended(&mut self, id: &str, pid: i32, now: Instant) -> Urgency {
        let inspected = self.containers.get(id).and_then(|known| known.inspected.as_ref());
        if inspected.and_then(|inspected| inspected.pid) != Some(pid) {
            // It has another one by now.
            return Urgency::Soon;
        }
        self.end(id.to_owned(), Ending::Gone { exit_code: None }, now)
    }

    /// Takes in a list that was asked for at `begun`.
    pub(super) fn listed(&mut self, listing: Listing, begun: Instant) {
        let version = self.about.as_ref().map(|about| about.version.clone()).unwrap_or_default();
        self.link = Link::Connected { version };
        self.problems = listing.problems;
        let mut before = std::mem::take(&mut self.containers);
        for facts in listing.containers {
            let known = match before.remove(&facts.id) {
                Some(known) => known.listed_again(facts),
                None => Known { listed: facts, inspection: Inspection::Wanted, inspected: None, failure: None },
            };
            self.containers.insert(known.listed.id.clone(), known);
        }
        let containers = &self.containers;
        self.endings.retain(|id, told| {
            // A list from before the event knows nothing of it.
            begun <= told.at || (containers.get(id).is_some_and(Known::is_running) && begun < told.until)
        });
    }

    /// At most `room` containers to inspect now; each is handed out once.
    pub(super) fn take_inspections(&mut self, room: usize) -> Vec<String> {
        let wanted = self.containers.values_mut().filter(|known| matches!(known.inspection, Inspection::Wanted));
        wanted
            .take(room)
            .map(|known| {
                known.inspection = Inspection::Asked { spoilt: false };
                known.listed.id.clone()
            })
            .collect()
    }

    /// Takes in what an inspection brought: facts, nothing (it is gone), or why it
    /// failed. The first one of a running container matters at once.
    pub(super) fn inspected(&mut self, id: &str, answer: Result<Option<Inspected>, String>) -> Urgency {
        let Some(known) = self.containers.get_mut(id) else { return Urgency::Soon };
        let urgency = if known.inspected.is_none() && known.is_running() { Urgency::Now } else { Urgency::Soon };
        let spoilt = matches!(known.inspection, Inspection::Asked { spoilt: true });
        known.inspection = match (&answer, spoilt) {
            (_, true) => Inspection::Wanted,
            (Ok(Some(_)), false) => Inspection::Done,
            (Ok(None) | Err(_), false) => Inspection::Failed,
        };
        match answer {
            Ok(Some(mut inspected)) => {
                if spoilt {
                    // It may have another process by now.
                    inspected.pid = None;
                }
                known.inspected = Some(inspected);
                known.failure = None;
            }
            Ok(None) => known.failure = None,
            Err(why) => known.failure = Some(why),
        }
        urgency
    }

    /// Whether a running container has never been inspected, but soon will be.
    pub(super) fn is_waiting(&self) -> bool {
        let mut containers = self.containers.values();
        containers.any(|known| {
            let pending = matches!(known.inspection, Inspection::Wanted | Inspection::Asked { .. });
            pending && known.inspected.is_none() && known.is_running()
        })
    }

    /// When a list should confirm or refute the oldest event that is still believed.
    pub(super) fn doubt(&self) -> Option<Instant> {
        self.endings.values().map(|told| told.until).min()
    }

    /// The containers' processes on this machine, by container id.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&str, i32)> {
        let here = self.about.as_ref().is_some_and(|about| about.place == Place::Here);
        let running = self.containers.iter().filter(move |(_, known)| here && known.is_running());
        running.filter_map(|(id, known)| Some((id.as_str(), known.inspected.as_ref()?.pid?)))
    }

    /// Everything, as others want to know it.
    pub(super) fn update(&mut self, now: SystemTime) -> Update {
        let facts: Vec<Facts> = self.containers.values().map(|known| known.facts(&self.endings)).collect();
        let settings = Settings {
            engine: self.about.as_ref().map_or(Place::Here, |about| about.place),
            published_at: self.settings.address,
            container_addresses: self.settings.container_addresses,
            own_container: self.about.as_ref().and_then(|about| about.own_container.clone()),
            internal_names: self.settings.internal_names,
            unpublished: self.settings.unpublished,
            dialects: self.settings.dialects.clone(),
            assignments: self.settings.assignments.clone(),
            machine: self.about.as_ref().and_then(|about| about.machine.clone()),
            now,
        };
        let mut findings = routes_of(&facts, &settings);
        self.farewell = self.lately.follow(&mut findings.routes, now, self.settings.hold);
        findings.problems.extend(self.problems.iter().cloned());
        findings.problems.sort_unstable();
        Update { routes: findings.routes, problems: findings.problems, containers: findings.containers, link: self.link.clone() }
    }

    /// How long after the last update another one is due, though nothing may happen.
    pub(super) fn farewell(&self) -> Option<Duration> {
        self.farewell
    }

    fn signalled(&mut self, id: String, signal: Signal, now: Instant) -> Urgency {
        let known = self.containers.get(&id);
        let by_custom = known.and_then(|known| known.inspected.as_ref()).map(|inspected| inspected.stop_signal);
        if signal == Signal::KILL {
            return self.end(id, Ending::Gone { exit_code: None }, now);
        }
        if signal != Signal::TERM && Some(signal) != by_custom {
            // A container's own business, like re-reading its configuration.
            return Urgency::Soon;
        }
        match self.endings.get(&id) {
            Some(Told { ending: Ending::Gone { .. }, .. }) => Urgency::Soon,
            Some(Told { ending: Ending::Stopping, .. }) | None => self.end(id, Ending::Stopping, now),
        }
    }

    fn end(&mut self, id: String, ending: Ending, at: Instant) -> Urgency {
        let shows = self.containers.get(&id).is_some_and(Known::is_running);
        self.endings.insert(id, Told { ending, at, until: at + BELIEVED });
        if shows { Urgency::Now } else { Urgency::Soon }
    }

    fn spoil(&mut self, id: &str) {
        let Some(known) = self.containers.get_mut(id) else { return };
        known.inspection = match known.inspection {
            Inspection::Asked { .. } => Inspection::Asked { spoilt: true },
            Inspection::Wanted | Inspection::Done | Inspection::Failed => Inspection::Wanted,
        };
    }
}

impl Known {
    /// The same container in a newer list.
    fn listed_again(mut self, facts: Facts) -> Known {
        let turned = self.listed.state != facts.state;
        self.listed = facts;
        self.inspection = match self.inspection {
            // Its events may have been lost.
            Inspection::Done if turned => Inspection::Wanted,
            Inspection::Failed => Inspection::Wanted,
            other => other,
        };
        self
    }

    fn is_running(&self) -> bool {
        self.listed.state == State::Running
    }

    fn facts(&self, endings: &HashMap<String, Told>) -> Facts {
        let mut facts = self.listed.clone();
        facts.inspected = self.inspected.clone();
        facts.ending = endings.get(&facts.id).map(|told| told.ending);
        facts.oddities.extend(self.failure.clone());
        facts
    }
}

#[cfg(test)]
mod tests;
