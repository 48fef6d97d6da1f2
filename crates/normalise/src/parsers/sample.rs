//! Samples: real lines with what a parser must make of them.

use chrono::{DateTime, Utc};
use khien_base::{LogSource, Record};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A line and what is expected of it; what is not named is not looked at.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sample {
    /// One line; in formats with headers or with records of several lines, all of them.
    pub(crate) line: String,
    pub(crate) pattern: String,
    #[serde(default)]
    pub(crate) fields: Map<String, Value>,
    #[serde(default)]
    pub(crate) hot: Map<String, Value>,
    pub(crate) log: Option<LogSource>,
    pub(crate) time: Option<DateTime<Utc>>,
}

/// Something that came out otherwise than a sample says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `pattern`, `field <name>`, `column <name>`, `log`, `time`.
    pub what: String,
    /// What the sample says.
    pub wanted: String,
    /// What came out; empty where nothing did.
    pub got: String,
}

impl Sample {
    /// What of a record is otherwise.
    pub(crate) fn differences(&self, got: &Record) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut look = |what: String, wanted: &Value, got: Option<Value>| {
            let missing = got.is_none() && wanted.is_null();
            if !missing && got.as_ref() != Some(wanted) {
                let got = got.as_ref().map(shown).unwrap_or_default();
                found.push(Difference { what, wanted: shown(wanted), got });
            }
        };
        let by = got.fields.get("_parser").and_then(Value::as_str).unwrap_or_default();
        let pattern = by.rsplit_once('/').map_or("", |(_, pattern)| pattern);
        look("pattern".into(), &Value::from(self.pattern.as_str()), Some(Value::from(pattern)));
        for (name, wanted) in &self.fields {
            look(format!("field {name}"), wanted, got.fields.get(name).cloned());
        }
        let hot = serde_json::to_value(&got.hot).unwrap_or_default();
        for (name, wanted) in &self.hot {
            look(format!("column {name}"), wanted, hot.get(name).cloned());
        }
        if let Some(log) = &self.log {
            let value = |log: &LogSource| serde_json::to_value(log).unwrap_or_default();
            look("log".into(), &value(log), Some(value(&got.log)));
        }
        if let Some(time) = &self.time {
            look("time".into(), &Value::from(time.to_rfc3339()), got.time.map(|at| Value::from(at.to_rfc3339())));
        }
        found
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
