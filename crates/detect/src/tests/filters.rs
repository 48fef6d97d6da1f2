//! What filters do to rules.

use std::sync::Arc;

use serde_json::{Value, json};

use super::record;
use crate::{Engine, RuleFault, Ruleset, Scratch};

const RULES: &str = "title: One\nid: r1\nname: whoami\nlogsource:\n    product: test\ndetection:\n    sel:\n        A: x\n    condition: sel\n---\ntitle: Two\nid: r2\nlogsource:\n    product: test\ndetection:\n    sel:\n        A: x\n    condition: sel\n";

fn load(filter: &str) -> (Arc<Ruleset>, Vec<RuleFault>) {
    // The filter comes first: it has to wait for the rules.
    let sources = [("filter.yml".to_owned(), filter.to_owned()), ("rules.yml".to_owned(), RULES.to_owned())];
    let (set, faults) = Ruleset::load(sources.into_iter());
    (Arc::new(set), faults)
}

fn fired(set: &Arc<Ruleset>, fields: &Value) -> Vec<String> {
    let record = record(fields);
    let plain: Vec<String> = set.matches(&record).into_iter().map(|found| found.rule.id.clone()).collect();
    let engine = Engine::new(Arc::clone(set));
    let fast: Vec<String> =
        engine.matches(&record, &mut Scratch::default()).into_iter().map(|found| found.rule.id.clone()).collect();
    assert_eq!(plain, fast);
    plain
}

fn filter(logsource: &str, rules: &str, condition: &str) -> String {
    format!(
        "title: Quiet administrators\nid: f1\nlogsource:\n    {logsource}\nfilter:\n    rules: {rules}\n    sel:\n        User|startswith: adm_\n    condition: {condition}\n"
    )
}

#[test]
fn a_filter_quiets_the_rules_that_it_names_and_no_other() {
    let (set, faults) = load(&filter("product: test", "[whoami]", "not sel"));
    assert!(faults.is_empty(), "{}", faults[0]);
    assert_eq!(fired(&set, &json!({"A": "x", "User": "adm_lan"})), ["r2"]);
    assert_eq!(fired(&set, &json!({"A": "x", "User": "lan"})), ["r1", "r2"]);
    assert_eq!(fired(&set, &json!({"A": "y", "User": "lan"})), [""; 0]);
    assert_eq!(set.filters()[0].title, "Quiet administrators");
}

#[test]
fn a_filter_may_be_for_any_rule_of_its_log_source() {
    let (set, faults) = load(&filter("product: test", "any", "not sel"));
    assert!(faults.is_empty());
    assert_eq!(fired(&set, &json!({"A": "x", "User": "adm_lan"})), [""; 0]);
    let (set, faults) = load(&filter("product: other", "any", "not sel"));
    assert!(faults.is_empty());
    assert_eq!(fired(&set, &json!({"A": "x", "User": "adm_lan"})), ["r1", "r2"]);
}

#[test]
fn a_faulty_filter_is_told_and_quiets_nothing() {
    let cases = [
        (filter("product: test", "[r1, r9]", "not sel"), "detect.filter-rule-unknown", 1),
        (filter("product: test", "[]", "not sel"), "detect.filter-rules", 2),
        (filter("product: test", "[r1]", "not other"), "detect.condition-unknown", 2),
        (filter("product: test", "[r1]", "not sel").replace("    rules: [r1]\n", ""), "detect.filter-rules", 2),
    ];
    for (text, code, fires) in cases {
        let (set, faults) = load(&text);
        assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), [code], "{text}");
        assert_eq!(fired(&set, &json!({"A": "x", "User": "adm_lan"})).len(), fires, "{text}");
    }
}
