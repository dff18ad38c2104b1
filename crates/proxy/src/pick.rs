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

    /// A backend of `group` that is not in `tried`; none when all of them are.
    pub(crate) fn pick(&self, group: &Group, tried: &[BackendIndex]) -> Option<BackendIndex> {
        match group.pick {
            PickPolicy::RoundRobin => self.next(&group.members, tried),
        }
    }

    fn next(&self, members: &[BackendIndex], tried: &[BackendIndex]) -> Option<BackendIndex> {
        let turn = self.0.get();
        self.0.set(turn.wrapping_add(1));
        let first = turn as usize % members.len().max(1);
        let (before, from) = members.split_at(first.min(members.len()));
        from.iter().chain(before).copied().find(|member| !tried.contains(member))
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
        let picks: Vec<_> = (0..6).map(|_| turn.pick(&group, &[]).unwrap().as_usize()).collect();
        assert_eq!(picks, [1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn what_was_tried_is_passed_over() {
        let (group, turn) = (group_of(2), Turn::default());
        let first = turn.pick(&group, &[]).unwrap();
        let second = turn.pick(&group, &[first]).unwrap();
        assert_ne!(first, second);
        assert_eq!(turn.pick(&group, &[first, second]), None);
    }
}
