//! Everything that fuzzing found worth keeping, read by both readers at every change.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// What is checked; the fuzz targets call the same.
#[path = "../fuzz/src/lib.rs"]
pub mod fuzz;

#[track_caller]
fn both_agree(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files = 0;
    for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("no corpus in {}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let agreed = std::panic::catch_unwind(|| check(&bytes));
        assert!(agreed.is_ok(), "the readers disagree on {}", path.display());
        files += 1;
    }
    assert!(files > 0, "the corpus in {} is empty", folder.display());
}

#[test]
fn both_readers_agree_on_request_heads() {
    both_agree("request_head", fuzz::request_head);
}

#[test]
fn both_readers_agree_on_response_heads() {
    both_agree("response_head", fuzz::response_head);
}

#[test]
fn both_readers_agree_on_chunked_bodies() {
    both_agree("chunked_body", fuzz::chunked_body);
}

#[test]
fn both_readers_agree_on_whole_connections() {
    both_agree("connection", fuzz::connection);
}
