//! Session tickets that every worker can open.
//!
//! A ticket is `name of its key (16) | nonce (12) | sealed session`. The keys
//! come from the master and change every few hours. What a session is good for
//! is sealed with it: one that was made without a client certificate opens
//! nothing that asks for one.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use dproxy_config::TicketKey;
use rustls::server::ProducesTickets;

const NAME: usize = 16;
/// What clients are told: half of how long a key opens at least.
const LIFETIME_SECONDS: u32 = 4 * 3600;

/// Seals with the first key, opens with any.
pub(super) struct Ticketer {
    keys: Vec<(/* name */ [u8; NAME], RandomizedNonceKey)>,
    /// What the sessions are good for.
    scope: Vec<u8>,
}

impl Ticketer {
    pub(super) fn new(keys: &[TicketKey], scope: Vec<u8>) -> Ticketer {
        // A key of another length is nobody's; without any key sessions are not resumed.
        let key = |key: &TicketKey| Some((key.name, RandomizedNonceKey::new(&AES_256_GCM, key.secret.reveal()).ok()?));
        Ticketer { keys: keys.iter().filter_map(key).collect(), scope }
    }
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        !self.keys.is_empty()
    }

    fn lifetime(&self) -> u32 {
        LIFETIME_SECONDS
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let (name, key) = self.keys.first()?;
        let mut sealed = plain.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(&self.scope), &mut sealed).ok()?;
        Some([&name[..], nonce.as_ref(), &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == name)?;
        let mut sealed = sealed.to_vec();
        let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(&self.scope), &mut sealed).ok()?.len();
        sealed.truncate(plain);
        Some(sealed)
    }
}

impl fmt::Debug for Ticketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticketer")
    }
}

#[cfg(test)]
mod tests {
    use dproxy_config::Secret;

    use super::*;

    fn key(number: u8) -> TicketKey {
        TicketKey { name: [number; NAME], secret: Secret::new(vec![number; 32]) }
    }

    #[test]
    fn a_ticket_opens_as_long_as_its_key_is_known_and_for_what_it_is_good_for() {
        let sealed = Ticketer::new(&[key(1)], Vec::new()).encrypt(b"session").unwrap();
        let opened = |keys: &[TicketKey], scope: &[u8]| Ticketer::new(keys, scope.to_vec()).decrypt(&sealed);
        assert_eq!(opened(&[key(1)], b"").as_deref(), Some(&b"session"[..]));
        assert_eq!(opened(&[key(2), key(1)], b"").as_deref(), Some(&b"session"[..]));
        assert_eq!(opened(&[key(2)], b""), None);
        assert_eq!(opened(&[key(1)], b"authority"), None);
        let forged = TicketKey { name: [1; NAME], ..key(2) };
        assert_eq!(opened(&[forged], b""), None);
    }

    #[test]
    fn no_ticket_is_the_same_twice_and_none_that_is_touched_opens() {
        let ticketer = Ticketer::new(&[key(1)], Vec::new());
        let sealed = ticketer.encrypt(b"session").unwrap();
        assert_ne!(sealed, ticketer.encrypt(b"session").unwrap());
        for place in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[place] ^= 1;
            assert_eq!(ticketer.decrypt(&touched), None, "byte {place}");
            assert_eq!(ticketer.decrypt(&sealed[..place]), None, "{place} bytes");
        }
    }

    #[test]
    fn without_keys_nothing_is_resumed() {
        assert!(!Ticketer::new(&[], Vec::new()).enabled());
        assert!(!Ticketer::new(&[TicketKey { secret: Secret::new(vec![0; 5]), ..key(1) }], Vec::new()).enabled());
    }
}
