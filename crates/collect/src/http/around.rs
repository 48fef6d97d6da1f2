//! A record and what its sender says around it: HEC's `time`, `host` and `fields`; attributes and resources of OTLP.

use chrono::{DateTime, Utc};
use khien_base::{Fault, Record, Result};
use khien_normalise::{DEPTH, Format, LONGEST_LINE, decode_object, read_line};
use serde_json::{Map, Value};

/// What is said around a record.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// When it happened; what the record says itself comes after that.
    pub(super) time: Option<DateTime<Utc>>,
    /// The computer, where the record names none.
    pub(super) host: Option<String>,
    /// The program or channel, where the record names none.
    pub(super) channel: Option<String>,
    /// OCSF severity, where the record has none.
    pub(super) severity: u8,
    /// Fields beside the record's own, which win.
    pub(super) fields: Map<String, Value>,
}

/// The record of a text and of what is said around it. The text may be anything that a line of a log may be.
///
/// Faults: those of [`read_line`].
pub(super) fn of_text(text: &str, around: Around, now: DateTime<Utc>) -> Result<Record> {
    let record = read_line(text.as_bytes(), Format::Auto, now, 1)?;
    Ok(dressed(record, around, true))
}

/// The record of an object and of what is said around it, whose names count as the object's own. `raw` is how it came.
///
/// Faults: `logs.line-too-long`, `logs.json-too-deep`.
pub(super) fn of_object(mut object: Map<String, Value>, raw: String, mut around: Around) -> Result<Record> {
    if raw.len() > LONGEST_LINE {
        return Err(Fault::invalid("logs.line-too-long").with("line", 1).with("limit", LONGEST_LINE));
    }
    if !object.values().chain(around.fields.values()).all(|value| within(value, DEPTH - 1)) {
        return Err(Fault::invalid("logs.json-too-deep").with("line", 1).with("limit", DEPTH));
    }
    for (name, value) in std::mem::take(&mut around.fields) {
        object.entry(name).or_insert(value);
    }
    Ok(dressed(decode_object(object, raw), around, false))
}

fn dressed(mut record: Record, around: Around, with_fields: bool) -> Record {
    record.time = around.time.or(record.time);
    let hot = &mut record.hot;
    hot.host = hot.host.take().or(around.host);
    hot.channel = hot.channel.take().or(around.channel);
    if hot.severity_id == 0 {
        hot.severity_id = around.severity;
    }
    if with_fields {
        for (name, value) in around.fields {
            record.fields.entry(name).or_insert(value);
        }
    }
    record
}

/// Whether a value nests at most so deep.
fn within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(inner) => depth > 0 && inner.values().all(|value| within(value, depth - 1)),
        Value::Array(inner) => depth > 0 && inner.iter().all(|value| within(value, depth - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn around() -> Around {
        let fields = Map::from_iter([("sourcetype".to_owned(), json!("x")), ("hostname".to_owned(), json!("other"))]);
        Around { time: Some(now()), host: Some("may02".into()), channel: Some("ch".into()), severity: 3, fields }
    }

    #[test]
    fn a_line_keeps_what_it_says_itself() {
        let line = "<38>Oct  1 09:00:00 may01 sshd[7]: Failed password for lan from 192.0.2.9 port 22 ssh2";
        let record = of_text(line, around(), now()).unwrap();
        assert_eq!((record.hot.host.as_deref(), record.hot.src_ip.as_deref()), (Some("may01"), Some("192.0.2.9")));
        assert_eq!((record.time, record.raw.as_str()), (Some(now()), line));
        assert_eq!((&record.fields["hostname"], &record.fields["sourcetype"]), (&json!("may01"), &json!("x")));
        let bare = of_text("something happened", around(), now()).unwrap();
        assert_eq!((bare.hot.host.as_deref(), bare.hot.severity_id), (Some("may02"), 3));
    }

    #[test]
    fn names_around_an_object_are_its_own_and_depth_is_bounded() {
        let object = json!({"message": "m", "source": {"ip": "203.0.113.5"}});
        let record = of_object(object.as_object().unwrap().clone(), object.to_string(), around()).unwrap();
        assert_eq!((record.hot.src_ip.as_deref(), record.hot.host.as_deref()), (Some("203.0.113.5"), Some("other")));
        let mut deep = json!(1);
        for _ in 0..DEPTH {
            deep = json!([deep]);
        }
        let object = Map::from_iter([("a".to_owned(), deep)]);
        assert_eq!(of_object(object, String::new(), around()).unwrap_err().code, "logs.json-too-deep");
        let long = "x".repeat(LONGEST_LINE + 1);
        assert_eq!(of_object(Map::new(), long, around()).unwrap_err().code, "logs.line-too-long");
    }
}
