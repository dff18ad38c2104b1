use super::*;

fn redirect(target: &str) -> Redirect {
    Redirect { target: target.parse().unwrap_or_else(|error| panic!("{error}")), code: RedirectCode::default() }
}

/// Where `target` sends a request to `old.test`.
#[track_caller]
fn check(target: &str, asked: &str, expected: &str) {
    let location = redirect(target).location("old.test", asked.as_bytes());
    assert_eq!(String::from_utf8(location).unwrap(), expected, "{target}: {asked}");
}

#[track_caller]
fn refused(target: &str, expected: &str) {
    let error = target.parse::<Target>().unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    assert_eq!(format!("{error}{cause}"), expected);
}

#[test]
fn a_target_without_a_path_keeps_path_and_query() {
    check("https://new.test", "/a/b?c=d", "https://new.test/a/b?c=d");
    check("https://new.test:8443", "/", "https://new.test:8443/");
    check("https://{host}", "/a?b", "https://old.test/a?b");
    check("https://www.{host}:8443", "/a", "https://www.old.test:8443/a");
    check("https://new.test", "*", "https://new.test/");
}

#[test]
fn any_other_target_replaces_what_it_does_not_name() {
    check("https://new.test/", "/a/b?c=d", "https://new.test/");
    check("https://new.test/x", "/a/b?c=d", "https://new.test/x");
    check("https://new.test{path}", "/a/b?c=d", "https://new.test/a/b");
    check("https://new.test/x{path}{query}", "/a/b?c=d", "https://new.test/x/a/b?c=d");
    check("https://new.test/?from={host}", "/a", "https://new.test/?from=old.test");
    check("/new{path}", "/a?b", "/new/a");
}

#[test]
fn a_query_is_joined_as_it_needs() {
    check("/x{query}", "/a?b=c", "/x?b=c");
    check("/x?{query}", "/a?b=c", "/x?b=c");
    check("/x?{query}", "/a", "/x");
    check("/x?{query}", "/a?", "/x");
    check("/x?k=1&{query}", "/a?b=c", "/x?k=1&b=c");
    check("/x?k=1&{query}", "/a", "/x?k=1");
    check("/x?k=1{query}", "/a?b=c", "/x?k=1&b=c");
}

#[test]
fn a_path_never_leads_to_another_host() {
    check("/{path}", "//evil.test/x", "/evil.test/x");
    check("/{path}", "/\\evil.test/x", "/evil.test/x");
    check("/{path}", "/a", "/a");
    check("https://new.test{path}", "//evil.test", "https://new.test//evil.test");
    check("https://new.test/{path}", "//evil.test", "https://new.test//evil.test");
}

#[test]
fn what_is_no_target_is_refused_with_the_way_out() {
    let relative = |text: &str| refused(text, &format!("redirect `{text}` begins with none of `http://`, `https://` and `/`"));
    relative("");
    relative("new.test");
    relative("//new.test/");
    relative("{path}");
    relative("javascript:alert(1)");
    relative("ftp://new.test");
    refused("/a b", "redirect `/a b` holds ` `, which is written with `%` in a URL");
    refused("/a\r\nb", "redirect `/a\r\nb` holds `\r`, which is written with `%` in a URL");
    refused("/ü", "redirect `/ü` holds `ü`, which is written with `%` in a URL");
    refused("/a}", "redirect `/a}` holds `}`, which is written with `%` in a URL");
    refused("/{name}", "redirect `/{name}` holds `{name}`; the places to fill in are `{host}`, `{path}` and `{query}`");
    refused("/{path", "redirect `/{path` holds `{path`; the places to fill in are `{host}`, `{path}` and `{query}`");
    refused("https://", "redirect `https://` has no good host: host name is empty");
    refused("https:///a", "redirect `https:///a` has no good host: host name is empty");
    refused("https://{path}", "redirect `https://{path}` has no good host: host name is empty");
    refused("https://a@b/", "redirect `https://a@b/` has no good host: `a@b` is not a host name");
    refused("https://a:b/", "redirect `https://a:b/` has no good host: `a:b` does not end in a port from 1 to 65535");
}

#[test]
fn targets_are_shown_as_they_are_meant() {
    assert_eq!(redirect("https://new.test").to_string(), "302 https://new.test{path}{query}");
    assert_eq!(redirect("/x{path}").to_string(), "302 /x{path}");
}

#[test]
fn turning_to_tls_happens_in_the_clear_only() {
    assert_eq!(redirect("https://{host}").entrance().to_string(), "http");
    assert_eq!(redirect("https://{host}:8443/x").entrance().to_string(), "http");
    assert_eq!(redirect("https://new.test").entrance().to_string(), "any");
    assert_eq!(redirect("http://{host}").entrance().to_string(), "any");
}

#[test]
fn only_four_codes_redirect() {
    let code = |text: &str| text.parse::<RedirectCode>().map(RedirectCode::status).map_err(|error| error.to_string());
    assert_eq!([code("301"), code(" 302 "), code("307"), code("308")], [Ok(301), Ok(302), Ok(307), Ok(308)]);
    for bad in ["", "200", "303", "3O1", "0301"] {
        assert_eq!(code(bad), Err(format!("`{bad}` is none of the redirects 301, 302, 307 and 308")));
    }
}

/// Whatever an operator writes and a stranger asks: no panic, no line break, and the shown text means the same.
#[test]
fn no_text_makes_a_bad_location() {
    let words =
        ["http://", "https://", "/", "//", "{host}", "{path}", "{query}", "{", "}", "?", "&", "#", "a", ".", ":80", "\r\n", "ü", " "];
    let asked: [&[u8]; 6] = [b"/", b"//x/y", b"/a?b", b"*", b"", b"/%0d%0a?"];
    let mut state: u64 = 1;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    let mut good = 0;
    for _ in 0..50_000 {
        let text: String = (0..=next(6)).map(|_| words[next(words.len())]).collect();
        let Ok(target) = text.parse::<Target>() else { continue };
        good += 1;
        assert_eq!(target.to_string().parse::<Target>().as_ref(), Ok(&target), "{text}");
        let redirect = Redirect { target, code: RedirectCode::default() };
        for asked in asked {
            let location = redirect.location("host.test", asked);
            assert!(location.iter().all(u8::is_ascii_graphic), "{text}: {}", String::from_utf8_lossy(&location));
            assert!(!location.starts_with(b"//"), "{text}: {}", String::from_utf8_lossy(&location));
        }
    }
    assert!(good > 500, "only {good} texts made sense");
}
