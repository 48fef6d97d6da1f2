//! Sentences of the timeline, in the language of who reads.

use khien_web::Kit;
use khien_web::texts::Lang;
use serde_json::Value;

use super::model::entry;
use super::views::Line;

/// The sentence of an entry.
pub(super) fn sentence(kit: &Kit, lang: Lang, entry: &entry::Model) -> String {
    let args: Vec<(String, String)> = match &entry.args {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), said(kit, lang, value))).collect(),
        _ => Vec::new(),
    };
    let key = format!("incidents.log.{}", entry.kind);
    kit.texts.say(lang, &key, args.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// A value: `@key` is a text key, `{"vi", "en"}` is said in the reader's language, a list is joined.
fn said(kit: &Kit, lang: Lang, value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix('@') {
            Some(key) if kit.texts.find(lang, key).is_some() => kit.texts.say(lang, key, []),
            _ => text.clone(),
        },
        Value::Array(items) => items.iter().map(|item| said(kit, lang, item)).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.get(lang.code()).and_then(Value::as_str).unwrap_or_default().to_owned(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// An entry as the page shows it.
pub(super) fn line(kit: &Kit, lang: Lang, entry: &entry::Model) -> Line {
    let tone = match entry.kind.as_str() {
        "overdue" | "sent_late" => "bad",
        "sent" => "ok",
        "reminder" | "clock_started" | "clock_moved" | "clock_dropped" | "written" => "idle",
        _ => "",
    };
    Line {
        at: entry.at,
        who: entry.name.clone(),
        text: sentence(kit, lang, entry),
        detail: entry.note.clone(),
        tone: tone.to_owned(),
    }
}
