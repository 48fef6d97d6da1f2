//! The body of `/services/collector/event`: objects in JSON one after another, with or without space between them.

use chrono::{DateTime, Utc};
use khien_base::{Record, Result};
use serde::Deserialize;
use serde_json::de::SliceRead;
use serde_json::{Deserializer, Map, StreamDeserializer, Value};

use crate::http::around::{self, Around};

/// What is wrong with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It is no such object, or says what no record can.
    Format,
    /// There is no `event`.
    NoEvent,
    /// `event` says nothing.
    BlankEvent,
    /// `fields` is no flat object.
    Fields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    time: Value,
    host: Option<String>,
    source: Option<String>,
    sourcetype: Option<String>,
    index: Option<String>,
    #[serde(deserialize_with = "present")]
    event: Option<Value>,
    fields: Option<Value>,
}

/// `null` is there, though it says nothing.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// An event as it was sent.
#[derive(Debug)]
pub struct Event<'a> {
    said: Said,
    /// Its bytes.
    pub raw: &'a [u8],
}

/// Reads events one after another; the first that is wrong ends it, with the place where it begins.
pub struct Events<'a> {
    bytes: &'a [u8],
    stream: StreamDeserializer<'a, SliceRead<'a>, Said>,
    ended: bool,
}

impl std::fmt::Debug for Events<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").field("at", &self.stream.byte_offset()).finish_non_exhaustive()
    }
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>, (Wrong, usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let start = self.stream.byte_offset();
        let read = match self.stream.next()? {
            Ok(said) => {
                let raw = self.bytes.get(start..self.stream.byte_offset()).unwrap_or_default().trim_ascii();
                // A list would be read as an object without names.
                if raw.starts_with(b"{") { said.checked().map(|said| Event { said, raw }) } else { Err(Wrong::Format) }
            }
            Err(_) => Err(Wrong::Format),
        };
        self.ended = read.is_err();
        Some(read.map_err(|wrong| (wrong, start)))
    }
}

impl Said {
    fn checked(self) -> Result<Self, Wrong> {
        match &self.event {
            None => return Err(Wrong::NoEvent),
            Some(Value::Null) => return Err(Wrong::BlankEvent),
            Some(Value::String(text)) if text.trim().is_empty() => return Err(Wrong::BlankEvent),
            Some(_) => {}
        }
        let flat = |value: &Value| match value {
            Value::Object(_) => false,
            Value::Array(list) => !list.iter().any(|value| value.is_object() || value.is_array()),
            _ => true,
        };
        match &self.fields {
            None | Some(Value::Null) => {}
            Some(Value::Object(fields)) if fields.values().all(flat) => {}
            Some(_) => return Err(Wrong::Fields),
        }
        let no_time = !self.time.is_null() && self.time != "" && time(&self.time).is_none();
        if no_time { Err(Wrong::Format) } else { Ok(self) }
    }
}

/// Seconds since 1970 with a fraction, as a number or as text; times in milli-, micro- and nanoseconds are told by their
/// size.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    let seconds: f64 = seconds;
    let micros = match seconds.abs() {
        small if small < 1e11 => seconds * 1e6,
        small if small < 1e14 => seconds * 1e3,
        small if small < 1e17 => seconds,
        small if small < 1e20 => seconds / 1e3,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "checked to lie within the range just before")]
    DateTime::from_timestamp_micros(micros.round() as i64)
}

impl<'a> Event<'a> {
    /// The events of a body.
    pub fn all(bytes: &'a [u8]) -> Events<'a> {
        Events { bytes, stream: Deserializer::from_slice(bytes).into_iter(), ended: false }
    }

    /// The record: an object is an event with fields of its own, a text is a line of a log.
    ///
    /// Faults: those of [`khien_normalise::decode_line`].
    pub fn record(self, now: DateTime<Utc>) -> Result<Record> {
        let Said { time: at, host, source, sourcetype, index, event, fields } = self.said;
        let mut beside = match fields {
            Some(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let names = [("host", host.as_ref()), ("source", source.as_ref()), ("sourcetype", sourcetype.as_ref())];
        for (name, value) in names.into_iter().chain([("index", index.as_ref())]) {
            if let Some(value) = value {
                beside.entry(name).or_insert_with(|| Value::from(value.as_str()));
            }
        }
        let around = Around { time: time(&at), host, fields: beside, ..Around::default() };
        match event.unwrap_or_default() {
            Value::Object(object) => around::of_object(object, String::from_utf8_lossy(self.raw).into_owned(), around),
            Value::String(text) => around::of_text(&text, around, now),
            other => around::of_text(&other.to_string(), around, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn read(body: &str) -> Vec<Result<Record, (Wrong, usize)>> {
        Event::all(body.as_bytes()).map(|event| event.map(|event| event.record(now()).unwrap())).collect()
    }

    #[test]
    fn events_stand_one_after_another() {
        let body = "{\"event\":\"<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.9 port 22 ssh2\",\
                    \"time\":1790000000.250,\"host\":\"gw\",\"sourcetype\":\"linux_secure\"}{\"event\":{\"message\":\"m\",\
                    \"source\":{\"ip\":\"203.0.113.5\"}},\"time\":\"1790000001\",\"host\":\"web01\",\"fields\":{\"env\":\"x\"}}\n\
                    {\"event\":5}";
        let records: Vec<Record> = read(body).into_iter().map(Result::unwrap).collect();
        assert_eq!(records.len(), 3);
        let first = &records[0];
        assert_eq!((first.hot.host.as_deref(), first.hot.src_ip.as_deref()), (Some("may01"), Some("192.0.2.9")));
        assert_eq!(
            (first.time.unwrap().timestamp_millis(), &first.fields["sourcetype"]),
            (1_790_000_000_250, &"linux_secure".into())
        );
        assert!(first.raw.starts_with("<38>"));
        let second = &records[1];
        assert_eq!((second.hot.host.as_deref(), second.hot.src_ip.as_deref()), (Some("web01"), Some("203.0.113.5")));
        assert_eq!((second.time.unwrap().timestamp(), &second.fields["env"]), (1_790_000_001, &"x".into()));
        assert!(second.raw.starts_with("{\"event\":{\"message\"") && second.raw.ends_with('}'), "{}", second.raw);
        assert_eq!(records[2].raw, "5");
    }

    #[test]
    fn what_is_wrong_is_told_by_number_and_code() {
        for (body, number, wrong) in [
            ("{\"event\":\"a\"}{\"host\":\"x\"}{\"event\":\"c\"}", 1, Wrong::NoEvent),
            ("{\"event\":\" \"}", 0, Wrong::BlankEvent),
            ("{\"event\":null}", 0, Wrong::BlankEvent),
            ("{\"event\":\"a\",\"fields\":{\"x\":{}}}", 0, Wrong::Fields),
            ("{\"event\":\"a\",\"fields\":[]}", 0, Wrong::Fields),
            ("{\"event\":\"a\"}{\"event\":", 1, Wrong::Format),
            ("{\"event\":\"a\",\"time\":\"noon\"}", 0, Wrong::Format),
            ("[1]", 0, Wrong::Format),
            ("hello", 0, Wrong::Format),
        ] {
            let read = read(body);
            assert_eq!(read.len(), number + 1, "{body}");
            assert_eq!(read[number].as_ref().unwrap_err().0, wrong, "{body}");
        }
    }
}
