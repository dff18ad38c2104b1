//! The text format of Prometheus, version 0.0.4.
//!
//! Written by hand: the libraries for it keep the figures themselves, in one process, and ours lie in the memory of many.

use std::fmt::{Display, Write as _};
use std::time::Duration;

/// A text to which families of figures are added, one after another.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

/// What tells figures of one name apart, as it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(String);

/// What can be done with the figures of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They only grow.
    Counter,
    /// They come and go.
    Gauge,
    /// How many of them were no larger than each of several bounds.
    Histogram,
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

    /// Distributions.
    pub(crate) fn histogram(&mut self, name: &'static str, help: &'static str) -> Family<'_> {
        self.family(name, Kind::Histogram, help)
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
        self.at(&Labels::of(labels), value);
    }

    /// The same, with labels that were written before.
    pub(crate) fn at(&mut self, labels: &Labels, value: impl Display) {
        self.line("", labels, value);
    }

    /// How many were no larger than each bound, all of them together, and how many there are.
    pub(crate) fn distribution(&mut self, labels: &Labels, bounds: &[(Duration, u64)], sum: Duration, count: u64) {
        for (bound, upto) in bounds {
            self.line("_bucket", &labels.and("le", &bound.as_secs_f64().to_string()), upto);
        }
        self.line("_bucket", &labels.and("le", "+Inf"), count);
        self.line("_sum", labels, sum.as_secs_f64());
        self.line("_count", labels, count);
    }

    fn line(&mut self, suffix: &str, Labels(labels): &Labels, value: impl Display) {
        self.begin();
        let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
        writeln!(self.text, "{}{suffix}{open}{labels}{close} {value}", self.name).expect("a string takes every text");
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
            Kind::Histogram => "histogram",
        }
    }
}

impl Labels {
    /// These.
    pub(crate) fn of(labels: &[(&str, &str)]) -> Labels {
        labels.iter().fold(Labels::default(), |labels, (name, value)| labels.and(name, value))
    }

    /// One more.
    pub(crate) fn and(&self, name: &str, value: &str) -> Labels {
        let mut text = self.0.clone();
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        escape(&mut text, value);
        text.push('"');
        Labels(text)
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
