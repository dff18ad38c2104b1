//! The keys by which workers know each other's sessions.
//!
//! One key seals new tickets, those before it still open old ones. They live in
//! memory only, and each is forgotten after a while: whoever steals one can read
//! the sessions of a few hours, never older ones.

use std::time::{Duration, Instant};

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use dproxy_config::{QuicKeys, Secret, TicketKey};

/// How long one key seals.
const SEALS: Duration = Duration::from_secs(4 * 3600);
/// Keys that open; a ticket is good for at least `SEALS` times one less.
const KEPT: usize = 3;

/// The keys of one master.
#[derive(Debug)]
pub struct Tickets {
    keys: Vec<TicketKey>,
    since: Instant,
}

impl Tickets {
    /// Goes on with the keys of the master before, the newest first; without any it begins with a new one.
    #[must_use]
    pub fn inheriting(mut keys: Vec<TicketKey>, now: Instant) -> Tickets {
        keys.truncate(KEPT);
        let begins = keys.is_empty();
        let mut tickets = Tickets { keys, since: now };
        if begins {
            tickets.add(now);
        }
        tickets
    }

    /// The newest one first.
    #[must_use]
    pub fn keys(&self) -> &[TicketKey] {
        &self.keys
    }

    /// Makes a new key when it is time; whether it did.
    pub fn rotate(&mut self, now: Instant) -> bool {
        let due = now.saturating_duration_since(self.since) >= SEALS;
        due && self.add(now)
    }

    fn add(&mut self, now: Instant) -> bool {
        // Without chance there is no TLS either; sessions are then not resumed.
        let Ok(key) = new_key() else { return false };
        self.keys.insert(0, key);
        self.keys.truncate(KEPT);
        self.since = now;
        true
    }
}

/// Secrets for QUIC, which stay as long as anybody uses them: they open nothing that was sent.
///
/// # Errors
/// When the system has no random numbers.
pub fn quic_keys() -> Result<QuicKeys, Unspecified> {
    let (mut resets, mut tokens) = (vec![0; 32], vec![0; 32]);
    rand::fill(&mut resets)?;
    rand::fill(&mut tokens)?;
    Ok(QuicKeys { resets: Secret::new(resets), tokens: Secret::new(tokens) })
}

fn new_key() -> Result<TicketKey, Unspecified> {
    let (mut name, mut secret) = ([0; 16], vec![0; 32]);
    rand::fill(&mut name)?;
    rand::fill(&mut secret)?;
    Ok(TicketKey { name, secret: Secret::new(secret) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_seals_for_hours_and_opens_for_twice_as_long() {
        let start = Instant::now();
        let mut tickets = Tickets::inheriting(Vec::new(), start);
        let first = tickets.keys()[0].clone();
        assert!(!tickets.rotate(start + SEALS / 2));
        assert!(tickets.rotate(start + SEALS));
        assert_ne!(tickets.keys()[0], first);
        assert!(tickets.rotate(start + SEALS * 2));
        assert!(tickets.keys().contains(&first));
        assert!(tickets.rotate(start + SEALS * 3));
        assert!(!tickets.keys().contains(&first));
        assert_eq!(tickets.keys().len(), KEPT);
    }

    #[test]
    fn the_next_master_goes_on_with_the_keys_of_the_one_before() {
        let start = Instant::now();
        let mut before = Tickets::inheriting(Vec::new(), start);
        (1..5).for_each(|time| assert!(before.rotate(start + SEALS * time)));
        let mut after = Tickets::inheriting(before.keys().to_vec(), start);
        assert_eq!(after.keys(), before.keys());
        assert!(!after.rotate(start + SEALS / 2) && after.rotate(start + SEALS));
        assert_eq!(after.keys()[1..], before.keys()[..KEPT - 1]);
    }
}
