//! The settings of ACME.

use super::DefaultValue::{Depends, Text};
use super::Kind::{List, One, Switch};
use super::Setting;
use super::table::variable;

/// [`crate::Acme::agreed`].
pub(crate) const ACME_AGREE: Setting = Setting::new(
    "acme.agree_to_terms",
    "acme-agree-to-terms",
    Switch,
    Text("false"),
    "Whether you agree to the terms of service of the authority, <https://letsencrypt.org/repository/> for Let's Encrypt. Before you do \
     it is not asked for certificates, whatever `ssl.issuer` and labels say.",
)
.environment(&[variable("DOCKER_PROXY_ACME_AGREE_TO_TERMS")]);

/// [`crate::Acme::email`].
pub(crate) const ACME_EMAIL: Setting =
    Setting::new("acme.email", "acme-email", One("ADDRESS"), Depends("none"), "Whom the authority may write to.")
        .environment(&[variable("DOCKER_PROXY_ACME_EMAIL"), variable("DEFAULT_EMAIL")]);

/// [`crate::Acme::directory`].
pub(crate) const ACME_DIRECTORY: Setting = Setting::new(
    "acme.directory",
    "acme-directory",
    One("URL"),
    Depends("Let's Encrypt"),
    "The directory of the authority that is asked for the certificates of hosts with `ssl.issuer` or label `dproxy.tls` `acme`.",
)
.environment(&[variable("DOCKER_PROXY_ACME_DIRECTORY")]);

/// [`crate::Acme::directory`], too.
pub(crate) const ACME_STAGING: Setting = Setting::new(
    "acme.staging",
    "acme-staging",
    Switch,
    Text("false"),
    "Asks the staging service of Let's Encrypt, to try things out: its limits are wide, but no browser believes its certificates.",
)
.environment(&[variable("DOCKER_PROXY_ACME_STAGING")]);

/// [`crate::Acme::root`].
pub(crate) const ACME_ROOT: Setting = Setting::new(
    "acme.root",
    "acme-root",
    One("FILE"),
    Depends("the authorities that this machine believes"),
    "The only authorities, as PEM, that may vouch for the server of `acme.directory`: for a private one.",
)
.environment(&[variable("DOCKER_PROXY_ACME_ROOT")]);

/// [`crate::Acme::proof`].
pub(crate) const ACME_CHALLENGE: Setting = Setting::new(
    "acme.challenge",
    "acme-challenge",
    One("CHALLENGE"),
    Text("http-01"),
    "How the authority is shown that a host is ours: `http-01` is a page at port 80, `tls-alpn-01` a handshake at port 443, `dns-01` a \
     record in the DNS, which `acme.dns_hook` writes. Hosts like `*.shop.org` are always shown in the DNS.",
)
.environment(&[variable("DOCKER_PROXY_ACME_CHALLENGE")]);

/// [`crate::DnsHook::program`].
pub(crate) const ACME_DNS_HOOK: Setting = Setting::new(
    "acme.dns_hook",
    "acme-dns-hook",
    One("PROGRAM"),
    Depends("none"),
    "The program that writes records into the DNS. It is called with `present NAME TEXT`, and ends well once everybody can see the TXT \
     record; and with `cleanup NAME TEXT` afterwards.",
)
.environment(&[variable("DOCKER_PROXY_ACME_DNS_HOOK")]);

/// [`crate::DnsHook::limit`].
pub(crate) const ACME_DNS_TIMEOUT: Setting = Setting::new(
    "acme.dns_timeout",
    "acme-dns-timeout",
    One("TIME"),
    Text("5min"),
    "How long `acme.dns_hook` may take before it is ended.",
)
.environment(&[variable("DOCKER_PROXY_ACME_DNS_TIMEOUT")]);

/// [`crate::Acme::shared`].
pub(crate) const ACME_SHARED: Setting = Setting::new(
    "acme.shared",
    "acme-shared",
    Switch,
    Text("false"),
    "Whether all hosts of one container, or of one route of this file, have one certificate together (up to 100). If the authority \
     refuses that, each has its own, as it is with `false`.",
)
.environment(&[variable("DOCKER_PROXY_ACME_SHARED")]);

/// [`crate::OnDemand::names`].
pub(crate) const ACME_ON_DEMAND: Setting = Setting::new(
    "acme.on_demand",
    "acme-on-demand",
    List("HOSTS"),
    Depends("none"),
    "Hosts like `*.customers.example.org` that get a certificate when the first client asks for them over TLS, which waits for it; there \
     must be a route for the host. Nobody else gets one so, whoever asks. `*` needs `acme.on_demand_ask`.",
)
.environment(&[variable("DOCKER_PROXY_ACME_ON_DEMAND")]);

/// [`crate::OnDemand::ask`].
pub(crate) const ACME_ON_DEMAND_ASK: Setting = Setting::new(
    "acme.on_demand_ask",
    "acme-on-demand-ask",
    One("URL"),
    Depends("nobody"),
    "Who else has to agree to such a certificate: a GET with `?domain=HOST` must be answered with 200, for anything else there is none. \
     Without `acme.on_demand` it is asked about every host that there is a route for.",
)
.environment(&[variable("DOCKER_PROXY_ACME_ON_DEMAND_ASK")]);

/// [`crate::OnDemand::most`].
pub(crate) const ACME_ON_DEMAND_LIMIT: Setting = Setting::new(
    "acme.on_demand_limit",
    "acme-on-demand-limit",
    One("NUMBER"),
    Text("20"),
    "So many certificates are ordered on demand within an hour at most, whoever asks.",
)
.environment(&[variable("DOCKER_PROXY_ACME_ON_DEMAND_LIMIT")]);

/// [`crate::Binding::id`].
pub(crate) const ACME_EAB_KID: Setting = Setting::new(
    "acme.eab_kid",
    "acme-eab-kid",
    One("ID"),
    Depends("none"),
    "For authorities that want to know whose customer an account belongs to (external account binding): the id of the key that they gave you.",
)
.environment(&[variable("DOCKER_PROXY_ACME_EAB_KID")]);

/// [`crate::Binding::key`].
pub(crate) const ACME_EAB_KEY_FILE: Setting = Setting::new(
    "acme.eab_key_file",
    "acme-eab-key-file",
    One("FILE"),
    Depends("none"),
    "The file with that key, in base64 as they gave it.",
)
.environment(&[variable("DOCKER_PROXY_ACME_EAB_KEY_FILE")]);
