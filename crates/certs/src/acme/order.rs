//! One order: from the names to a certificate with its key.
//!
//! ```text
//! new order ─► what the authority wants to see ─► it is shown, by all workers or in the DNS ─► our request ─► chain
//! ```

use std::time::{Duration, SystemTime};

use dproxy_config::Proof;
use dproxy_route::HostPattern;
use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus,
    Problem as Refusal, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use zeroize::Zeroizing;

use super::board::Unseen;
use super::hook::HookError;
use super::judge::{Names, Setback};
use super::proofs::{Means, Proofs, kind};
use super::shelf::ShelfError;
use super::transport::Silence;
use crate::directory::chain;

/// An authority may take so long to look at us, or to make a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(200)).backoff(1.5).timeout(Duration::from_secs(90));
pub(super) const RATE_LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
/// Several times in a row: it is out of step.
const BAD_NONCE: &str = "urn:ietf:params:acme:error:badNonce";
/// How often a step is taken at most where the authority is out of step.
const TRIES: u32 = 3;
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// Refusals that are about us, whatever the names.
const ABOUT_US: [&str; 6] = [
    BAD_NONCE,
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
    #[error("the authority has looked, and is not convinced: {}; {}", .1.join("; "), way_out(*.0))]
    Unconvinced(Proof, Vec<String>),
    #[error("the authority cannot be asked")]
    Unreachable(#[source] Error),
    #[error("the authority has not made up its mind in time")]
    Late,
    #[error("the authority does not look for `{}` of `{name}`, only for {offered}; choose another `acme.challenge`", proof.as_str())]
    NotOffered { proof: Proof, name: String, offered: String },
    #[error("a certificate for `{0}` needs a record in the DNS; name a program that writes it in `acme.dns_hook`")]
    Wildcard(HostPattern),
    #[error("the record `{0}` needs a program that writes it; name one in `acme.dns_hook`")]
    NoHook(String),
    #[error("the authority wants to see something of `{0}`, which is no name of a host")]
    Strange(String),
    #[error(transparent)]
    Hook(#[from] HookError),
    #[error(transparent)]
    Unseen(#[from] Unseen),
    #[error("no request for a certificate can be made")]
    Request(#[from] rcgen::Error),
    #[error("what the authority sent cannot be used")]
    Shelf(#[from] ShelfError),
}

/// One step of an order, taken again where the authority has lost count of what was said when: nobody's fault, and over with the
/// next word. Another order would count, and authorities and operators allow only so many. A function could not say that what it
/// waits for may move between threads.
macro_rules! step {
    ($step:expr) => {{
        let mut tries = 1;
        loop {
            match $step.await.map_err(OrderError::from) {
                Err(error) if error.is(BAD_NONCE) && tries < TRIES => tries += 1,
                outcome => break outcome,
            }
        }
    }};
}

/// Carries one order to its end: chain and key, as PEM. The certificate `before` is named, if there is one: authorities
/// that know renewals do not count it among others.
pub(super) async fn order(
    account: &Account,
    names: &Names,
    means: &Means,
    before: Option<CertificateIdentifier<'_>>,
) -> Result<Zeroizing<Vec<u8>>, OrderError> {
    let wildcard = names.iter().find(|name| !matches!(name, HostPattern::Exact(_))).filter(|_| means.hook.is_none());
    if let Some(wildcard) = wildcard {
        return Err(OrderError::Wildcard(wildcard.clone()));
    }
    let identifiers: Vec<Identifier> = names.iter().map(|name| Identifier::Dns(name.to_string())).collect();
    let mut order = step!(place(account, &identifiers, before.clone()))?;
    let proofs = step!(wanted(&mut order, means))?;
    if !proofs.is_empty() {
        let put_up = means.put_up(proofs).await?;
        let looked = looked(&mut order, means).await;
        put_up.take_down().await;
        looked?;
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    step!(order.finalize_csr(request.der()))?;
    let chain = step!(order.poll_certificate(&PATIENCE))?;
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new([chain.trim_end().as_bytes(), b"\n", key.as_bytes()].concat()))
}

/// Places an order, in the place of the certificate `before` where the authority knows of such.
async fn place(account: &Account, identifiers: &[Identifier], before: Option<CertificateIdentifier<'_>>) -> Result<Order, Error> {
    let plain = NewOrder::new(identifiers);
    let Some(before) = before else { return account.new_order(&plain).await };
    match account.new_order(&NewOrder::new(identifiers).replaces(before)).await {
        // It may know nothing of renewals, not repeat which one it is, or have forgotten the one before.
        Err(Error::Unsupported(_) | Error::Other(_)) => account.new_order(&plain).await,
        Err(Error::Api(refusal)) if ![Some(RATE_LIMITED), Some(BAD_NONCE)].contains(&refusal.r#type.as_deref()) => {
            account.new_order(&plain).await
        }
        placed => placed,
    }
}

/// What the authority wants to see of each name that it is not convinced of yet.
async fn wanted(order: &mut Order, means: &Means) -> Result<Proofs, OrderError> {
    let mut proofs = Proofs::default();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let proof = means.for_name(&authorization);
        let (name, offered) = (authorization.identifier().to_string(), offered(&authorization.challenges));
        let challenge = authorization.challenge(kind(proof)).ok_or(OrderError::NotOffered { proof, name, offered })?;
        proofs.add(proof, &challenge)?;
    }
    Ok(proofs)
}

/// Has the authority look, and waits for what it says.
async fn looked(order: &mut Order, means: &Means) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let proof = means.for_name(&authorization);
        if let Some(mut challenge) = authorization.challenge(kind(proof)) {
            step!(challenge.set_ready())?;
        }
    }
    match step!(order.poll_ready(&PATIENCE)) {
        Ok(OrderStatus::Ready) => Ok(()),
        status => Err(reasons(order, means.usual, status).await),
    }
}

/// What the authority has found wrong with each name.
async fn reasons(order: &mut Order, usual: Proof, status: Result<OrderStatus, OrderError>) -> OrderError {
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
        _ if !reasons.is_empty() => OrderError::Unconvinced(usual, reasons),
        Err(error) => error,
        Ok(_) => OrderError::Unconvinced(usual, vec!["it does not say why".to_owned()]),
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

/// What mends it mostly.
fn way_out(proof: Proof) -> &'static str {
    match proof {
        Proof::Page => "the name must lead to this machine from everywhere, and to port 80 of it",
        Proof::Handshake => "the name must lead to this machine from everywhere, and to port 443 of it",
        Proof::Record => "everybody must see the record once `acme.dns_hook` has ended",
    }
}

/// What the authority says, without what only programs read.
pub(super) fn in_words(refusal: &Refusal) -> String {
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
            OrderError::Unreachable(_) | OrderError::Unseen(_) | OrderError::Request(_) => Setback::Authority(why),
            OrderError::Unconvinced(..)
            | OrderError::Late
            | OrderError::NotOffered { .. }
            | OrderError::Wildcard(_)
            | OrderError::NoHook(_)
            | OrderError::Strange(_)
            | OrderError::Hook(_)
            | OrderError::Shelf(_) => Setback::Refused(why),
        }
    }

    /// Whether the authority knows us no more.
    pub(super) fn is_unknown(&self) -> bool {
        self.is(NO_ACCOUNT)
    }

    /// Whether the authority refuses it for this reason.
    fn is(&self, kind: &str) -> bool {
        matches!(self, OrderError::Refused(refusal) if refusal.r#type.as_deref() == Some(kind))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn setback(refusal: &str) -> Setback {
        let refusal: Refusal = serde_json::from_str(refusal).unwrap();
        OrderError::Refused(refusal).setback(&Silence::default(), SystemTime::UNIX_EPOCH)
    }

    #[track_caller]
    fn check(kind: &str, expected: &str) {
        let refusal = format!(r#"{{"type": "urn:ietf:params:acme:error:{kind}", "detail": "so it is", "status": 403}}"#);
        let text = format!("the authority refuses it: so it is ({kind})");
        let expected = match expected {
            "limited" => Setback::Limited { until: None, why: text },
            "authority" => Setback::Authority(text),
            _ => Setback::Refused(text),
        };
        assert_eq!(setback(&refusal), expected);
    }

    #[test]
    fn refusals_are_about_a_name_about_us_or_about_how_many_there_were() {
        check("rateLimited", "limited");
        check("serverInternal", "authority");
        check("accountDoesNotExist", "authority");
        check("badNonce", "authority");
        check("externalAccountRequired", "authority");
        check("rejectedIdentifier", "name");
        check("caa", "name");
        check("dns", "name");
        check("unauthorized", "name");
    }

    #[test]
    fn a_refusal_is_told_with_what_it_says_of_each_name() {
        let refusal = r#"{"detail": "no", "subproblems": [{"identifier": {"type": "dns", "value": "a.test"}, "detail": "unknown"}]}"#;
        assert_eq!(setback(refusal), Setback::Refused("the authority refuses it: no; for \"a.test\": unknown".to_owned()));
        assert_eq!(setback("{}"), Setback::Refused("the authority refuses it: without a reason".to_owned()));
        assert_eq!(setback(r#"{"status": 503}"#), Setback::Authority("the authority refuses it: without a reason".to_owned()));
    }

    #[test]
    fn what_mends_it_is_told_behind_what_the_authority_saw() {
        let error = OrderError::Unconvinced(Proof::Page, vec!["a.test: connection refused (connection)".to_owned()]);
        assert_eq!(
            chain(&error),
            "the authority has looked, and is not convinced: a.test: connection refused (connection); the name must lead to this machine \
             from everywhere, and to port 80 of it"
        );
    }
}
