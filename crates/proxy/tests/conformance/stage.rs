//! A proxy between a client and a backend that both follow a script.

use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dproxy_config::ProxySettings;
use dproxy_proxy::{Atlas, Proxy};
use dproxy_route::{Backend, HostPattern, PathPrefix, Route};
use dproxy_stats::Page;

use crate::backend::Pretend;
use crate::client::Client;
use crate::notation;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);

/// One exchange, and what must come of it.
pub(crate) struct Case {
    client: String,
    backend: Vec<String>,
    start: fn(&[String]) -> Pretend,
    settings: ProxySettings,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What the client got; `{end}` or `{reset}` where the connection ended.
    pub(crate) client: String,
    /// What the backend got, by connection.
    pub(crate) backend: Vec<String>,
    /// The connection to the backend that another request on the client's connection took.
    pub(crate) next_by: Option<usize>,
}

impl Case {
    /// A client that follows this script; the backend answers everything with [`crate::backend::NEXT`].
    pub(crate) fn client(script: &str) -> Case {
        Case { client: script.to_owned(), backend: Vec::new(), start: Pretend::start, settings: ProxySettings::default() }
    }

    /// The backend follows this script on its next connection.
    pub(crate) fn backend(mut self, script: &str) -> Case {
        self.backend.push(script.to_owned());
        self
    }

    /// The backend takes little at a time.
    pub(crate) fn narrow(mut self) -> Case {
        self.start = Pretend::narrow;
        self
    }

    /// Under other settings.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ProxySettings)) -> Case {
        change(&mut self.settings);
        self
    }

    /// With time-outs short enough to be waited for.
    pub(crate) fn hurried(self) -> Case {
        self.with(|settings| settings.timeouts = hurried().timeouts)
    }

    /// Plays it until the client has got this, or its connection has ended.
    pub(crate) fn play(self, client_gets: &str) -> Outcome {
        self.play_until(|shown| shown == client_gets)
    }

    /// Plays it until the client's connection has ended.
    pub(crate) fn play_out(self) -> Outcome {
        self.play_until(|_| false)
    }

    /// Plays it until what the client got is `enough`, or its connection has
    /// ended. A connection that has not must go on.
    pub(crate) fn play_until(self, enough: impl Fn(&str) -> bool) -> Outcome {
        let backend = (self.start)(&self.backend);
        let proxy = Running::start(self.settings, backend.address);
        let port = proxy.address.port();
        let mut client = Client::connect(proxy.address);
        client.follow(&self.client);
        client.read_until(|client| enough(&client.shown()));
        let shown = client.shown();
        if enough(&shown) && client.end.is_none() {
            client.probe();
        }
        drop(client);
        // Everything that was sent arrives before the end that this brings.
        drop(proxy);
        let seen = backend.seen();
        let label = format!("{0}@{0}", backend.address);
        // A connection that only the probe took says nothing of the case.
        let got = seen.got.iter().filter(|bytes| !bytes.is_empty());
        let backend = got.map(|bytes| notation::requests(bytes, port, &label)).collect();
        Outcome { client: shown, backend, next_by: seen.next_by }
    }

    /// Plays it; the client must get this.
    #[track_caller]
    pub(crate) fn answers(self, client_gets: &str) {
        let script = self.client.clone();
        let outcome = self.play(client_gets);
        assert_eq!(outcome.client, client_gets, "what the client of `{script}` got; the backend got {:?}", outcome.backend);
    }

    /// Plays it; the backend must get this, by connection, and the client this.
    #[track_caller]
    pub(crate) fn passes(self, backend_gets: &[&str], client_gets: &str) {
        let script = self.client.clone();
        let outcome = self.play(client_gets);
        let got: Vec<&str> = outcome.backend.iter().map(String::as_str).collect();
        assert_eq!((outcome.client.as_str(), &got[..]), (client_gets, backend_gets), "what came of `{script}`");
    }
}

/// Settings with time-outs short enough to be waited for.
pub(crate) fn hurried() -> ProxySettings {
    let mut settings = ProxySettings::default();
    let timeouts = &mut settings.timeouts;
    for timeout in [&mut timeouts.request_head, &mut timeouts.connect, &mut timeouts.first_byte, &mut timeouts.idle] {
        *timeout = Duration::from_millis(250);
    }
    settings
}

/// A proxy on a thread of its own; it goes away when dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Sends everything to `backend`.
    pub(crate) fn start(settings: ProxySettings, backend: SocketAddr) -> Running {
        let route = Route::fixed(0, HostPattern::Any, PathPrefix::root(), Backend::at(backend));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let proxy = Proxy::new(Atlas::of_routes(settings, &[route]), page(), 0);
                let _listening = proxy.listen(listener, address).expect("a socket that can be accepted from");
                tokio::select! {
                    () = proxy.keep_time() => {}
                    // An error is a test that ended: the same.
                    _ = stopped => {}
                }
            });
        });
        Running { address, stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the proxy panicked");
        }
    }
}

fn page() -> Page {
    let file = tempfile::tempfile().expect("a file");
    file.set_len(Page::BYTES as u64).expect("a page of room");
    Page::map(&file).expect("a page")
}
