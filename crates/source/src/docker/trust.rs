//! What labels say of TLS to a container.

use dproxy_route::Trust;

use super::facts::Facts;
use super::labels::PREFIX;

/// How far the container is trusted. What makes no sense is told, and the container not trusted blindly for it.
pub(super) fn trust_of(facts: &Facts, problems: &mut Vec<String>) -> Trust {
    let mut trust = Trust::default();
    for word in Trust::WORDS {
        let label = format!("{PREFIX}{word}");
        if let Some(text) = facts.labels.get(&label)
            && let Err(error) = trust.say(word, text)
        {
            problems.push(format!("label {label}: {error}"));
        }
    }
    trust
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(labels: &[(&str, &str)], expected: &str) {
        let labels = labels.iter().map(|(name, value)| (format!("dproxy.tls.{name}"), (*value).to_owned())).collect();
        let mut problems = Vec::new();
        let Trust { verify, authority, name, certificate } = trust_of(&Facts { labels, ..Facts::default() }, &mut problems);
        let words = [authority, name, certificate].map(|word| word.unwrap_or("-".to_owned())).join(" ");
        assert_eq!(format!("{verify} {words} {}", problems.join("; ")).trim(), expected);
    }

    #[test]
    fn labels_say_whom_to_believe() {
        check(&[], "false - - -");
        check(&[("verify", "true")], "true - - -");
        check(&[("ca", "ca.pem"), ("server_name", "a.test"), ("client_cert", "us.pem")], "true ca.pem a.test us.pem");
        check(&[("ca", "ca.pem"), ("verify", "false")], "false ca.pem - -");
        let problem = "label dproxy.tls.verify: `maybe` is neither `true` nor `false`; its certificate must be good";
        check(&[("verify", "maybe")], &format!("true - - - {problem}"));
    }
}
