//! A Windows event, however it was shipped, as the flat fields that Sigma rules name.
//!
//! Rules write field names without spaces, know the provider as `Provider_Name`, and see the payload (EventData or
//! whatever stands in UserData) beside the fields of System. Where a name is in both, the payload wins, as rules on
//! event 104 expect of `Channel`, and System's value is kept as `System_<name>`; only what tells the event apart
//! (number, provider, computer, record) is never taken from the payload.

use chrono::{DateTime, Utc};
use khien_base::Record;
use serde_json::map::Entry;
use serde_json::{Map, Value};

use crate::{hot, stamp, taxonomy};

/// Names that a payload may not take.
pub(crate) const FIXED: [&str; 4] = ["EventID", "Provider_Name", "Computer", "RecordID"];

/// What a Windows event says of itself, gathered from any of its shapes.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Fields of System, under Sigma's names.
    pub(crate) system: Map<String, Value>,
    /// EventData or UserData.
    pub(crate) payload: Map<String, Value>,
    /// When it happened.
    pub(crate) time: Option<DateTime<Utc>>,
}

impl Gathered {
    /// Sets a field of System, unless there is nothing to say.
    pub(crate) fn set(&mut self, name: &str, value: Option<&Value>) {
        match value {
            None | Some(Value::Null) => {}
            Some(value) => {
                self.system.insert(name.to_owned(), value.clone());
            }
        }
    }

    /// Sets the event's number, as a number.
    pub(crate) fn set_id(&mut self, value: Option<&Value>) {
        let number = value.and_then(taxonomy::decimal).map(Value::from);
        self.set("EventID", number.as_ref().or(value));
    }

    /// The record: both parts put together, placed and mapped.
    pub(crate) fn record(self, raw: String) -> Record {
        let Self { system, payload, time } = self;
        let channel = system.get("Channel").map(taxonomy::text).unwrap_or_default();
        let id = system.get("EventID").and_then(taxonomy::decimal);
        // Room for the few names that are in both, and for those that `place` adds.
        let mut fields = Map::with_capacity(system.len() + payload.len() + 8);
        fields.extend(system);
        for (name, value) in payload {
            merge(&mut fields, name, value);
        }
        let placing = taxonomy::place(&channel, id, &mut fields);
        let hot = hot::windows::columns(&fields, &channel, placing.class_uid);
        Record { time, log: placing.log, hot, fields: fields.into(), raw, key: None }
    }
}

fn merge(fields: &mut Map<String, Value>, name: String, value: Value) {
    let (name, value) = match fields.entry(name) {
        Entry::Vacant(free) => {
            free.insert(value);
            return;
        }
        Entry::Occupied(taken) if FIXED.contains(&taken.key().as_str()) => {
            (format!("EventData_{}", taken.key()), value)
        }
        Entry::Occupied(mut taken) => {
            let of_system = taken.insert(value);
            (format!("System_{}", taken.key()), of_system)
        }
    };
    fields.insert(name, value);
}

/// The record of `{"System": …, "EventData"|"UserData": …}`, the shape of the XML that Windows renders.
pub(crate) fn nested(event: &Map<String, Value>, raw: String) -> Record {
    let mut made = Gathered::default();
    if let Some(system) = event.get("System").and_then(Value::as_object) {
        system_fields(system, &mut made);
    }
    for part in ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"] {
        if let Some(value) = event.get(part) {
            payload(part, value, &mut made.payload);
        }
        if let Some(Value::Object(attributes)) = event.get(&format!("{part}_attributes")) {
            named_attributes(part, attributes, &mut made.payload);
        }
    }
    if let Some(message) = event.get("RenderingInfo").and_then(|r| r.get("Message")) {
        made.set("Message", Some(message));
    }
    made.record(raw)
}

fn system_fields(system: &Map<String, Value>, made: &mut Gathered) {
    made.set("Provider_Name", attribute(system, "Provider", "Name"));
    made.set("Provider_Guid", attribute(system, "Provider", "Guid"));
    made.set("Provider_EventSourceName", attribute(system, "Provider", "EventSourceName"));
    made.set_id(system.get("EventID").map(content));
    made.set("Qualifiers", attribute(system, "EventID", "Qualifiers"));
    for name in ["Version", "Level", "Task", "Opcode", "Keywords", "Channel", "Computer"] {
        made.set(name, system.get(name).map(content));
    }
    made.set("RecordID", system.get("EventRecordID").map(content));
    made.set("ActivityID", attribute(system, "Correlation", "ActivityID"));
    made.set("RelatedActivityID", attribute(system, "Correlation", "RelatedActivityID"));
    made.set("ProcessId", attribute(system, "Execution", "ProcessID"));
    made.set("ThreadId", attribute(system, "Execution", "ThreadID"));
    made.set("UserID", attribute(system, "Security", "UserID"));
    let time = attribute(system, "TimeCreated", "SystemTime");
    made.time = time.and_then(stamp::of_value);
}

/// The text of an element that may also have attributes.
fn content(value: &Value) -> &Value {
    value.as_object().and_then(|o| o.get("#text")).unwrap_or(value)
}

/// An attribute of an element, in each of the ways that XML is written as JSON.
fn attribute<'a>(of: &'a Map<String, Value>, element: &str, name: &str) -> Option<&'a Value> {
    let inside = of.get(element).and_then(Value::as_object).and_then(|e| {
        e.get("#attributes").and_then(|a| a.get(name)).or_else(|| e.get(&format!("@{name}"))).or_else(|| e.get(name))
    });
    inside.or_else(|| of.get(&format!("{element}_attributes")).and_then(|a| a.get(name)))
}

/// Adds the fields of an element of the payload, names without spaces, nested elements by their own names.
pub(crate) fn payload(element: &str, value: &Value, into: &mut Map<String, Value>) {
    match value {
        Value::Null => {}
        Value::Object(inside) if element != "Data" || !inside.contains_key("#text") => {
            for (name, value) in inside {
                match (name.as_str(), value) {
                    ("#attributes", Value::Object(attributes)) => named_attributes(element, attributes, into),
                    ("#text", value) => put(element, element, value.clone(), into),
                    ("Data", Value::Array(list)) => unnamed(list, into),
                    (name, Value::Object(_)) => payload(name, value, into),
                    (name, value) => put(element, name, value.clone(), into),
                }
            }
        }
        Value::Object(inside) => match inside.get("#text") {
            Some(Value::Array(list)) => unnamed(list, into),
            Some(text) => put(element, element, text.clone(), into),
            None => {}
        },
        Value::Array(list) => unnamed(list, into),
        other => put(element, element, other.clone(), into),
    }
}

/// `Data` elements: those with a name are fields, the others stay together as the list `Data`.
fn unnamed(list: &[Value], into: &mut Map<String, Value>) {
    let mut rest = Vec::new();
    for value in list {
        let named = value.as_object().and_then(|o| {
            let name = o.get("@Name").or_else(|| o.get("Name")).or_else(|| o.get("#attributes")?.get("Name"))?;
            let text = o.get("#text").or_else(|| o.get("content")).unwrap_or(&Value::Null);
            Some((name.as_str()?, text))
        });
        match named {
            Some((name, text)) => put("EventData", name, text.clone(), into),
            None if value.is_null() => {}
            None => rest.push(content(value).clone()),
        }
    }
    if !rest.is_empty() {
        put("EventData", "Data", Value::Array(rest), into);
    }
}

fn named_attributes(element: &str, attributes: &Map<String, Value>, into: &mut Map<String, Value>) {
    for (name, value) in attributes {
        if name != "xmlns" && !name.starts_with("xmlns:") {
            put(element, &format!("{element}_{name}"), value.clone(), into);
        }
    }
}

/// A name as rules write it: without spaces.
pub(crate) fn unspaced(name: &str) -> String {
    if name.contains(char::is_whitespace) { name.split_whitespace().collect() } else { name.to_owned() }
}

/// Adds a field; a second one of the same name keeps its element's name in front.
fn put(element: &str, name: &str, value: Value, into: &mut Map<String, Value>) {
    if value.is_null() {
        return;
    }
    let name = unspaced(name);
    if into.contains_key(&name) {
        into.insert(format!("{element}_{name}"), value);
    } else {
        into.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(event: &Value) -> Record {
        nested(event.as_object().unwrap(), event.to_string())
    }

    #[test]
    fn names_lose_their_spaces_and_numbers_their_qualifiers() {
        let record = record(&json!({
            "System": {
                "Provider": {"#attributes": {"Name": "Microsoft-Windows-Windows Defender"}},
                "EventID": {"#attributes": {"Qualifiers": 16384}, "#text": 1119},
                "TimeCreated": {"#attributes": {"SystemTime": "2026-04-17T04:14:33.653414Z"}},
                "EventRecordID": 542, "Correlation": null,
                "Execution": {"#attributes": {"ProcessID": 7380, "ThreadID": 1}},
                "Channel": "Microsoft-Windows-Windows Defender/Operational", "Computer": "SO-TTTT-01"
            },
            "EventData": {"Threat Name": "Tool:Win32/EICAR_Test_File", "Path": "file:_C:\\a.exe", "Unused": null}
        }));
        let fields = &record.fields;
        assert_eq!((&fields["EventID"], &fields["Qualifiers"]), (&json!(1119), &json!(16384)));
        assert_eq!(fields["ThreatName"], "Tool:Win32/EICAR_Test_File");
        assert_eq!((&fields["Signature"], &fields["Filename"]), (&fields["ThreatName"], &fields["Path"]));
        assert_eq!((&fields["ProcessId"], &fields["RecordID"]), (&json!(7380), &json!(542)));
        assert!(!fields.contains_key("Unused"));
        assert_eq!(record.log.service.as_deref(), Some("windefend"));
        assert_eq!(record.log.category.as_deref(), Some("antivirus"));
        assert_eq!(record.time.unwrap().to_rfc3339(), "2026-04-17T04:14:33.653414+00:00");
        assert_eq!(record.hot.host.as_deref(), Some("SO-TTTT-01"));
    }

    #[test]
    fn user_data_is_seen_beside_system_and_says_which_log_was_cleared() {
        let record = record(&json!({
            "System": {"Provider": {"#attributes": {"Name": "Microsoft-Windows-Eventlog"}}, "EventID": 104,
                       "Channel": "System", "Computer": "a"},
            "UserData": {"LogFileCleared": {"#attributes": {"xmlns": "http://x"}, "SubjectUserName": "lan",
                         "Channel": "Security", "Computer": "forged"}}
        }));
        assert_eq!(record.fields["Channel"], "Security");
        assert_eq!(record.fields["System_Channel"], "System");
        assert_eq!((&record.fields["Computer"], &record.fields["EventData_Computer"]), (&json!("a"), &json!("forged")));
        assert_eq!(record.log.service.as_deref(), Some("system"));
        assert_eq!(record.hot.channel.as_deref(), Some("System"));
        assert!(!record.fields.keys().any(|k| k.contains("xmlns")));
    }

    #[test]
    fn data_without_names_stays_a_list_and_data_with_names_becomes_fields() {
        for data in [json!({"Data": {"#text": ["a", "b"]}}), json!({"Data": ["a", "b"]})] {
            let made = record(&json!({"System": {"EventID": 400, "Channel": "Windows PowerShell"}, "EventData": data}));
            assert_eq!(made.fields["Data"], json!(["a", "b"]));
            assert_eq!(made.log.category.as_deref(), Some("ps_classic_start"));
        }
        let made = record(&json!({"System": {"EventID": 1}, "EventData": {"Data": [
            {"@Name": "Image", "#text": "x.exe"}, {"#attributes": {"Name": "User"}, "#text": "lan"}, "loose"]}}));
        assert_eq!((&made.fields["Image"], &made.fields["User"]), (&json!("x.exe"), &json!("lan")));
        assert_eq!(made.fields["Data"], json!(["loose"]));
    }
}
