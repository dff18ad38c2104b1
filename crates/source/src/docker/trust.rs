//! What labels say of TLS to a container.

use dproxy_route::Trust;

use super::facts::Facts;

/// The label that says whether its certificate must be good.
const VERIFY_LABEL: &str = "dproxy.tls.verify";
/// The label that names the authority that vouches for it.
const CA_LABEL: &str = "dproxy.tls.ca";
/// The label that says which name it is asked for by.
const SERVER_NAME_LABEL: &str = "dproxy.tls.server_name";
/// The label that names the certificate that we show.
const CLIENT_CERT_LABEL: &str = "dproxy.tls.client_cert";

/// How far the container is trusted. What makes no sense is told, and the container not trusted blindly for it.
pub(super) fn trust_of(facts: &Facts, problems: &mut Vec<String>) -> Trust {
    let text = |label: &str| facts.labels.get(label).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let authority = text(CA_LABEL);
    let verify = match text(VERIFY_LABEL).as_deref() {
        Some("true") => true,
        Some("false") => false,
        None => authority.is_some(),
        Some(other) => {
            problems.push(format!("label {VERIFY_LABEL}=`{other}` is neither `true` nor `false`; its certificate must be good"));
            true
        }
    };
    Trust { verify, authority, name: text(SERVER_NAME_LABEL), certificate: text(CLIENT_CERT_LABEL) }
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
        let problem = "label dproxy.tls.verify=`maybe` is neither `true` nor `false`; its certificate must be good";
        check(&[("verify", "maybe")], &format!("true - - - {problem}"));
    }
}
