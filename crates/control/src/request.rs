//! What a method, a path and a query ask for.

use std::borrow::Cow;

use dproxy_config::WorkerCount;
use dproxy_route::{HostError, PathError};
use hyper::Method;

use crate::endpoint::{Change, Endpoint, Place};
use crate::listing::{Filter, Listing, Sort};
use crate::{Command, Kind, KindError, Question, QuestionError, Refusal, Selection, Wait};

/// A call of the API that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The master is asked, and of its answer this is shown.
    Ask(Command, Listing),
    /// The master is asked for the route that the body says.
    AddRoute,
    /// What happens is asked for: only these kinds, or all.
    Events(Vec<Kind>),
    /// A sign of life is asked for.
    Alive,
    /// It is asked whether workers serve the newest table.
    Ready,
    /// The description of this API is asked for.
    Description,
}

impl Request {
    /// Parses a request; [`Command::path`] is the way back.
    pub(crate) fn parse(method: &Method, path: &str, query: Option<&str>) -> Result<Request, Refusal> {
        let endpoint = Endpoint::find(method, path)?;
        let query = Query::parse(query.unwrap_or_default(), &endpoint.key_names())?;
        let command = match endpoint.place {
            Place::Events => return Ok(Request::Events(query.kinds()?)),
            Place::Alive => return Ok(Request::Alive),
            Place::Ready => return Ok(Request::Ready),
            Place::Description => return Ok(Request::Description),
            Place::AddRoute => return Ok(Request::AddRoute),
            Place::List(list) => return Ok(Request::Ask(list.command(), query.listing()?)),
            Place::Change(change) => query.change(change)?,
            Place::Worker => Command::Worker(query.slot()?),
            Place::Status => Command::Status,
            Place::Metrics => Command::Metrics,
            Place::RemoveRoute => Command::RemoveRoute(query.selection()?),
            Place::Explain => Command::Explain(query.question()?),
            Place::Why => Command::Why(query.container()?),
        };
        Ok(Request::Ask(command, Listing::default()))
    }
}

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
            Change::Reload => Command::Reload,
            Change::Reset => Command::Reset,
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

    fn slot(&self) -> Result<u16, Refusal> {
        let Some(slot) = self.value("slot") else {
            return Err(Refusal::Bad("which one? `/worker?slot=0`".to_owned()));
        };
        let digits = slot.bytes().all(|byte| byte.is_ascii_digit());
        slot.parse().ok().filter(|_| digits).ok_or_else(|| Refusal::Bad(format!("slot `{slot}` is not the number of a slot")))
    }

    fn kinds(&self) -> Result<Vec<Kind>, Refusal> {
        let kinds = self.value("kind").map(|text| text.split(',').map(str::parse).collect::<Result<_, KindError>>());
        kinds.transpose().map(Option::unwrap_or_default).map_err(|error| Refusal::Bad(error.to_string()))
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

    fn selection(&self) -> Result<Selection, Refusal> {
        let bad = |error: &dyn std::error::Error| Refusal::Bad(error.to_string());
        let host = self.value("host").map(str::parse).transpose().map_err(|error: HostError| bad(&error))?;
        let path = self.value("path").map(str::parse).transpose().map_err(|error: PathError| bad(&error))?;
        let selection = Selection { id: self.count("id")?, host, path };
        if selection == Selection::default() {
            return Err(Refusal::Bad("which one? `DELETE /routes?id=7`, or `DELETE /routes?host=shop.example.com`".to_owned()));
        }
        Ok(selection)
    }

    fn listing(&self) -> Result<Listing, Refusal> {
        let filter = self.value("where").map(str::parse::<Filter>).transpose().map_err(|error| Refusal::Bad(error.to_string()))?;
        let sort = self.value("sort").map(Sort::parse).unwrap_or_default();
        Ok(Listing { filter: filter.unwrap_or_default(), limit: self.count("limit")?, skip: self.count("skip")?.unwrap_or(0), sort })
    }

    fn count(&self, key: &str) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.value(key) else { return Ok(None) };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(count) if digits => Ok(Some(count)),
            _ => Err(Refusal::Bad(format!("{key} `{text}` is not a whole number up to {}", u32::MAX))),
        }
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
