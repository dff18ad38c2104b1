//! The Docker source: containers, their names and ports, as one engine tells them.
//!
//! | file | what |
//! |---|---|
//! | `watcher` | the driver: connects, subscribes, lists, inspects, starts over |
//! | `world` | all that is known, and what each piece of news changes; pure |
//! | `routes`, `names`, `rules`, `backends`, `reach`, `tuning` | containers in, routes out; pure |
//! | `lately` | what was served until a moment ago; pure |
//! | `probe` | whether the chosen ports answer |
//! | `dialects` | containers written for other proxies, in our words; pure |
//! | `facts` | what is known of one container |
//! | `wire`, `events` | the engine's JSON, read leniently |
//! | `engine`, `transport`, `tls` | the questions, and how they get there |
//! | `vigil`, `sight` | what the kernel of this machine knows better; `vigil` has the only `unsafe` here |

mod backends;
mod dialects;
mod engine;
mod events;
mod facts;
mod labels;
mod lately;
mod names;
mod probe;
mod reach;
mod routes;
mod rules;
mod sight;
mod tls;
mod transport;
mod trust;
mod tuning;
mod vigil;
mod watcher;
mod wire;
mod world;

use dproxy_config::Docker;
use tokio::sync::watch;

use crate::Update;

/// Watches the engine that `settings` name, for ever, and sends an update
/// whenever something changed.
///
/// An engine that is not there yet, hangs or goes away is waited for; what was
/// known stays. Everything it started ends with the future.
pub async fn watch(settings: Docker, updates: watch::Sender<Update>) {
    let (sender, known) = watch::channel(Update::default());
    tokio::select! {
        () = watcher::watch(settings, sender) => {}
        () = probe::pass_on(known, updates) => {}
    }
}
