//! `dproxy top`: everything, live, on a screen of its own, until `q` or Ctrl-C.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{ClientError, Output, Rows, Target, ask_once, exchange, live, terminal, within};
use crate::table::latencies::Latencies;
use crate::table::top::{Scene, render};
use crate::{Command, Reply};

/// How often the screen is drawn.
const PAUSE: Duration = Duration::from_secs(1);

/// Another screen, without a cursor; and the one before.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// What ends it: `q`, Ctrl-C and Ctrl-D, which are no signals while keys come one by one.
const QUIT: [u8; 4] = [b'q', b'Q', 3, 4];

/// Shows everything until it is told to stop, or dproxy cannot be asked any more.
#[must_use]
pub fn top(target: &Target) -> ExitCode {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return live::exit_code(Err(ClientError::NoTerminal), Output::Table);
    }
    within(Output::Table, async {
        // Whoever is not there is told of where people see it.
        let first = look(target).await?;
        let screen = Screen::take().map_err(|cause| ClientError::Print { cause })?;
        let shown = show(target, first, &screen).await;
        drop(screen);
        shown
    })
}

async fn show(target: &Target, first: Scene, screen: &Screen) -> Result<(), ClientError> {
    let failed = |cause| ClientError::Runtime { cause };
    let mut ends = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupts = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut resizes = signal(SignalKind::window_change()).map_err(failed)?;
    let mut keys = keys();
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut scene = first;
    loop {
        screen.draw(&scene).map_err(|cause| ClientError::Print { cause })?;
        tokio::select! {
            _ = ends.recv() => return Ok(()),
            _ = interrupts.recv() => return Ok(()),
            _ = resizes.recv() => {}
            key = keys.recv() => if key.is_none_or(|key| QUIT.contains(&key)) { return Ok(()) },
            _ = ticks.tick() => scene = look(target).await?.after(&scene),
        }
    }
}

/// Everything as it is now.
async fn look(target: &Target) -> Result<Scene, ClientError> {
    let mut scene = Scene { at: Instant::now().into_std(), ..Scene::default() };
    for command in [Command::Status, Command::Workers, Command::Routes, Command::Backends, Command::Logs] {
        match ask_once(target, &command).await?.reply {
            Reply::Status(status) => scene.status = *status,
            Reply::Workers(rows) => scene.workers = rows,
            Reply::Routes(rows) => scene.routes = rows,
            Reply::Backends(rows) => scene.backends = rows,
            Reply::Logs(rows) => scene.lines = rows,
            Reply::Done { .. }
            | Reply::Worker(_)
            | Reply::Containers(_)
            | Reply::Images(_)
            | Reply::Certificates(_)
            | Reply::Problems(_)
            | Reply::Explain(_)
            | Reply::Why(_)
            | Reply::RoutesChanged { .. }
            | Reply::Metrics(_) => {}
        }
    }
    let (_, figures) = exchange::send(target, &Command::Metrics, &Rows::default()).await?;
    scene.latencies = Latencies::read(&figures);
    Ok(scene)
}

/// Keys, one by one. The thread waits for the next one until the process ends.
fn keys() -> mpsc::Receiver<u8> {
    let (pressed, keys) = mpsc::channel(16);
    thread::spawn(move || {
        for key in io::stdin().lock().bytes().map_while(Result::ok) {
            if pressed.blocking_send(key).is_err() {
                return;
            }
        }
    });
    keys
}

/// The terminal, taken; it is given back when this is dropped.
struct Screen {
    before: Termios,
}

impl Screen {
    fn take() -> io::Result<Screen> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let screen = Screen { before };
        write!(io::stdout(), "{ENTER}")?;
        Ok(screen)
    }

    fn draw(&self, scene: &Scene) -> io::Result<()> {
        let size = tcgetwinsize(io::stdout())?;
        let (columns, rows) = (size.ws_col.max(20), usize::from(size.ws_row.max(5)));
        let text = render(scene, columns, rows, &|table| if terminal::has_colours() { terminal::paint(table) } else { table.to_owned() });
        // Each line clears what stood there; raw terminals want the return, too.
        let lines: Vec<String> = text.lines().take(rows).map(|line| format!("{line}\x1b[K")).collect();
        let mut out = io::stdout().lock();
        write!(out, "\x1b[H{}\x1b[J", lines.join("\r\n"))?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = write!(io::stdout(), "{LEAVE}");
        let _ = io::stdout().flush();
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}
