//! What a look-up costs does not depend on how many routes there are.

use std::time::{Duration, Instant};

use dproxy_route::{Authority, Backend, HostPattern, Listener, Lookup, Protocol, Route, RouteTable};

fn routes(host: usize) -> [Route; 3] {
    let [name, below]: [HostPattern; 2] = ["", "*."].map(|star| format!("{star}h{host}.test").parse().expect("this is a pattern"));
    let backend = Backend::at(([127, 0, 0, 1], 80).into());
    let route = |host, path: &str| Route::fixed(0, host, path.parse().expect("this is a path"), backend.clone());
    [route(name.clone(), "/"), route(name, "/api"), route(below, "/")]
}

/// How long a thousand look-ups take in a table with so many hosts: the shortest of several rounds, so that a busy
/// machine does not count.
fn time_of_lookups(hosts: usize) -> Duration {
    let all: Vec<Route> = (0..hosts).flat_map(routes).collect();
    let table = RouteTable::build(&all);
    let listener = Listener { protocol: Protocol::Http, port: 80 };
    let asked: Vec<String> = (0..1_000).map(|number| format!("{}h{}.test", ["", "x."][number % 2], number * 7 % hosts)).collect();
    let round = |_: u32| {
        let began = Instant::now();
        for host in &asked {
            let found = table.lookup(Authority { host, port: None }, listener, b"/api/v1/x");
            assert!(matches!(found, Lookup::Found(_)));
        }
        began.elapsed()
    };
    (0..20).map(round).min().expect("there were rounds")
}

#[test]
fn a_look_up_costs_the_same_in_a_table_three_thousand_times_as_large() {
    let (few, many) = (time_of_lookups(10), time_of_lookups(30_000));
    println!("a look-up takes {:?} with 30 routes, {:?} with 90,000", few / 1_000, many / 1_000);
    // Memory that is not in the processor's caches makes the difference; a search would be a thousandfold.
    assert!(many < few * 30, "{few:?} with 30 routes, {many:?} with 90,000");
}
