use std::fs;

use dproxy_config::{Environment, Flags, Surroundings, load};
use tempfile::TempDir;

use super::*;

/// A file of its own.
fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("dproxy.yaml");
    (home, path)
}

fn configuration(path: &Path) -> Configuration<impl Fn(&ReadFile<'_>) -> anyhow::Result<Loaded>> {
    let flags = Flags::from_pairs([("config", path.to_str().unwrap())]);
    let surroundings = Surroundings { user: 0, cpus: 1, hostname: String::new() };
    let load = move |read: &ReadFile<'_>| Ok(load(&flags, &Environment::default(), &surroundings, read)?);
    Configuration::new(load, Texts::new())
}

#[test]
fn what_ran_is_remembered_and_what_makes_no_sense_is_not() {
    let (_home, path) = home();
    let configuration = configuration(&path);
    fs::write(&path, "workers: 3\n").unwrap();
    assert_eq!(configuration.read().unwrap().config.workers.get(), 3);
    fs::write(&path, "wrkers: 4\n").unwrap();
    assert!(configuration.read().is_err());
    assert_eq!(configuration.read_again().unwrap().config.workers.get(), 3);
    assert_eq!(configuration.texts().len(), 1);
}

#[test]
fn a_file_that_lost_what_it_said_is_not_obeyed() {
    let (_home, path) = home();
    let configuration = configuration(&path);
    let check = |text: Option<&str>, expected: &str| {
        match text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let taken = configuration.take(&configuration.look());
        let shown = taken.map_or_else(|error| format!("{error:#}"), |loaded| loaded.config.workers.to_string());
        assert_eq!(shown.replace(path.to_str().unwrap(), "f"), expected, "{text:?}");
    };
    let emptied = "the file `f` is empty; it may be in the midst of being written; for all defaults write a comment or `{}` into it";
    let missing = "cannot read the configuration file `f`, which flag `--config` names: No such file or directory (os error 2)";
    fs::write(&path, "workers: 3\n").unwrap();
    configuration.read().unwrap();
    check(Some("workers: 4\n"), "4");
    check(Some(""), emptied);
    check(Some(""), emptied);
    check(Some("wrkers: 4\n"), "f:1:1: unknown key `wrkers`; did you mean `workers`?\n 1 | wrkers: 4\n   | ^^^^^^");
    check(Some(""), emptied);
    check(None, missing);
    check(Some(""), emptied);
    check(Some("workers: 5\n"), "5");
    check(Some("{}"), "1");
    check(Some("# nothing\n"), "1");
    check(Some(""), emptied);
}

#[test]
fn a_pipe_is_read_at_the_start_and_never_again() {
    let (_home, path) = home();
    let configuration = configuration(&path);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, "workers: 3\n")
    });
    assert_eq!(configuration.read().unwrap().config.workers.get(), 3);
    writer.join().unwrap().unwrap();
    let refused = configuration.take(&configuration.look()).map(|loaded| loaded.config.workers).unwrap_err();
    assert!(format!("{refused:#}").contains("it is a pipe, which is read at the start and never again; put a file there"), "{refused:#}");
    fs::remove_file(&path).unwrap();
    fs::write(&path, "workers: 4\n").unwrap();
    assert_eq!(configuration.take(&configuration.look()).unwrap().config.workers.get(), 4);
}

#[test]
fn a_file_that_was_always_empty_is_all_defaults() {
    let (_home, path) = home();
    let configuration = configuration(&path);
    fs::write(&path, "").unwrap();
    configuration.read().unwrap();
    assert!(configuration.take(&configuration.look()).is_ok());
}

#[test]
fn without_a_file_where_one_was_nothing_changes() {
    let (_home, path) = home();
    // As where no file is named: one that is not there is no mistake.
    let load = |read: &ReadFile<'_>| {
        let found = read(&path).ok();
        let file = found.as_ref().map(|text| (path.as_path(), text.as_str()));
        let surroundings = Surroundings { user: 0, cpus: 1, hostname: String::new() };
        Ok(dproxy_config::Config::resolve(&Flags::default(), &Environment::default(), &surroundings, file)?)
    };
    let configuration = Configuration::new(load, Texts::new());
    assert_eq!(configuration.read().unwrap().config.path, None);
    assert!(configuration.take(&configuration.look()).is_ok(), "there never was one");
    fs::write(&path, "workers: 3\n").unwrap();
    assert_eq!(configuration.take(&configuration.look()).unwrap().config.workers.get(), 3);
    fs::remove_file(&path).unwrap();
    let gone = configuration.take(&configuration.look()).unwrap_err();
    assert_eq!(gone.downcast_ref(), Some(&Doubt::Gone { path: path.clone() }));
    fs::write(&path, "workers: 4\n").unwrap();
    assert_eq!(configuration.take(&configuration.look()).unwrap().config.workers.get(), 4);
}
