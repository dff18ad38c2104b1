//! What a field section asks for (RFC 9114 §4.3).

use crate::qpack::Section;
use crate::violation::Violation;

/// A request's head.
#[derive(Debug)]
pub struct Request<'s> {
    /// `:method`
    pub method: &'s str,
    /// `:path`
    pub target: &'s str,
    /// `:authority`
    pub authority: Option<&'s str>,
    section: &'s Section,
    pseudo_fields: usize,
}

impl<'s> Request<'s> {
    /// Makes sense of a section.
    ///
    /// # Errors
    /// When it is malformed (RFC 9114 §4.1.2), or wants to become a tunnel.
    pub fn of(section: &'s Section) -> Result<Request<'s>, Violation> {
        let (mut method, mut scheme, mut target, mut authority) = (None, None, None, None);
        let mut pseudo_fields = 0;
        for (name, value) in section.iter() {
            let place = match name {
                ":method" => &mut method,
                ":scheme" => &mut scheme,
                ":path" => &mut target,
                ":authority" => &mut authority,
                _ => break,
            };
            let value = str::from_utf8(value).map_err(|_| Violation::Message)?;
            if value.is_empty() || place.replace(value).is_some() {
                return Err(Violation::Message);
            }
            pseudo_fields += 1;
        }
        let request = Request {
            method: method.ok_or(Violation::Message)?,
            target: target.ok_or(Violation::Message)?,
            authority,
            section,
            pseudo_fields,
        };
        // Which scheme it is was agreed upon with the connection.
        scheme.ok_or(Violation::Message)?;
        if request.fields().any(|(name, value)| !is_sound(name, value)) {
            return Err(Violation::Message);
        }
        Ok(request)
    }

    /// Its fields, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (&'s str, &'s [u8])> {
        self.section.iter().skip(self.pseudo_fields)
    }
}

/// Neither a pseudo-field in the wrong place nor one that is about a connection of HTTP/1 (RFC 9114 §4.2).
fn is_sound(name: &str, value: &[u8]) -> bool {
    match name {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => false,
        "te" => value.eq_ignore_ascii_case(b"trailers"),
        _ => !name.starts_with(':'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qpack;

    const GET: [(&str, &str); 4] = [(":method", "GET"), (":scheme", "https"), (":authority", "a.test"), (":path", "/x?y")];

    fn section(fields: &[(&str, &str)]) -> Section {
        let mut packed = Vec::new();
        qpack::encode(fields.iter().map(|(name, value)| (*name, value.as_bytes())), &mut packed);
        qpack::decode(&packed, 10_000).unwrap()
    }

    #[test]
    fn a_request_is_understood() {
        let section = section(&[&GET[..], &[("accept", "*/*"), ("te", "trailers")]].concat());
        let request = Request::of(&section).unwrap();
        assert_eq!((request.method, request.target, request.authority), ("GET", "/x?y", Some("a.test")));
        let fields: Vec<_> = request.fields().collect();
        assert_eq!(fields, [("accept", &b"*/*"[..]), ("te", b"trailers")]);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let refused = |fields: &[(&str, &str)]| assert_eq!(Request::of(&section(fields)).err(), Some(Violation::Message), "{fields:?}");
        refused(&[]);
        refused(&GET[1..]);
        refused(&GET[..3]);
        refused(&[GET[0], GET[2], GET[3]]);
        refused(&[&GET[..], &GET[..1]].concat());
        refused(&[GET[0], GET[1], ("accept", "*/*"), GET[3]]);
        refused(&[GET[0], GET[1], (":path", "")]);
        refused(&[&GET[..], &[(":protocol", "websocket")]].concat());
        refused(&[&GET[..], &[(":status", "200")]].concat());
        for field in [("connection", "close"), ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("keep-alive", "1"), ("te", "gzip")] {
            refused(&[&GET[..], &[field]].concat());
        }
        // It has neither scheme nor path.
        refused(&[(":method", "CONNECT"), (":authority", "a.test:443")]);
    }
}
