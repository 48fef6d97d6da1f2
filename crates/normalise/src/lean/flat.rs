//! All fields at the top level, as NXLog, Fluent Bit and public data sets write Windows events.

use super::plan::{Planning, Value};
use crate::ndjson::TIMES;
use crate::tape::{Kind, Val};

/// Fields of System in flat events, in the order in which the plain reading looks for them.
const SYSTEM: [&str; 7] = ["Provider_Name", "Provider_Guid", "EventID", "Channel", "Computer", "RecordID", "Level"];

/// Which field of [`SYSTEM`] a shipper means by a name, and how far behind its other names this one stands.
fn of_system(name: &str) -> Option<(usize, usize)> {
    Some(match name {
        "Provider_Name" => (0, 0),
        "ProviderName" => (0, 1),
        "SourceName" => (0, 2),
        "Provider" => (0, 3),
        "Provider_Guid" => (1, 0),
        "ProviderGuid" => (1, 1),
        "EventID" => (2, 0),
        "Channel" => (3, 0),
        "Computer" => (4, 0),
        "Hostname" => (4, 1),
        "ComputerName" => (4, 2),
        "MachineName" => (4, 3),
        "host" => (4, 4),
        "RecordID" => (5, 0),
        "EventRecordID" => (5, 1),
        "RecordNumber" => (5, 2),
        "Level" => (6, 0),
        "Severity" => (6, 1),
        _ => return None,
    })
}

impl Planning<'_> {
    pub(super) fn flat(&mut self) -> Option<()> {
        let root = self.root;
        // For each field of System the best of the names under which shippers write it.
        let mut best: [Option<(usize, Val<'_>)>; 7] = [None; 7];
        for value in root.inside() {
            if value.name() == "StringInserts" {
                return None;
            }
            if matches!(value.kind(), Kind::Null | Kind::Map) {
                continue;
            }
            if let Some((field, rank)) = of_system(value.name())
                && let Some(best) = best.get_mut(field)
                && best.is_none_or(|(known, _)| rank < known)
            {
                *best = Some((rank, value));
            }
        }
        for (ours, best) in SYSTEM.iter().zip(best) {
            let Some((_, value)) = best else { continue };
            match *ours {
                "EventID" => self.set_id(Some(value)),
                "Channel" => {
                    if !matches!(value.kind(), Kind::Text | Kind::Number) {
                        return None;
                    }
                    self.channel = Some(value.place());
                    self.set("Channel", Some(value));
                }
                ours => self.set(ours, Some(value)),
            }
        }
        let times = [("UtcTime", true)].into_iter().chain(TIMES.iter().map(|name| (*name, false)));
        self.times = times.filter_map(|(name, utc)| Some((root.get(name)?.place(), utc))).collect();
        for value in root.inside() {
            let taken = best.iter().flatten().any(|(_, taken)| taken.place() == value.place());
            if !taken && value.kind() != Kind::Null {
                if value.name().contains(char::is_whitespace) {
                    return None;
                }
                self.put("EventData", value.name(), Value::At(value.place()));
            }
        }
        Some(())
    }
}
