use super::*;

/// A memfd with these bytes, sealed like a real one.
fn sealed(bytes: &[u8]) -> OwnedFd {
    let mut file = memfd::create("test").unwrap();
    file.write_all(bytes).unwrap();
    fcntl_add_seals(&file, SEALS).unwrap();
    file.into()
}

fn bytes_of(snapshot: &Snapshot) -> Vec<u8> {
    let body = bincode::config::serialize(snapshot, codec()).unwrap();
    let mut bytes = head(u64::try_from(body.len()).unwrap()).to_vec();
    bytes.extend(body);
    bytes
}

fn many_routes(count: u32) -> Snapshot {
    let backend = Backend::at(([10, 0, 0, 1], 8080).into());
    let routes = (0..count).map(|entry| Route::fixed(entry, HostPattern::Any, PathPrefix::root(), backend.clone())).collect();
    Snapshot { routes, ..specimen() }
}

#[test]
fn a_snapshot_comes_out_as_it_went_in() {
    for snapshot in [specimen(), Snapshot { routes: Vec::new(), ..specimen() }, many_routes(100_000)] {
        let fd = snapshot.seal().unwrap();
        let twin = fd.try_clone().unwrap();
        assert!(Snapshot::open(fd).unwrap() == snapshot);
        assert!(Snapshot::open(twin).unwrap() == snapshot, "a second reader of the same descriptor");
    }
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
