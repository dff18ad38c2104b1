//! Carries out what the judge says, in a thread of its own: it speaks with the authority and writes files, and neither
//! may keep the master waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, SystemTime};

use dproxy_config::Acme as Settings;
use dproxy_route::{Host, HostPattern, Problem};
use instant_acme::{Account, CertificateIdentifier, Error};
use rustls_pki_types::CertificateDer;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use zeroize::Zeroizing;

use super::account;
use super::ask::{Asker, Denied};
use super::board::{Acquired, Board};
use super::demand::{Demand, Verdict};
use super::hook::Hook;
use super::judge::{Judge, Names, Setback, Step, Term, Window};
use super::order::{OrderError, order};
use super::proofs::Means;
use super::shelf::Shelf;
use super::transport::Silence;
use crate::directory::chain;
use crate::vouch::Voucher;

/// An authority that says nothing of windows is asked again after so long.
const NO_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// One that could not be asked.
const WINDOW_LATER: Duration = Duration::from_secs(3600);

/// The client of one authority.
pub(super) struct Agent {
    settings: Settings,
    shelf: Shelf,
    judge: Judge,
    /// What can be served.
    held: BTreeMap<Names, Voucher>,
    /// Files that cannot be read.
    spoilt: Vec<Problem>,
    account: Option<(Account, Silence)>,
    /// The authority has forgotten the account in the files, and has made nothing for another one yet.
    forgotten: bool,
    means: Means,
    demand: Demand,
    /// Who has to agree to names that clients ask for.
    asker: Option<Asker>,
    /// Names that clients wait for in vain.
    refused: mpsc::UnboundedSender<Host>,
    acquired: watch::Sender<Acquired>,
    errands: JoinSet<Errand>,
}

/// What came of a step.
enum Errand {
    Ordered(Names, Result<Zeroizing<Vec<u8>>, OrderError>),
    Asked(Names, Result<(Window, Duration), Error>),
    Permitted(Host, Result<(), Denied>),
}

/// What the master tells.
pub(super) struct Orders {
    pub(super) wanted: watch::Receiver<BTreeSet<Names>>,
    pub(super) shown: watch::Receiver<u64>,
    /// Counts programs of ours.
    pub(super) running: Arc<AtomicUsize>,
    /// What was wrong may be mended.
    pub(super) nudge: Arc<Notify>,
    /// Clients ask for these.
    pub(super) demanded: mpsc::Receiver<Host>,
    /// They need not wait for these.
    pub(super) refused: mpsc::UnboundedSender<Host>,
}

impl Agent {
    /// Goes on with what is on the shelf.
    pub(super) fn new(settings: Settings, shelf: Shelf, acquired: watch::Sender<Acquired>, orders: &Orders) -> Agent {
        let now = SystemTime::now();
        let (vouchers, spoilt) = shelf.certificates();
        let mut judge = Judge::new(fastrand::u64(..));
        judge.recall(now, shelf.bans());
        let mut held = BTreeMap::new();
        let mut demand = Demand::new(settings.on_demand.clone());
        for voucher in vouchers {
            if let Some(names) = Names::of(voucher.certificate.names.clone()) {
                demand.recall(now, &names, shelf.kept_at(&names));
                judge.holds(now, &names, term(&voucher));
                held.insert(names, voucher);
            }
        }
        let board = Board::new(acquired.clone(), orders.shown.clone());
        let hook = settings.dns.clone().map(|dns| Hook::new(dns, Arc::clone(&orders.running)));
        let means = Means { usual: settings.proof, board, hook };
        Agent {
            settings,
            shelf,
            judge,
            held,
            spoilt,
            account: None,
            forgotten: false,
            means,
            demand,
            asker: None,
            refused: orders.refused.clone(),
            acquired,
            errands: JoinSet::new(),
        }
    }

    /// Works until the master is gone.
    pub(super) async fn run(mut self, mut orders: Orders) {
        loop {
            let routed = orders.wanted.borrow_and_update().clone();
            let mut wanted = routed.clone();
            wanted.extend(self.demand.wanted(SystemTime::now()));
            self.judge.want(&wanted);
            self.tidy();
            let steps = self.judge.next(SystemTime::now());
            if !steps.is_empty() {
                self.take(steps).await;
            }
            self.tell();
            let now = SystemTime::now();
            let due = self.judge.deadline(now).duration_since(now).unwrap_or_default();
            tokio::select! {
                changed = orders.wanted.changed() => if changed.is_err() { return },
                () = orders.nudge.notified() => {
                    self.judge.forgive();
                    self.demand.forgive();
                }
                Some(host) = orders.demanded.recv() => self.demanded(host, &routed),
                Some(errand) = self.errands.join_next() => match errand {
                    Ok(errand) => self.came(errand),
                    Err(error) => warn!(%error, "a step of ACME broke off"),
                },
                () = sleep(due) => {}
            }
        }
    }

    /// A client asks for the certificate of this host.
    fn demanded(&mut self, host: Host, routed: &BTreeSet<Names>) {
        let now = SystemTime::now();
        let names = Names::one(HostPattern::Exact(host.clone()));
        let held = self.is_held(now, &names);
        if !held && self.judge.is_resting(now, &names) {
            return self.refuse(host);
        }
        if routed.iter().flat_map(Names::iter).any(|name| name.is_exactly(host.as_str())) {
            // Its route wants one, whoever asks.
            return;
        }
        match self.demand.asked(now, &host, held) {
            Verdict::Learned | Verdict::Asked => {}
            Verdict::Refused => self.refuse(host),
            Verdict::Ask => self.ask(host),
        }
    }

    /// Asks the operator's server about this host.
    fn ask(&mut self, host: Host) {
        if self.asker.is_none() {
            match self.settings.on_demand.ask.clone().map(Asker::new).transpose() {
                Ok(asker) => self.asker = asker,
                Err(error) => return self.denied(host, chain(&error)),
            }
        }
        let Some(asker) = self.asker.clone() else { return };
        self.errands.spawn(async move {
            let agreed = asker.agrees(host.as_str()).await;
            Errand::Permitted(host, agreed)
        });
    }

    fn denied(&mut self, host: Host, why: String) {
        info!(%host, why, "no certificate on demand");
        self.demand.denied(SystemTime::now(), &host, why);
        self.refuse(host);
    }

    /// Nobody need wait for the certificate of this host.
    fn refuse(&self, host: Host) {
        // A master that has other settings now has another agent.
        let _ = self.refused.send(host);
    }

    /// Whether there is a certificate for these names that is still good.
    fn is_held(&self, now: SystemTime, names: &Names) -> bool {
        self.held.get(names).is_some_and(|voucher| voucher.ends > now)
    }

    /// Begins what the judge says.
    async fn take(&mut self, steps: Vec<Step>) {
        let Some((account, _)) = self.introduced(&steps).await else { return };
        for step in steps {
            let (account, means) = (account.clone(), self.means.clone());
            match step {
                Step::Order(names) => {
                    info!(%names, directory = %self.settings.directory, "certificate ordered");
                    let before = self.der_of(&names);
                    self.errands.spawn(async move {
                        let before = before.and_then(|der| id_of(&der));
                        let outcome = order(&account, &names, &means, before).await;
                        Errand::Ordered(names, outcome)
                    });
                }
                Step::AskWindow(names) => {
                    let certificate = self.der_of(&names);
                    self.errands.spawn(async move {
                        let window = window(&account, certificate).await;
                        Errand::Asked(names, window)
                    });
                }
            }
        }
    }

    /// The certificate that there is for these names.
    fn der_of(&self, names: &Names) -> Option<CertificateDer<'static>> {
        let chain = &self.held.get(names)?.certificate.chain;
        chain.first().map(|der| CertificateDer::from(der.clone()))
    }

    /// Our account; without one all of `steps` come to nothing.
    async fn introduced(&mut self, steps: &[Step]) -> Option<(Account, Silence)> {
        if self.account.is_none() {
            match account::open(&self.settings, &self.shelf, self.forgotten).await {
                Ok(account) => self.account = Some(account),
                Err(error) => {
                    let now = SystemTime::now();
                    warn!(error = chain(&error), "no account for certificates by ACME");
                    for step in steps {
                        match step {
                            Step::Order(names) => self.came_to_nothing(now, names, error.setback()),
                            Step::AskWindow(names) => self.judge.window(now, names, None, WINDOW_LATER),
                        }
                    }
                }
            }
        }
        self.account.clone()
    }

    /// Takes in what came of a step.
    fn came(&mut self, errand: Errand) {
        let now = SystemTime::now();
        match errand {
            Errand::Ordered(names, outcome) => {
                let kept = outcome.and_then(|pem| Ok(self.shelf.keep_certificate(&names, &pem)?));
                match kept {
                    Ok(voucher) => {
                        info!(%names, file = voucher.certificate.file, "certificate issued");
                        self.judge.holds(now, &names, term(&voucher));
                        self.demand.holds(&names);
                        self.forgotten = false;
                        self.spoilt.clear();
                        self.held.insert(names, voucher);
                    }
                    Err(error) => self.failed(now, &names, &error),
                }
            }
            Errand::Asked(names, Ok((window, again))) => {
                debug!(%names, "the authority has told when to renew");
                self.judge.window(now, &names, Some(window), again);
            }
            Errand::Permitted(host, Ok(())) => {
                let held = self.is_held(now, &Names::one(HostPattern::Exact(host.clone())));
                if !self.demand.allowed(now, &host, held) {
                    self.refuse(host);
                }
            }
            Errand::Permitted(host, Err(error)) => self.denied(host, chain(&error)),
            Errand::Asked(names, Err(Error::Unsupported(_))) => self.judge.window(now, &names, None, NO_WINDOW),
            Errand::Asked(names, Err(error)) => {
                debug!(%names, %error, "the authority has not told when to renew");
                self.judge.window(now, &names, None, WINDOW_LATER);
            }
        }
    }

    fn failed(&mut self, now: SystemTime, names: &Names, error: &OrderError) {
        warn!(%names, error = chain(error), "certificate not issued");
        if error.is_unknown() && !self.forgotten {
            // It has lost what it knew: that is nobody's fault, and a new account mends it.
            self.account = None;
            self.forgotten = true;
            return self.judge.again(names);
        }
        let silence = self.account.as_ref().map(|(_, silence)| silence.clone()).unwrap_or_default();
        let setback = match error.setback(&silence, now) {
            Setback::Authority(why) => Setback::Authority(format!("`{}`: {why}", self.settings.directory)),
            other => other,
        };
        self.came_to_nothing(now, names, setback);
    }

    /// No certificate for these names, as things are.
    fn came_to_nothing(&mut self, now: SystemTime, names: &Names, setback: Setback) {
        self.disappoint(now, names, &setback);
        let limited = matches!(setback, Setback::Limited { .. });
        self.judge.failed(now, names, setback);
        if limited && let Err(error) = self.shelf.keep_bans(&self.judge.bans(now)) {
            warn!(error = chain(&error), "what the authority has said of limits is forgotten with the next restart");
        }
    }

    /// Clients need not wait for these any more.
    fn disappoint(&mut self, now: SystemTime, names: &Names, setback: &Setback) {
        let host = match setback {
            Setback::Refused(why) => self.demand.failed(now, names, None, why),
            Setback::Limited { until, why } => self.demand.failed(now, names, *until, why),
            Setback::Authority(_) if self.is_held(now, names) => None,
            Setback::Authority(_) => self.demand.broke_off(names),
        };
        host.into_iter().for_each(|host| self.refuse(host));
    }

    /// Forgets what nobody wants any more.
    fn tidy(&mut self) {
        for names in self.judge.forgotten(SystemTime::now()) {
            self.held.remove(&names);
            match self.shelf.forget_certificate(&names) {
                Ok(()) => info!(%names, "certificate forgotten, since nobody wants it any more"),
                Err(error) => warn!(%names, error = chain(&error), "certificate not forgotten"),
            }
        }
    }

    /// Tells the master what there is, if that is news.
    fn tell(&self) {
        let now = SystemTime::now();
        let mut problems = self.judge.problems(now);
        problems.extend(self.demand.problems(now));
        problems.extend(self.spoilt.iter().cloned());
        let certificates = || self.held.values().map(|voucher| &voucher.certificate);
        self.acquired.send_if_modified(|acquired| {
            let same = acquired.problems == problems && acquired.certificates.iter().eq(certificates());
            if !same {
                acquired.certificates = certificates().cloned().collect();
                acquired.ends = self.held.values().map(|voucher| voucher.ends).collect();
                acquired.problems = problems;
            }
            !same
        });
    }
}

/// When the authority would like this certificate to be renewed.
async fn window(account: &Account, certificate: Option<CertificateDer<'static>>) -> Result<(Window, Duration), Error> {
    let id = certificate.as_ref().and_then(id_of).ok_or(Error::Unsupported("certificates without the key of their issuer"))?;
    let (info, again) = account.renewal_info(&id).await?;
    let window = info.suggested_window;
    Ok((Window { start: window.start.into(), end: window.end.into() }, again))
}

/// By which its authority knows a certificate.
fn id_of(certificate: &CertificateDer<'_>) -> Option<CertificateIdentifier<'static>> {
    CertificateIdentifier::try_from(certificate).ok().map(CertificateIdentifier::into_owned)
}

fn term(voucher: &Voucher) -> Term {
    Term { begins: voucher.begins, ends: voucher.ends }
}

#[cfg(test)]
mod tests {
    use instant_acme::RenewalInfo;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SerialNumber};

    use super::*;

    #[test]
    fn a_window_of_the_wire_is_one_of_ours() {
        let wire = r#"{"suggestedWindow": {"start": "2026-01-02T04:00:00Z", "end": "2026-01-03T04:00:00Z"}}"#;
        let info: RenewalInfo = serde_json::from_str(wire).unwrap();
        let (start, end): (SystemTime, SystemTime) = (info.suggested_window.start.into(), info.suggested_window.end.into());
        assert_eq!(end.duration_since(start).unwrap(), Duration::from_secs(24 * 3600));
        assert_eq!(start.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_767_326_400);
    }

    #[test]
    fn authorities_know_a_certificate_by_its_issuers_key_and_its_number() {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = Issuer::new(authority, KeyPair::generate().unwrap());
        let (key, mut params) = (KeyPair::generate().unwrap(), CertificateParams::new(vec!["a.test".to_owned()]).unwrap());
        params.serial_number = Some(SerialNumber::from_slice(&[0x01, 0x02]));
        assert!(id_of(params.clone().self_signed(&key).unwrap().der()).is_none(), "nobody is named");
        params.use_authority_key_identifier_extension = true;
        let id = id_of(params.signed_by(&key, &authority).unwrap().der()).unwrap().to_string();
        assert!(id.ends_with(".AQI"), "{id}");
    }
}
