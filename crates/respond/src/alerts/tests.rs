//! Alerts as detection makes them and as people see them.

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::event::Hot;
use khien_base::{Event, Id, LogSource, Record};
use khien_detect::{Hit, Level};
use serde_json::json;

use super::model::Model;
use crate::finding::{Finding, Hits};

/// Minutes after the beginning of the tests.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    khien_directory::testing::beginning() + TimeDelta::minutes(minutes)
}

/// An event on a host.
pub(crate) fn event(host: &str, minutes: i64, raw: &str) -> Event {
    let record = Record {
        time: Some(at(minutes)),
        log: LogSource { product: Some("linux".into()), service: Some("auth".into()), category: None },
        hot: Hot { host: Some(host.to_owned()), ..Hot::default() },
        fields: json!({"program": "useradd", "message": raw}).as_object().unwrap().clone().into(),
        raw: raw.to_owned(),
        key: None,
    };
    Event {
        id: Id::from_u128(u128::try_from(minutes + 100_000).unwrap()),
        time: at(minutes),
        received: at(minutes),
        source: Id::from_u128(1),
        system: Id::from_u128(2),
        unit: Id::from_u128(3),
        record,
    }
}

/// A rule fired on an event.
pub(crate) fn finding(rule: &str, event: Event) -> Finding {
    let hit = Hit {
        selection: "selection".into(),
        field: "message".into(),
        value: event.record.raw.clone(),
        pattern: "new user:".into(),
    };
    Finding {
        rule_id: rule.to_owned(),
        rule_title: format!("Rule {rule}"),
        level: Level::High,
        techniques: vec!["T1136.001".into()],
        event: event.into(),
        hits: Hits::Known(vec![hit]),
        together: None,
    }
}

/// Changes the event of a finding.
pub(crate) fn change(found: &mut Finding, change: impl FnOnce(&mut Event)) {
    let mut event = Event::clone(&found.event);
    change(&mut event);
    found.event = event.into();
}

/// An open alert from one time to another.
pub(crate) fn group(first: DateTime<Utc>, last: DateTime<Utc>) -> Model {
    Model {
        id: Id::from_u128(9),
        kind: super::model::SIGMA.into(),
        rule: "r1".into(),
        title: "Rule r1".into(),
        search_key: "rule r1".into(),
        level: 4,
        techniques: json!([]),
        unit: Id::from_u128(3),
        system: Some(Id::from_u128(2)),
        host: "srv".into(),
        state: super::model::NEW.into(),
        reason: None,
        note: String::new(),
        incident: None,
        hits: 1,
        kept: 1,
        kept_day: khien_base::clock::day_in_vietnam(last),
        first_at: first,
        last_at: last,
        hour: 0,
        detail: json!({}),
        created_at: first,
        updated_at: last,
        closed_at: None,
    }
}

mod pages;
mod recording;
