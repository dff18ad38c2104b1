use std::fs;
use std::time::SystemTime;

use dproxy_testkit::{PATIENCE, Redis, wait_for};
use serde_json::json;
use tokio::runtime::Runtime;

use super::*;
use crate::Stamp;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn begin(place: Place) -> Keeper {
    Keeper::begin(place, || {}).unwrap()
}

fn record(text: &str) -> Arc<Record> {
    Arc::new(Record::new(Stamp::from(SystemTime::UNIX_EPOCH), json!(text)))
}

/// `a=1 b=2 c=` has two records and takes one away.
fn changes(words: &str) -> Vec<Change> {
    let change = |word: &str| {
        let (key, value) = word.split_once('=').unwrap();
        let record = (!value.is_empty()).then(|| record(value));
        Change { collection: Collection::Notes, key: key.to_owned(), record }
    };
    words.split_whitespace().map(change).collect()
}

fn shown(records: &Records) -> String {
    let notes = records.get(&Collection::Notes).into_iter().flatten();
    notes.map(|(key, record)| format!("{key}={}", record.value.as_str().unwrap())).collect::<Vec<_>>().join(" ")
}

/// What is at that place, read anew.
fn there(place: &Place) -> String {
    let records = place.open().unwrap().list(Collection::Notes).unwrap();
    shown(&Records::from([(Collection::Notes, records)]))
}

#[track_caller]
fn wait_until(keeper: &Keeper, what: &str, is: impl Fn(&Health) -> bool) {
    wait_for(what, PATIENCE, || is(&keeper.health()));
}

#[test]
fn what_was_written_is_recalled() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::File(home.path().join("store"));
    runtime().block_on(async {
        let mut keeper = begin(place.clone());
        assert_eq!(shown(&keeper.recalled().await), "");
        keeper.change(changes("a=1 b=2"));
        keeper.change(changes("b= c=3"));
        keeper.settled().await;
        assert_eq!(keeper.health(), Health::Good);
        keeper.change(changes("a=4"));
        keeper.close().await;
        let mut again = begin(place.clone());
        assert_eq!(shown(&again.recalled().await), "a=4 c=3");
    });
}

#[test]
fn a_damaged_file_is_told_and_taken_up_again_once_it_is_away() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    fs::write(&path, "no store").unwrap();
    let place = Place::File(path.clone());
    runtime().block_on(async {
        let mut keeper = begin(place.clone());
        keeper.change(changes("a=1"));
        keeper.settled().await;
        wait_until(&keeper, "a store that is away", |health| matches!(health, Health::Away(text) if text.contains("is damaged (")));
        assert_eq!(fs::read_to_string(&path).unwrap(), "no store", "it is left as it is");
        fs::remove_file(&path).unwrap();
        wait_until(&keeper, "a store that is back", |health| *health == Health::Good);
        assert_eq!(shown(&keeper.recalled().await), "");
        keeper.close().await;
    });
    assert_eq!(there(&place), "a=1");
}

#[test]
fn what_is_found_late_comes_back_where_nothing_newer_is_known() {
    let home = tempfile::tempdir().unwrap();
    let place = Place::File(home.path().join("late/store"));
    let aside = home.path().join("aside");
    let before = Place::File(aside.join("store"));
    fs::create_dir(&aside).unwrap();
    before.open().unwrap().batch(&changes("a=old b=old")).unwrap();
    runtime().block_on(async {
        let mut keeper = begin(place.clone());
        wait_until(&keeper, "a store that is away", |health| matches!(health, Health::Away(text) if text.contains("cannot be opened")));
        keeper.change(changes("a=new c=new"));
        fs::rename(&aside, home.path().join("late")).unwrap();
        assert_eq!(shown(&keeper.recalled().await), "a=old b=old");
        keeper.close().await;
    });
    assert_eq!(there(&place), "a=new b=old c=new");
}

#[test]
fn a_file_that_was_taken_away_is_made_again_with_all_that_is_known() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    let place = Place::File(path.clone());
    runtime().block_on(async {
        let mut keeper = begin(place.clone());
        assert_eq!(shown(&keeper.recalled().await), "");
        keeper.change(changes("a=1"));
        keeper.settled().await;
        fs::remove_file(&path).unwrap();
        wait_for("a new file", PATIENCE, || path.exists());
        keeper.close().await;
    });
    assert_eq!(there(&place), "a=1");
}

#[test]
fn a_server_that_goes_and_comes_back_has_all_again() {
    let Some(mut server) = Redis::with(&[]) else { return };
    let choice: StoreChoice = server.url().parse().unwrap();
    let place = Place::of(&choice, Path::new("/nowhere"));
    runtime().block_on(async {
        let mut keeper = begin(place.clone());
        assert_eq!(shown(&keeper.recalled().await), "");
        keeper.change(changes("a=1 b=2"));
        keeper.settled().await;
        assert_eq!(there(&place), "a=1 b=2");
        server.stop();
        keeper.change(changes("a=3 b= c=4"));
        keeper.settled().await;
        wait_until(&keeper, "a server that is away", |health| matches!(health, Health::Away(text) if text.contains("refused")));
        server.start();
        wait_until(&keeper, "a server that is back", |health| *health == Health::Good);
        assert_eq!(there(&place), "a=3 c=4");
        assert_eq!(server.ask(&["FLUSHALL"]), "OK");
        wait_for("what was lost", PATIENCE, || server.ask(&["HLEN", "dproxy:notes"]) == "2");
        assert_eq!(keeper.health(), Health::Good);
    });
}
