//! Every path of the API: the one table by which requests are understood and of which its description is made.

use hyper::Method;

use crate::{Command, Refusal};

/// What a method does at a path.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The path, without a slash at its end.
    pub(crate) path: &'static str,
    /// The methods that do this.
    pub(crate) methods: &'static [Method],
    /// Where it leads.
    pub(crate) place: Place,
    /// What its query may have.
    pub(crate) keys: &'static [Key],
    /// What it does, in a line.
    pub(crate) summary: &'static str,
}

/// Where a request leads, before its query is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// To a change of the pool.
    Change(Change),
    /// To the whole at a glance.
    Status,
    /// To a list.
    List(List),
    /// To a worker.
    Worker,
    /// To what happens from now on.
    Events,
    /// To one more route.
    AddRoute,
    /// To a route less.
    RemoveRoute,
    /// To the judgement on a container.
    Why,
    /// To every figure.
    Metrics,
    /// To the way of a request.
    Explain,
    /// To a sign of life.
    Alive,
    /// To whether workers serve the newest table.
    Ready,
    /// To the description of all this.
    Description,
}

/// A change of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// See [`Command::Start`].
    Start,
    /// See [`Command::Stop`].
    Stop,
    /// See [`Command::Resize`].
    Resize,
    /// See [`Command::Restart`].
    Restart,
    /// See [`Command::Upgrade`].
    Upgrade,
    /// See [`Command::Reload`].
    Reload,
    /// See [`Command::Reset`].
    Reset,
}

/// A list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// See [`Command::Workers`].
    Workers,
    /// See [`Command::Routes`].
    Routes,
    /// See [`Command::Containers`].
    Containers,
    /// See [`Command::Images`].
    Images,
    /// See [`Command::Backends`].
    Backends,
    /// See [`Command::Certificates`].
    Certificates,
    /// See [`Command::Problems`].
    Problems,
    /// See [`Command::Logs`].
    Logs,
}

/// A key that a query may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// As it is written.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) kind: Kind,
    /// What it is for.
    pub(crate) help: &'static str,
}

/// What the value of a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Must be there: how many workers.
    Size,
    /// 1 or 0.
    Switch,
    /// A whole number.
    Count,
    /// The number of a route.
    Id,
    /// The slot of a worker; it must be there.
    Slot,
    /// Kinds of events.
    Kinds,
    /// Conditions on fields of the rows.
    Where,
    /// Fields of the rows.
    Sort,
    /// A host pattern.
    Host,
    /// The beginning of a path.
    Path,
    /// A container; it must be there.
    Container,
    /// A URL; it must be there.
    Url,
}

const CHANGES: &[Method] = &[Method::GET, Method::POST];
const READS: &[Method] = &[Method::GET, Method::HEAD];

const fn key(name: &'static str, kind: Kind, help: &'static str) -> Key {
    Key { name, kind, help }
}

const WAIT: Key =
    key("wait", Kind::Switch, "`1`: the answer comes when the pool has become what was asked, not as soon as it is accepted.");
const ROWS: &[Key] = &[
    key("limit", Kind::Count, "At most so many rows."),
    key("skip", Kind::Count, "Without the first so many rows."),
    key("sort", Kind::Sort, "The field to sort by, `-field` or `field desc` for the other way, several with commas."),
    key("where", Kind::Where, "Only rows like this: `state=online`, `requests>=10,name~web`, or JSON such as `{\"state\": \"online\"}`."),
];

const fn change(path: &'static str, change: Change, keys: &'static [Key], summary: &'static str) -> Endpoint {
    Endpoint { path, methods: CHANGES, place: Place::Change(change), keys, summary }
}

const fn read(path: &'static str, place: Place, keys: &'static [Key], summary: &'static str) -> Endpoint {
    Endpoint { path, methods: READS, place, keys, summary }
}

/// All of them.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    change("/service/balancer/start", Change::Start, &[WAIT], "Brings the pool up at the size it had."),
    change("/service/balancer/stop", Change::Stop, &[WAIT], "Finishes what is under way and frees the ports; master and API stay."),
    change(
        "/service/balancer/resize",
        Change::Resize,
        &[key("size", Kind::Size, "How many workers there shall be."), WAIT],
        "Has so many workers.",
    ),
    change("/service/balancer/restart", Change::Restart, &[WAIT], "Replaces every worker, one by one."),
    change("/service/balancer/upgrade", Change::Upgrade, &[WAIT], "Runs the program that was installed since, in the same process."),
    change("/service/balancer/reload", Change::Reload, &[], "Reads the configuration again; refused with the reason if it makes no sense."),
    change(
        "/service/balancer/reset",
        Change::Reset,
        &[],
        "Forgets how often workers were started again, and tries at once those that do not come up.",
    ),
    read("/status", Place::Status, &[], "The whole at a glance."),
    read("/workers", Place::List(List::Workers), ROWS, "Every worker."),
    read("/worker", Place::Worker, &[key("slot", Kind::Slot, "Its slot.")], "One worker."),
    read("/routes", Place::List(List::Routes), ROWS, "Every route."),
    Endpoint {
        path: "/routes",
        methods: &[Method::POST],
        place: Place::AddRoute,
        keys: &[],
        summary: "Adds a route by hand, for a time or until it is removed; one that is there already lives on for as long as it says now.",
    },
    Endpoint {
        path: "/routes",
        methods: &[Method::DELETE],
        place: Place::RemoveRoute,
        keys: &[
            key("id", Kind::Id, "The route that was added with this number."),
            key("host", Kind::Host, "Routes that were added for this host."),
            key("path", Kind::Path, "Routes that were added with this path; of those that the other keys leave, if there are any."),
        ],
        summary: "Removes routes that were added by hand: by number, or by host and path.",
    },
    read("/containers", Place::List(List::Containers), ROWS, "Every container the engines told of."),
    read("/images", Place::List(List::Images), ROWS, "Every image that containers are of."),
    read("/backends", Place::List(List::Backends), ROWS, "Every backend."),
    read("/certificates", Place::List(List::Certificates), ROWS, "Every certificate, until when it is valid, and what is wrong with it."),
    read("/problems", Place::List(List::Problems), ROWS, "Everything that an operator should mend."),
    read("/metrics", Place::Metrics, &[], "Every figure, in the text format of Prometheus."),
    read(
        "/why",
        Place::Why,
        &[key("container", Kind::Container, "Its name, its id, or the beginning of its id.")],
        "Each reason for which a container is, or is not, routed.",
    ),
    read(
        "/explain",
        Place::Explain,
        &[key("url", Kind::Url, "As a client would ask for it: `https://shop.example.com/path`.")],
        "What becomes of a request, and why.",
    ),
    read("/logs", Place::List(List::Logs), ROWS, "The last thousand lines of the master's log."),
    Endpoint {
        path: "/events",
        methods: &[Method::GET],
        place: Place::Events,
        keys: &[key(
            "kind",
            Kind::Kinds,
            "Only these, with commas: status, worker, route_added, route_removed, container, container_removed, log.",
        )],
        summary: "What happens from now on, as server-sent events; the status as it is comes first.",
    },
    read("/openapi.json", Place::Description, &[], "The description of this API, for programs: OpenAPI 3.1."),
    read("/ping", Place::Alive, &[], "Says `ok` while the master runs."),
    read("/healthz", Place::Alive, &[], "Says `ok` while the master runs."),
    read("/readyz", Place::Ready, &[], "Says `ok` while workers serve the newest table; else 503, and why."),
];

impl Endpoint {
    /// The one for a request; otherwise what the path takes, or which paths there are.
    pub(crate) fn find(method: &Method, path: &str) -> Result<&'static Endpoint, Refusal> {
        let bare = path.strip_suffix('/').unwrap_or(path);
        let mut there = ENDPOINTS.iter().filter(|endpoint| endpoint.path == bare).peekable();
        if there.peek().is_none() {
            return Err(Refusal::NotFound(format!("no path `{path}`; the paths are {}", known_paths())));
        }
        let mut allow: Vec<&str> = Vec::new();
        for endpoint in there {
            if endpoint.methods.contains(method) {
                return Ok(endpoint);
            }
            allow.extend(endpoint.methods.iter().map(Method::as_str));
        }
        Err(Refusal::Method { allow: allow.join(", ") })
    }

    /// Whether it tells no more than that we live, or serve.
    pub(crate) fn is_for_everybody(path: &str) -> bool {
        Endpoint::find(&Method::GET, path).is_ok_and(|endpoint| matches!(endpoint.place, Place::Alive | Place::Ready))
    }

    /// The names of its keys.
    pub(crate) fn key_names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

impl List {
    /// What asks for it.
    pub(crate) fn command(self) -> Command {
        match self {
            List::Workers => Command::Workers,
            List::Routes => Command::Routes,
            List::Containers => Command::Containers,
            List::Images => Command::Images,
            List::Backends => Command::Backends,
            List::Certificates => Command::Certificates,
            List::Problems => Command::Problems,
            List::Logs => Command::Logs,
        }
    }
}

fn known_paths() -> String {
    let mut paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    paths.dedup();
    paths.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_method_of_a_path_leads_to_two_places() {
        for endpoint in ENDPOINTS {
            for method in endpoint.methods {
                assert_eq!(Endpoint::find(method, endpoint.path).unwrap().place, endpoint.place, "{method} {}", endpoint.path);
            }
        }
    }
}
