//! Runs over real logs.

mod correlations;
mod damage;
mod outputs;
mod packed;
mod public;

use std::path::{Path, PathBuf};

use chrono::DateTime;
use khien_base::Result;
use khien_normalise::Format;

use crate::{Choice, Lang, Order, Outcome, Span, run};

/// A rule that fires on each event of the lines below.
const RULE: &str = "title: Encoded command\nid: 11111111-2222-3333-4444-555555555555\nstatus: test\nlevel: high\n\
    tags: [attack.execution, attack.t1059.001]\nlogsource: {product: windows, category: process_creation}\n\
    detection: {s: {CommandLine|contains: ' -enc '}, condition: s}\n";

/// A Windows event as a line of JSON.
fn event(second: u32, host: &str, command: &str) -> String {
    serde_json::json!({
        "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Computer": host,
        "Provider_Name": "Microsoft-Windows-Sysmon", "EventTime": format!("2026-06-10T07:00:{second:02}Z"),
        "Image": "C:\\powershell.exe", "CommandLine": command, "User": "SO\\lan"
    })
    .to_string()
}

/// A folder with rules and logs, and an order for them.
struct Case {
    folder: tempfile::TempDir,
    order: Order,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("logs")).unwrap();
        std::fs::create_dir(at("rules")).unwrap();
        std::fs::write(at("rules/one.yml"), RULE).unwrap();
        let order = Order {
            rules: vec![at("rules")],
            own_rules: false,
            inputs: vec![at("logs")],
            format: Format::Auto,
            threads: 2,
            choice: Choice::default(),
            span: Span::default(),
            output: Some(at("timeline.ndjson")),
            shape: None,
            navigator: None,
            summary: false,
            stats: false,
            quiet: true,
            lang: Lang::En,
            fail_on: None,
            now: DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        };
        Self { folder, order }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.at("logs").join(name), bytes).unwrap();
        self
    }

    /// Runs the order; what was told on the side.
    fn run(&self) -> (Result<Outcome>, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let outcome = run(&self.order, &mut stdout, &mut stderr, false);
        assert!(stdout.is_empty() || self.order.output.is_none());
        (outcome, String::from_utf8(stderr).unwrap())
    }

    /// The timeline as objects.
    fn rows(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(self.order.output.as_ref().unwrap()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn outcome(case: &Case) -> (u64, u64, String) {
    let (outcome, told) = case.run();
    let outcome = outcome.unwrap();
    (outcome.matches, outcome.troubles, told)
}

/// All files below a folder, with their bytes.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(tree(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}
