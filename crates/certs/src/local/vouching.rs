//! Our own authority at work beside the master: keys and files take their time, and nobody shall wait for them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use dproxy_route::HostPattern;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::Local;
use crate::directory::Holdings;

/// How often it is looked whether a certificate is to be renewed, and tried again what failed.
const OFTEN: Duration = Duration::from_secs(60);

/// Vouches for the hosts that are wanted, until it is dropped.
pub struct Vouching {
    wanted: watch::Sender<BTreeSet<HostPattern>>,
    news: watch::Receiver<Holdings>,
    /// As they were taken in last.
    holdings: Holdings,
    task: JoinHandle<()>,
}

impl Vouching {
    /// Begins with the hosts that were noted in `home` the last time: their certificates are there at once.
    /// Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(home: PathBuf) -> Vouching {
        let local = Local::recall(home, SystemTime::now());
        let holdings = local.holdings();
        let wanted = watch::Sender::new(local.hosts());
        let (sender, news) = watch::channel(holdings.clone());
        let task = tokio::spawn(vouch(local, wanted.subscribe(), sender));
        Vouching { wanted, news, holdings, task }
    }

    /// For these hosts from now on, and for no other.
    pub fn want(&self, hosts: BTreeSet<HostPattern>) {
        self.wanted.send_if_modified(|wanted| {
            let news = *wanted != hosts;
            *wanted = hosts;
            news
        });
    }

    /// Resolves when there are other certificates, or another problem; they are the [`Vouching::holdings`] from then on.
    pub async fn changed(&mut self) {
        if self.news.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        self.holdings = self.news.borrow_and_update().clone();
    }

    /// Its certificates, and why some host has none.
    #[must_use]
    pub fn holdings(&self) -> &Holdings {
        &self.holdings
    }
}

impl Drop for Vouching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn vouch(mut local: Local, mut wanted: watch::Receiver<BTreeSet<HostPattern>>, news: watch::Sender<Holdings>) {
    loop {
        // Whether they are wanted anew or grow old is all the same.
        if let Ok(Err(_gone)) = timeout(OFTEN, wanted.changed()).await {
            return;
        }
        let hosts = wanted.borrow_and_update().clone();
        let vouched = spawn_blocking(move || {
            local.vouch(&hosts, SystemTime::now());
            local
        });
        let Ok(back) = vouched.await else { return };
        local = back;
        // Nobody may be interested any more; the next look ends with the program.
        news.send_if_modified(|known| {
            let holdings = local.holdings();
            let changed = *known != holdings;
            *known = holdings;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wanted_is_there_soon_and_at_once_the_next_time() {
        let home = tempfile::tempdir().unwrap();
        let names = |vouching: &Vouching| vouching.holdings().certificates.iter().map(|one| one.file.clone()).collect::<Vec<_>>();
        let hosts = |text: &str| -> BTreeSet<HostPattern> { text.split_whitespace().map(|host| host.parse().unwrap()).collect() };
        let mut vouching = Vouching::start(home.path().to_owned());
        assert!(names(&vouching).is_empty());
        vouching.want(hosts("a.test b.test"));
        vouching.changed().await;
        assert_eq!(names(&vouching), ["local/a.test", "local/b.test"]);
        assert_eq!(vouching.holdings().ends.len(), 2);
        let kept = vouching.holdings().certificates[1].clone();
        vouching.want(hosts("b.test"));
        vouching.changed().await;
        assert_eq!(vouching.holdings().certificates[..], [kept]);
        drop(vouching);
        assert_eq!(names(&Vouching::start(home.path().to_owned())), ["local/b.test"]);
    }

    #[tokio::test]
    async fn a_problem_is_news() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("ca.crt"), "broken").unwrap();
        std::fs::write(home.path().join("ca.key"), "broken").unwrap();
        let mut vouching = Vouching::start(home.path().to_owned());
        vouching.want(["a.test".parse().unwrap()].into());
        vouching.changed().await;
        assert_eq!((vouching.holdings().certificates.len(), vouching.holdings().problems.len()), (0, 1));
    }
}
