//! What both are given: the same rules, the same lines.

use std::path::{Path, PathBuf};

use khien_base::Record;
use khien_normalise::evtx;
use serde_json::{Map, Value};

/// Events of the bench.
const EVENTS: usize = 200_000;

fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut here: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    here.sort();
    for path in here {
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|e| e == ending) {
            found.push(path);
        }
    }
}

/// Texts of the public rules for Windows, so many at most, evenly out of all.
pub fn rules(corpus: &Path, most: usize) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["rules", "rules-emerging-threats", "rules-threat-hunting"] {
        files(&corpus.join("sigma").join(folder), "yml", &mut found);
    }
    // Fewer are told from all, not from the Windows ones, where more are asked for than there are of these.
    let all: Vec<(String, String)> = found
        .into_iter()
        .filter_map(|path| Some((path.display().to_string(), std::fs::read_to_string(&path).ok()?)))
        // Placeholders have no values but a centre's own.
        .filter(|(_, text)| !text.contains("|expand"))
        .filter(|(_, text)| most > 3_100 && most < usize::MAX || text.contains("product: windows"))
        .collect();
    let step = (all.len() as f64 / most as f64).max(1.0);
    let mut next = 0.0;
    all.into_iter()
        .enumerate()
        .filter(|(at, _)| {
            let taken = *at as f64 >= next;
            next += if taken { step } else { 0.0 };
            taken
        })
        .map(|(_, rule)| rule)
        .collect()
}

/// How events are shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The fields alone.
    Fields,
    /// With the message that Windows renders of them, as NXLog, Winlogbeat and public data sets have it.
    Message,
}

/// Windows events as flat JSON lines, tagged with their log source as the peer wants it; the attack samples again and
/// again, each time with other numbers, times and identities.
pub fn lines(corpus: &Path, shape: Shape) -> Vec<String> {
    let mut logs = Vec::new();
    files(&corpus.join("evtx/attack-samples"), "evtx", &mut logs);
    let records: Vec<Record> =
        logs.iter().filter_map(|log| std::fs::read(log).ok()).flat_map(evtx).filter_map(Result::ok).collect();
    assert!(!records.is_empty(), "no events in {}", corpus.display());
    let rounds = (0..).flat_map(|round| records.iter().map(move |record| (round, record)));
    rounds.take(EVENTS).map(|(round, record)| line(record, round, shape)).collect()
}

fn line(record: &Record, round: u8, shape: Shape) -> String {
    let mut fields = record.fields.clone().into_map();
    for (_, value) in fields.iter_mut().filter(|(name, _)| is_fresh(name)) {
        if let Some(text) = value.as_str() {
            *value = Value::from(text.chars().map(|c| turned(c, round)).collect::<String>());
        } else if let Some(number) = value.as_u64() {
            *value = Value::from(number + u64::from(round));
        }
    }
    let message = message(&fields);
    for (name, part) in
        [("product", &record.log.product), ("service", &record.log.service), ("category", &record.log.category)]
    {
        if let Some(part) = part {
            fields.insert(name.to_owned(), Value::from(part.as_str()));
        }
    }
    if shape == Shape::Message {
        fields.insert("Message".to_owned(), Value::from(message));
    }
    Value::Object(fields).to_string()
}

/// Whether a field is another in every event: identities of processes, sessions and records, times, hashes.
fn is_fresh(name: &str) -> bool {
    let kept = ["EventID", "UserID", "Provider_Guid"];
    let endings = ["Id", "ID", "Guid", "GUID", "Time", "Hashes", "Hash"];
    !kept.contains(&name) && endings.iter().any(|ending| name.ends_with(ending))
}

fn turned(c: char, round: u8) -> char {
    match c {
        '0'..='9' => char::from(b'0' + (c as u8 - b'0' + round) % 10),
        other => other,
    }
}

/// The fields as the text that Windows renders: a heading, then a line for each.
fn message(fields: &Map<String, Value>) -> String {
    let mut text = String::from("An event was logged:");
    for (name, value) in fields {
        text.push_str("\r\n");
        text.push_str(name);
        text.push_str(": ");
        match value {
            Value::String(value) => text.push_str(value),
            other => text.push_str(&other.to_string()),
        }
    }
    text
}
