//! How findings become alerts, decided without a database: weights, fingerprints, windows, how much is kept.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use khien_base::{Event, Fault, Result};
use khien_detect::Level;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::model::{self, Model};
use crate::finding::{Finding, Together};

/// Events that lie further apart than this make two alerts.
pub const GAP: TimeDelta = TimeDelta::hours(1);
/// An alert never spans more than this.
pub const SPAN: TimeDelta = TimeDelta::hours(24);
/// Events that an alert keeps each day; the rest is counted.
pub const KEPT_A_DAY: i32 = 200;
/// Bytes of JSON that are kept of one event.
pub const RECORD_BYTES: usize = 64 * 1024;
/// Bytes of one value of a hit.
const HIT_BYTES: usize = 2 * 1024;
/// How long the fingerprints of events that were only counted are remembered.
pub const REMEMBERED: TimeDelta = TimeDelta::days(35);

/// The levels, mildest first; the weight is the place from 1.
pub const LEVELS: [(&str, Level); 5] = [
    ("informational", Level::Informational),
    ("low", Level::Low),
    ("medium", Level::Medium),
    ("high", Level::High),
    ("critical", Level::Critical),
];

/// The stored weight of a level: 1 informational to 5 critical.
pub fn weight(level: Level) -> i32 {
    LEVELS.iter().zip(1..).find(|((_, known), _)| *known == level).map_or(1, |(_, weight)| weight)
}

/// The level of a stored weight.
pub fn level(weight: i32) -> Level {
    let place = usize::try_from(weight - 1).unwrap_or(0);
    LEVELS.get(place).map_or(Level::Informational, |(_, level)| *level)
}

/// The name of a stored weight.
pub fn level_name(weight: i32) -> &'static str {
    let place = usize::try_from(weight - 1).unwrap_or(0);
    LEVELS.get(place).map_or("informational", |(name, _)| name)
}

/// The stored weight of a name.
pub fn weight_of(name: &str) -> Option<i32> {
    LEVELS.iter().zip(1..).find(|((known, _), _)| *known == name).map(|(_, weight)| weight)
}

/// What an event that is sent again has in common with itself: rule, log source, the source's own time, the text.
/// The time of receiving has no part in it, since a client that heard no answer sends later.
pub fn fingerprint(finding: &Finding) -> String {
    let mut hash = Sha256::new();
    hash.update(finding.rule_id.as_bytes());
    hash.update([0]);
    hash.update(finding.content_hash().as_bytes());
    if let Some(time) = finding.event.record.time {
        hash.update(time.timestamp_micros().to_be_bytes());
    }
    if let Some(together) = &finding.together {
        hash.update(together.group_line().as_bytes());
    }
    hex::encode(hash.finalize())
}

/// The host that an event is grouped by.
pub fn host(event: &Event) -> String {
    event.record.hot.host.clone().unwrap_or_default().trim().chars().take(250).collect()
}

/// The host that a finding is grouped by: that of its event, where a correlation is not about more than this host.
pub fn host_of(finding: &Finding) -> String {
    let host = host(&finding.event);
    match &finding.together {
        Some(together) if !together.group.iter().any(|(_, value)| value.eq_ignore_ascii_case(&host)) => String::new(),
        _ => host,
    }
}

/// What the events of a correlation have in common; empty for other rules.
pub fn group_of(finding: &Finding) -> String {
    finding.together.as_ref().map(Together::group_line).unwrap_or_default()
}

/// What an alert says of the events of a correlation; `before` is what it said until now.
pub fn detail(finding: &Finding, before: &Value) -> Option<Value> {
    let together = finding.together.as_ref()?;
    let first = before.get("from").and_then(Value::as_str).and_then(|at| at.parse::<DateTime<Utc>>().ok());
    Some(json!({
        "group": together.group_line(),
        "measured": together.value,
        "from": first.map_or(together.from, |first| first.min(together.from)),
        "until": together.until,
        "event_ids": together.events,
    }))
}

/// How many events a finding stands for.
pub fn events_of(finding: &Finding) -> i64 {
    finding.together.as_ref().map_or(1, |together| i64::try_from(together.count).unwrap_or(i64::MAX).max(1))
}

/// Whether an event at this time belongs to an alert of the same rule, system and host. A closed alert takes nothing
/// more: what comes after is to be looked at anew.
pub fn takes(group: &Model, at: DateTime<Utc>) -> bool {
    let (first, last) = (group.first_at.min(at), group.last_at.max(at));
    group.state != model::CLOSED && at >= group.first_at - GAP && at <= group.last_at + GAP && last - first <= SPAN
}

/// Whether an alert keeps one more event today; `None` when it only counts it, else how many it keeps then.
pub fn room(group: &Model, today: NaiveDate) -> Option<i32> {
    let kept = if group.kept_day == today { group.kept } else { 0 };
    (kept < KEPT_A_DAY).then_some(kept + 1)
}

/// A reason as a form gives it.
pub fn reason(given: &str) -> Result<&'static str> {
    model::REASONS
        .into_iter()
        .find(|reason| *reason == given)
        .ok_or_else(|| Fault::invalid("alerts.reason").on("reason").with("given", given))
}

/// The event as an alert keeps it. One that is too large loses the ends of its longest texts first, then whole fields,
/// and says so in the field `_cut`.
pub fn capped(event: &Event) -> Value {
    let whole = serde_json::to_value(event).unwrap_or(Value::Null);
    if size(&whole) <= RECORD_BYTES {
        return whole;
    }
    let mut value = whole;
    for longest in [8 * 1024, 1024, 128] {
        shorten(&mut value, longest);
        if size(&value) <= RECORD_BYTES - 64 {
            mark_cut(&mut value);
            return value;
        }
    }
    let mut left = RECORD_BYTES / 2;
    if let Some(Value::Object(fields)) = value.get_mut("fields") {
        let kept: Map<String, Value> = std::mem::take(fields)
            .into_iter()
            .filter(|(name, field)| match left.checked_sub(name.len() + size(field) + 4) {
                Some(rest) => {
                    left = rest;
                    true
                }
                None => false,
            })
            .collect();
        *fields = kept;
    }
    mark_cut(&mut value);
    value
}

/// What made the rule fire, each value cut.
pub fn capped_hits(finding: &Finding) -> Value {
    let mut hits = json!(finding.hits());
    shorten(&mut hits, HIT_BYTES);
    let mut left = RECORD_BYTES;
    if let Value::Array(list) = &mut hits {
        list.retain(|hit| match left.checked_sub(size(hit)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        });
    }
    hits
}

fn size(value: &Value) -> usize {
    value.to_string().len()
}

fn mark_cut(value: &mut Value) {
    if let Some(Value::Object(fields)) = value.get_mut("fields") {
        fields.insert("_cut".into(), Value::Bool(true));
    }
}

/// The longest prefix of at most `bytes` bytes that ends between two characters.
pub fn prefix(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn shorten(value: &mut Value, bytes: usize) {
    match value {
        Value::String(text) if text.len() > bytes => *text = format!("{}…", prefix(text, bytes)),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, bytes)),
        Value::Object(map) => map.values_mut().for_each(|item| shorten(item, bytes)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::tests::{at, change, event, finding, group};

    #[test]
    fn levels_keep_their_order() {
        assert!(weight(Level::Critical) > weight(Level::High));
        for (name, level) in LEVELS {
            assert_eq!(weight_of(name), Some(weight(level)));
            assert_eq!(level_name(weight(level)), name);
        }
        assert_eq!(weight_of("severe"), None);
        assert_eq!(level_name(99), "informational");
    }

    #[test]
    fn an_event_sent_again_is_the_same_and_another_rule_or_time_is_not() {
        let first = finding("r1", event("srv", 0, "x"));
        let mut again = first.clone();
        change(&mut again, |event| {
            event.received += TimeDelta::minutes(5);
            event.id = khien_base::Id::from_u128(99);
        });
        assert_eq!(fingerprint(&first), fingerprint(&again));
        assert_ne!(fingerprint(&first), fingerprint(&finding("r2", event("srv", 0, "x"))));
        assert_ne!(fingerprint(&first), fingerprint(&finding("r1", event("srv", 1, "x"))));
    }

    #[test]
    fn an_alert_takes_what_comes_within_an_hour_and_spans_a_day_at_most() {
        let open = group(at(0), at(60));
        assert!(takes(&open, at(119)) && takes(&open, at(-60)) && takes(&open, at(30)));
        assert!(!takes(&open, at(121)) && !takes(&open, at(-61)));
        let long = group(at(0), at(24 * 60 - 10));
        assert!(takes(&long, at(24 * 60)) && !takes(&long, at(24 * 60 + 1)));
        let closed = Model { state: model::CLOSED.into(), ..open };
        assert!(!takes(&closed, at(61)));
    }

    #[test]
    fn two_hundred_events_are_kept_each_day() {
        let today = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap();
        let mut full = group(at(0), at(60));
        (full.kept, full.kept_day) = (KEPT_A_DAY - 1, today);
        assert_eq!(room(&full, today), Some(KEPT_A_DAY));
        full.kept = KEPT_A_DAY;
        assert_eq!(room(&full, today), None);
        assert_eq!(room(&full, today.succ_opt().unwrap()), Some(1));
    }

    #[test]
    fn a_huge_event_is_cut_and_says_so() {
        let mut huge = event("srv", 0, &"ơ".repeat(200_000));
        assert!(capped(&huge)["fields"].get("_cut").is_some());
        assert!(size(&capped(&huge)) <= RECORD_BYTES);
        for n in 0..3000 {
            huge.record.fields.insert(format!("field{n}"), Value::from("v".repeat(200)));
        }
        let cut = capped(&huge);
        assert!(size(&cut) <= RECORD_BYTES, "{}", size(&cut));
        assert_eq!(cut["fields"]["_cut"], true);
        assert_eq!(capped(&event("srv", 0, "short"))["raw"], "short");
    }
}
