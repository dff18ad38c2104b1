//! A client asks for a name whose certificate may be had, but is not there yet: it waits a while, for it or for a refusal.

use std::rc::Rc;
use std::time::Duration;

use crate::clock::Deadline;
use crate::proxy::Proxy;
use crate::tls::{Outlook, UnderWay};
use crate::unless::unless;
use crate::view::View;

/// Authorities mostly take a few seconds, and clients lose patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// By what a client of `name` is answered, once there is a certificate for it or none to be waited for; nothing if its
/// handshake is given up.
pub(super) async fn wait(proxy: &Rc<Proxy>, deadline: &Deadline, under_way: &UnderWay<'_>, name: &str) -> Option<Rc<View>> {
    let view = proxy.view(name);
    let held = view.common.has_certificate(name);
    let outlook = proxy.demands.ask(name, held, proxy.clock.now());
    let Some(_hope) = proxy.demands.hope().filter(|_| !held && outlook == Outlook::Soon) else { return Some(view) };
    deadline.set(PATIENCE);
    let settled = unless(settled(proxy, name), |context| under_way.poll_given_up(context));
    let outcome = deadline.guard(settled).await;
    deadline.set(view.common.settings().timeouts.handshake);
    match outcome {
        Ok(Ok(view)) => Some(view),
        Ok(Err(())) => None,
        // It is told that there is no certificate.
        Err(_elapsed) => Some(proxy.view(name)),
    }
}

/// The first view that has a certificate for `name`, or the newest when it is refused.
async fn settled(proxy: &Rc<Proxy>, name: &str) -> Rc<View> {
    loop {
        let (news, refusal) = (proxy.news(), proxy.demands.refusal());
        let view = proxy.view(name);
        if view.common.has_certificate(name) || proxy.demands.is_refused(name, proxy.clock.now()) {
            return view;
        }
        tokio::select! {
            () = news => {}
            () = refusal => {}
        }
    }
}
