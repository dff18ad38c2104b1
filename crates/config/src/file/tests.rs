use std::collections::BTreeSet;
use std::path::Path;

use super::*;

/// The words that were said, then the mistakes.
#[track_caller]
fn check(yaml: &str, expected: &[&str]) {
    let source = Source::new(Path::new("f"), yaml);
    let file = File::read(&source, &Environment::from_pairs([("NAME", "value")]));
    let words = file.words.values().flatten().map(|word| format!("{} = {}", word.origin, word.text));
    let mistakes = file.mistakes.iter().map(ToString::to_string);
    assert_eq!(words.chain(mistakes).collect::<Vec<_>>(), expected, "{yaml}");
}

#[test]
fn every_word_has_its_place() {
    check("", &[]);
    check("# nothing\n", &[]);
    check("port: 80\n", &["f:1:7: `port` = 80"]);
    check("api:\n  port: 81\n", &["f:2:9: `api.port` = 81"]);
    check("api: {port: 81}\n", &["f:1:13: `api.port` = 81"]);
    check("api:\nport:\ntrusted: ~\n", &[]);
    check("trusted: [10.0.0.0/8, \"::1\"]\n", &["f:1:11: `trusted` = 10.0.0.0/8", "f:1:23: `trusted` = ::1"]);
    check("trusted: 10.0.0.0/8, 10.1.2.3\n", &["f:1:10: `trusted` = 10.0.0.0/8", "f:1:10: `trusted` = 10.1.2.3"]);
    check("server_name: ${NAME}\n", &["f:1:14: `server_name` = value"]);
}

#[test]
fn values_take_variables_from_the_environment() {
    check("server_name: \"${NAME}\"\n", &["f:1:14: `server_name` = value"]);
    check("server_name: '${NAME}'\n", &["f:1:14: `server_name` = value"]);
    check("server_name: $${NAME}\n", &["f:1:14: `server_name` = ${NAME}"]);
    check("trusted: [\"${NET:-10.0.0.0/8}\", ::1]\n", &["f:1:11: `trusted` = 10.0.0.0/8", "f:1:33: `trusted` = ::1"]);
    check("port: ${NONE:-}\n", &[]);
}

#[test]
fn every_key_is_listed_once() {
    for prefix in ["", "docker.", "ssl.", "acme."] {
        let keys = keys_of(prefix);
        assert!(!keys.is_empty() && keys.iter().collect::<BTreeSet<_>>().len() == keys.len(), "{prefix}: {keys:?}");
    }
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one() {
    check("prot: 80\n", &["f:1:1: unknown key `prot`; did you mean `port`?\n 1 | prot: 80\n   | ^^^^"]);
    check(
        "Worker-Silent: yes\n",
        &["f:1:1: unknown key `Worker-Silent`; did you mean `worker_silent`?\n 1 | Worker-Silent: yes\n   | ^^^^^^^^^^^^^"],
    );
    check("api:\n  prt: 1\n", &["f:2:3: unknown key `api.prt`; did you mean `port`?\n 2 |   prt: 1\n   |   ^^^"]);
    check("route: []\n", &["f:1:1: unknown key `route`; did you mean `routes`?\n 1 | route: []\n   | ^^^^^"]);
    check(
        "api:\n  zzz: 1\n",
        &["f:2:3: unknown key `api.zzz`; here are `address`, `port`, `socket`, `peers` and `token_file`\n 2 |   zzz: 1\n   |   ^^^"],
    );
    check(
        "api.port: 1\n",
        &["f:1:1: `api.port` is a key of a section; write `api:` and below it `port:`\n 1 | api.port: 1\n   | ^^^^^^^^"],
    );
}

#[test]
fn a_key_is_there_once() {
    check("port: 1\nport: 2\n", &["f:1:7: `port` = 1", "f:2:1: key `port` is already there in line 1\n 2 | port: 2\n   | ^^^^"]);
    check(
        "api: {port: 1}\napi: {address: x}\n",
        &["f:1:13: `api.port` = 1", "f:2:1: key `api` is already there in line 1\n 2 | api: {address: x}\n   | ^^^"],
    );
}

#[test]
fn a_value_of_the_wrong_shape_is_told() {
    check("port: [80]\n", &["f:1:7: `port`: must be a single value, not a list\n 1 | port: [80]\n   |       ^"]);
    check("port: {a: 1}\n", &["f:1:7: `port`: must be a single value, not a section of keys\n 1 | port: {a: 1}\n   |       ^"]);
    check(
        "trusted: [[a]]\n",
        &["f:1:11: `trusted`: must be a list of single values, but this is a list\n 1 | trusted: [[a]]\n   |           ^"],
    );
    check(
        "api: 5\n",
        &[
            "f:1:6: `api`: must be a section with the keys `address`, `port`, `socket`, `peers` and `token_file`, not a single value\n 1 | api: 5\n   |      ^",
        ],
    );
    check("- a\n", &["f:1:1: the file must be made of `key: value` lines, but it is a list\n 1 | - a\n   | ^"]);
    check("a: [1\n", &["f:1:4: unclosed bracket '['\n 1 | a: [1\n   |    ^"]);
}

#[test]
fn a_caret_stays_on_a_line_that_is_cut() {
    let yaml = format!("trusted: [{}, {{}}]\n", "a".repeat(300));
    let source = Source::new(Path::new("f"), &yaml);
    let file = File::read(&source, &Environment::default());
    for line in file.mistakes[0].to_string().lines() {
        assert!(line.chars().count() < 200, "{line}");
    }
}

#[test]
fn a_file_that_is_cut_or_broken_anywhere_is_read_to_an_end() {
    let whole = "port: 80\napi: {port: 81}\ntrusted: [\"10.0.0.0/8\"]\nserver_name: ${NAME:-x}\nroutes:\n  - hosts: [a.test, \"*.b\u{fc}.test\"]\n    \
                 path: /a\n    backends: &b [\"10.0.0.1:80\"]\n  - host: c.test\n    backends: *b\n";
    for (place, _) in whole.char_indices() {
        for between in ["", "\0", "\t", "\r", ":", "[", "{", "\"", "&", "*", "${", "- ", "---\n", "\u{1f980}"] {
            for rest in ["", &whole[place..]] {
                let yaml = format!("{}{between}{rest}", &whole[..place]);
                let file = File::read(&Source::new(Path::new("f"), &yaml), &Environment::default());
                let shown: Vec<String> = file.mistakes.iter().map(ToString::to_string).collect();
                assert!(shown.iter().all(|text| text.starts_with('f')), "{yaml}: {shown:?}");
            }
        }
    }
}
