//! The command line: which words there are and which deed they ask for.
//!
//! The flags of `master` are the table of settings; nothing is spelled twice.

mod ctl;

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command as Words};
use clap_complete::Shell;
use dproxy_config::{Flags, Identity, Kind, SETTINGS, Setting};
use dproxy_worker::Orders;

pub(crate) use ctl::{Asking, Ctl, CtlTarget};

/// What the words ask for.
#[derive(Debug, PartialEq)]
pub(crate) enum Deed {
    /// Be the proxy.
    Master(Flags),
    /// Say whether the configuration makes sense.
    Check(Flags),
    /// Be a worker of a master.
    Worker(Orders),
    /// Try what a worker could do to this machine.
    Doctor(Flags),
    /// Ask a running master.
    Ctl(Box<Ctl>),
    /// Print what counts, and where it comes from.
    Show(Flags),
    /// Print the JSON Schema of the configuration file.
    Schema,
    /// Print `etc/docker-proxy.yaml`.
    Reference,
    /// Print the table of settings.
    Settings,
    /// Print what completes our words in this shell.
    Completions(Shell),
    /// Write the manual into this directory.
    Manual(PathBuf),
}

/// The deed that this process was started for. Words that make no sense end it with code 2, `--help` with 0.
pub(crate) fn deed() -> Deed {
    deed_of(&words().get_matches())
}

/// Every word there is.
pub(crate) fn words() -> Words {
    // Who comes from PM2 types `dproxy list`.
    long_words().subcommands(ctl::short_words())
}

/// Every word, each at one place only.
pub(crate) fn long_words() -> Words {
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
        .subcommand(worker_words())
        .subcommand(
            Words::new("doctor")
                .about("Says what a worker could do to this machine if somebody took it over")
                .args(SETTINGS.iter().map(flag)),
        )
        .subcommand(ctl::words())
        .subcommand(
            Words::new("completions")
                .about("Prints what completes these words in a shell")
                .arg(Arg::new("shell").required(true).value_name("SHELL").value_parser(clap::value_parser!(Shell))),
        )
        .subcommand(
            Words::new("manual")
                .about("Writes the manual pages into a directory")
                .arg(Arg::new("directory").required(true).value_name("DIRECTORY").value_parser(clap::value_parser!(PathBuf))),
        )
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

fn deed_of(matches: &ArgMatches) -> Deed {
    match matches.subcommand() {
        Some(("master", matches)) if matches.get_flag("check") => Deed::Check(flags(matches)),
        Some(("master", matches)) => Deed::Master(flags(matches)),
        Some(("worker", matches)) => Deed::Worker(orders(matches)),
        Some(("doctor", matches)) => Deed::Doctor(flags(matches)),
        Some(("ctl", matches)) => Deed::Ctl(Box::new(ctl::read(matches.subcommand().expect("clap demands a word")))),
        Some(("completions", matches)) => Deed::Completions(*matches.get_one("shell").expect("clap demands a shell")),
        Some(("manual", matches)) => Deed::Manual(matches.get_one::<PathBuf>("directory").expect("clap demands a directory").clone()),
        Some(("config", matches)) => config_deed(matches),
        Some(short) => Deed::Ctl(Box::new(ctl::read(short))),
        None => unreachable!("clap demands a word"),
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

#[cfg(test)]
mod tests;
