//! What must hold whatever is tried: the log, the fence around a worker, the lock of the master.

use std::fs;
use std::time::{Duration, Instant};

use dproxy_testkit::{Origin, Signal};

use super::{Figure, Scale};
use crate::engine::serving;
use crate::{access_log, dproxy, sandbox};

pub(super) fn log_lines(_origin: &Origin, scale: Scale) -> Figure {
    let lines = access_log::lines_over_rotations(scale.requests);
    let text = format!("{} torn, {} lost of {}", lines.torn, lines.lost, scale.requests);
    Figure::strict(text, (lines.torn, lines.lost, lines.whole) == (0, 0, scale.requests))
}

pub(super) fn sandbox(_origin: &Origin, _scale: Scale) -> Figure {
    let told = dproxy().start().run(&["doctor"]).stdout;
    let refused = sandbox::REFUSED.iter().filter(|deed| told.contains(&format!("ok     cannot {deed}: "))).count();
    Figure::strict(format!("{refused} of {} refused", sandbox::REFUSED.len()), refused == sandbox::REFUSED.len())
}

pub(super) fn lacking(origin: &Origin, _scale: Scale) -> Figure {
    let dproxy = sandbox::on_a_kernel_without(sandbox::landlock_and_seccomp(), dproxy().route("a.test", &[origin.addr()]));
    let (answer, missing) = (dproxy.get("a.test", "/"), dproxy.status()["sandbox"]["missing"].as_array().map_or(0, Vec::len));
    Figure::strict(format!("status {}, {missing} layers reported missing", answer.status), answer.status == 200 && missing == 2)
}

pub(super) fn second_master(origin: &Origin, _scale: Scale) -> Figure {
    let mut dproxy = serving(origin, 2);
    let begun = Instant::now();
    let second = dproxy.second_master();
    let time = begun.elapsed();
    let undisturbed = dproxy.get("a.test", "/").status == 200 && dproxy.ctl(&["status"]).code == Some(0);
    dproxy.signal(Signal::SIGTERM);
    let ended = dproxy.exit_code() == 0;
    fs::write(dproxy.pid_file(), "4194303\n").unwrap();
    dproxy.start_again();
    let holds = second.code != Some(0) && undisturbed && ended && dproxy.get("a.test", "/").status == 200;
    let text = format!("exit {} after {time:.0?}", second.code.unwrap_or_default());
    if time > Duration::from_secs(1) { Figure::timing(text, false) } else { Figure::strict(text, holds) }
}
