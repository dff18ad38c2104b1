//! Labels that were meant for dproxy and are misspelled: they would say nothing, and nobody would know.

use dproxy_config::nearest;
use dproxy_route::{Https, Trust, Tuning};

use super::backends::{MAX_REQUESTS_LABEL, NETWORK_LABEL, PORT_LABEL, PROTOCOL_LABEL, PROXY_PROTOCOL_LABEL};
use super::facts::Facts;
use super::names::HOST_LABEL;
use super::rules::RULE_LABELS;

/// In front of all labels that are for dproxy.
pub(super) const PREFIX: &str = "dproxy.";
/// What is read elsewhere than by rules and tuning.
const OTHER_LABELS: [&str; 6] = [HOST_LABEL, PORT_LABEL, NETWORK_LABEL, PROTOCOL_LABEL, MAX_REQUESTS_LABEL, PROXY_PROTOCOL_LABEL];

/// What is wrong with the names of a container's labels. One that is like none of ours is somebody else's.
pub(super) fn misspelled(facts: &Facts) -> Vec<String> {
    let mut problems: Vec<String> = facts.labels.keys().filter_map(|label| slip(label)).collect();
    problems.sort_unstable();
    problems
}

fn slip(label: &str) -> Option<String> {
    let word = label.strip_prefix(PREFIX)?;
    let plain = word.to_ascii_lowercase().replace('-', "_");
    let words = || Tuning::WORDS.into_iter().chain(Https::WORDS).chain(Trust::WORDS);
    let known = || OTHER_LABELS.iter().chain(&RULE_LABELS).filter_map(|label| label.strip_prefix(PREFIX)).chain(words());
    if known().any(|known| known == word) {
        return None;
    }
    let meant = nearest(&plain, known())?;
    Some(format!("label {label} says nothing; did you mean `{PREFIX}{meant}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(labels: &[&str], expected: &[&str]) {
        let labels = labels.iter().map(|label| ((*label).to_owned(), "x".to_owned())).collect();
        assert_eq!(misspelled(&Facts { labels, ..Facts::default() }), expected);
    }

    #[test]
    fn a_misspelled_label_is_told_with_the_one_that_was_meant() {
        check(&["dproxy.wieght"], &["label dproxy.wieght says nothing; did you mean `dproxy.weight`?"]);
        check(&["dproxy.strip-prefix"], &["label dproxy.strip-prefix says nothing; did you mean `dproxy.strip_prefix`?"]);
        check(&["dproxy.Host"], &["label dproxy.Host says nothing; did you mean `dproxy.host`?"]);
        check(&["dproxy.client-ca"], &["label dproxy.client-ca says nothing; did you mean `dproxy.client_ca`?"]);
        check(&["dproxy.check.pth"], &["label dproxy.check.pth says nothing; did you mean `dproxy.check.path`?"]);
        check(
            &["dproxy.hsot", "dproxy.prot"],
            &["label dproxy.hsot says nothing; did you mean `dproxy.host`?", "label dproxy.prot says nothing; did you mean `dproxy.port`?"],
        );
    }

    #[test]
    fn good_labels_and_those_of_others_are_no_problem() {
        let own = OTHER_LABELS.iter().chain(&RULE_LABELS).copied();
        check(&own.collect::<Vec<_>>(), &[]);
        let tuning: Vec<String> = Tuning::WORDS.iter().map(|word| format!("{PREFIX}{word}")).collect();
        check(&tuning.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
        check(&["dproxy.maintained-by-the-shop-team", "com.docker.compose.service", "hsot", "dproxy.tls.verify"], &[]);
    }
}
