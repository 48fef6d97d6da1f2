//! What an entry says, laid out as a table.

use std::collections::BTreeMap;

use khien_base::{Fault, Result};
use serde_json::Value;

use super::views::Change;

/// Rows of a table at most.
const ROWS: usize = 500;
/// Levels of an entry's detail that are opened; deeper ones are shown as they are.
const DEPTH: usize = 6;

/// The fields of an entry: `before` and `after` side by side, whatever else it says under them.
pub(super) fn changes(detail: &Value) -> Vec<Change> {
    let mut fields: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut rest = BTreeMap::new();
    let Value::Object(parts) = detail else {
        return if detail.is_null() { Vec::new() } else { vec![row(String::new(), String::new(), text(detail))] };
    };
    for (name, value) in parts {
        let mut flat = BTreeMap::new();
        let side = name == "before" || name == "after";
        flatten(if side { "" } else { name }, value, 0, &mut flat);
        for (field, value) in flat {
            match name.as_str() {
                "before" => fields.entry(field).or_default().0 = value,
                "after" => fields.entry(field).or_default().1 = value,
                _ => {
                    rest.insert(field, value);
                }
            }
        }
    }
    let sides = fields.into_iter().map(|(field, (before, after))| row(field, before, after));
    sides.chain(rest.into_iter().map(|(field, value)| row(field, String::new(), value))).take(ROWS).collect()
}

fn row(field: String, before: String, after: String) -> Change {
    Change { changed: before != after, field, before, after }
}

fn flatten(path: &str, value: &Value, depth: usize, out: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(parts) if depth < DEPTH && !parts.is_empty() => {
            for (name, part) in parts {
                flatten(&below(name), part, depth + 1, out);
            }
        }
        Value::Array(items) if depth < DEPTH && items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (n, item) in items.iter().enumerate() {
                flatten(&below(&(n + 1).to_string()), item, depth + 1, out);
            }
        }
        _ => {
            out.insert(path.to_owned(), text(value));
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            items.iter().map(text).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// How an action begins, as a filter asks for it.
pub(super) fn action(asked: &str) -> Result<String> {
    let asked = asked.trim().to_lowercase();
    let spelled = asked.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if spelled && asked.len() <= 80 { Ok(asked) } else { Err(Fault::invalid("audit.action").on("action")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn before_and_after_stand_side_by_side() {
        let detail = json!({"before": {"name": "Cũ", "to": null}, "after": {"name": "Mới", "to": "2026-12-31"}, "why": ["a", 1]});
        let rows = changes(&detail);
        let seen: Vec<_> = rows.iter().map(|r| (r.field.as_str(), r.before.as_str(), r.after.as_str())).collect();
        assert_eq!(seen, [("name", "Cũ", "Mới"), ("to", "", "2026-12-31"), ("why", "", "a, 1")]);
        assert!(rows.iter().all(|row| row.changed));
        assert!(!changes(&json!({"before": {"x": 1}, "after": {"x": 1}}))[0].changed);
    }

    #[test]
    fn odd_details_become_a_table_too() {
        assert!(changes(&json!({})).is_empty() && changes(&json!(null)).is_empty());
        assert_eq!(changes(&json!("lạ"))[0].after, "lạ");
        assert_eq!(changes(&json!({"list": [{"a": 1}, {"a": 2}]}))[1].field, "list.2.a");
        let mut deep = json!(1);
        for _ in 0..100 {
            deep = json!({"x": deep});
        }
        assert_eq!(changes(&deep).len(), 1);
        let wide: serde_json::Map<String, Value> = (0..2000).map(|n| (n.to_string(), json!(n))).collect();
        assert_eq!(changes(&Value::Object(wide)).len(), ROWS);
    }

    #[test]
    fn an_action_is_a_word() {
        assert_eq!(action(" Sign_in. ").unwrap(), "sign_in.");
        assert_eq!(action("people%").unwrap_err().code, "audit.action");
    }
}
