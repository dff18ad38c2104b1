//! Everything that fuzzing found worth keeping, read at every change.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// What is checked; the fuzz targets call the same.
#[path = "../fuzz/src/lib.rs"]
pub mod fuzz;

#[track_caller]
fn all_hold(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("no corpus in {}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let holds = std::panic::catch_unwind(|| check(&bytes));
        assert!(holds.is_ok(), "{}", path.display());
        files += 1;
    }
    assert!(files > 0, "the corpus in {} is empty", folder.display());
}

#[test]
fn requests_are_read_alike_in_any_pieces() {
    all_hold("request", fuzz::request);
}

#[test]
fn streams_of_the_connection_are_read_alike_in_any_pieces() {
    all_hold("uni", fuzz::uni);
}
