//! An event of an alert as people read it: its fields, with what made the rule fire marked.

use chrono::{DateTime, Utc};
use khien_base::Id;
use serde::Deserialize;
use serde_json::Value;

use super::views::{Field, Member, Piece, Why};

/// Fields that are shown of one event.
const FIELDS: usize = 400;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hit {
    selection: String,
    field: String,
    value: String,
    pattern: String,
}

/// An event with its hits, as both were kept.
pub(crate) fn member(event: Id, at: DateTime<Utc>, record: &Value, hits: &Value) -> Member {
    let hits: Vec<Hit> = serde_json::from_value(hits.clone()).unwrap_or_default();
    let mut used = vec![false; hits.len()];
    let mut flat = Vec::new();
    if let Some(Value::Object(fields)) = record.get("fields") {
        fields.iter().for_each(|(name, value)| flatten(name.clone(), value, &mut flat));
    }
    let cut = flat.iter().any(|(name, _)| name == "_cut");
    let mut fields: Vec<Field> = flat
        .into_iter()
        .filter(|(name, _)| name != "_cut")
        .map(|(name, text)| field(name, &text, &hits, &mut used))
        .collect();
    // What the rule looked at comes first; the order is otherwise that of the event.
    fields.sort_by_key(|field| field.why.is_empty());
    let unused: Vec<&Hit> = hits.iter().zip(&used).filter(|(_, used)| !**used).map(|(hit, _)| hit).collect();
    let raw = record.get("raw").and_then(Value::as_str).unwrap_or_default();
    let in_line = unused.iter().find_map(|hit| pieces(raw, &hit.pattern).filter(|_| hit.field.is_empty()));
    Member {
        event,
        at,
        fields,
        raw: in_line.unwrap_or_else(|| vec![Piece { text: raw.to_owned(), hit: false }]),
        elsewhere: unused.into_iter().map(why).collect(),
        cut,
    }
}

fn why(hit: &Hit) -> Why {
    Why {
        field: hit.field.clone(),
        selection: hit.selection.clone(),
        pattern: hit.pattern.clone(),
        value: hit.value.clone(),
    }
}

fn field(name: String, text: &str, hits: &[Hit], used: &mut [bool]) -> Field {
    let here = |hit: &Hit| {
        let value = hit.value.strip_suffix('…').unwrap_or(&hit.value);
        hit.field.eq_ignore_ascii_case(&name) && !hit.value.is_empty() && text.starts_with(value)
    };
    let mut reasons = Vec::new();
    let mut shown = None;
    for (hit, used) in hits.iter().zip(used.iter_mut()).filter(|(hit, _)| here(hit)) {
        *used = true;
        shown = shown.or_else(|| pieces(text, &hit.pattern));
        let reason = why(hit);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let whole = || vec![Piece { text: text.to_owned(), hit: !reasons.is_empty() }];
    let pieces = shown.unwrap_or_else(whole);
    Field { name, pieces, why: reasons }
}

/// The text around the place where a rule's value stands in it; `None` where it does not stand literally (a regular
/// expression, a network, a wildcard inside).
fn pieces(text: &str, pattern: &str) -> Option<Vec<Piece>> {
    let (from, to) = find(text, pattern.trim_matches('*'))?;
    let piece = |text: Option<&str>, hit| Piece { text: text.unwrap_or_default().to_owned(), hit };
    let all = [piece(text.get(..from), false), piece(text.get(from..to), true), piece(text.get(to..), false)];
    Some(all.into_iter().filter(|piece| !piece.text.is_empty()).collect())
}

/// Where `needle` stands in `text`, without regard to case: bytes from and to.
fn find(text: &str, needle: &str) -> Option<(usize, usize)> {
    if needle.is_empty() {
        return None;
    }
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    for (place, letter) in text.char_indices() {
        places.push((folded.len(), place));
        folded.extend(letter.to_lowercase());
    }
    places.push((folded.len(), text.len()));
    let needle = needle.to_lowercase();
    let from = folded.find(&needle)?;
    let original = |at: usize| places.get(places.partition_point(|(folded, _)| *folded < at)).map(|(_, place)| *place);
    Some((original(from)?, original(from + needle.len())?))
}

fn flatten(name: String, value: &Value, out: &mut Vec<(String, String)>) {
    if out.len() >= FIELDS {
        return;
    }
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, out)),
        Value::Array(items) => items.iter().for_each(|item| flatten(name.clone(), item, out)),
        Value::String(text) => out.push((name, text.clone())),
        other => out.push((name, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(fields: &Value, hits: &Value) -> Member {
        let record = json!({"fields": fields, "raw": "<14>NEW USER: x"});
        member(Id::nil(), DateTime::default(), &record, hits)
    }

    #[test]
    fn the_place_that_matched_is_marked_whatever_its_case() {
        let hits =
            json!([{"selection": "sel", "field": "Message", "value": "Đã NEW USER: x", "pattern": "*new user:*"}]);
        let seen = shown(&json!({"program": "useradd", "message": "Đã NEW USER: x"}), &hits);
        assert_eq!(seen.fields[0].name, "message", "what matched comes first");
        let pieces: Vec<(&str, bool)> = seen.fields[0].pieces.iter().map(|p| (p.text.as_str(), p.hit)).collect();
        assert_eq!(pieces, [("Đã ", false), ("NEW USER:", true), (" x", false)]);
        assert_eq!(seen.fields[0].why[0].selection, "sel");
        assert!(seen.elsewhere.is_empty() && seen.fields[1].why.is_empty());
    }

    #[test]
    fn a_regular_expression_marks_the_whole_value_and_absent_fields_are_told() {
        let hits = json!([
            {"selection": "zero", "field": "user.uid", "value": "0", "pattern": "^0$"},
            {"selection": "none", "field": "gone", "value": "", "pattern": "null"},
            {"selection": "keywords", "field": "", "value": "", "pattern": "new user"},
        ]);
        let seen = shown(&json!({"user": {"uid": 0, "groups": ["a", "b"]}}), &hits);
        assert_eq!(seen.fields[0].pieces, [Piece { text: "0".into(), hit: true }]);
        assert_eq!(seen.fields.len(), 3);
        assert_eq!(seen.elsewhere.len(), 2);
        assert_eq!(seen.raw[1], Piece { text: "NEW USER".into(), hit: true });
    }

    #[test]
    fn letters_that_grow_in_lower_case_do_not_shift_the_mark() {
        // 'İ' (2 bytes) becomes "i̇" (3 bytes).
        assert_eq!(find("İİ evil", "EVIL"), Some((5, 9)));
        assert_eq!(find("abc", "x"), None);
        assert_eq!(find("abc", ""), None);
    }
}
