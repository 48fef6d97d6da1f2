//! What a pattern makes of a line: fields, log source, columns, time.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use super::audit;
use super::index::Hit;
use super::shape::{Columns, Derived, Pairs, Parsed, Part, Pattern};
use crate::pairs::pairs;
use crate::{hot, logsources, stamp, taxonomy};

/// Fields that patterns ask for.
pub(crate) trait Fields {
    /// The value of a field as text; `None` when it is not there.
    fn said(&self, name: &str) -> Option<Cow<'_, str>>;
}

impl Fields for Map<String, Value> {
    fn said(&self, name: &str) -> Option<Cow<'_, str>> {
        match logsources::at(self, name)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Null => None,
            other => Some(Cow::Owned(other.to_string())),
        }
    }
}

/// Whether a text is what a pattern in lower case says, which may have a `*` at its start and its end; in any case.
pub(crate) fn fits(pattern: &str, said: &str) -> bool {
    if !pattern.contains('*') && pattern.is_ascii() {
        return pattern.eq_ignore_ascii_case(said);
    }
    logsources::fits(pattern, &said.to_lowercase())
}

impl<'p> Hit<'p, '_> {
    /// Adds to `fields` what the pattern knows.
    pub(crate) fn apply(&self, fields: &mut Map<String, Value>) -> Parsed<'p> {
        let Self { parser, pattern, captures } = self;
        let mut parsed =
            Parsed { log: parser.log.clone(), by: Some((&parser.name, &pattern.name)), ..Parsed::default() };
        if pattern.category.is_some() {
            parsed.log.category.clone_from(&pattern.category);
        }
        if let (Some(expression), Some(captures)) = (&pattern.regex, captures) {
            for (place, field) in &expression.groups {
                let Some(value) = captures.get(*place).map(|group| group.as_str()) else { continue };
                match (field.as_str(), pattern.pairs) {
                    ("time", _) => parsed.time = pattern.time(value),
                    ("pairs", Some(Pairs::Plain)) => plain(value, fields),
                    ("pairs", Some(Pairs::Audit)) => audit::pairs_of(value, fields),
                    _ => {
                        fields.insert(field.clone(), Value::from(value));
                    }
                }
            }
        }
        for (name, value) in &pattern.set {
            fields.insert(name.clone(), value.clone());
        }
        for name in &pattern.numbers {
            if let Some(number) = fields.get(name).and_then(taxonomy::decimal) {
                fields.insert(name.clone(), Value::from(number));
            }
        }
        for derived in &pattern.derive {
            derived.apply(fields);
        }
        parsed.time = parsed.time.or_else(|| pattern.time_from.iter().find_map(|from| pattern.time_in(fields, from)));
        pattern.hot.fill(&mut parsed, fields);
        parsed
    }
}

impl Pattern {
    /// A time as this kind of line writes it.
    fn time(&self, text: &str) -> Option<DateTime<Utc>> {
        for form in &self.time_form {
            if let Ok(at) = DateTime::parse_from_str(text, form) {
                return Some(at.with_timezone(&Utc));
            }
            if let Ok(at) = NaiveDateTime::parse_from_str(text, form) {
                return if self.utc { Some(at.and_utc()) } else { stamp::in_vietnam(at) };
            }
        }
        if self.utc { stamp::of_utc(&Value::from(text)) } else { stamp::of_text(text) }
    }

    fn time_in(&self, fields: &Map<String, Value>, from: &str) -> Option<DateTime<Utc>> {
        if !from.contains(' ') {
            return self.time(&fields.said(from)?);
        }
        let mut whole = String::new();
        for name in from.split(' ') {
            if !whole.is_empty() {
                whole.push(' ');
            }
            whole.push_str(&fields.said(name)?);
        }
        self.time(&whole)
    }
}

impl Columns {
    fn fill(&self, parsed: &mut Parsed<'_>, fields: &Map<String, Value>) {
        parsed.hot.class_uid = self.class;
        parsed.hot.severity_id = self.severity;
        if let Some(by) = &self.severity_from
            && let Some(said) = by.from.iter().find_map(|name| fields.said(name))
            && let Some(severity) = by.values.get(said.as_ref()).or_else(|| by.values.get(&said.to_lowercase()))
        {
            parsed.hot.severity_id = *severity;
        }
        for (column, from) in &self.columns {
            hot::fill_first(&mut parsed.hot, column, fields, from);
        }
    }
}

impl Derived {
    fn apply(&self, fields: &mut Map<String, Value>) {
        if fields.contains_key(&self.to) {
            return;
        }
        let Some(from) = self.from.iter().find_map(|name| logsources::at(fields, name)) else { return };
        if self.part.is_none() && self.values.is_empty() {
            let value = from.clone();
            fields.insert(self.to.clone(), value);
            return;
        }
        let said = taxonomy::text(from);
        let part = match self.part {
            None => Some(said.as_str()),
            Some(Part::Query) => logsources::query(&said),
            Some(Part::Extension) => logsources::extension(&said),
            Some(Part::Host) => logsources::host(&said),
        };
        let value = match part {
            Some(part) if self.values.is_empty() => Some(part.to_owned()),
            Some(part) => self.values.get(part).cloned(),
            None => None,
        };
        if let Some(value) = value {
            fields.insert(self.to.clone(), Value::from(value));
        }
    }
}

/// Adds the pairs of a text.
pub(super) fn plain(text: &str, fields: &mut Map<String, Value>) {
    for pair in pairs(text) {
        if !pair.value.is_empty() {
            fields.insert(pair.key.to_owned(), Value::from(pair.value));
        }
    }
}
