//! How quick each route is, and how busy: read from the figures that monitoring systems get.

use std::collections::BTreeMap;

const TIMES: &str = "dproxy_route_request_duration_seconds_bucket";
const REQUESTS: &str = "dproxy_route_requests_total";

/// What every route came to since dproxy began, by its host and path.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Latencies(BTreeMap<String, Sums>);

/// What one route came to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Sums {
    /// How many requests took at most so many seconds; the last one has no bound.
    times: Vec<(f64, f64)>,
    requests: f64,
    /// Of these, answered with 500 or more.
    failed: f64,
}

/// A route in the time between two moments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) route: String,
    pub(crate) requests: f64,
    pub(crate) failed: f64,
    /// Half of the requests took at most so many seconds; none without a request.
    pub(crate) half: Option<f64>,
    /// All but one of a hundred did.
    pub(crate) most: Option<f64>,
}

impl Latencies {
    /// Reads the text of all figures; what is none of these is passed over.
    pub(crate) fn read(text: &str) -> Latencies {
        let mut routes: BTreeMap<String, Sums> = BTreeMap::new();
        for line in text.lines() {
            let Some(Figure { name, labels, value }) = figure(line).filter(|figure| [TIMES, REQUESTS].contains(&figure.name)) else {
                continue;
            };
            let label = |name: &str| labels.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| *value);
            let listen = Some(label("listen")).filter(|listen| *listen != "any").map_or(String::new(), |listen| format!(" at {listen}"));
            let sums = routes.entry(format!("{}{}{listen}", label("host"), label("path"))).or_default();
            if name == TIMES {
                sums.times.push((label("le").parse().unwrap_or(f64::INFINITY), value));
            } else {
                sums.requests += value;
                sums.failed += if label("code") == "5xx" { value } else { 0.0 };
            }
        }
        Latencies(routes)
    }

    /// Every route since `before`, so many seconds ago, the busiest first.
    pub(crate) fn since(&self, before: &Latencies, seconds: f64) -> Vec<Pace> {
        let nothing = Sums::default();
        let pace = |(route, now): (&String, &Sums)| {
            let then = before.0.get(route).unwrap_or(&nothing);
            let times = between(now, then);
            Pace {
                route: route.clone(),
                requests: (now.requests - then.requests).max(0.0) / seconds,
                failed: (now.failed - then.failed).max(0.0) / seconds,
                half: quantile(&times, 0.5),
                most: quantile(&times, 0.99),
            }
        };
        let mut paces: Vec<Pace> = self.0.iter().map(pace).collect();
        paces.sort_by(|one, other| other.requests.total_cmp(&one.requests));
        paces
    }
}

/// A figure with labels.
struct Figure<'t> {
    name: &'t str,
    labels: Vec<(&'t str, &'t str)>,
    value: f64,
}

fn figure(line: &str) -> Option<Figure<'_>> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    // No label of ours holds a quotation mark: hosts and paths are checked before they are routes.
    let labels = labels.split("\",").filter_map(|label| label.split_once("=\"")).map(|(name, value)| (name, value.trim_end_matches('"')));
    Some(Figure { name, labels: labels.collect(), value: value.parse().ok()? })
}

/// What came to each bound since `then`.
fn between(now: &Sums, then: &Sums) -> Vec<(f64, f64)> {
    let before = |bound: f64| then.times.iter().find(|(known, _)| *known == bound).map_or(0.0, |(_, count)| *count);
    now.times.iter().map(|(bound, count)| (*bound, (count - before(*bound)).max(0.0))).collect()
}

/// The seconds that so great a part of the requests took at most, as far as the bounds tell: evenly spread between two of them, as
/// Prometheus has it.
fn quantile(times: &[(f64, f64)], part: f64) -> Option<f64> {
    let all = times.last()?.1;
    let wanted = part * all;
    let place = times.iter().position(|(_, count)| *count >= wanted).filter(|_| all > 0.0)?;
    let (lower, before) = place.checked_sub(1).map_or((0.0, 0.0), |place| times[place]);
    let (upper, count) = times[place];
    // Nobody knows how long those took that took longer than the last bound.
    if upper.is_infinite() { Some(lower) } else { Some(lower + (upper - lower) * (wanted - before) / (count - before).max(1.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(quick: u32, slow: u32, failed: u32) -> String {
        let all = quick + slow;
        format!(
            "# TYPE dproxy_route_request_duration_seconds histogram\n\
             dproxy_route_request_duration_seconds_bucket{{host=\"a.test\",path=\"/\",listen=\"any\",le=\"0.001\"}} {quick}\n\
             dproxy_route_request_duration_seconds_bucket{{host=\"a.test\",path=\"/\",listen=\"any\",le=\"0.005\"}} {all}\n\
             dproxy_route_request_duration_seconds_bucket{{host=\"a.test\",path=\"/\",listen=\"any\",le=\"+Inf\"}} {all}\n\
             dproxy_route_requests_total{{host=\"a.test\",path=\"/\",listen=\"any\",code=\"2xx\"}} {all}\n\
             dproxy_route_requests_total{{host=\"a.test\",path=\"/\",listen=\"any\",code=\"5xx\"}} {failed}\n\
             dproxy_route_requests_total{{host=\"b.test\",path=\"/x\",listen=\"https\",code=\"2xx\"}} 7\nnonsense{{\n"
        )
    }

    #[test]
    fn a_route_is_as_quick_as_its_requests_of_the_last_moment() {
        let (before, now) = (Latencies::read(&text(1000, 0, 1)), Latencies::read(&text(1050, 50, 5)));
        let paces = now.since(&before, 2.0);
        assert_eq!(paces.iter().map(|pace| pace.route.as_str()).collect::<Vec<_>>(), ["a.test/", "b.test/x at https"]);
        assert_eq!((paces[0].requests, paces[0].failed), (52.0, 2.0));
        assert_eq!(paces[0].half, Some(0.001));
        assert!(paces[0].most.is_some_and(|most| (0.0048..0.005).contains(&most)), "{paces:?}");
        assert_eq!((paces[1].requests, paces[1].half, paces[1].most), (0.0, None, None));
    }

    #[test]
    fn without_a_moment_before_everything_counts_and_without_a_request_nothing_does() {
        let paces = Latencies::read(&text(10, 0, 0)).since(&Latencies::default(), 1.0);
        assert_eq!((paces[0].requests, paces[0].half), (10.0, Some(0.0005)));
        assert!(Latencies::read("").since(&Latencies::default(), 1.0).is_empty());
        assert_eq!(quantile(&[(0.001, 0.0), (f64::INFINITY, 5.0)], 0.5), Some(0.001));
    }
}
