use super::*;
use crate::Column;
use crate::board::tests::Files;

const RULES: Ejection = Ejection { faults: 3, time: 1000, longest: 4000 };

/// One backend's story, in words; each says what came of it.
#[track_caller]
fn check(story: &[(u64, &str, &str)]) {
    let board = Files::new().board();
    let column = Column::at(7).unwrap();
    for (now, event, expected) in story {
        let vitals = board.vitals(column);
        let said = match *event {
            "fault" => format!("{:?}", vitals.failed(Fault::Closed, *now, &RULES, 0, || true)),
            "fault of the last" => format!("{:?}", vitals.failed(Fault::Closed, *now, &RULES, 0, || false)),
            "answer" => vitals.answered(|| *now).to_string(),
            "try" => vitals.try_it(*now).to_string(),
            "down" => {
                vitals.stand(Standing::Down, *now);
                "ok".to_owned()
            }
            "up" => {
                vitals.stand(Standing::Up, *now);
                "ok".to_owned()
            }
            "welcome" => {
                vitals.welcome(Standing::Up, *now);
                "ok".to_owned()
            }
            "verdict" => format!("{:?}", vitals.verdict(|| *now)),
            "since" => vitals.since().to_string(),
            other => panic!("{other}"),
        };
        assert_eq!(&said, expected, "{event} at {now}");
    }
}

#[test]
fn so_many_faults_in_a_row_eject_and_an_answer_in_between_forgives() {
    check(&[
        (9, "verdict", "Fit"),
        (10, "fault", "None"),
        (11, "fault", "None"),
        (12, "answer", "false"),
        (13, "fault", "None"),
        (14, "fault", "None"),
        (15, "fault", "Some(1000)"),
        (16, "fault", "None"),
        (17, "verdict", "Ejected"),
        (17, "since", "15"),
        (1014, "verdict", "Ejected"),
        (1015, "verdict", "Due"),
    ]);
}

#[test]
fn one_request_tries_and_its_end_decides() {
    let ejected = [(1, "fault", "None"), (1, "fault", "None"), (1, "fault", "Some(1000)"), (900, "try", "false")];
    let on_trial = [(1001, "try", "true"), (1001, "try", "false"), (1002, "verdict", "Ejected")];
    let begin = || ejected.into_iter().chain(on_trial);
    check(&begin().chain([(1003, "answer", "true"), (1003, "verdict", "Fit"), (1004, "since", "1003")]).collect::<Vec<_>>());
    check(&begin().chain([(1003, "fault", "Some(2000)"), (3002, "verdict", "Ejected"), (3003, "verdict", "Due")]).collect::<Vec<_>>());
    // A trial that nobody heard of again.
    check(&begin().chain([(6000, "try", "false"), (6001, "try", "true")]).collect::<Vec<_>>());
}

#[test]
fn each_ejection_is_longer_until_it_was_well_for_long() {
    check(&[
        (1, "fault", "None"),
        (1, "fault", "None"),
        (1, "fault", "Some(1000)"),
        (1001, "try", "true"),
        (1001, "fault", "Some(2000)"),
        (3001, "try", "true"),
        (3001, "fault", "Some(3000)"),
        (6001, "try", "true"),
        (6001, "fault", "Some(4000)"),
        (10_001, "try", "true"),
        (10_001, "fault", "Some(4000)"),
        (14_001, "try", "true"),
        (14_001, "answer", "true"),
        (15_000, "fault", "None"),
        (15_000, "fault", "None"),
        (15_000, "fault", "Some(4000)"),
        (19_000, "answer", "true"),
        (30_000, "fault", "None"),
        (30_000, "fault", "None"),
        (30_000, "fault", "Some(1000)"),
    ]);
}

#[test]
fn who_may_not_go_stays() {
    check(&[
        (1, "fault of the last", "None"),
        (1, "fault of the last", "None"),
        (1, "fault of the last", "None"),
        (1, "fault of the last", "None"),
        (1, "verdict", "Fit"),
        (1, "fault", "Some(1000)"),
    ]);
}

#[test]
fn checks_have_the_last_word_and_a_newcomer_begins_anew() {
    check(&[
        (5, "down", "ok"),
        (6, "verdict", "Down"),
        (7, "answer", "false"),
        (8, "verdict", "Down"),
        (9, "up", "ok"),
        (9, "verdict", "Fit"),
        (10, "since", "9"),
        (11, "fault", "None"),
        (11, "fault", "None"),
        (11, "fault", "Some(1000)"),
        (12, "welcome", "ok"),
        (12, "verdict", "Fit"),
        (13, "fault", "None"),
    ]);
}

#[test]
fn ejections_are_spread_a_little() {
    let board = Files::new().board();
    for number in 0..100 {
        let vitals = board.vitals(Column::at(number).unwrap());
        let rules = Ejection { faults: 1, ..RULES };
        let time = vitals.failed(Fault::Connect, 0, &rules, u64::from(number) * 7919, || true).unwrap();
        assert!((1000..1125).contains(&time), "{time}");
    }
}

#[test]
fn a_slow_answer_counts_at_once_and_fast_ones_bit_by_bit() {
    let board = Files::new().board();
    let vitals = board.vitals(Column::at(0).unwrap());
    assert_eq!(vitals.pace(0), 0);
    vitals.took(1000, 0);
    vitals.took(90_000, 10);
    assert_eq!(vitals.pace(10), 90_000);
    vitals.took(1000, 20);
    assert!(vitals.pace(20) > 80_000);
    (1..100).for_each(|moment| vitals.took(1000, 200 * moment));
    assert!(vitals.pace(20_000) < 20_000, "{}", vitals.pace(20_000));
}

#[test]
fn whoever_is_not_asked_is_believed_to_become_faster() {
    let board = Files::new().board();
    let vitals = board.vitals(Column::at(0).unwrap());
    vitals.took(64_000, 100);
    for (now, expected) in [(100, 64_000), (3000, 64_000), (3200, 32_000), (6200, 16_000), (60_000, 1), (10_000_000, 1)] {
        assert_eq!(vitals.pace(now), expected, "at {now}");
    }
    vitals.took(500, 60_000);
    assert_eq!(vitals.pace(60_000), 500);
}

#[test]
fn the_last_fault_is_kept_in_words() {
    let board = Files::new().board();
    let vitals = board.vitals(Column::at(0).unwrap());
    assert_eq!(vitals.last_fault(), None);
    for fault in Fault::ALL {
        let _ = vitals.failed(fault, 0, &Ejection { faults: 0, ..RULES }, 0, || true);
        assert_eq!(vitals.last_fault(), Some(fault));
    }
    assert_eq!(vitals.verdict(|| 0), Verdict::Fit, "zero is never");
}
