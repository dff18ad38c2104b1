//! What every engine must do, and how each can fail.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use dproxy_config::StoreChoice;
use dproxy_testkit::Redis;
use serde_json::json;

use super::*;
use crate::{FileStore, MemoryStore, RedisStore, Stamp};

fn stamp(seconds: u64) -> Stamp {
    Stamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn record(seconds: u64, name: &str) -> Arc<Record> {
    Arc::new(Record { created: stamp(1), updated: stamp(seconds), value: json!({ "name": name, "hosts": ["a.test", "*.b.test"] }) })
}

fn change(key: &str, record: Option<Arc<Record>>) -> Change {
    Change { collection: Collection::Routes, key: key.to_owned(), record }
}

fn keys(store: &mut dyn Store, collection: Collection) -> String {
    store.list(collection).unwrap().into_keys().collect::<Vec<_>>().join(" ")
}

/// What holds for every engine. `open` opens the same store again; it has what was in it unless it `forgets`.
fn conformance(open: &dyn Fn() -> Box<dyn Store>, forgets: bool) {
    let mut store = open();
    for collection in Collection::ALL {
        assert_eq!(keys(store.as_mut(), collection), "", "a new store is empty");
    }
    store.check().unwrap();
    store.put(Collection::Routes, "a", record(1, "one")).unwrap();
    store.put(Collection::Routes, "a", record(2, "other")).unwrap();
    store.put(Collection::Workers, "a", record(3, "worker")).unwrap();
    assert_eq!(store.get(Collection::Routes, "a").unwrap(), Some(record(2, "other")), "the newest counts");
    assert_eq!(store.get(Collection::Workers, "a").unwrap(), Some(record(3, "worker")), "collections are apart");
    assert_eq!(store.get(Collection::Routes, "b").unwrap(), None);
    store.delete(Collection::Routes, "b").unwrap();
    store.batch(&[]).unwrap();
    store.batch(&[change("b", Some(record(4, "b"))), change("a", None), change("c", Some(record(5, "c"))), change("c", None)]).unwrap();
    assert_eq!(keys(store.as_mut(), Collection::Routes), "b", "changes are made in their order");
    let odd = ["", " ", "é/*:{}\n\u{0}", "https//*.shop.test:8443/a?b #2", &"x".repeat(2000)];
    store.batch(&odd.map(|key| change(key, Some(record(6, key))))).unwrap();
    for key in odd {
        assert_eq!(store.get(Collection::Routes, key).unwrap(), Some(record(6, key)), "{key:?}");
    }
    store.batch(&odd.map(|key| change(key, None))).unwrap();
    let many: Vec<Change> = (0..3000).map(|number| change(&format!("{number:04}"), Some(record(number, "many")))).collect();
    store.batch(&many).unwrap();
    assert_eq!(store.list(Collection::Routes).unwrap().len(), 3001);
    store.check().unwrap();
    drop(store);
    let mut again = open();
    let there = again.list(Collection::Routes).unwrap();
    assert_eq!(there.len(), if forgets { 0 } else { 3001 });
    assert!(forgets || there["0042"] == record(42, "many"));
    again.check().unwrap();
}

fn redis(url: &str) -> Result<RedisStore, StoreError> {
    let Ok(StoreChoice::Redis(url)) = url.parse() else { panic!("{url} is no URL") };
    RedisStore::open(&url)
}

/// Why the file at `path` cannot be opened.
fn refusal(path: &Path) -> String {
    FileStore::open(path).map(drop).unwrap_err().to_string()
}

#[test]
fn every_engine_does_the_same() {
    conformance(&|| Box::new(MemoryStore::default()), true);
    let home = tempfile::tempdir().unwrap();
    conformance(&|| Box::new(FileStore::open(&home.path().join("store")).unwrap()), false);
    let Some(server) = Redis::with(&[]) else { return };
    conformance(&|| Box::new(redis(&server.url()).unwrap()), false);
    let socket = format!("redis+unix://{}?db=3", server.socket().display());
    conformance(&|| Box::new(redis(&socket).unwrap()), false);
}

#[test]
fn a_file_is_for_its_owner_and_one_process() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    let store = FileStore::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = refusal(&path);
    assert!(text.ends_with("is in use by another program; end that, or choose another `directories.state`"), "{text}");
    drop(store);
    assert!(FileStore::open(&path).is_ok());
}

#[test]
fn a_file_that_cannot_be_opened_says_why_and_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    let text = refusal(&home.path().join("no/store"));
    assert!(text.contains("cannot be opened; have its directory be there and writable for dproxy"), "{text}");
    assert!(refusal(home.path()).contains("cannot be opened"));
    assert!(refusal(Path::new("/dev/full")).contains("/dev/full` "));
}

/// Changes one byte at a time, and cuts the file: each time it is whole, or refused; it is never read wrongly.
#[test]
fn a_damaged_file_is_refused_and_never_believed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    let mut store = FileStore::open(&path).unwrap();
    store.batch(&(0..200).map(|number| change(&format!("{number}"), Some(record(number, "x")))).collect::<Vec<_>>()).unwrap();
    let whole = store.list(Collection::Routes).unwrap();
    drop(store);
    let good = fs::read(&path).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let mut refused = 0;
    for attempt in 0..60 {
        let mut bad = good.clone();
        match attempt % 3 {
            0 => bad.truncate(random.usize(1..bad.len())),
            1 => bad[random.usize(0..4096)] ^= 1 << random.u8(0..8),
            _ => bad[random.usize(0..good.len())] ^= 0xff,
        }
        fs::write(&path, &bad).unwrap();
        let read = std::panic::catch_unwind(|| FileStore::open(&path).and_then(|mut store| store.list(Collection::Routes)));
        match read {
            Ok(Ok(records)) => assert_eq!(records, whole, "attempt {attempt}"),
            Ok(Err(error)) => {
                refused += 1;
                let text = error.to_string();
                assert!(text.contains("is damaged (") && text.contains("take it away to begin anew"), "attempt {attempt}: {text}");
            }
            // The reader asserts what it believes; the keeper takes that for damage.
            Err(_panic) => refused += 1,
        }
    }
    assert!(refused >= 20, "{refused}");
    fs::write(&path, "this is no store at all").unwrap();
    assert!(refusal(&path).contains("is damaged ("), "{}", refusal(&path));
}

#[test]
fn a_record_that_makes_no_sense_costs_only_itself() {
    let Some(server) = Redis::with(&[]) else { return };
    let mut store = redis(&server.url()).unwrap();
    store.put(Collection::Routes, "good", record(1, "good")).unwrap();
    for (key, text) in [("a", ""), ("b", "{"), ("c", "{\"value\": 1}"), ("d", "\u{fffd}")] {
        assert_eq!(server.ask(&["HSET", "dproxy:routes", key, text]), "1");
    }
    assert_eq!(keys(&mut store, Collection::Routes), "good");
    assert_eq!(store.get(Collection::Routes, "a").unwrap(), None);
}

#[test]
fn a_store_of_a_newer_dproxy_is_left_alone() {
    let Some(server) = Redis::with(&[]) else { return };
    assert_eq!(server.ask(&["SET", "dproxy:schema", "2"]), "OK");
    let text = redis(&server.url()).map(drop).unwrap_err().to_string();
    assert!(text.contains("was written by a newer dproxy (its format is 2, ours 1); install that"), "{text}");
}

#[test]
fn a_server_that_lets_nobody_in_or_is_not_there_says_so() {
    use std::error::Error as _;
    let Some(mut server) = Redis::with(&["--requirepass", "open"]) else { return };
    let cause = |url: &str| {
        let error = redis(url).map(drop).unwrap_err();
        assert!(error.to_string().contains("keeps nothing; have it run, let us in and take changes"), "{error}");
        assert!(!error.to_string().contains("wrong-password"), "{error}");
        error.source().unwrap().to_string()
    };
    assert!(cause(&server.url()).contains("Authentication required"), "{}", cause(&server.url()));
    let wrong = server.url().replace("redis://", "redis://:wrong-password@");
    assert!(cause(&wrong).contains("authentication failed"), "{}", cause(&wrong));
    let right = server.url().replace("redis://", "redis://:open@");
    let mut store = redis(&right).unwrap();
    store.put(Collection::Notes, "a", record(1, "a")).unwrap();
    server.signal(dproxy_testkit::Signal::SIGSTOP);
    assert!(store.check().is_err(), "one that does not answer keeps nothing");
    server.signal(dproxy_testkit::Signal::SIGCONT);
    server.stop();
    assert!(cause(&right).contains("refused"), "{}", cause(&right));
}
