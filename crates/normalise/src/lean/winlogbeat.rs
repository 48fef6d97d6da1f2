//! `{"winlog":{…},…}`, what Winlogbeat 7 and later send, and Logstash and Kafka hand on.

use super::narrow;
use super::plan::{Planning, Value};
use crate::ndjson::WINLOG;
use crate::tape::{Kind, Val};

impl Planning<'_> {
    pub(super) fn winlogbeat(&mut self, log: Val<'_>) -> Option<()> {
        let root = self.root;
        let mut taken = Vec::new();
        for (ours, theirs) in WINLOG {
            let said = theirs.iter().filter_map(|name| log.get(name));
            let Some(value) = said.into_iter().find(|value| !matches!(value.kind(), Kind::Null | Kind::Map)) else {
                continue;
            };
            taken.push(value.place());
            match ours {
                "EventID" => self.set_id(Some(value)),
                ours => self.set(ours, Some(value)),
            }
            if ours == "Channel" {
                self.channel = Some(value.place());
            }
        }
        if !self.find("EventID") {
            self.set_id(root.get("event").and_then(|event| event.get("code")));
        }
        if !self.find("Level") {
            self.set("Level", root.get("log").and_then(|log| log.get("level")));
        }
        self.set("ProcessId", log.get("process").and_then(|process| process.get("pid")));
        if let Some(message) = root.get("message") {
            taken.push(message.place());
            self.set("Message", Some(message));
        }
        for part in ["event_data", "user_data"] {
            if let Some(value) = log.get(part) {
                taken.push(value.place());
                self.payload("EventData", value)?;
            }
        }
        self.numbered()?;
        self.times.extend(root.get("@timestamp").map(|said| (said.place(), false)));
        taken.push(log.place());
        for value in root.inside().chain(log.inside()) {
            if !taken.contains(&value.place()) {
                self.put_beside(value.name(), value);
            }
        }
        Some(())
    }

    /// Winlogbeat numbers what has no name; rules know it as the list `Data`. `None` where one of them is a list that
    /// stands nowhere.
    fn numbered(&mut self) -> Option<()> {
        let start = narrow(self.lists.len());
        for n in 1..=99 {
            match self.value_of(&format!("param{n}")) {
                Some(Value::At(at)) => self.lists.push(at),
                Some(_) => return None,
                None => break,
            }
        }
        let end = narrow(self.lists.len());
        if end > start && self.value_of("Data").is_none() {
            self.put("EventData", "Data", Value::List(start, end));
        }
        Some(())
    }
}
