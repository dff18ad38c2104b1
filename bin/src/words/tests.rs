use std::time::Duration;

use dproxy_config::{HandRoute, WorkerCount};
use dproxy_control::client::{Output, Rows};
use dproxy_control::{Command, Selection, Wait};

use super::*;

/// The deed of a command line, or the first line of what clap says to it.
#[track_caller]
fn deed(line: &str) -> Result<Deed, String> {
    let matches = words().try_get_matches_from(line.split(' '));
    matches.map(|matches| deed_of(&matches)).map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
}

#[track_caller]
fn check(line: &str, expected: Deed) {
    assert_eq!(deed(line), Ok(expected), "{line}");
}

#[track_caller]
fn asks(line: &str, command: Command) {
    asks_for(line, Asking::Once(command));
}

#[track_caller]
fn asks_for(line: &str, asking: Asking) {
    let target = CtlTarget::Configured;
    let ctl = Ctl { asking, rows: Rows::default(), output: Output::Table, target, config: None, token_file: None };
    check(line, Deed::Ctl(Box::new(ctl)));
}

#[track_caller]
fn refused(line: &str, said: &str) {
    assert_eq!(deed(line), Err(said.to_owned()), "{line}");
}

fn size(text: &str) -> WorkerCount {
    text.parse().unwrap()
}

#[test]
fn the_table_makes_a_sound_command_line() {
    words().debug_assert();
}

#[test]
fn every_setting_is_a_flag_of_the_master() {
    for setting in SETTINGS {
        for name in std::iter::once(&setting.flag).chain(setting.flag_aliases) {
            let value = if setting.kind == Kind::Switch { "=false" } else { "=x" };
            let text = &value[1..];
            check(&format!("dproxy master --{name}{value}"), Deed::Master(Flags::from_pairs([(setting.flag, text)])));
        }
    }
}

#[test]
fn words_lead_to_deeds() {
    check("dproxy master", Deed::Master(Flags::default()));
    check("dproxy master --port 80 --workers=3", Deed::Master(Flags::from_pairs([("port", "80"), ("workers", "3")])));
    check("dproxy master --worker-silent --port 80", Deed::Master(Flags::from_pairs([("worker-silent", "true"), ("port", "80")])));
    check("dproxy master --worker-silent=no", Deed::Master(Flags::from_pairs([("worker-silent", "no")])));
    check("dproxy master --trusted 10.0.0.0/8 --trusted ::1", Deed::Master(Flags::from_pairs([("trusted", "10.0.0.0/8,::1")])));
    check("dproxy master --port -1", Deed::Master(Flags::from_pairs([("port", "-1")])));
    check("dproxy master --check --config /a", Deed::Check(Flags::from_pairs([("config", "/a")])));
    let worker = |identity, sandbox| Deed::Worker(Orders { identity, sandbox });
    check("dproxy worker", worker(None, true));
    check("dproxy worker --user=7:8 --sandbox=false", worker(Some(Identity { user: 7, group: 8 }), false));
    check("dproxy doctor --sandbox=off", Deed::Doctor(Flags::from_pairs([("sandbox", "off")])));
    check("dproxy config reference", Deed::Reference);
    check("dproxy config schema", Deed::Schema);
    check("dproxy config show --port 81", Deed::Show(Flags::from_pairs([("port", "81")])));
    check("dproxy config settings", Deed::Settings);
}

#[test]
fn ctl_asks_what_the_api_answers() {
    asks("dproxy ctl status", Command::Status);
    asks("dproxy ctl list", Command::Workers);
    asks("dproxy ctl workers", Command::Workers);
    asks("dproxy ctl routes", Command::Routes);
    asks("dproxy ctl containers", Command::Containers);
    asks("dproxy ctl images", Command::Images);
    asks("dproxy ctl backends", Command::Backends);
    asks("dproxy ctl certs", Command::Certificates);
    asks("dproxy ctl certificates", Command::Certificates);
    asks("dproxy ctl problems", Command::Problems);
    asks("dproxy ctl explain https://a.test/x", Command::Explain("https://a.test/x".parse().unwrap()));
    asks("dproxy ctl why web1", Command::Why("web1".to_owned()));
    asks("dproxy ctl start", Command::Start(Wait::Done));
    asks("dproxy ctl stop --no-wait", Command::Stop(Wait::Accepted));
    asks("dproxy ctl --no-wait restart", Command::Restart(Wait::Accepted));
    asks("dproxy ctl resize 30", Command::Resize(size("30"), Wait::Done));
    asks("dproxy ctl resize 30 --no-wait", Command::Resize(size("30"), Wait::Accepted));
}

#[test]
fn a_list_is_asked_for_as_it_is_wanted() {
    let rows = Rows { filter: Some("host=a.test".to_owned()), sort: Some("-path".to_owned()), limit: Some(3), skip: Some(1) };
    match deed("dproxy routes --where host=a.test --sort -path --limit 3 --skip 1") {
        Ok(Deed::Ctl(ctl)) => assert_eq!((ctl.asking, ctl.rows), (Asking::Once(Command::Routes), rows)),
        other => panic!("{other:?}"),
    }
    refused("dproxy ctl status --limit 3", "error: unexpected argument '--limit' found");
    refused("dproxy ctl list --limit many", "error: invalid value 'many' for '--limit <COUNT>': write a whole number, like `3`");
}

#[test]
fn routes_are_added_and_removed_in_a_few_words() {
    let route = |lifetime| HandRoute::of("shop.test/api", &["10.0.0.5:80".to_owned()], lifetime).unwrap();
    asks("dproxy ctl route add shop.test/api 10.0.0.5:80", Command::AddRoute(Box::new(route(None))));
    asks("dproxy ctl route add shop.test/api 10.0.0.5:80 --for 10m", Command::AddRoute(Box::new(route(Some("10m")))));
    let selection = |place, id| Command::RemoveRoute(Selection::of(place, id).unwrap());
    asks("dproxy ctl route remove shop.test", selection(Some("shop.test"), None));
    asks("dproxy ctl route remove *.test/api", selection(Some("*.test/api"), None));
    asks("dproxy ctl route remove --id 7", selection(None, Some(7)));
    refused("dproxy ctl route add shop.test", "error: the following required arguments were not provided:");
    refused("dproxy ctl route remove", "error: the following required arguments were not provided:");
}

#[test]
fn health_is_asked_for_and_not_shown() {
    asks_for("dproxy ctl health", Asking::Health);
    asks_for("dproxy health", Asking::Health);
}

#[test]
fn ctl_finds_its_master() {
    let ctl = |target| Ctl {
        asking: Asking::Once(Command::Status),
        rows: Rows::default(),
        output: Output::Json,
        target,
        config: None,
        token_file: None,
    };
    let at = |target| Deed::Ctl(Box::new(ctl(target)));
    let address = || CtlTarget::Address("127.0.0.1:16000".parse().unwrap());
    check("dproxy ctl --json status --socket /run/x", at(CtlTarget::Socket("/run/x".into())));
    check("dproxy ctl status --json --api http://127.0.0.1:16000/", at(address()));
    check("dproxy ctl --api localhost:16000 status --json", at(address()));
    let configured = Ctl { config: Some("/x".into()), ..ctl(CtlTarget::Configured) };
    check("dproxy ctl status --json --config /x", Deed::Ctl(Box::new(configured)));
    let with_token = Ctl { token_file: Some("/t".into()), ..ctl(address()) };
    check("dproxy ctl --api localhost:16000 status --json --token-file /t", Deed::Ctl(Box::new(with_token)));
}

#[test]
fn words_that_make_no_sense_are_refused_in_words_that_do() {
    refused("dproxy no-such-word", "error: unrecognized subcommand 'no-such-word'");
    refused("dproxy master --no-such-flag", "error: unexpected argument '--no-such-flag' found");
    refused(
        "dproxy ctl resize 0",
        "error: invalid value '0' for '<SIZE>': size 0 would serve nobody; to take the balancer off its ports use `stop`",
    );
    refused("dproxy ctl resize abc", "error: invalid value 'abc' for '<SIZE>': size `abc` is not a whole number from 1 to 1024");
    refused("dproxy ctl resize -1", "error: invalid value '-1' for '<SIZE>': size `-1` is not a whole number from 1 to 1024");
    refused("dproxy ctl resize 1025", "error: invalid value '1025' for '<SIZE>': size `1025` is more than 1024");
    refused("dproxy ctl resize", "error: the following required arguments were not provided:");
    refused(
        "dproxy ctl status --api nowhere",
        "error: invalid value 'nowhere' for '--api <URL>': write an address and a port, like `http://127.0.0.1:16000`",
    );
}

#[test]
fn habits_of_pm2_work_with_ctl_and_without() {
    for ctl in ["", "ctl "] {
        let line = |words: &str| format!("dproxy {ctl}{words}");
        asks(&line("list"), Command::Workers);
        asks(&line("ls"), Command::Workers);
        asks(&line("scale 4"), Command::Resize(size("4"), Wait::Done));
        asks(&line("restart"), Command::Restart(Wait::Done));
        asks(&line("reload"), Command::Reload);
        asks(&line("stop"), Command::Stop(Wait::Done));
        asks(&line("describe 3"), Command::Worker(3));
        asks(&line("reset"), Command::Reset);
        asks_for(&line("logs"), Asking::Logs { lines: 20, follow: false });
        asks_for(&line("logs -f -n 5"), Asking::Logs { lines: 5, follow: true });
        asks_for(&line("top"), Asking::Top);
        asks_for(&line("list --watch"), Asking::Watch(Command::Workers, Duration::from_secs(2)));
        asks_for(&line("status -w=5"), Asking::Watch(Command::Status, Duration::from_secs(5)));
    }
    refused("dproxy stop --watch", "error: unexpected argument '--watch' found");
    refused("dproxy list --watch=0", "error: invalid value '0' for '--watch[=<SECONDS>]': write seconds from 1 to 3600, like `--watch=5`");
    refused(
        "dproxy list --watch=often",
        "error: invalid value 'often' for '--watch[=<SECONDS>]': write seconds from 1 to 3600, like `--watch=5`",
    );
    refused("dproxy describe web", "error: invalid value 'web' for '<SLOT>': write a whole number, like `3`");
}

#[test]
fn completions_are_for_shells() {
    check("dproxy completions bash", Deed::Completions(Shell::Bash));
    check("dproxy manual /x", Deed::Manual("/x".into()));
    refused("dproxy completions cmd", "error: invalid value 'cmd' for '<SHELL>'");
}
