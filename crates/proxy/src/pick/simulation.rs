//! The algorithms, over backends that are simulated with seeds.

use dproxy_route::HashBy;

use super::*;

/// Some backends, and what they have to do.
struct Yard {
    candidates: Vec<Candidate>,
    turn: Turn,
    chance: Chance,
}

impl Yard {
    fn of(weights: &[u32]) -> Yard {
        let candidate =
            |(place, weight): (usize, &u32)| Candidate { weight: *weight, load: 0, pace: 0, mark: chance::mix(place as u64 + 1) };
        Yard { candidates: weights.iter().enumerate().map(candidate).collect(), turn: Turn::starting_at(3), chance: Chance::seeded(7) }
    }

    fn pick(&self, algorithm: &str, key: u64) -> Option<usize> {
        let weights: Vec<u32> = self.candidates.iter().map(|candidate| candidate.weight).filter(|weight| *weight > 0).collect();
        let even = weights.windows(2).all(|pair| pair[0] == pair[1]);
        let draw = Draw { turn: &self.turn, chance: &self.chance, even };
        let key = Some(chance::mix(key));
        choose(&algorithm.parse().unwrap(), draw, key, self.candidates.len(), |place| self.candidates[place])
    }

    /// How often each is picked of `count` times, when every request is done at once.
    fn shares(&self, algorithm: &str, count: u64) -> Vec<u64> {
        let mut shares = vec![0; self.candidates.len()];
        (0..count).for_each(|key| shares[self.pick(algorithm, key).unwrap()] += 1);
        shares
    }
}

const ALGORITHMS: [&str; 6] = ["p2c", "round_robin", "least_conn", "random", "ewma", "hash:ip"];

/// Each gets its share of 10,000 requests, but for so many percent of it.
#[track_caller]
fn check(algorithm: &str, weights: &[u32], percent: u64) {
    let shares = Yard::of(weights).shares(algorithm, 10_000);
    let total: u32 = weights.iter().sum();
    for (share, weight) in shares.iter().zip(weights) {
        let fair = 10_000 * u64::from(*weight) / u64::from(total);
        assert!(share.abs_diff(fair) * 100 <= fair * percent, "{algorithm} {weights:?}: {shares:?}");
    }
}

#[test]
fn everybody_gets_what_the_weights_say() {
    for weights in [&[1, 1][..], &[1; 7], &[3, 1], &[5, 1, 1], &[100, 50, 50, 0], &[1, 2, 3, 4, 5]] {
        for (algorithm, percent) in [("p2c", 1), ("round_robin", 1), ("least_conn", 1), ("random", 15), ("ewma", 1), ("hash:ip", 15)] {
            check(algorithm, weights, percent);
        }
    }
}

#[test]
fn round_robin_of_equals_is_exactly_in_turn_and_passes_nobody_on() {
    let mut yard = Yard::of(&[1, 1, 1]);
    let picks = |yard: &Yard| (0..6).map(|key| yard.pick("round_robin", key).unwrap()).collect::<Vec<_>>();
    assert_eq!(picks(&yard), [0, 1, 2, 0, 1, 2]);
    yard.candidates[1].weight = 0;
    assert_eq!(picks(&yard), [0, 2, 0, 2, 0, 2]);
}

#[test]
fn weighted_round_robin_has_no_bursts() {
    let yard = Yard::of(&[3, 1, 1, 1]);
    let picks: Vec<usize> = (0..6000).map(|key| yard.pick("round_robin", key).unwrap()).collect();
    for window in picks.windows(12) {
        let heavy = window.iter().filter(|place| **place == 0).count();
        assert!((4..=8).contains(&heavy), "{heavy} of 12 instead of 6: {window:?}");
    }
}

#[test]
fn nothing_is_chosen_of_nothing_and_never_one_without_weight() {
    for algorithm in ALGORITHMS {
        assert_eq!(Yard::of(&[]).pick(algorithm, 1), None, "{algorithm}");
        assert_eq!(Yard::of(&[0, 0]).pick(algorithm, 1), None, "{algorithm}");
        let shares = Yard::of(&[0, 1, 0, 1]).shares(algorithm, 100);
        assert_eq!((shares[0], shares[2]), (0, 0), "{algorithm}");
        assert!(shares[1] > 0 && shares[3] > 0, "{algorithm}: {shares:?}");
    }
}

/// Requests come one a tick; a backend is done with one after so many ticks. Answers each one's share of `count`.
fn serve(yard: &mut Yard, algorithm: &str, ticks: &[u64], count: u64) -> Vec<u64> {
    let mut ends: Vec<(u64, usize)> = Vec::new();
    let mut noted = vec![0; ticks.len()];
    let mut shares = vec![0; ticks.len()];
    for now in 0..count {
        for (_, place) in ends.extract_if(.., |(end, _)| *end <= now) {
            yard.candidates[place].load -= 1;
            noted[place] = now;
        }
        for (place, noted) in noted.iter().enumerate().filter(|(_, noted)| **noted > 0) {
            yard.candidates[place].pace = u32::try_from(ticks[place] * 1000).unwrap() >> ((now - noted) / 500);
        }
        let place = yard.pick(algorithm, now).unwrap();
        yard.candidates[place].load += 1;
        shares[place] += 1;
        ends.push((now + ticks[place], place));
    }
    shares
}

#[test]
fn a_slow_backend_gets_less_but_never_nothing() {
    for algorithm in ["p2c", "least_conn", "ewma"] {
        let shares = serve(&mut Yard::of(&[1; 5]), algorithm, &[10, 10, 10, 10, 200], 20_000);
        let fast = shares[..4].iter().sum::<u64>() / 4;
        assert!(shares[4] * 3 < fast, "{algorithm}: {shares:?}");
        assert!(shares[4] >= 10, "{algorithm} starves it: {shares:?}");
        assert!(shares[..4].iter().all(|share| share.abs_diff(fast) * 5 < fast), "{algorithm}: {shares:?}");
    }
    let shares = serve(&mut Yard::of(&[1; 5]), "round_robin", &[10, 10, 10, 10, 200], 20_000);
    assert_eq!(shares, [4000; 5], "round robin does not look");
}

#[test]
fn under_load_weights_count_too() {
    for algorithm in ["p2c", "least_conn"] {
        let shares = serve(&mut Yard::of(&[3, 1]), algorithm, &[40, 40], 10_000);
        assert!((7200..7800).contains(&shares[0]), "{algorithm}: {shares:?}");
    }
}

#[test]
fn a_key_stays_where_it_is_when_others_come_and_go() {
    let key = |yard: &Yard, key| yard.candidates[yard.pick("hash:header:x", key).unwrap()].mark;
    let before = Yard::of(&[1; 10]);
    let places: Vec<u64> = (0..10_000).map(|number| key(&before, number)).collect();
    let mut without = Yard::of(&[1; 10]);
    let gone = without.candidates.remove(4).mark;
    let mut with = Yard::of(&[1; 10]);
    with.candidates.insert(2, Candidate { mark: 99, ..with.candidates[0] });
    let mut moved = 0;
    for (number, place) in (0..).zip(&places) {
        assert!(*place == gone || key(&without, number) == *place, "only the keys of the one that went may move");
        let now = key(&with, number);
        assert!(now == *place || now == 99, "whatever moves goes to the newcomer");
        moved += u32::from(now == 99);
    }
    assert!((700..1150).contains(&moved), "{moved} of 10000 moved, an eleventh should");
}

#[test]
fn a_hot_key_does_not_bury_its_backend() {
    let mut yard = Yard::of(&[1; 4]);
    for _ in 0..400 {
        let place = yard.pick("hash:ip", 1).unwrap();
        yard.candidates[place].load += 1;
    }
    let loads: Vec<u32> = yard.candidates.iter().map(|candidate| candidate.load).collect();
    assert!(loads.iter().all(|load| *load <= 130), "{loads:?}");
    assert!(loads.iter().any(|load| *load >= 120), "{loads:?}");
}

#[test]
fn without_a_key_a_request_goes_to_anybody() {
    let yard = Yard::of(&[1, 1]);
    let draw = Draw { turn: &yard.turn, chance: &yard.chance, even: true };
    let pick = || choose(&Algorithm::Hash(HashBy::Client), draw, None, 2, |place| yard.candidates[place]);
    assert_ne!(pick(), pick());
}
