//! Everything that the connections of a worker share.

use std::cell::{Cell, RefCell};
use std::net::{SocketAddr, TcpStream as Socket};
use std::rc::Rc;
use std::time::{Duration, Instant};

use dproxy_stats::{Counter, Ledger, Page};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::access::AccessLog;
use crate::atlas::{Atlas, Charter};
use crate::buffer::Buffers;
use crate::clock::{Clock, TICK, boot_millis};
use crate::common::Common;
use crate::departures::{Departing, Departures};
use crate::front::arrival::{self, Arrival, Stage};
use crate::front::hands::Hands;
use crate::held::Held;
use crate::listen::Listening;
use crate::lookout::Lookout;
use crate::memory::Memory;
use crate::moments::Moments;
use crate::quic::Answering;
use crate::sites::Sites;
use crate::tcp::Tcp;
use crate::tls::{Demands, Handshakes};
use crate::trail::Numbers;
use crate::upstream::Pools;
use crate::view::View;

/// Serves connections on the thread it was made on, inside a `LocalRuntime` or a `LocalSet`.
#[derive(Debug)]
pub struct Proxy {
    pub(crate) page: Page,
    pub(crate) buffers: Rc<Buffers>,
    pub(crate) hands: Rc<Hands>,
    pub(crate) clock: Rc<Clock>,
    pub(crate) moments: Moments,
    pub(crate) access: AccessLog,
    pub(crate) numbers: Numbers,
    /// Who serves names that only wildcards match.
    pub(crate) memory: Memory,
    pub(crate) handshakes: Handshakes,
    /// Names whose certificates clients wait for.
    pub(crate) demands: Demands,
    /// Where QUIC is spoken, once for each address.
    pub(crate) quic_ports: RefCell<Vec<u16>>,
    /// Requests that wait for their site to come back.
    pub(crate) held: Held,
    sites: RefCell<Sites>,
    /// There is another atlas.
    news: Notify,
    pools: RefCell<Pools>,
    course: Cell<Course>,
    open: Cell<usize>,
    closed: Notify,
    pub(crate) departures: Departures,
    /// Clock time until which requests under way are told that backends have gone or sleep.
    farewells: Cell<u64>,
}

/// Milliseconds within which whatever was asked of a backend that has gone is looked at again.
const FAREWELLS: u64 = 500;

/// So many views are renewed before others get their turn.
const RENEWED_AT_ONCE: usize = 16;

/// What becomes of connections on which nothing is under way when a drain begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// They are given away by [`Proxy::departing`]: others serve on, and no
    /// request that is on its way is lost.
    HandOver,
    /// They are closed at once: nobody serves on.
    Close,
}

/// What clients are served for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// For as long as they like.
    Serving,
    /// Until nothing is under way; then they are given away.
    HandingOver,
    /// Until their next answer, which says `Connection: close`.
    Answering,
    /// Until nothing is under way; then they are closed.
    Closing,
}

impl Proxy {
    /// A proxy that serves `atlas` and counts into `page`. `offset` should
    /// differ between workers: round robin begins there. What backends take
    /// is counted for this proxy alone.
    #[must_use]
    pub fn new(atlas: Atlas, page: Page, offset: u32) -> Rc<Proxy> {
        Proxy::start(atlas, page, offset, Pools::default())
    }

    /// The same; what backends take is counted over all workers that share the board of `ledger`.
    #[must_use]
    pub fn sharing(atlas: Atlas, page: Page, ledger: Ledger, offset: u32) -> Rc<Proxy> {
        Proxy::start(atlas, page, offset, Pools::counted_by(ledger))
    }

    fn start(atlas: Atlas, page: Page, offset: u32, pools: Pools) -> Rc<Proxy> {
        Rc::new(Proxy {
            page,
            buffers: Rc::default(),
            hands: Rc::default(),
            clock: Clock::new(),
            moments: Moments::default(),
            access: AccessLog::default(),
            numbers: Numbers::default(),
            memory: Memory::default(),
            handshakes: Handshakes::default(),
            demands: Demands::default(),
            quic_ports: RefCell::default(),
            held: Held::default(),
            sites: RefCell::new(Sites::new(atlas, offset)),
            news: Notify::new(),
            pools: RefCell::new(pools),
            course: Cell::new(Course::Serving),
            open: Cell::new(0),
            closed: Notify::new(),
            departures: Departures::default(),
            farewells: Cell::new(0),
        })
    }

    /// Serves by `atlas` from the next request on.
    pub fn install(self: &Rc<Self>, atlas: Atlas) {
        let now = self.clock.now();
        let mut sites = self.sites.borrow_mut();
        sites.adopt(atlas, now);
        if self.pools.borrow_mut().dismiss(|backend| sites.presence(backend), now) {
            self.farewells.set(now + FAREWELLS);
        }
        drop(sites);
        self.news.notify_waiters();
        // Whoever waits for a place must not wait for the next to come, and who has gone is let go.
        let proxy = Rc::clone(self);
        tokio::task::spawn_local(async move {
            while proxy.renew_some() {
                tokio::task::yield_now().await;
            }
        });
    }

    fn renew_some(&self) -> bool {
        self.sites.borrow_mut().renew_some(RENEWED_AT_ONCE, &mut self.pools.borrow_mut())
    }

    /// What counts for every host now: the next atlas may use it again.
    #[must_use]
    pub fn charter(&self) -> Charter {
        self.sites.borrow().charter().clone()
    }

    /// Writes a line for each request to `file` from now on, which must be in
    /// append mode; to nothing without one.
    pub fn log_to(&self, file: Option<std::fs::File>) {
        self.access.set_file(file);
    }

    /// Accepts connections from `listener`, bound to `address`, until the answer is dropped.
    ///
    /// # Errors
    /// When the socket cannot be registered with the runtime.
    pub fn listen(self: &Rc<Self>, listener: std::net::TcpListener, address: SocketAddr) -> std::io::Result<Listening> {
        Listening::start(Rc::clone(self), listener, address)
    }

    /// Speaks QUIC on `socket`, bound to `address`, until the answer is dropped; then no new connection is begun, and those
    /// that are there go on. What clients send to connections of this worker reaches it by `berth`, its place among the
    /// sockets of the address.
    ///
    /// None as long as the settings have no secrets for it.
    ///
    /// # Errors
    /// When the socket cannot be used.
    pub fn listen_quic(self: &Rc<Self>, socket: std::net::UdpSocket, address: SocketAddr, berth: u8) -> std::io::Result<Option<Answering>> {
        Answering::start(self, socket, address, berth)
    }

    /// Whether QUIC is spoken at this port.
    pub(crate) fn speaks_quic(&self, port: u16) -> bool {
        self.quic_ports.borrow().contains(&port)
    }

    /// Looks into the sockets of siblings, and serves whoever waits there in vain, until the answer is dropped.
    #[must_use]
    pub fn look_after(self: &Rc<Self>, siblings: Vec<(Rc<std::net::TcpListener>, SocketAddr)>) -> Lookout {
        Lookout::start(Rc::clone(self), siblings)
    }

    /// The next name for whose certificate a client waits, for [`Proxy::install`] or [`Proxy::refuse`] to answer.
    pub async fn demanded(&self) -> String {
        self.demands.next().await
    }

    /// There is no certificate for `name` to be waited for.
    pub fn refuse(&self, name: &str) {
        self.demands.refuse(name, self.clock.now());
    }

    /// Advances deadlines, sweeps unused connections and reports life, for ever.
    pub async fn keep_time(&self) {
        tokio::join!(self.tick(), self.moments.count());
    }

    async fn tick(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut count: u64 = 0;
        let mut lateness = Duration::ZERO;
        loop {
            let now = ticks.tick().await;
            lateness = lateness.max(now.elapsed());
            self.clock.tick(now.into_std());
            if self.clock.now() <= self.farewells.get() {
                self.clock.wake_busy();
            }
            self.access.tick();
            self.page.set(Counter::Heartbeat, boot_millis());
            count += 1;
            if count.is_multiple_of(10) {
                self.sweep_pools();
                self.buffers.trim();
                self.hands.trim();
                self.page.set(Counter::Lateness, u64::try_from(lateness.as_micros()).unwrap_or(u64::MAX));
                lateness = Duration::ZERO;
            }
        }
    }

    /// Waits until every connection has ended, at most until `deadline`. Whoever
    /// drains no longer listens. Returns the number of requests that were cut off.
    pub async fn drain(&self, deadline: Duration, idle: Idle) -> u64 {
        match idle {
            Idle::HandOver => self.course.set(Course::HandingOver),
            Idle::Close => {
                self.course.set(Course::Closing);
                self.clock.expire_idle();
            }
        }
        self.clock.wake_all();
        let end = tokio::time::Instant::from_std(Instant::now() + deadline);
        while self.open.get() > 0 {
            let closed = self.closed.notified();
            if tokio::time::timeout_at(end, closed).await.is_err() {
                break;
            }
        }
        self.access.leave();
        self.page.read().get(Counter::InFlight)
    }

    /// No connection can be given away any more: they are answered once more, with `Connection: close`.
    pub fn give_nothing_away(&self) {
        if self.hands_over() {
            self.course.set(Course::Answering);
        }
        self.departures.take_back();
    }

    /// What counts for every request.
    pub(crate) fn common(&self) -> Rc<Common> {
        Rc::clone(&self.sites.borrow().common)
    }

    /// What serves `host`.
    pub(crate) fn view(&self, host: &str) -> Rc<View> {
        let at_hand = self.sites.borrow().at_hand(host);
        at_hand.unwrap_or_else(|| self.sites.borrow_mut().view(host, &mut self.pools.borrow_mut()))
    }

    /// The same for a host that is known by just what is `written`, and its name.
    pub(crate) fn view_by_name(&self, written: &[u8]) -> Option<(Rc<str>, Rc<View>)> {
        self.sites.borrow().by_name(written)
    }

    /// Ready once there is another atlas than now.
    pub(crate) fn news(&self) -> Notified<'_> {
        self.news.notified()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.course.get() != Course::Serving
    }

    /// Whether a client's next answer is its last. One whose connection is `in_clear` can be given away instead.
    pub(crate) fn says_goodbye(&self, in_clear: bool) -> bool {
        match self.course.get() {
            Course::Serving => false,
            Course::HandingOver => !in_clear,
            Course::Answering | Course::Closing => true,
        }
    }

    /// Whether a connection on which nothing is under way is given away.
    pub(crate) fn hands_over(&self) -> bool {
        self.course.get() == Course::HandingOver
    }

    /// Whether a connection on which nothing is under way has no more to wait for.
    pub(crate) fn closes_idle(&self) -> bool {
        self.course.get() == Course::Closing
    }

    /// Whether another connection may be accepted.
    pub(crate) fn has_room(&self) -> bool {
        self.open.get() < self.sites.borrow().common.settings().limits.connections as usize
    }

    /// Resolves at some time after a connection has ended.
    pub(crate) async fn connection_closed(&self) {
        self.closed.notified().await;
    }

    /// Counts a request until the answer is dropped.
    pub(crate) fn count_request(&self) -> InFlight<'_> {
        self.page.add(Counter::Requests, 1);
        self.page.add(Counter::InFlight, 1);
        InFlight(self)
    }

    pub(crate) fn count_status(&self, status: u16) {
        let class = match status {
            ..200 => Counter::Status1xx,
            200..300 => Counter::Status2xx,
            300..400 => Counter::Status3xx,
            400..500 => Counter::Status4xx,
            500.. => Counter::Status5xx,
        };
        self.page.add(class, 1);
    }

    /// Serves a connection that was just accepted.
    pub(crate) fn serve(self: &Rc<Self>, socket: Socket, peer: SocketAddr, port: u16) {
        self.page.add(Counter::Accepted, 1);
        Open::new(Rc::clone(self)).serve(Arrival { tcp: Tcp::accepted(socket), peer, port, stage: Stage::New });
    }

    fn sweep_pools(&self) {
        let kept = self.sites.borrow().common.settings().timeouts.upstream_keep_alive;
        let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
        let mut pools = self.pools.borrow_mut();
        pools.sweep(self.clock.now().saturating_sub(kept));
        self.page.set(Counter::Kept, pools.kept() as u64);
    }
}

/// Counts a connection for as long as it lives, however it ends.
#[derive(Debug)]
pub(crate) struct Open(Rc<Proxy>);

impl Open {
    pub(crate) fn new(proxy: Rc<Proxy>) -> Open {
        proxy.open.set(proxy.open.get() + 1);
        proxy.page.add(Counter::Open, 1);
        Open(proxy)
    }

    /// Serves the connection in a task of its own, until it ends or is given away.
    pub(crate) fn serve(self, arrival: Arrival) {
        tokio::task::spawn_local(async move {
            if let Some(arrival) = arrival::serve(&self.0, arrival).await {
                let proxy = Rc::clone(&self.0);
                proxy.departures.add(Departing { arrival, open: self });
            }
        });
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
        self.0.page.sub(Counter::Open, 1);
        self.0.closed.notify_waiters();
    }
}

/// Counts a request for as long as it is being answered, however that ends.
pub(crate) struct InFlight<'p>(&'p Proxy);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.page.sub(Counter::InFlight, 1);
    }
}
