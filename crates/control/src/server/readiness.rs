//! Whether requests are served as they should be, for whoever decides where to send them.

use std::time::Duration;

use crate::{PoolState, Refusal, Status};

/// So long it is waited until somebody serves a new table: it reaches workers within moments, for which nobody shall send his
/// requests elsewhere.
pub(super) const MOMENTS: Duration = Duration::from_secs(1);

/// How often it is looked meanwhile.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Why requests should go elsewhere.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unready {
    #[error("nobody serves: the pool is {0}")]
    NobodyServes(PoolState),
    #[error("no worker serves the newest table, generation {0}, yet")]
    Outdated(u64),
}

/// One worker is enough: its siblings follow, or are about to be replaced. Nobody serves before the first look at all sources.
pub(super) fn judge(status: &Status) -> Result<(), Unready> {
    match (status.workers_online, status.workers_at_generation) {
        (0, _) => Err(Unready::NobodyServes(status.pool)),
        (_, 0) => Err(Unready::Outdated(status.generation)),
        _ => Ok(()),
    }
}

impl From<Unready> for Refusal {
    fn from(unready: Unready) -> Refusal {
        Refusal::Failed(unready.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_who_serves_the_newest_table() {
        let check = |workers_online, workers_at_generation, expected: &str| {
            let status = Status { workers_online, workers_at_generation, generation: 7, ..Status::default() };
            let told = judge(&status).map_or_else(|unready| unready.to_string(), |()| "ready".to_owned());
            assert_eq!(told, expected, "{workers_online} {workers_at_generation}");
        };
        check(0, 0, "nobody serves: the pool is stopped");
        check(3, 0, "no worker serves the newest table, generation 7, yet");
        check(3, 1, "ready");
        check(3, 3, "ready");
    }
}
