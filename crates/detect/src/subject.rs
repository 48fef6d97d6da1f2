//! A record as the matcher sees it: each field that rules ask for looked up once.
//!
//! A field is found by its exact name, else by the same name in other case. A name with dots is first a name
//! (`aws.region`), then a path into nested values; a list on the way stands for any of its elements.

use std::borrow::Cow;
use std::cell::OnceCell;

use khien_base::Record;
use serde_json::{Map, Value};

use crate::item::FieldNames;
use crate::text::fold_text;

/// One value that is neither list nor map.
#[derive(Debug)]
pub(crate) struct Leaf<'r> {
    /// Its name, where it was found by a search of the whole record; empty otherwise.
    pub(crate) path: String,
    pub(crate) value: &'r Value,
    text: Option<Cow<'r, str>>,
    folded: OnceCell<String>,
}

impl<'r> Leaf<'r> {
    pub(crate) fn new(path: String, value: &'r Value) -> Self {
        let text = match value {
            Value::String(text) => Some(Cow::Borrowed(text.as_str())),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        };
        Self { path, value, text, folded: OnceCell::new() }
    }

    /// The value as text; `None` for null.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// The text without case.
    pub(crate) fn folded(&self) -> Option<&str> {
        let text = self.text()?;
        Some(self.folded.get_or_init(|| fold_text(text)))
    }
}

/// What a field name leads to.
#[derive(Debug, Default)]
pub(crate) struct Found<'r> {
    /// Whether the field is there, whatever it holds.
    pub(crate) present: bool,
    pub(crate) leaves: Vec<Leaf<'r>>,
}

/// A record with what was already looked up in it.
pub(crate) struct Subject<'r> {
    record: &'r Record,
    names: &'r FieldNames,
    found: Vec<OnceCell<Found<'r>>>,
    everything: OnceCell<Vec<Leaf<'r>>>,
    line: OnceCell<String>,
}

impl<'r> Subject<'r> {
    pub(crate) fn new(record: &'r Record, names: &'r FieldNames) -> Self {
        let found = std::iter::repeat_with(OnceCell::new).take(names.len()).collect();
        Self { record, names, found, everything: OnceCell::new(), line: OnceCell::new() }
    }

    /// What the field at this position of the names holds.
    pub(crate) fn field(&self, position: usize) -> Option<&Found<'r>> {
        let cell = self.found.get(position)?;
        Some(cell.get_or_init(|| find(&self.record.fields, self.names.name(position))))
    }

    pub(crate) fn name(&self, position: usize) -> &'r str {
        self.names.name(position)
    }

    /// Every value of the record.
    pub(crate) fn everything(&self) -> &[Leaf<'r>] {
        self.everything.get_or_init(|| {
            let mut leaves = Vec::new();
            self.record.fields.iter().for_each(|(name, value)| collect(name, value, &mut leaves));
            leaves
        })
    }

    /// The log line as it came, and folded.
    pub(crate) fn line(&self) -> Option<(&'r str, &str)> {
        let raw = line(self.record)?;
        Some((raw, self.line.get_or_init(|| fold_text(raw))))
    }
}

/// The log line as it came, where it is text that people write: keywords may span its fields. Renderings of
/// structured records (JSON, XML) are left out, since their punctuation and names are nobody's words.
pub(crate) fn line(record: &Record) -> Option<&str> {
    let raw = record.raw.as_str();
    let rendered = raw.trim_start().starts_with(['{', '[', '<']) && !syslog(raw);
    (!raw.is_empty() && !rendered).then_some(raw)
}

/// What a field name leads to in these fields.
pub(crate) fn find<'r>(fields: &'r Map<String, Value>, name: &str) -> Found<'r> {
    let mut found = Found::default();
    in_map(fields, name, &mut found);
    found
}

/// Whether a line begins with a syslog priority, `<34>` (RFC 5424 §6.2.1).
fn syslog(raw: &str) -> bool {
    let number = raw.trim_start().strip_prefix('<').and_then(|rest| rest.split_once('>')).map(|(number, _)| number);
    number.is_some_and(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

fn in_map<'r>(map: &'r Map<String, Value>, path: &str, found: &mut Found<'r>) {
    if let Some(value) = entry(map, path) {
        ending(value, found);
        return;
    }
    for (at, _) in path.match_indices('.') {
        let (head, tail) = (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default());
        if let Some(value) = entry(map, head) {
            along(value, tail, found);
            if found.present {
                return;
            }
        }
    }
}

fn entry<'r>(map: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    map.get(name).or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn along<'r>(value: &'r Value, path: &str, found: &mut Found<'r>) {
    match value {
        Value::Object(map) => in_map(map, path, found),
        Value::Array(items) => items.iter().for_each(|item| along(item, path, found)),
        _ => {}
    }
}

fn ending<'r>(value: &'r Value, found: &mut Found<'r>) {
    found.present = true;
    match value {
        Value::Array(items) => items.iter().for_each(|item| ending(item, found)),
        Value::Object(_) => {}
        _ => found.leaves.push(Leaf::new(String::new(), value)),
    }
}

fn collect<'r>(path: &str, value: &'r Value, leaves: &mut Vec<Leaf<'r>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, leaves)),
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(&format!("{path}.{key}"), value, leaves)),
        Value::Null => {}
        _ => leaves.push(Leaf::new(path.to_owned(), value)),
    }
}
