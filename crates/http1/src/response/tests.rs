use super::*;

const LIMITS: Limits = Limits { head_bytes: 4096, fields: 20, target_bytes: 1000 };

fn parse(text: &str, method: Method) -> Result<ResponseHead, Violation> {
    let mut head = ResponseHead::default();
    let length = head.parse(text.as_bytes(), &LIMITS, method)?;
    assert_eq!(length, Some(text.len()), "{text:?}");
    Ok(head)
}

#[track_caller]
fn framed(method: Method, text: &str, framing: Framing) {
    assert_eq!(parse(text, method).map(|head| head.framing), Ok(framing), "{text:?}");
}

#[track_caller]
fn refused(text: &str, violation: Violation) {
    assert_eq!(parse(text, Method::Get).err(), Some(violation), "{text:?}");
}

#[test]
fn status_and_reason_are_read() {
    for (line, status, reason) in [("200 OK", 200, "OK"), ("404 Not  Found", 404, "Not  Found"), ("599 ", 599, ""), ("204", 204, "")] {
        let text = format!("HTTP/1.1 {line}\r\n\r\n");
        let head = parse(&text, Method::Get).unwrap();
        let digits = head.status_in(text.as_bytes());
        assert_eq!((head.status, digits, head.reason_in(text.as_bytes())), (status, status.to_string().as_bytes(), reason.as_bytes()));
    }
}

#[test]
fn the_request_and_the_status_decide_whether_there_is_a_body() {
    framed(Method::Get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5));
    framed(Method::Get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Framing::None);
    framed(Method::Get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Framing::Chunked);
    framed(Method::Get, "HTTP/1.1 200 OK\r\n\r\n", Framing::UntilClose);
    framed(Method::Head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::None);
    framed(Method::Get, "HTTP/1.1 204 No Content\r\n\r\n", Framing::None);
    framed(Method::Get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Framing::None);
    framed(Method::Get, "HTTP/1.1 100 Continue\r\n\r\n", Framing::None);
    framed(Method::Get, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", Framing::Length(5));
}

#[test]
fn malformed_answers_are_refused() {
    refused("HTTP/1.1 20 OK\r\n\r\n", Violation::StatusLine);
    refused("HTTP/1.1 2000 OK\r\n\r\n", Violation::StatusLine);
    refused("HTTP/1.1  200 OK\r\n\r\n", Violation::StatusLine);
    refused("HTTP/1.1 099 OK\r\n\r\n", Violation::StatusLine);
    refused("ICY 200 OK\r\n\r\n", Violation::StatusLine);
    refused("HTTP/2.0 200 OK\r\n\r\n", Violation::Version);
    refused("not http at all", Violation::StatusLine);
    refused("\r\nHTTP/1.1 200 OK\r\n\r\n", Violation::StatusLine);
    refused("HTTP/1.1 200 OK\nA: b\r\n\r\n", Violation::LineEnd);
    refused("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Violation::FieldName);
    refused("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Violation::Folded);
    refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", Violation::ContentLength);
    refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", Violation::TwoLengths);
    refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Violation::TransferEncoding);
}

#[test]
fn an_answer_is_read_as_it_trickles_in() {
    let text = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    let mut head = ResponseHead::default();
    for end in 1..text.len() {
        assert_eq!(head.parse(&text[..end], &LIMITS, Method::Get), Ok(None));
    }
    assert_eq!(head.parse(text, &LIMITS, Method::Get), Ok(Some(text.len())));
}
