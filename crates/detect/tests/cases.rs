//! Detections of our own and what they fire on by the specification (`proof/pysigma/cases.yaml`), asked of the plain
//! matcher and of the engine. `proof/pysigma/cases.py` asks the same of pySigma's SQLite backend.

use std::sync::Arc;

use khien_base::{LogSource, Record, event::Hot};
use khien_detect::{Engine, Ruleset, Scratch};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The part of the specification.
    by: String,
    detection: String,
    fires: Vec<Map<String, Value>>,
    silent: Vec<Map<String, Value>>,
    /// What the backend says instead; read by the program there.
    sqlite: Option<Map<String, Value>>,
}

fn load(case: &Case) -> Arc<Ruleset> {
    let detection: String = case.detection.lines().map(|line| format!("    {line}\n")).collect();
    let text = format!("title: A rule\nid: a\nlogsource:\n    product: test\ndetection:\n{detection}");
    let (set, faults) = Ruleset::load(std::iter::once((case.name.clone(), text)));
    assert!(faults.is_empty(), "{}: {faults:?}", case.name);
    Arc::new(set)
}

#[test]
fn own_detections_fire_on_what_the_specification_says() {
    let text = include_str!("../../../proof/pysigma/cases.yaml");
    let cases: Vec<Case> = serde_yaml_ng::from_str(text).unwrap();
    assert!(cases.len() >= 80);
    let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "names are twice there");
    for case in &cases {
        assert!(!case.by.is_empty() && !case.fires.is_empty() && !case.silent.is_empty(), "{}", case.name);
        assert!(case.sqlite.as_ref().is_none_or(|said| said.contains_key("why") && said.contains_key("right")));
        let set = load(case);
        let (engine, mut scratch) = (Engine::new(Arc::clone(&set)), Scratch::default());
        let all = case.fires.iter().map(|fields| (fields, true)).chain(case.silent.iter().map(|f| (f, false)));
        for (fields, expected) in all {
            let log = LogSource { product: Some("test".to_owned()), ..LogSource::default() };
            let raw = Value::Object(fields.clone()).to_string();
            let record = Record { time: None, log, hot: Hot::default(), fields: fields.clone().into(), raw, key: None };
            let fast = engine.fired(&record, &mut scratch).len() == 1;
            assert_eq!(set.matches(&record).len() == 1, expected, "{}: plainly: {}", case.name, record.raw);
            assert_eq!(fast, expected, "{}: fast: {}", case.name, record.raw);
        }
    }
}
