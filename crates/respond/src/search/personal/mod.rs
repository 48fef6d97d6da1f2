//! Personal data in events, and its mask.
//!
//! Which columns and fields are personal stands in `content/personal.yaml`. Their values are masked where they stand and
//! wherever else in the event they come again; so are e-mail addresses, telephone numbers, citizens' numbers and the names
//! of home folders in any text. What is left is enough to tell two people apart in a list: `l•••`, `SO\l•••`.

mod texts;

use std::collections::HashSet;
use std::sync::LazyLock;

use khien_base::Event;
use khien_base::filter::Name;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What stands for the rest of a masked value.
pub const MASK: &str = "•••";

static SHIPPED: LazyLock<Personal> =
    LazyLock::new(|| Personal::read(include_str!("../../../../../content/personal.yaml")).unwrap_or_default());

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    columns: Vec<String>,
    fields: Vec<String>,
    not_personal: NotPersonal,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotPersonal {
    accounts: Vec<String>,
    beginnings: Vec<String>,
    endings: Vec<String>,
}

/// What is personal.
#[derive(Debug, Default)]
pub struct Personal {
    columns: HashSet<String>,
    fields: HashSet<String>,
    accounts: HashSet<String>,
    beginnings: Vec<String>,
    endings: Vec<String>,
}

impl Personal {
    /// The list that the program comes with.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    fn read(yaml: &str) -> Result<Self, serde_yaml_ng::Error> {
        let written: Written = serde_yaml_ng::from_str(yaml)?;
        let lower = |all: Vec<String>| all.into_iter().map(|one| one.to_lowercase());
        Ok(Self {
            columns: lower(written.columns).collect(),
            fields: lower(written.fields).collect(),
            accounts: lower(written.not_personal.accounts).collect(),
            beginnings: lower(written.not_personal.beginnings).collect(),
            endings: lower(written.not_personal.endings).collect(),
        })
    }

    /// Whether a column or field holds personal data.
    pub fn is(&self, name: &Name) -> bool {
        match name {
            Name::Column(column) => self.columns.contains(column.name),
            Name::Field(field) => self.field(field),
        }
    }

    fn field(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        let last = lower.rsplit('.').next().unwrap_or(&lower);
        self.fields.contains(last) || self.fields.contains(&lower)
    }

    /// Whether an account is a machine's or a program's.
    fn nobody(&self, account: &str) -> bool {
        let lower = account.trim().to_lowercase();
        lower.is_empty()
            || lower == "-"
            || self.accounts.contains(&lower)
            || self.beginnings.iter().any(|start| lower.starts_with(start.as_str()))
            || self.endings.iter().any(|end| lower.ends_with(end.as_str()))
    }

    /// A personal value with its mask.
    pub fn masked(&self, value: &str) -> String {
        let account = texts::account(value);
        if self.nobody(account) || self.nobody(value) {
            return texts::scrubbed(value, &[]);
        }
        texts::hidden(value)
    }

    /// Masks an event: personal values where they stand and where they come again.
    pub fn veil(&self, event: &mut Event) {
        let mut known = Vec::new();
        if let Some(user) = event.record.hot.user.as_mut().filter(|_| self.columns.contains("user")) {
            self.take(user, &mut known);
        }
        self.veil_fields(&mut event.record.fields, &mut known);
        known.sort_by_key(|account| std::cmp::Reverse(account.len()));
        known.dedup();
        let hot = &mut event.record.hot;
        let texts =
            [&mut hot.message, &mut hot.command_line, &mut hot.file, &mut hot.process, &mut hot.domain, &mut hot.host];
        for text in texts.into_iter().flatten() {
            *text = texts::scrubbed(text, &known);
        }
        scrub_map(&mut event.record.fields, &known);
        event.record.raw = texts::scrubbed(&event.record.raw, &known);
    }

    /// Masks one value and remembers the account in it.
    fn take(&self, value: &mut String, known: &mut Vec<String>) {
        let account = texts::account(value);
        if !self.nobody(account) && !self.nobody(value) && account.chars().count() > 1 {
            known.push(account.to_owned());
        }
        *value = self.masked(value);
    }

    fn veil_fields(&self, fields: &mut Map<String, Value>, known: &mut Vec<String>) {
        for (name, value) in fields {
            if self.field(name) {
                self.veil_value(value, known);
            } else {
                match value {
                    Value::Object(map) => self.veil_fields(map, known),
                    Value::Array(list) => {
                        let maps = list.iter_mut().filter_map(Value::as_object_mut);
                        maps.for_each(|map| self.veil_fields(map, known));
                    }
                    _ => {}
                }
            }
        }
    }

    /// Masks all that a personal field holds.
    fn veil_value(&self, value: &mut Value, known: &mut Vec<String>) {
        match value {
            Value::String(text) => self.take(text, known),
            Value::Number(number) => *value = Value::String(texts::hidden(&number.to_string())),
            Value::Array(list) => list.iter_mut().for_each(|one| self.veil_value(one, known)),
            Value::Object(map) => map.values_mut().for_each(|one| self.veil_value(one, known)),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

fn scrub_map(fields: &mut Map<String, Value>, known: &[String]) {
    fields.values_mut().for_each(|value| scrub(value, known));
}

fn scrub(value: &mut Value, known: &[String]) {
    match value {
        Value::String(text) => *text = texts::scrubbed(text, known),
        Value::Array(list) => list.iter_mut().for_each(|one| scrub(one, known)),
        Value::Object(map) => scrub_map(map, known),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use khien_base::event::Hot;
    use khien_base::{Id, LogSource, Record};
    use serde_json::json;

    use super::*;

    fn event(user: &str, fields: Value, raw: &str) -> Event {
        let at = chrono::DateTime::from_timestamp(0, 0).unwrap();
        let hot = Hot { user: Some(user.into()), message: Some(raw.into()), ..Hot::default() };
        let fields = fields.as_object().unwrap().clone();
        let record =
            Record { time: None, log: LogSource::default(), hot, fields: fields.into(), raw: raw.into(), key: None };
        Event { id: Id::nil(), time: at, received: at, source: Id::nil(), system: Id::nil(), unit: Id::nil(), record }
    }

    #[test]
    fn the_list_that_is_shipped_is_read() {
        let personal = Personal::shipped();
        assert!(personal.is(&Name::of("user")) && personal.is(&Name::of("targetusername")));
        assert!(personal.is(&Name::of("winlog.event_data.TargetUserName")));
        assert!(!personal.is(&Name::of("host")) && !personal.is(&Name::of("EventID")));
    }

    #[test]
    fn a_person_is_masked_wherever_the_event_names_her() {
        let fields = json!({
            "TargetUserName": "lan.tt", "Data": {"User": "SO\\Lan.TT", "Port": 22}, "CommandLine": "net user LAN.TT /add",
            "Image": "C:\\Users\\lan.tt\\a.exe", "list": [{"email": "lan.tt@so.gov.vn"}], "phone": 987654321,
        });
        let mut event = event("SO\\lan.tt", fields, "Failed password for lan.tt from 10.0.0.1, call 0987654321");
        Personal::shipped().veil(&mut event);
        let text = serde_json::to_string(&event).unwrap().to_lowercase();
        assert!(!text.contains("lan.tt") && !text.contains("987654321"), "{text}");
        assert_eq!(event.record.hot.user.as_deref(), Some("SO\\l•••"));
        assert_eq!(event.record.raw, "Failed password for l••• from 10.0.0.1, call 09•••");
        assert_eq!(event.record.fields["Data"]["Port"], 22);
        assert_eq!(event.record.fields["Image"], "C:\\Users\\l•••\\a.exe");
    }

    #[test]
    fn machines_and_programs_are_nobody() {
        for name in ["NT AUTHORITY\\SYSTEM", "root", "DC01$", "svc_backup", "-", ""] {
            let mut event = event(name, json!({"TargetUserName": name}), "service of root ran");
            let before = event.clone();
            Personal::shipped().veil(&mut event);
            assert_eq!(event, before, "{name}");
        }
    }

    #[test]
    fn short_accounts_do_not_tear_other_words() {
        let mut event = event("an", json!({}), "an bank plan AN, an.");
        Personal::shipped().veil(&mut event);
        assert_eq!(event.record.raw, "a••• bank plan A•••, a•••.");
    }
}
