//! Another rule set while running.

use std::sync::Arc;

use serde_json::json;

use super::{Bench, bench, correlation, rules, ruleset};
use crate::Engine;

fn count(name: &str, rule: &str, least: u32) -> String {
    correlation(
        name,
        &format!("type: event_count\nrules: [{rule}]\ngroup-by: [G]\ntimespan: 1h\ncondition: {{gte: {least}}}"),
    )
}

fn swapped(bench: &mut Bench, text: &str) {
    let set = ruleset(text);
    bench.engine = Engine::new(Arc::clone(&set));
    bench.correlator.swap(set);
}

fn told(bench: &mut Bench, second: i64, rule: &str) -> Vec<String> {
    let found = bench.event(second, &json!({"R": rule, "G": "x"}));
    found.iter().map(|f| bench.correlator.ruleset().correlations()[f.correlation].rule.id.clone()).collect()
}

#[test]
fn correlations_that_mean_the_same_keep_what_they_know() {
    let mut bench = bench(&(rules() + &count("one", "a", 3) + &count("two", "b", 3) + &count("gone", "c", 3)));
    for second in 0..2 {
        for rule in ["a", "b", "c"] {
            assert!(told(&mut bench, second, rule).is_empty());
        }
    }
    // Another order, another title, another threshold for `two`; `gone` is gone and comes back.
    let without = count("two", "b", 2) + &rules() + &count("one", "a", 3).replace("Correlation one", "Một");
    swapped(&mut bench, &without);
    assert_eq!(told(&mut bench, 10, "a"), ["cor-one"]);
    assert!(told(&mut bench, 11, "b").is_empty(), "two asks for something else now");
    assert_eq!(told(&mut bench, 12, "b"), ["cor-two"]);
    swapped(&mut bench, &(without + &count("gone", "c", 3)));
    assert!(told(&mut bench, 13, "c").is_empty());
    assert_eq!(bench.correlator.sizes().iter().map(|size| size.entries).sum::<usize>(), 6);
}

#[test]
fn a_rule_or_a_filter_that_changes_what_is_found_begins_anew() {
    let text = rules() + &count("one", "a", 2);
    let filter = "---\ntitle: Quiet\nid: f\nlogsource:\n    product: test\nfilter:\n    rules: [a]\n    sel:\n        G: y\n    condition: not sel\n";
    for other in [text.replace("R|contains: a", "R|startswith: a"), text.clone() + filter] {
        let mut bench = bench(&text);
        assert!(told(&mut bench, 0, "a").is_empty());
        swapped(&mut bench, &other);
        assert!(told(&mut bench, 1, "a").is_empty());
        assert_eq!(told(&mut bench, 2, "a"), ["cor-one"]);
    }
}

#[test]
fn an_outer_correlation_means_what_its_inner_one_means() {
    let outer = correlation("outer", "type: temporal\nrules: [one, b]\ngroup-by: [G]\ntimespan: 1h");
    let mut bench = bench(&(rules() + &count("one", "a", 1) + &outer));
    assert!(told(&mut bench, 0, "b").is_empty());
    swapped(&mut bench, &(rules() + &count("one", "c", 1) + &outer));
    assert!(told(&mut bench, 1, "c").is_empty(), "b was forgotten with the old meaning");
    assert_eq!(told(&mut bench, 2, "b"), ["cor-outer"]);
}
