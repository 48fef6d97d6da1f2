//! What is kept is bounded, and what is given up is counted.

use chrono::TimeDelta;
use serde_json::json;

use super::{bench_within, correlation, rules};
use crate::Bounds;

fn text() -> String {
    rules() + &correlation("one", "type: event_count\nrules: [a]\ngroup-by: [G]\ntimespan: 1h\ncondition: {gte: 3}")
}

fn bounds(groups: usize, of_group: usize, all: usize) -> Bounds {
    Bounds { groups, entries_of_group: of_group, entries: all, late: TimeDelta::seconds(10) }
}

#[test]
fn of_too_many_groups_the_one_that_was_added_to_longest_ago_goes() {
    let mut bench = bench_within(&text(), bounds(3, 100, 1000));
    for (second, group) in ["x", "y", "z", "x", "new"].into_iter().zip(0..).map(|(group, second)| (second, group)) {
        assert!(bench.event(second, &json!({"R": "a", "G": group})).is_empty());
    }
    let size = bench.correlator.sizes()[0].clone();
    assert_eq!((size.groups, size.entries, size.evicted), (3, 4, 1));
    assert_eq!(bench.event(10, &json!({"R": "a", "G": "x"})).len(), 1, "x was kept");
    assert!(bench.event(11, &json!({"R": "a", "G": "y"})).is_empty(), "y begins anew");
}

#[test]
fn of_too_many_events_the_oldest_of_the_group_go() {
    let mut bench = bench_within(&text(), bounds(10, 5, 1000));
    for second in 0..100 {
        bench.event(second, &json!({"R": "a", "G": "x"}));
    }
    let size = bench.correlator.sizes()[0].clone();
    assert_eq!((size.entries, size.dropped), (5, 95));
    assert_eq!(bench.event(3700, &json!({"R": "a", "G": "x"})).len(), 0, "only two of the five are within the hour");
}

#[test]
fn the_bound_of_all_holds_over_groups_and_correlations() {
    let text =
        text() + &correlation("two", "type: event_count\nrules: [b]\ngroup-by: [G]\ntimespan: 1h\ncondition: {gte: 3}");
    let mut bench = bench_within(&text, bounds(1000, 1000, 50));
    for n in 0..500 {
        bench.event(n, &json!({"R": if n % 3 == 0 { "b" } else { "a" }, "G": format!("g{}", n % 40)}));
        let entries: usize = bench.correlator.sizes().iter().map(|size| size.entries).sum();
        assert!(entries <= 50, "{entries}");
    }
    assert!(bench.correlator.sizes().iter().map(|size| size.evicted).sum::<u64>() > 0);
}

#[test]
fn twenty_thousand_addresses_do_not_fill_the_memory_and_are_forgotten() {
    let mut bench = bench_within(&text(), bounds(4_000, 100, 2_000));
    for n in 0..20_000 {
        bench.event(n / 200, &json!({"R": "a", "G": format!("10.{n}")}));
    }
    let size = bench.correlator.sizes()[0].clone();
    assert!(size.groups <= 2_000 && size.entries <= 2_000 && size.evicted >= 18_000, "{size:?}");
    assert!(bench.tick(100 + 3600 + 10).is_empty());
    assert_eq!(bench.correlator.sizes()[0].groups, 0);
}

#[test]
fn a_busy_machine_that_might_fall_silent_costs_one_event() {
    let text =
        rules() + &correlation("one", "type: event_count\nrules: [a]\ngroup-by: [G]\ntimespan: 1h\ncondition: {lt: 1}");
    let mut bench = bench_within(&text, Bounds::default());
    for n in 0..3_000 {
        bench.event(n, &json!({"R": "a", "G": "x"}));
    }
    let size = bench.correlator.sizes()[0].clone();
    assert_eq!((size.entries, size.dropped), (1, 0));
}

#[test]
fn a_clock_that_is_ahead_does_not_make_others_late() {
    let mut bench = bench_within(&text(), bounds(10, 100, 1000));
    let fields = json!({"R": "a", "G": "x"});
    assert!(bench.event_of(7, 86_400, 0, &fields).is_empty(), "a day ahead counts as now");
    assert!(bench.event_of(7, 1, 1, &fields).is_empty());
    assert_eq!(bench.event_of(7, 2, 2, &fields).len(), 1);
}

#[test]
fn chains_that_multiply_have_an_end() {
    // Each layer refers to all of the layer before it: ten to the tenth ways through them.
    let one = |layer: usize, n: usize| {
        let below = |layer: usize| (0..10).map(|n| format!("c{layer}x{n}")).collect::<Vec<_>>().join(", ");
        let rules = layer.checked_sub(1).map_or_else(|| "a".to_owned(), below);
        let section = format!("type: temporal\nrules: [{rules}]\ntimespan: 1h\ncondition: {{gte: 1}}");
        correlation(&format!("c{layer}x{n}"), &section)
    };
    let layers: String = (0..10).flat_map(|layer| (0..10).map(move |n| (layer, n))).map(|(l, n)| one(l, n)).collect();
    let mut bench = bench_within(&(rules() + &layers), Bounds::default());
    assert_eq!(bench.event(0, &json!({"R": "a"})).len(), 0);
    assert!(bench.correlator.sizes().iter().map(|size| size.dropped).sum::<u64>() > 0);
}
