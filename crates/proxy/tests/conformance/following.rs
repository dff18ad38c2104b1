//! What requests are followed by: `x-request-id` and W3C Trace Context.

use dproxy_config::{Following, ProxySettings, RequestIds, TraceContexts};

use crate::{Case, OK, onward};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

fn creating(settings: &mut ProxySettings) {
    settings.following = Following { request_id: RequestIds::Created, context: TraceContexts::Created, answers: false };
}

fn joining(settings: &mut ProxySettings) {
    settings.following = Following { request_id: RequestIds::Passed, context: TraceContexts::Joined, answers: false };
}

fn answering(settings: &mut ProxySettings) {
    settings.following = Following { request_id: RequestIds::Created, context: TraceContexts::Passed, answers: true };
}

/// Whether a text is this one, where `{id}` stands for a UUID, `{trace}` and `{place}` for numbers that we gave.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((before, behind)) = pattern.split_once('{') else { return text == pattern };
    let (word, pattern) = behind.split_once('}').unwrap();
    let length = match word {
        "id" => 36,
        "trace" => 32,
        "place" => 16,
        _ => panic!("nothing is called `{word}`"),
    };
    let Some((number, text)) = text.strip_prefix(before).and_then(|text| text.split_at_checked(length)) else { return false };
    let is_ours = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) || byte == b'-' && word == "id";
    number.bytes().all(is_ours) && !PARENT.contains(number) && is_like(text, pattern)
}

/// A request that says this besides its host says that to the backend.
#[track_caller]
fn check(settings: fn(&mut ProxySettings), said: &str, arrives: &str) {
    let request = format!("GET / HTTP/1.1|Host: a.test|{said}|");
    let got = Case::client(&request).backend(&format!("{{head}}{OK}")).with(settings).play(OK).backend.concat();
    assert!(is_like(&got, &format!("GET / HTTP/1.1|Host: a.test|{arrives}+||")), "{got}");
}

#[test]
fn by_default_what_follows_a_request_is_like_any_other_field() {
    let good = format!("GET / HTTP/1.1|Host: a.test|X-Request-ID: 7|Traceparent: {PARENT}-01|tracestate: a=1|tracestate: b=2");
    onward(&format!("{good}||"), &format!("{good}|+||"));
    let odd = "GET / HTTP/1.1|Host: a.test|x-request-id: a b|x-request-id: 2|traceparent: x|tracestate: ,";
    onward(&format!("{odd}||"), &format!("{odd}|+||"));
}

#[test]
fn a_request_gets_a_number_where_it_has_none_that_can_be_told() {
    check(creating, "X-Request-ID: my-7|traceparent: 00-1-|A: 1|", "X-Request-ID: my-7|A: 1|traceparent: 00-{trace}-{place}-01|");
    let given = "x-request-id: {id}|traceparent: 00-{trace}-{place}-01|";
    check(creating, "", given);
    check(creating, "X-Request-ID: |", given);
    check(creating, "X-Request-ID: a b|", given);
    check(creating, "X-Request-ID: a,b|", given);
    check(creating, "X-Request-ID: {0xe4}|", given);
    check(creating, "X-Request-ID: 1|x-request-id: 2|", given);
    check(creating, "X-Request-ID: 1|Connection: x-request-id|", given);
    check(creating, &format!("X-Request-ID: {}|", "7".repeat(129)), given);
}

#[test]
fn a_trace_begins_where_none_comes_along_that_can_be_read() {
    let begun = "x-request-id: {id}|traceparent: 00-{trace}-{place}-01|";
    let state = "tracestate: a=1|";
    check(creating, state, begun);
    check(creating, &format!("traceparent: {PARENT}|{state}"), begun);
    check(creating, &format!("traceparent: {PARENT}-01|traceparent: {PARENT}-01|{state}"), begun);
    check(creating, &format!("traceparent: {}-01|{state}", PARENT.to_uppercase()), begun);
    check(creating, &format!("traceparent: {PARENT}-01|Connection: traceparent|{state}"), begun);
    check(joining, state, "traceparent: 00-{trace}-{place}-01|");
}

#[test]
fn a_trace_that_comes_along_goes_on() {
    let said = format!("Traceparent: {PARENT}-00|Tracestate: a=1|TRACESTATE: b=2|");
    check(creating, &said, &format!("{said}x-request-id: {{id}}|"));
    // What a later version says more is not ours to drop.
    let later = format!("traceparent: cc-{}-01-more|", &PARENT[3..]);
    check(creating, &later, &format!("{later}x-request-id: {{id}}|"));
}

#[test]
fn whoever_joins_a_trace_is_the_parent_of_what_follows() {
    let joined = |flags: &str| format!("tracestate: a=1|traceparent: {}{{place}}-{flags}|", &PARENT[..36]);
    check(joining, &format!("traceparent: {PARENT}-01|tracestate: a=1|"), &joined("01"));
    check(joining, &format!("traceparent: {PARENT}-00|tracestate: a=1|"), &joined("00"));
    check(joining, &format!("traceparent: {PARENT}-fe|tracestate: a=1|"), &joined("00"));
    check(joining, &format!("traceparent: cc-{}-01-more|tracestate: a=1|", &PARENT[3..]), &joined("01"));
}

#[test]
fn a_client_is_told_the_number_of_its_request() {
    let check = |said: &str, backend: &str, gets: &str| {
        let request = format!("GET / HTTP/1.1|Host: a.test|Connection: close|{said}|");
        let got = Case::client(&request).backend(&format!("{{head}}{backend}")).with(answering).play_out().client;
        assert!(is_like(got.trim_end_matches("{end}"), gets), "{got}");
    };
    let told = |id: &str| format!("HTTP/1.1 200 OK|Content-Length: 2|connection: close|x-request-id: {id}||ok");
    check("X-Request-ID: my-7|", OK, &told("my-7"));
    check("", OK, &told("{id}"));
    let own = "HTTP/1.1 200 OK|X-Request-Id: backend|Content-Length: 2|";
    check("X-Request-ID: my-7|", &format!("{own}|ok"), &format!("{own}connection: close||ok"));
}
