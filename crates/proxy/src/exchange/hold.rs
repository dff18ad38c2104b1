//! Requests that wait for their site to come back, instead of failing.
//!
//! ```text
//! find ──► offline a moment ago ──────────────┐
//!   ▲      only starting or stopping ones ────┤
//!   │      none reached, or all have gone ────┤
//!   │                                         ▼
//!   └──── another table, or a while later ── wait ──► too long, too many: its error
//! ```
//! A request that waits has a place in its worker, counted with the memory that
//! it holds; its body is not read. A client that leaves frees the place.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use dproxy_route::{Found, Notice};
use dproxy_stats::Counter;

use crate::client::Client;
use crate::error::ProxyError;
use crate::proxy::Proxy;
use crate::view::View;

/// What cannot be reached is tried again so often.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// The waiting of one request, all its turns together.
pub(crate) struct Hold<'p> {
    proxy: &'p Proxy,
    /// The memory that the request holds.
    bytes: usize,
    place: Option<Place<'p>>,
}

/// A place among those who wait, given back when it is dropped.
struct Place<'p> {
    proxy: &'p Proxy,
    bytes: usize,
    /// The clock's time when it was taken.
    since: u64,
}

impl<'p> Hold<'p> {
    /// A request with so many bytes that need not wait so far.
    pub(crate) fn new(proxy: &'p Proxy, bytes: usize) -> Hold<'p> {
        Hold { proxy, bytes, place: None }
    }

    /// How long to wait for a site that is offline; none where that is in vain.
    pub(crate) fn for_return(&self, view: &View, notice: &Notice) -> Option<Duration> {
        // A clock that was set back must not make anybody wait for longer than usual.
        let away = SystemTime::now().duration_since(notice.left?).unwrap_or_default();
        self.within(view, view.common.settings().timeouts.hold.saturating_sub(away))
    }

    /// How long to wait before any of a route's backends should be asked; none where one can be asked at once.
    pub(crate) fn for_turn(&self, view: &View, found: &Found<'_>) -> Option<Duration> {
        let (now, hold) = (self.proxy.clock.now(), view.common.settings().timeouts.hold);
        let members = view.group(found).members.iter();
        self.within(view, members.map(|member| view.pool(*member).standing.reluctance(now, hold)).min()?)
    }

    /// How long to wait before a route's backends, of which none answered, are tried again; none where that is in vain.
    pub(crate) fn for_recovery(&self, view: &View, found: &Found<'_>) -> Option<Duration> {
        Some(self.for_news(view, found)?.min(TRY_AGAIN))
    }

    /// The same where they should not be tried again by the same table.
    pub(crate) fn for_news(&self, view: &View, found: &Found<'_>) -> Option<Duration> {
        let (now, hold) = (self.proxy.clock.now(), view.common.settings().timeouts.hold);
        let members = view.group(found).members.iter();
        self.within(view, members.map(|member| view.pool(*member).standing.patience(now, hold)).max()?)
    }

    /// Waits until there may be another table for `host` than that of `view`, or `patience` has passed.
    pub(crate) async fn wait(&mut self, client: &mut Client, host: &str, view: &Rc<View>, patience: Duration) -> Result<(), ProxyError> {
        self.place.get_or_insert_with(|| Place::take(self.proxy, self.bytes));
        let news = self.proxy.news();
        if !Rc::ptr_eq(view, &self.proxy.view(host)) {
            return Ok(());
        }
        match tokio::time::timeout(patience, client.wire.unless_gone(news)).await {
            Ok(Some(())) | Err(_) => Ok(()),
            Ok(None) => Err(ProxyError::ClientGone),
        }
    }

    /// As much of `patience` as this request and this worker have left; none if that is nothing.
    fn within(&self, view: &View, patience: Duration) -> Option<Duration> {
        let left = match &self.place {
            Some(place) => {
                let waited = Duration::from_millis(self.proxy.clock.now().saturating_sub(place.since));
                view.common.settings().timeouts.hold.saturating_sub(waited)
            }
            None if self.proxy.held.has_room(&view.common.settings().limits, self.bytes) => view.common.settings().timeouts.hold,
            None => Duration::ZERO,
        };
        Some(patience.min(left)).filter(|patience| !patience.is_zero())
    }
}

impl<'p> Place<'p> {
    fn take(proxy: &'p Proxy, bytes: usize) -> Place<'p> {
        proxy.held.enter(bytes);
        proxy.page.add(Counter::Held, 1);
        proxy.page.add(Counter::Holding, 1);
        Place { proxy, bytes, since: proxy.clock.now() }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.proxy.held.leave(self.bytes);
        self.proxy.page.sub(Counter::Holding, 1);
    }
}
