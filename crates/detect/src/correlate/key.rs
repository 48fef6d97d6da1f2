//! What an event is grouped by and what its fields are worth.

use std::hash::Hasher as _;
use std::sync::Arc;

use khien_base::Record;
use rustc_hash::FxHasher;

use super::amount::Amount;
use super::tally::Worth;
use super::{Kind, Plan};
use crate::subject;
use crate::text::fold_text;

/// Bytes of a value that are kept; what is longer is known by its beginning and a hash of it all.
const VALUE_BYTES: usize = 512;

/// What the events of a group have in common: partition and values without case.
pub(crate) type Key = Arc<(u128, Vec<String>)>;

/// What an event is read from: its record, where there is one, and the group of the correlation that it comes through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'r> {
    pub(crate) record: Option<&'r Record>,
    /// Names and values.
    pub(crate) inner: &'r [(String, String)],
}

impl Origin<'_> {
    /// The values of a field: of a list all, one after another. Empty texts and `-`, which Windows and web servers write
    /// for nothing, are none. Where the source has no such field, its columns for search are asked (`host`, `user`…).
    fn text(&self, field: &str) -> Option<String> {
        if let Some((_, value)) = self.inner.iter().find(|(name, _)| name == field) {
            return Some(value.clone());
        }
        let record = self.record?;
        let found = subject::find(&record.fields, field);
        let texts: Vec<&str> = found.leaves.iter().filter_map(|leaf| leaf.text()).filter(|t| says(t)).collect();
        match texts.as_slice() {
            [] => hot(record, field).filter(|text| says(text)).map(short),
            [one] => Some(short(one)),
            several => Some(short(&several.join(", "))),
        }
    }

    /// The values to group by, as they are written; `None` where one is missing.
    pub(crate) fn group(&self, fields: &[String]) -> Option<Vec<String>> {
        fields.iter().map(|field| self.text(field)).collect()
    }

    /// What it brings to what is counted; `None` where it has nothing to count.
    pub(crate) fn worth(&self, plan: &Plan, fields: &[String]) -> Option<Worth> {
        match plan.kind {
            Kind::EventCount | Kind::Temporal | Kind::TemporalOrdered => Some(Worth::Nothing),
            Kind::ValueCount => {
                let values = fields.iter().map(|field| self.text(field)).collect::<Option<Vec<_>>>()?;
                Some(Worth::Text(fold_text(&values.join("\u{1f}")).into()))
            }
            _ => {
                let text = self.text(fields.first()?)?;
                Amount::of_text(text.trim()).map(Worth::Number)
            }
        }
    }
}

/// The key of values in a partition.
pub(crate) fn key(partition: u128, values: &[String]) -> Key {
    Arc::new((partition, values.iter().map(|value| fold_text(value)).collect()))
}

fn says(text: &str) -> bool {
    !matches!(text.trim(), "" | "-")
}

fn short(text: &str) -> String {
    if text.len() <= VALUE_BYTES {
        return text.to_owned();
    }
    let mut hash = FxHasher::default();
    hash.write(fold_text(text).as_bytes());
    let beginning = text.get(..text.floor_char_boundary(VALUE_BYTES)).unwrap_or_default();
    format!("{beginning}…{:016x}", hash.finish())
}

fn hot<'r>(record: &'r Record, name: &str) -> Option<&'r str> {
    let hot = &record.hot;
    let column = match name {
        "host" => &hot.host,
        "user" => &hot.user,
        "src_ip" => &hot.src_ip,
        "dst_ip" => &hot.dst_ip,
        "process" => &hot.process,
        "file" => &hot.file,
        "domain" => &hot.domain,
        "event_code" => &hot.event_code,
        "channel" => &hot.channel,
        _ => return None,
    };
    column.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Record {
        let mut record = crate::tests::record(&json!({
            "User": "Lan", "None": "-", "Groups": ["a", "b"], "Bytes": "1500", "Deep": {"Ip": "10.0.0.1"},
        }));
        record.hot.host = Some("may01".to_owned());
        record
    }

    #[test]
    fn an_event_without_one_of_the_fields_is_in_no_group() {
        let record = record();
        let origin = Origin { record: Some(&record), inner: &[("alias".to_owned(), "x".to_owned())] };
        let group = |fields: &[&str]| origin.group(&fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>());
        assert_eq!(group(&["user", "Deep.Ip"]), Some(vec!["Lan".to_owned(), "10.0.0.1".to_owned()]));
        assert_eq!(group(&["Groups"]), Some(vec!["a, b".to_owned()]));
        assert_eq!(group(&["host"]), Some(vec!["may01".to_owned()]));
        assert_eq!(group(&["alias"]), Some(vec!["x".to_owned()]));
        assert_eq!(group(&["User", "None"]), None);
        assert_eq!(group(&["dst_ip"]), None);
        assert_eq!(group(&[]), Some(Vec::new()));
        assert_eq!(key(1, &["LAN".to_owned()]), key(1, &["lan".to_owned()]));
        assert_ne!(key(1, &["lan".to_owned()]), key(2, &["lan".to_owned()]));
    }

    #[test]
    fn long_values_stay_different_and_are_cut() {
        let long = |end: &str| short(&format!("{}{end}", "ơ".repeat(5000)));
        assert_ne!(long("a"), long("b"));
        assert_eq!(long("a"), long("a"));
        assert!(long("a").len() < VALUE_BYTES + 30);
    }
}
