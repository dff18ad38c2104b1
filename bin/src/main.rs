//! The program: words of the command line to deeds of the rooms.
//!
//! Exit codes: 0 done · 1 failed · 2 the words make no sense · 78 the
//! configuration makes no sense (supervisors do not start such a program
//! again); `dproxy ctl` has codes of its own, see [`dproxy_control::client`].

mod surroundings;
mod words;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap_complete::Shell;
use dproxy_config::{Environment, Flags, LoadError, Loaded, load, load_api, reference};
use dproxy_control::client::{self, Address, Target};
use dproxy_control::{Token, TokenError};
use dproxy_master::{PeersError, PrivilegesError};
use dproxy_worker::Orders;

use words::{Asking, Ctl, CtlTarget, Deed};

/// `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    let environment = surroundings::environment();
    let done = match words::deed() {
        Deed::Master(flags) => master(&flags, &environment),
        Deed::Check(flags) => check(&flags, &environment),
        Deed::Worker(orders) => dproxy_worker::run(orders),
        Deed::Doctor(flags) => doctor(&flags, &environment),
        Deed::Ctl(ctl) => return ask(&ctl, &environment),
        Deed::Show(flags) => show(&flags, &environment),
        Deed::Schema => say(&dproxy_config::schema()),
        Deed::Reference => say(&reference::yaml()),
        Deed::Settings => say(&reference::markdown()),
        Deed::Completions(shell) => completions(shell),
        Deed::Manual(directory) => manual(&directory),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn master(flags: &Flags, environment: &Environment) -> anyhow::Result<()> {
    if dproxy_master::is_rehearsal()? {
        return dproxy_master::rehearse(&configuration(flags, environment)?.config, &mut io::stdout());
    }
    // The environment stays as it was at the start; the file is read again.
    let (flags, environment) = (flags.clone(), environment.clone());
    dproxy_master::run(move |read| Ok(load(&flags, &environment, &surroundings::surroundings(), read)?))
}

fn check(flags: &Flags, environment: &Environment) -> anyhow::Result<()> {
    let Loaded { config, warnings } = configuration(flags, environment)?;
    for warning in &warnings {
        // Whoever closed the standard error does not want to read it.
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    dproxy_master::worker_identity(&config.privileges)?;
    dproxy_master::peers_of(&config.api.peers)?;
    for problem in dproxy_master::certificate_problems(&config) {
        // The same.
        let _ = writeln!(io::stderr(), "warning: {problem}");
    }
    match &config.path {
        Some(path) => say(&format!("`{}` is fine\n", path.display())),
        None => say("there is no configuration file; the rest is fine\n"),
    }
}

fn show(flags: &Flags, environment: &Environment) -> anyhow::Result<()> {
    say(&dproxy_config::show(flags, environment, &surroundings::surroundings(), &|path| fs::read_to_string(path))?)
}

fn doctor(flags: &Flags, environment: &Environment) -> anyhow::Result<()> {
    let privileges = configuration(flags, environment)?.config.privileges;
    let orders = Orders { identity: dproxy_master::worker_identity(&privileges)?, sandbox: privileges.sandbox };
    dproxy_worker::doctor(orders, &mut io::stdout())
}

fn configuration(flags: &Flags, environment: &Environment) -> Result<Loaded, LoadError> {
    load(flags, environment, &surroundings::surroundings(), &|path| fs::read_to_string(path))
}

fn ask(ctl: &Ctl, environment: &Environment) -> ExitCode {
    match target(ctl, environment) {
        Ok(target) => match &ctl.asking {
            Asking::Once(command) => client::run(&target, command, &ctl.rows, ctl.output),
            Asking::Watch(command, pause) => client::watch(&target, command, &ctl.rows, *pause, ctl.output),
            Asking::Logs { lines, follow } => client::logs(&target, *lines, *follow, ctl.output),
            Asking::Health => client::health(&target, ctl.output),
            Asking::Top => client::top(&target),
        },
        Err(error) => complain(&error),
    }
}

fn target(ctl: &Ctl, environment: &Environment) -> anyhow::Result<Target> {
    if let CtlTarget::Socket(path) = &ctl.target {
        return Ok(Target::Socket(path.clone()));
    }
    if let Some(path) = &ctl.config {
        // Whoever names a file wants to ask that dproxy and no other.
        fs::File::open(path)
            .with_context(|| format!("cannot read the configuration file `{}`, which flag `--config` names", path.display()))?;
    }
    let config = ctl.config.as_ref().and_then(|path| Some(("config", path.to_str()?)));
    let api = load_api(&Flags::from_pairs(config), environment, &surroundings::surroundings(), &|path| fs::read_to_string(path));
    let token = token(ctl.token_file.as_deref(), api.token.as_deref())?;
    Ok(match ctl.target {
        CtlTarget::Address(socket) => Target::Address(Address { socket, token }),
        CtlTarget::Socket(_) | CtlTarget::Configured => {
            Target::Either { socket: api.socket, address: Address { socket: api.address, token } }
        }
    })
}

/// The token of a file that was named; else of the configured one, if it is ours to read.
fn token(named: Option<&Path>, configured: Option<&Path>) -> Result<Option<Token>, TokenError> {
    match (named, configured.map(Token::read)) {
        (Some(named), _) => Token::read(named).map(Some),
        // The socket may do without, and whoever needs it says so.
        (None, Some(Err(TokenError::Read { .. })) | None) => Ok(None),
        (None, Some(read)) => read.map(Some),
    }
}

fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut words::words(), "dproxy", &mut script);
    say(&String::from_utf8(script)?)
}

fn manual(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(words::long_words(), directory))
        .with_context(|| format!("cannot write the manual into `{}`", directory.display()))
}

/// Prints to the standard output. A reader that has seen enough (`| head`) is no failure.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    // Whoever closed the standard error has the exit code.
    let _ = writeln!(io::stderr(), "error: {error:#}");
    let bad_configuration = error.is::<LoadError>() || error.is::<PrivilegesError>() || error.is::<PeersError>();
    if bad_configuration { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
}
