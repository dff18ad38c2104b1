//! The hosts that containers serve or served, over a restart of dproxy.
//!
//! An engine tells of them, so what is remembered here counts only until it has told anything: a host that was known
//! gets its notice page although dproxy starts before its engine. And since when a container is paused no engine tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dproxy_route::{Notice, Offer, Owner, Route, Service};
use dproxy_source::REMOVED;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// For so long a host that is offline is known.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// What a host says that was live when it was seen last.
const UNSEEN: &str = "not seen yet, its Docker engine does not answer";

/// What is in the file, and what it was at the start.
#[derive(Debug)]
pub(crate) struct Sites {
    path: PathBuf,
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

impl Sites {
    /// Reads what was remembered; a file that cannot be read costs only the memory.
    pub(crate) fn recall(state_directory: &Path) -> Sites {
        let path = state_directory.join("sites.json");
        let remembered = read(&path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                warn!(path = %path.display(), %error, "remembered hosts not read; engines will tell of them");
            }
            BTreeMap::new()
        });
        Sites { path, newest: remembered.clone(), remembered, told: BTreeSet::new() }
    }

    /// Takes in what an engine that answers knows, and adds what only we know.
    pub(crate) fn learn(&mut self, engine: &str, routes: &mut [Route]) {
        let remembered = self.remembered.get(engine).map_or(&[][..], Vec::as_slice);
        routes.iter_mut().for_each(|route| complete(route, remembered));
        self.told.insert(engine.to_owned());
        let sites: Vec<Site> = routes.iter().filter_map(Site::of).collect();
        if self.newest.get(engine) != Some(&sites) {
            self.newest.insert(engine.to_owned(), sites);
            self.keep();
        }
    }

    /// What is known of an engine that has told nothing yet at `now`; none once it has.
    pub(crate) fn remembered(&self, engine: &str, now: SystemTime) -> Option<Vec<Route>> {
        if self.told.contains(engine) {
            return None;
        }
        Some(self.remembered.get(engine)?.iter().filter_map(|site| site.route(now)).collect())
    }

    /// A failure costs nothing but the memory.
    fn keep(&self) {
        let aside = self.path.with_extension("new");
        let text = serde_json::to_string(&self.newest).unwrap_or_default();
        if let Err(error) = fs::write(&aside, text).and_then(|()| fs::rename(&aside, &self.path)) {
            warn!(path = %self.path.display(), %error, "hosts not remembered");
        }
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

fn read(path: &Path) -> io::Result<BTreeMap<String, Vec<Site>>> {
    Ok(serde_json::from_str(&fs::read_to_string(path)?)?)
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

    #[test]
    fn hosts_are_known_until_their_engine_tells() {
        let home = tempfile::tempdir().unwrap();
        let now = moment(1_000_000);
        let mut routes = [
            live("a.test", "a"),
            offline("b.test", "b", "stopped", Some(999_000)),
            offline("c.test", "c", "stopped", Some(5)),
            offline("d.test", "d", REMOVED, Some(999_000)),
        ];
        let mut sites = Sites::recall(home.path());
        assert_eq!(sites.remembered("unix:///x", now), None);
        sites.learn("unix:///x", &mut routes);
        let mut sites = Sites::recall(home.path());
        let known = sites.remembered("unix:///x", now).unwrap();
        assert_eq!(shown(&known), format!("a.test {UNSEEN}; b.test stopped 999000"));
        assert_eq!(sites.remembered("unix:///y", now), None, "another engine");
        sites.learn("unix:///x", &mut []);
        assert_eq!(sites.remembered("unix:///x", now), None);
    }

    #[test]
    fn only_we_know_since_when_a_container_is_paused() {
        let home = tempfile::tempdir().unwrap();
        Sites::recall(home.path()).learn("unix:///x", &mut [offline("a.test", "a", "paused", Some(7))]);
        let check = |mut route: Route, expected: &str| {
            Sites::recall(home.path()).learn("unix:///x", std::slice::from_mut(&mut route));
            assert_eq!(shown(&[route]), expected);
            Sites::recall(home.path()).learn("unix:///x", &mut [offline("a.test", "a", "paused", Some(7))]);
        };
        check(offline("a.test", "a", "paused", None), "a.test paused 7");
        check(offline("a.test", "a", "paused", Some(9)), "a.test paused 9");
        check(offline("a.test", "b", "paused", None), "a.test paused");
        check(offline("a.test", "a", "stopped", None), "a.test stopped");
    }

    #[test]
    fn a_damaged_file_costs_only_the_memory() {
        for text in ["", "{", "[]", "{\"x\":[{}]}", "\u{0}\u{1}", "{\"unix:///x\":[{\"host\":1}]}"] {
            let home = tempfile::tempdir().unwrap();
            fs::write(home.path().join("sites.json"), text).unwrap();
            let mut sites = Sites::recall(home.path());
            assert_eq!(sites.remembered("unix:///x", SystemTime::now()), None, "{text}");
            sites.learn("unix:///x", &mut [live("a.test", "a")]);
            assert!(Sites::recall(home.path()).remembered("unix:///x", SystemTime::now()).is_some(), "{text}");
        }
    }
}
