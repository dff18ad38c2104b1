//! Backends that misbehave.

use crate::{Case, GET, OK, OLD_GET, back};

const POST: &str = "POST / HTTP/1.1|Host: a.test|Content-Length: 2||hi";

#[test]
fn a_backend_may_trickle() {
    back(GET, &format!("{{trickle}}{OK}"), OK);
    back(GET, &format!("{{trickle}}HTTP/1.1 103 Early Hints|A: 1||{OK}"), &format!("HTTP/1.1 103 Early Hints|A: 1||{OK}"));
    let chunked = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;x|hi|A|0123456789|0|X-Sum: 1||";
    back(GET, &format!("{{trickle}}{chunked}"), chunked);
    back(OLD_GET, &format!("{{trickle}}{chunked}"), "HTTP/1.1 200 OK|connection: close||hi0123456789{end}");
}

#[test]
fn a_backend_that_leaves_without_an_answer_is_502() {
    for leaves in [
        "{close}",
        "{reset}",
        "HTTP/1.1 200{close}",
        "HTTP/1.1 200 OK|A: b|{close}",
        "HTTP/1.1 200 OK|A: b|{reset}",
        "HTTP/1.1 103 Hi||{close}",
    ] {
        let early = if leaves.contains("103") { "HTTP/1.1 103 Hi||" } else { "" };
        back(GET, leaves, &format!("{early}{{page 502}}"));
    }
    for leaves in ["{close}", "{reset}"] {
        Case::client(POST).backend(&format!("{{head}}{{get hi}}{leaves}")).answers("{page 502}");
    }
}

#[test]
fn a_lie_about_the_length_is_seen_to_be_cut() {
    #[track_caller]
    fn cut(request: &str, answer: &str, arrives: &str) {
        let outcome = Case::client(request).backend(&format!("{{head}}{answer}")).play_out();
        let ended = [format!("{arrives}{{end}}"), format!("{arrives}{{reset}}")];
        assert!(ended.contains(&outcome.client), "for {answer}: {}", outcome.client);
    }
    let long = "HTTP/1.1 200 OK|Content-Length: 9||abc";
    let chunked = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||";
    cut(GET, &format!("{long}{{close}}"), long);
    cut(GET, &format!("{long}{{pause}}{{reset}}"), long);
    cut(GET, &format!("{chunked}3|abc|{{close}}"), &format!("{chunked}3|abc|"));
    cut(GET, &format!("{chunked}9|abc{{close}}"), &format!("{chunked}9|abc"));
    cut(GET, &format!("{chunked}3|abc|0|{{close}}"), &format!("{chunked}3|abc|0|"));
    // The head left when it came: nobody waits for a body before he is told that there is one.
    cut(GET, &format!("{chunked}{{pause}}zz|hello|"), chunked);
    cut(GET, &format!("{chunked}{{pause}}3|abc|zz|"), &format!("{chunked}3|abc"));
    cut(GET, "HTTP/1.1 200 OK||abc{pause}{reset}", "HTTP/1.1 200 OK|transfer-encoding: chunked||3|abc|");
}

#[test]
fn an_old_client_sees_that_an_answer_was_cut() {
    // Without a length only a reset tells.
    let check =
        |answer: &str| Case::client(OLD_GET).backend(&format!("{{head}}{answer}")).answers("HTTP/1.1 200 OK|connection: close||abc{reset}");
    check("HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|{pause}{close}");
    check("HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|abc|{pause}zz|");
    check("HTTP/1.1 200 OK||abc{pause}{reset}");
}

#[test]
fn a_kept_connection_that_closes_as_it_is_used_costs_no_safe_request() {
    #[track_caller]
    fn check(second: &str, then: &str) {
        let client = format!("{GET}{{see ok}}{second}");
        Case::client(&client).backend(&format!("{{head}}{OK}{{head}}{{close}}")).answers(&format!("{OK}{then}"));
    }
    let next = crate::backend::NEXT;
    for method in ["GET", "OPTIONS", "DELETE", "PUT"] {
        check(&format!("{method} /again HTTP/1.1|Host: a.test||"), next);
    }
    check("HEAD /again HTTP/1.1|Host: a.test||", "HTTP/1.1 200 OK|Content-Length: 4||");
    check("PUT /again HTTP/1.1|Host: a.test|Content-Length: 2||hi", next);
    // It may have been acted upon.
    check("POST /again HTTP/1.1|Host: a.test||", "{page 502}");
    check("PATCH /again HTTP/1.1|Host: a.test||", "{page 502}");
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_is_not_used() {
    let client = format!("{GET}{{see ok}}{{pause}}POST /again HTTP/1.1|Host: a.test|Content-Length: 2||hi");
    let backend = format!("{{head}}{OK}{{close}}");
    Case::client(&client).backend(&backend).backend(&format!("{{head}}{{get hi}}{OK}")).answers(&format!("{OK}{OK}"));
}

#[test]
fn a_request_of_which_a_kept_connection_took_a_part_is_not_sent_twice() {
    // It waits behind another one, so that most of it is there when it is sent.
    let client = format!("{GET}POST /once HTTP/1.1|Host: a.test|Content-Length: 200000||{}", "x".repeat(200_000));
    let backend = format!("{{head}}{{pause}}{OK}{{head}}{{pause}}{{reset}}");
    Case::client(&client).narrow().backend(&backend).answers(&format!("{OK}{{page 502 close}}{{end}}"));
}

#[test]
fn a_silent_backend_is_504() {
    let check = |request: &str, backend: &str, answer: &str| Case::client(request).hurried().backend(backend).answers(answer);
    check(GET, "{head}{stall}", "{page 504}");
    check(GET, "{head}HTTP/1.1 200 OK|A: {stall}", "{page 504}");
    check(GET, "{head}HTTP/1.1 103 Hi||{stall}", "HTTP/1.1 103 Hi||{page 504}");
    check(POST, "{head}{get hi}{stall}", "{page 504}");
}

#[test]
fn a_backend_that_stalls_in_its_body_is_cut() {
    for body in ["Content-Length: 9||abc", "Transfer-Encoding: chunked||3|abc|"] {
        let answer = format!("HTTP/1.1 200 OK|{body}");
        Case::client(GET).hurried().backend(&format!("{{head}}{answer}{{stall}}")).answers(&format!("{answer}{{end}}"));
    }
    let open = "HTTP/1.1 200 OK|transfer-encoding: chunked||3|abc|{end}";
    Case::client(GET).hurried().backend("{head}HTTP/1.1 200 OK||abc{stall}").answers(open);
    Case::client(OLD_GET).hurried().backend("{head}HTTP/1.1 200 OK||abc{stall}").answers("HTTP/1.1 200 OK|connection: close||abc{reset}");
}

#[test]
fn a_backend_that_never_comes_to_the_point_is_502() {
    let interim = "HTTP/1.1 102 Processing||";
    let outcome = Case::client(GET).backend(&format!("{{head}}{{flood {interim}}}")).play_until(|shown| shown.ends_with("{page 502}"));
    let rest = outcome.client.replace(interim, "");
    assert!(rest == "{page 502}" && outcome.client.len() < 100 * interim.len(), "{}", outcome.client);
    back(GET, "{head}".replace("{head}", "HTTP/1.1 200 OK|{flood A: b|}").as_str(), "{page 502}");
    back(GET, "HTTP/1.1 200 OK|A: {flood xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}", "{page 502}");
    back(GET, "HTTP/1.1 200 {flood xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}", "{page 502}");
}

#[test]
fn endless_framing_of_a_body_ends() {
    for endless in ["{flood 0}", "1;{flood x}", "1 {flood  }", "0|{flood X: y|}", "0|X: {flood y}"] {
        let head = "HTTP/1.1 200 OK|Transfer-Encoding: chunked||";
        let outcome = Case::client(GET).backend(&format!("{{head}}{head}{endless}")).play_until(|shown| shown == "{page 502}");
        let client = outcome.client;
        assert!(client.ends_with("{end}") || client.ends_with("{reset}") || client == "{page 502}", "{endless}: {client}");
        assert!(client.len() < 100_000, "{endless}: {} bytes", client.len());
    }
}
