//! The tries of one request, one backend after another.

use std::rc::Rc;

use dproxy_route::{BackendIndex, Found};
use dproxy_stats::Counter;

use crate::buffer::Buffer;
use crate::client::Client;
use crate::error::ProxyError;
use crate::exchange::admission::admit;
use crate::exchange::attempt::Broken;
use crate::exchange::errand::Errand;
use crate::exchange::{Failure, Served};
use crate::pick::Wish;
use crate::proxy::Proxy;
use crate::upstream::Pool;
use crate::view::{Seat, View};

/// After the first try, at most this many others.
const RETRIES: usize = 2;

/// What a request went through so far.
#[derive(Default)]
pub(crate) struct Tries {
    /// What had it and sent no answer: it does not get it again.
    had: Vec<Rc<Pool>>,
    first_error: Option<ProxyError>,
}

/// Why a round brought no answer.
pub(crate) enum Stuck {
    /// There is nobody left to ask, but there may be later.
    Stranded(ProxyError),
    /// Nobody else may be asked.
    Final(Failure),
}

impl Tries {
    /// Asks the backends that the table of `view` has for the request until one answers.
    pub(crate) async fn round(
        &mut self,
        proxy: &Proxy,
        view: &View,
        found: &Found<'_>,
        errand: &mut Errand<'_>,
        client: &mut Client,
        buffer: &mut Buffer,
    ) -> Result<Served, Stuck> {
        let mut tried = self.refused(view, found);
        let mut seat = None;
        let mut again = None;
        for retry in 0..=RETRIES {
            if seat.is_none() {
                seat = admit(view, client, found, &Wish { tried: &tried, ..errand.wish() })
                    .await
                    .map_err(|error| Stuck::Final(Failure::Unanswered(error)))?;
            }
            let Some(Seat { backend, place }) = seat.take() else { break };
            let now = proxy.clock.now();
            if retry > 0 || !self.had.is_empty() {
                proxy.page.add(Counter::Retries, 1);
            } else {
                place.at().recent.request(now);
            }
            if !self.had.is_empty() {
                place.at().recent.retry(now);
            }
            match errand.at(backend, false, client, buffer).await {
                Ok(served) => return Ok(served),
                Err(Broken::Final(failure)) => return Err(Stuck::Final(failure)),
                Err(Broken::Unreached(error)) => {
                    tried.push(backend);
                    self.first_error.get_or_insert(error);
                }
                Err(Broken::Elsewhere(error)) => {
                    tried.push(backend);
                    let pool = view.pool(backend);
                    self.had_by(pool, error)?;
                    // That it ended or was paused is no sign of overload.
                    if !pool.standing.has_left() && !view.allows_retry(found, proxy.clock.now()) {
                        return Err(Stuck::Final(self.failure()));
                    }
                }
                // The connection had gone stale; the backend itself may be fine, and the place there is still ours.
                // One that turns the request away once more is left alone, if there are others.
                Err(Broken::Again(error)) => {
                    self.first_error.get_or_insert(error);
                    let members = view.group(found).members.iter();
                    if again.replace(backend) == Some(backend) && members.filter(|member| !tried.contains(member)).count() > 1 {
                        tried.push(backend);
                    } else {
                        seat = Some(Seat { backend, place });
                    }
                }
            }
        }
        Err(Stuck::Stranded(self.first_error.take().unwrap_or(ProxyError::Unknown)))
    }

    /// Those of the route's backends that had it already.
    fn refused(&self, view: &View, found: &Found<'_>) -> Vec<BackendIndex> {
        if self.had.is_empty() {
            return Vec::new();
        }
        let had = |member: &&BackendIndex| self.had.iter().any(|pool| Rc::ptr_eq(pool, view.pool(**member)));
        view.group(found).members.iter().filter(had).copied().collect()
    }

    /// It had the request, which may go to another one unless enough had it.
    fn had_by(&mut self, pool: &Rc<Pool>, error: ProxyError) -> Result<(), Stuck> {
        self.first_error.get_or_insert(error);
        self.had.push(Rc::clone(pool));
        if self.had.len() > RETRIES { Err(Stuck::Final(self.failure())) } else { Ok(()) }
    }

    fn failure(&mut self) -> Failure {
        Failure::Unanswered(self.first_error.take().unwrap_or(ProxyError::Unknown))
    }
}
