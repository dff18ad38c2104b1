//! What an operator asks for, and when he is answered.
//!
//! Operators are refused a second operation while one is under way, see [`Core::refusal`]; start and stop they may say at any
//! time. What reaches the core counts, the newest most: somebody who still waits for an older change that cannot come true any
//! more is told so.

use std::time::{Duration, Instant};

use dproxy_config::WorkerCount;
use dproxy_control::{Refusal, Wait};

use super::pool::Mode;
use super::{Change, Core, Effect, RequestId};

/// Somebody who waits until it is done.
#[derive(Debug)]
pub(crate) struct Waiter {
    request: RequestId,
    goal: Goal,
    /// The answer when it is.
    message: String,
    until: Instant,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    /// All of so many workers serve.
    Serving(WorkerCount),
    /// Every worker is of this round or a later one.
    Replaced(u64),
    /// Everybody is gone and the ports are free.
    Stopped,
}

/// A change of every worker or of their number, on its way.
#[derive(Debug)]
pub(crate) struct Operation {
    /// What it is called: `a restart`.
    name: String,
    goal: Goal,
    /// What takes longer goes on in the background, and keeps nobody from another one.
    until: Instant,
}

/// Beyond the time a drain may take.
const WAIT_LIMIT: Duration = Duration::from_secs(30);

impl Waiter {
    pub(crate) fn deadline(&self) -> Instant {
        self.until
    }
}

impl Core {
    pub(super) fn asked(&mut self, request: RequestId, change: Change, wait: Wait) {
        if self.mode == Mode::Closed {
            return self.answer(request, Err(Refusal::Busy("dproxy is shutting down".to_owned())));
        }
        match change {
            Change::Start => self.start(request, wait),
            Change::Stop => self.stop(request, wait),
            Change::Resize(size) => self.resize(request, size, wait),
            Change::Restart => self.restart(request, wait),
        }
    }

    /// Why an operator may not have this now: another operation is under way. Somebody who wants what is under way anyway
    /// may wait with the others; start and stop say whether to serve at all, and need nobody's end.
    pub(crate) fn refusal(&self, change: Change) -> Option<Refusal> {
        let operation = self.operation.as_ref()?;
        let refused = match change {
            Change::Start | Change::Stop => false,
            Change::Resize(size) => operation.goal != Goal::Serving(size),
            Change::Restart => true,
        };
        let (name, online, wanted) = (&operation.name, self.online(), self.size());
        let text = format!("{name} is under way, {online} of {wanted} workers serve; ask again when it is done, or `stop`");
        refused.then_some(Refusal::Busy(text))
    }

    fn begin_operation(&mut self, name: String, goal: Goal) {
        self.operation = Some(Operation { name, goal, until: self.now + self.tables.drain_limit() + WAIT_LIMIT });
    }

    fn start(&mut self, request: RequestId, wait: Wait) {
        self.resume_slots();
        if self.mode != Mode::Stopped {
            let message = format!("already running with {} workers", self.wanted);
            return self.promise(request, wait, Goal::Serving(self.wanted), &message);
        }
        self.mode = Mode::Starting;
        self.disappoint("`start`", |goal| goal == Goal::Stopped);
        self.promise(request, wait, Goal::Serving(self.wanted), "spawned");
    }

    fn stop(&mut self, request: RequestId, wait: Wait) {
        if self.mode == Mode::Stopped && self.processes.is_empty() {
            return self.answer(request, Ok("already stopped".to_owned()));
        }
        self.mode = Mode::Stopped;
        self.rolling = None;
        self.operation = None;
        self.disappoint("`stop`", |goal| goal != Goal::Stopped);
        self.promise(request, wait, Goal::Stopped, "stopping...");
    }

    fn resize(&mut self, request: RequestId, size: WorkerCount, wait: Wait) {
        if self.wanted != size {
            self.effects.push(Effect::Remember(size));
        }
        if self.mode == Mode::Stopped {
            self.wanted = size;
            return self.answer(request, Ok(format!("stopped; `start` will bring up {size} workers")));
        }
        if self.wanted == size {
            let message = format!("already {size} workers");
            return self.promise(request, wait, Goal::Serving(size), &message);
        }
        self.wanted = size;
        self.mode = Mode::Resizing;
        self.begin_operation(format!("a resize to {size}"), Goal::Serving(size));
        self.disappoint(&format!("`resize {size}`"), |goal| matches!(goal, Goal::Serving(other) if other != size));
        self.promise(request, wait, Goal::Serving(size), "resizing...");
    }

    fn restart(&mut self, request: RequestId, wait: Wait) {
        if self.mode == Mode::Stopped {
            return self.start(request, wait);
        }
        self.begin_rolling();
        self.begin_operation("a restart".to_owned(), Goal::Replaced(self.epoch));
        self.promise(request, wait, Goal::Replaced(self.epoch), "restarting...");
    }

    /// The master leaves: drain everything, take no more orders.
    pub(super) fn close(&mut self) {
        self.mode = Mode::Closed;
        self.rolling = None;
        self.disappoint("the end of dproxy", |goal| goal != Goal::Stopped);
    }

    /// The balancer cannot listen: nobody needs to wait longer for workers to serve.
    pub(super) fn start_failed(&mut self, reason: &str) {
        self.fail(reason, |goal| matches!(goal, Goal::Serving(_)));
    }

    /// New workers do not come up: nobody needs to wait longer for them.
    pub(super) fn restart_failed(&mut self, reason: &str) {
        self.operation = None;
        let text = format!("the old workers stay, new ones do not come up: {reason}");
        self.fail(&text, |goal| matches!(goal, Goal::Replaced(_)));
    }

    /// Answers whoever has waited long enough, one way or the other.
    pub(super) fn settle(&mut self) {
        if self.mode.is_on_its_way() && self.is_complete() {
            self.mode = Mode::Running;
        }
        self.operation = self.operation.take().filter(|operation| !self.is_reached(operation.goal) && operation.until > self.now);
        for waiter in std::mem::take(&mut self.waiters) {
            if self.is_reached(waiter.goal) {
                self.answer(waiter.request, Ok(waiter.message));
            } else if waiter.until <= self.now {
                let text = self.shortfall();
                self.answer(waiter.request, Err(Refusal::Failed(text)));
            } else {
                self.waiters.push(waiter);
            }
        }
    }

    /// Answers now or when it is done, as was asked for.
    fn promise(&mut self, request: RequestId, wait: Wait, goal: Goal, message: &str) {
        match wait {
            Wait::Accepted => self.answer(request, Ok(message.to_owned())),
            Wait::Done => {
                let until = self.now + self.tables.drain_limit() + WAIT_LIMIT;
                self.waiters.push(Waiter { request, goal, message: message.to_owned(), until });
            }
        }
    }

    fn is_reached(&self, goal: Goal) -> bool {
        match goal {
            Goal::Serving(size) => self.size() == size.get() && self.is_complete(),
            Goal::Replaced(epoch) => self.rolling.is_none() && self.epoch >= epoch && self.is_complete(),
            Goal::Stopped => self.processes.is_empty(),
        }
    }

    /// Tells those whose goal cannot be reached any more which newer order took over.
    fn disappoint(&mut self, newer: &str, hopeless: impl Fn(Goal) -> bool) {
        #[cfg(test)]
        if self.sabotage == Some(super::Sabotage::ForgetTheDisappointed) {
            return self.waiters.retain(|waiter| !hopeless(waiter.goal));
        }
        let text = format!("{newer} came later and took over");
        for waiter in self.waiters.extract_if(.., |waiter| hopeless(waiter.goal)) {
            self.effects.push(Effect::Answer(waiter.request, Err(Refusal::Busy(text.clone()))));
        }
    }

    fn fail(&mut self, reason: &str, hopeless: impl Fn(Goal) -> bool) {
        for waiter in self.waiters.extract_if(.., |waiter| hopeless(waiter.goal)) {
            self.effects.push(Effect::Answer(waiter.request, Err(Refusal::Failed(reason.to_owned()))));
        }
    }

    fn answer(&mut self, request: RequestId, answer: Result<String, Refusal>) {
        #[cfg(test)]
        if self.sabotage == Some(super::Sabotage::AnswerTwice) {
            self.effects.push(Effect::Answer(request, answer.clone()));
        }
        self.effects.push(Effect::Answer(request, answer));
    }

    /// Why somebody waited in vain.
    fn shortfall(&self) -> String {
        let mut text = format!("{} of {} workers serve", self.online(), self.size());
        for (slot, it) in &self.slots {
            if let Some(failure) = it.last_failure.as_ref().filter(|_| it.is_errored()) {
                text.push_str(&format!("; slot {}: {failure}", slot.0));
            }
        }
        let leaving = self.processes.values().filter(|process| process.is_on_its_way_out()).count();
        if leaving > 0 {
            text.push_str(&format!("; {leaving} still drain"));
        }
        text.push_str("; it goes on in the background");
        text
    }
}

impl Mode {
    fn is_on_its_way(self) -> bool {
        match self {
            Mode::Starting | Mode::Resizing => true,
            Mode::Running | Mode::Stopped | Mode::Closed => false,
        }
    }
}

#[cfg(test)]
mod tests;
