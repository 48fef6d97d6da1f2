//! What detection hands to the alerts: a rule fired on an event, a correlation on several, or a log source fell silent.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use khien_base::{Event, Id};
use khien_detect::{Hit, Level, Ruleset};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A rule fired on an event.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule's identity.
    pub rule_id: String,
    /// Its title.
    pub rule_title: String,
    /// How bad it is.
    pub level: Level,
    /// Techniques of MITRE ATT&CK: `T1059.001`.
    pub techniques: Vec<String>,
    /// The event, whole.
    pub event: Seen,
    /// What in the event made the rule fire.
    pub hits: Hits,
    /// The events that came together, where a correlation found them; the event is then the last of them.
    pub together: Option<Together>,
}

/// The event of a finding: one of a batch that its findings share, or one of its own. Most findings are only counted, so
/// nothing is copied for them.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Of a batch, by its place.
    Batch(Arc<Vec<Event>>, usize),
    /// Of its own.
    Alone(Box<Event>),
}

impl Seen {
    /// The event at a place of a batch.
    pub fn at(batch: &Arc<Vec<Event>>, place: usize) -> Option<Self> {
        (place < batch.len()).then(|| Self::Batch(Arc::clone(batch), place))
    }

    /// The same apart from its batch.
    pub fn alone(self) -> Self {
        Self::from(Event::clone(&self))
    }
}

impl Deref for Seen {
    type Target = Event;

    #[expect(clippy::indexing_slicing, reason = "a batch is never changed, and the place was within it")]
    fn deref(&self) -> &Event {
        match self {
            Self::Batch(batch, place) => &batch[*place],
            Self::Alone(event) => event,
        }
    }
}

impl From<Event> for Seen {
    fn from(event: Event) -> Self {
        Self::Alone(Box::new(event))
    }
}

/// What in an event made a rule fire: selection, field, value, pattern.
#[derive(Debug, Clone)]
pub enum Hits {
    /// To be looked for when somebody asks: the place of the rule in its set.
    Of(Arc<Ruleset>, u32),
    /// These.
    Known(Vec<Hit>),
}

/// Events that a correlation found together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Together {
    /// The fields that they have in common, and the values.
    pub group: Vec<(String, String)>,
    /// The newest of them, oldest first.
    pub events: Vec<Id>,
    /// How many there are.
    pub count: usize,
    /// What was measured: events, values, a sum, rules that came.
    pub value: f64,
    /// When the first happened.
    pub from: DateTime<Utc>,
    /// When the last happened; where something did not come, until when it was waited for.
    pub until: DateTime<Utc>,
}

impl Together {
    /// The group in one line: `IpAddress: 10.0.0.1; TargetUserName: lan`.
    pub fn group_line(&self) -> String {
        let one = |(field, value): &(String, String)| format!("{field}: {value}");
        let line = self.group.iter().map(one).collect::<Vec<_>>().join("; ");
        line.chars().take(500).collect()
    }
}

impl Finding {
    /// What in the event made the rule fire; nothing for a correlation.
    pub fn hits(&self) -> Vec<Hit> {
        match &self.hits {
            Hits::Known(hits) => hits.clone(),
            Hits::Of(rules, place) => {
                rules.told(&self.event.record, &[*place]).into_iter().flat_map(|found| found.hits).collect()
            }
        }
    }

    /// SHA-256 of the log source and the record's text, in hex: the same for a record that a client sends again
    /// because it never heard the answer. An alert is known by (rule id, this).
    pub fn content_hash(&self) -> String {
        content_hash(&self.event)
    }
}

/// SHA-256 of an event's log source and text, in hex.
pub fn content_hash(event: &Event) -> String {
    let mut hash = Sha256::new();
    hash.update(event.source.as_bytes());
    hash.update(event.record.raw.as_bytes());
    hex::encode(hash.finalize())
}

/// A log source fell silent. The payload of the job [`SILENT_JOB`], which `sources.check-silence` asks for in the
/// transaction that marks the source, with the key `silent:<source>:<since>`: one silence, one job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The log source.
    pub source: Id,
    /// Its name.
    pub name: String,
    /// Its information system.
    pub system: Id,
    /// The unit that owns the system.
    pub unit: Id,
    /// The last event that came.
    pub since: DateTime<Utc>,
    /// Minutes without an event after which it counts as silent.
    pub after_minutes: i32,
}

/// The job that makes an alert of a [`Silence`].
pub const SILENT_JOB: &str = "alerts.source-silent";

#[cfg(test)]
mod tests {
    use super::*;

    fn event(raw: &str, received: i64) -> Event {
        let at = DateTime::from_timestamp(received, 0).unwrap();
        let record = khien_base::Record {
            time: None,
            log: khien_base::LogSource::default(),
            hot: khien_base::event::Hot::default(),
            fields: serde_json::Map::new().into(),
            raw: raw.to_owned(),
            key: None,
        };
        let id = Id::from_u128(u128::from(received.unsigned_abs()));
        Event { id, time: at, received: at, source: Id::from_u128(1), system: Id::nil(), unit: Id::nil(), record }
    }

    #[test]
    fn a_record_sent_again_has_the_same_hash_whenever_it_comes() {
        assert_eq!(content_hash(&event("x", 1)), content_hash(&event("x", 2)));
        assert_ne!(content_hash(&event("x", 1)), content_hash(&event("y", 1)));
        let mut other = event("x", 1);
        other.source = Id::from_u128(2);
        assert_ne!(content_hash(&other), content_hash(&event("x", 1)));
    }
}
