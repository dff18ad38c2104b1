use super::*;
use crate::{CertificatesRow, EngineRow, PoolState, SandboxRow, StoreRow, StoreState};

/// What is shown, as lines with a bar at the left, so that blanks at the margins are seen.
#[track_caller]
fn check(command: Command, reply: &Reply, width: Width, expected: &str) {
    let shown: Vec<String> = render(&command, reply, width).lines().map(|line| format!("|{line}")).collect();
    let expected: Vec<&str> = expected.lines().map(str::trim_start).filter(|line| !line.is_empty()).collect();
    assert_eq!(shown, expected, "\n{}\n", shown.join("\n"));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn engine_row() -> EngineRow {
    EngineRow {
        endpoint: "unix:///var/run/docker.sock".to_owned(),
        connected: true,
        version: Some("Docker 28.5.2, API 1.51".to_owned()),
        ..EngineRow::default()
    }
}

fn status() -> Status {
    Status {
        version: "0.1.0".to_owned(),
        pid: 4242,
        uptime_seconds: 273_600,
        pool: PoolState::Running,
        workers_wanted: 12,
        workers_online: 12,
        generation: 41,
        workers_at_generation: 11,
        listeners: owned(&["0.0.0.0:8080", "[::]:8080"]),
        http3: Vec::new(),
        api: owned(&["http://127.0.0.1:16000", "unix:///run/dproxy.sock"]),
        engine: engine_row(),
        engines: vec![engine_row()],
        config: None,
        routes: 7,
        backends: 9,
        containers: 5,
        certificates: CertificatesRow { count: 3, next: Some("a.crt".to_owned()), days_left: Some(12) },
        warnings: owned(&["port 80 is taken; listening on 8080"]),
        problems: 2,
        connections_total: 1_234_567,
        connections_open: 32,
        requests_total: 45_678_901,
        requests_in_flight: 7,
        errors_5xx_total: 3,
        requests_held_total: 12,
        requests_held: 0,
        store: StoreRow { place: "/var/lib/docker-proxy/store.redb".to_owned(), state: StoreState::Good, error: None },
        sandbox: SandboxRow { held: owned(&["user: 65534:65534", "landlock: v7"]), missing: Vec::new() },
        upgrade: None,
    }
}

fn workers() -> Reply {
    let online = WorkerRow {
        slot: 0,
        pid: Some(4243),
        state: "online".to_owned(),
        restarts: 0,
        uptime_seconds: 273_600,
        generation: 41,
        sockets: 2,
        connections: 32,
        requests: 45_678_901,
        in_flight: 7,
        memory_bytes: 50_541_363,
        cpu_percent: 12.34,
        ..WorkerRow::default()
    };
    let waiting = WorkerRow { slot: 10, pid: None, state: "waiting restart".to_owned(), restarts: 16, requests: 5, ..online.clone() };
    Reply::Workers(vec![online, waiting])
}

#[test]
fn workers_stand_in_aligned_columns() {
    check(
        Command::Workers,
        &workers(),
        Width::Free,
        "
        |SLOT   PID  STATE            RESTARTS  UPTIME  GEN  CONNS  REQUESTS  ACTIVE    MEM    CPU
        |   0  4243  online                  0   3d 4h   41     32     45.6M       7  48.1M  12.3%
        |  10     -  waiting restart        16       -    -      -         5       -      -      -
        ",
    );
}

#[test]
fn in_a_narrow_terminal_texts_break_and_figures_do_not() {
    check(
        Command::Workers,
        &workers(),
        Width::Columns(76),
        "
        |SLOT  PID STATE   RESTARTS UPTIME GEN CONNS REQUESTS ACTIVE   MEM   CPU
        |   0 4243 online         0  3d 4h  41    32    45.6M      7 48.1M 12.3%
        |  10    - waiting       16      -   -     -        5      -     -     -
        |          restart
        ",
    );
}

#[test]
fn where_titles_would_break_rows_become_lists() {
    let shown = render(&Command::Workers, &workers(), Width::Columns(50));
    assert!(shown.starts_with("slot         0\npid          4243\nstate        online\n"), "{shown}");
    assert!(shown.contains("\n\nslot         10\n"), "{shown}");
}

#[test]
fn a_terminal_is_never_overrun() {
    let hosts = owned(&["a.very.long.name.shop.example.test", "another.one.example.test", "third.example.test"]);
    let container = ContainerRow { id: "0123456789ab".to_owned(), name: "shop_web_1".to_owned(), hosts, ..ContainerRow::default() };
    let containers = Reply::Containers(vec![container]);
    for (command, reply, narrowest) in [(Command::Workers, workers(), 76), (Command::Containers, containers, 40)] {
        for width in narrowest..140 {
            let shown = render(&command, &reply, Width::Columns(width));
            assert!(fits(&shown, width), "{width}\n{shown}");
        }
    }
}

#[test]
fn routes_containers_backends_and_problems_have_their_columns() {
    let route = |host: &str, reason: Option<&str>| RouteRow {
        host: host.to_owned(),
        path: "/".to_owned(),
        state: if reason.is_some() { "offline" } else { "live" }.to_owned(),
        owner: "web1".to_owned(),
        service: "shop_web".to_owned(),
        backends: if reason.is_some() { Vec::new() } else { owned(&["web1:80 172.17.0.2:80 (ready)"]) },
        reason: reason.map(str::to_owned),
        ..RouteRow::default()
    };
    let strip = Some("/api".to_owned());
    let api = RouteRow { path: "/api".to_owned(), listen: Some("https:8443".to_owned()), strip_prefix: strip, ..route("a.test", None) };
    let (state, target) = ("redirect".to_owned(), Some("301 https://new.test".to_owned()));
    let moved = RouteRow { listen: Some("http".to_owned()), state, redirect: target, backends: Vec::new(), ..route("b.test", None) };
    check(
        Command::Routes,
        &Reply::Routes(vec![route("*.shop.test", None), route("old.test", Some("container stopped")), api, moved]),
        Width::Free,
        "
        |ROUTE                    STATE                           PATH        BACKENDS                       SERVICE   OWNER
        |*.shop.test/             live                            -           web1:80 172.17.0.2:80 (ready)  shop_web  web1
        |old.test/                offline: container stopped      -           -                              shop_web  web1
        |https://a.test:8443/api  live                            strip /api  web1:80 172.17.0.2:80 (ready)  shop_web  web1
        |http://b.test/           redirect: 301 https://new.test  -           -                              shop_web  web1
        ",
    );
    let container = ContainerRow {
        id: "0123456789ab".to_owned(),
        name: "web1".to_owned(),
        engine: None,
        image: "nginx:1".to_owned(),
        state: "running".to_owned(),
        hosts: owned(&["shop.test", "web1.internal"]),
        backends: owned(&["80 172.17.0.2:80"]),
        ..ContainerRow::default()
    };
    check(
        Command::Containers,
        &Reply::Containers(vec![container.clone()]),
        Width::Free,
        "
        |ID            NAME  STATE    HOSTS                     BACKENDS          IMAGE
        |0123456789ab  web1  running  shop.test, web1.internal  80 172.17.0.2:80  nginx:1
        ",
    );
    check(
        Command::Containers,
        &Reply::Containers(vec![ContainerRow { engine: Some("east".to_owned()), ..container }]),
        Width::Free,
        "
        |ID            NAME  ENGINE  STATE    HOSTS                     BACKENDS          IMAGE
        |0123456789ab  web1  east    running  shop.test, web1.internal  80 172.17.0.2:80  nginx:1
        ",
    );
    let backend = BackendRow {
        id: "0123456789ab:80".to_owned(),
        name: "web1".to_owned(),
        port: 80,
        address: "172.17.0.2:80".to_owned(),
        scheme: "http".to_owned(),
        condition: "ejected".to_owned(),
        requests: Some(3),
        max_requests: None,
        waited_ms: None,
        since_seconds: 65,
        last_error: Some("no connection".to_owned()),
        weight: 1,
        hosts: Vec::new(),
        ..BackendRow::default()
    };
    let full = BackendRow { max_requests: Some(3), waited_ms: Some(120), ..backend.clone() };
    let uncounted = BackendRow { requests: None, ..backend.clone() };
    check(
        Command::Backends,
        &Reply::Backends(vec![backend, full, uncounted]),
        Width::Free,
        "
        |NAME  PORT  ADDRESS        SCHEME  CONDITION  SINCE  WEIGHT  REQUESTS  WAITED  HOSTS  LAST ERROR
        |web1    80  172.17.0.2:80  http    ejected    1m 5s       1  3         -       -      no connection
        |web1    80  172.17.0.2:80  http    ejected    1m 5s       1  3 of 3    120 ms  -      no connection
        |web1    80  172.17.0.2:80  http    ejected    1m 5s       1  -         -       -      no connection
        ",
    );
    let problem = ProblemRow { subject: "container web2".to_owned(), text: "`a..b` is not a host name".to_owned() };
    check(
        Command::Problems,
        &Reply::Problems(vec![problem]),
        Width::Free,
        "
        |WHERE           WHAT
        |container web2  `a..b` is not a host name
        ",
    );
}

#[test]
fn an_empty_list_still_has_its_titles() {
    check(Command::Problems, &Reply::Problems(Vec::new()), Width::Columns(80), "|WHERE  WHAT");
}

#[test]
fn a_status_is_a_short_block_with_what_needs_attention_last() {
    check(
        Command::Status,
        &Reply::Status(Box::new(status())),
        Width::Free,
        "
        |dproxy       0.1.0, pid 4242, up 3d 4h
        |pool         running, 12 of 12 workers online
        |routing      7 routes, 9 backends, 5 containers
        |generation   41, served by 11 of 12 workers
        |listening    0.0.0.0:8080, [::]:8080
        |api          http://127.0.0.1:16000, unix:///run/dproxy.sock
        |docker       unix:///var/run/docker.sock, connected, Docker 28.5.2, API 1.51
        |certificates 3, the first to expire is a.crt in 12 days
        |config       no file, built-in defaults
        |connections  32 open, 1.2M accepted
        |requests     45.6M in all, 7 active, 3 answered with 5xx, 12 waited for a container to come back (0 now)
        |sandbox      user: 65534:65534, landlock: v7
        |store        /var/lib/docker-proxy/store.redb
        |warning      port 80 is taken; listening on 8080
        |problems     2, see `dproxy ctl problems`
        ",
    );
}

#[test]
fn a_warning_of_several_lines_keeps_them() {
    let warnings = owned(&["the configuration was not read again: a.yaml:2:7: no\n 2 | port: x\n   |       ^"]);
    let shown = render(&Command::Status, &Reply::Status(Box::new(Status { warnings, problems: 0, ..status() })), Width::Free);
    let expected =
        "warning      the configuration was not read again: a.yaml:2:7: no\n              2 | port: x\n                |       ^";
    assert!(shown.ends_with(expected), "{shown}");
}

#[test]
fn an_engine_that_is_away_says_why() {
    let shown = |engine: EngineRow| engine_line(&Status { engines: vec![engine], ..status() });
    let away = EngineRow { endpoint: "tcp://h:2375".to_owned(), ..EngineRow::default() };
    assert_eq!(shown(away.clone()), "docker       tcp://h:2375, connecting");
    let lost = EngineRow { error: Some("connection refused".to_owned()), version: Some("Docker 28".to_owned()), ..away.clone() };
    assert_eq!(shown(lost), "docker       tcp://h:2375, not connected: connection refused");
    assert_eq!(shown(EngineRow { connected: true, ..away.clone() }), "docker       tcp://h:2375, connected");
    let named = |name: &str| shown(EngineRow { name: Some(name.to_owned()), ..away.clone() });
    assert_eq!(named("east"), "docker       east at tcp://h:2375, connecting");
    assert_eq!(named("tcp://h:2375"), "docker       tcp://h:2375, connecting");
}

fn engine_line(status: &Status) -> String {
    let shown = render(&Command::Status, &Reply::Status(Box::new(status.clone())), Width::Free);
    shown.lines().find(|line| line.starts_with("docker")).unwrap().to_owned()
}

#[test]
fn a_change_is_one_line() {
    let check = |command: Command, expected: &str| {
        let status = Box::new(Status { workers_wanted: 30, workers_online: 30, ..status() });
        let reply = Reply::Done { message: "resizing... to 30 workers".to_owned(), status };
        assert_eq!(render(&command, &reply, Width::Columns(20)), expected);
    };
    let size = "30".parse().unwrap();
    check(Command::Resize(size, Wait::Done), "resized to 30: 30 of 30 workers online");
    check(Command::Start(Wait::Done), "started: 30 of 30 workers online");
    check(Command::Restart(Wait::Done), "restarted: 30 of 30 workers online");
    check(Command::Stop(Wait::Done), "running: 30 workers online");
    check(Command::Resize(size, Wait::Accepted), "resizing... to 30 workers");
}

#[test]
fn a_name_cannot_write_to_the_terminal() {
    let problem = ProblemRow { subject: "container \u{1b}[2Jx\u{7}".to_owned(), text: "a\nb\rc\u{9b}d".to_owned() };
    let shown = render(&Command::Problems, &Reply::Problems(vec![problem]), Width::Free);
    assert!(shown.contains("container \u{fffd}[2Jx\u{fffd}") && shown.contains("a\u{fffd}b\u{fffd}c\u{fffd}d"), "{shown}");
}
