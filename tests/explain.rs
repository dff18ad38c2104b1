//! `dproxy ctl explain`: what becomes of a request, and why.

use dproxy_testkit::{Engine, Origin, Run, unique};

use crate::{among_others, dproxy};

#[test]
fn what_is_explained_is_what_happens() {
    let (web, api) = (Origin::saying("web"), Origin::saying("api"));
    let entries = format!(
        "routes:\n  - {{host: a.test, backends: \"{}\"}}\n  - {{host: a.test, path: /api, strip_prefix: true, backends: \"{}\", max_requests: 9}}\n\
         \x20 - {{host: old.test, redirect: \"https://new.test\", redirect_code: 301}}\n",
        web.addr(),
        api.addr()
    );
    let dproxy = dproxy().yaml(&entries).start();
    let explained = dproxy.ctl(&["explain", "http://a.test/api/x?y", "--json"]);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    let data = &explained.json()["data"];
    assert_eq!(
        (data["outcome"].as_str(), data["backends"][0]["address"].as_str()),
        (Some("served"), Some(api.addr().to_string().as_str()))
    );
    assert_eq!((data["backends"][0]["max_requests"].as_u64(), data["backends"][0]["requests"].as_u64()), (Some(9), Some(0)));
    assert_eq!(data["routes"][0]["chosen"], true);
    assert_eq!(data["routes"][1]["why"], "a shorter path");
    assert_eq!(dproxy.get("a.test", "/api/x?y").text(), "api");
    let table = dproxy.ctl(&["explain", "a.test/api/x?y"]).stdout;
    assert!(table.starts_with("served by a.test/api\nhttp://a.test/api/x?y at http:"), "{table}");
    assert!(table.contains("strip /api: the backend gets /x?y") && table.contains("a shorter path"), "{table}");
    let moved = dproxy.ctl(&["explain", "http://old.test/x"]).stdout;
    assert!(moved.starts_with("answered with 301: https://new.test/x\n"), "{moved}");
    assert!(dproxy.ctl(&["explain", "http://none.test/"]).stdout.starts_with("answered with 404"));
}

#[test]
fn a_url_that_is_none_is_refused_with_the_way_out() {
    let dproxy = dproxy().start();
    let answer = dproxy.api("/explain?url=ftp%3A%2F%2Fa.test%2F");
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("`ftp` is neither `http` nor `https`; write a URL like"), "{}", answer.text());
    assert_eq!(dproxy.api("/explain").status, 400);
    assert_eq!(dproxy.api("/explain?url=a.test&url=b.test").status, 400);
    assert_eq!(dproxy.api("/explain?url=a.test").status, 200);
    let ctl = dproxy.ctl(&["explain", "http://a b/"]);
    assert_eq!(ctl.code, Some(2), "{ctl:?}");
    assert!(ctl.stderr.contains("has no good host"), "{ctl:?}");
}

#[test]
fn containers_that_wait_for_their_turn_say_why() {
    let Some(engine) = Engine::shared() else { return };
    let _busy = among_others();
    let host = format!("{}.test", unique("explain"));
    let up = engine.run(&Run::echo("up").hostname(&host));
    let down = engine.run(&Run::echo("down").hostname(&host));
    down.stop();
    let dproxy = dproxy().docker(&engine.endpoint()).start();
    let explain = || dproxy.ctl(&["explain", &format!("http://{host}/")]).stdout;
    dproxy.wait_for("both routes", || explain().contains(&up.name) && explain().contains(&down.name));
    let shown = explain();
    assert!(shown.contains("offline (stopped ") && shown.contains(", exit code ") && shown.contains("ready"), "{shown}");
}
