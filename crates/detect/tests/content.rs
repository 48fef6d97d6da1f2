//! Our own correlations do what their samples say.
//!
//! A sample of a correlation is a sequence: events at seconds (`at`), repeated `times` `every` so many seconds, `{n}` in
//! their texts being the number of the repetition; `after` so many seconds in all it is seen what did not come.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use khien_base::event::Hot;
use khien_base::{LogSource, Record};
use khien_detect::{Bounds, Correlator, Engine, Ruleset, Scratch, Seen};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Samples {
    r#match: Vec<Sequence>,
    not_match: Vec<Sequence>,
}

#[derive(Deserialize)]
struct Sequence {
    /// What happens, for who reads the file.
    says: String,
    events: Vec<Happening>,
    #[serde(default)]
    after: i64,
}

#[derive(Deserialize)]
struct Happening {
    at: i64,
    #[serde(default = "once")]
    times: i64,
    #[serde(default)]
    every: i64,
    log: LogSource,
    fields: Map<String, Value>,
}

fn once() -> i64 {
    1
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/rules")
}

fn own() -> Arc<Ruleset> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|kind| kind == "yml"));
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let sources: Vec<_> = files.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect();
    let (set, faults) = Ruleset::load(sources.into_iter());
    assert!(faults.is_empty(), "{}", faults[0]);
    Arc::new(set)
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

/// Every event of a sequence, in the order of time.
fn played(sequence: &Sequence) -> Vec<(i64, Record)> {
    let mut events = Vec::new();
    for happening in &sequence.events {
        for n in 0..happening.times {
            let mut fields = happening.fields.clone();
            for value in fields.values_mut() {
                if let Value::String(text) = value {
                    *text = text.replace("{n}", &n.to_string());
                }
            }
            let raw = Value::Object(fields.clone()).to_string();
            let record = Record {
                time: None,
                log: happening.log.clone(),
                hot: Hot::default(),
                fields: fields.into(),
                raw,
                key: None,
            };
            events.push((happening.at + n * happening.every, record));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events
}

/// Identities of the correlations that a sequence makes match, and how many results it gives.
fn found(set: &Arc<Ruleset>, engine: &Engine, sequence: &Sequence) -> Vec<String> {
    let mut correlator = Correlator::new(Arc::clone(set), Bounds::default());
    let (mut scratch, mut found, mut now) = (Scratch::default(), Vec::new(), 0);
    for (id, (at, record)) in (1..).zip(played(sequence)) {
        // Once a minute, as the centre does.
        while now + 60 <= at {
            now += 60;
            found.extend(correlator.tick(time(now)));
        }
        let fired = engine.fired(&record, &mut scratch).to_vec();
        let seen =
            Seen { record: &record, time: time(at), arrived: time(at), id, partition: 1, fired: fired.as_slice() };
        found.extend(correlator.see(seen));
    }
    while now < sequence.after {
        now += 60;
        found.extend(correlator.tick(time(now)));
    }
    found.iter().map(|one| set.correlations()[one.correlation].rule.id.clone()).collect()
}

#[test]
fn every_correlation_that_is_shipped_matches_its_sequences_and_no_near_miss() {
    let set = own();
    let engine = Engine::new(Arc::clone(&set));
    assert!(set.correlations().len() >= 15);
    for correlation in set.correlations() {
        let name = &correlation.rule.source_name;
        let file = folder().join(name.replace(".yml", ".samples.yaml"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let samples: Samples = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!samples.r#match.is_empty() && !samples.not_match.is_empty(), "{name}");
        let count = |sequence: &Sequence| {
            found(&set, &engine, sequence).iter().filter(|id| **id == correlation.rule.id).count()
        };
        for sequence in &samples.r#match {
            assert_eq!(count(sequence), 1, "{name} is told once: {}", sequence.says);
        }
        for sequence in &samples.not_match {
            assert_eq!(count(sequence), 0, "{name}: {}", sequence.says);
        }
        assert!(!correlation.quiet, "{name}: what refers to it has to say generate");
    }
}

#[test]
fn building_blocks_alert_nobody_and_all_others_do() {
    let set = own();
    let blocks: HashSet<&str> = set
        .rules()
        .iter()
        .filter(|rule| rule.description.contains("alerts nobody by itself"))
        .map(|rule| rule.id.as_str())
        .collect();
    assert!(blocks.len() >= 10);
    for (rule, place) in set.rules().iter().zip(0..) {
        assert_eq!(set.is_quiet(place), blocks.contains(rule.id.as_str()), "{}", rule.source_name);
    }
}
