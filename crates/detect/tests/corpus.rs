//! The public corpora: all of SigmaHQ's rules, its regression cases, and logs of known attacks.
//!
//! Skipped, and said to be, where the data is absent. What is found is compared with `testdata/golden`;
//! `KHIEN_GOLDEN=write` writes it anew: read the difference before it is committed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use khien_base::Record;
use khien_detect::{Engine, RuleFault, Ruleset, Scratch, logsource};
use khien_normalise::{Format, decode_line, evtx};

#[path = "../../normalise/tests/public/mod.rs"]
mod public;

use public::{corpus, files};

/// A setting of these tests.
#[expect(clippy::disallowed_methods, reason = "the settings of tests on public data")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A path below a folder, with `/` on every system.
fn below(path: &Path, folder: &Path) -> String {
    let parts = path.strip_prefix(folder).unwrap().components();
    parts.map(|c| c.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/")
}

/// Compares what was found with a golden file, or writes it.
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/golden").join(name);
    if setting("KHIEN_GOLDEN").as_deref() == Some("write") {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == found {
        return;
    }
    let mut difference = String::new();
    for line in expected.lines().filter(|l| !found.lines().any(|f| f == *l)).take(20) {
        let _ = writeln!(difference, "- {line}");
    }
    for line in found.lines().filter(|l| !expected.lines().any(|e| e == *l)).take(20) {
        let _ = writeln!(difference, "+ {line}");
    }
    panic!("{name} differs (KHIEN_GOLDEN=write accepts it):\n{difference}");
}

/// All rules of SigmaHQ, read once.
fn rules() -> Option<&'static (Ruleset, Vec<RuleFault>)> {
    static RULES: OnceLock<Option<(Ruleset, Vec<RuleFault>)>> = OnceLock::new();
    let read = || {
        let root = corpus("sigma")?;
        let folders = ["rules", "rules-emerging-threats", "rules-threat-hunting"];
        let all: Vec<PathBuf> = folders.iter().flat_map(|f| files(&root.join(f), "yml")).collect();
        let read = all.iter().map(|path| (below(path, &root), std::fs::read_to_string(path).unwrap()));
        Some(Ruleset::load(read))
    };
    RULES.get_or_init(read).as_ref()
}

#[test]
fn all_rules_of_sigmahq_are_read() {
    let Some((set, faults)) = rules() else { return };
    // Two names deep, which is product or kind: rules/windows, rules-emerging-threats/2024.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rule in set.rules() {
        let folder = rule.source_name.split('/').take(2).collect::<Vec<_>>().join("/");
        *counts.entry(folder).or_default() += 1;
    }
    let mut found = String::new();
    counts.iter().for_each(|(folder, count)| writeln!(found, "{folder}\t{count}").unwrap());
    writeln!(found, "all\t{}", set.rules().len()).unwrap();
    faults.iter().for_each(|fault| writeln!(found, "not loaded\t{}\t{}", fault.source, fault.code).unwrap());
    faults.iter().for_each(|fault| println!("{fault}"));
    golden("rules.tsv", &found);
}

/// A case of SigmaHQ's regression data.
struct Case {
    name: String,
    rule: String,
    log: PathBuf,
    at_least: usize,
}

/// The cases that have a log to be run, out of their `info.yml`.
fn cases(root: &Path) -> Vec<Case> {
    let mut found = Vec::new();
    for info in files(&root.join("regression_data"), "yml") {
        let text = std::fs::read_to_string(&info).unwrap();
        let after = |key: &str| text.lines().find_map(|l| l.trim().strip_prefix(key)).map(str::trim);
        let rule = text
            .lines()
            .skip_while(|l| !l.starts_with("rule_metadata:"))
            .find_map(|l| l.trim().trim_start_matches("- ").strip_prefix("id:").map(|id| id.trim().to_owned()));
        let (Some(rule), Some(path)) = (rule, after("path:").filter(|p| p.ends_with(".evtx"))) else { continue };
        let name = below(info.parent().unwrap(), &root.join("regression_data"));
        let at_least = after("match_count:").map_or(1, |n| n.parse().unwrap());
        found.push(Case { name, rule, log: root.join(path), at_least });
    }
    found
}

fn records(log: &Path) -> impl Iterator<Item = Record> {
    evtx(std::fs::read(log).unwrap()).filter_map(Result::ok)
}

/// The same events as SigmaHQ rendered them: JSON objects one after another, written over several lines.
fn json_records(path: &Path) -> Vec<Record> {
    let text = std::fs::read_to_string(path).unwrap();
    let values = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>().map(Result::unwrap);
    let one_by_one = values.flat_map(|v| match v {
        serde_json::Value::Array(items) => items,
        other => vec![other],
    });
    let decode = |v: serde_json::Value| {
        decode_line(v.to_string().as_bytes(), Format::Ndjson, chrono::DateTime::UNIX_EPOCH, 1).unwrap()
    };
    one_by_one.map(decode).collect()
}

/// How often one rule fires on records.
fn count(set: &Ruleset, rule: &str, records: impl Iterator<Item = Record>) -> usize {
    records.map(|record| set.matches(&record).iter().filter(|m| m.rule.id == rule).count()).sum()
}

#[test]
fn every_regression_case_fires_its_rule() {
    let (Some(root), Some((set, _))) = (corpus("sigma"), rules()) else { return };
    let cases = cases(&root);
    assert!(cases.len() >= 200, "{} cases", cases.len());
    let mut missed = String::new();
    let (mut as_evtx, mut as_json) = (0, 0);
    for case in &cases {
        let forms = [
            ("EVTX", count(set, &case.rule, records(&case.log)), &mut as_evtx),
            ("JSON", count(set, &case.rule, json_records(&case.log.with_extension("json")).into_iter()), &mut as_json),
        ];
        for (form, fired, passed) in forms {
            *passed += usize::from(fired >= case.at_least);
            if fired < case.at_least {
                writeln!(missed, "- {} ({}) as {form}: fired {fired} of {}", case.name, case.rule, case.at_least)
                    .unwrap();
            }
        }
    }
    let counts = format!("{as_evtx} of {0} cases pass as EVTX, {as_json} of {0} as JSON.\n", cases.len());
    println!("{counts}{missed}");
    golden("regression.md", &format!("{counts}{missed}"));
}

/// The log source that is derived from an event is one that its rule is for, whatever else the rule asks.
#[test]
fn each_regression_log_holds_an_event_that_its_rule_means() {
    let (Some(root), Some((set, _))) = (corpus("sigma/regression_data"), rules()) else { return };
    let mut checked = 0;
    for log in files(&root, "evtx") {
        let id = log.file_stem().unwrap().to_str().unwrap();
        let rule = set.rules().iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("no rule {id}"));
        let sources: Vec<_> = records(&log).map(|record| record.log).collect();
        let meant = sources.iter().any(|source| logsource::covers(&rule.logsource, source));
        assert!(meant, "{}: {:?} {sources:?}", log.display(), rule.logsource);
        checked += 1;
    }
    assert_eq!(checked, 202);
}

#[test]
fn attack_samples_fire_the_rules_of_the_golden_table() {
    let (Some(folder), Some((set, _))) = (corpus("evtx/attack-samples"), rules()) else { return };
    let mut found = String::from("log\trule\ttitle\trecords\n");
    let (mut seen, mut fired) = (0, 0);
    // The plain matcher defines what fires; the fast one has to say the same of every record.
    let set = Arc::new(set.clone());
    let (engine, mut scratch) = (Engine::new(Arc::clone(&set)), Scratch::default());
    for log in files(&folder, "evtx") {
        let mut hits: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for record in records(&log) {
            seen += 1;
            let matches = set.matches(&record);
            let fast = engine.fired(&record, &mut scratch).iter().map(|at| &set.rules()[*at as usize].id);
            assert!(fast.eq(matches.iter().map(|found| &found.rule.id)), "{}", record.raw);
            for found in matches {
                assert!(found.hits.iter().all(|h| !h.selection.is_empty()));
                *hits.entry((found.rule.id.as_str(), found.rule.title.as_str())).or_default() += 1;
            }
        }
        for ((id, title), records) in hits {
            fired += records;
            writeln!(found, "{}\t{id}\t{title}\t{records}", below(&log, &folder)).unwrap();
        }
    }
    println!("{seen} records, {fired} matches");
    golden("attack-samples.tsv", &found);
}
