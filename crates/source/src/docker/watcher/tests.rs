use dproxy_route::{Condition, Offer, Route};
use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::*;
use crate::Link;
use pretend::{Pretend, container, event};

mod pretend;

/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

/// A watched engine: the updates that come of it.
struct Watched {
    updates: watch::Receiver<Update>,
    task: JoinSet<()>,
    handle: AbortHandle,
}

fn follow(engine: &Pretend) -> Watched {
    let settings = Docker { internal_names: false, hold: Duration::from_millis(200), ..Docker::at(DockerEndpoint::Unix(engine.socket())) };
    let (sender, updates) = watch::channel(Update::default());
    let mut task = JoinSet::new();
    let handle = task.spawn(watch(settings, sender));
    Watched { updates, task, handle }
}

impl Watched {
    /// Waits until an update is so.
    async fn wait_for(&mut self, what: &str, so: impl FnMut(&Update) -> bool) -> Update {
        let update = timeout(LIMIT, self.updates.wait_for(so)).await.map(|update| update.unwrap().clone());
        update.unwrap_or_else(|_| panic!("{what}: {:#?}", self.updates.borrow()))
    }

    async fn wait_for_hosts(&mut self, hosts: &[&str]) -> Update {
        self.wait_for(&format!("hosts {hosts:?}"), |update| is_connected(update) && self::hosts(update) == hosts).await
    }
}

fn is_connected(update: &Update) -> bool {
    matches!(update.link, Link::Connected { .. })
}

fn hosts(update: &Update) -> Vec<String> {
    update.routes.iter().map(|route| route.host.to_string()).collect()
}

fn condition(update: &Update) -> Option<Condition> {
    match &update.routes.first()?.offer {
        Offer::Ports { main, .. } => Some(main.condition),
        Offer::Redirect(_) | Offer::Offline(_) => None,
    }
}

/// Waits until the engine was asked so often for a path with `part`.
async fn wait_for_asked(engine: &Pretend, part: &str, times: usize) -> Vec<String> {
    let mut asked = engine.asked();
    let enough = asked.wait_for(|asked| asked.iter().filter(|path| path.contains(part)).count() >= times);
    timeout(LIMIT, enough).await.unwrap_or_else(|_| panic!("`{part}` was not asked {times} times")).unwrap().clone()
}

#[tokio::test]
async fn events_are_subscribed_to_before_the_list_is_asked_for() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    let update = watched.wait_for_hosts(&["web.test"]).await;
    assert_eq!(update.link, Link::Connected { version: "Docker 1.2.3, API 1.51".to_owned() });
    let asked = engine.asked().borrow().clone();
    let place = |part: &str| asked.iter().position(|path| path.contains(part)).unwrap();
    assert!(place("/version") < place("/events") && place("/events") < place("/containers/json"), "{asked:?}");
    assert!(asked[place("/containers/json")].ends_with("?all=1"));
}

#[tokio::test]
async fn a_version_is_spoken_that_both_sides_know() {
    for (oldest, newest, spoken) in [("1.24", "1.41", "/v1.41/"), ("1.44", "1.51", "/v1.44/"), ("1.48", "1.60", "/v1.48/")] {
        let engine = Pretend::with(&["web"]);
        (engine.script().oldest, engine.script().newest) = (oldest.to_owned(), newest.to_owned());
        follow(&engine).wait_for_hosts(&["web.test"]).await;
        let asked = engine.asked().borrow().clone();
        assert!(asked.iter().skip(1).all(|path| path.starts_with(spoken)), "{asked:?}");
    }
}

#[tokio::test]
async fn an_odd_container_costs_only_itself() {
    let engine = Pretend::with(&["web"]);
    let odd =
        [json!({"Id": 7}), json!({"Id": "odd-id", "Names": null, "State": "dreaming", "Ports": [{"PrivatePort": 99999}]}), json!(null)];
    engine.script().containers.extend(odd);
    engine.script().containers.push(container("late"));
    engine.script().inspections.insert("odd-id".to_owned(), json!({"State": {"Status": "dreaming"}}));
    let mut watched = follow(&engine);
    let update = watched.wait_for("problems", |update| hosts(update) == ["late.test", "web.test"] && update.problems.len() == 5).await;
    let about = |subject: &str| update.problems.iter().filter(|problem| problem.subject == subject).count();
    assert_eq!((about("engine"), about("container odd-id")), (2, 3), "{:?}", update.problems);
}

#[tokio::test]
async fn odd_events_end_nothing() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    engine.tell("no json at all");
    engine.tell("");
    engine.tell(&json!({"Type": "pod", "Action": 7, "scope": "galaxy"}).to_string());
    engine.script().containers.push(container("new"));
    engine.tell(&event("start", "new", json!({"name": 7})));
    watched.wait_for_hosts(&["new.test", "web.test"]).await;
    assert_eq!(engine.asked().borrow().iter().filter(|path| path.contains("/events")).count(), 1);
}

#[tokio::test]
async fn when_the_events_end_everything_is_asked_again() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    engine.script().containers = vec![container("new")];
    engine.end_events();
    watched.wait_for_hosts(&["new.test"]).await;
    wait_for_asked(&engine, "/version", 2).await;
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_waited_for() {
    let mut engine = Pretend::absent();
    engine.script().containers.push(container("web"));
    let mut watched = follow(&engine);
    let lost = watched.wait_for("lost", |update| matches!(update.link, Link::Lost { .. })).await;
    let expected = format!("cannot connect to `unix://{}`: No such file or directory (os error 2)", engine.socket().display());
    assert!(matches!(&lost.link, Link::Lost { error } if *error == expected), "{:?}", lost.link);
    engine.appear();
    watched.wait_for_hosts(&["web.test"]).await;
}

#[tokio::test]
async fn routes_stay_while_the_engine_is_lost() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    let socket = engine.socket();
    drop(engine);
    assert!(!socket.exists());
    let update = watched.wait_for("lost", |update| matches!(update.link, Link::Lost { .. })).await;
    assert_eq!(hosts(&update), ["web.test"]);
}

#[tokio::test]
async fn an_engine_that_takes_connections_but_does_not_answer_is_lost_and_found() {
    let engine = Pretend::with(&["web"]);
    engine.script().silent.insert("/version");
    let mut watched = follow(&engine);
    let lost = watched.wait_for("lost", |update| matches!(update.link, Link::Lost { .. })).await;
    assert!(matches!(&lost.link, Link::Lost { error } if error.ends_with("does not answer within 2 s")), "{:?}", lost.link);
    engine.script().silent.clear();
    watched.wait_for_hosts(&["web.test"]).await;
}

#[tokio::test]
async fn a_container_the_engine_is_busy_with_holds_nobody_up() {
    let engine = Pretend::with(&["slow", "web"]);
    engine.script().silent.insert("/containers/slow");
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    wait_for_asked(&engine, "/containers/slow", 1).await;
    // News of others pass while the engine still keeps us waiting.
    engine.script().containers.push(container("new"));
    engine.tell(&event("start", "new", json!({})));
    let update = watched.wait_for_hosts(&["new.test", "web.test"]).await;
    assert!(update.problems.is_empty(), "{:?}", update.problems);
    engine.script().silent.clear();
    let update = watched.wait_for("told", |update| !update.problems.is_empty()).await;
    assert_eq!(update.problems[0].subject, "container slow");
    engine.tell(&event("start", "slow", json!({})));
    watched.wait_for_hosts(&["new.test", "slow.test", "web.test"]).await;
}

#[tokio::test]
async fn a_signal_and_an_end_count_before_any_list() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    engine.script().silent.insert("/containers/json");
    engine.tell(&event("kill", "web", json!({"signal": "15"})));
    watched.wait_for("stopping", |update| condition(update) == Some(Condition::Stopping)).await;
    engine.tell(&event("die", "web", json!({"exitCode": "0"})));
    let update = watched.wait_for("offline", |update| condition(update).is_none()).await;
    assert!(matches!(&update.routes[0].offer, Offer::Offline(notice) if notice.to_string() == "stopped, exit code 0"));
    engine.tell(&event("destroy", "web", json!({})));
    let removed = |route: &Route| matches!(&route.offer, Offer::Offline(notice) if notice.reason == "removed");
    watched.wait_for("a farewell", |update| update.routes.iter().any(removed)).await;
    watched.wait_for("unknown", |update| update.routes.is_empty()).await;
}

#[tokio::test]
async fn many_events_of_one_deed_cost_few_lists() {
    let engine = Pretend::with(&["web"]);
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    let lists = || engine.asked().borrow().iter().filter(|path| path.contains("/containers/json")).count();
    let before = lists();
    for _ in 0..50 {
        engine.tell(&event("update", "web", json!({})));
    }
    engine.script().containers.push(container("new"));
    engine.tell(&event("start", "new", json!({})));
    watched.wait_for_hosts(&["new.test", "web.test"]).await;
    assert!(lists() - before <= 3, "{} lists", lists() - before);
}

#[tokio::test]
async fn all_of_many_containers_are_inspected() {
    let names: Vec<String> = (100..300).map(|number| format!("web{number}")).collect();
    let engine = Pretend::with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let hosts: Vec<String> = names.iter().map(|name| format!("{name}.test")).collect();
    follow(&engine).wait_for_hosts(&hosts.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let asked = engine.asked().borrow().iter().filter(|path| path.contains("-id-")).count();
    assert_eq!(asked, names.len(), "each once");
}

#[tokio::test]
async fn nothing_outlives_the_future() {
    let engine = Pretend::with(&["slow", "web"]);
    engine.script().silent.insert("/containers/slow");
    let mut watched = follow(&engine);
    watched.wait_for_hosts(&["web.test"]).await;
    watched.handle.abort();
    while watched.task.join_next().await.is_some() {}
    timeout(LIMIT, engine.open().wait_for(|open| *open == 0)).await.expect("connections stay open").unwrap();
}

#[test]
fn an_error_is_told_with_its_causes_in_one_line() {
    let json = serde_json::from_str::<u8>("\nx").unwrap_err();
    let lost = Lost::Engine(EngineError::List(json));
    assert_eq!(chain(&lost), "the engine's list is no list: expected value at line 2 column 1");
    let refused = EngineError::Refused { path: "/x".to_owned(), status: 400, message: "no\n".to_owned() };
    assert_eq!(chain(&refused), "the engine refuses `/x` with 400: no");
}

#[test]
fn the_pause_between_tries_grows_up_to_five_seconds() {
    let mut backoff = Backoff::default();
    let pauses: Vec<u128> = (0..12).map(|_| backoff.next().as_millis()).collect();
    assert_eq!(pauses, [100, 150, 225, 337, 506, 759, 1139, 1708, 2562, 3844, 5000, 5000]);
    assert!(backoff.rest());
    assert!(!backoff.rest());
    assert_eq!(backoff.next(), Backoff::FIRST);
}

#[test]
fn a_list_waits_for_events_to_settle_but_not_for_ever() {
    let start = Instant::now();
    let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
    let mut plan = Plan::new(start);
    assert!(plan.take_list(start, None));
    assert_eq!(plan.due(None), start + LIST_EVERY);
    assert_eq!(plan.due(Some(at(7))), at(7), "doubt brings it forward");
    plan.stir(at(100));
    assert_eq!(plan.due(None), at(120));
    plan.stir(at(110));
    assert_eq!(plan.due(None), at(130));
    plan.stir(at(140));
    assert_eq!(plan.due(None), at(150));
    assert!(!plan.take_list(at(149), None));
    assert!(plan.take_list(at(150), None));
    plan.stir(at(10_145));
    assert_eq!(plan.due(None), at(10_150), "events do not put a due list off");
}
