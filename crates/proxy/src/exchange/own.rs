//! Answers that need no backend.

use dproxy_config::Challenge;
use dproxy_http1::{Framing, Method, Name, RequestHead};
use dproxy_route::{Authority, HostError, Redirect, RedirectCode, Rewrite};

use crate::buffer::Buffer;
use crate::client::Client;
use crate::error::ProxyError;
use crate::exchange::{CHALLENGES, Failure, Served};
use crate::page::{self, Asked};
use crate::proxy::Proxy;
use crate::view::View;

/// What we say ourselves.
#[derive(Debug)]
pub(super) enum Own {
    /// We are alive.
    Ping,
    /// What we can do.
    Options,
    /// What an authority wants to see before it vouches for a name.
    Challenge { text: String },
    /// It is elsewhere.
    Redirect { code: RedirectCode, location: Vec<u8> },
}

impl Own {
    /// `Host: __ping__` asks whether we are alive, as hipache does; an OPTIONS that
    /// may go no further is meant for us (RFC 9110 §7.6.2).
    pub(super) fn to(authority: Authority<'_>, request: &RequestHead, head: &[u8]) -> Option<Own> {
        match request.method {
            Method::Options if authority.host == "__ping__" => Some(Own::Options),
            Method::Options if request.fields.only(head, Name::MaxForwards) == Some(b"0") => Some(Own::Options),
            _ if authority.host == "__ping__" => Some(Own::Ping),
            _ => None,
        }
    }

    /// The answer to an authority that asks for what we show it at the moment, by whatever name it comes. Nobody else
    /// knows the token, so the pages of backends that answer for themselves are not hidden.
    pub(super) fn to_authority(view: &View, request: &RequestHead, head: &[u8]) -> Option<Own> {
        let wanted = request.origin_form(head).strip_prefix(CHALLENGES)?;
        let is_read = matches!(request.method, Method::Get | Method::Head);
        let shown = view.common.settings().tls.challenges.iter().find_map(|challenge| match challenge {
            Challenge::Page { token, text } => (token.as_bytes() == wanted && is_read).then_some(text),
            Challenge::Handshake { .. } => None,
        });
        shown.map(|text| Own::Challenge { text: text.clone() })
    }

    /// The answer that sends a request for `target` elsewhere.
    pub(super) fn redirect(redirect: &Redirect, rewrite: &Rewrite, authority: Authority<'_>, target: &[u8]) -> Result<Own, ProxyError> {
        // HTTP/1.0 without a Host: there is no telling where to.
        if authority.host.is_empty() {
            return Err(ProxyError::Host(HostError::Empty));
        }
        let mut rewritten = Vec::with_capacity(target.len());
        rewrite.write(target, &mut rewritten);
        Ok(Own::Redirect { code: redirect.code, location: redirect.location(authority.host, &rewritten) })
    }

    /// The answer that sends a request in the clear to the TLS port.
    pub(super) fn to_tls(view: &View, client: &Client, authority: Authority<'_>, request: &RequestHead, head: &[u8]) -> Own {
        let code = match request.method {
            // Every client knows this one.
            Method::Get | Method::Head => RedirectCode::Moved,
            _ => RedirectCode::Permanent,
        };
        let mut location = [b"https://", authority.host.as_bytes()].concat();
        // Where TLS has no port of its own, it is understood at this one.
        match view.common.settings().tls.ports.first().copied().unwrap_or(client.port()) {
            443 => {}
            port => location.extend_from_slice(format!(":{port}").as_bytes()),
        }
        location.extend_from_slice(request.origin_form(head));
        Own::Redirect { code, location }
    }

    fn status(&self) -> u16 {
        match self {
            Own::Ping | Own::Options | Own::Challenge { .. } => 200,
            Own::Redirect { code, .. } => code.status(),
        }
    }

    /// Says it to whoever sent the request at the front of `buffer`.
    pub(super) async fn answer(
        &self,
        proxy: &Proxy,
        client: &mut Client,
        buffer: &mut Buffer,
        request: &RequestHead,
        length: usize,
    ) -> Result<Served, Failure> {
        let mut out = proxy.buffers.scratch();
        let close =
            request.framing != Framing::None || !request.connection.persists(request.version) || proxy.says_goodbye(client.is_in_clear());
        let asked = Asked { request: Some((request, &buffer.filled()[..length])), close, request_id: client.answered_id() };
        let body = match self {
            Own::Ping => page::write_ping(&mut out, &asked),
            Own::Options => page::write_options(&mut out, &asked),
            Own::Challenge { text } => page::write_challenge(&mut out, text, &asked),
            Own::Redirect { code, location } => page::write_redirect(&mut out, *code, location, &asked),
        };
        buffer.consume(length);
        proxy.count_status(self.status());
        client.tally.answered(self.status());
        client.tally.took(body);
        client.deadline.set(proxy.common().settings().timeouts.idle);
        match client.deadline.guard(client.wire.send_page(&out)).await {
            Ok(Ok(())) => Ok(if close { Served::EndsEarly } else { Served::Persists }),
            _ => Err(Failure::Answered(ProxyError::ClientGone)),
        }
    }
}
