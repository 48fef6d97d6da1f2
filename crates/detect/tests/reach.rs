//! How many of the log sources that public rules name are reached: records that the samples in `content/` become are
//! matched against the log sources of the rules. What is not reached stands in `testdata/golden/unreached.yaml`, each
//! with the reason; the test fails when the two differ.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use khien_base::{LogSource, Record};
use khien_detect::{Ruleset, logsource};
use khien_normalise::{Format, decode_line};
use serde_json::{Map, Value};

#[path = "../../normalise/tests/public/mod.rs"]
mod public;

use public::{corpus, files};

fn content(part: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content").join(part);
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let value = serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, value)
    };
    files(&folder, "yaml").iter().map(read).collect()
}

fn record(line: &str) -> Record {
    let received = chrono::DateTime::from_timestamp(1_781_200_000, 0).unwrap();
    decode_line(line.as_bytes(), Format::Auto, received, 1).unwrap()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// An event of each kind that the table of Windows channels knows, and of each channel.
fn windows(table: &Value) -> Vec<Record> {
    let channels = |service: &str| -> Vec<String> {
        let named = list(&table["services"], service);
        named.map(|channel| channel.as_str().unwrap().to_owned()).collect()
    };
    let event = |channel: &str, id: &Value, when: Option<&Value>| {
        let mut event = Map::from_iter([("Channel".to_owned(), channel.into()), ("EventID".to_owned(), id.clone())]);
        for (name, values) in when.and_then(Value::as_object).into_iter().flatten() {
            event.insert(name.clone(), values[0].clone());
        }
        record(&Value::Object(event).to_string())
    };
    let mut made = Vec::new();
    for service in table["services"].as_object().unwrap().keys() {
        made.extend(channels(service).iter().map(|channel| event(channel, &Value::from(0), None)));
    }
    for entry in list(table, "events") {
        let named = entry.get("service").and_then(Value::as_str).map(channels).unwrap_or_default();
        for channel in named.iter().map(String::as_str).chain(entry.get("channel").and_then(Value::as_str)) {
            made.extend(list(entry, "ids").map(|id| event(channel, id, entry.get("when"))));
        }
    }
    made
}

/// Every log source that a record of the samples is of.
fn reached() -> BTreeSet<String> {
    let mut records = Vec::new();
    for (name, parsers) in content("parsers") {
        if name == "windows.yaml" {
            records.extend(windows(&parsers));
            continue;
        }
        for parser in parsers.as_array().unwrap() {
            records.extend(list(parser, "samples").map(|sample| record(sample["line"].as_str().unwrap())));
            // A program of which no sentence is known is still a log source.
            let program = list(parser, "programs").next().and_then(Value::as_str);
            records.extend(program.map(|program| record(&format!("<13>Jun 10 08:00:00 may1 {program}: what else"))));
        }
    }
    for (_, entries) in content("logsources") {
        for entry in entries.as_array().unwrap() {
            records.extend(list(entry, "samples").map(|sample| record(&sample["event"].to_string())));
        }
    }
    records.extend(["dns", "http", "alert", "drop"].map(|kind| {
        let event = serde_json::json!({"timestamp": "2026-06-10T08:00:00+0700", "flow_id": 1, "event_type": kind,
            "src_ip": "10.0.0.9", "dest_ip": "198.51.100.9"});
        record(&event.to_string())
    }));
    records.iter().map(|record| serde_json::to_string(&record.log).unwrap()).collect()
}

fn named(log: &LogSource) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "-".to_owned());
    format!("{}/{}/{}", part(&log.product), part(&log.service), part(&log.category))
}

#[test]
fn the_log_sources_of_public_rules_are_reached_but_for_those_of_the_list() {
    let Some(root) = corpus("sigma") else { return };
    let folders = ["rules", "rules-emerging-threats", "rules-threat-hunting"];
    let paths: Vec<_> = folders.iter().flat_map(|folder| files(&root.join(folder), "yml")).collect();
    let read = paths.iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap()));
    let (set, _) = Ruleset::load(read);
    let reached: Vec<LogSource> = reached().iter().map(|log| serde_json::from_str(log).unwrap()).collect();
    let mut sources: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for rule in set.rules() {
        let source = sources
            .entry(named(&rule.logsource))
            .or_insert_with(|| (0, reached.iter().any(|record| logsource::covers(&rule.logsource, record))));
        source.0 += 1;
    }
    let missing: BTreeMap<&str, usize> =
        sources.iter().filter(|(_, (_, reached))| !reached).map(|(name, (rules, _))| (name.as_str(), *rules)).collect();
    let (rules, without) = (set.rules().len(), missing.values().sum::<usize>());
    println!(
        "{} of {} log sources reached, {} of {rules} rules",
        sources.len() - missing.len(),
        sources.len(),
        rules - without
    );
    let listed: BTreeMap<String, String> =
        serde_yaml_ng::from_str(include_str!("../testdata/golden/unreached.yaml")).unwrap();
    let found: Vec<&str> = missing.keys().copied().collect();
    let expected: Vec<&str> = listed.keys().map(String::as_str).collect();
    assert_eq!(found, expected, "the list of log sources that nothing reaches");
    assert!(listed.values().all(|why| why.len() > 20), "each with the reason");
}
