//! What is asked of the authority, and when. Nothing here reads a clock or speaks with anybody: the time comes in, and
//! what is to be done goes out, so that years with an unreliable authority are simulated in a second.
//!
//! ```text
//!             next                    holds
//!   missing ───────► under way ───────────────────► held ──┐
//!      ▲                │                            ▲     │ it is time (window of the authority,
//!      │                │ failed                     │     │ else two thirds of its life)
//!      └── resting ◄────┴────────► resting with it ──┴─────┘
//! ```
//!
//! A host that is refused rests by itself, longer each time, and holds nobody else back. An authority that cannot be
//! reached rests as a whole: then one order at a time finds out whether it is back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, SystemTime};

use dproxy_route::{HostPattern, Problem};
use httpdate::fmt_http_date;
use serde::{Deserialize, Serialize};

/// The names of one certificate, at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Names(BTreeSet<HostPattern>);

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Order a certificate; answered by [`Judge::holds`] or [`Judge::failed`].
    Order(Names),
    /// Ask when it shall be renewed; answered by [`Judge::window`].
    AskWindow(Names),
}

/// Why there is no certificate yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setback {
    /// It is about these names.
    Refused(String),
    /// There were too many for the authority, at least for these names.
    Limited {
        /// When it may be tried again, if the authority said so.
        until: Option<SystemTime>,
        why: String,
    },
    /// Nobody would get one.
    Authority(String),
}

/// How long a certificate lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) begins: SystemTime,
    pub(super) ends: SystemTime,
}

/// When the authority would like a certificate to be renewed (RFC 9773).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: SystemTime,
    pub(super) end: SystemTime,
}

/// So many orders are under way at a time.
const MOST_AT_ONCE: usize = 10;
/// Authorities allow five failures of a name in an hour: these are at 0, 1, 4, 13, 40 and 121 minutes.
const REFUSED: Pause = Pause { first: Duration::from_secs(60), factor: 3, longest: Duration::from_secs(12 * 3600) };
const UNREACHABLE: Pause = Pause { first: Duration::from_secs(5), factor: 2, longest: Duration::from_secs(3600) };
/// For all names, so that thousands of them do not each find out for themselves that there were too many.
const CROWDED: Pause = Pause { first: Duration::from_secs(10), factor: 2, longest: Duration::from_secs(600) };
/// Without a word of the authority on it.
const LIMITED: Duration = Duration::from_secs(3600);
/// The authority is asked for its window again after at least, and at most, so long.
const ASKED_AGAIN: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(24 * 3600));
/// A window is asked for within this time, so that not all are at once.
const ASKED_FIRST: Duration = Duration::from_secs(300);
/// A host may be back after so long: its engine may be away, or this program may have begun before it.
const MISSED: Duration = Duration::from_secs(24 * 3600);
/// Nobody is believed who says that it takes longer.
const LONGEST_BAN: Duration = Duration::from_secs(7 * 24 * 3600);
/// The year 9999: times beyond cannot be reckoned with everywhere.
const FAR_FUTURE: u64 = 253_402_300_799;
/// A step of the clock is noticed after so long.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// How long is waited after failures.
struct Pause {
    first: Duration,
    factor: u32,
    longest: Duration,
}

/// All certificates that are wanted or held.
#[derive(Debug)]
pub(super) struct Judge {
    cases: BTreeMap<Names, Case>,
    /// What is wanted, before refused ones were taken apart.
    wanted: BTreeSet<Names>,
    /// Names that are refused a certificate together: each gets its own.
    apart: BTreeSet<Names>,
    /// It cannot be reached, or wants no business with us.
    unreachable: Rest,
    /// There were too many orders.
    crowded: Rest,
    chance: fastrand::Rng,
}

/// One certificate.
#[derive(Debug, Default)]
struct Case {
    wanted: bool,
    /// Since when nobody wants it.
    missed: Option<SystemTime>,
    held: Option<Held>,
    rest: Rest,
    under_way: bool,
    asking: bool,
}

#[derive(Debug)]
struct Held {
    term: Term,
    renewed: SystemTime,
    window: Option<Window>,
    /// When the authority is asked for its window.
    asked: SystemTime,
}

/// After failures nothing is tried for a while.
#[derive(Debug, Default)]
struct Rest {
    failures: u32,
    until: Option<SystemTime>,
    /// The authority has said until when: no operator can mend that.
    told: bool,
    why: String,
}

/// What the authority has said of how long it wants no order for these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ban {
    names: String,
    /// In seconds of Unix.
    until: u64,
    why: String,
}

impl Names {
    /// A certificate for this host alone.
    pub(super) fn one(host: HostPattern) -> Names {
        Names([host].into())
    }

    /// None where there is no name.
    pub(super) fn of(hosts: impl IntoIterator<Item = HostPattern>) -> Option<Names> {
        let names: BTreeSet<HostPattern> = hosts.into_iter().collect();
        (!names.is_empty()).then_some(Names(names))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &HostPattern> {
        self.0.iter()
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl Judge {
    pub(super) fn new(seed: u64) -> Judge {
        Judge {
            cases: BTreeMap::new(),
            wanted: BTreeSet::new(),
            apart: BTreeSet::new(),
            unreachable: Rest::default(),
            crowded: Rest::default(),
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    /// Exactly these are wanted from now on.
    pub(super) fn want(&mut self, wanted: &BTreeSet<Names>) {
        self.wanted.clone_from(wanted);
        self.apart.retain(|names| wanted.contains(names));
        let (apart, together): (Vec<&Names>, Vec<&Names>) = wanted.iter().partition(|names| self.apart.contains(names));
        let alone = apart.into_iter().flat_map(Names::iter).cloned().map(Names::one);
        let wanted: BTreeSet<Names> = together.into_iter().cloned().chain(alone).collect();
        for names in &wanted {
            self.cases.entry(names.clone()).or_default();
        }
        for (names, case) in &mut self.cases {
            case.wanted = wanted.contains(names);
            case.missed = case.missed.filter(|_| !case.wanted);
        }
        self.cases.retain(|_, case| case.is_of_use());
    }

    /// There is a certificate, a new one or one from before.
    pub(super) fn holds(&mut self, now: SystemTime, names: &Names, term: Term) {
        let life = term.ends.duration_since(term.begins).unwrap_or_default();
        // Two thirds of its life, and not all hosts in one moment.
        let jitter = life.mul_f64(0.05 * self.chance.f64());
        let held = Held {
            term,
            renewed: term.begins + life.mul_f64(0.64) + jitter,
            window: None,
            asked: now + ASKED_FIRST.mul_f64(self.chance.f64()),
        };
        let case = self.cases.entry(names.clone()).or_default();
        if std::mem::take(&mut case.under_way) {
            self.unreachable = Rest::default();
            self.crowded = Rest::default();
        }
        case.held = Some(held);
        case.rest = Rest::default();
    }

    /// An order came to nothing.
    pub(super) fn failed(&mut self, now: SystemTime, names: &Names, setback: Setback) {
        let chance = self.chance.f64();
        if matches!(setback, Setback::Refused(_)) && names.iter().count() > 1 && self.apart.insert(names.clone()) {
            // One of them may be the only one that is at fault.
            let wanted = std::mem::take(&mut self.wanted);
            self.want(&wanted);
        }
        if let Some(case) = self.cases.get_mut(names) {
            case.under_way = false;
            match &setback {
                Setback::Refused(why) => case.rest.longer(now, &REFUSED, chance, why),
                Setback::Limited { until, why } => {
                    case.rest.longer(now, &REFUSED, chance, why);
                    case.rest.told = until.is_some();
                    case.rest.until = until.or(case.rest.until.max(Some(now + LIMITED)));
                }
                // Not its fault.
                Setback::Authority(_) => {}
            }
        }
        match setback {
            // It answers.
            Setback::Refused(_) => self.unreachable = Rest::default(),
            Setback::Limited { why, .. } => {
                self.unreachable = Rest::default();
                self.crowded.longer(now, &CROWDED, chance, &why);
            }
            // Orders that were under way together have failed together.
            Setback::Authority(_) if self.unreachable.is_resting(now) => {}
            Setback::Authority(why) => self.unreachable.longer(now, &UNREACHABLE, chance, &why),
        }
        self.cases.retain(|_, case| case.is_of_use());
    }

    /// An order came to nothing that may begin again at once.
    pub(super) fn again(&mut self, names: &Names) {
        self.cases.get_mut(names).into_iter().for_each(|case| case.under_way = false);
    }

    /// The authority has told when it would like a certificate to be renewed, or has not; it may be asked again after `again`.
    pub(super) fn window(&mut self, now: SystemTime, names: &Names, window: Option<Window>, again: Duration) {
        let Some(case) = self.cases.get_mut(names) else { return };
        case.asking = false;
        let Some(held) = &mut case.held else { return };
        let again = again.clamp(ASKED_AGAIN.0, ASKED_AGAIN.1);
        held.asked = now + again.mul_f64(1.0 + 0.1 * self.chance.f64());
        let Some(window) = window.filter(|window| held.window.as_ref() != Some(window) && window.start < window.end) else { return };
        let width = window.end.duration_since(window.start).unwrap_or_default();
        held.window = Some(window);
        held.renewed = window.start + width.mul_f64(self.chance.f64());
    }

    /// Somebody says that what was wrong is mended.
    pub(super) fn forgive(&mut self) {
        let rests = self.cases.values_mut().map(|case| &mut case.rest).filter(|rest| !rest.told);
        rests.chain([&mut self.unreachable, &mut self.crowded]).for_each(|rest| rest.until = None);
        // It may have revoked what we hold.
        self.cases.values_mut().filter_map(|case| case.held.as_mut()).for_each(|held| held.asked = SystemTime::UNIX_EPOCH);
    }

    /// What the authority has said of how long it wants no orders, for whoever comes after us.
    pub(super) fn bans(&self, now: SystemTime) -> Vec<Ban> {
        let told = self.cases.iter().filter(|(_, case)| case.rest.is_ban(now));
        told.filter_map(|(names, case)| {
            let until = case.rest.until?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            // Rounded up, so that nobody comes early.
            Some(Ban { names: names.to_string(), until: until.as_secs() + 1, why: case.rest.why.clone() })
        })
        .collect()
    }

    /// It was said to whoever was before us.
    pub(super) fn recall(&mut self, now: SystemTime, bans: Vec<Ban>) {
        for Ban { names, until, why } in bans {
            let until = SystemTime::UNIX_EPOCH + Duration::from_secs(until.min(FAR_FUTURE));
            let names: Result<Vec<HostPattern>, _> = names.split(", ").map(str::parse).collect();
            // What makes no sense was not written by us.
            let Some(names) = names.ok().and_then(Names::of).filter(|_| until > now) else { continue };
            let case = self.cases.entry(names).or_default();
            case.rest = Rest { failures: 1, until: Some(until.min(now + LONGEST_BAN)), told: true, why };
        }
    }

    /// Whether no order of these names would be placed now, if they wanted one.
    pub(super) fn is_resting(&self, now: SystemTime, names: &Names) -> bool {
        let own = self.cases.get(names).is_some_and(|case| case.rest.is_resting(now));
        own || self.unreachable.is_resting(now) || self.crowded.is_resting(now)
    }

    /// What is to be done now.
    pub(super) fn next(&mut self, now: SystemTime) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.unreachable.is_resting(now) && !self.crowded.is_resting(now) {
            let under_way = self.cases.values().filter(|case| case.under_way).count();
            let at_once = if self.unreachable.failures > 0 { 1 } else { MOST_AT_ONCE };
            let mut due: Vec<(Option<SystemTime>, &Names)> =
                self.cases.iter().filter(|(_, case)| case.is_due(now)).map(|(names, case)| (case.renewed(), names)).collect();
            // Who has none comes first.
            due.sort_unstable();
            let orders: Vec<Names> = due.into_iter().take(at_once.saturating_sub(under_way)).map(|(_, names)| names.clone()).collect();
            steps.extend(orders.into_iter().map(Step::Order));
        }
        if !self.unreachable.is_resting(now) {
            let asked = self.cases.iter().filter(|(_, case)| case.asks(now)).take(MOST_AT_ONCE);
            steps.extend(asked.map(|(names, _)| Step::AskWindow(names.clone())));
        }
        for step in &steps {
            match step {
                Step::Order(names) => self.cases.get_mut(names).into_iter().for_each(|case| case.under_way = true),
                Step::AskWindow(names) => self.cases.get_mut(names).into_iter().for_each(|case| case.asking = true),
            }
        }
        steps
    }

    /// When to ask [`Judge::next`] again, if nothing happens before.
    pub(super) fn deadline(&self, now: SystemTime) -> SystemTime {
        let cases = self.cases.values().filter(|case| case.wanted);
        let moments = cases.flat_map(|case| [case.rest.until, case.renewed(), case.held.as_ref().map(|held| held.asked)]);
        let moments = moments.chain([self.unreachable.until, self.crowded.until]).flatten();
        moments.filter(|moment| *moment > now).min().unwrap_or(now + LONGEST_SLEEP).min(now + LONGEST_SLEEP)
    }

    /// Certificates that nobody has wanted for a while, and that are old: they are forgotten.
    pub(super) fn forgotten(&mut self, now: SystemTime) -> Vec<Names> {
        for case in self.cases.values_mut().filter(|case| !case.wanted) {
            case.missed.get_or_insert(now);
        }
        let is_missed = |case: &Case| case.missed.is_some_and(|since| since + MISSED <= now) && !case.under_way;
        let is_old = |case: &Case| is_missed(case) && case.renewed().is_some_and(|renewed| renewed <= now);
        let old: Vec<Names> = self.cases.iter().filter(|(_, case)| is_old(case)).map(|(names, _)| names.clone()).collect();
        self.cases.values_mut().filter(|case| !case.rest.is_ban(now)).for_each(|case| case.rest.told = false);
        self.cases.retain(|names, case| !old.contains(names) && case.is_of_use());
        old
    }

    /// What an operator should know.
    pub(super) fn problems(&self, now: SystemTime) -> Vec<Problem> {
        let wanted = || self.cases.iter().filter(|(_, case)| case.wanted);
        let mut problems = Vec::new();
        for (names, case) in wanted().filter(|(_, case)| case.rest.failures > 0) {
            let missing = if case.rest.is_ban(now) { Standing::Banned } else { Standing::Missing };
            let state = case.held.as_ref().map_or(missing, |held| held.standing(now));
            let ban = case.rest.until.filter(|_| case.rest.is_ban(now)).map(|until| format!("; no order before {}", fmt_http_date(until)));
            let text = format!("{}{}; {state}", case.rest.why, ban.unwrap_or_default());
            problems.push(Problem::new(format!("certificate of {names}"), text));
        }
        if self.unreachable.failures > 0 && wanted().next().is_some() {
            let missing: Vec<String> = wanted().filter(|(_, case)| case.held.is_none()).map(|(names, _)| names.to_string()).collect();
            let waiting = match missing.len() {
                0 => "certificates that are there are served on".to_owned(),
                1..=5 => format!("{} wait for a certificate, those that are there are served on", missing.join(", ")),
                many => format!("{many} hosts wait for a certificate, those that are there are served on"),
            };
            problems.push(Problem::new(super::SUBJECT, format!("{}; it is tried again by itself; {waiting}", self.unreachable.why)));
        }
        problems
    }
}

/// Whether clients are served although the last order came to nothing.
enum Standing {
    Missing,
    /// The authority wants no order yet, whoever reloads.
    Banned,
    Good,
    Expired,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Standing::Missing => "it is tried again by itself, at once with `dproxy ctl reload`",
            Standing::Banned => "then it is tried again by itself",
            Standing::Good => "the one from before is served on, and it is tried again by itself",
            Standing::Expired => "the one from before has expired; it is tried again by itself, at once with `dproxy ctl reload`",
        })
    }
}

impl Held {
    fn standing(&self, now: SystemTime) -> Standing {
        if self.term.ends > now { Standing::Good } else { Standing::Expired }
    }
}

impl Case {
    /// Whether there is anything to be remembered of it.
    fn is_of_use(&self) -> bool {
        self.wanted || self.held.is_some() || self.under_way || self.rest.told
    }

    /// Whether it is time for an order.
    fn is_due(&self, now: SystemTime) -> bool {
        self.wanted && !self.under_way && !self.rest.is_resting(now) && self.renewed().is_none_or(|renewed| renewed <= now)
    }

    fn asks(&self, now: SystemTime) -> bool {
        self.wanted && !self.asking && !self.under_way && self.held.as_ref().is_some_and(|held| held.asked <= now)
    }

    /// When it is time for another one; none where there is none yet.
    fn renewed(&self) -> Option<SystemTime> {
        self.held.as_ref().map(|held| held.renewed)
    }
}

impl Rest {
    fn is_resting(&self, now: SystemTime) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// Whether the authority has said so.
    fn is_ban(&self, now: SystemTime) -> bool {
        self.told && self.is_resting(now)
    }

    fn longer(&mut self, now: SystemTime, pause: &Pause, chance: f64, why: &str) {
        let time = pause.factor.checked_pow(self.failures).and_then(|factor| pause.first.checked_mul(factor));
        let time = time.unwrap_or(pause.longest).min(pause.longest);
        self.failures += 1;
        self.told = false;
        self.until = Some(now + time.mul_f64(1.0 + 0.1 * chance));
        why.clone_into(&mut self.why);
    }
}

#[cfg(test)]
mod tests;
