//! Golden faults: what is said of each file of `testdata/errors`, compared with the `.out` beside it.
//! `KHIEN_GOLDEN=write` writes them anew; read the difference before it is committed.

use std::fmt::Write as _;
use std::path::Path;

use regex::Regex;

use super::{load, rule};
use crate::{CODES, Ruleset, limits};

#[test]
fn faults_are_told_as_the_golden_files_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/errors");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "yml"));
    files.sort();
    assert!(files.len() >= 8, "the golden files are missing");
    let mut wrong = String::new();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let (set, faults) = Ruleset::load(std::iter::once((name.clone(), text)));
        let mut told: String = faults.iter().map(|f| format!("{f}\n")).collect();
        let _ = writeln!(told, "loaded: {}", set.heads().map(|r| r.title.as_str()).collect::<Vec<_>>().join(", "));
        let golden = file.with_extension("out");
        if option_env!("KHIEN_GOLDEN") == Some("write") {
            std::fs::write(&golden, told).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != told {
            let _ = writeln!(wrong, "--- {name}\n{told}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_list_of_codes_is_the_codes_that_are_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let folders = [folder.clone(), folder.join("correlate")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let found = Regex::new(r#""(detect\.[a-z0-9-]+)""#).unwrap();
    let mut used = std::collections::BTreeSet::new();
    for file in files.map(|e| e.unwrap().path()).filter(|p| p.is_file()) {
        let source = std::fs::read_to_string(&file).unwrap();
        let source = if file.ends_with("fault.rs") { source.split("];").skip(1).collect() } else { source };
        used.extend(found.captures_iter(&source).map(|c| c[1].to_owned()));
    }
    assert_eq!(used.iter().map(String::as_str).collect::<Vec<_>>(), CODES);
}

#[test]
fn one_bad_file_never_stops_the_others() {
    let good = rule("sel:\n    A: 1\ncondition: sel");
    let sources = [("bad.yml", "title: ["), ("good.yml", good.as_str()), ("empty.yml", "# nothing\n")];
    let (set, faults) = Ruleset::load(sources.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())));
    assert_eq!(set.rules().len(), 1);
    let places: Vec<_> = faults.iter().map(|f| (f.source.as_str(), f.code)).collect();
    assert_eq!(places, [("bad.yml", "detect.yaml"), ("empty.yml", "detect.yaml")]);
}

#[test]
fn files_beyond_the_limits_are_refused_quickly() {
    let code = |text: &str| load(text).1[0].code;
    assert_eq!(code(&"x".repeat(limits::FILE_BYTES + 1)), "detect.too-large");
    assert_eq!(code(&"--- a\n".repeat(limits::DOCUMENTS + 1)), "detect.too-large");
    assert_eq!(code(&"- ".repeat(limits::DEPTH + 1)), "detect.too-deep");
    assert_eq!(code(&format!("{}x{}", "[".repeat(30), "]".repeat(30))), "detect.too-deep");
    assert_eq!(code(&"[".repeat(100_000)), "detect.yaml");
    // Each alias doubles the one before: a gigabyte in twenty lines, were they not counted.
    let bomb: String = (1..40).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1)).collect();
    assert_eq!(code(&format!("a0: &a0 [x, x]\n{bomb}")), "detect.too-large");
}

#[test]
fn a_megabyte_of_anything_is_read_in_its_time() {
    // Each of these once made some YAML reader slow: look-ahead for keys, nesting, quotes, long maps.
    let shapes =
        ["[", "{a: ", "- ", "? ", "a: ", "&a ", "*a ", "\"", "'", "| ", "!t ", "# ", "%", "\n", "[a, ", "a\n", ": "];
    for shape in shapes {
        let text = shape.repeat(limits::FILE_BYTES / shape.len());
        assert!(!load(&text).1.is_empty(), "{shape:?}");
    }
    let keys: String = (0..40_000).map(|n| format!("key{n}: 1\n")).collect();
    assert!(load(&keys).1.iter().all(|f| f.code != "detect.too-large"));
    let values: String = (0..30_000).map(|n| format!("        - 'v{n}'\n")).collect();
    let faults = load(&rule(&format!("sel:\n    A:\n{values}condition: sel"))).1;
    assert_eq!(faults[0].code, "detect.too-many-values");
}

#[test]
fn directives_and_carriage_returns_are_no_faults() {
    let text = format!("%YAML 1.2\n---\n{}", rule("sel:\n    A: 1\ncondition: sel")).replace('\n', "\r\n");
    let (set, faults) = load(&text);
    assert!(faults.is_empty(), "{faults:?}");
    assert!(set.rules()[0].yaml.starts_with("title: A rule"));
}

#[test]
fn a_fault_carries_its_place_into_the_rest_of_the_program() {
    let (_, faults) = load(&rule("sel:\n    A|containz: 1\ncondition: sel"));
    assert_eq!((faults[0].line, faults[0].column), (7, 9));
    let fault = khien_base::Fault::from(faults[0].clone());
    assert_eq!(fault.code, "detect.modifier-unknown");
    assert!(fault.to_string().contains("line=7"), "{fault}");
}
