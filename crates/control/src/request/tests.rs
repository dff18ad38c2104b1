use super::*;

/// What `method target` asks for, or why it is refused.
#[track_caller]
fn check(method: &str, target: &str, expected: &str) {
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let shown = match Request::parse(&method.parse().unwrap(), path, query) {
        Ok(Request::Ask(command, _)) => format!("{command:?}"),
        Ok(request) => format!("{request:?}"),
        Err(refusal) => refusal.to_string(),
    };
    assert!(shown.starts_with(expected), "{method} {target}\n  gives    {shown}\n  expected {expected}");
}

fn every_command() -> Vec<Command> {
    let size = "30".parse().unwrap();
    let changes = [Wait::Accepted, Wait::Done].into_iter().flat_map(|wait| {
        [Command::Start(wait), Command::Stop(wait), Command::Resize(size, wait), Command::Restart(wait), Command::Upgrade(wait)]
    });
    let reads = [
        Command::Reload,
        Command::Reset,
        Command::Worker(3),
        Command::Logs,
        Command::Status,
        Command::Workers,
        Command::Routes,
        Command::Containers,
        Command::Images,
        Command::Backends,
        Command::Certificates,
        Command::Problems,
        Command::Metrics,
    ];
    let judgements = ["web", "a b&c=d/é"].map(|name| Command::Why(name.to_owned()));
    let questions = ["https://a.test:8443/x?y=z&w", "a.test"].map(|url| Command::Explain(url.parse().unwrap()));
    let place = |host: &str| Selection { host: Some(host.parse().unwrap()), ..Selection::default() };
    let number = Selection { id: Some(7), ..Selection::default() };
    let whole = Selection { id: Some(7), path: Some("/x/é".parse().unwrap()), ..place("a.test") };
    let selections = [number, place("*.a.test"), whole].map(Command::RemoveRoute);
    changes.chain(reads).chain(judgements).chain(questions).chain(selections).collect()
}

#[test]
fn the_path_of_every_command_makes_the_same_command_again() {
    for command in every_command() {
        let target = command.path();
        let (path, query) = target.split_once('?').map_or((target.as_str(), None), |(path, query)| (path, Some(query)));
        let request = Request::parse(&command.method(), path, query).unwrap();
        assert_eq!(request, Request::Ask(command, Listing::default()), "{target}");
    }
}

#[test]
fn the_seeds_three_urls_work_with_get_and_with_post() {
    check("GET", "/service/balancer/start", "Start(Accepted)");
    check("POST", "/service/balancer/start", "Start(Accepted)");
    check("GET", "/service/balancer/stop", "Stop(Accepted)");
    check("GET", "/service/balancer/resize?size=30", "Resize(WorkerCount(30), Accepted)");
    check("POST", "/service/balancer/resize?size=30", "Resize(WorkerCount(30), Accepted)");
}

#[test]
fn a_size_that_makes_no_sense_is_refused_with_the_reason() {
    let resize = |query: &str, expected: &str| check("GET", &format!("/service/balancer/resize{query}"), expected);
    resize("", "resize needs a size in its query");
    resize("?wait=1", "resize needs a size in its query");
    resize("?size", "size `` is not a whole number");
    resize("?size=", "size `` is not a whole number");
    resize("?size=0", "size 0 would serve nobody; to take the balancer off its ports use `stop`");
    resize("?size=-1", "size `-1` is not a whole number");
    resize("?size=1.5", "size `1.5` is not a whole number");
    resize("?size=ten", "size `ten` is not a whole number");
    resize("?size=0x10", "size `0x10` is not a whole number");
    resize("?size=%00", "size `\0` is not a whole number");
    resize("?size=1025", "size `1025` is more than 1024");
    resize("?size=99999999999999999999", "size `99999999999999999999` is more than 1024");
    resize("?size=3&size=4", "`size` is given more than once");
    resize("?size=3&sise=4", "unknown key `sise`; this path takes size, wait");
    resize("?size=1024", "Resize(WorkerCount(1024), Accepted)");
    resize("?size=%33%30&wait=true", "Resize(WorkerCount(30), Done)");
}

#[test]
fn wait_is_one_or_nought() {
    check("GET", "/service/balancer/stop?wait=1", "Stop(Done)");
    check("GET", "/service/balancer/stop?wait=0", "Stop(Accepted)");
    check("GET", "/service/balancer/stop?wait=yes", "wait `yes` is neither 1 nor 0");
    check("GET", "/service/balancer/stop?wait", "wait `` is neither 1 nor 0");
    check("GET", "/service/balancer/stop?wait=1&wait=0", "`wait` is given more than once");
}

#[test]
fn methods_are_those_of_the_path() {
    check("HEAD", "/status", "Status");
    check("POST", "/status", "this path takes GET, HEAD");
    check("PUT", "/routes", "this path takes GET, HEAD, POST, DELETE");
    check("DELETE", "/workers", "this path takes GET, HEAD");
    check("POST", "/ping", "this path takes GET, HEAD");
    check("HEAD", "/service/balancer/stop", "this path takes GET, POST");
    check("PUT", "/service/balancer/resize?size=3", "this path takes GET, POST");
    check("OPTIONS", "/service/balancer/stop", "this path takes GET, POST");
}

#[test]
fn only_known_paths_and_keys_lead_anywhere() {
    check("GET", "/", "no path `/`; the paths are /service/balancer/start, ");
    check("GET", "/service/balancer/restat", "no path `/service/balancer/restat`");
    check("GET", "/Status", "no path `/Status`");
    check("GET", "/status//", "no path `/status//`");
    check("GET", "/status/", "Status");
    check("GET", "/status?verbose=1", "unknown key `verbose`; this path takes none");
    check("GET", "/workers?what=x", "unknown key `what`; this path takes limit, skip, sort, where");
    check("GET", "/service/balancer/start?size=3", "unknown key `size`; this path takes wait");
}

#[test]
fn a_list_takes_where_sort_limit_and_skip() {
    let request = Request::parse(&Method::GET, "/containers", Some("limit=5&skip=10&sort=-name&where=state%3Drunning")).unwrap();
    let sort = vec![Sort { field: "name".to_owned(), descending: true }];
    let filter = "state=running".parse().unwrap();
    assert_eq!(request, Request::Ask(Command::Containers, Listing { filter, limit: Some(5), skip: 10, sort }));
    check("GET", "/containers?where=running", "where `running` is no condition; write ");
    check("GET", "/containers?limit=-1", "limit `-1` is not a whole number");
    check("GET", "/containers?limit=+1", "limit ` 1` is not a whole number");
    check("GET", "/containers?skip=many", "skip `many` is not a whole number");
    check("GET", "/containers?limit=99999999999999999999999", "limit `99999999999999999999999` is not a whole number");
}

#[test]
fn routes_are_removed_by_number_or_by_place() {
    check("DELETE", "/routes?id=7", "RemoveRoute(Selection { id: Some(7), host: None, path: None })");
    check("DELETE", "/routes?host=a.test&path=/x", "RemoveRoute(Selection { id: None, host: Some(Exact(Host(");
    check("DELETE", "/routes", "which one? ");
    check("DELETE", "/routes?id=seven", "id `seven` is not a whole number");
    check("DELETE", "/routes?host=a..test", "`a..test` ");
    check("DELETE", "/routes?host=a.test&path=x", "path `x` ");
    check("POST", "/routes", "AddRoute");
    check("GET", "/openapi.json", "Description");
    check("GET", "/events", "Events([])");
    check("GET", "/events?kind=log,worker", "Events([Log, Worker])");
    check("GET", "/events?kind=nonsense", "`nonsense` is no kind of event; the kinds are status, ");
    check("GET", "/worker", "which one? ");
    check("GET", "/worker?slot=-1", "slot `-1` is not the number of a slot");
    check("GET", "/worker?slot=65536", "slot `65536` is not the number of a slot");
}
