//! What of a request decides which backend it goes to, and the cookie that tells the next one.

use std::fmt::Write as _;

use dproxy_http1::{Framing, Name, RequestHead};
use dproxy_route::{Algorithm, BackendIndex, Found, HashBy, Sticky};

use crate::client::Client;
use crate::pick::Wish;
use crate::view::View;

/// As `request`, whose head is `head`, wishes. A route with one backend has nothing to ask.
pub(crate) fn wish_of(view: &View, found: &Found<'_>, client: &Client, request: &RequestHead, head: &[u8]) -> Wish<'static> {
    let group = view.group(found);
    let may_try = request.method.is_idempotent() && request.framing == Framing::None;
    let stays = group.pick.sticky.as_ref().and_then(|sticky| backend_of_cookie(view, &group.members, sticky, request, head));
    let key = match view.algorithm(found) {
        Algorithm::Hash(by) if group.members.len() > 1 => key(view, by, client, request, head),
        _ => None,
    };
    Wish { tried: &[], key, stays, may_try }
}

/// The `Set-Cookie` by which the client comes to this backend again, unless it does already.
pub(crate) fn cookie(view: &View, found: &Found<'_>, backend: BackendIndex, wish: &Wish<'_>) -> Option<String> {
    let sticky = view.group(found).pick.sticky.as_ref().filter(|_| wish.stays != Some(backend))?;
    let Sticky { name, path, secure, same_site, max_age } = &**sticky;
    let mut cookie = format!("{name}={:016x}; Path={path}; HttpOnly; SameSite={}", view.marks.of_backend(backend), same_site.as_str());
    if let Some(age) = max_age {
        write!(cookie, "; Max-Age={age}").expect("a string takes every text");
    }
    if *secure {
        cookie.push_str("; Secure");
    }
    Some(cookie)
}

/// The member whose mark the cookie holds. There may be several of its name, for other paths.
fn backend_of_cookie(view: &View, members: &[BackendIndex], sticky: &Sticky, request: &RequestHead, head: &[u8]) -> Option<BackendIndex> {
    cookies(request, head, &sticky.name).find_map(|value| {
        let digits = str::from_utf8(value).ok().filter(|text| text.len() == 16)?;
        let mark = u64::from_str_radix(digits, 16).ok()?;
        members.iter().copied().find(|member| view.marks.of_backend(*member) == mark)
    })
}

fn key(view: &View, by: &HashBy, client: &Client, request: &RequestHead, head: &[u8]) -> Option<u64> {
    let of = |bytes: &[u8]| Some(view.marks.of_bytes(bytes));
    match by {
        HashBy::Client if view.common.trusts(client.peer.ip()) => {
            match request.fields.only(head, Name::XRealIp).or_else(|| first_hop(request, head)) {
                Some(said) => of(said),
                None => of(client.peer.text()),
            }
        }
        HashBy::Client => of(client.peer.text()),
        HashBy::Header(name) => field(request, head, name).next().and_then(of),
        HashBy::Cookie(name) => cookies(request, head, name).next().and_then(of),
    }
}

/// The client as the first proxy saw it.
fn first_hop<'h>(request: &'h RequestHead, head: &'h [u8]) -> Option<&'h [u8]> {
    let hops = field(request, head, "x-forwarded-for").next()?;
    hops.split(|&byte| byte == b',').next().map(<[u8]>::trim_ascii)
}

fn cookies<'h>(request: &'h RequestHead, head: &'h [u8], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    let pairs = field(request, head, "cookie").flat_map(|value| value.split(|&byte| byte == b';'));
    pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

fn field<'h>(request: &'h RequestHead, head: &'h [u8], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    let fields = request.fields.list().iter().filter(move |field| field.name_in(head).eq_ignore_ascii_case(name.as_bytes()));
    fields.map(|field| field.value_in(head))
}

#[cfg(test)]
mod tests {
    use dproxy_http1::Limits;

    use super::*;

    #[track_caller]
    fn check(lines: &str, expected: &[&str]) {
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
        let mut request = RequestHead::default();
        let limits = Limits { head_bytes: 10_000, fields: 20, target_bytes: 100 };
        assert!(request.parse(head.as_bytes(), &limits).unwrap().is_some());
        let found: Vec<&[u8]> = cookies(&request, head.as_bytes(), "sid").collect();
        assert_eq!(found, expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>(), "{lines}");
    }

    #[test]
    fn a_cookie_is_found_wherever_it_stands() {
        check("", &[]);
        check("Cookie: sid=1\r\n", &["1"]);
        check("cookie: a=b; sid=1;sid=2 ; xsid=3; sid2=4\r\n", &["1", "2"]);
        check("Cookie: sid=1\r\nCookie: b=c; sid=x=y\r\n", &["1", "x=y"]);
        check("Cookie: sid; =; ;;sid=\r\n", &[""]);
        check("X-Cookie: sid=1\r\n", &[]);
    }
}
