//! What counts for every request, whatever it asks for.

use std::net::IpAddr;
use std::sync::Arc;

use dproxy_config::ProxySettings;
use dproxy_http1::Limits;
use dproxy_route::{Demand, Https, InClear};
use ipnet::IpNet;

use crate::atlas::Charter;
use crate::clock::boot_millis;
use crate::pick::Chance;
use crate::tls::{Agreed, Callers, Clients, Keyring};

/// A [`Charter`] with what only the loop may touch. It never changes; it serves from one atlas to the next as long as
/// they agree on it.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) charter: Charter,
    pub(crate) limits: Limits,
    /// What is said to backends of TLS.
    pub(crate) clients: Clients,
    /// What clients are asked for that have to show a certificate.
    pub(crate) callers: Callers,
    /// Whether connections for any host go to its backend as they are.
    pub(crate) passes_through: bool,
    pub(crate) chance: Chance,
    trusted: Vec<IpNet>,
    announced_by: Vec<IpNet>,
}

impl Common {
    /// `offset` differs between workers, so that they do not throw the same dice.
    pub(crate) fn new(charter: Charter, passes_through: bool, offset: u32) -> Common {
        let settings = &charter.settings;
        let limits = Limits {
            head_bytes: settings.limits.head_bytes as usize,
            fields: settings.limits.head_fields as usize,
            target_bytes: settings.limits.target_bytes as usize,
        };
        // The configuration refuses what is no network, so nothing is lost here.
        let networks = |texts: &[String]| texts.iter().filter_map(|network| network.parse().ok()).collect();
        let (trusted, announced_by) = (networks(&settings.trusted), networks(&settings.announced_by));
        let chance = Chance::seeded(boot_millis() << 32 | u64::from(offset));
        let (clients, callers) = (Clients::default(), Callers::default());
        Common { charter, limits, clients, callers, passes_through, chance, trusted, announced_by }
    }

    pub(crate) fn settings(&self) -> &ProxySettings {
        &self.charter.settings
    }

    /// None: there is no TLS.
    pub(crate) fn keyring(&self) -> Option<&Arc<Keyring>> {
        self.charter.keyring.as_ref()
    }

    /// Whether nothing but TLS is spoken at this port.
    pub(crate) fn is_tls_port(&self, port: u16) -> bool {
        self.settings().tls.ports.contains(&port)
    }

    /// Whether a certificate for this name may be had when it is missing.
    pub(crate) fn is_on_demand(&self, name: &str) -> bool {
        self.settings().tls.on_demand.iter().any(|pattern| pattern.matches(name))
    }

    /// Whether a certificate was made for this name.
    pub(crate) fn has_certificate(&self, name: &str) -> bool {
        self.keyring().is_some_and(|keyring| keyring.has(name))
    }

    /// Whether TLS is understood at the other ports.
    pub(crate) fn peeks(&self) -> bool {
        let tls = &self.settings().tls;
        tls.peek && (self.keyring().is_some() || self.passes_through || !tls.challenges.is_empty() || !tls.on_demand.is_empty())
    }

    /// Whether requests for `host` in the clear are sent to TLS. In the clear nobody can show a certificate.
    pub(crate) fn redirects(&self, host: &str, https: &Https) -> bool {
        let in_clear = https.in_clear.unwrap_or(self.settings().tls.in_clear) == InClear::Redirected;
        let wanted = in_clear || https.client_auth.as_ref().is_some_and(|auth| auth.demand == Demand::Required);
        https.passthrough || wanted && self.keyring().is_some_and(|keyring| keyring.has(host))
    }

    /// What a client that has agreed upon this shall remember of TLS, if it was shown a certificate that was made for the name.
    pub(crate) fn hsts<'c>(&'c self, agreed: &Agreed, https: &'c Https) -> Option<&'c str> {
        let value = https.hsts.as_ref().unwrap_or(&self.settings().tls.hsts).value()?;
        let name = agreed.name.as_ref()?;
        self.keyring().filter(|keyring| keyring.has(name)).map(|_| value)
    }

    /// Whether a client that has agreed upon this may ask for `host`: it was shown the certificate that is shown there.
    pub(crate) fn is_meant_for(&self, agreed: &Agreed, host: &str) -> bool {
        let Some(name) = &agreed.name else { return true };
        name == host || self.keyring().is_none_or(|keyring| keyring.is_shown_for(name, host))
    }

    /// Whether this peer's connections begin with words of whose they are.
    pub(crate) fn is_announced_by(&self, peer: IpAddr) -> bool {
        self.announced_by.iter().any(|network| network.contains(&peer.to_canonical()))
    }

    /// Whether this peer's forwarding fields are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&peer))
    }
}
