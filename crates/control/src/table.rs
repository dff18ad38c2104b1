//! Answers as people read them: plain aligned columns, human units, no colour.
//!
//! A terminal gets its width respected; a pipe gets one line a row, whatever its length, so that `grep` and `awk` work.

mod certificates;
mod explanation;
pub(crate) mod latencies;
pub(crate) mod top;
mod units;
mod why;

use std::os::fd::AsFd;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};

use self::units::{count, memory, uptime};
use crate::{
    BackendRow, Command, ContainerRow, EngineRow, ImageRow, ProblemRow, Reply, RouteRow, Status, StoreRow, StoreState, Wait, WorkerRow,
};

/// How wide a line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as it needs.
    Free,
    /// So many columns.
    Columns(u16),
}

/// Shows the answer to `command`.
#[must_use]
pub fn render(command: &Command, reply: &Reply, width: Width) -> String {
    match reply {
        Reply::Done { message, status } => done(command, message, status),
        Reply::Status(status) => status_block(status),
        Reply::Workers(rows) => columns(&WORKERS, rows.iter().map(worker), width),
        Reply::Worker(row) => worker_block(row),
        Reply::Logs(rows) => rows.iter().map(|row| clean(&row.line)).collect::<Vec<_>>().join("\n"),
        Reply::Routes(rows) => columns(&ROUTES, rows.iter().map(route), width),
        Reply::Containers(rows) if rows.iter().any(|row| row.engine.is_some()) => {
            columns(&CONTAINERS_OF_ENGINES, rows.iter().map(container_of_engine), width)
        }
        Reply::Containers(rows) => columns(&CONTAINERS, rows.iter().map(container), width),
        Reply::Images(rows) => columns(&IMAGES, rows.iter().map(image), width),
        Reply::Backends(rows) => columns(&BACKENDS, rows.iter().map(backend), width),
        Reply::Certificates(rows) => columns(&certificates::COLUMNS, rows.iter().map(certificates::row), width),
        Reply::Problems(rows) => columns(&PROBLEMS, rows.iter().map(problem), width),
        Reply::Explain(explanation) => explanation::render(explanation, width),
        Reply::Why(why) => why::render(why),
        Reply::Metrics(text) => text.clone(),
        Reply::RoutesChanged { message, rows } => format!("{}\n{}", clean(message), columns(&ROUTES, rows.iter().map(route), width)),
    }
}

impl Width {
    /// The width of the terminal that `out` is; free if it is none.
    #[must_use]
    pub fn of_terminal(out: &impl AsFd) -> Width {
        match rustix::termios::tcgetwinsize(out) {
            Ok(size) if size.ws_col > 0 => Width::Columns(size.ws_col),
            // A serial line knows no width; a pipe or a file is no terminal.
            Ok(_) | Err(_) => Width::Free,
        }
    }
}

/// A column: its title, and whether it holds figures, which stand at the right.
type Column = (&'static str, CellAlignment);

const LEFT: CellAlignment = CellAlignment::Left;
const RIGHT: CellAlignment = CellAlignment::Right;

const WORKERS: [Column; 11] = [
    ("SLOT", RIGHT),
    ("PID", RIGHT),
    ("STATE", LEFT),
    ("RESTARTS", RIGHT),
    ("UPTIME", RIGHT),
    ("GEN", RIGHT),
    ("CONNS", RIGHT),
    ("REQUESTS", RIGHT),
    ("ACTIVE", RIGHT),
    ("MEM", RIGHT),
    ("CPU", RIGHT),
];
const ROUTES: [Column; 6] = [("ROUTE", LEFT), ("STATE", LEFT), ("PATH", LEFT), ("BACKENDS", LEFT), ("SERVICE", LEFT), ("OWNER", LEFT)];
const CONTAINERS: [Column; 6] = [("ID", LEFT), ("NAME", LEFT), ("STATE", LEFT), ("HOSTS", LEFT), ("BACKENDS", LEFT), ("IMAGE", LEFT)];
const CONTAINERS_OF_ENGINES: [Column; 7] =
    [("ID", LEFT), ("NAME", LEFT), ("ENGINE", LEFT), ("STATE", LEFT), ("HOSTS", LEFT), ("BACKENDS", LEFT), ("IMAGE", LEFT)];
const IMAGES: [Column; 3] = [("IMAGE", LEFT), ("RUNNING", RIGHT), ("CONTAINERS", LEFT)];
const BACKENDS: [Column; 11] = [
    ("NAME", LEFT),
    ("PORT", RIGHT),
    ("ADDRESS", LEFT),
    ("SCHEME", LEFT),
    ("CONDITION", LEFT),
    ("SINCE", RIGHT),
    ("WEIGHT", RIGHT),
    ("REQUESTS", LEFT),
    ("WAITED", LEFT),
    ("HOSTS", LEFT),
    ("LAST ERROR", LEFT),
];
const PROBLEMS: [Column; 2] = [("WHERE", LEFT), ("WHAT", LEFT)];

fn worker(row: &WorkerRow) -> [String; 11] {
    // A slot without a process has no age, and its last process's memory is nobody's.
    let of_process = |text: String| if row.pid.is_some() { text } else { "-".to_owned() };
    [
        row.slot.to_string(),
        row.pid.map_or("-".to_owned(), |pid| pid.to_string()),
        row.state.clone(),
        row.restarts.to_string(),
        of_process(uptime(row.uptime_seconds)),
        of_process(row.generation.to_string()),
        of_process(count(row.connections)),
        count(row.requests),
        of_process(count(row.in_flight)),
        of_process(memory(row.memory_bytes)),
        of_process(format!("{:.1}%", row.cpu_percent)),
    ]
}

fn route(row: &RouteRow) -> [String; 6] {
    let state = match row.reason.as_ref().or(row.redirect.as_ref()) {
        Some(more) => format!("{}: {more}", row.state),
        None => row.state.clone(),
    };
    let strip = row.strip_prefix.as_ref().map(|prefix| format!("strip {prefix}"));
    let add = row.add_prefix.as_ref().map(|prefix| format!("add {prefix}"));
    let rewrite: Vec<String> = strip.into_iter().chain(add).collect();
    let owner = match row.expires_seconds {
        Some(seconds) => format!("{} for {}", row.owner, uptime(seconds)),
        None => row.owner.clone(),
    };
    [url(row), state, list(&rewrite), list(&row.backends), row.service.clone(), owner]
}

/// A route as the start of the URLs it is for.
fn url(row: &RouteRow) -> String {
    let listen = row.listen.as_deref().unwrap_or_default();
    let (protocol, port) = match listen.split_once(':') {
        Some((protocol, port)) => (protocol, port),
        None if listen.starts_with(|first: char| first.is_ascii_digit()) => ("", listen),
        None => (listen, ""),
    };
    let (scheme, colon) = (if protocol.is_empty() { "" } else { "://" }, if port.is_empty() { "" } else { ":" });
    format!("{protocol}{scheme}{}{colon}{port}{}", row.host, row.path)
}

fn container(row: &ContainerRow) -> [String; 6] {
    [row.id.clone(), row.name.clone(), row.state.clone(), list(&row.hosts), list(&row.backends), row.image.clone()]
}

fn container_of_engine(row: &ContainerRow) -> [String; 7] {
    let [id, name, state, hosts, backends, image] = container(row);
    [id, name, row.engine.clone().unwrap_or_default(), state, hosts, backends, image]
}

fn image(row: &ImageRow) -> [String; 3] {
    [row.name.clone(), row.running.to_string(), list(&row.containers)]
}

fn backend(row: &BackendRow) -> [String; 11] {
    [
        row.name.clone(),
        row.port.to_string(),
        row.address.clone(),
        row.scheme.clone(),
        row.condition.clone(),
        uptime(row.since_seconds),
        row.weight.to_string(),
        load(row),
        row.waited_ms.map_or_else(|| "-".to_owned(), |waited| format!("{waited} ms")),
        list(&row.hosts),
        row.last_error.clone().unwrap_or_else(|| "-".to_owned()),
    ]
}

/// What it has to do, and how much of that it takes.
fn load(row: &BackendRow) -> String {
    match (row.requests, row.max_requests) {
        (None, _) => "-".to_owned(),
        (Some(requests), None) => requests.to_string(),
        (Some(requests), Some(most)) => format!("{requests} of {most}"),
    }
}

fn problem(row: &ProblemRow) -> [String; 2] {
    [row.subject.clone(), row.text.clone()]
}

/// One line that says what has become of a change.
fn done(command: &Command, message: &str, status: &Status) -> String {
    let online = format!("{} of {} workers online", status.workers_online, status.workers_wanted);
    match command {
        Command::Resize(size, Wait::Done) => format!("resized to {size}: {online}"),
        Command::Start(Wait::Done) => format!("started: {online}"),
        Command::Stop(Wait::Done) => format!("{}: {} workers online", status.pool, status.workers_online),
        Command::Restart(Wait::Done) => format!("restarted: {online}"),
        Command::Upgrade(Wait::Done) => upgraded(status, &online),
        Command::Start(Wait::Accepted)
        | Command::Stop(Wait::Accepted)
        | Command::Resize(_, Wait::Accepted)
        | Command::Restart(Wait::Accepted)
        | Command::Upgrade(Wait::Accepted)
        | Command::Reload
        | Command::Reset
        | Command::Worker(_)
        | Command::Logs
        | Command::Status
        | Command::Workers
        | Command::Routes
        | Command::Containers
        | Command::Images
        | Command::Backends
        | Command::Certificates
        | Command::Problems
        | Command::Metrics
        | Command::Why(_)
        | Command::Explain(_)
        | Command::AddRoute(_)
        | Command::RemoveRoute(_) => clean(message),
    }
}

/// Everything about one worker, a line each.
fn worker_block(row: &WorkerRow) -> String {
    format!("{}\n{}", block(&WORKERS, &worker(row)), fact("sockets", &row.sockets.to_string()))
}

fn upgraded(status: &Status, online: &str) -> String {
    let text = status.upgrade.as_ref().map_or("upgraded", |upgrade| &upgrade.text);
    format!("{}: {online}", clean(text))
}

fn listening(status: &Status) -> String {
    let tcp = list(&status.listeners);
    if status.http3.is_empty() { tcp } else { format!("{tcp}; HTTP/3 at {}", list(&status.http3)) }
}

fn status_block(status: &Status) -> String {
    let facts = [
        ("dproxy", format!("{}, pid {}, up {}", status.version, status.pid, uptime(status.uptime_seconds))),
        ("pool", format!("{}, {} of {} workers online", status.pool, status.workers_online, status.workers_wanted)),
        ("routing", format!("{} routes, {} backends, {} containers", status.routes, status.backends, status.containers)),
        ("generation", format!("{}, served by {} of {} workers", status.generation, status.workers_at_generation, status.workers_online)),
        ("listening", listening(status)),
        ("api", list(&status.api)),
    ];
    let engines = status.engines.iter().map(|row| ("docker", engine(row)));
    let more = [
        ("config", status.config.clone().unwrap_or_else(|| "no file, built-in defaults".to_owned())),
        ("connections", format!("{} open, {} accepted", count(status.connections_open), count(status.connections_total))),
        ("requests", requests(status)),
        ("sandbox", list(&status.sandbox.held)),
        ("store", store(&status.store)),
    ];
    let facts = facts.into_iter().chain(engines).chain(certificates::fact(&status.certificates)).chain(more);
    let facts = facts.map(|(name, text)| fact(name, &text));
    let upgrade = status.upgrade.as_ref().map(|upgrade| fact("upgrade", &upgrade.text));
    let warnings = status.warnings.iter().map(|warning| fact("warning", warning));
    let problems = match status.problems {
        0 => None,
        1 => Some("problems     1, see `dproxy ctl problems`".to_owned()),
        many => Some(format!("problems     {many}, see `dproxy ctl problems`")),
    };
    facts.chain(upgrade).chain(warnings).chain(problems).collect::<Vec<_>>().join("\n")
}

fn engine(engine: &EngineRow) -> String {
    let place = match &engine.name {
        Some(name) if *name != engine.endpoint => format!("{name} at {}", engine.endpoint),
        Some(_) | None => engine.endpoint.clone(),
    };
    match (engine.connected, &engine.version, &engine.error) {
        (true, Some(version), _) => format!("{place}, connected, {version}"),
        (true, None, _) => format!("{place}, connected"),
        (false, _, Some(error)) => format!("{place}, not connected: {error}"),
        (false, _, None) => format!("{place}, connecting"),
    }
}

fn store(row: &StoreRow) -> String {
    match row.state {
        StoreState::Good => row.place.clone(),
        StoreState::Opening | StoreState::Away => format!("{}, {}", row.place, row.state),
    }
}

fn requests(status: &Status) -> String {
    let (total, active, errors) = (count(status.requests_total), count(status.requests_in_flight), count(status.errors_5xx_total));
    let held = match (status.requests_held, status.requests_held_total) {
        (0, 0) => String::new(),
        (now, total) => format!(", {} waited for a container to come back ({} now)", count(total), count(now)),
    };
    format!("{total} in all, {active} active, {errors} answered with 5xx{held}")
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

/// Lays the rows out; where the terminal is too narrow for that, closer together and with texts over several lines, and
/// where even titles would break, one below the other.
fn columns<const N: usize>(columns: &[Column; N], rows: impl Iterator<Item = [String; N]>, width: Width) -> String {
    let rows: Vec<[String; N]> = rows.map(|row| row.map(|text| clean(&text))).collect();
    let roomy = lines(&mut table(columns, &rows, ROOMY));
    match width {
        Width::Columns(width) if width < least(columns, &rows) => {
            rows.iter().map(|row| block(columns, row)).collect::<Vec<_>>().join("\n\n")
        }
        Width::Columns(width) if !fits(&roomy, width) => {
            let mut narrow = table(columns, &rows, NARROW);
            lines(narrow.set_content_arrangement(ContentArrangement::Dynamic).set_width(width))
        }
        Width::Columns(_) | Width::Free => roomy,
    }
}

/// What the rows take at least: the words of titles, and figures, whole.
fn least<const N: usize>(columns: &[Column; N], rows: &[[String; N]]) -> u16 {
    let widest = |place: usize| rows.iter().map(|row| row[place].chars().count()).max().unwrap_or_default();
    let column = |(place, (title, alignment)): (usize, &Column)| {
        let word = title.split(' ').map(str::len).max().unwrap_or_default();
        if *alignment == RIGHT { word.max(widest(place)) } else { word }
    };
    let texts: usize = columns.iter().enumerate().map(column).sum();
    u16::try_from(texts + usize::from(NARROW) * (N - 1)).unwrap_or(u16::MAX)
}

/// A row as a list of facts.
fn block<const N: usize>(columns: &[Column; N], row: &[String; N]) -> String {
    let facts = columns.iter().zip(row).map(|((title, _), text)| fact(&title.to_lowercase(), text));
    facts.collect::<Vec<_>>().join("\n")
}

/// A fact with its name; the lines of one that has several stand below each other.
fn fact(name: &str, text: &str) -> String {
    let lines = text.lines().map(clean).collect::<Vec<_>>();
    format!("{name:<13}{}", lines.join(&format!("\n{:13}", "")))
}

/// Blanks between columns.
const ROOMY: u16 = 2;
const NARROW: u16 = 1;

fn table<const N: usize>(columns: &[Column; N], rows: &[[String; N]], gap: u16) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(columns.iter().map(|(title, alignment)| Cell::new(title).set_alignment(*alignment)));
    table.add_rows(rows);
    for (column, (_, alignment)) in table.column_iter_mut().zip(columns) {
        column.set_padding((0, gap));
        column.set_cell_alignment(*alignment);
        if *alignment == RIGHT {
            // Half a figure is a wrong figure.
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}

fn lines(table: &mut Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn fits(text: &str, width: u16) -> bool {
    text.lines().all(|line| line.chars().count() <= usize::from(width))
}

/// Names come from labels of containers; none may move the operator's cursor.
fn clean(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests;
