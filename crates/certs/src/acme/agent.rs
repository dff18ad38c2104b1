//! Carries out what the judge says, in a thread of its own: it speaks with the authority and writes files, and neither
//! may keep the master waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dproxy_config::Acme as Settings;
use dproxy_route::Problem;
use instant_acme::{Account, CertificateIdentifier, Error};
use rustls_pki_types::CertificateDer;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use zeroize::Zeroizing;

use super::account;
use super::board::{Acquired, Board};
use super::judge::{Judge, Names, Setback, Step, Term, Window};
use super::order::{OrderError, order};
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
    board: Board,
    acquired: watch::Sender<Acquired>,
    errands: JoinSet<Errand>,
}

/// What came of a step.
enum Errand {
    Ordered(Names, Result<Zeroizing<Vec<u8>>, OrderError>),
    Asked(Names, Result<(Window, Duration), Error>),
}

/// What the master tells.
pub(super) struct Orders {
    pub(super) wanted: watch::Receiver<BTreeSet<Names>>,
    pub(super) shown: watch::Receiver<u64>,
    /// What was wrong may be mended.
    pub(super) nudge: Arc<Notify>,
}

impl Agent {
    /// Goes on with what is on the shelf.
    pub(super) fn new(settings: Settings, shelf: Shelf, acquired: watch::Sender<Acquired>, shown: watch::Receiver<u64>) -> Agent {
        let now = SystemTime::now();
        let (vouchers, spoilt) = shelf.certificates();
        let mut judge = Judge::new(fastrand::u64(..));
        let mut held = BTreeMap::new();
        for voucher in vouchers {
            if let Some(names) = Names::of(voucher.certificate.names.clone()) {
                judge.holds(now, &names, term(&voucher));
                held.insert(names, voucher);
            }
        }
        let board = Board::new(acquired.clone(), shown);
        Agent { settings, shelf, judge, held, spoilt, account: None, forgotten: false, board, acquired, errands: JoinSet::new() }
    }

    /// Works until the master is gone.
    pub(super) async fn run(mut self, mut orders: Orders) {
        loop {
            let wanted = orders.wanted.borrow_and_update().clone();
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
                () = orders.nudge.notified() => self.judge.forgive(),
                Some(errand) = self.errands.join_next() => match errand {
                    Ok(errand) => self.came(errand),
                    Err(error) => warn!(%error, "a step of ACME broke off"),
                },
                () = sleep(due) => {}
            }
        }
    }

    /// Begins what the judge says.
    async fn take(&mut self, steps: Vec<Step>) {
        let Some((account, _)) = self.introduced(&steps).await else { return };
        for step in steps {
            let (account, board) = (account.clone(), self.board.clone());
            match step {
                Step::Order(names) => {
                    info!(%names, directory = %self.settings.directory, "certificate ordered");
                    self.errands.spawn(async move {
                        let outcome = order(&account, &names, &board).await;
                        Errand::Ordered(names, outcome)
                    });
                }
                Step::AskWindow(names) => {
                    let certificate = self.held.get(&names).and_then(|voucher| voucher.certificate.chain.first().cloned());
                    self.errands.spawn(async move {
                        let window = window(&account, certificate.unwrap_or_default()).await;
                        Errand::Asked(names, window)
                    });
                }
            }
        }
    }

    /// Our account; without one all of `steps` come to nothing.
    async fn introduced(&mut self, steps: &[Step]) -> Option<(Account, Silence)> {
        if self.account.is_none() {
            match account::open(&self.settings, &self.shelf, self.forgotten).await {
                Ok(account) => self.account = Some(account),
                Err(error) => {
                    let now = SystemTime::now();
                    let why = chain(&error);
                    warn!(error = why, "no account for certificates by ACME");
                    for step in steps {
                        match step {
                            Step::Order(names) => self.judge.failed(now, names, Setback::Authority(why.clone())),
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
        self.judge.failed(now, names, error.setback(&silence, now));
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
        let problems: Vec<Problem> = self.judge.problems(now).into_iter().chain(self.spoilt.iter().cloned()).collect();
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

/// When the authority would like the certificate in `der` to be renewed.
async fn window(account: &Account, der: Vec<u8>) -> Result<(Window, Duration), Error> {
    let der = CertificateDer::from(der);
    let id = CertificateIdentifier::try_from(&der).map_err(|_| Error::Unsupported("certificates without the key of their issuer"))?;
    let (info, again) = account.renewal_info(&id).await?;
    let window = info.suggested_window;
    Ok((Window { start: window.start.into(), end: window.end.into() }, again))
}

fn term(voucher: &Voucher) -> Term {
    Term { begins: voucher.begins, ends: voucher.ends }
}
