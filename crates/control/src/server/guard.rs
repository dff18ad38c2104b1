//! Who may ask: programs of this machine, but no web page that happens to be open on it.
//!
//! A page can make a browser send GET to any address. It cannot choose what the browser says of it: `Origin` and
//! `Sec-Fetch-Site` name the page, and after a DNS rebinding `Host` still names the page's own host. Where callers must
//! show a token, from other machines that know this one by names of their own, no page can say it.

use std::net::IpAddr;
use std::sync::Arc;

use dproxy_route::Host;
use hyper::Uri;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};

use crate::endpoint::Endpoint;
use crate::server::bound::Peer;
use crate::{Peers, Refusal, Token};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Where a request came in.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// The TCP port, bound to this address.
    Tcp(IpAddr),
    /// The TCP port, bound to this address, for those who show the token.
    Guarded(IpAddr, Arc<Token>),
    /// The Unix socket; no name leads there, so `Host` means nothing. These may ask.
    Unix(Arc<Peers>),
}

/// Refuses what a foreign web page may have caused, and who does not show the token where one is needed. Whether we live
/// is told to everybody.
pub(super) fn check(door: &Door, peer: Option<Peer>, headers: &HeaderMap, target: &Uri) -> Result<(), Refusal> {
    match door {
        Door::Tcp(bound) => check_host(*bound, headers, target)?,
        Door::Guarded(_, token) if !Endpoint::is_for_everybody(target.path()) => check_token(token, headers)?,
        Door::Unix(peers) => peers.admit(peer.map(|peer| (peer.user, peer.group)))?,
        Door::Guarded(..) => {}
    }
    headers.get_all(ORIGIN).iter().try_for_each(|origin| check_origin(door, origin))?;
    headers.get_all(SEC_FETCH_SITE).iter().try_for_each(check_site)
}

fn check_host(bound: IpAddr, headers: &HeaderMap, target: &Uri) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal::Bad("a request names exactly one Host".to_owned()));
    };
    if !host.to_str().is_ok_and(|host| is_local(bound, host)) {
        return Err(Refusal::Forbidden(format!("Host `{}` is not local; ask `127.0.0.1` or `localhost`", shown(host))));
    }
    match target.authority() {
        Some(authority) if !is_local(bound, authority.as_str()) => {
            Err(Refusal::Forbidden(format!("`{authority}` is not local; ask `127.0.0.1` or `localhost`")))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_token(token: &Token, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let shown = match (fields.next(), fields.next()) {
        (Some(field), None) => field.to_str().is_ok_and(|field| token.is_shown_by(field)),
        (_, _) => false,
    };
    let text = "show the token of the file `api.token_file`: `Authorization: Bearer …`; `dproxy ctl` takes `--token-file PATH`";
    if shown { Ok(()) } else { Err(Refusal::Unauthorized(text.to_owned())) }
}

fn check_origin(door: &Door, origin: &HeaderValue) -> Result<(), Refusal> {
    let bound = match door {
        Door::Tcp(bound) | Door::Guarded(bound, _) => *bound,
        Door::Unix(_) => IpAddr::from([127, 0, 0, 1]),
    };
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    match authority {
        Some(("http" | "https", authority)) if is_local(bound, authority) => Ok(()),
        Some(_) | None => Err(Refusal::Forbidden(format!("origin `{}` may not use this API", shown(origin)))),
    }
}

fn check_site(site: &HeaderValue) -> Result<(), Refusal> {
    match site.as_bytes() {
        b"same-origin" | b"none" => Ok(()),
        _ => Err(Refusal::Forbidden(format!("a page of another site may not use this API (Sec-Fetch-Site `{}`)", shown(site)))),
    }
}

/// Whether `authority`, a host with or without a port, can only be this machine.
fn is_local(bound: IpAddr, authority: &str) -> bool {
    let Ok(host) = authority.parse::<Host>() else { return false };
    let host = host.as_str();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback() || address == bound)
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: Door = Door::Tcp(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7)));

    /// At the Unix socket, which lets in root.
    const ROOT: Option<Peer> = Some(Peer { user: 0, group: 0 });

    fn unix() -> Door {
        Door::Unix(Arc::default())
    }

    /// Which of `fields` (`name: value`, one a line) the door refuses, and how.
    #[track_caller]
    fn check(door: &Door, fields: &str, expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields.lines().filter_map(|line| line.split_once(": ")) {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let shown = super::check(door, ROOT, &headers, &Uri::from_static("/status")).err().map(|refusal| refusal.to_string());
        assert!(shown.as_deref().unwrap_or("fine").starts_with(expected), "{fields}: {shown:?}");
    }

    #[test]
    fn only_local_hosts_are_answered() {
        for local in ["127.0.0.1", "127.0.0.1:16000", "localhost", "LocalHost:1", "localhost.", "[::1]", "[::1]:16000", "10.0.0.7:16000"] {
            check(&TCP, &format!("host: {local}"), "fine");
        }
        for foreign in ["evil.test", "evil.test:16000", "localhost.evil.test", "127.0.0.1.evil.test", "10.0.0.8", "[::2]", "127.1", "0"] {
            check(&TCP, &format!("host: {foreign}"), &format!("Host `{foreign}` is not local"));
        }
        check(&TCP, "host: user@127.0.0.1", "Host `user@127.0.0.1` is not local");
        check(&TCP, "", "a request names exactly one Host");
        check(&TCP, "host: localhost\nhost: localhost", "a request names exactly one Host");
        check(&TCP, "host: localhost\nhost: evil.test", "a request names exactly one Host");
    }

    #[test]
    fn an_absolute_target_must_be_local_too() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("localhost"));
        assert!(super::check(&TCP, None, &headers, &Uri::from_static("http://localhost:16000/status")).is_ok());
        assert!(super::check(&TCP, None, &headers, &Uri::from_static("http://evil.test/status")).is_err());
    }

    #[test]
    fn a_foreign_origin_is_refused_at_both_doors() {
        for (door, host) in [(TCP, "host: localhost\n"), (unix(), "host: whatever\n")] {
            check(&door, host, "fine");
            for local in ["http://localhost:16000", "http://127.0.0.1:16000", "https://[::1]"] {
                check(&door, &format!("{host}origin: {local}"), "fine");
            }
            for foreign in [
                "http://evil.test",
                "null",
                "http://localhost.evil.test",
                "file://",
                "http://",
                "localhost",
                "chrome-extension://localhost",
            ] {
                check(&door, &format!("{host}origin: {foreign}"), &format!("origin `{foreign}` may not use this API"));
            }
            check(&door, &format!("{host}origin: http://localhost\norigin: http://evil.test"), "origin `http://evil.test`");
        }
    }

    #[test]
    fn a_page_of_another_site_is_refused_at_both_doors() {
        for (door, host) in [(TCP, "host: localhost\n"), (unix(), "")] {
            check(&door, &format!("{host}sec-fetch-site: none"), "fine");
            check(&door, &format!("{host}sec-fetch-site: same-origin"), "fine");
            check(&door, &format!("{host}sec-fetch-site: cross-site"), "a page of another site");
            check(&door, &format!("{host}sec-fetch-site: same-site"), "a page of another site");
            check(&door, &format!("{host}sec-fetch-site: nonsense"), "a page of another site");
        }
    }

    #[test]
    fn whoever_shows_the_token_may_call_us_as_he_likes_and_nobody_else() {
        let home = tempfile::tempdir().unwrap();
        let token = Token::read_or_make(&home.path().join("token")).unwrap();
        let shown = format!("host: proxy.test\nauthorization: {}", token.field());
        let door = Door::Guarded(IpAddr::from([10, 0, 0, 7]), Arc::new(token));
        check(&door, &shown, "fine");
        check(&door, "host: localhost", "show the token");
        check(&door, "host: proxy.test\nauthorization: Bearer 0123456789abcdef", "show the token");
        check(&door, &format!("{shown}\nauthorization: Bearer 0123456789abcdef"), "show the token");
        check(&door, &format!("{shown}\norigin: http://evil.test"), "origin `http://evil.test`");
        assert!(super::check(&door, None, &HeaderMap::new(), &Uri::from_static("/healthz")).is_ok());
        assert!(super::check(&door, None, &HeaderMap::new(), &Uri::from_static("/readyz")).is_ok());
        assert!(super::check(&door, None, &HeaderMap::new(), &Uri::from_static("/healthz/../status")).is_err());
    }
}
