//! A line of a text log inside an object: what a shipper read from a file, beside what it says of the file and of itself
//! (`message` of Filebeat, Logstash and Vector, `log` of Fluent Bit, `line` of Docker's driver).

use chrono::{DateTime, TimeDelta, Utc};
use khien_base::Record;
use serde_json::{Map, Value};

use crate::{logsources, syslog};

/// Where the line stands.
const LINES: [&str; 4] = ["message", "log", "line", "event.original"];
/// Where the shipper names the computer.
const HOSTS: [&str; 4] = ["host.name", "host.hostname", "hostname", "host"];

/// The record of the line, with what stands beside it; `None` when no parser knows the line, so that the object is an
/// event of its own. `said` is when the shipper read it; it gives the year to times without one.
pub(crate) fn line(object: &Map<String, Value>, said: Option<DateTime<Utc>>, raw: &str) -> Option<Record> {
    let text = |path: &&str| logsources::at(object, path).and_then(Value::as_str);
    let line = LINES.iter().find_map(|path| text(path).filter(|line| !line.trim().is_empty()))?;
    let mut record = syslog::record(line.trim_end_matches(['\n', '\r']), said.unwrap_or_default());
    let is_syslog = record.fields.contains_key("hostname") && record.fields.contains_key("program");
    if !record.fields.contains_key("_parser") && !is_syslog {
        return None;
    }
    // Without anything to count from, a time without a year means nothing.
    let early = DateTime::UNIX_EPOCH + TimeDelta::days(366);
    record.time = record.time.filter(|at| said.is_some() || *at > early).or(said);
    record.hot.host = record.hot.host.or_else(|| HOSTS.iter().find_map(text).map(str::to_owned));
    for (name, value) in object {
        record.fields.entry(name.clone()).or_insert_with(|| value.clone());
    }
    raw.clone_into(&mut record.raw);
    Some(record)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Format, decode_line};

    fn read(value: &Value) -> khien_base::Record {
        let received = chrono::DateTime::from_timestamp(1_781_200_000, 0).unwrap();
        decode_line(value.to_string().as_bytes(), Format::Ndjson, received, 1).unwrap()
    }

    #[test]
    fn a_line_that_a_shipper_read_is_what_its_program_wrote() {
        let web = "203.0.113.20 - - [10/Jun/2026:15:00:00 +0700] \"GET /a HTTP/1.1\" 200 15 \"-\" \"curl/8\"";
        let ssh = "Jun 10 15:00:01 may01 sshd[7]: Failed password for lan from 203.0.113.5 port 22 ssh2";
        for (object, category, address) in [
            (
                json!({"@timestamp": "2026-06-10T08:00:03Z", "message": web, "agent": {"type": "filebeat"},
                "host": {"name": "web01"}, "log": {"file": {"path": "/var/log/nginx/access.log"}, "offset": 7}}),
                Some("webserver"),
                "203.0.113.20",
            ),
            (json!({"date": 1_781_078_403.5, "log": ssh}), None, "203.0.113.5"),
            (
                json!({"message": ssh, "file": "/var/log/auth.log", "host": "gw", "source_type": "file", "timestamp": "2026-06-10T08:00:03Z"}),
                None,
                "203.0.113.5",
            ),
        ] {
            let record = read(&object);
            assert_eq!(record.hot.src_ip.as_deref(), Some(address), "{object}");
            assert_eq!(record.log.category.as_deref(), category, "{object}");
            assert_eq!(record.time.unwrap().timestamp() / 60, 1_781_078_400 / 60, "{object}");
            assert_eq!(record.raw, object.to_string());
            assert!(object.as_object().unwrap().keys().all(|name| record.fields.contains_key(name)), "{record:?}");
        }
        let host = |object: Value| read(&object).hot.host;
        assert_eq!(host(json!({"message": web, "host": {"name": "web01"}})).as_deref(), Some("web01"));
        assert_eq!(host(json!({"message": ssh, "host": "gw"})).as_deref(), Some("may01"), "the line's own");
    }

    #[test]
    fn a_sentence_is_an_event_of_its_own() {
        let record = read(&json!({"message": "order 7 was paid", "user": "lan", "level": "warn"}));
        assert_eq!((record.hot.user.as_deref(), record.hot.severity_id), (Some("lan"), 2));
        assert!(!record.fields.contains_key("_parser"));
        let without_year = read(&json!({"message": "Jun 10 15:00:01 may01 app: hello"}));
        assert_eq!((without_year.time, without_year.hot.host.as_deref()), (None, Some("may01")));
    }
}
