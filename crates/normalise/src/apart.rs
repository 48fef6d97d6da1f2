//! Envelopes: one object in JSON that holds many events. CloudTrail's files and Azure's event hubs write
//! `{"Records":[…]}`, the Kubernetes API server posts `{"kind":"EventList","items":[…]}`.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::{Map, Value};

use crate::decode::LONGEST_LINE;
use crate::ndjson::too_deep;

/// How far into a line its envelope is looked for: the lists come first or after a few short names.
const HEAD: usize = 256;

/// What stands in the names of all envelopes.
static NAMES: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| [Finder::new("ecords\""), Finder::new("\"EventList\"")]);

/// The events of an envelope, each as a line of its own; `None` when the line is one event.
///
/// A line longer than [`LONGEST_LINE`] is not looked at: [`crate::decode_line`] says what is wrong with it.
pub fn apart(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line = line.trim_ascii();
    if line.len() > LONGEST_LINE || !line.starts_with(b"{") {
        return None;
    }
    let head = line.get(..line.len().min(HEAD)).unwrap_or_default();
    if !NAMES.iter().any(|name| name.find(head).is_some()) || too_deep(line) {
        return None;
    }
    let mut envelope: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let is_list = envelope.get("kind").is_some_and(|kind| kind == "EventList");
    let list =
        if is_list { "items" } else { ["Records", "records"].into_iter().find(|n| envelope.contains_key(*n))? };
    // Whoever says more than a list in which an event lies says it of himself: that is an event.
    if !is_list && envelope.len() > 1 {
        return None;
    }
    let Value::Array(events) = envelope.remove(list)? else { return None };
    if events.is_empty() || !events.iter().all(Value::is_object) {
        return None;
    }
    Some(events.iter().map(|event| event.to_string().into_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use chrono::DateTime;

    use super::apart;
    use crate::{Format, decode_stream};

    fn lines(text: &str) -> Option<Vec<String>> {
        Some(apart(text.as_bytes())?.into_iter().map(|line| String::from_utf8(line).unwrap()).collect())
    }

    #[test]
    fn envelopes_are_opened_and_events_are_not() {
        assert_eq!(lines("{\"Records\":[{\"a\":1},{\"a\":2}]}").unwrap(), ["{\"a\":1}", "{\"a\":2}"]);
        assert_eq!(lines(" {\"records\": [{\"a\":\"ơ\"}]}\n").unwrap(), ["{\"a\":\"ơ\"}"]);
        let list = "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[{\"auditID\":\"1\"}]}";
        assert_eq!(lines(list).unwrap(), ["{\"auditID\":\"1\"}"]);
        for event in [
            "{\"Records\":[]}",
            "{\"Records\":[1]}",
            "{\"records\":3}",
            "{\"records\":[{}],\"user\":\"x\"}",
            "{\"a\":1}",
            "[",
        ] {
            assert_eq!(lines(event), None, "{event}");
        }
        assert_eq!(apart(format!("{{\"Records\":[{{\"a\":{}{}}}]}}", "[".repeat(70), "]".repeat(70)).as_bytes()), None);
    }

    #[test]
    fn a_file_of_cloudtrail_is_all_of_its_events() {
        let event = |name: &str| {
            format!("{{\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"{name}\",\"awsRegion\":\"x\"}}")
        };
        let file = format!("{{\"Records\":[{},{}]}}", event("GetObject"), event("PutObject"));
        let mut read = Vec::new();
        decode_stream(
            Box::new(std::io::Cursor::new(file.into_bytes())),
            Format::Auto,
            DateTime::UNIX_EPOCH,
            &mut |one| {
                read.push(one.unwrap());
                ControlFlow::Continue(())
            },
        );
        assert_eq!(read.len(), 2);
        assert!(read.iter().all(|record| record.log.service.as_deref() == Some("cloudtrail")));
        assert_eq!(
            (read[1].fields["eventName"].as_str(), read[1].raw.as_str()),
            (Some("PutObject"), event("PutObject").as_str())
        );
    }
}
