use dproxy_config::ProxySettings;
use dproxy_route::{Authority, Backend, Listener, Lookup, PathPrefix, Protocol, Route};

use super::*;
use crate::pick::Wish;
use crate::place::Places;

fn route(host: &str, path: &str, port: u16) -> Route {
    let path: PathPrefix = path.parse().unwrap();
    Route::fixed(u32::from(port), host.parse().unwrap(), path, Backend::at(([127, 0, 0, 1], port).into()))
}

fn sites(routes: &[Route]) -> Sites {
    Sites::new(Atlas::of_routes(ProxySettings::default(), routes), 0)
}

/// The next atlas, with the charter of the last one.
fn next(sites: &mut Sites, routes: &[Route]) {
    let Atlas { directory, .. } = Atlas::of_routes(ProxySettings::default(), routes);
    sites.adopt(Atlas::new(sites.charter().clone(), directory), 1);
}

/// The port of the backend that a request gets; none where nobody serves it.
fn port(view: &View, host: &str, path: &str) -> Option<u16> {
    let listener = Listener { protocol: Protocol::Http, port: 80 };
    match view.table.lookup(Authority { host, port: None }, listener, path.as_bytes()) {
        Lookup::Found(found) => Some(view.table.backend(view.group(&found).members[0]).port),
        Lookup::Redirect(..) | Lookup::Offline(_) | Lookup::Unknown => None,
    }
}

#[test]
fn a_host_is_served_as_by_a_table_of_all_routes() {
    let routes = [
        route("a.test", "/x", 1),
        route("*.test", "/", 2),
        route("*.b.test", "/y", 3),
        route("*", "/z", 4),
        route("c.org", "/", 5),
        route("www.d.org", "/x", 6),
        route("d.org", "/", 7),
    ];
    for www_fallback in [false, true] {
        let settings = ProxySettings { www_fallback, ..ProxySettings::default() };
        let (mut sites, pools) = (Sites::new(Atlas::of_routes(settings, &routes), 0), &mut Pools::default());
        let all = vec![Entry { routes: routes.to_vec(), ..Entry::default() }];
        let whole = View::new(Rc::clone(&sites.common), Edition::default(), &all, &mut Pools::default(), 0, None);
        let hosts = ["a.test", "b.test", "k.b.test", "c.org", "www.c.org", "www.d.org", "d.org", "www.a.test", "nobody.org", "org", ""];
        for host in hosts {
            for path in ["/", "/x", "/y/1", "/z", "/xx"] {
                assert_eq!(port(&sites.view(host, pools), host, path), port(&whole, host, path), "{host}{path}");
            }
        }
    }
}

#[test]
fn strangers_names_make_no_views() {
    let (mut sites, pools) = (sites(&[route("*.test", "/", 1), route("a.org", "/", 2)]), &mut Pools::default());
    for number in 0..100 {
        sites.view(&format!("x{number}.test"), pools);
        sites.view(&format!("x{number}.org"), pools);
        sites.view(&format!("www.x{number}.a.test"), pools);
    }
    assert_eq!((sites.known.len(), sites.order.len()), (1, 1));
    sites.view("www.a.org", pools);
    assert_eq!((sites.known.len(), sites.order.len()), (2, 2));
}

#[test]
fn what_is_not_asked_for_is_forgotten_and_its_connections_are_not() {
    let routes: Vec<Route> =
        (0..MOST + 2).map(|number| route(&format!("h{number}.test"), "/", 1 + u16::try_from(number).unwrap())).collect();
    let (mut sites, pools) = (sites(&routes[..1]), &mut Pools::default());
    next(&mut sites, &routes[..2]);
    let (asked_for, other) = (sites.view("h0.test", pools), sites.view("h1.test", pools));
    // As if so many others had been asked for, and none of them since.
    for number in 2..MOST {
        let key = Key::of(PatternRef::Exact(&format!("h{number}.test")));
        sites.order.push_back(key.clone());
        sites.keep(key, Rc::clone(&other), false);
    }
    sites.known[&PatternRef::Exact("h1.test")].asked_for.set(false);
    next(&mut sites, &routes);
    sites.view(&format!("h{MOST}.test"), pools);
    assert_eq!((sites.known.len(), sites.order.len()), (MOST, MOST));
    assert!(Rc::ptr_eq(&asked_for, &sites.view("h0.test", pools)));
    let again = sites.view("h1.test", pools);
    assert!(!Rc::ptr_eq(&other, &again));
    assert!(Rc::ptr_eq(other.pool(index(&other)), again.pool(index(&again))));
}

#[test]
fn a_host_that_says_the_same_is_served_by_the_same_view() {
    let (one, two, wild) = (route("a.test", "/", 1), route("b.test", "/", 2), route("*", "/w", 3));
    let (mut sites, pools) = (sites(&[one.clone(), two.clone()]), &mut Pools::default());
    let before = ["a.test", "b.test"].map(|host| sites.view(host, pools));
    let mut check = |routes: &[Route], same: [bool; 2]| {
        next(&mut sites, routes);
        while sites.renew_some(1, pools) {}
        let now = ["a.test", "b.test"].map(|host| sites.view(host, pools));
        assert_eq!([0, 1].map(|place| Rc::ptr_eq(&before[place], &now[place])), same);
    };
    check(&[one.clone(), two.clone()], [true, true]);
    check(&[one.clone(), two.clone(), route("c.test", "/", 3)], [true, true]);
    check(&[one.clone(), route("b.test", "/", 9)], [true, false]);
    check(std::slice::from_ref(&one), [true, false]);
    check(&[one, two, wild], [false, false]);
    assert_eq!(sites.known.len(), 2);
}

#[test]
fn a_host_that_is_gone_is_forgotten() {
    let (mut sites, pools) = (sites(&[route("a.test", "/", 1), route("b.test", "/", 2)]), &mut Pools::default());
    let _views = ["a.test", "b.test", "www.b.test"].map(|host| sites.view(host, pools));
    next(&mut sites, &[route("b.test", "/", 2)]);
    while sites.renew_some(2, pools) {}
    assert_eq!((sites.known.len(), sites.order.len()), (2, 2));
    assert_eq!(port(&sites.view("a.test", pools), "a.test", "/"), None);
}

#[test]
fn other_settings_change_the_view_and_not_whose_turn_it_is() {
    let mut other = route("a.test", "/", 2);
    other.owner = dproxy_route::Owner::File { entry: 9 };
    let routes = [route("a.test", "/", 1), other];
    let (mut sites, pools) = (sites(&routes), &mut Pools::default());
    let before = sites.view("a.test", pools);
    let turn = |view: &View| {
        let listener = Listener { protocol: Protocol::Http, port: 80 };
        let Lookup::Found(found) = view.table.lookup(Authority { host: "a.test", port: None }, listener, b"/") else {
            panic!("it is there")
        };
        view.pick(&found, &Wish::default(), Places::for_newcomer).map(|seat| seat.backend)
    };
    let first = turn(&before);
    sites.adopt(Atlas::of_routes(ProxySettings { server_name: "x".to_owned(), ..ProxySettings::default() }, &routes), 1);
    let now = sites.view("a.test", pools);
    assert!(!Rc::ptr_eq(&before, &now) && before.edition == now.edition);
    assert!(first.is_some() && turn(&now) != first, "it is the other one's turn");
}

fn index(view: &View) -> dproxy_route::BackendIndex {
    view.table.groups()[0].members[0]
}
