//! One order: from the names to a certificate with its key.
//!
//! ```text
//! new order ─► what the authority wants to see ─► all workers show it ─► ready ─► our request ─► chain
//! ```

use std::time::{Duration, SystemTime};

use dproxy_config::Challenge;
use dproxy_route::HostPattern;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus, Problem as Refusal, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

use super::board::{Board, Unseen};
use super::judge::{Names, Setback};
use super::shelf::ShelfError;
use super::transport::Silence;
use crate::directory::chain;

/// An authority may take so long to look at us, or to make a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(200)).backoff(1.5).timeout(Duration::from_secs(90));
const RATE_LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// Refusals that are about us, whatever the names.
const ABOUT_US: [&str; 5] = [
    "urn:ietf:params:acme:error:serverInternal",
    "urn:ietf:params:acme:error:externalAccountRequired",
    "urn:ietf:params:acme:error:userActionRequired",
    "urn:ietf:params:acme:error:badSignatureAlgorithm",
    NO_ACCOUNT,
];

/// Why an order came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum OrderError {
    #[error("the authority refuses it: {}", in_words(.0))]
    Refused(Refusal),
    #[error("the authority has looked, and is not convinced: {}", .0.join("; "))]
    Unconvinced(Vec<String>),
    #[error("the authority cannot be asked")]
    Unreachable(#[source] Error),
    #[error("the authority has not made up its mind in time")]
    Late,
    #[error("the authority does not look for pages in the clear (`http-01`) for `{0}`, only for {1}")]
    NotOffered(String, String),
    #[error("a certificate for `{0}` needs a proof in the DNS, which nobody here can give; name each host that it is for")]
    Wildcard(HostPattern),
    #[error(transparent)]
    Unseen(#[from] Unseen),
    #[error("no request for a certificate can be made")]
    Request(#[from] rcgen::Error),
    #[error("what the authority sent cannot be used")]
    Shelf(#[from] ShelfError),
}

/// Carries one order to its end: chain and key, as PEM.
pub(super) async fn order(account: &Account, names: &Names, board: &Board) -> Result<Zeroizing<Vec<u8>>, OrderError> {
    if let Some(wildcard) = names.iter().find(|name| !matches!(name, HostPattern::Exact(_))) {
        return Err(OrderError::Wildcard(wildcard.clone()));
    }
    let identifiers: Vec<Identifier> = names.iter().map(|name| Identifier::Dns(name.to_string())).collect();
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let challenges = challenges(&mut order).await?;
    if !challenges.is_empty() {
        let shown = board.show(challenges).await?;
        begin(&mut order).await?;
        let status = order.poll_ready(&PATIENCE).await;
        drop(shown);
        if !matches!(status, Ok(OrderStatus::Ready)) {
            return Err(reasons(&mut order, status).await);
        }
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    order.finalize_csr(params.serialize_request(&key)?.der()).await?;
    let chain = order.poll_certificate(&PATIENCE).await?;
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new([chain.trim_end().as_bytes(), b"\n", key.as_bytes()].concat()))
}

/// What the authority wants to see of each name that it is not convinced of yet.
async fn challenges(order: &mut Order) -> Result<Vec<Challenge>, OrderError> {
    let mut wanted = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let (name, offered) = (authorization.identifier().to_string(), offered(&authorization.challenges));
        let challenge = authorization.challenge(ChallengeType::Http01).ok_or(OrderError::NotOffered(name, offered))?;
        let text = challenge.key_authorization().as_str().to_owned();
        wanted.push(Challenge::Page { token: challenge.token.clone(), text });
    }
    Ok(wanted)
}

/// Tells the authority that it may look.
async fn begin(order: &mut Order) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        if let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) {
            challenge.set_ready().await?;
        }
    }
    Ok(())
}

/// What the authority has found wrong with each name.
async fn reasons(order: &mut Order, status: Result<OrderStatus, Error>) -> OrderError {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        // What it says of the order counts if it does not say more of a name.
        if authorization.refresh().await.is_err() {
            continue;
        }
        let name = authorization.identifier().to_string();
        let wrong = authorization.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(wrong.map(|refusal| format!("{name}: {}", in_words(refusal))));
    }
    match status {
        _ if !reasons.is_empty() => OrderError::Unconvinced(reasons),
        Err(error) => error.into(),
        Ok(_) => OrderError::Unconvinced(vec!["it does not say why".to_owned()]),
    }
}

fn offered(challenges: &[instant_acme::Challenge]) -> String {
    let word = |kind: &ChallengeType| match kind {
        ChallengeType::Http01 => "http-01".to_owned(),
        ChallengeType::Dns01 => "dns-01".to_owned(),
        ChallengeType::TlsAlpn01 => "tls-alpn-01".to_owned(),
        ChallengeType::Unknown(word) => word.clone(),
        other => format!("{other:?}"),
    };
    let words: Vec<String> = challenges.iter().map(|challenge| word(&challenge.r#type)).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// What the authority says, without what only programs read.
fn in_words(refusal: &Refusal) -> String {
    let kind = refusal.r#type.as_deref().unwrap_or_default();
    let kind = kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind);
    let mut text = match (&refusal.detail, kind) {
        (Some(detail), "") => detail.clone(),
        (Some(detail), kind) => format!("{detail} ({kind})"),
        (None, "") => "without a reason".to_owned(),
        (None, kind) => kind.to_owned(),
    };
    for part in &refusal.subproblems {
        text = format!("{text}; {part}");
    }
    text
}

impl OrderError {
    /// What follows from it.
    pub(super) fn setback(&self, silence: &Silence, now: SystemTime) -> Setback {
        let why = chain(self);
        match self {
            OrderError::Refused(refusal) => match refusal.r#type.as_deref() {
                Some(RATE_LIMITED) => Setback::Limited { until: silence.until(now), why },
                Some(kind) if ABOUT_US.contains(&kind) => Setback::Authority(why),
                _ if refusal.status.is_some_and(|status| status >= 500) => Setback::Authority(why),
                _ => Setback::Refused(why),
            },
            OrderError::Unconvinced(_) => {
                Setback::Refused(format!("{why}; the name must lead to this machine from everywhere, and to port 80 of it"))
            }
            OrderError::Unreachable(_) | OrderError::Unseen(_) | OrderError::Request(_) => Setback::Authority(why),
            OrderError::Late | OrderError::NotOffered(..) | OrderError::Wildcard(_) | OrderError::Shelf(_) => Setback::Refused(why),
        }
    }

    /// Whether the authority knows us no more.
    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, OrderError::Refused(refusal) if refusal.r#type.as_deref() == Some(NO_ACCOUNT))
    }
}

impl From<Error> for OrderError {
    fn from(error: Error) -> OrderError {
        match error {
            Error::Api(refusal) => OrderError::Refused(refusal),
            Error::Timeout(_) => OrderError::Late,
            other => OrderError::Unreachable(other),
        }
    }
}
