//! The pool size an operator asked for, over a restart of dproxy.
//!
//! It counts until the configuration's own number changes: then the configuration has the last word.

use dproxy_config::WorkerCount;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::warn;

/// What the operator asked for, and what the configuration says.
#[derive(Debug)]
pub(crate) struct Remembered {
    asked: Option<Asked>,
    configured: WorkerCount,
}

#[derive(Debug)]
struct Asked {
    size: WorkerCount,
    /// What the configuration said at the time.
    configured: WorkerCount,
}

/// What is kept. Texts, because what they mean is checked when they are read.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    configured: String,
    size: String,
}

impl Remembered {
    pub(crate) fn new(configured: WorkerCount) -> Remembered {
        Remembered { asked: None, configured }
    }

    /// Takes in what was kept, unless an operator has asked for something since.
    pub(crate) fn recall(&mut self, note: &Value) {
        if self.asked.is_some() {
            return;
        }
        self.asked = read(note);
        if self.asked.is_none() {
            warn!("the remembered pool size makes no sense, using the configured one");
        }
    }

    /// How many workers there shall be.
    pub(crate) fn size(&self) -> WorkerCount {
        let asked = self.asked.as_ref().filter(|asked| asked.configured == self.configured);
        asked.map_or(self.configured, |asked| asked.size)
    }

    /// Takes note that the configuration says something else now; whether it does.
    pub(crate) fn reconfigure(&mut self, configured: WorkerCount) -> bool {
        let changed = self.configured != configured;
        self.configured = configured;
        changed
    }

    /// An operator has asked for `size`; what is to be kept.
    pub(crate) fn ask(&mut self, size: WorkerCount) -> Value {
        self.asked = Some(Asked { size, configured: self.configured });
        json!(Note { configured: self.configured.to_string(), size: size.to_string() })
    }
}

fn read(note: &Value) -> Option<Asked> {
    let note = Note::deserialize(note).ok()?;
    Some(Asked { size: note.size.parse().ok()?, configured: note.configured.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(number: usize) -> WorkerCount {
        WorkerCount::of_cpus(number)
    }

    fn recalled(configured: usize, note: &Value) -> WorkerCount {
        let mut remembered = Remembered::new(count(configured));
        remembered.recall(note);
        remembered.size()
    }

    #[test]
    fn a_size_is_remembered_until_the_configuration_changes() {
        let mut remembered = Remembered::new(count(2));
        assert_eq!(remembered.size(), count(2));
        let note = remembered.ask(count(30));
        assert_eq!(remembered.size(), count(30));
        assert_eq!((recalled(2, &note), recalled(4, &note)), (count(30), count(4)));
        assert!(remembered.reconfigure(count(3)));
        assert_eq!(remembered.size(), count(3));
    }

    #[test]
    fn what_is_recalled_late_counts_less_than_what_was_asked_since() {
        let note = Remembered::new(count(2)).ask(count(30));
        let mut remembered = Remembered::new(count(2));
        remembered.ask(count(5));
        remembered.recall(&note);
        assert_eq!(remembered.size(), count(5));
    }

    #[test]
    fn a_broken_note_counts_for_nothing() {
        for note in [json!(null), json!([]), json!({ "configured": "2", "size": "0" }), json!({ "configured": "2" }), json!("2")] {
            assert_eq!(recalled(2, &note), count(2), "{note}");
        }
    }
}
