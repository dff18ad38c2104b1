//! In which form a client wants an answer of ours.

use dproxy_http1::{Name, RequestHead};

/// The forms there are, the one first that is taken when the client likes several alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Html,
    Json,
    Text,
}

/// How much a form is wanted: by its weight in thousandths, then by how plainly it was named.
type Wish = (u16, Named);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Anything,
    AnySubtype,
    Exactly,
}

impl Form {
    /// The form that the `Accept` fields of a request ask for (RFC 9110 §12.5.1).
    pub(super) fn wanted_by(head: &RequestHead, bytes: &[u8]) -> Form {
        let fields = head.fields.list().iter().filter(|field| field.name == Name::Accept);
        let values: Vec<String> = fields.map(|field| String::from_utf8_lossy(field.value_in(bytes)).to_ascii_lowercase()).collect();
        Form::best(&values.join(","))
    }

    fn best(accept: &str) -> Form {
        let mut best = Form::Html;
        for form in [Form::Json, Form::Text] {
            if form.wish(accept) > best.wish(accept) {
                best = form;
            }
        }
        best
    }

    /// What the range that names this form most plainly says of it.
    fn wish(self, accept: &str) -> Option<Wish> {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = self.named(parts.next()?)?;
            Some((named, weight(parts)))
        });
        ranges.max_by_key(|(named, _)| *named).map(|(named, weight)| (weight, named)).filter(|(weight, _)| *weight > 0)
    }

    fn named(self, range: &str) -> Option<Named> {
        let (kind, subtype) = range.split_once('/')?;
        let own = match self {
            Form::Html => kind == "text" && subtype == "html",
            Form::Json => kind == "application" && (subtype == "json" || subtype.ends_with("+json")),
            Form::Text => kind == "text" && subtype == "plain",
        };
        let own_kind = if self == Form::Json { "application" } else { "text" };
        match (own, kind, subtype) {
            (true, ..) => Some(Named::Exactly),
            (false, kind, "*") if kind == own_kind => Some(Named::AnySubtype),
            (false, "*", "*") => Some(Named::Anything),
            (false, ..) => None,
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Form::Html => "text/html; charset=utf-8",
            Form::Json => "application/json",
            Form::Text => "text/plain; charset=utf-8",
        }
    }
}

/// The `q` among a range's parameters, in thousandths; what makes no sense counts for nothing said.
fn weight<'p>(parameters: impl Iterator<Item = &'p str>) -> u16 {
    const FULL: u16 = 1000;
    let mut weights = parameters.filter_map(|parameter| parameter.split_once('=')).filter(|(name, _)| name.trim() == "q");
    let Some((_, text)) = weights.next() else { return FULL };
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let thousandths = format!("{fraction:0<3}");
    match (whole, thousandths.len(), thousandths.parse::<u16>()) {
        ("0", 3, Ok(thousandths)) => thousandths,
        _ => FULL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_the_form_that_it_likes_best() {
        let check = |accept: &str, expected: Form| assert_eq!(Form::best(accept), expected, "{accept}");
        check("", Form::Html);
        check("*/*", Form::Html);
        check("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Form::Html);
        check("application/json", Form::Json);
        check("application/problem+json", Form::Json);
        check("application/json, text/plain, */*", Form::Json);
        check("application/json, text/html", Form::Html);
        check("application/json;q=0.9, text/html;q=0.8", Form::Json);
        check("application/json;q=0.2, text/html", Form::Html);
        check("application/json;q=0, */*", Form::Html);
        check("application/*", Form::Json);
        check("text/plain", Form::Text);
        check("text/*", Form::Html);
        check("text/html;q=0, text/plain;q=0.1", Form::Text);
        check("text/plain; charset=utf-8; q=0.5, application/json ; q = 0.6", Form::Json);
        check("image/png", Form::Html);
        check("application/json;q=x", Form::Json);
        check(",;,/,q=1,", Form::Html);
    }
}
