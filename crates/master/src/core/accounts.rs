//! Which account counts the requests of which route.
//!
//! An account that is given to another route begins at nothing again (see `Books::open_accounts`), so it may be given away
//! at any time; but whoever still serves by an older snapshot notes there what was asked of the route before. So it is
//! the one that nobody has had for the longest time.

use std::collections::BTreeMap;

use dproxy_ipc::Generation;
use dproxy_route::{Route, RouteName};
use dproxy_stats::Account;

#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    in_use: BTreeMap<RouteName, u32>,
    /// With the first generation that was without the route.
    retired: BTreeMap<RouteName, (u32, Generation)>,
    /// Accounts from here on were never used.
    used: u32,
}

impl Accounts {
    /// As an earlier master had them.
    pub(super) fn inherited(assigned: &[(RouteName, u32)]) -> Accounts {
        let used = assigned.iter().map(|(_, number)| number + 1).max().unwrap_or(0);
        Accounts { in_use: assigned.iter().cloned().collect(), retired: BTreeMap::new(), used }
    }

    /// The accounts of all `routes`, which are sorted; `generation` is the one they will be served in. Where there are
    /// more routes than accounts, some have none.
    pub(super) fn assign(&mut self, routes: &[Route], generation: Generation) -> Vec<(RouteName, u32)> {
        let mut before = std::mem::take(&mut self.in_use);
        let same = |one: &Route, other: &Route| (&one.host, &one.path, one.entrance) == (&other.host, &other.path, other.entrance);
        let mut fresh = Vec::new();
        for name in routes.chunk_by(same).map(|replicas| replicas[0].name()) {
            match before.remove(&name) {
                Some(number) => drop(self.in_use.insert(name, number)),
                None => fresh.push(name),
            }
        }
        self.retired.extend(before.into_iter().map(|(name, number)| (name, (number, generation))));
        for name in fresh {
            if let Some(number) = self.number_for(&name) {
                self.in_use.insert(name, number);
            }
        }
        self.in_use.iter().map(|(name, number)| (name.clone(), *number)).collect()
    }

    /// How many were ever used.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// The one it had, one that was never used, or the one that was left first.
    fn number_for(&mut self, name: &RouteName) -> Option<u32> {
        if let Some((number, _)) = self.retired.remove(name) {
            return Some(number);
        }
        if let Some(account) = Account::at(self.used) {
            self.used += 1;
            return Some(account.number());
        }
        let oldest = self.retired.iter().min_by_key(|(_, (_, since))| *since).map(|(name, _)| name.clone())?;
        self.retired.remove(&oldest).map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use dproxy_route::{Backend, PathPrefix};

    use super::*;

    /// Assigns accounts to routes for these hosts, in words.
    #[track_caller]
    fn check(accounts: &mut Accounts, generation: u64, hosts: &str, expected: &str) {
        let backend = Backend::at(([10, 0, 0, 1], 80).into());
        let route = |host: &str| Route::fixed(0, host.parse().unwrap(), PathPrefix::root(), backend.clone());
        let mut routes: Vec<Route> = hosts.split_whitespace().map(route).collect();
        routes.sort_unstable();
        let words = |assigned: Vec<(RouteName, u32)>| -> Vec<String> {
            assigned.iter().map(|(name, number)| format!("{}={number}", name.host)).collect()
        };
        assert_eq!(words(accounts.assign(&routes, Generation(generation))).join(" "), expected);
    }

    #[test]
    fn a_route_keeps_its_account_and_gets_it_back() {
        let accounts = &mut Accounts::default();
        check(accounts, 1, "a b b", "a=0 b=1");
        check(accounts, 2, "b c", "b=1 c=2");
        check(accounts, 3, "a b c", "a=0 b=1 c=2");
        assert_eq!(accounts.used(), 3);
        let assigned = accounts.assign(&[], Generation(4));
        assert!(assigned.is_empty());
        check(accounts, 5, "c d", "c=2 d=3");
    }

    #[test]
    fn without_new_ones_the_account_that_was_left_first_is_given_away() {
        let accounts = &mut Accounts { used: Account::COUNT - 2, ..Accounts::default() };
        let last = Account::COUNT - 1;
        check(accounts, 1, "a b c", &format!("a={} b={last}", last - 1));
        check(accounts, 2, "b c", &format!("b={last} c={}", last - 1));
        check(accounts, 3, "c", &format!("c={}", last - 1));
        check(accounts, 4, "c d", &format!("c={} d={last}", last - 1));
    }

    #[test]
    fn an_heir_keeps_accounts() {
        let accounts = &mut Accounts::default();
        check(accounts, 1, "a b c", "a=0 b=1 c=2");
        let assigned: Vec<(RouteName, u32)> = accounts.in_use.clone().into_iter().filter(|(_, number)| *number == 1).collect();
        check(&mut Accounts::inherited(&assigned), 2, "b d", "b=1 d=2");
    }
}
