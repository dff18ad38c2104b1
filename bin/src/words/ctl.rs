//! The words that ask a running proxy.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgMatches, Command as Words};
use dproxy_config::{HandRoute, WorkerCount};
use dproxy_control::client::{Output, Rows};
use dproxy_control::{Command, Question, Selection, Wait};

use super::switch;

/// What to ask, whom, and how to show the answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Ctl {
    pub(crate) asking: Asking,
    /// Which rows of a list.
    pub(crate) rows: Rows,
    pub(crate) output: Output,
    pub(crate) target: CtlTarget,
    /// `--config`: leads to the master.
    pub(crate) config: Option<PathBuf>,
    /// `--token-file`.
    pub(crate) token_file: Option<PathBuf>,
}

/// What to ask, and how often.
#[derive(Debug, PartialEq)]
pub(crate) enum Asking {
    /// Once.
    Once(Command),
    /// Again and again, with such pauses.
    Watch(Command, Duration),
    /// For the last lines of the log, and those that follow if they are wanted.
    Logs { lines: usize, follow: bool },
    /// Whether anybody serves.
    Health,
    /// For everything, live.
    Top,
}

/// Whom to ask.
#[derive(Debug, PartialEq)]
pub(crate) enum CtlTarget {
    /// `--socket`.
    Socket(PathBuf),
    /// `--api`.
    Address(SocketAddr),
    /// The master that the flags, the environment and the file lead to.
    Configured,
}

/// `ctl`, with all its words.
pub(super) fn words() -> Words {
    Words::new("ctl")
        .about("Asks a running proxy")
        .after_help(EXIT_CODES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(arguments().map(|argument| argument.global(true)))
        .subcommands(every_word())
}

/// The same words without `ctl` before them.
pub(super) fn short_words() -> impl Iterator<Item = Words> {
    every_word().into_iter().map(|word| word.after_help(EXIT_CODES).args(arguments()))
}

/// What a word of these asks for.
pub(super) fn read((word, own): (&str, &ArgMatches)) -> Ctl {
    let output = if own.get_flag("json") { Output::Json } else { Output::Table };
    let config = own.get_one::<String>("config").map(PathBuf::from);
    let token_file = own.get_one("token-file").cloned();
    Ctl { asking: asking(word, own), rows: rows(own), output, target: target(own), config, token_file }
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 refused or failed, 2 the words make no sense, 3 dproxy is not running.";

fn arguments() -> [Arg; 6] {
    let value = |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
    [
        switch("json", "Prints the answer as one JSON object"),
        switch("no-wait", "Does not wait until a change is done"),
        value("socket", "PATH", "The control socket to ask at").value_parser(clap::value_parser!(PathBuf)).conflicts_with("api"),
        value("api", "URL", "The address to ask at, like `http://127.0.0.1:16000`").value_parser(address_of),
        value("token-file", "PATH", "The file with the token of the API").value_parser(clap::value_parser!(PathBuf)),
        value("config", "PATH", "The configuration file of the proxy to ask"),
    ]
}

fn every_word() -> Vec<Words> {
    let word = |name: &'static str, about: &'static str| Words::new(name).about(about);
    let watched = |name: &'static str, about: &'static str| Words::new(name).about(about).arg(watch());
    let listed = |name: &'static str, about: &'static str| watched(name, about).args(row_words());
    let container = Arg::new("container").required(true).value_name("CONTAINER").help("Its name, its id, or the beginning of its id");
    let url = Arg::new("url").required(true).value_name("URL").help("As a client would ask for it: `https://shop.example.com/path`");
    let size = Arg::new("size").required(true).value_name("SIZE").allow_negative_numbers(true);
    let slot = Arg::new("slot").required(true).value_name("SLOT").value_parser(number::<u16>).help("As `list` shows it");
    let lines = Arg::new("lines").long("lines").short('n').value_name("COUNT").value_parser(number::<usize>).default_value("20");
    vec![
        watched("status", "The whole at a glance"),
        listed("list", "Every worker").visible_aliases(["workers", "ls"]),
        watched("describe", "Everything about one worker").arg(slot),
        word("health", "Whether anybody serves: exit code 0 if so, as a container's health check wants it"),
        word("top", "Everything, live; `q` ends it"),
        word("resize", "Changes the number of workers").visible_alias("scale").arg(size.value_parser(clap::value_parser!(WorkerCount))),
        word("start", "Starts the workers again, as many as there were"),
        word("stop", "Finishes what is under way and frees the ports; the master stays").visible_alias("drain"),
        word("restart", "Replaces every worker, one by one"),
        word("reload", "Reads the configuration again"),
        word("upgrade", "Runs the program that was installed since, in the same process, without losing a request"),
        word("reset", "Counts restarts from zero, and tries at once the workers that do not come up"),
        word("logs", "The last lines of the master's log")
            .arg(switch("follow", "Goes on with those that follow").short('f'))
            .arg(lines.help("How many lines")),
        listed("routes", "Every route"),
        route(),
        listed("containers", "Every container"),
        listed("images", "Every image that containers are of"),
        listed("backends", "Every backend"),
        listed("certs", "Every certificate, and until when it is valid").visible_alias("certificates"),
        listed("problems", "Everything that should be mended"),
        watched("explain", "What becomes of a request, and why").arg(url.value_parser(clap::value_parser!(Question))),
        watched("why", "Why a container is, or is not, routed").arg(container),
    ]
}

/// `route add` and `route remove`.
fn route() -> Words {
    let value = |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).value_name(value).help(help);
    let backends = value("backends", "BACKEND", "Where it leads: `10.0.0.5:8080`, `https://10.0.0.5:8443` or `h2c://10.0.0.5:8080`");
    let lifetime = value("for", "TIME", "How long it stays: `10m`; without, until it is removed").long("for");
    let place = value("place", "HOST[/PATH]", "A host, or a path of it: `shop.example.com/api`, `*.example.com`");
    let id = value("id", "NUMBER", "The number that `add` told").long("id").value_parser(number::<u32>);
    let place_of = place.clone().required_unless_present("id");
    Words::new("route")
        .about("Adds and removes routes by hand")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Words::new("add").about("One more route").args([place.required(true), backends.required(true).num_args(1..), lifetime]))
        .subcommand(Words::new("remove").about("Without the routes of a host, of a path of it, or with a number").args([place_of, id]))
}

/// Which rows of a list are shown.
fn row_words() -> [Arg; 4] {
    let value = |name: &'static str, value: &'static str, help: &'static str| Arg::new(name).long(name).value_name(value).help(help);
    [
        value("where", "CONDITIONS", "Only the rows of which these are true: `state=online`, `requests>=10`, several with commas"),
        value("sort", "FIELDS", "In the order of these fields; `-` before one turns it around: `host,-requests`").allow_hyphen_values(true),
        value("limit", "COUNT", "At most so many rows").value_parser(number::<u32>),
        value("skip", "COUNT", "Without the first so many rows").value_parser(number::<u32>),
    ]
}

fn watch() -> Arg {
    let arg = Arg::new("watch").long("watch").short('w').value_name("SECONDS").value_parser(seconds);
    arg.num_args(0..=1).require_equals(true).default_missing_value("2").help("Asks again and again, until it is ended")
}

/// The seconds between two questions.
fn seconds(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(seconds @ 1..=3600) => Ok(seconds),
        Ok(_) | Err(_) => Err("write seconds from 1 to 3600, like `--watch=5`".to_owned()),
    }
}

/// clap alone would say `invalid digit found in string`, which tells nobody what to write.
fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "write a whole number, like `3`".to_owned())
}

fn address_of(text: &str) -> Result<SocketAddr, String> {
    let authority = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/').replace("localhost", "127.0.0.1");
    authority.parse().map_err(|_| "write an address and a port, like `http://127.0.0.1:16000`".to_owned())
}

fn asking(word: &str, own: &ArgMatches) -> Asking {
    let wait = if own.get_flag("no-wait") { Wait::Accepted } else { Wait::Done };
    let command = match word {
        "health" => return Asking::Health,
        "top" => return Asking::Top,
        "logs" => {
            let lines = *own.get_one("lines").expect("it has a default");
            return Asking::Logs { lines, follow: own.get_flag("follow") };
        }
        "resize" => Command::Resize(*own.get_one("size").expect("clap demands a size"), wait),
        "start" => Command::Start(wait),
        "stop" => Command::Stop(wait),
        "restart" => Command::Restart(wait),
        "reload" => Command::Reload,
        "upgrade" => Command::Upgrade(wait),
        "reset" => Command::Reset,
        "route" => routing(own),
        read => return reading(read, own),
    };
    Asking::Once(command)
}

/// What `route add` and `route remove` ask for.
fn routing(own: &ArgMatches) -> Command {
    match own.subcommand().expect("clap demands a word") {
        ("add", words) => {
            let place = words.get_one::<String>("place").expect("clap demands a host");
            let backends: Vec<String> = words.get_many("backends").expect("clap demands a backend").cloned().collect();
            let lifetime = words.get_one::<String>("for").map(String::as_str);
            Command::AddRoute(Box::new(sensible(HandRoute::of(place, &backends, lifetime))))
        }
        (_, words) => {
            let place = words.get_one::<String>("place");
            Command::RemoveRoute(sensible(Selection::of(place.map(String::as_str), words.get_one("id").copied())))
        }
    }
}

/// What was said, if it makes sense together.
fn sensible<T, E: std::fmt::Display>(read: Result<T, E>) -> T {
    read.unwrap_or_else(|error| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n")).exit())
}

/// Which rows were asked for, by a word that takes it.
fn rows(own: &ArgMatches) -> Rows {
    let text = |name: &str| own.try_get_one::<String>(name).ok().flatten().cloned();
    let count = |name: &str| own.try_get_one::<u32>(name).ok().flatten().copied();
    Rows { filter: text("where"), sort: text("sort"), limit: count("limit"), skip: count("skip") }
}

fn reading(word: &str, own: &ArgMatches) -> Asking {
    let command = match word {
        "status" => Command::Status,
        "list" => Command::Workers,
        "describe" => Command::Worker(*own.get_one("slot").expect("clap demands a slot")),
        "routes" => Command::Routes,
        "containers" => Command::Containers,
        "images" => Command::Images,
        "backends" => Command::Backends,
        "certs" => Command::Certificates,
        "problems" => Command::Problems,
        "explain" => Command::Explain(own.get_one::<Question>("url").expect("clap demands a URL").clone()),
        "why" => Command::Why(own.get_one::<String>("container").expect("clap demands a container").clone()),
        other => unreachable!("`{other}` is none of the words above"),
    };
    match own.get_one("watch") {
        Some(seconds) => Asking::Watch(command, Duration::from_secs(*seconds)),
        None => Asking::Once(command),
    }
}

fn target(matches: &ArgMatches) -> CtlTarget {
    if let Some(path) = matches.get_one::<PathBuf>("socket") {
        return CtlTarget::Socket(path.clone());
    }
    if let Some(address) = matches.get_one::<SocketAddr>("api") {
        return CtlTarget::Address(*address);
    }
    CtlTarget::Configured
}
