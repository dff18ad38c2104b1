use super::*;
use crate::Names;

const LIMITS: Limits = Limits { head_bytes: 4096, fields: 20, target_bytes: 1000 };

/// Reads `text` whole and byte by byte; both must say the same.
fn parse(text: &str) -> Result<RequestHead, Violation> {
    let bytes = text.as_bytes();
    let mut whole = RequestHead::default();
    let at_once = whole.parse(bytes, &LIMITS);
    let mut slow = RequestHead::default();
    let slowly = (1..=bytes.len()).map(|end| slow.parse(&bytes[..end], &LIMITS)).find(|answer| !matches!(answer, Ok(None)));
    match &at_once {
        Ok(Some(length)) => assert_eq!(slowly, Some(Ok(Some(*length))), "{text:?}"),
        Ok(None) => assert_eq!(slowly, None, "{text:?}"),
        Err(_) => assert!(matches!(slowly, Some(Err(_))), "{text:?}"),
    }
    at_once.map(|length| {
        assert_eq!(length, Some(bytes.len()), "{text:?}");
        whole
    })
}

#[track_caller]
fn refused(text: &str, violation: Violation) {
    assert_eq!(parse(text).err(), Some(violation), "{text:?}");
}

#[track_caller]
fn framed(fields: &str, framing: Framing) {
    let head = parse(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).unwrap();
    assert_eq!(head.framing, framing, "{fields:?}");
}

#[test]
fn a_plain_request_is_read() {
    let text = "GET /a?b=%41 HTTP/1.1\r\nHost: Shop.Org\r\nx-ODD_~name:  v \t\r\nEmpty:\r\n\r\n";
    let head = parse(text).unwrap();
    let bytes = text.as_bytes();
    assert_eq!((head.method, head.version, head.framing), (Method::Get, Version::Http11, Framing::None));
    assert_eq!(head.target_in(bytes), b"/a?b=%41");
    assert_eq!(head.host.of(bytes), b"Shop.Org");
    let fields: Vec<_> = head.fields.list().iter().map(|field| (field.name_in(bytes), field.value_in(bytes))).collect();
    assert_eq!(fields, [(&b"Host"[..], &b"Shop.Org"[..]), (b"x-ODD_~name", b"v"), (b"Empty", b"")]);
}

#[test]
fn an_empty_line_before_the_request_is_passed_over() {
    assert!(parse("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").is_ok());
    refused("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
}

#[test]
fn a_minor_version_that_nobody_knows_is_met_as_the_highest_known() {
    for (version, met_as) in
        [("HTTP/1.0", Version::Http10), ("HTTP/1.1", Version::Http11), ("HTTP/1.2", Version::Http11), ("HTTP/1.9", Version::Http11)]
    {
        assert_eq!(parse(&format!("GET / {version}\r\nHost: a\r\n\r\n")).unwrap().version, met_as, "{version}");
    }
}

#[test]
fn request_lines_are_strict() {
    refused("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET /\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET / http/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused(" GET / HTTP/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Violation::Version);
    refused("GET / HTTP/0.9\r\nHost: a\r\n\r\n", Violation::Version);
    refused("GET / HTTP/1.10\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET / HTTP/11\r\nHost: a\r\n\r\n", Violation::RequestLine);
    refused("GET a HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused("GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused(&format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1000)), Violation::TargetTooLong);
    refused(&format!("{} /{} HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(100), "a".repeat(970)), Violation::TargetTooLong);
    refused("\u{16}\u{3}\u{1}\u{2}", Violation::RequestLine);
}

#[test]
fn line_ends_are_cr_lf() {
    refused("GET / HTTP/1.1\nHost: a\r\n\r\n", Violation::LineEnd);
    refused("GET / HTTP/1.1\r\nHost: a\n\r\n", Violation::LineEnd);
    refused("GET / HTTP/1.1\r\nHost: a\r\n\n", Violation::LineEnd);
    refused("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", Violation::FieldValue);
    refused("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", Violation::FieldValue);
}

#[test]
fn field_lines_are_strict() {
    refused("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Violation::FieldName);
    refused("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", Violation::Folded);
    refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Violation::Folded);
    refused("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", Violation::FieldName);
    refused("GET / HTTP/1.1\r\nHost: a\r\nname\r\n\r\n", Violation::FieldName);
    refused("GET / HTTP/1.1\r\nHost: a\r\nna\u{0}me: x\r\n\r\n", Violation::FieldName);
    refused("GET / HTTP/1.1\r\nHost: a\r\nname: x\u{0}y\r\n\r\n", Violation::FieldValue);
    refused("GET / HTTP/1.1\r\nHost: a\r\nn\u{e4}me: x\r\n\r\n", Violation::FieldName);
    assert!(parse("GET / HTTP/1.1\r\nHost: a\r\nname: \u{e4}\r\n\r\n").is_ok());
}

#[test]
fn a_request_has_exactly_one_host() {
    refused("GET / HTTP/1.1\r\n\r\n", Violation::Host);
    refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", Violation::Host);
    refused("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", Violation::Host);
    assert!(parse("GET / HTTP/1.0\r\n\r\n").is_ok());
}

#[test]
fn an_absolute_target_names_host_and_path() {
    for (target, host, path) in [("http://A.test/x?y", "A.test", "/x?y"), ("HTTP://a.test:81", "a.test:81", "/")] {
        let text = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let head = parse(&text).unwrap();
        assert_eq!(head.host.of(text.as_bytes()), host.as_bytes());
        assert_eq!(head.origin_form(text.as_bytes()), path.as_bytes());
    }
    let whole_server = "OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n";
    assert_eq!(parse(whole_server).unwrap().origin_form(whole_server.as_bytes()), b"*");
    refused("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused("GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
    refused("GET http://a?x HTTP/1.1\r\nHost: a\r\n\r\n", Violation::Target);
}

#[test]
fn options_and_connect_have_forms_of_their_own() {
    assert_eq!(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").unwrap().target, Target::Asterisk);
    assert_eq!(parse("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").unwrap().target, Target::Authority);
}

#[test]
fn a_body_is_framed_one_way_or_not_at_all() {
    framed("", Framing::None);
    framed("Content-Length: 0\r\n", Framing::None);
    framed("content-LENGTH: 12\r\n", Framing::Length(12));
    framed("Content-Length: 9999999999999999999\r\n", Framing::Length(9_999_999_999_999_999_999));
    framed("Transfer-Encoding: Chunked\r\n", Framing::Chunked);
}

#[test]
fn lengths_that_could_be_read_two_ways_are_refused() {
    let refuse = |fields: &str, violation| refused(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"), violation);
    refuse("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", Violation::TwoLengths);
    refuse("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", Violation::TwoLengths);
    refuse("Content-Length: 5\r\nContent-Length: 5\r\n", Violation::ContentLength);
    refuse("Content-Length: 5, 5\r\n", Violation::ContentLength);
    refuse("Content-Length: +5\r\n", Violation::ContentLength);
    refuse("Content-Length: -5\r\n", Violation::ContentLength);
    refuse("Content-Length: 0x5\r\n", Violation::ContentLength);
    refuse("Content-Length: 5 5\r\n", Violation::ContentLength);
    refuse("Content-Length:\r\n", Violation::ContentLength);
    refuse("Content-Length: 18446744073709551617\r\n", Violation::ContentLength);
    refuse("Transfer-Encoding: gzip, chunked\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding: chunked, chunked\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding: identity\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding: xchunked\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding: \"chunked\"\r\n", Violation::TransferEncoding);
    refuse("Transfer-Encoding:\r\n", Violation::TransferEncoding);
    refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Violation::TransferEncoding);
}

#[test]
fn a_line_of_the_greatest_length_may_arrive_in_pieces() {
    let method = "M".repeat(BESIDE_TARGET - " HTTP/1.1".len() - 1);
    assert!(parse(&format!("{method} /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(LIMITS.target_bytes - 1))).is_ok());
}

#[test]
fn a_head_is_bounded() {
    refused(&format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(20)), Violation::HeadTooLarge);
    refused(&format!("GET / HTTP/1.1\r\nHost: a\r\na: {}\r\n\r\n", "b".repeat(4096)), Violation::HeadTooLarge);
}

#[test]
fn connection_options_are_understood() {
    let connection = |value: &str| parse(&format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {value}\r\n\r\n")).unwrap().connection;
    assert!(connection("close").close);
    assert!(connection("Keep-Alive, CLOSE").close);
    assert!(connection("Upgrade").upgrade);
    assert!(connection("close, x-mine").lists);
    assert!(!connection("keep-alive,, upgrade").lists);
    assert!(!parse("GET / HTTP/1.0\r\n\r\n").unwrap().connection.persists(Version::Http10));
}

#[test]
fn what_belongs_to_one_hop_is_not_copied() {
    let text =
        "GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nConnection: x-mine, host\r\nKeep-Alive: 5\r\nX-Mine: 2\r\nTE: trailers\r\nB: 3\r\n\r\n";
    let head = parse(text).unwrap();
    let mut out = Vec::new();
    head.fields.copy_end_to_end(text.as_bytes(), head.connection, Names::default(), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "Host: a\r\nA: 1\r\nB: 3\r\n");
}
