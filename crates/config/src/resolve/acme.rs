//! How an authority is asked for certificates.

use dproxy_route::HostPattern;

use super::Reader;
use crate::acme::{Acme, AcmeDirectory, Binding, DnsHook, Proof};
use crate::on_demand::{AskUrl, OnDemand};
use crate::settings;
use crate::values::{Name, Number, Time};

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
            proof: self.required(&settings::ACME_CHALLENGE),
            dns: self.dns_hook(),
            binding: self.binding(),
            shared: self.switch(&settings::ACME_SHARED),
            on_demand: self.on_demand(),
        }
    }

    fn on_demand(&mut self) -> OnDemand {
        let ask: Option<AskUrl> = self.optional(&settings::ACME_ON_DEMAND_ASK);
        let mut names: Vec<HostPattern> = self.list(&settings::ACME_ON_DEMAND);
        if ask.is_none() && names.contains(&HostPattern::Any) {
            let text = "anybody could have certificates made for any name; name your domains, or who is asked in `acme.on_demand_ask`";
            self.mistake(&settings::ACME_ON_DEMAND, text.to_owned());
        }
        if ask.is_some() && names.is_empty() {
            names.push(HostPattern::Any);
        }
        let Number(most) = self.required::<Number<1, 10_000>>(&settings::ACME_ON_DEMAND_LIMIT);
        OnDemand { names, ask, most }
    }

    fn dns_hook(&mut self) -> Option<DnsHook> {
        let Time(limit) = self.required(&settings::ACME_DNS_TIMEOUT);
        let program = self.path(&settings::ACME_DNS_HOOK);
        if program.is_none() && self.required::<Proof>(&settings::ACME_CHALLENGE) == Proof::Record {
            let text = "`dns-01` needs a program that writes records into the DNS; name one in `acme.dns_hook`".to_owned();
            self.mistake(&settings::ACME_CHALLENGE, text);
        }
        program.map(|program| DnsHook { program, limit })
    }

    fn binding(&mut self) -> Option<Binding> {
        let id = self.optional(&settings::ACME_EAB_KID).map(|Name(id)| id);
        match (id, self.path(&settings::ACME_EAB_KEY_FILE)) {
            (Some(id), Some(key)) => Some(Binding { id, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.mistake(
                    &settings::ACME_EAB_KID,
                    "the key that it is the id of is missing; name its file in `acme.eab_key_file`".to_owned(),
                );
                None
            }
            (None, Some(_)) => {
                self.mistake(&settings::ACME_EAB_KEY_FILE, "the id of this key is missing; write it in `acme.eab_kid`".to_owned());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Environment, Flags, Surroundings};

    #[track_caller]
    fn check(words: &str, expected: &str) {
        let pairs = words.split(' ').filter_map(|word| word.split_once('='));
        let surroundings = Surroundings { user: 0, cpus: 1, hostname: "machine".to_owned() };
        let read = Config::resolve(&Flags::from_pairs(pairs), &Environment::default(), &surroundings, None);
        let shown = read.map_or_else(|mistakes| mistakes.to_string(), |loaded| format!("{:?}", loaded.config.acme));
        assert!(shown.contains(expected), "{words}: {shown}");
    }

    #[test]
    fn what_belongs_together_is_said_together() {
        check("", "directory: AcmeDirectory(\"https://acme-v02.api.letsencrypt.org/directory\"), agreed: false");
        check("acme-staging=true", "AcmeDirectory(\"https://acme-staging-v02.api.letsencrypt.org/directory\")");
        check("acme-staging=true acme-directory=https://ca.test/", "`acme.directory` names another authority; leave one of the two out");
        check("acme-challenge=dns-01", "`dns-01` needs a program that writes records into the DNS; name one in `acme.dns_hook`");
        check("acme-challenge=dns-01 acme-dns-hook=/bin/true", "proof: Record, dns: Some(DnsHook { program: \"/bin/true\", limit: 300s })");
        check("acme-challenge=http", "`http` is none of `http-01` (a page at port 80)");
        check("acme-eab-kid=k", "name its file in `acme.eab_key_file`");
        check("acme-eab-key-file=/k", "the id of this key is missing; write it in `acme.eab_kid`");
        check("acme-on-demand=*", "name your domains, or who is asked in `acme.on_demand_ask`");
        check("acme-on-demand=*.a.*", "`*.a.*`");
        check("acme-on-demand-ask=ftp://a/", "`ftp://a/` is not a URL that can be asked");
        check("acme-on-demand-ask=http://a/", "names: [Any], ask: Some(AskUrl(\"http://a/\"))");
        check("acme-on-demand=*.a.test acme-on-demand-ask=http://a/", "names: [Below(Host(\"a.test\"))], ask: Some(");
        check("acme-eab-kid=k acme-eab-key-file=/k", "binding: Some(Binding { id: \"k\", key: \"/k\" })");
    }
}
