//! Finding out who serves a name that only wildcards match.
//!
//! A wildcard does not say which names there really are. So an answer that is
//! an error is kept back, as long as the request does no harm twice and the
//! client has heard nothing, and the next candidate is asked: first one backend
//! of each service with the wildcard, then others of theirs, and the last try is
//! for a wider wildcard, where there is one. The last answer is passed on,
//! whatever it is. Who gave a good one is remembered, so that an error is just
//! an error from then on.

use std::rc::Rc;

use dproxy_http1::{RequestHead, ResponseHead};
use dproxy_route::{Authority, BackendIndex, Found, Listener, WildIndex};
use dproxy_stats::Counter;

use crate::buffer::Buffer;
use crate::client::Client;
use crate::error::{Blame, ProxyError};
use crate::exchange::admission::admit;
use crate::exchange::attempt::Broken;
use crate::exchange::errand::Errand;
use crate::exchange::wish::wish_of;
use crate::exchange::{Failure, Served};
use crate::memory::Known;
use crate::pick::Wish;
use crate::proxy::Proxy;
use crate::view::{Seat, View};

/// So many backends are asked at most.
const MOST: usize = 4;
/// So many of a service may be among them, more than enough; the others are not even looked at.
const CONSIDERED: usize = 16;

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Question<'r> {
    pub(super) request: &'r RequestHead,
    /// Of the head.
    pub(super) length: usize,
    pub(super) authority: Authority<'r>,
    pub(super) listener: Listener,
    /// Of the target, where it begins in the buffer and ends.
    pub(super) path: &'r [u8],
}

/// Serves a request for a name that only wildcards match; `first` comes first for it.
pub(super) async fn seek(
    proxy: &Proxy,
    view: &Rc<View>,
    client: &mut Client,
    buffer: &mut Buffer,
    question: &Question<'_>,
    first: WildIndex,
) -> Result<Served, Failure> {
    let host = question.authority.host;
    let known = proxy.memory.recall(view.edition, first, host, proxy.clock.now());
    let mut search = Search::new(view, client, question, known);
    let mut last_error = ProxyError::Unknown;
    for (step, found) in search.plan.clone().into_iter().enumerate() {
        let wish = wish_of(view, &found, client, question.request, &buffer.filled()[..question.length]);
        let wish = Wish { tried: &search.passed_over(&found), ..wish };
        let Some(seat) = admit(view, client, &found, &wish).await.map_err(Failure::Unanswered)? else { continue };
        if step > 0 {
            proxy.page.add(Counter::Retries, 1);
        }
        let is_last = step + 1 == search.plan.len();
        match search.ask(proxy, client, buffer, &found, seat, is_last).await {
            Ok(served) => {
                if is_good(client.tally.status())
                    && let Some(known) = search.knowledge(&found)
                {
                    proxy.memory.learn(view.edition, first, host, known, proxy.clock.now());
                }
                return Ok(served);
            }
            Err(Stop::Here(failure)) => return Err(failure),
            Err(Stop::Next(error)) => last_error = error,
        }
    }
    // Nobody answered after one whose answer was kept back: then that is the last answer.
    if let Some((found, backend)) = search.kept_back
        && search.asked.len() < MOST
    {
        let others: Vec<BackendIndex> = view.group(&found).members.iter().copied().filter(|member| *member != backend).collect();
        if let Some(seat) = admit(view, client, &found, &Wish { tried: &others, ..Wish::default() }).await.map_err(Failure::Unanswered)? {
            match search.ask(proxy, client, buffer, &found, seat, true).await {
                Ok(served) => return Ok(served),
                Err(Stop::Here(failure)) => return Err(failure),
                Err(Stop::Next(error)) => last_error = error,
            }
        }
    }
    Err(Failure::Unanswered(last_error))
}

/// A step that did not serve the request.
enum Stop {
    /// Nobody else may be asked.
    Here(Failure),
    /// The next candidate may.
    Next(ProxyError),
}

/// The candidates for one request, and what came of those that were asked.
struct Search<'v, 'r> {
    view: &'v View,
    question: &'r Question<'r>,
    /// Whose turn it is, step by step.
    plan: Vec<Found<'v>>,
    known: Option<Known>,
    /// In the order in which they were asked.
    asked: Vec<BackendIndex>,
    /// Those of them whose answer was an error.
    unfit: Vec<BackendIndex>,
    /// The last one of those.
    kept_back: Option<(Found<'v>, BackendIndex)>,
}

impl<'v, 'r> Search<'v, 'r> {
    fn new(view: &'v View, client: &Client, question: &'r Question<'r>, known: Option<Known>) -> Search<'v, 'r> {
        let mut candidates = view.table.candidates(question.authority, question.listener, question.path);
        candidates.retain(|(_, found)| client.is_let_in(question.authority.host, found.https).is_ok());
        let plan = plan(view, &candidates, known.as_ref());
        Search { view, question, plan, known, asked: Vec::new(), unfit: Vec::new(), kept_back: None }
    }

    /// Asks the backend of `seat`; unless it is the last, its answer must be good.
    async fn ask(
        &mut self,
        proxy: &Proxy,
        client: &mut Client,
        buffer: &mut Buffer,
        found: &Found<'v>,
        seat: Seat,
        is_last: bool,
    ) -> Result<Served, Stop> {
        let Question { request, length, .. } = *self.question;
        client.tally.goes_to(self.view, Some(found.door));
        let errand = Errand::new(proxy, self.view, client, buffer, request, length, found);
        let mut errand = errand.map_err(|violation| Stop::Here(Failure::Unanswered(ProxyError::Request(violation))))?;
        let Seat { backend, place: _place } = seat;
        self.asked.push(backend);
        let harmless = errand.is_harmless();
        let wary = harmless && !is_last && !self.is_proven(found, backend);
        let mut outcome = errand.at(backend, wary, client, buffer).await;
        if let Err(Broken::Again(_)) = outcome {
            // A kept connection had gone; the backend itself may be fine.
            outcome = errand.at(backend, wary, client, buffer).await;
        }
        match outcome {
            Ok(served) => Ok(served),
            Err(Broken::Elsewhere(error @ ProxyError::Unfit { .. })) => {
                self.unfit.push(backend);
                self.kept_back = Some((*found, backend));
                Err(Stop::Next(error))
            }
            Err(Broken::Unreached(error) | Broken::Elsewhere(error) | Broken::Again(error)) => Err(Stop::Next(error)),
            Err(Broken::Final(Failure::Unanswered(error))) if harmless && error.blame() == Blame::Backend => Err(Stop::Next(error)),
            Err(Broken::Final(failure)) => Err(Stop::Here(failure)),
        }
    }

    /// Whom not to ask now.
    fn passed_over(&self, found: &Found<'_>) -> Vec<BackendIndex> {
        let unfit = self.known_of(found).map_or(&[][..], |known| &known.unfit);
        self.asked.iter().chain(unfit).copied().collect()
    }

    /// Whether it gave a good answer for this name before: then an error is just an error.
    fn is_proven(&self, found: &Found<'_>, backend: BackendIndex) -> bool {
        self.known_of(found).is_some_and(|known| known.fit.contains(&backend))
    }

    fn known_of(&self, found: &Found<'_>) -> Option<&Known> {
        self.known.as_ref().filter(|known| Some(known.service) == found.wild)
    }

    /// What is known now that the backend that was asked last gave a good answer for `found`.
    fn knowledge(&self, found: &Found<'_>) -> Option<Known> {
        let mut known = Known { service: found.wild?, fit: Vec::new(), unfit: Vec::new() };
        if let Some(before) = self.known_of(found) {
            known.clone_from(before);
        }
        let last = *self.asked.last()?;
        if known.fit.contains(&last) && self.unfit.is_empty() {
            return None;
        }
        let members = &self.view.group(found).members;
        known.unfit.extend(self.unfit.iter().filter(|backend| members.contains(backend)));
        known.unfit.retain(|backend| *backend != last);
        if !known.fit.contains(&last) {
            known.fit.push(last);
        }
        Some(known)
    }
}

/// Whose turn it is, step by step: each step is for another backend of the service.
fn plan<'v>(view: &View, candidates: &[(usize, Found<'v>)], known: Option<&Known>) -> Vec<Found<'v>> {
    let mut plan = Plan { view, steps: Vec::new(), taken: known.map(|known| known.unfit.clone()).unwrap_or_default() };
    let remembered = candidates.iter().filter(|(_, found)| known.is_some_and(|known| Some(known.service) == found.wild));
    plan.add(remembered.map(|(_, found)| *found), MOST);
    // What was said of a known service's backends is no hindrance for another service.
    plan.taken.retain(|backend| !known.is_some_and(|known| known.unfit.contains(backend)));
    for level in candidates.chunk_by(|(one, _), (other, _)| one == other) {
        let is_widest = candidates.last().is_some_and(|(widest, _)| *widest == level[0].0);
        // The last try is for a wider wildcard.
        plan.add(level.iter().map(|(_, found)| *found), if is_widest { MOST } else { MOST - 1 });
    }
    plan.steps
}

struct Plan<'p, 'v> {
    view: &'p View,
    steps: Vec<Found<'v>>,
    /// Backends that have a step already.
    taken: Vec<BackendIndex>,
}

impl<'v> Plan<'_, 'v> {
    /// Adds steps for these services, a backend of each in turn, until there are `most` steps in all.
    fn add(&mut self, services: impl Iterator<Item = Found<'v>>, most: usize) {
        let services: Vec<(Found<'v>, usize)> = services.map(|found| (found, self.take(&found))).collect();
        let rounds = services.iter().map(|(_, backends)| *backends).max().unwrap_or_default();
        let turns = (0..rounds).flat_map(|round| services.iter().filter(move |(_, backends)| round < *backends));
        let room = most.saturating_sub(self.steps.len());
        self.steps.extend(turns.take(room).map(|(found, _)| *found));
    }

    /// How many backends of a service have no step yet; from now on they have.
    fn take(&mut self, found: &Found<'_>) -> usize {
        let before = self.taken.len();
        for member in self.view.group(found).members.iter().take(CONSIDERED) {
            if !self.taken.contains(member) {
                self.taken.push(*member);
            }
        }
        self.taken.len() - before
    }
}

/// Whether an answer with this head says that its sender does not serve the name:
/// 404, 421 and 5xx, but not a 503 that says when to come again.
pub(super) fn is_unfit(response: &ResponseHead, bytes: &[u8]) -> bool {
    let comes_back = || response.fields.list().iter().any(|field| field.name_in(bytes).eq_ignore_ascii_case(b"retry-after"));
    let says_when = response.status == 503 && comes_back();
    !is_good(response.status) && !says_when
}

fn is_good(status: u16) -> bool {
    !matches!(status, 404 | 421 | 500..)
}
