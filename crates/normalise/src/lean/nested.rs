//! `{"Event":{"System":…,"EventData":…}}`, the shape of the XML that Windows renders.

use super::narrow;
use super::plan::{Planning, Value};
use crate::tape::{Kind, Val};

impl Planning<'_> {
    pub(super) fn nested(&mut self, event: Val<'_>) -> Option<()> {
        let system = event.get("System")?;
        self.system(system);
        let channel = system.get("Channel").map(content).filter(|channel| channel.kind() != Kind::Null);
        self.channel = channel.map(|channel| channel.place());
        let said = system.get("TimeCreated").and_then(|time| attribute(time, "SystemTime"));
        let said = said.or_else(|| system.get("TimeCreated_attributes")?.get("SystemTime"));
        self.times.extend(said.map(|said| (said.place(), false)));
        for part in ["EventData", "UserData", "ProcessingErrorData", "DebugData", "BinaryEventData"] {
            if let Some(value) = event.get(part) {
                self.payload(part, value)?;
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
            self.set("Message", Some(message));
        }
        Some(())
    }

    fn system(&mut self, system: Val<'_>) {
        for value in system.inside() {
            let attribute = |name: &'static str| attribute(value, name);
            match value.name() {
                "Provider" | "Provider_attributes" => {
                    self.set("Provider_Name", attribute("Name"));
                    self.set("Provider_Guid", attribute("Guid"));
                    self.set("Provider_EventSourceName", attribute("EventSourceName"));
                }
                "EventID" => {
                    self.set_id(Some(content(value)));
                    self.set("Qualifiers", attribute("Qualifiers"));
                }
                "EventID_attributes" => self.set("Qualifiers", attribute("Qualifiers")),
                "Version" => self.set("Version", Some(content(value))),
                "Level" => self.set("Level", Some(content(value))),
                "Task" => self.set("Task", Some(content(value))),
                "Opcode" => self.set("Opcode", Some(content(value))),
                "Keywords" => self.set("Keywords", Some(content(value))),
                "Channel" => self.set("Channel", Some(content(value))),
                "Computer" => self.set("Computer", Some(content(value))),
                "EventRecordID" => self.set("RecordID", Some(content(value))),
                "Correlation" | "Correlation_attributes" => {
                    self.set("ActivityID", attribute("ActivityID"));
                    self.set("RelatedActivityID", attribute("RelatedActivityID"));
                }
                "Execution" | "Execution_attributes" => {
                    self.set("ProcessId", attribute("ProcessID"));
                    self.set("ThreadId", attribute("ThreadID"));
                }
                "Security" | "Security_attributes" => self.set("UserID", attribute("UserID")),
                _ => {}
            }
        }
    }

    /// Fields of an element of the payload; `None` where the plain reading knows more.
    pub(super) fn payload(&mut self, element: &str, value: Val<'_>) -> Option<()> {
        match value.kind() {
            Kind::Null => {}
            Kind::Map if element != "Data" || value.get("#text").is_none() => {
                for inside in value.inside() {
                    match (inside.name(), inside.kind()) {
                        ("#attributes", Kind::Map) => self.named_attributes(element, inside),
                        ("#text", _) => return None,
                        ("Data", Kind::List) => self.unnamed(inside),
                        (name, Kind::Map) => self.payload(name, inside)?,
                        (_, Kind::Null) => {}
                        (name, _) => self.put(element, name, Value::At(inside.place())),
                    }
                }
            }
            Kind::Map => match value.get("#text") {
                Some(text) if text.kind() == Kind::List => self.unnamed(text),
                Some(_) | None => return None,
            },
            Kind::List => self.unnamed(value),
            _ => return None,
        }
        Some(())
    }

    fn named_attributes(&mut self, element: &str, attributes: Val<'_>) {
        for value in attributes.inside() {
            let namespace = value.name() == "xmlns" || value.name().starts_with("xmlns:");
            if !namespace && value.kind() != Kind::Null {
                self.put(element, &format!("{element}_{}", value.name()), Value::At(value.place()));
            }
        }
    }

    /// `Data` elements: those with a name are fields, the others stay together as the list `Data`.
    fn unnamed(&mut self, list: Val<'_>) {
        let start = narrow(self.lists.len());
        for value in list.inside() {
            let name = value.get("@Name").or_else(|| value.get("Name"));
            let name = name.or_else(|| value.get("#attributes")?.get("Name"));
            match name.filter(|name| name.kind() == Kind::Text) {
                Some(name) => {
                    self.named_by_values = true;
                    let text = value.get("#text").or_else(|| value.get("content"));
                    if let Some(text) = text.filter(|text| text.kind() != Kind::Null) {
                        self.put("EventData", &name.text(), Value::At(text.place()));
                    }
                }
                None if value.kind() == Kind::Null => {}
                None => self.lists.push(content(value).place()),
            }
        }
        let end = narrow(self.lists.len());
        if end > start {
            self.put("EventData", "Data", Value::List(start, end));
        }
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
