//! The public rules and logs, where they are.

use std::collections::BTreeMap;
use std::path::PathBuf;

use khien_detect::Ruleset;
use khien_normalise::evtx;

use super::{Case, outcome};
use corpus::{corpus, files};

#[path = "../../../normalise/tests/public/mod.rs"]
mod corpus;

fn case() -> Option<(Case, PathBuf)> {
    let (sigma, logs) = (corpus("sigma")?, corpus("evtx/attack-samples")?);
    let mut case = Case::new();
    case.order.rules = vec![sigma.join("rules/windows")];
    case.order.inputs = vec![logs.clone()];
    Some((case, logs))
}

#[test]
fn a_timeline_of_public_logs_is_what_the_plain_matcher_finds() {
    let Some((case, logs)) = case() else { return };
    let (matches, troubles, told) = outcome(&case);
    assert_eq!(troubles, 0, "{told}");
    let rows = case.rows();
    assert_eq!(rows.len() as u64, matches);
    assert!(rows.is_sorted_by_key(|row| row["time"].as_str().map(str::to_owned)));

    let sources = case.order.rules.iter().flat_map(|folder| files(folder, "yml"));
    let (set, _) =
        Ruleset::load(sources.map(|file| (file.display().to_string(), std::fs::read_to_string(file).unwrap())));
    let mut plain = BTreeMap::<(String, u64, String), usize>::new();
    // Every eighth file: the plain matcher looks at every rule.
    let some: Vec<PathBuf> = files(&logs, "evtx").into_iter().step_by(8).collect();
    for file in &some {
        for record in evtx(std::fs::read(file).unwrap()).map(Result::unwrap) {
            let number = record.fields["RecordID"].as_u64().unwrap();
            for found in set.matches(&record) {
                *plain.entry((file.display().to_string(), number, found.rule.id.clone())).or_default() += 1;
            }
        }
    }
    let mut ours = BTreeMap::new();
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        if some.iter().any(|file| file.display().to_string() == text("log_file")) {
            *ours.entry((text("log_file"), row["record"].as_u64().unwrap(), text("rule"))).or_default() += 1;
        }
    }
    assert!(plain.len() > 80, "{}", plain.len());
    let differing: Vec<_> = plain.iter().filter(|(key, count)| ours.get(*key) != Some(*count)).collect();
    assert!(differing.is_empty() && ours.len() == plain.len(), "{differing:#?}");
}

#[test]
fn the_timeline_is_the_same_for_any_number_of_threads() {
    let Some((mut case, _)) = case() else { return };
    case.order.rules = vec![case.order.rules[0].join("process_creation")];
    let mut made = Vec::new();
    for threads in [1, 3] {
        case.order.threads = threads;
        case.order.navigator = Some(case.at("layer.json"));
        for name in ["t.ndjson", "t.html"] {
            case.order.output = Some(case.at(name));
            assert!(outcome(&case).0 > 200);
            made.push((std::fs::read(case.at(name)).unwrap(), std::fs::read(case.at("layer.json")).unwrap()));
        }
    }
    assert!(made[0] == made[2] && made[1] == made[3]);
}

#[test]
fn damaged_logs_give_what_is_left_and_are_named() {
    let Some((mut case, logs)) = case() else { return };
    let large = |path: &PathBuf| (300_000..3_000_000).contains(&std::fs::metadata(path).unwrap().len());
    let file = files(&logs, "evtx").into_iter().find(large).unwrap();
    let bytes = std::fs::read(file).unwrap();
    case.order.inputs = vec![case.at("logs")];
    case.order.stats = true;
    let events = |told: &str| {
        let line = told.lines().find(|line| line.contains("Events read")).unwrap();
        line.rsplit(' ').next().unwrap().replace(',', "").parse::<u64>().unwrap()
    };
    case.log("whole.evtx", &bytes);
    let whole = events(&outcome(&case).2);
    let mut damaged = bytes.clone();
    damaged[4096 + 65_536..4096 + 65_536 + 8].copy_from_slice(b"NotAChnk");
    damaged.truncate(4096 + 3 * 65_536 + 30_000);
    case.log("whole.evtx", &damaged);
    let (_, troubles, told) = outcome(&case);
    let left = events(&told);
    assert!(left > 20 && left < whole, "{left} of {whole}");
    assert_eq!(troubles, 2, "{told}");
    assert!(told.contains("whole.evtx: chunk 1 is damaged"), "{told}");
    assert!(told.contains("whole.evtx: the file breaks off after"), "{told}");
}
