//! Why a container is, or is not, routed: what its source says, and what the others' routes make of it.

use std::collections::BTreeSet;

use dproxy_config::nearest;
use dproxy_control::{ReasonRow, Refusal, Standing, Why};
use dproxy_route::{BackendId, Condition, HostPattern, Offer, Owner, Route};
use dproxy_source::{Container, Reason};

use crate::views;

/// More rivals than these are counted, not named.
const NAMED: usize = 5;

/// A container, and what its engine is called where there are several.
pub(crate) type Known<'e> = (Container, Option<&'e str>);

/// The container that `word` names: by name, by id or by the beginning of an id.
pub(crate) fn find<'k, 'e>(word: &str, known: &'k [Known<'e>]) -> Result<&'k Known<'e>, Refusal> {
    let word = word.trim().trim_start_matches('/');
    let exact = |container: &Container| container.name == word || container.id == word;
    let mut found: Vec<&Known<'_>> = known.iter().filter(|(container, _)| exact(container)).collect();
    if found.is_empty() {
        found.extend(known.iter().filter(|(container, _)| !word.is_empty() && container.id.starts_with(word)));
    }
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(unknown(word, known)),
        several => {
            let named = several.iter().take(NAMED).map(|(container, engine)| {
                let engine = engine.map(|engine| format!(" on {engine}")).unwrap_or_default();
                format!("{} ({}{engine})", short(&container.id), container.name)
            });
            let named: Vec<String> = named.collect();
            Err(Refusal::Bad(format!("`{word}` is more than one container; ask by id: {}", named.join(", "))))
        }
    }
}

fn unknown(word: &str, known: &[Known<'_>]) -> Refusal {
    let begins = known.iter().map(|(container, _)| container.name.as_str()).filter(|name| !word.is_empty() && name.contains(word));
    let mut near: Vec<&str> = begins.collect();
    if near.is_empty() {
        near.extend(nearest(word, known.iter().map(|(container, _)| container.name.as_str())));
    }
    near.sort_unstable();
    near.dedup();
    near.truncate(NAMED);
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    let way_out =
        if near.is_empty() { "`dproxy ctl containers` lists all".to_owned() } else { format!("did you mean {}?", near.join(", ")) };
    Refusal::NotFound(format!("no container `{word}`; {way_out}"))
}

/// The judgement on `container`, given all routes that are served; `illness` is what is wrong with a backend.
pub(crate) fn judgement(
    container: &Container,
    engine: Option<&str>,
    served: &[Route],
    illness: &dyn Fn(&BackendId) -> Option<String>,
) -> Why {
    let own: Vec<&Route> = served.iter().filter(|route| is_of(route, container)).collect();
    let mut reasons: Vec<ReasonRow> = container.reasons.iter().map(reason_row).collect();
    reasons.extend(own.iter().flat_map(|route| beside_others(route, container, served)).map(|reason| reason_row(&reason)));
    let backends: BTreeSet<(u16, &BackendId)> =
        own.iter().flat_map(|route| route.backends()).map(|backend| (backend.port, &backend.id)).collect();
    let ill =
        backends.into_iter().filter_map(|(port, backend)| Some(Reason::hindrance("health", format!("port {port}: {}", illness(backend)?))));
    reasons.extend(ill.map(|reason| reason_row(&reason)));
    if own.is_empty() && !container.backends.is_empty() && !container.hosts.is_empty() {
        let text = "it offers routes that are not served yet; `dproxy ctl status` says which table is";
        reasons.push(reason_row(&Reason::hindrance("table", text)));
    }
    Why { container: views::container_row(container, engine), standing: standing(&own, container, served), reasons }
}

/// The least that any of its routes that run stands at.
fn standing(own: &[&Route], container: &Container, served: &[Route]) -> Standing {
    let live = || own.iter().filter(|route| condition(route).is_some());
    if own.is_empty() {
        Standing::NotRouted
    } else if live().next().is_none() {
        Standing::Offline
    } else if live().any(|route| fitter(route, container, served).next().is_some()) {
        Standing::Standby
    } else {
        Standing::Routed
    }
}

/// What the routes of others mean for this one of the container's.
fn beside_others(route: &Route, container: &Container, served: &[Route]) -> Vec<Reason> {
    let place = format!("{}{}", route.host, route.path);
    let mut reasons = Vec::new();
    let fitter: Vec<String> = fitter(route, container, served).map(|other| other.owner.to_string()).collect();
    let all_rivals = rivals(route, container, served).filter(|other| matches!(other.offer, Offer::Ports { .. }));
    let sharing: Vec<String> = all_rivals.map(|other| other.owner.to_string()).collect();
    if !fitter.is_empty() {
        reasons.push(Reason::hindrance("rivals", format!("{place}: all requests go to {}, which is fitter", named(&fitter))));
    } else if !sharing.is_empty() {
        reasons.push(Reason::note("rivals", format!("{place}: it shares the requests with {}", named(&sharing))));
    }
    let nearer = nearer(&route.host, container, served);
    if !nearer.is_empty() {
        let text = format!("{place}: names of others win over this wildcard: {}", named(&nearer));
        reasons.push(Reason::note("rivals", text));
    }
    reasons
}

/// The routes of others at the same place.
fn rivals<'r>(route: &'r Route, container: &'r Container, served: &'r [Route]) -> impl Iterator<Item = &'r Route> {
    let same_place = |other: &&Route| other.host == route.host && other.path == route.path && other.entrance == route.entrance;
    served.iter().filter(same_place).filter(|other| !is_of(other, container))
}

/// Those of them that get all requests, because their backends are in a better condition.
fn fitter<'r>(route: &'r Route, container: &'r Container, served: &'r [Route]) -> impl Iterator<Item = &'r Route> {
    let own = condition(route);
    rivals(route, container, served).filter(move |other| condition(other).is_some_and(|theirs| own.is_none_or(|own| theirs < own)))
}

fn condition(route: &Route) -> Option<Condition> {
    match &route.offer {
        Offer::Ports { main, .. } => Some(main.condition),
        Offer::Redirect(_) => Some(Condition::Ready),
        Offer::Offline(_) => None,
    }
}

/// Names and nearer wildcards of others that a wildcard of ours covers.
fn nearer(host: &HostPattern, container: &Container, served: &[Route]) -> Vec<String> {
    let covers = |other: &HostPattern| match (host, other) {
        (HostPattern::Exact(_), _) | (_, HostPattern::Any) => false,
        (HostPattern::Any, HostPattern::Exact(_) | HostPattern::Below(_)) => true,
        (HostPattern::Below(parent), HostPattern::Exact(name) | HostPattern::Below(name)) => {
            name.as_str().strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.'))
        }
    };
    let theirs = served.iter().filter(|other| covers(&other.host) && !is_of(other, container));
    let mut theirs: Vec<String> = theirs.map(|other| format!("{} ({})", other.host, other.owner)).collect();
    theirs.dedup();
    theirs
}

fn is_of(route: &Route, container: &Container) -> bool {
    match &route.owner {
        Owner::Container { id, .. } => *id == container.id,
        Owner::File { .. } | Owner::Hand { .. } => false,
    }
}

fn named(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn reason_row(reason: &Reason) -> ReasonRow {
    ReasonRow { about: reason.about.to_owned(), text: reason.text.clone(), hinders: reason.hinders }
}

#[cfg(test)]
mod tests;
