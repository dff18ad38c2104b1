//! The hosts that containers serve or served, over a restart of dproxy.
//!
//! An engine tells of them, so what is remembered here counts only until it has told anything: a host that was known
//! gets its notice page although dproxy starts before its engine. And since when a container is paused no engine tells.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use dproxy_route::{Notice, Offer, Owner, Route, Service};
use dproxy_source::REMOVED;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

/// For so long a host that is offline is known.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// What a host says that was live when it was seen last.
const UNSEEN: &str = "not seen yet, its Docker engine does not answer";

/// What is known now, and what it was at the start.
#[derive(Debug, Default)]
pub(crate) struct Sites {
    /// By endpoint of the engine.
    remembered: BTreeMap<String, Vec<Site>>,
    newest: BTreeMap<String, Vec<Site>>,
    /// Engines that have told something since.
    told: BTreeSet<String>,
}

/// A host that a container serves or served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Site {
    host: String,
    path: String,
    container_id: String,
    container: String,
    service: String,
    /// Why it is offline; none while it is live.
    reason: Option<String>,
    exit_code: Option<i64>,
    /// Since when, in seconds since 1970.
    since: Option<u64>,
}

/// What is kept of one.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The endpoint of its engine.
    engine: String,
    #[serde(flatten)]
    site: Site,
}

impl Sites {
    /// Takes in what was kept; what cannot be read costs only itself.
    pub(crate) fn recall<'v>(&mut self, notes: impl Iterator<Item = &'v Value>) {
        for note in notes {
            match Note::deserialize(note) {
                Ok(Note { engine, site }) => self.remembered.entry(engine).or_default().push(site),
                Err(error) => warn!(%error, "a remembered host cannot be read; its engine will tell of it"),
            }
        }
        for (engine, sites) in &self.remembered {
            self.newest.entry(engine.clone()).or_insert_with(|| sites.clone());
        }
    }

    /// What is to be kept of each host.
    pub(crate) fn notes(&self) -> BTreeMap<String, Value> {
        let sites = self.newest.iter().flat_map(|(engine, sites)| sites.iter().map(move |site| (engine, site)));
        sites.map(|(engine, site)| (site.key(engine), json!(Note { engine: engine.clone(), site: site.clone() }))).collect()
    }

    /// Takes in what an engine that answers knows, and adds what only we know; whether there is something else to be kept.
    pub(crate) fn learn(&mut self, engine: &str, routes: &mut [Route]) -> bool {
        let remembered = self.remembered.get(engine).map_or(&[][..], Vec::as_slice);
        routes.iter_mut().for_each(|route| complete(route, remembered));
        self.told.insert(engine.to_owned());
        let sites: Vec<Site> = routes.iter().filter_map(Site::of).collect();
        let new = self.newest.get(engine) != Some(&sites);
        if new {
            self.newest.insert(engine.to_owned(), sites);
        }
        new
    }

    /// What is known of an engine that has told nothing yet at `now`; none once it has.
    pub(crate) fn remembered(&self, engine: &str, now: SystemTime) -> Option<Vec<Route>> {
        if self.told.contains(engine) {
            return None;
        }
        let mut routes: Vec<Route> = self.remembered.get(engine)?.iter().filter_map(|site| site.route(now)).collect();
        routes.sort_unstable();
        Some(routes)
    }
}

impl Site {
    fn of(route: &Route) -> Option<Site> {
        let Owner::Container { id, name } = &route.owner else { return None };
        let notice = route.notice();
        // Destroyed is forgotten.
        if notice.is_some_and(|notice| notice.reason == REMOVED) {
            return None;
        }
        Some(Site {
            host: route.host.to_string(),
            path: route.path.to_string(),
            container_id: id.clone(),
            container: name.clone(),
            service: route.service.0.clone(),
            reason: notice.map(|notice| notice.reason.clone()),
            exit_code: notice.and_then(|notice| notice.exit_code),
            since: notice.and_then(|notice| seconds(notice.since?)),
        })
    }

    /// No other one has it.
    fn key(&self, engine: &str) -> String {
        format!("{engine} {} {}{}", self.container_id, self.host, self.path)
    }

    /// Its route while its engine is silent; none if it was offline for too long, or makes no sense.
    fn route(&self, now: SystemTime) -> Option<Route> {
        let since = self.since.map(moment);
        if since.is_some_and(|since| now.duration_since(since).is_ok_and(|age| age >= REMEMBERED)) {
            return None;
        }
        let reason = self.reason.clone().unwrap_or_else(|| UNSEEN.to_owned());
        let notice = Notice { container: Some(self.container.clone()), exit_code: self.exit_code, since, ..Notice::new(reason) };
        Some(Route {
            owner: Owner::Container { id: self.container_id.clone(), name: self.container.clone() },
            service: Service(self.service.clone()),
            ..Route::written(0, self.host.parse().ok()?, self.path.parse().ok()?, Offer::Offline(notice))
        })
    }
}

/// Says since when a route is offline, where that was known before.
fn complete(route: &mut Route, remembered: &[Site]) {
    let Some(seen) = Site::of(route) else { return };
    let Offer::Offline(notice) = &mut route.offer else { return };
    if notice.since.is_none() {
        let same = |site: &&Site| site.container_id == seen.container_id && site.reason == seen.reason;
        notice.since = remembered.iter().find(same).and_then(|site| site.since).map(moment);
    }
}

fn seconds(moment: SystemTime) -> Option<u64> {
    moment.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn moment(seconds: u64) -> SystemTime {
    // Further in the future than any clock goes is as good as now.
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or_else(SystemTime::now)
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Backend, PathPrefix};

    use super::*;

    fn live(host: &str, id: &str) -> Route {
        let owner = Owner::Container { id: id.to_owned(), name: format!("{id}-name") };
        Route { owner, ..Route::fixed(0, host.parse().unwrap(), PathPrefix::root(), Backend::at(([10, 0, 0, 1], 80).into())) }
    }

    fn offline(host: &str, id: &str, reason: &str, since: Option<u64>) -> Route {
        let notice = Notice { since: since.map(moment), ..Notice::new(reason) };
        Route { offer: Offer::Offline(notice), ..live(host, id) }
    }

    fn shown(routes: &[Route]) -> String {
        let since = |notice: &Notice| notice.since.and_then(seconds).map_or_else(String::new, |since| format!(" {since}"));
        let shown = routes.iter().filter_map(|route| route.notice().map(|notice| format!("{} {notice}{}", route.host, since(notice))));
        shown.collect::<Vec<_>>().join("; ")
    }

    /// As they are after a restart.
    fn again(sites: &Sites) -> Sites {
        let mut again = Sites::default();
        again.recall(sites.notes().values());
        again
    }

    #[test]
    fn hosts_are_known_until_their_engine_tells() {
        let now = moment(1_000_000);
        let mut routes = [
            live("a.test", "a"),
            offline("b.test", "b", "stopped", Some(999_000)),
            offline("c.test", "c", "stopped", Some(5)),
            offline("d.test", "d", REMOVED, Some(999_000)),
        ];
        let mut sites = Sites::default();
        assert_eq!(sites.remembered("unix:///x", now), None);
        assert!(sites.learn("unix:///x", &mut routes));
        assert!(!sites.learn("unix:///x", &mut routes));
        let mut sites = again(&sites);
        let known = sites.remembered("unix:///x", now).unwrap();
        assert_eq!(shown(&known), format!("a.test {UNSEEN}; b.test stopped 999000"));
        assert_eq!(sites.remembered("unix:///y", now), None, "another engine");
        sites.learn("unix:///x", &mut []);
        assert_eq!(sites.remembered("unix:///x", now), None);
    }

    #[test]
    fn only_we_know_since_when_a_container_is_paused() {
        let mut sites = Sites::default();
        sites.learn("unix:///x", &mut [offline("a.test", "a", "paused", Some(7))]);
        let check = |mut route: Route, expected: &str| {
            again(&sites).learn("unix:///x", std::slice::from_mut(&mut route));
            assert_eq!(shown(&[route]), expected);
        };
        check(offline("a.test", "a", "paused", None), "a.test paused 7");
        check(offline("a.test", "a", "paused", Some(9)), "a.test paused 9");
        check(offline("a.test", "b", "paused", None), "a.test paused");
        check(offline("a.test", "a", "stopped", None), "a.test stopped");
    }

    #[test]
    fn a_damaged_note_costs_only_itself() {
        let mut good = Sites::default();
        good.learn("unix:///x", &mut [live("a.test", "a")]);
        let mut sites = Sites::default();
        let bad = [json!(null), json!([]), json!({ "engine": "unix:///x" }), json!({ "engine": "unix:///x", "host": 1 })];
        sites.recall(bad.iter().chain(good.notes().values()));
        assert_eq!(sites.remembered("unix:///x", SystemTime::now()).unwrap().len(), 1);
    }

    #[test]
    fn what_is_recalled_late_does_not_take_the_place_of_what_was_told() {
        let mut before = Sites::default();
        before.learn("unix:///x", &mut [live("old.test", "a")]);
        before.learn("unix:///y", &mut [live("other.test", "b")]);
        let mut sites = Sites::default();
        sites.learn("unix:///x", &mut [live("new.test", "a")]);
        sites.recall(before.notes().values());
        let hosts: Vec<String> = sites.notes().into_values().map(|note| note["host"].as_str().unwrap().to_owned()).collect();
        assert_eq!(hosts, ["new.test", "other.test"]);
        assert_eq!(sites.remembered("unix:///x", SystemTime::now()), None);
    }
}
