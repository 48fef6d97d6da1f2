//! `{"Event":{"System":…,"EventData":…}}`, the shape of the XML that Windows renders.

use khien_base::LogSource;

use super::{Lean, Name, Value, narrow};
use crate::tape::{Kind, Span, Val};

impl Lean {
    pub(super) fn nested(&mut self, event: Val<'_>) -> Option<&'static LogSource> {
        let system = event.get("System")?;
        let id = self.system(event, system);
        let channel = system.get("Channel").map(content).filter(|channel| channel.kind() != Kind::Null);
        for part in ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"] {
            if let Some(value) = event.get(part) {
                self.payload(event, part, value)?;
            }
        }
        // Attributes beside their element (`EventData_attributes`).
        for attributes in event.inside().filter(|value| value.is_map() && value.name().ends_with("_attributes")) {
            let part = attributes.name().trim_end_matches("_attributes");
            if ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"].contains(&part) {
                return None;
            }
        }
        if let Some(message) = event.get("RenderingInfo").and_then(|info| info.get("Message")) {
            self.set(event, "Message", Some(message));
        }
        self.settle(event)?;
        let channel = channel.map(|channel| channel.text()).unwrap_or_default();
        self.place(event, channel, id)
    }

    fn system(&mut self, doc: Val<'_>, system: Val<'_>) -> Option<u64> {
        let mut id = None;
        for value in system.inside() {
            let attribute = |name: &'static str| attribute(value, name);
            match value.name() {
                "Provider" | "Provider_attributes" => {
                    self.set(doc, "Provider_Name", attribute("Name"));
                    self.set(doc, "Provider_Guid", attribute("Guid"));
                    self.set(doc, "Provider_EventSourceName", attribute("EventSourceName"));
                }
                "EventID" => {
                    id = self.set_id(doc, Some(content(value)));
                    self.set(doc, "Qualifiers", attribute("Qualifiers"));
                }
                "EventID_attributes" => self.set(doc, "Qualifiers", attribute("Qualifiers")),
                "Version" => self.set(doc, "Version", Some(content(value))),
                "Level" => self.set(doc, "Level", Some(content(value))),
                "Task" => self.set(doc, "Task", Some(content(value))),
                "Opcode" => self.set(doc, "Opcode", Some(content(value))),
                "Keywords" => self.set(doc, "Keywords", Some(content(value))),
                "Channel" => self.set(doc, "Channel", Some(content(value))),
                "Computer" => self.set(doc, "Computer", Some(content(value))),
                "EventRecordID" => self.set(doc, "RecordID", Some(content(value))),
                "Correlation" | "Correlation_attributes" => {
                    self.set(doc, "ActivityID", attribute("ActivityID"));
                    self.set(doc, "RelatedActivityID", attribute("RelatedActivityID"));
                }
                "Execution" | "Execution_attributes" => {
                    self.set(doc, "ProcessId", attribute("ProcessID"));
                    self.set(doc, "ThreadId", attribute("ThreadID"));
                }
                "Security" | "Security_attributes" => self.set(doc, "UserID", attribute("UserID")),
                _ => {}
            }
        }
        id
    }

    /// Fields of an element of the payload; `None` where the plain reading knows more.
    fn payload(&mut self, doc: Val<'_>, element: &str, value: Val<'_>) -> Option<()> {
        match value.kind() {
            Kind::Null => {}
            Kind::Map if element != "Data" || value.get("#text").is_none() => {
                for inside in value.inside() {
                    match (inside.name(), inside.kind()) {
                        ("#attributes", Kind::Map) => self.named_attributes(doc, element, inside),
                        ("#text", _) => return None,
                        ("Data", Kind::List) => self.unnamed(doc, inside),
                        (name, Kind::Map) => self.payload(doc, name, inside)?,
                        (name, _) => self.put(
                            doc,
                            element,
                            name,
                            Some(inside.name_span()),
                            Value::At(inside.place()),
                            inside.kind(),
                        ),
                    }
                }
            }
            Kind::Map => match value.get("#text") {
                Some(text) if text.kind() == Kind::List => self.unnamed(doc, text),
                Some(_) | None => return None,
            },
            Kind::List => self.unnamed(doc, value),
            _ => return None,
        }
        Some(())
    }

    fn named_attributes(&mut self, doc: Val<'_>, element: &str, attributes: Val<'_>) {
        for value in attributes.inside() {
            if value.name() != "xmlns" && !value.name().starts_with("xmlns:") {
                let name = format!("{element}_{}", value.name());
                self.put(doc, element, &name, None, Value::At(value.place()), value.kind());
            }
        }
    }

    /// `Data` elements: those with a name are fields, the others stay together as the list `Data`.
    fn unnamed(&mut self, doc: Val<'_>, list: Val<'_>) {
        let start = narrow(self.lists.len());
        for value in list.inside() {
            let name = value.get("@Name").or_else(|| value.get("Name"));
            let name = name.or_else(|| value.get("#attributes")?.get("Name"));
            match name.filter(|name| name.kind() == Kind::Text) {
                Some(name) => {
                    let text = value.get("#text").or_else(|| value.get("content"));
                    if let Some(text) = text {
                        self.put(doc, "EventData", name.text(), None, Value::At(text.place()), text.kind());
                    }
                }
                None if value.kind() == Kind::Null => {}
                None => self.lists.push(content(value).place()),
            }
        }
        let end = narrow(self.lists.len());
        if end > start {
            self.put(doc, "EventData", "Data", None, Value::List(start, end), Kind::List);
        }
    }

    /// Adds a field of the payload under its name without spaces; a second one of a name says of which element it is.
    fn put(&mut self, doc: Val<'_>, element: &str, name: &str, span: Option<Span>, value: Value, kind: Kind) {
        if kind == Kind::Null {
            return;
        }
        let spaced = name.contains(char::is_whitespace);
        let bare;
        let (text, made) = if spaced {
            bare = name.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            (bare.as_str(), None)
        } else {
            (name, span.map(Name::Written))
        };
        if self.find_in(doc, text, true).is_some() {
            let longer = format!("{element}_{text}");
            match self.find_in(doc, &longer, true) {
                Some(at) => self.replace(at, value),
                None => {
                    let (start, end) = self.make(|made| made.push_str(&longer));
                    self.push(&longer, Name::Made(start, end), value, true);
                }
            }
            return;
        }
        let name = match made {
            Some(name) => name,
            None => {
                let (start, end) = self.make(|made| made.push_str(text));
                Name::Made(start, end)
            }
        };
        self.push(text, name, value, true);
    }
}

/// The text of an element that may also have attributes.
pub(super) fn content(value: Val<'_>) -> Val<'_> {
    value.get("#text").unwrap_or(value)
}

/// An attribute of an element, in each of the ways that XML is written as JSON; of `X_attributes` itself.
fn attribute<'l>(element: Val<'l>, name: &str) -> Option<Val<'l>> {
    if !element.is_map() {
        return None;
    }
    let inside = element.get("#attributes").and_then(|attributes| attributes.get(name));
    inside
        .or_else(|| element.inside().filter(|value| value.name().strip_prefix('@') == Some(name)).last())
        .or_else(|| element.get(name))
}
