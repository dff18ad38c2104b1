//! Who we are to the authority: found in the files, else made.

use dproxy_config::Acme as Settings;
use instant_acme::{Account, AccountCredentials, Error, NewAccount};
use serde::{Deserialize, Serialize};
use tracing::info;
use zeroize::Zeroizing;

use super::shelf::{Shelf, ShelfError};
use super::transport::{RootsError, Silence, Transport};

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
    let failed = |cause| AccountError::Authority { directory: settings.directory.to_string(), cause };
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
    let new = NewAccount { contact: &contact, terms_of_service_agreed: settings.agreed, only_return_existing: false };
    let (account, credentials) = builder.create(&new, settings.directory.to_string(), None).await.map_err(failed)?;
    keep(shelf, &Kept { email, credentials })?;
    info!(directory = %settings.directory, account = account.id(), "account made");
    Ok((account, silence))
}

fn keep(shelf: &Shelf, kept: &Kept) -> Result<(), AccountError> {
    let text = Zeroizing::new(serde_json::to_vec_pretty(kept).map_err(AccountError::Kept)?);
    Ok(shelf.keep_account(&text)?)
}
