use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A container called `box` with this label, hostname and domain name; `-` is no label.
fn container(label: &str, hostname: &str, domainname: &str) -> Facts {
    let mut facts = Facts { id: ID.to_owned(), name: "box".to_owned(), ..Facts::default() };
    if label != "-" {
        facts.labels.insert(HOST_LABEL.to_owned(), label.to_owned());
    }
    facts.inspected = Some(Inspected { hostname: hostname.to_owned(), domainname: domainname.to_owned(), ..Inspected::default() });
    facts
}

fn shown(names: &Names) -> String {
    let hosts = names.hosts.iter().map(ToString::to_string);
    hosts.chain(names.problems.iter().map(|problem| format!("! {problem}"))).collect::<Vec<_>>().join(" ")
}

/// Label, hostname, domain name; the names.
#[track_caller]
fn check(label: &str, hostname: &str, domainname: &str, expected: &str) {
    assert_eq!(shown(&names_of(&container(label, hostname, domainname), Some("srv1.lan"), false)), expected);
}

#[test]
fn the_first_rule_that_gives_a_name_wins() {
    check("a.test", "b.test", "", "a.test");
    check("a.test,b.test", "", "", "a.test b.test");
    check(" b.test  a.test,\n*.c.test, ", "", "", "a.test b.test *.c.test");
    check("A.Test.,a.test:80", "", "", "a.test");
    check("-", "web", "example.com", "web.example.com");
    check("-", "web.example.com", "example.com", "web.example.com");
    check("-", "web", ".example.com.", "web.example.com");
    check("-", "web.example.com", "", "web.example.com");
    check("-", "WEB.Example.COM.", "", "web.example.com");
    check("-", "*.example.com", "", "*.example.com");
    check("-", "*", "", "*");
    check("-", "a.test:8080", "", "a.test");
    check("-", "münchen.de", "", "xn--mnchen-3ya.de");
    check("-", "web", "", "web.internal");
    check("-", "", "", "");
    check("-", "", "example.com", "");
    check("-", "0123456789ab", "", "");
    check("-", "0123456789ab", "example.com", "");
}

#[test]
fn a_bad_name_costs_only_itself() {
    check(
        "a.test,-bad.test",
        "",
        "",
        "a.test ! label dproxy.host: `-bad.test` is not a host name; write it like `www.example.com` or `*.example.com`",
    );
    check(
        "-bad.test",
        "b.test",
        "",
        "b.test ! label dproxy.host: `-bad.test` is not a host name; write it like `www.example.com` or `*.example.com`",
    );
    check("", "b.test", "", "b.test ! label dproxy.host is empty; write `dproxy.host=name.example.com`");
    check(", ,", "", "", "! label dproxy.host is empty; write `dproxy.host=name.example.com`");
    check("-", "a.com,b.com", "", "! hostname: `a.com,b.com` is not a host name; write it like `www.example.com` or `*.example.com`");
    check("-", "a b", "", "! hostname: `a b.internal` is not a host name; write it like `www.example.com` or `*.example.com`");
    check(
        "-",
        "http://a.com/p",
        "",
        "! hostname: `http://a.com/p` does not end in a port from 1 to 65535; write it like `www.example.com` or `*.example.com`",
    );
    check("-", "~^re\\d+$", "", "! hostname: `~^re\\d+$.internal` is not a host name; write it like `www.example.com` or `*.example.com`");
    check(
        "-",
        "a.*.b",
        "",
        "! hostname: `a.*.b` has a `*` that is not the whole first label; write it like `www.example.com` or `*.example.com`",
    );
}

#[test]
fn a_hostname_that_nobody_gave_names_nothing() {
    let on = |mode: NetworkMode, hostname: &str| shown(&names_of(&Facts { mode, ..container("-", hostname, "") }, Some("srv1.lan"), false));
    assert_eq!(on(NetworkMode::Host, "srv1.lan"), "");
    assert_eq!(on(NetworkMode::Host, "web.test"), "web.test");
    assert_eq!(on(NetworkMode::Networks, "srv1.lan"), "srv1.lan");
    assert_eq!(on(NetworkMode::Container("other".to_owned()), "web.test"), "");
}

#[test]
fn every_container_also_answers_to_its_internal_name() {
    let with_internal = |name: &str, label: &str| {
        let facts = Facts { name: name.to_owned(), ..container(label, "", "") };
        shown(&names_of(&facts, None, true))
    };
    assert_eq!(with_internal("box", "-"), "box.internal");
    assert_eq!(with_internal("box", "a.test"), "a.test box.internal");
    assert_eq!(with_internal("my_shop-web-1", "-"), "my_shop-web-1.internal");
    assert_eq!(with_internal("-odd", "a.test"), "a.test");
}

#[test]
fn only_names_that_somebody_gave_are_asked_for() {
    let asked = |label: &str, hostname: &str| names_of(&container(label, hostname, ""), None, true).asked_for;
    assert!(asked("a.test", ""));
    assert!(asked("-", "a.test"));
    assert!(!asked("-", "web"));
    assert!(!asked("-", ""));
}

#[test]
fn a_label_counts_before_any_inspection() {
    let uninspected = Facts { inspected: None, ..container("a.test", "", "") };
    assert_eq!(shown(&names_of(&uninspected, None, false)), "a.test");
}
