//! What a method, a path and a query ask for.

use std::borrow::Cow;

use dproxy_config::WorkerCount;
use hyper::Method;

use crate::listing::{Listing, Sort};
use crate::{Command, Question, QuestionError, Refusal, Wait};

/// A call of the API that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// What the master is asked.
    pub(crate) command: Command,
    /// What of its answer is shown.
    pub(crate) listing: Listing,
}

/// Where a path leads, before its query is read.
enum Place {
    Change(Change),
    Status,
    List(Command),
    Why,
    Explain,
}

#[derive(Clone, Copy)]
enum Change {
    Start,
    Stop,
    Resize,
    Restart,
    Upgrade,
}

impl Request {
    /// Parses a request; [`Command::path`] is the way back.
    pub(crate) fn parse(method: &Method, path: &str, query: Option<&str>) -> Result<Request, Refusal> {
        let place = Place::parse(path)?;
        place.check(method)?;
        let query = Query::parse(query.unwrap_or_default(), place.keys())?;
        match place {
            Place::Change(change) => Ok(Request { command: query.change(change)?, listing: Listing::default() }),
            Place::Status => Ok(Request { command: Command::Status, listing: Listing::default() }),
            Place::List(command) => Ok(Request { command, listing: query.listing()? }),
            Place::Explain => Ok(Request { command: Command::Explain(query.question()?), listing: Listing::default() }),
            Place::Why => Ok(Request { command: Command::Why(query.container()?), listing: Listing::default() }),
        }
    }
}

impl Place {
    fn parse(path: &str) -> Result<Place, Refusal> {
        Ok(match path.strip_suffix('/').unwrap_or(path) {
            "/service/balancer/start" => Place::Change(Change::Start),
            "/service/balancer/stop" => Place::Change(Change::Stop),
            "/service/balancer/resize" => Place::Change(Change::Resize),
            "/service/balancer/restart" => Place::Change(Change::Restart),
            "/service/balancer/upgrade" => Place::Change(Change::Upgrade),
            "/status" => Place::Status,
            "/workers" => Place::List(Command::Workers),
            "/routes" => Place::List(Command::Routes),
            "/containers" => Place::List(Command::Containers),
            "/backends" => Place::List(Command::Backends),
            "/problems" => Place::List(Command::Problems),
            "/why" => Place::Why,
            "/explain" => Place::Explain,
            _ => return Err(Refusal::NotFound(format!("no path `{path}`; {KNOWN_PATHS}"))),
        })
    }

    fn check(&self, method: &Method) -> Result<(), Refusal> {
        let (other, allow) = match self {
            Place::Change(_) => (Method::POST, "GET, POST"),
            Place::Status | Place::List(_) | Place::Why | Place::Explain => (Method::HEAD, "GET, HEAD"),
        };
        if *method == Method::GET || *method == other { Ok(()) } else { Err(Refusal::Method { allow }) }
    }

    fn keys(&self) -> &'static [&'static str] {
        match self {
            Place::Change(Change::Resize) => &["size", "wait"],
            Place::Change(Change::Start | Change::Stop | Change::Restart | Change::Upgrade) => &["wait"],
            Place::Status => &[],
            Place::List(_) => &["limit", "skip", "sort"],
            Place::Why => &["container"],
            Place::Explain => &["url"],
        }
    }
}

const KNOWN_PATHS: &str = "the paths are /service/balancer/{start,stop,resize,restart,upgrade}, /status, /workers, /routes, /containers, \
     /backends, /problems, /why, /explain, /ping and /healthz";

/// The decoded pairs of a query: each key known, none twice.
struct Query<'q>(Vec<(Cow<'q, str>, Cow<'q, str>)>);

impl<'q> Query<'q> {
    fn parse(text: &'q str, known: &[&str]) -> Result<Query<'q>, Refusal> {
        let mut pairs: Vec<(Cow<'q, str>, Cow<'q, str>)> = Vec::new();
        for (key, value) in form_urlencoded::parse(text.as_bytes()) {
            if !known.contains(&key.as_ref()) {
                return Err(Refusal::Bad(unknown_key(&key, known)));
            }
            if pairs.iter().any(|(earlier, _)| *earlier == key) {
                return Err(Refusal::Bad(format!("`{key}` is given more than once")));
            }
            pairs.push((key, value));
        }
        Ok(Query(pairs))
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_ref())
    }

    fn change(&self, change: Change) -> Result<Command, Refusal> {
        let wait = self.wait()?;
        Ok(match change {
            Change::Start => Command::Start(wait),
            Change::Stop => Command::Stop(wait),
            Change::Resize => Command::Resize(self.size()?, wait),
            Change::Restart => Command::Restart(wait),
            Change::Upgrade => Command::Upgrade(wait),
        })
    }

    fn wait(&self) -> Result<Wait, Refusal> {
        match self.value("wait") {
            None | Some("0" | "false") => Ok(Wait::Accepted),
            Some("1" | "true") => Ok(Wait::Done),
            Some(other) => Err(Refusal::Bad(format!("wait `{other}` is neither 1 nor 0"))),
        }
    }

    fn size(&self) -> Result<WorkerCount, Refusal> {
        let Some(size) = self.value("size") else {
            return Err(Refusal::Bad("resize needs a size in its query: `/service/balancer/resize?size=30`".to_owned()));
        };
        size.parse().map_err(|error: dproxy_config::WorkerCountError| Refusal::Bad(error.to_string()))
    }

    fn question(&self) -> Result<Question, Refusal> {
        let Some(url) = self.value("url") else {
            return Err(Refusal::Bad("explain needs a URL in its query: `/explain?url=http://shop.example.com/`".to_owned()));
        };
        url.parse().map_err(|error: QuestionError| Refusal::Bad(error.to_string()))
    }

    fn container(&self) -> Result<String, Refusal> {
        let name = self.value("container").map(str::trim).filter(|name| !name.is_empty());
        name.map(str::to_owned).ok_or_else(|| Refusal::Bad("why needs a container in its query: `/why?container=name`".to_owned()))
    }

    fn listing(&self) -> Result<Listing, Refusal> {
        Ok(Listing { limit: self.count("limit")?, skip: self.count("skip")?.unwrap_or(0), sort: self.sort() })
    }

    fn count(&self, key: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.value(key) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(count) if digits => Ok(Some(count)),
            _ => Err(Refusal::Bad(format!("{key} `{text}` is not a whole number"))),
        }
    }

    fn sort(&self) -> Option<Sort> {
        let text = self.value("sort")?;
        Some(match text.strip_prefix('-') {
            Some(field) => Sort { field: field.to_owned(), descending: true },
            None => Sort { field: text.to_owned(), descending: false },
        })
    }
}

fn unknown_key(key: &str, known: &[&str]) -> String {
    match known {
        [] => format!("unknown key `{key}`; this path takes none"),
        known => format!("unknown key `{key}`; this path takes {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests;
