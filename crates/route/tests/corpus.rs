//! Everything that fuzzing found worth keeping, read at every change.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// What is checked; the fuzz target calls the same.
#[path = "../fuzz/src/lib.rs"]
pub mod fuzz;

#[test]
fn announcements_are_read_as_they_must_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/announcement");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for path in files {
        let bytes = fs::read(&path).unwrap();
        let held = std::panic::catch_unwind(|| fuzz::announcement(&bytes));
        assert!(held.is_ok(), "{}", path.display());
    }
}
