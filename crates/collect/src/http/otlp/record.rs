//! Records of OTLP as the centre's records.
//!
//! A text is a line of a log, read as any other; names and values are an event of their own. Attributes stand beside
//! under their own names, the resource under `resource`, and `host.name` of the resource is the computer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record, Result};
use khien_normalise::LONGEST_LINE;
use serde_json::{Map, Value, json};

use super::messages::{Any, LogRecord, Resource, Scope, object, value};
use super::wire;
use crate::http::around::{self, Around};

/// Records of one request.
const MOST: usize = 200_000;

/// What became of a request: the records, and how many were refused and why the first of them.
#[derive(Debug, Default)]
pub struct Read {
    /// Records that could be read.
    pub records: Vec<Record>,
    /// How many could not.
    pub refused: usize,
    /// The first fault.
    pub fault: Option<Fault>,
}

/// What is said around all records of a scope, made once.
struct Origin {
    resource: Map<String, Value>,
    scope: Option<Value>,
    host: Option<String>,
    service: Option<String>,
}

impl Origin {
    fn of(resource: Resource, scope: Scope) -> Self {
        let resource = object(resource.attributes);
        let text = |name: &str| resource.get(name).and_then(Value::as_str).map(str::to_owned);
        let (host, service) = (text("host.name"), text("service.name"));
        let named = !scope.name.is_empty() || !scope.attributes.is_empty();
        let scope = named.then(|| {
            let mut said = json!({"name": scope.name, "version": scope.version});
            if let Value::Object(said) = &mut said {
                said.extend(object(scope.attributes));
            }
            said
        });
        Self { resource, scope, host, service }
    }
}

/// Reads a request in protobuf.
///
/// Faults: `otlp.protobuf`, `intake.too-many` (`limit`).
pub fn of_protobuf(bytes: &[u8], now: DateTime<Utc>) -> Result<Read> {
    let mut read = Read::default();
    let mut last: Option<(Resource, Scope, Arc<Origin>)> = None;
    wire::records(bytes, &mut |resource, scope, record, size| {
        let origin = match &last {
            Some((of, by, origin)) if of == resource && by == scope => Arc::clone(origin),
            _ => {
                let origin = Arc::new(Origin::of(resource.clone(), scope.clone()));
                last = Some((resource.clone(), scope.clone(), Arc::clone(&origin)));
                origin
            }
        };
        read.add(&origin, record, size, now)
    })?;
    Ok(read)
}

/// Reads a request in JSON.
///
/// Faults: `otlp.json` (`line`, `column`), `intake.too-many` (`limit`).
pub fn of_json(bytes: &[u8], now: DateTime<Utc>) -> Result<Read> {
    let request: super::messages::Request = serde_json::from_slice(bytes).map_err(|error| {
        let mut fault = Fault::invalid("otlp.json").with("line", error.line()).with("column", error.column());
        fault.cause = Some(error.to_string());
        fault
    })?;
    let mut read = Read::default();
    for of_resource in request.resource_logs {
        for of_scope in of_resource.scope_logs {
            let resource = of_resource.resource.clone().unwrap_or_default();
            let origin = Origin::of(resource, of_scope.scope.unwrap_or_default());
            for record in of_scope.log_records {
                read.add(&origin, record, 0, now)?;
            }
        }
    }
    Ok(read)
}

impl Read {
    fn add(&mut self, origin: &Origin, record: LogRecord, size: usize, now: DateTime<Utc>) -> Result<()> {
        if self.records.len() + self.refused >= MOST {
            return Err(Fault::invalid("intake.too-many").with("limit", MOST));
        }
        let made = if size > LONGEST_LINE {
            Err(Fault::invalid("logs.line-too-long").with("line", 1).with("limit", LONGEST_LINE))
        } else {
            of_record(origin, record, now)
        };
        match made {
            Ok(record) => self.records.push(record),
            Err(fault) => {
                self.refused += 1;
                self.fault.get_or_insert(fault);
            }
        }
        Ok(())
    }
}

fn of_record(origin: &Origin, record: LogRecord, now: DateTime<Utc>) -> Result<Record> {
    let mut fields = object(record.attributes);
    let mut set = |name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    for (name, text) in [("severity_text", &record.severity_text), ("event_name", &record.event_name)] {
        if !text.is_empty() {
            set(name, Value::from(text.as_str()));
        }
    }
    for (name, bytes) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
        if bytes.iter().any(|byte| *byte != 0) {
            set(name, Value::from(hex::encode(bytes)));
        }
    }
    let says_something = !fields.is_empty();
    let mut around = Around {
        time: at(record.time_unix_nano),
        host: origin.host.clone(),
        channel: origin.service.clone(),
        severity: severity(record.severity_number),
        fields,
    };
    let seen = at(record.observed_time_unix_nano);
    let beside = |around: &mut Around| {
        if !origin.resource.is_empty() {
            around.fields.entry("resource").or_insert_with(|| Value::Object(origin.resource.clone()));
        }
        if let Some(scope) = &origin.scope {
            around.fields.entry("scope").or_insert_with(|| scope.clone());
        }
    };
    let mut made = match record.body.and_then(|body| body.value) {
        Some(Any::StringValue(text)) if !text.trim().is_empty() => {
            beside(&mut around);
            around::of_text(&text, around, now)?
        }
        None | Some(Any::StringValue(_)) if !says_something => return Err(Fault::invalid("otlp.empty")),
        None | Some(Any::StringValue(_)) => {
            let object = std::mem::take(&mut around.fields);
            beside(&mut around);
            around::of_object(object.clone(), Value::Object(object).to_string(), around)?
        }
        Some(Any::KvlistValue(pairs)) => {
            let body = windows(object(pairs.values));
            beside(&mut around);
            let raw = Value::Object(body.clone()).to_string();
            around::of_object(body, raw, around)?
        }
        Some(other) => {
            let body = value(super::messages::AnyValue { value: Some(other) });
            beside(&mut around);
            around::of_text(&body.to_string(), around, now)?
        }
    };
    made.time = made.time.or(seen);
    Ok(made)
}

/// The collector's receiver of Windows events nests what other shippers write flat: `event_id.id`, `provider.name`,
/// and `event_data` as a list of objects with one name each.
fn windows(mut body: Map<String, Value>) -> Map<String, Value> {
    let is_event = body.get("event_id").is_some_and(Value::is_object) && body.contains_key("channel");
    if !is_event {
        return body;
    }
    let inner = |body: &Map<String, Value>, name: &str, part: &str| body.get(name).and_then(|of| of.get(part)).cloned();
    for (name, part, ours) in
        [("event_id", "id", "event_id"), ("provider", "name", "provider_name"), ("provider", "guid", "provider_guid")]
    {
        if let Some(value) = inner(&body, name, part) {
            body.insert(ours.to_owned(), value);
        }
    }
    for (theirs, ours) in [("computer", "computer_name"), ("system_time", "@timestamp")] {
        if let Some(value) = body.remove(theirs) {
            body.entry(ours).or_insert(value);
        }
    }
    let listed = inner(&body, "event_data", "data").or_else(|| body.get("event_data").cloned());
    if let Some(Value::Array(list)) = listed {
        let mut named = Map::new();
        for (number, one) in list.into_iter().enumerate() {
            match one {
                Value::Object(one) => named.extend(one),
                other => {
                    named.insert(format!("param{}", number + 1), other);
                }
            }
        }
        if let Some(name) = named.remove("") {
            named.entry("Data").or_insert(name);
        }
        body.insert("event_data".into(), Value::Object(named));
    }
    body.entry("event_data").or_insert_with(|| json!({}));
    body
}

fn at(nanos: u64) -> Option<DateTime<Utc>> {
    i64::try_from(nanos).ok().filter(|nanos| *nanos > 0).map(DateTime::from_timestamp_nanos)
}

/// OTLP's severity (1–24) as OCSF's.
fn severity(number: i32) -> u8 {
    match number {
        1..=12 => 1,
        13..=16 => 2,
        17..=20 => 3,
        21..=24 => 6,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn logs(records: Value) -> Vec<u8> {
        json!({"resourceLogs": [{
            "resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "web01"}},
                {"key": "service.name", "value": {"stringValue": "portal"}}]},
            "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": records, "unknown": 1}],
        }]})
        .to_string()
        .into_bytes()
    }

    #[test]
    fn a_text_is_a_line_and_what_stands_around_it_is_kept() {
        let read = of_json(
            &logs(json!([{
                "timeUnixNano": "1790000000250000000", "severityNumber": 17, "severityText": "ERROR",
                "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "",
                "attributes": [{"key": "n", "value": {"intValue": "7"}}, {"key": "l", "value": {"arrayValue":
                    {"values": [{"boolValue": true}, {"doubleValue": 0.5}, {"bytesValue": "AAE="}, {}]}}}],
                "body": {"stringValue": "<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.9 port 22 ssh2"},
            }])),
            now(),
        )
        .unwrap();
        let record = &read.records[0];
        assert_eq!((record.hot.host.as_deref(), record.hot.src_ip.as_deref()), (Some("may01"), Some("192.0.2.9")));
        assert_eq!(record.time.unwrap().timestamp_millis(), 1_790_000_000_250);
        assert_eq!(record.fields["trace_id"], "5b8efff798038103d269b633813fc60c");
        assert!(!record.fields.contains_key("span_id"));
        assert_eq!((&record.fields["n"], &record.fields["l"]), (&json!(7), &json!([true, 0.5, "AAE=", null])));
        assert_eq!(
            (&record.fields["resource"]["service.name"], &record.fields["scope"]["name"]),
            (&json!("portal"), &json!("lib"))
        );
        assert!(record.raw.starts_with("<38>"));
    }

    #[test]
    fn attributes_alone_are_an_event_and_nothing_is_not() {
        let read = of_json(
            &logs(json!([
                {"observedTimeUnixNano": 1_790_000_000_000_000_000_u64, "severityNumber": 21,
                 "attributes": [{"key": "source.ip", "value": {"stringValue": "203.0.113.5"}}]},
                {"body": {"stringValue": ""}}, {}
            ])),
            now(),
        )
        .unwrap();
        let record = &read.records[0];
        assert_eq!((record.hot.src_ip.as_deref(), record.hot.host.as_deref()), (Some("203.0.113.5"), Some("web01")));
        assert_eq!((record.hot.severity_id, record.time), (6, Some(now())));
        assert_eq!((read.records.len(), read.refused, read.fault.unwrap().code.as_ref()), (1, 2, "otlp.empty"));
    }

    #[test]
    fn events_of_windows_are_those_that_rules_know() {
        for data in [
            json!([{"key": "data", "value": {"arrayValue": {"values": [
                {"kvlistValue": {"values": [{"key": "TargetUserName", "value": {"stringValue": "lan"}}]}},
                {"kvlistValue": {"values": [{"key": "IpAddress", "value": {"stringValue": "203.0.113.9"}}]}}]}}}]),
            json!([{"key": "TargetUserName", "value": {"stringValue": "lan"}}, {"key": "IpAddress", "value": {"stringValue": "203.0.113.9"}}]),
        ] {
            let pair = |key: &str, text: &str| json!({"key": key, "value": {"stringValue": text}});
            let body = json!({"kvlistValue": {"values": [
                pair("channel", "Security"), pair("computer", "dc1"), pair("system_time", "2026-09-21T10:00:00.5Z"),
                {"key": "event_id", "value": {"kvlistValue": {"values": [{"key": "id", "value": {"intValue": 4625}},
                    {"key": "qualifiers", "value": {"intValue": 0}}]}}},
                {"key": "provider", "value": {"kvlistValue": {"values": [pair("name", "Microsoft-Windows-Security-Auditing")]}}},
                {"key": "event_data", "value": {"kvlistValue": {"values": data}}},
            ]}});
            let read = of_json(&logs(json!([{"body": body}])), now()).unwrap();
            let record = &read.records[0];
            assert_eq!(record.log.service.as_deref(), Some("security"), "{record:?}");
            assert_eq!((&record.fields["EventID"], &record.fields["TargetUserName"]), (&json!(4625), &json!("lan")));
            assert_eq!((record.hot.host.as_deref(), record.hot.src_ip.as_deref()), (Some("dc1"), Some("203.0.113.9")));
            assert_eq!(record.time.unwrap().to_rfc3339(), "2026-09-21T10:00:00.500+00:00");
        }
    }
}
