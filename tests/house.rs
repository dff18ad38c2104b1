//! The walls of the house: which room may use which, and what a pure room must not touch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every room and the rooms it may use. An arrow that is not here is a decision, not an accident: change the map
/// in `crates/README.md` together with this table.
const ARROWS: &[(&str, &[&str])] = &[
    ("route", &[]),
    ("http1", &[]),
    ("http3", &[]),
    ("stats", &[]),
    ("config", &["route"]),
    ("tls", &["route", "config"]),
    ("store", &["config", "tls"]),
    ("source", &["route", "config"]),
    ("certs", &["route", "config", "store", "tls"]),
    ("ipc", &["route", "stats", "config"]),
    ("proxy", &["route", "http1", "http3", "stats", "config", "tls"]),
    ("control", &["route", "stats", "config", "store"]),
    ("worker", &["ipc", "proxy", "route", "http1", "stats", "config"]),
    ("master", &["ipc", "source", "certs", "control", "store", "route", "stats", "config", "tls"]),
    ("testkit", &[]),
    ("bin", &["master", "worker", "control", "config"]),
];

/// Rooms of layers 0 and 1 are values: nothing in them awaits, opens or looks at a clock.
const PURE: &[&str] = &["route", "http1", "http3", "stats", "config"];

/// What only a room that does I/O needs.
const IMPURE: &[&str] = &["tokio", "hyper", "hyper-util", "axum", "bollard", "interprocess", "socket2", "futures-util", "redb", "redis"];

/// `stats` is the shared page itself, and a page is a mapped file.
const NO_CLOCK: &[&str] = &["route", "http1", "http3"];
const CLOCKS_AND_FILES: &[&str] = &["Instant::now(", "SystemTime::now(", "std::fs", "std::net::Tcp", "std::thread", "std::process"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn folder(room: &str) -> PathBuf {
    if room == "bin" { root().join("bin") } else { root().join("crates").join(room) }
}

/// Names under `[dependencies]` of a room's `Cargo.toml`, in whichever way they are written.
fn dependencies(room: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(folder(room).join("Cargo.toml")).unwrap();
    dependencies_in(&manifest)
}

fn dependencies_in(manifest: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            // `[dependencies]`, `[target.'cfg(unix)'.dependencies]`, but tests may use what they like.
            inside = section == "dependencies" || section == "build-dependencies" || section.ends_with(".dependencies");
            if let Some((_, name)) = section.split_once("dependencies.").filter(|_| !section.starts_with("dev-")) {
                found.insert(name.to_owned());
            }
        } else if inside && let Some((name, _)) = line.split_once(['=', '.']) {
            found.insert(name.trim().to_owned());
        }
    }
    found
}

#[test]
fn dependencies_are_found_however_they_are_written() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n# c = \"1\"\n[dependencies.d]\npath = \"..\"\n\
                    [target.'cfg(unix)'.dependencies]\ne = { version = \"1\" }\n[dev-dependencies]\nf = \"1\"\n[dev-dependencies.g]\n";
    let found: Vec<String> = dependencies_in(manifest).into_iter().collect();
    assert_eq!(found, ["a", "b", "d", "e"]);
}

#[test]
fn arrows_run_only_where_the_map_allows() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (room, allowed) in &allowed {
        for dependency in dependencies(room) {
            let Some(other) = dependency.strip_prefix("dproxy-") else { continue };
            assert!(allowed.contains(&other), "`{room}` uses `{other}`, and the map has no such arrow");
        }
    }
}

#[test]
fn every_room_is_in_the_table() {
    let rooms = fs::read_dir(root().join("crates")).unwrap().flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    let rooms: BTreeSet<String> = rooms.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let table: BTreeSet<String> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).filter(|room| room != "bin").collect();
    assert_eq!(rooms, table);
}

#[test]
fn the_table_has_no_way_round() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for (position, (room, others)) in ARROWS.iter().enumerate() {
        for other in *others {
            assert!(allowed.contains_key(other), "`{room}` may use `{other}`, which does not exist");
            let layer = |name: &str| {
                ["route http1 http3 stats", "config", "tls", "store", "source certs ipc proxy control", "worker master", "bin"]
                    .iter()
                    .position(|layer| layer.split(' ').any(|room| room == name))
            };
            assert!(layer(room) > layer(other), "`{room}` (at {position}) may not use `{other}`: arrows run down");
        }
    }
}

#[test]
fn pure_rooms_do_no_io() {
    for room in PURE {
        for dependency in dependencies(room) {
            assert!(!IMPURE.contains(&dependency.as_str()), "`{room}` is pure and uses `{dependency}`");
        }
    }
    for room in NO_CLOCK {
        for file in sources(&folder(room).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for word in CLOCKS_AND_FILES {
                assert!(!text.contains(word), "`{}` holds `{word}`; time and bytes are arguments there", file.display());
            }
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(sources(&entry.path()));
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            found.push(entry.path());
        }
    }
    found
}

/// Every path in backticks that looks like one of ours: `crates/…`, `scripts/…`, `tests/…`, `bin/…`, `etc/…`.
fn paths_named_in(text: &str) -> BTreeSet<String> {
    let ours = |word: &&str| ["crates/", "scripts/", "tests/", "bin/", "etc/", ".ci/"].iter().any(|start| word.starts_with(start));
    let whole = |word: &&str| !word.contains(['<', '…', '*', ' ', '{']);
    text.split('`').skip(1).step_by(2).filter(ours).filter(whole).map(str::to_owned).collect()
}

#[test]
fn the_map_names_only_what_exists() {
    for map in ["crates/README.md", "README.md"] {
        let text = fs::read_to_string(root().join(map)).unwrap();
        for path in paths_named_in(&text) {
            assert!(root().join(&path).exists(), "{map} names `{path}`, which does not exist");
        }
    }
}

#[test]
fn the_map_lists_every_room_and_every_unsafe_module() {
    let map = fs::read_to_string(root().join("crates/README.md")).unwrap();
    for (room, _) in ARROWS.iter().filter(|(room, _)| *room != "bin") {
        assert!(map.contains(&format!("**{room}**")), "crates/README.md does not tell of `{room}`");
        for file in sources(&folder(room).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(root()).unwrap().display().to_string();
            if text.contains("allow(unsafe_code") || text.contains("expect(unsafe_code") {
                assert!(map.contains(&format!("`{path}`")), "crates/README.md does not list the unsafe module `{path}`");
            }
        }
    }
}
