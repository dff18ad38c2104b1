//! What shows an authority that names are ours: put up for as long as it looks.

use dproxy_config::{Challenge, Proof, Secret};
use instant_acme::{AuthorizationState, ChallengeHandle, ChallengeType, Identifier};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::board::{Board, Shown};
use super::hook::{Hook, Record};
use super::order::OrderError;

/// How this machine can show something.
#[derive(Clone, Debug)]
pub(super) struct Means {
    /// The way for names that are not patterns.
    pub(super) usual: Proof,
    pub(super) board: Board,
    pub(super) hook: Option<Hook>,
}

/// What is shown for one order.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    challenges: Vec<Challenge>,
    records: Vec<Record>,
}

/// It is shown until [`PutUp::take_down`].
pub(super) struct PutUp {
    shown: Option<Shown>,
    hook: Option<Hook>,
    records: Vec<Record>,
}

impl Means {
    /// How a name is shown to be ours.
    pub(super) fn for_name(&self, authorization: &AuthorizationState) -> Proof {
        if authorization.wildcard { Proof::Record } else { self.usual }
    }

    /// Puts everything up. Nothing stays where a part of it fails.
    pub(super) async fn put_up(&self, proofs: Proofs) -> Result<PutUp, OrderError> {
        let Proofs { challenges, records } = proofs;
        let mut put_up = PutUp { shown: None, hook: self.hook.clone(), records: Vec::new() };
        let outcome = self.try_to(challenges, records, &mut put_up).await;
        if let Err(error) = outcome {
            put_up.take_down().await;
            return Err(error);
        }
        Ok(put_up)
    }

    async fn try_to(&self, challenges: Vec<Challenge>, records: Vec<Record>, put_up: &mut PutUp) -> Result<(), OrderError> {
        for record in records {
            let Some(hook) = &self.hook else { return Err(OrderError::NoHook(record.name)) };
            // One that failed may have written it all the same.
            put_up.records.push(record.clone());
            hook.present(&record).await?;
        }
        if !challenges.is_empty() {
            put_up.shown = Some(self.board.show(challenges).await?);
        }
        Ok(())
    }
}

impl Proofs {
    pub(super) fn is_empty(&self) -> bool {
        self.challenges.is_empty() && self.records.is_empty()
    }

    /// Adds what shows that the name of this challenge is ours.
    pub(super) fn add(&mut self, proof: Proof, challenge: &ChallengeHandle<'_>) -> Result<(), OrderError> {
        let said = challenge.key_authorization();
        let name = match challenge.identifier().identifier {
            Identifier::Dns(name) => name.clone(),
            other => return Err(OrderError::Strange(format!("{other:?}"))),
        };
        match proof {
            Proof::Page => self.challenges.push(Challenge::Page { token: challenge.token.clone(), text: said.as_str().to_owned() }),
            Proof::Handshake => self.challenges.push(handshake(name, said.digest().as_ref())?),
            Proof::Record => self.records.push(Record { name: format!("_acme-challenge.{name}"), text: said.dns_value() }),
        }
        Ok(())
    }
}

impl PutUp {
    /// The authority has looked.
    pub(super) async fn take_down(self) {
        drop(self.shown);
        if let Some(hook) = &self.hook {
            for record in &self.records {
                hook.clean_up(record).await;
            }
        }
    }
}

/// The name of a proof in the protocol.
pub(super) fn kind(proof: Proof) -> ChallengeType {
    match proof {
        Proof::Page => ChallengeType::Http01,
        Proof::Handshake => ChallengeType::TlsAlpn01,
        Proof::Record => ChallengeType::Dns01,
    }
}

/// A certificate that nobody but an authority takes for one (RFC 8737 §3).
fn handshake(name: String, digest: &[u8]) -> Result<Challenge, OrderError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([name.clone()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    Ok(Challenge::Handshake { name, certificate: certificate.der().to_vec(), key: Secret::new(key.serialize_der()) })
}
