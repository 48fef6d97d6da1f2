//! Correlations over correlations, aliases, and who alerts by himself.

use serde_json::json;

use super::{bench, bench_within, correlation, late, rules, ruleset};

/// The specification's example: many failures, then success.
fn guessed() -> String {
    // The outer one stands first: it has to wait for the inner one and for the rules.
    correlation("in", "type: temporal_ordered\nrules: [many, b]\ngroup-by: [User]\ntimespan: 10m")
        + &correlation("many", "type: event_count\nrules: [a]\ngroup-by: [User]\ntimespan: 10m\ncondition: {gte: 3}")
        + &rules()
}

#[test]
fn many_failures_followed_by_success() {
    let mut bench = bench(&guessed());
    let fields = |rule: &str, user: &str| json!({"R": rule, "User": user});
    for second in 0..3 {
        assert!(bench.event(second, &fields("a", "lan")).is_empty(), "the inner one is quiet");
    }
    assert!(bench.event(3, &fields("b", "an")).is_empty());
    let found = bench.event(4, &fields("b", "lan"));
    assert_eq!(found.len(), 1);
    assert_eq!(bench.correlator.ruleset().correlations()[found[0].correlation].rule.id, "cor-in");
    assert_eq!(found[0].events, [3, 5], "the event that made the inner one true, and the success");
}

#[test]
fn a_chain_knows_that_the_inner_one_goes_on() {
    let mut bench = bench(&guessed());
    for second in 0..500 {
        assert!(bench.event(second, &json!({"R": "a", "User": "lan"})).is_empty());
    }
    assert_eq!(bench.event(1000, &json!({"R": "b", "User": "lan"})).len(), 1, "told first at 2, held until 499");
}

#[test]
fn counting_counts_results_and_groups_of_the_inner_one_are_known() {
    let text = correlation(
        "targets",
        "type: value_count\nrules: [many]\ngroup-by: [ip]\ntimespan: 1h\ncondition: {field: who, gte: 2}",
    ) + &correlation(
        "many",
        "type: event_count\nrules: [a, b]\ngroup-by: [who, ip]\ntimespan: 1m\ncondition: {gte: 2}\naliases:\n    who: {a: User, b: Account}\n    ip: {a: Ip, rule-b: Source}",
    ) + &rules();
    let mut bench = bench(&text);
    let a = |user: &str| json!({"R": "a", "User": user, "Ip": "10.0.0.1"});
    let b = |user: &str| json!({"R": "b", "Account": user, "Source": "10.0.0.1"});
    assert!(bench.event(0, &a("lan")).is_empty() && bench.event(1, &b("lan")).is_empty());
    assert!(bench.event(2, &a("lan")).is_empty(), "still the same result");
    assert!(bench.event(3, &b("an")).is_empty());
    let found = bench.event(4, &a("an"));
    assert_eq!((found.len(), found[0].value), (1, 2.0));
    assert_eq!(found[0].group, [("ip".to_owned(), "10.0.0.1".to_owned())]);
}

#[test]
fn a_silence_may_be_a_step_too() {
    let text = correlation("both", "type: temporal\nrules: [silent, b]\ngroup-by: [G]\ntimespan: 1d")
        + &correlation("silent", "type: event_count\nrules: [a]\ngroup-by: [G]\ntimespan: 1h\ncondition: {eq: 0}")
        + &rules();
    let mut bench = bench_within(&text, late(0));
    assert!(bench.event(0, &json!({"R": "a", "G": "x"})).is_empty());
    assert!(bench.event(60, &json!({"R": "b", "G": "x"})).is_empty());
    let found = bench.tick(3600);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].group, [("G".to_owned(), "x".to_owned())]);
}

#[test]
fn what_is_referred_to_is_quiet_unless_somebody_generates_it() {
    let section =
        |generate: &str| format!("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {{gte: 2}}{generate}");
    let set = ruleset(&(rules() + &correlation("one", &section(""))));
    assert!(set.is_quiet(0) && !set.is_quiet(1) && !set.is_quiet(9));
    let both = rules() + &correlation("one", &section("")) + &correlation("two", &section("\ngenerate: true"));
    assert!(!ruleset(&both).is_quiet(0));
    let low = both.replacen("    condition: sel\n", "    condition: sel\nlevel: informational\n", 1);
    assert!(ruleset(&low).is_quiet(0), "informational alerts nobody once a correlation refers to it");
    let set = ruleset(&guessed());
    let quiet: Vec<bool> = set.correlations().iter().map(|c| c.quiet).collect();
    assert_eq!(quiet, [true, false], "the inner one stands first and is quiet");
    assert_eq!(set.heads().count(), 5);
}
