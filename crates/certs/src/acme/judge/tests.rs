use std::time::UNIX_EPOCH;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn start() -> SystemTime {
    UNIX_EPOCH + DAY * 20_000
}

fn names(host: &str) -> Names {
    Names::one(host.parse().unwrap())
}

fn all(hosts: &[&str]) -> BTreeSet<Names> {
    hosts.iter().map(|host| names(host)).collect()
}

fn wanting(hosts: &[&str]) -> Judge {
    let mut judge = Judge::new(1);
    judge.want(&all(hosts));
    judge
}

fn ninety_days(from: SystemTime) -> Term {
    Term { begins: from, ends: from + DAY * 90 }
}

/// The hosts that are ordered now.
fn ordered(judge: &mut Judge, now: SystemTime) -> Vec<String> {
    let orders = judge.next(now).into_iter().filter_map(|step| match step {
        Step::Order(names) => Some(names.to_string()),
        Step::AskWindow(_) => None,
    });
    orders.collect()
}

/// After how long the next order of anything begins.
fn next_order(judge: &mut Judge, from: SystemTime) -> Duration {
    let mut now = from;
    while ordered(judge, now).is_empty() {
        now = judge.deadline(now);
        assert!(now < from + DAY * 400, "nothing is ordered any more");
    }
    now.duration_since(from).unwrap()
}

#[test]
fn every_host_is_ordered_once() {
    let mut judge = wanting(&["a.test", "b.test"]);
    assert_eq!(ordered(&mut judge, start()), ["a.test", "b.test"]);
    assert_eq!(ordered(&mut judge, start()), Vec::<String>::new());
    judge.want(&all(&["a.test", "b.test", "c.test"]));
    assert_eq!(ordered(&mut judge, start()), ["c.test"]);
}

#[test]
fn a_host_that_is_refused_rests_by_itself_and_within_the_limits_of_authorities() {
    let mut judge = wanting(&["a.test", "b.test"]);
    ordered(&mut judge, start());
    judge.holds(start(), &names("b.test"), ninety_days(start()));
    let (mut now, mut times) = (start(), Vec::new());
    while now < start() + DAY {
        judge.failed(now, &names("a.test"), Setback::Refused("no".to_owned()));
        now += next_order(&mut judge, now);
        times.push(now);
    }
    let within_an_hour = times.iter().filter(|time| **time < start() + HOUR).count();
    assert!((3..=4).contains(&within_an_hour), "{within_an_hour} beside the first");
    judge.want(&all(&["a.test", "b.test", "c.test"]));
    assert!(ordered(&mut judge, now).contains(&"c.test".to_owned()), "nobody else is held up");
    let problems = judge.problems(now);
    assert_eq!(problems[0].to_string(), "certificate of a.test: no; it is tried again by itself, at once with `dproxy ctl reload`");
}

#[test]
fn names_that_are_refused_together_are_asked_for_alone() {
    let together = Names::of(["a.test", "b.test"].map(|host| host.parse().unwrap())).unwrap();
    let wanted = BTreeSet::from([together.clone()]);
    let mut judge = Judge::new(1);
    judge.want(&wanted);
    assert_eq!(ordered(&mut judge, start()), ["a.test, b.test"]);
    judge.failed(start(), &together, Setback::Refused("b.test does not lead here".to_owned()));
    judge.want(&wanted);
    assert_eq!(ordered(&mut judge, start()), ["a.test", "b.test"]);
    judge.holds(start(), &names("a.test"), ninety_days(start()));
    judge.failed(start(), &names("b.test"), Setback::Refused("it does not lead here".to_owned()));
    assert_eq!(judge.problems(start()).len(), 1);
}

#[test]
fn an_authority_that_is_away_is_tried_by_one_order_at_a_time() {
    let mut judge = wanting(&["a.test", "b.test", "c.test"]);
    let mut now = start();
    for host in ordered(&mut judge, now) {
        judge.failed(now, &names(&host), Setback::Authority("away".to_owned()));
    }
    let mut tries = 0;
    while now < start() + DAY {
        now += next_order(&mut judge, now);
        tries += 1;
        judge.failed(now, &names("a.test"), Setback::Authority("away".to_owned()));
    }
    assert!((20..50).contains(&tries), "{tries}");
    assert_eq!(judge.problems(now).len(), 1);
    judge.forgive();
    assert_eq!(ordered(&mut judge, now), ["a.test"]);
    judge.holds(now, &names("a.test"), ninety_days(now));
    assert_eq!(ordered(&mut judge, now), ["b.test", "c.test"], "it is back");
    assert_eq!(judge.problems(now), []);
}

#[test]
fn too_many_orders_wait_as_long_as_the_authority_says() {
    let mut judge = wanting(&["a.test"]);
    ordered(&mut judge, start());
    let until = start() + HOUR * 30;
    judge.failed(start(), &names("a.test"), Setback::Limited { until: Some(until), why: "too many".to_owned() });
    assert_eq!(next_order(&mut judge, start()), HOUR * 30);
    judge.failed(until, &names("a.test"), Setback::Limited { until: None, why: "too many".to_owned() });
    assert!(next_order(&mut judge, until) >= HOUR, "it did not say");
}

#[test]
fn what_the_authority_says_of_limits_counts_whoever_reloads_or_restarts() {
    let mut judge = wanting(&["a.test"]);
    ordered(&mut judge, start());
    let until = start() + MINUTE / 3;
    judge.failed(start(), &names("a.test"), Setback::Limited { until: Some(until), why: "too many".to_owned() });
    assert_eq!(next_order(&mut judge, start()), MINUTE / 3, "not longer than it says");
    judge.failed(start(), &names("a.test"), Setback::Limited { until: Some(until), why: "too many".to_owned() });
    let problem = judge.problems(start())[0].to_string();
    assert!(problem.ends_with("too many; no order before Fri, 04 Oct 2024 00:00:20 GMT; then it is tried again by itself"), "{problem}");
    judge.forgive();
    assert_eq!(ordered(&mut judge, start()), Vec::<String>::new());
    let (bans, mut next) = (judge.bans(start()), Judge::new(2));
    assert_eq!(bans.len(), 1);
    next.recall(start(), bans.clone());
    next.want(&BTreeSet::new());
    next.forgotten(start());
    next.want(&all(&["a.test", "b.test"]));
    assert_eq!(ordered(&mut next, start()), ["b.test"]);
    assert_eq!(ordered(&mut next, until + MINUTE / 60), ["a.test"]);
    // Nobody wants it any more: it is not remembered for ever.
    let mut last = Judge::new(3);
    last.recall(start(), bans);
    last.forgotten(start() + HOUR);
    assert!(last.cases.is_empty());
}

#[test]
fn limits_that_make_no_sense_are_none() {
    let mut judge = Judge::new(1);
    let ban = |names: &str, until| Ban { names: names.to_owned(), until, why: String::new() };
    judge.recall(start(), vec![ban("", u64::MAX), ban("*.*", u64::MAX), ban("old.test", 5), ban("a.test, b.test", u64::MAX)]);
    assert_eq!(judge.cases.len(), 1);
    assert!(judge.bans(start())[0].until <= 20_007 * 24 * 3600 + 1, "{:?}", judge.bans(start()));
}

#[test]
fn an_operator_who_reloads_has_the_authority_asked_for_its_windows() {
    let mut judge = wanting(&["a.test"]);
    ordered(&mut judge, start());
    judge.holds(start(), &names("a.test"), ninety_days(start()));
    judge.window(start(), &names("a.test"), None, DAY);
    assert!(judge.next(start() + MINUTE).is_empty());
    judge.forgive();
    assert_eq!(judge.next(start() + MINUTE), [Step::AskWindow(names("a.test"))]);
}

#[test]
fn thousands_of_hosts_do_not_all_hear_that_there_were_too_many() {
    let hosts: Vec<String> = (0..2000).map(|number| format!("h{number}.test")).collect();
    let mut judge = wanting(&hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let (mut now, mut asked) = (start(), 0);
    while now < start() + HOUR {
        for host in ordered(&mut judge, now) {
            asked += 1;
            judge.failed(now, &names(&host), Setback::Limited { until: Some(now + DAY), why: "too many".to_owned() });
        }
        now = judge.deadline(now).max(now + MINUTE / 60);
    }
    assert!(asked < 200, "{asked}");
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_not_all_in_one_moment() {
    let hosts: Vec<String> = (0..100).map(|number| format!("h{number}.test")).collect();
    let mut judge = Judge::new(7);
    judge.want(&hosts.iter().map(|host| names(host)).collect());
    hosts.iter().for_each(|host| judge.holds(start(), &names(host), ninety_days(start())));
    let moments: Vec<u64> =
        judge.cases.values().map(|case| case.renewed().unwrap().duration_since(start()).unwrap().as_secs() / 86_400).collect();
    let (first, last) = (moments.iter().min().unwrap(), moments.iter().max().unwrap());
    assert!((57..=58).contains(first) && (61..=62).contains(last), "{first} to {last}");
}

#[test]
fn the_window_of_the_authority_counts() {
    let check = |start_day: u32, end_day: u32, least: u32, most: u32| {
        let mut judge = wanting(&["a.test"]);
        judge.holds(start(), &names("a.test"), ninety_days(start()));
        let window = Window { start: start() + DAY * start_day, end: start() + DAY * end_day };
        judge.window(start(), &names("a.test"), Some(window), HOUR);
        let renewed = judge.cases[&names("a.test")].renewed().unwrap();
        judge.window(start(), &names("a.test"), Some(window), HOUR);
        assert_eq!(judge.cases[&names("a.test")].renewed(), Some(renewed), "the same window means the same moment");
        assert!(renewed >= start() + DAY * least && renewed <= start() + DAY * most, "{renewed:?}");
    };
    check(30, 32, 30, 32);
    check(0, 1, 0, 1);
    // It makes no sense.
    check(32, 30, 57, 62);
}

#[test]
fn it_is_asked_for_its_window_again_and_again_but_not_all_the_time() {
    let mut judge = wanting(&["a.test"]);
    judge.holds(start(), &names("a.test"), ninety_days(start()));
    let (mut now, mut asked) = (start(), 0);
    while now < start() + DAY * 2 {
        if judge.next(now).contains(&Step::AskWindow(names("a.test"))) {
            asked += 1;
            judge.window(now, &names("a.test"), None, Duration::ZERO);
            judge.window(now, &names("a.test"), None, HOUR * 6);
        }
        now = judge.deadline(now);
    }
    assert!((7..=9).contains(&asked), "{asked}");
}

#[test]
fn what_nobody_wants_any_more_is_kept_until_it_is_old() {
    let mut judge = wanting(&["a.test"]);
    judge.holds(start(), &names("a.test"), ninety_days(start()));
    judge.want(&BTreeSet::new());
    assert_eq!(judge.forgotten(start() + DAY * 50), []);
    judge.want(&all(&["a.test"]));
    assert_eq!(ordered(&mut judge, start() + DAY * 50), Vec::<String>::new(), "it came back");
    judge.want(&BTreeSet::new());
    assert_eq!(judge.forgotten(start() + DAY * 65), [], "it may be back at once");
    assert_eq!(judge.forgotten(start() + DAY * 66), [names("a.test")]);
}

/// A world with an authority that is away, refuses and limits by chance; a year of it.
fn live(seed: u64) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut judge = Judge::new(seed);
    let hosts: Vec<String> = (0..chance.usize(1..30)).map(|number| format!("h{number}.test")).collect();
    let life = DAY * chance.u32(30..91);
    let reliable = chance.f64();
    let mut now = start();
    let mut ends: BTreeMap<Names, SystemTime> = BTreeMap::new();
    let mut under_way: Vec<(SystemTime, Names)> = Vec::new();
    judge.want(&hosts.iter().map(|host| names(host)).collect());
    while now < start() + DAY * 365 {
        if chance.u32(0..5000) == 0 {
            // Another master, with what is on the shelf.
            judge = Judge::new(chance.u64(..));
            judge.want(&hosts.iter().map(|host| names(host)).collect());
            ends.iter().for_each(|(names, end)| judge.holds(now, names, Term { begins: *end - life, ends: *end }));
            under_way.clear();
        }
        for step in judge.next(now) {
            match step {
                Step::Order(names) => under_way.push((now + MINUTE * chance.u32(1..5) / 10, names)),
                Step::AskWindow(names) => judge.window(now, &names, None, HOUR * 6),
            }
        }
        assert!(under_way.len() <= MOST_AT_ONCE, "seed {seed}");
        let due: Vec<(SystemTime, Names)> = under_way.extract_if(.., |(end, _)| *end <= now).collect();
        for (_, names) in due {
            match chance.f64() {
                luck if luck < 0.5 + 0.5 * reliable => {
                    judge.holds(now, &names, Term { begins: now, ends: now + life });
                    ends.insert(names, now + life);
                }
                luck if luck < 0.7 + 0.3 * reliable => judge.failed(now, &names, Setback::Authority("away".to_owned())),
                luck if luck < 0.9 => judge.failed(now, &names, Setback::Refused("no".to_owned())),
                _ => judge.failed(now, &names, Setback::Limited { until: Some(now + HOUR), why: "too many".to_owned() }),
            }
        }
        let served = ends.values().all(|end| *end > now);
        assert!(served, "seed {seed}: a certificate expired although every second order succeeds");
        let next = under_way.iter().map(|(end, _)| *end).chain([judge.deadline(now)]).min().unwrap();
        assert!(next > now, "seed {seed}: the judge does not rest");
        now = next;
    }
    assert_eq!(ends.len(), hosts.len(), "seed {seed}: somebody has never got one");
}

#[test]
fn whatever_happens_everybody_has_a_certificate_in_the_end_and_none_expires() {
    (0..12).for_each(live);
}
