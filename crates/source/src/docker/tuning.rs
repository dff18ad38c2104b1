//! What a container's labels say of balancing and health.

use dproxy_route::{Logged, Tuning};

use super::facts::Facts;
use super::labels::PREFIX;

/// All that is said; what makes no sense is told to `problems` and not followed.
pub(super) fn tuning_of(facts: &Facts, problems: &mut Vec<String>) -> Tuning {
    let mut tuning = Tuning::default();
    if !facts.labels.keys().any(|label| label.starts_with(PREFIX)) {
        return tuning;
    }
    for word in Tuning::WORDS {
        let label = format!("{PREFIX}{word}");
        if let Some(text) = facts.labels.get(&label)
            && let Err(error) = tuning.say(word, text)
        {
            problems.push(format!("label {label}: {error}; it is not followed"));
        }
    }
    tuning
}

/// How many of its requests are logged. What makes no sense is told with the rest.
pub(super) fn logged_of(facts: &Facts) -> Option<Logged> {
    facts.labels.get(&format!("{PREFIX}access_log"))?.parse().ok()
}
