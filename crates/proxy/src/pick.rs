//! Which of several backends gets a request.

use std::cell::Cell;

use dproxy_route::{BackendIndex, Group, PickPolicy};

/// What a group remembers between two picks.
#[derive(Debug, Default)]
pub(crate) struct Turn(Cell<u32>);

impl Turn {
    /// `offset` keeps workers that start together from picking the same backend together.
    pub(crate) fn starting_at(offset: u32) -> Turn {
        Turn(Cell::new(offset))
    }

    /// What `take` gets at the first backend, in the group's order of now, at which it gets anything.
    pub(crate) fn pick<T>(&self, group: &Group, take: impl FnMut(BackendIndex) -> Option<T>) -> Option<T> {
        match group.pick {
            PickPolicy::RoundRobin => self.next(&group.members, take),
        }
    }

    fn next<T>(&self, members: &[BackendIndex], take: impl FnMut(BackendIndex) -> Option<T>) -> Option<T> {
        let turn = self.0.get();
        self.0.set(turn.wrapping_add(1));
        let first = turn as usize % members.len().max(1);
        let (before, from) = members.split_at(first.min(members.len()));
        from.iter().chain(before).copied().find_map(take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dproxy_route::{Backend, Route, RouteTable};

    fn group_of(count: u16) -> Group {
        let fixed = |port| Route::fixed(0, "a".parse().unwrap(), "/".parse().unwrap(), Backend::at(([127, 0, 0, 1], port).into()));
        let routes: Vec<Route> = (1..=count).map(fixed).collect();
        RouteTable::build(&routes).groups()[0].clone()
    }

    #[test]
    fn each_is_picked_in_turn() {
        let (group, turn) = (group_of(3), Turn::starting_at(1));
        let picks: Vec<_> = (0..6).map(|_| turn.pick(&group, Some).unwrap().as_usize()).collect();
        assert_eq!(picks, [1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn what_is_not_to_be_had_is_passed_over() {
        let (group, turn) = (group_of(2), Turn::default());
        let first = turn.pick(&group, Some).unwrap();
        let second = turn.pick(&group, |backend| (backend != first).then_some(backend)).unwrap();
        assert_ne!(first, second);
        assert_eq!(turn.pick(&group, |_| None::<()>), None);
    }
}
