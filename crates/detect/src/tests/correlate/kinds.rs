//! Each kind of correlation, as the specification's examples have it.

use serde_json::json;

use super::{at, bench, bench_within, correlation, late, rules};

fn one(section: &str) -> String {
    rules() + &correlation("one", section)
}

#[test]
fn events_are_counted_in_a_sliding_window_and_told_once_a_timespan() {
    let mut bench = bench(&one("type: event_count\nrules: a\ngroup-by: [G]\ntimespan: 60s\ncondition:\n    gte: 3"));
    assert_eq!(bench.told("a", &[0, 30, 61]), [], "the first is a second too old");
    assert_eq!(bench.told("a", &[90]), [(90, 3.0)], "both ends of the timespan count");
    assert_eq!(bench.told("a", &[91, 92, 149]), [], "the group has told of itself");
    assert_eq!(bench.told("a", &[150]), [(150, 5.0)], "after a timespan it is told again as long as it holds");
    assert_eq!(bench.told("a", &[300, 301]), []);
    assert_eq!(bench.told("a", &[302]), [(302, 3.0)]);
}

#[test]
fn groups_are_of_one_unit_and_case_does_not_matter() {
    let text = one("type: event_count\nrules: [a]\ngroup-by: [G]\ntimespan: 1m\ncondition: {gte: 2}");
    let mut bench = bench(&text);
    let fields = |group: &str| json!({"R": "a", "G": group});
    assert!(bench.event_of(1, 0, 0, &fields("Lan")).is_empty());
    assert!(bench.event_of(2, 1, 1, &fields("Lan")).is_empty(), "another unit");
    assert!(bench.event_of(1, 2, 2, &fields("Bình")).is_empty());
    let found = bench.event_of(1, 3, 3, &fields("LAN"));
    assert_eq!((found.len(), found[0].partition), (1, 1));
    assert_eq!(found[0].group, [("G".to_owned(), "Lan".to_owned())]);
    assert_eq!((found[0].events.as_slice(), found[0].count), ([1, 4].as_slice(), 2));
    assert_eq!((found[0].first, found[0].last), (at(0), at(3)));
    assert!(bench.event_of(1, 4, 4, &json!({"R": "a"})).is_empty(), "no G, no group");
    assert_eq!(bench.correlator.sizes()[0].ungrouped, 1);
}

#[test]
fn an_event_on_which_two_rules_fire_counts_once() {
    let mut bench = bench(&one("type: event_count\nrules: [a, b]\ntimespan: 1m\ncondition: {gte: 2}"));
    assert_eq!(bench.told("ab", &[0]), []);
    assert_eq!(bench.told("b", &[1]), [(1, 2.0)]);
}

#[test]
fn different_values_are_counted_of_one_field_or_of_several() {
    let section = "type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {field: [User, Host], gte: 3}";
    let mut bench = bench(&one(section));
    let mut event = |at, user: &str, host: &str| bench.event(at, &json!({"R": "a", "User": user, "Host": host})).len();
    assert_eq!((event(0, "lan", "x"), event(1, "LAN", "X"), event(2, "lan", "y")), (0, 0, 0));
    assert_eq!((event(3, "lan", "-"), event(4, "an", "x")), (0, 1));
    assert_eq!(bench.correlator.sizes()[0].worthless, 1);
}

#[test]
fn sums_means_medians_and_percentiles_are_exact() {
    let cases = [
        ("value_sum", "gte: 0.6", vec![json!(0.1), json!("0.2"), json!(0.3)], Some(0.6)),
        ("value_sum", "gt: 0.6", vec![json!(0.1), json!("0.2"), json!(0.3)], None),
        ("value_avg", "eq: 2", vec![json!(1), json!(1), json!(4)], Some(2.0)),
        ("value_median", "eq: 2.5", vec![json!(9), json!(1), json!(4), json!(1)], Some(2.5)),
        ("value_percentile", "percentile: 90, gt: 8", vec![json!(9), json!(1)], Some(9.0)),
        ("value_percentile", "percentile: 50, lte: 1", vec![json!(9), json!("1")], Some(1.0)),
    ];
    for (kind, condition, values, expected) in cases {
        let section = format!("type: {kind}\nrules: [a]\ntimespan: 1m\ncondition: {{field: V, {condition}}}");
        let mut bench = bench(&one(&section));
        let mut last = None;
        for (second, value) in (0..).zip(&values) {
            last = bench.event(second, &json!({"R": "a", "V": value})).pop();
        }
        // What held earlier was told and stays told; where it holds only now it is told now.
        let told_before = kind == "value_percentile" && condition.contains("gt:");
        let value = last.map(|found| found.value);
        assert_eq!(if told_before { Some(9.0) } else { value }, expected, "{kind} {condition}");
    }
}

#[test]
fn rules_come_together_in_any_order_or_in_theirs() {
    let section = |kind: &str| format!("type: {kind}\nrules: [a, b, c]\ngroup-by: [G]\ntimespan: 5m");
    let mut any = bench(&one(&section("temporal")));
    assert_eq!((any.told("c", &[0]), any.told("a", &[10])), (vec![], vec![]));
    assert_eq!(any.told("b", &[20]), [(20, 3.0)]);
    let mut ordered = bench(&one(&section("temporal_ordered")));
    for rule in ["c", "a", "c", "b"] {
        assert_eq!(ordered.told(rule, &[30]), [], "{rule}");
    }
    assert_eq!(ordered.told("c", &[31]), [(31, 3.0)]);
    let mut one_event = bench(&one(&section("temporal_ordered")));
    assert_eq!(one_event.told("abc", &[0]), [], "one event is not after itself");
}

#[test]
fn an_event_that_comes_late_counts_where_it_belongs() {
    let text = one("type: temporal_ordered\nrules: [a, b]\ngroup-by: [G]\ntimespan: 1m");
    let mut bench = bench_within(&text, late(100));
    let fields = |rule: &str| json!({"R": rule, "G": "x"});
    assert!(bench.event_of(1, 50, 50, &fields("b")).is_empty());
    assert!(bench.event_of(1, 200, 200, &fields("b")).is_empty());
    assert!(bench.event_of(1, 120, 201, &fields("a")).is_empty(), "80 seconds before the b that follows it");
    let found = bench.event_of(1, 150, 202, &fields("a"));
    assert_eq!(found.iter().map(|f| (f.at, f.events.clone())).collect::<Vec<_>>(), [(at(200), vec![4, 2])]);
    assert!(bench.event_of(1, 99, 203, &fields("a")).is_empty());
    assert_eq!(bench.correlator.sizes()[0].too_late, 1);
}

#[test]
fn what_does_not_come_is_told_when_the_time_has_passed() {
    let text = one("type: event_count\nrules: [a]\ngroup-by: [G]\ntimespan: 1h\ncondition: {lt: 1}");
    let mut bench = bench_within(&text, late(60));
    assert_eq!(bench.told("a", &[0, 1800, 3000]), []);
    assert!(bench.tick(6600).is_empty(), "an event may still come late");
    let found = bench.tick(6660);
    assert_eq!((found.len(), found[0].at, found[0].events.as_slice()), (1, at(6600), [3].as_slice()));
    assert!(found[0].absent && found[0].last == at(3000));
    assert!(bench.tick(90_000).is_empty(), "one silence is told once");
    assert_eq!(bench.correlator.sizes()[0].groups, 0);
}

#[test]
fn something_without_something_else_is_told_when_the_time_has_passed() {
    let text = one("type: temporal\ngroup-by: [G]\ntimespan: 1h\ncondition: a and not (b or c)");
    let mut bench = bench_within(&text, late(0));
    assert_eq!(bench.told("a", &[0]), []);
    assert_eq!(bench.tick(3600).len(), 1);
    assert_eq!(bench.told("a", &[4000]), []);
    assert_eq!(bench.told("c", &[7000]), []);
    assert!(bench.tick(20_000).is_empty(), "c came in time; c alone is nothing");
}

#[test]
fn a_range_and_parts_in_order_are_conditions() {
    let range = one("type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gt: 1, lte: 2}");
    assert_eq!(bench(&range).told("a", &[0, 1, 2]), [(1, 2.0)]);
    let parts = one("type: temporal_ordered\nrules: [a, b, c]\ntimespan: 1m\ncondition: (a or b) and c");
    let mut bench = bench(&parts);
    assert_eq!((bench.told("c", &[0]), bench.told("b", &[1])), (vec![], vec![]));
    assert_eq!(bench.told("c", &[2]).len(), 1);
}

#[test]
fn a_month_is_not_a_minute() {
    let section = |span: &str| format!("type: event_count\nrules: [a]\ntimespan: {span}\ncondition: {{gte: 2}}");
    for (span, seconds) in [("90s", 90), ("2m", 120), ("1h", 3600), ("1d", 86_400), ("1w", 604_800), ("1M", 2_629_746)]
    {
        let mut bench = bench(&one(&section(span)));
        assert_eq!(bench.told("a", &[0, seconds + 1]), [], "{span}");
        assert_eq!(bench.told("a", &[seconds + 1 + seconds]).len(), 1, "{span}");
    }
}
