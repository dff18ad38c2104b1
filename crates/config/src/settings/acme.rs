//! The settings of ACME.

use super::DefaultValue::{Depends, Text};
use super::Kind::{One, Switch};
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
