//! What correlations do with events.

mod bounds;
mod chains;
mod kinds;
mod oracle;
mod swap;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{load, record};
use crate::{Bounds, Correlated, Correlator, Engine, Ruleset, Scratch, Seen};

/// Rules `a`, `b` and `c`, which fire on events whose field R names them.
pub(super) fn rules() -> String {
    let rule = |name: &str| {
        format!(
            "---\ntitle: Rule {name}\nid: rule-{name}\nname: {name}\nlogsource:\n    product: test\ndetection:\n    sel:\n        R|contains: {name}\n    condition: sel\n"
        )
    };
    ["a", "b", "c"].map(rule).concat()
}

/// A correlation of this name whose section holds these lines.
pub(super) fn correlation(name: &str, section: &str) -> String {
    let section: String = section.lines().map(|line| format!("    {line}\n")).collect();
    format!("---\ntitle: Correlation {name}\nid: cor-{name}\nname: {name}\ncorrelation:\n{section}")
}

/// The seconds of the test as a time.
pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

/// A correlator with the way that events take to it.
pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) correlator: Correlator,
    pub(super) ids: u128,
}

pub(super) fn bench(text: &str) -> Bench {
    bench_within(text, Bounds::default())
}

pub(super) fn bench_within(text: &str, bounds: Bounds) -> Bench {
    let set = ruleset(text);
    Bench { engine: Engine::new(Arc::clone(&set)), correlator: Correlator::new(set, bounds), ids: 0 }
}

pub(super) fn ruleset(text: &str) -> Arc<Ruleset> {
    let (set, faults) = load(text);
    assert!(faults.is_empty(), "{}\n{text}", faults[0]);
    Arc::new(set)
}

impl Bench {
    /// An event with these fields happens, and comes at the same time. Its identity is how many came with it.
    pub(super) fn event(&mut self, seconds: i64, fields: &Value) -> Vec<Correlated> {
        self.event_of(7, seconds, seconds, fields)
    }

    pub(super) fn event_of(&mut self, unit: u128, time: i64, came: i64, fields: &Value) -> Vec<Correlated> {
        self.ids += 1;
        let record = record(fields);
        let fired = self.engine.fired(&record, &mut Scratch::default()).to_vec();
        self.correlator.see(Seen {
            record: &record,
            time: at(time),
            arrived: at(came),
            id: self.ids,
            partition: unit,
            fired: &fired,
        })
    }

    /// Events of one rule and group at these seconds; at which something was told, and what was measured.
    pub(super) fn told(&mut self, rule: &str, seconds: &[i64]) -> Vec<(i64, f64)> {
        let mut told = Vec::new();
        for second in seconds {
            for found in self.event(*second, &json!({"R": rule, "G": "x"})) {
                told.push((*second, found.value));
            }
        }
        told
    }

    pub(super) fn tick(&mut self, seconds: i64) -> Vec<Correlated> {
        self.correlator.tick(at(seconds))
    }
}

/// Bounds with an allowance for late events of so many seconds.
pub(super) fn late(seconds: i64) -> Bounds {
    Bounds { late: TimeDelta::seconds(seconds), ..Bounds::default() }
}
