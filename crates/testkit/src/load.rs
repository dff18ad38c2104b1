//! A load that goes on in the background while a test does things to the program under it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::pause;
use crate::{Answer, Connection, Failure, Kind, Report};

/// What the load asks, and how.
#[derive(Clone, Debug)]
pub struct Load {
    /// Whom.
    pub addr: SocketAddr,
    /// The `Host` field.
    pub host: String,
    /// The path.
    pub path: String,
    /// How many clients side by side.
    pub clients: usize,
    /// Whether they keep their connections.
    pub mode: Mode,
    /// All clients together, requests per second, begun on a plan that does not wait for answers to be fast;
    /// none: each client asks again as soon as it is answered.
    pub rate: Option<u32>,
    /// All clients together stop after so many requests.
    pub limit: u64,
    /// How long an answer may take.
    pub silence: Duration,
    /// What the body must be, when the test knows it.
    pub body: Option<String>,
}

/// What a client does with its connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Asks again on it, as long as the answer did not say `Connection: close`.
    KeepAlive,
    /// Closes it.
    PerRequest,
}

/// A load under way. It ends with [`Running::stop`].
pub struct Running {
    clients: Vec<JoinHandle<Report>>,
    state: Arc<State>,
}

struct State {
    load: Load,
    begun: Instant,
    leaving: AtomicBool,
    /// Requests begun.
    asked: AtomicU64,
    /// Requests ended, well or not.
    done: AtomicU64,
}

impl Load {
    /// Eight clients that keep their connections and ask as fast as they are answered, at most a million requests.
    #[must_use]
    pub fn new(addr: SocketAddr, host: &str) -> Load {
        Load {
            addr,
            host: host.to_owned(),
            path: "/".to_owned(),
            clients: 8,
            mode: Mode::KeepAlive,
            rate: None,
            limit: 1_000_000,
            silence: Duration::from_secs(10),
            body: None,
        }
    }

    /// Lets it begin.
    #[must_use]
    pub fn start(self) -> Running {
        let clients = self.clients;
        let state = Arc::new(State {
            load: self,
            begun: Instant::now(),
            leaving: AtomicBool::new(false),
            asked: AtomicU64::new(0),
            done: AtomicU64::new(0),
        });
        let spawn = |_| {
            let state = Arc::clone(&state);
            thread::spawn(move || Client { state, report: Report::default(), connection: None }.run())
        };
        Running { clients: (0..clients).map(spawn).collect(), state }
    }
}

impl Running {
    /// How many requests have ended so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.state.done.load(Ordering::Relaxed)
    }

    /// Lets each client finish its request and says how it went.
    ///
    /// # Panics
    /// When a client panicked.
    #[must_use]
    pub fn stop(self) -> Report {
        self.state.leaving.store(true, Ordering::Relaxed);
        self.join()
    }

    /// Waits until the limit is reached and says how it went.
    ///
    /// # Panics
    /// When a client panicked.
    #[must_use]
    pub fn join(self) -> Report {
        let mut report = Report::default();
        for client in self.clients {
            report.merge(client.join().expect("a client counts failures, it does not panic"));
        }
        report.elapsed = self.state.begun.elapsed();
        report
    }
}

struct Client {
    state: Arc<State>,
    report: Report,
    connection: Option<Connection>,
}

impl Client {
    fn run(mut self) -> Report {
        while let Some(planned) = self.next() {
            match self.ask() {
                Ok(answer) => self.judge(&answer, planned),
                Err(failure) => self.fail(Kind::from(&failure), &failure.to_string()),
            }
            self.state.done.fetch_add(1, Ordering::Relaxed);
        }
        self.report
    }

    /// When the next request was due; none when it is time to leave.
    fn next(&self) -> Option<Instant> {
        let number = self.state.asked.fetch_add(1, Ordering::Relaxed);
        if self.state.leaving.load(Ordering::Relaxed) || number >= self.state.load.limit {
            return None;
        }
        let Some(rate) = self.state.load.rate else { return Some(Instant::now()) };
        let due = self.state.begun + Duration::from_micros(number * 1_000_000 / u64::from(rate));
        pause(due.saturating_duration_since(Instant::now()));
        Some(due)
    }

    fn ask(&mut self) -> Result<Answer, Failure> {
        let load = &self.state.load;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.report.connections += 1;
                let mut connection = Connection::open(load.addr)?;
                connection.silence(load.silence)?;
                connection
            }
        };
        connection.send(format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", load.path, load.host).as_bytes())?;
        let answer = connection.answer_to("GET")?;
        if load.mode == Mode::KeepAlive && !answer.closes() {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn judge(&mut self, answer: &Answer, planned: Instant) {
        if answer.status != 200 {
            self.fail(Kind::Status(answer.status), &format!("status {}: {}", answer.status, answer.text()));
        } else if self.state.load.body.as_ref().is_some_and(|expected| expected.as_bytes() != answer.body) {
            self.fail(Kind::WrongBody, &format!("body `{}`", answer.text()));
        } else {
            self.report.good += 1;
            self.report.latencies.push(planned.elapsed());
        }
    }

    fn fail(&mut self, kind: Kind, what: &str) {
        self.report.fail(kind, self.state.begun.elapsed(), what);
        // A refused client would otherwise ask hundreds of thousands of times a second.
        pause(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, PATIENCE, Step, free_addr, ok, wait_for};

    #[test]
    fn good_answers_are_counted() {
        let origin = Origin::saying("x");
        let report = Load { limit: 200, body: Some("x".to_owned()), ..Load::new(origin.addr(), "a.test") }.start().join();
        assert_eq!((report.good, report.failed(), report.connections), (200, 0, 8), "{report}");
        let report = Load { limit: 100, mode: Mode::PerRequest, ..Load::new(origin.addr(), "a.test") }.start().join();
        assert_eq!((report.good, report.connections), (100, 100), "{report}");
    }

    #[track_caller]
    fn check(steps: &[Step], kind: Kind) {
        let steps = steps.to_vec();
        let origin = Origin::start(move |_| steps.clone());
        let load =
            Load { limit: 3, clients: 1, silence: Duration::from_millis(50), body: Some("x".to_owned()), ..Load::new(origin.addr(), "a") };
        let report = load.start().join();
        assert_eq!(report.count(kind), 3, "{report}");
    }

    #[test]
    fn each_failure_has_its_name() {
        check(&[Step::Reset], Kind::Reset);
        check(&[Step::Close], Kind::Eof);
        check(&[Step::Hang], Kind::Timeout);
        check(&[Step::Send(b"SSH-2.0\r\n".to_vec())], Kind::Garbage);
        check(&[Step::Send(b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n".to_vec())], Kind::Status(502));
        check(&ok("y"), Kind::WrongBody);
        let report = Load { limit: 3, ..Load::new(free_addr(), "a") }.start().join();
        assert_eq!(report.count(Kind::Refused), 3, "{report}");
    }

    #[test]
    fn a_rate_is_kept() {
        let origin = Origin::saying("x");
        let load = Load { rate: Some(200), limit: 40, ..Load::new(origin.addr(), "a.test") }.start();
        wait_for("twenty requests", PATIENCE, || load.done() >= 20);
        let report = load.join();
        assert!(report.elapsed >= Duration::from_millis(190), "{report}");
        assert_eq!(report.good, 40, "{report}");
    }
}
