//! Five real plans against what a person read in them (`testdata/truth/`), cell by cell.
//!
//! A cell is one field of one target, task or obligation. An item that the reader missed, and one that it made up,
//! counts all its cells as wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use khien_planread::model::{Reading, Warning};
use serde_json::{Map, Value};

const PLANS: [&str; 5] = ["bac-ninh", "hue", "nghe-an", "ninh-binh", "phuong-nhan-hoa"];

/// A plan as issued, as it is shipped with the demonstration (`content/demo/plans`).
fn document(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../content/demo/plans/{name}.docx"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn plan(name: &str) -> Reading {
    khien_planread::read(&document(name), &format!("{name}.docx")).unwrap()
}

/// The same plan as a text that a person took out of the document, where it is at hand: in the folder `KHIEN_PLANS` at
/// build time, else beside the clone.
fn text(name: &str) -> Option<Vec<u8>> {
    let folder = option_env!("KHIEN_PLANS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/plans"), PathBuf::from);
    let bytes = std::fs::read(folder.join(format!("{name}.txt"))).ok();
    if bytes.is_none() {
        println!("skipped: {name}.txt is not here (set KHIEN_PLANS)");
    }
    bytes
}

fn as_text(name: &str) -> Option<Reading> {
    Some(khien_planread::read(&text(name)?, &format!("{name}.txt")).unwrap())
}

fn truth(plan: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/truth/{plan}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Right and total per kind and field, and the cells that differ.
#[derive(Default)]
struct Score {
    fields: BTreeMap<String, (usize, usize)>,
    wrong: Vec<String>,
}

impl Score {
    fn cell(&mut self, field: &str, expected: &Value, got: &Value, about: &str) {
        let (right, total) = self.fields.entry(field.to_owned()).or_default();
        *total += 1;
        if expected == got {
            *right += 1;
        } else {
            self.wrong.push(format!("{field} of {about}\n      expected {expected}\n      got      {got}"));
        }
    }

    fn right(&self) -> usize {
        self.fields.values().map(|f| f.0).sum()
    }

    fn total(&self) -> usize {
        self.fields.values().map(|f| f.1).sum()
    }
}

/// The fields of an item, its origin opened up and its block (which differs by form) left out.
fn cells(item: &Value) -> Map<String, Value> {
    let mut out = item.as_object().unwrap().clone();
    if let Some(origin) = out.remove("origin") {
        out.insert("sentence".into(), origin["sentence"].clone());
        out.insert("headings".into(), origin["headings"].clone());
    }
    out
}

/// Pairs of letters, for likeness that a misread end or beginning does not break.
fn pairs(text: &str) -> BTreeSet<(char, char)> {
    let key: Vec<char> = khien_base::key::key(text).chars().collect();
    key.windows(2).map(|w| (w[0], w[1])).collect()
}

fn likeness(a: &Value, b: &Value) -> f64 {
    let (a, b) = (cells(a), cells(b));
    let mut sum = 0.0;
    for (field, weight) in [("sentence", 3.0), ("text", 3.0), ("measure", 1.0), ("subject", 1.0), ("group", 1.0)] {
        let (Some(x), Some(y)) = (a.get(field), b.get(field)) else { continue };
        let (x, y) = (pairs(x.as_str().unwrap_or("")), pairs(y.as_str().unwrap_or("")));
        let all = (x.len() + y.len()).max(1);
        sum += weight * 2.0 * x.intersection(&y).count() as f64 / all as f64;
    }
    // Items out of one sentence are told apart by what they count and how often.
    for field in ["values", "comparator", "unit", "every", "due", "number"] {
        if a.contains_key(field) && a.get(field) == b.get(field) {
            sum += 0.2;
        }
    }
    sum
}

/// Pairs expected and found items by likeness, best first; the order within the document breaks ties.
fn matched(expected: &[Value], got: &[Value]) -> Vec<(Option<usize>, Option<usize>)> {
    let mut all: Vec<(f64, usize, usize)> = Vec::new();
    for (i, e) in expected.iter().enumerate() {
        for (j, g) in got.iter().enumerate() {
            let apart = (i as f64 / expected.len() as f64 - j as f64 / got.len() as f64).abs();
            all.push((likeness(e, g) - apart * 0.1, i, j));
        }
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut used_i, mut used_j, mut out) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (likeness, i, j) in all {
        if likeness > 2.0 && !used_i.contains(&i) && !used_j.contains(&j) {
            used_i.insert(i);
            used_j.insert(j);
            out.push((Some(i), Some(j)));
        }
    }
    out.extend((0..expected.len()).filter(|i| !used_i.contains(i)).map(|i| (Some(i), None)));
    out.extend((0..got.len()).filter(|j| !used_j.contains(j)).map(|j| (None, Some(j))));
    out.sort();
    out
}

fn compare(kind: &str, expected: &[Value], got: &[Value], score: &mut Score) {
    for (i, j) in matched(expected, got) {
        let (e, g) = (i.map(|i| &expected[i]), j.map(|j| &got[j]));
        let any = e.or(g).unwrap();
        let sentence = any["origin"]["sentence"].as_str().unwrap_or("");
        let about = format!("{kind} {} “{}”", i.map_or("made up".into(), |i| format!("#{i}")), short(sentence));
        for field in cells(any).keys() {
            let cell = |item: Option<&Value>| item.map_or(Value::from("—"), |item| cells(item)[field].clone());
            score.cell(&format!("{kind}.{field}"), &cell(e), &cell(g), &about);
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(70).collect()
}

/// Only the kinds of warnings that the truth lists, without their blocks.
fn warnings(list: &[Value]) -> Vec<Value> {
    let listed = ["undated", "due_before_issue", "contradiction"];
    let mut out: Vec<Value> =
        list.iter().filter(|w| listed.contains(&w["warning"].as_str().unwrap_or(""))).cloned().collect();
    for warning in &mut out {
        for place in ["origin", "first", "second"] {
            if let Some(origin) = warning.get_mut(place) {
                origin["block"] = Value::from(0);
            }
        }
    }
    out
}

fn score(truth: &Value, reading: &Reading) -> Score {
    let got = serde_json::to_value(reading).unwrap();
    let mut score = Score::default();
    for (kind, field) in [("target", "targets"), ("task", "tasks"), ("obligation", "obligations")] {
        compare(kind, truth[field].as_array().unwrap(), got[field].as_array().unwrap(), &mut score);
    }
    score
}

#[test]
fn real_plans_are_read_as_a_person_reads_them() {
    let (mut right, mut total) = (0, 0);
    for name in PLANS {
        let score = score(&truth(name), &plan(name));
        println!("{name}: {}/{} cells", score.right(), score.total());
        for (field, (right, total)) in &score.fields {
            println!("    {field}: {right}/{total}");
        }
        for wrong in &score.wrong {
            println!("  ✗ {wrong}");
        }
        right += score.right();
        total += score.total();
    }
    println!("all: {right}/{total} cells, {:.2} %", right as f64 * 100.0 / total as f64);
    assert!(right * 100 >= total * 90, "{right} of {total} cells are right, fewer than 90 %");
}

#[test]
fn headings_and_warnings_are_as_a_person_reads_them() {
    for name in PLANS {
        let (truth, got) = (truth(name), serde_json::to_value(plan(name)).unwrap());
        assert_eq!(got["heading"], truth["heading"], "{name}");
        let (got, expected) = (got["warnings"].as_array().unwrap(), truth["warnings"].as_array().unwrap());
        assert_eq!(warnings(got), warnings(expected), "{name}");
    }
}

/// The appendix of Bắc Ninh, every cell of every row: group, number, text, leads, coordinators, time.
#[test]
fn the_appendix_of_bac_ninh_is_exact_in_both_forms() {
    for (form, reading) in [("docx", Some(plan("bac-ninh"))), ("txt", as_text("bac-ninh"))] {
        let Some(reading) = reading else { continue };
        let rows = |tasks: &Value| -> Vec<Map<String, Value>> {
            let all = tasks.as_array().unwrap().iter();
            all.filter(|t| t["origin"]["headings"][0] == "PHỤ LỤC").map(cells).collect()
        };
        let got = rows(&serde_json::to_value(&reading.tasks).unwrap());
        let expected = rows(&truth("bac-ninh")["tasks"]);
        assert_eq!(expected.len(), 14);
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            assert_eq!(got, expected, "{form}, row {i}");
        }
        assert_eq!(got.len(), expected.len(), "{form}");
    }
}

/// Both forms of a plan say the same; only the blocks are counted differently.
#[test]
fn both_forms_of_a_plan_read_the_same() {
    for name in PLANS {
        let (Some(text), word) = (as_text(name), plan(name)) else { return };
        let same = |reading: &Reading| {
            let mut value = serde_json::to_value(reading).unwrap();
            value.as_object_mut().unwrap().remove("blocks");
            value.as_object_mut().unwrap().remove("heading");
            without_blocks(&mut value);
            value
        };
        let (a, b) = (same(&text), same(&word));
        for field in ["targets", "tasks", "obligations", "warnings"] {
            let (a, b) = (a[field].as_array().unwrap(), b[field].as_array().unwrap());
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                assert_eq!(a, b, "{name} {field} {i}");
            }
            assert_eq!(a.len(), b.len(), "{name} {field}");
        }
        // The letterhead of a .docx may say what the text left out, never something else.
        let (a, b) = (text.heading, word.heading);
        assert_eq!((&a.kind, &a.title, &a.issuer, &a.signer), (&b.kind, &b.title, &b.issuer, &b.signer), "{name}");
        assert!(a.number == b.number || a.number.is_empty(), "{name}: {} {}", a.number, b.number);
        assert!(a.issued_month == b.issued_month || a.issued_month.is_none(), "{name}");
    }
}

fn without_blocks(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("block");
            map.values_mut().for_each(without_blocks);
        }
        Value::Array(list) => list.iter_mut().for_each(without_blocks),
        _ => {}
    }
}

/// What is said of a task is found at the block that it names.
#[test]
fn every_origin_points_to_its_block() {
    for (name, reading) in PLANS.iter().flat_map(|name| [(name, Some(plan(name))), (name, as_text(name))]) {
        let Some(reading) = reading else { continue };
        let targets = reading.targets.iter().map(|t| &t.origin);
        let tasks = reading.tasks.iter().map(|t| &t.origin);
        let obligations = reading.obligations.iter().map(|o| &o.origin);
        for origin in targets.chain(tasks).chain(obligations) {
            let block = &reading.blocks[origin.block];
            let start: String = origin.sentence.chars().take(40).collect();
            assert!(block.text.contains(start.trim()), "{name}: {origin:?} is not in {block:?}");
        }
        let early = reading.warnings.iter().filter(|w| matches!(w, Warning::DueBeforeIssue { .. })).count();
        println!("{name}: {early} deadlines before the document's day");
    }
}

/// The measure itself is held to account: each cell that is changed in the truth costs exactly one cell, and an item
/// taken away or added costs all of its own.
#[test]
fn a_changed_truth_is_noticed() {
    let reading = plan("hue");
    let whole = truth("hue");
    let before = score(&whole, &reading);
    for (kind, field, value) in [
        ("targets", "values", serde_json::json!([7.0])),
        ("targets", "due", Value::Null),
        ("tasks", "lead", serde_json::json!([])),
        ("tasks", "due_text", Value::from("Quý III/2026")),
        ("tasks", "group", Value::from("X. KHÁC")),
        ("obligations", "within_hours", Value::from(24)),
    ] {
        let mut changed = whole.clone();
        changed[kind][0][field] = value;
        assert_eq!(score(&changed, &reading).right(), before.right() - 1, "{kind} {field}");
    }
    let mut fewer = whole.clone();
    fewer["tasks"].as_array_mut().unwrap().pop();
    let fewer = score(&fewer, &reading);
    assert_eq!((fewer.right(), fewer.total()), (before.right() - 9, before.total()));
}

/// Time that this thread has spent on a processor; the machine's clock where the system does not tell.
fn spent(since: std::time::Instant) -> std::time::Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|t| t.split(' ').next().and_then(|n| n.parse().ok()));
    nanos.map_or_else(|| since.elapsed(), std::time::Duration::from_nanos)
}

/// Reading is quick enough to do while the page loads, even in a debug build. Counted is the reader's own time on
/// the processor: what else the machine does at the moment is not its fault.
#[test]
fn a_plan_is_read_within_a_tenth_of_a_second() {
    let clock = std::time::Instant::now();
    let forms = PLANS.iter().flat_map(|name| {
        let text = text(name).map(|bytes| (format!("{name}.txt"), bytes));
        [Some((format!("{name}.docx"), document(name))), text]
    });
    for (file, bytes) in forms.flatten() {
        let before = spent(clock);
        khien_planread::read(&bytes, &file).unwrap();
        let took = spent(clock).saturating_sub(before);
        println!("{file}: {took:?}");
        assert!(took.as_millis() < 100, "{file} took {took:?}");
    }
}
