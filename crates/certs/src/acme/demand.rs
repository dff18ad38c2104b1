//! Names that clients ask for before there is a certificate: who gets one, and how many do. Nothing here reads a clock
//! or speaks with anybody.
//!
//! ```text
//!            asked                        allowed                       holds
//!   unknown ───────► somebody is asked ────────────► learned: ordered ─────────► learned: renewed while asked for
//!      ▲   (nobody to ask: straight on) │ denied       │ failed                     │ not asked for a week
//!      └──────────────── resting ◄──────┴──────────────┘         unknown ◄──────────┘
//! ```
//!
//! Strangers choose the names, so everything is bounded: the names that are remembered, those that are asked about at
//! once, and the certificates of an hour.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, SystemTime};

use dproxy_config::OnDemand;
use dproxy_route::{Host, HostPattern, Problem};

use super::judge::Names;

/// What is done about a name that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It gets none, at least now.
    Refused,
    /// The operator's server is asked first, which is answered by [`Demand::allowed`] or [`Demand::denied`].
    Ask,
    /// The operator's server is asked already.
    Asked,
    /// It has one, or gets one.
    Learned,
}

/// A certificate that nobody asks for any more is not renewed.
const UNASKED: Duration = Duration::from_secs(7 * 24 * 3600);
/// A permission counts for so long.
const PERMITTED: Duration = Duration::from_secs(24 * 3600);
/// The bound of orders is for this time.
const HOUR: Duration = Duration::from_secs(3600);
/// Whoever is denied is not asked about again for so long.
const DENIED: Duration = Duration::from_secs(60);
/// A name that failed rests for so long, and three times as long each time that it fails again.
const FAILED: Duration = Duration::from_secs(60);
const FAILED_LONGEST: Duration = Duration::from_secs(12 * 3600);
/// What a name did is forgotten so long after its rest.
const FORGIVEN: Duration = Duration::from_secs(24 * 3600);
/// The operator's server is asked about so many at once.
const MOST_ASKED: usize = 16;
/// So many names rest at most; beyond, those that could be tried again first are forgotten.
const MOST_RESTING: usize = 1000;
/// So many names are named in a problem.
const NAMED: usize = 3;
const SUBJECT: &str = "certificates on demand";

/// All names that were asked for.
#[derive(Debug)]
pub(super) struct Demand {
    rule: OnDemand,
    learned: BTreeMap<Host, Learned>,
    resting: BTreeMap<Host, Resting>,
    /// Somebody is asked about these.
    asking: BTreeSet<Host>,
    /// When each order of the last hour was admitted.
    admitted: VecDeque<SystemTime>,
    /// When one was not, for want of room.
    turned_away: Option<SystemTime>,
}

#[derive(Debug)]
struct Learned {
    /// When somebody wanted it last.
    asked: SystemTime,
    /// When the operator's server agreed; none since the start.
    permitted: Option<SystemTime>,
}

#[derive(Debug)]
struct Resting {
    until: SystemTime,
    failures: u32,
    why: String,
}

impl Demand {
    pub(super) fn new(rule: OnDemand) -> Demand {
        Demand {
            rule,
            learned: BTreeMap::new(),
            resting: BTreeMap::new(),
            asking: BTreeSet::new(),
            admitted: VecDeque::new(),
            turned_away: None,
        }
    }

    /// There is a certificate from before, made at this time, which was ordered so or could have been.
    pub(super) fn recall(&mut self, now: SystemTime, names: &Names, made: Option<SystemTime>) {
        let Some(host) = self.host_of(names) else { return };
        self.learned.insert(host, Learned { asked: now, permitted: None });
        if let Some(made) = made.filter(|made| *made <= now && *made + HOUR > now) {
            let place = self.admitted.partition_point(|other| *other <= made);
            self.admitted.insert(place, made);
        }
    }

    /// A client asks for this name, for which there is a good certificate or not.
    pub(super) fn asked(&mut self, now: SystemTime, host: &Host, held: bool) -> Verdict {
        if !self.rule.allows(host.as_str()) {
            return Verdict::Refused;
        }
        if self.asking.contains(host) {
            return Verdict::Asked;
        }
        let must_ask = |permitted: Option<SystemTime>| self.rule.ask.is_some() && permitted.is_none_or(|since| since + PERMITTED <= now);
        if let Some(learned) = self.learned.get_mut(host) {
            learned.asked = now;
            if !must_ask(learned.permitted) {
                return Verdict::Learned;
            }
        }
        if self.resting.get(host).is_some_and(|resting| resting.until > now) {
            return Verdict::Refused;
        }
        if self.rule.ask.is_none() {
            return if held || self.is_admitted(now) { self.learn(now, host) } else { Verdict::Refused };
        }
        if !held && !self.has_room(now) || self.asking.len() >= MOST_ASKED {
            return Verdict::Refused;
        }
        self.asking.insert(host.clone());
        Verdict::Ask
    }

    /// The operator's server agrees to it; whether it gets a certificate, or keeps the one that it has.
    pub(super) fn allowed(&mut self, now: SystemTime, host: &Host, held: bool) -> bool {
        self.asking.remove(host);
        let stays = held || self.learned.contains_key(host) || self.is_admitted(now);
        if stays {
            self.learn(now, host);
        }
        stays
    }

    /// It does not, or says nothing.
    pub(super) fn denied(&mut self, now: SystemTime, host: &Host, why: String) {
        self.asking.remove(host);
        self.learned.remove(host);
        let failures = self.resting.get(host).map_or(0, |resting| resting.failures);
        self.rest(now, host, Resting { until: now + DENIED, failures, why });
    }

    /// An order came to nothing, and it was about these names; which of them clients wait for in vain.
    pub(super) fn failed(&mut self, now: SystemTime, names: &Names, until: Option<SystemTime>, why: &str) -> Option<Host> {
        let host = self.host_of(names)?;
        self.learned.get(&host)?;
        let failures = self.resting.get(&host).map_or(0, |resting| resting.failures);
        let time = 3_u32.checked_pow(failures).and_then(|factor| FAILED.checked_mul(factor));
        let until = until.max(Some(now + time.unwrap_or(FAILED_LONGEST).min(FAILED_LONGEST)))?;
        self.rest(now, &host, Resting { until, failures: failures + 1, why: why.to_owned() });
        self.learned.remove(&host);
        Some(host)
    }

    /// An order came to nothing, and it was not about its names: the next client may try again.
    pub(super) fn broke_off(&mut self, names: &Names) -> Option<Host> {
        let host = self.host_of(names)?;
        self.learned.remove(&host)?;
        self.admitted.pop_back();
        Some(host)
    }

    /// There is a certificate.
    pub(super) fn holds(&mut self, names: &Names) {
        self.host_of(names).into_iter().for_each(|host| drop(self.resting.remove(&host)));
    }

    /// What was wrong may be mended.
    pub(super) fn forgive(&mut self) {
        self.resting.clear();
        self.admitted.clear();
        self.turned_away = None;
    }

    /// What shall have a certificate.
    pub(super) fn wanted(&mut self, now: SystemTime) -> impl Iterator<Item = Names> {
        self.learned.retain(|_, learned| learned.asked + UNASKED > now);
        self.resting.retain(|_, resting| resting.until + FORGIVEN > now);
        self.learned.keys().cloned().map(HostPattern::Exact).map(Names::one)
    }

    /// What an operator should know.
    pub(super) fn problems(&self, now: SystemTime) -> Vec<Problem> {
        let mut problems = Vec::new();
        let resting: Vec<(&Host, &Resting)> = self.resting.iter().filter(|(_, resting)| resting.until > now).collect();
        if !resting.is_empty() {
            let mut named: Vec<String> = resting.iter().take(NAMED).map(|(host, resting)| format!("{host}: {}", resting.why)).collect();
            if resting.len() > NAMED {
                named.push(format!("and {} more", resting.len() - NAMED));
            }
            problems.push(Problem::new(SUBJECT, format!("not given; clients who ask later try again; {}", named.join("; "))));
        }
        if self.turned_away.is_some_and(|since| since + HOUR > now) {
            let most = self.rule.most;
            let text = format!("clients asked for more than {most} within an hour, which is as many as `acme.on_demand_limit` allows");
            problems.push(Problem::new(SUBJECT, text));
        }
        problems
    }

    /// The one name that could be asked for.
    fn host_of(&self, names: &Names) -> Option<Host> {
        let mut all = names.iter();
        match (all.next(), all.next()) {
            (Some(HostPattern::Exact(host)), None) if self.rule.allows(host.as_str()) => Some(host.clone()),
            _ => None,
        }
    }

    fn learn(&mut self, now: SystemTime, host: &Host) -> Verdict {
        self.learned.insert(host.clone(), Learned { asked: now, permitted: Some(now) });
        Verdict::Learned
    }

    fn is_admitted(&mut self, now: SystemTime) -> bool {
        let room = self.has_room(now);
        if room {
            self.admitted.push_back(now);
        }
        room
    }

    fn has_room(&mut self, now: SystemTime) -> bool {
        while self.admitted.front().is_some_and(|first| *first + HOUR <= now) {
            self.admitted.pop_front();
        }
        let room = self.admitted.len() < usize::try_from(self.rule.most).unwrap_or(usize::MAX);
        if !room {
            self.turned_away = Some(now);
        }
        room
    }

    fn rest(&mut self, now: SystemTime, host: &Host, resting: Resting) {
        if self.resting.len() >= MOST_RESTING && !self.resting.contains_key(host) {
            self.resting.retain(|_, resting| resting.until > now);
            let first = self.resting.iter().min_by_key(|(_, resting)| resting.until).map(|(host, _)| host.clone());
            first.filter(|_| self.resting.len() >= MOST_RESTING).into_iter().for_each(|host| drop(self.resting.remove(&host)));
        }
        self.resting.insert(host.clone(), resting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(ask: Option<&str>, most: u32) -> Demand {
        let ask = ask.map(|url| url.parse().unwrap());
        Demand::new(OnDemand { names: vec!["*.c.test".parse().unwrap()], ask, most })
    }

    fn host(name: &str) -> Host {
        name.parse().unwrap()
    }

    fn names(name: &str) -> Names {
        Names::one(name.parse().unwrap())
    }

    fn after(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000 + seconds)
    }

    #[test]
    fn nobody_beside_the_rule_gets_one() {
        let mut demand = demand(None, 5);
        assert_eq!(demand.asked(after(0), &host("a.test"), false), Verdict::Refused);
        assert_eq!(demand.asked(after(0), &host("c.test"), false), Verdict::Refused);
        assert_eq!(demand.asked(after(0), &host("a.c.test"), false), Verdict::Learned);
        assert_eq!(demand.wanted(after(0)).collect::<Vec<_>>(), [names("a.c.test")]);
    }

    #[test]
    fn a_flood_gets_as_many_as_an_hour_allows() {
        let mut demand = demand(None, 5);
        let flood = |demand: &mut Demand, from: u32, now| {
            let verdicts = (from..from + 1000).map(|number| demand.asked(now, &host(&format!("h{number}.c.test")), false));
            verdicts.filter(|verdict| *verdict == Verdict::Learned).count()
        };
        assert_eq!(flood(&mut demand, 0, after(0)), 5);
        assert_eq!(flood(&mut demand, 0, after(10)), 5, "those that have learned keep it");
        assert_eq!(demand.wanted(after(10)).count(), 5);
        assert!(demand.problems(after(10))[0].text.contains("more than 5 within an hour"), "{:?}", demand.problems(after(10)));
        assert_eq!(flood(&mut demand, 5000, after(3601)), 5);
        assert_eq!(demand.asked(after(3602), &host("x.c.test"), true), Verdict::Learned, "there is one: nothing is ordered");
    }

    #[test]
    fn an_hour_goes_on_over_a_restart() {
        let mut demand = demand(None, 3);
        demand.recall(after(3600), &names("new.c.test"), Some(after(3000)));
        demand.recall(after(3600), &names("newer.c.test"), Some(after(3500)));
        demand.recall(after(3600), &names("old.c.test"), Some(after(0)));
        demand.recall(after(3600), &names("other.test"), Some(after(3500)));
        let asked = |demand: &mut Demand, name: &str, now| demand.asked(now, &host(name), false);
        assert_eq!(asked(&mut demand, "a.c.test", after(3600)), Verdict::Learned);
        assert_eq!(asked(&mut demand, "b.c.test", after(3600)), Verdict::Refused);
        assert_eq!(asked(&mut demand, "b.c.test", after(6600)), Verdict::Learned, "an hour after the first one");
    }

    #[test]
    fn a_name_that_fails_rests_longer_each_time() {
        let mut demand = demand(None, 100);
        let mut now = 0;
        for rest in [60, 180, 540] {
            assert_eq!(demand.asked(after(now), &host("a.c.test"), false), Verdict::Learned);
            assert_eq!(demand.failed(after(now), &names("a.c.test"), None, "no"), Some(host("a.c.test")));
            assert_eq!(demand.wanted(after(now)).count(), 0);
            assert_eq!(demand.asked(after(now + rest - 1), &host("a.c.test"), false), Verdict::Refused);
            assert!(demand.problems(after(now))[0].text.contains("a.c.test: no"));
            now += rest;
        }
        assert_eq!(demand.asked(after(now), &host("a.c.test"), false), Verdict::Learned);
        demand.holds(&names("a.c.test"));
        assert!(demand.problems(after(now)).is_empty());
        let said = after(now + 7200);
        demand.failed(after(now), &names("a.c.test"), Some(said), "later");
        assert_eq!(demand.asked(after(now + 7199), &host("a.c.test"), false), Verdict::Refused, "as the authority said");
        assert_eq!(demand.failed(after(now), &names("other.test"), None, "no"), None, "nobody asked for it");
    }

    #[test]
    fn an_authority_that_is_away_costs_no_name_anything() {
        let mut demand = demand(None, 1);
        for _ in 0..10 {
            assert_eq!(demand.asked(after(0), &host("a.c.test"), false), Verdict::Learned);
            assert_eq!(demand.broke_off(&names("a.c.test")), Some(host("a.c.test")));
        }
        assert!(demand.problems(after(0)).is_empty());
    }

    #[test]
    fn what_nobody_asks_for_is_not_renewed() {
        let mut demand = demand(None, 5);
        demand.recall(after(0), &names("a.c.test"), None);
        demand.recall(after(0), &names("a.test"), None);
        demand.recall(after(0), &names("b.c.test"), None);
        let week = UNASKED.as_secs();
        assert_eq!(demand.asked(after(week - 1), &host("b.c.test"), true), Verdict::Learned);
        assert_eq!(demand.wanted(after(week - 1)).count(), 2);
        assert_eq!(demand.wanted(after(week)).collect::<Vec<_>>(), [names("b.c.test")]);
    }

    #[test]
    fn whoever_is_named_has_to_agree_and_is_not_asked_all_the_time() {
        let mut demand = demand(Some("http://ask.test/"), 5);
        let (good, bad) = (host("good.c.test"), host("bad.c.test"));
        assert_eq!(demand.asked(after(0), &good, false), Verdict::Ask);
        assert_eq!(demand.asked(after(0), &good, false), Verdict::Asked);
        assert_eq!(demand.wanted(after(0)).count(), 0);
        assert!(demand.allowed(after(0), &good, false));
        assert_eq!(demand.asked(after(1), &good, false), Verdict::Learned);
        assert_eq!(demand.asked(after(0), &bad, false), Verdict::Ask);
        demand.denied(after(0), &bad, "it says 403".to_owned());
        assert_eq!(demand.asked(after(59), &bad, false), Verdict::Refused);
        assert_eq!(demand.asked(after(60), &bad, false), Verdict::Ask);
        let day = PERMITTED.as_secs();
        assert_eq!(demand.asked(after(day), &good, true), Verdict::Ask, "the customer may have left");
        demand.denied(after(day), &good, "it says 404".to_owned());
        assert_eq!(demand.wanted(after(day)).count(), 0);
    }

    #[test]
    fn nobody_is_flooded_with_questions_and_nothing_grows() {
        let mut demand = demand(Some("http://ask.test/"), 5);
        let ask = |demand: &mut Demand, number: u32| demand.asked(after(0), &host(&format!("h{number}.c.test")), false);
        assert_eq!((0..100).filter(|number| ask(&mut demand, *number) == Verdict::Ask).count(), MOST_ASKED);
        for number in 0..3000 {
            demand.denied(after(0), &host(&format!("h{number}.c.test")), "no".to_owned());
        }
        assert_eq!(demand.resting.len(), MOST_RESTING);
        assert!(demand.problems(after(0))[0].text.ends_with("and 997 more"), "{:?}", demand.problems(after(0)));
    }
}
