//! What becomes of a request: the judgement of `dproxy_route`, in words.

use std::time::SystemTime;

use dproxy_config::ProxySettings;
use dproxy_control::{ExplainedRoute, Explanation, Outcome, Question};
use dproxy_route::{Authority, BackendId, Found, Judged, Listener, Lookup, Protocol, Rewrite, Route, Verdict, Width, explain};

use crate::views::{self, Load};

/// What the answer is made from.
pub(crate) struct Known<'k> {
    pub(crate) routes: &'k [Route],
    pub(crate) settings: &'k ProxySettings,
    /// The ports that are listened at.
    pub(crate) listens: &'k [u16],
    /// What a backend has to do now.
    pub(crate) load: &'k dyn Fn(&BackendId) -> Option<Load>,
    /// What the engine of a route's container is called, where there are several.
    pub(crate) engine: &'k dyn Fn(&Route) -> Option<&'k str>,
    pub(crate) now: SystemTime,
}

/// Explains what becomes of a request.
pub(crate) fn explanation(question: &Question, known: &Known<'_>) -> Explanation {
    let secure = question.protocol() == Protocol::Https;
    let spoken = |port: &u16| known.settings.tls.ports.contains(port) == secure;
    let listens: Vec<u16> = known.listens.iter().copied().filter(spoken).collect();
    question.put(&listens, |authority, listener, path| explained(question, known, authority, listener, path))
}

fn explained(question: &Question, known: &Known<'_>, authority: Authority<'_>, listener: Listener, path: &[u8]) -> Explanation {
    let explanation = explain(known.routes, known.settings.www_fallback, authority, listener, path);
    let lookup = explanation.outcome(authority, listener, path);
    let (outcome, verdict) = verdict(&lookup, question, known, authority);
    Explanation {
        url: question.to_string(),
        listener: format!("{}:{}", listener.protocol, listener.port),
        outcome,
        verdict,
        steps: steps(&lookup, question),
        backends: explanation
            .backends(&lookup)
            .into_iter()
            .map(|backend| views::backend_row(backend, known.settings.limits.backend_requests, (known.load)(&backend.id)))
            .collect(),
        routes: explanation.judged.iter().map(|judged| route_row(judged, known)).collect(),
    }
}

fn verdict(lookup: &Lookup<'_>, question: &Question, known: &Known<'_>, authority: Authority<'_>) -> (Outcome, String) {
    match lookup {
        Lookup::Found(found) => (Outcome::Served, format!("served by {}", found.service.0)),
        Lookup::Redirect(redirect, rewrite) => {
            let location = redirect.location(authority.host, &rewritten(rewrite, question));
            (Outcome::Redirected, format!("answered with {}: {}", redirect.code.status(), String::from_utf8_lossy(&location)))
        }
        Lookup::Offline(notice) => (Outcome::Offline, format!("answered with 503 and a notice page: {}", notice.told_at(known.now))),
        Lookup::Unknown => (Outcome::Unknown, "answered with 404: nobody has this host and path at this listener".to_owned()),
    }
}

/// What happens between the look-up and the backend.
fn steps(lookup: &Lookup<'_>, question: &Question) -> Vec<String> {
    let Lookup::Found(Found { rewrite, wild, .. }) = lookup else { return Vec::new() };
    let mut steps = Vec::new();
    if !rewrite.is_nothing() {
        steps.push(format!("{rewrite}: the backend gets {}", String::from_utf8_lossy(&rewritten(rewrite, question))));
    }
    if !rewrite.strip.is_root() {
        steps.push(format!("x-forwarded-prefix is set to {}", rewrite.strip));
    }
    if wild.is_some() {
        steps.push(
            "only a wildcard matches: until somebody gave a good answer, an error makes the next candidate be asked; \
             each worker remembers for a minute who did"
                .to_owned(),
        );
    }
    steps
}

fn rewritten(rewrite: &Rewrite, question: &Question) -> Vec<u8> {
    let mut target = Vec::new();
    rewrite.write(question.target().as_bytes(), &mut target);
    target
}

fn route_row(judged: &Judged<'_>, known: &Known<'_>) -> ExplainedRoute {
    let Judged { route, verdict } = judged;
    ExplainedRoute {
        route: views::route_row(route, (known.engine)(route)),
        chosen: *verdict == Verdict::Chosen,
        why: why(route, verdict, known.now),
    }
}

fn why(route: &Route, verdict: &Verdict, now: SystemTime) -> String {
    match verdict {
        Verdict::Chosen => "the nearest host, then the longest path, then the narrowest listener".to_owned(),
        Verdict::LessFit => {
            let condition = route.backends().next().map_or("not there", |main| main.condition.as_str());
            format!("it is {condition}; others are fitter, or have the port that was asked for")
        }
        Verdict::Offline(notice) => format!("offline ({}), while others serve", notice.told_at(now)),
        Verdict::Contradicts(why) => why.clone(),
        Verdict::Candidate => "asked where those before it answer with an error".to_owned(),
        Verdict::Wider(Width::Entrance) => "the same host and path, for more listeners".to_owned(),
        Verdict::Wider(Width::Path) => "a shorter path".to_owned(),
        Verdict::Wider(Width::Host) => "a wider host, or only the fall-back for `www.`".to_owned(),
        Verdict::OtherListener => format!("only for what comes in at {}", route.entrance),
        Verdict::OtherPath => format!("only for paths below {}", route.path),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dproxy_route::{Backend, HostPattern, Notice, Offer, Redirect, RedirectCode};

    use super::*;

    fn route(entry: u32, host: &str, path: &str) -> Route {
        let host: HostPattern = host.parse().unwrap();
        Route::fixed(entry, host, path.parse().unwrap(), Backend::at(format!("10.0.0.{entry}:80").parse().unwrap()))
    }

    fn asked(url: &str) -> Explanation {
        let strip = Rewrite { strip: "/api".parse().unwrap(), ..Rewrite::default() };
        let notice = Notice { exit_code: Some(137), since: Some(SystemTime::UNIX_EPOCH), ..Notice::new("stopped") };
        let redirect = Redirect { target: "https://new.test".parse().unwrap(), code: RedirectCode::Moved };
        let routes = [
            route(1, "a.test", "/"),
            Route { rewrite: strip, ..route(2, "a.test", "/api") },
            route(3, "*.test", "/"),
            Route { offer: Offer::Redirect(redirect), ..route(4, "old.test", "/") },
            Route { offer: Offer::Offline(notice.clone()), ..route(5, "gone.org", "/") },
            Route { offer: Offer::Offline(notice), ..route(6, "a.test", "/api") },
        ];
        let settings = ProxySettings::default();
        let load = |_: &BackendId| Some((7, None));
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        let known = Known { routes: &routes, settings: &settings, listens: &[80], load: &load, engine: &|_| None, now };
        explanation(&url.parse().unwrap(), &known)
    }

    #[test]
    fn the_way_of_a_request_is_told_with_its_losers() {
        let it = asked("http://a.test/api/x?y");
        assert_eq!((it.outcome, it.verdict.as_str(), it.listener.as_str()), (Outcome::Served, "served by a.test/api", "http:80"));
        assert_eq!(it.steps, ["strip /api: the backend gets /x?y", "x-forwarded-prefix is set to /api"]);
        let backends: Vec<_> = it.backends.iter().map(|row| (row.address.as_str(), row.requests, row.max_requests)).collect();
        assert_eq!(backends, [("10.0.0.2:80", Some(7), None)]);
        let routes: Vec<_> = it.routes.iter().map(|row| (row.route.owner.as_str(), row.chosen, row.why.as_str())).collect();
        let wider = "a wider host, or only the fall-back for `www.`";
        let chosen = "the nearest host, then the longest path, then the narrowest listener";
        let offline = "offline (stopped 1 minute ago, exit code 137), while others serve";
        let losers = [("routes[6]", false, offline), ("routes[1]", false, "a shorter path"), ("routes[3]", false, wider)];
        assert_eq!(routes, [[("routes[2]", true, chosen)].as_slice(), &losers].concat());
    }

    #[test]
    fn every_outcome_has_its_words() {
        let check = |url: &str, outcome, verdict: &str| assert_eq!((asked(url).outcome, asked(url).verdict.as_str()), (outcome, verdict));
        check("http://old.test/x", Outcome::Redirected, "answered with 301: https://new.test/x");
        check("http://b.test/", Outcome::Served, "served by *.test/");
        check("http://gone.org/", Outcome::Offline, "answered with 503 and a notice page: stopped 1 minute ago, exit code 137");
        check("http://b.c/", Outcome::Unknown, "answered with 404: nobody has this host and path at this listener");
        assert!(asked("b.test").steps[0].starts_with("only a wildcard matches"), "{:?}", asked("b.test").steps);
    }
}
