//! Sigma rule files of any bytes: read without a panic, every fault with a place inside the file, and whatever
//! was read is matched against a record without a panic.
//!
//! Seeds: `crates/detect/testdata/errors`, and any folder of Sigma rules.

#![no_main]

use khien_base::{LogSource, Record, event::Hot};
use khien_detect::Ruleset;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let (set, faults) = Ruleset::load(std::iter::once(("fuzz.yml".to_owned(), text.to_owned())));
    // YAML takes a lone carriage return for a line break too.
    let lines = text.matches(['\n', '\r']).count() + 2;
    for fault in &faults {
        assert!(fault.code.starts_with("detect.") && !fault.what.is_empty() && !fault.mend.is_empty());
        assert!(fault.line >= 1 && fault.line <= lines && fault.column >= 1, "{fault}");
    }
    assert!(!set.rules().is_empty() || !faults.is_empty(), "a file says nothing");
    let fields = json!({
        "Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": "cmd /c –enc ZABlAGYA", "EventID": 4688,
        "Ip": "10.0.0.1", "At": "2026-11-22T10:00:00Z", "nested": {"list": [1, "two", null, {"deep": true}]}
    });
    for rule in set.rules() {
        let record = Record {
            time: None,
            log: LogSource { ..rule.logsource.clone() },
            hot: Hot::default(),
            fields: fields.as_object().cloned().unwrap_or_default().into(),
            raw: "<34>Nov 22 10:00:00 host sshd[1]: Failed password".to_owned(),
            key: None,
        };
        for found in set.matches(&record) {
            assert!(found.hits.len() <= khien_detect::limits::HITS);
        }
    }
});
