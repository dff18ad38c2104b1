//! The text format of Prometheus, version 0.0.4.
//!
//! Written by hand: the libraries for it keep the figures themselves, in one process, and ours lie in the memory of many.

use std::fmt::{Display, Write as _};

/// A text to which families of figures are added, one after another.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

/// What can be done with the figures of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They only grow.
    Counter,
    /// They come and go.
    Gauge,
}

/// Figures of one name. One without figures leaves no trace in the text.
#[derive(Debug)]
pub(crate) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
    kind: Kind,
    help: &'static str,
    begun: bool,
}

impl Exposition {
    /// Figures that are counted up; `name` ends in `_total`.
    pub(crate) fn counter(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, Kind::Counter, help)
    }

    /// Figures of this moment.
    pub(crate) fn gauge(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, Kind::Gauge, help)
    }

    /// The whole.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> Family<'_> {
        Family { text: &mut self.text, name, kind, help, begun: false }
    }
}

impl Family<'_> {
    /// The only figure of its name.
    pub(crate) fn only(&mut self, value: impl Display) {
        self.of(&[], value);
    }

    /// One of several, told apart by labels.
    pub(crate) fn of(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.begin();
        self.text.push_str(self.name);
        write_labels(self.text, labels);
        writeln!(self.text, " {value}").expect("a string takes every text");
    }

    fn begin(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let Family { name, help, .. } = self;
        let kind = self.kind.as_str();
        write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n").expect("a string takes every text");
    }
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        }
    }
}

fn write_labels(text: &mut String, labels: &[(&str, &str)]) {
    for (place, (name, value)) in labels.iter().enumerate() {
        text.push(if place == 0 { '{' } else { ',' });
        text.push_str(name);
        text.push_str("=\"");
        escape(text, value);
        text.push('"');
    }
    if !labels.is_empty() {
        text.push('}');
    }
}

/// A label's value, so that it ends neither itself nor its line.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_described_once_and_only_where_it_has_figures() {
        let mut exposition = Exposition::default();
        exposition.gauge("dproxy_none", "Of nothing.");
        let mut family = exposition.counter("dproxy_things_total", "Things.");
        family.of(&[("kind", "a"), ("name", "b")], 1_u64);
        family.of(&[("kind", "c")], 0.5);
        exposition.gauge("dproxy_only", "One.").only(2);
        let expected = "# HELP dproxy_things_total Things.\n# TYPE dproxy_things_total counter\n\
                        dproxy_things_total{kind=\"a\",name=\"b\"} 1\ndproxy_things_total{kind=\"c\"} 0.5\n\
                        # HELP dproxy_only One.\n# TYPE dproxy_only gauge\ndproxy_only 2\n";
        assert_eq!(exposition.into_text(), expected);
    }

    #[test]
    fn no_label_forges_a_figure() {
        let mut exposition = Exposition::default();
        exposition.gauge("x", "X.").of(&[("name", "a\"} 9\ny{b=\"\\")], 1);
        let text = exposition.into_text();
        assert_eq!(text.lines().last(), Some(r#"x{name="a\"} 9\ny{b=\"\\"} 1"#));
    }
}
