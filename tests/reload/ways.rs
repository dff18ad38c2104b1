//! Every way in which files are changed, without a word to the master, while clients ask.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use dproxy_testkit::{Load, Mode, Origin, json, pause};

use super::with_route;
use crate::{alone, dproxy};

/// How a text gets into the file at this path.
type Way = fn(&Path, &str);

const WAYS: [(&str, Way); 14] = [
    ("written in place, as by `>` and nano", in_place),
    ("written in pieces, with the pauses of a slow writer", in_pieces),
    ("appended to", appended),
    ("renamed over, as by every careful program", renamed_over),
    ("moved to a backup and written anew, as by vim", backed_up),
    ("copied to a backup and written in place, as by vim with `backupcopy=yes`", copied_to_a_backup),
    ("written by `sed -i`", by_sed),
    ("deleted, and back later", deleted_and_back),
    ("with the time of the one before, as by `cp -p`", with_the_same_time),
    ("a link in the place of a file", linked),
    ("a link that is made to lead elsewhere", linked_elsewhere),
    ("a link through a directory that is swapped, as a mounted ConfigMap", swapped),
    ("the same swapped again", swapped),
    ("in a directory that is exchanged", exchanged),
];

#[test]
fn whichever_way_a_file_is_written_it_counts_and_no_request_is_lost() {
    let _alone = alone();
    let origin = Origin::saying("ok");
    let dproxy = dproxy().route("a.test", &[origin.addr()]).start();
    let path = dproxy.config();
    let load = Load { clients: 2, rate: Some(300), body: Some("ok".to_owned()), ..Load::new(dproxy.http(), "a.test") };
    let loads = [load.clone().start(), Load { mode: Mode::PerRequest, ..load }.start()];
    for (number, (what, way)) in WAYS.into_iter().enumerate() {
        let host = format!("way{number}.test");
        let more = with_route(&dproxy, &host, &origin);
        way(&path, &more);
        assert_eq!(fs::read_to_string(&path).unwrap(), more, "{what}");
        dproxy.wait_for(what, || dproxy.get(&host, "/").status == 200);
    }
    dproxy.wait_for("no warning", || dproxy.status()["warnings"] == json!([]));
    for load in loads {
        let report = load.stop();
        assert_eq!(report.failed(), 0, "{report}");
    }
    let log = dproxy.log();
    assert!(!log.contains("listening elsewhere"), "{log}");
}

/// A single file, as `docker run -v FILE:FILE` mounts it: who writes it does so by another name, and nobody is told.
#[test]
fn a_single_file_that_is_mounted_is_followed_too() {
    let able = Command::new("unshare").args(["--mount", "true"]).output();
    if !able.is_ok_and(|output| output.status.success()) {
        return;
    }
    let (origin, outside) = (Origin::saying("ok"), tempfile::tempdir().unwrap());
    let (host, script) = (outside.path().join("host.yaml"), outside.path().join("dproxy"));
    // A world of its own for its mounts, in which the file of the host covers the one that is there.
    let text = format!(
        "#!/bin/sh\n[ \"$1\" = master ] || exec {0} \"$@\"\ncp \"$3\" {1}\n\
         exec unshare --mount sh -c 'mount --bind {1} \"$3\" && exec {0} \"$@\"' dproxy \"$@\"\n",
        env!("CARGO_BIN_EXE_dproxy"),
        host.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut options = dproxy().route("a.test", &[origin.addr()]);
    options.binary = script;
    let dproxy = options.start();
    fs::write(host, with_route(&dproxy, "b.test", &origin)).unwrap();
    dproxy.wait_for("the new route", || dproxy.get("b.test", "/").status == 200);
}

/// A name beside the file.
fn beside(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

fn in_place(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn in_pieces(path: &Path, text: &str) {
    let mut file = File::create(path).unwrap();
    // The first piece makes sense by itself.
    let (first, rest) = text.split_at(text.find("workers:").unwrap());
    let (second, third) = rest.split_at(rest.len() / 2);
    for piece in [first, second, third] {
        pause(Duration::from_millis(200));
        file.write_all(piece.as_bytes()).unwrap();
    }
}

fn appended(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap();
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(text.strip_prefix(&before).unwrap().as_bytes()).unwrap();
}

fn renamed_over(path: &Path, text: &str) {
    let aside = beside(path, ".dproxy.yaml.new");
    fs::write(&aside, text).unwrap();
    fs::rename(aside, path).unwrap();
}

fn backed_up(path: &Path, text: &str) {
    let backup = beside(path, "dproxy.yaml~");
    fs::rename(path, &backup).unwrap();
    fs::write(path, text).unwrap();
    fs::remove_file(backup).unwrap();
}

fn copied_to_a_backup(path: &Path, text: &str) {
    let backup = beside(path, "dproxy.yaml~");
    fs::copy(path, &backup).unwrap();
    fs::write(path, text).unwrap();
    fs::remove_file(backup).unwrap();
}

fn by_sed(path: &Path, text: &str) {
    let rest = beside(path, "rest");
    let before = fs::read_to_string(path).unwrap();
    fs::write(&rest, text.strip_prefix(&before).unwrap()).unwrap();
    let script = format!("$r {}", rest.display());
    assert!(Command::new("sed").args(["-i", "-e", &script]).arg(path).status().unwrap().success());
}

fn deleted_and_back(path: &Path, text: &str) {
    fs::remove_file(path).unwrap();
    // Long enough to be noticed.
    pause(Duration::from_millis(300));
    fs::write(path, text).unwrap();
}

fn with_the_same_time(path: &Path, text: &str) {
    let aside = beside(path, "aside");
    let metadata = fs::metadata(path).unwrap();
    fs::write(&aside, text).unwrap();
    File::open(&aside).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
    fs::rename(aside, path).unwrap();
}

fn linked(path: &Path, text: &str) {
    let (target, link) = (beside(path, "target"), beside(path, "link"));
    fs::write(&target, text).unwrap();
    symlink("target", &link).unwrap();
    fs::rename(link, path).unwrap();
}

fn linked_elsewhere(path: &Path, text: &str) {
    let (target, link) = (beside(path, "other"), beside(path, "link"));
    fs::write(&target, text).unwrap();
    symlink(target, &link).unwrap();
    fs::rename(link, path).unwrap();
}

/// A new directory, and a link to it that takes the place of the one before.
fn swapped(path: &Path, text: &str) {
    let (data, link) = (beside(path, "..data"), beside(path, "..data_tmp"));
    let number = fs::read_dir(path.parent().unwrap()).unwrap().count();
    let directory = beside(path, &format!("..{number}"));
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("dproxy.yaml"), text).unwrap();
    symlink(directory.file_name().unwrap(), &link).unwrap();
    fs::rename(link, &data).unwrap();
    if fs::read_link(path).ok().is_none_or(|target| target != Path::new("..data/dproxy.yaml")) {
        fs::remove_file(path).unwrap();
        symlink("..data/dproxy.yaml", path).unwrap();
    }
}

fn exchanged(path: &Path, text: &str) {
    let directory = path.parent().unwrap();
    let (new, old) = (directory.with_extension("new"), directory.with_extension("old"));
    fs::create_dir(&new).unwrap();
    fs::write(new.join("dproxy.yaml"), text).unwrap();
    fs::rename(directory, &old).unwrap();
    fs::rename(new, directory).unwrap();
    fs::remove_dir_all(old).unwrap();
}
