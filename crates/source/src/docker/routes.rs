//! Containers in, routes out: the judgement of this room, without I/O.

use std::time::{Duration, SystemTime};

use dproxy_config::{Assignment, Dialect};
use dproxy_route::{BackendId, Condition, Notice, Offer, Owner, PickPolicy, Problem, Route, Service};

use super::backends::{PORT_LABEL, backends_of};
use super::dialects::{Translation, translated};
use super::facts::{Ending, Facts, State};
use super::labels::misspelled;
use super::names::{HOST_LABEL, Names, names_of};
use super::reach::{Place, Reach};
use super::rules::{Rules, rules_of};
use super::tuning::logged_of;
use crate::{Container, Reason};

/// How long a stopped container's hosts get a notice instead of a plain 404.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
/// As the engine shows ids; less might be the beginning of several.
const SHORT_ID: usize = 12;
/// The labels by which compose names what replicas have in common.
pub(super) const COMPOSE_PROJECT: &str = "com.docker.compose.project";
pub(super) const COMPOSE_SERVICE: &str = "com.docker.compose.service";

/// What, besides the containers, decides the routes.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) engine: Place,
    /// Where published ports are reachable, where the operator said so.
    pub(super) published_at: Option<std::net::IpAddr>,
    /// Whether containers are dialled at their own addresses, where the operator said so.
    pub(super) container_addresses: Option<bool>,
    /// Whether every container also answers to `<name>.internal`.
    pub(super) internal_names: bool,
    /// Whether ports that are not published are reached at the container's own address.
    pub(super) unpublished: bool,
    /// The other proxies whose words are understood.
    pub(super) dialects: Vec<Dialect>,
    /// The host names that the file gives to containers.
    pub(super) assignments: Vec<Assignment>,
    /// The id of the container that we are in ourselves.
    pub(super) own_container: Option<String>,
    /// The hostname of the engine's machine.
    pub(super) machine: Option<String>,
    pub(super) now: SystemTime,
}

/// What the containers come to. The same containers give equal findings, in
/// whatever order an engine lists them and their ports.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Sorted, each once.
    pub(super) routes: Vec<Route>,
    /// Sorted, each once.
    pub(super) problems: Vec<Problem>,
    /// Sorted by name.
    pub(super) containers: Vec<Container>,
}

/// The routes that `containers` offer.
pub(super) fn routes_of(containers: &[Facts], settings: &Settings) -> Findings {
    let reach = Reach {
        engine: settings.engine,
        published_at: settings.published_at,
        container_addresses: settings.container_addresses,
        unpublished: settings.unpublished,
        own_container: settings.own_container.as_deref(),
        containers,
    };
    let mut findings = Findings::default();
    for facts in containers {
        findings.add(facts, settings, &reach);
    }
    findings.routes.sort_unstable();
    findings.routes.dedup();
    findings.problems.sort_unstable();
    findings.problems.dedup();
    findings.containers.sort_unstable_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    findings
}

/// How a container stands towards requests.
enum Standing {
    /// It can take them.
    Live,
    /// It is known, but cannot.
    Offline(Notice),
    /// Nobody should know it.
    Absent,
}

impl Findings {
    fn add(&mut self, facts: &Facts, settings: &Settings, reach: &Reach<'_>) {
        let mut container = Container {
            id: facts.id.clone(),
            name: facts.name.clone(),
            image: facts.image.clone(),
            state: facts.state.as_str().to_owned(),
            ..Container::default()
        };
        match translated(facts, reach.containers, &settings.dialects) {
            None => {
                let names = names_of(facts, settings.machine.as_deref(), settings.internal_names);
                self.judge(facts, names, settings.now, reach, &mut container);
            }
            Some(translation) => self.judge_translated(facts, &translation, settings, reach, &mut container),
        }
        for assignment in settings.assignments.iter().filter(|assignment| is_about(assignment, facts)) {
            let ours = assigned(facts, assignment);
            let names = names_of(&ours, settings.machine.as_deref(), false);
            self.judge(&ours, names, settings.now, reach, &mut container);
            container.reasons = each_once(std::mem::take(&mut container.reasons));
            container.backends = each_once(std::mem::take(&mut container.backends));
        }
        let misspelled = misspelled(facts);
        container.reasons.extend(hindrances("label", &misspelled));
        self.report(facts, misspelled);
        container.reasons.extend(facts.oddities.iter().map(|oddity| Reason::hindrance("engine", oddity.clone())));
        self.report(facts, facts.oddities.iter().cloned());
        container.hosts.sort_unstable();
        container.hosts.dedup();
        self.containers.push(container);
    }

    fn judge(&mut self, facts: &Facts, names: Names, now: SystemTime, reach: &Reach<'_>, container: &mut Container) {
        container.hosts.extend(names.hosts.iter().map(ToString::to_string));
        match (standing(facts, now), rules_of(facts)) {
            (Standing::Live, Ok(rules)) => self.live(facts, names, &rules, reach, container),
            (Standing::Live, Err(problems)) => {
                container.reasons.push(standing_in_words(facts));
                container.reasons.extend(names.reasons);
                container.reasons.extend(hindrances("host", &names.problems).chain(hindrances("label", &problems)));
                self.report(facts, names.problems.into_iter().chain(problems));
            }
            (Standing::Offline(mut notice), rules) => {
                if facts.state == State::Paused {
                    notice.asleep = sleepers(facts, reach);
                }
                let remedy = if facts.state == State::Paused { "unpause" } else { "start" };
                container.reasons.push(Reason::hindrance("state", format!("{notice}; {remedy} it and it is served again")));
                container.reasons.extend(names.reasons.iter().cloned());
                match rules {
                    Ok(rules) => self.offer(facts, &names, &rules, &PickPolicy::default(), &Offer::Offline(notice)),
                    Err(problems) => container.reasons.extend(hindrances("label", &problems)),
                }
            }
            (Standing::Absent, _) => {
                let state = facts.state.as_str();
                container.reasons.push(Reason::hindrance("state", format!("{state}, and did not run lately; start it to serve it")));
                container.reasons.extend(names.reasons);
            }
        }
    }

    /// A container that was written for another proxy: each of its sites is judged as if it were written for us.
    fn judge_translated(
        &mut self,
        facts: &Facts,
        translation: &Translation,
        settings: &Settings,
        reach: &Reach<'_>,
        container: &mut Container,
    ) {
        container.reasons.push(Reason::note("dialect", format!("it is written for {}", translation.dialect.as_str())));
        container.reasons.extend(hindrances("dialect", &translation.problems));
        self.report(facts, translation.problems.iter().cloned());
        for site in &translation.sites {
            let ours = site.in_ours(facts);
            let names = names_of(&ours, settings.machine.as_deref(), false);
            match &site.refusal {
                None => self.judge(&ours, names, settings.now, reach, container),
                Some(why) => self.refuse(&ours, &names, why, settings.now, container),
            }
        }
        if settings.internal_names && translation.is_open() {
            let ours = translation.sites.first().map_or_else(|| facts.clone(), |site| site.without_rules(facts));
            self.judge(&ours, Names::internal(&ours), settings.now, reach, container);
        }
        container.reasons = each_once(std::mem::take(&mut container.reasons));
        container.backends = each_once(std::mem::take(&mut container.backends));
    }

    /// Answers for the hosts of a container with the reason why nobody may come in.
    fn refuse(&mut self, facts: &Facts, names: &Names, why: &str, now: SystemTime, container: &mut Container) {
        container.hosts.extend(names.hosts.iter().map(ToString::to_string));
        container.reasons.extend(hindrances("dialect", &[why.to_owned()]));
        self.report(facts, [why.to_owned()]);
        if let (Standing::Live | Standing::Offline(_), Ok(rules)) = (standing(facts, now), rules_of(facts)) {
            self.offer(facts, names, &rules, &PickPolicy::default(), &Offer::Offline(Notice::new(why)));
        }
    }

    /// Adds what a running container offers, and says why.
    fn live(&mut self, facts: &Facts, mut names: Names, rules: &Rules, reach: &Reach<'_>, container: &mut Container) {
        let reasons = &mut container.reasons;
        reasons.push(standing_in_words(facts));
        reasons.append(&mut names.reasons);
        reasons.extend(hindrances("host", &names.problems));
        reasons.extend(rules.in_words().map(|words| Reason::note("label", words)));
        self.report(facts, names.problems.drain(..));
        if let Some(redirect) = &rules.redirect {
            return self.offer(facts, &names, rules, &PickPolicy::default(), &Offer::Redirect(redirect.clone()));
        }
        let backends = backends_of(facts, reach);
        container.own_address = backends.own;
        let reasons = &mut container.reasons;
        reasons.extend(backends.reasons);
        reasons.extend(hindrances("port", &backends.problems));
        reasons.extend(hindrances("port", backends.absence.as_slice()));
        self.report(facts, backends.problems);
        if names.asked_for {
            self.report(facts, backends.absence.map(|why| format!("no request can reach it: {why}")));
        }
        let Some((main, firm, others)) = backends.ports else { return };
        let shown = std::iter::once(&main).chain(&others).map(|backend| format!("{} {}", backend.port, backend.address));
        container.backends.extend(shown);
        self.offer(facts, &names, rules, &backends.pick, &Offer::Ports { main, firm, others });
    }

    fn offer(&mut self, facts: &Facts, names: &Names, rules: &Rules, pick: &PickPolicy, offer: &Offer) {
        self.routes.extend(names.hosts.iter().map(|host| Route {
            host: host.clone(),
            path: rules.path.clone(),
            entrance: rules.entrance,
            owner: Owner::Container { id: facts.id.clone(), name: facts.name.clone() },
            service: service_of(facts),
            pick: pick.clone(),
            rewrite: rules.rewrite.clone(),
            https: rules.https.clone(),
            logged: logged_of(facts),
            since: created(facts),
            offer: offer.clone(),
        }));
    }

    fn report(&mut self, facts: &Facts, texts: impl IntoIterator<Item = String>) {
        self.problems.extend(texts.into_iter().map(|text| Problem::new(format!("container {}", facts.name), text)));
    }
}

/// Whether the file means this container.
fn is_about(assignment: &Assignment, facts: &Facts) -> bool {
    let id = assignment.container.len() >= SHORT_ID && facts.id.starts_with(&assignment.container);
    id || facts.name == assignment.container
}

/// The container as if its label said what the file says.
fn assigned(facts: &Facts, assignment: &Assignment) -> Facts {
    let mut ours = facts.clone();
    ours.labels.insert(HOST_LABEL.to_owned(), assignment.host.to_string());
    ours.labels.extend(assignment.port.map(|port| (PORT_LABEL.to_owned(), port.to_string())));
    ours
}

/// The first of equal items.
fn each_once<T: PartialEq>(items: Vec<T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn hindrances(about: &'static str, texts: &[String]) -> impl Iterator<Item = Reason> {
    texts.iter().map(move |text| Reason::hindrance(about, text.clone()))
}

/// Whether a running container is fit.
fn standing_in_words(facts: &Facts) -> Reason {
    match (facts.ending, facts.health) {
        (Some(Ending::Stopping), _) => Reason::hindrance("state", "told to stop: it finishes what it has and gets nothing new"),
        (_, Condition::Unhealthy) => {
            Reason::hindrance("state", "running, but its health check fails: it gets requests only while no healthy sibling is there")
        }
        (_, Condition::Starting) => {
            Reason::hindrance("state", "running, but its health check has not passed yet: healthy siblings get its requests")
        }
        (_, Condition::Ready | Condition::Stopping) => Reason::note("state", "running"),
    }
}

/// The backends of a paused container: it goes on with what it has when it wakes up.
fn sleepers(facts: &Facts, reach: &Reach<'_>) -> Vec<BackendId> {
    let ports = backends_of(facts, reach).ports.into_iter();
    ports.flat_map(|(main, _, others)| std::iter::once(main).chain(others)).map(|backend| backend.id).collect()
}

fn standing(facts: &Facts, now: SystemTime) -> Standing {
    let notice = |reason: &str| Notice { container: Some(facts.name.clone()), since: finished(facts), ..Notice::new(reason) };
    let offline = |reason: &str| Standing::Offline(notice(reason));
    let ended = |reason: &str, exit_code| Standing::Offline(Notice { exit_code, ..notice(reason) });
    match &facts.state {
        State::Running => match facts.ending {
            Some(Ending::Gone { exit_code }) => ended("stopped", exit_code),
            Some(Ending::Stopping) | None => Standing::Live,
        },
        State::Paused => Standing::Offline(Notice { since: None, ..notice("paused") }),
        State::Restarting => ended("restarting", facts.exit_code),
        State::Removing => offline("being removed"),
        State::Exited | State::Dead if is_forgotten(facts, now) => Standing::Absent,
        State::Exited | State::Dead => ended("stopped", facts.exit_code),
        // It ran before where it has an end.
        State::Created if finished(facts).is_some() && !is_forgotten(facts, now) => offline("not started again"),
        State::Created => Standing::Absent,
        State::Other(word) => Standing::Offline(Notice { since: None, ..notice(&format!("state {word}")) }),
    }
}

/// When it was made, in nanoseconds since 1970: several are made within a second.
fn created(facts: &Facts) -> u64 {
    let exactly = facts.inspected.as_ref().and_then(|inspected| inspected.created?.duration_since(SystemTime::UNIX_EPOCH).ok());
    let created = exactly.unwrap_or(Duration::from_secs(facts.created));
    created.as_nanos().try_into().unwrap_or(u64::MAX)
}

/// When its last process ended, where an inspection told and it has not run since.
fn finished(facts: &Facts) -> Option<SystemTime> {
    let inspected = facts.inspected.as_ref()?;
    if inspected.running { None } else { inspected.finished }
}

/// Whether a stopped container's hosts are nobody's any more.
fn is_forgotten(facts: &Facts, now: SystemTime) -> bool {
    match (&facts.inspected, finished(facts)) {
        // Not known to have run lately: an inspection will tell.
        (None, _) => true,
        (Some(_), Some(end)) => now.duration_since(end).is_ok_and(|age| age >= REMEMBERED),
        // It ran when it was last looked at.
        (Some(_), None) => false,
    }
}

/// What its replicas have in common.
fn service_of(facts: &Facts) -> Service {
    match (facts.labels.get(COMPOSE_PROJECT), facts.labels.get(COMPOSE_SERVICE)) {
        (Some(project), Some(service)) => Service(format!("{project}/{service}")),
        _ => Service(facts.image.clone()),
    }
}

#[cfg(test)]
mod any;
#[cfg(test)]
mod tests;
