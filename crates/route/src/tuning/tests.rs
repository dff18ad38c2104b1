use super::*;

/// Says it all, and shows what came of it or the first thing that was wrong.
#[track_caller]
fn check(said: &[(&str, &str)], expected: &str) {
    let mut tuning = Tuning::default();
    let mut words: Vec<_> = said.to_vec();
    words.sort_by_key(|(word, _)| Tuning::WORDS.iter().position(|known| known == word));
    let wrong = words.iter().find_map(|(word, text)| tuning.say(word, text).err());
    assert_eq!(wrong.map_or_else(|| show(&tuning), |error| error.to_string()), expected, "{said:?}");
}

fn show(tuning: &Tuning) -> String {
    let Tuning { pick, share, check, logged } = tuning;
    let mut words = Vec::new();
    words.extend(pick.algorithm.as_ref().map(ToString::to_string));
    words.extend(pick.sticky.as_ref().map(|sticky| {
        let Sticky { name, path: _, secure, same_site, max_age } = &**sticky;
        format!("sticky {name} {secure} {} {max_age:?}", same_site.as_str())
    }));
    words.push(format!("{}/{:?}", share.weight, share.slow_start));
    words.extend(check.as_ref().map(|check| {
        let Check { probe, interval, timeout, rise, fall } = check;
        let host = if let Probe::Http { host: Some(host), .. } = probe { format!(" of {host}") } else { String::new() };
        format!("{probe}{host} every {interval:?} within {timeout:?} {rise}/{fall}")
    }));
    words.extend(logged.map(|logged| format!("logged {logged}")));
    words.join(", ")
}

#[test]
fn weights_and_algorithms() {
    check(&[], "1/0ns");
    check(&[("weight", " 3 "), ("slow_start", "30s"), ("balance", "least_conn")], "least_conn, 3/30s");
    check(&[("weight", "0")], "0/0ns");
    check(&[("weight", "1001")], "`1001` is no whole number from 0 to 1000");
    check(&[("weight", "+1")], "`+1` is no whole number from 0 to 1000");
    check(&[("weight", "")], "`` is no whole number from 0 to 1000");
    check(&[("weight", "many")], "`many` is no whole number from 0 to 1000");
    check(&[("slow_start", "2h")], "`2h` is no time from 0s to 1h; write a number and a unit, like `500ms`, `10s` or `2min`");
}

#[test]
fn cookies() {
    check(&[("sticky", "true")], "sticky dproxy false Lax None, 1/0ns");
    check(&[("sticky", "sid"), ("sticky.secure", "yes"), ("sticky.same_site", "None")], "sticky sid true None None, 1/0ns");
    check(&[("sticky.max_age", "1h")], "sticky dproxy false Lax Some(3600), 1/0ns");
    check(&[("sticky", "off"), ("sticky.secure", "true")], "1/0ns");
    check(&[("sticky", "a b")], "`a b` is neither `true` nor `false` nor the name of a cookie (letters, digits, `-` and `_`)");
    check(&[("sticky", "a;b")], "`a;b` is neither `true` nor `false` nor the name of a cookie (letters, digits, `-` and `_`)");
    check(&[("sticky.secure", "perhaps")], "`perhaps` is neither `true` nor `false`");
    check(&[("sticky.same_site", "all")], "`all` is none of `lax`, `strict` and `none`");
}

#[test]
fn checks() {
    check(&[("check", "http")], "1/0ns, GET / every 5s within 2s 2/3");
    check(&[("check", "tcp"), ("check.rise", "1")], "1/0ns, a connection every 5s within 2s 1/3");
    check(&[("check.path", "/health"), ("check.host", "a.test:80")], "1/0ns, GET /health of a.test:80 every 5s within 2s 2/3");
    check(&[("check.host", "BÜCHER.test:80")], "1/0ns, GET / of xn--bcher-kva.test:80 every 5s within 2s 2/3");
    check(&[("check.interval", "500ms"), ("check.timeout", "1s"), ("check.fall", "5")], "1/0ns, GET / every 500ms within 1s 2/5");
    check(&[("check.path", "/health"), ("check", "off")], "1/0ns");
    check(&[("check", "icmp")], "`icmp` is none of `http`, `tcp` and `off`");
    check(&[("check.path", "health")], "path `health` must begin with `/`");
    check(&[("check.host", "a b")], "`a b` is no host name, alone or with a port");
    check(&[("check.status", "2xx")], "`2xx` is no list of status codes; write one like `200-299,404`");
    check(&[("check.fall", "0")], "`0` is no whole number from 1 to 100");
    let interval = "`1ms` is no time from 100ms to 1h; write a number and a unit, like `500ms`, `10s` or `2min`";
    check(&[("check.interval", "1ms")], interval);
}

#[test]
fn logs() {
    check(&[("access_log", "off")], "1/0ns, logged off");
    check(&[("access_log", "0.1")], "1/0ns, logged 10%");
    check(&[("access_log", "2")], "`2` is none of `on`, `off`, and a share of the requests from 0 to 1 like `0.1` or `10%`");
}

#[test]
fn every_word_is_understood_and_no_text_breaks_it() {
    for word in Tuning::WORDS {
        let mut tuning = Tuning::default();
        let refused = ["", "\u{0}", "a\r\nb", "é b", "=", ";"].iter().all(|text| tuning.say(word, text).is_err());
        assert!(refused, "{word} takes nonsense");
        assert_eq!(tuning, Tuning::default(), "{word}: nonsense leaves a trace");
    }
}
