//! The tasks that watch Docker engines, one for each, and their news.
//!
//! An engine keeps its [`SourceId`] over reloads as long as it is the same endpoint: its routes stay until it tells
//! others. The loss of one engine is its own task's business; the others do not notice.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use dproxy_config::Docker;
use dproxy_route::Route;
use dproxy_source::{Link, Update};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Driver;
use crate::core::{Event, SourceId};

/// Every engine that is watched.
pub(super) struct Engines {
    engines: Vec<Engine>,
    next: u16,
}

/// An engine that is watched.
pub(super) struct Engine {
    source: SourceId,
    settings: Docker,
    task: JoinHandle<()>,
    updates: watch::Receiver<Update>,
    /// It was not reached yet, and an earlier master was told of its routes: what it tells before it is reached is nothing.
    unheard: bool,
}

impl Engines {
    /// Watches these. Where an earlier master's routes are known (`known`), they stand until each engine was reached. Must
    /// be called inside a tokio runtime.
    pub(super) fn watch(wanted: &[Docker], known: bool) -> Engines {
        let mut engines = Engines { engines: Vec::new(), next: 0 };
        engines.rewatch(wanted);
        engines.engines.iter_mut().for_each(|engine| engine.unheard = known);
        engines
    }

    /// Watches these instead of those before; what the core has to know of it.
    pub(super) fn rewatch(&mut self, wanted: &[Docker]) -> Vec<Event> {
        let mut before = std::mem::take(&mut self.engines);
        for settings in wanted {
            let known = before.iter().position(|engine| engine.settings.endpoint == settings.endpoint);
            let engine = match known.map(|place| before.swap_remove(place)) {
                Some(engine) if engine.settings == *settings => engine,
                Some(engine) => Engine::watch(engine.source, settings),
                None => Engine::watch(self.new_source(), settings),
            };
            self.engines.push(engine);
        }
        before.iter().map(|engine| Event::Routes(engine.source, Arc::default())).collect()
    }

    /// Who tells of routes.
    pub(super) fn sources(&self) -> impl Iterator<Item = SourceId> {
        self.engines.iter().map(|engine| engine.source)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Engine> {
        self.engines.iter()
    }

    /// The next news of any of them; never comes when all watchers have ended.
    pub(super) async fn news(&mut self) -> Event {
        let mut news: Vec<_> = self.engines.iter_mut().map(|engine| Box::pin(engine.news())).collect();
        poll_fn(|context| {
            let first = news.iter_mut().find_map(|news| match news.as_mut().poll(context) {
                Poll::Ready(event) => Some(event),
                Poll::Pending => None,
            });
            first.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    fn new_source(&mut self) -> SourceId {
        self.next = self.next.wrapping_add(1);
        SourceId::Docker(self.next)
    }
}

impl Driver {
    /// Takes in what an engine tells; until one that is not there has told anything, what is remembered of it counts.
    pub(super) fn engine_told(&mut self, news: Event) {
        let Event::Routes(source, routes) = news else { return self.happened.push_back(news) };
        let mut routes = Arc::unwrap_or_clone(routes);
        self.recorded.engine_told();
        let mut learnt = false;
        if let Some(engine) = self.engines.iter().find(|engine| engine.source == source) {
            let endpoint = engine.endpoint();
            if let Link::Connected { .. } = engine.update().link {
                learnt = self.sites.learn(&endpoint, &mut routes);
            } else if let Some(remembered) = self.sites.remembered(&endpoint, SystemTime::now()) {
                routes = remembered;
            }
        }
        if learnt {
            self.keep_sites();
        }
        self.happened.push_back(Event::Routes(source, Arc::new(routes)));
    }

    /// What is remembered of engines that have told nothing yet, when that comes late.
    pub(super) fn tell_remembered_sites(&mut self) {
        let remembered: Vec<Event> = self
            .engines
            .iter()
            .filter_map(|engine| {
                let silent = !matches!(engine.update().link, Link::Connected { .. });
                let routes = silent.then(|| self.sites.remembered(&engine.endpoint(), SystemTime::now())).flatten()?;
                Some(Event::Routes(engine.source, Arc::new(routes)))
            })
            .collect();
        self.happened.extend(remembered);
    }
}

impl Engine {
    fn watch(source: SourceId, settings: &Docker) -> Engine {
        let (sender, updates) = watch::channel(Update::default());
        let task = tokio::spawn(dproxy_source::docker::watch(settings.clone(), sender));
        Engine { source, settings: settings.clone(), task, updates, unheard: false }
    }

    /// Where it is.
    pub(super) fn endpoint(&self) -> String {
        self.settings.endpoint.to_string()
    }

    /// What it is called, where there are others.
    pub(super) fn name(&self) -> Option<&str> {
        self.settings.name.as_deref()
    }

    /// Its newest news.
    pub(super) fn update(&self) -> watch::Ref<'_, Update> {
        self.updates.borrow()
    }

    async fn news(&mut self) -> Event {
        loop {
            if self.updates.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
            let reached = matches!(self.update().link, Link::Connected { .. });
            self.unheard &= !reached;
            if !self.unheard {
                return Event::Routes(self.source, Arc::new(self.routes()));
            }
        }
    }

    fn routes(&mut self) -> Vec<Route> {
        self.updates.borrow_and_update().routes.clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use dproxy_config::DockerEndpoint;

    use super::*;

    fn engine(path: &str, unpublished: bool) -> Docker {
        Docker { unpublished, ..Docker::at(DockerEndpoint::Unix(path.into())) }
    }

    /// The sources after `wanted` is asked for, and those whose routes are taken back.
    fn rewatched(engines: &mut Engines, wanted: &[Docker]) -> (Vec<SourceId>, Vec<SourceId>) {
        let taken_back = engines.rewatch(wanted).into_iter().map(|event| match event {
            Event::Routes(source, routes) if routes.is_empty() => source,
            other => panic!("{other:?}"),
        });
        let taken_back = taken_back.collect();
        (engines.sources().collect(), taken_back)
    }

    #[tokio::test]
    async fn an_endpoint_keeps_its_source_and_one_that_leaves_takes_its_routes_along() {
        let [one, two, three] = [1, 2, 3].map(SourceId::Docker);
        let mut engines = Engines::watch(&[engine("/a", true), engine("/b", true)], false);
        assert_eq!(engines.sources().collect::<Vec<_>>(), [one, two]);
        assert_eq!(rewatched(&mut engines, &[engine("/b", true), engine("/a", false)]), (vec![two, one], vec![]));
        assert_eq!(rewatched(&mut engines, &[engine("/c", true), engine("/b", true)]), (vec![three, two], vec![one]));
        assert_eq!(rewatched(&mut engines, &[]), (vec![], vec![three, two]));
    }
}
