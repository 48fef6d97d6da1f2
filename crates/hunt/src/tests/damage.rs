//! What is broken costs only itself.

use std::io::Write;

use khien_detect::Level;

use super::{Case, event, outcome, tree};
use crate::Span;

#[test]
fn broken_lines_are_told_by_number_and_the_others_are_matched() {
    let case = Case::new();
    let lines = [event(1, "a", "x -enc y"), "{\"broken\":".into(), event(2, "a", "quiet"), event(3, "b", "p -enc q")];
    case.log("a.ndjson", lines.join("\n"));
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles), (2, 1), "{told}");
    assert!(told.contains("a.ndjson: line 2 is not JSON [logs.json]"), "{told}");
    let rows = case.rows();
    assert_eq!(
        (&rows[0]["host"], &rows[0]["record"], &rows[1]["host"], &rows[1]["record"]),
        (&"a".into(), &1.into(), &"b".into(), &4.into())
    );
    assert_eq!(rows[0]["time"], "2026-06-10T07:00:01.000000Z");
    assert_eq!(rows[0]["matched"][0]["field"], "CommandLine");
}

#[test]
fn lines_longer_than_any_log_writes_are_passed_over() {
    let case = Case::new();
    let mut bytes = Vec::new();
    for second in 0..5 {
        writeln!(bytes, "{}", event(second, "a", "x -enc y")).unwrap();
        // One that a block has room for, and one that it has not.
        bytes.extend(std::iter::repeat_n(b'x', if second == 1 { 1_500_000 } else { 5_000_000 }));
        bytes.push(b'\n');
    }
    case.log("a.ndjson", bytes);
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles), (5, 5), "{told}");
    assert!(told.contains("line 4 is longer than 1048576 bytes"), "{told}");
    assert_eq!(case.rows().iter().map(|row| row["record"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
}

#[test]
fn json_in_lists_and_over_many_lines_is_read_by_object() {
    let case = Case::new();
    let event = |second| serde_json::from_str::<serde_json::Value>(&event(second, "a", "x -enc y")).unwrap();
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap();
    case.log("list.json", pretty(&serde_json::json!([event(1), event(2)])));
    case.log("flat.json", serde_json::json!([event(3), {"quiet": true}, event(4)]).to_string());
    case.log("many.json", format!("{}\n{}\n{{\"broken\": [", pretty(&event(5)), pretty(&event(6))));
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles), (6, 1), "{told}");
    assert!(told.contains("many.json: line 3 is not JSON"), "{told}");
    let records: Vec<u64> = case.rows().iter().map(|row| row["record"].as_u64().unwrap()).collect();
    assert_eq!(records, [1, 2, 1, 3, 1, 2]);
}

#[test]
fn pictures_and_licences_in_a_folder_are_no_logs() {
    let case = Case::new();
    case.log("a.png", b"\x89PNG\r\n\x1a\n\0\0\0").log("LICENSE", "Everyone may copy this.\nNobody must.\n");
    case.log("messages", "Jun 10 07:00:00 web01 sshd[1]: Accepted password for root from 203.0.113.9 port 1 ssh2\n");
    let (matches, troubles, told) = outcome(&case);
    assert_eq!((matches, troubles, told.as_str()), (0, 0, ""));
    let mut case = case;
    case.order.stats = true;
    let (.., told) = outcome(&case);
    let figure = |name: &str| told.lines().find(|line| line.contains(name)).unwrap().to_owned();
    assert!(figure("Files that are no logs").ends_with(" 2"), "{told}");
    assert!(figure("Events read").ends_with(" 1"), "{told}");
}

#[test]
fn a_run_writes_nothing_but_its_files_and_no_evidence_is_written_over() {
    let mut case = Case::new();
    case.log("a.ndjson", event(1, "a", "x -enc y"));
    let before = tree(case.folder.path());
    outcome(&case);
    std::fs::remove_file(case.at("timeline.ndjson")).unwrap();
    assert_eq!(tree(case.folder.path()), before);
    case.order.output = Some(case.at("logs/a.ndjson"));
    assert_eq!(case.run().0.unwrap_err().code, "hunt.output-is-input");
    assert_eq!(tree(case.folder.path()), before);
}

#[test]
fn what_cannot_be_run_is_told_before_anything_is_read() {
    let refused = |change: &dyn Fn(&mut Case)| {
        let mut case = Case::new();
        case.log("a.ndjson", event(1, "a", "x"));
        change(&mut case);
        case.run().0.unwrap_err().code.into_owned()
    };
    assert_eq!(refused(&|case| case.order.inputs = vec![case.at("nowhere")]), "hunt.no-input");
    assert_eq!(refused(&|case| case.order.rules = vec![case.at("nowhere")]), "hunt.no-rule-folder");
    assert_eq!(refused(&|case| case.order.choice.least = Some(Level::Critical)), "hunt.no-rules");
    assert_eq!(refused(&|case| case.order.output = Some(case.at("nowhere/a.csv"))), "hunt.unwritable");
    assert_eq!(refused(&|case| case.order.output = Some(case.at("a.docx"))), "hunt.output-kind");
    assert_eq!(refused(&|case| std::fs::remove_file(case.at("logs/a.ndjson")).unwrap()), "hunt.nothing-to-read");
}

#[test]
fn a_span_of_time_and_the_choice_of_rules_hold() {
    let mut case = Case::new();
    let other = super::RULE.replace("11111111", "99999999").replace("level: high", "level: low").replace("-enc", "-e");
    std::fs::write(case.at("rules/two.yml"), other).unwrap();
    let lines: Vec<String> = (0..60).map(|second| event(second, "a", "x -enc -e y")).collect();
    case.log("a.ndjson", lines.join("\n"));
    assert_eq!(outcome(&case).0, 120);
    case.order.span = Span::new(Some("2026-06-10T07:00:10Z"), Some("2026-06-10T07:00:19Z")).unwrap();
    assert_eq!(outcome(&case).0, 20);
    case.order.choice.least = Some(Level::Medium);
    assert_eq!(outcome(&case).0, 10);
    assert!(case.rows().iter().all(|row| row["level"] == "high"));
    case.order.choice.least = None;
    case.order.choice.except = vec!["11111111-2222-3333-4444-555555555555".into()];
    assert_eq!(outcome(&case).0, 10);
    assert!(case.rows().iter().all(|row| row["level"] == "low"));
}
