use super::*;

/// A machine with some files; a `/` at the end makes a directory, `!` as text a file that may not be read.
#[track_caller]
fn check(words: &str, files: &[(&str, &str)], expected: &str) {
    let read = |path: &Path| {
        let path = path.to_str().unwrap();
        if files.iter().any(|(name, _)| *name == format!("{path}/")) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        match files.iter().find(|(name, _)| *name == path) {
            None => Err(io::ErrorKind::NotFound.into()),
            Some((_, "!")) => Err(io::ErrorKind::PermissionDenied.into()),
            Some((_, text)) => Ok((*text).to_owned()),
        }
    };
    let words: Vec<(&str, &str)> = words.split(' ').filter_map(|word| word.split_once('=')).collect();
    let flags = Flags::from_pairs(words.iter().filter_map(|(name, value)| Some((name.strip_prefix("--")?, *value))));
    let environment = Environment::from_pairs(words.iter().filter(|(name, _)| !name.starts_with("--")).copied());
    let surroundings = Surroundings { user: 0, cpus: 1, hostname: String::new() };
    let shown = match load(&flags, &environment, &surroundings, &read) {
        Ok(Loaded { config, warnings }) => {
            let path = config.path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
            std::iter::once(format!("{path} {}", config.workers)).chain(warnings).collect::<Vec<_>>().join("; ")
        }
        Err(LoadError::Read { path, named, cause }) => format!("{}{named}: {cause}", path.display()),
        Err(LoadError::Mistakes(mistakes)) => mistakes.to_string(),
    };
    assert_eq!(shown, expected, "{words:?}");
}

const FIRST: &str = CONFIG_PATHS[0];
const SECOND: &str = CONFIG_PATHS[1];

#[test]
fn the_first_file_that_exists_counts() {
    check("", &[], "none 1");
    check("", &[(FIRST, "workers: 2")], &format!("{FIRST} 2"));
    check("", &[(SECOND, "workers: 3")], &format!("{SECOND} 3"));
    check("", &[(FIRST, "workers: 2"), (SECOND, "workers: 3")], &format!("{FIRST} 2; `{SECOND}` is ignored because `{FIRST}` exists, too"));
    check("", &[(FIRST, "workers: 2"), (SECOND, "!")], &format!("{FIRST} 2; `{SECOND}` is ignored because `{FIRST}` exists, too"));
    check("", &[(FIRST, "!"), (SECOND, "workers: 3")], &format!("{FIRST}: permission denied"));
    check("", &[(FIRST, "")], &format!("{FIRST} 1"));
}

#[test]
fn a_file_that_is_named_is_the_only_one_and_must_exist() {
    let files = [(FIRST, "workers: 2"), ("/a", "workers: 4"), ("/b", "workers: 5")];
    check("--config=/a", &files, "/a 4");
    check("DOCKER_PROXY_CONFIG_PATH=/a", &files, "/a 4");
    check("DOCKER_PROXY_CONFIG_FILE_PATH=/a", &files, "/a 4");
    check("DOCKER_PROXY_CONFIG_PATH= DOCKER_PROXY_CONFIG_FILE_PATH=/a", &files, "/a 4");
    check("DOCKER_PROXY_CONFIG_PATH=/a --config=/b", &files, "/b 5");
    check("DOCKER_PROXY_CONFIG_PATH=", &files, &format!("{FIRST} 2"));
    check("--config=/c", &files, "/c, which flag `--config` names: entity not found");
    check("DOCKER_PROXY_CONFIG_PATH=/c", &files, "/c, which environment `DOCKER_PROXY_CONFIG_PATH` names: entity not found");
}

#[test]
fn a_directory_means_the_file_in_it() {
    let files = [("/d/", ""), ("/d/docker-proxy.yaml", "workers: 6"), ("/e/", "")];
    check("--config=/d", &files, "/d/docker-proxy.yaml 6");
    check("--config=/e", &files, "/e/docker-proxy.yaml, which flag `--config` names: entity not found");
}

#[test]
fn a_file_with_a_mistake_is_none() {
    check("--config=/a", &[("/a", "wrkers: 1")], "/a:1:1: unknown key `wrkers`; did you mean `workers`?\n 1 | wrkers: 1\n   | ^^^^^^");
}

#[test]
fn the_api_is_found_in_spite_of_mistakes() {
    let api = |text: Option<&str>| {
        let read = |_: &Path| text.map(str::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into());
        let flags = Flags::from_pairs([("config", "/a")]);
        let surroundings = Surroundings { user: 0, cpus: 1, hostname: String::new() };
        load_api(&flags, &Environment::default(), &surroundings, &read).socket
    };
    assert_eq!(api(Some("api: {socket: /s}\nwrkers: 1\nroutes: 5")), Path::new("/s"));
    assert_eq!(api(Some("api: [")), Path::new("/var/run/docker-proxy/docker-proxy.sock"));
    assert_eq!(api(None), Path::new("/var/run/docker-proxy/docker-proxy.sock"));
}
