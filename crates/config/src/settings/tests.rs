use std::collections::BTreeSet;

use super::*;
use crate::{Config, Surroundings};

#[test]
fn no_name_is_there_twice() {
    let mut names = BTreeSet::new();
    for setting in SETTINGS {
        for flag in std::iter::once(&setting.flag).chain(setting.flag_aliases) {
            assert!(names.insert(format!("--{flag}")), "--{flag} is there twice");
        }
        for variable in setting.environment {
            assert!(names.insert(variable.name.to_owned()), "{} is there twice", variable.name);
        }
        assert!(setting.key.is_none_or(|key| names.insert(key.to_owned())), "{:?} is there twice", setting.key);
    }
}

#[test]
fn every_setting_can_be_said_in_every_way() {
    for setting in SETTINGS {
        assert!(setting.key.is_some() || setting.flag == CONFIG.flag, "--{} has no key", setting.flag);
        assert!(!setting.environment.is_empty(), "--{} has no variable", setting.flag);
        assert!(setting.help.ends_with('.'), "the help of --{} is no sentence", setting.flag);
    }
}

#[test]
fn keys_of_a_section_stand_together() {
    let sections: Vec<&str> = SETTINGS.iter().filter_map(|setting| Some(setting.key?.split_once('.')?.0)).collect();
    let runs: Vec<&str> = sections.chunk_by(|a, b| a == b).map(|run| run[0]).collect();
    assert_eq!(runs.len(), runs.iter().collect::<BTreeSet<_>>().len(), "{runs:?}");
}

#[test]
fn defaults_make_sense() {
    let config = Config::default_for(&Surroundings { user: 0, cpus: 2, hostname: "machine".to_owned() });
    assert_eq!(config.proxy.timeouts, crate::Timeouts::default());
    assert_eq!(config.proxy.limits, crate::Limits::default());
    assert_eq!(config.proxy.balance, dproxy_route::Algorithm::default());
    assert_eq!(config.proxy.ejection, crate::Ejection::default());
    assert_eq!(config.log_level, crate::LogLevel::default());
}
