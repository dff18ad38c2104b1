//! How many requests a backend takes at a time, where several routes name it.
//!
//! A backend is one thing however many hosts lead to it, so one number counts: the smallest that anybody says. Whoever says
//! nothing agrees with the others.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::{Backend, BackendId, Offer, Problem, Route};

/// What counts for backends whose routes do not all say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    agreed: BTreeMap<BackendId, u32>,
}

impl Limits {
    /// Finds those backends of these routes, and what an operator should know of them: of those where something else was said.
    pub fn of<'r>(routes: impl Iterator<Item = &'r Route> + Clone) -> (Limits, Vec<Problem>) {
        let mut agreed: BTreeMap<BackendId, u32> = BTreeMap::new();
        let mut problems = Vec::new();
        let mut said: BTreeMap<&BackendId, u32> = BTreeMap::new();
        for backend in routes.clone().flat_map(Route::backends) {
            let Some(limit) = backend.max_requests else { continue };
            let first = *said.entry(&backend.id).or_insert(limit);
            let known = agreed.get(&backend.id).copied().unwrap_or(first);
            if known != limit {
                let smallest = [known, limit].into_iter().min_by_key(|limit| rank(*limit)).unwrap_or(limit);
                agreed.insert(backend.id.clone(), smallest);
            }
        }
        for (id, limit) in &agreed {
            let text = format!("its routes say different things about `max_requests`; the smallest counts, {limit}: say the same in each");
            problems.push(Problem::new(format!("backend {id}"), text));
        }
        if !said.is_empty() {
            let silent = routes.flat_map(Route::backends).filter(|backend| backend.max_requests.is_none());
            for backend in silent {
                if let Some(limit) = said.get(&backend.id) {
                    agreed.entry(backend.id.clone()).or_insert(*limit);
                }
            }
        }
        (Limits { agreed }, problems)
    }

    /// The route as it is meant, if it says something else.
    #[must_use]
    pub fn settle(&self, route: &Route) -> Option<Route> {
        let meant = |backend: &Backend| self.agreed.get(&backend.id).copied().filter(|limit| backend.max_requests != Some(*limit));
        route.backends().find_map(meant)?;
        let mut route = route.clone();
        if let Offer::Ports { main, others, .. } = &mut route.offer {
            for backend in others.iter_mut().chain([main]) {
                backend.max_requests = meant(backend).or(backend.max_requests);
            }
        }
        Some(route)
    }

    /// Whether everybody says the same.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.agreed.is_empty()
    }
}

/// Zero is any number.
fn rank(limit: u32) -> (bool, u32) {
    (NonZeroU32::new(limit).is_none(), limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HostPattern, PathPrefix};

    /// One backend, of which each word is what one route says: a number, or `-` for nothing.
    #[track_caller]
    fn check(words: &str, expected: &str, told: bool) {
        let route = |word: &str| {
            let backend = Backend { max_requests: word.parse().ok(), ..Backend::at(([10, 0, 0, 1], 80).into()) };
            Route::fixed(0, HostPattern::Any, PathPrefix::root(), backend)
        };
        let routes: Vec<Route> = words.split(' ').map(route).collect();
        let (limits, problems) = Limits::of(routes.iter());
        let settled = routes.iter().map(|route| limits.settle(route).unwrap_or_else(|| route.clone()));
        let shown = settled.map(|route| {
            let limit = route.backends().next().unwrap().max_requests;
            limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string())
        });
        assert_eq!((shown.collect::<Vec<_>>().join(" ").as_str(), problems.len() == 1), (expected, told), "{words}");
        assert_eq!(limits.is_nothing(), words == expected, "{words}");
    }

    #[test]
    fn the_smallest_limit_of_a_backend_counts_for_all_its_routes() {
        check("-", "-", false);
        check("- -", "- -", false);
        check("5", "5", false);
        check("5 5", "5 5", false);
        check("5 -", "5 5", false);
        check("- 5 -", "5 5 5", false);
        check("5 7", "5 5", true);
        check("7 5 9", "5 5 5", true);
        check("0 7", "7 7", true);
        check("7 0 -", "7 7 7", true);
        check("0 -", "0 0", false);
        check("0 0", "0 0", false);
    }

    #[test]
    fn a_problem_names_the_backend_and_what_counts() {
        let backend = |max| Backend { max_requests: Some(max), ..Backend::at(([10, 0, 0, 1], 80).into()) };
        let routes = [3, 2].map(|max| Route::fixed(0, HostPattern::Any, PathPrefix::root(), backend(max)));
        let (_, problems) = Limits::of(routes.iter());
        let text = problems[0].to_string();
        assert!(text.contains("10.0.0.1:80") && text.contains("the smallest counts, 2"), "{text}");
    }
}
