//! The correlator against one that keeps every event and works everything out anew each time.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::json;

use super::{Bench, at, bench_within, correlation, late, rules};
use crate::Correlated;

/// How much earlier than the newest an event may be, in seconds.
const LATE: i64 = 30;

#[derive(Debug, Clone)]
struct Event {
    at: i64,
    came: i64,
    seq: usize,
    group: usize,
    rules: Vec<usize>,
    value: i64,
}

/// What the oracle finds: group, end of the window, events, how much was measured.
type Told = (usize, i64, Vec<u128>, f64);

#[derive(Debug, Clone)]
struct Case {
    kind: &'static str,
    ops: Vec<(&'static str, i64)>,
    expression: Option<&'static str>,
    span: i64,
    percentile: i64,
}

impl Case {
    fn text(&self) -> String {
        let mut condition: Vec<String> = self.ops.iter().map(|(op, n)| format!("{op}: {n}")).collect();
        if self.kind.starts_with("value_") {
            condition.push("field: V".to_owned());
        }
        if self.kind == "value_percentile" {
            condition.push(format!("percentile: {}", self.percentile));
        }
        let condition = self.expression.map_or_else(|| format!("{{{}}}", condition.join(", ")), str::to_owned);
        let section = format!(
            "type: {}\nrules: [a, b, c]\ngroup-by: [G]\ntimespan: {}s\ncondition: {condition}",
            self.kind, self.span
        );
        rules() + &correlation("one", &section)
    }

    fn at_end(&self) -> bool {
        let adds_up = !["value_avg", "value_percentile", "value_median"].contains(&self.kind);
        let upper = self.ops.iter().any(|(op, _)| ["lt", "lte", "eq"].contains(op));
        match self.expression {
            Some(text) => text.contains("not"),
            None => adds_up && upper && self.meets(0.0),
        }
    }

    fn meets(&self, value: f64) -> bool {
        self.ops.iter().all(|(op, n)| {
            let n = *n as f64;
            match *op {
                "gt" => value > n,
                "gte" => value >= n,
                "lt" => value < n,
                "lte" => value <= n,
                "eq" => value == n,
                _ => value != n,
            }
        })
    }

    /// What is measured in a window, when the condition holds.
    fn holds(&self, window: &[&Event]) -> Option<f64> {
        let values: Vec<i64> = window.iter().map(|event| event.value).collect();
        let sum: i64 = values.iter().sum();
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let n = values.len();
        let came: HashSet<usize> = window.iter().flat_map(|event| event.rules.iter().copied()).collect();
        let value = match self.kind {
            "event_count" => n as f64,
            "value_count" => values.iter().collect::<HashSet<_>>().len() as f64,
            "value_sum" => sum as f64,
            "value_avg" if n == 0 => return None,
            "value_avg" => sum as f64 / n as f64,
            "value_median" if n == 0 => return None,
            "value_median" => (sorted[(n - 1) / 2] + sorted[n / 2]) as f64 / 2.0,
            "value_percentile" if n == 0 => return None,
            "value_percentile" => {
                let rank = (self.percentile as f64 / 100.0 * n as f64 - 1e-9).ceil().max(1.0);
                sorted[rank as usize - 1] as f64
            }
            "temporal" => came.len() as f64,
            _ => longest(window) as f64,
        };
        match self.expression {
            None => self.meets(value).then_some(value),
            Some(text) => {
                let holds = match (self.kind, text) {
                    ("temporal", "a and b") => came.contains(&0) && came.contains(&1),
                    ("temporal", _) => came.contains(&0) && !came.contains(&1),
                    // In order: each choice of one event a part.
                    (_, "a and b") => pairs(window, 0, 1),
                    (_, _) => came.contains(&0) && !came.contains(&1),
                };
                holds.then_some(value)
            }
        }
    }
}

fn pairs(window: &[&Event], first: usize, second: usize) -> bool {
    window.iter().enumerate().any(|(place, event)| {
        event.rules.contains(&first) && window[place + 1..].iter().any(|later| later.rules.contains(&second))
    })
}

/// The longest chain of rules in their order, found by trying all choices of rules.
fn longest(window: &[&Event]) -> usize {
    let found = |chosen: &[usize]| {
        let mut next = window.iter();
        chosen.iter().all(|rule| next.any(|event| event.rules.contains(rule)))
    };
    let choices: [&[usize]; 8] = [&[], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]];
    choices.iter().filter(|chosen| found(chosen)).map(|chosen| chosen.len()).max().unwrap_or(0)
}

#[derive(Default)]
struct Oracle {
    events: Vec<Event>,
    held: HashSet<usize>,
    /// Events after which enough came: they wait for nothing, and count in the windows of others.
    settled: Vec<Event>,
    told: [Option<i64>; 2],
}

impl Oracle {
    /// Events of a group in the order in which they happened.
    fn group(&self, group: usize) -> Vec<Event> {
        let mut events: Vec<Event> = self.events.iter().filter(|event| event.group == group).cloned().collect();
        events.sort_by_key(|event| (event.at, event.seq));
        events
    }

    fn tells(&mut self, group: usize, at: i64, span: i64) -> bool {
        let tells = self.told[group].is_none_or(|told| (told - at).abs() >= span);
        if tells {
            self.told[group] = Some(self.told[group].map_or(at, |told| told.max(at)));
        }
        tells
    }

    fn see(&mut self, case: &Case, event: &Event) -> Vec<Told> {
        let mut told = Vec::new();
        let newest = self.group(event.group).last().map_or(i64::MIN, |event| event.at);
        if event.at < newest.saturating_sub(LATE) {
            return told;
        }
        self.events.push(event.clone());
        if case.at_end() {
            if case.kind == "event_count" && case.ops == [("eq", 0)] {
                self.settle(event.group, case.span);
            }
            return told;
        }
        let group = self.group(event.group);
        for (place, end) in group.iter().enumerate() {
            let touched = (end.at, end.seq) >= (event.at, event.seq) && end.at <= event.at + case.span;
            if !touched || self.held.contains(&end.seq) {
                continue;
            }
            let window: Vec<&Event> = group[..=place].iter().filter(|e| e.at >= end.at - case.span).collect();
            if let Some(value) = case.holds(&window) {
                self.held.insert(end.seq);
                if self.tells(event.group, end.at, case.span) {
                    told.push((event.group, end.at, ids(&window), value));
                }
            }
        }
        told
    }

    /// Takes away events that others followed within the timespan.
    fn settle(&mut self, group: usize, span: i64) {
        let mut all = self.group(group);
        all.extend(self.settled.iter().filter(|event| event.group == group).cloned());
        let after = |a: &Event, b: &Event| (b.at, b.seq) > (a.at, a.seq) && b.at <= a.at + span;
        let (settled, open) =
            self.events.drain(..).partition(|one| one.group == group && all.iter().any(|other| after(one, other)));
        self.events = open;
        let settled: Vec<Event> = settled;
        self.settled.extend(settled);
    }

    fn tick(&mut self, case: &Case, now: i64) -> Vec<Told> {
        let mut told = Vec::new();
        for group in [0, 1] {
            if !case.at_end() {
                let last = self.group(group).iter().map(|event| event.came).max();
                if last.is_some_and(|last| last + case.span + LATE <= now) {
                    self.events.retain(|event| event.group != group);
                    self.told[group] = None;
                }
                continue;
            }
            while let [first, rest @ ..] = self.group(group).as_slice() {
                if first.came + case.span + LATE > now {
                    break;
                }
                let end = first.at + case.span;
                let mut window: Vec<&Event> = rest.iter().filter(|event| event.at <= end).collect();
                if case.expression.is_some() {
                    window.insert(0, first);
                }
                let found = case.holds(&window);
                if case.expression.is_none() {
                    window.insert(0, first);
                }
                if let Some(value) = found
                    && self.tells(group, end, case.span)
                {
                    told.push((group, end, ids(&window), value));
                }
                let gone = first.seq;
                self.events.retain(|event| event.seq != gone);
            }
            if self.group(group).is_empty() {
                self.told[group] = None;
                self.settled.retain(|event| event.group != group);
            }
        }
        told
    }
}

fn ids(window: &[&Event]) -> Vec<u128> {
    window.iter().map(|event| event.seq as u128).collect()
}

fn shown(found: Vec<Correlated>) -> Vec<Told> {
    let mut told: Vec<Told> = found
        .into_iter()
        .map(|found| {
            let group = usize::from(found.group[0].1 == "g1");
            (group, (found.at - at(0)).num_seconds(), found.events, found.value)
        })
        .collect();
    told.sort_by_key(|told| (told.0, told.1));
    told
}

fn cases() -> impl Strategy<Value = Case> {
    let kinds = prop::sample::select(vec![
        "event_count",
        "value_count",
        "value_sum",
        "value_avg",
        "value_percentile",
        "value_median",
        "temporal",
        "temporal_ordered",
    ]);
    let conditions = prop_oneof![
        4 => (1i64..5).prop_map(|n| vec![("gte", n)]),
        2 => (0i64..4).prop_map(|n| vec![("gt", n)]),
        2 => (1i64..3).prop_map(|n| vec![("lt", n)]),
        1 => Just(vec![("eq", 0)]),
        1 => Just(vec![("lte", 1)]),
        1 => Just(vec![("eq", 2)]),
        1 => Just(vec![("gt", 1), ("lte", 3)]),
        1 => Just(vec![("neq", 1)]),
    ];
    let expressions = prop::option::weighted(0.3, prop::sample::select(vec!["a and b", "a and not b"]));
    (kinds, conditions, expressions, 5i64..40, 0i64..=100).prop_map(|(kind, mut ops, expression, span, percentile)| {
        let temporal = kind.starts_with("temporal");
        if temporal {
            // A condition that no number of rules meets is refused.
            ops.iter_mut().for_each(|(_, n)| *n = (*n).min(2));
        }
        Case { kind, ops, expression: expression.filter(|_| temporal), span, percentile }
    })
}

/// Events, each so many seconds after the one before, some of them late, and whether time passes after them.
fn streams() -> impl Strategy<Value = Vec<(i64, i64, usize, u8, i64, bool)>> {
    let late = prop_oneof![5 => Just(0i64), 2 => 0i64..35];
    prop::collection::vec((0i64..8, late, 0usize..2, 1u8..8, -2i64..5, prop::bool::weighted(0.15)), 1..60)
}

fn bench(case: &Case) -> Bench {
    let text = case.text();
    let text = match case.expression {
        Some(_) => text.replace("rules: [a, b, c]", "rules: [a, b]"),
        None => text,
    };
    bench_within(&text, late(LATE))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_correlator_finds_what_working_everything_out_anew_finds(case in cases(), stream in streams()) {
        let mut bench = bench(&case);
        let mut oracle = Oracle::default();
        let mut now = 0;
        // Of a count with room to spare, what is late may be taken for settled: see `take_at_end`.
        let in_order = case.kind == "event_count" && case.at_end() && case.ops != [("eq", 0)];
        for (seq, (step, late, group, rules, value, passes)) in (1..).zip(&stream) {
            now += step;
            let rules: Vec<usize> = (0..3).filter(|rule| rules & (1 << rule) != 0).collect();
            let rules = if case.expression.is_some() { rules.into_iter().filter(|r| *r < 2).collect() } else { rules };
            let at = if in_order { now } else { now - late };
            let event = Event { at, came: now, seq, group: *group, rules, value: *value };
            let names: String = event.rules.iter().map(|rule| ["a", "b", "c"][*rule]).collect();
            let fields = json!({"R": names, "G": format!("g{group}"), "V": value});
            let found = bench.event_of(7, event.at, event.came, &fields);
            let expected = if event.rules.is_empty() { Vec::new() } else { oracle.see(&case, &event) };
            prop_assert_eq!(shown(found), sorted(expected), "{}", case.text());
            if *passes {
                now += case.span;
                prop_assert_eq!(shown(bench.tick(now)), sorted(oracle.tick(&case, now)), "{}", case.text());
            }
        }
        now += 1000;
        prop_assert_eq!(shown(bench.tick(now)), sorted(oracle.tick(&case, now)), "{}", case.text());
        prop_assert_eq!(bench.correlator.sizes()[0].groups, 0, "nothing is left when all has passed");
        prop_assert_eq!(bench.correlator.sizes()[0].entries, 0);
    }
}

fn sorted(mut told: Vec<Told>) -> Vec<Told> {
    told.sort_by_key(|told| (told.0, told.1));
    told
}
