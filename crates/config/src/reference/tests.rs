use std::fs;
use std::path::Path;

use super::*;
use crate::{Config, Environment, Flags, Surroundings};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn the_reference_file_is_fresh() {
    let path = Path::new(ROOT).join("etc/docker-proxy.yaml");
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == yaml(), "{} is stale; run `cargo run -p dproxy -- config reference > etc/docker-proxy.yaml`", path.display());
}

#[test]
fn the_table_of_the_readme_is_fresh() {
    let Ok(readme) = fs::read_to_string(Path::new(ROOT).join("README.md")) else { return };
    let Some((_, rest)) = readme.split_once("<!-- settings -->") else { return };
    let (table, _) = rest.split_once("<!-- /settings -->").expect("the table ends with its marker");
    assert!(
        table.trim() == markdown().trim(),
        "the table is stale; put the output of `cargo run -p dproxy -- config settings` between its markers"
    );
}

#[test]
fn the_reference_file_says_what_counts_anyway() {
    let surroundings = Surroundings { user: 0, cpus: 2, hostname: "machine".to_owned() };
    let text = yaml();
    let bare: Vec<&str> = text.lines().map(uncommented).collect();
    let bare = bare.join("\n");
    let file = Some((Path::new("f"), bare.as_str()));
    let config = Config::resolve(&Flags::default(), &Environment::default(), &surroundings, file).map(|loaded| loaded.config);
    let mut config = config.unwrap_or_else(|mistakes| panic!("{mistakes}\n{bare}"));
    assert_eq!(config.routes.len(), 4, "the examples are routes");
    config.routes.clear();
    config.path = None;
    assert_eq!(config, Config::default_for(&surroundings));
}

/// What an operator does with an editor: takes the mark away, except before prose.
fn uncommented(line: &str) -> &str {
    let prose = line.strip_prefix("# ").is_some_and(|rest| !rest.starts_with(' '));
    if prose { "" } else { line.strip_prefix('#').unwrap_or(line) }
}

#[test]
fn every_setting_is_in_both_references() {
    let (yaml, markdown) = (yaml(), markdown());
    for setting in SETTINGS.iter().filter(|setting| setting.key.is_some()) {
        assert!(yaml.contains(&format!("--{}", setting.flag)), "{}", setting.flag);
    }
    assert_eq!(markdown.lines().count(), SETTINGS.len() + 2);
    assert!(markdown.lines().all(|line| line.matches(" | ").count() == 4 || line.starts_with("|---")), "{markdown}");
}
