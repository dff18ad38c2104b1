//! What labels say of a container's requests: their path, their listener, and
//! what becomes of them.
//!
//! A label that makes no sense costs the container its routes: without it, it
//! might get requests that are meant for somebody else.

use std::str::FromStr;

use dproxy_route::{Entrance, Https, PathPrefix, Redirect, RedirectCode, Rewrite, Target};

use super::facts::Facts;
use super::labels::PREFIX;

/// The label that names the path below which requests are the container's.
pub(super) const PATH_LABEL: &str = "dproxy.path";
/// The label that names the listeners they come in at.
pub(super) const LISTEN_LABEL: &str = "dproxy.listen";
/// The label that says what is taken off their path.
pub(super) const STRIP_PREFIX_LABEL: &str = "dproxy.strip_prefix";
/// The label that says what is put in front of it.
pub(super) const ADD_PREFIX_LABEL: &str = "dproxy.add_prefix";
/// The label that sends clients elsewhere.
pub(super) const REDIRECT_LABEL: &str = "dproxy.redirect";
/// The label that says with which status.
pub(super) const REDIRECT_CODE_LABEL: &str = "dproxy.redirect_code";

/// Who makes the certificate of its hosts; one of [`Https::WORDS`].
pub(super) const TLS_LABEL: &str = "dproxy.tls";
pub(super) const HTTPS_LABEL: &str = "dproxy.https";
/// All labels that are read here, beside [`Https::WORDS`].
pub(super) const RULE_LABELS: [&str; 6] =
    [PATH_LABEL, LISTEN_LABEL, STRIP_PREFIX_LABEL, ADD_PREFIX_LABEL, REDIRECT_LABEL, REDIRECT_CODE_LABEL];

/// The rules of one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) path: PathPrefix,
    pub(super) entrance: Entrance,
    pub(super) rewrite: Rewrite,
    pub(super) https: Https,
    /// Instead of an answer of the container.
    pub(super) redirect: Option<Redirect>,
}

/// The rules of the container that `facts` are about, or everything that is wrong with them.
pub(super) fn rules_of(facts: &Facts) -> Result<Rules, Vec<String>> {
    let mut labels = Labels { facts, problems: Vec::new() };
    let path: PathPrefix = labels.read(PATH_LABEL).unwrap_or_default();
    let strip = labels.text(STRIP_PREFIX_LABEL).and_then(|text| labels.good(STRIP_PREFIX_LABEL, path.part(text)));
    let add = labels.read(ADD_PREFIX_LABEL);
    let redirect = labels.redirect();
    let entrance = labels.read(LISTEN_LABEL).or(redirect.as_ref().map(Redirect::entrance)).unwrap_or_default();
    let rewrite = Rewrite { strip: strip.unwrap_or_default(), add: add.unwrap_or_default() };
    let https = labels.https();
    if labels.problems.is_empty() { Ok(Rules { path, entrance, rewrite, https, redirect }) } else { Err(labels.problems) }
}

impl Rules {
    /// What they come to, for people; none where there are none.
    pub(super) fn in_words(&self) -> Option<String> {
        let path = (!self.path.is_root()).then(|| format!("only paths below {}", self.path));
        let listener = (!self.entrance.is_any()).then(|| format!("only what comes in at {}", self.entrance));
        let rewrite = (!self.rewrite.is_nothing()).then(|| self.rewrite.to_string());
        let redirect = self.redirect.as_ref().map(|redirect| format!("clients are sent elsewhere, with {redirect}"));
        let https = (!self.https.is_silent()).then(|| self.https.to_string());
        let words: Vec<String> = path.into_iter().chain(listener).chain(rewrite).chain(https).chain(redirect).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// The labels of a container, as they are read.
struct Labels<'f> {
    facts: &'f Facts,
    problems: Vec<String>,
}

impl<'f> Labels<'f> {
    fn redirect(&mut self) -> Option<Redirect> {
        let target: Option<Target> = self.read(REDIRECT_LABEL);
        let code: Option<RedirectCode> = self.read(REDIRECT_CODE_LABEL);
        if code.is_some() && self.text(REDIRECT_LABEL).is_none() {
            self.problems.push(format!("label {REDIRECT_CODE_LABEL} needs label {REDIRECT_LABEL}, which says where to"));
        }
        Some(Redirect { target: target?, code: code.unwrap_or_default() })
    }

    fn https(&mut self) -> Https {
        let mut https = Https::default();
        for word in Https::WORDS {
            let label = format!("{PREFIX}{word}");
            if let Some(text) = self.text(&label) {
                let said = https.say(word, text);
                self.good(&label, said);
            }
        }
        https
    }

    fn text(&self, label: &str) -> Option<&'f str> {
        self.facts.labels.get(label).map(|text| text.trim())
    }

    fn read<T: FromStr<Err: std::error::Error>>(&mut self, label: &str) -> Option<T> {
        let text = self.text(label)?;
        self.good(label, text.parse())
    }

    fn good<T>(&mut self, label: &str, read: Result<T, impl std::error::Error>) -> Option<T> {
        let wrong = |error: &dyn std::error::Error| {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("label {label}: {error}{cause}; no request reaches it until that is mended")
        };
        read.map_err(|error| self.problems.push(wrong(&error))).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// `labels` are `name=value` without the `dproxy.`, with semicolons between them.
    fn read(labels: &str) -> Result<Rules, Vec<String>> {
        let pairs = labels.split(';').filter_map(|label| label.split_once('='));
        let labels: HashMap<String, String> = pairs.map(|(name, value)| (format!("dproxy.{name}"), value.to_owned())).collect();
        rules_of(&Facts { labels, ..Facts::default() })
    }

    #[track_caller]
    fn check(labels: &str, expected: &str) {
        let shown = match read(labels) {
            Ok(Rules { path, entrance, rewrite, https, redirect }) => {
                let https = if https.is_silent() { String::new() } else { format!(", {https}") };
                let redirect = redirect.map(|redirect| format!(", {redirect}")).unwrap_or_default();
                format!("{entrance} {path}, {rewrite}{https}{redirect}")
            }
            Err(problems) => problems.join("\n"),
        };
        assert_eq!(shown, expected.replace('…', "; no request reaches it until that is mended"), "{labels}");
    }

    #[test]
    fn labels_say_which_requests_are_meant_and_what_becomes_of_them() {
        check("", "any /, nothing");
        check("path=/api", "any /api, nothing");
        check("path= /api/ ;listen=https", "https /api, nothing");
        check("path=/api;strip_prefix=true", "any /api, strip /api");
        check("path=/api;strip_prefix=false", "any /api, nothing");
        check("path=/api/v1;strip_prefix=/api;add_prefix=/app", "any /api/v1, strip /api, add /app");
        check("https=redirect;hsts=max-age=1", "any /, nothing, requests in the clear are sent to TLS, HSTS max-age=1");
        check("https=off;hsts=off", "any /, nothing, requests in the clear are served, no HSTS");
        check("client_ca=us.pem", "any /, nothing, clients must show a certificate of us.pem");
        check("client_ca=us.pem;client_auth=optional", "any /, nothing, clients may show a certificate of us.pem");
        check(
            "client_auth=required",
            "label dproxy.client_auth: `client_auth` needs `client_ca`, which names the authority that vouches for clients…",
        );
        check("client_ca=", "label dproxy.client_ca: it names no file of the directory of certificates…");
        check("client_ca=a;client_auth=x", "label dproxy.client_auth: `x` is neither `required` nor `optional`…");
        check("tls=internal", "any /, nothing, its certificate is made here");
        check("tls=off", "any /, nothing, its certificate is in a file");
        check(
            "tls=yes",
            "label dproxy.tls: `yes` makes no certificates; write `acme` (Let's Encrypt, or whom `acme.directory` names), `internal` (an \
             authority of our own), `automatic` (`acme`, but nobody before `acme.agree_to_terms`) or `off`…",
        );
        check("tls.passthrough=true", "any /, nothing, its backend speaks TLS with clients");
        check("tls.passthrough=yes", "label dproxy.tls.passthrough: `yes` is neither `true` nor `false`…");
        check(
            "client_ca=a;tls.passthrough=true",
            "label dproxy.tls.passthrough: `client_ca` has us speak TLS with clients, and `tls.passthrough` the backend; leave one of them out…",
        );
        check("https=always", "label dproxy.https: `always` is neither `redirect` nor `off`…");
        check("redirect=https://new.test", "any /, nothing, 302 https://new.test{path}{query}");
        check("redirect=https://{host};redirect_code=308", "http /, nothing, 308 https://{host}{path}{query}");
        check("redirect=https://{host};listen=8080", "8080 /, nothing, 302 https://{host}{path}{query}");
    }

    #[test]
    fn rules_are_told_in_words() {
        let words = |labels: &str| read(labels).unwrap().in_words().unwrap_or_default();
        assert_eq!(words(""), "");
        assert_eq!(
            words("path=/api;strip_prefix=true;listen=https;redirect=/x"),
            "only paths below /api; only what comes in at https; strip /api; clients are sent elsewhere, with 302 /x"
        );
    }

    #[test]
    fn what_makes_no_sense_is_told_with_the_way_out() {
        check("path=api", "label dproxy.path: path `api` must begin with `/`…");
        check("path=", "label dproxy.path: path `` must begin with `/`…");
        check(
            "path=/api;strip_prefix=/apx",
            "label dproxy.strip_prefix: `/apx` is neither `true` nor `false` nor a part at the front of the path `/api`…",
        );
        check("add_prefix=app", "label dproxy.add_prefix: path `app` must begin with `/`…");
        check(
            "listen=tls",
            "label dproxy.listen: `tls` names no listener; write `http`, `https`, a port like `8080`, or both like `https:8443`…",
        );
        check("redirect=new.test", "label dproxy.redirect: redirect `new.test` begins with none of `http://`, `https://` and `/`…");
        check("redirect=https://a b", "label dproxy.redirect: redirect `https://a b` holds ` `, which is written with `%` in a URL…");
        check("redirect=https://-", "label dproxy.redirect: redirect `https://-` has no good host: `-` is not a host name…");
        check("redirect=/x;redirect_code=200", "label dproxy.redirect_code: `200` is none of the redirects 301, 302, 307 and 308…");
        check("redirect_code=301", "label dproxy.redirect_code needs label dproxy.redirect, which says where to");
        check(
            "path=a;listen=b",
            "label dproxy.path: path `a` must begin with `/`…\nlabel dproxy.listen: `b` names no listener; write `http`, `https`, a port like `8080`, or both like `https:8443`…",
        );
    }
}
