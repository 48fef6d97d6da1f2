//! What rules of the specification do on records, and what faulty rules are told.

mod correlate;
mod errors;
mod fast;
mod filters;
mod modifiers;
mod random;
mod selections;

use khien_base::{LogSource, Record, event::Hot};
use serde_json::Value;

use crate::{Placeholders, RuleFault, Ruleset};

/// A rule with this detection section, indented as it stands under `detection:`.
pub(super) fn rule(detection: &str) -> String {
    let detection: String = detection.lines().map(|l| format!("    {l}\n")).collect();
    format!(
        "title: A rule\nid: 00000000-0000-4000-8000-000000000001\nlogsource:\n    product: test\ndetection:\n{detection}"
    )
}

/// A record of the product `test`.
pub(super) fn record(fields: &Value) -> Record {
    Record {
        time: None,
        log: LogSource { product: Some("test".to_owned()), service: None, category: None },
        hot: Hot::default(),
        fields: fields.as_object().unwrap().clone().into(),
        raw: fields.to_string(),
        key: None,
    }
}

pub(super) fn load(yaml: &str) -> (Ruleset, Vec<RuleFault>) {
    Ruleset::load(std::iter::once(("rule.yml".to_owned(), yaml.to_owned())))
}

/// Whether a rule with this detection fires on the fields.
pub(super) fn fires(detection: &str, fields: &Value) -> bool {
    let (set, faults) = load(&rule(detection));
    assert!(faults.is_empty(), "{}", faults[0]);
    agreed(set, fields)
}

/// Whether the one rule of a set fires, as both matchers say.
fn agreed(set: Ruleset, fields: &Value) -> bool {
    let set = std::sync::Arc::new(set);
    let engine = crate::Engine::new(std::sync::Arc::clone(&set));
    let [plain, fast] = fast::both(&set, &engine, &mut crate::Scratch::default(), &record(fields));
    assert_eq!(plain, fast);
    plain.len() == 1
}

/// Whether `item` as the only one of a selection fires on the fields.
pub(super) fn item(item: &str, fields: &Value) -> bool {
    let lines: String = item.lines().map(|l| format!("    {l}\n")).collect();
    fires(&format!("sel:\n{lines}condition: sel"), fields)
}

/// The code of the only fault of a rule with this item.
pub(super) fn refused(item: &str) -> &'static str {
    let lines: String = item.lines().map(|l| format!("    {l}\n")).collect();
    let (set, faults) = load(&rule(&format!("sel:\n{lines}condition: sel")));
    assert!(set.rules().is_empty());
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].code
}

/// [`item`] with values of placeholders.
pub(super) fn item_with(item: &str, placeholders: &[(&str, &[&str])], fields: &Value) -> bool {
    let lines: String = item.lines().map(|l| format!("    {l}\n")).collect();
    let text = rule(&format!("sel:\n{lines}condition: sel"));
    let values: Placeholders =
        placeholders.iter().map(|(n, v)| ((*n).to_owned(), v.iter().map(|v| (*v).to_owned()).collect())).collect();
    let (set, faults) = Ruleset::load_with(std::iter::once(("rule.yml".to_owned(), text)), &values);
    assert!(faults.is_empty(), "{}", faults[0]);
    agreed(set, fields)
}
