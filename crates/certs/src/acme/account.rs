//! Who we are to the authority: found in the files, else made.

use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use dproxy_config::{Acme as Settings, Binding};
use instant_acme::{Account, AccountCredentials, Error, ExternalAccountKey, NewAccount, Problem};
use serde::{Deserialize, Serialize};
use tracing::info;
use zeroize::Zeroizing;

use super::judge::Setback;
use super::order::{RATE_LIMITED, in_words};
use super::shelf::{Shelf, ShelfError};
use super::transport::{RootsError, Silence, Transport};
use crate::directory::chain;

const UNBOUND: &str = "urn:ietf:params:acme:error:externalAccountRequired";

/// What is kept of it.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// Whom the authority writes to.
    email: Option<String>,
    credentials: AccountCredentials,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccountError {
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    #[error("the account cannot be written down")]
    Kept(#[source] serde_json::Error),
    #[error("`acme.eab_key_file`: `{}` cannot be read", path.display())]
    Key {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("`acme.eab_key_file`: what is in `{}` is no key in base64", .0.display())]
    KeyText(PathBuf),
    #[error(
        "`{0}` wants to know whose customer you are; tell it by `acme.eab_kid` and `acme.eab_key_file`, which it gives to its customers"
    )]
    Unbound(String),
    #[error("no account at `{directory}`: {}", in_words(refusal))]
    Limited {
        directory: String,
        /// When it may be tried again, if the authority said so.
        until: Option<SystemTime>,
        refusal: Problem,
    },
    #[error("no account at `{directory}`")]
    Authority {
        directory: String,
        #[source]
        cause: Error,
    },
}

/// Our account, and until when its authority wants to hear nothing. One that the authority has forgotten is made anew.
pub(super) async fn open(settings: &Settings, shelf: &Shelf, forgotten: bool) -> Result<(Account, Silence), AccountError> {
    let transport = Transport::new(settings.root.as_deref())?;
    let silence = transport.silence();
    let builder = Account::builder_with_http(Box::new(transport));
    let failed = |cause| match cause {
        Error::Api(refusal) if refusal.r#type.as_deref() == Some(RATE_LIMITED) => {
            AccountError::Limited { directory: settings.directory.to_string(), until: silence.until(SystemTime::now()), refusal }
        }
        Error::Api(Problem { r#type: Some(kind), .. }) if kind == UNBOUND => AccountError::Unbound(settings.directory.to_string()),
        cause => AccountError::Authority { directory: settings.directory.to_string(), cause },
    };
    let email = settings.email.as_ref().map(|email| email.as_str().to_owned());
    let contact = email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    // One that makes no sense is none.
    let kept = shelf.account()?.filter(|_| !forgotten).and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok());
    if let Some(kept) = kept {
        let copy = serde_json::to_value(&kept.credentials).and_then(serde_json::from_value).map_err(AccountError::Kept)?;
        let account = builder.from_credentials(copy).await.map_err(failed)?;
        if kept.email != email {
            account.update_contacts(&contact).await.map_err(failed)?;
            keep(shelf, &Kept { email, ..kept })?;
        }
        return Ok((account, silence));
    }
    let binding = settings.binding.as_ref().map(key_of).transpose()?;
    let new = NewAccount { contact: &contact, terms_of_service_agreed: settings.agreed, only_return_existing: false };
    let (account, credentials) = builder.create(&new, settings.directory.to_string(), binding.as_ref()).await.map_err(failed)?;
    keep(shelf, &Kept { email, credentials })?;
    info!(directory = %settings.directory, account = account.id(), "account made");
    Ok((account, silence))
}

impl AccountError {
    /// What that means for a certificate that was to be asked for.
    pub(super) fn setback(&self) -> Setback {
        let why = chain(self);
        match self {
            AccountError::Limited { until, .. } => Setback::Limited { until: *until, why },
            _ => Setback::Authority(why),
        }
    }
}

fn keep(shelf: &Shelf, kept: &Kept) -> Result<(), AccountError> {
    let text = Zeroizing::new(serde_json::to_vec_pretty(kept).map_err(AccountError::Kept)?);
    Ok(shelf.keep_account(&text)?)
}

/// The key that an authority gave to its customer, in either alphabet of base64, with padding or without.
fn key_of(binding: &Binding) -> Result<ExternalAccountKey, AccountError> {
    let path = || binding.key.clone();
    let text = Zeroizing::new(std::fs::read_to_string(&binding.key).map_err(|cause| AccountError::Key { path: path(), cause })?);
    let bare = text.trim().trim_end_matches('=');
    let key = URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare)).map_err(|_| AccountError::KeyText(path()))?;
    if key.is_empty() {
        return Err(AccountError::KeyText(path()));
    }
    Ok(ExternalAccountKey::new(binding.id.clone(), &Zeroizing::new(key)))
}
