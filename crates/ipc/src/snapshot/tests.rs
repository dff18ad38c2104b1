use std::hash::Hasher as _;
use std::io::Read as _;
use std::str::FromStr as _;

use dproxy_route::{PatternRef, Presence};

use super::*;

/// A memfd with these bytes, sealed like a real one.
fn sealed(bytes: &[u8]) -> OwnedFd {
    let mut file = memfd::create("test").unwrap();
    file.write_all(bytes).unwrap();
    fcntl_add_seals(&file, SEALS).unwrap();
    file.into()
}

fn bytes_of(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut file = File::from(snapshot.seal().unwrap());
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn many_routes(count: u32) -> Snapshot {
    let backend = Backend::at(([10, 0, 0, 1], 8080).into());
    let routes = (0..count).map(|entry| Route::fixed(entry, HostPattern::Any, PathPrefix::root(), backend.clone())).collect();
    Snapshot { routes, columns: Vec::new(), accounts: Vec::new(), ..specimen() }
}

#[test]
fn a_snapshot_comes_out_as_it_went_in() {
    for snapshot in [specimen(), many_routes(0), many_routes(100_000)] {
        let fd = snapshot.seal().unwrap();
        let twin = fd.try_clone().unwrap();
        assert!(Snapshot::open(fd).unwrap() == snapshot);
        assert!(Snapshot::open(twin).unwrap() == snapshot, "a second reader of the same descriptor");
    }
}

#[test]
fn what_there_is_for_a_host_is_found_with_its_numbers() {
    let backend = |number: u32| Backend::at((std::net::Ipv4Addr::from_bits(number), 80).into());
    let host = |number: u32| HostPattern::from_str(&format!("host{number}.test")).unwrap();
    let route = |number| Route::fixed(number, host(number), PathPrefix::root(), backend(number));
    let mut routes: Vec<Route> = (0..500).map(route).collect();
    routes.push(Route::fixed(500, HostPattern::Any, PathPrefix::root(), backend(7)));
    routes.sort_unstable();
    let mut columns: Vec<_> = (0..400).map(|number| (backend(number).id, number)).collect();
    let mut accounts: Vec<_> = (0..300).map(|number| (route(number).name(), number)).collect();
    columns.sort_unstable();
    accounts.sort_unstable();
    let directory = Directory::open(Snapshot { routes, columns, accounts, ..specimen() }.seal().unwrap()).unwrap();
    assert_eq!((directory.generation(), directory.settings()), (Generation(1), &specimen().settings));
    assert!(!directory.passes_through());
    for number in 0..500 {
        let entry = directory.entry(host(number).borrowed()).unwrap().unwrap();
        assert_eq!(entry.routes, [route(number)]);
        assert_eq!(entry.columns, if number < 400 { vec![(backend(number).id, number)] } else { Vec::new() });
        assert_eq!(entry.accounts, if number < 300 { vec![(route(number).name(), number)] } else { Vec::new() });
    }
    let any = directory.entry(PatternRef::Any).unwrap().unwrap();
    assert_eq!((any.routes.len(), any.columns), (1, vec![(backend(7).id, 7)]));
    assert!((0..500).all(|number| directory.presence(&backend(number).id) == Some(Presence::Serving)));
    assert_eq!(directory.presence(&backend(500).id), None);
    for absent in [PatternRef::Exact("host500.test"), PatternRef::Below("host1.test"), PatternRef::Exact("")] {
        assert!(!directory.lists(absent) && directory.entry(absent).unwrap().is_none(), "{absent:?}");
    }
}

#[test]
fn a_host_is_taken_down_as_before_until_something_of_it_changes() {
    let backend = |port: u16| Backend::at(([127, 0, 0, 1], port).into());
    let route = |host: &str, port: u16| Route::fixed(0, host.parse().unwrap(), PathPrefix::root(), backend(port));
    let taken_down = |routes: &[Route], columns: &[(BackendId, u32)], host: &str| {
        let mut routes = routes.to_vec();
        routes.sort_unstable();
        let snapshot = Snapshot { routes, columns: columns.to_vec(), accounts: Vec::new(), ..specimen() };
        let mut hasher = std::hash::DefaultHasher::new();
        Directory::open(snapshot.seal().unwrap()).unwrap().hash_entry(PatternRef::Exact(host), &mut hasher);
        hasher.finish()
    };
    let before = taken_down(&[route("a.test", 1), route("b.test", 2)], &[], "a.test");
    let same = |routes: &[Route], columns: &[(BackendId, u32)]| taken_down(routes, columns, "a.test") == before;
    assert!(same(&[route("a.test", 1)], &[]));
    assert!(same(&[route("a.test", 1), route("b.test", 3), route("c.test", 4)], &[(backend(4).id, 7)]));
    assert!(!same(&[route("a.test", 2), route("b.test", 2)], &[]));
    assert!(!same(&[route("a.test", 1), route("a.test", 2)], &[]));
    assert!(!same(&[route("a.test", 1)], &[(backend(1).id, 7)]), "its backend has another number");
    assert!(!same(&[route("b.test", 2)], &[]));
}

#[test]
fn nobody_can_change_a_sealed_snapshot() {
    let mut file = File::from(specimen().seal().unwrap());
    assert!(file.write_all(b"x").is_err());
    assert!(file.set_len(0).is_err());
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let good = bytes_of(&specimen());
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let check = |fd: OwnedFd, expected: &str| assert_eq!(Snapshot::open(fd).unwrap_err().to_string(), expected);
    check(sealed(b""), "this is not a snapshot");
    check(sealed(&good[..HEAD - 1]), "this is not a snapshot");
    check(sealed(&good[..good.len() - 1]), "this is not a snapshot");
    check(sealed(&[&good[..], b"x"].concat()), "this is not a snapshot");
    check(sealed(&changed(0)), "this is not a snapshot");
    check(sealed(&changed(8)), "the snapshot was made by a different build");
    check(sealed(&changed(12)), "the snapshot was made by a different build");
    check(sealed(&changed(20)), "this is not a snapshot");
    let mut open = memfd::create("test").unwrap();
    open.write_all(&good).unwrap();
    check(open.into(), "the snapshot's memory is not sealed");
    check(File::open("/dev/null").unwrap().into(), "the snapshot's memory is not sealed");
}

#[test]
fn hostile_bytes_are_refused_or_decoded_but_never_panic() {
    let good = bytes_of(&specimen());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut body = good[HEAD..].to_vec();
        for _ in 0..next() % 4 + 1 {
            let place = usize::try_from(next()).unwrap() % body.len();
            body[place] = u8::try_from(next() % 256).unwrap();
        }
        if next() % 4 == 0 {
            body.truncate(usize::try_from(next()).unwrap() % body.len() + 1);
        }
        let mut bytes = head(u64::try_from(body.len()).unwrap()).to_vec();
        bytes.extend(&body);
        refused += u32::from(Snapshot::open(sealed(&bytes)).is_err());
    }
    assert!(refused > 1000, "only {refused} were refused");
}
