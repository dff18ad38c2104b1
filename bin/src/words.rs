//! The command line: which words there are and which deed they ask for.
//!
//! The flags of `master` are the table of settings; nothing is spelled twice.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command as Words};
use dproxy_config::{Flags, Identity, Kind, SETTINGS, Setting, WorkerCount};
use dproxy_control::client::Output;
use dproxy_control::{Command, Question, Wait};
use dproxy_worker::Orders;

/// What the words ask for.
#[derive(Debug, PartialEq)]
pub(crate) enum Deed {
    /// Be the proxy.
    Master(Flags),
    /// Say whether the configuration makes sense.
    Check(Flags),
    /// Say whether this program could take the place of a running master.
    CheckUpgrade(Flags),
    /// Be a worker of a master.
    Worker(Orders),
    /// Try what a worker could do to this machine.
    Doctor(Flags),
    /// Ask a running master.
    Ctl(Ctl),
    /// Print what counts, and where it comes from.
    Show(Flags),
    /// Print the JSON Schema of the configuration file.
    Schema,
    /// Print `etc/docker-proxy.yaml`.
    Reference,
    /// Print the table of settings.
    Settings,
}

/// What to ask, whom, and how to show the answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Ctl {
    pub(crate) command: Command,
    pub(crate) output: Output,
    pub(crate) target: CtlTarget,
    /// `--config`: leads to the master.
    pub(crate) flags: Flags,
    /// `--token-file`.
    pub(crate) token_file: Option<PathBuf>,
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

/// The deed that this process was started for. Words that make no sense end it with code 2, `--help` with 0.
pub(crate) fn deed() -> Deed {
    deed_of(&words().get_matches())
}

fn words() -> Words {
    Words::new("dproxy")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The reverse proxy for Docker hosts: containers find their host names by themselves")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Words::new("master")
                .about("Runs the proxy in the foreground")
                .arg(switch("check", "Says whether the configuration makes sense, and exits with 0 or 78"))
                .args(SETTINGS.iter().map(flag)),
        )
        .subcommand(
            Words::new("check-upgrade")
                .about("Says whether this program could take a running master's place, which starts it")
                .hide(true)
                .args(SETTINGS.iter().map(flag)),
        )
        .subcommand(worker_words())
        .subcommand(
            Words::new("doctor")
                .about("Says what a worker could do to this machine if somebody took it over")
                .args(SETTINGS.iter().map(flag)),
        )
        .subcommand(ctl_words())
        .subcommand(
            Words::new("config")
                .about("Prints what can be configured")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Words::new("reference").about("Prints a configuration file with every key, commented out"))
                .subcommand(Words::new("show").about("Prints what counts, and where each value comes from").args(SETTINGS.iter().map(flag)))
                .subcommand(Words::new("schema").about("Prints the JSON Schema of the file, for editors that complete its keys"))
                .subcommand(Words::new("settings").about("Prints the table of settings, in Markdown")),
        )
}

fn worker_words() -> Words {
    let user = Arg::new("user").long("user").value_name("UID:GID").value_parser(clap::value_parser!(Identity));
    let sandbox = Arg::new("sandbox").long("sandbox").value_name("BOOL").value_parser(clap::value_parser!(bool)).default_value("true");
    Words::new("worker").about("Serves requests for a master, which starts it").hide(true).args([user, sandbox])
}

fn ctl_words() -> Words {
    let word = |name: &'static str, about: &'static str| Words::new(name).about(about);
    let container = Arg::new("container").required(true).value_name("CONTAINER").help("Its name, its id, or the beginning of its id");
    let url = Arg::new("url").required(true).value_name("URL").help("As a client would ask for it: `https://shop.example.com/path`");
    let size = Arg::new("size").required(true).value_name("SIZE").allow_negative_numbers(true);
    Words::new("ctl")
        .about("Asks a running proxy")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(switch("json", "Prints the answer as one JSON object").global(true))
        .arg(switch("no-wait", "Does not wait until a change is done").global(true))
        .arg(value("socket", "PATH", "The control socket to ask at").value_parser(clap::value_parser!(PathBuf)).conflicts_with("api"))
        .arg(value("api", "URL", "The address to ask at, like `http://127.0.0.1:16000`").value_parser(address_of))
        .arg(value("token-file", "PATH", "The file with the token of the API").value_parser(clap::value_parser!(PathBuf)))
        .arg(value("config", "PATH", "The configuration file of the proxy to ask"))
        .subcommand(word("status", "The whole at a glance"))
        .subcommand(word("list", "Every worker").visible_alias("workers"))
        .subcommand(word("resize", "Changes the number of workers").arg(size.value_parser(clap::value_parser!(WorkerCount))))
        .subcommand(word("start", "Starts the workers again, as many as there were"))
        .subcommand(word("stop", "Finishes what is under way and frees the ports; the master stays"))
        .subcommand(word("restart", "Replaces every worker, one by one"))
        .subcommand(word("upgrade", "Runs the program that was installed since, in the same process, without losing a request"))
        .subcommand(word("routes", "Every route"))
        .subcommand(word("containers", "Every container"))
        .subcommand(word("backends", "Every backend"))
        .subcommand(word("problems", "Everything that should be mended"))
        .subcommand(word("explain", "What becomes of a request, and why").arg(url.value_parser(clap::value_parser!(Question))))
        .subcommand(word("why", "Why a container is, or is not, routed").arg(container))
}

/// The flag of a setting.
fn flag(setting: &Setting) -> Arg {
    let arg = Arg::new(setting.flag).long(setting.flag).aliases(setting.flag_aliases).help(help(setting)).hide_possible_values(true);
    match setting.kind {
        Kind::One(name) => arg.value_name(name).allow_hyphen_values(true),
        Kind::List(name) => arg.value_name(name).allow_hyphen_values(true).action(ArgAction::Append),
        Kind::Switch => arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true"),
    }
}

fn help(setting: &Setting) -> String {
    let names: Vec<&str> = setting.environment.iter().map(|variable| variable.name).collect();
    let default = match setting.default_text() {
        "" => String::new(),
        text => format!(" [default: {text}]"),
    };
    format!("{} [env: {}]{default}", setting.help, names.join(", "))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn value(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).global(true).help(help)
}

fn address_of(text: &str) -> Result<SocketAddr, String> {
    let authority = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/').replace("localhost", "127.0.0.1");
    authority.parse().map_err(|_| "write an address and a port, like `http://127.0.0.1:16000`".to_owned())
}

fn deed_of(matches: &ArgMatches) -> Deed {
    match matches.subcommand() {
        Some(("master", matches)) if matches.get_flag("check") => Deed::Check(flags(matches)),
        Some(("master", matches)) => Deed::Master(flags(matches)),
        Some(("check-upgrade", matches)) => Deed::CheckUpgrade(flags(matches)),
        Some(("worker", matches)) => Deed::Worker(orders(matches)),
        Some(("doctor", matches)) => Deed::Doctor(flags(matches)),
        Some(("ctl", matches)) => Deed::Ctl(ctl(matches)),
        Some(("config", matches)) => config_deed(matches),
        other => unreachable!("clap demands one of the words above, not {other:?}"),
    }
}

fn config_deed(matches: &ArgMatches) -> Deed {
    match matches.subcommand() {
        Some(("reference", _)) => Deed::Reference,
        Some(("show", matches)) => Deed::Show(flags(matches)),
        Some(("schema", _)) => Deed::Schema,
        Some(("settings", _)) => Deed::Settings,
        other => unreachable!("clap demands one of the words above, not {other:?}"),
    }
}

fn flags(matches: &ArgMatches) -> Flags {
    let mut flags = Flags::default();
    for setting in SETTINGS {
        for text in matches.get_many::<String>(setting.flag).into_iter().flatten() {
            flags.give(setting, text);
        }
    }
    flags
}

fn orders(matches: &ArgMatches) -> Orders {
    let sandbox = *matches.get_one("sandbox").expect("it has a default");
    Orders { identity: matches.get_one("user").copied(), sandbox }
}

fn ctl(matches: &ArgMatches) -> Ctl {
    let (word, own) = matches.subcommand().expect("clap demands a word");
    let wait = if own.get_flag("no-wait") { Wait::Accepted } else { Wait::Done };
    let command = match word {
        "status" => Command::Status,
        "list" => Command::Workers,
        "resize" => Command::Resize(*own.get_one("size").expect("clap demands a size"), wait),
        "start" => Command::Start(wait),
        "stop" => Command::Stop(wait),
        "restart" => Command::Restart(wait),
        "upgrade" => Command::Upgrade(wait),
        "routes" => Command::Routes,
        "containers" => Command::Containers,
        "backends" => Command::Backends,
        "problems" => Command::Problems,
        "explain" => Command::Explain(own.get_one::<Question>("url").expect("clap demands a URL").clone()),
        "why" => Command::Why(own.get_one::<String>("container").expect("clap demands a container").clone()),
        other => unreachable!("`{other}` is none of the words above"),
    };
    let output = if own.get_flag("json") { Output::Json } else { Output::Table };
    let config = own.get_one::<String>("config").map(|path| ("config", path.as_str()));
    Ctl { command, output, target: ctl_target(own), flags: Flags::from_pairs(config), token_file: own.get_one("token-file").cloned() }
}

fn ctl_target(matches: &ArgMatches) -> CtlTarget {
    if let Some(path) = matches.get_one::<PathBuf>("socket") {
        return CtlTarget::Socket(path.clone());
    }
    if let Some(address) = matches.get_one::<SocketAddr>("api") {
        return CtlTarget::Address(*address);
    }
    CtlTarget::Configured
}

#[cfg(test)]
mod tests;
