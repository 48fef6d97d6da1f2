//! The fast matcher against the plain one, on rules and records that chance makes.

use std::sync::Arc;

use khien_base::{LogSource, Record, event::Hot};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::{Engine, Ruleset, Scratch};

/// Names of fields of rules and of records: other cases, paths, twins.
fn name() -> impl Strategy<Value = &'static str> {
    select(vec!["Image", "image", "CommandLine", "EventID", "a.b", "a", "b", "A.B.C", "Hashes", "x"])
}

/// Values in which pieces of one another stand.
fn text() -> impl Strategy<Value = String> {
    let pieces = select(vec![
        "powershell",
        "\\cmd.exe",
        ".exe",
        "C:\\Windows\\",
        " -enc ",
        "/c",
        "mimikatz",
        "a",
        "ab",
        "Đường",
        "K",
        "ſ",
        "\u{212a}",
        "10.0.0.7",
        "4688",
        "1.5",
        "0x10",
        "true",
        " ",
        "-",
    ]);
    prop::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}

/// `|modifiers: value` that can be read.
fn comparison() -> impl Strategy<Value = String> {
    let wild = text().prop_flat_map(|text| {
        select(vec!["*", "?", ""]).prop_flat_map(move |wild| {
            let text = text.clone();
            (0..=text.chars().count()).prop_map(move |at| {
                let (before, after): (String, String) =
                    (text.chars().take(at).collect(), text.chars().skip(at).collect());
                format!("{before}{wild}{after}")
            })
        })
    });
    let quoted = |text: String| format!("'{}'", text.replace('\'', "''"));
    let changed = select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|cased",
        "|contains|cased",
        "|contains|windash",
        "|endswith|windash",
        "|startswith|cased",
    ]);
    prop_oneof![
        8 => (changed, wild).prop_map(move |(modifier, text)| format!("{modifier}: {}", quoted(text))),
        2 => select(vec!["4688", "1", "1.5", "16", "true", "null", "''"]).prop_map(|value| format!(": {value}")),
        1 => select(vec!["|exists: true", "|exists: false", "|gt: 10", "|lte: 16", "|cidr: 10.0.0.0/8",
            "|fieldref: b", "|fieldref|contains: a.b", "|re: '(power|cmd).*exe'", "|re|i: 'mimi[a-z]atz$'",
            "|re: '^.{3}$'", "|re: '\\.exe'", "|re|startswith: 'a+b'", "|neq: 4688", "|contains|neq: 'a'",
            "|hour: 3"]).prop_map(str::to_owned),
    ]
}

fn item() -> impl Strategy<Value = String> {
    let several = prop::collection::vec(comparison(), 1..4).prop_map(|all| {
        let (modifiers, _) = all[0].split_once(": ").unwrap();
        let values: Vec<String> = all
            .iter()
            .filter(|one| one.split_once(": ").unwrap().0 == modifiers)
            .map(|one| one.split_once(": ").unwrap().1.to_owned())
            .collect();
        (modifiers.to_owned(), values)
    });
    (name(), several, any::<bool>()).prop_map(|(name, (modifiers, values), all)| {
        let all = if all && values.len() > 1 { "|all" } else { "" };
        format!("{name}{modifiers}{all}: [{}]", values.join(", "))
    })
}

/// A search identifier: a map, a list of maps, or keywords.
fn selection() -> impl Strategy<Value = String> {
    let map = prop::collection::btree_map(name(), item(), 1..4)
        .prop_map(|items| items.into_values().map(|item| format!("        {item}\n")).collect::<String>());
    let keywords = prop::collection::vec(text(), 1..3).prop_map(|words| {
        words.into_iter().map(|word| format!("        - 'x{}'\n", word.replace('\'', "''"))).collect::<String>()
    });
    prop_oneof![8 => map, 1 => keywords]
}

fn condition() -> impl Strategy<Value = &'static str> {
    select(vec![
        "s0",
        "s0 and s1",
        "s0 and not s1",
        "not s0",
        "s0 or s1",
        "1 of s*",
        "all of s*",
        "2 of s*",
        "s0 or (s1 and not s2)",
        "not 1 of s*",
        "s0 and not 1 of s*",
        "(s0 or s1) and (s1 or s2)",
    ])
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    let source =
        select(vec!["product: test", "category: process", "product: test\n    category: process", "service: odd"]);
    let rule = (source, [selection(), selection(), selection()], condition());
    prop::collection::vec(rule, 1..12).prop_map(|rules| {
        (0..)
            .zip(rules)
            .map(|(n, (source, selections, condition)): (u32, (&str, [String; 3], &str))| {
                let selections: String =
                    (0..).zip(selections).map(|(n, body): (u32, String)| format!("    s{n}:\n{body}")).collect();
                format!(
                    "title: R{n}\nid: {n}\nlogsource:\n    {source}\ndetection:\n{selections}    condition: {condition}\n"
                )
            })
            .collect()
    })
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        8 => text().prop_map(Value::from),
        1 => select(vec![json!(4688), json!(4688.0), json!(1.5), json!(16), json!(true), json!(null), json!(1e20)]),
    ];
    plain.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..3)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

fn record() -> impl Strategy<Value = Record> {
    let product = select(vec![Some("test"), Some("other"), None]);
    let category = select(vec![Some("process"), None]);
    let raw = prop_oneof![text().prop_map(|text| format!("x{text}")), Just("{}".to_owned())];
    (prop::collection::vec((name(), value()), 0..6), product, category, raw).prop_map(
        |(pairs, product, category, raw)| {
            let fields: Map<String, Value> = pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
            let log =
                LogSource { product: product.map(str::to_owned), service: None, category: category.map(str::to_owned) };
            Record { time: None, log, hot: Hot::default(), fields: fields.into(), raw, key: None }
        },
    )
}

/// The rules that the plain matcher says fire, and those that the fast one says.
pub(super) fn both(set: &Arc<Ruleset>, engine: &Engine, scratch: &mut Scratch, record: &Record) -> [Vec<String>; 2] {
    let plain = set.matches(record).into_iter().map(|found| found.rule.id.clone()).collect();
    let fast = engine.fired(record, scratch).iter().map(|at| set.rules()[*at as usize].id.clone()).collect();
    [plain, fast]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_fast_matcher_says_what_the_plain_one_says(
        rules in rules(),
        records in prop::collection::vec(record(), 1..12),
    ) {
        let sources = (0..).zip(&rules).map(|(n, text): (u32, _)| (format!("{n}.yml"), text.clone()));
        let (set, faults) = Ruleset::load(sources);
        for fault in &faults {
            // Values that chance makes of nothing but wildcards and the like are refused one by one.
            prop_assert!(fault.code != "detect.yaml", "{fault}\n{}", rules.join("---\n"));
        }
        let set = Arc::new(set);
        let engine = Engine::new(Arc::clone(&set));
        let mut scratch = Scratch::default();
        for record in records.iter().chain(&records) {
            let [plain, fast] = both(&set, &engine, &mut scratch, record);
            prop_assert_eq!(plain, fast, "{:#?}\n{}", record, rules.join("---\n"));
        }
    }
}

#[test]
fn a_scratch_that_served_other_rules_serves_these() {
    let of = |field: &str| {
        let text = super::rule(&format!("sel:\n    other: z\n    {field}: x\ncondition: sel"));
        let (set, faults) = Ruleset::load(std::iter::once(("r.yml".to_owned(), text)));
        assert!(faults.is_empty());
        Arc::new(set)
    };
    let mut scratch = Scratch::default();
    let record = super::record(&json!({"IMAGE": "x", "OTHER": "z"}));
    for (field, fires) in [("Image", 1), ("Absent", 0), ("image", 1)] {
        let set = of(field);
        let [plain, fast] = both(&set, &Engine::new(Arc::clone(&set)), &mut scratch, &record);
        assert_eq!((plain.len(), &fast), (fires, &plain), "{field}");
    }
}
