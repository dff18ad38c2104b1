use std::future::Future;
use std::num::NonZeroU32;

use dproxy_stats::{Board, Column, Ledger, Row};
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use super::*;
use crate::place::{Count, Place};

const MOST: u32 = 10;

/// A backend that takes so many requests, for one worker alone.
fn alone(limit: u32) -> Rc<Places> {
    limited(Count::Alone(Cell::default()), limit)
}

/// One backend as two workers see it.
fn shared_by_two(limit: u32) -> [Rc<Places>; 2] {
    let file = |bytes: usize| {
        let file = tempfile::tempfile().unwrap();
        file.set_len(bytes.try_into().unwrap()).unwrap();
        file
    };
    let board = file(Board::BYTES);
    [(); 2].map(|()| {
        let ledger = Rc::new(Ledger::new(Board::map(&board).unwrap(), Row::map(&file(Row::BYTES)).unwrap()));
        limited(Count::Shared { ledger, column: Column::at(5).unwrap() }, limit)
    })
}

fn limited(count: Count, limit: u32) -> Rc<Places> {
    let places = Places::new(count);
    places.limit_to(NonZeroU32::new(limit));
    places
}

fn queue(places: &[&Rc<Places>]) -> Rc<Queue> {
    Queue::of(places.iter().map(|places| Rc::clone(places)).collect())
}

/// What waiters got, in order; they keep it here.
type Served = Rc<RefCell<Vec<(u32, Place)>>>;

/// Waits in a task of its own for a place at any of `wanted`.
fn waiter(number: u32, queue: &Rc<Queue>, wanted: &[&Rc<Places>], served: &Served) -> JoinHandle<()> {
    let wanted: Vec<Rc<Places>> = wanted.iter().map(|places| Rc::clone(places)).collect();
    let waiting = queue.join(wanted.clone(), MOST).unwrap();
    let served = Rc::clone(served);
    spawn_local(async move {
        let place = waiting.take(|since| wanted.iter().find_map(|places| places.for_waiter(since))).await;
        drop(waiting);
        served.borrow_mut().push((number, place));
    })
}

fn numbers(served: &Served) -> Vec<u32> {
    served.borrow().iter().map(|(number, _)| *number).collect()
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(LocalSet::new().run_until(async {
        tokio::time::timeout(Duration::from_secs(10), test).await.unwrap();
    }));
}

/// Lets every task do what it can do at once.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Lets time pass until this is so.
async fn until(mut so: impl FnMut() -> bool) {
    while !so() {
        settle().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn whoever_came_first_is_served_first_and_at_once() {
    run(async {
        let (places, served) = (alone(1), Served::default());
        let queue = queue(&[&places]);
        let held = places.for_newcomer();
        for number in 0..4 {
            waiter(number, &queue, &[&places], &served);
        }
        settle().await;
        assert_eq!(numbers(&served), Vec::<u32>::new());
        drop(held);
        for number in 0..4 {
            settle().await;
            assert_eq!(numbers(&served), [number]);
            served.borrow_mut().clear();
        }
        assert!(places.for_newcomer().is_some(), "nobody waits any more");
    });
}

#[test]
fn whoever_leaves_is_passed_over_even_after_he_was_called() {
    run(async {
        let (places, served) = (alone(1), Served::default());
        let queue = queue(&[&places]);
        let held = places.for_newcomer();
        let waiters: Vec<_> = (0..4).map(|number| waiter(number, &queue, &[&places], &served)).collect();
        settle().await;
        waiters[1].abort();
        settle().await;
        // The first is called, and leaves before he could hear it.
        drop(held);
        waiters[0].abort();
        settle().await;
        assert_eq!(numbers(&served), [2]);
        waiters[3].abort();
        served.borrow_mut().clear();
        settle().await;
        assert!(places.for_newcomer().is_some(), "an empty queue holds nobody up");
    });
}

#[test]
fn a_newcomer_overtakes_nobody() {
    run(async {
        let (places, served) = (alone(1), Served::default());
        let queue = queue(&[&places]);
        let held = places.for_newcomer();
        waiter(0, &queue, &[&places], &served);
        settle().await;
        drop(held);
        assert!(places.for_newcomer().is_none(), "the place is free, and somebody was called");
        settle().await;
        assert_eq!(numbers(&served), [0]);
    });
}

#[test]
fn a_full_queue_refuses_at_once() {
    let queue = queue(&[&alone(1)]);
    let waiting: Vec<Waiting> = (0..3).map_while(|_| queue.join(Vec::new(), 2)).collect();
    assert_eq!(waiting.len(), 2);
    drop(waiting);
    assert!(queue.join(Vec::new(), 2).is_some());
    assert!(queue.join(Vec::new(), 0).is_none());
}

#[test]
fn a_place_goes_to_the_first_who_can_use_it() {
    run(async {
        let (one, other, served) = (alone(1), alone(1), Served::default());
        let queue = queue(&[&one, &other]);
        let held = (one.for_newcomer(), other.for_newcomer());
        // The first two have tried one of them already.
        waiter(0, &queue, &[&other], &served);
        waiter(1, &queue, &[&other], &served);
        waiter(2, &queue, &[&one, &other], &served);
        settle().await;
        drop(held.0);
        settle().await;
        assert_eq!(numbers(&served), [2]);
        drop(held.1);
        settle().await;
        assert_eq!(numbers(&served), [2, 0]);
    });
}

#[test]
fn a_limit_that_is_raised_or_lifted_lets_all_in_who_fit() {
    run(async {
        let (places, served) = (alone(1), Served::default());
        let queue = queue(&[&places]);
        let _held = places.for_newcomer();
        for number in 0..4 {
            waiter(number, &queue, &[&places], &served);
        }
        settle().await;
        places.limit_to(NonZeroU32::new(3));
        settle().await;
        assert_eq!(numbers(&served), [0, 1]);
        places.limit_to(None);
        settle().await;
        assert_eq!(numbers(&served), [0, 1, 2, 3]);
    });
}

#[test]
fn two_queues_of_one_backend_take_turns_by_age() {
    run(async {
        let (places, served) = (alone(1), Served::default());
        let (old, new) = (queue(&[&places]), queue(&[&places]));
        let held = places.for_newcomer();
        waiter(0, &old, &[&places], &served);
        waiter(1, &new, &[&places], &served);
        settle().await;
        drop(held);
        settle().await;
        assert_eq!(numbers(&served), [0]);
        served.borrow_mut().clear();
        settle().await;
        assert_eq!(numbers(&served), [1]);
    });
}

#[test]
fn a_place_that_another_worker_gives_back_is_found() {
    run(async {
        let ([ours, theirs], served) = (shared_by_two(1), Served::default());
        let queue = queue(&[&ours]);
        let held = theirs.for_newcomer();
        assert!(held.is_some() && ours.for_newcomer().is_none(), "the limit is of both together");
        waiter(0, &queue, &[&ours], &served);
        settle().await;
        drop(held);
        until(|| numbers(&served) == [0]).await;
        assert!(theirs.for_newcomer().is_none());
    });
}

#[test]
fn a_worker_with_places_does_not_starve_one_without() {
    run(async {
        let ([ours, theirs], served) = (shared_by_two(1), Served::default());
        let (our_queue, their_queue) = (queue(&[&ours]), queue(&[&theirs]));
        let their_served = Served::default();
        their_served.borrow_mut().extend(theirs.for_newcomer().map(|place| (1, place)));
        waiter(0, &our_queue, &[&ours], &served);
        // They always have somebody at hand who takes the place back in the same moment.
        until(|| {
            waiter(1, &their_queue, &[&theirs], &their_served);
            their_served.borrow_mut().clear();
            !served.borrow().is_empty()
        })
        .await;
    });
}

#[test]
fn a_newcomer_lets_those_go_first_who_wait_long_in_other_workers() {
    run(async {
        let ([ours, theirs], served) = (shared_by_two(2), Served::default());
        let queue = queue(&[&ours]);
        let held = (theirs.for_newcomer(), theirs.for_newcomer());
        let waiting = waiter(0, &queue, &[&ours], &served);
        // Long enough to be an elder, with a claim that is kept up.
        tokio::time::sleep(Duration::from_millis(150)).await;
        drop(held);
        assert!(theirs.for_newcomer().is_none());
        waiting.await.unwrap();
        assert_eq!(numbers(&served), [0]);
        assert!(theirs.for_newcomer().is_some(), "there is one more, and nobody waits");
    });
}

#[test]
fn whoever_cannot_use_a_place_does_not_keep_it_from_other_workers() {
    run(async {
        let ([ours, theirs], other, served) = (shared_by_two(1), alone(1), Served::default());
        let queue = queue(&[&ours, &other]);
        let held = (theirs.for_newcomer(), other.for_newcomer());
        // It had its try there.
        waiter(0, &queue, &[&other], &served);
        tokio::time::sleep(Duration::from_millis(150)).await;
        drop(held.0);
        assert!(theirs.for_newcomer().is_some());
        drop(held.1);
        until(|| numbers(&served) == [0]).await;
    });
}
