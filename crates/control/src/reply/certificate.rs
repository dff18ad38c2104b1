//! Certificates, as the API tells of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateRow {
    /// Its file, from the directory of certificates; `local/HOST` is one that our own authority made.
    pub file: String,
    /// Where it comes from: `file`, `acme` or `internal`.
    pub source: String,
    /// The names it is shown for.
    pub names: Vec<String>,
    /// Whether it is shown where no other is for the name.
    pub default: bool,
    /// Who vouches for it.
    pub issuer: String,
    /// The kind of its key: `ECDSA P-256`, `RSA 2048`.
    pub key: String,
    /// `valid`, `expires soon`, `expired`, `not yet valid`; or `unusable`, which is shown to nobody.
    pub state: String,
    /// From when it is valid; none if it is unusable.
    pub begins: Option<String>,
    /// Until when.
    pub ends: Option<String>,
    /// Whole days until then; less than nothing since then.
    pub days_left: Option<i64>,
    /// What is wrong, and the way out.
    pub problems: Vec<String>,
}

/// All certificates at a glance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificatesRow {
    /// How many are shown to clients.
    pub count: usize,
    /// The file of the one that ends first.
    pub next: Option<String>,
    /// Whole days until then; less than nothing since then.
    pub days_left: Option<i64>,
}
