//! How an authority is asked for certificates.

use super::Reader;
use crate::acme::{Acme, AcmeDirectory};
use crate::settings;

impl Reader<'_> {
    pub(super) fn acme(&mut self) -> Acme {
        let named: Option<AcmeDirectory> = self.optional(&settings::ACME_DIRECTORY);
        let directory = match (named, self.switch(&settings::ACME_STAGING)) {
            (Some(named), false) => named,
            (None, false) => AcmeDirectory::production(),
            (None, true) => AcmeDirectory::staging(),
            (Some(named), true) => {
                let text = "`acme.directory` names another authority; leave one of the two out".to_owned();
                self.mistake(&settings::ACME_STAGING, text);
                named
            }
        };
        Acme {
            directory,
            agreed: self.switch(&settings::ACME_AGREE),
            email: self.optional(&settings::ACME_EMAIL),
            root: self.path(&settings::ACME_ROOT),
        }
    }
}
